//! The server's adapter: it keeps what the hub asks of an adapter, in any way that keeps it, and
//! remembers of a connection what the real ones do ([`chatmaster_core::adapter`]), and no more. Its
//! poll tells what theirs tell, once.

use chatmaster_core::adapter::{Enqueue, ReadState, Readiness, WriteState};
use chatmaster_core::{CloseReason, ConnId, Input, Output, Peer, Time};

use super::marks::Mark;
use super::net::{Ending, Way};
use super::trace;
use super::world::{Event, Stage, World};
use super::{Check, Mutant, watch};

/// The server's end of a connection.
pub(super) struct Socket {
    pub(super) state: State,
    pub(super) incoming: ReadState,
    pub(super) outgoing: WriteState,
    /// Whether the poll has told that the peer sends nothing any more. It does so once.
    hung_up: bool,
    /// Whether the hub knows of it.
    heard_end: bool,
    /// Bytes read.
    read: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was not accepted yet.
    Waiting,
    Open,
    Closed,
}

impl Socket {
    pub(super) fn new() -> Self {
        Socket {
            state: State::Waiting,
            incoming: ReadState::default(),
            outgoing: WriteState::default(),
            hung_up: false,
            heard_end: false,
            read: 0,
        }
    }

    /// Whether a write waits until the client has read something.
    pub(super) fn is_blocked(&self) -> bool {
        self.outgoing == WriteState::Blocked
    }
}

/// The names are checked at one in so many checks: they take longer than all the rest.
const NAMES_ONE_IN: u64 = 128;

/// What is to be done in a turn.
#[derive(Clone, Copy)]
enum Work {
    Read(usize),
    Write(usize),
}

pub(super) fn id(link: usize) -> ConnId {
    ConnId(link as u64 + 1)
}

fn link(id: ConnId) -> usize {
    id.0 as usize - 1
}

fn enqueue(queue: &mut Vec<usize>, link: usize, enqueue: Enqueue) {
    if enqueue == Enqueue::Yes {
        queue.push(link);
    }
}

impl World {
    /// The server's clock.
    pub(super) fn clock(&self) -> Time {
        Time::from_micros(self.now.saturating_add_signed(self.ahead))
    }

    /// Wakes the server so much later, if it does not wake before.
    pub(super) fn wake(&mut self, at: u64) {
        let at = at.max(self.now);
        if self.wakes.is_none_or(|wakes| wakes > at) {
            self.wakes = Some(at);
            self.schedule(at, Event::Turn);
        }
    }

    /// Wakes the server soon.
    pub(super) fn poke(&mut self) {
        let delay = self.rng.host.below(self.plan.host.delay);
        self.wake(self.now + delay);
    }

    /// Wakes the server when its hub has something due.
    pub(super) fn wake_when_due(&mut self) {
        if let Some(due) = self.hub.poll_timeout() {
            let wait = due.since(self.clock()).as_micros() as u64;
            self.wake(self.now.saturating_add(wait));
        }
    }

    /// Something came from a client: the poll tells.
    pub(super) fn came_up(&mut self, link: usize) {
        match self.sockets[link].state {
            State::Open => {}
            State::Waiting => return self.poke(),
            State::Closed => {
                if self.links[link].up.unread() > 0 {
                    self.links[link].up.take(usize::MAX);
                    self.reset(link, Way::Down);
                }
                return;
            }
        }
        let ending = self.links[link].up.ending();
        self.sockets[link].hung_up |= ending != Ending::Open;
        let read = self.sockets[link].incoming.readable();
        enqueue(&mut self.readable, link, read);
        if ending == Ending::Reset {
            self.made_room_down(link);
        }
        self.poke();
    }

    /// The socket may take something, or fails to: the poll tells, if a write has found it full.
    pub(super) fn made_room_down(&mut self, link: usize) {
        let write = self.sockets[link].outgoing.writable();
        enqueue(&mut self.writable, link, write);
        self.poke();
    }

