//! How connections end, what is left of them, and what the hub owes to its adapter.

use std::collections::{BTreeMap, BTreeSet};

use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{Harness, unlimited};
use chatmaster_core::{Config, ConnId, Output};
use chatmaster_tests::world::{Arrival, World};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases;
use crate::counterexample::properties;
use crate::tape::{Alarm, CLIENTS, Deed, Played, Tape, play, run, tight, wild_tape};

fn named(output: &Output) -> ConnId {
    let (Output::Write(id)
    | Output::PauseRead(id)
    | Output::ResumeRead(id)
    | Output::Finish(id)
    | Output::Close(id, _)) = output;
    *id
}

properties! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_connection_ends_exactly_once_and_nothing_is_wanted_of_it_afterwards(
        tape in wild_tape(),
        stops in any::<bool>(),
    ) {
        let mut tape = tape.clone();
        if stops {
            tape.then(Deed::Shutdown);
        }
        tape.then_all_leave();
        let (hub, played) = play(tight(), &tape, Alarm::OnTime);
        let mut outputs = played.outputs.iter().peekable();
        let (mut opened, mut closed) = (BTreeSet::new(), BTreeSet::new());
        let mut broken = BTreeSet::new();
        for (number, (_, deed)) in tape.deeds().iter().enumerate() {
            match deed {
                Deed::Open(client) => drop(opened.insert(ConnId(*client))),
                Deed::Break(client) if opened.contains(&ConnId(*client)) => {
                    broken.insert(ConnId(*client));
                }
                _ => {}
            }
            while let Some((_, output)) = outputs.next_if(|(drained, _)| *drained == number) {
                let id = named(output);
                prop_assert!(opened.contains(&id) && !closed.contains(&id), "{output:?}");
                match output {
                    // It may have been closed before it broke, and drained only now.
                    Output::Close(..) => drop(closed.insert(id)),
                    _ => prop_assert!(!broken.contains(&id), "{output:?} of a broken connection"),
                }
            }
        }
        prop_assert_eq!(outputs.next(), None);
        let ended: BTreeSet<ConnId> = closed.union(&broken).copied().collect();
        prop_assert_eq!(ended, opened);
        prop_assert_eq!(hub.connections(), 0);
    }

    #[test]
    fn a_hub_that_everyone_has_left_is_as_good_as_new(tape in wild_tape()) {
        let mut tape = tape.clone();
        tape.then_all_leave();
        let (hub, played) = play(tight(), &tape, Alarm::OnTime);
        hub.check_invariants();
        prop_assert_eq!(hub.connections(), 0);
        prop_assert_eq!(hub.poll_timeout(), None);
        let drained = played.outputs.len();

        let mut fresh = Tape::default();
        reach_every_limit(&mut fresh);
        let new = run(tight(), &fresh);
        reach_every_limit(&mut tape);
        let mut used = run(tight(), &tape);
        used.outputs.drain(..drained);
        used.read.retain(|client, _| *client >= CLIENTS);
        prop_assert_eq!(&used.read, &new.read);
        // What is due at the same time for two connections is done in no order that means anything.
        let outputs = |played: &Played| -> Vec<Output> {
            let outputs = played.outputs.iter().map(|(_, output)| *output);
            let mut outputs: Vec<Output> = outputs.collect();
            outputs.sort_by_key(named);
            outputs
        };
        prop_assert_eq!(outputs(&used), outputs(&new));
    }

    #[test]
    fn a_newcomer_is_greeted_in_the_servers_encoding_whoever_had_its_place(
        deeds in vec((0..4_usize, any::<bool>()), 1..40),
    ) {
        let mut world = Harness::new(unlimited());
        let mut places = [None; 4];
        for &(place, speaks_plainly) in &deeds {
            if let Some(client) = places[place].take() {
                world.close(client);
                continue;
            }
            let client = world.connect();
            let greeting = world.receive(client);
            let in_zlib = matches!(&greeting, Arrival::Bytes(bytes) if bytes[0] == 0x78);
            prop_assert!(in_zlib, "client {} is greeted with {:?}", client, greeting);
            if speaks_plainly {
                world.send(client, login(&format!("user-{client}-x")).as_bytes());
            }
            places[place] = Some(client);
        }
    }

    #[test]
    fn timers_are_never_early_and_never_in_the_past(tape in wild_tape()) {
        let mut tape = tape.clone();
        tape.then_all_leave();
        due_all_at_once(&mut tape);
        // That what is not due yet is not done, the player asserts.
        let (_, on_time) = play(tight(), &tape, Alarm::OnTime);
        let (_, also_before) = play(tight(), &tape, Alarm::AlsoJustBefore);
        let (_, late) = play(tight(), &tape, Alarm::Late);
        for (now, due) in on_time.timeouts.iter().chain(&late.timeouts) {
            prop_assert!(due.is_none_or(|due| due > *now), "{due:?} is not after {now}");
        }
        prop_assert!(on_time == also_before, "a call before its time changes nothing");
    }

    #[test]
    fn the_same_input_gives_the_same_output_and_state(tape in wild_tape()) {
        let mut tape = tape.clone();
        // What comes afterwards shows what state the hub was in.
        tape.then(Deed::Tick);
        for client in 0..CLIENTS {
            tape.bytes(client, ask("users"));
            tape.bytes(client, ask("channels"));
            tape.bytes(client, login("somebody"));
        }
        tape.wait(10_000_000);
        tape.then(Deed::Drain);
        tape.then(Deed::Shutdown);
        tape.then(Deed::Drain);
        let (one, other) = (run(tight(), &tape), run(tight(), &tape));
        prop_assert!(one == other, "two hubs differ");
    }
}

/// Talkers who all wait for the same moment, at which there is more to do than one input may.
fn due_all_at_once(tape: &mut Tape) {
    for client in CLIENTS..CLIENTS + 4 {
        tape.then(Deed::Open(client));
        let said = message(&"x".repeat(700)).repeat(8);
        tape.bytes(client, login(&format!("talker-{client}-x")) + &said);
    }
    for _ in 0..3 {
        tape.wait(100_000);
        tape.then(Deed::Tick);
    }
}

fn ask(command: &str) -> Vec<u8> {
    format!(r#"{{"type":"command","data":{{"command":"{command}"}}}}"#).into_bytes()
}

/// As many connections, streams, rooms and names as there may be, one more of each, and enough to
/// hear to fill the queue of somebody who does not read: with connections that nobody had before.
fn reach_every_limit(tape: &mut Tape) {
    let Config {
        max_connections, ..
    } = tight();
    let names = ["alice", "bob", "carol", "dave", "eve", "frank", "grace"];
    let mut writers = BTreeMap::new();
    for (client, name) in (CLIENTS..).zip(names).take(max_connections + 1) {
        let framing = if client % 2 == 0 {
            Framing::Stream
        } else {
            Framing::Plain
        };
        tape.then(Deed::Open(client));
        let mut writer = Writer::new(framing);
        tape.bytes(client, writer.package(&login(name)));
        tape.bytes(
            client,
            writer.package(&command("join", "channel", &format!("{name}-room"))),
        );
        writers.insert(client, writer);
    }
    tape.wait(10_000_000);
    for (client, writer) in &mut writers {
        tape.bytes(
            *client,
            writer.package(&command("join", "channel", "general")),
        );
        tape.bytes(*client, writer.package(&message(&"x".repeat(4000))));
        tape.bytes(*client, ask("users"));
        tape.bytes(*client, ask("channels"));
        tape.then(Deed::Take(*client, usize::MAX));
    }
    tape.then(Deed::Drain);
}
