//! What holds of every recording, however wild.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use chatmaster_core::recording::{Header, Recorder};
use chatmaster_core::wire::{Decoder, Encoder, Encoding, Inflaters};
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::reading::files::RecordingFiles;
use super::reading::rerun::Ending;
use super::{json, redact, transcript, verify, view_as, what_if};
use chatmaster_tests::story::{command, join, login, message, rename};

/// What may happen to a server.
#[derive(Clone, Debug)]
enum Step {
    Opens,
    /// The connection at this place sends these packages in pieces, or nonsense.
    Sends(Index, Vec<u8>, usize),
    /// This share of what waits for it is handed over.
    Takes(Index, usize),
    Eof(Index),
    Breaks(Index),
    Waits(u64),
    Drains,
}

fn texts() -> impl Strategy<Value = String> {
    let name = || {
        select(vec![
            "alice",
            "ALICE",
            "bob",
            "general",
            "Jürgen",
            "two words",
            "",
        ])
    };
    prop_oneof![
        4 => name().prop_map(login),
        1 => name().prop_map(rename),
        2 => name().prop_map(join),
        1 => select(vec!["leave", "private", "public", "channels", "users", "zap"]).prop_map(command),
        4 => select(vec!["hi", "é日🙂", "\\u001b[1m", "\\ud800"]).prop_map(message),
        1 => Just(r#"{"type":1}"#.to_owned()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let encoded = (
        vec(texts(), 1..4),
        select(Encoding::ALL.to_vec()),
        any::<bool>(),
    );
    let packages = encoded.prop_map(|(texts, encoding, as_one)| {
        let mut out = Vec::new();
        let mut encoder = Encoder::default();
        if as_one {
            encoder.encode(texts.concat().as_bytes(), encoding, &mut out);
        } else {
            for text in texts {
                encoder.encode(text.as_bytes(), encoding, &mut out);
            }
        }
        out
    });
    prop_oneof![
        12 => packages,
        1 => select(vec![b"nonsense".to_vec(), b"{\"a".to_vec(), vec![0x78, 0x9c, 7], vec![0x78]]),
        1 => vec(any::<u8>(), 1..40),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Opens),
        12 => (any::<Index>(), bytes(), 1_usize..60).prop_map(|(c, b, n)| Step::Sends(c, b, n)),
        6 => (any::<Index>(), 0_usize..4).prop_map(|(c, share)| Step::Takes(c, share)),
        1 => any::<Index>().prop_map(Step::Eof),
        1 => any::<Index>().prop_map(Step::Breaks),
        4 => (0_u64..2_000_000).prop_map(Step::Waits),
        4 => Just(Step::Drains),
    ];
    vec(step, 1..60)
}

/// A recording of `steps`, and what was handed over to each connection.
fn recorded(steps: &[Step]) -> (Vec<u8>, BTreeMap<ConnId, Vec<u8>>) {
    let config = Config {
        message_rate: 5,
        message_burst: 6,
        login_timeout: Duration::from_secs(5),
        max_connections: 4,
        max_inflaters: 2,
        max_package_bytes: 512,
        max_message_bytes: 64,
        send_queue_bytes: Config::MIN_SEND_QUEUE_BYTES,
        ..Config::default()
    };
    let mut hub = Hub::new(config.clone(), Start::default());
    hub.trace();
    let mut recorder = Recorder::new(Header::new(config, Start::default(), "test"));
    let mut now = Time::ZERO;
    let mut conns = vec![];
    let mut handed: BTreeMap<ConnId, Vec<u8>> = BTreeMap::new();
    for step in steps {
        let conn = |at: &Index| (!conns.is_empty()).then(|| ConnId(*at.get(&conns)));
        let mut handle = |input: Input<'_>| recorder.handle(&mut hub, now, input);
        match step {
            Step::Opens => {
                let id = conns.len() as u64 + 1;
                conns.push(id);
                handle(Input::Opened(
                    ConnId(id),
                    Peer(Ipv4Addr::new(9, 9, 9, 9).into()),
                ));
            }
            Step::Sends(at, bytes, size) => {
                if let Some(conn) = conn(at) {
                    bytes
                        .chunks(*size)
                        .for_each(|piece| handle(Input::Received(conn, piece)));
                }
            }
            Step::Takes(at, share) => {
                if let Some(conn) = conn(at) {
                    let waiting: Vec<u8> = hub.pending(conn).flatten().copied().collect();
                    let taken = &waiting[..waiting.len() * share / 3];
                    handed.entry(conn).or_default().extend(taken);
                    let count = u32::try_from(taken.len()).expect("it is short");
                    recorder.handle(&mut hub, now, Input::Sent(conn, count));
                }
            }
            Step::Eof(at) => conn(at)
                .into_iter()
                .for_each(|conn| handle(Input::Eof(conn))),
            Step::Breaks(at) => conn(at)
                .into_iter()
                .for_each(|conn| handle(Input::Closed(conn))),
            Step::Waits(micros) => {
                now = now + Duration::from_micros(*micros);
                recorder.handle(&mut hub, now, Input::Tick);
            }
            Step::Drains => {
                let outputs: Vec<Output> = std::iter::from_fn(|| hub.poll_output()).collect();
                recorder.drained(&outputs);
            }
        }
    }
    (recorder.bytes().to_vec(), handed)
}

