//! The message box: a text and a cursor in it. It moves by grapheme clusters, what people call
//! characters.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{self, Shown, sanitise};

/// A text that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Editor {
    text: String,
    /// Where in `text` the cursor is: at the boundary of a cluster.
    cursor: usize,
}

/// Something to do to the text, by the names of readline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Insert(char),
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Backspace,
    Delete,
    /// Back to the space before the cursor.
    KillWordBack,
    /// To the end of the word after the cursor.
    KillWordForward,
    KillToStart,
    KillToEnd,
}

impl Editor {
    pub(super) fn with_text(text: &str) -> Self {
        let mut editor = Editor::default();
        editor.insert(text);
        editor
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Empties the box.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Inserts pasted text: line breaks of any kind as line feeds, no other control characters but
    /// tabs.
    pub(super) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let wanted = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = text.chars().filter(wanted).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        self.settle();
    }

    pub(super) fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Insert(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::WordLeft => self.cursor = self.word_left(is_word),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Start => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::Backspace => self.kill_back_to(self.left()),
            Edit::Delete => self.kill_forward_to(self.right()),
            Edit::KillWordBack => self.kill_back_to(self.word_left(is_solid)),
            Edit::KillWordForward => self.kill_forward_to(self.word_right()),
            Edit::KillToStart => self.kill_back_to(0),
            Edit::KillToEnd => self.kill_forward_to(self.text.len()),
        }
    }

    /// What of the text to show in `columns`, such that the cursor is in it, and the cursor's
    /// column. The cursor may be after the text, so there is one column less for that.
    pub(super) fn visible(&self, columns: usize) -> (Shown, usize) {
        let room = columns.saturating_sub(1);
        let (before, after) = self.text.split_at(self.cursor);
        let before: Vec<Shown> = before.graphemes(true).map(picture).collect();
        let mut used = 0;
        let fits = |shown: &&Shown| {
            used += text::width(shown);
            used <= room
        };
        let skipped = before.len() - before.iter().rev().take_while(fits).count();
        let mut shown: String = before[skipped..].iter().map(Shown::as_str).collect();
        let cursor = before[skipped..].iter().map(text::width).sum();
        let mut used = cursor;
        for picture in after.graphemes(true).map(picture) {
            used += text::width(&picture);
            if used > columns {
                break;
            }
            shown.push_str(picture.as_str());
        }
        (sanitise(text::fitting(&shown, columns)), cursor)
    }

    fn kill_back_to(&mut self, at: usize) {
        self.text.replace_range(at..self.cursor, "");
        self.cursor = at;
        self.settle();
    }

    fn kill_forward_to(&mut self, at: usize) {
        self.text.replace_range(self.cursor..at, "");
        self.settle();
    }

    /// Moves the cursor out of a cluster that what came or went has made around it.
    fn settle(&mut self) {
        let next = self.boundaries().find(|at| *at >= self.cursor);
        self.cursor = next.unwrap_or(self.text.len());
    }

    fn left(&self) -> usize {
        self.boundaries()
            .take_while(|at| *at < self.cursor)
            .last()
            .unwrap_or(0)
    }

    fn right(&self) -> usize {
        self.boundaries()
            .find(|at| *at > self.cursor)
            .unwrap_or(self.text.len())
    }

    /// The start of the word before the cursor.
    fn word_left(&self, of_word: fn(&str) -> bool) -> usize {
        let clusters = self.text[..self.cursor].grapheme_indices(true).rev();
        let mut start = None;
        for (at, cluster) in clusters {
            match (of_word(cluster), start) {
                (true, _) => start = Some(at),
                (false, Some(start)) => return start,
                (false, None) => {}
            }
        }
        start.unwrap_or(0)
    }

    /// The end of the word after the cursor.
    fn word_right(&self) -> usize {
        let mut in_word = false;
        for (at, cluster) in self.text[self.cursor..].grapheme_indices(true) {
            match (is_word(cluster), in_word) {
                (true, _) => in_word = true,
                (false, true) => return self.cursor + at,
                (false, false) => {}
            }
        }
        self.text.len()
    }

    fn boundaries(&self) -> impl Iterator<Item = usize> {
        self.text
            .grapheme_indices(true)
            .map(|(at, _)| at)
            .chain([self.text.len()])
    }
}

fn is_word(cluster: &str) -> bool {
    cluster.starts_with(char::is_alphanumeric)
}

