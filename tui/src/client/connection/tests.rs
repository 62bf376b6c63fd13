use std::time::Duration;

use chatmaster_core::wire::Version;

use super::*;

const START: Time = Time::from_micros(1_000_000);

/// A connection of alice, who is in, in this room, and came there from the general one.
fn in_room(room: &str) -> Connection {
    let mut connection = Connection::new(Some("alice".into()));
    connection.start(None);
    connection.logged_in(START, welcome("alice"));
    connection.entered(room);
    connection
}

/// The server lets a user in, into the general room.
fn welcome(name: &str) -> Welcome {
    Welcome {
        username: name.into(),
        channel: "general".into(),
        joined: vec!["general".into()],
        version: Version::One,
        resume: None,
        resumed: false,
    }
}

fn login(name: &str, room: Option<&str>) -> Login {
    Login {
        name: Some(name.into()),
        room: room.map(Into::into),
        resume: None,
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
    let (arrival, _) = connection.logged_in(START, welcome("Eve"));
    assert_eq!((arrival, connection.is_there()), (Arrival::Back, false));
    assert_eq!(connection.entered("Tea"), Arrival::Back);
    assert!(connection.is_there());
}

#[test]
fn the_general_room_is_joined_by_the_login() {
    let mut connection = in_room("general");
    connection.ended(START);
    assert_eq!(connection.open(), login("alice", None));
    connection.logged_in(START, welcome("alice"));
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
        connection.logged_in(START, welcome("alice"));
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
    connection.logged_in(START, welcome("alice"));
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

/// The same with a seat that waits.
fn newer(resumed: bool) -> Welcome {
    Welcome {
        version: Version::Two,
        resume: Some("t0ken".into()),
        resumed,
        ..welcome("alice")
    }
}

#[test]
fn whose_seat_waits_comes_back_to_it_and_what_has_no_answer_is_said_again() {
    let mut connection = in_room("tea");
    connection.logged_in(START, newer(false));
    let say = |text: &str| Action::Say(text.into());
    let sent = connection.act(say("one"));
    let [Output::Act(one, _), Output::Wake(_)] = sent[..] else {
        panic!("{sent:?}: each is answered, without a sync");
    };
    connection.act(Action::Private);
    assert_eq!(connection.ended(START), [], "it is not told yet");
    let token = Some("t0ken".into());
    assert_eq!(connection.open().resume, token);
    let welcome = Welcome {
        channel: "tea".into(),
        joined: vec!["general".into(), "tea".into()],
        ..newer(true)
    };
    let (arrival, doubtful) = connection.logged_in(START, welcome);
    assert_eq!(arrival, Arrival::Resumed);
    assert!(connection.is_there(), "nothing is to be entered again");
    assert_eq!(doubtful, [(Action::Private, Delivery::Unknown)]);
    assert_eq!(connection.next_due(), Some((one, say("one"))));
    assert_eq!(connection.next_due(), None);
}

#[test]
fn whose_seat_is_gone_is_told_what_may_not_have_arrived() {
    let mut connection = in_room("general");
    connection.logged_in(START, newer(false));
    let said = Action::Say("one".into());
    connection.act(said.clone());
    connection.ended(START);
    let (arrival, doubtful) = connection.logged_in(START, newer(false));
    assert_eq!(arrival, Arrival::Back);
    assert_eq!(doubtful, [(said.clone(), Delivery::Unknown)]);
    assert_eq!(connection.next_due(), None);
    // Who leaves has none.
    connection.act(said.clone());
    connection.give_up_seat();
    assert_eq!(connection.ended(START), [(said, Delivery::Unknown)]);
    assert_eq!(connection.open().resume, None);
}

#[test]
fn a_seat_in_another_room_is_not_where_the_user_wants_to_be() {
    let mut connection = Connection::new(Some("alice".into()));
    connection.start(Some("lair".into()));
    connection.logged_in(START, newer(false));
    connection.ended(START);
    connection.logged_in(START, newer(true));
    assert!(
        !connection.is_there(),
        "what is for lair is not for general"
    );
}
