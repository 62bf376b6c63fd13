//! The list at the side: the rooms, and who is in this one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::{Layout, Lists};
use super::super::{App, Phase};
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
            rooms.draw(app, Rect { height, ..inner }, buf);
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

/// The public rooms and the room one is in, which has a mark.
struct Rooms<'a> {
    here: Option<&'a str>,
    /// Whether the room one is in is not among the public ones, but before them.
    apart: bool,
    app: &'a App,
}

impl<'a> Rooms<'a> {
    fn new(app: &'a App) -> Self {
        let here = app
            .connection
            .room()
            .filter(|_| app.connection.phase() == Phase::Talking);
        let apart = here.is_some_and(|here| !app.rooms.names.iter().any(|name| name == here));
        Rooms { here, apart, app }
    }

    /// How many rows they take.
    fn rows(&self) -> usize {
        let rooms = &self.app.rooms;
        usize::from(self.apart) + rooms.names.len() + usize::from(rooms.more > 0)
    }

    fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let names = app.rooms.names.iter().map(String::as_str);
        let listed = self.here.into_iter().filter(|_| self.apart).chain(names);
        let total = usize::from(self.apart) + app.rooms.names.len();
        let list = List::new(area, total, app.rooms.more);
        // The room one is in is always seen.
        let place = listed.clone().position(|name| Some(name) == self.here);
        let skipped = place.map_or(0, |place| (place + 1).saturating_sub(list.shown));
        let rows = listed.skip(skipped).map(|name| {
            if Some(name) == self.here {
                let row = marked(name, &unread(app), usize::from(area.width));
                (row, app.palette.heading())
            } else {
                (sanitise(&format!("  {name}")), Style::new())
            }
        });
        list.draw(app, "Rooms", rows, buf);
    }
}

/// `> name (3)`, where the name gives way if there is not enough room.
fn marked(name: &str, unread: &str, columns: usize) -> SafeText {
    let room = columns.saturating_sub(unread.len());
    let name = truncate(&sanitise(&format!("> {name}")), room);
    sanitise(&format!("{name}{unread}"))
}

fn members(app: &App, area: Rect, buf: &mut Buffer) {
    let names = app.members.names();
    let more = app.members.count().map_or(0, |count| count - names.len());
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
