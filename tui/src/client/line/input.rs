//! Sending the lines of the input.

use std::io::{self, BufRead, BufReader, Read};

use super::desk::Desk;
use super::{Form, package};
use crate::client::command::{self, Line, Topic};
use crate::error::{cause, tell};

/// The longest line that is read whole. What a server takes is less by far.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// How much of a line that makes no sense is shown.
const MAX_QUOTED_CHARS: usize = 100;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// What some programs put before a text, to say how it is encoded.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Whether the input goes on.
enum Next {
    GoOn,
    End,
}

/// Waits until the session is ready, sends each line of stdin, waits until all that was sent was dealt
/// with, and leaves.
pub(super) fn send_stdin(form: Form, desk: &Desk) {
    let stdin = io::stdin().lock();
    let input = BufReader::with_capacity(BUFFER_BYTES, stdin);
    desk.wait_until_ready();
    send_lines(input, form, desk);
}

fn send_lines(input: BufReader<impl Read>, form: Form, desk: &Desk) {
    let mut lines = Lines {
        input,
        is_first: true,
        may_read: || desk.may_read(has_some()),
    };
    loop {
        let line = match lines.next(MAX_LINE_BYTES) {
            Ok(ReadLine::Line(line)) => line,
            Ok(ReadLine::TooLong) => {
                tell(format_args!(
                    "a line of over {MAX_LINE_BYTES} bytes was not sent"
                ));
                continue;
            }
            Ok(ReadLine::End) => break,
            Err(error) => {
                desk.cannot_read(format!("cannot read the input: {}", cause(&error)));
                break;
            }
        };
        if !desk.has_read() {
            return;
        }
        if let Next::End = send_line(&line, form, desk) {
            break;
        }
    }
    if desk.has_read() {
        desk.finish();
    }
}

/// Whether there is something in stdin, or its end, so that a read does not wait.
#[cfg(unix)]
fn has_some() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // What cannot be asked does not wait: the read says what is wrong with it.
    poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0)
}

#[cfg(not(unix))]
fn has_some() -> bool {
    false
}

fn send_line(line: &str, form: Form, desk: &Desk) -> Next {
    if form == Form::Json && package::is_one(line) {
        match package::parse(line) {
            Ok(action) => desk.hand_over(&action),
            Err(why) => {
                let start: String = line.chars().take(MAX_QUOTED_CHARS).collect();
                tell(format_args!("not sent: {why} The line was: {start}"));
            }
        }
        return Next::GoOn;
    }
    match command::parse(line) {
        Ok(None) => {}
        Ok(Some(Line::Do(action))) => desk.hand_over(&action),
        Ok(Some(Line::Help(Topic::Commands))) => command::help().iter().for_each(tell),
        Ok(Some(Line::Help(Topic::Order))) => command::help_on_order().iter().for_each(tell),
        Ok(Some(Line::Help(Topic::Command(about)))) => about.help().iter().for_each(tell),
        Ok(Some(Line::Connect(_))) => tell(format_args!(
            "{line} needs a terminal; run chatmaster again to connect"
        )),
        Ok(Some(
            Line::Help(Topic::Keys)
            | Line::Query(_)
            | Line::Close
            | Line::Topic
            | Line::Clear
            | Line::Mouse
            | Line::Set(_)
            | Line::Settings,
        )) => {
            tell(format_args!("{line} has nothing to do without a terminal"));
        }
        Ok(Some(Line::Disconnect | Line::Quit)) => return Next::End,
        Err(mistake) => tell(mistake),
    }
    Next::GoOn
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

/// The lines of an input.
struct Lines<R, F> {
    input: BufReader<R>,
    is_first: bool,
    /// Asked before the input is read; it is at its end if that may not be.
    may_read: F,
}

impl<R: Read, F: FnMut() -> bool> Lines<R, F> {
    /// The next line, of at most so many bytes.
    fn next(&mut self, most: usize) -> io::Result<ReadLine> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            if self.input.buffer().is_empty() && !(self.may_read)() {
                // What there is of a line is none yet.
                return Ok(ReadLine::End);
            }
            let bytes = match self.input.fill_buf() {
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
            self.input.consume(taken);
            if at_end_of_input && line.is_empty() && !too_long {
                return Ok(ReadLine::End);
            }
            if at_end_of_input || end.is_some() {
                break;
            }
        }
        let is_first = std::mem::replace(&mut self.is_first, false);
        if too_long {
            return Ok(ReadLine::TooLong);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let line = String::from_utf8_lossy(&line);
        let text = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first);
        Ok(ReadLine::Line(text.unwrap_or(&line).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(capacity: usize, text: &[u8]) -> Lines<&[u8], fn() -> bool> {
        Lines {
            input: BufReader::with_capacity(capacity, text),
            is_first: true,
            may_read: || true,
        }
    }

    #[test]
    fn lines_are_read_whole_however_they_come() {
        let text: &[u8] = b"one\r\n\n  two \nthr\xFFee";
        for capacity in 1..10 {
            let mut lines = lines(capacity, text);
            for expected in ["one", "", "  two ", "thr\u{FFFD}ee"] {
                let line = lines.next(100).expect("memory can be read");
                assert_eq!(line, ReadLine::Line(expected.into()));
            }
            let end = lines.next(100).expect("memory can be read");
            assert_eq!(end, ReadLine::End);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_without_being_kept() {
        let text: &[u8] = b"12345\n123456\n1\n123456";
        for capacity in 1..10 {
            let mut lines = lines(capacity, text);
            let mut next = || lines.next(5).expect("memory can be read");
            assert_eq!(next(), ReadLine::Line("12345".into()));
            assert_eq!(next(), ReadLine::TooLong);
            assert_eq!(next(), ReadLine::Line("1".into()));
            assert_eq!(next(), ReadLine::TooLong);
            assert_eq!(next(), ReadLine::End);
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line_and_of_others_it_is() {
        let text = "\u{FEFF}/join tea\n\u{FEFF}two\n";
        for capacity in 1..10 {
            let mut lines = lines(capacity, text.as_bytes());
            let mut next = || lines.next(100).expect("memory can be read");
            assert_eq!(next(), ReadLine::Line("/join tea".into()));
            assert_eq!(next(), ReadLine::Line("\u{FEFF}two".into()));
        }
    }

    #[test]
    fn where_nothing_may_be_read_any_more_what_was_read_is_the_end_of_it() {
        let mut reads = 0..1;
        let mut lines = Lines {
            input: BufReader::with_capacity(6, &b"one\ntwo\n"[..]),
            is_first: true,
            may_read: || reads.next().is_some(),
        };
        let mut next = || lines.next(100).expect("memory can be read");
        assert_eq!(next(), ReadLine::Line("one".into()));
        assert_eq!(next(), ReadLine::End, "half a line is none");
    }
}
