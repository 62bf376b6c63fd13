//! What is on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::complete::Completion;
use super::layout::{Layout, Lists};
use super::limit::{self, Left};
use super::log::{Kind, Row, Speaker};
use super::{App, Phase, Privacy, Role, message_box};
use crate::text::{Shown, sanitise, truncate, width};

/// Draws the client into `buf`, whose size it was told, and says where the cursor is to be.
pub fn view(app: &App, buf: &mut Buffer) -> Option<Position> {
    let size = (buf.area.width, buf.area.height);
    let layout = Layout::of(size, message_box::rows(app, size.0));
    title(app, layout.title, buf);
    log(app, &layout, buf);
    side(app, &layout, buf);
    rule(app, layout.rule, buf);
    message_box::draw(app, layout.input, buf)
}

/// ` dev [private] · 3 members              alice on 127.0.0.1:9000 `
fn title(app: &App, area: Rect, buf: &mut Buffer) {
    let style = app.palette.title();
    buf.set_style(area, style);
    let mut left = format!(" {}", app.room.as_deref().unwrap_or("ChatMaster 3000"));
    if app.privacy == Privacy::Private {
        left.push_str(" [private]");
    }
    match app.members.count() {
        Some(1) => left.push_str(" · 1 member"),
        Some(count) => left.push_str(&format!(" · {count} members")),
        None => {}
    }
    let name = app.name.as_deref().unwrap_or_default();
    let server = &app.server;
    // From the longest to the shortest; what is wrong is shown at any length.
    let rights = match (&app.phase, app.role) {
        (Phase::Connecting, _) => [format!("connecting to {server} "), "connecting ".into()],
        (Phase::Naming { .. }, _) => [
            format!("choose a name for {server} "),
            "no name yet ".into(),
        ],
        (Phase::Lost | Phase::Offline, _) => [
            format!("not connected to {server} "),
            "not connected ".into(),
        ],
        (Phase::Talking, Role::Guest) => [format!("{name} on {server} "), format!("{name} ")],
        (Phase::Talking, Role::Host) => [
            format!("{name} on {server}, hosting "),
            format!("{name}, hosting "),
        ],
    };
    let left = sanitise(&left);
    let columns = usize::from(area.width);
    let rights = rights.map(|right| sanitise(&right));
    let right = rights
        .iter()
        .find(|right| width(&left) + 2 + width(right) <= columns);
    let right = match (right, &app.phase) {
        (Some(right), _) => right.clone(),
        (None, Phase::Talking) => Shown::default(),
        (None, _) => truncate(&rights[1], columns),
    };
    let room = columns - width(&right);
    put(
        buf,
        area,
        0,
        0,
        &truncate(&left, room.saturating_sub(1)),
        style,
    );
    put(buf, area, room, 0, &right, style);
}

fn log(app: &App, layout: &Layout, buf: &mut Buffer) {
    for (y, row) in app.log.rows(layout.window()).iter().enumerate() {
        log_row(app, layout, row, y, buf);
    }
}

/// `12:34      alice │ Hello!`
fn log_row(app: &App, layout: &Layout, row: &Row<'_>, y: usize, buf: &mut Buffer) {
    let (area, columns) = (layout.log, layout.columns);
    let (time, name) = (usize::from(columns.time), usize::from(columns.name));
    let palette = app.palette;
    if row.first && time > 0 {
        let at = sanitise(&row.entry.at.strftime("%H:%M").to_string());
        put(buf, area, 0, y, &at, palette.faint());
    }
    // A mark without a bar cannot be mistaken for a name.
    let (mark, mark_style, text_style) = match &row.entry.kind {
        Kind::Said {
            name,
            speaker: Speaker::User,
        } => (name.clone(), palette.own_name(), Style::new()),
        Kind::Said {
            name,
            speaker: Speaker::Other,
        } => (name.clone(), palette.name(name.as_str()), Style::new()),
        Kind::Did {
            speaker: Speaker::User,
            ..
        } => (sanitise("*"), palette.own_name(), Style::new()),
        Kind::Did {
            name,
            speaker: Speaker::Other,
        } => (sanitise("*"), palette.name(name.as_str()), Style::new()),
        Kind::Joined => (sanitise("-->"), palette.faint(), palette.faint()),
        Kind::Left => (sanitise("<--"), palette.faint(), palette.faint()),
        Kind::Info => (sanitise("--"), palette.faint(), Style::new()),
        Kind::Error => (sanitise("!!"), palette.error(), palette.error()),
    };
    if row.first && name > 0 {
        let mark = truncate(&mark, name);
        put(buf, area, time + name - width(&mark), y, &mark, mark_style);
    }
    if columns.bar > 0 && matches!(row.entry.kind, Kind::Said { .. }) {
        put(
            buf,
            area,
            time + name + 1,
            y,
            &sanitise("│"),
            palette.faint(),
        );
    }
    let text = time + name + usize::from(columns.bar);
    put(buf, area, text, y, &row.text, text_style);
}

