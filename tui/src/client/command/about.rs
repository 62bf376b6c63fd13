//! What an action is about: which room, and what the user had typed.

use std::borrow::Cow;

use chatmaster_core::session::Action;
use chatmaster_core::wire::Command as Order;

/// How the user has typed `action`, if it is one whose refusal would leave one wondering which.
pub fn typed(action: &Action) -> Option<String> {
    match action {
        Action::Join(_)
        | Action::Rename(_)
        | Action::Leave
        | Action::Private
        | Action::Public
        | Action::Other(_) => {
            let order = action.command()?;
            let name = order.name();
            Some(match parameter(&order) {
                Some(text) => format!("/{name} {text}"),
                None => format!("/{name}"),
            })
        }
        Action::Login(_)
        | Action::Say(_)
        | Action::SayIn { .. }
        | Action::Tell { .. }
        | Action::Channels
        | Action::Users
        | Action::Sync
        | Action::Quit => None,
    }
}

/// What comes first behind a command's name.
fn parameter<'a>(order: &'a Order<'_>) -> Option<&'a str> {
    match order {
        Order::Join { channel, .. } | Order::Switch { channel } => Some(channel),
        Order::Login { username, .. }
        | Order::Rename { username }
        | Order::Invite { username, .. }
        | Order::Uninvite { username, .. }
        | Order::Kick { username, .. }
        | Order::Ban { username, .. }
        | Order::Unban { username, .. }
        | Order::Mute { username, .. }
        | Order::Unmute { username, .. }
        | Order::Owner { username, .. }
        | Order::Ignore { username }
        | Order::Unignore { username } => Some(username),
        Order::Topic { topic, .. } => Some(topic),
        Order::Leave { .. }
        | Order::Private { .. }
        | Order::Public { .. }
        | Order::Channels {}
        | Order::Users { .. }
        | Order::Ping {}
        | Order::Quit {}
        | Order::History { .. }
        | Order::Bans { .. } => None,
    }
}

/// The same action about `room`, if it is one about a room and does not say which: what the user typed
/// in the window of that room. For a server that speaks version 2.
pub fn within(action: Action, room: &str) -> Action {
    let order = match action {
        Action::Say(text) => {
            let channel = room.into();
            return Action::SayIn { channel, text };
        }
        Action::Leave => Order::Leave { channel: None },
        Action::Private => Order::Private { channel: None },
        Action::Public => Order::Public { channel: None },
        Action::Users => Order::Users { channel: None },
        Action::Join(channel) => Order::Join {
            channel: channel.into(),
            stay: true,
        },
        Action::Other(order) => order,
        other => return other,
    };
    let mut order = order;
    if let Some(channel) = channel_of(&mut order) {
        channel.get_or_insert_with(|| room.to_owned().into());
    }
    Action::Other(order)
}

/// The room that an order is about, if it can say which.
fn channel_of<'a, 'o>(order: &'a mut Order<'o>) -> Option<&'a mut Option<Cow<'o, str>>> {
    match order {
        Order::Leave { channel }
        | Order::Private { channel }
        | Order::Public { channel }
        | Order::Users { channel }
        | Order::Invite { channel, .. }
        | Order::Uninvite { channel, .. }
        | Order::Topic { channel, .. }
        | Order::Kick { channel, .. }
        | Order::Ban { channel, .. }
        | Order::Unban { channel, .. }
        | Order::Bans { channel }
        | Order::Mute { channel, .. }
        | Order::Unmute { channel, .. }
        | Order::Owner { channel, .. } => Some(channel),
        Order::Login { .. }
        | Order::Rename { .. }
        | Order::Join { .. }
        | Order::Channels {}
        | Order::Ping {}
        | Order::Quit {}
        | Order::Switch { .. }
        | Order::History { .. }
        | Order::Ignore { .. }
        | Order::Unignore { .. } => None,
    }
}

/// The room that `action` is about, as far as it says so.
pub fn room_of(action: &Action) -> Option<String> {
    match action {
        Action::SayIn { channel, .. } | Action::Join(channel) => Some(channel.clone()),
        Action::Other(Order::Join { channel, .. } | Order::Switch { channel }) => {
            Some(channel.to_string())
        }
        Action::Other(Order::History { channel, .. }) => channel.as_ref().map(ToString::to_string),
        Action::Other(order) => {
            let mut order = order.clone();
            channel_of(&mut order)?.as_ref().map(ToString::to_string)
        }
        _ => None,
    }
}
