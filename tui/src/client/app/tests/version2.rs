//! What a server of version 2 says, and what a client says to it.

use super::*;

/// Whether it is something said.
pub(super) fn is_said(action: &Action) -> bool {
    matches!(
        action,
        Action::Say(_) | Action::SayIn { .. } | Action::Tell { .. }
    )
}

/// The time of the server at so many minutes past noon.
pub(super) fn noon(minutes: u64) -> u64 {
    1_795_521_600_000 + minutes * 60_000
}

/// Something said in a room, the message of this number, at so many minutes past noon.
pub(super) fn said_in(room: &str, username: &str, text: &str, id: u64) -> Event {
    Event::Message {
        username: username.into(),
        message: text.into(),
        channel: Some(room.into()),
        to: None,
        id: Some(id),
        time: Some(noon(id)),
    }
}

/// The same told alice alone.
pub(super) fn told(username: &str, text: &str, id: u64) -> Event {
    Event::Message {
        username: username.into(),
        message: text.into(),
        channel: None,
        to: Some("alice".into()),
        id: Some(id),
        time: Some(noon(id)),
    }
}

/// Messages of the past in a room, or, if it starts with `@`, with someone: each is `bob: 5`.
pub(super) fn history(of: &str, ids: &[u64], more: bool) -> Event {
    let messages = ids.iter().map(|id| PastMessage {
        id: *id,
        time: noon(*id),
        username: "bob".into(),
        message: id.to_string().into(),
    });
    let with = of.strip_prefix('@').map(Into::into);
    Event::History {
        channel: with.is_none().then(|| of.into()),
        with,
        messages: messages.collect(),
        more,
        request: None,
    }
}

pub(super) fn say_in(room: &str, text: &str) -> Effect {
    ask(Action::SayIn {
        channel: room.into(),
        text: text.into(),
    })
}

pub(super) fn tell_alone(to: &str, text: &str) -> Effect {
    ask(Action::Tell {
        to: to.into(),
        text: text.into(),
    })
}

pub(super) fn switch(room: &str) -> Effect {
    ask(Action::Other(Command::Switch {
        channel: room.to_owned().into(),
    }))
}

pub(super) fn logged_in_2(channel: &str, joined: &[&str], resumed: bool) -> Event {
    Event::LoggedIn {
        username: "alice".into(),
        channel: channel.into(),
        channels: vec!["general".into()],
        more: 0,
        version: Version::Two,
        resume: Some("token".into()),
        joined: joined.iter().map(ToString::to_string).collect(),
        resumed,
        with: Vec::new(),
        request: None,
    }
}
