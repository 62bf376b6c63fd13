//! What each key means.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::complete::Turn;
use super::editor::Edit;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Edit(Edit),
    /// Send, or whatever the box is for.
    Enter,
    /// A line break in the box.
    NewLine,
    /// Complete the word before the cursor.
    Complete(Turn),
    /// Have nothing to do with what is asked.
    Escape,
    /// A row up or down in the box; beyond it, older or newer lines of the history.
    Older,
    Newer,
    PageUp,
    PageDown,
    /// The start of the box; of the log if the box is empty.
    Home,
    /// Likewise the end.
    End,
    LogStart,
    LogEnd,
    /// Where what is not read starts.
    Unread,
    /// Look at the window with this number, the next one, the one before, or the next where something
    /// came.
    Window(usize),
    NextWindow,
    PreviousWindow,
    ActiveWindow,
    /// Enter the room one was invited into last.
    Accept,
    /// Search the log; the next older that was found.
    Search,
    /// The next newer.
    FindNewer,
    Reconnect,
    Redraw,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Delete what is after the cursor; leave if the box is empty.
    DeleteOrQuit,
    /// Empty the box; leave if it is empty.
    ClearOrQuit,
}

/// The lines that list the keys. Each fits into the narrowest log that has room for a side list.
pub(super) fn help() -> Vec<String> {
    let lines = [
        "Enter: send. Alt-Enter: a new line.",
        "Up, Down: a line of the box; sent before.",
        "Tab, Shift-Tab: complete.",
        "Ctrl-A, Ctrl-E: the line's start, end.",
        "Alt-B, Alt-F, Ctrl-Left, -Right: by word.",
        "Ctrl-W, Alt-D: cut the word before, after.",
        "Ctrl-U, Ctrl-K: cut the line before, after.",
        "Ctrl-Y: paste what was cut. Alt-Y: older.",
        "Ctrl-T: swap two characters. Ctrl-_: undo.",
        "Alt-1 to Alt-9, Alt-N, Alt-P: other rooms.",
        "Alt-A: to the next where something came.",
        "Alt-J: enter the room you are invited into.",
        "PageUp, PageDown, the wheel: scroll.",
        "Alt-U: to what is new. Ctrl-F: search.",
        "Ctrl-Home, Ctrl-End: first and last line.",
        "Ctrl-R: reconnect. Ctrl-L: draw anew.",
        "Ctrl-Z: to the shell and back by `fg`.",
        "Ctrl-C: empty the box; leave.",
    ];
    lines.map(String::from).to_vec()
}

/// The keys that one cannot guess, for a screen that is too small for all.
pub(super) fn help_in_brief() -> Vec<String> {
    let line = "Alt-Enter: a new line. Alt-1, Alt-N: rooms. PageUp: scroll. Alt-U: to what is new. Ctrl-F: search. Ctrl-R: reconnect. Ctrl-C: leave.";
    vec![line.into()]
}

