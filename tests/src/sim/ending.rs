//! Liveness: when all that is wrong is healed, all goes on, and comes to an end, within bounds.

use std::collections::BTreeMap;

use chatmaster_core::Input;
use chatmaster_core::session::Action;

use super::Check;
use super::client::{Appetite, State};
use super::host;
use super::log::Log;
use super::oracle;
use super::world::{Stage, World};

/// Events that healing and each round after it may take, beyond those of what was asked before.
const MOST_EVENTS: u64 = 100_000;
/// Events that a message may take for each connection: it lands in pieces, is read, and makes room.
const EVENTS_OF_MESSAGE: u64 = 12;
/// Simulated time that each may take beyond what limits demand, in microseconds.
const PATIENCE: u64 = 60_000_000;

impl World {
    /// Heals everything; sees to it that all is answered and all who stayed can talk, and that their
    /// logs go together; and then lets all leave.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Healed;
        self.heal();
        if !self.stopping {
            self.seats_are_settled();
            self.settle();
            self.talk();
        }
        self.compare();
        self.leave();
    }

    /// Everyone who is logged in waits for all that was asked; the others go.
    fn settle(&mut self) {
        // A session takes nothing more while too much waits to be sent.
        self.until("all is sent", |world| world.is_quiet());
        for client in 0..self.clients.len() {
            if self.clients[client].is_connected_user() {
                self.act(client, Action::Sync);
            }
        }
        self.until_answered("all is answered");
        let staying = self.staying();
        for client in 0..self.clients.len() {
            if self.clients[client].is_connected_user() && !staying.contains(&client) {
                self.break_off(client);
            }
        }
        self.until("only users are left", |world| world.is_quiet());
    }

    /// Everyone says something, and asks who is there.
    fn talk(&mut self) {
        let staying = self.staying();
        for &client in &staying {
            let Some(user) = &self.clients[client].user else {
                continue;
            };
            // A user of version 2 has words of their own.
            let text = user.log.next_text(3);
            self.act(client, Action::Say(text));
            for action in [Action::Users, Action::Private, Action::Public] {
                // One after the other: the answers together may be more than a queue takes.
                self.act(client, action);
                self.until_answered("what one says and asks at the end");
            }
        }
        // Now that nobody moves.
        for &client in &staying {
            self.act(client, Action::Users);
            self.until_answered("who is there");
        }
        if self.is_safe() && self.failure.is_none() && self.staying() != staying {
            let what = format!("{staying:?} stayed, and then only {:?}", self.staying());
            self.fail(Check::Liveness, what);
        }
    }

    /// Compares what the clients saw.
    fn compare(&mut self) {
        if self.failure.is_some() {
            return;
        }
        let staying = if self.stopping {
            Vec::new()
        } else {
            self.staying()
        };
        let mut logs: BTreeMap<usize, Log> = BTreeMap::new();
        let mut places = BTreeMap::new();
        let compared = self.compare_people(&staying);
        self.check(compared);
        for (number, client) in self.clients.iter_mut().enumerate() {
            if let Some(user) = client.user.as_mut().filter(|user| user.person.is_none()) {
                if staying.contains(&number)
                    && let Some((name, room)) = user.session.place()
                {
                    places.insert(number, (name.to_string(), room.to_string()));
                }
                let mut log = std::mem::take(&mut user.log);
                log.settle();
                // What is left takes nothing more in.
                user.log.quits();
                logs.insert(number, log);
            }
        }
        let compared = oracle::compare(&logs, |client| places.contains_key(&client));
        self.check(compared);
        let safe = self.is_safe();
        let compared = oracle::compare_places(&logs, &places, safe);
        self.check(compared);
    }

    /// All leave, and nothing is left.
    fn leave(&mut self) {
        if self.failure.is_some() {
            return;
        }
        let mut stuck = None;
        if !self.stopping && self.rng.faults.chance(500) {
            stuck = self.stick();
            self.hand(Input::Shutdown);
            self.flush();
        }
        for client in 0..self.clients.len() {
            if self.clients[client].is_connected_user() && stuck != Some(client) {
                self.act(client, Action::Quit);
            }
        }
        self.until("all have left", |world| {
            // Those who were closed meanwhile may keep their seats for a while.
            world.hub.connections() == 0 && world.hub.poll_timeout().is_none()
        });
        if self.failure.is_none() {
            self.flush();
            self.hub.check_invariants();
            let ended = self.watch.ended(&self.hub);
            self.check(ended);
        }
    }

    /// Whether nobody can be closed for what others do: where few streams may be open, or all queues
    /// are bounded tightly, anyone may be the next.
    fn is_safe(&self) -> bool {
        self.plan.config.max_inflaters >= 8192 && !self.plan.is_tight()
    }

    /// Has one user stop reading and go on asking, so that the server stops with someone stuck.
    fn stick(&mut self) -> Option<usize> {
        let stuck = (0..self.clients.len()).find(|one| self.clients[*one].is_connected_user())?;
        self.clients[stuck].appetite = Appetite::Stalled;
        for _ in 0..60 {
            self.act(stuck, Action::Users);
        }
        for _ in 0..2000 {
            if self.sockets[stuck].is_blocked() || !self.step() {
                break;
            }
        }
        Some(stuck)
    }

    /// Those who are logged in and connected.
    fn staying(&self) -> Vec<usize> {
        let all = 0..self.clients.len();
        all.filter(|client| self.is_settled(*client)).collect()
    }

    /// Whether nothing is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.accepting.is_empty()
            && (0..self.clients.len()).all(|client| {
                let there = match self.clients[client].state {
                    State::Over => false,
                    State::Connected | State::HalfClosed | State::Vanished => true,
                };
                let unsent = || {
                    let user = self.clients[client].user.as_ref();
                    user.is_some_and(|user| !user.has_sent_all())
                };
                let socket = &self.sockets[client];
                if !there {
                    return socket.state == host::State::Closed;
                }
                let pending = || self.hub.pending(host::id(client)).next().is_some();
                self.links[client].is_quiet()
                    && !socket.incoming.is_paused()
                    && !unsent()
                    && !pending()
            })
    }

    /// Lets time pass until nothing is under way: then nobody waits for an answer.
    fn until_answered(&mut self, what: &str) {
        self.until(what, World::is_quiet);
        if self.failure.is_some() {
            return;
        }
        let unanswered = self.staying().into_iter().find_map(|client| {
            if let Some(seat) = self.seat_of(client) {
                let open = seat.person.open.values().next()?;
                return Some((client, open.name()));
            }
            let user = self.clients[client].user.as_ref()?;
            Some((client, user.log.waits_for()?))
        });
        if let Some((client, command)) = unanswered {
            let what = format!("client {client} has no answer to {command}: {what}");
            self.fail(Check::Answers, what);
        }
    }

    /// Lets time pass until `done`, within bounds.
    pub(super) fn until(&mut self, what: &str, done: impl Fn(&World) -> bool) {
        let users = self
            .clients
            .iter()
            .filter_map(|client| client.user.as_ref());
        let open: u64 = users.map(|user| user.log.open() as u64 + 8).sum();
        let asked = self.people.iter().map(|seat| seat.person.open.len() as u64);
        let open = open + asked.sum::<u64>();
        let deadline = self.now + self.patience(open);
        let connections = self.hub.connections() as u64 + 1;
        let last = self.events + MOST_EVENTS + open * connections * EVENTS_OF_MESSAGE;
        while self.failure.is_none() {
            let idle = self.next_at().is_none_or(|at| at > deadline) || self.events >= last;
            // Looking at all is slow.
            if (idle || self.events.is_multiple_of(16)) && done(self) {
                return;
            }
            if idle {
                let left = self.hub.connections();
                let (now, events) = (self.now, self.events);
                let what = format!(
                    "{what}: not by {deadline} or event {last}; it is {now}, event {events}, and \
                     there are {left} connections"
                );
                return self.fail(Check::Liveness, what);
            }
            self.step();
        }
    }

    /// How long it may take to deal with `open` packages, at the pace that the limits allow.
    fn patience(&self, open: u64) -> u64 {
        let config = &self.plan.config;
        let pace = match config.message_rate {
            0 => 0,
            rate => 1_000_000 / u64::from(rate),
        };
        let micros = |duration: std::time::Duration| duration.as_micros() as u64;
        let waits = 2 * micros(config.linger)
            + micros(config.login_timeout)
            + self.plan.fault_span
            + micros(config.resume_window);
        PATIENCE + open * (pace + micros(config.lag_pause)) + waits
    }
}
