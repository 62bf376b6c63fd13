//! Events as JSON, one object per line, with `time`: when it happened, in milliseconds since 1970.
//!
//! | `event` | further attributes |
//! | --- | --- |
//! | `logged_in` | `username`, `channel`, `channels`, `more` (how many are not listed), and `resumed`, which is true, if \
//! the user never left |
//! | `message` | `username`, `message`, and `action`, which is true, if it is an emote (`/me waves`). From \
//! servers of version 2 also `channel`, or `to` if it is for this user alone, `id` and `at`: when, in \
//! milliseconds since 1970 by the server's clock |
//! | `sent` | `id`, `at`: the next of one's messages has its place (version 2) |
//! | `history` | `channel` or `with`, `messages` (`id`, `at`, `username`, `message`), `more`: the answer to the command |
//! | `notification` | what version 2 of the protocol tells else, with its `event_type` and attributes |
//! | `joined`, `left` | `username`, `channel`, `me` (whether it is this client's user) |
//! | `renamed` | `old_username`, `new_username`, `me` |
//! | `channels` | `channels`, `more`, `answers` (`channels`, `private` or `public`) |
//! | `users` | `channel`, `users`, `more` |
//! | `error` | `error_type`, `message`: what the server said |
//! | `refused` | `action`, `text` (if the action has one), `reason`: what was not sent, or a `login` \
//! under a name that was not to be had |
//! | `unknown` | `package`: what the server sent that this client does not know |
//! | `doubtful` | `action`, `text`: what may not have reached the server (with `--reconnect`) |
//! | `unsent` | `messages`: how many of the last were not sent when the session ended |
//! | `ended` | `reason` (`quit`, `closed`, `lost` or `violation`), `message` |
//! | `reconnecting` | `reason`, `after` (seconds): when it is tried again (with `--reconnect`) |
//!
//! Texts and names are exact, whatever they hold. Characters that a reader could not see, or that
//! would drive a terminal, are written as `\u` escapes, so that the line itself is harmless.

use std::io::{self, Write};
use std::time::Duration;

use chatmaster_core::session::{Action, End, Event, Listing, Request, Update};
use chatmaster_core::wire::{Notification, PastMessage};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::client::command;
use crate::client::connection::Delivery;
use crate::text::is_hidden;

/// Writes `object` as a line that says when it happened: after so much time since 1970.
pub(super) fn write(out: &mut impl Write, time: Duration, event: Object<'_>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        time: u64,
        #[serde(flatten)]
        event: Object<'a>,
    }
    let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    write_line(out, &Line { time, event })
}

/// The name `username` was tried in vain.
pub(super) fn refused_name<'a>(username: &'a str, reason: &str) -> Object<'a> {
    Object::Refused {
        action: "login",
        text: Some(username),
        reason: reason.into(),
    }
}

/// The connection ended before it was known that `action` was dealt with.
pub(super) fn doubtful(action: &Action, delivery: Delivery) -> Object<'_> {
    let (action, text) = (action.name(), action.text());
    match delivery {
        Delivery::Unsent => Object::Refused {
            action,
            text,
            reason: "The connection ended before it was sent.".into(),
        },
        Delivery::Unknown => Object::Doubtful { action, text },
    }
}

/// Writes `object` as a harmless line of JSON.
pub(crate) fn write_line(out: &mut impl Write, object: &impl Serialize) -> io::Result<()> {
    object.serialize(&mut Serializer::with_formatter(&mut *out, Harmless))?;
    out.write_all(b"\n")
}

/// An update, as its line has it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Object<'a> {
    LoggedIn {
        username: &'a str,
        channel: &'a str,
        channels: &'a [String],
        more: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        resumed: Option<bool>,
    },
    Message {
        username: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
    },
    Sent {
        id: u64,
        at: u64,
    },
    History {
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<&'a str>,
        messages: Vec<Past<'a>>,
        more: bool,
    },
    Notification {
        #[serde(flatten)]
        notification: &'a Notification<'static>,
    },
    Joined {
        username: &'a str,
        channel: &'a str,
        me: bool,
    },
    Left {
        username: &'a str,
        channel: &'a str,
        me: bool,
    },
    Renamed {
        old_username: &'a str,
        new_username: &'a str,
        me: bool,
    },
    Channels {
        channels: &'a [String],
        more: usize,
        answers: &'static str,
    },
    Users {
        channel: &'a str,
        users: &'a [String],
        more: usize,
    },
    Error {
        error_type: &'a str,
        message: &'a str,
    },
    Refused {
        action: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        reason: String,
    },
    Doubtful {
        action: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    Unknown {
        package: &'a str,
    },
    Unsent {
        messages: usize,
    },
    Ended {
        reason: &'static str,
        message: String,
    },
    Reconnecting {
        reason: &'a str,
        after: f64,
    },
}

