//! What a client is answered, and what nobody can make it believe.

use chatmaster_core::strategies::message_text;
use chatmaster_core::testing::packages::{login, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{ClientId, Harness};
use chatmaster_tests::history::{Ask, field, kind, parse, transcripts, unhurried, witness};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::{Act, acted, ask};

/// Whether a package answers something the client asked for, and what: the command's name.
struct Answers {
    name: Option<String>,
    failed_logins: u32,
    /// Whether the notice that it came to the general room is still to come, for which it did not
    /// ask: it logged in, or left another room.
    arrives: bool,
}

impl Answers {
    fn to(&mut self, package: &Value) -> Option<&'static [&'static str]> {
        let me = self.name.as_deref();
        match kind(package) {
            "session" if package["data"]["status"] == true => {
                self.name = Some(field(package, "username").into());
                self.arrives = true;
                Some(&["login"])
            }
            "session" => {
                self.failed_logins += 1;
                Some(&["login"])
            }
            "user_rename" if me == Some(field(package, "old_username")) => {
                self.name = Some(field(package, "new_username").into());
                Some(&["rename"])
            }
            "user_joined" if me == Some(field(package, "username")) => {
                if std::mem::take(&mut self.arrives) {
                    None
                } else {
                    Some(&["join"])
                }
            }
            "user_left" if me == Some(field(package, "username")) => {
                self.arrives = true;
                Some(&["leave"])
            }
            "channel_list" => Some(&["channels", "private", "public"]),
            "user_list" => Some(&["users"]),
            _ => None,
        }
    }
}

/// Whether what a client hears answers what it asks for: each command once, and in order; a message
/// only if it is refused.
fn check_answers(asks: &[Ask], heard: &[Value]) -> Result<(), TestCaseError> {
    let mut answers = Answers {
        name: None,
        failed_logins: 0,
        arrives: false,
    };
    let mut asks = asks.iter();
    for package in heard {
        let logged_in = answers.name.is_some();
        let delivered = |ask: &Ask| logged_in && is_delivered(ask);
        if kind(package) == "error" {
            let ask = asks.find(|ask| !delivered(ask)).map(Ask::name);
            prop_assert_eq!(ask, Some(field(package, "error_type")), "{}", package);
        } else if let Some(names) = answers.to(package) {
            let ask = asks.find(|ask| !delivered(ask)).map(Ask::name);
            prop_assert!(
                ask.is_some_and(|ask| names.contains(&ask)),
                "{package} answers {ask:?}"
            );
        }
    }
    let logged_in = answers.name.is_some();
    let unanswered = asks.find(|ask| !(logged_in && is_delivered(ask)));
    if answers.failed_logins < 5 {
        prop_assert_eq!(unanswered, None);
    }
    Ok(())
}

/// Whether it is a message that nobody is answered, if its sender is logged in.
fn is_delivered(ask: &Ask) -> bool {
    matches!(ask, Ask::Say(text) if (1..=4096).contains(&text.len()))
}

properties! {
    #![proptest_config(cases(64))]

    #[test]
    fn every_command_is_answered_exactly_once_and_in_order(
        bursts in vec((0..3_usize, vec(ask(), 1..12)), 1..8),
        framing in select(&Framing::ALL[..]),
    ) {
        let mut world = Harness::new(unhurried());
        let mut asked = vec![Vec::new(); 3];
        let mut heard = vec![Vec::new(); 3];
        let mut writers = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let client = world.connect();
            writers.push(Writer::new(framing));
            // A third of them sees what it is like without a login.
            if name != "carol" {
                let first = Ask::Login(name.into());
                world.send(client, &writers[client].package(&first.text()));
                asked[client].push(first);
            }
        }
        for (client, burst) in bursts.clone() {
            let bytes: Vec<u8> =
                burst.iter().flat_map(|ask| writers[client].package(&ask.text())).collect();
            world.send(client, &bytes);
            asked[client].extend(burst);
            for (client, heard) in heard.iter_mut().enumerate() {
                heard.extend(world.packages(client).iter().map(|text| parse(text)));
            }
        }
        for (asked, heard) in asked.iter().zip(&heard) {
            check_answers(asked, heard)?;
        }
    }

    #[test]
    fn nothing_but_one_request_then_sessions_and_errors_comes_before_login(
        history in acted(prop_oneof![
            1 => ask().prop_map(Act::Ask),
            2 => ask().prop_map(Act::AskAtOnce),
            1 => Just(Act::Leave),
        ], 1..50),
    ) {
        for (client, heard) in transcripts(&witness(&history)) {
            prop_assert_eq!(&heard[0], &json!({"type": "request", "data": {"request": "login"}}));
            let welcome = |package: &Value| package["data"]["status"] == true;
            let before_login = heard[1..].split(welcome).next().unwrap_or_default();
            for package in before_login {
                let kind = kind(package);
                prop_assert!(matches!(kind, "session" | "error"), "{client} heard {package}");
            }
        }
    }
}

/// A text that some part of a package could be taken for.
fn forgery() -> impl Strategy<Value = String> {
    let pieces = select(
        &[
            "\"",
            "\\",
            "}",
            "{",
            "]",
            "[",
            ",",
            ":",
            "\n",
            "\r\n",
            "\0",
            "\\n",
            "\\u000a",
            "\\\"",
            "\u{2028}",
            "type",
            "data",
            "{\"type\":\"error\",\"data\":{}}\n",
            "x",
        ][..],
    );
    prop_oneof![
        3 => vec(pieces, 1..12).prop_map(|pieces| pieces.concat()),
        1 => message_text(),
    ]
}

fn packages(world: &mut Harness, client: ClientId) -> Vec<Value> {
    world
        .packages(client)
        .iter()
        .map(|text| parse(text))
        .collect()
}

properties! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_a_user_writes_cannot_forge_a_package(
        text in forgery(),
        name in select(&["mallory", "\"}},\"", "{\"type\":\"error\"}", "\\\"\\\\"][..]),
    ) {
        let mut world = Harness::new(unhurried());
        let mallory = world.connect();
        world.send(mallory, login(name).as_bytes());
        let listeners = [Framing::Plain, Framing::Zlib].map(|framing| {
            let listener = world.connect();
            let name = format!("listener-{framing:?}-x");
            world.send(listener, &Writer::new(framing).package(&login(&name)));
            listener
        });
        (0..=listeners[1]).for_each(|client| drop(world.packages(client)));

        // As a message: everybody else reads it as it was written, and nothing besides.
        world.send(mallory, message(&text).as_bytes());
        for listener in listeners {
            let said = json!({"type": "message", "data": {"message": text, "username": name}});
            let heard = packages(&mut world, listener);
            if (1..=4096).contains(&text.len()) {
                prop_assert_eq!(heard, [said]);
            } else {
                prop_assert_eq!(heard, [json!(null); 0]);
            }
        }
        world.packages(mallory);

        // As a command or a type: its start is all that comes back, in one error.
        let quoted: String = text.chars().take(64).collect();
        for package in [
            json!({"type": "command", "data": {"command": text}}),
            json!({"type": text, "data": {}}),
        ] {
            world.send(mallory, package.to_string().as_bytes());
            let answer = packages(&mut world, mallory);
            prop_assert_eq!(answer.len(), 1);
            prop_assert_eq!(kind(&answer[0]), "error");
            prop_assert_eq!(field(&answer[0], "error_type"), &quoted);
        }
        for listener in listeners {
            prop_assert_eq!(packages(&mut world, listener), [json!(null); 0]);
        }
    }
}
