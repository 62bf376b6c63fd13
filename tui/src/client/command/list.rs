//! The commands there are, and those of other chats.

use super::{ArgKind, Command, Group, Parameter, Verb};

/// Every command.
pub static COMMANDS: [Command; 30] = {
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
            group: Group::Everyday,
            verb,
        }
    }
    const fn order(
        name: &'static [&'static str],
        parameter: Parameter,
        verb: Verb,
        summary: &'static str,
    ) -> Command {
        Command {
            group: Group::Order,
            ..command(name, parameter, verb, summary)
        }
    }
    [
        command(
            &["join", "j"],
            One(ArgKind::Room),
            Verb::Join,
            "Enter a room, or create it.",
        ),
        command(&["leave", "part"], None, Verb::Leave, "Leave the room."),
        command(
            &["close"],
            None,
            Verb::Close,
            "Leave the room, or end the talk.",
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
            &["msg", "m", "tell", "whisper", "w", "pm", "dm"],
            One(ArgKind::UserAndText),
            Verb::Tell,
            "Tell one person.",
        ),
        command(
            &["query"],
            One(ArgKind::User),
            Verb::Query,
            "Talk with one person.",
        ),
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
        order(
            &["topic"],
            Maybe(ArgKind::About),
            Verb::Topic,
            "Say what it is about.",
        ),
        order(&["private"], None, Verb::Private, "Hide and close it."),
        order(&["public"], None, Verb::Public, "Show and open it again."),
        order(
            &["invite"],
            One(ArgKind::User),
            Verb::Invite,
            "Let someone into it.",
        ),
        order(
            &["uninvite"],
            One(ArgKind::User),
            Verb::Uninvite,
            "Not any more.",
        ),
        order(
            &["kick", "remove"],
            One(ArgKind::UserAndReason),
            Verb::Kick,
            "Put someone out.",
        ),
        order(
            &["ban"],
            One(ArgKind::UserAndReason),
            Verb::Ban,
            "And keep them out.",
        ),
        order(&["unban"], One(ArgKind::User), Verb::Unban, "Not any more."),
        order(&["bans"], None, Verb::Bans, "List who is kept out."),
        order(
            &["mute"],
            One(ArgKind::User),
            Verb::Mute,
            "Silence someone.",
        ),
        order(
            &["unmute"],
            One(ArgKind::User),
            Verb::Unmute,
            "Not any more.",
        ),
        order(
            &["owner"],
            One(ArgKind::User),
            Verb::Owner,
            "Give it to someone in it.",
        ),
        order(
            &["ignore", "block"],
            One(ArgKind::User),
            Verb::Ignore,
            "Hear nothing alone of someone.",
        ),
        order(
            &["unignore", "unblock"],
            One(ArgKind::User),
            Verb::Unignore,
            "Not any more.",
        ),
    ]
};

/// What other chats have a command for: its names, and what comes near it here.
pub(super) const FOREIGN: [(&[&str], &str); 2] = [
    (&["say"], "What has no slash in front is said."),
    (
        &["whois", "away", "status"],
        "/users lists who is in your room.",
    ),
];
