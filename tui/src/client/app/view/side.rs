//! The list at the side: the rooms, and who is in the one that is looked at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::App;
use super::super::layout::{Layout, Lists};
use super::super::palette::Palette;
use super::super::windows::{Standing, Window};
use super::{put, unread};
use crate::text::{SafeText, sanitise, truncate};

pub(super) fn side(app: &App, layout: &Layout, buf: &mut Buffer) {
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
    let below = match layout.lists {
        Lists::Members => inner,
        Lists::RoomsAndMembers => {
            let rooms = Rooms::new(app);
            // The members have at least half of it; a heading and a gap belong to each list.
            let height = u16::try_from(rooms.rows() + 1)
                .unwrap_or(u16::MAX)
                .min(area.height / 2 - 1);
            rooms.draw(Rect { height, ..inner }, buf);
            let used = height + 1;
            Rect {
                y: inner.y + used,
                height: inner.height - used,
                ..inner
            }
        }
    };
    members(app, below, buf);
}

/// What there is a window of, which comes first, and the other public rooms.
struct Rooms<'a> {
    app: &'a App,
    /// The public rooms that there is no window of.
    others: Vec<&'a str>,
}

impl<'a> Rooms<'a> {
    fn new(app: &'a App) -> Self {
        let names = app.rooms.names.iter().map(String::as_str);
        let others = names.filter(|name| app.windows.room(name).is_none());
        let others = others.collect();
        Rooms { app, others }
    }

    /// How many rows they take.
    fn rows(&self) -> usize {
        self.total() + usize::from(self.app.rooms.more > 0)
    }

    fn total(&self) -> usize {
        self.app.windows.iter().count() + self.others.len()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let app = self.app;
        let columns = usize::from(area.width);
        let here = app.windows.here().id();
        let windows = (1..).zip(app.windows.iter()).map(|(number, window)| {
            let is_here = window.id() == here;
            (
                row(number, window, is_here, columns),
                style(app.palette, window, is_here),
            )
        });
        let others = self.others.iter();
        let others = others.map(|name| (sanitise(&format!("  {name}")), Style::new()));
        let list = List::new(area, self.total(), app.rooms.more);
        // The one that is looked at is always seen.
        let place = app.windows.iter().position(|window| window.id() == here);
        let skipped = place.map_or(0, |place| (place + 1).saturating_sub(list.shown));
        list.draw(app, "Rooms", windows.chain(others).skip(skipped), buf);
    }
}

/// `> name (3)`, or `2 name` with the number that Alt takes there. The name gives way if there is not
/// enough room.
fn row(number: usize, window: &Window, is_here: bool, columns: usize) -> SafeText {
    let unread = unread(window);
    let mark = match number {
        _ if is_here => ">".into(),
        1..10 => number.to_string(),
        _ => " ".into(),
    };
    let name = sanitise(&format!("{mark} {}", window.name()));
    let name = truncate(&name, columns.saturating_sub(unread.len()));
    sanitise(&format!("{name}{unread}"))
}

fn style(palette: Palette, window: &Window, is_here: bool) -> Style {
    let unread = window.log.unread();
    match window.standing {
        _ if is_here => palette.heading(),
        _ if unread.mentions > 0 => palette.alert(),
        _ if unread.messages > 0 => palette.heading(),
        Standing::Out => palette.faint(),
        Standing::In | Standing::Entering => Style::new(),
    }
}

fn members(app: &App, area: Rect, buf: &mut Buffer) {
    let members = &app.windows.here().members;
    let names = members.names();
    let more = members.count().map_or(0, |count| count - names.len());
    let rows = names.iter().map(|name| {
        let style = if Some(name.as_str()) == app.connection.name() {
            app.palette.own_name()
        } else {
            app.palette.name(name)
        };
        (sanitise(name), style)
    });
    List::new(area, names.len(), more).draw(app, "Members", rows, buf);
}

/// A heading and as many rows as there is room for, with a word on those there is none for.
struct List {
    area: Rect,
    /// How many rows are shown.
    shown: usize,
    /// How many are not.
    hidden: usize,
}

impl List {
    /// A list of `total` rows and `more` that are not known.
    fn new(area: Rect, total: usize, more: usize) -> Self {
        let rows = usize::from(area.height).saturating_sub(1);
        let shown = if more == 0 && total <= rows {
            total
        } else {
            total.min(rows.saturating_sub(1))
        };
        List {
            area,
            shown,
            hidden: total - shown + more,
        }
    }

    fn draw(
        &self,
        app: &App,
        heading: &str,
        rows: impl Iterator<Item = (SafeText, Style)>,
        buf: &mut Buffer,
    ) {
        let columns = usize::from(self.area.width);
        let heading = truncate(&sanitise(heading), columns);
        put(buf, self.area, 0, 0, &heading, app.palette.heading());
        for (y, (row, style)) in rows.take(self.shown).enumerate() {
            put(buf, self.area, 0, y + 1, &truncate(&row, columns), style);
        }
        if self.hidden > 0 {
            let more = truncate(&sanitise(&format!("+{} more", self.hidden)), columns);
            put(
                buf,
                self.area,
                0,
                self.shown + 1,
                &more,
                app.palette.faint(),
            );
        }
    }
}
