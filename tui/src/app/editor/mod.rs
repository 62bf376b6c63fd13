//! The message box: a text and a cursor in it. It moves by grapheme clusters, what people call
//! characters, and is edited with the keys of readline.

mod kill_ring;
mod rows;

use unicode_segmentation::UnicodeSegmentation;

use kill_ring::{KillRing, Side};
use rows::Rows;
pub(super) use rows::Visible;

/// Bytes of the longest text. Many times what can be sent, so that it can be cut down here.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// How many steps can be undone.
const MAX_UNDONE: usize = 100;

/// A text that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Editor {
    text: String,
    /// Where in `text` the cursor is: at the boundary of a cluster.
    cursor: usize,
    ring: KillRing,
    /// The text and the cursor before each step, the oldest first.
    before: Vec<(String, usize)>,
    last: Last,
}

/// What the last step was, which tells what the next one goes on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    /// A letter was typed; the next one is no step of its own.
    Typed,
    /// Something was cut; what is cut next joins it.
    Killed,
    /// Something was pasted from the ring, from here to the cursor.
    Yanked(usize),
    /// The cursor went up or down from this column, and keeps to it.
    Moved(usize),
}

/// Something to do to the text, by the names of readline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Insert(char),
    Left,
    Right,
    WordLeft,
    WordRight,
    /// To the start of the line.
    Start,
    /// To the end of the line.
    End,
    Backspace,
    Delete,
    /// Swap the characters before and after the cursor.
    Transpose,
    /// Cut back to the space before the cursor.
    Rubout,
    /// Cut back to the start of the word before the cursor.
    KillWordBack,
    /// Cut to the end of the word after the cursor.
    KillWordForward,
    /// Cut to the start of the line; there, the line feed.
    KillToStart,
    /// Cut to the end of the line; there, the line feed.
    KillToEnd,
    /// Paste what was cut last.
    Yank,
    /// In place of what was just pasted, paste what was cut before it.
    YankOlder,
    /// Take the last step back.
    Undo,
}

impl Editor {
    pub(super) fn with_text(text: &str) -> Self {
        let mut editor = Editor::default();
        editor.set(text);
        editor
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub(super) fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Empties the box. What was cut can still be pasted.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        self.before.clear();
        self.last = Last::Other;
        std::mem::take(&mut self.text)
    }

