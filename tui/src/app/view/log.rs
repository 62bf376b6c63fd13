//! The log on the screen.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::App;
use super::super::layout::Layout;
use super::super::log::{Kind, Row, Speaker, TextRow};
use super::{put, ruled};
use crate::text::{Needle, sanitise, str_width, truncate, width};

pub(super) fn log(app: &App, layout: &Layout, rows: &[Row<'_>], buf: &mut Buffer) {
    let mut found = Found::default();
    for (y, row) in rows.iter().enumerate() {
        match row {
            Row::Day(day) => {
                let day = day.strftime("%A, %-d %B %Y").to_string();
                ruled(
                    buf,
                    layout.log,
                    y,
                    &day,
                    app.palette.faint(),
                    app.palette.faint(),
                );
            }
            Row::Unread => {
                let style = app.palette.alert();
                ruled(buf, layout.log, y, "new", style, style);
            }
            Row::Text(row) => text(app, layout, row, y, &mut found, buf),
        }
    }
}

/// `12:34      alice │ Hello!`
fn text(
    app: &App,
    layout: &Layout,
    row: &TextRow<'_>,
    y: usize,
    found: &mut Found,
    buf: &mut Buffer,
) {
    let (area, columns) = (layout.log, layout.columns);
    let (time, name) = (usize::from(columns.time), usize::from(columns.name));
    let (palette, entry) = (app.palette, row.entry);
    let search = app.search.as_ref();
    let needle = search.and_then(|search| search.needle());
    let found_style = match search.and_then(|search| search.current()) {
        Some(current) if current == row.number => palette.found_here(),
        _ => palette.found(),
    };
    if row.first && time > 0 {
        let at = sanitise(&entry.at.strftime("%H:%M").to_string());
        put(buf, area, 0, y, &at, palette.faint());
    }
    // A mark without a bar cannot be mistaken for a name.
    let (mark, mut mark_style, text_style) = match &entry.kind {
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
    if entry.mentions_user() {
        mark_style = mark_style.patch(palette.mentioner());
    }
    let is_said = matches!(entry.kind, Kind::Said { .. });
    if is_said && needle.is_some_and(|needle| needle.is_in(&mark)) {
        mark_style = mark_style.patch(found_style);
    }
    if row.first && name > 0 {
        let mark = truncate(&mark, name);
        put(buf, area, time + name - width(&mark), y, &mark, mark_style);
    }
    if columns.bar > 0 && is_said {
        put(
            buf,
            area,
            time + name + 1,
            y,
            &sanitise("│"),
            palette.faint(),
        );
    }
    let x = time + name + usize::from(columns.bar);
    put(buf, area, x, y, &row.text, text_style);
    let names = layout.window().names;
    mark_ranges(
        buf,
        (area, x, y),
        row,
        &entry.mentions(names, row.line),
        palette.alert(),
    );
    if let Some(needle) = needle {
        let ranges = found.of(needle, row, || entry.line(names, row.line).into_owned());
        mark_ranges(buf, (area, x, y), row, ranges, found_style);
    }
}

/// Adds `style` to the parts of the row that are in `ranges` of its line. The row's text is at a place
/// within an area.
fn mark_ranges(
    buf: &mut Buffer,
    (area, x, y): (Rect, usize, usize),
    row: &TextRow<'_>,
    ranges: &[Range<usize>],
    style: Style,
) {
    let text = row.text.as_str();
    for range in ranges {
        let start = range.start.saturating_sub(row.start).min(text.len());
        let end = range.end.saturating_sub(row.start).min(text.len());
        // A line of one column does not show everything as it is.
        let (Some(before), Some(marked)) = (text.get(..start), text.get(start..end)) else {
            continue;
        };
        let [x, y, wide] = [x + str_width(before), y, str_width(marked)]
            .map(|n| u16::try_from(n).unwrap_or(u16::MAX));
        let place = Rect {
            x: area.x.saturating_add(x),
            y: area.y.saturating_add(y),
            width: wide,
            height: 1,
        };
        buf.set_style(place.intersection(area), style);
    }
}

/// Where in a line something was found, for the rows of one line come one after another.
#[derive(Default)]
struct Found {
    line: Option<(u64, usize)>,
    ranges: Vec<Range<usize>>,
}

impl Found {
    fn of(
        &mut self,
        needle: &Needle,
        row: &TextRow<'_>,
        line: impl FnOnce() -> crate::text::Shown,
    ) -> &[Range<usize>] {
        if self.line != Some((row.number, row.line)) {
            self.line = Some((row.number, row.line));
            self.ranges = needle.find(&line());
        }
        &self.ranges
    }
}
