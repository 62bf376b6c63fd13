//! What becomes of the client by what happens, and what is to be done about it: what its user does.
//! What the session tells is in a file of its own.

use chatmaster_core::session::{Action, ActionError, Request, RequestId, Update};
use jiff::civil::DateTime;

use super::connection::effects;
use super::editor::Edit;
use super::hosting::Leaving;
use super::keys::{self, Key};
use super::limit::{self, Left};
use super::log::{Entry, Kind, Log, Pane, Speaker};
use super::mode::Mode;
use super::windows::WindowId;
use super::{App, Effect, Mouse, Msg, Phase, Wheel, message_box};
use crate::client::command::{self, Line, Topic};
use crate::client::connection::{Asker, Open};
use crate::settings::Setting;
use crate::text::{sanitise, wrap};

/// Rows that one notch of the wheel is worth.
const WHEEL_ROWS: usize = 3;

/// Takes in what happened at `at`, and says what is to be done.
pub fn update(app: &mut App, at: DateTime, msg: Msg) -> Vec<Effect> {
    let mut effects = handle(app, at, msg);
    app.search_on();
    effects.extend(app.chat_log.take().into_iter().map(Effect::Log));
    effects
}

fn handle(app: &mut App, at: DateTime, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(event) => match keys::meaning(event) {
            Some(key) => app.key(at, key),
            None => Vec::new(),
        },
        Msg::Paste(text) if app.search.is_some() => {
            app.search_for_paste(&text);
            Vec::new()
        }
        Msg::Paste(text) => {
            app.paste(at, &text);
            Vec::new()
        }
        Msg::Wheel(wheel) => {
            let pane = app.pane();
            match wheel {
                Wheel::Up => app.windows.here_mut().log.up(pane, WHEEL_ROWS),
                Wheel::Down => app.windows.here_mut().log.down(pane, WHEEL_ROWS),
            }
            Vec::new()
        }
        Msg::Focus(focus) => {
            app.windows.focused(focus);
            Vec::new()
        }
        Msg::Resized(width, height) => {
            app.size = (width, height);
            Vec::new()
        }
        Msg::Update(Update::Event(event)) => app.event(at, event),
        Msg::Update(Update::Refused(Request { id, action }, error)) => {
            // Nothing is said twice: the end of the session was told already.
            if let Some(id) = id
                && (error != ActionError::Ended || matches!(action, Action::Say(_)))
            {
                app.not_done(at, id, &error.to_string());
            }
            Vec::new()
        }
        Msg::Start { room, login_name } => app.start(room, login_name.as_deref()),
        Msg::Connected(role) => app.connected(at, role),
        Msg::NotConnected(why) => app.not_connected(at, &why),
        Msg::Woke => app.woke(at),
        Msg::Said(text) => {
            app.said(at, &text);
            Vec::new()
        }
        Msg::NotDone(request, why) => {
            app.not_done(at, request, &why);
            Vec::new()
        }
        Msg::CliError(what) => {
            app.complain(at, &what);
            Vec::new()
        }
        Msg::Notice(what) => {
            app.notice(at, &what);
            Vec::new()
        }
        Msg::Palette(palette) => {
            app.palette = palette;
            Vec::new()
        }
        Msg::Terminate => vec![Effect::Quit],
    }
}

