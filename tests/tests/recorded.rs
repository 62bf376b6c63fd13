//! What a server records replays to the byte, whatever it went through.

use std::sync::{Arc, Mutex};

use chatmaster_core::recording::{Reader, Replay};
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::{Framing, Reader as Packages, Writer};
use chatmaster_core::{Config, Input};
use chatmaster_tests::script::{Delivery, run};
use chatmaster_tests::world::{Arrival, Runtime, Server, Sockets, World};

/// Replays a whole recording; how many inputs it has.
fn replay(recording: &[u8], context: &str) -> usize {
    let (header, mut reader) = Reader::open(recording).expect("it is a recording");
    let mut replay = Replay::new(&header);
    let mut inputs = 0;
    while let Some(record) = reader.next_record().expect("it is whole") {
        inputs += usize::from(matches!(
            record,
            chatmaster_core::recording::Record::Input(..)
        ));
        replay
            .take(&record)
            .unwrap_or_else(|divergence| panic!("{context}: {divergence}"));
        replay.hub().check_invariants();
    }
    replay
        .settled()
        .unwrap_or_else(|divergence| panic!("{context}: {divergence}"));
    assert_eq!(
        replay.hub().connections(),
        0,
        "{context}: everyone has gone"
    );
    inputs
}

/// Runs `act` in a server that is recorded, and returns the recording.
fn record(runtime: Runtime, config: Config, act: impl FnOnce(&mut Sockets)) -> Vec<u8> {
    let recording = Arc::new(Mutex::new(Vec::new()));
    let server = Server::start_recorded(runtime, config, recording.clone());
    let mut world = Sockets::of(server);
    act(&mut world);
    drop(world);
    let recording = recording.lock().expect("the server has ended");
    recording.clone()
}

#[test]
fn the_conformance_scripts_replay() {
    let config = Config {
        message_rate: 0,
        ..Config::default()
    };
    for script in ["login", "privacy", "violations", "leaving"] {
        let path = format!("{}/scripts/{script}.chat", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the script is there");
        for runtime in Runtime::ALL {
            for framing in Framing::ALL {
                let recording = record(runtime, config.clone(), |world| {
                    run(&text, world, framing, Delivery::Whole);
                });
                let context = format!("{script} on {runtime:?} in {framing:?}");
                assert!(replay(&recording, &context) > 10, "{context}");
            }
        }
    }
}

/// 12 clients do 400 things in three encodings, without waiting for each other, with flood control
/// and small queues; some go and come back.
#[test]
fn four_hundred_mixed_actions_replay_twice_with_the_same_result() {
    let config = Config {
        message_rate: 50,
        max_message_bytes: 1024,
        send_queue_bytes: 16 * 1024,
        ..Config::default()
    };
    for runtime in Runtime::ALL {
        let recording = record(runtime, config.clone(), mixed_actions);
        let context = format!("{runtime:?}");
        let inputs = replay(&recording, &context);
        assert!(inputs > 400, "{inputs} inputs");
        assert_eq!(replay(&recording, &context), inputs);
    }
}

fn mixed_actions(world: &mut Sockets) {
    let mut clients: Vec<(usize, Writer)> = (0..12).map(|number| enter(world, number)).collect();
    for number in 0..400_usize {
        // Any sequence will do that mixes well and is the same each time.
        let dice = number * 7919 % 1009;
        let which = dice % clients.len();
        let (client, writer) = &mut clients[which];
        let text = match dice % 11 {
            0..=4 => message(&format!("{number} {}", "x".repeat(dice))),
            5 => command("join", "channel", ["den", "Den", "lair"][dice % 3]),
            6 => r#"{"type":"command","data":{"command":"leave"}}"#.into(),
            7 => r#"{"type":"command","data":{"command":"private"}}"#.into(),
            8 => r#"{"type":"command","data":{"command":"channels"}}"#.into(),
            9 => command("rename", "username", &format!("other-{dice}-x")),
            _ => {
                world.close(*client);
                clients[which] = enter(world, 100 + number);
                continue;
            }
        };
        let bytes = writer.package(&text);
        world.send(*client, &bytes);
    }
}

fn enter(world: &mut Sockets, number: usize) -> (usize, Writer) {
    let client = world.connect();
    let mut writer = Writer::new(Framing::ALL[number % 3]);
    let bytes = writer.package(&login(&format!("user-{number}-x")));
    world.send(client, &bytes);
    let mut reader = Packages::default();
    let (mut asked, mut let_in) = (false, false);
    while !(asked && let_in) {
        match world.receive(client) {
            Arrival::Bytes(bytes) => reader.feed(&bytes),
            Arrival::Closed => panic!("client {number} is let in"),
        }
        while let Some(package) = reader.next_package() {
            asked |= package.text.contains(r#""request":"login""#);
            let_in |= package.text.contains(r#""status":true"#);
        }
    }
    (client, writer)
}

#[test]
fn a_recording_has_its_header_before_anything_happens() {
    for runtime in Runtime::ALL {
        let recording = record(runtime, Config::default(), |_| {});
        let (header, mut reader) = Reader::open(&recording).expect("it is a recording");
        assert_eq!(header.config, Config::default());
        assert_eq!(header.runtime, format!("{runtime:?}").to_lowercase());
        assert!(header.start.unix_micros > 0);
        let last = reader.next_record().expect("it is whole");
        assert!(
            matches!(
                last,
                Some(chatmaster_core::recording::Record::Input(
                    _,
                    Input::Shutdown
                ))
            ),
            "{last:?}"
        );
    }
}
