//! What is on the screen.

mod log;
mod side;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::complete::Completion;
use super::layout::{Layout, Lists};
use super::limit::{self, Left};
use super::log::{Count, Row};
use super::search::Search;
use super::windows::Window;
use super::{App, Role, message_box};
use crate::client::connection::{Phase, Privacy, Retry};
use crate::text::{SafeText, sanitise, truncate, width};

/// Columns that a topic needs to say anything.
const MIN_TOPIC: usize = 8;

/// What a drawing leaves to the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Where the cursor is to be.
    pub cursor: Option<Position>,
    /// What the terminal could not find out by itself.
    pub links: Vec<Hyperlink>,
}

/// A part of an address that goes on in another row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hyperlink {
    /// Where it is: in one row.
    pub area: Rect,
    /// The whole address, in visible ASCII.
    pub url: String,
}

/// Draws the client into `buf`, whose size it was told.
pub fn view(app: &App, buf: &mut Buffer) -> Drawn {
    let size = (buf.area.width, buf.area.height);
    let layout = Layout::of(size, message_box::rows(app, size.0));
    let rows = app.windows.here().log.rows(layout.pane());
    title(app, &layout, buf);
    let links = log::log(app, &layout, &rows, buf);
    side::side(app, &layout, buf);
    rule(app, layout.rule, &rows, buf);
    let cursor = message_box::draw(app, layout.input, buf);
    Drawn { cursor, links }
}

/// ` dev [private] · 3 members              alice on 127.0.0.1:9000 `
fn title(app: &App, layout: &Layout, buf: &mut Buffer) {
    let area = layout.title;
    let style = app.palette.title();
    buf.set_style(area, style);
    let columns = usize::from(area.width);
    let mut marks = String::new();
    let here = app.windows.here();
    if here.privacy == Privacy::Private {
        marks.push_str(" [private]");
    }
    // Where there is a list of rooms, it is there.
    if layout.side.width == 0 || layout.lists == Lists::Members {
        marks.push_str(&unread(here));
    }
    let name = match (here.room(), here.person()) {
        (None, None) => "ChatMaster 3000".into(),
        _ => here.name(),
    };
    let room = sanitise(&name);
    let members = match here.members.count() {
        Some(1) => " · 1 member".into(),
        Some(count) => format!(" · {count} members"),
        None => String::new(),
    };
    // A long name gives way to its marks, and the count to both.
    let left = |columns: usize, members: &str| {
        let room = truncate(&room, columns.saturating_sub(2 + marks.len()));
        let left = sanitise(&format!(" {room}{marks}{members}"));
        (width(&room), left)
    };
    let (_, whole) = left(columns, &members);
    let name = app.connection.name().unwrap_or_default();
    let server = &app.server;
    // From the longest to the shortest; what is wrong is shown at any length.
    let rights = match (app.connection.phase(), app.role) {
        (Phase::Connecting | Phase::Reclaiming(_), _) => {
            [format!("connecting to {server} "), "connecting ".into()]
        }
        (Phase::Naming(_), _) => [
            format!("choose a name for {server} "),
            "no name yet ".into(),
        ],
        (Phase::Lost(_) | Phase::Offline, _) => [
            format!("not connected to {server} "),
            "not connected ".into(),
        ],
        (Phase::Talking, Role::Guest) => [format!("{name} on {server} "), format!("{name} ")],
        (Phase::Talking, Role::Host) => [
            format!("{name} on {server}, hosting "),
            format!("{name}, hosting "),
        ],
    };
    let rights = rights.map(|right| sanitise(&right));
    let right = rights
        .iter()
        .find(|right| width(&whole) + 2 + width(right) <= columns);
    let right = match (right, app.connection.phase()) {
        (Some(right), _) => right.clone(),
        (None, Phase::Talking) => SafeText::default(),
        (None, _) => truncate(&rights[1], columns),
    };
    let free = columns - width(&right);
    let room = free.saturating_sub(1);
    let fits = |(_, left): &(usize, SafeText)| width(left) <= room;
    let (room_width, left) = Some(left(room, &members))
        .filter(fits)
        .unwrap_or_else(|| left(room, ""));
    let mut left = truncate(&left, room);
    // What the room is about has the place that nothing else has.
    if !here.topic.is_empty() && room > width(&left) + 3 + MIN_TOPIC {
        let topic = truncate(&sanitise(&here.topic), room - width(&left) - 3);
        left = sanitise(&format!("{left} · {topic}"));
    }
    put(buf, area, 0, 0, &left, style);
    put(buf, area, free, 0, &right, style);
    let before = 1 + room_width;
    let marked = marks.len().min(width(&left).saturating_sub(before));
    let [x, width] = [before, marked].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
    let place = Rect {
        x: area.x.saturating_add(x),
        width,
        ..area
    };
    buf.set_style(place.intersection(area), app.palette.heading());
}

/// ` (3)`, with a `!` if one of them mentions the user: what came since one looked away.
fn unread(window: &Window) -> String {
    match window.log.unread() {
        Count { messages: 0, .. } => String::new(),
        Count {
            messages,
            mentions: 0,
        } => format!(" ({messages})"),
        Count { messages, .. } => format!(" ({messages}!)"),
    }
}