impl App {
    fn key(&mut self, at: DateTime, key: Key) -> Vec<Effect> {
        if let Some(effects) = self.mode_key(at, key) {
            return effects;
        }
        if !matches!(key, Key::Complete(_)) {
            self.completing = None;
        }
        let pane = self.pane();
        // All rows but one, which shows where one was.
        let page = pane.rows.saturating_sub(1).max(1);
        match key {
            Key::Edit(edit) => self.active_editor().apply(edit),
            Key::Enter => return self.enter(at),
            Key::NewLine if self.mode() == Mode::Naming => return self.enter(at),
            Key::NewLine => self.windows.here_mut().editor.apply(Edit::Insert('\n')),
            Key::Complete(turn) => self.complete(turn),
            Key::Escape => {}
            Key::Older => self.older(),
            Key::Newer => self.newer(),
            Key::PageUp => self.log().up(pane, page),
            Key::PageDown => self.log().down(pane, page),
            Key::Home if self.active_editor().is_empty() => self.log().go_to_start(pane),
            Key::Home => self.active_editor().apply(Edit::Start),
            Key::End if self.active_editor().is_empty() => self.log().go_to_end(),
            Key::End => self.active_editor().apply(Edit::End),
            Key::LogStart => self.log().go_to_start(pane),
            Key::LogEnd => self.log().go_to_end(),
            Key::Unread => self.log().go_to_unread(pane),
            Key::Window(number) => self.turn(self.windows.numbered(number)),
            Key::NextWindow => self.turn(Some(self.windows.beside(1))),
            Key::PreviousWindow => self.turn(Some(self.windows.beside(-1))),
            Key::ActiveWindow => self.turn(self.windows.next_active()),
            Key::Search => self.start_search(),
            Key::FindNewer => {}
            Key::Reconnect if self.connection.is_down() => return self.connect(at, None),
            Key::Reconnect => {}
            Key::Redraw => return vec![Effect::Redraw],
            Key::Suspend => return self.leave(at, Leaving::Suspend),
            Key::DeleteOrQuit if self.active_editor().is_empty() => {
                return self.leave(at, Leaving::Quit);
            }
            Key::DeleteOrQuit => self.active_editor().apply(Edit::Delete),
            Key::ClearOrQuit if self.clear_box() => {}
            Key::ClearOrQuit => return self.leave(at, Leaving::Quit),
        }
        Vec::new()
    }

    /// Empties the message box, if there is something in it. What was there can be pasted.
    fn clear_box(&mut self) -> bool {
        let editor = &mut self.windows.here_mut().editor;
        if editor.is_empty() || self.connection.is_naming() {
            return false;
        }
        let text = editor.take();
        editor.keep(&text);
        true
    }

    pub(super) fn enter(&mut self, at: DateTime) -> Vec<Effect> {
        match self.connection.phase() {
            Phase::Naming(wanted) => return self.named(wanted),
            Phase::Reclaiming(_) => {
                let name = self.connection.name().unwrap_or_default().to_owned();
                return self.ask_for_name(at, None, &name);
            }
            _ => {}
        }
        let line = match command::parse(self.windows.here().editor.text()) {
            Ok(line) => line,
            Err(mistake) => {
                // The line stays in the box, to be corrected, or to be typed over.
                self.windows.here_mut().editor.select();
                self.complain(at, &mistake.to_string());
                return Vec::new();
            }
        };
        match (line, self.connection.phase()) {
            (Some(Line::Quit), _) => {
                self.windows.here_mut().editor.take();
                self.leave(at, Leaving::Quit)
            }
            (
                Some(
                    line @ (Line::Help(_)
                    | Line::Clear
                    | Line::Mouse
                    | Line::Set(_)
                    | Line::Settings),
                ),
                _,
            ) => {
                let mut effects = self.sent();
                effects.extend(self.local(at, line));
                effects
            }
            (Some(Line::Connect(address)), _) => {
                let mut effects = self.sent();
                effects.extend(match address {
                    Some(address) if address.to_string() != self.server => {
                        self.leave(at, Leaving::Connect(address))
                    }
                    address => self.connect(at, address),
                });
                effects
            }
            (Some(Line::Disconnect), _) => {
                let mut effects = self.sent();
                effects.extend(self.disconnect(at));
                effects
            }
            (_, Phase::Lost(_) | Phase::Offline) => self.connect(at, None),
            (None, _) => Vec::new(),
            (Some(Line::Do(action)), Phase::Talking) => {
                if let Left::Over(bytes) = limit::left(self.windows.here().editor.text()) {
                    let bytes = limit::counted(bytes);
                    let why = format!("Not sent: it is {bytes} longer than a message may be.");
                    self.complain(at, &why);
                    return Vec::new();
                }
                if matches!(action, Action::Say(_))
                    && let Some(why) = self.obstacle()
                {
                    self.complain(at, &why);
                    return Vec::new();
                }
                let mut effects = self.sent();
                effects.extend(self.give(at, action));
                effects
            }
            (Some(Line::Do(action)), _) => {
                if !matches!(action, Action::Say(_)) {
                    self.windows.here_mut().editor.select();
                }
                self.complain(at, "Not yet: there is no connection so far.");
                Vec::new()
            }
        }
    }

    /// What was in the box is dealt with, and remembered.
    pub(super) fn sent(&mut self) -> Vec<Effect> {
        let here = self.windows.here_mut();
        let text = here.editor.take();
        here.log.wrote();
        if self.history.push(&text) {
            vec![Effect::Remember(text)]
        } else {
            Vec::new()
        }
    }

