//! What [`Config::memory_bound`] says is a bound, and a close one: a hub that is made to hold as much as
//! it can is within it, by what the allocator is asked for and by what the operating system gives; and
//! what a burst took is given back. One test, for the memory is that of the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Output, Peer, Start, Time};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// What the allocator takes for an allocation: eight bytes of its own, in multiples of sixteen.
fn taken(layout: Layout) -> usize {
    (layout.size() + 8).next_multiple_of(16).max(32)
}

// SAFETY: all is done by the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(taken(layout), Ordering::Relaxed) + taken(layout);
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller keeps to `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(taken(layout), Ordering::Relaxed);
        // SAFETY: `pointer` came from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Bytes of memory that the process has at the moment; none where the system does not say.
fn resident() -> Option<usize> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Rss:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// A hub whose outputs are drained, and whose clients read or do not. Costs no memory of its own for
/// those who do not.
struct World {
    hub: Hub,
    now: Time,
    /// Who reads what it is sent; nobody else does.
    reader: ConnId,
    last_id: u64,
}

impl World {
    fn new(config: Config) -> Self {
        World {
            hub: Hub::new(config, Start::default()),
            now: Time::ZERO,
            reader: ConnId(0),
            last_id: 0,
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.now = self.now + Duration::from_micros(1);
        self.hub.handle(self.now, input);
        self.drain();
        while self
            .hub
            .poll_timeout()
            .is_some_and(|due| due <= self.now + Duration::from_micros(1))
        {
            self.now = self.now + Duration::from_micros(1);
            self.hub.handle(self.now, Input::Tick);
            self.drain();
        }
    }

    fn drain(&mut self) {
        let mut writes = VecDeque::new();
        loop {
            while let Some(output) = self.hub.poll_output() {
                if let Output::Write(id) = output
                    && id == self.reader
                {
                    writes.push_back(id);
                }
            }
            let Some(id) = writes.pop_front() else {
                return;
            };
            self.read(id);
        }
    }

    fn read(&mut self, id: ConnId) {
        let bytes: usize = self.hub.pending(id).map(<[u8]>::len).sum();
        let bytes = u32::try_from(bytes).expect("a queue is far shorter");
        if bytes > 0 {
            self.hub.handle(self.now, Input::Sent(id, bytes));
        }
    }

    fn connect(&mut self) -> ConnId {
        self.last_id += 1;
        let id = ConnId(self.last_id);
        let address = Ipv4Addr::from_bits(0x0b00_0000 + self.last_id as u32);
        self.handle(Input::Opened(id, Peer(IpAddr::V4(address))));
        id
    }

    fn send(&mut self, id: ConnId, bytes: impl AsRef<[u8]>) {
        self.handle(Input::Received(id, bytes.as_ref()));
    }

    fn waiting(&self, id: ConnId) -> usize {
        self.hub.pending(id).map(<[u8]>::len).sum()
    }
}

const CONNECTIONS: usize = 120;

fn config() -> Config {
    Config {
        encoding: Encoding::Plain,
        max_connections: CONNECTIONS + 1,
        max_rooms: CONNECTIONS + 2,
        max_inflaters: CONNECTIONS,
        max_message_bytes: 16 * 1024,
        max_package_bytes: 128 * 1024,
        backlog_bytes: 256 * 1024,
        send_queue_bytes: 512 * 1024,
        total_queue_bytes: 520 * 1024 * CONNECTIONS,
        message_rate: 0,
        lag_pause: Duration::ZERO,
        // What version 2 of the protocol takes is bounded elsewhere.
        max_user_rooms: 1,
        max_room_list: 0,
        max_tags: 0,
        history_messages: 0,
        total_history_bytes: 0,
        resume_window: Duration::ZERO,
        ..Config::default()
    }
}

/// Has a hub know as many addresses that are gone as it may, and all connections hold as much as they
/// can: an unfinished package in an open zlib stream, a full send queue in a room of their own, whose
/// bytes nobody else has, and a full backlog.
fn fill(world: &mut World) -> Vec<ConnId> {
    let config = world.hub.config().clone();
    for _ in 0..17_000 {
        let id = world.connect();
        world.handle(Input::Closed(id));
    }
    let talker = world.connect();
    world.reader = talker;
    world.send(talker, login("talker"));
    let mut stuck = Vec::new();
    for number in 0..CONNECTIONS {
        let id = world.connect();
        world.reader = id;
        let room = name(number, Kind::Room);
        world.read(id);
        world.send(id, login(&name(number, Kind::User)));
        world.send(id, command("join", "channel", &room));
        let unfinished = format!(r#"{{"x":"{}"#, "x".repeat(config.max_package_bytes - 6));
        world.send(id, Writer::new(Framing::Stream).package(&unfinished));
        world.reader = talker;
        world.read(talker);
        world.send(talker, command("join", "channel", &room));
        let text = message(&"x".repeat(config.max_message_bytes));
        while world.waiting(id) + config.max_message_bytes + 300 < config.send_queue_bytes {
            world.send(talker, &text);
        }
        for piece in vec![b' '; config.backlog_bytes].chunks(16 * 1024) {
            world.send(id, piece);
        }
        stuck.push(id);
    }
    stuck
}

enum Kind {
    User,
    Room,
}

/// One of the longest names.
fn name(number: usize, kind: Kind) -> String {
    let long = match kind {
        Kind::User => 32,
        Kind::Room => 64,
    };
    // Old Italic, Gothic and the like have four bytes and are themselves in all forms.
    let digit =
        |place: u32| char::from_u32(0x1_0380 + (number as u32 >> (4 * place)) % 16).unwrap_or('x');
    let digits: String = (0..4).map(digit).collect();
    digits + &"\u{1038a}".repeat(long - 4)
}

#[test]
fn a_hub_made_to_hold_all_it_can_holds_what_the_bound_says_and_gives_it_back() {
    let bound = config().memory_bound();
    let (before, rss_before) = (LIVE.load(Ordering::Relaxed), resident());
    let mut world = World::new(config());
    let stuck = fill(&mut world);
    assert_eq!(world.hub.connections(), CONNECTIONS + 1, "nobody is closed");
    let held = LIVE.load(Ordering::Relaxed) - before;
    let peak = PEAK.load(Ordering::Relaxed) - before;
    println!("bound {bound}, allocated {held}, at most {peak}");
    for share in config().memory_shares() {
        println!("  {:>12} {}", share.bytes, share.what);
    }
    assert!(peak <= bound, "{peak} bytes of {bound}");
    assert!(
        held >= bound / 20 * 17,
        "{held} bytes of {bound}: the bound is close"
    );
    if let (Some(before), Some(now)) = (rss_before, resident()) {
        let resident = now - before;
        println!("resident {resident}");
        assert!(
            resident <= bound,
            "{resident} bytes of {bound} are resident"
        );
        assert!(
            resident >= bound / 10 * 9,
            "{resident} bytes of {bound} are resident"
        );
    }

    for id in stuck {
        world.handle(Input::Closed(id));
    }
    // The rates of addresses that are gone matter no more, which is found out by the next one.
    world.now = world.now + Duration::from_secs(120);
    world.connect();
    let after = LIVE.load(Ordering::Relaxed) - before;
    println!("after the burst {after}, resident {:?}", resident());
    assert!(after < 2 << 20, "{after} bytes are left");
}
