//! What a user types: text to say, or a command with a slash in front. The line client and the
//! terminal client read it alike.

use std::fmt;

use chatmaster_core::session::Action;

/// What a line of a user means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Something for the server to do, or to pass on.
    Do(Action),
    /// Explain one command, or all.
    Help(Option<&'static Command>),
    /// Empty the chat log.
    Clear,
    /// Let the mouse scroll, or select.
    Mouse,
    /// Leave.
    Quit,
}

/// Why a line that starts with a slash means nothing. Displays as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such command; perhaps another one was meant.
    Unknown(String, Option<&'static str>),
    /// The command is used in another way.
    Usage(&'static Command),
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
    /// One thing, called so.
    One(&'static str),
    /// One thing, called so, or nothing.
    Maybe(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Join,
    Leave,
    Rename,
    Private,
    Public,
    Channels,
    Users,
    Help,
    Clear,
    Mouse,
    Quit,
}

/// Every command.
pub static COMMANDS: [Command; 11] = {
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
            &["join"],
            One("ROOM"),
            Verb::Join,
            "Enter a room; it is made if there is none.",
        ),
        command(
            &["leave"],
            None,
            Verb::Leave,
            "Go back to the general room.",
        ),
        command(
            &["rename", "nick"],
            One("NAME"),
            Verb::Rename,
            "Take another name.",
        ),
        command(
            &["private"],
            None,
            Verb::Private,
            "Hide your room and close it to newcomers; only its owner can.",
        ),
        command(
            &["public"],
            None,
            Verb::Public,
            "Show your room and open it again.",
        ),
        command(
            &["channels", "rooms", "list"],
            None,
            Verb::Channels,
            "List the public rooms.",
        ),
        command(
            &["users", "who"],
            None,
            Verb::Users,
            "List who is in your room.",
        ),
        command(
            &["help"],
            Maybe("COMMAND"),
            Verb::Help,
            "Explain a command, or list them all.",
        ),
        command(
            &["clear"],
            None,
            Verb::Clear,
            "Empty the chat log on your screen.",
        ),
        command(
            &["mouse"],
            None,
            Verb::Mouse,
            "Let the mouse select text instead of scrolling, or scroll again.",
        ),
        command(&["quit"], None, Verb::Quit, "Leave the chat."),
    ]
};

/// Reads what a user typed. `None` if there is nothing in it.
///
/// # Errors
/// Why it starts with a slash but is no command.
pub fn parse(text: &str) -> Result<Option<Line>, Mistake> {
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
    let command = find(name).ok_or_else(|| Mistake::Unknown(name.into(), nearest(name)))?;
    let fits = match command.parameter {
        Parameter::None => argument.is_empty(),
        Parameter::One(_) => !argument.is_empty(),
        Parameter::Maybe(_) => true,
    };
    if !fits {
        return Err(Mistake::Usage(command));
    }
    Ok(Some(match command.verb {
        Verb::Join => Line::Do(Action::Join(argument.into())),
        Verb::Leave => Line::Do(Action::Leave),
        Verb::Rename => Line::Do(Action::Rename(argument.into())),
        Verb::Private => Line::Do(Action::Private),
        Verb::Public => Line::Do(Action::Public),
        Verb::Channels => Line::Do(Action::Channels),
        Verb::Users => Line::Do(Action::Users),
        Verb::Help if argument.is_empty() => Line::Help(None),
        Verb::Help => {
            let name = argument.strip_prefix('/').unwrap_or(argument);
            let about = find(name).ok_or_else(|| Mistake::Unknown(name.into(), nearest(name)))?;
            Line::Help(Some(about))
        }
        Verb::Clear => Line::Clear,
        Verb::Mouse => Line::Mouse,
        Verb::Quit => Line::Quit,
    }))
}

/// The lines that explain `about`, or every command.
pub fn help(about: Option<&'static Command>) -> Vec<String> {
    if let Some(command) = about {
        let mut lines = vec![format!("{command}: {}", command.summary)];
        if let [_, aliases @ ..] = command.names
            && !aliases.is_empty()
        {
            let aliases: Vec<_> = aliases.iter().map(|name| format!("/{name}")).collect();
            lines.push(format!("Also: {}", aliases.join(", ")));
        }
        return lines;
    }
    COMMANDS
        .iter()
        .map(|command| format!("{command}: {}", command.summary))
        .chain(["//: a message that starts with a slash.".into()])
        .collect()
}

fn say(text: &str) -> Line {
    Line::Do(Action::Say(text.into()))
}

fn find(name: &str) -> Option<&'static Command> {
    let is_called = |command: &&Command| {
        command
            .names
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
    };
    COMMANDS.iter().find(is_called)
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
            Parameter::One(what) => write!(f, "/{name} {what}"),
            Parameter::Maybe(what) => write!(f, "/{name} [{what}]"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Unknown(name, Some(nearest)) => {
                write!(f, "There is no command /{name}. Did you mean /{nearest}?")
            }
            Mistake::Unknown(name, None) => {
                write!(f, "There is no command /{name}. /help lists the commands.")
            }
            Mistake::Usage(command) => write!(f, "It is used like this: {command}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Option<Line>, Mistake> {
        Ok(Some(Line::Do(Action::Say(text.into()))))
    }

    #[test]
    fn what_has_no_slash_in_front_is_said_as_it_is() {
        for text in ["hello", " /join dev", "a/b", "  ", "two\nlines"] {
            assert_eq!(parse(text), said(text));
        }
        assert_eq!(parse(""), Ok(None));
    }

    #[test]
    fn two_slashes_are_a_literal_one() {
        assert_eq!(parse("//join dev"), said("/join dev"));
        assert_eq!(parse("//"), said("/"));
        assert_eq!(parse("///x"), said("//x"));
    }

    #[test]
    fn each_command_is_read_by_each_of_its_names() {
        let join = Line::Do(Action::Join("dev".into()));
        let rename = Line::Do(Action::Rename("bob".into()));
        for (text, line) in [
            ("/join dev", join.clone()),
            ("/join   dev  ", join.clone()),
            ("/JOIN dev", join),
            ("/leave", Line::Do(Action::Leave)),
            ("/leave ", Line::Do(Action::Leave)),
            ("/rename bob", rename.clone()),
            ("/nick bob", rename),
            ("/private", Line::Do(Action::Private)),
            ("/public", Line::Do(Action::Public)),
            ("/channels", Line::Do(Action::Channels)),
            ("/rooms", Line::Do(Action::Channels)),
            ("/list", Line::Do(Action::Channels)),
            ("/users", Line::Do(Action::Users)),
            ("/who", Line::Do(Action::Users)),
            ("/help", Line::Help(None)),
            ("/clear", Line::Clear),
            ("/mouse", Line::Mouse),
            ("/quit", Line::Quit),
        ] {
            assert_eq!(parse(text), Ok(Some(line)), "{text}");
        }
    }

    #[test]
    fn a_parameter_may_hold_spaces_for_the_server_to_judge() {
        assert_eq!(
            parse("/join a b"),
            Ok(Some(Line::Do(Action::Join("a b".into()))))
        );
    }

    #[test]
    fn a_missing_or_unwanted_parameter_is_answered_with_the_usage() {
        for (text, usage) in [
            ("/join", "It is used like this: /join ROOM"),
            ("/nick  ", "It is used like this: /rename NAME"),
            ("/leave dev", "It is used like this: /leave"),
        ] {
            let mistake = parse(text).expect_err("the usage is wrong");
            assert_eq!(mistake.to_string(), usage);
        }
    }

    #[test]
    fn an_unknown_command_suggests_the_nearest() {
        for (text, answer) in [
            (
                "/jion dev",
                "There is no command /jion. Did you mean /join?",
            ),
            ("/Qiut", "There is no command /Qiut. Did you mean /quit?"),
            ("/usrs", "There is no command /usrs. Did you mean /users?"),
            (
                "/frobnicate",
                "There is no command /frobnicate. /help lists the commands.",
            ),
            ("/", "There is no command /. /help lists the commands."),
            (
                "/help jion",
                "There is no command /jion. Did you mean /join?",
            ),
        ] {
            let mistake = parse(text).expect_err("there is no such command");
            assert_eq!(mistake.to_string(), answer);
        }
    }

    #[test]
    fn help_is_given_for_each_command_with_its_other_names() {
        for text in ["/help nick", "/help /rename"] {
            let Ok(Some(Line::Help(Some(about)))) = parse(text) else {
                panic!("{text} is help")
            };
            assert_eq!(
                help(Some(about)),
                ["/rename NAME: Take another name.", "Also: /nick"]
            );
        }
    }

    #[test]
    fn help_lists_every_command() {
        let lines = help(None);
        assert_eq!(lines.len(), COMMANDS.len() + 1);
        assert_eq!(
            lines[0],
            "/join ROOM: Enter a room; it is made if there is none."
        );
    }
}
