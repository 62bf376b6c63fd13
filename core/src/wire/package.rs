//! The packages of servers and their JSON (the [protocol](crate::protocol), "Packages" and "Commands").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use core::fmt;

use memchr::memchr2;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::write::{Said, write_json, write_sent, write_tag};

/// A package that is well framed but does not say anything the server could do. It is answered with
/// an `error` of these attributes; the connection goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageError {
    /// The command's name, `message`, the type nobody but the server may use, or `package` where
    /// there is no telling.
    pub error_type: String,
    /// What is wrong with it: a sentence for people.
    pub message: String,
}

impl PackageError {
    /// The most characters of a peer's own words that an error repeats: every command there is, and no
    /// answer that is as long as what was asked.
    const MAX_QUOTED: usize = 64;

    pub(super) fn new(error_type: &str, message: impl Into<String>) -> Self {
        let error_type = error_type.chars().take(Self::MAX_QUOTED).collect();
        PackageError {
            error_type,
            message: message.into(),
        }
    }
}

/// The most bytes of a tag.
pub const MAX_TAG_BYTES: usize = 64;
/// The most messages of one answer to `history`: what a room remembers if nobody says otherwise. Who wants
/// more asks again, from the oldest on.
pub const MAX_HISTORY: usize = 200;

/// A package from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum ServerPackage<'a> {
    /// What a user of the room said.
    Message {
        /// The text.
        #[serde(borrow)]
        message: Cow<'a, str>,
        /// Who said it.
        #[serde(borrow)]
        username: Cow<'a, str>,
        /// In which room (from here on: version 2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Cow<'a, str>>,
        /// To whom alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Cow<'a, str>>,
        /// Its number on this server: no other message has it, and later ones have higher ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// When, in milliseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<u64>,
    },
    /// The server wants a command of this name; `login` is the only one.
    Request {
        /// `login`.
        #[serde(borrow)]
        request: Cow<'a, str>,
    },
    /// Something happened in the room, or the answer to a command.
    #[serde(borrow)]
    Notification(Notification<'a>),
    /// The answer to a login.
    #[serde(borrow)]
    Session(SessionStatus<'a>),
    /// Something did not work.
    Error {
        /// The command's name, or `message`.
        #[serde(borrow)]
        error_type: Cow<'a, str>,
        /// What, and what to do: a sentence for people.
        #[serde(borrow)]
        message: Cow<'a, str>,
    },
}

/// The `data` of a notification (the [protocol](crate::protocol), "From a server").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
pub enum Notification<'a> {
    /// Someone entered the room.
    UserJoined {
        /// Who.
        username: Cow<'a, str>,
        /// Which room; other servers may not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Cow<'a, str>>,
        /// What the room is about, told to who joins (version 2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<Cow<'a, str>>,
    },
    /// Someone left the room.
    UserLeft {
        /// Who.
        username: Cow<'a, str>,
        /// Which room; other servers may not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Cow<'a, str>>,
    },
    /// Someone in the room took another name.
    UserRename {
        /// The name until now.
        old_username: Cow<'a, str>,
        /// The name from now on.
        new_username: Cow<'a, str>,
        /// Which room (version 2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Cow<'a, str>>,
    },
    /// The public rooms.
    ChannelList {
        /// Their names, sorted.
        channels: Vec<Cow<'a, str>>,
        /// How many more there are than fit into a package.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: usize,
    },
    /// Who is in the current room.
    UserList {
        /// The room.
        channel: Cow<'a, str>,
        /// Its members in order of arrival.
        users: Vec<Cow<'a, str>>,
        /// How many more there are than fit into a package.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: usize,
    },
    /// A sign of life (this and all that follows: version 2).
    Pong {},
    /// A tagged message has its place among all others.
    MessageSent {
        /// Its number.
        id: u64,
        /// When, in milliseconds since 1970.
        time: u64,
    },
    /// Another of one's rooms is the current one.
    ChannelSwitched {
        /// Which room.
        channel: Cow<'a, str>,
    },
    /// What was said.
    History {
        /// In which room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Cow<'a, str>>,
        /// Or with whom, in direct messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Cow<'a, str>>,
        /// The messages, oldest first.
        messages: Vec<PastMessage<'a>>,
        /// Whether there are more in the direction that was asked for.
        more: bool,
    },
    /// A room is closed to newcomers and in no list now.
    ChannelPrivate {
        /// Which room.
        channel: Cow<'a, str>,
        /// Whose doing it is.
        username: Cow<'a, str>,
    },
    /// A room is open again.
    ChannelPublic {
        /// Which room.
        channel: Cow<'a, str>,
        /// Whose doing it is.
        username: Cow<'a, str>,
    },
    /// Someone may come into a private room: the answer to who invited them.
    UserInvited {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
    },
    /// Someone may not any more.
    UserUninvited {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
    },
    /// One is invited.
    Invited {
        /// Which room.
        channel: Cow<'a, str>,
        /// By whom.
        username: Cow<'a, str>,
    },
    /// A room is about something else.
    TopicChanged {
        /// Which room.
        channel: Cow<'a, str>,
        /// What; nothing, if empty.
        topic: Cow<'a, str>,
        /// Who says so.
        username: Cow<'a, str>,
    },
    /// Someone was put out of a room.
    UserKicked {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
        /// By whom.
        by: Cow<'a, str>,
        /// Why; empty, if nobody said.
        reason: Cow<'a, str>,
    },
    /// Someone is kept out of a room.
    UserBanned {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
        /// By whom.
        by: Cow<'a, str>,
        /// Why; empty, if nobody said.
        reason: Cow<'a, str>,
    },
    /// Someone is kept out no more.
    UserUnbanned {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
        /// By whom.
        by: Cow<'a, str>,
    },
    /// Who is kept out of a room.
    BanList {
        /// Which room.
        channel: Cow<'a, str>,
        /// The names.
        users: Vec<Cow<'a, str>>,
        /// How many more there are than fit into a package.
        #[serde(default, skip_serializing_if = "is_zero")]
        more: usize,
    },
    /// Someone may not talk in a room.
    UserMuted {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
        /// By whom.
        by: Cow<'a, str>,
    },
    /// Someone may talk again.
    UserUnmuted {
        /// Which room.
        channel: Cow<'a, str>,
        /// Who.
        username: Cow<'a, str>,
        /// By whom.
        by: Cow<'a, str>,
    },
    /// A room is someone else's.
    OwnerChanged {
        /// Which room.
        channel: Cow<'a, str>,
        /// Whose.
        username: Cow<'a, str>,
    },
    /// One hears no more from someone.
    Ignored {
        /// Who.
        username: Cow<'a, str>,
    },
    /// One does again.
    Unignored {
        /// Who.
        username: Cow<'a, str>,
    },
}

