//! What a user types: text to say, or a command with a slash in front. The line client and the
//! terminal client read it alike.

#[cfg(test)]
mod tests;

use std::fmt;

use chatmaster_core::session::Action;

use crate::address::Address;
use crate::settings::{InvalidSetting, RawValue, Setting};

/// What a line of a user means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Something for the server to do, or to pass on.
    Do(Action),
    /// Connect anew, to another server if there is an address.
    Connect(Option<Address>),
    /// Leave the server, but not the program.
    Disconnect,
    /// Explain something.
    Help(Topic),
    /// Empty the chat log.
    Clear,
    /// Let the mouse scroll, or select.
    Mouse,
    /// Have something otherwise, and the next time too.
    Set(Setting),
    /// List what is set.
    Settings,
    /// Leave.
    Quit,
}

/// What there is help on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What commands there are.
    Commands,
    /// One command.
    Command(&'static Command),
    /// What keys there are.
    Keys,
}

/// Why a line that starts with a slash means nothing. Displays as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// There is no such command; perhaps another one was meant.
    Unknown(String, Option<&'static str>),
    /// There is no such command here, unlike in other chats; a sentence says what comes near.
    Foreign(String, &'static str),
    /// The command is told too little, or too much.
    Usage(&'static Command),
    /// What is there in place of an address, in a sentence.
    Address(String),
    /// What cannot be set, or not so.
    Setting(InvalidSetting),
}

/// A command, as help has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Its names, the one to show first.
    pub names: &'static [&'static str],
    /// What comes after the name.
    pub parameter: Parameter,
    /// What it does: a sentence.
    pub summary: &'static str,
    verb: Verb,
}

/// What comes after a command's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Nothing.
    None,
    /// One thing.
    One(ArgKind),
    /// One thing, or nothing.
    Maybe(ArgKind),
}

/// What a command is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// The name of a room.
    Room,
    /// A name for the user.
    Name,
    /// Words for the others.
    Text,
    /// Where a server is.
    Address,
    /// What to explain.
    Topic,
    /// A setting, and its value.
    Setting,
}

/// What `/help` has besides commands.
pub const KEYS: &str = "keys";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Join,
    Leave,
    Rename,
    Me,
    Private,
    Public,
    Rooms,
    Users,
    Connect,
    Disconnect,
    Help,
    Clear,
    Mouse,
    Set,
    Quit,
}

/// Every command.
pub static COMMANDS: [Command; 15] = {
    use Parameter::{Maybe, None, One};
    const fn command(
        names: &'static [&'static str],
        parameter: Parameter,
        verb: Verb,
        summary: &'static str,
    ) -> Command {
        Command {
            names,
            parameter,
            summary,
            verb,
        }
    }
    [
        command(
            &["join", "j"],
            One(ArgKind::Room),
            Verb::Join,
            "Enter a room, or create it.",
        ),
        command(
            &["leave", "part"],
            None,
            Verb::Leave,
            "Go back to the general room.",
        ),
        command(
            &["rename", "nick"],
            One(ArgKind::Name),
            Verb::Rename,
            "Take another name.",
        ),
        command(
            &["me"],
            One(ArgKind::Text),
            Verb::Me,
            "Say what you do: * alice waves.",
        ),
        command(
            &["private"],
            None,
            Verb::Private,
            "Hide and close your room.",
        ),
        command(&["public"], None, Verb::Public, "Show and open it again."),
        command(
            &["rooms", "channels", "list"],
            None,
            Verb::Rooms,
            "List the public rooms.",
        ),
        command(
            &["users", "who", "names"],
            None,
            Verb::Users,
            "List who is in your room.",
        ),
        command(
            &["connect", "server", "reconnect"],
            Maybe(ArgKind::Address),
            Verb::Connect,
            "Connect again, or elsewhere.",
        ),
        command(
            &["disconnect"],
            None,
            Verb::Disconnect,
            "Leave the server, stay here.",
        ),
        command(
            &["help", "h", "?"],
            Maybe(ArgKind::Topic),
            Verb::Help,
            "Explain a command.",
        ),
        command(
            &["clear"],
            None,
            Verb::Clear,
            "Empty the log on your screen.",
        ),
        command(
            &["mouse"],
            None,
            Verb::Mouse,
            "Let the mouse select, or scroll.",
        ),
        command(
            &["set"],
            Maybe(ArgKind::Setting),
            Verb::Set,
            "Change a setting, or list them.",
        ),
        command(
            &["quit", "q", "exit", "bye"],
            None,
            Verb::Quit,
            "Leave the chat.",
        ),
    ]
};

