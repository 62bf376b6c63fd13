//! The clients: users with real sessions, who do what their world's plan lets them, and those who
//! send bytes of their own.

use std::collections::VecDeque;
use std::net::IpAddr;

use chatmaster_core::adapter::{Readiness, WriteState};
use chatmaster_core::session::{Action, Event as Seen};
use chatmaster_core::{Encoding, Session, SessionConfig, SessionInput, SessionOutput, Time};

use super::hostile::Attack;
use super::log::Log;
use super::marks::Mark;
use super::net::{Ending, Link, Way};
use super::plan::Deed;
use super::world::{Event, Stage, World};
use super::writers::Lent;
use super::{Mutant, host};
use chatmaster_core::testing::wire::Framing;

/// The client's end of a connection.
pub(super) struct Client {
    pub(super) address: IpAddr,
    pub(super) user: Option<User>,
    pub(super) state: State,
    pub(super) appetite: Appetite,
    /// Nothing gets through before.
    pub(super) held_until: u64,
    /// Whether it was logged in at some time.
    pub(super) was_inside: bool,
    /// Bytes that waited for it on the server when that was last looked at.
    pub(super) pending: usize,
    thinks: Thinks,
}

/// A client in good faith.
pub(super) struct User {
    pub(super) session: Session,
    pub(super) log: Log,
    /// What was seen and is kept back, to be done wrong.
    kept: Option<Seen>,
    /// Makes one zlib stream of what the session says in plain JSON.
    stream: Option<Lent>,
    /// Bytes that the session has handed over and the network has no room for.
    outgoing: Vec<u8>,
    /// What an adapter remembers of the session: nobody looks at what is pending unasked.
    writing: WriteState,
    /// Where packages in zlib streams begin, in bytes sent.
    starts: VecDeque<u64>,
    framing: Framing,
    written: u64,
    ending: Half,
    wants_name: bool,
    /// The name it asked for last, if that was free then.
    pub(super) free: Option<String>,
    expires: Option<Time>,
    /// Whose connection it is, if it is one of version 2.
    pub(super) person: Option<usize>,
}

/// How far a user is with ending what it sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Open,
    /// It is to be ended when all is sent.
    Wanted,
    Ended,
}

/// Whether a client is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Connected,
    /// It sends nothing any more.
    HalfClosed,
    /// It is gone without a word.
    Vanished,
    Over,
}

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appetite {
    /// What comes, when it comes.
    Prompt,
    /// So many bytes at a time, with so long between.
    Slow(usize, u64),
    /// Not at all.
    Stalled,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Thinks {
    No,
    Yes,
}

impl Client {
    pub(super) fn has_vanished(&self) -> bool {
        self.state == State::Vanished
    }

    /// Whether `read`, the number of bytes the server has read, ends behind the first byte of a zlib
    /// header.
    pub(super) fn is_in_header(&mut self, read: u64) -> bool {
        let Some(user) = &mut self.user else {
            return false;
        };
        while user.starts.front().is_some_and(|start| *start + 1 < read) {
            user.starts.pop_front();
        }
        user.starts.front().is_some_and(|start| *start + 1 == read)
    }

    /// Whether it is a user, and connected both ways.
    pub(super) fn is_connected_user(&self) -> bool {
        self.user.is_some() && self.state == State::Connected
    }

    /// Whether it is logged in and in no trouble.
    pub(super) fn is_settled(&self) -> bool {
        let inside = self.user.as_ref().is_some_and(|user| user.log.is_inside());
        inside && self.state == State::Connected && self.appetite == Appetite::Prompt
    }
}

impl User {
    pub(super) fn new(session: Session, log: Log, framing: Framing, person: Option<usize>) -> Self {
        User {
            session,
            log,
            kept: None,
            stream: (framing == Framing::Stream).then(|| Lent::new(framing)),
            outgoing: Vec::new(),
            writing: WriteState::default(),
            starts: VecDeque::new(),
            framing,
            written: 0,
            ending: Half::Open,
            wants_name: false,
            free: None,
            expires: None,
            person,
        }
    }

    /// Whether all that was asked and said is sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.outgoing.is_empty() && self.session.pending().is_empty()
    }
}

impl World {
    /// One more client comes, if there is a place for it.
    pub(super) fn arrival(&mut self) {
        let gap = self.plan.arrival_gap;
        let at = self.now + self.rng.users.within(gap / 2..=gap);
        self.schedule(at, Event::Arrival);
        let there = self
            .clients
            .iter()
            .filter(|client| client.state != State::Over);
        if !self.stopping && there.count() < self.plan.population {
            self.connect();
        }
    }

