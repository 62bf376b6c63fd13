//! The users of version 2: their connections break, hang and are taken again all the time. What they know
//! is a [`Person`]'s; here is what they do.

use std::time::Duration;

use chatmaster_core::session::{Action, End, Event as Seen, Request, RequestId};
use chatmaster_core::wire::{Command, Version};
use chatmaster_core::{CloseReason, Encoding, Session, SessionConfig, Time};

use super::client::{Appetite, State, User};
use super::log::Log;
use super::marks::Mark;
use super::person::{self, Open, Person, Word};
use super::plan::Deed;
use super::world::{Event, Stage, World};
use super::{Check, Failure, Mutant};
use chatmaster_core::testing::wire::Framing;

/// Where such a user is on the network.
pub(super) struct Seat {
    pub(super) person: Person,
    address: std::net::IpAddr,
    framing: Framing,
    /// The last connection.
    pub(super) client: usize,
    /// Whether it is logged in.
    pub(super) is_inside: bool,
    /// When the connection was lost, by the server's clock, if it was not made good.
    broken: Option<Time>,
    /// Whether it is on the agenda to come back.
    is_coming: bool,
}

impl World {
    /// One more user of version 2 comes.
    pub(super) fn new_person(&mut self, address: std::net::IpAddr, framing: Framing) {
        let number = self.people.len();
        let is_steady = self.rng.people.chance(600);
        self.people.push(Seat {
            person: Person::new(number, is_steady),
            address,
            framing,
            client: usize::MAX,
            is_inside: false,
            broken: None,
            is_coming: false,
        });
        self.person_connects(number);
    }

    /// Connects, with the token if there is one, whatever has become of the connection before.
    fn person_connects(&mut self, number: usize) {
        let seat = &mut self.people[number];
        seat.client = self.clients.len();
        seat.is_inside = false;
        let (address, framing) = (seat.address, seat.framing);
        let config = SessionConfig {
            username: Some(seat.person.name.clone()),
            version: Version::Two,
            resume: seat.person.token.clone(),
            encoding: match framing {
                Framing::Zlib => Encoding::Zlib,
                Framing::Plain | Framing::Stream => Encoding::Plain,
            },
            max_sent_bytes: self.plan.config.max_package_bytes,
            send_queue_bytes: 64 * 1024,
            ..SessionConfig::default()
        };
        let user = User::new(Session::new(config), Log::default(), framing, Some(number));
        self.comes(address, Some(user));
    }

    /// A connection breaks, hangs, or is to be taken from elsewhere: what is normal.
    pub(super) fn snap(&mut self) {
        let gap = self.plan.snap_gap;
        let at = self.now + self.rng.people.within(gap / 2..=gap);
        self.schedule(at, Event::Snap);
        let there = |seat: &&Seat| seat.is_inside && !seat.person.is_done;
        let there: Vec<usize> = self
            .people
            .iter()
            .filter(there)
            .map(|seat| seat.person.number)
            .collect();
        if there.is_empty() || self.stopping {
            return;
        }
        let number = self.rng.people.pick(&there);
        let client = self.people[number].client;
        if self.clients[client].state != State::Connected {
            return;
        }
        if self.rng.people.chance(600) {
            self.break_off(client);
            self.marks.reach(Mark::Snapped);
        } else {
            // The server does not know; it will when the seat is taken, or never.
            self.clients[client].state = State::Vanished;
            self.marks.reach(Mark::Hung);
        }
        self.is_lost(number);
    }

    /// The user notices that the connection is lost, and comes back in time mostly.
    pub(super) fn is_lost(&mut self, number: usize) {
        let latest = self.watch.latest();
        let seat = &mut self.people[number];
        seat.is_inside = false;
        // What that connection still hears is of no interest.
        seat.client = usize::MAX;
        seat.broken.get_or_insert(latest);
        if seat.person.is_done || seat.is_coming || self.stopping || self.stage == Stage::Healed {
            return;
        }
        seat.is_coming = true;
        let window = self.plan.config.resume_window.as_micros() as u64;
        let most = if self.rng.people.chance(900) {
            window / 2
        } else {
            2 * window
        };
        let after = self
            .rng
            .people
            .scaled(1_000..=most.clamp(2_000, 20_000_000));
        self.schedule(self.now + after, Event::Return(number));
    }

    /// Comes back, unless the connection is good.
    pub(super) fn comes_back(&mut self, number: usize) {
        let seat = &mut self.people[number];
        seat.is_coming = false;
        let is_good = seat.is_inside && self.clients[seat.client].state == State::Connected;
        if !is_good && !seat.person.is_done && !self.stopping {
            self.person_connects(number);
        }
    }

