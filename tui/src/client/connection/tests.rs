use std::time::Duration;

use super::*;

const START: Time = Time::from_micros(1_000_000);

/// A connection of alice, who is in, in this room, and came there from the general one.
fn in_room(room: &str) -> Connection {
    let mut connection = Connection::new(Some("alice".into()));
    connection.start(None);
    connection.logged_in(START, "alice".into(), "general");
    connection.entered(room);
    connection
}

fn login(name: &str, room: Option<&str>) -> Login {
    Login {
        name: Some(name.into()),
        room: room.map(Into::into),
    }
}

#[test]
fn whoever_comes_back_comes_under_their_last_name_into_their_last_room() {
    let mut connection = in_room("tea");
    connection.set_own_name("Eve".into());
    connection.ended(START);
    assert_eq!(connection.open(), login("Eve", Some("tea")));
    assert!(!connection.is_there());
    // Also if the connection is lost on the way.
    connection.ended(START);
    assert_eq!(connection.open(), login("Eve", Some("tea")));
    let arrival = connection.logged_in(START, "Eve".into(), "general");
    assert_eq!((arrival, connection.is_there()), (Arrival::Back, false));
    assert_eq!(connection.entered("Tea"), Arrival::Back);
    assert!(connection.is_there());
}

#[test]
fn the_general_room_is_joined_by_the_login() {
    let mut connection = in_room("general");
    connection.ended(START);
    assert_eq!(connection.open(), login("alice", None));
    connection.logged_in(START, "alice".into(), "general");
    assert!(connection.is_there());
}

#[test]
fn nothing_of_one_server_counts_at_another() {
    let mut connection = in_room("tea");
    connection.ended(START);
    connection.turn_elsewhere();
    assert_eq!(connection.open(), login("alice", None));
    assert!(!connection.was_in() && connection.room().is_none());
}

#[test]
fn the_pauses_grow_until_a_session_has_held_for_a_minute() {
    let seconds = |pause: Countdown| pause.left().as_secs_f64();
    let mut connection = in_room("tea");
    let mut end_after = |held: u64| {
        connection.logged_in(START, "alice".into(), "general");
        connection.ended(START + Duration::from_secs(held));
        seconds(connection.retry())
    };
    assert!((0.8..=1.2).contains(&end_after(59)));
    assert!((1.6..=2.4).contains(&end_after(59)));
    assert!((0.8..=1.2).contains(&end_after(60)));
}

#[test]
fn a_private_room_that_was_left_open_meanwhile_is_noticed_once() {
    let mut connection = in_room("lair");
    assert!(!connection.set_privacy(Privacy::Private));
    connection.ended(START);
    connection.logged_in(START, "alice".into(), "general");
    connection.entered("lair");
    assert!(connection.set_privacy(Privacy::Public));
    assert!(!connection.set_privacy(Privacy::Public));
}

#[test]
fn a_silent_server_is_asked_and_then_given_up() {
    let mut connection = in_room("tea");
    connection.listen();
    let Woken::GoesOn(outputs) = connection.woke() else {
        panic!("it may have nothing to say");
    };
    assert!(matches!(
        outputs[..],
        [Output::Act(_, Action::Sync), Output::Wake(PATIENCE)]
    ));
    assert_eq!(connection.woke(), Woken::ServerIsSilent);
    connection.heard();
    assert!(matches!(connection.woke(), Woken::GoesOn(_)));
}
