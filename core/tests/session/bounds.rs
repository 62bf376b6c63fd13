//! How much a session takes: to send, to be answered, and of what it hears.

use chatmaster_core::session::{Action, ActionError, Event, Listing};
use chatmaster_core::{Session, SessionConfig};

use crate::{Line, REQUEST, WELCOME, config, notification};

#[test]
fn who_asks_faster_than_is_answered_waits_and_every_answer_stays_its_own() {
    let mut line = Line::logged_in();
    line.acts(Action::Public).unwrap();
    let mut asked = 1;
    let refused = loop {
        line.says();
        match line.acts(Action::Channels) {
            Ok(_) => asked += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((asked, refused), (1024, ActionError::Congested));
    let list = notification(r#""event_type":"channel_list","channels":["general"]"#);
    let answers = |events: Vec<Event>| match &events[..] {
        [Event::Channels { answers, .. }] => *answers,
        other => panic!("{other:?}"),
    };
    assert_eq!(answers(line.hears(&list)), Listing::Public);
    line.acts(Action::Private).unwrap();
    assert_eq!(line.acts(Action::Users), Err(ActionError::Congested));
    for _ in 1..asked {
        assert_eq!(answers(line.hears(&list)), Listing::Channels);
    }
    assert_eq!(answers(line.hears(&list)), Listing::Private);
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let mut line = Line::logged_in();
    let text = "x".repeat(4000);
    let taken =
        (0..10_000).find(|_| line.acts(Action::Say(text.clone())) == Err(ActionError::Congested));
    // 64 packages of 4 KB and 60 bytes and one more are over 256 KiB.
    assert_eq!(taken, Some(64));
    line.says();
    line.acts(Action::Say(text)).unwrap();
    let long = Action::Say("x".repeat(16 * 1024));
    assert_eq!(line.acts(long), Err(ActionError::TooLong(16 * 1024)));
}

#[test]
fn what_is_sent_may_be_as_long_as_it_may_be_and_no_longer() {
    let package = r#"{"type":"message","data":{"message":"hello","username":"Alice"}}"#;
    for (bytes, taken) in [(package.len(), true), (package.len() - 1, false)] {
        let mut line = Line::logged_in();
        line.session = Session::new(SessionConfig {
            username: Some("alice".into()),
            max_sent_bytes: bytes.max(100),
            send_queue_bytes: 2 * bytes + 1,
            ..config()
        });
        line.hears(REQUEST);
        line.says();
        line.hears(WELCOME);
        // With the line feed of the first, the second just fills the queue, or does not fit.
        line.acts(Action::Say("hello".into())).unwrap();
        let again = line.acts(Action::Say("hello".into())).map(drop);
        assert_eq!(again.is_ok(), taken, "{again:?}");
    }
    let most = 16 * 1024;
    let mut line = Line::logged_in();
    let rest = package.len() - "hello".len();
    let longest = "x".repeat(most - rest);
    assert_eq!(
        line.acts(Action::Say(format!("{longest}x"))),
        Err(ActionError::TooLong(most))
    );
    line.acts(Action::Say(longest)).unwrap();
}

#[test]
fn a_text_that_is_longer_than_may_be_is_cut_between_characters() {
    for lead in ["", "x", "xx", "xxx"] {
        let mut line = Line::logged_in();
        let text = String::from(lead) + &"🙂".repeat(20_000);
        let said =
            format!(r#"{{"type":"message","data":{{"message":"{text}","username":"bob"}}}}"#);
        let [Event::Message { message, .. }] = &line.hears(&said)[..] else {
            panic!("a message is one event");
        };
        assert!(message.len() < text.len() && message.ends_with("🙂…"));
    }
}
