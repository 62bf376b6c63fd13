//! Who and what there is: the members of the room and the rooms of the server, kept from what the
//! server tells.

use chatmaster_core::session::MAX_LIST_BYTES;

use crate::client::connection::Privacy;

/// The members of the room, in order of arrival. Their names have no more bytes than those of a list
/// can have; who comes then is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    names: Vec<String>,
    /// Bytes of the names.
    bytes: usize,
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
        Members::new(vec![name.into()], Known::Some)
    }

    /// A room as the server lists it.
    pub(super) fn listed(names: Vec<String>, more: usize) -> Self {
        Members::new(names, Known::All { more })
    }

    fn new(names: Vec<String>, known: Known) -> Self {
        let bytes = names.iter().map(String::len).sum();
        Members {
            names,
            bytes,
            known,
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
        if self.names.iter().any(|known| known == name) {
            return;
        }
        // Each name has a byte, so their number is bounded, too.
        if !name.is_empty() && self.bytes + name.len() <= MAX_LIST_BYTES {
            self.bytes += name.len();
            self.names.push(name.into());
        } else if let Known::All { more } = &mut self.known {
            *more = more.saturating_add(1);
        }
    }

    pub(super) fn leave(&mut self, name: &str) {
        match self.names.iter().position(|known| known == name) {
            Some(at) => {
                self.names.remove(at);
                self.bytes -= name.len();
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
            Some(known) if self.bytes - old.len() + new.len() <= MAX_LIST_BYTES => {
                self.bytes = self.bytes - old.len() + new.len();
                *known = new.into();
            }
            _ => {
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
    /// What the list says of `room`: a room that is hidden is in no list.
    pub(super) fn privacy_of(&self, room: &str) -> Privacy {
        if self.lack(room) {
            Privacy::Private
        } else {
            Privacy::Public
        }
    }

    /// Whether `room` is certainly not public.
    fn lack(&self, room: &str) -> bool {
        self.more == 0 && !self.names.iter().any(|name| name == room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_there_are_names_enough_is_counted() {
        let mut members = Members::listed(vec!["a".into()], 0);
        let (old, new) = ("m".repeat(30), "n".repeat(31));
        for n in 0..5000 {
            members.join(&format!("{old}{n}"));
        }
        assert_eq!(members.count(), Some(5001));
        let bytes = |members: &Members| members.names().iter().map(String::len).sum::<usize>();
        assert!(bytes(&members) <= MAX_LIST_BYTES);
        for n in 0..5000 {
            members.rename(&format!("{old}{n}"), &format!("{new}{n}"));
        }
        assert!(bytes(&members) <= MAX_LIST_BYTES);
        assert_eq!(members.count(), Some(5001));
        for n in 0..5000 {
            members.leave(&format!("{new}{n}"));
        }
        assert_eq!(
            (members.names(), members.count()),
            (&["a".to_owned()][..], Some(1))
        );
    }

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
