//! What must not matter: two histories that differ in it are compared.

use std::collections::BTreeMap;
use std::time::Duration;

use chatmaster_core::Start;
use chatmaster_tests::history::{Ask, Event, Step, kind, transcripts, witness};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::{Act, PLAYER_NAMES, acted, ask, history, walks};
use crate::tape::{run, run_from, tight, wild_tape};

/// All usernames of a history in which users are renamed; none looks like another.
const NAMES: [&str; 6] = [
    PLAYER_NAMES[0],
    PLAYER_NAMES[1],
    PLAYER_NAMES[2],
    PLAYER_NAMES[3],
    "eve",
    "frank",
];

/// Anything, but with no other usernames than these.
fn acts_under_names() -> impl Strategy<Value = Act> {
    let name = || select(&NAMES[..]).prop_map(String::from);
    prop_oneof![
        1 => name().prop_map(|name| Act::AskAtOnce(Ask::Login(name))),
        3 => name().prop_map(|name| Act::Ask(Ask::Rename(name))),
        8 => ask()
            .prop_filter("other names", |ask| !matches!(ask, Ask::Login(_) | Ask::Rename(_)))
            .prop_map(Act::Ask),
        1 => Just(Act::Leave),
    ]
}

type Renaming = BTreeMap<&'static str, &'static str>;

fn rename_asker(event: &Event, renaming: &Renaming) -> Event {
    let renamed = |name: &String| renaming[name.as_str()].to_string();
    match event {
        Event::Ask(client, Ask::Login(name)) => Event::Ask(*client, Ask::Login(renamed(name))),
        Event::Ask(client, Ask::Rename(name)) => Event::Ask(*client, Ask::Rename(renamed(name))),
        other => other.clone(),
    }
}

/// Renames whoever a package names.
fn rename_named(package: &mut Value, renaming: &Renaming) {
    let rename = |value: &mut Value| {
        if let Some(name) = value.as_str() {
            *value = renaming[name].into();
        }
    };
    let data = package["data"].as_object_mut().expect("a package has data");
    for attribute in ["username", "old_username", "new_username"] {
        data.get_mut(attribute).into_iter().for_each(rename);
    }
    let users = data.get_mut("users").and_then(Value::as_array_mut);
    users.into_iter().flatten().for_each(rename);
}

properties! {
    #![proptest_config(cases(64))]

    #[test]
    fn renaming_all_users_consistently_does_the_same_to_what_they_hear(
        history in acted(acts_under_names(), 1..50),
        shuffled in Just(NAMES.to_vec()).prop_shuffle(),
    ) {
        let renaming: Renaming = NAMES.into_iter().zip(shuffled.clone()).collect();
        let renamed = history.iter().map(|event| rename_asker(event, &renaming));
        let renamed: Vec<Event> = renamed.collect();
        let mut heard = transcripts(&witness(&history));
        for package in heard.values_mut().flatten() {
            rename_named(package, &renaming);
        }
        prop_assert_eq!(transcripts(&witness(&renamed)), heard);
    }

    #[test]
    fn a_client_alone_in_a_room_of_its_own_changes_nobody(
        history in history(1..40),
        solitude in vec((any::<Index>(), prop_oneof![
            Just(Ask::Say("to myself".into())),
            select(&["hermit", "recluse"][..]).prop_map(|name| Ask::Rename(name.into())),
            Just(Ask::Private),
            Just(Ask::Users),
            Just(Ask::Channels),
            Just(Ask::Fly),
        ]), 0..20),
    ) {
        let hermit = 0;
        let mut shared = vec![
            Event::Connect(hermit),
            Event::Ask(hermit, Ask::Login("hermit".into())),
            Event::Ask(hermit, Ask::Join("hermitage".into())),
            Event::Ask(hermit, Ask::Private),
        ];
        let solitude: Vec<(usize, Ask)> = solitude
            .iter()
            .map(|(place, ask)| (place.index(history.len().max(1)), ask.clone()))
            .collect();
        for (number, event) in history.iter().enumerate() {
            let alone = solitude.iter().filter(|(place, _)| *place == number);
            shared.extend(alone.map(|(_, ask)| Event::Ask(hermit, ask.clone())));
            shared.push(renumbered(event));
        }
        let alone = transcripts(&witness(&history));
        let mut together = transcripts(&witness(&shared));
        together.remove(&hermit);
        let together = together.into_iter().map(|(client, heard)| (client - 1, heard));
        prop_assert_eq!(together.collect::<BTreeMap<_, _>>(), alone);
    }

    #[test]
    fn a_refused_command_that_is_left_out_takes_only_its_reply_with_it(
        history in prop_oneof![history(1..60), acted(walks(), 1..60)],
        left_out in proptest::bits::u64::ANY,
    ) {
        let mut steps = witness(&history);
        let mut number = 0;
        steps.retain(|step| {
            number += 1;
            let stays = left_out & (1 << (number % 64)) == 0;
            stays || !is_refused(step)
        });
        let without: Vec<Event> = steps.iter().map(|step| step.event.clone()).collect();
        prop_assert_eq!(transcripts(&witness(&without)), transcripts(&steps));
    }
}

/// Whether it is a command, or a message, that was answered with an error and nothing else. A failed
/// login is none: it counts.
fn is_refused(step: &Step) -> bool {
    let answer = step.answer();
    matches!(step.event, Event::Ask(..)) && answer.len() == 1 && kind(&answer[0]) == "error"
}

/// The same by a client whose number is one higher.
fn renumbered(event: &Event) -> Event {
    match event {
        Event::Connect(client) => Event::Connect(client + 1),
        Event::Ask(client, ask) => Event::Ask(client + 1, ask.clone()),
        Event::Leave(client) => Event::Leave(client + 1),
        Event::HangUp(client) => Event::HangUp(client + 1),
        Event::Wait => Event::Wait,
    }
}

properties! {
    #![proptest_config(cases(128))]

    #[test]
    fn shifting_all_time_changes_nothing(tape in wild_tape(), shift in 1..10_000_000_000_u64) {
        let shifted = run(tight(), &tape.later(shift));
        // What is told of the time of day is the same.
        let start = Start {
            unix_micros: shift,
            ..Start::default()
        };
        let mut played = run_from(start, tight(), &tape);
        let shift = Duration::from_micros(shift);
        for (now, due) in &mut played.timeouts {
            *now = *now + shift;
            *due = due.map(|due| due + shift);
        }
        prop_assert!(shifted == played, "the same happens later");
    }
}