/// A message of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastMessage<'a> {
    /// Its number.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// Who said it, by their name at that time.
    pub username: Cow<'a, str>,
    /// The text.
    pub message: Cow<'a, str>,
}

/// The `data` of a session package (the [protocol](crate::protocol), "Order of a session").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStatus<'a> {
    /// Whether the user may enter. Written as a boolean, read as a boolean or 0 or 1.
    #[serde(deserialize_with = "bool_or_number")]
    pub status: bool,
    /// Why not, if not.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// The public rooms, sorted, on success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Cow<'a, str>>>,
    /// How many more rooms there are than fit into a package.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// The username as registered; other servers may not say.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Cow<'a, str>>,
    /// The room entered; other servers may not say.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Cow<'a, str>>,
    /// The version of the protocol that is spoken, if it is not the first (from here on: version 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What takes the seat again if the connection breaks.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Cow<'a, str>>,
    /// The rooms that the user is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Vec<Cow<'a, str>>>,
    /// Whether it is a seat that was taken again, where nothing has changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resumed: bool,
    /// Then also with whom the user shares direct messages, some of which may have been lost with the
    /// connection before: as many as fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Cow<'a, str>>,
}

impl<'a> ServerPackage<'a> {
    /// A message as version 1 has it.
    pub fn message(message: impl Into<Cow<'a, str>>, username: impl Into<Cow<'a, str>>) -> Self {
        ServerPackage::Message {
            message: message.into(),
            username: username.into(),
            channel: None,
            to: None,
            id: None,
            time: None,
        }
    }