/// What `event` means, if anything.
pub(super) fn meaning(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(match event.code {
        KeyCode::Char(c) if control && !alt => match c.to_ascii_lowercase() {
            'a' => Key::Edit(Edit::Start),
            'b' => Key::Edit(Edit::Left),
            'c' => Key::ClearOrQuit,
            'd' => Key::DeleteOrQuit,
            'e' => Key::Edit(Edit::End),
            'f' => Key::Search,
            'g' => Key::FindNewer,
            'h' => Key::Edit(Edit::Backspace),
            'j' => Key::NewLine,
            'k' => Key::Edit(Edit::KillToEnd),
            'l' => Key::Redraw,
            'n' => Key::Newer,
            'p' => Key::Older,
            'r' => Key::Reconnect,
            't' => Key::Edit(Edit::Transpose),
            'u' => Key::Edit(Edit::KillToStart),
            'w' => Key::Edit(Edit::Rubout),
            'y' => Key::Edit(Edit::Yank),
            'z' => Key::Suspend,
            // Terminals send one byte for Ctrl-_, Ctrl-/ and Ctrl-7.
            '_' | '/' | '7' => Key::Edit(Edit::Undo),
            _ => return None,
        },
        KeyCode::Char(c) if alt && !control => match c.to_ascii_lowercase() {
            c @ '1'..='9' => Key::Window(usize::from(c as u8 - b'0')),
            'a' => Key::ActiveWindow,
            'b' => Key::Edit(Edit::WordLeft),
            'd' => Key::Edit(Edit::KillWordForward),
            'f' => Key::Edit(Edit::WordRight),
            'j' => Key::Accept,
            'n' => Key::NextWindow,
            'p' => Key::PreviousWindow,
            'u' => Key::Unread,
            'y' => Key::Edit(Edit::YankOlder),
            _ => return None,
        },
        KeyCode::Char(c) => Key::Edit(Edit::Insert(c)),
        // Few terminals tell Shift-Enter from Enter.
        KeyCode::Enter if alt || event.modifiers.contains(KeyModifiers::SHIFT) => Key::NewLine,
        KeyCode::Enter => Key::Enter,
        KeyCode::BackTab => Key::Complete(Turn::Previous),
        KeyCode::Tab => Key::Complete(Turn::Next),
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace if alt || control => Key::Edit(Edit::KillWordBack),
        KeyCode::Backspace => Key::Edit(Edit::Backspace),
        KeyCode::Delete if alt || control => Key::Edit(Edit::KillWordForward),
        KeyCode::Delete => Key::Edit(Edit::Delete),
        KeyCode::Left if alt || control => Key::Edit(Edit::WordLeft),
        KeyCode::Left => Key::Edit(Edit::Left),
        KeyCode::Right if alt || control => Key::Edit(Edit::WordRight),
        KeyCode::Right => Key::Edit(Edit::Right),
        KeyCode::Up => Key::Older,
        KeyCode::Down => Key::Newer,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home if control => Key::LogStart,
        KeyCode::Home => Key::Home,
        KeyCode::End if control => Key::LogEnd,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_inserted_and_their_combinations_are_not() {
        let key = |c, modifiers| meaning(KeyEvent::new(KeyCode::Char(c), modifiers));
        let insert = |c| Some(Key::Edit(Edit::Insert(c)));
        assert_eq!(key('a', KeyModifiers::NONE), insert('a'));
        assert_eq!(key('A', KeyModifiers::SHIFT), insert('A'));
        assert_eq!(key('日', KeyModifiers::NONE), insert('日'));
        assert_eq!(
            key('a', KeyModifiers::CONTROL),
            Some(Key::Edit(Edit::Start))
        );
        assert_eq!(key('b', KeyModifiers::ALT), Some(Key::Edit(Edit::WordLeft)));
        assert_eq!(key('x', KeyModifiers::CONTROL), None);
        assert_eq!(key('3', KeyModifiers::ALT), Some(Key::Window(3)));
        assert_eq!(key('0', KeyModifiers::ALT), None);
        assert_eq!(key('x', KeyModifiers::ALT), None);
    }

    #[test]
    fn a_line_break_is_told_from_sending() {
        let key = |code, modifiers| meaning(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Enter, KeyModifiers::NONE), Some(Key::Enter));
        for (code, modifiers) in [
            (KeyCode::Enter, KeyModifiers::ALT),
            (KeyCode::Enter, KeyModifiers::SHIFT),
            (KeyCode::Char('j'), KeyModifiers::CONTROL),
        ] {
            assert_eq!(key(code, modifiers), Some(Key::NewLine), "{modifiers:?}");
        }
    }

    #[test]
    fn a_release_means_nothing() {
        let mut event = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(meaning(event), Some(Key::Enter));
        event.kind = KeyEventKind::Release;
        assert_eq!(meaning(event), None);
    }
}
