//! The chat log as it is kept in a file: a line for each entry, for people and for `grep`.

use super::log::{Entry, Kind};

/// An entry that was made in `room`: `2026-11-24 12:34:56 [tea] <alice> Hello!`. A line feed in it is
/// `\n`, and a backslash `\\`.
pub(super) fn line(entry: &Entry, room: Option<&str>) -> String {
    let at = entry.at.strftime("%Y-%m-%d %H:%M:%S");
    let room = sanitised(room.unwrap_or("-"));
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
