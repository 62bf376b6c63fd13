//! Events as lines for people.

use std::io::{self, Write};
use std::time::Duration;

use chatmaster_core::session::{Action, Event, Listing};

use crate::client::command;
use crate::client::connection::Delivery;
use crate::text::{listed, sanitise};

/// Writes `event` as one harmless line, if it is for people.
pub(super) fn write(out: &mut impl Write, event: &Event) -> io::Result<()> {
    match line(event) {
        Some(line) => writeln!(out, "{}", sanitise(&line)),
        None => Ok(()),
    }
}

/// Writes that there is no connection, and when it is tried again.
pub(super) fn write_reconnecting(
    out: &mut impl Write,
    reason: &str,
    after: Duration,
) -> io::Result<()> {
    let seconds = after.as_secs_f64();
    let line = format!("! {reason} It is tried again in {seconds:.1} s.");
    writeln!(out, "{}", sanitise(&line))
}

/// Writes what is known of an action that the connection ended before.
pub(super) fn write_doubtful(
    out: &mut impl Write,
    action: &Action,
    delivery: Delivery,
) -> io::Result<()> {
    let what = match (action, action.text()) {
        (Action::Say(text), _) => text.clone(),
        (_, Some(text)) => format!("/{} {text}", action.name()),
        (_, None) => format!("/{}", action.name()),
    };
    let delivery = match delivery {
        Delivery::Unsent => "not sent",
        Delivery::Unknown => "may not have reached the server",
    };
    writeln!(out, "{}", sanitise(&format!("! {delivery}: {what}")))
}

/// `event` as a line, not harmless yet, if it is for people.
pub(crate) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Message {
            username, message, ..
        } => match command::emote(message) {
            Some(emote) => format!("* {username} {emote}"),
            None => format!("<{username}> {message}"),
        },
        Event::LoggedIn {
            username,
            channel,
            channels,
            more,
            ..
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
            ..
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
            ..
        } => format!("* in {channel}: {}", listed(users, *more)),
        Event::Error {
            error_type,
            message,
            ..
        } => format!("! {error_type}: {message}"),
        Event::Unknown { package } => format!("? {package}"),
        Event::Unsent { messages: 1, .. } => "! the last message was not sent".into(),
        Event::Unsent { messages, .. } => format!("! the last {messages} messages were not sent"),
        Event::Sent { .. } | Event::History { .. } | Event::Notified { .. } => return None,
        Event::NameWanted { .. } | Event::Synced { .. } | Event::Ended(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use chatmaster_core::session::RequestId;

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
            channel: None,
            to: None,
            id: None,
            time: None,
        };
        assert_eq!(written(&event), "<bob> a␊* ␛[1meve<U+202E>\n");
    }

    #[test]
    fn what_someone_does_is_told_of_them() {
        let event = Event::Message {
            username: "bob".into(),
            message: "/me waves".into(),
            channel: None,
            to: None,
            id: None,
            time: None,
        };
        assert_eq!(written(&event), "* bob waves\n");
    }

    #[test]
    fn what_came_of_a_lost_connection_is_told_line_by_line() {
        let mut out = Vec::new();
        let after = Duration::from_millis(1960);
        let say = Action::Say("a\nb".into());
        write_reconnecting(&mut out, "It was\nlost.", after)
            .and_then(|()| write_doubtful(&mut out, &say, Delivery::Unknown))
            .and_then(|()| write_doubtful(&mut out, &say, Delivery::Unsent))
            .and_then(|()| write_doubtful(&mut out, &Action::Leave, Delivery::Unknown))
            .and_then(|()| write_doubtful(&mut out, &Action::Join("x".into()), Delivery::Unknown))
            .expect("memory can be written");
        let lines = "! It was␊lost. It is tried again in 2.0 s.\n\
                     ! may not have reached the server: a␊b\n\
                     ! not sent: a␊b\n\
                     ! may not have reached the server: /leave\n\
                     ! may not have reached the server: /join x\n";
        assert_eq!(String::from_utf8(out).expect("text is written"), lines);
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
                    request: None,
                    version: chatmaster_core::wire::Version::One,
                    resume: None,
                    joined: vec![],
                    resumed: false,
                },
                "* you are bob, in general; rooms: dev, general and 2 more\n",
            ),
            (
                Event::Joined {
                    username: username.clone(),
                    channel: channel.clone(),
                    me: true,
                    request: None,
                    topic: None,
                },
                "* you joined dev\n",
            ),
            (
                Event::Left {
                    username: username.clone(),
                    channel: channel.clone(),
                    me: false,
                    request: None,
                },
                "* bob left dev\n",
            ),
            (
                Event::Renamed {
                    old_username: username.clone(),
                    new_username: "rob".into(),
                    me: false,
                    request: None,
                    channel: None,
                },
                "* bob is now rob\n",
            ),
            (
                Event::Channels {
                    channels,
                    more: 3,
                    answers: Listing::Private,
                    request: None,
                },
                "* the room is private now; rooms: dev, general and 3 more\n",
            ),
            (
                Event::Users {
                    channel,
                    users: vec![username],
                    more: 0,
                    request: None,
                },
                "* in dev: bob\n",
            ),
            (
                Event::Error {
                    error_type: "join".into(),
                    message: "No.".into(),
                    request: None,
                },
                "! join: No.\n",
            ),
            (
                Event::Unsent {
                    messages: 2,
                    first: RequestId(0),
                },
                "! the last 2 messages were not sent\n",
            ),
            (Event::Synced { request: None }, ""),
        ] {
            assert_eq!(written(&event), line);
        }
    }
}