    /// The server has closed the connection of a user: the seat waits from now on, or is lost.
    pub(super) fn is_closed_on(&mut self, client: usize, reason: CloseReason) {
        let person = self.clients[client]
            .user
            .as_ref()
            .and_then(|user| user.person);
        let Some(number) = person.filter(|number| self.people[*number].client == client) else {
            return;
        };
        let latest = self.watch.latest();
        let seat = &mut self.people[number];
        seat.broken.get_or_insert(latest);
        if !matches!(reason, CloseReason::SlowConsumer | CloseReason::Resumed) {
            seat.person.is_steady = false;
        }
    }

    /// Whether the user's seat must be there as far as anyone can tell.
    fn has_seat(&self, number: usize) -> bool {
        let seat = &self.people[number];
        let window = self.plan.config.resume_window;
        let in_time = |broken: Time| self.watch.latest().since(broken) < window;
        seat.person.is_steady
            && seat.broken.is_none_or(in_time)
            // Beyond that many, seats are given up early.
            && self.plan.config.max_connections >= 100_000
            // Who is closed for an open stream that others wait for is gone.
            && self.plan.config.max_inflaters >= 8192
            && !self.stopping
    }

    /// A user does something.
    pub(super) fn person_thinks(&mut self, client: usize, number: usize) {
        if self.people[number].client != client || !self.people[number].is_inside {
            return;
        }
        for _ in 0..self.rng.users.within(1..=self.plan.hurry) {
            let deed = self
                .rng
                .users
                .weighed(&self.plan.deeds)
                .unwrap_or(Deed::Say);
            let action = if self.rng.people.chance(300) {
                self.newer_action(number)
            } else {
                self.usual_action(number, deed)
            };
            self.person_acts(client, number, action);
        }
    }

    fn usual_action(&mut self, number: usize, deed: Deed) -> Action {
        let is_steady = self.people[number].person.is_steady;
        let room = self.room();
        match deed {
            Deed::Say | Deed::SayLong => {
                let most = self
                    .plan
                    .config
                    .max_message_bytes
                    .saturating_sub(40)
                    .min(3000) as u64;
                let filler = match deed {
                    Deed::SayLong => self.rng.people.scaled(1..=most.max(1)),
                    _ => self.rng.people.below(10),
                };
                self.words(number, filler as usize)
            }
            Deed::Rename => Action::Rename(self.people[number].person.next_name()),
            Deed::Join if !is_steady && self.rng.people.chance(300) => Action::Join(room),
            Deed::Join => Action::Other(Command::Join {
                channel: room.into(),
                stay: true,
            }),
            Deed::Leave if !is_steady => Action::Leave,
            Deed::Quit if !is_steady && self.rng.people.chance(300) => Action::Quit,
            Deed::Private => Action::Private,
            Deed::Public => Action::Public,
            Deed::Channels => Action::Channels,
            Deed::Users => Action::Users,
            Deed::Leave | Deed::Quit | Deed::Sync => Action::Sync,
        }
    }

    /// Something to say in one of one's rooms.
    fn words(&mut self, number: usize, filler: usize) -> Action {
        let person = &mut self.people[number].person;
        let rooms: Vec<&String> = person.stays.keys().collect();
        let channel = if rooms.is_empty() {
            "general".into()
        } else {
            self.rng.people.pick(&rooms).clone()
        };
        let text = person.next_text(filler);
        Action::SayIn { channel, text }
    }

    /// What only version 2 has.
    fn newer_action(&mut self, number: usize) -> Action {
        let rooms: Vec<&String> = self.people[number].person.stays.keys().collect();
        // The general room is nobody's.
        let owned: Vec<&String> = rooms
            .iter()
            .copied()
            .filter(|room| *room != "general")
            .collect();
        let rooms = if owned.is_empty() { rooms } else { owned };
        if rooms.is_empty() {
            return Action::Sync;
        }
        let room = self.rng.people.pick(&rooms).clone();
        let there = |seat: &&Seat| seat.person.stays.contains_key(&room);
        let mut others: Vec<usize> = (0..self.people.len()).collect();
        if self.rng.people.chance(800) {
            others.retain(|other| there(&&self.people[*other]));
        }
        let name = self.people[self.rng.people.pick(&others)]
            .person
            .name
            .clone();
        let person = &mut self.people[number].person;
        let channel = Some(room.clone().into());
        let username = name.clone().into();
        Action::Other(match self.rng.people.below(14) {
            0..=2 => {
                let text = person.next_text(5);
                return Action::Tell { to: name, text };
            }
            3 => Command::Switch {
                channel: room.into(),
            },
            4 => Command::Topic {
                topic: "tea".into(),
                channel,
            },
            5 => Command::Invite { username, channel },
            6 => Command::Uninvite { username, channel },
            7 => Command::Kick {
                username,
                reason: None,
                channel,
            },
            8 => Command::Ban {
                username,
                reason: None,
                channel,
            },
            9 => Command::Unban { username, channel },
            10 => Command::Mute { username, channel },
            11 => Command::Unmute { username, channel },
            12 => Command::Owner { username, channel },
            _ => Command::History {
                channel,
                with: None,
                before: None,
                after: None,
                limit: Some(self.rng.people.below(5)),
            },
        })
    }

