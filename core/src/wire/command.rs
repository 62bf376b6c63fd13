//! The commands: each stands once, with its name and its parameter (the [protocol](crate::protocol), "Commands").

use alloc::borrow::Cow;
use alloc::format;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::package::{PackageError, Strictness};

/// Makes [`Command`] of lines like `Join = "join" | "enter" { channel }`: the variant, the name in
/// packages, further names under which it is understood, and the one parameter, if it has one.
macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $(| $other:literal)* $({ $parameter:ident })?,)*) => {
        /// A command (the [protocol](crate::protocol), "Commands"). Names are as the client wrote them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command<'a> {
            $($(#[$doc])* $variant $((commands!(@text $parameter 'a)))?,)*
        }

        impl<'a> Command<'a> {
            /// The command's name in packages, and the `error_type` of what goes wrong with it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Command::$variant { .. } => $name,)*
                }
            }

            /// What comes with it: the parameter's name, and what it is.
            pub fn parameter(&self) -> Option<(&'static str, &str)> {
                match self {
                    $(Command::$variant { $(0: $parameter)? } => {
                        None$(.or(Some((stringify!($parameter), &**$parameter))))?
                    })*
                }
            }

            /// Reads the `data` of a command.
            pub(super) fn parse(strictness: Strictness, data: &'a str) -> Result<Self, PackageError> {
                let data = CommandData::parse(strictness, data)?;
                match &*data.command {
                    $($name $(| $other)* => {
                        $(
                            #[derive(Deserialize)]
                            struct Parameters<'p> {
                                #[serde(borrow)]
                                $parameter: Cow<'p, str>,
                            }
                            let Parameters { $parameter } =
                                data.parameters(strictness, stringify!($parameter))?;
                        )?
                        Ok(Command::$variant { $(0: $parameter)? })
                    })*
                    _ => Err(PackageError::new(&data.command, "Unknown command.")),
                }
            }
        }
    };
    (@text $parameter:ident $lifetime:lifetime) => { Cow<$lifetime, str> };
}

commands! {
    /// The answer to the login request.
    Login = "login" { username },
    /// Take another username.
    Rename = "rename" { username },
    /// Enter a room, or create it.
    Join = "join" { channel },
    /// Go back to the general room.
    Leave = "leave",
    /// Hide the current room and close it to newcomers.
    Private = "private",
    /// Show and open it again.
    Public = "public",
    /// List the public rooms.
    Channels = "channels" | "channel_list",
    /// List who is in the current room.
    Users = "users",
}

#[derive(Deserialize)]
struct CommandData<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

impl<'a> CommandData<'a> {
    fn parse(strictness: Strictness, data: &'a str) -> Result<Self, PackageError> {
        strictness.object(data).map_err(|error| {
            let needs = || "A command needs data.command, a string.".into();
            let cause = strictness.cause(&error);
            PackageError::new("command", cause.unwrap_or_else(needs))
        })
    }

    /// Reads the parameters, which are `parameter` alone.
    fn parameters<T: Deserialize<'a>>(
        &self,
        strictness: Strictness,
        parameter: &str,
    ) -> Result<T, PackageError> {
        let CommandData { command, .. } = self;
        let parameters = self.parameters.map_or("null", RawValue::get);
        strictness.object(parameters).map_err(|error| {
            let needs = || format!("{command} needs data.parameters.{parameter}, a string.");
            let cause = strictness.cause(&error);
            PackageError::new(command, cause.unwrap_or_else(needs))
        })
    }
}

impl Serialize for Command<'_> {
    /// As the `data` of its package.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Parameters<'a>((&'static str, &'a str));

        impl Serialize for Parameters<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([self.0])
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
            parameters: self.parameter().map(Parameters),
        };
        data.serialize(serializer)
    }
}
