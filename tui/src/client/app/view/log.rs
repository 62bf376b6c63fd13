//! The log on the screen.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::App;
use super::super::layout::Layout;
use super::super::log::{Entry, Kind, Names, Row, Speaker, TextRow};
use super::super::palette::Palette;
use super::{Hyperlink, put, ruled};
use crate::text::{SafeText, encoded, sanitise, str_width, truncate, urls, width};

/// Draws the log, and says where addresses are that go over more than one row.
pub(super) fn log(
    app: &App,
    layout: &Layout,
    rows: &[Row<'_>],
    buf: &mut Buffer,
) -> Vec<Hyperlink> {
    let (palette, area) = (app.palette, layout.log);
    let names = layout.pane().names;
    let mut line = Line::default();
    let mut links = Vec::new();
    for (y, row) in rows.iter().enumerate() {
        match row {
            Row::Day(day) => {
                let day = day.strftime("%A, %-d %B %Y").to_string();
                ruled(buf, area, y, &day, palette.faint(), palette.faint());
            }
            Row::Unread => ruled(buf, area, y, "new", palette.alert(), palette.alert()),
            Row::Text(row) => {
                line.turn_to(app, row, names);
                head(app, layout, row, y, buf);
                text(app, layout, row, y, &line, buf);
                links.extend(line.links(layout, row, y));
            }
        }
    }
    links
}

/// `12:34      alice │ `
fn head(app: &App, layout: &Layout, row: &TextRow<'_>, y: usize, buf: &mut Buffer) {
    let (area, columns, palette) = (layout.log, layout.columns, app.palette);
    let (time, name) = (usize::from(columns.time), usize::from(columns.name));
    if row.first && time > 0 {
        let at = sanitise(&row.entry.at.strftime("%H:%M").to_string());
        put(buf, area, 0, y, &at, palette.faint());
    }
    if row.first && name > 0 {
        let (mark, mut style) = mark(palette, row.entry);
        if row.entry.mentions_user() {
            style = style.patch(palette.mentioner());
        }
        if let Some(search) = &app.search
            && row.entry.is_said()
            && search.needle().is_some_and(|needle| needle.is_in(&mark))
        {
            style = style.patch(search.style(palette, row.number));
        }
        let mark = truncate(&mark, name);
        put(buf, area, time + name - width(&mark), y, &mark, style);
    }
    // A mark without a bar cannot be mistaken for a name.
    if columns.bar > 0 && row.entry.is_said() {
        let bar = sanitise("│");
        put(buf, area, time + name + 1, y, &bar, palette.faint());
    }
}

/// What is where the names are, and its style.
fn mark(palette: Palette, entry: &Entry) -> (SafeText, Style) {
    let of = |name: &SafeText, speaker| match speaker {
        Speaker::User => palette.own_name(),
        Speaker::Other => palette.name(name.as_str()),
    };
    match &entry.kind {
        Kind::Said { name, speaker } => (name.clone(), of(name, *speaker)),
        Kind::Did { name, speaker } => (sanitise("*"), of(name, *speaker)),
        Kind::Joined => (sanitise("-->"), palette.faint()),
        Kind::Left => (sanitise("<--"), palette.faint()),
        Kind::Info => (sanitise("--"), palette.faint()),
        Kind::Error => (sanitise("!!"), palette.error()),
    }
}

fn text(app: &App, layout: &Layout, row: &TextRow<'_>, y: usize, line: &Line, buf: &mut Buffer) {
    let palette = app.palette;
    let style = match row.entry.kind {
        Kind::Joined | Kind::Left => palette.faint(),
        Kind::Error => palette.error(),
        Kind::Said { .. } | Kind::Did { .. } | Kind::Info => Style::new(),
    };
    let x = layout.columns.before_text();
    put(buf, layout.log, x, y, &row.text, style);
    let mut add = |ranges: &[Range<usize>], style| {
        for place in ranges
            .iter()
            .filter_map(|range| place(layout, row, y, range))
        {
            buf.set_style(place, style);
        }
    };
    add(&line.mentions, palette.alert());
    if let Some(search) = &app.search {
        add(&line.found, search.style(palette, row.number));
    }
}

/// What there is to mark in a line of an entry. Its rows come one after another, and all of it is found
/// with the first.
#[derive(Default)]
struct Line {
    /// The entry's number, and which of its lines it is.
    of: Option<(u64, usize)>,
    mentions: Vec<Range<usize>>,
    found: Vec<Range<usize>>,
    addresses: Vec<(Range<usize>, String)>,
}

impl Line {
    fn turn_to(&mut self, app: &App, row: &TextRow<'_>, names: Names) {
        let of = Some((row.number, row.line));
        if self.of == of {
            return;
        }
        let line = row.entry.line(names, row.line);
        let needle = app.search.as_ref().and_then(|search| search.needle());
        let address = |range: Range<usize>| {
            let url = encoded(&line.as_str()[range.clone()])?;
            Some((range, url))
        };
        *self = Line {
            of,
            mentions: row.entry.mentions(names, row.line),
            found: needle.map_or_else(Vec::new, |needle| needle.find(&line)),
            addresses: urls(line.as_str())
                .into_iter()
                .filter_map(address)
                .collect(),
        };
    }

    /// The parts of addresses that are in this row, and go on in others.
    fn links(
        &self,
        layout: &Layout,
        row: &TextRow<'_>,
        y: usize,
    ) -> impl Iterator<Item = Hyperlink> {
        let end = row.start + row.text.as_str().len();
        let broken = self
            .addresses
            .iter()
            .filter(move |(range, _)| range.start < row.start || range.end > end);
        broken.filter_map(move |(range, url)| {
            let area = place(layout, row, y, range)?;
            let url = url.clone();
            Some(Hyperlink { area, url })
        })
    }
}

/// Where on the screen that part of the row is which is in `range` of its line, if any of it is.
fn place(layout: &Layout, row: &TextRow<'_>, y: usize, range: &Range<usize>) -> Option<Rect> {
    let (area, text) = (layout.log, row.text.as_str());
    let start = range.start.saturating_sub(row.start).min(text.len());
    let end = range.end.saturating_sub(row.start).min(text.len());
    // A line of one column does not show everything as it is.
    let (before, inside) = (text.get(..start)?, text.get(start..end)?);
    let x = layout.columns.before_text() + str_width(before);
    let [x, y, width] = [x, y, str_width(inside)].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
    let place = Rect {
        x: area.x.saturating_add(x),
        y: area.y.saturating_add(y),
        width,
        height: 1,
    };
    Some(place.intersection(area)).filter(|place| !place.is_empty())
}
