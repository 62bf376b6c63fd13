//! The load that the benches measure with, on a small scale: what it counts is what was said.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use chatmaster_core::Encoding;
use chatmaster_tests::load::{LoadClients, Programs, Shape, Sizes, Subject};
use chatmaster_tests::process::Process;
use chatmaster_tests::world::{PATIENCE, Runtime};

const PROGRAMS: Programs = Programs {
    server: env!("CARGO_BIN_EXE_server"),
    baseline: env!("CARGO_BIN_EXE_baseline"),
};

const SHAPES: [Shape; 2] = [
    Shape {
        rooms: 1,
        members: 12,
        senders: 11,
        in_flight: 3,
    },
    Shape {
        rooms: 3,
        members: 4,
        senders: 2,
        in_flight: 1,
    },
];

fn subjects() -> impl Iterator<Item = Subject> {
    [Encoding::Plain, Encoding::Zlib]
        .into_iter()
        .flat_map(|encoding| {
            [
                Subject::Baseline(Sizes::learn(PROGRAMS, encoding)),
                Subject::Server(Runtime::Mio, encoding),
                Subject::Server(Runtime::Smol, encoding),
            ]
        })
}

#[test]
fn talk_is_heard_by_all_others_of_the_room_on_servers_and_baseline() {
    for subject in subjects() {
        for shape in SHAPES {
            let (process, _) = subject.start(PROGRAMS, shape.members);
            let mut clients = LoadClients::new(process.address(), subject.codec(), shape);
            let entry = clients.enter(shape.connections(), 5);
            assert_eq!(entry.refused, 0);
            clients.rehearse();
            // It panics if anybody hears anything but what they are to.
            let cost = clients.talk(&process, Duration::ZERO, Duration::from_millis(20));
            assert!(cost.deliveries >= cost.reads / 2, "{subject}: {cost:?}");
            assert!(!cost.cpu.is_zero(), "{subject}: {cost:?}");
        }
    }
}

#[test]
fn every_delivery_of_a_timed_message_is_timed() {
    let shape = SHAPES[0];
    for subject in subjects() {
        let (process, _) = subject.start(PROGRAMS, shape.members);
        let mut clients = LoadClients::new(process.address(), subject.codec(), shape);
        clients.enter(shape.connections(), shape.connections());
        clients.rehearse();
        let latencies = clients.time(7, Duration::from_millis(1));
        assert_eq!(latencies.count(), 7 * 11);
        assert!(latencies.quantile(0.5) <= latencies.quantile(1.0));
    }
}

#[test]
fn a_server_writes_as_much_as_was_learned() {
    // By hand: the request, its line feed; the session and the arrival of u12340, theirs; a message of
    // 64 bytes by u12340.
    let request = r#"{"type":"request","data":{"request":"login"}}"#.len() + 1;
    let session = r#"{"type":"session","data":{"status":true,"channels":["general"],"username":"u12340","channel":"general"}}"#;
    let joined = r#"{"type":"notification","data":{"event_type":"user_joined","username":"u12340","channel":"general"}}"#;
    let said = r#"{"type":"message","data":{"message":"","username":"u12340"}}"#;
    assert_eq!(
        Sizes::learn(PROGRAMS, Encoding::Plain),
        Sizes {
            encoding: Encoding::Plain,
            greeting: request,
            answer: session.len() + 1 + joined.len() + 1,
            frame: said.len() + 64 + 1,
        }
    );
}

/// A client of the baseline.
struct Guest(BufReader<TcpStream>);

impl Guest {
    fn enter(baseline: &Process) -> Self {
        let stream = TcpStream::connect(baseline.address()).expect("the baseline listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has options");
        let mut guest = Guest(BufReader::new(stream));
        assert_eq!(guest.line(), format!("{:9}\n", ""));
        guest.say("hello\n");
        assert_eq!(guest.line(), format!("{:19}\n", ""));
        guest
    }

    fn say(&mut self, text: &str) {
        let sent = self.0.get_mut().write_all(text.as_bytes());
        sent.expect("the baseline takes it");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line comes");
        line
    }
}

#[test]
fn the_baseline_copies_whole_lines_to_the_others_of_a_room() {
    let baseline = Process::start_baseline(PROGRAMS.baseline, &["3", "10", "20"].map(String::from));
    let mut room: Vec<Guest> = (0..3).map(|_| Guest::enter(&baseline)).collect();
    let mut elsewhere: Vec<Guest> = (0..2).map(|_| Guest::enter(&baseline)).collect();
    room[0].say("one\ntw");
    assert_eq!(room[1].line(), "one\n");
    room[1].say("between\n");
    assert_eq!(room[0].line(), "between\n");
    assert_eq!(room[2].line(), "one\n");
    assert_eq!(room[2].line(), "between\n");
    room[0].say("o\n");
    assert_eq!(room[1].line(), "two\n");
    assert_eq!(room[2].line(), "two\n");
    // Whoever comes takes the seat of whoever has gone.
    let gone = room.remove(0).0.into_inner();
    gone.shutdown(Shutdown::Both).expect("it is connected");
    room[0].say("still here\n");
    assert_eq!(room[1].line(), "still here\n");
    let mut next = Guest::enter(&baseline);
    next.say("me too\n");
    assert_eq!(room[0].line(), "me too\n");
    assert_eq!(room[1].line(), "me too\n");
    elsewhere[0].say("apart\n");
    assert_eq!(elsewhere[1].line(), "apart\n");
}