    /// One turn of the server's loop.
    pub(super) fn turn(&mut self) {
        self.wakes = None;
        let clock = self.clock();
        if self.plan.is_tight() {
            self.look_at_queues();
        }
        if self.hub.poll_timeout().is_some_and(|due| due <= clock) {
            self.hand(Input::Tick);
        }
        while let Some(link) = self.accepting.pop_front() {
            self.sockets[link].state = State::Open;
            let address = self.clients[link].address;
            self.hand(Input::Opened(id(link), Peer(address)));
            // What came before it was accepted shows as soon as the poll knows of the socket.
            if !self.links[link].up.is_untouched() {
                self.came_up(link);
            }
            self.maybe_drain();
        }
        let reads = std::mem::take(&mut self.readable).into_iter();
        let writes = std::mem::take(&mut self.writable).into_iter();
        let mut work: Vec<Work> = reads
            .map(Work::Read)
            .chain(writes.map(Work::Write))
            .collect();
        if self.plan.host.shuffled {
            self.rng.host.shuffle(&mut work);
        }
        for work in work {
            match work {
                Work::Read(link) => self.read(link),
                Work::Write(link) => {
                    let count = self.write(link);
                    self.wrote(link, count);
                }
            }
            self.maybe_drain();
        }
        self.flush();
    }

    fn maybe_drain(&mut self) {
        let wanted = self.hub.wants_flush();
        if wanted {
            self.marks.reach(Mark::WantedFlush);
            self.flush();
        } else if self.rng.host.chance(self.plan.host.drain) {
            self.drain();
        }
    }

    /// Reads, if the connection is among those to read from and the hub takes it.
    fn read(&mut self, link: usize) {
        for _ in 0..self.plan.host.reads {
            let socket = &mut self.sockets[link];
            if socket.state != State::Open || socket.heard_end {
                return;
            }
            if !socket.incoming.begin_read() {
                return self.hear_hang_up(link);
            }
            let up = &mut self.links[link].up;
            if up.ending() == Ending::Reset {
                return self.lose(link);
            }
            if up.unread() == 0 && up.ending() == Ending::Finished {
                return self.hear_end(link);
            }
            let host = &self.plan.host;
            let most = if self.rng.host.chance(host.tiny) {
                1
            } else {
                self.rng.host.within(1..=host.read) as usize
            };
            let bytes = up.take(most);
            // A read that comes short has met the end of what there is; but the poll does not tell of
            // the end again.
            let readiness = if bytes.len() < most && !self.sockets[link].hung_up {
                Readiness::Blocked
            } else {
                Readiness::Ready
            };
            let again = self.sockets[link].incoming.read_done(readiness);
            if !bytes.is_empty() {
                self.sockets[link].read += bytes.len() as u64;
                let read = self.sockets[link].read;
                if self.clients[link].is_in_header(read) {
                    self.marks.reach(Mark::SplitInHeader);
                }
                self.hand(Input::Received(id(link), &bytes));
                self.made_room_up(link);
            }
            if again == Enqueue::No {
                return;
            }
        }
        self.readable.push(link);
    }

    /// Who does not read may still be told that the peer has hung up.
    fn hear_hang_up(&mut self, link: usize) {
        let up = &self.links[link].up;
        if self.plan.host.hears_hang_up && up.ending() == Ending::Finished && up.unread() == 0 {
            self.marks.reach(Mark::HalfCloseWithBacklog);
            self.hear_end(link);
        }
    }

    fn hear_end(&mut self, link: usize) {
        let socket = &mut self.sockets[link];
        socket.incoming.end();
        socket.heard_end = true;
        self.hand(Input::Eof(id(link)));
    }

    /// A connection broke.
    fn lose(&mut self, link: usize) {
        if self.hub.pending(id(link)).next().is_some() {
            self.marks.reach(Mark::ResetWithPending);
        }
        self.sockets[link].state = State::Closed;
        self.hand(Input::Closed(id(link)));
    }

