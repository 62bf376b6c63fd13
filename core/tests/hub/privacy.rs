//! Private rooms, and who owns a room.

use chatmaster_core::testing::packages::{
    ask, channel_list, error, join, joined, left, message, said, user_list,
};

use crate::Chat;

/// Alice and Bob are in her den, and Carol is in the general room.
fn den() -> Chat {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    chat.did("alice", &join("den"));
    chat.did("bob", &join("den"));
    chat
}

#[test]
fn a_private_room_is_in_no_list_and_its_door_is_closed() {
    let mut chat = den();
    assert_eq!(
        chat.does("alice", &ask("private")),
        [channel_list(&["general"])]
    );
    assert_eq!(
        chat.does("carol", &ask("channels")),
        [channel_list(&["general"])]
    );
    let closed = error("join", "Channel is private.");
    assert_eq!(chat.does("carol", &join("den")), [closed.as_str()]);
    assert_eq!(chat.does("carol", &join("DEN")), [closed.as_str()]);
    assert_eq!(chat.hears("alice"), [""; 0], "nobody inside is told");
    // Carol is where she was, and those inside are too.
    assert_eq!(
        chat.does("carol", &ask("users")),
        [user_list("general", &["carol"])]
    );
    chat.does("alice", &message("psst"));
    assert_eq!(chat.hears("bob"), [said("psst", "alice")]);
    assert_eq!(chat.hears("carol"), [""; 0]);
    // Also who was inside is a newcomer, and so is its owner.
    for name in ["bob", "alice"] {
        chat.did(name, &ask("leave"));
        if name == "bob" {
            assert_eq!(chat.does(name, &join("den")), [closed.as_str()]);
        }
    }
    // Nobody is left in it: it is another den, and a public one.
    assert_eq!(chat.does("carol", &join("den")), [joined("carol", "den")]);
    assert_eq!(
        chat.does("carol", &ask("channels")),
        [channel_list(&["den", "general"])]
    );
}

#[test]
fn a_name_that_looks_like_that_of_a_private_room_is_refused_without_naming_it() {
    let mut chat = den();
    chat.did("alice", &ask("private"));
    let clash = "Channel cannot be created: its name looks like that of another.";
    assert_eq!(
        chat.does("carol", &join("d\u{435}n")),
        [error("join", clash)]
    );
}

#[test]
fn a_room_that_is_shown_again_is_listed_and_open() {
    let mut chat = den();
    chat.did("alice", &ask("private"));
    assert_eq!(
        chat.does("alice", &ask("public")),
        [channel_list(&["den", "general"])]
    );
    assert_eq!(chat.hears("bob"), [""; 0], "only who did it is told");
    assert_eq!(chat.does("carol", &join("den")), [joined("carol", "den")]);
}

#[test]
fn only_the_owner_hides_and_shows_and_only_what_is_not_so_already() {
    let mut chat = den();
    for command in ["private", "public"] {
        let told = format!("Only the channel's owner can set it to {command}.");
        assert_eq!(chat.does("bob", &ask(command)), [error(command, &told)]);
    }
    let told = error("public", "Channel is already public.");
    assert_eq!(chat.does("alice", &ask("public")), [told]);
    chat.did("alice", &ask("private"));
    let told = error("private", "Channel is already private.");
    assert_eq!(chat.does("alice", &ask("private")), [told]);
}

#[test]
fn the_general_room_is_public_and_nobodys() {
    let mut chat = Chat::of(["alice"]);
    for command in ["private", "public"] {
        let told = format!("Channel cannot be set to {command}.");
        assert_eq!(chat.does("alice", &ask(command)), [error(command, &told)]);
    }
    assert_eq!(
        chat.world.hub.rooms().next().and_then(|room| room.owner),
        None
    );
}

#[test]
fn who_has_been_there_longest_inherits_a_room_however_its_owner_goes() {
    for going in [ask("leave"), join("lair"), String::new()] {
        let mut chat = den();
        chat.did("carol", &join("den"));
        match going.is_empty() {
            true => chat.goes("alice"),
            false => chat.did("alice", &going),
        }
        chat.clear();
        let told = "Only the channel's owner can set it to private.";
        assert_eq!(
            chat.does("carol", &ask("private")),
            [error("private", told)]
        );
        let [listed] = &chat.does("bob", &ask("private"))[..] else {
            panic!("a command has one answer");
        };
        assert!(!listed.contains("den"), "{listed}");
    }
}

#[test]
fn who_goes_and_does_not_own_the_room_changes_nothing_of_it() {
    let mut chat = den();
    chat.goes("bob");
    assert_eq!(chat.hears("alice"), [left("bob", "den")]);
    assert_eq!(
        chat.does("alice", &ask("private")),
        [channel_list(&["general"])]
    );
}

#[test]
fn who_comes_back_to_a_room_with_members_does_not_own_it() {
    let mut chat = den();
    chat.did("alice", &ask("leave"));
    chat.did("alice", &join("den"));
    let told = "Only the channel's owner can set it to private.";
    assert_eq!(
        chat.does("alice", &ask("private")),
        [error("private", told)]
    );
}
