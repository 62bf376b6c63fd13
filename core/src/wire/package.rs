//! The packages and their JSON (the [protocol](crate::protocol), "Packages" and "Commands").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use core::fmt;
use core::marker::PhantomData;

use memchr::memchr2;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::command::Command;

/// A package from a client: a message or a command. The other four types are only used by the
/// server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientPackage<'a> {
    /// Text for everyone else in the room.
    Message {
        /// The text, neither empty nor too long as yet.
        message: Cow<'a, str>,
        /// Who sends it, as other servers may want it. This one goes by the session instead and does
        /// not look at it; empty when parsed.
        username: Cow<'a, str>,
    },
    /// Something for the server to do.
    Command(Command<'a>),
}

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

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct MessageData<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl<'a> From<MessageData<'a>> for ClientPackage<'a> {
    fn from(MessageData { message }: MessageData<'a>) -> Self {
        ClientPackage::Message {
            message,
            username: Cow::Borrowed(""),
        }
    }
}

/// What nearly every package is, read in one go. What is no message after all is read anew.
#[derive(Deserialize)]
struct MessagePackage<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Object<MessageData<'a>>,
}

/// A JSON object. An array of the values alone, which serde takes for a struct as well, is none.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// How the JSON of clients is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Arrays pass for objects, and whatever is wrong with a string is told as its being none: until
    /// version 2 of the core's behaviour.
    Lenient,
    /// Only objects are objects, and what is wrong is told by its name.
    Strict,
}

impl Strictness {
    pub(super) fn object<'a, T: Deserialize<'a>>(
        self,
        text: &'a str,
    ) -> Result<T, serde_json::Error> {
        match self {
            Strictness::Lenient => serde_json::from_str(text),
            Strictness::Strict => serde_json::from_str(text).map(|Object(object)| object),
        }
    }

    /// What is wrong, if it is more than that something else was expected.
    pub(super) fn cause(self, error: &serde_json::Error) -> Option<String> {
        if self == Strictness::Lenient {
            return None;
        }
        let error = format!("{error}");
        if let Some((_, named)) = error.split_once("duplicate field `") {
            let (attribute, _) = named.split_once('`')?;
            return Some(format!("The package has the attribute {attribute} twice."));
        }
        let half = ["lone leading surrogate", "unexpected end of hex escape"];
        half.iter().any(|words| error.starts_with(words)).then(|| {
            "The package has half of a surrogate pair, \\ud800 to \\udfff, which alone is no character."
                .into()
        })
    }
}

impl<'a> ClientPackage<'a> {
    /// Reads the text of a package. Unknown attributes are ignored.
    ///
    /// # Errors
    /// What to answer it with.
    pub fn parse(text: &'a [u8]) -> Result<Self, PackageError> {
        Self::parse_with(Strictness::Strict, text)
    }

    /// The same, reading JSON as strictly as that.
    pub(crate) fn parse_with(strictness: Strictness, text: &'a [u8]) -> Result<Self, PackageError> {
        let text = str::from_utf8(text)
            .map_err(|_| PackageError::new("package", "The package is not UTF-8."))?;
        if strictness == Strictness::Strict
            && let Ok(MessagePackage { kind, data }) = serde_json::from_str(text)
            && kind == "message"
        {
            return Ok(data.0.into());
        }
        let envelope: Envelope = serde_json::from_str(text).map_err(|error| {
            let cause = strictness.cause(&error);
            let cause = cause.unwrap_or_else(|| format!("The package cannot be read: {error}."));
            PackageError::new("package", cause)
        })?;
        let data = envelope.data.map_or("null", RawValue::get);
        match &*envelope.kind {
            "message" => {
                let data: MessageData = strictness.object(data).map_err(|error| {
                    let needs = || "A message needs data.message, a string.".into();
                    let cause = strictness.cause(&error);
                    PackageError::new("message", cause.unwrap_or_else(needs))
                })?;
                Ok(data.into())
            }
            "command" => Command::parse(strictness, data).map(ClientPackage::Command),
            kind @ ("request" | "notification" | "session" | "error") => Err(PackageError::new(
                kind,
                format!("Packages of type {kind} are only sent by the server."),
            )),
            kind => Err(PackageError::new(
                kind,
                "Unknown package type; a client sends \"message\" or \"command\".",
            )),
        }
    }

    /// Appends the package's text to `out`, `type` first.
    pub fn write(&self, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        #[serde(tag = "type", content = "data", rename_all = "snake_case")]
        enum Package<'a> {
            Message { message: &'a str, username: &'a str },
            Command(&'a Command<'a>),
        }
        let package = match self {
            ClientPackage::Message { message, username } => Package::Message { message, username },
            ClientPackage::Command(command) => Package::Command(command),
        };
        write_json(&package, out);
    }
}

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
}

impl<'a> ServerPackage<'a> {
    /// Reads the text of a package. Unknown attributes are ignored.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &'a [u8]) -> Result<Self, PackageError> {
        serde_json::from_slice(text).map_err(|error| {
            PackageError::new("package", format!("The package cannot be read: {error}."))
        })
    }

    /// Appends the package's text to `out`, `type` first. The controls that a terminal obeys are
    /// escaped, those too that JSON lets pass: DEL and C1, U+007F to U+009F.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_with(Controls::Escaped, out);
    }

    /// The same with the controls that JSON lets pass written like that.
    pub(crate) fn write_with(&self, controls: Controls, out: &mut Vec<u8>) {
        let start = out.len();
        match self {
            ServerPackage::Message { message, username } => write_message(message, username, out),
            package => write_json(package, out),
        }
        if controls == Controls::Escaped {
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

/// What [`write_json`] writes of a message, without looking at each byte: nearly all that is sent
/// is messages.
fn write_message(message: &str, username: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":"message","data":{"message":"#);
    write_string(message, out);
    out.extend_from_slice(br#","username":"#);
    write_string(username, out);
    out.extend_from_slice(b"}}");
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // All bytes and not the first: so it is done many at a time.
    let special = text.bytes().fold(false, |any, byte| any | is_special(byte));
    if special {
        return write_json(&text, out);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn write_json(package: &impl Serialize, out: &mut Vec<u8>) {
    let text = serde_json::to_vec(package).expect("every key of a package is a string");
    out.extend_from_slice(&text);
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
