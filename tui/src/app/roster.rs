//! Who and what there is: the members of the room and the rooms of the server, kept from what the
//! server tells; and which of its answers nobody asked for.

use std::collections::VecDeque;

use super::commands::Commands;

/// The members of the room, in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    names: Vec<String>,
    known: Known,
}

/// How much is known of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    /// Only those who did something. Not every server lists members.
    #[default]
    Some,
    /// All, but for so many who were not listed by name.
    All { more: usize },
}

impl Members {
    /// A room of which only `name` is known.
    pub(super) fn only(name: &str) -> Self {
        Members {
            names: vec![name.into()],
            known: Known::Some,
        }
    }

    /// A room as the server lists it.
    pub(super) fn listed(names: Vec<String>, more: usize) -> Self {
        Members {
            names,
            known: Known::All { more },
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are, if that is known.
    pub(super) fn count(&self) -> Option<usize> {
        match self.known {
            Known::Some => None,
            Known::All { more } => Some(self.names.len() + more),
        }
    }

    pub(super) fn join(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.into());
        }
    }

    pub(super) fn leave(&mut self, name: &str) {
        match self.names.iter().position(|known| known == name) {
            Some(at) => {
                self.names.remove(at);
            }
            None => {
                if let Known::All { more } = &mut self.known {
                    *more = more.saturating_sub(1);
                }
            }
        }
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) {
        match self.names.iter_mut().find(|known| *known == old) {
            Some(known) => *known = new.into(),
            None => {
                self.leave(old);
                self.join(new);
            }
        }
    }
}

/// The public rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rooms {
    /// Their names, sorted.
    pub(super) names: Vec<String>,
    /// How many more there are.
    pub(super) more: usize,
}

impl Rooms {
    /// Whether `room` is certainly not public.
    pub(super) fn lack(&self, room: &str) -> bool {
        self.more == 0 && !self.names.iter().any(|name| name == room)
    }
}

/// Who wanted an answer of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The user, who wants to read it.
    User,
    /// The client, for its side list.
    Client,
    /// The client, to find out whether all before it was dealt with.
    Sync,
}

/// What has no answer yet: the lists that were asked for, in the order in which the server answers,
/// and the commands.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pub(super) users: VecDeque<Asker>,
    pub(super) channels: VecDeque<Asker>,
    pub(super) commands: Commands,
}

impl Pending {
    /// Takes in that a sync, which asks for a list on the wire, was answered.
    pub(super) fn answered_sync(&mut self) {
        if let Some(at) = self.channels.iter().position(|asker| *asker == Asker::Sync) {
            self.channels.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_go_and_change_their_names() {
        let mut members = Members::listed(vec!["a".into(), "b".into()], 0);
        members.join("c");
        members.join("a");
        assert_eq!(members.names(), ["a", "b", "c"]);
        members.leave("a");
        members.rename("b", "x");
        assert_eq!(members.names(), ["x", "c"]);
        assert_eq!(members.count(), Some(2));
    }

    #[test]
    fn members_that_were_not_listed_count() {
        let mut members = Members::listed(vec!["a".into()], 2);
        assert_eq!(members.count(), Some(3));
        members.rename("unlisted", "b");
        assert_eq!(members.names(), ["a", "b"]);
        assert_eq!(members.count(), Some(3));
        members.leave("another");
        members.leave("a");
        assert_eq!(members.count(), Some(1));
    }

    #[test]
    fn there_is_no_count_of_members_that_were_never_listed() {
        let mut members = Members::only("a");
        members.join("b");
        assert_eq!(members.names(), ["a", "b"]);
        assert_eq!(members.count(), None);
    }

    #[test]
    fn a_room_lacks_only_in_a_whole_list() {
        let names = vec!["dev".into()];
        assert!(
            Rooms {
                names: names.clone(),
                more: 0
            }
            .lack("lair")
        );
        assert!(
            !Rooms {
                names: names.clone(),
                more: 1
            }
            .lack("lair")
        );
        assert!(!Rooms { names, more: 0 }.lack("dev"));
    }
}