    /// One more client connects.
    pub(super) fn connect(&mut self) {
        let number = self.clients.len();
        let rng = &mut self.rng.users;
        let address = rng.pick(&self.plan.addresses);
        let hostile = rng.chance(self.plan.hostile);
        let framing = rng.pick(&self.plan.framings);
        let name = self.name();
        let rng = &mut self.rng.users;
        let shy = rng.chance(self.plan.shy);
        if !hostile && !shy && self.rng.people.chance(self.plan.newer) {
            return self.new_person(address, framing);
        }
        let user = (!hostile).then(|| {
            let config = SessionConfig {
                username: (!shy).then_some(name),
                encoding: match framing {
                    Framing::Zlib => Encoding::Zlib,
                    Framing::Plain | Framing::Stream => Encoding::Plain,
                },
                max_sent_bytes: self.plan.config.max_package_bytes,
                send_queue_bytes: 64 * 1024,
                ..SessionConfig::default()
            };
            let mut log = Log::new(number, self.plan.config.max_message_bytes);
            if let Some(name) = &config.username {
                log.logs_in(name);
            }
            User::new(Session::new(config), log, framing, None)
        });
        self.comes(address, user);
    }

    /// A client connects: a user's, or a hostile one.
    pub(super) fn comes(&mut self, address: IpAddr, user: Option<User>) {
        let number = self.clients.len();
        let hostile = user.is_none();
        self.clients.push(Client {
            address,
            user,
            state: State::Connected,
            appetite: Appetite::Prompt,
            held_until: 0,
            was_inside: false,
            pending: 0,
            thinks: Thinks::No,
        });
        self.links.push(Link::new(self.plan.net.capacity));
        self.sockets.push(host::Socket::new());
        self.accepting.push_back(number);
        self.poke();
        if hostile {
            self.think_later(number);
        }
    }

    pub(super) fn think_later(&mut self, client: usize) {
        if self.clients[client].thinks == Thinks::No {
            self.clients[client].thinks = Thinks::Yes;
            let at = self.now + self.rng.users.within(1..=self.plan.think);
            self.schedule(at, Event::Think(client));
        }
    }

    /// A client does something.
    pub(super) fn think(&mut self, client: usize) {
        self.clients[client].thinks = Thinks::No;
        if self.clients[client].state != State::Connected {
            return;
        }
        self.think_later(client);
        let Some(user) = &self.clients[client].user else {
            return self.attack(client);
        };
        if let Some(number) = user.person {
            return self.person_thinks(client, number);
        }
        if user.wants_name {
            let name = self.name();
            return self.act(client, Action::Login(name));
        }
        if !user.log.is_inside() {
            return;
        }
        for _ in 0..self.rng.users.within(1..=self.plan.hurry) {
            let deed = self.rng.users.weighed(&self.plan.deeds);
            let action = self.action(client, deed.unwrap_or(Deed::Say));
            self.act(client, action);
        }
    }

    fn action(&mut self, client: usize, deed: Deed) -> Action {
        let rng = &mut self.rng.users;
        match deed {
            Deed::Say | Deed::SayLong => {
                let most = self.plan.config.max_message_bytes.min(6000) as u64 + 20;
                let filler = match deed {
                    Deed::SayLong => rng.scaled(1..=most),
                    _ => rng.below(30),
                };
                let log = self.clients[client].user.as_ref().map(|user| &user.log);
                Action::Say(log.map_or_else(String::new, |log| log.next_text(filler as usize)))
            }
            Deed::Rename => Action::Rename(self.name()),
            Deed::Join => Action::Join(self.room()),
            Deed::Leave => Action::Leave,
            Deed::Private => Action::Private,
            Deed::Public => Action::Public,
            Deed::Channels => Action::Channels,
            Deed::Users => Action::Users,
            Deed::Sync => Action::Sync,
            Deed::Quit => Action::Quit,
        }
    }

    /// A user does `action`.
    pub(super) fn act(&mut self, client: usize, action: Action) {
        let person = self.clients[client]
            .user
            .as_ref()
            .and_then(|user| user.person);
        if let Some(number) = person {
            return self.person_acts(client, number, action);
        }
        let now = Time::from_micros(self.now);
        let free = match &action {
            Action::Rename(name) | Action::Login(name) => {
                let free = !self.is_anyones(name, client);
                free.then(|| name.clone())
            }
            _ => None,
        };
        let Some(user) = &mut self.clients[client].user else {
            return;
        };
        // What the session does not take changes nothing.
        if user.session.act(now, action.clone()).is_ok() {
            user.wants_name &= !matches!(action, Action::Login(_));
            user.free = free.or(user.free.take());
            if action == Action::Quit {
                user.log.quits();
            }
            user.log.acted(&action);
        }
        self.pump(client);
    }

