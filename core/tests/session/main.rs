//! The client's session: what it tells its user, what it sends for it, and how it ends. The server
//! here is a script of packages, so that other servers than ours are met too; the tests that span
//! crates run it against the hub.

mod bounds;
mod version2;

use chatmaster_core::session::{Action, ActionError, End, Event, Listing, Request, RequestId};
use chatmaster_core::wire::{Decoder, Encoder, Encoding, Inflaters, Version, Violation};
use chatmaster_core::{Session, SessionConfig, SessionInput, SessionOutput, Time};

const REQUEST: &str = r#"{"type":"request","data":{"request":"login"}}"#;
const WELCOME: &str = r#"{"type":"session","data":{"status":true,"channels":["den","general"],"username":"Alice","channel":"general"}}"#;

/// A session and the server's end of its connection.
struct Line {
    session: Session,
    outputs: Vec<SessionOutput>,
    decoder: Decoder,
    inflaters: Inflaters,
}

impl Line {
    fn new(config: SessionConfig) -> Self {
        Line {
            session: Session::new(config),
            outputs: Vec::new(),
            decoder: Decoder::new(1 << 20),
            inflaters: Inflaters::new(1),
        }
    }

    /// A session of Alice, logged in.
    fn logged_in() -> Self {
        let mut line = Line::new(SessionConfig {
            username: Some("alice".into()),
            ..config()
        });
        line.hears(REQUEST);
        assert_eq!(
            line.says(),
            [r#"{"type":"command","data":{"command":"login","parameters":{"username":"alice"}}}"#]
        );
        line.hears(WELCOME);
        line
    }

    fn input(&mut self, input: SessionInput<'_>) -> Vec<Event> {
        self.session.handle(Time::ZERO, input);
        self.events()
    }

    fn events(&mut self) -> Vec<Event> {
        let events = std::iter::from_fn(|| self.session.poll_event()).collect();
        self.outputs
            .extend(std::iter::from_fn(|| self.session.poll_output()));
        events
    }

    /// The server sends these packages.
    fn hears(&mut self, packages: &str) -> Vec<Event> {
        self.input(SessionInput::Received(packages.as_bytes()))
    }

    fn acts(&mut self, request: impl Into<Request>) -> Result<RequestId, ActionError> {
        let done = self.session.act(Time::ZERO, request);
        self.outputs
            .extend(std::iter::from_fn(|| self.session.poll_output()));
        done
    }

    /// What the session has sent since, as text.
    fn says(&mut self) -> Vec<String> {
        let sent = self.session.pending().to_vec();
        self.session
            .handle(Time::ZERO, SessionInput::Sent(sent.len() as u32));
        self.outputs
            .extend(std::iter::from_fn(|| self.session.poll_output()));
        let (mut rest, mut said) = (&sent[..], Vec::new());
        while let Some(package) = self.decoder.decode(&mut self.inflaters, &mut rest).unwrap() {
            said.push(String::from_utf8(package.text.to_vec()).unwrap());
        }
        said
    }
}

fn config() -> SessionConfig {
    SessionConfig {
        encoding: Encoding::Plain,
        ..SessionConfig::default()
    }
}

fn notification(data: &str) -> String {
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

#[test]
fn a_login_request_is_answered_with_the_configured_name() {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        ..config()
    });
    assert_eq!(line.hears(REQUEST), []);
    assert_eq!(line.outputs, [SessionOutput::Write]);
    assert_eq!(
        line.says(),
        [r#"{"type":"command","data":{"command":"login","parameters":{"username":"alice"}}}"#]
    );
    let channels = vec!["den".to_string(), "general".to_string()];
    let (username, channel) = ("Alice".to_string(), "general".to_string());
    assert_eq!(
        line.hears(WELCOME),
        [Event::LoggedIn {
            username,
            channel,
            channels,
            more: 0,
            version: Version::One,
            resume: None,
            joined: vec!["general".into()],
            resumed: false,
            request: None,
            with: vec![],
        }]
    );
    assert_eq!(line.session.place(), Some(("Alice", "general")));
}

#[test]
fn a_user_without_a_name_or_with_a_refused_one_is_asked_for_one() {
    let mut line = Line::new(config());
    assert_eq!(
        line.hears(REQUEST),
        [Event::NameWanted {
            reason: None,
            request: None
        }]
    );
    assert_eq!(
        line.acts(Action::Say("hi".into())),
        Err(ActionError::NotLoggedIn)
    );
    let asked = line.acts(Action::Login("bob".into())).unwrap();
    assert_eq!(
        line.acts(Action::Login("bob".into())),
        Err(ActionError::LoginNotWanted)
    );
    let refused = r#"{"type":"session","data":{"status":0,"reason":"Username is already taken."}}"#;
    let reason = Some("Username is already taken.".to_string());
    let request = Some(asked);
    assert_eq!(line.hears(refused), [Event::NameWanted { reason, request }]);
    line.acts(Action::Login("alice".into())).unwrap();
    assert_eq!(line.hears(WELCOME).len(), 1);
    assert_eq!(
        line.acts(Action::Login("x".into())),
        Err(ActionError::LoginNotWanted)
    );
}

#[test]
fn a_server_that_says_no_more_than_other_servers_do_will_do() {
    let mut line = Line::new(SessionConfig {
        username: Some("al".into()),
        ..config()
    });
    line.hears(REQUEST);
    line.hears(r#"{"type":"session","data":{"status":1,"channels":["Channel1"]}}"#);
    assert_eq!(line.session.place(), Some(("al", "general")));
    let asked = line.acts(Action::Join("den".into())).unwrap();
    let joined = line.hears(&notification(
        r#""event_type":"user_joined","username":"al""#,
    ));
    let (username, channel) = ("al".to_string(), "den".to_string());
    assert_eq!(
        joined,
        [Event::Joined {
            username,
            channel,
            me: true,
            topic: None,
            request: Some(asked)
        }]
    );
    assert_eq!(line.session.place(), Some(("al", "den")));
    line.acts(Action::Leave).unwrap();
    line.hears(&notification(r#""event_type":"user_left","username":"al""#));
    assert_eq!(line.session.place(), Some(("al", "general")));
}

#[test]
fn a_configured_room_is_joined_after_login() {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        channel: Some("den".into()),
        ..config()
    });
    line.hears(REQUEST);
    line.says();
    line.hears(WELCOME);
    assert_eq!(
        line.says(),
        [r#"{"type":"command","data":{"command":"join","parameters":{"channel":"den"}}}"#]
    );

    // But not the one it is in anyway, in whatever spelling.
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        channel: Some("General".into()),
        ..config()
    });
    line.hears(REQUEST);
    line.says();
    line.hears(WELCOME);
    assert_eq!(line.says(), [""; 0]);
}

#[test]
fn actions_become_packages() {
    let mut line = Line::logged_in();
    for action in [
        Action::Say("hi \"you\"".into()),
        Action::Rename("Al".into()),
        Action::Join("den".into()),
        Action::Leave,
        Action::Private,
        Action::Public,
        Action::Channels,
        Action::Users,
        Action::Sync,
    ] {
        line.acts(action).unwrap();
    }
    let command = |rest: &str| format!(r#"{{"type":"command","data":{{"command":{rest}}}}}"#);
    assert_eq!(
        line.says(),
        [
            r#"{"type":"message","data":{"message":"hi \"you\"","username":"Alice"}}"#.to_string(),
            command(r#""rename","parameters":{"username":"Al"}"#),
            command(r#""join","parameters":{"channel":"den"}"#),
            command(r#""leave""#),
            command(r#""private""#),
            command(r#""public""#),
            command(r#""channels""#),
            command(r#""users""#),
            command(r#""channels""#),
        ]
    );
    assert_eq!(
        line.acts(Action::Say(String::new())),
        Err(ActionError::EmptyMessage)
    );
}

#[test]
fn packages_become_events_and_the_place_is_kept() {
    let mut line = Line::logged_in();
    let said = line.hears(r#"{"type":"message","data":{"message":"hi","username":"bob"}}"#);
    assert_eq!(said, [Event::message("bob", "hi")]);
    let joined = r#""event_type":"user_joined","username":"Alice","channel":"den""#;
    let asked = line.acts(Action::Join("DEN".into())).unwrap();
    assert_eq!(
        line.hears(&notification(joined)),
        [Event::Joined {
            username: "Alice".into(),
            channel: "den".into(),
            me: true,
            topic: None,
            request: Some(asked)
        }]
    );
    assert_eq!(line.session.place(), Some(("Alice", "den")));
    let asked = line.acts(Action::Rename("Al".into())).unwrap();
    let renamed = r#""event_type":"user_rename","old_username":"Alice","new_username":"Al""#;
    assert_eq!(
        line.hears(&notification(renamed)),
        [Event::Renamed {
            old_username: "Alice".into(),
            new_username: "Al".into(),
            channel: None,
            me: true,
            request: Some(asked)
        }]
    );
    let left = r#""event_type":"user_left","username":"bob","channel":"den""#;
    assert_eq!(
        line.hears(&notification(left)),
        [Event::Left {
            username: "bob".into(),
            channel: "den".into(),
            me: false,
            request: None
        }]
    );
    let users = r#""event_type":"user_list","channel":"den","users":["Al","carol"],"more":3"#;
    assert_eq!(
        line.hears(&notification(users)),
        [Event::Users {
            channel: "den".into(),
            users: vec!["Al".into(), "carol".into()],
            more: 3,
            request: None
        }]
    );
    assert_eq!(line.session.place(), Some(("Al", "den")));
}

#[test]
fn lists_say_what_they_answer_and_a_sync_is_answered_in_its_turn() {
    let mut line = Line::logged_in();
    let [private, sync, public, channels] = [
        Action::Private,
        Action::Sync,
        Action::Public,
        Action::Channels,
    ]
    .map(|action| line.acts(action).ok());
    let list = notification(r#""event_type":"channel_list","channels":["general"]"#);
    let listing = |answers, request| Event::Channels {
        channels: vec!["general".into()],
        more: 0,
        answers,
        request,
    };
    assert_eq!(line.hears(&list), [listing(Listing::Private, private)]);
    assert_eq!(line.hears(&list), [Event::Synced { request: sync }]);
    assert_eq!(line.hears(&list), [listing(Listing::Public, public)]);
    assert_eq!(line.hears(&list), [listing(Listing::Channels, channels)]);
    let unasked = listing(Listing::Channels, None);
    assert_eq!(line.hears(&list), [unasked]);
    assert_eq!(line.session.channels(), ["general"]);
}

#[test]
fn an_error_answers_the_command_of_its_type() {
    let mut line = Line::logged_in();
    let private = line.acts(Action::Private).unwrap();
    let sync = line.acts(Action::Sync).unwrap();
    let told = r#"{"type":"error","data":{"error_type":"private","message":"No."}}"#;
    assert_eq!(
        line.hears(told),
        [Event::Error {
            error_type: "private".into(),
            message: "No.".into(),
            request: Some(private)
        }]
    );
    let list = notification(r#""event_type":"channel_list","channels":["general"]"#);
    let request = Some(sync);
    assert_eq!(line.hears(&list), [Event::Synced { request }]);
}

#[test]
fn requests_are_counted_and_whoever_numbers_them_finds_the_numbers_in_the_answers() {
    let mut line = Line::logged_in();
    assert_eq!(line.acts(Action::Users), Ok(RequestId(0)));
    assert!(line.acts(Action::Say(String::new())).is_err());
    assert_eq!(line.acts(Action::Users), Ok(RequestId(1)), "none is lost");
    let chosen = RequestId(7);
    assert_eq!(line.acts((chosen, Action::Users)), Ok(chosen));
    assert_eq!(line.acts(Action::Users), Ok(RequestId(8)));
    let users = notification(r#""event_type":"user_list","channel":"den","users":[]"#);
    for number in [0, 1, 7, 8] {
        let events = line.hears(&users);
        assert_eq!(events[0].request(), Some(RequestId(number)));
    }
    assert_eq!(line.hears(&users)[0].request(), None, "nobody asked");
}

#[test]
fn to_be_in_a_room_answers_no_join_to_another() {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        channel: Some("den".into()),
        ..config()
    });
    line.hears(REQUEST);
    line.hears(WELCOME);
    let asked = line.acts(Action::Join("Tea".into())).unwrap();
    let mut joins = |channel: &str| {
        let data = r#""event_type":"user_joined","username":"Alice","channel":"#;
        let events = line.hears(&notification(&format!(r#"{data}"{channel}""#)));
        events[0].request()
    };
    assert_eq!(joins("general"), None, "a login leads there");
    assert_eq!(joins("den"), None, "the configuration wants it");
    assert_eq!(joins("tea"), Some(asked));
    assert_eq!(joins("tea"), None, "each is answered once");
}

#[test]
fn what_it_does_not_know_is_passed_on_and_survived() {
    let mut line = Line::logged_in();
    for package in [
        r#"{"type":"topic","data":{}}"#,
        r#"{"type":"notification","data":{"event_type":"user_slept"}}"#,
        r#"{"type":"message"}"#,
        r#"{"a":[}"#,
    ] {
        assert_eq!(
            line.hears(package),
            [Event::Unknown {
                package: package.into()
            }]
        );
    }
    assert!(!line.session.is_over());
}

#[test]
fn packages_may_come_compressed_and_in_pieces() {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        ..config()
    });
    let mut bytes = Vec::new();
    let mut encoder = Encoder::default();
    for text in [REQUEST, WELCOME] {
        encoder.encode(text.as_bytes(), Encoding::Zlib, &mut bytes);
    }
    let events: Vec<Event> = bytes
        .chunks(1)
        .flat_map(|byte| line.input(SessionInput::Received(byte)))
        .collect();
    assert!(
        matches!(&events[..], [Event::LoggedIn { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_quit_sends_what_is_queued_and_takes_leave() {
    let mut line = Line::logged_in();
    line.acts(Action::Say("bye".into())).unwrap();
    line.acts(Action::Quit).unwrap();
    assert_eq!(
        line.acts(Action::Say("more".into())),
        Err(ActionError::Ended)
    );
    line.outputs.clear();
    assert_eq!(line.says().len(), 1);
    assert_eq!(line.outputs, [SessionOutput::Finish]);
    assert_eq!(line.input(SessionInput::Eof), [Event::Ended(End::Quit)]);
    assert_eq!(line.outputs, [SessionOutput::Finish, SessionOutput::Close]);
    assert!(line.session.is_over());
    assert_eq!(line.hears(REQUEST), [], "nothing comes after the end");
}

#[test]
fn a_server_that_does_not_let_go_is_left_at_the_linger_deadline() {
    let mut line = Line::logged_in();
    line.acts(Action::Quit).unwrap();
    assert_eq!(
        line.session.poll_timeout(),
        Some(Time::from_micros(5_000_000))
    );
    line.session
        .handle(Time::from_micros(4_999_999), SessionInput::Tick);
    assert_eq!(line.events(), []);
    line.session
        .handle(Time::from_micros(5_000_000), SessionInput::Tick);
    assert_eq!(line.session.poll_timeout(), None, "what is due is done");
    assert_eq!(line.events(), [Event::Ended(End::Quit)]);
    assert_eq!(line.session.poll_timeout(), None);
}

#[test]
fn the_end_says_why() {
    let mut line = Line::logged_in();
    assert_eq!(line.input(SessionInput::Closed), [Event::Ended(End::Lost)]);

    let mut line = Line::logged_in();
    let end = End::ClosedByServer { reason: None };
    assert_eq!(line.input(SessionInput::Eof), [Event::Ended(end)]);

    // The last error is the reason, also when what was under way is lost to a reset.
    for last in [SessionInput::Eof, SessionInput::Closed] {
        let mut line = Line::logged_in();
        let told = r#"{"type":"error","data":{"error_type":"shutdown","message":"Bye."}}"#;
        line.session
            .handle(Time::ZERO, SessionInput::Received(told.as_bytes()));
        line.session.handle(Time::ZERO, last);
        let error = Event::Error {
            error_type: "shutdown".into(),
            message: "Bye.".into(),
            request: None,
        };
        let end = End::ClosedByServer {
            reason: Some("Bye.".into()),
        };
        assert_eq!(line.events(), [error, Event::Ended(end)]);
    }

    let mut line = Line::logged_in();
    let end = End::Violation(Violation::NotAPackage(b'S'));
    assert_eq!(line.hears("SSH-2.0-OpenSSH_9.2\r\n"), [Event::Ended(end)]);
}

#[test]
fn the_end_tells_how_much_of_what_was_said_never_left() {
    let mut line = Line::logged_in();
    let [_, first, _] = ["one", "two", "three"].map(|text| {
        let said = line.acts(Action::Say(text.into()));
        said.unwrap()
    });
    line.acts(Action::Users).unwrap();
    // {"type":"message","data":{"message":"one","username":"Alice"}} and a line feed.
    let one = 63;
    line.session.handle(Time::ZERO, SessionInput::Sent(one + 5));
    let lost = Event::Ended(End::Lost);
    assert_eq!(
        line.input(SessionInput::Closed),
        [Event::Unsent { messages: 2, first }, lost.clone()]
    );

    let mut line = Line::logged_in();
    line.acts(Action::Say("one".into())).unwrap();
    line.acts(Action::Users).unwrap();
    line.session.handle(Time::ZERO, SessionInput::Sent(one));
    assert_eq!(line.input(SessionInput::Closed), [lost]);
}

#[test]
fn a_session_shows_itself_in_a_line() {
    let session = Session::new(SessionConfig::default());
    let line = format!("{session:?}");
    assert!(line.starts_with("Session { now: "), "{line}");
    assert!(line.len() < 200, "{line}");
}

#[test]
fn what_comes_in_one_read_is_heard_package_by_package_and_a_part_of_one_waits() {
    let mut line = Line::logged_in();
    let said = |text: &str| {
        format!(r#"{{"type":"message","data":{{"message":"{text}","username":"bob"}}}}"#)
    };
    let heard = |text: &str| Event::message("bob", text);
    let all = [said("1"), said("2"), said("3")].concat();
    let (now, later) = all.split_at(all.len() - 10);
    assert_eq!(line.hears(now), [heard("1"), heard("2")]);
    let rest = [later, &said("4")].concat();
    assert_eq!(line.hears(&rest), [heard("3"), heard("4")]);
}

#[test]
fn a_request_for_something_else_than_a_login_is_not_answered() {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        ..config()
    });
    let other = r#"{"type":"request","data":{"request":"password"}}"#;
    let package = "request: password".into();
    assert_eq!(line.hears(other), [Event::Unknown { package }]);
    assert_eq!(line.says(), [""; 0]);
}