fn side(app: &App, layout: &Layout, buf: &mut Buffer) {
    let area = layout.side;
    if area.width == 0 {
        return;
    }
    for y in 0..usize::from(area.height) {
        put(buf, area, 1, y, &sanitise("│"), app.palette.faint());
    }
    let inner = Rect {
        x: area.x + 3,
        width: area.width - 3,
        ..area
    };
    let members = match layout.lists {
        Lists::Members => inner,
        Lists::RoomsAndMembers => {
            let rooms = rooms(app);
            // The members have at least half of it; a heading and a gap belong to each list.
            let height = u16::try_from(rooms.names.len() + usize::from(rooms.more > 0) + 1)
                .unwrap_or(u16::MAX)
                .min(area.height / 2 - 1);
            list(app, Rect { height, ..inner }, "Rooms", &rooms, buf);
            let used = height + 1;
            Rect {
                y: inner.y + used,
                height: inner.height - used,
                ..inner
            }
        }
    };
    let names = app.members.names().iter().map(|name| {
        let me = Some(name) == app.name.as_ref();
        (
            name.clone(),
            if me {
                app.palette.own_name()
            } else {
                app.palette.name(name)
            },
        )
    });
    let names: Vec<_> = names.collect();
    let more = app.members.count().map_or(0, |count| count - names.len());
    list(app, members, "Members", &List { names, more }, buf);
}

/// Names with their styles, and how many more there are.
struct List {
    names: Vec<(String, Style)>,
    more: usize,
}

/// The public rooms and the room one is in, which has a mark.
fn rooms(app: &App) -> List {
    let here = app.room.as_ref().filter(|_| app.phase == Phase::Talking);
    let mut names: Vec<(String, Style)> = Vec::new();
    if let Some(here) = here
        && !app.rooms.names.contains(here)
    {
        names.push((format!("> {here}"), app.palette.heading()));
    }
    names.extend(app.rooms.names.iter().map(|name| {
        if Some(name) == here {
            (format!("> {name}"), app.palette.heading())
        } else {
            (format!("  {name}"), Style::new())
        }
    }));
    List {
        names,
        more: app.rooms.more,
    }
}

/// A heading and as many names as there is room for, with a word on those there is none for.
fn list(app: &App, area: Rect, heading: &str, list: &List, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    put(
        buf,
        area,
        0,
        0,
        &truncate(&sanitise(heading), columns),
        app.palette.heading(),
    );
    let rows = usize::from(area.height).saturating_sub(1);
    let whole = list.more == 0 && list.names.len() <= rows;
    let shown = if whole {
        list.names.len()
    } else {
        list.names.len().min(rows.saturating_sub(1))
    };
    for (y, (name, style)) in list.names[..shown].iter().enumerate() {
        put(
            buf,
            area,
            0,
            y + 1,
            &truncate(&sanitise(name), columns),
            *style,
        );
    }
    if !whole {
        let hidden = list.names.len() - shown + list.more;
        let more = truncate(&sanitise(&format!("+{hidden} more")), columns);
        put(buf, area, 0, shown + 1, &more, app.palette.faint());
    }
}

/// The line above the message box, and what one needs to know there.
fn rule(app: &App, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    put(
        buf,
        area,
        0,
        0,
        &sanitise(&"─".repeat(columns)),
        app.palette.faint(),
    );
    let columns = columns - limit(app, area, buf);
    let below = app.log.below();
    let choices = app.completing.as_ref().and_then(Completion::choices);
    let words = match &app.phase {
        _ if let Some(choices) = choices => choices,
        Phase::Lost => "Connection lost. Press Enter to reconnect.".into(),
        Phase::Offline => "Not connected. Press Enter to connect.".into(),
        Phase::Naming {
            reason: Some(reason),
            ..
        } => reason.clone(),
        Phase::Naming { reason: None, .. } => "Choose a name.".into(),
        Phase::Connecting | Phase::Talking if below > 0 => {
            let key = if app.editor.is_empty() {
                "End"
            } else {
                "Ctrl-End"
            };
            format!("{below} more below ({key})")
        }
        Phase::Connecting | Phase::Talking => return,
    };
    if let Some(room) = columns.checked_sub(4) {
        let words = truncate(&sanitise(&words), room);
        put(
            buf,
            area,
            1,
            0,
            &sanitise(&format!(" {words} ")),
            app.palette.alert(),
        );
    }
}

/// What is left of a message, at the right end of the line, and how many columns that takes.
fn limit(app: &App, area: Rect, buf: &mut Buffer) -> usize {
    let words = match limit::left(app.editor.text()) {
        _ if matches!(app.phase, Phase::Naming { .. }) => return 0,
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
pub(super) fn put(buf: &mut Buffer, area: Rect, x: usize, y: usize, text: &Shown, style: Style) {
    let (Ok(dx), Ok(dy)) = (u16::try_from(x), u16::try_from(y)) else {
        return;
    };
    if dx < area.width && dy < area.height {
        let room = usize::from(area.width - dx);
        buf.set_stringn(area.x + dx, area.y + dy, text.as_str(), room, style);
    }
}
