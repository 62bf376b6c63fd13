//! What users are called: who has a name, and who can have another.

use chatmaster_core::testing::packages::{
    ask, error, join, joined, login, message, refused, rename, renamed, said, user_list,
};

use crate::Chat;

#[test]
fn a_new_name_is_told_to_the_room_and_goes_with_what_is_said() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    chat.did("carol", &join("den"));
    assert_eq!(
        chat.does("alice", &rename("Alicia")),
        [renamed("alice", "Alicia")]
    );
    assert_eq!(chat.hears("bob"), [renamed("alice", "Alicia")]);
    assert_eq!(chat.hears("carol"), [""; 0]);
    chat.does("alice", &message("hi"));
    assert_eq!(chat.hears("bob"), [said("hi", "Alicia")]);
    assert_eq!(
        chat.does("bob", &ask("users")),
        [user_list("general", &["Alicia", "bob"])]
    );
}

#[test]
fn a_name_is_had_once_in_any_spelling_and_given_back_by_another_name_or_by_going() {
    let mut chat = Chat::of(["alice", "bob"]);
    let taken = error("rename", "Username is already taken.");
    for name in ["alice", "ALICE"] {
        assert_eq!(chat.does("bob", &rename(name)), [taken.as_str()]);
    }
    assert_eq!(chat.hears("alice"), [""; 0]);
    chat.did("alice", &rename("carol"));
    assert_eq!(
        chat.does("bob", &rename("alice")),
        [renamed("bob", "alice")]
    );
    assert_eq!(chat.hears("alice"), [renamed("bob", "alice")]);
    chat.goes("alice");
    chat.clear();
    assert_eq!(
        chat.does("bob", &rename("Carol")),
        [renamed("alice", "Carol")]
    );
}

#[test]
fn a_name_that_looks_like_anothers_is_refused_and_the_other_named() {
    let mut chat = Chat::of(["alice", "bob"]);
    let told = "Username looks like alice, which is already taken.";
    assert_eq!(
        chat.does("bob", &rename("\u{430}lice")),
        [error("rename", told)]
    );
    let stranger = chat.world.connect();
    chat.world.packages(stranger);
    chat.world.send(stranger, login("\u{430}lice").as_bytes());
    assert_eq!(chat.world.packages(stranger), [refused(told)]);
}

#[test]
fn another_spelling_of_the_own_name_can_be_had_and_the_same_one_not() {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(
        chat.does("alice", &rename("ALICE")),
        [renamed("alice", "ALICE")]
    );
    let told = error("rename", "That is your name already.");
    assert_eq!(chat.does("alice", &rename("ALICE")), [told]);
}

#[test]
fn a_name_is_kept_where_another_is_refused() {
    let mut chat = Chat::of(["alice", "bob"]);
    let told = error("rename", "A name must not contain spaces.");
    assert_eq!(chat.does("bob", &rename("b ob")), [told]);
    chat.does("bob", &message("hi"));
    assert_eq!(chat.hears("alice"), [said("hi", "bob")]);
    assert_eq!(
        chat.does("alice", &rename("BOB")),
        [error("rename", "Username is already taken.")]
    );
}

#[test]
fn users_and_rooms_do_not_share_their_names() {
    let mut chat = Chat::of(["alice", "bob"]);
    assert_eq!(chat.does("alice", &join("bob")), [joined("alice", "bob")]);
    chat.clear();
    assert_eq!(
        chat.does("bob", &rename("general")),
        [renamed("bob", "general")]
    );
}
