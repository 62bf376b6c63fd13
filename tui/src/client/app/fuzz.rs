//! Targets for fuzzing: functions of any bytes at all, each with what has to be true of the client
//! whatever the bytes are. How they are run is in `tests/fuzz/README.md`.
//!
//! A target takes what is to happen from the front of its input, a choice a byte, and does nothing
//! more when that is used up: so most changes of an input change what happens in one place.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use chatmaster_core::session::{Request, Update};
use chatmaster_core::wire::Version;
use chatmaster_core::{Encoding, Session, SessionConfig, SessionInput, Time};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use icu_properties::CodePointSetData;
use icu_properties::props::BidiControl;
use jiff::civil::{DateTime, date};
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::{Position, Rect};
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation;

use super::editor::{Edit, Editor, MAX_BYTES};
use super::{App, Drawn, Effect, Focus, Msg, Palette, Role, Wheel, update, view};
use crate::text;

/// Characters that are more than a letter: wide, clinging, joining, turning, controlling.
const LETTERS: [char; 24] = [
    'a',
    'b',
    ' ',
    '\n',
    '\t',
    '/',
    '"',
    '\u{1b}',
    '\u{7f}',
    '\u{9b}',
    '\u{301}',
    '\u{200b}',
    '\u{200d}',
    '\u{202e}',
    '\u{fe0f}',
    '\u{1100}',
    '\u{1f1e9}',
    '\u{1f3fd}',
    '\u{1f469}',
    '\u{1f680}',
    '\u{65e5}',
    '\u{5d0}',
    '\u{e0067}',
    '\u{ff9e}',
];

/// A choice among so many.
fn choice(input: &mut Unstructured<'_>, of: u8) -> Result<u8> {
    Ok(input.bytes(1)?[0] % of)
}

/// One of these.
fn pick<T: Copy>(input: &mut Unstructured<'_>, of: &[T]) -> Result<T> {
    Ok(of[usize::from(input.bytes(1)?[0]) % of.len()])
}

/// A text: a few letters, a text of the input's own, or a long one.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    match choice(input, 8)? {
        0..=3 => (0..choice(input, 6)?)
            .map(|_| pick(input, &LETTERS))
            .collect(),
        4 => {
            let again = pick(input, &LETTERS)?.to_string();
            Ok(again.repeat(usize::from(choice(input, 255)?) * 4))
        }
        _ => {
            let length = usize::from(choice(input, 64)?).min(input.len());
            Ok(String::from_utf8_lossy(input.bytes(length)?).into_owned())
        }
    }
}

/// Any keys and pastes into a box of any size: the cursor stays between two characters and in the box,
/// and a paste can be undone.
pub fn editor(data: &[u8]) {
    let input = &mut Unstructured::new(data);
    let (Ok(columns), Ok(rows)) = (choice(input, 40), choice(input, 6)) else {
        return;
    };
    let (columns, rows) = (usize::from(columns), usize::from(rows));
    let mut editor = Editor::default();
    while edit(input, &mut editor, columns).is_ok() {
        check_editor(&editor, columns, rows);
    }
}

fn edit(input: &mut Unstructured<'_>, editor: &mut Editor, columns: usize) -> Result<()> {
    const EDITS: [Edit; 17] = [
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::Start,
        Edit::End,
        Edit::Backspace,
        Edit::Delete,
        Edit::Transpose,
        Edit::Rubout,
        Edit::KillWordBack,
        Edit::KillWordForward,
        Edit::KillToStart,
        Edit::KillToEnd,
        Edit::Yank,
        Edit::YankOlder,
        Edit::Undo,
    ];
    match choice(input, 16)? {
        0..=4 => editor.apply(Edit::Insert(pick(input, &LETTERS)?)),
        5..=9 => editor.apply(pick(input, &EDITS)?),
        10 => drop(editor.up(columns)),
        11 => drop(editor.down(columns)),
        12 => paste(editor, &text(input)?),
        13 => paste(editor, &text(input)?.repeat(100)),
        14 => {
            let before = editor.before_cursor();
            let starts = before.grapheme_indices(true).map(|(at, _)| at);
            let starts: Vec<usize> = starts.chain([before.len()]).collect();
            let start = starts[usize::from(choice(input, 255)?) % starts.len()];
            editor.replace_from(start, &text(input)?);
        }
        _ => {
            let written = editor.take();
            editor.keep(&written);
        }
    }
    Ok(())
}

fn paste(editor: &mut Editor, pasted: &str) {
    let before = (editor.text().to_owned(), editor.before_cursor().len());
    editor.insert(pasted);
    let mut undone = editor.clone();
    undone.apply(Edit::Undo);
    let after = (undone.text().to_owned(), undone.before_cursor().len());
    assert_eq!(before, after, "a paste can be undone");
}