/// The line above the message box, and what one needs to know there.
fn rule(app: &App, area: Rect, rows: &[Row<'_>], buf: &mut Buffer) {
    let palette = app.palette;
    ruled(buf, area, 0, "", palette.faint(), palette.faint());
    let taken = match limit(app, area, buf) {
        0 => elsewhere(app, area, buf),
        taken => taken,
    };
    let searching = app.search.as_ref().map(Search::words);
    let completing = || app.completing.as_ref().and_then(Completion::choices);
    let words = searching
        .or_else(completing)
        .unwrap_or_else(|| standing(app, rows));
    let width = area
        .width
        .saturating_sub(u16::try_from(taken).unwrap_or(u16::MAX));
    let left = Rect { width, ..area };
    ruled(buf, left, 0, &words, palette.faint(), palette.alert());
}

/// How things stand with the connection and with the log, if that is not as it should be.
fn standing(app: &App, rows: &[Row<'_>]) -> String {
    if app.connection.phase() == Phase::Talking
        && let Some(words) = app.whereabouts()
    {
        return words;
    }
    let here = app.windows.here();
    let below = here.log.below();
    match app.connection.phase() {
        Phase::Lost(Retry::In(countdown)) => {
            let seconds = countdown.seconds();
            let what = match app.connection.name() {
                Some(name) if app.connection.is_name_held() => format!("{name} is still taken."),
                _ => "Not connected.".into(),
            };
            format!("{what} Trying again in {seconds} s; Enter tries now.")
        }
        Phase::Lost(Retry::WhenAsked) => "Not connected. Press Enter to connect.".into(),
        Phase::Reclaiming(countdown) => format!(
            "Your name is taken, perhaps by the lost connection. Trying again in {} s; Enter takes \
             another.",
            countdown.seconds()
        ),
        Phase::Offline => "Not connected. Press Enter to connect.".into(),
        Phase::Naming(_) => {
            let reason = app.name_prompt.reason.clone();
            reason.unwrap_or_else(|| "Choose a name.".into())
        }
        Phase::Connecting | Phase::Talking if below > 0 => {
            let key = if here.editor.is_empty() {
                "End"
            } else {
                "Ctrl-End"
            };
            format!("{below} more below ({key})")
        }
        Phase::Connecting | Phase::Talking if here.log.is_unread_above(rows) => {
            "what is new starts above (Alt-U)".into()
        }
        Phase::Connecting | Phase::Talking => String::new(),
    }
}

/// `─ words ───────`, as wide as the area.
fn ruled(buf: &mut Buffer, area: Rect, y: usize, words: &str, line: Style, style: Style) {
    let columns = usize::from(area.width);
    put(buf, area, 0, y, &sanitise(&"─".repeat(columns)), line);
    if let Some(room) = columns.checked_sub(4)
        && !words.is_empty()
    {
        let words = truncate(&sanitise(words), room);
        put(buf, area, 1, y, &sanitise(&format!(" {words} ")), style);
    }
}

/// In which other windows something came that one has not seen, where no list at the side says so: at the
/// right end of the line, in half of it. Returns how many columns that takes.
fn elsewhere(app: &App, area: Rect, buf: &mut Buffer) -> usize {
    let layout = app.layout();
    if layout.side.width > 0 && layout.lists == Lists::RoomsAndMembers {
        return 0;
    }
    let here = app.windows.here().id();
    let mut active: Vec<_> = (1..)
        .zip(app.windows.iter())
        .filter(|(_, window)| window.id() != here && window.log.unread().messages > 0)
        .collect();
    active.sort_by_key(|(_, window)| window.log.unread().mentions == 0);
    let words = active
        .iter()
        .map(|(number, window)| format!("{number} {}{}", window.name(), unread(window)));
    let words = words.collect::<Vec<_>>().join(", ");
    let columns = usize::from(area.width);
    if words.is_empty() || columns < 8 {
        return 0;
    }
    let words = truncate(&sanitise(&words), columns / 2 - 3);
    let words = sanitise(&format!(" {words} "));
    let taken = width(&words) + 1;
    put(buf, area, columns - taken, 0, &words, app.palette.alert());
    taken
}

/// What is left of a message, at the right end of the line, and how many columns that takes.
fn limit(app: &App, area: Rect, buf: &mut Buffer) -> usize {
    let words = match limit::left(app.windows.here().editor.text()) {
        // The message is not what the box is for.
        _ if app.connection.is_naming() || app.search.is_some() => return 0,
        Left::Enough => return 0,
        Left::Bytes(bytes) => format!(" {} left ", limit::counted(bytes)),
        Left::Over(bytes) => format!(" {} too long ", limit::counted(bytes)),
    };
    let words = sanitise(&words);
    let (columns, taken) = (usize::from(area.width), width(&words) + 1);
    if taken > columns {
        return 0;
    }
    put(buf, area, columns - taken, 0, &words, app.palette.alert());
    taken
}

/// Writes `text` at a place within `area`, as much as fits. Only what was made harmless is written.
pub(super) fn put(buf: &mut Buffer, area: Rect, x: usize, y: usize, text: &SafeText, style: Style) {
    let (Ok(dx), Ok(dy)) = (u16::try_from(x), u16::try_from(y)) else {
        return;
    };
    if dx < area.width && dy < area.height {
        let room = usize::from(area.width - dx);
        buf.set_stringn(area.x + dx, area.y + dy, text.as_str(), room, style);
    }
}
