//! Links that go over rows, which a terminal cannot find by itself between what is around them.

use std::ffi::OsStr;
use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, CellDiffOption, CellWidth};

use super::is_plain;
use crate::client::app::Hyperlink;

/// Whether the terminal can be told of a link that goes over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hyperlinks {
    /// By a sequence that those who do not know it leave out.
    Known,
    /// It may show the sequence.
    Unknown,
}

impl Hyperlinks {
    /// Those of the terminal whose `TERM` this is.
    pub(super) fn of_terminal(term: Option<&OsStr>) -> Self {
        match term.and_then(OsStr::to_str) {
            Some("linux" | "dumb" | "") | None => Hyperlinks::Unknown,
            Some(term) if is_plain(term) => Hyperlinks::Unknown,
            Some(_) => Hyperlinks::Known,
        }
    }
}

/// Has the cells of a link drawn in one piece for each of their styles, within the sequences that make
/// them one (<https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>).
pub(super) fn draw(buf: &mut Buffer, link: &Hyperlink) {
    let Hyperlink { area, url } = link;
    let mut x = area.x;
    while x < area.right() {
        let (start, style) = (x, buf[(x, area.y)].style());
        let mut text = String::new();
        while x < area.right() && buf[(x, area.y)].style() == style {
            let cell = &buf[(x, area.y)];
            text.push_str(cell.symbol());
            x += cell.cell_width().max(1);
        }
        let columns = x.min(area.right()) - start;
        for x in start..start + columns {
            // What they show is drawn with the first; when they are no link any more, they have changed.
            buf[(x, area.y)].set_diff_option(CellDiffOption::Skip);
        }
        let width = NonZeroU16::new(columns).expect("a cell was looked at");
        let first = &mut buf[(start, area.y)];
        first.set_symbol(&format!("\x1B]8;;{url}\x1B\\{text}\x1B]8;;\x1B\\"));
        first.set_diff_option(CellDiffOption::ForcedWidth(width));
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::{Modifier, Style};

    use super::*;

    /// What is drawn where, if `now` comes after `before`.
    fn drawn(before: &Buffer, now: &Buffer) -> Vec<(u16, String)> {
        let cells = before.diff(now).into_iter();
        cells
            .map(|(x, _, cell)| (x, cell.symbol().to_owned()))
            .collect()
    }

    #[test]
    fn a_link_is_drawn_in_a_piece_for_each_style_and_again_when_it_is_none() {
        let plain = |marked: u16| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
            buf.set_string(0, 0, "x abcdef y", Style::new());
            let marked = Rect::new(4, 0, marked, 1);
            buf.set_style(marked, Style::new().add_modifier(Modifier::BOLD));
            buf
        };
        let link = Hyperlink {
            area: Rect::new(2, 0, 6, 1),
            url: "http://a/".into(),
        };
        let linked = |marked| {
            let mut buf = plain(marked);
            draw(&mut buf, &link);
            buf
        };
        let piece = |text| format!("\x1B]8;;http://a/\x1B\\{text}\x1B]8;;\x1B\\");
        assert_eq!(drawn(&plain(0), &linked(0)), [(2, piece("abcdef"))]);
        assert_eq!(
            drawn(&plain(2), &linked(2)),
            [(2, piece("ab")), (4, piece("cd")), (6, piece("ef"))]
        );
        assert_eq!(drawn(&linked(0), &linked(0)), []);
        let cells = "abcdef".chars().map(String::from);
        let expected: Vec<_> = (2..).zip(cells).collect();
        assert_eq!(drawn(&linked(0), &plain(0)), expected);
    }
}