fn is_solid(cluster: &str) -> bool {
    !cluster.starts_with(char::is_whitespace)
}

/// How a cluster shows in the box.
fn picture(cluster: &str) -> Shown {
    sanitise(if cluster == "\n" { "⏎" } else { cluster })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An editor with the cursor where the `|` is.
    fn editor(marked: &str) -> Editor {
        let cursor = marked.find('|').expect("the cursor is marked");
        Editor {
            text: marked.replace('|', ""),
            cursor,
        }
    }

    fn marked(editor: &Editor) -> String {
        let (before, after) = editor.text.split_at(editor.cursor);
        format!("{before}|{after}")
    }

    #[test]
    fn each_key_does_what_fingers_know() {
        for (before, edit, after) in [
            ("a|c", Edit::Insert('b'), "ab|c"),
            ("ab|", Edit::Left, "a|b"),
            ("|ab", Edit::Left, "|ab"),
            ("|ab", Edit::Right, "a|b"),
            ("ab|", Edit::Right, "ab|"),
            ("ab|c", Edit::Start, "|abc"),
            ("ab|c", Edit::End, "abc|"),
            ("ab|c", Edit::Backspace, "a|c"),
            ("|abc", Edit::Backspace, "|abc"),
            ("ab|c", Edit::Delete, "ab|"),
            ("abc|", Edit::Delete, "abc|"),
            ("one, two|", Edit::WordLeft, "one, |two"),
            ("one, |two", Edit::WordLeft, "|one, two"),
            ("o|ne, two", Edit::WordRight, "one|, two"),
            ("one|, two", Edit::WordRight, "one, two|"),
            ("one a/b  |x", Edit::KillWordBack, "one |x"),
            ("one|", Edit::KillWordBack, "|"),
            ("o|ne two", Edit::KillWordForward, "o| two"),
            ("one t|wo", Edit::KillToStart, "|wo"),
            ("one t|wo", Edit::KillToEnd, "one t|"),
        ] {
            let mut editor = editor(before);
            editor.apply(edit);
            assert_eq!(marked(&editor), after, "{before} {edit:?}");
        }
    }

    #[test]
    fn the_cursor_moves_over_whole_characters() {
        let family = "👩🏽\u{200D}🚀";
        let text = format!("e\u{301}{family}日|");
        let mut editor = editor(&text);
        for expected in [
            format!("e\u{301}{family}|日"),
            format!("e\u{301}|{family}日"),
            format!("|e\u{301}{family}日"),
        ] {
            editor.apply(Edit::Left);
            assert_eq!(marked(&editor), expected);
        }
        editor.apply(Edit::Delete);
        assert_eq!(marked(&editor), format!("|{family}日"));
        editor.apply(Edit::End);
        editor.apply(Edit::Backspace);
        editor.apply(Edit::Backspace);
        assert_eq!(marked(&editor), "|");
    }

    #[test]
    fn what_is_inserted_may_join_what_is_there() {
        let mut editor = editor("|\u{301}x");
        editor.apply(Edit::Insert('e'));
        assert_eq!(marked(&editor), "e\u{301}|x");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_its_control_characters() {
        let mut editor = editor("<|>");
        editor.insert("one\r\ntwo\rthree\tx\x1B[31m\u{9B}");
        assert_eq!(marked(&editor), "<one\ntwo\nthree\tx[31m|>");
    }

    #[test]
    fn a_short_text_shows_whole() {
        assert_eq!(editor("ab|c").visible(10), (sanitise("abc"), 2));
        assert_eq!(editor("|").visible(10), (sanitise(""), 0));
        assert_eq!(editor("a\n|b").visible(10), (sanitise("a⏎b"), 2));
    }

    #[test]
    fn of_a_long_text_the_part_around_the_cursor_shows() {
        assert_eq!(editor("0123456789|").visible(5), (sanitise("6789"), 4));
        assert_eq!(editor("012345678|9").visible(5), (sanitise("56789"), 4));
        assert_eq!(editor("|0123456789").visible(5), (sanitise("01234"), 0));
        assert_eq!(editor("日本語日本語|").visible(6), (sanitise("本語"), 4));
    }

    #[test]
    fn there_may_be_no_room_at_all() {
        assert_eq!(editor("日本|語").visible(1).1, 0);
        assert_eq!(editor("日本|語").visible(0), (sanitise(""), 0));
    }
}
