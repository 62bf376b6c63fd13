//! Events as lines for people.

use std::io::{self, Write};

use chatmaster_core::session::{Event, Listing};

use crate::command;
use crate::text::{listed, sanitise};

/// Writes `event` as one harmless line, if it is for people.
pub(super) fn write(out: &mut impl Write, event: &Event) -> io::Result<()> {
    match line(event) {
        Some(line) => writeln!(out, "{}", sanitise(&line)),
        None => Ok(()),
    }
}

/// `event` as a line, not harmless yet, if it is for people.
pub(crate) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Message { username, message } => match command::deed(message) {
            Some(deed) => format!("* {username} {deed}"),
            None => format!("<{username}> {message}"),
        },
        Event::LoggedIn {
            username,
            channel,
            channels,
            more,
        } => {
            format!(
                "* you are {username}, in {channel}; rooms: {}",
                listed(channels, *more)
            )
        }
        Event::Joined {
            channel, me: true, ..
        } => format!("* you joined {channel}"),
        Event::Joined {
            username, channel, ..
        } => format!("* {username} joined {channel}"),
        Event::Left {
            channel, me: true, ..
        } => format!("* you left {channel}"),
        Event::Left {
            username, channel, ..
        } => format!("* {username} left {channel}"),
        Event::Renamed {
            new_username,
            me: true,
            ..
        } => format!("* you are now {new_username}"),
        Event::Renamed {
            old_username,
            new_username,
            ..
        } => {
            format!("* {old_username} is now {new_username}")
        }
        Event::Channels {
            channels,
            more,
            answers,
        } => {
            let about = match answers {
                Listing::Channels => "",
                Listing::Private => "the room is private now; ",
                Listing::Public => "the room is public now; ",
            };
            format!("* {about}rooms: {}", listed(channels, *more))
        }
        Event::Users {
            channel,
            users,
            more,
        } => format!("* in {channel}: {}", listed(users, *more)),
        Event::Error {
            error_type,
            message,
        } => format!("! {error_type}: {message}"),
        Event::Unknown { package } => format!("? {package}"),
        Event::Unsent { messages: 1 } => "! the last message was not sent".into(),
        Event::Unsent { messages } => format!("! the last {messages} messages were not sent"),
        Event::NameWanted { .. } | Event::Synced | Event::Ended(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: &Event) -> String {
        let mut out = Vec::new();
        write(&mut out, event).expect("memory can be written");
        String::from_utf8(out).expect("text is written")
    }

    #[test]
    fn a_message_is_one_harmless_line() {
        let event = Event::Message {
            username: "bob".into(),
            message: "a\n* \x1B[1meve\u{202E}".into(),
        };
        assert_eq!(written(&event), "<bob> a␊* ␛[1meve<U+202E>\n");
    }

    #[test]
    fn what_someone_does_is_told_of_them() {
        let event = Event::Message {
            username: "bob".into(),
            message: "/me waves".into(),
        };
        assert_eq!(written(&event), "* bob waves\n");
    }

    #[test]
    fn each_event_for_people_is_a_line() {
        let (username, channel) = (String::from("bob"), String::from("dev"));
        let channels = vec!["dev".into(), "general".into()];
        for (event, line) in [
            (
                Event::LoggedIn {
                    username: username.clone(),
                    channel: "general".into(),
                    channels: channels.clone(),
                    more: 2,
                },
                "* you are bob, in general; rooms: dev, general and 2 more\n",
            ),
            (
                Event::Joined {
                    username: username.clone(),
                    channel: channel.clone(),
                    me: true,
                },
                "* you joined dev\n",
            ),
            (
                Event::Left {
                    username: username.clone(),
                    channel: channel.clone(),
                    me: false,
                },
                "* bob left dev\n",
            ),
            (
                Event::Renamed {
                    old_username: username.clone(),
                    new_username: "rob".into(),
                    me: false,
                },
                "* bob is now rob\n",
            ),
            (
                Event::Channels {
                    channels,
                    more: 3,
                    answers: Listing::Private,
                },
                "* the room is private now; rooms: dev, general and 3 more\n",
            ),
            (
                Event::Users {
                    channel,
                    users: vec![username],
                    more: 0,
                },
                "* in dev: bob\n",
            ),
            (
                Event::Error {
                    error_type: "join".into(),
                    message: "No.".into(),
                },
                "! join: No.\n",
            ),
            (
                Event::Unsent { messages: 2 },
                "! the last 2 messages were not sent\n",
            ),
            (Event::Synced, ""),
        ] {
            assert_eq!(written(&event), line);
        }
    }
}