    fn attack(&mut self, client: usize) {
        let attack = Attack::draw(&mut self.rng.hostile);
        if attack == Attack::Bomb {
            self.marks.reach(Mark::Bomb);
        }
        if attack == Attack::LogIn {
            self.clients[client].was_inside = true;
        }
        let bytes = attack.bytes(&mut self.rng.hostile, client);
        let room = self.links[client].up.room().min(bytes.len());
        // What there is no room for is not sent: one more way to be a nuisance.
        self.send(client, Way::Up, &bytes[..room]);
        if self.rng.hostile.chance(50) {
            self.clients[client].appetite = Appetite::Stalled;
        }
    }

    /// Something came from the server.
    pub(super) fn came_down(&mut self, client: usize) {
        match self.clients[client].appetite {
            _ if self.clients[client].state == State::Over => {
                if self.links[client].down.unread() > 0 {
                    self.links[client].down.take(usize::MAX);
                    self.reset(client, Way::Up);
                }
            }
            Appetite::Prompt => self.read_all(client),
            Appetite::Slow(..) | Appetite::Stalled => {}
        }
    }

    /// Reads what has come.
    pub(super) fn read_all(&mut self, client: usize) {
        let most = self.rng.users.scaled(1..=64 * 1024).max(16);
        while self.client_reads(client, most as usize) {}
    }

    /// Reads a little, and more later.
    pub(super) fn read_slowly(&mut self, client: usize) {
        let Appetite::Slow(most, gap) = self.clients[client].appetite else {
            return;
        };
        if self.clients[client].state != State::Over {
            self.client_reads(client, most);
            self.schedule(self.now + gap, Event::Read(client));
        }
    }

    /// Reads up to `most` bytes, or the end; whether there may be more.
    fn client_reads(&mut self, client: usize, most: usize) -> bool {
        if matches!(self.clients[client].state, State::Over | State::Vanished) {
            return false;
        }
        let down = &mut self.links[client].down;
        let bytes = down.take(most);
        let ending = down.ending();
        if !bytes.is_empty() && self.sockets[client].is_blocked() {
            self.made_room_down(client);
        }
        let input = match ending {
            _ if !bytes.is_empty() => SessionInput::Received(&bytes),
            Ending::Open => return false,
            Ending::Finished => SessionInput::Eof,
            Ending::Reset => SessionInput::Closed,
        };
        let now = Time::from_micros(self.now);
        match &mut self.clients[client].user {
            Some(user) => {
                user.session.handle(now, input);
                self.pump(client);
            }
            None if bytes.is_empty() => self.hang_up(client),
            None => {}
        }
        !bytes.is_empty()
    }

    /// A session's own time has come.
    pub(super) fn expire(&mut self, client: usize) {
        let now = Time::from_micros(self.now);
        if let Some(user) = &mut self.clients[client].user {
            user.session.handle(now, SessionInput::Tick);
            self.pump(client);
        }
    }

    /// The server has read: there may be room.
    pub(super) fn made_room_up(&mut self, client: usize) {
        if self.clients[client].user.is_some() {
            self.pump(client);
        }
    }

    /// Does what a session wants, until it wants nothing.
    pub(super) fn pump(&mut self, client: usize) {
        if matches!(self.clients[client].state, State::Over | State::Vanished) {
            return;
        }
        loop {
            while let Some(user) = &mut self.clients[client].user
                && let Some(event) = user.session.poll_event()
            {
                self.saw(client, event);
            }
            let Some(user) = &mut self.clients[client].user else {
                return;
            };
            while let Some(output) = user.session.poll_output() {
                match output {
                    SessionOutput::Write => {
                        let _ = user.writing.request();
                    }
                    SessionOutput::Finish if user.ending == Half::Open => {
                        user.ending = Half::Wanted
                    }
                    SessionOutput::Finish => {}
                    SessionOutput::Close => return self.hang_up(client),
                }
            }
            if !self.client_writes(client) {
                break;
            }
        }
        if let Some(user) = &mut self.clients[client].user
            && let Some(due) = user.session.poll_timeout()
            && user.expires != Some(due)
        {
            user.expires = Some(due);
            self.schedule(due.as_micros(), Event::Expire(client));
        }
    }

