//! The text of the message box in rows, as wide as the box.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{self, SafeText, sanitise, truncate};

/// What of a text shows in a box, and where the cursor is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client::app) struct Visible {
    /// At least one, and no more than the box has.
    pub(in crate::client::app) rows: Vec<SafeText>,
    /// The cursor's column and row.
    pub(in crate::client::app) cursor: (usize, usize),
    /// How many rows there are above.
    pub(in crate::client::app) above: usize,
    /// How many rows there are below.
    pub(in crate::client::app) below: usize,
}

/// A text in rows, at least one: a line of it has one, or more if it is longer than a row.
pub(super) struct Rows<'a> {
    text: &'a str,
    /// Columns of a row. The cursor may be after the last of them.
    columns: usize,
    rows: Vec<Row>,
}

/// Which bytes of the text are in the row, without the line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    start: usize,
    end: usize,
}

impl<'a> Rows<'a> {
    /// The rows of `text` in a box of so many columns, of which one is left for the cursor.
    pub(super) fn of(text: &'a str, columns: usize) -> Self {
        let columns = columns.saturating_sub(1).max(1);
        let mut rows = Vec::new();
        let mut row = Row { start: 0, end: 0 };
        let mut used = 0;
        for (at, cluster) in text.grapheme_indices(true) {
            let after = at + cluster.len();
            if cluster == "\n" {
                rows.push(row);
                row = Row {
                    start: after,
                    end: after,
                };
                used = 0;
                continue;
            }
            let wide = wide(cluster, columns);
            if used + wide > columns {
                rows.push(row);
                row.start = at;
                used = 0;
            }
            row.end = after;
            used += wide;
        }
        rows.push(row);
        Rows {
            text,
            columns,
            rows,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// The column and the row of what is at the byte `at`. Between two rows of one line it is in the
    /// second.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let y = self.rows.partition_point(|row| row.start <= at) - 1;
        let before = &self.text[self.rows[y].start..at];
        (self.width(before), y)
    }

    /// The byte at the column `x` of the row `y`, or at the end of the row if it is shorter.
    pub(super) fn at(&self, x: usize, y: usize) -> usize {
        let row = self.rows[y];
        let goes_on = self
            .rows
            .get(y + 1)
            .is_some_and(|next| next.start == row.end);
        let mut used = 0;
        let mut last = row.start;
        for (at, cluster) in self.text[row.start..row.end].grapheme_indices(true) {
            last = row.start + at;
            used += self.width(cluster);
            if used > x {
                return last;
            }
        }
        // After the last character of a row that goes on, one is in the next.
        if goes_on { last } else { row.end }
    }

    /// What shows in so many rows (at least one) when the cursor is at the byte `at`.
    pub(super) fn visible(&self, at: usize, rows: usize) -> Visible {
        let rows = rows.max(1);
        let (x, y) = self.place(at);
        // As much before the cursor as after it, where there is as much.
        let top = y
            .saturating_sub(rows / 2)
            .min(self.rows.len().saturating_sub(rows));
        let shown = self.rows[top..].iter().take(rows).map(|row| {
            self.text[row.start..row.end]
                .graphemes(true)
                .map(|cluster| picture(cluster, self.columns))
                .collect()
        });
        Visible {
            rows: shown.collect(),
            cursor: (x, y - top),
            above: top,
            below: self.rows.len().saturating_sub(top + rows),
        }
    }

    fn width(&self, text: &str) -> usize {
        text.graphemes(true)
            .map(|cluster| wide(cluster, self.columns))
            .sum()
    }
}

/// The columns of a cluster in a row of so many.
fn wide(cluster: &str, columns: usize) -> usize {
    match cluster.as_bytes() {
        // Nearly all are, and a long text is looked at anew with each key.
        [b' '..=b'~'] => 1,
        _ => text::width(&picture(cluster, columns)),
    }
}

/// How a cluster shows in a row of so many columns.
fn picture(cluster: &str, columns: usize) -> SafeText {
    truncate(&sanitise(cluster), columns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn visible(text: &str, columns: usize, rows: usize) -> (Vec<String>, (usize, usize)) {
        let at = text.find('|').expect("the cursor is marked");
        let text = text.replace('|', "");
        let visible = Rows::of(&text, columns).visible(at, rows);
        let rows = visible.rows.iter().map(SafeText::to_string).collect();
        (rows, visible.cursor)
    }

    fn rows(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_that_is_longer_than_a_row_goes_on_in_the_next() {
        assert_eq!(visible("ab|c", 10, 5), (rows(&["abc"]), (2, 0)));
        assert_eq!(visible("|", 10, 5), (rows(&[""]), (0, 0)));
        assert_eq!(
            visible("abcdef|g", 4, 5),
            (rows(&["abc", "def", "g"]), (0, 2))
        );
        assert_eq!(visible("abcdef|", 4, 5), (rows(&["abc", "def"]), (3, 1)));
        // Two columns of the three hold one wide character.
        assert_eq!(
            visible("日本|語", 4, 5),
            (rows(&["日", "本", "語"]), (0, 2))
        );
    }

    #[test]
    fn lines_have_rows_of_their_own() {
        assert_eq!(visible("ab|\ncd", 10, 5), (rows(&["ab", "cd"]), (2, 0)));
        assert_eq!(visible("ab\n|cd", 10, 5), (rows(&["ab", "cd"]), (0, 1)));
        assert_eq!(visible("ab\n\n|", 10, 5), (rows(&["ab", "", ""]), (0, 2)));
        // A line that fills its row does not take another.
        assert_eq!(visible("abc|\nd", 4, 5), (rows(&["abc", "d"]), (3, 0)));
    }

    #[test]
    fn of_many_rows_those_around_the_cursor_show() {
        let text = |at: usize| {
            let lines = (0..9).map(|n| format!("{}{n}", if n == at { "|" } else { "" }));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(visible(&text(0), 9, 3), (rows(&["0", "1", "2"]), (0, 0)));
        assert_eq!(visible(&text(1), 9, 3), (rows(&["0", "1", "2"]), (0, 1)));
        assert_eq!(visible(&text(5), 9, 3), (rows(&["4", "5", "6"]), (0, 1)));
        assert_eq!(visible(&text(8), 9, 3), (rows(&["6", "7", "8"]), (0, 2)));
        assert_eq!(visible(&text(8), 9, 0), (rows(&["8"]), (0, 0)));
    }

    #[test]
    fn a_mark_behind_what_shows_as_something_else_stands_by_itself() {
        let tone = visible("\t\u{1F3FD}|", 20, 5);
        assert_eq!(tone, (rows(&["    \u{25CC}\u{1F3FD}"]), (7, 0)));
        let accent = visible("\u{200B}\u{301}|", 20, 5);
        assert_eq!(accent, (rows(&["<U+200B>\u{25CC}\u{301}"]), (9, 0)));
    }

    #[test]
    fn a_character_wider_than_a_row_is_cut_short() {
        assert_eq!(visible("日|a", 2, 5), (rows(&["…", "a"]), (0, 1)));
        assert_eq!(visible("\u{202E}|", 5, 5), (rows(&["<U+…"]), (4, 0)));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_within_the_box(
            text in "[a日🙂\n\u{301}\u{202E}\t ]{0,40}",
            columns in 1usize..9,
            height in 1usize..5,
        ) {
            let rows = Rows::of(&text, columns);
            let ends = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]);
            for at in ends {
                let Visible { rows: shown, cursor: (x, y), above, below } =
                    rows.visible(at, height);
                prop_assert!(shown.len() <= height && y < shown.len());
                prop_assert_eq!(above + shown.len() + below, rows.count());
                prop_assert!(columns == 1 || x < columns, "{x} of {columns}");
                let (x, y) = rows.place(at);
                prop_assert_eq!(rows.at(x, y), at);
            }
        }
    }
}
