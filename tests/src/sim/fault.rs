//! What goes wrong.

use chatmaster_core::Input;

use super::client::{Appetite, State};
use super::host;
use super::marks::Mark;
use super::net::Way;
use super::plan::Fault;
use super::world::{Event, World};

impl World {
    /// Something goes wrong, now and again later.
    pub(super) fn fault(&mut self) {
        let gap = self.plan.fault_gap;
        let at = self.now + self.rng.faults.within(1..=gap);
        self.schedule(at, Event::Fault);
        let Some(fault) = self.rng.faults.weighed(&self.plan.faults) else {
            return;
        };
        match fault {
            Fault::ClockForward => {
                self.ahead += self.rng.faults.scaled(1_000..=20_000_000) as i64;
                self.marks.reach(Mark::ClockForward);
                self.wake_when_due();
            }
            Fault::ClockBack => self.ahead -= self.rng.faults.scaled(1_000..=3_000_000) as i64,
            Fault::Storm => {
                self.marks.reach(Mark::Storm);
                for _ in 0..self.rng.faults.within(10..=40) {
                    self.connect();
                }
            }
            Fault::Shutdown => {
                // Rare, as nothing comes after it.
                if !self.stopping && self.rng.faults.chance(500) {
                    self.stopping = true;
                    self.hand(Input::Shutdown);
                    self.flush();
                }
            }
            Fault::Reset
            | Fault::Vanish
            | Fault::HalfClose
            | Fault::RudeClose
            | Fault::Stall
            | Fault::Slow
            | Fault::Hold => self.fault_of_client(fault),
        }
    }

    fn fault_of_client(&mut self, fault: Fault) {
        let there = |client: &usize| self.clients[*client].state == State::Connected;
        let there: Vec<usize> = (0..self.clients.len()).filter(there).collect();
        if there.is_empty() {
            return;
        }
        let client = self.rng.faults.pick(&there);
        let span = self.rng.faults.scaled(1_000..=self.plan.fault_span);
        match fault {
            Fault::Reset => {
                self.break_off(client);
                self.loses(client);
            }
            Fault::Vanish => {
                self.clients[client].state = State::Vanished;
                self.loses(client);
            }
            Fault::HalfClose => {
                self.clients[client].state = State::HalfClosed;
                self.finish(client, Way::Up);
                self.hangs_up(client);
            }
            Fault::RudeClose => {
                self.hang_up(client);
                self.hangs_up(client);
            }
            Fault::Stall => {
                self.clients[client].appetite = Appetite::Stalled;
                self.schedule(self.now + span, Event::Recover(client));
            }
            Fault::Slow => {
                let most = self.rng.faults.scaled(1..=2000) as usize;
                let gap = self.rng.faults.scaled(1_000..=100_000);
                self.clients[client].appetite = Appetite::Slow(most, gap);
                self.schedule(self.now, Event::Read(client));
                self.schedule(self.now + span, Event::Recover(client));
            }
            Fault::Hold => self.clients[client].held_until = self.now + span,
            Fault::ClockForward | Fault::ClockBack | Fault::Storm | Fault::Shutdown => {
                unreachable!("these are not of one client")
            }
        }
    }

    /// The connection breaks: the client is over at once, and the server finds out.
    pub(super) fn break_off(&mut self, client: usize) {
        self.clients[client].state = State::Over;
        self.clients[client].held_until = 0;
        self.links[client].down.take(usize::MAX);
        self.reset(client, Way::Up);
    }

    /// A client that did not read, or little, reads all again.
    pub(super) fn recover(&mut self, client: usize) {
        let state = self.clients[client].state;
        if matches!(state, State::Connected | State::HalfClosed) {
            self.clients[client].appetite = Appetite::Prompt;
            self.read_all(client);
        }
    }

    /// Ends all that is wrong: who is gone is known to be gone, who is hostile too, who reads slowly
    /// reads, and the clock is right.
    pub(super) fn heal(&mut self) {
        self.ahead = self
            .ahead
            .max(self.watch.latest().as_micros() as i64 - self.now as i64);
        for client in 0..self.clients.len() {
            let healthy = self.clients[client].is_connected_user();
            let gone = match self.clients[client].state {
                State::Over => continue,
                State::Vanished => true,
                State::Connected | State::HalfClosed => !healthy,
            };
            if gone {
                self.break_off(client);
            } else {
                self.recover(client);
            }
        }
        self.wake_when_due();
    }

    /// Notes how much waits for each client, for what is closed between this turn and the next.
    pub(super) fn look_at_queues(&mut self) {
        for client in 0..self.clients.len() {
            if self.sockets[client].state == host::State::Open {
                let pending = self.hub.pending(host::id(client));
                self.clients[client].pending = pending.map(<[u8]>::len).sum();
            }
        }
    }
}
