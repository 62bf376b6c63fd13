//! The message box: a text and a cursor in it. It moves by grapheme clusters, what people call
//! characters, and is edited with the keys of readline.

mod kill_ring;
mod rows;
#[cfg(test)]
mod tests;

use unicode_segmentation::UnicodeSegmentation;

pub(super) use kill_ring::KillRing;
use kill_ring::Side;
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
    /// Whether all of the text is selected, so that what is typed replaces it.
    selected: bool,
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
    /// Something was pasted from the ring, from one byte to another.
    Yanked(usize, usize),
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

    /// The text before the cursor, and after it.
    pub(super) fn around_cursor(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Goes over a space, if there is one after the cursor.
    pub(super) fn take_in_space(&mut self) {
        if self.text[self.cursor..].starts_with(' ') {
            self.go(self.right());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Empties the box. What was cut can still be pasted.
    pub(super) fn take(&mut self) -> String {
        self.selected = false;
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
        self.type_over();
        self.put(&plain(text));
    }

    /// Selects all of the text: what is typed next replaces it, and any other key only ends that.
    pub(super) fn select(&mut self) {
        self.selected = !self.text.is_empty();
        self.last = Last::Other;
    }

    pub(super) fn is_selected(&self) -> bool {
        self.selected
    }

    fn type_over(&mut self) {
        if std::mem::take(&mut self.selected) {
            self.text.clear();
            self.cursor = 0;
        }
    }

    /// Replaces what is before the cursor from the byte `start` on.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        self.selected = false;
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

    /// What was cut or kept here, for another box.
    pub(super) fn give_cut(&mut self) -> KillRing {
        std::mem::take(&mut self.ring)
    }

    /// Has at hand what was cut or kept in another box, and nothing else.
    pub(super) fn take_cut(&mut self, cut: KillRing) {
        self.ring = cut;
    }

    pub(super) fn apply(&mut self, edit: Edit) {
        if self.selected && matches!(edit, Edit::Backspace | Edit::Delete) {
            self.step(Last::Other);
            return self.type_over();
        }
        let typed = matches!(edit, Edit::Insert(_));
        self.selected &= typed;
        match edit {
            Edit::Insert(c) => {
                self.step(Last::Typed);
                self.type_over();
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

    /// Inserts `text`, if there is room for it. Returns the byte after it.
    fn put(&mut self, text: &str) -> usize {
        if self.text.len() + text.len() > MAX_BYTES {
            return self.cursor;
        }
        self.text.insert_str(self.cursor, text);
        let end = self.cursor + text.len();
        self.cursor = end;
        self.settle();
        end
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
        self.selected = false;
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
        self.step(Last::Other);
        let end = self.put(&text);
        self.last = Last::Yanked(start, end);
    }

    fn yank_older(&mut self) {
        let Last::Yanked(start, end) = self.last else {
            return;
        };
        self.ring.rotate();
        let text = self.ring.newest().unwrap_or_default().to_owned();
        self.step(Last::Other);
        self.text.replace_range(start..end, "");
        self.cursor = start;
        let end = self.put(&text);
        self.last = Last::Yanked(start, end);
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