/// A message of the past.
#[derive(Serialize)]
pub(crate) struct Past<'a> {
    id: u64,
    at: u64,
    username: &'a str,
    message: &'a str,
}

impl<'a> Past<'a> {
    fn of(past: &'a PastMessage<'static>) -> Self {
        Past {
            id: past.id,
            at: past.time,
            username: &past.username,
            message: &past.message,
        }
    }
}

/// `update` as an object, if it is news to a program.
#[allow(clippy::too_many_lines, reason = "an arm for each event")]
pub(crate) fn object(update: &Update) -> Option<Object<'_>> {
    let event = match update {
        Update::Event(event) => event,
        Update::Refused(Request { action, .. }, error) => {
            return Some(Object::Refused {
                action: action.name(),
                text: action.text(),
                reason: error.to_string(),
            });
        }
    };
    Some(match event {
        Event::LoggedIn {
            username,
            channel,
            channels,
            more,
            resumed,
            ..
        } => Object::LoggedIn {
            username,
            channel,
            channels,
            more: *more,
            resumed: resumed.then_some(true),
        },
        Event::Message {
            username,
            message,
            channel,
            to,
            id,
            time,
        } => Object::Message {
            username,
            message,
            action: command::emote(message).map(|_| true),
            channel: channel.as_deref(),
            to: to.as_deref(),
            id: *id,
            at: *time,
        },
        Event::Sent { id, time, .. } => Object::Sent { id: *id, at: *time },
        Event::History {
            channel,
            with,
            messages,
            more,
            ..
        } => Object::History {
            channel: channel.as_deref(),
            with: with.as_deref(),
            messages: messages.iter().map(Past::of).collect(),
            more: *more,
        },
        Event::Notified { notification, .. } => Object::Notification { notification },
        Event::Joined {
            username,
            channel,
            me,
            ..
        } => Object::Joined {
            username,
            channel,
            me: *me,
        },
        Event::Left {
            username,
            channel,
            me,
            ..
        } => Object::Left {
            username,
            channel,
            me: *me,
        },
        Event::Renamed {
            old_username,
            new_username,
            me,
            ..
        } => Object::Renamed {
            old_username,
            new_username,
            me: *me,
        },
        Event::Channels {
            channels,
            more,
            answers,
            ..
        } => {
            let answers = match answers {
                Listing::Channels => "channels",
                Listing::Private => "private",
                Listing::Public => "public",
            };
            Object::Channels {
                channels,
                more: *more,
                answers,
            }
        }
        Event::Users {
            channel,
            users,
            more,
            ..
        } => Object::Users {
            channel,
            users,
            more: *more,
        },
        Event::Error {
            error_type,
            message,
            ..
        } => Object::Error {
            error_type,
            message,
        },
        Event::Unknown { package } => Object::Unknown { package },
        Event::Unsent { messages, .. } => Object::Unsent {
            messages: *messages,
        },
        Event::Ended(end) => {
            let reason = match end {
                End::Quit => "quit",
                End::ClosedByServer { .. } => "closed",
                End::Lost => "lost",
                End::Violation(_) => "violation",
            };
            Object::Ended {
                reason,
                message: end.to_string(),
            }
        }
        Event::NameWanted { .. } | Event::Synced { .. } => return None,
    })
}