    /// A user does `action`, under a tag that no other has.
    pub(super) fn person_acts(&mut self, client: usize, number: usize, action: Action) {
        let action = match action {
            Action::Say(_) => self.words(number, 3),
            action => action,
        };
        let id = self.people[number].person.next_request();
        self.person_asks(client, number, id, action);
    }

    fn person_asks(&mut self, client: usize, number: usize, id: u64, action: Action) {
        let now = Time::from_micros(self.now);
        let Some(user) = &mut self.clients[client].user else {
            return;
        };
        let request = Request {
            id: Some(RequestId(id)),
            action: action.clone(),
        };
        if user.session.act(now, request).is_ok() {
            self.notes(number, id, action);
        }
        self.pump(client);
    }

    fn notes(&mut self, number: usize, id: u64, action: Action) {
        let person = &mut self.people[number].person;
        let open = match &action {
            Action::SayIn { channel, text } => {
                let (room, text) = (Some(channel.clone()), text.clone());
                Open::Say(action.clone(), Word { room, text })
            }
            Action::Tell { text, .. } => {
                let text = text.clone();
                Open::Say(action.clone(), Word { room: None, text })
            }
            Action::Other(Command::History {
                channel: Some(room),
                after: Some(after),
                ..
            }) => Open::Seam(room.to_string(), *after),
            Action::Quit => {
                person.is_done = true;
                person.is_steady = false;
                return;
            }
            action => Open::Other(action.name()),
        };
        person.open.insert(id, open);
        if let Action::Other(command) = &action
            && let Some(other) = person::put_out(command)
        {
            self.people[other].person.is_steady = false;
        }
    }

    /// A user sees something.
    pub(super) fn person_sees(&mut self, client: usize, number: usize, event: &Seen) {
        if self.people[number].client != client || self.people[number].person.is_done {
            // Another connection has the user's place, or nobody wants it.
            return;
        }
        if let Some(other) = person::left(event)
            && other < self.people.len()
            && self.has_seat(other)
        {
            return self.fail(Check::Lost, format!("{event:?}, who can come back still"));
        }
        let seat = &mut self.people[number];
        match event {
            Seen::LoggedIn {
                joined,
                resume,
                resumed,
                username,
                ..
            } => {
                let joined = joined.clone();
                self.is_in(client, number, username, resume.clone(), &joined, *resumed);
            }
            Seen::NameWanted { .. } => {
                if seat.person.token.is_some() && self.has_seat(number) {
                    let what = format!("person {number} does not get the seat back");
                    return self.fail(Check::Lost, what);
                }
                // What has the name is their own ghost; it goes when its time has come.
                let person = &mut self.people[number].person;
                person.is_steady = false;
                let name = person.next_name();
                person.name.clone_from(&name);
                let id = person.next_request();
                self.person_asks(client, number, id, Action::Login(name));
            }
            Seen::Ended(End::Violation(violation)) => {
                self.fail(Check::Protocol, format!("the server broke it: {violation}"));
            }
            Seen::Ended(_) => self.is_lost(number),
            Seen::Unsent { .. } => {}
            event if !seat.is_inside => {
                // The last words before a close.
                if !matches!(event, Seen::Error { .. }) {
                    self.fail(Check::BeforeLogin, format!("{event:?} before login"));
                }
            }
            event => {
                let name = seat.person.name.clone();
                if person::is_put_out(event, &name) {
                    self.marks.reach(Mark::PutOut);
                }
                let rooms = self.clients[client].user.as_ref();
                let rooms = rooms.map_or_else(Vec::new, |user| user.session.rooms().to_vec());
                let person = &mut self.people[number].person;
                let seen = person.saw(event);
                person.look_around(&rooms);
                match seen {
                    Err(failure) => self.check(Err(failure)),
                    Ok(Some((room, after))) => self.asks_what_was_said(client, number, room, after),
                    Ok(None) => {}
                }
            }
        }
    }

