//! The log on the screen.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::App;
use super::super::layout::Layout;
use super::super::log::{Kind, Row, Speaker, TextRow};
use super::{Hyperlink, put, ruled};
use crate::text::{encoded, sanitise, str_width, truncate, urls, width};

/// Draws the log, and says where addresses are that go over more than one row.
pub(super) fn log(
    app: &App,
    layout: &Layout,
    rows: &[Row<'_>],
    buf: &mut Buffer,
) -> Vec<Hyperlink> {
    let mut found = OfLine::default();
    let mut addresses = OfLine::default();
    let mut links = Vec::new();
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
            Row::Text(row) => {
                text(app, layout, row, y, &mut found, buf);
                let names = layout.window().names;
                let urls = addresses.get(row, || urls(row.entry.line(names, row.line).as_str()));
                let line = || row.entry.line(names, row.line);
                let place = (layout.log, layout.columns.before_text(), y);
                for url in urls.iter().filter(|url| is_broken(url, row)) {
                    if let Some(area) = place_of(place, row, url)
                        && let Some(url) = line().as_str().get(url.clone()).and_then(encoded)
                    {
                        links.push(Hyperlink { area, url });
                    }
                }
            }
        }
    }
    links
}

/// Whether what is in `range` of its line is in other rows, too.
fn is_broken(range: &Range<usize>, row: &TextRow<'_>) -> bool {
    range.start < row.start || range.end > row.start + row.text.as_str().len()
}

/// `12:34      alice │ Hello!`
fn text(
    app: &App,
    layout: &Layout,
    row: &TextRow<'_>,
    y: usize,
    found: &mut OfLine,
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
    let x = columns.before_text();
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
        let ranges = found.get(row, || needle.find(&entry.line(names, row.line)));
        mark_ranges(buf, (area, x, y), row, ranges, found_style);
    }
}

/// Adds `style` to the parts of the row that are in `ranges` of its line. The row's text is at a place
/// within an area.
fn mark_ranges(
    buf: &mut Buffer,
    place: (Rect, usize, usize),
    row: &TextRow<'_>,
    ranges: &[Range<usize>],
    style: Style,
) {
    for range in ranges {
        if let Some(area) = place_of(place, row, range) {
            buf.set_style(area, style);
        }
    }
}

/// Where in the row that is which is in `range` of its line, if any of it is.
fn place_of(
    (area, x, y): (Rect, usize, usize),
    row: &TextRow<'_>,
    range: &Range<usize>,
) -> Option<Rect> {
    let text = row.text.as_str();
    let start = range.start.saturating_sub(row.start).min(text.len());
    let end = range.end.saturating_sub(row.start).min(text.len());
    // A line of one column does not show everything as it is.
    let (before, inside) = (text.get(..start)?, text.get(start..end)?);
    let [x, y, width] =
        [x + str_width(before), y, str_width(inside)].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
    let place = Rect {
        x: area.x.saturating_add(x),
        y: area.y.saturating_add(y),
        width,
        height: 1,
    };
    Some(place.intersection(area)).filter(|place| !place.is_empty())
}

/// What was found out about a line, for its rows come one after another.
#[derive(Default)]
struct OfLine {
    line: Option<(u64, usize)>,
    ranges: Vec<Range<usize>>,
}

impl OfLine {
    fn get(
        &mut self,
        row: &TextRow<'_>,
        find: impl FnOnce() -> Vec<Range<usize>>,
    ) -> &[Range<usize>] {
        if self.line != Some((row.number, row.line)) {
            self.line = Some((row.number, row.line));
            self.ranges = find();
        }
        &self.ranges
    }
}
