//! The hub and the reference model say the same.

use chatmaster_core::Config;
use chatmaster_core::testing::Harness;
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_tests::duel::Duel;
use chatmaster_tests::history::{Event, parse, perform, transcripts, unhurried, witness};
use chatmaster_tests::model::{Limits, Model};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::{history, newer_history};

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn everyone_hears_what_the_model_says(history in history(1..60)) {
        let model = Model::after(&history);
        for (client, heard) in transcripts(&witness(&history)) {
            prop_assert_eq!(heard, model.transcript(client), "client {}", client);
        }
    }
}

properties! {
    #![proptest_config(cases(32))]

    #[test]
    fn in_a_room_over_the_announce_limit_only_the_one_concerned_is_told(
        history in history(1..60),
        announce_limit in 1..4_usize,
    ) {
        let model = Model::after_with(&history, Limits { announce_limit, ..Limits::default() });
        let mut world = Harness::new(Config { announce_limit, ..unhurried() });
        let mut writer = Writer::new(Framing::Plain);
        history.iter().for_each(|event| perform(&mut world, event, &mut writer));
        let clients = history.iter().map(|event| event.client() + 1).max();
        for client in 0..clients.unwrap_or_default() {
            let heard: Vec<Value> = world.packages(client).iter().map(|text| parse(text)).collect();
            prop_assert_eq!(heard, model.transcript(client), "client {}", client);
        }
    }

    #[test]
    fn everyone_hears_what_the_model_says_in_any_encoding_and_read_at_the_end(
        history in history(1..40),
        framing in select(&Framing::ALL[..]),
    ) {
        let model = Model::after(&history);
        let mut world = Harness::new(unhurried());
        let mut writers = Vec::new();
        for event in &history {
            if let Event::Connect(_) = event {
                writers.push(Writer::new(framing));
            }
            perform(&mut world, event, &mut writers[event.client()]);
        }
        for client in 0..writers.len() {
            let heard: Vec<Value> = world.packages(client).iter().map(|text| parse(text)).collect();
            prop_assert_eq!(heard, model.transcript(client), "client {}", client);
        }
    }
}

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn in_both_versions_everyone_hears_what_the_model_says(
        history in newer_history(1..120),
        announce_limit in prop_oneof![3 => Just(500_usize), 1 => 1..4_usize],
    ) {
        let mut duel = Duel::new(Limits {
            announce_limit,
            max_user_rooms: 2,
            max_room_list: 2,
            history_messages: 3,
            max_tags: 2,
        });
        for event in &history {
            duel.take(event).map_err(TestCaseError::fail)?;
        }
    }
}
