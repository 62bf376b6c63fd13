//! What a terminal sends, made events: keys, pastes, the wheel and the focus, whatever pieces the bytes
//! come in.
//!
//! A byte sequence and a key share their first byte: Esc is `ESC`, and Left is `ESC [ D`. So an `ESC` that
//! comes alone waits for what follows, and is the key if nothing does. There is no clock in here:
//! [`Decoder::patience`] says how long to wait, and [`Decoder::give_up`] takes in that nothing came.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};

/// How long an `ESC` waits for what follows: longer than a link takes to bring a sequence that was
/// split, and shorter than a person notices.
const ESCAPE: Duration = Duration::from_millis(50);
/// How long the rest of what has surely begun may take: on a bad link a sequence, or the next piece of
/// a paste.
const REST: Duration = Duration::from_secs(1);
/// Bytes of the longest sequence. What is longer is none.
const MAX_SEQUENCE: usize = 64;
/// Bytes that are kept of a paste: more than the message box takes, which then says so.
const MAX_PASTED: usize = 128 * 1024;
const ESC: u8 = 0x1B;
const CONTROL_C: u8 = 0x03;
const PASTE_START: &[u8] = b"\x1B[200~";
const PASTE_END: &[u8] = b"\x1B[201~";

/// What came of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Event(Event),
    /// A paste has begun, and nothing more of it comes. Esc ends it.
    PasteStalled,
}

/// Takes what a terminal sends apart.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The start of something, of which more has to come.
    pending: Vec<u8>,
    paste: Option<Paste>,
    /// How many bytes of a mark of a paste came last, without the rest of it in time.
    late: usize,
}

/// A paste that has not ended.
#[derive(Debug, Default)]
struct Paste {
    text: Vec<u8>,
    stalled: bool,
}

/// What the start of some bytes is.
enum Start {
    /// So many of them are this, or nothing.
    Whole(usize, Option<Event>),
    /// It takes more to know.
    Part,
}

impl Decoder {
    /// Takes in what came, at least a byte, and adds what it makes to `typed`.
    pub(crate) fn take(&mut self, bytes: &[u8], typed: &mut Vec<Typed>) {
        // The other half of a mark that took too long. A person types one byte at a time.
        let late = std::mem::take(&mut self.late);
        let marks = [PASTE_START, PASTE_END];
        if late > 0 && marks.iter().any(|mark| bytes.starts_with(&mark[late..])) {
            self.pending.extend_from_slice(&PASTE_START[..late]);
        }
        self.pending.extend_from_slice(bytes);
        if let Some(paste) = &mut self.paste {
            paste.stalled = false;
        }
        self.go_on(typed);
    }

