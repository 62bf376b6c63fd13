//! When the terminal's bell rings.

use jiff::civil::DateTime;

use super::log::Focus;
use crate::settings::Bell;

/// What a message is to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Import {
    /// It is their own.
    Nothing,
    /// It does not mention them.
    Message,
    /// It mentions them, or is for them alone.
    Mention,
}

/// The bell, and when it rang last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ringer {
    pub(super) bell: Bell,
    rang: Option<DateTime>,
}

impl Ringer {
    /// Whether to ring for a message that has come at `at`: not for a reader who has the terminal in
    /// front of them, and once within a second of the clock, whatever pours in.
    pub(super) fn rings(&mut self, at: DateTime, import: Import, focus: Focus) -> bool {
        let wanted = match (self.bell, import) {
            (Bell::All, Import::Message | Import::Mention) | (Bell::Mentions, Import::Mention) => {
                true
            }
            (Bell::Mentions, Import::Message) | (Bell::Off, _) | (_, Import::Nothing) => false,
        };
        let second = at.with().subsec_nanosecond(0).build().unwrap_or(at);
        if !wanted || focus == Focus::Here || self.rang == Some(second) {
            return false;
        }
        self.rang = Some(second);
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(second: i8, nanosecond: i32) -> DateTime {
        date(2026, 11, 24).at(12, 0, second, nanosecond)
    }

    #[test]
    fn it_rings_for_what_the_user_wants_it_to() {
        for (bell, mention, message) in [
            (Bell::Mentions, true, false),
            (Bell::All, true, true),
            (Bell::Off, false, false),
        ] {
            let ringer = Ringer { bell, rang: None };
            let rings = |import| ringer.clone().rings(at(0, 0), import, Focus::Elsewhere);
            assert_eq!(
                (rings(Import::Mention), rings(Import::Message)),
                (mention, message),
                "{bell:?}"
            );
        }
    }

    #[test]
    fn it_does_not_ring_for_someone_who_is_looking() {
        let rings = |focus| Ringer::default().rings(at(0, 0), Import::Mention, focus);
        assert!(!rings(Focus::Here));
        assert!(rings(Focus::Elsewhere));
        assert!(rings(Focus::Unknown), "nobody knows whether they are");
    }

    #[test]
    fn it_rings_once_a_second_whatever_pours_in() {
        let mut ringer = Ringer::default();
        let mut rings = |second, nanosecond| {
            ringer.rings(at(second, nanosecond), Import::Mention, Focus::Elsewhere)
        };
        assert!(rings(1, 0));
        assert!(!rings(1, 999_999_999));
        assert!(rings(2, 0));
        assert!(rings(1, 0), "the clock was set back");
    }
}
