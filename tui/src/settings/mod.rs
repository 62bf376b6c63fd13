//! What a user can have otherwise, in a file or as flags of the same names.

pub mod file;

use std::fmt;
use std::path::PathBuf;

use chatmaster_core::RoomName;
use clap::ValueEnum;

use crate::address::Address;
use crate::encoding::WireEncoding;
use crate::runtime::Runtime;

/// Entries of the chat log that are kept at least, and at most.
const SCROLLBACK: std::ops::RangeInclusive<usize> = 100..=1_000_000;

/// What a setting is that is none.
const OFF: &str = "off";

/// Makes [`Settings`], [`Setting`] and [`KEYS`] of one list. Of each setting: its variant and its name;
/// what it is kept as, and its default; its value, how that is read and how it is written in a file; and
/// what it must be, in words.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])*
        $variant:ident $name:ident: $field:ty = $default:expr,
        $value:ty: $read:expr => $write:expr, $allowed:expr;
    )*) => {
        /// How the client is to be. The default is what it is without any file or flag.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $($(#[doc = $doc])* pub $name: $field,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($name: $default,)* }
            }
        }

        /// One setting with a value that it can have.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Setting {
            $($(#[doc = $doc])* $variant($value),)*
        }

        /// The names of the settings.
        pub const KEYS: &[&str] = &[$(stringify!($name)),*];

        impl Setting {
            /// Reads the setting called `key`.
            ///
            /// # Errors
            /// There is no such setting, or it cannot have this value.
            pub fn parse(key: &str, raw: RawValue<'_>) -> Result<Self, InvalidSetting> {
                match key {
                    $(stringify!($name) => match $read(raw) {
                        Some(value) => Ok(Setting::$variant(value)),
                        None => Err(InvalidSetting::Value(stringify!($name), $allowed.into())),
                    },)*
                    _ => Err(InvalidSetting::Unknown(key.into(), nearest(key))),
                }
            }

            /// Its name.
            pub fn key(&self) -> &'static str {
                match self {
                    $(Setting::$variant(_) => stringify!($name),)*
                }
            }

            /// Its value, as it is in a file.
            fn value(&self) -> toml_edit::Value {
                match self {
                    $(Setting::$variant(value) => $write(value).into(),)*
                }
            }
        }

        impl Settings {
            /// Takes over a setting.
            pub fn apply(&mut self, setting: Setting) {
                match setting {
                    $(Setting::$variant(value) => self.$name = value.into(),)*
                }
            }

            /// What is set, by the user or by default: one line for each, as in a file.
            pub fn list(&self) -> Vec<String> {
                vec![$(match Option::<$value>::from(self.$name.clone()) {
                    Some(value) => Setting::$variant(value).to_string(),
                    None => concat!(stringify!($name), " is not set").into(),
                },)*]
            }
        }
    };
}

settings! {
    /// The name to log in under.
    Name name: Option<String> = None, String: text => String::as_str, "a text, such as alice";
    /// The room to enter after the login.
    Room room: Option<String> = None, String: text => String::as_str, "a text, such as tea";
    /// The server.
    Address address: Option<Address> = None,
        Address: |raw| text(raw)?.parse().ok() => Address::to_string, "host, host:port or [v6]:port";
    /// How packages are sent.
    Encoding encoding: WireEncoding = WireEncoding::Zlib,
        WireEncoding: choice => value_name, choices::<WireEncoding>();
    /// What moves the bytes.
    Runtime runtime: Runtime = Runtime::default(), Runtime: choice => value_name, choices::<Runtime>();
    /// The background the colours are for.
    Theme theme: Theme = Theme::Auto, Theme: choice => value_name, choices::<Theme>();
    /// What the terminal's bell rings for.
    Bell bell: Bell = Bell::Mentions, Bell: choice => value_name, choices::<Bell>();
    /// Of whose coming and going one reads.
    Joins joins: Joins = Joins::All, Joins: choice => value_name, choices::<Joins>();
    /// Whether the mouse wheel scrolls.
    Mouse mouse: bool = true, bool: switch => bool::clone, "true or false";
    /// Whether what is sent is kept for the next time.
    History history: bool = true, bool: switch => bool::clone, "true or false";
    /// Whether the rooms one is in are entered again at the next start.
    Rooms rooms: bool = true, bool: switch => bool::clone, "true or false";
    /// The file, or its folder, that the chat log is written to, if it is.
    Log log: Option<PathBuf> = None,
        Option<PathBuf>: |raw| Some(some_path(any_text(raw)?)) => path_in_words, "a file or a folder, or off";
    /// Entries of the chat log that are kept to scroll back to.
    Scrollback scrollback: usize = 10_000,
        usize: entries => |entries: &usize| *entries as i64,
        format!("a number from {} to {}", SCROLLBACK.start(), SCROLLBACK.end());
}