    /// How long to wait for more before [`give_up`](Decoder::give_up); for ever if nothing has begun.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match (&self.paste, &self.pending[..]) {
            (Some(paste), _) => (!paste.stalled).then_some(REST),
            (None, []) => None,
            (None, [ESC] | [ESC, ESC]) => Some(ESCAPE),
            // No key looks like this, and what follows must not be taken for keys.
            (None, [ESC, b'[', b'2', ..]) if PASTE_START.starts_with(&self.pending) => None,
            (None, _) => Some(REST),
        }
    }

    /// Takes in that nothing came for so long.
    pub(crate) fn give_up(&mut self, typed: &mut Vec<Typed>) {
        if let Some(paste) = &mut self.paste {
            if matches!(self.pending[..], [ESC] | [CONTROL_C]) {
                self.late = usize::from(self.pending == [ESC]);
                self.pending.clear();
                self.end_paste(typed);
            } else if !paste.stalled {
                paste.stalled = true;
                typed.push(Typed::PasteStalled);
            }
            return;
        }
        match self.pending[..] {
            [ESC] | [ESC, ESC] => {
                for _ in 0..self.pending.len() {
                    typed.push(Typed::Event(key(KeyCode::Esc, KeyModifiers::NONE)));
                }
                self.late = 1;
            }
            [ESC, b'['] => self.late = 2,
            // Half a sequence or half a character is nothing.
            _ => {}
        }
        self.pending.clear();
    }

    fn go_on(&mut self, typed: &mut Vec<Typed>) {
        loop {
            if self.paste.is_some() {
                if !self.paste_on() {
                    return;
                }
                self.end_paste(typed);
            }
            if self.pending.starts_with(PASTE_START) {
                self.pending.drain(..PASTE_START.len());
                self.paste = Some(Paste::default());
                continue;
            }
            match start(&self.pending) {
                Start::Part => return,
                Start::Whole(taken, event) => {
                    self.pending.drain(..taken);
                    typed.extend(event.map(Typed::Event));
                }
            }
        }
    }

    /// Takes what is there of a paste. Whether that is all of it.
    fn paste_on(&mut self) -> bool {
        let Some(paste) = &mut self.paste else {
            return true;
        };
        let marks = self.pending.windows(PASTE_END.len());
        let end = marks.into_iter().position(|bytes| bytes == PASTE_END);
        let text = end.unwrap_or_else(|| {
            // What may be the start of the mark waits, and so does what may be a key that ends it.
            let part = (1..PASTE_END.len())
                .rev()
                .find(|count| self.pending.ends_with(&PASTE_END[..*count]));
            let ends = usize::from(self.pending == [CONTROL_C]);
            self.pending.len() - part.unwrap_or(ends)
        });
        let room = MAX_PASTED.saturating_sub(paste.text.len());
        paste
            .text
            .extend_from_slice(&self.pending[..text.min(room)]);
        self.pending.drain(..text);
        if end.is_some() {
            self.pending.drain(..PASTE_END.len());
        }
        end.is_some()
    }

    fn end_paste(&mut self, typed: &mut Vec<Typed>) {
        if let Some(paste) = self.paste.take() {
            let text = String::from_utf8_lossy(&paste.text).into_owned();
            typed.push(Typed::Event(Event::Paste(text)));
        }
    }
}

