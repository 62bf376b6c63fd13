//! What becomes of the client by what happens, and what is to be done about it: what its user does.
//! What the session tells is in a file of its own.

use chatmaster_core::RoomName;
use chatmaster_core::session::{Action, ActionError, Update};
use jiff::civil::DateTime;

use super::editor::Edit;
use super::keys::{self, Key};
use super::limit::{self, Left};
use super::log::{Entry, Speaker, Window};
use super::roster::Asker;
use super::{App, Effect, Mouse, Msg, Phase, Role, Wheel, message_box};
use crate::address::Address;
use crate::command::{self, Line, Topic};

/// Rows that one notch of the wheel is worth.
const WHEEL_ROWS: usize = 3;

/// Takes in what happened at `at`, and says what is to be done.
pub fn update(app: &mut App, at: DateTime, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(event) => match keys::meaning(event) {
            Some(key) => app.key(at, key),
            None => Vec::new(),
        },
        Msg::Paste(text) => {
            app.paste(at, &text);
            Vec::new()
        }
        Msg::Wheel(wheel) => {
            let window = app.window();
            match wheel {
                Wheel::Up => app.log.up(window, WHEEL_ROWS),
                Wheel::Down => app.log.down(window, WHEEL_ROWS),
            }
            Vec::new()
        }
        Msg::Focus(focus) => {
            app.log.focused(focus);
            Vec::new()
        }
        Msg::Resized(width, height) => {
            app.size = (width, height);
            Vec::new()
        }
        Msg::Update(Update::Event(event)) => app.event(at, event),
        Msg::Update(Update::Refused(action, error)) => {
            // Nothing is said twice: the end of the session was told already.
            if error != ActionError::Ended || matches!(action, Action::Say(_)) {
                app.not_done(at, action, &error.to_string());
            }
            Vec::new()
        }
        Msg::Connected(role) => {
            app.connected(at, role);
            Vec::new()
        }
        Msg::NotConnected(why) => {
            app.phase = Phase::Lost;
            app.complain(at, &format!("Still not connected: {why}"));
            Vec::new()
        }
        Msg::Said(text) => {
            app.said(at, &text);
            Vec::new()
        }
        Msg::NotDone(action, why) => {
            app.not_done(at, action, &why);
            Vec::new()
        }
        Msg::Trouble(what) => {
            app.complain(at, &what);
            Vec::new()
        }
        Msg::Terminate => vec![Effect::Quit],
    }
}

impl App {
    fn key(&mut self, at: DateTime, key: Key) -> Vec<Effect> {
        if let Some(effects) = self.answer(at, key) {
            return effects;
        }
        if !matches!(key, Key::Complete(_)) {
            self.completing = None;
        }
        let window = self.window();
        // All rows but one, which shows where one was.
        let page = window.rows.saturating_sub(1).max(1);
        match key {
            Key::Edit(edit) => self.active_editor().apply(edit),
            Key::Enter => return self.enter(at),
            Key::NewLine if matches!(self.phase, Phase::Naming { .. }) => return self.enter(at),
            Key::NewLine => self.editor.apply(Edit::Insert('\n')),
            Key::Complete(turn) => self.complete(turn),
            Key::Escape => {}
            Key::Older => self.older(),
            Key::Newer => self.newer(),
            Key::PageUp => self.log.up(window, page),
            Key::PageDown => self.log.down(window, page),
            Key::Home if self.active_editor().is_empty() => self.log.go_to_start(window),
            Key::Home => self.active_editor().apply(Edit::Start),
            Key::End if self.active_editor().is_empty() => self.log.go_to_end(),
            Key::End => self.active_editor().apply(Edit::End),
            Key::LogStart => self.log.go_to_start(window),
            Key::LogEnd => self.log.go_to_end(),
            Key::Unread => self.log.go_to_unread(window),
            Key::Reconnect if self.is_unconnected() => return self.connect(at, None),
            Key::Reconnect => {}
            Key::Redraw => return vec![Effect::Redraw],
            Key::DeleteOrQuit if self.active_editor().is_empty() => return vec![Effect::Quit],
            Key::DeleteOrQuit => self.active_editor().apply(Edit::Delete),
            Key::Quit => return vec![Effect::Quit],
        }
        Vec::new()
    }

    pub(super) fn enter(&mut self, at: DateTime) -> Vec<Effect> {
        if let Phase::Naming { editor, .. } = &mut self.phase {
            if editor.is_empty() {
                return Vec::new();
            }
            let name = editor.take();
            self.name = Some(name.clone());
            self.phase = Phase::Connecting;
            return vec![Effect::Act(Action::Login(name))];
        }
        let line = match command::parse(self.editor.text()) {
            Ok(line) => line,
            Err(mistake) => {
                // The line stays in the box, to be corrected.
                self.complain(at, &mistake.to_string());
                return Vec::new();
            }
        };
        match (line, &self.phase) {
            (Some(Line::Quit), _) => vec![Effect::Quit],
            (Some(line @ (Line::Help(_) | Line::Clear | Line::Mouse)), _) => {
                let mut effects = self.sent();
                effects.extend(self.local(at, line));
                effects
            }
            (Some(Line::Connect(address)), _) => {
                let mut effects = self.sent();
                effects.extend(self.connect(at, address));
                effects
            }
            (Some(Line::Disconnect), _) => {
                let mut effects = self.sent();
                effects.extend(self.disconnect(at));
                effects
            }
            (_, Phase::Lost | Phase::Offline) => self.connect(at, None),
            (None, _) => Vec::new(),
            (Some(Line::Do(action)), Phase::Talking) => {
                if let Left::Over(bytes) = limit::left(self.editor.text()) {
                    let bytes = limit::counted(bytes);
                    let why = format!("Not sent: it is {bytes} longer than a message may be.");
                    self.complain(at, &why);
                    return Vec::new();
                }
                let mut effects = self.sent();
                effects.extend(self.act(at, action));
                effects
            }
            (Some(Line::Do(_)), Phase::Connecting | Phase::Naming { .. }) => {
                self.complain(at, "Not yet: there is no connection so far.");
                Vec::new()
            }
        }
    }