    /// Hands bytes on from the session to the network; whether some were.
    fn client_writes(&mut self, client: usize) -> bool {
        let half_closed = self.clients[client].state == State::HalfClosed;
        let now = Time::from_micros(self.now);
        let Some(user) = &mut self.clients[client].user else {
            return false;
        };
        let pending = user.session.pending();
        let taken = pending.len();
        if user.writing.begin_write() && user.outgoing.len() < 4096 {
            user.writing.write_done(Readiness::Ready);
            let start = user.written + user.outgoing.len() as u64;
            match &mut user.stream {
                Some(stream) => {
                    let text = String::from_utf8_lossy(pending);
                    user.outgoing.extend(stream.package(text.trim_end()));
                }
                None => user.outgoing.extend_from_slice(pending),
            }
            if user.framing == Framing::Zlib {
                user.starts.push_back(start);
            }
            user.session.handle(now, SessionInput::Sent(taken as u32));
        } else if user.outgoing.is_empty() {
            if user.ending == Half::Wanted {
                user.ending = Half::Ended;
                self.finish(client, Way::Up);
            }
            return false;
        }
        let count = self.links[client].up.room().min(user.outgoing.len());
        if half_closed {
            user.outgoing.clear();
            return taken > 0;
        }
        let bytes: Vec<u8> = user.outgoing.drain(..count).collect();
        user.written += count as u64;
        if count > 0 {
            self.send(client, Way::Up, &bytes);
        }
        count > 0
    }

    /// The client closes its socket.
    pub(super) fn hang_up(&mut self, client: usize) {
        self.clients[client].state = State::Over;
        if self.links[client].down.unread() > 0 {
            self.links[client].down.take(usize::MAX);
            self.reset(client, Way::Up);
        } else {
            self.finish(client, Way::Up);
        }
    }

    /// A user sees something, unless that is done wrong on purpose.
    fn saw(&mut self, client: usize, event: Seen) {
        let person = self.clients[client]
            .user
            .as_ref()
            .and_then(|user| user.person);
        if let Some(number) = person {
            return self.person_sees(client, number, &event);
        }
        let is_message = matches!(event, Seen::Message { .. });
        let is_answer = matches!(
            event,
            Seen::Users { .. } | Seen::Channels { .. } | Seen::Synced { .. }
        );
        let kept = self.clients[client]
            .user
            .as_mut()
            .and_then(|user| user.kept.take());
        let fits = match self.options.mutant {
            Some(
                Mutant::LoseMessage | Mutant::RepeatMessage | Mutant::SwapMessages | Mutant::Echo,
            ) => is_message,
            Some(Mutant::LoseAnswer) => is_answer,
            Some(Mutant::LoseBytes | Mutant::ForgetWrite | Mutant::SkipSeam | Mutant::NewTag)
            | None => false,
        };
        if fits && kept.is_none() && self.take_mutant(client) {
            match self.options.mutant {
                Some(Mutant::SwapMessages) => {
                    if let Some(user) = &mut self.clients[client].user {
                        user.kept = Some(event);
                    }
                    return;
                }
                Some(Mutant::RepeatMessage) => self.sees(client, event.clone()),
                Some(Mutant::Echo) => {
                    let message = super::texts::text((client, 0), 5);
                    self.sees(client, Seen::message("me", message));
                }
                _ => return,
            }
        }
        self.sees(client, event);
        if let Some(kept) = kept {
            self.sees(client, kept);
        }
    }

    fn sees(&mut self, client: usize, event: Seen) {
        let Some(user) = &mut self.clients[client].user else {
            return;
        };
        match user.log.saw(&event, &mut self.marks) {
            Err(failure) => self.check(Err(failure)),
            Ok(None) => {}
            Ok(Some(refused)) => self.mark_refused(client, &refused),
        }
        match event {
            Seen::NameWanted { .. } => {
                if let Some(user) = &mut self.clients[client].user {
                    user.wants_name = true;
                }
                // Who is shy may not come to it before the deadline.
                self.think_later(client);
            }
            Seen::LoggedIn { username, .. } => {
                self.clients[client].was_inside = true;
                self.mark_taken(client, &username);
                self.think_later(client);
                if self.plan.scattered && self.stage == Stage::Chaos {
                    let room = self.long(format!("r{}", client % 60), 64);
                    self.act(client, Action::Join(room));
                }
            }
            Seen::Renamed {
                new_username,
                me: true,
                ..
            } => self.mark_taken(client, &new_username),
            _ => {}
        }
    }
}
