//! Whatever clients of both versions do and whatever happens to their connections, the hub's invariants
//! hold, every tagged package has one answer, nobody hears a message twice, and in the end nothing is
//! left.

use std::collections::BTreeSet;
use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::testing::{ClientId, Harness};
use proptest::prelude::*;

use super::{command, tagged};

#[derive(Clone, Debug)]
enum Act {
    /// A package, in which `TOKEN` stands for the last token that this client's user got.
    Send(String),
    Stall,
    Resume,
    HangUp,
    Break,
    Wait(u64),
}

fn package() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "A", "b", "c", "d"]);
    let room = prop::sample::select(vec!["a", "b", "general", "GENERAL", "den"]);
    let channel = prop::option::of(room.clone())
        .prop_map(|room| room.map_or_else(String::new, |room| format!(r#","channel":"{room}""#)));
    let of_room = (
        prop::sample::select(vec![
            "leave", "private", "public", "users", "bans", "history",
        ]),
        channel.clone(),
    )
        .prop_map(|(what, channel)| command(what, channel.trim_start_matches(',')));
    let about = (
        prop::sample::select(vec![
            "invite", "uninvite", "kick", "ban", "unban", "mute", "unmute", "owner",
        ]),
        name.clone(),
        channel.clone(),
    )
        .prop_map(|(what, name, channel)| {
            command(what, &format!(r#""username":"{name}"{channel}"#))
        });
    let login = (name.clone(), 1..=2_u32, any::<bool>()).prop_map(|(name, version, resume)| {
        let resume = if resume { r#","resume":"TOKEN""# } else { "" };
        command(
            "login",
            &format!(r#""username":"{name}","version":{version}{resume}"#),
        )
    });
    let join = (room.clone(), any::<bool>())
        .prop_map(|(room, stay)| command("join", &format!(r#""channel":"{room}","stay":{stay}"#)));
    let said = (1..400_usize, channel).prop_map(|(long, channel)| {
        let text = "x".repeat(long);
        format!(r#"{{"type":"message","data":{{"message":"{text}"{channel}}}}}"#)
    });
    prop_oneof![
        6 => login,
        6 => join,
        5 => of_room,
        6 => about,
        6 => said,
        2 => name.clone().prop_map(|name| format!(r#"{{"type":"message","data":{{"message":"psst","to":"{name}"}}}}"#)),
        1 => name.clone().prop_map(|name| command("rename", &format!(r#""username":"{name}""#))),
        1 => name.clone().prop_map(|name| command("ignore", &format!(r#""username":"{name}""#))),
        1 => name.clone().prop_map(|name| command("unignore", &format!(r#""username":"{name}""#))),
        1 => room.clone().prop_map(|room| command("switch", &format!(r#""channel":"{room}""#))),
        1 => Just(command("topic", r#""topic":"tea""#)),
        1 => Just(command("channels", "")),
        1 => Just(command("ping", "")),
        1 => Just(command("quit", "")),
    ]
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let act = prop_oneof![
        16 => package().prop_map(Act::Send),
        1 => Just(Act::Stall),
        1 => Just(Act::Resume),
        1 => Just(Act::HangUp),
        3 => Just(Act::Break),
        1 => (0..90_000_000_u64).prop_map(Act::Wait),
    ];
    (0..4_usize, act)
}

/// One of those who talk: a connection after the other.
struct Person {
    client: ClientId,
    token: String,
    stalled: bool,
    /// The tags whose answers are to come on this connection.
    open: BTreeSet<String>,
    quit: BTreeSet<String>,
    /// The ids of messages that came on this connection.
    heard: BTreeSet<u64>,
}

impl Person {
    fn new(world: &mut Harness) -> Self {
        Person {
            client: world.connect(),
            token: String::new(),
            stalled: false,
            open: BTreeSet::new(),
            quit: BTreeSet::new(),
            heard: BTreeSet::new(),
        }
    }

    /// Looks at what has come.
    fn look(&mut self, world: &mut Harness) {
        for text in world.packages(self.client) {
            let package: serde_json::Value = serde_json::from_str(&text).unwrap();
            if let Some(token) = package["data"]["resume"].as_str() {
                self.token = token.into();
            }
            if let Some(tag) = package["tag"].as_str() {
                let is_one = self.open.remove(tag) || self.quit.remove(tag);
                assert!(is_one, "{tag} has one answer: {text}");
            }
            if package["type"] == "message"
                && let Some(id) = package["data"]["id"].as_u64()
            {
                assert!(self.heard.insert(id), "{id} was heard before");
                assert_eq!(self.heard.last(), Some(&id), "ids grow");
            }
        }
    }
}

proptest! {
    #[test]
    fn whoever_speaks_what_and_breaks_when(acts in prop::collection::vec(act(), 1..150)) {
        let mut world = Harness::new(Config {
            send_queue_bytes: 8 * 1024,
            total_queue_bytes: 24 * 1024,
            max_connections: 3,
            max_rooms: 4,
            max_user_rooms: 2,
            max_room_list: 2,
            history_messages: 5,
            history_bytes: 2 * 1024,
            total_history_bytes: 4 * 1024,
            message_rate: 0,
            ..Config::default()
        });
        let mut people: Vec<Person> = (0..4).map(|_| Person::new(&mut world)).collect();
        for (number, (who, act)) in acts.into_iter().enumerate() {
            let person = &mut people[who];
            match act {
                Act::Send(text) => {
                    let tag = number.to_string();
                    let is_quit = text.contains(r#""quit""#);
                    let text = tagged(&tag, &text.replace("TOKEN", &person.token));
                    let is_open = world.hub.client(chatmaster_core::testing::id(person.client));
                    let is_open = is_open.is_some_and(|client| {
                        !matches!(client.state, chatmaster_core::ClientState::Closing(_))
                    });
                    if is_quit {
                        // It is answered only where it is refused.
                        person.quit.insert(tag);
                    } else if is_open {
                        person.open.insert(tag);
                    }
                    world.send(person.client, text.as_bytes());
                }
                Act::Stall => {
                    world.stall(person.client);
                    person.stalled = true;
                }
                Act::Resume => {
                    world.resume(person.client);
                    person.stalled = false;
                }
                Act::HangUp => world.hang_up(person.client),
                Act::Break => {
                    person.look(&mut world);
                    world.close(person.client);
                    let token = std::mem::take(&mut person.token);
                    *person = Person { token, ..Person::new(&mut world) };
                }
                Act::Wait(micros) => world.advance(Duration::from_micros(micros)),
            }
            for person in &mut people {
                person.look(&mut world);
                let client = world.hub.client(chatmaster_core::testing::id(person.client));
                let is_settled = client.is_some_and(|client| client.backlog == 0 && client.queued == 0);
                if is_settled && !person.stalled {
                    prop_assert!(person.open.is_empty(), "all is answered: {:?}", person.open);
                }
            }
        }
        for person in people {
            world.close(person.client);
        }
        prop_assert_eq!(world.hub.connections(), 0);
        // The seats wait for nobody.
        world.advance(Duration::from_secs(61));
        prop_assert_eq!(world.hub.poll_timeout(), None);
        prop_assert_eq!(world.hub.rooms().count(), 1);
        prop_assert_eq!(world.hub.rooms().next().map(|room| room.members.len()), Some(0));
    }
}