    /// What was in the box is dealt with, and remembered.
    pub(super) fn sent(&mut self) -> Vec<Effect> {
        let text = self.editor.take();
        self.log.wrote();
        if self.history.push(&text) {
            vec![Effect::Remember(text)]
        } else {
            Vec::new()
        }
    }

    fn local(&mut self, at: DateTime, line: Line) -> Vec<Effect> {
        match line {
            Line::Help(topic) => {
                let lines = match topic {
                    Topic::Commands => command::help(),
                    Topic::Command(command) => command.help(),
                    Topic::Keys => keys::help(),
                };
                lines.iter().for_each(|line| self.notice(at, line));
            }
            Line::Clear => self.log.clear(),
            Line::Mouse => {
                let (mouse, words) = match self.mouse {
                    Mouse::Scrolls => (Mouse::Selects, "The mouse selects text now."),
                    Mouse::Selects => (
                        Mouse::Scrolls,
                        "The mouse wheel scrolls now; hold Shift to select text.",
                    ),
                };
                self.mouse = mouse;
                self.notice(at, words);
                return vec![Effect::Mouse(mouse)];
            }
            Line::Do(_) | Line::Connect(_) | Line::Disconnect | Line::Quit => {}
        }
        Vec::new()
    }

    pub(super) fn act(&mut self, at: DateTime, action: Action) -> Vec<Effect> {
        self.pending.commands.sent(&action);
        match &action {
            Action::Say(text) => self.said(at, text),
            Action::Users => self.pending.users.push_back(Asker::User),
            Action::Channels => self.pending.channels.push_back(Asker::User),
            _ => {}
        }
        vec![Effect::Act(action)]
    }

    fn said(&mut self, at: DateTime, text: &str) {
        let name = self.name.as_deref().unwrap_or_default();
        self.log.push(Entry::said(at, name, Speaker::User, text));
    }

    fn not_done(&mut self, at: DateTime, action: Action, why: &str) {
        // What was asked last was not asked.
        self.pending.commands.not_sent(&action);
        let asker = match action {
            Action::Users => self.pending.users.pop_back(),
            Action::Channels => self.pending.channels.pop_back(),
            _ => None,
        };
        if asker == Some(Asker::Client) {
            return;
        }
        match action {
            Action::Say(text) => {
                self.complain(at, &format!("Not sent: {why}"));
                if self.editor.is_empty() {
                    self.editor.set(&escaped(&text));
                }
            }
            Action::Login(name) => {
                self.ask_for_name(at, Some(why.to_owned()), &name);
            }
            _ => self.complain(at, why),
        }
    }

    fn older(&mut self) {
        let columns = message_box::columns(self, self.size.0);
        if !self.active_editor().up(columns)
            && !matches!(self.phase, Phase::Naming { .. })
            && let Some(line) = self.history.older(self.editor.text())
        {
            self.editor.set(line);
        }
    }

    fn newer(&mut self) {
        let columns = message_box::columns(self, self.size.0);
        if !self.active_editor().down(columns)
            && !matches!(self.phase, Phase::Naming { .. })
            && let Some(line) = self.history.newer()
        {
            self.editor.set(&line);
        }
    }

    fn connected(&mut self, at: DateTime, role: Role) {
        self.role = role;
        let server = &self.server;
        match role {
            Role::Guest => self.notice(at, &format!("Connected to {server}. /help helps.")),
            Role::Host => {
                let notice = format!("You host {server} now. /help helps.");
                self.notice(at, &notice);
                self.notice(at, "When you leave, the others lose their server.");
            }
        }
    }

    /// Connects to another server, or anew to the same.
    fn connect(&mut self, at: DateTime, address: Option<Address>) -> Vec<Effect> {
        self.phase = Phase::Connecting;
        self.forget_the_server();
        if let Some(server) = address.as_ref().map(Address::to_string)
            && server != self.server
        {
            // The room is one of the server before.
            self.room = None;
            self.server = server;
        }
        self.notice(at, &format!("Connecting to {}.", self.server));
        let room = self.room.clone().filter(|room| room != RoomName::GENERAL);
        vec![Effect::Connect {
            address,
            name: self.name.clone(),
            room,
        }]
    }

    fn disconnect(&mut self, at: DateTime) -> Vec<Effect> {
        if self.is_unconnected() {
            self.notice(at, "There is no connection.");
            return Vec::new();
        }
        self.phase = Phase::Offline;
        self.forget_the_server();
        let notice = format!(
            "You left {}. /connect connects again; what you type is kept.",
            self.server
        );
        self.notice(at, &notice);
        vec![Effect::Disconnect]
    }

    fn is_unconnected(&self) -> bool {
        matches!(self.phase, Phase::Lost | Phase::Offline)
    }

    fn window(&self) -> Window {
        self.layout().window()
    }
}

/// What to type to say `text`.
pub(super) fn escaped(text: &str) -> String {
    if text.starts_with('/') {
        format!("/{text}")
    } else {
        text.into()
    }
}