    /// Has `text` in the box, with the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        self.take();
        self.put(text);
    }

    /// Inserts text: line breaks of any kind as line feeds, no other control characters but tabs.
    /// Nothing, if the text would be longer than [`MAX_BYTES`].
    pub(super) fn insert(&mut self, text: &str) {
        self.step(Last::Other);
        self.put(&plain(text));
    }

    /// Replaces what is before the cursor from the byte `start` on.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        self.step(Last::Other);
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
        self.put(&plain(text));
    }

    /// Keeps `text` as if it had been cut here.
    pub(super) fn keep(&mut self, text: &str) {
        self.ring.push(text);
        self.last = Last::Other;
    }

    pub(super) fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Insert(c) => {
                self.step(Last::Typed);
                self.put(&plain(c.encode_utf8(&mut [0; 4])));
            }
            Edit::Left => self.go(self.left()),
            Edit::Right => self.go(self.right()),
            Edit::WordLeft => self.go(self.word_left(is_word)),
            Edit::WordRight => self.go(self.word_right()),
            Edit::Start => self.go(self.line_start()),
            Edit::End => self.go(self.line_end()),
            Edit::Backspace => self.remove(self.left(), self.cursor),
            Edit::Delete => self.remove(self.cursor, self.right()),
            Edit::Transpose => self.transpose(),
            Edit::Rubout => self.kill_back_to(self.word_left(is_solid)),
            Edit::KillWordBack => self.kill_back_to(self.word_left(is_word)),
            Edit::KillWordForward => self.kill_forward_to(self.word_right()),
            Edit::KillToStart if self.line_start() == self.cursor => {
                self.kill_back_to(self.left());
            }
            Edit::KillToStart => self.kill_back_to(self.line_start()),
            Edit::KillToEnd if self.line_end() == self.cursor => {
                self.kill_forward_to(self.right());
            }
            Edit::KillToEnd => self.kill_forward_to(self.line_end()),
            Edit::Yank => self.yank(),
            Edit::YankOlder => self.yank_older(),
            Edit::Undo => self.undo(),
        }
    }

    /// Goes up a row in a box of so many columns. False if there is none above.
    pub(super) fn up(&mut self, columns: usize) -> bool {
        let (_, y) = Rows::of(&self.text, columns).place(self.cursor);
        y > 0 && {
            self.go_to_row(columns, y - 1);
            true
        }
    }

    /// Goes down a row in a box of so many columns. False if there is none below.
    pub(super) fn down(&mut self, columns: usize) -> bool {
        let rows = Rows::of(&self.text, columns);
        let (_, y) = rows.place(self.cursor);
        y + 1 < rows.count() && {
            self.go_to_row(columns, y + 1);
            true
        }
    }

    /// How many rows the text takes in a box of so many columns.
    pub(super) fn rows(&self, columns: usize) -> usize {
        Rows::of(&self.text, columns).count()
    }

    /// What of the text shows in a box of so many columns and rows.
    pub(super) fn visible(&self, columns: usize, rows: usize) -> Visible {
        Rows::of(&self.text, columns).visible(self.cursor, rows)
    }

    /// A step begins that changes the text.
    fn step(&mut self, next: Last) {
        if next != Last::Typed || self.last != Last::Typed {
            if self.before.len() == MAX_UNDONE {
                self.before.remove(0);
            }
            self.before.push((self.text.clone(), self.cursor));
        }
        self.last = next;
    }

    fn undo(&mut self) {
        if let Some((text, cursor)) = self.before.pop() {
            (self.text, self.cursor) = (text, cursor);
        }
        self.last = Last::Other;
    }

    fn put(&mut self, text: &str) {
        if self.text.len() + text.len() <= MAX_BYTES {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
            self.settle();
        }
    }

    fn go(&mut self, at: usize) {
        self.cursor = at;
        self.last = Last::Other;
    }

    fn go_to_row(&mut self, columns: usize, y: usize) {
        let rows = Rows::of(&self.text, columns);
        let x = match self.last {
            Last::Moved(x) => x,
            _ => rows.place(self.cursor).0,
        };
        self.cursor = rows.at(x, y);
        self.last = Last::Moved(x);
    }

    fn remove(&mut self, start: usize, end: usize) {
        if start < end {
            self.step(Last::Other);
            self.cut(start, end);
        }
    }

    fn kill_back_to(&mut self, at: usize) {
        self.kill(at, self.cursor, Side::Before);
    }

    fn kill_forward_to(&mut self, at: usize) {
        self.kill(self.cursor, at, Side::After);
    }

    fn kill(&mut self, start: usize, end: usize, side: Side) {
        if start == end {
            return;
        }
        let joins = self.last == Last::Killed;
        self.step(Last::Killed);
        let text = self.cut(start, end);
        if joins {
            self.ring.join(&text, side);
        } else {
            self.ring.push(&text);
        }
    }

    fn cut(&mut self, start: usize, end: usize) -> String {
        let cut = self.text.drain(start..end).collect();
        self.cursor = start;
        self.settle();
        cut
    }

    fn yank(&mut self) {
        let Some(text) = self.ring.newest().map(str::to_owned) else {
            return;
        };
        let start = self.cursor;
        self.step(Last::Yanked(start));
        self.put(&text);
    }

    fn yank_older(&mut self) {
        let Last::Yanked(start) = self.last else {
            return;
        };
        self.ring.rotate();
        let text = self.ring.newest().unwrap_or_default().to_owned();
        self.step(Last::Yanked(start));
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
        self.put(&text);
    }

    fn transpose(&mut self) {
        let at = if self.cursor == self.line_end() {
            self.left()
        } else {
            self.cursor
        };
        if at <= self.line_start() {
            return;
        }
        self.step(Last::Other);
        self.cursor = at;
        let (before, after) = (self.left(), self.right());
        let swapped = format!("{}{}", &self.text[at..after], &self.text[before..at]);
        self.text.replace_range(before..after, &swapped);
        self.cursor = after;
        self.settle();
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..]
            .find('\n')
            .map_or(self.text.len(), |at| self.cursor + at)
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