/// What the user says of the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Light if the terminal says so in `COLORFGBG`, else dark.
    #[default]
    Auto,
    /// It is dark.
    Dark,
    /// It is light.
    Light,
}

/// What the terminal's bell rings for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Bell {
    /// Messages that mention the user.
    #[default]
    Mentions,
    /// All messages.
    All,
    /// Nothing.
    Off,
}

/// Of whose coming and going one reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Joins {
    /// Everyone's.
    #[default]
    All,
    /// That of those who have said something.
    Talkers,
    /// Nobody's.
    None,
}

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawValue<'a> {
    /// A text in a file.
    Text(&'a str),
    /// `true` or `false` in a file.
    Bool(bool),
    /// A whole number in a file.
    Integer(i64),
    /// Anything else in a file.
    Other,
    /// Whatever it is, typed without quotes.
    Typed(&'a str),
}

/// Why something is no setting. Displays as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidSetting {
    /// There is none of that name; perhaps another one was meant.
    Unknown(String, Option<&'static str>),
    /// It cannot have that value, but such.
    Value(&'static str, String),
}

impl Setting {
    /// The setting of the chat log's file, or of its folder: none if it is empty or `off`.
    pub fn log(path: PathBuf) -> Self {
        Setting::Log(some_path(path))
    }
}

impl fmt::Display for Setting {
    /// As it is in a file: `bell = "all"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        write!(f, "{} = {}", self.key(), value.to_string().trim())
    }
}

impl Settings {
    /// The room to enter after the login. Everyone is in the general one anyway.
    pub fn wanted_room(&self) -> Option<&str> {
        self.room
            .as_deref()
            .filter(|room| !RoomName::are_same(room, RoomName::GENERAL))
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidSetting::Unknown(key, Some(nearest)) => {
                write!(f, "There is no setting {key}. Did you mean {nearest}?")
            }
            InvalidSetting::Unknown(key, None) => {
                let all = KEYS.join(", ");
                write!(f, "There is no setting {key}; there are {all}.")
            }
            InvalidSetting::Value(key, allowed) => write!(f, "{key} must be {allowed}."),
        }
    }
}

fn any_text(raw: RawValue<'_>) -> Option<&str> {
    match raw {
        RawValue::Text(text) | RawValue::Typed(text) => Some(text),
        _ => None,
    }
}

fn text(raw: RawValue<'_>) -> Option<String> {
    any_text(raw)
        .filter(|text| !text.is_empty())
        .map(Into::into)
}

fn switch(raw: RawValue<'_>) -> Option<bool> {
    match raw {
        RawValue::Bool(on) => Some(on),
        RawValue::Typed("true" | "on") => Some(true),
        RawValue::Typed("false" | "off") => Some(false),
        _ => None,
    }
}

