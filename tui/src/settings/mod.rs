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

/// How the client is to be. The default is what it is without any file or flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name to log in under.
    pub name: Option<String>,
    /// The room to enter after the login.
    pub room: Option<String>,
    /// The server.
    pub address: Option<Address>,
    /// How packages are sent.
    pub encoding: WireEncoding,
    /// What moves the bytes.
    pub runtime: Runtime,
    /// The background the colours are for.
    pub theme: Theme,
    /// What the terminal's bell rings for.
    pub bell: Bell,
    /// Whether the mouse wheel scrolls.
    pub mouse: bool,
    /// Whether what is sent is kept for the next time.
    pub history: bool,
    /// The file, or its folder, that the chat log is written to, if it is.
    pub log: Option<PathBuf>,
    /// Entries of the chat log that are kept to scroll back to.
    pub scrollback: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: None,
            room: None,
            address: None,
            encoding: WireEncoding::Zlib,
            runtime: Runtime::default(),
            theme: Theme::default(),
            bell: Bell::default(),
            mouse: true,
            history: true,
            log: None,
            scrollback: 10_000,
        }
    }
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

/// One setting with a value that it can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// See [`Settings::name`].
    Name(String),
    /// See [`Settings::room`].
    Room(String),
    /// See [`Settings::address`].
    Address(Address),
    /// See [`Settings::encoding`].
    Encoding(WireEncoding),
    /// See [`Settings::runtime`].
    Runtime(Runtime),
    /// See [`Settings::theme`].
    Theme(Theme),
    /// See [`Settings::bell`].
    Bell(Bell),
    /// See [`Settings::mouse`].
    Mouse(bool),
    /// See [`Settings::history`].
    History(bool),
    /// See [`Settings::log`].
    Log(Option<PathBuf>),
    /// See [`Settings::scrollback`].
    Scrollback(usize),
}

