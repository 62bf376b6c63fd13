//! How much room a text takes in a terminal, and how to make it take less.
//!
//! The unit is the grapheme cluster, what people call a character: a letter with its marks, an emoji
//! of many parts. It is measured as ratatui measures it, so that what fits here fits there.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::SafeText;

/// The columns `text` takes.
pub fn width(text: &SafeText) -> usize {
    str_width(&text.0)
}

/// The columns a part of a [`SafeText`] takes.
pub fn str_width(text: &str) -> usize {
    text.graphemes(true).map(cluster_width).sum()
}

/// `text` if it fits into `columns`; else as much of its start as fits, with an ellipsis.
pub fn truncate(text: &SafeText, columns: usize) -> SafeText {
    if width(text) <= columns {
        return text.clone();
    }
    let Some(room) = columns.checked_sub(1) else {
        return SafeText::default();
    };
    SafeText(format!("{}…", fitting(&text.0, room)))
}

/// As many clusters from the start of `text` as fit into `columns`.
pub fn fitting(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += cluster_width(cluster);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// Breaks `text` into lines of at most `columns` (at least 1): after spaces where it can, and within
/// a word that is longer than a line. The spaces at a break are not shown. There is at least one
/// line.
pub fn wrap(text: &SafeText, columns: usize) -> Vec<SafeText> {
    let lines = wrap_indices(text, columns).into_iter();
    lines.map(|(_, line)| line).collect()
}

/// The lines of [`wrap`], each with where in `text` it starts.
pub fn wrap_indices(text: &SafeText, columns: usize) -> Vec<(usize, SafeText)> {
    #[cfg(test)]
    WRAPS.set(WRAPS.get() + 1);
    let columns = columns.max(1);
    let mut wrapped = Wrapped {
        columns,
        lines: Vec::new(),
        start: 0,
        line: String::new(),
        used: 0,
    };
    let mut at = 0;
    for piece in words_and_spaces(&text.0) {
        wrapped.add(at, piece);
        at += piece.len();
    }
    wrapped.lines.push((wrapped.start, SafeText(wrapped.line)));
    wrapped.lines
}

#[cfg(test)]
thread_local! {
    /// How often this thread has wrapped a text: what drawing costs, told without a clock.
    pub(crate) static WRAPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

struct Wrapped {
    columns: usize,
    lines: Vec<(usize, SafeText)>,
    /// Where in the text `line` starts.
    start: usize,
    line: String,
    /// The columns of `line`.
    used: usize,
}

impl Wrapped {
    /// Adds a word or a run of spaces, which is at `at` in the text.
    fn add(&mut self, at: usize, piece: &str) {
        let wide: usize = piece.graphemes(true).map(cluster_width).sum();
        if self.used + wide <= self.columns {
            self.line.push_str(piece);
            self.used += wide;
        } else if piece.starts_with(' ') {
            // The line ends here, unless it has nothing yet: then the spaces are an indentation
            // wider than the line, and what is after them is not moved out of sight.
            if self.line.is_empty() {
                self.start = at + piece.len();
            } else {
                self.end_line(at + piece.len());
            }
        } else {
            // A break before the word, but not one that leaves a line of nothing but indentation.
            if !self.line.trim_start_matches(' ').is_empty() {
                self.end_line(at);
            }
            for (offset, cluster) in piece.grapheme_indices(true) {
                self.add_cluster(at + offset, cluster);
            }
        }
    }

    fn add_cluster(&mut self, at: usize, cluster: &str) {
        let wide = cluster_width(cluster);
        if self.used + wide > self.columns && self.used > 0 {
            self.end_line(at);
        }
        if wide <= self.columns {
            self.line.push_str(cluster);
            self.used += wide;
        } else {
            // Wider than a line: there is no showing it whole.
            self.line.push('…');
            self.used += 1;
        }
    }

    /// Ends the line; the next starts at `next` in the text.
    fn end_line(&mut self, next: usize) {
        let shown = self.line.trim_end_matches(' ').len();
        self.line.truncate(shown);
        let line = std::mem::take(&mut self.line);
        self.lines.push((self.start, SafeText(line)));
        self.start = next;
        self.used = 0;
    }
}

fn cluster_width(cluster: &str) -> usize {
    usize::from(cluster.cell_width())
}

/// The words of `text` and the runs of spaces between them, in order.
fn words_and_spaces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let space = rest.starts_with(' ');
        let end = rest.find(|c| (c == ' ') != space).unwrap_or(rest.len());
        let piece;
        (piece, rest) = rest.split_at(end);
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sanitise;
    use super::super::tests::nasty;
    use super::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap(&sanitise(text), columns)
            .iter()
            .map(SafeText::to_string)
            .collect()
    }

    #[test]
    fn width_counts_columns_not_characters() {
        for (text, columns) in [
            ("", 0),
            ("abc", 3),
            ("日本", 4),
            ("e\u{301}", 1),
            ("🙂", 2),
            ("👩🏽\u{200D}🚀", 2),
            ("❤\u{FE0F}", 2),
        ] {
            assert_eq!(width(&sanitise(text)), columns, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_at_its_true_width() {
        let truncated = |text: &str, columns| truncate(&sanitise(text), columns).to_string();
        assert_eq!(truncated("alice", 5), "alice");
        assert_eq!(truncated("alice", 4), "ali…");
        assert_eq!(truncated("日本語", 5), "日本…");
        assert_eq!(truncated("日本語", 4), "日…");
        assert_eq!(truncated("日本語", 1), "…");
        assert_eq!(truncated("日本語", 0), "");
        assert_eq!(truncated("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn lines_break_after_spaces() {
        assert_eq!(wrapped("one two three", 9), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one   two", 5), ["one", "two"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn indentation_is_kept() {
        assert_eq!(wrapped("  let x", 20), ["  let x"]);
        assert_eq!(wrapped("  longword", 6), ["  long", "word"]);
    }

    #[test]
    fn a_word_longer_than_a_line_breaks_within() {
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("x abcdefgh", 4), ["x", "abcd", "efgh"]);
        assert_eq!(wrapped("日本語", 5), ["日本", "語"]);
        assert_eq!(wrapped("🙂🙂", 3), ["🙂", "🙂"]);
    }

    #[test]
    fn a_character_wider_than_the_line_is_replaced() {
        assert_eq!(wrapped("日a", 1), ["…", "a"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_it_may_be(text in nasty(), columns in 1usize..40) {
            for line in wrap(&sanitise(&text), columns) {
                prop_assert!(width(&line) <= columns, "{line:?} is over {columns}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in nasty(), columns in 20usize..60) {
            // With 20 columns there is room for every cluster.
            let shown = sanitise(&text);
            let solid = |text: &str| text.replace(' ', "");
            let lines: String = wrap(&shown, columns).iter().map(SafeText::as_str).collect();
            prop_assert_eq!(solid(&lines), solid(shown.as_str()));
        }

        #[test]
        fn every_line_is_where_it_is_said_to_start(
            text in nasty(),
            indentation in 0usize..70,
            columns in 20usize..60,
        ) {
            let text = " ".repeat(indentation) + &text;
            let shown = sanitise(&text);
            for (start, line) in wrap_indices(&shown, columns) {
                prop_assert!(shown.as_str()[start..].starts_with(line.as_str()), "{line:?}");
            }
        }

        #[test]
        fn what_is_truncated_fits(text in nasty(), columns in 0usize..40) {
            prop_assert!(width(&truncate(&sanitise(&text), columns)) <= columns);
        }
    }
}
