//! What is in the log.

use std::borrow::Cow;
use std::ops::Range;

use chatmaster_core::session::RequestId;
use jiff::civil::DateTime;

use super::scroll::{Names, Pane};
use crate::client::command;
use crate::text::{Needle, SafeText, sanitise, sanitise_lines, wrap_indices};

/// Something in the log. Its text is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client::app) struct Entry {
    pub(in crate::client::app) at: DateTime,
    pub(in crate::client::app) kind: Kind,
    /// At least one.
    lines: Vec<SafeText>,
    /// Where the user is mentioned: in which line, and where there.
    mentions: Vec<(usize, Range<usize>)>,
    /// The server's number of the message, if it is one and has one.
    pub(super) id: Option<u64>,
    /// The request by which it is said, until it has a number.
    pub(super) request: Option<RequestId>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client::app) enum Kind {
    /// Someone said something.
    Said { name: SafeText, speaker: Speaker },
    /// Someone did something, as the text says after the name (`/me`).
    Did { name: SafeText, speaker: Speaker },
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
pub(in crate::client::app) enum Speaker {
    User,
    Other,
}

impl Entry {
    pub(in crate::client::app) fn new(at: DateTime, kind: Kind, text: &str) -> Self {
        Entry {
            at,
            kind,
            lines: sanitise_lines(text),
            mentions: Vec::new(),
            id: None,
            request: None,
        }
    }

    /// A message, of words, or an emote.
    pub(in crate::client::app) fn said(
        at: DateTime,
        name: &str,
        speaker: Speaker,
        text: &str,
    ) -> Self {
        let shown = sanitise(name);
        match command::emote(text) {
            None => {
                let kind = Kind::Said {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, text)
            }
            Some(emote) => {
                let kind = Kind::Did {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, &format!("{name} {emote}"))
            }
        }
    }

    /// The entry for a user called `name`, who may be mentioned in it.
    pub(in crate::client::app) fn to(mut self, name: &str) -> Self {
        if let Some(name) = Needle::new(sanitise(name).as_str()) {
            for (line, text) in self.lines.iter().enumerate() {
                let words = name.find_words(text).into_iter();
                self.mentions.extend(words.map(|range| (line, range)));
            }
        }
        self
    }

    /// The same with the server's number of it.
    pub(in crate::client::app) fn numbered(self, id: impl Into<Option<u64>>) -> Self {
        Entry {
            id: id.into(),
            ..self
        }
    }

    /// The same, which is said by this request and has no number yet.
    pub(in crate::client::app) fn sent_as(self, request: RequestId) -> Self {
        Entry {
            request: Some(request),
            ..self
        }
    }

    pub(in crate::client::app) fn mentions_user(&self) -> bool {
        !self.mentions.is_empty()
    }

    /// Whether `needle` is in it, or in the name of who said it.
    pub(in crate::client::app) fn has(&self, needle: &Needle) -> bool {
        let name = match &self.kind {
            Kind::Said { name, .. } => Some(name),
            _ => None,
        };
        name.into_iter()
            .chain(&self.lines)
            .any(|text| needle.is_in(text))
    }

    /// In which of its lines `needle` is first, and where it starts there; none if it is in the name
    /// alone.
    pub(in crate::client::app) fn find(
        &self,
        needle: &Needle,
        names: Names,
    ) -> Option<(usize, usize)> {
        let line = self.lines.iter().position(|text| needle.is_in(text))?;
        let found = needle.find(&self.line(names, line));
        found.first().map(|range| (line, range.start))
    }

    /// The lines of its text, at least one.
    pub(in crate::client::app) fn lines(&self) -> &[SafeText] {
        &self.lines
    }

    /// Whether it is what someone said, word for word.
    pub(in crate::client::app) fn is_said(&self) -> bool {
        matches!(self.kind, Kind::Said { .. })
    }

    /// Who said or did it, if someone did.
    pub(in crate::client::app) fn speaker(&self) -> Option<Speaker> {
        match self.kind {
            Kind::Said { speaker, .. } | Kind::Did { speaker, .. } => Some(speaker),
            _ => None,
        }
    }

    /// One of its lines, with the name of who said it if there is no column for that.
    pub(in crate::client::app) fn line(&self, names: Names, line: usize) -> Cow<'_, SafeText> {
        match self.inline_name(names) {
            Some(name) if line == 0 => {
                Cow::Owned(sanitise(&format!("{name}: {}", self.lines[line])))
            }
            _ => Cow::Borrowed(&self.lines[line]),
        }
    }

    /// Where in that line the user is mentioned.
    pub(in crate::client::app) fn mentions(&self, names: Names, line: usize) -> Vec<Range<usize>> {
        let before = match self.inline_name(names) {
            Some(name) if line == 0 => name.as_str().len() + ": ".len(),
            _ => 0,
        };
        let here = self.mentions.iter().filter(|(at, _)| *at == line);
        here.map(|(_, Range { start, end })| before + start..before + end)
            .collect()
    }

    /// The rows of the text, at least one: of which line, where in it, and what.
    pub(super) fn rows(&self, pane: Pane) -> Vec<(usize, usize, SafeText)> {
        let mut rows = Vec::new();
        for line in 0..self.lines.len() {
            let wrapped = wrap_indices(&self.line(pane.names, line), pane.columns);
            rows.extend(wrapped.into_iter().map(|(at, text)| (line, at, text)));
        }
        rows
    }

    /// What it takes of memory, but for what every entry takes.
    pub(super) fn bytes(&self) -> usize {
        let name = match &self.kind {
            Kind::Said { name, .. } | Kind::Did { name, .. } => name.as_str().len(),
            _ => 0,
        };
        let lines = self.lines.iter().map(|line| line.as_str().len());
        name + lines.sum::<usize>() + size_of_val(&*self.lines) + size_of_val(&*self.mentions)
    }

    fn inline_name(&self, names: Names) -> Option<&SafeText> {
        match &self.kind {
            Kind::Said { name, .. } if names == Names::Inline => Some(name),
            _ => None,
        }
    }
}