/// What `bytes` start with.
fn start(bytes: &[u8]) -> Start {
    match bytes {
        [] | [ESC] | [ESC, ESC] | [ESC, b'O'] => Start::Part,
        [ESC, b'[', ..] => sequence(bytes),
        [ESC, b'O', last, ..] => match cursor_key(*last) {
            Some(code) => Start::Whole(3, Some(key(code, KeyModifiers::NONE))),
            None => Start::Whole(2, Some(key(KeyCode::Char('O'), KeyModifiers::ALT))),
        },
        // Some terminals send Alt with a key as an ESC before what the key sends.
        [ESC, ESC, b'[' | b'O', ..] => alt(start(&bytes[1..])),
        [ESC, ESC, ..] => Start::Whole(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        [ESC, ..] => alt(character(&bytes[1..])),
        _ => character(bytes),
    }
}

/// The same with an ESC before it.
fn alt(start: Start) -> Start {
    match start {
        Start::Part => Start::Part,
        Start::Whole(taken, event) => Start::Whole(
            taken + 1,
            event.map(|event| match event {
                Event::Key(key) => {
                    Event::Key(KeyEvent::new(key.code, key.modifiers | KeyModifiers::ALT))
                }
                event => event,
            }),
        ),
    }
}

/// A control character, or a character of UTF-8. A byte that is no part of one is nothing, and costs no
/// more than itself.
fn character(bytes: &[u8]) -> Start {
    use KeyCode::{Backspace, Char, Enter, Tab};
    let control = |c: u8| key(Char(char::from(c)), KeyModifiers::CONTROL);
    let plain = |code| key(code, KeyModifiers::NONE);
    let Some(&first) = bytes.first() else {
        return Start::Part;
    };
    let event = match first {
        0 => control(b' '),
        b'\t' => plain(Tab),
        b'\r' => plain(Enter),
        0x01..=0x1A => control(b'a' + first - 1),
        0x1B => plain(KeyCode::Esc),
        0x1C..=0x1F => control(b'4' + first - 0x1C),
        0x7F => plain(Backspace),
        _ => {
            let long = match first {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => 1,
            };
            return match std::str::from_utf8(&bytes[..long.min(bytes.len())]) {
                Ok(text) => Start::Whole(text.len(), text.chars().next().map(|c| plain(Char(c)))),
                Err(error) if error.error_len().is_none() => Start::Part,
                Err(_) => Start::Whole(1, None),
            };
        }
    };
    Start::Whole(1, Some(event))
}

/// `ESC [`, parameters, and a byte that ends it (ECMA-48, 5.4).
fn sequence(bytes: &[u8]) -> Start {
    let body = &bytes[2..];
    match body {
        // The console of Linux has function keys so.
        [b'['] => return Start::Part,
        [b'[', _, ..] => return Start::Whole(4, None),
        // The mouse of terminals that do not know a better way: three bytes of any kind follow.
        [b'M', button, _, _, ..] => {
            return Start::Whole(6, wheel(u32::from(*button).wrapping_sub(32)));
        }
        [b'M', ..] => return Start::Part,
        _ => {}
    }
    let Some(end) = body.iter().position(|byte| !(0x20..=0x3F).contains(byte)) else {
        return if body.len() < MAX_SEQUENCE {
            Start::Part
        } else {
            Start::Whole(bytes.len(), None)
        };
    };
    let last = body[end];
    if !(0x40..=0x7E).contains(&last) {
        // It is cut off by something else.
        return Start::Whole(2 + end, None);
    }
    Start::Whole(2 + end + 1, meaning(&body[..end], last))
}

/// What a sequence means, if it is one that is known.
fn meaning(parameters: &[u8], last: u8) -> Option<Event> {
    if let Some(mouse) = parameters.strip_prefix(b"<") {
        return wheel(numbers(mouse).first().copied().flatten()?).filter(|_| last == b'M');
    }
    let numbers = numbers(parameters);
    let number = |at: usize| numbers.get(at).copied().flatten();
    let modifiers = modifiers(number(1).unwrap_or(1));
    Some(match last {
        b'I' => Event::FocusGained,
        b'O' => Event::FocusLost,
        b'Z' => key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT),
        b'~' if number(0) == Some(27) => key(keyed(number(2)?)?, modifiers),
        b'u' => key(keyed(number(0)?)?, modifiers),
        b'~' => key(numbered(number(0)?)?, modifiers),
        // rxvt has Ctrl and Shift so.
        b'^' => key(numbered(number(0)?)?, KeyModifiers::CONTROL),
        _ => key(cursor_key(last)?, modifiers),
    })
}

/// The parameters of a sequence.
fn numbers(parameters: &[u8]) -> Vec<Option<u32>> {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    // What is behind a colon says more about a parameter than is asked for here.
    let first = |parameter: &[u8]| {
        parameter
            .split(|byte| *byte == b':')
            .next()
            .and_then(number)
    };
    parameters.split(|byte| *byte == b';').map(first).collect()
}

fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let held = [
        KeyModifiers::SHIFT,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL,
    ];
    (0..)
        .zip(held)
        .filter(|(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, held)| held)
        .collect()
}

/// The key that ends a sequence by a letter.
fn cursor_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        // Enter on the keypad.
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// The key with this number before a `~`.
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        _ => return None,
    })
}

/// The key with this character.
fn keyed(character: u32) -> Option<KeyCode> {
    Some(match char::from_u32(character)? {
        '\r' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\x1B' => KeyCode::Esc,
        '\x7F' | '\x08' => KeyCode::Backspace,
        c if c.is_control() => return None,
        c => KeyCode::Char(c),
    })
}

/// A turn of the wheel, if the mouse says with this number that it is one.
fn wheel(button: u32) -> Option<Event> {
    // The bits between say which keys were held.
    let kind = match button & !0b1_1100 {
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        _ => return None,
    };
    Some(Event::Mouse(MouseEvent {
        kind,
        column: 0,
        row: 0,
        modifiers: KeyModifiers::NONE,
    }))
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}
