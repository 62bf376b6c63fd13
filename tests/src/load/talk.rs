//! Senders that talk as fast as they are heard, and what that costs the server.

use std::time::{Duration, Instant};

use super::machine::{Pinning, own_cpu};
use super::{LoadClients, Programs, Shape, Subject};
use crate::process::Process;
use crate::world::PATIENCE;

/// What deliveries have cost. A delivery is a message received by one member of its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Messages received by members.
    pub deliveries: u64,
    /// Reads that they came in.
    pub reads: u64,
    /// CPU time of the server.
    pub cpu: Duration,
    /// CPU time of the clients.
    pub own_cpu: Duration,
    /// Time that passed.
    pub wall: Duration,
}

impl Cost {
    /// CPU microseconds of the server for each delivery.
    pub fn micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.deliveries as f64
    }

    /// How much of the time the server used its core.
    pub fn load(&self) -> f64 {
        self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// How much of the time the clients used their core.
    pub fn own_load(&self) -> f64 {
        self.own_cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// How many messages came in one read: at most as many as the server has put into one write, or
    /// more if the clients were slow to read.
    pub fn messages_per_read(&self) -> f64 {
        self.deliveries as f64 / self.reads as f64
    }
}

/// Clients that log in at the same time.
const AT_ONCE: usize = 64;

/// What it costs `subject`, in a process of its own, when clients of this shape talk for as long as
/// `window` after it has for as long as `warm_up`.
///
/// # Panics
/// If anybody hears anything but what they are to.
pub fn cost(
    subject: Subject,
    programs: Programs,
    shape: Shape,
    warm_up: Duration,
    window: Duration,
) -> (Cost, Pinning) {
    let (process, pinning) = subject.start(programs, shape.members);
    let mut clients = LoadClients::new(process.address(), subject.codec(), shape);
    clients.enter(shape.connections(), AT_ONCE);
    clients.rehearse();
    let cost = clients.talk(&process, warm_up, window);
    process.kill();
    (cost, pinning)
}

impl LoadClients {
    /// Has the senders talk, and measures for as long as `window` after they have for as long as
    /// `warm_up`. To be [rehearsed](LoadClients::rehearse) before.
    ///
    /// The last member of each room checks every byte that comes; everyone else the first whole
    /// message of each read, and in the end how many came.
    ///
    /// # Panics
    /// If anybody hears anything but what they are to.
    pub fn talk(&mut self, process: &Process, warm_up: Duration, window: Duration) -> Cost {
        let mut talk = Talk::new(self);
        let begin = Instant::now();
        while begin.elapsed() < warm_up {
            talk.send(self);
            talk.hear(self);
        }
        let first = talk.account(self, process);
        while first.at.elapsed() < window {
            talk.send(self);
            talk.hear(self);
        }
        let last = talk.account(self, process);
        while talk.received < talk.expected {
            talk.hear(self);
        }
        talk.check(self);
        Cost {
            deliveries: last.deliveries - first.deliveries,
            reads: last.reads - first.reads,
            cpu: last.cpu - first.cpu,
            own_cpu: last.own_cpu - first.own_cpu,
            wall: last.at - first.at,
        }
    }
}

/// Senders that are talking.
struct Talk {
    rooms: Vec<Room>,
    /// Rooms with a message that is due.
    stirred: Vec<usize>,
    /// What one sender sends at once.
    batch: Vec<u8>,
    /// Bytes that all members have received, and are to receive of all that was sent.
    received: u64,
    expected: u64,
    reads: u64,
}

struct Room {
    senders: Vec<Sender>,
    /// The beginning of a message that its last member has heard.
    begun: Vec<u8>,
}

struct Sender {
    message: Vec<u8>,
    /// How many of them are to be sent next, and were sent.
    due: usize,
    sent: u64,
}

/// What has happened until a moment.
struct Account {
    at: Instant,
    deliveries: u64,
    reads: u64,
    cpu: Duration,
    own_cpu: Duration,
}

impl Talk {
    fn new(clients: &LoadClients) -> Self {
        let shape = clients.shape;
        let sender = |room, sender| Sender {
            message: clients.message(room * shape.members + sender),
            due: shape.in_flight,
            sent: 0,
        };
        let room = |room| Room {
            senders: (0..shape.senders)
                .map(|number| sender(room, number))
                .collect(),
            begun: Vec::new(),
        };
        Talk {
            rooms: (0..shape.rooms).map(room).collect(),
            stirred: (0..shape.rooms).collect(),
            batch: Vec::new(),
            received: 0,
            expected: 0,
            reads: 0,
        }
    }

    /// Sends what is due.
    fn send(&mut self, clients: &mut LoadClients) {
        let members = clients.shape.members;
        for room in self.stirred.drain(..) {
            let heard_bytes = (clients.frame_bytes(room) * (members - 1)) as u64;
            for (number, sender) in self.rooms[room].senders.iter_mut().enumerate() {
                let count = std::mem::take(&mut sender.due);
                if count > 0 {
                    self.batch.clear();
                    (0..count).for_each(|_| self.batch.extend_from_slice(&sender.message));
                    clients.members[room * members + number].say(&self.batch);
                    sender.sent += count as u64;
                    self.expected += count as u64 * heard_bytes;
                }
            }
        }
    }

    /// Hears what there is to hear, after waiting for it.
    fn hear(&mut self, clients: &mut LoadClients) {
        let members = clients.shape.members;
        // Apart from the members, whom the turn borrows.
        let frames = std::mem::take(&mut clients.frames);
        clients.turn(PATIENCE, |number, member, bytes| {
            let room = number / members;
            let frames = &frames[room];
            if number % members == members - 1 {
                let room_talk = &mut self.rooms[room];
                let before = room_talk.due();
                room_talk.hear(frames, bytes);
                if before == 0 && room_talk.due() > 0 {
                    self.stirred.push(room);
                }
            } else {
                check_first(frames, member.received, bytes);
            }
            member.received += bytes.len() as u64;
            self.received += bytes.len() as u64;
            self.reads += 1;
        });
        clients.frames = frames;
    }

    fn account(&self, clients: &LoadClients, process: &Process) -> Account {
        let frame_bytes = |number| clients.frame_bytes(number / clients.shape.members) as u64;
        let members = clients.members.iter().enumerate();
        Account {
            deliveries: members
                .map(|(number, member)| member.received / frame_bytes(number))
                .sum(),
            reads: self.reads,
            cpu: Duration::from_nanos(process.cpu_nanos()),
            own_cpu: own_cpu(),
            at: Instant::now(),
        }
    }

    /// Everyone has heard all that the others have said.
    fn check(&self, clients: &mut LoadClients) {
        let members = clients.shape.members;
        for (number, member) in clients.members.iter_mut().enumerate() {
            let room = &self.rooms[number / members];
            let said: u64 = room.senders.iter().map(|sender| sender.sent).sum();
            let own = room.senders.get(number % members).map_or(0, |own| own.sent);
            let frame_bytes = clients.frames[number / members][0].len() as u64;
            assert_eq!(
                member.received,
                (said - own) * frame_bytes,
                "client {number} heard all"
            );
            member.received = 0;
        }
    }
}

impl Room {
    /// Messages that are due.
    fn due(&self) -> usize {
        self.senders.iter().map(|sender| sender.due).sum()
    }

    /// What the last member hears makes the next messages due.
    fn hear(&mut self, frames: &[Box<[u8]>], bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
        let mut whole = self.begun.chunks_exact(frames[0].len());
        for heard in &mut whole {
            let sender = frames.iter().position(|frame| **frame == *heard);
            self.senders[sender.expect("it was rehearsed")].due += 1;
        }
        let rest = whole.remainder().len();
        self.begun.drain(..self.begun.len() - rest);
    }
}

/// Checks the first whole message in `bytes`, before which `received` bytes came.
fn check_first(frames: &[Box<[u8]>], received: u64, bytes: &[u8]) {
    let length = frames[0].len();
    let begun = (received % length as u64) as usize;
    let start = if begun == 0 { 0 } else { length - begun };
    if let Some(heard) = bytes.get(start..start + length) {
        assert!(
            frames.iter().any(|frame| **frame == *heard),
            "it was rehearsed"
        );
    }
}