fn entries(raw: RawValue<'_>) -> Option<usize> {
    let number = match raw {
        RawValue::Integer(number) => usize::try_from(number).ok(),
        RawValue::Typed(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| SCROLLBACK.contains(number))
}

/// None if it is empty or `off`.
fn some_path(path: impl Into<PathBuf>) -> Option<PathBuf> {
    Some(path.into()).filter(|path| !path.as_os_str().is_empty() && path.as_os_str() != OFF)
}

fn path_in_words(path: &Option<PathBuf>) -> String {
    path.as_ref()
        .map_or(OFF.into(), |path| path.to_string_lossy().into_owned())
}

fn choice<T: ValueEnum>(raw: RawValue<'_>) -> Option<T> {
    T::from_str(any_text(raw)?, false).ok()
}

/// All that a choice can be: `dark, light or auto`.
fn choices<T: ValueEnum>() -> String {
    let names: Vec<_> = T::value_variants().iter().map(value_name).collect();
    match &names[..] {
        [others @ .., one, last] => [others, &[format!("{one} or {last}")]].concat().join(", "),
        names => names.concat(),
    }
}

fn value_name<T: ValueEnum>(value: &T) -> String {
    let value = value.to_possible_value();
    value.expect("none of them is hidden").get_name().to_owned()
}

/// The name of a setting that is least far from `key`, if it is near at all.
fn nearest(key: &str) -> Option<&'static str> {
    const FAR: usize = 3;
    // The distance takes time in the square of the length, and no name is this long.
    if key.len() > 20 {
        return None;
    }
    KEYS.iter()
        .map(|&known| {
            (
                strsim::damerau_levenshtein(&key.to_lowercase(), known),
                known,
            )
        })
        .filter(|(distance, _)| *distance < FAR)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str, given: RawValue<'_>) -> Result<String, String> {
        let parsed = Setting::parse(key, given);
        parsed
            .map(|setting| setting.to_string())
            .map_err(|unfit| unfit.to_string())
    }

    #[test]
    fn each_setting_is_read_from_a_file_and_as_it_is_typed() {
        for (key, in_file, typed, written) in [
            (
                "name",
                RawValue::Text("Al\"ice"),
                "Al\"ice",
                "name = 'Al\"ice'",
            ),
            ("room", RawValue::Text("tea"), "tea", "room = \"tea\""),
            (
                "address",
                RawValue::Text("[::1]:9100"),
                "[::1]:9100",
                "address = \"[::1]:9100\"",
            ),
            (
                "encoding",
                RawValue::Text("plain"),
                "plain",
                "encoding = \"plain\"",
            ),
            (
                "theme",
                RawValue::Text("light"),
                "light",
                "theme = \"light\"",
            ),
            ("bell", RawValue::Text("off"), "off", "bell = \"off\""),
            (
                "joins",
                RawValue::Text("talkers"),
                "talkers",
                "joins = \"talkers\"",
            ),
            ("mouse", RawValue::Bool(false), "off", "mouse = false"),
            ("history", RawValue::Bool(true), "true", "history = true"),
            ("rooms", RawValue::Bool(false), "off", "rooms = false"),
            ("log", RawValue::Text("a b"), "a b", "log = \"a b\""),
            ("log", RawValue::Text("off"), "off", "log = \"off\""),
            ("log", RawValue::Text(""), "", "log = \"off\""),
            ("log", RawValue::Text("./off"), "./off", "log = \"./off\""),
            (
                "scrollback",
                RawValue::Integer(100),
                "100",
                "scrollback = 100",
            ),
        ] {
            assert_eq!(parse(key, in_file), Ok(written.into()));
            assert_eq!(parse(key, RawValue::Typed(typed)), Ok(written.into()));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        for (key, given, answer) in [
            (
                "name",
                RawValue::Integer(5),
                "name must be a text, such as alice.",
            ),
            (
                "name",
                RawValue::Text(""),
                "name must be a text, such as alice.",
            ),
            (
                "address",
                RawValue::Text("host:port"),
                "address must be host, host:port or [v6]:port.",
            ),
            (
                "encoding",
                RawValue::Text("gzip"),
                "encoding must be zlib or plain.",
            ),
            (
                "bell",
                RawValue::Bool(true),
                "bell must be mentions, all or off.",
            ),
            (
                "mouse",
                RawValue::Text("true"),
                "mouse must be true or false.",
            ),
            (
                "mouse",
                RawValue::Typed("maybe"),
                "mouse must be true or false.",
            ),
            (
                "log",
                RawValue::Bool(false),
                "log must be a file or a folder, or off.",
            ),
            (
                "scrollback",
                RawValue::Integer(-1),
                "scrollback must be a number from 100 to 1000000.",
            ),
            (
                "scrollback",
                RawValue::Typed("99"),
                "scrollback must be a number from 100 to 1000000.",
            ),
            (
                "thme",
                RawValue::Other,
                "There is no setting thme. Did you mean theme?",
            ),
            (
                "frobnicate",
                RawValue::Other,
                "There is no setting frobnicate; there are name, room, address, encoding, runtime, \
                 theme, bell, joins, mouse, history, rooms, log, scrollback.",
            ),
        ] {
            assert_eq!(parse(key, given), Err(answer.into()));
        }
    }

    #[test]
    fn settings_are_listed_as_they_are_in_a_file() {
        let mut settings = Settings::default();
        settings.apply(Setting::Name("bob".into()));
        settings.apply(Setting::Bell(Bell::All));
        settings.apply(Setting::Scrollback(500));
        let runtime = format!("runtime = \"{}\"", Runtime::default());
        assert_eq!(
            settings.list(),
            [
                "name = \"bob\"",
                "room is not set",
                "address is not set",
                "encoding = \"zlib\"",
                &runtime,
                "theme = \"auto\"",
                "bell = \"all\"",
                "joins = \"all\"",
                "mouse = true",
                "history = true",
                "rooms = true",
                "log = \"off\"",
                "scrollback = 500",
            ]
        );
        assert_eq!(settings.list().len(), KEYS.len());
    }

    #[test]
    fn nobody_needs_to_enter_the_general_room() {
        let wanted = |room: &str| {
            let mut settings = Settings::default();
            settings.apply(Setting::Room(room.into()));
            settings.wanted_room().map(str::to_owned)
        };
        assert_eq!(wanted("General"), None);
        assert_eq!(wanted("dev").as_deref(), Some("dev"));
    }
}
