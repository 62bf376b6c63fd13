//! Instructions of the bare core for each delivery: `cargo bench -p chatmaster-tests --bench
//! instructions`, with `-- --write` to write them down. They are valgrind's count, and so do not depend on
//! how busy the machine is; each is the difference between a long run and a short one, and so
//! knows nothing of what comes before.
//!
//! The hub is driven as an adapter drives it, turn by turn: all that comes is read, and then each
//! connection is written to once. The adapter and the kernel are not in it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chatmaster_core::testing::packages::{command, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::wire::Encoder;
use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Output, Peer, Start, Time};

/// The option with which this program runs one case under valgrind.
const RUN: &str = "--run";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [run, case, turns] = &args[..]
        && run == RUN
    {
        let case = CASES.iter().find(|known| known.name == case);
        let case = case.expect("the case was named by this program");
        return (case.run)(
            turns
                .parse()
                .expect("the turns were counted by this program"),
        );
    }
    // `cargo test --benches` only wants to know whether it builds.
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.md");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let mut table =
        String::from("| instructions of the core | for each | |\n| --- | --- | ---: |\n");
    for case in CASES {
        let Case { name, unit, .. } = case;
        let Some(count) = count(case) else {
            eprintln!("valgrind is missing: nothing is counted (`apt-get install valgrind`)");
            return;
        };
        let line = format!("| {name} | {unit} | {count:.1} |");
        let change = match known
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")))
        {
            Some(before) if before == line => String::new(),
            Some(before) => format!(
                "   written down: {}",
                before.rsplit('|').nth(1).unwrap_or_default().trim()
            ),
            None => "   not written down".into(),
        };
        println!("{line}{change}");
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{line}");
    }
    if args.iter().any(|arg| arg == "--write") {
        std::fs::write(&file, table).expect("the table's file can be written");
    }
}

/// Something to be counted.
struct Case {
    name: &'static str,
    /// What the instructions are for.
    unit: &'static str,
    /// How many of these one turn has.
    units: u64,
    /// How many turns the longer run has more than the shorter one, which has as many: enough for history,
    /// tags and queues to be as full as they get.
    turns: u64,
    /// Does so many turns.
    run: fn(u64),
}

const CASES: &[Case] = &[
    Case {
        name: "room of 100, 32 in flight, plain",
        unit: "delivery",
        units: 10 * 32 * 99,
        turns: 4,
        run: |turns| Rooms::new(1, 100, Framing::Plain).talk(10, 32, turns),
    },
    Case {
        name: "room of 100, 32 in flight, plain, version 2",
        unit: "delivery",
        units: 10 * 32 * 99,
        turns: 4,
        run: |turns| Rooms::newer(1, 100, Framing::Plain).talk(10, 32, turns),
    },
    Case {
        name: "room of 100, 32 in flight, zlib",
        unit: "delivery",
        units: 10 * 32 * 99,
        turns: 4,
        run: |turns| Rooms::new(1, 100, Framing::Zlib).talk(10, 32, turns),
    },
    Case {
        name: "room of 100, 1 in flight, plain",
        unit: "delivery",
        units: 99,
        turns: 8,
        run: |turns| Rooms::new(1, 100, Framing::Plain).talk(1, 1, turns),
    },
    Case {
        name: "100 rooms of 10, 32 in flight, plain",
        unit: "delivery",
        units: 100 * 32 * 9,
        turns: 8,
        run: |turns| Rooms::new(100, 10, Framing::Plain).talk(1, 32, turns),
    },
    Case {
        name: "room of 2, plain",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::new(1, 2, Framing::Plain).talk(1, 32, turns),
    },
    Case {
        name: "room of 2, zlib",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::new(1, 2, Framing::Zlib).talk(1, 32, turns),
    },
    Case {
        name: "room of 2, zlib with the fixed codes",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::new(1, 2, Framing::Zlib).talk_in_fixed_codes(turns),
    },
    Case {
        name: "room of 2, 1 in flight, plain",
        unit: "message",
        units: 1,
        turns: 512,
        run: |turns| Rooms::new(1, 2, Framing::Plain).talk(1, 1, turns),
    },
    Case {
        name: "room of 2, plain, version 2",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::newer(1, 2, Framing::Plain).talk(1, 32, turns),
    },
    Case {
        name: "room of 2, plain, version 2, tagged",
        unit: "message",
        units: 32,
        turns: 64,
        run: |turns| Rooms::newer(1, 2, Framing::Plain).talk_tagged(turns),
    },
    Case {
        name: "direct message, plain",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::newer(1, 2, Framing::Plain).tell(turns),
    },
    Case {
        name: "direct message, zlib",
        unit: "message",
        units: 32,
        turns: 32,
        run: |turns| Rooms::newer(1, 2, Framing::Zlib).tell(turns),
    },
    Case {
        name: "login into a room of 100, and leaving",
        unit: "login",
        units: 1,
        turns: 4,
        run: |turns| Rooms::new(1, 100, Framing::Plain).come_and_go(turns),
    },
];

