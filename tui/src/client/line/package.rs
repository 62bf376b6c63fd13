//! A line of JSON as what is to be done: a package of the protocol, or only its `data`.
//!
//! ```json
//! {"message": "two\nlines"}
//! {"message": "psst", "to": "bob"}
//! {"command": "join", "parameters": {"channel": "tea"}}
//! {"type": "command", "data": {"command": "leave"}}
//! ```

use chatmaster_core::session::Action;
use chatmaster_core::wire::{ClientPackage, Command};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Whether a line is to be read as JSON; every other is text or a command.
pub(super) fn is_one(line: &str) -> bool {
    line.trim_start().starts_with('{')
}

/// Reads a line of JSON.
///
/// # Errors
/// Why it is no package, or none for a user to send: a sentence.
pub(super) fn parse(line: &str) -> Result<Action, String> {
    #[derive(Deserialize)]
    struct Shape {
        r#type: Option<IgnoredAny>,
        command: Option<IgnoredAny>,
    }
    let shape: Shape = serde_json::from_str(line).map_err(|error| no_json(&error))?;
    let data_of = |kind: &str| format!(r#"{{"type":"{kind}","data":{line}}}"#);
    let package = match shape {
        Shape {
            r#type: Some(_), ..
        } => line.to_owned(),
        Shape {
            command: Some(_), ..
        } => data_of("command"),
        Shape { .. } => data_of("message"),
    };
    let package = ClientPackage::parse(package.as_bytes()).map_err(|error| error.message)?;
    Ok(match package {
        ClientPackage::Message {
            message,
            channel,
            to,
            ..
        } => {
            let text = message.into_owned();
            match (to, channel) {
                (Some(to), _) => {
                    let to = to.into_owned();
                    Action::Tell { to, text }
                }
                (None, Some(channel)) => {
                    let channel = channel.into_owned();
                    Action::SayIn { channel, text }
                }
                (None, None) => Action::Say(text),
            }
        }
        ClientPackage::Command(Command::Login { .. }) => {
            return Err("The login is done already; its name is that of --name.".into());
        }
        ClientPackage::Command(command) => command.into(),
    })
}

fn no_json(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "The JSON ends too early.".into();
    }
    let words = error.to_string();
    let what = words.split(" at line").next().unwrap_or(&words);
    format!("It is no JSON from column {} on: {what}.", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_of_a_user_is_read_whole_or_as_its_data() {
        for (data, kind, action) in [
            (
                r#"{"message":"a\n\"b\""}"#,
                "message",
                Action::Say("a\n\"b\"".into()),
            ),
            (
                r#"{"message":"psst","to":"bob"}"#,
                "message",
                Action::Tell {
                    to: "bob".into(),
                    text: "psst".into(),
                },
            ),
            (
                r#"{"message":"hi","channel":"den"}"#,
                "message",
                Action::SayIn {
                    channel: "den".into(),
                    text: "hi".into(),
                },
            ),
            (
                r#"{"message":"/quit"}"#,
                "message",
                Action::Say("/quit".into()),
            ),
            (
                r#"{"command":"join","parameters":{"channel":"tea"}}"#,
                "command",
                Action::Join("tea".into()),
            ),
            (
                r#"{"parameters":{"username":"bob"},"command":"rename"}"#,
                "command",
                Action::Rename("bob".into()),
            ),
            (r#"{"command":"leave"}"#, "command", Action::Leave),
            (r#"{"command":"private"}"#, "command", Action::Private),
            (r#"{"command":"public"}"#, "command", Action::Public),
            (r#"{"command":"channels"}"#, "command", Action::Channels),
            (r#" { "command" : "users" } "#, "command", Action::Users),
        ] {
            assert!(is_one(data), "{data}");
            assert_eq!(parse(data), Ok(action.clone()), "{data}");
            let whole = format!(r#"{{"type":"{kind}","data":{data}}}"#);
            assert_eq!(parse(&whole), Ok(action), "{whole}");
        }
    }

    #[test]
    fn what_is_no_package_is_refused_with_the_reason() {
        for (line, reason) in [
            ("{", "The JSON ends too early."),
            (r#"{"message":"#, "The JSON ends too early."),
            (
                "{message}",
                "It is no JSON from column 2 on: key must be a string.",
            ),
            (
                r#"{"message":"a"} {"message":"b"}"#,
                "It is no JSON from column 17 on: trailing characters.",
            ),
            ("{}", "A message needs data.message, a string."),
            (
                r#"{"message":5}"#,
                "A message needs data.message, a string.",
            ),
            (
                r#"{"command":"join"}"#,
                "join needs data.parameters.channel, a string.",
            ),
            (r#"{"command":"dance"}"#, "Unknown command."),
            (
                r#"{"type":"session","data":{}}"#,
                "Packages of type session are only sent by",
            ),
            (
                r#"{"command":"login","parameters":{"username":"bob"}}"#,
                "The login is done already",
            ),
        ] {
            let refused = parse(line).expect_err("it is no package");
            assert!(refused.starts_with(reason), "{line}: {refused}");
        }
    }

    #[test]
    fn other_lines_are_not_json() {
        for line in ["", "hello", "/join {x}", "[1]", "\"{\""] {
            assert!(!is_one(line), "{line}");
        }
    }
}