    /// Reads the text of a package. Unknown attributes are ignored.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &'a [u8]) -> Result<Self, PackageError> {
        serde_json::from_slice(text).map_err(|error| {
            PackageError::new("package", format!("The package cannot be read: {error}."))
        })
    }

    /// Adds a tag to the package whose text ends `out`.
    pub(crate) fn add_tag(tag: Option<&str>, out: &mut Vec<u8>) {
        write_tag(tag, out);
    }

    /// The tag of the package with this text, if it has one (version 2).
    pub fn tag(text: &'a [u8]) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(borrow)]
            tag: Option<&'a RawValue>,
        }
        let Tag { tag } = serde_json::from_slice(text).ok()?;
        read_tag(tag?)
    }

    /// Appends the package's text to `out`, `type` first. The controls that a terminal obeys are
    /// escaped, those too that JSON lets pass: DEL and C1, U+007F to U+009F.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_with(Controls::Escaped, out);
    }

    /// The same with the controls that JSON lets pass written like that.
    pub(crate) fn write_with(&self, controls: Controls, out: &mut Vec<u8>) {
        self.write_tagged(controls, None, out);
    }

    /// The same with a tag beside it.
    pub(crate) fn write_tagged(&self, controls: Controls, tag: Option<&str>, out: &mut Vec<u8>) {
        let start = out.len();
        let is_plain = match self {
            ServerPackage::Message {
                message,
                username,
                channel,
                to,
                id,
                time,
            } => {
                let said = Said {
                    message,
                    username,
                    channel: channel.as_deref(),
                    to: to.as_deref(),
                    id: *id,
                    time: *time,
                };
                said.write(out)
            }
            ServerPackage::Notification(Notification::MessageSent { id, time }) => {
                write_sent(*id, *time, out);
                true
            }
            package => {
                write_json(package, out);
                false
            }
        };
        let is_plain = write_tag(tag, out) && is_plain;
        if controls == Controls::Escaped && !is_plain {
            escape_controls(out, start);
        }
    }
}

/// How the controls are written that JSON does not make anyone escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controls {
    /// As they are: until version 2 of the core's behaviour.
    Raw,
    /// As escapes.
    Escaped,
}

/// Escapes U+007F to U+009F in the JSON text from `start` on, where they can only be in strings.
fn escape_controls(text: &mut Vec<u8>, start: usize) {
    // In UTF-8, DEL is itself and the C1 controls are 0xc2 and 0x80 to 0x9f.
    const C1: u8 = 0xc2;
    const DEL: u8 = 0x7f;
    let Some(first) = memchr2(DEL, C1, &text[start..]) else {
        return;
    };
    let rest = text.split_off(start + first);
    let mut rest = &rest[..];
    loop {
        let control = match *rest {
            [DEL, ..] => Some((DEL, 1)),
            [C1, control @ 0x80..=0x9f, ..] => Some((control, 2)),
            _ => None,
        };
        match control {
            Some((control, bytes)) => {
                text.extend_from_slice(format!("\\u{control:04x}").as_bytes());
                rest = &rest[bytes..];
            }
            None => {
                let next = rest
                    .iter()
                    .skip(1)
                    .position(|byte| [DEL, C1].contains(byte));
                let (plain, behind) = rest.split_at(next.map_or(rest.len(), |next| next + 1));
                text.extend_from_slice(plain);
                rest = behind;
            }
        }
        if rest.is_empty() {
            return;
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn bool_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct BoolOrNumber;

    impl Visitor<'_> for BoolOrNumber {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a boolean, 0 or 1")
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
            match value {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(E::invalid_value(de::Unexpected::Unsigned(other), &self)),
            }
        }
    }

    deserializer.deserialize_any(BoolOrNumber)
}

pub(super) fn read_tag(tag: &RawValue) -> Option<Cow<'_, str>> {
    read_string(tag)
        .ok()
        .filter(|tag| tag.len() <= MAX_TAG_BYTES)
}

pub(super) fn read_string(value: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let Text(text) = serde_json::from_str(value.get())?;
    Ok(text)
}