/// Instructions of a case for each of its units; none if there is no valgrind.
fn count(case: &Case) -> Option<f64> {
    let few = instructions(case.name, case.turns)?;
    let many = instructions(case.name, 2 * case.turns)?;
    Some((many - few) as f64 / (case.turns * case.units) as f64)
}

/// Instructions of this program while it does so many turns of a case.
fn instructions(case: &str, turns: u64) -> Option<u64> {
    let program = std::env::current_exe().expect("this program has a place");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([RUN, case, &turns.to_string()])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let collected = report
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let collected = collected.expect("valgrind says what it counted");
    Some(collected.trim().parse().expect("it is a number"))
}

/// What everyone says.
fn text() -> String {
    "x".repeat(64)
}

/// The name of the user of a connection.
fn name(id: ConnId) -> String {
    format!("member-{:05}-x", id.0)
}

/// The login of a client of this version of the protocol.
fn login_with(version: u32, name: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"{name}","version":{version}}}}}}}"#
    )
}

/// A hub with the members of some rooms, all of the same size.
struct Rooms {
    hub: Hub,
    now: Time,
    writer: Writer,
    /// The version of the protocol that all speak.
    version: u32,
    /// The members of each room.
    rooms: Vec<Vec<ConnId>>,
    last_id: u64,
    /// Those to write to.
    writable: Vec<ConnId>,
}

impl Rooms {
    /// Of clients of version 1.
    fn new(rooms: usize, members: usize, framing: Framing) -> Self {
        Rooms::of(1, rooms, members, framing)
    }

    /// Of clients of version 2.
    fn newer(rooms: usize, members: usize, framing: Framing) -> Self {
        Rooms::of(2, rooms, members, framing)
    }

    fn of(version: u32, rooms: usize, members: usize, framing: Framing) -> Self {
        let config = Config {
            encoding: match framing {
                Framing::Plain => Encoding::Plain,
                Framing::Zlib | Framing::Stream => Encoding::Zlib,
            },
            message_rate: 0,
            ..Config::default()
        };
        let mut all = Rooms {
            hub: Hub::new(config, Start::default()),
            now: Time::ZERO,
            writer: Writer::new(framing),
            version,
            rooms: Vec::new(),
            last_id: 0,
            writable: Vec::new(),
        };
        for room in 0..rooms {
            let mut ids = Vec::new();
            for _ in 0..members {
                let id = all.log_in();
                if rooms > 1 {
                    all.send(id, &command("join", "channel", &format!("room-{room}-x")));
                    all.flush();
                }
                ids.push(id);
            }
            all.rooms.push(ids);
        }
        all
    }

    /// In each turn, so many members of each room say so many things, each in one piece.
    fn talk(mut self, senders: usize, in_flight: usize, turns: u64) {
        let bytes = self.writer.package(&message(&text()));
        self.say(senders, &bytes.repeat(in_flight), turns);
    }