/// Text as the box has it.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let wanted = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(wanted).collect()
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
            ..Editor::default()
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
            ("ab|cd", Edit::Transpose, "acb|d"),
            ("abc|", Edit::Transpose, "acb|"),
            ("日e\u{301}|", Edit::Transpose, "e\u{301}日|"),
            ("|ab", Edit::Transpose, "|ab"),
            ("a|", Edit::Transpose, "a|"),
            ("ab\n|c", Edit::Transpose, "ab\n|c"),
            ("one a/b  |x", Edit::Rubout, "one |x"),
            ("one|", Edit::Rubout, "|"),
            ("one a/b  |x", Edit::KillWordBack, "one a/|x"),
            ("o|ne two", Edit::KillWordForward, "o| two"),
            ("one t|wo", Edit::KillToStart, "|wo"),
            ("one t|wo", Edit::KillToEnd, "one t|"),
            ("a\nb|c\nd", Edit::Start, "a\n|bc\nd"),
            ("a\nb|c\nd", Edit::End, "a\nbc|\nd"),
            ("a\nb|c\nd", Edit::KillToStart, "a\n|c\nd"),
            ("a\n|c\nd", Edit::KillToStart, "a|c\nd"),
            ("a\nb|c\nd", Edit::KillToEnd, "a\nb|\nd"),
            ("a\nb|\nd", Edit::KillToEnd, "a\nb|d"),
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

    fn after(start: &str, edits: &[Edit]) -> String {
        let mut editor = editor(start);
        edits.iter().for_each(|edit| editor.apply(*edit));
        marked(&editor)
    }

    #[test]
    fn what_was_cut_comes_back() {
        use Edit::{Insert, KillToEnd, KillToStart, Left, Rubout, Yank};
        assert_eq!(after("one two|", &[Rubout, Yank, Yank]), "one twotwo|");
        assert_eq!(after("one|", &[Yank]), "one|");
        // One cut after the other is one cut, in the order of the text.
        assert_eq!(after("a b c|", &[Rubout, Rubout, Yank]), "a b c|");
        assert_eq!(after("ab|cd", &[KillToEnd, KillToStart, Yank]), "abcd|");
        // With something in between they are two.
        assert_eq!(
            after("a b c|", &[Rubout, Left, Rubout, Insert('x'), Yank]),
            "a xb| "
        );
        // Where there was nothing to cut, nothing is in between.
        assert_eq!(after("a b|", &[Rubout, KillToEnd, Rubout, Yank]), "a b|");
    }

    #[test]
    fn what_was_cut_before_comes_in_place_of_what_was_cut_last() {
        use Edit::{End, Rubout, Yank, YankOlder};
        let two = [Rubout, End, Rubout];
        let then = |edits: &[Edit]| after("x one two|", &[&two, edits].concat());
        assert_eq!(then(&[Yank]), "x one |");
        assert_eq!(then(&[Yank, YankOlder]), "x two|");
        assert_eq!(then(&[Yank, YankOlder, YankOlder]), "x one |");
        assert_eq!(then(&[YankOlder]), "x |", "only after a paste");
        assert_eq!(then(&[Yank, End, YankOlder]), "x one |");
    }

    #[test]
    fn what_was_cut_is_kept_while_the_text_changes() {
        let mut editor = editor("one|");
        editor.apply(Edit::KillToStart);
        editor.set("from the history ");
        editor.apply(Edit::Yank);
        assert_eq!(editor.take(), "from the history one");
        editor.apply(Edit::Yank);
        assert_eq!(marked(&editor), "one|");
    }

    #[test]
    fn each_step_can_be_undone_and_a_word_typed_is_one() {
        use Edit::{Insert, Rubout, Undo};
        let typed = [Insert('a'), Insert('b'), Rubout, Insert('c')];
        let undone = |times: usize| after("x |", &[&typed[..], &vec![Undo; times]].concat());
        assert_eq!(undone(0), "x c|");
        assert_eq!(undone(1), "x |");
        assert_eq!(undone(2), "x ab|");
        assert_eq!(undone(3), "x |");
        assert_eq!(undone(4), "x |");
    }

    #[test]
    fn only_so_many_steps_can_be_undone() {
        let mut editor = editor("|");
        for _ in 0..MAX_UNDONE + 10 {
            editor.insert("x");
        }
        for _ in 0..MAX_UNDONE + 10 {
            editor.apply(Edit::Undo);
        }
        assert_eq!(editor.text(), "x".repeat(10));
    }

    #[test]
    fn up_and_down_go_by_rows_and_keep_the_column() {
        let mut editor = editor("abcdef\nx\nabcd|ef");
        assert!(!editor.down(20));
        for expected in ["abcdef\nx|\nabcdef", "abcd|ef\nx\nabcdef"] {
            assert!(editor.up(20));
            assert_eq!(marked(&editor), expected);
        }
        assert!(!editor.up(20));
        editor.down(20);
        editor.apply(Edit::Left);
        editor.down(20);
        assert_eq!(marked(&editor), "abcdef\nx\n|abcdef", "a new column");
        // In rows of three: abc def.
        let mut narrow = self::editor("abcde|f");
        assert!(narrow.up(4));
        assert_eq!(marked(&narrow), "ab|cdef");
        assert!(narrow.down(4));
        assert_eq!(marked(&narrow), "abcde|f");
    }

    #[test]
    fn the_box_takes_so_much_and_no_more() {
        let mut editor = editor("|");
        editor.insert(&"x".repeat(MAX_BYTES));
        editor.apply(Edit::Insert('y'));
        assert_eq!(editor.text().len(), MAX_BYTES);
        assert!(!editor.text().contains('y'));
    }
}
