//! A seed's world: what happens next, and when.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use chatmaster_core::{Hub, Start};

use super::client::Client;
use super::host::Socket;
use super::marks::Marks;
use super::net::{Link, Way};
use super::people::Seat;
use super::plan::Plan;
use super::rng::Rng;
use super::trace::Trace;
use super::watch::Watch;
use super::{Check, Failure, Options};

/// All there is. Clients, links and sockets of one connection have the same number, and so has its
/// identifier, but for 1.
pub struct World {
    pub(super) plan: Plan,
    pub(super) options: Options,
    /// Whether what was to be done wrong is still to be.
    pub(super) mutated: bool,
    /// Microseconds since the start, which is not what the server's clock shows.
    pub(super) now: u64,
    agenda: BinaryHeap<Reverse<(u64, u64, Event)>>,
    scheduled: u64,
    pub(super) stage: Stage,
    pub(super) rng: Streams,
    pub(super) links: Vec<Link>,
    pub(super) clients: Vec<Client>,
    /// Who speaks version 2.
    pub(super) people: Vec<Seat>,
    // The server's side.
    pub(super) hub: Hub,
    pub(super) watch: Watch,
    pub(super) sockets: Vec<Socket>,
    /// How far the server's clock is ahead of the time.
    pub(super) ahead: i64,
    /// When the server wakes next.
    pub(super) wakes: Option<u64>,
    pub(super) accepting: VecDeque<usize>,
    pub(super) readable: Vec<usize>,
    pub(super) writable: Vec<usize>,
    pub(super) stopping: bool,
    // What came of it.
    /// All inputs, if they are kept.
    pub(super) trace: Option<Trace>,
    pub(super) marks: Marks,
    pub(super) events: u64,
    pub(super) inputs: u64,
    pub(super) failure: Option<Failure>,
}

/// The streams of choices.
pub(super) struct Streams {
    pub(super) net: Rng,
    pub(super) host: Rng,
    pub(super) users: Rng,
    pub(super) hostile: Rng,
    pub(super) faults: Rng,
    pub(super) checks: Rng,
    pub(super) people: Rng,
}

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The server wakes.
    Turn,
    /// Something under way arrives.
    Land(usize, Way),
    /// A client that reads slowly reads.
    Read(usize),
    /// A client does something.
    Think(usize),
    /// A client's session has something due.
    Expire(usize),
    /// A client that stopped reading reads on.
    Recover(usize),
    /// Another client comes.
    Arrival,
    /// Something goes wrong.
    Fault,
    /// A connection of a user of version 2 breaks or hangs.
    Snap,
    /// Such a user comes back.
    Return(usize),
}

/// What is let happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Everything.
    Chaos,
    /// What is under way, and nothing that goes wrong.
    Healed,
}

impl World {
    pub(super) fn new(seed: u64, plan: Plan, options: &Options) -> Self {
        let stream = |label| Rng::stream(seed, label);
        let trace = options.record.then(|| Trace::new(plan.config.clone()));
        World {
            hub: Hub::new(plan.config.clone(), Start::default()),
            plan,
            options: options.clone(),
            mutated: options.mutant.is_some(),
            now: 0,
            agenda: BinaryHeap::new(),
            scheduled: 0,
            stage: Stage::Chaos,
            rng: Streams {
                net: stream("net"),
                host: stream("host"),
                users: stream("users"),
                hostile: stream("hostile"),
                faults: stream("faults"),
                checks: stream("checks"),
                people: stream("people"),
            },
            links: Vec::new(),
            clients: Vec::new(),
            people: Vec::new(),
            watch: Watch::default(),
            sockets: Vec::new(),
            ahead: 0,
            wakes: None,
            accepting: VecDeque::new(),
            readable: Vec::new(),
            writable: Vec::new(),
            stopping: false,
            trace,
            marks: Marks::default(),
            events: 0,
            inputs: 0,
            failure: None,
        }
    }

    /// Runs the world to its end, or to the first thing that is wrong.
    pub(super) fn run(&mut self) {
        self.schedule(0, Event::Arrival);
        let gap = self.rng.faults.below(self.plan.fault_gap);
        self.schedule(gap, Event::Fault);
        if self.plan.newer > 0 {
            self.schedule(self.plan.snap_gap, Event::Snap);
        }
        while self.events < self.options.events && self.failure.is_none() {
            self.step();
        }
        if self.failure.is_none() {
            self.end();
        }
    }

    /// Lets the next thing happen; whether there was one.
    pub(super) fn step(&mut self) -> bool {
        let Some(Reverse((at, _, event))) = self.agenda.pop() else {
            return false;
        };
        self.now = at;
        self.events += 1;
        let chaos = self.stage == Stage::Chaos;
        match event {
            Event::Turn if self.wakes == Some(at) => self.turn(),
            // It was woken earlier.
            Event::Turn => {}
            Event::Land(link, way) => self.land(link, way),
            Event::Read(client) => self.read_slowly(client),
            Event::Think(client) if chaos => self.think(client),
            Event::Expire(client) => self.expire(client),
            Event::Recover(client) if chaos => self.recover(client),
            Event::Arrival if chaos => self.arrival(),
            Event::Fault if chaos => self.fault(),
            Event::Snap if chaos => self.snap(),
            Event::Return(person) if chaos => self.comes_back(person),
            Event::Think(_)
            | Event::Recover(_)
            | Event::Arrival
            | Event::Fault
            | Event::Snap
            | Event::Return(_) => {}
        }
        true
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.agenda
            .push(Reverse((at.max(self.now), self.scheduled, event)));
    }

    /// Sends `bytes`, for which there is room, in one or more pieces.
    pub(super) fn send(&mut self, link: usize, way: Way, bytes: &[u8]) {
        let segment = bytes.len().div_ceil(4).max(self.plan.net.segment as usize);
        for piece in bytes.chunks(segment) {
            let at = self.delay();
            let lands = self.links[link].pipe(way).send(piece.to_vec(), at);
            self.schedule(lands, Event::Land(link, way));
        }
    }

    pub(super) fn finish(&mut self, link: usize, way: Way) {
        let at = self.delay();
        if let Some(lands) = self.links[link].pipe(way).finish(at) {
            self.schedule(lands, Event::Land(link, way));
        }
    }

    pub(super) fn reset(&mut self, link: usize, way: Way) {
        let at = self.delay();
        let lands = self.links[link].pipe(way).reset(at);
        self.schedule(lands, Event::Land(link, way));
    }

    fn delay(&mut self) -> u64 {
        let latency = self.plan.net.latency;
        self.now + self.rng.net.within(latency / 4..=latency)
    }

    fn land(&mut self, link: usize, way: Way) {
        // Nothing gets through to one who has vanished, nor from it.
        if self.clients[link].has_vanished() {
            return;
        }
        if self.clients[link].held_until > self.now {
            let until = self.clients[link].held_until;
            return self.schedule(until, Event::Land(link, way));
        }
        self.links[link].pipe(way).land(self.now);
        match way {
            Way::Up => self.came_up(link),
            Way::Down => self.came_down(link),
        }
    }

    pub(super) fn fail(&mut self, check: Check, what: String) {
        self.check(Err(Failure::new(check, what)));
    }

    /// Keeps the first failure.
    pub(super) fn check(&mut self, checked: Result<(), Failure>) {
        if let Err(failure) = checked {
            self.failure.get_or_insert(failure);
        }
    }
}
