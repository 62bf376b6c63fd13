//! What a user types: text to say, or a command with a slash in front. The line client and the
//! terminal client read it alike.

mod about;
mod list;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use chatmaster_core::session::Action;
use chatmaster_core::wire::Command as Order;

pub use about::{room_of, typed, within};
pub use list::COMMANDS;
use list::FOREIGN;

use crate::address::Address;
use crate::settings::{InvalidSetting, RawValue, Setting};

/// What a line of a user means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Something for the server to do, or to pass on.
    Do(Action),
    /// Talk with this one person.
    Query(String),
    /// Close the window that is looked at.
    Close,
    /// Say what the room is about.
    Topic,
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
    /// What commands there are for everyday.
    Commands,
    /// Those by which a room is kept in order.
    Order,
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
    /// Where help has it.
    group: Group,
    verb: Verb,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Everyday,
    Order,
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
    /// The name of someone.
    User,
    /// The name of someone, and words that may be left out.
    UserAndReason,
    /// The name of someone, and words for them.
    UserAndText,
    /// Words for the others.
    Text,
    /// What a room is about.
    About,
    /// Where a server is.
    Address,
    /// What to explain.
    Topic,
    /// A setting, and its value.
    Setting,
}

/// What `/help` has besides commands.
pub const KEYS: &str = "keys";
/// The commands by which a room is kept in order, as `/help` has them.
pub const ORDER: &str = "order";

/// What is in place of a room, to be in none, and of a topic, to have none.
const NOWHERE: &str = "-";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Join,
    Leave,
    Close,
    Rename,
    Me,
    Tell,
    Query,
    Topic,
    Invite,
    Uninvite,
    Kick,
    Ban,
    Unban,
    Bans,
    Mute,
    Unmute,
    Owner,
    Ignore,
    Unignore,
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

/// What the message `text` says its sender does, if it says that: `/me waves` (XEP-0245).
pub fn emote(text: &str) -> Option<&str> {
    text.strip_prefix("/me ")
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
    let username: Cow<'static, str> = argument.to_owned().into();
    let channel = None;
    let (whom, rest) = match argument.split_once(char::is_whitespace) {
        Some((whom, rest)) => (whom, Some(rest.trim_start())),
        None => (argument, None),
    };
    let reason = || rest.map(|reason| reason.to_owned().into());
    let give = |order| Line::Do(Action::Other(order));
    Ok(Some(match command.verb {
        Verb::Join if argument == NOWHERE => Line::Do(Action::Leave),
        Verb::Join => Line::Do(Action::Join(argument.into())),
        Verb::Leave => Line::Do(Action::Leave),
        Verb::Close => Line::Close,
        Verb::Rename => Line::Do(Action::Rename(argument.into())),
        Verb::Private => Line::Do(Action::Private),
        Verb::Public => Line::Do(Action::Public),
        Verb::Rooms => Line::Do(Action::Channels),
        Verb::Users => Line::Do(Action::Users),
        Verb::Tell => {
            let (to, text) = (whom.into(), rest.ok_or(ParseError::Usage(command))?.into());
            Line::Do(Action::Tell { to, text })
        }
        Verb::Query => Line::Query(argument.into()),
        Verb::Topic if argument.is_empty() => Line::Topic,
        Verb::Topic => {
            let topic = if argument == NOWHERE { "" } else { argument };
            let topic = topic.to_owned().into();
            give(Order::Topic { topic, channel })
        }
        Verb::Invite => give(Order::Invite { username, channel }),
        Verb::Uninvite => give(Order::Uninvite { username, channel }),
        Verb::Kick => {
            let (username, reason) = (whom.to_owned().into(), reason());
            give(Order::Kick {
                username,
                reason,
                channel,
            })
        }
        Verb::Ban => {
            let (username, reason) = (whom.to_owned().into(), reason());
            give(Order::Ban {
                username,
                reason,
                channel,
            })
        }
        Verb::Unban => give(Order::Unban { username, channel }),
        Verb::Bans => give(Order::Bans { channel }),
        Verb::Mute => give(Order::Mute { username, channel }),
        Verb::Unmute => give(Order::Unmute { username, channel }),
        Verb::Owner => give(Order::Owner { username, channel }),
        Verb::Ignore => give(Order::Ignore { username }),
        Verb::Unignore => give(Order::Unignore { username }),
        Verb::Me => say(&format!("/me {argument}")),
        Verb::Connect if argument.is_empty() => Line::Connect(None),
        Verb::Connect => Line::Connect(Some(argument.parse().map_err(ParseError::Address)?)),
        Verb::Disconnect => Line::Disconnect,
        Verb::Help if argument.is_empty() => Line::Help(Topic::Commands),
        Verb::Help if argument.eq_ignore_ascii_case(KEYS) => Line::Help(Topic::Keys),
        Verb::Help if argument.eq_ignore_ascii_case(ORDER) => Line::Help(Topic::Order),
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

/// The lines that list the commands for everyday.
pub fn help() -> Vec<String> {
    let more = [
        format!("/help {KEYS}: List the keys."),
        format!("/help {ORDER}: How a room is kept in order."),
        "//: A message that starts with a slash.".into(),
    ];
    explained(Group::Everyday).chain(more).collect()
}

/// The lines that list those by which a room is kept in order.
pub fn help_on_order() -> Vec<String> {
    explained(Group::Order).collect()
}

fn explained(group: Group) -> impl Iterator<Item = String> {
    let of_group = COMMANDS
        .iter()
        .filter(move |command| command.group == group);
    of_group.map(|command| format!("{command}: {}", command.summary))
}

/// The same for a screen that is too small for it.
pub fn help_in_brief() -> Vec<String> {
    vec![named(Group::Everyday), format!("/help {KEYS}|{ORDER}|NAME")]
}

/// The same.
pub fn help_on_order_in_brief() -> Vec<String> {
    vec![named(Group::Order)]
}

fn named(group: Group) -> String {
    let of_group = COMMANDS.iter().filter(|command| command.group == group);
    let names: Vec<_> = of_group
        .map(|command| format!("/{}", command.names[0]))
        .collect();
    names.join(" ")
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
            ArgKind::User => "the name of someone",
            ArgKind::UserAndReason => "the name of someone",
            ArgKind::UserAndText => "the name of someone, and what to tell them",
            ArgKind::Text => "some text",
            ArgKind::About => "what the room is about",
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
            ArgKind::User => "NAME",
            ArgKind::UserAndReason => "NAME [REASON]",
            ArgKind::UserAndText => "NAME TEXT",
            ArgKind::Text | ArgKind::About => "TEXT",
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