/// The names of the settings.
pub const KEYS: [&str; 11] = [
    "name",
    "room",
    "address",
    "encoding",
    "runtime",
    "theme",
    "bell",
    "mouse",
    "history",
    "log",
    "scrollback",
];

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
    /// Reads the setting called `key`.
    ///
    /// # Errors
    /// There is no such setting, or it cannot have this value.
    pub fn parse(key: &str, given: RawValue<'_>) -> Result<Self, InvalidSetting> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(InvalidSetting::Unknown(key.into(), nearest(key)));
        };
        let unfit = |allowed: &str| InvalidSetting::Value(key, allowed.into());
        let name = |what| match given {
            RawValue::Text(text) | RawValue::Typed(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(unfit(what)),
        };
        let switch = || match given {
            RawValue::Bool(on) => Ok(on),
            RawValue::Typed("true" | "on") => Ok(true),
            RawValue::Typed("false" | "off") => Ok(false),
            _ => Err(unfit("true or false")),
        };
        Ok(match key {
            "name" => Setting::Name(name("a text, such as alice")?),
            "room" => Setting::Room(name("a text, such as tea")?),
            "address" => {
                let allowed = "host, host:port or [v6]:port";
                let address = name(allowed)?.parse().map_err(|_| unfit(allowed))?;
                Setting::Address(address)
            }
            "encoding" => Setting::Encoding(choice(key, given)?),
            "runtime" => Setting::Runtime(choice(key, given)?),
            "theme" => Setting::Theme(choice(key, given)?),
            "bell" => Setting::Bell(choice(key, given)?),
            "mouse" => Setting::Mouse(switch()?),
            "history" => Setting::History(switch()?),
            "log" => match given {
                RawValue::Text(path) | RawValue::Typed(path) => Setting::log(path.into()),
                _ => return Err(unfit("a file or a folder, or off")),
            },
            _ => {
                let number = match given {
                    RawValue::Integer(number) => usize::try_from(number).ok(),
                    RawValue::Typed(text) => text.parse().ok(),
                    _ => None,
                };
                let number = number.filter(|number| SCROLLBACK.contains(number));
                Setting::Scrollback(number.ok_or_else(|| {
                    let (least, most) = SCROLLBACK.into_inner();
                    unfit(&format!("a number from {least} to {most}"))
                })?)
            }
        })
    }

    /// The setting of the chat log's file, or of its folder: none if it is empty or `off`.
    pub fn log(path: PathBuf) -> Self {
        let is_none = path.as_os_str().is_empty() || path.as_os_str() == OFF;
        Setting::Log((!is_none).then_some(path))
    }

    /// Its name.
    pub fn key(&self) -> &'static str {
        match self {
            Setting::Name(_) => "name",
            Setting::Room(_) => "room",
            Setting::Address(_) => "address",
            Setting::Encoding(_) => "encoding",
            Setting::Runtime(_) => "runtime",
            Setting::Theme(_) => "theme",
            Setting::Bell(_) => "bell",
            Setting::Mouse(_) => "mouse",
            Setting::History(_) => "history",
            Setting::Log(_) => "log",
            Setting::Scrollback(_) => "scrollback",
        }
    }

    /// Its value, as it is in a file.
    fn value(&self) -> toml_edit::Value {
        match self {
            Setting::Name(text) | Setting::Room(text) => text.into(),
            Setting::Address(address) => address.to_string().into(),
            Setting::Encoding(encoding) => value_name(encoding).into(),
            Setting::Runtime(runtime) => value_name(runtime).into(),
            Setting::Theme(theme) => value_name(theme).into(),
            Setting::Bell(bell) => value_name(bell).into(),
            Setting::Mouse(on) | Setting::History(on) => (*on).into(),
            Setting::Log(None) => OFF.into(),
            Setting::Log(Some(path)) => path.to_string_lossy().into_owned().into(),
            Setting::Scrollback(number) => i64::try_from(*number).unwrap_or(i64::MAX).into(),
        }
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
    /// Takes over a setting.
    pub fn apply(&mut self, setting: Setting) {
        match setting {
            Setting::Name(name) => self.name = Some(name),
            Setting::Room(room) => self.room = Some(room),
            Setting::Address(address) => self.address = Some(address),
            Setting::Encoding(encoding) => self.encoding = encoding,
            Setting::Runtime(runtime) => self.runtime = runtime,
            Setting::Theme(theme) => self.theme = theme,
            Setting::Bell(bell) => self.bell = bell,
            Setting::Mouse(mouse) => self.mouse = mouse,
            Setting::History(history) => self.history = history,
            Setting::Log(log) => self.log = log,
            Setting::Scrollback(entries) => self.scrollback = entries,
        }
    }

    /// What is set, by the user or by default: one line for each, as in a file.
    pub fn list(&self) -> Vec<String> {
        let optional = [
            ("name", self.name.clone().map(Setting::Name)),
            ("room", self.room.clone().map(Setting::Room)),
            ("address", self.address.clone().map(Setting::Address)),
        ];
        let set = [
            Setting::Encoding(self.encoding),
            Setting::Runtime(self.runtime),
            Setting::Theme(self.theme),
            Setting::Bell(self.bell),
            Setting::Mouse(self.mouse),
            Setting::History(self.history),
            Setting::Log(self.log.clone()),
            Setting::Scrollback(self.scrollback),
        ];
        let optional = optional.into_iter().map(|(key, setting)| match setting {
            Some(setting) => setting.to_string(),
            None => format!("{key} is not set"),
        });
        optional
            .chain(set.iter().map(ToString::to_string))
            .collect()
    }

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

fn choice<T: ValueEnum>(key: &'static str, given: RawValue<'_>) -> Result<T, InvalidSetting> {
    let chosen = match given {
        RawValue::Text(text) | RawValue::Typed(text) => T::from_str(text, false).ok(),
        _ => None,
    };
    chosen.ok_or_else(|| {
        let names: Vec<_> = T::value_variants().iter().map(value_name).collect();
        let choices = match &names[..] {
            [others @ .., one, last] => [others, &[format!("{one} or {last}")]].concat().join(", "),
            names => names.concat(),
        };
        InvalidSetting::Value(key, choices)
    })
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
    KEYS.into_iter()
        .map(|known| {
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
            ("mouse", RawValue::Bool(false), "off", "mouse = false"),
            ("history", RawValue::Bool(true), "true", "history = true"),
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
                 theme, bell, mouse, history, log, scrollback.",
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
                "mouse = true",
                "history = true",
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
