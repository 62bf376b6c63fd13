//! Which command an answer is to, so that a refusal says what was refused.

use std::collections::VecDeque;

use chatmaster_core::names::fold;
use chatmaster_core::session::Action;

/// The commands without an answer as yet, in the order sent. The server answers each exactly once,
/// and those of a kind in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Commands(VecDeque<Action>);

impl Commands {
    /// A command is on its way.
    pub(super) fn sent(&mut self, action: &Action) {
        if typed(action).is_some() {
            self.0.push_back(action.clone());
        }
    }

    /// The last of those commands is not on its way after all.
    pub(super) fn not_sent(&mut self, action: &Action) {
        if let Some(at) = self.0.iter().rposition(|sent| sent == action) {
            self.0.remove(at);
        }
    }

    /// The user has entered this room. Whether that was asked for.
    pub(super) fn joined(&mut self, channel: &str) -> bool {
        let is_it =
            |action: &Action| matches!(action, Action::Join(to) if fold(to) == fold(channel));
        self.take(is_it).is_some()
    }

    /// Whether one of them leads into another room.
    pub(super) fn moves(&self) -> bool {
        let moves = |action: &Action| matches!(action, Action::Join(_) | Action::Leave);
        self.0.iter().any(moves)
    }

    /// The first command of this name is answered: how it was typed.
    pub(super) fn answered(&mut self, name: &str) -> Option<String> {
        let action = self.take(|action| {
            let typed = typed(action).unwrap_or_default();
            let command = typed.split(' ').next();
            command.and_then(|command| command.strip_prefix('/')) == Some(name)
        })?;
        typed(&action)
    }

    fn take(&mut self, is_it: impl Fn(&Action) -> bool) -> Option<Action> {
        let at = self.0.iter().position(is_it)?;
        self.0.remove(at)
    }
}

/// The command as a user types it, if it is one whose refusal would leave one wondering which.
pub(super) fn typed(action: &Action) -> Option<String> {
    match action {
        Action::Join(channel) => Some(format!("/join {channel}")),
        Action::Rename(name) => Some(format!("/rename {name}")),
        Action::Leave => Some("/leave".into()),
        Action::Private => Some("/private".into()),
        Action::Public => Some("/public".into()),
        Action::Login(_)
        | Action::Say(_)
        | Action::Channels
        | Action::Users
        | Action::Sync
        | Action::Quit => None,
    }
}

/// What a server says, with the one word for what it calls a channel. What it quotes stays as it is.
pub(super) fn in_our_words(said: &str) -> String {
    let word = |word: &str| {
        [("Channel", "Room"), ("channel", "room")]
            .into_iter()
            .find_map(|(theirs, ours)| {
                let rest = word.strip_prefix(theirs)?;
                let ends = ["", "s", "'s"].contains(&rest.trim_end_matches([' ', '.', ',', ':']));
                ends.then(|| format!("{ours}{rest}"))
            })
            .unwrap_or_else(|| word.to_owned())
    };
    said.split_inclusive(' ').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(channel: &str) -> Action {
        Action::Join(channel.into())
    }

    #[test]
    fn a_refusal_is_of_the_first_command_of_its_kind_that_has_no_answer() {
        let mut commands = Commands::default();
        for action in [
            join("a"),
            Action::Leave,
            join("b"),
            join("c"),
            Action::Users,
        ] {
            commands.sent(&action);
        }
        assert_eq!(commands.answered("leave").as_deref(), Some("/leave"));
        commands.joined("A");
        assert_eq!(commands.answered("join").as_deref(), Some("/join b"));
        assert_eq!(commands.answered("join").as_deref(), Some("/join c"));
        assert_eq!(commands.answered("join"), None);
        assert_eq!(commands.answered("users"), None);
    }

    #[test]
    fn the_return_to_the_general_room_answers_no_join() {
        let mut commands = Commands::default();
        commands.sent(&join("a"));
        commands.joined("general");
        assert_eq!(commands.answered("join").as_deref(), Some("/join a"));
    }

    #[test]
    fn what_was_not_sent_has_no_answer() {
        let mut commands = Commands::default();
        commands.sent(&join("a"));
        commands.sent(&join("a"));
        commands.not_sent(&join("a"));
        assert_eq!(commands.answered("join").as_deref(), Some("/join a"));
        assert_eq!(commands.answered("join"), None);
    }
}
