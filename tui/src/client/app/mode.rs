//! What has the keys: the topmost of what there is. It takes a key or passes it on to what they always
//! mean, and it has the place of the message box.

use jiff::civil::DateTime;

use super::editor::Editor;
use super::keys::Key;
use super::{App, Effect};

/// The topmost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is asked whether to take the server from others.
    Leaving,
    /// It is asked what is to become of a paste.
    Pasting,
    /// The log is searched.
    Searching,
    /// A name is typed.
    Naming,
    /// A message is written.
    Writing,
}

impl App {
    pub(super) fn mode(&self) -> Mode {
        let is_naming = self.connection.is_naming();
        if self.leaving.is_some() {
            Mode::Leaving
        } else if self.asking.is_some() && !is_naming {
            Mode::Pasting
        } else if self.search.is_some() {
            Mode::Searching
        } else if is_naming {
            Mode::Naming
        } else {
            Mode::Writing
        }
    }

    /// What comes of a key that the mode takes; none if it passes it on.
    pub(super) fn mode_key(&mut self, at: DateTime, key: Key) -> Option<Vec<Effect>> {
        match self.mode() {
            Mode::Leaving => self.answer_leaving(at, key),
            Mode::Pasting => self.answer(at, key),
            Mode::Searching => self.search_key(key),
            Mode::Naming | Mode::Writing => None,
        }
    }

    /// What is asked in place of the message box, with the keys that answer it.
    pub(super) fn question(&self) -> Option<String> {
        match self.mode() {
            Mode::Leaving => self.leaving_question(),
            Mode::Pasting => self.asking.as_ref().map(|paste| paste.question()),
            Mode::Searching | Mode::Naming | Mode::Writing => None,
        }
    }

    /// What is before the text that is edited, and the text.
    pub(super) fn prompt(&self) -> (&'static str, &Editor) {
        match (&self.search, self.connection.is_naming()) {
            (Some(search), _) => ("Search: ", search.editor()),
            (None, true) => ("Name: ", &self.name_prompt.editor),
            (None, false) => ("> ", &self.windows.here().editor),
        }
    }

    /// The editor that keys go to.
    pub(super) fn active_editor(&mut self) -> &mut Editor {
        match (&mut self.search, self.connection.is_naming()) {
            (Some(search), _) => search.editor_mut(),
            (None, true) => &mut self.name_prompt.editor,
            (None, false) => &mut self.windows.here_mut().editor,
        }
    }
}
