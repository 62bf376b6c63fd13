//! Events as lines for people.

use std::io::{self, Write};
use std::time::Duration;

use chatmaster_core::RoomName;
use chatmaster_core::session::{Action, Event, Listing};
use chatmaster_core::wire::{Notification, PastMessage};

use crate::client::command;
use crate::client::connection::Delivery;
use crate::text::{listed, sanitise};

/// Writes `event` as one harmless line, if it is for people; the past as one for each message.
pub(super) fn write(out: &mut impl Write, event: &Event, room: &str) -> io::Result<()> {
    if let Event::History {
        channel,
        with,
        messages,
        more,
        ..
    } = event
    {
        return write_history(out, (channel.as_deref(), with.as_deref()), messages, *more);
    }
    match line(event, room) {
        Some(line) => writeln!(out, "{}", sanitise(&line)),
        None => Ok(()),
    }
}

fn write_history(
    out: &mut impl Write,
    place: (Option<&str>, Option<&str>),
    messages: &[PastMessage<'_>],
    more: bool,
) -> io::Result<()> {
    let place = match place {
        (Some(channel), _) => format!("in {channel}"),
        (None, with) => format!("with {}", with.unwrap_or_default()),
    };
    let more = if more { "; there is more" } else { "" };
    let head = format!("* {} of what was said {place}{more}:", messages.len());
    writeln!(out, "{}", sanitise(&head))?;
    for past in messages {
        let line = said(&past.username, &past.message);
        writeln!(out, "  {}", sanitise(&line))?;
    }
    Ok(())
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

fn said(username: &str, message: &str) -> String {
    match command::emote(message) {
        Some(emote) => format!("* {username} {emote}"),
        None => format!("<{username}> {message}"),
    }
}

/// What version 2 tells beside what has an event of its own.
fn told(notification: &Notification<'_>) -> Option<String> {
    use Notification as N;
    let why = |reason: &str| match reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let told = match notification {
        N::ChannelSwitched { channel } => format!("you are in {channel} now"),
        N::ChannelPrivate { channel, username } => format!("{username} made {channel} private"),
        N::ChannelPublic { channel, username } => format!("{username} made {channel} public"),
        N::UserInvited { channel, username } => format!("{username} may come into {channel}"),
        N::UserUninvited { channel, username } => {
            format!("{username} may not come into {channel} any more")
        }
        N::Invited { channel, username } => format!("{username} invites you into {channel}"),
        N::TopicChanged {
            channel,
            topic,
            username,
        } => format!("{username} says what {channel} is about{}", why(topic)),
        N::UserKicked {
            channel,
            username,
            by,
            reason,
        } => format!("{username} was put out of {channel} by {by}{}", why(reason)),
        N::UserBanned {
            channel,
            username,
            by,
            reason,
        } => format!("{username} is kept out of {channel} by {by}{}", why(reason)),
        N::UserUnbanned {
            channel, username, ..
        } => format!("{username} may come into {channel} again"),
        N::BanList {
            channel,
            users,
            more,
        } => {
            let users: Vec<String> = users.iter().map(ToString::to_string).collect();
            format!("kept out of {channel}: {}", listed(&users, *more))
        }
        N::UserMuted {
            channel,
            username,
            by,
        } => format!("{username} may not talk in {channel}, says {by}"),
        N::UserUnmuted {
            channel, username, ..
        } => format!("{username} may talk in {channel} again"),
        N::OwnerChanged { channel, username } => format!("{channel} is {username}'s now"),
        N::Ignored { username } => format!("you ignore {username}"),
        N::Unignored { username } => format!("you do not ignore {username} any more"),
        // They have events of their own.
        N::UserJoined { .. }
        | N::UserLeft { .. }
        | N::UserRename { .. }
        | N::ChannelList { .. }
        | N::UserList { .. }
        | N::Pong {}
        | N::MessageSent { .. }
        | N::History { .. } => return None,
    };
    Some(format!("* {told}"))
}

/// `event` as lines, not harmless yet, if it is for people who look at this room.
pub(crate) fn line(event: &Event, room: &str) -> Option<String> {
    Some(match event {
        Event::Message {
            username,
            message,
            channel,
            to,
            ..
        } => {
            let place = match (to, channel) {
                (Some(_), _) => "to you alone: ".into(),
                (None, Some(channel)) if !RoomName::are_same(channel, room) => {
                    format!("in {channel}: ")
                }
                (None, _) => String::new(),
            };
            format!("{place}{}", said(username, message))
        }
        Event::Notified { notification, .. } => return told(notification),
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
        Event::Sent { .. } | Event::History { .. } => return None,
        Event::NameWanted { .. } | Event::Synced { .. } | Event::Ended(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use chatmaster_core::session::RequestId;

    use super::*;

    fn written(event: &Event) -> String {
        let mut out = Vec::new();
        write(&mut out, event, "general").expect("memory can be written");
        String::from_utf8(out).expect("text is written")
    }

    #[test]
    fn what_is_said_elsewhere_says_where() {
        let message = |channel: Option<&str>, to: Option<&str>| Event::Message {
            username: "bob".into(),
            message: "hi".into(),
            channel: channel.map(Into::into),
            to: to.map(Into::into),
            id: Some(1),
            time: Some(1),
        };
        assert_eq!(written(&message(Some("General"), None)), "<bob> hi\n");
        assert_eq!(written(&message(Some("den"), None)), "in den: <bob> hi\n");
        let alone = written(&message(None, Some("me")));
        assert_eq!(alone, "to you alone: <bob> hi\n");
    }

    #[test]
    fn the_past_is_a_line_for_each_message() {
        let past = |message: &'static str| PastMessage {
            id: 1,
            time: 1,
            username: "bob".into(),
            message: message.into(),
        };
        let history = Event::History {
            channel: Some("den".into()),
            with: None,
            messages: vec![past("one"), past("/me waves"), past("a\nb")],
            more: true,
            request: None,
        };
        let expected = "* 3 of what was said in den; there is more:\n  <bob> one\n  * bob waves\n  \
                        <bob> a␊b\n";
        assert_eq!(written(&history), expected);
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
                    with: vec![],
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
