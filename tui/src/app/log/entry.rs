//! What is in the log.

use jiff::civil::DateTime;

use super::scroll::{Names, Window};
use crate::command;
use crate::text::{Shown, sanitise, sanitise_lines, wrap};

/// Something in the log. Its text is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Entry {
    pub(in crate::app) at: DateTime,
    pub(in crate::app) kind: Kind,
    /// At least one.
    lines: Vec<Shown>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum Kind {
    /// Someone said something.
    Said { name: Shown, speaker: Speaker },
    /// Someone did something, as the text says after the name (`/me`).
    Did { name: Shown, speaker: Speaker },
    /// Someone came.
    Joined,
    /// Someone went.
    Left,
    /// Something to know.
    Info,
    /// Something went wrong.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Speaker {
    User,
    Other,
}

impl Entry {
    pub(in crate::app) fn new(at: DateTime, kind: Kind, text: &str) -> Self {
        Entry {
            at,
            kind,
            lines: sanitise_lines(text),
        }
    }

    /// A message, of words or of a deed.
    pub(in crate::app) fn said(at: DateTime, name: &str, speaker: Speaker, text: &str) -> Self {
        let shown = sanitise(name);
        match command::deed(text) {
            None => {
                let kind = Kind::Said {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, text)
            }
            Some(deed) => {
                let kind = Kind::Did {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, &format!("{name} {deed}"))
            }
        }
    }

    /// The rows of the text, at least one.
    pub(super) fn rows(&self, window: Window) -> Vec<Shown> {
        let wrap = |line: &Shown| wrap(line, window.columns);
        match (&self.kind, window.names) {
            (Kind::Said { name, .. }, Names::Inline) => {
                let named = sanitise(&format!("{name}: {}", self.lines[0]));
                wrap(&named)
                    .into_iter()
                    .chain(self.lines[1..].iter().flat_map(wrap))
                    .collect()
            }
            _ => self.lines.iter().flat_map(wrap).collect(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.as_str().len() + size_of::<Shown>())
            .sum()
    }
}
