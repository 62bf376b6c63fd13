//! What goes where on the screen, and what is left out where there is no room for it.

use ratatui::layout::Rect;

use super::log::{Names, Pane};

/// The parts of the screen. What has no room has no rows or no columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) title: Rect,
    pub(super) log: Rect,
    pub(super) columns: Columns,
    /// The side list, with a space and a border on its left.
    pub(super) side: Rect,
    pub(super) lists: Lists,
    /// The line above the message box.
    pub(super) rule: Rect,
    pub(super) input: Rect,
}

/// The columns of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Columns of the time and the space after it, or none.
    pub(super) time: u16,
    /// Columns of names; if none, names go before the text.
    pub(super) name: u16,
    /// Columns of what is between a name and the text.
    pub(super) bar: u16,
    /// Columns of the text, at least one.
    pub(super) text: u16,
}

/// What is in the side list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    RoomsAndMembers,
    Members,
}

/// Columns of `12:34 `.
const TIME: u16 = 6;
/// Columns of ` │ `.
const BAR: u16 = 3;
/// Rows that two lists need to be of any use.
const ROWS_OF_TWO_LISTS: u16 = 8;

/// Rows of the message box, however much is in it; nor is it more than a third of the screen.
const MAX_INPUT_ROWS: u16 = 5;

impl Layout {
    /// Rooms go first, then the side list, the time, the column of names, the line above the box,
    /// the title. The box stays.
    ///
    /// The box would like to have `rows`; it gets as many as leave the log its room.
    pub(super) fn of((width, height): (u16, u16), rows: u16) -> Self {
        let (title, rule) = match height {
            0..=2 => (0, 0),
            3..=4 => (1, 0),
            _ => (1, 1),
        };
        let most = MAX_INPUT_ROWS.min(height / 3).max(1);
        let input = rows.clamp(1, most).min(height);
        let rows = height - title - rule - input;
        let side = match width {
            0..60 => 0,
            60..70 => 16,
            70..110 => 18,
            110.. => 25,
        };
        let lists = if width >= 70 && rows >= ROWS_OF_TWO_LISTS {
            Lists::RoomsAndMembers
        } else {
            Lists::Members
        };
        let log = width - side;
        Layout {
            title: Rect::new(0, 0, width, title),
            log: Rect::new(0, title, log, rows),
            columns: Columns::of(log),
            side: Rect::new(log, title, side, rows),
            lists,
            rule: Rect::new(0, title + rows, width, rule),
            input: Rect::new(0, title + rows + rule, width, input),
        }
    }

    /// What the log needs to know of it.
    pub(super) fn pane(&self) -> Pane {
        Pane {
            columns: usize::from(self.columns.text),
            rows: usize::from(self.log.height),
            names: if self.columns.name > 0 {
                Names::Column
            } else {
                Names::Inline
            },
        }
    }
}

impl Columns {
    /// The columns before the text.
    pub(super) fn before_text(&self) -> usize {
        usize::from(self.time + self.name + self.bar)
    }

    fn of(width: u16) -> Self {
        let (time, name, bar) = match width {
            0..18 => (0, 0, 0),
            18..32 => (0, 6, BAR),
            32..50 => (TIME, 8, BAR),
            50..80 => (TIME, 10, BAR),
            80.. => (TIME, 14, BAR),
        };
        let text = (width - time - name - bar).max(1);
        Columns {
            time,
            name,
            bar,
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_and_do_not_overlap_at_any_size() {
        for width in 0..150 {
            for height in 0..40 {
                let layout = Layout::of((width, height), width % 9);
                let Layout {
                    title,
                    log,
                    side,
                    rule,
                    input,
                    ..
                } = layout;
                assert_eq!(
                    title.height + log.height + rule.height + input.height,
                    height
                );
                assert_eq!(
                    (title.bottom(), log.bottom()),
                    (log.y, rule.y),
                    "{layout:?}"
                );
                assert_eq!(
                    (rule.bottom(), input.bottom()),
                    (input.y, height),
                    "{layout:?}"
                );
                assert_eq!((log.right(), side.right()), (side.x, width), "{layout:?}");
                let Columns {
                    time,
                    name,
                    bar,
                    text,
                } = layout.columns;
                assert!(time + name + bar + text == log.width.max(1), "{layout:?}");
            }
        }
    }

    #[test]
    fn what_has_no_room_is_left_out_in_order() {
        let side = |width| Layout::of((width, 24), 1).side.width;
        assert_eq!(Layout::of((80, 24), 1).lists, Lists::RoomsAndMembers);
        assert_eq!(Layout::of((69, 24), 1).lists, Lists::Members);
        assert_eq!(Layout::of((80, 10), 1).lists, Lists::Members);
        assert!(side(60) > 0 && side(59) == 0);
        assert_eq!(
            Layout::of((40, 10), 1).columns,
            Columns {
                time: 6,
                name: 8,
                bar: 3,
                text: 23
            }
        );
        assert_eq!(
            Layout::of((30, 10), 1).columns,
            Columns {
                time: 0,
                name: 6,
                bar: 3,
                text: 21
            }
        );
        assert_eq!(
            Layout::of((10, 10), 1).columns,
            Columns {
                time: 0,
                name: 0,
                bar: 0,
                text: 10
            }
        );
        let rows = |height| {
            let Layout {
                title,
                log,
                rule,
                input,
                ..
            } = Layout::of((80, height), 1);
            [title.height, log.height, rule.height, input.height]
        };
        assert_eq!(rows(10), [1, 7, 1, 1]);
        assert_eq!(rows(5), [1, 2, 1, 1]);
        assert_eq!(rows(4), [1, 2, 0, 1]);
        assert_eq!(rows(2), [0, 1, 0, 1]);
        assert_eq!(rows(1), [0, 0, 0, 1]);
    }

    #[test]
    fn the_box_grows_and_leaves_the_log_its_room() {
        let rows = |height, wanted| {
            let layout = Layout::of((80, height), wanted);
            (layout.input.height, layout.log.height)
        };
        assert_eq!(rows(24, 0), (1, 21));
        assert_eq!(rows(24, 4), (4, 18));
        assert_eq!(rows(24, 100), (5, 17));
        assert_eq!(rows(10, 100), (3, 5));
        assert_eq!(rows(5, 100), (1, 2));
        assert_eq!(rows(1, 100), (1, 0));
    }
}
