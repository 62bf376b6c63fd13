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
use std::net::Ipv4Addr;

use chatmaster_core::session::{Action, Event};
use chatmaster_core::strategies::{Framing, script};
use chatmaster_core::wire::{ClientPackage, Decoder, Inflaters, Notification, ServerPackage};
use chatmaster_core::{
    Config, ConnId, Encoding, Hub, Input, Peer, Session, SessionConfig, SessionInput, Start, Time,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const NAME: &str = "greeter";

fn main() {
    let (evenings, greetings) = (Cell::new(0), Cell::new(0));
    let guests = vec(script(0..12), 1..5);
    // Who sends the next package of their script.
    let turns = vec(0..4_usize, 0..60);
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&(guests, turns), |(guests, turns)| {
        evenings.set(evenings.get() + 1);
        let mut evening = Evening::begin(guests.len());
        let mut scripts: Vec<_> = guests.iter().map(|script| script.iter()).collect();
        for turn in turns {
            let guest = turn % guests.len();
            if let Some(package) = scripts[guest].next() {
                evening.send(guest, package);
            }
        }
        for guest in 0..guests.len() {
            let (came, greeted) = evening.arrivals_and_greetings(guest);
            prop_assert_eq!(&came, &greeted, "guest {} came and was greeted as", guest);
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
fn answer(event: Event) -> Option<Action> {
    match event {
        Event::Joined {
            username,
            me: false,
            ..
        } => Some(Action::Say(greeting(&username))),
        _ => None,
    }
}

fn greeting(name: &str) -> String {
    format!("Welcome, {name}!")
}

/// A server, the bot, and its guests, who need no more than a network that is a loop.
struct Evening {
    hub: Hub,
    bot: Session,
}

const BOT: ConnId = ConnId(1);

/// The clock stands still: with flood control off nothing depends on it.
const NOW: Time = Time::ZERO;

fn guest_id(guest: usize) -> ConnId {
    ConnId(2 + guest as u64)
}

impl Evening {
    fn begin(guests: usize) -> Self {
        let config = Config {
            encoding: Encoding::Plain,
            message_rate: 0,
            // The guests read last.
            send_queue_bytes: 4 << 20,
            ..Config::default()
        };
        let hub = Hub::new(config, Start::default());
        let bot = Session::new(SessionConfig {
            username: Some(NAME.into()),
            ..SessionConfig::default()
        });
        let mut evening = Evening { hub, bot };
        let peer = Peer(Ipv4Addr::LOCALHOST.into());
        evening.hub.handle(NOW, Input::Opened(BOT, peer));
        evening.settle();
        for guest in 0..guests {
            evening
                .hub
                .handle(NOW, Input::Opened(guest_id(guest), peer));
        }
        evening
    }

    /// A guest sends something, and the bot does what it does about it.
    fn send(&mut self, guest: usize, package: &ClientPackage<'_>) {
        let bytes = Framing::Plain.encode(std::slice::from_ref(package));
        self.hub
            .handle(NOW, Input::Received(guest_id(guest), &bytes));
        self.settle();
    }

    /// Moves bytes between the server and the bot until neither has any left. What is for the guests
    /// stays in their queues, as if they read it all in the end.
    fn settle(&mut self) {
        loop {
            let from_server = self.hub.pending(BOT).collect::<Vec<_>>().concat();
            let count = from_server.len() as u32;
            self.hub.handle(NOW, Input::Sent(BOT, count));
            if !from_server.is_empty() {
                self.bot.handle(NOW, SessionInput::Received(&from_server));
            }
            while let Some(event) = self.bot.poll_event() {
                if let Some(action) = answer(event) {
                    self.bot.act(NOW, action).expect("the bot is logged in");
                }
            }
            let from_bot = self.bot.pending().to_vec();
            if from_server.is_empty() && from_bot.is_empty() {
                return;
            }
            if !from_bot.is_empty() {
                let count = from_bot.len() as u32;
                self.bot.handle(NOW, SessionInput::Sent(count));
                self.hub.handle(NOW, Input::Received(BOT, &from_bot));
            }
            self.hub.check_invariants();
        }
    }

    /// As what a guest came into the bot's room, by what the server told them; and how the bot
    /// greeted them.
    fn arrivals_and_greetings(&self, guest: usize) -> (Vec<String>, Vec<String>) {
        let (mut me, mut came, mut greeted) = (String::new(), Vec::new(), Vec::new());
        let received = self
            .hub
            .pending(guest_id(guest))
            .collect::<Vec<_>>()
            .concat();
        let mut rest = &received[..];
        let mut inflaters = Inflaters::new(1);
        let mut decoder = Decoder::new(1024 * 1024);
        while let Ok(Some(package)) = decoder.decode(&mut inflaters, &mut rest) {
            match ServerPackage::parse(package.text).expect("a server speaks the protocol") {
                ServerPackage::Session(status) if status.status => {
                    me = status.username.expect("this server says").into_owned();
                }
                ServerPackage::Notification(Notification::UserRename {
                    old_username,
                    new_username,
                }) if old_username == me => me = new_username.into_owned(),
                ServerPackage::Notification(Notification::UserJoined { username, channel })
                    if username == me && channel.as_deref() == Some("general") =>
                {
                    came.push(greeting(&me));
                }
                ServerPackage::Message { message, username }
                    if username == NAME && message == greeting(&me) =>
                {
                    greeted.push(message.into_owned());
                }
                _ => {}
            }
        }
        (came, greeted)
    }
}
