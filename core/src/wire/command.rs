//! The commands: each stands once, with its name and its parameters (the [protocol](crate::protocol),
//! "Commands").

use alloc::borrow::Cow;
use alloc::format;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Version;
use super::client::Dialect;
use super::package::{PackageError, read_string};

/// Makes [`Command`] of lines like `Join = "join" | "enter" { channel: Text<'a>, stay: Flag }`: the
/// variant, the name in packages, further names under which it is understood, and its parameters.
/// `Kick = "kick" in 2` came with version 2 of the protocol.
macro_rules! commands {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $name:literal $(| $other:literal)* $(in $version:literal)?
        $({ $($(#[$parameter_doc:meta])* $parameter:ident: $type:ty),* $(,)? })?,
    )*) => {
        /// A command (the [protocol](crate::protocol), "Commands"). Names are as the client wrote them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command<'a> {
            $($(#[$doc])* $variant { $($($(#[$parameter_doc])* $parameter: $type,)*)? },)*
        }

        impl<'a> Command<'a> {
            /// The command's name in packages, and the `error_type` of what goes wrong with it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Command::$variant { .. } => $name,)*
                }
            }

            /// Reads the `data` of a command.
            pub(super) fn parse(dialect: Dialect, data: &'a str) -> Result<Self, PackageError> {
                let data = CommandData::parse(dialect, data)?;
                match &*data.command {
                    $($name $(| $other)* $(if dialect.version() >= $version)? => {
                        #[allow(unused_variables, reason = "some commands have no parameters")]
                        let dialect = dialect.of_command(0 $(+ $version)?);
                        $(
                            #[derive(Default, Deserialize)]
                            struct Parameters<'p> {
                                $(#[serde(borrow)] $parameter: Option<&'p RawValue>,)*
                            }
                            let needed = false $(|| <$type as Parameter>::IS_NEEDED)*;
                            let parameters: Parameters<'a> = data.parameters(dialect, needed)?;
                            $(let $parameter = data.parameter(
                                dialect, stringify!($parameter), parameters.$parameter,
                            )?;)*
                        )?
                        Ok(Command::$variant { $($($parameter,)*)? })
                    })*
                    _ => Err(PackageError::new(&data.command, "Unknown command.")),
                }
            }

            /// The same with texts of its own.
            pub fn into_owned(self) -> Command<'static> {
                match self {
                    $(Command::$variant { $($($parameter,)*)? } => {
                        Command::$variant { $($($parameter: $parameter.own(),)*)? }
                    })*
                }
            }

            /// Writes the parameters that there are.
            fn write_parameters<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    $(Command::$variant { $($($parameter,)*)? } => {
                        $($($parameter.write(stringify!($parameter), map)?;)*)?
                    })*
                }
                Ok(())
            }

            fn has_parameters(&self) -> bool {
                match self {
                    $(Command::$variant { $($($parameter,)*)? } => {
                        false $($(|| $parameter.is_there())*)?
                    })*
                }
            }
        }
    };
}

/// A text.
type Text<'a> = Cow<'a, str>;
/// A text that may be left out.
type Maybe<'a> = Option<Cow<'a, str>>;

