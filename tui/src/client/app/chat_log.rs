//! The chat log as it is kept in a file: a line for each entry, for people and for `grep`.

use super::LogFile;
use super::log::{Entry, Kind};
use super::windows::Window;

/// What is to be added to the file, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct ChatLog {
    file: LogFile,
    lines: Vec<String>,
}

impl ChatLog {
    /// Has a file, or not.
    pub(super) fn keep(&mut self, file: LogFile) {
        self.file = file;
    }

    /// Adds an entry of the log of `window`.
    pub(super) fn add(&mut self, entry: &Entry, window: &Window) {
        if self.file == LogFile::Kept {
            self.lines.push(line(entry, &window.name()));
        }
    }

    /// The lines that were added since they were taken last.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

/// An entry that was made in `room`, or with a person, which is `@bob`: `2026-11-24 12:34:56 [tea] <alice> Hello!`. A line feed in it is
/// `\n`, and a backslash `\\`.
fn line(entry: &Entry, room: &str) -> String {
    let at = entry.at.strftime("%Y-%m-%d %H:%M:%S");
    let room = sanitised(room);
    let text: Vec<_> = entry
        .lines()
        .iter()
        .map(|line| line.as_str().replace('\\', r"\\"))
        .collect();
    let text = text.join(r"\n");
    match &entry.kind {
        Kind::Said { name, .. } => format!("{at} [{room}] <{name}> {text}"),
        Kind::Did { .. } => format!("{at} [{room}] * {text}"),
        Kind::Joined => format!("{at} [{room}] --> {text}"),
        Kind::Left => format!("{at} [{room}] <-- {text}"),
        Kind::Info => format!("{at} [{room}] -- {text}"),
        Kind::Error => format!("{at} [{room}] !! {text}"),
    }
}

fn sanitised(text: &str) -> String {
    crate::text::sanitise(text).to_string()
}
