//! Who hears what, how often, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chatmaster_core::strategies::splitting;
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::{ClientId, Harness, id};
use chatmaster_core::{CloseReason, Config, Output};
use chatmaster_tests::history::{Ask, Event, field, kind, parse, unhurried, witness};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::history;
use crate::tape::{Deed, Tape, run};

properties! {
    #![proptest_config(cases(64))]

    #[test]
    fn no_sender_hears_an_echo(history in history(1..60)) {
        for step in witness(&history) {
            if let Event::Ask(sender, Ask::Say(text)) = &step.event {
                let echo = step.answer().iter().find(|package| kind(package) == "message");
                prop_assert_eq!(echo, None, "{} said {:?}", sender, text);
            }
        }
    }

    #[test]
    fn a_message_reaches_exactly_the_other_members_of_its_room_at_that_point(
        history in history(1..60),
    ) {
        for step in witness(&history) {
            let Event::Ask(sender, Ask::Say(text)) = &step.event else {
                let heard = step.who_heard(|package| kind(package) == "message");
                prop_assert_eq!(heard, [0; 0], "nobody said anything");
                continue;
            };
            let place = step.before.get(sender).filter(|_| (1..=4096).contains(&text.len()));
            let members: Vec<ClientId> = step.before.iter()
                .filter(|(other, there)| {
                    place.is_some_and(|place| place.room == there.room) && *other != sender
                })
                .map(|(member, _)| *member)
                .collect();
            prop_assert_eq!(step.who_heard(|package| kind(package) == "message"), &members[..]);
            for member in members {
                let heard = step.heard_by(member);
                prop_assert_eq!(heard.len(), 1, "it is heard once, and nothing else");
                prop_assert_eq!(field(&heard[0], "message"), text);
                prop_assert_eq!(field(&heard[0], "username"), &place.expect("it has members").name);
            }
        }
    }
}

/// Who said what, by number.
type Word = (String, u64);

/// The messages that each connection has read, for messages whose texts are numbers in front of
/// something.
fn words(read: &BTreeMap<u64, Vec<u8>>) -> BTreeMap<u64, Vec<Word>> {
    let words = |bytes: &Vec<u8>| {
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let packages = lines.map(|line| parse(&String::from_utf8_lossy(line)));
        let messages = packages.filter(|package| kind(package) == "message");
        let word = |package| {
            let number = field(&package, "message").split(' ').next().map(str::parse);
            let number = number.expect("a text has a start").expect("it is a number");
            (field(&package, "username").to_string(), number)
        };
        messages.map(word).collect()
    };
    read.iter()
        .map(|(client, bytes)| (*client, words(bytes)))
        .collect()
}

/// What talkers do besides talking: none of it makes anybody miss anything, for nobody leaves the
/// room, and in the end everybody reads all there is.
#[derive(Clone, Debug)]
enum Talk {
    /// So many messages in one piece, longer by so many bytes.
    Say(usize, usize),
    /// The same, cut into pieces.
    SayInPieces(usize, chatmaster_core::strategies::Splitting),
    /// Reads so many bytes.
    Read(usize),
    /// Time passes.
    Wait(u64),
    /// The outputs are drained.
    Drain,
}

const TALKERS: u64 = 4;

fn talks() -> impl Strategy<Value = Vec<(u64, Talk)>> {
    let talk = prop_oneof![
        6 => (1..6_usize, prop_oneof![Just(0), 0..2000_usize])
            .prop_map(|(count, long)| Talk::Say(count, long)),
        2 => (1..4_usize, splitting())
            .prop_map(|(count, splitting)| Talk::SayInPieces(count, splitting)),
        6 => prop_oneof![1..200_usize, Just(usize::MAX)].prop_map(Talk::Read),
        2 => (0..300_000_u64).prop_map(Talk::Wait),
        3 => Just(Talk::Drain),
    ];
    vec((0..TALKERS, talk), 1..60)
}

/// Talkers in one room who read when they please; and how often each of them spoke.
fn chat(talks: &[(u64, Talk)]) -> (Tape, Vec<u64>) {
    let mut tape = Tape::default();
    for talker in 0..TALKERS {
        tape.then(Deed::Open(talker));
        tape.bytes(talker, login(&format!("talker-{talker}-x")));
    }
    tape.then(Deed::Drain);
    let mut spoken = vec![0; TALKERS as usize];
    let mut texts = |talker: u64, count: usize, long: usize| -> String {
        let number = &mut spoken[talker as usize];
        let text = |number: u64| message(&format!("{number} {}", "x".repeat(long)));
        let texts = (0..count as u64).map(|more| text(*number + more)).collect();
        *number += count as u64;
        texts
    };
    for (talker, talk) in talks {
        match talk {
            Talk::Say(count, long) => {
                let texts = texts(*talker, *count, *long);
                tape.bytes(*talker, texts);
            }
            Talk::SayInPieces(count, splitting) => {
                for piece in splitting.pieces(texts(*talker, *count, 0).as_bytes()) {
                    tape.bytes(*talker, piece);
                }
            }
            Talk::Read(bytes) => tape.then(Deed::Take(*talker, *bytes)),
            Talk::Wait(micros) => tape.wait(*micros),
            Talk::Drain => tape.then(Deed::Drain),
        }
    }
    // In the end everybody reads all there is, however long flood control holds it back.
    for _ in 0..100 {
        tape.wait(1_000_000);
        (0..TALKERS).for_each(|talker| tape.then(Deed::Take(talker, usize::MAX)));
    }
    (tape, spoken)
}

