//! What a session makes of version 2 of the protocol, and of a server that does not speak it.

use chatmaster_core::session::{Action, ActionError, Event, RequestId};
use chatmaster_core::wire::{Command, Notification, PastMessage, Version};
use chatmaster_core::{SessionConfig, SessionInput};

use super::{Line, REQUEST, WELCOME, config, notification};

const NEWER: &str = r#"{"type":"session","data":{"status":true,"channels":["den","general"],"username":"Alice","channel":"general","version":2,"resume":"t0ken","joined":["general"]}}"#;

/// A session that wants version 2, before its login is answered.
fn logging_in(config: SessionConfig) -> Line {
    let mut line = Line::new(SessionConfig {
        username: Some("alice".into()),
        version: Version::Two,
        ..config
    });
    line.hears(REQUEST);
    line
}

fn logged_in() -> Line {
    let mut line = logging_in(config());
    line.says();
    line.hears(NEWER);
    line
}

/// A notification that answers the request.
fn answer(request: RequestId, data: &str) -> String {
    let RequestId(id) = request;
    format!(r#"{{"type":"notification","data":{{{data}}},"tag":"{id}"}}"#)
}

fn rooms(line: &Line) -> (&str, Vec<&str>) {
    let (_, channel) = line.session.place().expect("it is logged in");
    let rooms = line.session.rooms().iter().map(String::as_str);
    (channel, rooms.collect())
}

fn stay(channel: &str) -> Action {
    let channel = channel.to_owned().into();
    Action::Other(Command::Join {
        channel,
        stay: true,
    })
}

#[test]
fn a_login_says_what_it_speaks_and_shows_its_token_once() {
    let mut line = logging_in(SessionConfig {
        resume: Some("t0ken".into()),
        ..config()
    });
    let said = line.says();
    assert!(
        said[0].contains(r#""parameters":{"username":"alice","version":2,"resume":"t0ken"}"#),
        "{said:?}"
    );
    line.hears(r#"{"type":"session","data":{"status":false,"reason":"Taken."}}"#);
    line.acts(Action::Login("al".into())).unwrap();
    let said = line.says();
    assert!(
        said[0].contains(r#""parameters":{"username":"al","version":2}"#),
        "{said:?}"
    );
}

#[test]
fn a_seat_that_is_taken_again_has_its_rooms() {
    let mut line = logging_in(config());
    let session = r#"{"type":"session","data":{"status":true,"channels":[],"username":"Alice","channel":"den","version":2,"resume":"t0ken","joined":["general","den"],"resumed":true}}"#;
    let heard = line.hears(session);
    let [
        Event::LoggedIn {
            version: Version::Two,
            resume: Some(token),
            joined,
            resumed: true,
            ..
        },
    ] = &heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((&**token, joined.len()), ("t0ken", 2));
    assert_eq!(rooms(&line), ("den", vec!["general", "den"]));
}

#[test]
fn a_room_of_the_configuration_that_one_is_in_already_is_not_joined() {
    let mut line = logging_in(SessionConfig {
        channel: Some("DEN".into()),
        ..config()
    });
    line.says();
    line.hears(r#"{"type":"session","data":{"status":true,"username":"Alice","channel":"general","version":2,"joined":["general","den"],"resumed":true}}"#);
    assert_eq!(line.says(), [""; 0]);
}

#[test]
fn a_server_of_version_1_is_spoken_to_in_version_1() {
    let mut line = logging_in(config());
    line.says();
    let heard = line.hears(WELCOME);
    assert!(
        matches!(
            heard[..],
            [Event::LoggedIn {
                version: Version::One,
                resumed: false,
                ..
            }]
        ),
        "{heard:?}"
    );
    line.acts(Action::Say("hi".into())).unwrap();
    assert!(!line.says()[0].contains("tag"));
    let newer = [
        Action::SayIn {
            channel: "den".into(),
            text: "hi".into(),
        },
        Action::Tell {
            to: "bob".into(),
            text: "hi".into(),
        },
        stay("den"),
    ];
    for action in newer {
        assert_eq!(line.acts(action), Err(ActionError::NotSpoken));
    }
    assert_eq!(line.says(), [""; 0], "nothing gets into the wrong room");
    let sync = line.acts(Action::Sync).unwrap();
    assert!(line.says()[0].contains("channels"));
    let list = r#""event_type":"channel_list","channels":["general"]"#;
    assert_eq!(
        line.hears(&notification(list)),
        [Event::Synced {
            request: Some(sync)
        }]
    );
}

#[test]
fn each_request_carries_its_number_and_whatever_comes_with_it_is_its_answer() {
    let mut line = logged_in();
    let requests = [
        Action::Say("one".into()),
        Action::SayIn {
            channel: "den".into(),
            text: "two".into(),
        },
        Action::Tell {
            to: "bob".into(),
            text: "three".into(),
        },
        Action::Users,
        Action::Sync,
    ]
    .map(|action| line.acts(action).unwrap());
    let RequestId(first) = requests[0];
    let said = line.says();
    assert_eq!(
        said[..3],
        [
            format!(
                r#"{{"type":"message","data":{{"message":"one","username":"Alice"}},"tag":"{first}"}}"#
            ),
            format!(
                r#"{{"type":"message","data":{{"message":"two","username":"Alice","channel":"den"}},"tag":"{}"}}"#,
                first + 1
            ),
            format!(
                r#"{{"type":"message","data":{{"message":"three","username":"Alice","to":"bob"}},"tag":"{}"}}"#,
                first + 2
            ),
        ]
    );
    assert!(said[4].contains("ping"), "{said:?}");
    // In any order.
    let [one, two, three, users, sync] = requests.map(Some);
    let heard = line.hears(&answer(requests[4], r#""event_type":"pong""#));
    assert_eq!(heard, [Event::Synced { request: sync }]);
    let list = r#""event_type":"user_list","channel":"den","users":["Alice"]"#;
    let heard = line.hears(&[notification(list), answer(requests[3], list)].concat());
    let asked: Vec<_> = heard.iter().map(Event::request).collect();
    assert_eq!(asked, [None, users], "what has no tag answers nothing");
    let sent = |id| format!(r#""event_type":"message_sent","id":{id},"time":1"#);
    let heard = line.hears(&answer(requests[1], &sent(7)));
    let (id, time) = (7, 1);
    assert_eq!(
        heard,
        [Event::Sent {
            id,
            time,
            request: two
        }]
    );
    let refused = format!(
        r#"{{"type":"error","data":{{"error_type":"message","message":"No."}},"tag":"{}"}}"#,
        first + 2
    );
    assert_eq!(line.hears(&refused)[0].request(), three);
    let heard = line.hears(&answer(requests[0], &sent(8)));
    assert_eq!(heard[0].request(), one);
    let heard = line.hears(&answer(requests[0], &sent(8)));
    assert_eq!(heard[0].request(), None, "it was answered");
}

#[test]
fn what_the_session_asks_for_by_itself_answers_no_request() {
    let mut line = logging_in(SessionConfig {
        channel: Some("den".into()),
        ..config()
    });
    line.says();
    line.hears(NEWER);
    let said = line.says();
    let (_, tag) = said[0].rsplit_once(r#""tag":""#).expect("it has a tag");
    let joined = r#""event_type":"user_joined","username":"Alice","channel":"den","topic":"Tea""#;
    let tagged = format!(r#"{{"type":"notification","data":{{{joined}}},"tag":"{tag}"#);
    assert_eq!(
        line.hears(&tagged),
        [Event::Joined {
            username: "Alice".into(),
            channel: "den".into(),
            me: true,
            topic: Some("Tea".into()),
            request: None
        }]
    );
    assert_eq!(rooms(&line), ("den", vec!["den"]));
}

#[test]
fn rooms_are_kept_as_the_server_tells() {
    let mut line = logged_in();
    let joined = |channel: &str| {
        format!(r#""event_type":"user_joined","username":"Alice","channel":"{channel}""#)
    };
    let switched =
        |channel: &str| format!(r#""event_type":"channel_switched","channel":"{channel}""#);
    let asked = line.acts(stay("den")).unwrap();
    line.hears(&answer(asked, &joined("den")));
    assert_eq!(rooms(&line), ("den", vec!["general", "den"]));
    let channel = "general".into();
    let asked = line
        .acts(Action::Other(Command::Switch { channel }))
        .unwrap();
    let heard = line.hears(&answer(asked, &switched("general")));
    let channel = "general".into();
    assert_eq!(
        heard,
        [Event::Notified {
            notification: Notification::ChannelSwitched { channel },
            request: Some(asked)
        }]
    );
    assert_eq!(rooms(&line), ("general", vec!["general", "den"]));
    // A plain join leaves the one looked at, also for one that one is in.
    let asked = line.acts(Action::Join("lab".into())).unwrap();
    line.hears(&answer(asked, &joined("lab")));
    assert_eq!(rooms(&line), ("lab", vec!["den", "lab"]));
    let asked = line.acts(Action::Join("den".into())).unwrap();
    line.hears(&answer(asked, &switched("den")));
    assert_eq!(rooms(&line), ("den", vec!["den"]));
    let asked = line.acts(stay("lab")).unwrap();
    line.hears(&answer(asked, &joined("lab")));
    let kicked =
        r#""event_type":"user_kicked","channel":"lab","username":"Alice","by":"bob","reason":"""#;
    line.hears(&notification(kicked));
    assert_eq!(rooms(&line), ("den", vec!["den"]));
    line.hears(&notification(&switched("den")));
    let left = r#""event_type":"user_left","username":"Alice","channel":"den""#;
    let asked = line.acts(Action::Leave).unwrap();
    line.hears(&answer(asked, left));
    line.hears(&notification(&joined("general")));
    assert_eq!(rooms(&line), ("general", vec!["general"]));
    // What others do changes nothing.
    let kicked = kicked.replace("Alice", "carol").replace("lab", "general");
    line.hears(&notification(&kicked));
    assert_eq!(rooms(&line), ("general", vec!["general"]));
}

#[test]
fn one_s_own_rename_is_told_in_each_room_and_is_one_s_own_in_each() {
    let mut line = logged_in();
    let asked = line.acts(Action::Rename("Al".into())).unwrap();
    let renamed = |channel: &str| {
        format!(
            r#""event_type":"user_rename","old_username":"Alice","new_username":"Al","channel":"{channel}""#
        )
    };
    let told = [
        answer(asked, &renamed("general")),
        notification(&renamed("den")),
    ];
    let heard = line.hears(&told.concat());
    let mine = |event: &Event| matches!(event, Event::Renamed { me: true, .. });
    assert_eq!((heard.len(), heard.iter().all(mine)), (2, true));
    let asked_for: Vec<_> = heard.iter().map(Event::request).collect();
    assert_eq!(asked_for, [Some(asked), None]);
}

#[test]
fn what_others_say_comes_with_its_place() {
    let mut line = logged_in();
    let said = r#"{"type":"message","data":{"message":"hi","username":"bob","channel":"den","id":4,"time":5}}"#;
    let told = r#"{"type":"message","data":{"message":"psst","username":"bob","to":"Alice","id":6,"time":7}}"#;
    let message = |text: &str, channel: Option<&str>, to: Option<&str>, id, time| Event::Message {
        username: "bob".into(),
        message: text.into(),
        channel: channel.map(Into::into),
        to: to.map(Into::into),
        id: Some(id),
        time: Some(time),
    };
    assert_eq!(
        line.hears(&[said, told].concat()),
        [
            message("hi", Some("den"), None, 4, 5),
            message("psst", None, Some("Alice"), 6, 7)
        ]
    );
}

#[test]
fn the_past_comes_as_it_was_and_no_more_than_can_be_asked_for() {
    let mut line = logged_in();
    let command = Command::History {
        channel: Some("den".into()),
        with: None,
        before: None,
        after: Some(3),
        limit: None,
    };
    let asked = line.acts(Action::Other(command)).unwrap();
    let (_, command) = line.says()[0]
        .split_once("parameters")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(
        command.contains(r#"{"channel":"den","after":3}"#),
        "{command}"
    );
    let past = r#"{"id":4,"time":5,"username":"bob","message":"hi"}"#;
    let told = |messages: &str| {
        let data = format!(
            r#""event_type":"history","channel":"den","messages":[{messages}],"more":false"#
        );
        answer(asked, &data)
    };
    let heard = line.hears(&told(past));
    assert_eq!(
        heard,
        [Event::History {
            channel: Some("den".into()),
            with: None,
            messages: vec![PastMessage {
                id: 4,
                time: 5,
                username: "bob".into(),
                message: "hi".into()
            }],
            more: false,
            request: Some(asked)
        }]
    );
    let heard = line.hears(&told(&[past; 300].join(",")));
    let [
        Event::History {
            messages,
            more: true,
            ..
        },
    ] = &heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!(messages.len(), 200);
}

#[test]
fn messages_without_an_answer_are_not_forgotten_but_there_can_be_only_so_many() {
    let mut line = logged_in();
    let refused = (0..2000).find_map(|_| line.acts(Action::Say("x".into())).err());
    assert_eq!(refused, Some(ActionError::Congested));
    line.says();
    line.hears(&answer(
        RequestId(0),
        r#""event_type":"message_sent","id":1,"time":1"#,
    ));
    line.acts(Action::Say("x".into())).unwrap();
    let events = line.input(SessionInput::Closed);
    assert!(matches!(
        events[..],
        [Event::Unsent { messages: 1, .. }, Event::Ended(_)]
    ));
}