/// JSON on one line, with escapes for every hidden character. JSON itself only asks for escapes of
/// the C0 controls.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::session::{ActionError, RequestId};
    use proptest::prelude::*;

    use super::*;

    fn written(update: &Update) -> String {
        let object = object(update).expect("it is news");
        written_at(0, object).replace(r#"{"time":0,"#, "{")
    }

    fn written_at(millis: u64, object: Object<'_>) -> String {
        let mut out = Vec::new();
        write(&mut out, Duration::from_millis(millis), object).expect("memory can be written");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn each_event_is_an_object_on_a_line() {
        for (update, line) in [
            (
                Update::Event(Event::Message {
                    username: "bob".into(),
                    message: "hi".into(),
                    channel: None,
                    to: None,
                    id: None,
                    time: None,
                }),
                r#"{"event":"message","username":"bob","message":"hi"}"#,
            ),
            (
                Update::Event(Event::Message {
                    username: "bob".into(),
                    message: "/me waves".into(),
                    channel: None,
                    to: None,
                    id: None,
                    time: None,
                }),
                r#"{"event":"message","username":"bob","message":"/me waves","action":true}"#,
            ),
            (
                Update::Event(Event::LoggedIn {
                    username: "bob".into(),
                    channel: "general".into(),
                    channels: vec!["general".into()],
                    more: 3,
                    request: None,
                    version: chatmaster_core::wire::Version::One,
                    resume: None,
                    joined: vec![],
                    resumed: false,
                    with: vec![],
                }),
                r#"{"event":"logged_in","username":"bob","channel":"general","channels":["general"],"more":3}"#,
            ),
            (
                Update::Event(Event::Message {
                    username: "bob".into(),
                    message: "psst".into(),
                    channel: None,
                    to: Some("me".into()),
                    id: Some(7),
                    time: Some(8),
                }),
                r#"{"event":"message","username":"bob","message":"psst","to":"me","id":7,"at":8}"#,
            ),
            (
                Update::Event(Event::Sent {
                    id: 7,
                    time: 8,
                    request: Some(RequestId(1)),
                }),
                r#"{"event":"sent","id":7,"at":8}"#,
            ),
            (
                Update::Event(Event::History {
                    channel: Some("den".into()),
                    with: None,
                    messages: vec![PastMessage {
                        id: 7,
                        time: 8,
                        username: "bob".into(),
                        message: "hi".into(),
                    }],
                    more: false,
                    request: None,
                }),
                r#"{"event":"history","channel":"den","messages":[{"id":7,"at":8,"username":"bob","message":"hi"}],"more":false}"#,
            ),
            (
                Update::Event(Event::Notified {
                    notification: Notification::Invited {
                        channel: "den".into(),
                        username: "bob".into(),
                    },
                    request: None,
                }),
                r#"{"event":"notification","event_type":"invited","channel":"den","username":"bob"}"#,
            ),
            (
                Update::Event(Event::Channels {
                    channels: vec![],
                    more: 2,
                    answers: Listing::Private,
                    request: None,
                }),
                r#"{"event":"channels","channels":[],"more":2,"answers":"private"}"#,
            ),
            (
                Update::Refused(Action::Say(String::new()).into(), ActionError::EmptyMessage),
                r#"{"event":"refused","action":"say","text":"","reason":"A message must have text."}"#,
            ),
            (
                Update::Refused(Action::Leave.into(), ActionError::Congested),
                r#"{"event":"refused","action":"leave","reason":"The server is not taking what was sent before; try again later."}"#,
            ),
            (
                Update::Event(Event::Unsent {
                    messages: 2,
                    first: RequestId(0),
                }),
                r#"{"event":"unsent","messages":2}"#,
            ),
            (
                Update::Event(Event::Ended(End::Quit)),
                r#"{"event":"ended","reason":"quit","message":"You left."}"#,
            ),
        ] {
            assert_eq!(written(&update), format!("{line}\n"));
        }
    }

    #[test]
    fn each_object_has_its_time() {
        for (object, line) in [
            (
                Object::Reconnecting {
                    reason: "It was lost.",
                    after: 1.25,
                },
                r#"{"time":1764093906123,"event":"reconnecting","reason":"It was lost.","after":1.25}"#,
            ),
            (
                doubtful(&Action::Say("hi".into()), Delivery::Unknown),
                r#"{"time":1764093906123,"event":"doubtful","action":"say","text":"hi"}"#,
            ),
            (
                doubtful(&Action::Leave, Delivery::Unsent),
                r#"{"time":1764093906123,"event":"refused","action":"leave","reason":"The connection ended before it was sent."}"#,
            ),
        ] {
            assert_eq!(written_at(1_764_093_906_123, object), format!("{line}\n"));
        }
    }

    #[test]
    fn hidden_characters_are_escaped() {
        let message = "a\n\x1B\u{9B}\u{202E}\u{E0041}é🙂".into();
        let update = Update::Event(Event::Message {
            username: "b".into(),
            message,
            channel: None,
            to: None,
            id: None,
            time: None,
        });
        let line = r#"{"event":"message","username":"b","message":"a\n\u001b\u009b\u202e\udb40\udc41é🙂"}"#;
        assert_eq!(written(&update), format!("{line}\n"));
    }

    proptest! {
        #[test]
        fn text_is_exact_and_the_line_is_harmless(message in any::<String>()) {
            let update =
                Update::Event(Event::Message { username: "b".into(), message: message.clone(), channel: None, to: None, id: None, time: None, });
            let line = written(&update);
            let text = line.strip_suffix('\n').expect("a line ends");
            prop_assert!(!text.chars().any(is_hidden), "{text:?}");
            let object: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
            prop_assert_eq!(object["message"].as_str(), Some(&*message));
        }
    }
}