fn check_editor(editor: &Editor, columns: usize, rows: usize) {
    let (text, cursor) = (editor.text(), editor.before_cursor().len());
    let mut boundaries = text.grapheme_indices(true).map(|(at, _)| at);
    let between = cursor == text.len() || boundaries.any(|at| at == cursor);
    assert!(between, "the cursor is inside a character: {editor:?}");
    assert!(text.len() <= MAX_BYTES, "the text is bounded");
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(
        !text.contains(control),
        "a control character is in {text:?}"
    );

    let shown = editor.visible(columns, rows);
    let (x, y) = shown.cursor;
    assert!(y < shown.rows.len() && shown.rows.len() <= rows.max(1));
    assert!(
        x < columns.max(2),
        "the cursor is in column {x} of {columns}"
    );
    assert_eq!(
        shown.above + shown.rows.len() + shown.below,
        editor.rows(columns)
    );
    for row in &shown.rows {
        check_harmless(row.as_str());
        let width = text::width(row);
        assert!(
            width <= columns.max(1),
            "{row} takes {width} of {columns} columns"
        );
    }
}

/// Whatever a server sends and a user does, on a screen of any size: the cursor is on it and between
/// two characters, each row is as wide as it is, and nothing harmful is shown.
pub fn screen(data: &[u8]) {
    let input = &mut Unstructured::new(data);
    let Ok(mut client) = FuzzedClient::new(input) else {
        return;
    };
    client.check();
    while client.happens(input).is_ok() && !client.has_quit {
        client.check();
    }
}

/// The client with its session, and whatever is around them.
struct FuzzedClient {
    app: App,
    session: Option<Session>,
    at: DateTime,
    size: (u16, u16),
    has_quit: bool,
}