/// What other chats have a command for: its names, and what comes near it here.
const FOREIGN: [(&[&str], &str); 7] = [
    (
        &["msg", "m", "query", "whisper", "w", "tell", "pm", "dm"],
        "Everyone in a room reads what is said there. To talk in private: /join ROOM, then /private.",
    ),
    (&["say"], "What has no slash in front is said."),
    (&["topic"], "A room has a name and no topic."),
    (
        &["kick", "ban", "mute", "remove"],
        "Nobody is put out of a room. /private closes it to newcomers.",
    ),
    (
        &["invite"],
        "Nobody is invited into a private room. /public opens it again.",
    ),
    (
        &["ignore", "block"],
        "Everyone hears everyone in a room. /leave leaves it.",
    ),
    (
        &["whois", "away", "status"],
        "/users lists who is in your room.",
    ),
];

/// What the message `text` says its sender does, if it says that: `/me waves` (XEP-0245).
pub fn emote(text: &str) -> Option<&str> {
    text.strip_prefix("/me ")
}

/// How the user has typed `action`, if it is one whose refusal would leave one wondering which.
pub fn typed(action: &Action) -> Option<String> {
    match action {
        Action::Join(_) | Action::Rename(_) | Action::Leave | Action::Private | Action::Public => {
            let name = action.name();
            Some(match action.text() {
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
        | Action::Other(_)
        | Action::Quit => None,
    }
}

/// Reads what a user typed. `None` if there is nothing in it.
///
/// # Errors
/// Why it starts with a slash but is no command.
pub fn parse(text: &str) -> Result<Option<Line>, ParseError> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some(rest) = text.strip_prefix('/') else {
        return Ok(Some(say(text)));
    };
    if rest.starts_with('/') {
        return Ok(Some(say(rest)));
    }
    let (name, argument) = match rest.split_once(char::is_whitespace) {
        Some((name, argument)) => (name, argument.trim()),
        None => (rest, ""),
    };
    let command = find(name).ok_or_else(|| unknown(name))?;
    let fits = match command.parameter {
        Parameter::None => argument.is_empty(),
        Parameter::One(_) => !argument.is_empty(),
        Parameter::Maybe(_) => true,
    };
    if !fits {
        return Err(ParseError::Usage(command));
    }
    Ok(Some(match command.verb {
        Verb::Join => Line::Do(Action::Join(argument.into())),
        Verb::Leave => Line::Do(Action::Leave),
        Verb::Rename => Line::Do(Action::Rename(argument.into())),
        Verb::Private => Line::Do(Action::Private),
        Verb::Public => Line::Do(Action::Public),
        Verb::Rooms => Line::Do(Action::Channels),
        Verb::Users => Line::Do(Action::Users),
        Verb::Me => say(&format!("/me {argument}")),
        Verb::Connect if argument.is_empty() => Line::Connect(None),
        Verb::Connect => Line::Connect(Some(argument.parse().map_err(ParseError::Address)?)),
        Verb::Disconnect => Line::Disconnect,
        Verb::Help if argument.is_empty() => Line::Help(Topic::Commands),
        Verb::Help if argument.eq_ignore_ascii_case(KEYS) => Line::Help(Topic::Keys),
        Verb::Help => {
            let name = argument.strip_prefix('/').unwrap_or(argument);
            let about = find(name).ok_or_else(|| unknown(name))?;
            Line::Help(Topic::Command(about))
        }
        Verb::Clear => Line::Clear,
        Verb::Mouse => Line::Mouse,
        Verb::Set if argument.is_empty() => Line::Settings,
        Verb::Set => {
            let (key, value) = argument
                .split_once(char::is_whitespace)
                .unwrap_or((argument, ""));
            let setting = Setting::parse(key, RawValue::Typed(value.trim_start()));
            Line::Set(setting.map_err(ParseError::Setting)?)
        }
        Verb::Quit => Line::Quit,
    }))
}

/// The lines that list every command.
pub fn help() -> Vec<String> {
    COMMANDS
        .iter()
        .map(|command| format!("{command}: {}", command.summary))
        .chain([
            format!("/help {KEYS}: List the keys."),
            "//: A message that starts with a slash.".into(),
        ])
        .collect()
}

/// The same for a screen that is too small for it.
pub fn help_in_brief() -> Vec<String> {
    let names: Vec<_> = COMMANDS
        .iter()
        .map(|command| format!("/{}", command.names[0]))
        .collect();
    vec![names.join(" "), format!("/help COMMAND | {KEYS}")]
}

impl Command {
    /// The lines that explain it.
    pub fn help(&self) -> Vec<String> {
        let mut lines = vec![format!("{self}: {}", self.summary)];
        if let [_, aliases @ ..] = self.names
            && !aliases.is_empty()
        {
            let aliases: Vec<_> = aliases.iter().map(|name| format!("/{name}")).collect();
            lines.push(format!("Also: {}", aliases.join(", ")));
        }
        lines
    }
}

fn say(text: &str) -> Line {
    Line::Do(Action::Say(text.into()))
}

/// The command that is called `name`, without its slash.
pub fn find(name: &str) -> Option<&'static Command> {
    let is_called = |command: &&Command| {
        command
            .names
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
    };
    COMMANDS.iter().find(is_called)
}

fn unknown(name: &str) -> ParseError {
    let is_called = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    match FOREIGN.into_iter().find(|(names, _)| is_called(names)) {
        Some((_, near)) => ParseError::Foreign(name.into(), near),
        None => ParseError::Unknown(name.into(), nearest(name)),
    }
}

/// The command's name that is least far from `name`, if it is near at all.
fn nearest(name: &str) -> Option<&'static str> {
    const FAR: usize = 3;
    // The distance takes time in the square of the length, and no name is this long.
    if name.len() > 20 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    COMMANDS
        .iter()
        .flat_map(|command| command.names)
        .map(|other| (strsim::damerau_levenshtein(&name, other), *other))
        .filter(|(distance, other)| *distance < FAR.min(other.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

impl fmt::Display for Command {
    /// How it is used: `/join ROOM`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.names[0];
        match self.parameter {
            Parameter::None => write!(f, "/{name}"),
            Parameter::One(thing) => write!(f, "/{name} {thing}"),
            Parameter::Maybe(thing) => write!(f, "/{name} [{thing}]"),
        }
    }
}

impl ArgKind {
    fn in_words(self) -> &'static str {
        match self {
            ArgKind::Room => "the name of a room",
            ArgKind::Name => "a name",
            ArgKind::Text => "some text",
            ArgKind::Address => "an address",
            ArgKind::Topic => "a command",
            ArgKind::Setting => "a setting and its value",
        }
    }
}

impl fmt::Display for ArgKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ArgKind::Room => "ROOM",
            ArgKind::Name => "NAME",
            ArgKind::Text => "TEXT",
            ArgKind::Address => "ADDRESS",
            ArgKind::Topic => "COMMAND",
            ArgKind::Setting => "KEY VALUE",
        })
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Unknown(name, Some(nearest)) => {
                write!(f, "There is no command /{name}. Did you mean /{nearest}?")
            }
            ParseError::Unknown(name, None) => {
                write!(f, "There is no command /{name}. /help lists the commands.")
            }
            ParseError::Foreign(name, near) => write!(f, "There is no command /{name}. {near}"),
            ParseError::Usage(command) => {
                let name = command.names[0];
                match command.parameter {
                    Parameter::One(thing) | Parameter::Maybe(thing) => {
                        write!(f, "/{name} needs {}: {command}", thing.in_words())
                    }
                    Parameter::None => write!(f, "/{name} takes nothing behind it."),
                }
            }
            ParseError::Setting(unfit) => unfit.fmt(f),
            ParseError::Address(what) => write!(f, "That is no server: {what}."),
        }
    }
}