/// The texts of the messages in what a server sent, as JSON.
fn messages_in(bytes: &[u8]) -> Vec<String> {
    let mut inflaters = Inflaters::new(1);
    let mut decoder = Decoder::new(1 << 20);
    let mut rest = bytes;
    let mut messages = Vec::new();
    while let Some(decoded) = decoder
        .decode(&mut inflaters, &mut rest)
        .expect("it is ours")
    {
        let package: serde_json::Value = serde_json::from_slice(decoded.text).expect("it is JSON");
        if package["type"] == "message" {
            messages.push(package["data"]["message"].to_string());
        }
    }
    messages
}

fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<Ending>) -> String {
    let mut out = Vec::new();
    let ending = print(&mut out).expect("memory can be written");
    assert_eq!(ending, Ending::Whole);
    String::from_utf8(out).expect("text is printed")
}

proptest! {
    #[test]
    fn every_way_to_look_at_a_recording_replays_it_and_prints_it_twice_alike(steps in steps()) {
        let recording = RecordingFiles::of(&recorded(&steps).0);
        let config = &recording.header().config;
        for print in [
            &|out: &mut Vec<u8>| verify::print(&recording, out) as io::Result<Ending>,
            &|out| transcript::print(&recording, out),
            &|out| json::print(&recording, out),
            &|out| what_if::print(&recording, config, out),
        ] as [&dyn Fn(&mut Vec<u8>) -> io::Result<Ending>; 4] {
            prop_assert_eq!(printed(print), printed(print));
        }
    }

    #[test]
    fn a_user_saw_exactly_the_messages_that_were_handed_over(steps in steps()) {
        let (bytes, handed) = recorded(&steps);
        let recording = RecordingFiles::of(&bytes);
        let mut out = Vec::new();
        if view_as::show(&recording, "alice", true, &mut out).is_ok() {
            let seen = String::from_utf8(out).expect("text is printed");
            let seen: Vec<serde_json::Value> = seen
                .lines()
                .map(|line| serde_json::from_str(line).expect("it is JSON"))
                .collect();
            for (conn, bytes) in handed {
                let of_it = seen.iter().filter(|line| line["connection"] == conn.0);
                if of_it.clone().count() == 0 {
                    continue;
                }
                let is_heard = |line: &&serde_json::Value| line["event"] == "message" && line["me"] != true;
                let messages = of_it.filter(is_heard);
                let messages: Vec<_> = messages.map(|line| line["message"].to_string()).collect();
                prop_assert_eq!(messages, messages_in(&bytes), "{:?}", conn);
            }
        }
    }

    #[test]
    fn a_redacted_recording_replays_and_says_nothing(steps in steps()) {
        let recording = RecordingFiles::of(&recorded(&steps).0);
        let (bytes, _, ending) = redact::redacted(&recording).expect("nothing is written");
        prop_assert_eq!(ending, Ending::Whole);
        let recording = RecordingFiles::of(&bytes);
        let all = printed(|out| json::print(&recording, out));
        for word in ["alice", "bob", "rgen", "9.9.9.9"] {
            prop_assert!(!all.to_lowercase().contains(word), "{word}");
        }
    }
}