    /// Writes once, if the connection is among those to write to. What is pending afterwards is the
    /// hub's to say.
    /// How many bytes could be written; nothing if the connection broke.
    fn write(&mut self, link: usize) -> Option<u32> {
        if self.sockets[link].state != State::Open || !self.sockets[link].outgoing.begin_write() {
            return Some(0);
        }
        if self.links[link].up.ending() == Ending::Reset {
            return None;
        }
        let (room, most) = (self.links[link].down.room(), self.plan.host.write as usize);
        let mut bytes = Vec::new();
        let mut all = 0;
        for slice in self.hub.pending(id(link)) {
            bytes.extend_from_slice(&slice[..slice.len().min(most - bytes.len())]);
            all += slice.len();
        }
        let readiness = if bytes.len() > room {
            bytes.truncate(room);
            Readiness::Blocked
        } else {
            Readiness::Ready
        };
        if bytes.len() < all {
            self.marks.reach(Mark::PartialWrite);
        }
        self.sockets[link].outgoing.write_done(readiness);
        if !bytes.is_empty() {
            self.watch.sent(id(link), &bytes);
            self.send(link, Way::Down, &bytes);
            if self.options.mutant == Some(Mutant::LoseBytes) && self.take_mutant(link) {
                self.links[link].down.lose_last();
            }
        }
        Some(bytes.len() as u32)
    }

    /// Tells the hub what came of a write.
    fn wrote(&mut self, link: usize, count: Option<u32>) {
        match count {
            None => self.lose(link),
            Some(0) => {}
            Some(count) => self.hand(Input::Sent(id(link), count)),
        }
    }

    /// Hands `input` to the hub, with all checks.
    pub(super) fn hand(&mut self, input: Input<'_>) {
        if self.failure.is_some() {
            return;
        }
        let at = self.clock();
        self.inputs += 1;
        if at < self.watch.latest() {
            self.marks.reach(Mark::ClockBack);
        }
        if let Some(trace) = &mut self.trace {
            trace.events.push((at, trace::Event::of(input)));
        }
        self.hub.handle(at, input);
        let checked = self.watch.handed(&self.hub, at, input);
        self.check(checked);
        if self.rng.checks.below(self.options.check_one_in) == 0 {
            if self.rng.checks.below(NAMES_ONE_IN) == 0 {
                self.hub.check_invariants();
            } else {
                self.hub.check_invariants_but_names();
            }
        }
    }

    /// Does what the hub wants, writes once to whom it wants written to, and sees to it that the loop
    /// goes on with what is left.
    pub(super) fn flush(&mut self) {
        self.drain();
        let mut writes = std::mem::take(&mut self.writable);
        if self.plan.host.shuffled {
            self.rng.host.shuffle(&mut writes);
        }
        // As the adapters do: what was written is told once all is.
        let written: Vec<_> = writes
            .into_iter()
            .map(|link| (link, self.write(link)))
            .collect();
        for (link, count) in written {
            self.wrote(link, count);
        }
        self.drain();
        if !self.readable.is_empty() || !self.writable.is_empty() {
            self.poke();
        }
        self.wake_when_due();
    }

    /// Does what the hub wants, but for the writes, whose turn comes.
    fn drain(&mut self) {
        if self.failure.is_some() {
            return;
        }
        let at = self.clock();
        if let Some(trace) = &mut self.trace {
            trace.events.push((at, trace::Event::Drained));
        }
        let mut late = Vec::new();
        while let Some(output) = self.hub.poll_output() {
            let checked = self.watch.output(&self.hub, output);
            self.check(checked);
            match output {
                Output::Write(id) => {
                    let link = link(id);
                    if self.options.mutant == Some(Mutant::ForgetWrite) && self.take_mutant(link) {
                        continue;
                    }
                    let write = self.sockets[link].outgoing.request();
                    enqueue(&mut self.writable, link, write);
                }
                Output::PauseRead(id) => {
                    self.sockets[link(id)].incoming.pause();
                    self.mark_pause();
                }
                Output::ResumeRead(id) => {
                    let read = self.sockets[link(id)].incoming.resume();
                    enqueue(&mut self.readable, link(id), read);
                }
                Output::Finish(id) => self.finish(link(id), Way::Down),
                Output::Close(id, reason) => {
                    self.close(link(id), reason);
                    late.push(id);
                }
            }
        }
        let checked = self.watch.drained(&self.hub);
        self.check(checked);
        for id in late {
            self.be_late(id);
        }
    }