    /// The same, of one who says 32 things and writes them as we do, and as zlib does if they are short.
    fn talk_in_fixed_codes(self, turns: u64) {
        let mut bytes = Vec::new();
        Encoder::default().encode(message(&text()).as_bytes(), Encoding::Zlib, &mut bytes);
        self.say(1, &bytes.repeat(32), turns);
    }

    fn say(mut self, senders: usize, bytes: &[u8], turns: u64) {
        let senders = self.rooms.iter().flat_map(|members| &members[..senders]);
        let senders: Vec<ConnId> = senders.copied().collect();
        for _ in 0..turns {
            self.turn(&senders, bytes);
        }
    }

    /// In each turn, the first of all says 32 things, each under a tag of its own.
    fn talk_tagged(mut self, turns: u64) {
        let sender = [self.rooms[0][0]];
        let message = message(&text());
        let untagged = message.strip_suffix('}').expect("it is an object");
        // Twice as many tags as are remembered: none is one that was there before.
        let mut batches = vec![Vec::new(); 64];
        for (tag, batch) in (0..64 * 32).zip((0..64).cycle()) {
            let package = format!(r#"{untagged},"tag":"{tag:08x}"}}"#);
            batches[batch].extend(self.writer.package(&package));
        }
        for bytes in batches.iter().cycle().take(turns as usize) {
            self.turn(&sender, bytes);
        }
    }

    /// In each turn, the first of all says 32 things to the second alone.
    fn tell(mut self, turns: u64) {
        let [sender, other] = self.rooms[0][..] else {
            panic!("there are two");
        };
        let (text, to) = (text(), name(other));
        let message = format!(r#"{{"type":"message","data":{{"message":"{text}","to":"{to}"}}}}"#);
        let bytes = self.writer.package(&message).repeat(32);
        for _ in 0..turns {
            self.turn(&[sender], &bytes);
        }
    }

    /// These bytes come from each of these, and what is to be written is written.
    fn turn(&mut self, senders: &[ConnId], bytes: &[u8]) {
        self.now = self.now + Duration::from_micros(10);
        for &id in senders {
            self.hub
                .handle(self.now, Input::Received(id, black_box(bytes)));
            if self.hub.wants_flush() {
                self.flush();
            }
        }
        self.flush();
        // What one turn has left for the next.
        while self.hub.poll_timeout().is_some_and(|due| due <= self.now) {
            self.hub.handle(self.now, Input::Tick);
            self.flush();
        }
    }

    /// In each turn, someone comes, is told all there is to tell, and goes.
    fn come_and_go(mut self, turns: u64) {
        for _ in 0..turns {
            let id = self.log_in();
            self.hub.handle(self.now, Input::Closed(id));
            self.flush();
        }
    }

    fn log_in(&mut self) -> ConnId {
        self.last_id += 1;
        let id = ConnId(self.last_id);
        let peer = Peer([127, 0, 0, 1].into());
        self.hub.handle(self.now, Input::Opened(id, peer));
        self.flush();
        self.send(id, &login_with(self.version, &name(id)));
        self.flush();
        id
    }

    fn send(&mut self, id: ConnId, text: &str) {
        let bytes = self.writer.package(text);
        self.hub.handle(self.now, Input::Received(id, &bytes));
    }

    /// Does what the hub wants, and writes all there is to each connection once.
    fn flush(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            if let Output::Write(id) = output {
                self.writable.push(id);
            }
        }
        for id in std::mem::take(&mut self.writable) {
            let slices = self.hub.pending(id).map(|slice| black_box(slice).len());
            let count = u32::try_from(slices.sum::<usize>()).expect("a queue is far shorter");
            self.hub.handle(self.now, Input::Sent(id, count));
        }
        while let Some(output) = self.hub.poll_output() {
            assert!(!matches!(output, Output::Close(..)), "nobody is closed");
        }
    }
}
