//! Who is where, who knows, and what is always there.

use std::collections::{BTreeMap, BTreeSet};

use chatmaster_core::testing::ClientId;
use chatmaster_tests::history::{Ask, Event, Places, Step, field, kind, list, witness};
use proptest::prelude::*;
use serde_json::Value;

use crate::cases;
use crate::counterexample::properties;
use crate::drawn::{acted, history, walks};

/// The rooms that are private after the steps so far, by what their owners were answered.
#[derive(Default)]
struct PrivateRooms(BTreeSet<String>);

impl PrivateRooms {
    fn learn(&mut self, step: &Step) {
        let answered = step
            .answer()
            .iter()
            .any(|package| kind(package) == "channel_list");
        if let (Event::Ask(client, ask), true) = (&step.event, answered) {
            let room = &step.before[client].room;
            match ask {
                Ask::Private => drop(self.0.insert(room.clone())),
                Ask::Public => drop(self.0.remove(room)),
                _ => {}
            }
        }
        // A room that is empty is no more.
        self.0
            .retain(|room| step.after.values().any(|place| place.room == *room));
    }
}

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_private_room_is_in_no_list_and_no_outsider_gets_in_or_learns_its_members(
        history in acted(walks(), 1..60),
    ) {
        let mut private = PrivateRooms::default();
        for step in witness(&history) {
            let hidden = private.0.clone();
            private.learn(&step);
            for (client, packages) in &step.heard {
                let was_in = room_of(*client, &step.before);
                let is_in = room_of(*client, &step.after);
                for room in hidden.iter().filter(|room| was_in != Some(room.as_str())) {
                    prop_assert_ne!(is_in, Some(room.as_str()), "nobody walks in");
                    for package in packages {
                        let channel = field(package, "channel");
                        prop_assert_ne!(channel, room, "{} hears nothing of it", client);
                    }
                    let members = step.before.values().filter(|place| place.room == *room);
                    let spoke_there = |by: &str| members.clone().any(|place| place.name == by);
                    let overheard = packages.iter().find(|package| {
                        kind(package) == "message" && spoke_there(field(package, "username"))
                    });
                    prop_assert_eq!(overheard, None);
                }
                for package in packages.iter().filter(|package| kind(package) != "user_list") {
                    for listed in list(package, "channels") {
                        prop_assert!(!private.0.contains(listed), "{listed} is in no list");
                    }
                }
            }
        }
    }

    #[test]
    fn join_and_leave_notices_pair_up(history in acted(walks(), 1..40)) {
        let mut seen: BTreeMap<ClientId, BTreeSet<String>> = BTreeMap::new();
        for step in witness(&asking_who_is_there(&history)) {
            for (client, packages) in &step.heard {
                let Some(me) = step.before.get(client).map(|place| place.name.as_str()) else {
                    continue;
                };
                // Whom it has seen in its room: none right after it came, until it has asked.
                let mut room = seen.remove(client);
                for package in packages {
                    room = see(room, me, package)?;
                }
                seen.extend(room.map(|room| (*client, room)));
            }
        }
    }

    #[test]
    fn the_general_room_always_exists(history in history(1..60)) {
        for step in witness(&history) {
            for package in step.heard.values().flatten() {
                let refused = package["data"]["status"] == false;
                if matches!(kind(package), "channel_list" | "session") && !refused {
                    prop_assert!(list(package, "channels").contains(&"general"), "{package}");
                }
            }
            let Event::Ask(client, ask) = &step.event else { continue };
            let before = room_of(*client, &step.before);
            let after = room_of(*client, &step.after);
            match (ask, before) {
                (Ask::Leave, Some(_)) => prop_assert_eq!(after, Some("general")),
                (Ask::Login(_), None) if after.is_some() => {
                    prop_assert_eq!(after, Some("general"));
                }
                (Ask::Private | Ask::Public, Some("general")) => {
                    prop_assert_eq!(kind(&step.answer()[0]), "error");
                }
                (Ask::Join(room), Some(from)) if room == "general" && from != "general" => {
                    prop_assert_eq!(after, Some("general"));
                }
                _ => {}
            }
        }
    }
}

fn room_of(client: ClientId, places: &Places) -> Option<&str> {
    places.get(&client).map(|place| place.room.as_str())
}

/// The same history, in which everybody who may have come to a room asks who is in it.
fn asking_who_is_there(history: &[Event]) -> Vec<Event> {
    let mut asking = Vec::new();
    for event in history {
        asking.push(event.clone());
        if let Event::Ask(client, Ask::Login(_) | Ask::Join(_) | Ask::Leave | Ask::Users) = event {
            asking.push(Event::Ask(*client, Ask::Users));
        }
    }
    asking
}

/// Whom `me` knows to be in the room after one more package; the room is not known before the first
/// list of who is in it.
fn see(
    room: Option<BTreeSet<String>>,
    me: &str,
    package: &Value,
) -> Result<Option<BTreeSet<String>>, TestCaseError> {
    let who = field(package, "username");
    let room = match (kind(package), room) {
        ("user_joined", _) if who == me => None,
        ("user_joined", Some(mut room)) => {
            prop_assert!(room.insert(who.into()), "{who} came twice to {me}");
            Some(room)
        }
        ("user_left", Some(mut room)) => {
            prop_assert!(room.remove(who), "{who} left {me} without being there");
            Some(room)
        }
        ("user_rename", Some(mut room)) => {
            let old = field(package, "old_username");
            prop_assert!(room.remove(old), "{old} was not there for {me}");
            room.insert(field(package, "new_username").into());
            Some(room)
        }
        ("user_list", room) => {
            let listed: BTreeSet<String> = list(package, "users")
                .into_iter()
                .map(String::from)
                .collect();
            if let Some(room) = room {
                prop_assert_eq!(&room, &listed, "{} saw who is there", me);
            }
            Some(listed)
        }
        (_, room) => room,
    };
    Ok(room)
}
