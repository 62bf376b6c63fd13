//! The packages of clients, and how they are read (the [protocol](crate::protocol), "From a client").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::command::Command;
use super::decoder::Decoded;
use super::message::{self, Written};
use super::package::{MAX_TAG_BYTES, PackageError, read_string, read_tag};
use super::write::{write_json, write_tag};

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
        /// Which room it is for, if that is not the current one (version 2).
        channel: Option<Cow<'a, str>>,
        /// Whom alone it is for (version 2).
        to: Option<Cow<'a, str>>,
    },
    /// Something for the server to do.
    Command(Command<'a>),
}

/// A package and the tag it goes by (version 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// What its answer is to carry.
    pub tag: Option<Cow<'a, str>>,
    /// The package.
    ///
    /// # Errors
    /// What to answer it with.
    pub package: Result<ClientPackage<'a>, PackageError>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    tag: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct MessageData<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Addressed<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    channel: Option<&'a RawValue>,
    #[serde(borrow)]
    to: Option<&'a RawValue>,
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
pub(crate) enum Dialect {
    /// Arrays pass for objects, and whatever is wrong with a string is told as its being none: until
    /// version 2 of the core's behaviour.
    Lenient,
    /// Only objects are objects, and what is wrong is told by its name: version 3.
    Strict,
    /// And clients may speak version 2 of the protocol; one that does not, though it knows of some of it.
    /// What a command or a message had not in version 1 is no matter to it: it is ignored, as it was.
    Open,
    /// And this one does.
    Extended,
}

impl Dialect {
    /// That of a command that came with this version, or was always there (0): what a command of version
    /// 1 did not have then is ignored.
    pub(super) fn of_command(self, since: u32) -> Self {
        match self {
            Dialect::Open if since == 0 => Dialect::Strict,
            dialect => dialect,
        }
    }

    /// The version of the protocol whose commands and tags are understood.
    pub(super) fn version(self) -> u32 {
        match self {
            Dialect::Lenient | Dialect::Strict => 1,
            Dialect::Open | Dialect::Extended => 2,
        }
    }

    pub(super) fn object<'a, T: Deserialize<'a>>(
        self,
        text: &'a str,
    ) -> Result<T, serde_json::Error> {
        match self {
            Dialect::Lenient => serde_json::from_str(text),
            Dialect::Strict | Dialect::Open | Dialect::Extended => {
                serde_json::from_str(text).map(|Object(object)| object)
            }
        }
    }

