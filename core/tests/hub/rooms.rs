//! Rooms: they come to be by being joined, and cease to be by being left.

use chatmaster_core::testing::packages::{
    ask, channel_list, error, join, joined, left, message, said, user_list,
};

use chatmaster_core::testing::id;

use crate::Chat;

#[test]
fn a_room_that_is_joined_comes_to_be_and_those_who_stay_behind_see_who_goes() {
    let mut chat = Chat::of(["alice", "bob"]);
    assert_eq!(chat.does("alice", &join("Den")), [joined("alice", "Den")]);
    assert_eq!(chat.hears("bob"), [left("alice", "general")]);
    assert_eq!(
        chat.does("bob", &ask("channels")),
        [channel_list(&["Den", "general"])]
    );
}

#[test]
fn a_room_is_found_in_any_spelling_and_keeps_its_own() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.did("alice", &join("Den"));
    assert_eq!(chat.does("bob", &join("dEN")), [joined("bob", "Den")]);
    assert_eq!(chat.hears("alice"), [joined("bob", "Den")]);
    assert_eq!(
        chat.does("bob", &ask("users")),
        [user_list("Den", &["alice", "bob"])]
    );
}

#[test]
fn who_is_there_already_cannot_join_it() {
    let mut chat = Chat::of(["alice", "bob"]);
    let there = error("join", "You are already there.");
    assert_eq!(chat.does("alice", &join("GENERAL")), [there.as_str()]);
    chat.did("alice", &join("den"));
    assert_eq!(chat.does("alice", &join("DEN")), [there]);
    assert_eq!(chat.hears("bob"), [""; 0]);
}

#[test]
fn what_is_no_name_makes_no_room() {
    let mut chat = Chat::of(["alice", "bob"]);
    let spaces = error("join", "A name must not contain spaces.");
    assert_eq!(chat.does("alice", &join("two words")), [spaces]);
    let missing = error("join", "join needs data.parameters.channel, a string.");
    assert_eq!(chat.does("alice", &ask("join")), [missing]);
    assert_eq!(chat.hears("bob"), [""; 0]);
    assert_eq!(
        chat.does("bob", &ask("channels")),
        [channel_list(&["general"])]
    );
}

#[test]
fn a_room_whose_name_looks_like_that_of_another_is_not_made() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.did("alice", &join("games"));
    let clash = "Channel cannot be created: its name looks like games, which exists.";
    // A Cyrillic letter.
    assert_eq!(
        chat.does("bob", &join("g\u{430}mes")),
        [error("join", clash)]
    );
}

#[test]
fn leaving_leads_to_the_general_room_and_both_rooms_are_told_the_leaver_too() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    chat.did("alice", &join("den"));
    chat.did("bob", &join("den"));
    let told = [left("bob", "den"), joined("bob", "general")];
    assert_eq!(chat.does("bob", &ask("leave")), told);
    assert_eq!(chat.hears("alice"), [left("bob", "den")]);
    assert_eq!(chat.hears("carol"), [joined("bob", "general")]);
    let nowhere = "You are in the general channel: there is nowhere to leave to.";
    assert_eq!(chat.does("bob", &ask("leave")), [error("leave", nowhere)]);
    assert_eq!(chat.hears("carol"), [""; 0]);
}

#[test]
fn from_room_to_room_nobody_passes_the_general_one() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    chat.did("alice", &join("den"));
    chat.did("bob", &join("den"));
    assert_eq!(chat.does("bob", &join("lair")), [joined("bob", "lair")]);
    assert_eq!(chat.hears("alice"), [left("bob", "den")]);
    assert_eq!(chat.hears("carol"), [""; 0]);
}

#[test]
fn an_empty_room_ceases_to_be_and_its_name_is_free_in_any_spelling() {
    for going in [ask("leave"), join("lair"), String::new()] {
        let mut chat = Chat::of(["alice", "bob", "carol"]);
        chat.did("bob", &join("den"));
        match going.is_empty() {
            true => chat.goes("bob"),
            false => chat.did("bob", &going),
        }
        chat.clear();
        let [listed] = &chat.does("alice", &ask("channels"))[..] else {
            panic!("a command has one answer");
        };
        assert!(!listed.contains("den"), "{listed}");
        assert_eq!(chat.does("alice", &join("DEN")), [joined("alice", "DEN")]);
    }
}

#[test]
fn the_general_room_outlives_its_members() {
    let mut chat = Chat::of(["alice"]);
    chat.did("alice", &join("den"));
    assert_eq!(
        chat.does("alice", &ask("channels")),
        [channel_list(&["den", "general"])]
    );
    assert_eq!(
        chat.does("alice", &join("general")),
        [joined("alice", "general")]
    );
}

#[test]
fn who_disconnects_leaves_for_good() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.goes("bob");
    assert_eq!(chat.hears("alice"), [left("bob", "general")]);
    chat.enter("bob");
    assert_eq!(chat.hears("alice"), [joined("bob", "general")]);
}

#[test]
fn what_is_said_stays_in_the_room() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    chat.did("alice", &join("den"));
    chat.did("bob", &join("den"));
    assert_eq!(chat.does("alice", &message("hi")), [""; 0], "no echo");
    assert_eq!(chat.hears("bob"), [said("hi", "alice")]);
    assert_eq!(chat.hears("carol"), [""; 0]);
}

#[test]
fn whoever_looks_at_the_hub_sees_the_rooms_their_owners_and_their_members() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    for name in ["bob", "carol"] {
        chat.did(name, &join("den"));
    }
    chat.did("bob", &ask("private"));
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| id(chat.clients[name]));
    let rooms = chat.world.hub.rooms();
    let rooms: Vec<_> = rooms
        .map(|room| {
            (
                room.channel.to_owned(),
                room.private,
                room.owner,
                room.members,
            )
        })
        .collect();
    let expected = [
        ("general".to_owned(), false, None, vec![alice]),
        ("den".to_owned(), true, Some(bob), vec![bob, carol]),
    ];
    assert_eq!(rooms, expected);
}