/// What `heard` has of what the other heard too, in its own order.
fn in_common<'a>(heard: &'a [Word], other: &[Word]) -> Vec<&'a Word> {
    let other: BTreeSet<&Word> = other.iter().collect();
    heard.iter().filter(|word| other.contains(word)).collect()
}

/// Flood control is at work, and the texts of one case fit into every queue.
fn talkative() -> Config {
    Config {
        message_rate: 20,
        message_burst: 5,
        send_queue_bytes: 2 << 20,
        backlog_bytes: 2 << 20,
        ..unhurried()
    }
}

properties! {
    #![proptest_config(cases(48))]

    #[test]
    fn all_members_of_a_room_hear_its_messages_in_one_order(talks in talks()) {
        let (tape, _) = chat(&talks);
        let heard = words(&run(talkative(), &tape).read);
        for (one, heard_by_one) in &heard {
            for (other, heard_by_other) in heard.range(one + 1..) {
                // What either of them said itself, it did not hear.
                let by_one = in_common(heard_by_one, heard_by_other);
                let by_other = in_common(heard_by_other, heard_by_one);
                prop_assert_eq!(by_one, by_other, "{} and {}", one, other);
            }
        }
    }

    #[test]
    fn what_one_sender_says_is_never_reordered(talks in talks()) {
        let (tape, _) = chat(&talks);
        for (listener, heard) in words(&run(talkative(), &tape).read) {
            let mut last = BTreeMap::new();
            for (sender, number) in heard {
                let before = last.insert(sender.clone(), number);
                prop_assert!(
                    before < Some(number),
                    "{listener} heard {sender}'s {number} after {before:?}"
                );
            }
        }
    }

    #[test]
    fn who_stays_and_reads_in_the_end_hears_everything_once(talks in talks()) {
        let (tape, spoken) = chat(&talks);
        let played = run(talkative(), &tape);
        let closes = |(_, output): &(usize, Output)| matches!(output, Output::Close(..));
        prop_assert!(!played.outputs.iter().any(closes), "nobody reads too slowly");
        for (listener, mut heard) in words(&played.read) {
            heard.sort();
            let others = (0..TALKERS).filter(|talker| *talker != listener);
            let expected = others.flat_map(|talker| {
                let name = format!("talker-{talker}-x");
                (0..spoken[talker as usize]).map(move |number| (name.clone(), number))
            });
            prop_assert_eq!(heard, expected.collect::<Vec<Word>>(), "{} hears all", listener);
        }
    }
}

/// A chunk of packages that comes in one piece; the next one comes when the hub has dealt with it.
fn chunk() -> impl Strategy<Value = String> {
    let package = prop_oneof![
        6 => (0..4000_usize).prop_map(|long| message(&"x".repeat(long))),
        1 => select(&["den", "lair"][..]).prop_map(|room| command("join", "channel", room)),
        2 => Just(r#"{"type":"command","data":{"command":"leave"}}"#.to_string()),
        1 => select(&["erin", "frank"][..]).prop_map(|name| command("rename", "username", name)),
        1 => Just(r#"{"type":"command","data":{"command":"channels"}}"#.to_string()),
        1 => Just(r#"{"type":"command","data":{"command":"private"}}"#.to_string()),
    ];
    vec(package, 1..8).prop_map(|packages| packages.concat())
}

/// What three talkers and a listener hear, line by line, when the listener stops reading before the
/// chunk of that number; and the reason for which the listener was closed.
fn with_a_listener_who_stops(
    chunks: &[(usize, String)],
    stops: Option<usize>,
) -> (Vec<Vec<String>>, Option<CloseReason>) {
    let config = Config {
        send_queue_bytes: 32 * 1024,
        ..unhurried()
    };
    let mut world = Harness::new(config);
    let clients: Vec<ClientId> = ["listener", "alice", "bob", "carol"]
        .iter()
        .map(|name| {
            let client = world.connect();
            world.send(client, login(name).as_bytes());
            client
        })
        .collect();
    let mut heard = vec![Vec::new(); clients.len()];
    for (number, (talker, chunk)) in chunks.iter().enumerate() {
        if stops == Some(number) {
            world.stall(clients[0]);
        }
        world.send(clients[1 + talker], chunk.as_bytes());
        // However long the listener slows the room down.
        world.advance(Duration::from_secs(1));
        for (client, heard) in clients.iter().zip(&mut heard) {
            heard.extend(world.packages(*client));
        }
    }
    let closed = world.log.iter().find_map(|output| match output {
        Output::Close(closed, reason) if *closed == id(clients[0]) => Some(*reason),
        _ => None,
    });
    (heard.split_off(1), closed)
}

properties! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_slow_reader_changes_nobody_elses_bytes_but_for_the_notice_that_it_left(
        chunks in vec((0..3_usize, chunk()), 1..30),
        stops in 0..10_usize,
    ) {
        let (undisturbed, closed) = with_a_listener_who_stops(&chunks, None);
        prop_assert_eq!(closed, None);
        let (mut disturbed, closed) = with_a_listener_who_stops(&chunks, Some(stops));
        prop_assert!(matches!(closed, None | Some(CloseReason::SlowConsumer)));
        for heard in &mut disturbed {
            let before = heard.len();
            let notice = r#""event_type":"user_left","username":"listener","#;
            heard.retain(|line| !line.contains(notice));
            prop_assert!(before - heard.len() <= usize::from(closed.is_some()), "it leaves once");
        }
        prop_assert_eq!(disturbed, undisturbed);
    }
}