    fn local(&mut self, at: DateTime, line: Line) -> Vec<Effect> {
        match line {
            Line::Help(topic) => {
                let (lines, brief) = match topic {
                    Topic::Commands => (command::help(), command::help_in_brief()),
                    Topic::Command(command) => (command.help(), command.help()),
                    Topic::Keys => (keys::help(), keys::help_in_brief()),
                };
                let lines = if self.fits(&lines) { lines } else { brief };
                lines.iter().for_each(|line| self.notice(at, line));
            }
            Line::Clear => self.log().clear(),
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
            Line::Set(setting) => return self.set(setting),
            Line::Settings => return vec![Effect::Settings],
            Line::Do(_) | Line::Connect(_) | Line::Disconnect | Line::Quit => {}
        }
        Vec::new()
    }

    /// Whether so many lines can be seen at a time.
    fn fits(&self, lines: &[String]) -> bool {
        let pane = self.pane();
        let rows = lines
            .iter()
            .map(|line| wrap(&sanitise(line), pane.columns).len());
        rows.sum::<usize>() <= pane.rows
    }

    /// Has something otherwise, as far as it is not for the next time only.
    fn set(&mut self, setting: Setting) -> Vec<Effect> {
        let mut effects = Vec::new();
        match &setting {
            Setting::Bell(bell) => self.set_bell(*bell),
            Setting::Scrollback(entries) => self.set_scrollback(*entries),
            Setting::Mouse(scrolls) => {
                self.mouse = Mouse::scrolling(*scrolls);
                effects.push(Effect::Mouse(self.mouse));
            }
            _ => {}
        }
        effects.push(Effect::Set(setting));
        effects
    }

    /// Does what the user wants of the server, in the window that is looked at.
    fn give(&mut self, at: DateTime, action: Action) -> Vec<Effect> {
        match action {
            Action::Join(room) => self.join(at, room),
            Action::Leave => self.leave_room(at),
            action => self.act(at, action),
        }
    }

    pub(super) fn act(&mut self, at: DateTime, action: Action) -> Vec<Effect> {
        if let Action::Say(text) = &action {
            self.said(at, text);
        }
        effects(self.connection.act(action))
    }

    fn said(&mut self, at: DateTime, text: &str) {
        let name = self.connection.name().unwrap_or_default();
        let entry = Entry::said(at, name, Speaker::User, text);
        self.push(self.window_of(self.connection.room()), entry);
    }

    fn not_done(&mut self, at: DateTime, request: RequestId, why: &str) {
        let Some(Open { action, asker, .. }) = self.connection.refused(request) else {
            return;
        };
        if asker == Asker::Client {
            return;
        }
        let window = self.window_for(&action);
        match action {
            Action::Say(text) => {
                let what = format!("Not sent: {why}");
                self.push(window, Entry::new(at, Kind::Error, &what));
                self.give_back(window, &text);
            }
            Action::Join(room) => self.kept_out(at, &room, why),
            Action::Leave => {
                self.not_left();
                self.complain(at, why);
            }
            // The end of the session follows, or its silence, and it is tried again.
            Action::Login(name) if self.connection.is_own(&name) => {}
            Action::Login(name) => {
                self.ask_for_name(at, Some(why.to_owned()), &name);
            }
            _ => self.complain(at, why),
        }
    }

    /// Has `text`, which was not said, in the box that it was typed in, unless there is something else.
    pub(super) fn give_back(&mut self, window: WindowId, text: &str) {
        if let Some(window) = self.windows.get_mut(window)
            && window.editor.is_empty()
        {
            window.editor.set(&escaped(text));
        }
    }

    fn older(&mut self) {
        let columns = message_box::columns(self, self.size.0);
        if !self.active_editor().up(columns)
            && !self.connection.is_naming()
            && let editor = &mut self.windows.here_mut().editor
            && let Some(line) = self.history.older(editor.text())
        {
            editor.set(line);
        }
    }

    fn newer(&mut self) {
        let columns = message_box::columns(self, self.size.0);
        if !self.active_editor().down(columns)
            && !self.connection.is_naming()
            && let Some(line) = self.history.newer()
        {
            self.windows.here_mut().editor.set(&line);
        }
    }

    /// The log on the screen.
    fn log(&mut self) -> &mut Log {
        &mut self.windows.here_mut().log
    }

    pub(super) fn pane(&self) -> Pane {
        self.layout().pane()
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
