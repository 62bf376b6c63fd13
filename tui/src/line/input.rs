//! Sending the lines of the input.

use std::io::{self, BufRead};
use std::sync::mpsc::Receiver;

use chatmaster_core::session::{Action, Disconnected};

use super::{Form, Progress, package};
use crate::command::{self, Line, Topic};
use crate::runtime::Client;
use crate::trouble::{cause, tell};

/// The longest line that is read whole. What a server takes is less by far.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How much of a line that makes no sense is shown.
const MAX_QUOTED_CHARS: usize = 100;

/// Whether the input goes on.
enum Next {
    GoOn,
    End,
}

/// Waits until the session is ready, sends each line of `input`, waits until all that was sent was
/// dealt with, and leaves. If the session ends before, so does this.
pub(super) fn send_lines(
    input: impl BufRead,
    form: Form,
    client: &Client,
    progress: &Receiver<Progress>,
) {
    // The errors say that the session is over, and the printing thread tells why.
    let _ = try_send_lines(input, form, client, progress);
}

fn try_send_lines(
    mut input: impl BufRead,
    form: Form,
    client: &Client,
    progress: &Receiver<Progress>,
) -> Result<(), Disconnected> {
    while !matches!(progress.recv(), Ok(Progress::Ready)) {}
    loop {
        let line = match read_line(&mut input, MAX_LINE_BYTES) {
            Ok(ReadLine::Line(line)) => line,
            Ok(ReadLine::TooLong) => {
                tell(format_args!(
                    "a line of over {MAX_LINE_BYTES} bytes was not sent"
                ));
                continue;
            }
            Ok(ReadLine::End) => break,
            Err(error) => {
                tell(format_args!("cannot read the input: {}", cause(&error)));
                break;
            }
        };
        if let Next::End = send_line(&line, form, client)? {
            break;
        }
    }
    client.act(Action::Sync)?;
    while let Ok(progress) = progress.recv() {
        if let Progress::Synced = progress {
            break;
        }
    }
    client.act(Action::Quit)
}

fn send_line(line: &str, form: Form, client: &Client) -> Result<Next, Disconnected> {
    if form == Form::Json && package::is_one(line) {
        match package::parse(line) {
            Ok(action) => client.act(action)?,
            Err(why) => {
                let start: String = line.chars().take(MAX_QUOTED_CHARS).collect();
                tell(format_args!("not sent: {start}: {why}"));
            }
        }
        return Ok(Next::GoOn);
    }
    match command::parse(line) {
        Ok(None) => {}
        Ok(Some(Line::Do(action))) => client.act(action)?,
        Ok(Some(Line::Help(Topic::Commands))) => command::help().iter().for_each(tell),
        Ok(Some(Line::Help(Topic::Command(about)))) => about.help().iter().for_each(tell),
        Ok(Some(Line::Connect(_))) => tell(format_args!(
            "{line} needs a terminal; run chatmaster again to connect"
        )),
        Ok(Some(
            Line::Help(Topic::Keys) | Line::Clear | Line::Mouse | Line::Set(_) | Line::Settings,
        )) => {
            tell(format_args!("{line} has nothing to do without a terminal"));
        }
        Ok(Some(Line::Disconnect | Line::Quit)) => return Ok(Next::End),
        Err(mistake) => tell(mistake),
    }
    Ok(Next::GoOn)
}

#[derive(Debug, PartialEq, Eq)]
enum ReadLine {
    /// A line without its line break. What is not UTF-8 is replaced.
    Line(String),
    /// A line that is too long; it was skipped.
    TooLong,
    /// There are no more lines.
    End,
}

fn read_line(input: &mut impl BufRead, most: usize) -> io::Result<ReadLine> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = bytes.iter().position(|b| *b == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        too_long |= line.len() + piece.len() > most;
        if !too_long {
            line.extend_from_slice(piece);
        }
        let at_end_of_input = bytes.is_empty();
        let taken = end.map_or(bytes.len(), |end| end + 1);
        input.consume(taken);
        if at_end_of_input && line.is_empty() && !too_long {
            return Ok(ReadLine::End);
        }
        if at_end_of_input || end.is_some() {
            break;
        }
    }
    if too_long {
        return Ok(ReadLine::TooLong);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(ReadLine::Line(String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_are_read_whole_however_they_come() {
        let text: &[u8] = b"one\r\n\n  two \nthr\xFFee";
        for capacity in 1..10 {
            let mut input = BufReader::with_capacity(capacity, text);
            for expected in ["one", "", "  two ", "thr\u{FFFD}ee"] {
                let line = read_line(&mut input, 100).expect("memory can be read");
                assert_eq!(line, ReadLine::Line(expected.into()));
            }
            let end = read_line(&mut input, 100).expect("memory can be read");
            assert_eq!(end, ReadLine::End);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_without_being_kept() {
        let text: &[u8] = b"12345\n123456\n1\n123456";
        for capacity in 1..10 {
            let mut input = BufReader::with_capacity(capacity, text);
            let mut next = || read_line(&mut input, 5).expect("memory can be read");
            assert_eq!(next(), ReadLine::Line("12345".into()));
            assert_eq!(next(), ReadLine::TooLong);
            assert_eq!(next(), ReadLine::Line("1".into()));
            assert_eq!(next(), ReadLine::TooLong);
            assert_eq!(next(), ReadLine::End);
        }
    }
}
