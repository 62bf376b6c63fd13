//! Whose name is whose.

use std::collections::BTreeMap;

use chatmaster_core::testing::ClientId;
use chatmaster_tests::history::{Ask, Event, kind, witness};
use chatmaster_tests::model::names::{self, Known};
use proptest::prelude::*;

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::{Act, acted, ask, name};

/// Mostly people who come, take names, and go.
fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => name().prop_map(|name| Act::AskAtOnce(Ask::Login(name))),
        4 => name().prop_map(|name| Act::Ask(Ask::Rename(name))),
        1 => ask().prop_map(Act::Ask),
        2 => Just(Act::Leave),
    ]
}

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn usernames_are_unique_caselessly_and_free_exactly_when_released(
        history in acted(acts(), 1..60),
    ) {
        let mut held: BTreeMap<ClientId, Known> = BTreeMap::new();
        for step in witness(&history) {
            let client = step.event.client();
            let holds = held.get(&client).copied();
            let wanted = match (&step.event, holds) {
                (Event::Ask(_, Ask::Login(name)), None) => Some(name),
                (Event::Ask(_, Ask::Rename(name)), Some(_)) => Some(name),
                (Event::Leave(_), _) => {
                    held.remove(&client);
                    None
                }
                _ => None,
            };
            let Some(wanted) = wanted else { continue };
            let Some(answer) = step.answer().first() else {
                prop_assert!(holds.is_none(), "only a guest who tried too often is not answered");
                continue;
            };
            let free = names::username(wanted).ok().filter(|wanted| {
                let mut others = held.iter().filter(|(other, _)| **other != client);
                let unchanged = holds.is_some_and(|mine| mine.shown == wanted.shown);
                !unchanged && !others.any(|(_, name)| name.clashes_with(wanted))
            });
            let taken = kind(answer) == "user_rename" || answer["data"]["status"] == true;
            prop_assert_eq!(taken, free.is_some(), "{} asks for {:?}: {}", client, wanted, answer);
            held.extend(free.map(|name| (client, name)));
            let place = step.after.get(&client).map(|place| place.name.as_str());
            prop_assert_eq!(place, held.get(&client).map(|name| name.shown), "it is told so");
        }
    }
}