    /// What is wrong, if it is more than that something else was expected.
    pub(super) fn cause(self, error: &serde_json::Error) -> Option<String> {
        if self == Dialect::Lenient {
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
    /// A message as version 1 has it.
    pub fn message(message: impl Into<Cow<'a, str>>, username: impl Into<Cow<'a, str>>) -> Self {
        ClientPackage::Message {
            message: message.into(),
            username: username.into(),
            channel: None,
            to: None,
        }
    }

    /// Reads the text of a package. Unknown attributes are ignored, and so is its tag.
    ///
    /// # Errors
    /// What to answer it with.
    pub fn parse(text: &'a [u8]) -> Result<Self, PackageError> {
        Self::parse_with_tag(Dialect::Extended, text).package
    }

    /// Reads a package that was decoded, as clients of that time spoke.
    pub(crate) fn read(dialect: Dialect, decoded: Decoded<'a>) -> Tagged<'a> {
        let written = decoded
            .written
            .or_else(|| message::read_whole(decoded.text));
        match written.and_then(|written| of_written(dialect, written)) {
            Some(tagged) => tagged,
            None => Self::parse_with_tag(dialect, decoded.text),
        }
    }

    /// Reads the text of any package.
    fn parse_with_tag(dialect: Dialect, text: &'a [u8]) -> Tagged<'a> {
        let untagged = |error| Tagged {
            tag: None,
            package: Err(error),
        };
        let Ok(text) = str::from_utf8(text) else {
            return untagged(PackageError::new("package", "The package is not UTF-8."));
        };
        let (tag, package) = match serde_json::from_str(text) {
            Ok(Envelope { kind, data, tag }) => {
                let data = data.map_or("null", RawValue::get);
                (tag, Self::parse_data(dialect, &kind, data))
            }
            Err(error) => {
                let cause = dialect.cause(&error);
                let cause =
                    cause.unwrap_or_else(|| format!("The package cannot be read: {error}."));
                return untagged(PackageError::new("package", cause));
            }
        };
        match tag.filter(|_| dialect.version() >= 2).map(read_tag) {
            None => Tagged { tag: None, package },
            Some(Some(tag)) => {
                let tag = Some(tag);
                Tagged { tag, package }
            }
            Some(None) => untagged(PackageError::new(
                "package",
                format!("A tag must be a string of at most {MAX_TAG_BYTES} bytes."),
            )),
        }
    }

    fn parse_data(dialect: Dialect, kind: &str, data: &'a str) -> Result<Self, PackageError> {
        let message_error = |error| {
            let needs = || "A message needs data.message, a string.".into();
            let cause = dialect.cause(&error);
            PackageError::new("message", cause.unwrap_or_else(needs))
        };
        match kind {
            "message" if dialect.version() >= 2 => {
                let data: Addressed = dialect.object(data).map_err(message_error)?;
                let text = |name, value: Option<&'a RawValue>| {
                    let needs = || format!("A message needs data.{name} to be a string.");
                    let read = |value: &'a RawValue| {
                        read_string(value).map_err(|_| PackageError::new("message", needs()))
                    };
                    value.map(read).transpose()
                };
                Ok(ClientPackage::Message {
                    message: data.message,
                    username: Cow::Borrowed(""),
                    // What is for one alone is never to be heard by others.
                    to: text("to", data.to)?,
                    channel: text(
                        "channel",
                        data.channel.filter(|_| dialect == Dialect::Extended),
                    )?,
                })
            }
            "message" => {
                let data: MessageData = dialect.object(data).map_err(message_error)?;
                Ok(ClientPackage::Message {
                    message: data.message,
                    username: Cow::Borrowed(""),
                    to: None,
                    channel: None,
                })
            }
            "command" => Command::parse(dialect, data).map(ClientPackage::Command),
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
        self.write_tagged(None, out);
    }

    /// The same with a tag beside it.
    pub fn write_tagged(&self, tag: Option<&str>, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        #[serde(tag = "type", content = "data", rename_all = "snake_case")]
        enum Package<'a> {
            Message {
                message: &'a str,
                username: &'a str,
                #[serde(skip_serializing_if = "Option::is_none")]
                channel: Option<&'a str>,
                #[serde(skip_serializing_if = "Option::is_none")]
                to: Option<&'a str>,
            },
            Command(&'a Command<'a>),
        }
        let package = match self {
            ClientPackage::Message {
                message,
                username,
                channel,
                to,
            } => Package::Message {
                message,
                username,
                channel: channel.as_deref(),
                to: to.as_deref(),
            },
            ClientPackage::Command(command) => Package::Command(command),
        };
        write_json(&package, out);
        write_tag(tag, out);
    }
}

/// What nearly every package is, a message that is written plainly; `None` if this dialect has more to
/// say of it.
#[inline]
fn of_written(dialect: Dialect, read: Written<'_>) -> Option<Tagged<'_>> {
    let is_new = read.channel.is_some() || read.to.is_some() || read.tag.is_some();
    let is_long = read.tag.is_some_and(|tag| tag.len() > MAX_TAG_BYTES);
    if is_long || is_new && dialect != Dialect::Extended {
        return None;
    }
    Some(Tagged {
        tag: read.tag.map(Cow::Borrowed),
        package: Ok(ClientPackage::Message {
            message: Cow::Borrowed(read.message),
            username: Cow::Borrowed(""),
            channel: read.channel.map(Cow::Borrowed),
            to: read.to.map(Cow::Borrowed),
        }),
    })
}
