//! A bot, property-tested against a server with no socket:
//!
//! ```text
//! cargo run -p chatmaster-core --example bot_property --features proptest
//! ```
//!
//! The bot greets whoever comes into its room. Other users do whatever the strategies come up with,
//! in any order; and each of them must be greeted once for each time they come, by the name they
//! came with.

use std::cell::Cell;

use chatmaster_core::session::{Action, Event};
use chatmaster_core::strategies::action;
use chatmaster_core::testing::{Sessions, unlimited};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const BOT: &str = "greeter";
const GUESTS: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn main() {
    let (evenings, greetings) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    // Who does what.
    let deeds = vec((0..GUESTS.len(), action()), 0..60);
    let outcome = runner.run(&deeds, |deeds| {
        evenings.set(evenings.get() + 1);
        let mut chat = Sessions::new(unlimited());
        chat.bot(BOT, answer);
        GUESTS.iter().for_each(|guest| chat.log_in(guest));
        for (guest, action) in deeds {
            // Some can not be done, as to say nothing.
            let _refused = chat.act(GUESTS[guest], action);
            chat.settle();
        }
        for guest in GUESTS {
            let (came, greeted) = arrivals_and_greetings(chat.events(guest));
            prop_assert_eq!(&came, &greeted, "{} came and was greeted as", guest);
            greetings.set(greetings.get() + greeted.len());
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let (evenings, greetings) = (evenings.get(), greetings.get());
    println!("{evenings} evenings, {greetings} arrivals, and as many greetings");
}

#[test]
fn everyone_who_comes_is_greeted_once() {
    main();
}

/// The bot. It is written as it would be for a real connection: events in, actions out.
fn answer(event: &Event) -> Option<Action> {
    match event {
        Event::Joined {
            username,
            me: false,
            ..
        } => Some(Action::Say(greeting(username))),
        _ => None,
    }
}

fn greeting(name: &str) -> String {
    format!("Welcome, {name}!")
}

/// As what a guest came into the bot's room, and how the bot greeted it, by what the guest was told.
fn arrivals_and_greetings(events: Vec<Event>) -> (Vec<String>, Vec<String>) {
    let (mut name, mut came, mut greeted) = (String::new(), Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Joined {
                username,
                channel,
                me: true,
                ..
            } if channel == "general" => {
                came.push(greeting(&username));
                name = username;
            }
            Event::Renamed {
                new_username,
                me: true,
                ..
            } => name = new_username,
            Event::Message {
                username, message, ..
            } if username == BOT && message == greeting(&name) => {
                greeted.push(message);
            }
            _ => {}
        }
    }
    (came, greeted)
}
