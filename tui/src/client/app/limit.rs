//! How much more fits into a message.

use chatmaster_core::Config;
use chatmaster_core::session::Action;

use crate::client::command::{self, Line};

/// The part of the limit, in percent, from which on one is told what is left of it.
const NEAR: usize = 80;

/// What the text in the box leaves of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// As good as all.
    Enough,
    /// So many bytes.
    Bytes(usize),
    /// It is longer by so many bytes.
    Over(usize),
}

/// Bytes of the longest message that a server takes, unless it was told otherwise. No server says.
pub(super) fn most() -> usize {
    Config::default().max_message_bytes
}

/// So many bytes, in words.
pub(super) fn counted(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".into(),
        _ => format!("{bytes} bytes"),
    }
}

/// What the message that `text` in the box makes leaves. What makes none leaves enough.
pub(super) fn left(text: &str) -> Left {
    let near = most() * NEAR / 100;
    // Most texts are short, and none of them need be looked at closely.
    if text.len() < near {
        return Left::Enough;
    }
    match command::parse(text) {
        Ok(Some(Line::Do(Action::Say(message)))) => match message.len() {
            bytes if bytes > most() => Left::Over(bytes - most()),
            bytes if bytes >= near => Left::Bytes(most() - bytes),
            _ => Left::Enough,
        },
        _ => Left::Enough,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_from_four_fifths_on() {
        for (bytes, expected) in [
            (0, Left::Enough),
            (3275, Left::Enough),
            (3276, Left::Bytes(820)),
            (4096, Left::Bytes(0)),
            (4097, Left::Over(1)),
        ] {
            assert_eq!(left(&"x".repeat(bytes)), expected, "{bytes}");
        }
        // A character of two bytes is two.
        assert_eq!(left(&"é".repeat(2048)), Left::Bytes(0));
    }

    #[test]
    fn what_counts_is_what_is_sent() {
        let long = "x".repeat(4095);
        assert_eq!(left(&format!("//{long}")), Left::Bytes(0));
        assert_eq!(left(&format!("/me {long}")), Left::Over(3));
        assert_eq!(left(&format!("/join {long}")), Left::Enough);
        assert_eq!(left(&format!("/nonsense {long}")), Left::Enough);
    }
}
