//! Sessions by name.

use std::time::Duration;

use chatmaster_core::session::{Action, ActionError, End, Event};
use chatmaster_core::testing::{Sessions, unlimited};
use chatmaster_core::{Config, SessionConfig};

fn say(text: &str) -> Action {
    Action::Say(text.into())
}

#[test]
fn nothing_is_heard_before_it_settles_and_then_all_of_it() {
    let mut chat = Sessions::new(unlimited());
    chat.log_in("alice");
    chat.log_in("bob");
    chat.act("alice", say("one")).expect("she is in");
    chat.act("alice", say("two")).expect("she is in");
    assert_eq!(chat.heard("bob"), []);
    chat.settle();
    let heard = ["one", "two"].map(|text| ("alice".into(), text.into()));
    assert_eq!(chat.heard("bob"), heard);
    assert_eq!(chat.heard("bob"), [], "it was asked for");
    assert_eq!(chat.session("bob").place(), Some(("bob", "general")));
}

#[test]
fn a_session_is_known_by_the_name_that_the_test_gave_it() {
    let mut chat = Sessions::new(unlimited());
    chat.log_in("alice");
    chat.connect("another alice", SessionConfig::default());
    chat.settle();
    let wanted = Event::NameWanted {
        reason: None,
        request: None,
    };
    assert_eq!(chat.events("another alice"), [wanted]);
    assert_eq!(
        chat.act("another alice", say("hi")),
        Err(ActionError::NotLoggedIn)
    );
    let login = Action::Login("alicia".into());
    chat.act("another alice", login).expect("it was asked for");
    chat.settle();
    chat.act("another alice", say("hi")).expect("she is in");
    chat.settle();
    assert_eq!(chat.heard("alice"), [("alicia".into(), "hi".into())]);
    assert_eq!(
        format!("{chat:?}"),
        r#"{"alice": Some(("alice", "general")), "another alice": Some(("alicia", "general"))}"#
    );
}

#[test]
fn a_bot_answers_and_what_it_answers_settles_too() {
    let mut chat = Sessions::new(unlimited());
    chat.bot("echo", |event| match event {
        Event::Message { message, .. } => vec![say(message), say("indeed")],
        _ => vec![],
    });
    chat.log_in("alice");
    chat.act("alice", say("hi")).expect("she is in");
    chat.settle();
    let heard = ["hi", "indeed"].map(|text| ("echo".into(), text.into()));
    assert_eq!(chat.heard("alice"), heard);
}

#[test]
#[should_panic = "nothing has come to rest"]
fn bots_that_answer_each_other_for_ever_are_found_out() {
    let mut chat = Sessions::new(unlimited());
    for name in ["echo", "answer"] {
        chat.bot(name, |event| match event {
            Event::Message { message, .. } => Some(say(message)),
            _ => None,
        });
    }
    chat.log_in("alice");
    chat.act("alice", say("hi")).expect("she is in");
    chat.settle();
}

#[test]
fn who_is_slowed_down_is_heard_when_time_has_passed() {
    let mut chat = Sessions::new(Config::default());
    chat.log_in("alice");
    chat.log_in("bob");
    for number in 0..50 {
        chat.act("alice", say(&number.to_string()))
            .expect("she is in");
    }
    chat.settle();
    let soon = chat.heard("bob").len();
    assert!(soon < 50, "flood control");
    chat.advance(Duration::from_secs(60));
    assert_eq!(chat.heard("bob").len(), 50 - soon);
}

#[test]
fn sessions_end_by_leaving_and_by_breaking_off() {
    let mut chat = Sessions::new(unlimited());
    for name in ["alice", "bob", "carol"] {
        chat.log_in(name);
    }
    chat.events("bob");
    chat.events("carol");
    chat.act("bob", Action::Quit).expect("he is in");
    chat.settle();
    assert_eq!(chat.events("bob"), [Event::Ended(End::Quit)]);
    chat.events("alice");
    chat.break_off("carol");
    chat.settle();
    assert_eq!(chat.events("carol").pop(), Some(Event::Ended(End::Lost)));
    let left = |event: &Event| matches!(event, Event::Left { username, .. } if username == "carol");
    assert!(chat.events("alice").iter().any(left));
    assert_eq!(chat.harness.hub.connections(), 1);
}