impl FuzzedClient {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let size = size(input)?;
        let palette = pick(input, &[Palette::Dark, Palette::Light, Palette::Plain])?;
        let name = pick(input, &[Some("alice"), None])?;
        let server = "127.0.0.1:9000".into();
        let mut client = FuzzedClient {
            app: App::new(server, name.map(String::from), size, palette),
            session: None,
            at: date(2026, 11, 24).at(23, 59, 0, 0),
            size,
            has_quit: false,
        };
        if choice(input, 4)? > 0 {
            client.connect(Some("alice".into()), None);
            client.hear(&request());
            let welcome = match choice(input, 2)? {
                0 => welcome("alice", "general"),
                _ => welcome_2("alice", "general"),
            };
            client.hear(&welcome.to_string());
        }
        Ok(client)
    }

    fn happens(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match choice(input, 24)? {
            0..=3 => self.tell(Msg::Key(key(input)?)),
            4..=7 => {
                for c in text(input)?.chars().take(100) {
                    self.tell(Msg::Key(KeyEvent::new(
                        KeyCode::Char(c),
                        KeyModifiers::NONE,
                    )));
                }
                if choice(input, 2)? == 0 {
                    self.tell(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
                }
            }
            8 => self.tell(Msg::Paste(text(input)?)),
            9..=16 => self.hear(&package(input)?),
            17 => {
                self.size = size(input)?;
                self.tell(Msg::Resized(self.size.0, self.size.1));
            }
            18 => {
                let seconds = pick(input, &[1, 30, 70, 100_000])?;
                self.at = self.at.saturating_add(Duration::from_secs(seconds));
                self.tell(Msg::Woke);
            }
            19 => {
                let wheel = pick(input, &[Wheel::Up, Wheel::Down])?;
                self.tell(Msg::Wheel(wheel));
            }
            20 => {
                let focus = pick(input, &[Focus::Here, Focus::Elsewhere])?;
                self.tell(Msg::Focus(focus));
            }
            21 => {
                let text = text(input)?;
                self.tell(match choice(input, 4)? {
                    0 => Msg::Said(text),
                    1 => Msg::CliError(text),
                    2 => Msg::NotConnected(text),
                    _ => Msg::Notice(text),
                });
            }
            22 => self.network(pick(input, &[SessionInput::Eof, SessionInput::Closed])?),
            _ => self.command(input)?,
        }
        Ok(())
    }

    /// A line of the user's.
    fn command(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        const COMMANDS: [&str; 26] = [
            "/close",
            "/leave",
            "/join ",
            "/query ",
            "/msg ",
            "/topic ",
            "/invite ",
            "/kick ",
            "/bans",
            "/help order",
            "/help",
            "/help keys",
            "/clear",
            "/users",
            "/rooms",
            "/join ",
            "/leave",
            "/name ",
            "/private",
            "/public",
            "/mouse",
            "/set",
            "/connect",
            "/disconnect",
            "/me ",
            "//",
        ];
        let line = format!(
            "{}{}",
            pick(input, &COMMANDS)?,
            pick(input, &["", "den", "b\u{301}"])?
        );
        for c in line.chars() {
            self.tell(Msg::Key(KeyEvent::new(
                KeyCode::Char(c),
                KeyModifiers::NONE,
            )));
        }
        self.tell(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
        Ok(())
    }

    fn connect(&mut self, username: Option<String>, channel: Option<String>) {
        let config = SessionConfig {
            username,
            channel,
            version: Version::Two,
            encoding: Encoding::Plain,
            ..SessionConfig::default()
        };
        self.session = Some(Session::new(config));
        self.tell(Msg::Connected(Role::Guest));
    }

    /// The server sends a package.
    fn hear(&mut self, package: &str) {
        self.network(SessionInput::Received(package.as_bytes()));
    }

    fn network(&mut self, input: SessionInput<'_>) {
        let Some(session) = &mut self.session else {
            return;
        };
        session.handle(Time::ZERO, input);
        let sent = session.pending().len() as u32;
        session.handle(Time::ZERO, SessionInput::Sent(sent));
        let events: Vec<_> = std::iter::from_fn(|| session.poll_event()).collect();
        if session.is_over() {
            self.session = None;
        }
        for event in events {
            self.tell(Msg::Update(Update::Event(event)));
        }
    }

    fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.app, self.at, msg) {
            match effect {
                Effect::Act(id, action) => {
                    let request = Request::from((id, action));
                    let refused = match &mut self.session {
                        None => Some(Msg::NotDone(id, "There is no connection.".into())),
                        Some(session) => session
                            .act(Time::ZERO, request.clone())
                            .err()
                            .map(|error| Msg::Update(Update::Refused(request, error))),
                    };
                    if let Some(refused) = refused {
                        self.tell(refused);
                    }
                }
                Effect::Connect { name, room, .. } => self.connect(name, room),
                Effect::Disconnect | Effect::Abandon => self.session = None,
                Effect::Quit => self.has_quit = true,
                _ => {}
            }
        }
    }

    fn check(&self) {
        let (width, height) = self.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let Drawn { cursor, links } = view(&self.app, &mut buf);
        for y in 0..height {
            let mut x = 0;
            while x < width {
                let cell = &buf[(x, y)];
                check_harmless(cell.symbol());
                let next = x + cell.cell_width().max(1);
                let at = Position { x, y };
                let inside = cursor.is_some_and(|at| at.y == y && at.x > x && at.x < next);
                assert!(!inside, "the cursor is inside the character at {at}");
                assert!(next <= width, "the character at {at} is cut off");
                x = next;
            }
        }
        let on_screen = |at: Position| at.x < width && at.y < height;
        assert!(
            cursor.is_none_or(on_screen),
            "{cursor:?} at {width}x{height}"
        );
        for link in links {
            assert!(buf.area.intersection(link.area) == link.area, "{link:?}");
            assert!(
                link.url.bytes().all(|byte| byte.is_ascii_graphic()),
                "{link:?}"
            );
        }
    }
}

fn check_harmless(shown: &str) {
    let bidi = CodePointSetData::new::<BidiControl>();
    let harmful =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || bidi.contains(c);
    assert!(!shown.contains(harmful), "{shown:?} is shown");
}

/// Columns and rows: often few, where most can go wrong.
fn size(input: &mut Unstructured<'_>) -> Result<(u16, u16)> {
    let mut side = |most| {
        let byte = input.bytes(1)?[0];
        Ok(u16::from(if byte < 192 { byte % most } else { byte % 5 }))
    };
    Ok((side(140)?, side(40)?))
}

fn key(input: &mut Unstructured<'_>) -> Result<KeyEvent> {
    const CODES: [KeyCode; 14] = [
        KeyCode::Enter,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ];
    const NONE: KeyModifiers = KeyModifiers::NONE;
    // But for those that leave.
    const WITH_CONTROL: &[u8] = b"abefghjklnprtuwy_";
    let (code, modifiers) = match choice(input, 4)? {
        0 => {
            let of = [NONE, NONE, KeyModifiers::CONTROL, KeyModifiers::ALT];
            (pick(input, &CODES)?, pick(input, &of)?)
        }
        1 => {
            let c = pick(input, WITH_CONTROL)?;
            (KeyCode::Char(c.into()), KeyModifiers::CONTROL)
        }
        2 => (
            KeyCode::Char(pick(input, b"bdfuyanpj123")?.into()),
            KeyModifiers::ALT,
        ),
        _ => (KeyCode::Char(pick(input, &LETTERS)?), NONE),
    };
    Ok(KeyEvent::new(code, modifiers))
}