    fn is_in(
        &mut self,
        client: usize,
        number: usize,
        username: &str,
        token: Option<String>,
        joined: &[String],
        resumed: bool,
    ) {
        let had_seat = self.people[number].person.token.is_some() && self.has_seat(number);
        let seat = &mut self.people[number];
        seat.is_inside = true;
        seat.broken = None;
        seat.person.token = token;
        seat.person.name = username.into();
        self.clients[client].was_inside = true;
        self.think_later(client);
        if !resumed {
            if had_seat {
                let what = format!("person {number} came back in time, and has lost the seat");
                return self.fail(Check::Lost, what);
            }
            let person = &mut self.people[number].person;
            person.is_steady &= person.past.is_empty() && person.stays.is_empty();
            return person.begins(joined);
        }
        self.marks.reach(Mark::Resumed);
        let seams = match self.people[number].person.is_back(joined) {
            Ok(seams) => seams,
            Err(failure) => return self.check(Err(failure)),
        };
        let open = std::mem::take(&mut self.people[number].person.open);
        for (room, after) in seams {
            if self.options.mutant != Some(Mutant::SkipSeam) {
                self.asks_what_was_said(client, number, room, after);
            }
        }
        // What was not confirmed is sent again, under the same tag.
        for (id, open) in open {
            if let Open::Say(action, _) = open {
                let person = &mut self.people[number].person;
                let id = match self.options.mutant {
                    Some(Mutant::NewTag) => person.next_request(),
                    _ => id,
                };
                self.marks.reach(Mark::SentAgain);
                self.person_asks(client, number, id, action);
            }
        }
    }

    fn asks_what_was_said(&mut self, client: usize, number: usize, room: String, after: u64) {
        let history = Command::History {
            channel: Some(room.into()),
            with: None,
            before: None,
            after: Some(after),
            limit: Some(200),
        };
        self.person_acts(client, number, Action::Other(history));
    }

    /// Everyone who can takes their seat again, or never comes back; and nobody's seat waits any more.
    pub(super) fn seats_are_settled(&mut self) {
        for number in 0..self.people.len() {
            let seat = &self.people[number];
            if seat.person.is_done {
                continue;
            }
            let is_good = seat.client < self.clients.len()
                && self.clients[seat.client].state == State::Connected;
            if !is_good && self.rng.people.chance(700) {
                self.person_connects(number);
            } else if !is_good {
                self.people[number].person.is_done = true;
            }
        }
        self.until("all who come back are back", World::is_quiet);
        let window = self.plan.config.resume_window + Duration::from_millis(1);
        let over = self.now + window.as_micros() as u64;
        self.schedule(over, Event::Arrival);
        self.until("the seats of the others are given up", |world| {
            world.now >= over
        });
    }

    /// Compares what they know.
    pub(super) fn compare_people(&self, staying: &[usize]) -> Result<(), Failure> {
        let people: Vec<&Person> = self.people.iter().map(|seat| &seat.person).collect();
        let stays = |number: usize| staying.contains(&self.people[number].client);
        let keeps_all = self.plan.keeps_all;
        person::compare(&people, stays, keeps_all)
    }

    /// The seat of a user whose connection that is, if it is one.
    pub(super) fn seat_of(&self, client: usize) -> Option<&Seat> {
        let number = self.clients[client].user.as_ref()?.person?;
        let seat = self.people.get(number)?;
        (seat.client == client).then_some(seat)
    }

    /// A fault takes a client's connection.
    pub(super) fn loses(&mut self, client: usize) {
        if let Some(seat) = self.seat_of(client) {
            self.is_lost(seat.person.number);
        }
    }

    /// A fault has a client say that it goes.
    pub(super) fn hangs_up(&mut self, client: usize) {
        if let Some(seat) = self.seat_of(client) {
            let number = seat.person.number;
            self.people[number].person.is_steady = false;
            self.is_lost(number);
        }
    }

    /// Whether a client is logged in and in no trouble.
    pub(super) fn is_settled(&self, client: usize) -> bool {
        match self.clients[client]
            .user
            .as_ref()
            .and_then(|user| user.person)
        {
            None => self.clients[client].is_settled(),
            Some(_) => {
                self.seat_of(client).is_some_and(|seat| seat.is_inside)
                    && self.clients[client].state == State::Connected
                    && self.clients[client].appetite == Appetite::Prompt
            }
        }
    }
}