commands! {
    /// The answer to the login request.
    Login = "login" {
        /// The name wanted.
        username: Text<'a>,
        /// The version of the protocol that the client speaks; the first if it says none.
        version: Version,
        /// The token of a seat that is to be taken again.
        resume: Maybe<'a>,
    },
    /// Take another username.
    Rename = "rename" {
        /// The name wanted.
        username: Text<'a>,
    },
    /// Enter a room, or create it.
    Join = "join" {
        /// The room.
        channel: Text<'a>,
        /// Whether to stay in the rooms one is in.
        stay: bool,
    },
    /// Go back to the general room; or out of one of several rooms.
    Leave = "leave" {
        /// Which room; the current one if it does not say. So with the next ones.
        channel: Maybe<'a>,
    },
    /// Hide a room and close it to newcomers.
    Private = "private" {
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Show and open it again.
    Public = "public" {
        /// Which room.
        channel: Maybe<'a>,
    },
    /// List the public rooms.
    Channels = "channels" | "channel_list",
    /// List who is in a room (not in the proposal).
    Users = "users" {
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Ask for a sign of life.
    Ping = "ping" in 2,
    /// Say that the connection is about to end for good.
    Quit = "quit" in 2,
    /// Make another of one's rooms the current one.
    Switch = "switch" in 2 {
        /// Which room.
        channel: Text<'a>,
    },
    /// Ask for what was said.
    History = "history" in 2 {
        /// In which room; the current one if neither this nor `with` is said.
        channel: Maybe<'a>,
        /// Or with whom, in direct messages.
        with: Maybe<'a>,
        /// Only what is older than this message.
        before: Option<u64>,
        /// Only what is newer than this message.
        after: Option<u64>,
        /// How much at most.
        limit: Option<u64>,
    },
    /// Let someone into a private room.
    Invite = "invite" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Take an invitation back.
    Uninvite = "uninvite" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Say what a room is about.
    Topic = "topic" in 2 {
        /// What; nothing if empty.
        topic: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Put someone out of a room.
    Kick = "kick" in 2 {
        /// Who.
        username: Text<'a>,
        /// Why.
        reason: Maybe<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Put someone out of a room, and keep them out.
    Ban = "ban" in 2 {
        /// Who.
        username: Text<'a>,
        /// Why.
        reason: Maybe<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Let someone in again.
    Unban = "unban" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// List who is kept out of a room.
    Bans = "bans" in 2 {
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Take someone's word in a room.
    Mute = "mute" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Give it back.
    Unmute = "unmute" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Give a room to someone in it.
    Owner = "owner" in 2 {
        /// Who.
        username: Text<'a>,
        /// Which room.
        channel: Maybe<'a>,
    },
    /// Take no direct messages and invitations from someone.
    Ignore = "ignore" in 2 {
        /// Who.
        username: Text<'a>,
    },
    /// Take them again.
    Unignore = "unignore" in 2 {
        /// Who.
        username: Text<'a>,
    },
}

/// What a parameter can be.
trait Parameter<'a>: Sized {
    /// What it is, for people.
    const IS: &'static str;
    /// Whether it must be there.
    const IS_NEEDED: bool;
    /// The same with texts of its own.
    type Lasting;

    fn own(self) -> Self::Lasting;

    /// Reads it; nothing if it is not what it should be.
    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>>;
    /// Whether it is written.
    fn is_there(&self) -> bool;
    /// Writes it, if it is.
    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error>;
}

impl<'a> Parameter<'a> for Cow<'a, str> {
    const IS: &'static str = "a string";
    const IS_NEEDED: bool = true;
    type Lasting = Cow<'static, str>;

    fn own(self) -> Self::Lasting {
        Cow::Owned(self.into_owned())
    }

    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>> {
        Ok(read_string(value.ok_or(None)?)?)
    }

    fn is_there(&self) -> bool {
        true
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(name, self)
    }
}

impl<'a> Parameter<'a> for Option<Cow<'a, str>> {
    const IS: &'static str = "a string";
    const IS_NEEDED: bool = false;
    type Lasting = Option<Cow<'static, str>>;

    fn own(self) -> Self::Lasting {
        self.map(Parameter::own)
    }

    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>> {
        value.map(|value| Cow::parse(Some(value))).transpose()
    }

    fn is_there(&self) -> bool {
        self.is_some()
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        self.as_ref().map_or(Ok(()), |text| text.write(name, map))
    }
}

impl<'a> Parameter<'a> for Option<u64> {
    const IS: &'static str = "a whole number";
    const IS_NEEDED: bool = false;
    type Lasting = Self;

    fn own(self) -> Self::Lasting {
        self
    }

    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>> {
        value.map_or(Ok(None), |value| {
            Ok(Some(serde_json::from_str(value.get())?))
        })
    }

    fn is_there(&self) -> bool {
        self.is_some()
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        self.map_or(Ok(()), |number| map.serialize_entry(name, &number))
    }
}

impl<'a> Parameter<'a> for bool {
    const IS: &'static str = "true or false";
    const IS_NEEDED: bool = false;
    type Lasting = Self;

    fn own(self) -> Self::Lasting {
        self
    }

    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>> {
        value.map_or(Ok(false), |value| Ok(serde_json::from_str(value.get())?))
    }

    fn is_there(&self) -> bool {
        *self
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        if *self {
            map.serialize_entry(name, self)
        } else {
            Ok(())
        }
    }
}

impl<'a> Parameter<'a> for Version {
    const IS: &'static str = "a whole number";
    const IS_NEEDED: bool = false;
    type Lasting = Self;

    fn own(self) -> Self::Lasting {
        self
    }

    fn parse(value: Option<&'a RawValue>) -> Result<Self, Option<serde_json::Error>> {
        // Whoever means something else by it speaks the first version.
        let number = value.and_then(|value| value.get().parse().ok());
        Ok(Version::numbered(number.unwrap_or(1)))
    }

    fn is_there(&self) -> bool {
        *self > Version::One
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        if self.is_there() {
            map.serialize_entry(name, &self.number())
        } else {
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct CommandData<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

impl<'a> CommandData<'a> {
    fn parse(dialect: Dialect, data: &'a str) -> Result<Self, PackageError> {
        dialect.object(data).map_err(|error| {
            let needs = || "A command needs data.command, a string.".into();
            let cause = dialect.cause(&error);
            PackageError::new("command", cause.unwrap_or_else(needs))
        })
    }

    /// Takes the parameters apart. What is no object has none: one that is needed will be missed.
    fn parameters<T: Deserialize<'a> + Default>(
        &self,
        dialect: Dialect,
        needed: bool,
    ) -> Result<T, PackageError> {
        if !needed && dialect.version() < 2 {
            return Ok(T::default());
        }
        let parameters = self.parameters.map_or("null", RawValue::get);
        dialect
            .object(parameters)
            .or_else(|error| match dialect.cause(&error) {
                Some(cause) => Err(PackageError::new(&self.command, cause)),
                None => Ok(T::default()),
            })
    }

    fn parameter<T: Parameter<'a>>(
        &self,
        dialect: Dialect,
        name: &str,
        value: Option<&'a RawValue>,
    ) -> Result<T, PackageError> {
        let value = value.filter(|_| T::IS_NEEDED || dialect.version() >= 2);
        T::parse(value).map_err(|error| {
            let cause = error.and_then(|error| dialect.cause(&error));
            match cause {
                Some(cause) => PackageError::new(&self.command, cause),
                None => self.needs(name, T::IS),
            }
        })
    }

    fn needs(&self, parameter: &str, is: &str) -> PackageError {
        let CommandData { command, .. } = self;
        let needs = format!("{command} needs data.parameters.{parameter}, {is}.");
        PackageError::new(command, needs)
    }
}

impl Serialize for Command<'_> {
    /// As the `data` of its package.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Parameters<'a>(&'a Command<'a>);

        impl Serialize for Parameters<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                self.0.write_parameters(&mut map)?;
                map.end()
            }
        }

        #[derive(Serialize)]
        struct Data<'a> {
            command: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            parameters: Option<Parameters<'a>>,
        }
        let data = Data {
            command: self.name(),
            parameters: self.has_parameters().then_some(Parameters(self)),
        };
        data.serialize(serializer)
    }
}
