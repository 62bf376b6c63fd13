//! What a session takes of what a server sends: no more than the protocol allows, so that a server can
//! make its clients hold no more than that.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::names::{RoomName, Username};
use crate::wire::{MAX_HISTORY, Notification, PastMessage};

/// Bytes of the longest text that a session takes from a server whole: a message, an error, a reason.
/// Sixteen times as much as a server takes in a message by default. Of a longer one it takes the start,
/// with an ellipsis.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Bytes of the names in a list, with quotes and commas: the most that a server puts into one
/// ([`Config::list_bytes`](crate::Config::list_bytes)). What is over it is counted.
pub const MAX_LIST_BYTES: usize = 64 * 1024;
/// Commands that wait for an answer at most: further ones wait for theirs. To forget one would be to take
/// its answer for another's.
pub(super) const MAX_AWAITED: usize = 1024;
/// Rooms that a user can be in, as far as the session keeps count.
pub(super) const MAX_ROOMS: usize = 1024;
/// Quotes and a comma.
const AROUND_NAME: usize = 3;

/// As much of a text as a session takes.
pub(super) fn text(text: Cow<'_, str>) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        return text.into_owned();
    }
    let mut end = MAX_TEXT_BYTES - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut start = String::with_capacity(MAX_TEXT_BYTES);
    start.push_str(&text[..end]);
    start.push('…');
    start
}

/// As much of a user's name as a name can have.
pub(super) fn username(name: Cow<'_, str>) -> String {
    start(name, Username::MAX_CHARS)
}

/// As much of a room's name as a name can have.
pub(super) fn room(name: Cow<'_, str>) -> String {
    start(name, RoomName::MAX_CHARS)
}

fn start(name: Cow<'_, str>, chars: usize) -> String {
    match name.char_indices().nth(chars) {
        None => name.into_owned(),
        Some((end, _)) => name[..end].into(),
    }
}

/// As many of the names in a list as a list can have, each made of what came by `take`, and how many
/// more there are.
pub(super) fn list(
    names: Vec<Cow<'_, str>>,
    more: usize,
    take: fn(Cow<'_, str>) -> String,
) -> (Vec<String>, usize) {
    let total = names.len();
    let mut room = MAX_LIST_BYTES;
    // Not collected: that would keep the memory of the list as it came.
    let mut taken = Vec::new();
    for name in names {
        let name = take(name);
        let Some(left) = room.checked_sub(name.len() + AROUND_NAME) else {
            break;
        };
        room = left;
        taken.push(name);
    }
    let more = more.saturating_add(total - taken.len());
    (taken, more)
}

/// As many messages of the past as one answer can have, and whether there were more.
pub(super) fn past(mut messages: Vec<PastMessage<'_>>) -> (Vec<PastMessage<'static>>, bool) {
    let cut = messages.len() > MAX_HISTORY;
    messages.truncate(MAX_HISTORY);
    let taken = messages.into_iter().map(|past| PastMessage {
        id: past.id,
        time: past.time,
        username: username(past.username).into(),
        message: text(past.message).into(),
    });
    (taken.collect(), cut)
}

/// What version 2 tells beside what has an event of its own, with as much of its texts as a session
/// takes.
pub(super) fn notification(notification: Notification<'_>) -> Notification<'static> {
    let user = |name| Cow::Owned(username(name));
    let name = |name| Cow::Owned(room(name));
    let words = |words| Cow::Owned(text(words));
    macro_rules! bounded {
        ($($variant:ident { $($field:ident: $take:ident),* })*) => {
            match notification {
                $(Notification::$variant { $($field),* } => {
                    Notification::$variant { $($field: $take($field)),* }
                })*
                Notification::BanList { channel, users, more } => {
                    let (users, more) = list(users, more, username);
                    let users = users.into_iter().map(Cow::Owned).collect();
                    Notification::BanList { channel: name(channel), users, more }
                }
                Notification::UserJoined { .. }
                | Notification::UserLeft { .. }
                | Notification::UserRename { .. }
                | Notification::ChannelList { .. }
                | Notification::UserList { .. }
                | Notification::MessageSent { .. }
                | Notification::History { .. }
                | Notification::Pong {} => unreachable!("it has an event of its own"),
            }
        };
    }
    bounded! {
        ChannelSwitched { channel: name }
        ChannelPrivate { channel: name, username: user }
        ChannelPublic { channel: name, username: user }
        UserInvited { channel: name, username: user }
        UserUninvited { channel: name, username: user }
        Invited { channel: name, username: user }
        TopicChanged { channel: name, topic: words, username: user }
        UserKicked { channel: name, username: user, by: user, reason: words }
        UserBanned { channel: name, username: user, by: user, reason: words }
        UserUnbanned { channel: name, username: user, by: user }
        UserMuted { channel: name, username: user, by: user }
        UserUnmuted { channel: name, username: user, by: user }
        OwnerChanged { channel: name, username: user }
        Ignored { username: user }
        Unignored { username: user }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_the_protocol_allows_is_taken_whole() {
        let longest = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(text(longest.as_str().into()), longest);
        let name = "🙂".repeat(Username::MAX_CHARS);
        assert_eq!(username(name.as_str().into()), name);
        let fits = MAX_LIST_BYTES / ("name".len() + AROUND_NAME);
        let names = vec![Cow::Borrowed("name"); fits];
        assert_eq!(list(names, 7, room), (vec!["name".into(); fits], 7));
    }

    #[test]
    fn what_is_longer_is_cut_between_characters_and_what_is_over_is_counted() {
        for lead in ["", "x", "xx", "xxx"] {
            let cut = text(Cow::Owned(
                String::from(lead) + &"🙂".repeat(MAX_TEXT_BYTES),
            ));
            assert!(cut.ends_with("🙂…") && cut.len() <= MAX_TEXT_BYTES);
        }
        assert_eq!(
            username("🙂".repeat(40).into()),
            "🙂".repeat(Username::MAX_CHARS)
        );
        assert_eq!(
            room("é".repeat(100).into()),
            "é".repeat(RoomName::MAX_CHARS)
        );
        let (taken, more) = list(vec![Cow::Borrowed(""); 100_000], 1, room);
        assert_eq!(taken.len(), MAX_LIST_BYTES / AROUND_NAME);
        assert_eq!(taken.len() + more, 100_001);
        assert_eq!(list(vec![], usize::MAX, room).1, usize::MAX);
    }
}