fn request() -> String {
    json!({"type": "request", "data": {"request": "login"}}).to_string()
}

fn welcome(name: &str, room: &str) -> serde_json::Value {
    json!({"type": "session", "data": {"status": true, "username": name, "channel": room,
        "channels": [room, "general"]}})
}

/// The same by a server that speaks version 2.
fn welcome_2(name: &str, room: &str) -> serde_json::Value {
    json!({"type": "session", "data": {"status": true, "username": name, "channel": room,
        "channels": [room, "general"], "version": 2, "joined": ["general", room]}})
}

/// A package of a server, ours or another.
fn package(input: &mut Unstructured<'_>) -> Result<String> {
    let notification = |data| json!({"type": "notification", "data": data});
    let package = match choice(input, 28)? {
        18 => welcome_2(&name(input)?, &name(input)?),
        19 | 20 => json!({"type": "message", "data": {"message": text(input)?,
            "username": name(input)?, "channel": name(input)?, "id": choice(input, 40)?, "time": 0}}),
        21 => json!({"type": "message", "data": {"message": text(input)?,
            "username": name(input)?, "to": "alice", "id": choice(input, 40)?, "time": u64::MAX}}),
        // The first requests have small numbers, which are their tags.
        22..=24 => {
            let past = |id: u8| json!({"id": id, "time": 1, "username": "bob", "message": "old"});
            let (from, more) = (choice(input, 30)?, choice(input, 2)? == 0);
            let messages: Vec<_> = (from..from + choice(input, 4)?).map(past).collect();
            json!({"type": "notification", "tag": choice(input, 40)?.to_string(),
                "data": {"event_type": "history", "channel": name(input)?, "more": more,
                "messages": messages}})
        }
        25 => json!({"type": "notification", "tag": choice(input, 40)?.to_string(),
            "data": {"event_type": "message_sent", "id": choice(input, 40)?, "time": 2}}),
        26 | 27 => {
            let event = pick(
                input,
                &[
                    "user_kicked",
                    "user_banned",
                    "topic_changed",
                    "invited",
                    "channel_switched",
                    "channel_private",
                    "owner_changed",
                ],
            )?;
            notification(
                json!({"event_type": event, "channel": name(input)?, "by": name(input)?,
                "username": pick(input, &["alice", "bob"])?, "topic": text(input)?, "reason": text(input)?}),
            )
        }
        0 => return Ok(request()),
        1 => welcome(&name(input)?, &name(input)?),
        2 => json!({"type": "session", "data": {"status": false, "reason": text(input)?}}),
        3..=5 => json!({"type": "message", "data": {"message": text(input)?,
            "username": name(input)?}}),
        6 => json!({"type": "message", "data": {"username": name(input)?,
            "message": format!("/me http://{}.org/{}", text(input)?, name(input)?)}}),
        7 | 8 => notification(
            json!({"event_type": "user_joined", "username": name(input)?,
            "channel": name(input)?}),
        ),
        9 => notification(json!({"event_type": "user_left", "username": name(input)?,
            "channel": name(input)?})),
        10 => notification(
            json!({"event_type": "user_rename", "old_username": name(input)?,
            "new_username": name(input)?}),
        ),
        11 => notification(
            json!({"event_type": "channel_list", "more": choice(input, 3)?,
            "channels": [name(input)?, name(input)?]}),
        ),
        12 => notification(json!({"event_type": "user_list", "channel": name(input)?,
            "users": [name(input)?, name(input)?]})),
        13 => {
            let users = vec![name(input)?; 60];
            notification(
                json!({"event_type": "user_list", "channel": "general", "more": 7,
                "users": users}),
            )
        }
        14 | 15 => json!({"type": "error", "data": {"error_type": name(input)?,
            "message": text(input)?}}),
        16 => return Ok(format!("{{{}}}", text(input)?)),
        _ => json!({"type": "request", "data": {"request": text(input)?}}),
    };
    Ok(package.to_string())
}

/// One of a few names most of the time, so that they meet.
fn name(input: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: [&str; 10] = [
        "alice",
        "bob",
        "general",
        "den",
        "join",
        "users",
        "channels",
        "login",
        "b\u{301}",
        "\u{65e5}\u{672c}",
    ];
    match choice(input, 12)? {
        at @ 0..10 => Ok(NAMES[usize::from(at)].into()),
        _ => text(input),
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_tests::fuzz::corpus::replay;

    #[test]
    fn the_editor_takes_anything() {
        replay("editor", super::editor, 150);
    }

    #[test]
    fn the_screen_shows_anything() {
        replay("screen", super::screen, 40);
    }
}
