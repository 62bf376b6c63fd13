//! The lists of rooms and of members: they are what is so, however often they were asked for before.

use chatmaster_core::testing::ClientId;
use chatmaster_core::testing::packages::{ask, channel_list, join, rename, user_list};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};

use crate::Chat;

#[test]
fn rooms_are_sorted_and_members_in_the_order_of_coming() {
    let mut chat = Chat::of(["carol", "alice", "bob"]);
    chat.did("alice", &join("zoo"));
    chat.did("bob", &join("Attic"));
    let channels = channel_list(&["Attic", "general", "zoo"]);
    assert_eq!(chat.does("carol", &ask("channels")), [channels.as_str()]);
    assert_eq!(chat.does("carol", &ask("channel_list")), [channels]);
    chat.did("alice", &join("Attic"));
    chat.did("carol", &join("attic"));
    let users = user_list("Attic", &["bob", "alice", "carol"]);
    assert_eq!(chat.does("alice", &ask("users")), [users]);
}

/// The list that Alice gets, and that Bob gets twice in zlib: after it was asked for once, it is kept.
fn list(chat: &mut Chat, name: &str) -> String {
    chat.clear();
    let list = chat.does("alice", &ask(name)).remove(0);
    assert!(list.len() > 1024, "it is kept: {list}");
    let bob = chat.clients["bob"];
    for _ in 0..2 {
        let asks = Writer::new(Framing::Zlib).package(&ask(name));
        chat.world.send(bob, &asks);
        let mut reader = Reader::default();
        reader.feed(&chat.world.take(bob));
        let other = reader.next_package().expect("a command has an answer");
        assert!(other.compressed);
        assert_eq!(other.text, list);
    }
    list
}

#[test]
fn a_long_list_that_was_asked_for_is_written_anew_when_something_changes() {
    let mut chat = Chat::of(["alice", "bob"]);
    let room = |number: usize| format!("a-room-with-a-name-that-is-rather-long-{number:02}");
    let owners: Vec<ClientId> = (0..30)
        .map(|number| {
            let owner = chat.world.log_in(&format!("owner-{number:02}"));
            chat.world.send(owner, join(&room(number)).as_bytes());
            owner
        })
        .collect();
    let members: Vec<ClientId> = (0..50)
        .map(|number| {
            chat.world
                .log_in(&format!("somebody-in-the-room-{number:02}"))
        })
        .collect();

    assert!(list(&mut chat, "channels").contains(&room(0)));
    chat.world.send(owners[0], ask("private").as_bytes());
    assert!(!list(&mut chat, "channels").contains(&room(0)));
    chat.world.send(owners[0], ask("public").as_bytes());
    assert!(list(&mut chat, "channels").contains(&room(0)));
    chat.world.close(owners[1]);
    assert!(!list(&mut chat, "channels").contains(&room(1)));

    assert!(list(&mut chat, "users").contains("-room-00"));
    chat.world.send(members[0], join("new-room").as_bytes());
    assert!(list(&mut chat, "channels").contains("new-room"));
    assert!(!list(&mut chat, "users").contains("-room-00"));
    chat.world.send(members[1], rename("robert").as_bytes());
    assert!(list(&mut chat, "users").contains("robert"));
    chat.world.close(members[1]);
    assert!(!list(&mut chat, "users").contains("robert"));
    chat.world.log_in("newcomer");
    assert!(list(&mut chat, "users").contains("newcomer"));
}