    fn close(&mut self, link: usize, reason: CloseReason) {
        self.mark_close(link, reason);
        self.is_closed_on(link, reason);
        if self.sockets[link].state != State::Open {
            return;
        }
        self.sockets[link].state = State::Closed;
        if watch::is_fault_of_the_client(reason) && self.clients[link].is_connected_user() {
            let allowed = reason == CloseReason::Backlog && self.plan.host.reads > 1;
            if !allowed {
                self.fail(
                    Check::Protocol,
                    format!("client {link} was closed: {reason}"),
                );
            }
        }
        // As a socket that is closed with bytes unread.
        if self.links[link].up.unread() > 0 {
            self.links[link].up.take(usize::MAX);
            self.reset(link, Way::Down);
        } else {
            self.finish(link, Way::Down);
        }
    }

    /// Hands the hub something of a connection that it has closed, as adapters do in which reads and
    /// writes end on their own.
    fn be_late(&mut self, id: ConnId) {
        if !self.rng.host.chance(self.plan.host.late) {
            return;
        }
        self.marks.reach(Mark::LateInput);
        match self.rng.host.below(4) {
            0 => self.hand(Input::Received(id, b"{}")),
            1 => self.hand(Input::Eof(id)),
            2 => self.hand(Input::Sent(id, 7)),
            _ => self.hand(Input::Closed(id)),
        }
    }

    fn mark_pause(&mut self) {
        let config = &self.plan.config;
        let soon = self.watch.latest() + std::time::Duration::from_micros(1);
        let later = self.hub.poll_timeout().is_some_and(|due| due > soon);
        let mark = match (config.message_rate > 0, !config.lag_pause.is_zero()) {
            (false, false) => Mark::TurnYielded,
            (true, false) if later => Mark::FloodPause,
            (false, true) if later => Mark::LagPause,
            _ => return,
        };
        self.marks.reach(mark);
    }

    fn mark_close(&mut self, link: usize, reason: CloseReason) {
        let client = &self.clients[link];
        let socket = &self.sockets[link];
        if client.has_vanished() {
            self.marks.reach(Mark::HalfOpenClosed);
        }
        let lingered = socket.state == State::Open && !socket.heard_end;
        match reason {
            CloseReason::SlowConsumer => {
                self.marks.reach(Mark::SlowConsumer);
                let half = self.plan.config.send_queue_bytes / 2;
                if self.plan.is_tight() && client.pending < half {
                    self.marks.reach(Mark::TotalBound);
                }
            }
            CloseReason::LoginTimeout => self.marks.reach(Mark::LoginDeadline),
            CloseReason::LoginTries => self.marks.reach(Mark::LoginTries),
            CloseReason::Full => self.marks.reach(Mark::ConnectionLimit),
            CloseReason::AddressFull | CloseReason::AddressRate => {
                self.marks.reach(Mark::AddressLimit);
            }
            CloseReason::Backlog => self.marks.reach(Mark::BacklogBound),
            CloseReason::Violation if client.was_inside => {
                self.marks.reach(Mark::ViolationAfterLogin);
            }
            CloseReason::Shutdown if socket.is_blocked() && lingered => {
                self.marks.reach(Mark::ShutdownStuck);
            }
            CloseReason::Reclaimed => self.marks.reach(Mark::InflaterLimit),
            CloseReason::Left
            | CloseReason::Violation
            | CloseReason::Shutdown
            | CloseReason::Resumed => {}
        }
        if lingered && !matches!(reason, CloseReason::SlowConsumer | CloseReason::Shutdown) {
            self.marks.reach(Mark::LingerDeadline);
        }
    }

    /// Whether what is to be done wrong is to be done to this client now.
    pub(super) fn take_mutant(&mut self, link: usize) -> bool {
        let now = self.mutated && self.stage == Stage::Chaos && self.is_settled(link);
        self.mutated &= !now;
        now
    }
}
