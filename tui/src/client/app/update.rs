//! What becomes of the client by what happens, and what is to be done about it: what its user does.
//! What the session tells is in a file of its own.

use chatmaster_core::session::{Action, ActionError, Request, RequestId, Update};
use chatmaster_core::wire::{Command, Version};
use jiff::civil::DateTime;

use super::editor::Edit;
use super::hosting::Leaving;
use super::keys::{self, Key};
use super::limit::{self, Left};
use super::log::{Log, Pane};
use super::mode::Mode;
use super::windows::Standing;
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
    effects.extend(app.agree());
    effects.extend(app.keep_rooms());
    for effect in &mut effects {
        if let Effect::Connect { room, .. } = effect {
            *room = app.entry.ask(app.version, room.take());
        }
    }
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
                Wheel::Up => {
                    app.log().up(pane, WHEEL_ROWS);
                    app.look_back(pane)
                }
                Wheel::Down => {
                    app.log().down(pane, WHEEL_ROWS);
                    Vec::new()
                }
            }
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
            Key::PageUp => {
                self.log().up(pane, page);
                return self.look_back(pane);
            }
            Key::PageDown => self.log().down(pane, page),
            Key::Home if self.active_editor().is_empty() => {
                self.log().go_to_start(pane);
                return self.look_back(pane);
            }
            Key::Home => self.active_editor().apply(Edit::Start),
            Key::End if self.active_editor().is_empty() => self.log().go_to_end(),
            Key::End => self.active_editor().apply(Edit::End),
            Key::LogStart => {
                self.log().go_to_start(pane);
                return self.look_back(pane);
            }
            Key::LogEnd => self.log().go_to_end(),
            Key::Unread => self.log().go_to_unread(pane),
            Key::Window(number) => self.turn(self.windows.numbered(number)),
            Key::NextWindow => self.turn(Some(self.windows.beside(1))),
            Key::PreviousWindow => self.turn(Some(self.windows.beside(-1))),
            Key::ActiveWindow => self.turn(self.windows.next_active()),
            Key::Accept if self.connection.phase() == Phase::Talking => return self.accept(at),
            Key::Accept => {}
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
                    | Line::Topic
                    | Line::Set(_)
                    | Line::Settings),
                ),
                _,
            ) => {
                let mut effects = self.sent_line();
                effects.extend(self.local(at, line));
                effects
            }
            (Some(Line::Close), phase) => {
                let mut effects = self.sent_line();
                let here = self.windows.here();
                if here.room().is_some() && phase == Phase::Talking {
                    effects.extend(self.leave_room(at));
                } else {
                    let here = here.id();
                    self.close(here);
                }
                effects
            }
            (Some(Line::Query(whom)), Phase::Talking) => {
                let mut effects = self.sent_line();
                effects.extend(self.query(at, &whom));
                effects
            }
            (Some(Line::Connect(address)), _) => {
                let mut effects = self.sent_line();
                effects.extend(match address {
                    Some(address) if address.to_string() != self.server => {
                        self.leave(at, Leaving::Connect(address))
                    }
                    address => self.connect(at, address),
                });
                effects
            }
            (Some(Line::Disconnect), _) => {
                let mut effects = self.sent_line();
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
                let mut effects = self.sent_line();
                effects.extend(self.give(at, action));
                effects
            }
            (Some(line), _) => {
                if !matches!(line, Line::Do(Action::Say(_))) {
                    self.windows.here_mut().editor.select();
                }
                self.complain(at, "Not yet: there is no connection so far.");
                Vec::new()
            }
        }
    }

    /// What was in the box is dealt with, and remembered.
    pub(super) fn sent_line(&mut self) -> Vec<Effect> {
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
                    Topic::Order => (command::help_on_order(), command::help_on_order_in_brief()),
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
            Line::Topic => self.tell_topic(at),
            Line::Do(_)
            | Line::Query(_)
            | Line::Close
            | Line::Connect(_)
            | Line::Disconnect
            | Line::Quit => {}
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
            Setting::Joins(joins) => self.set_joins(*joins),
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
            Action::Say(text) => self.say(at, text),
            Action::Tell { to, text } => self.tell(at, &to, text),
            action => self.act_within(at, action),
        }
    }

    /// Does something about the room of the window that is looked at, if it is about a room.
    fn act_within(&mut self, at: DateTime, action: Action) -> Vec<Effect> {
        let here = self.windows.here();
        let room = here.room().unwrap_or_default();
        let wanted = command::within(action.clone(), room);
        let is_about_room = command::room_of(&wanted).is_some();
        if is_about_room && (here.room().is_none() || here.standing != Standing::In) {
            let what = match room {
                "" => "This is no room.".into(),
                room => format!("You are not in {room}."),
            };
            self.complain(at, &what);
            return Vec::new();
        }
        match self.version {
            Version::One => self.act(at, action),
            Version::Two => self.act(at, wanted),
        }
    }

    fn not_done(&mut self, at: DateTime, request: RequestId, why: &str) {
        let Some(Open { action, asker, .. }) = self.connection.refused(request) else {
            return;
        };
        if asker == Asker::Client {
            return;
        }
        match action {
            Action::Say(_) | Action::SayIn { .. } | Action::Tell { .. } => {
                self.unsaid(at, &action, &format!("Not sent: {why}"));
            }
            Action::Join(room) => self.kept_out(at, &room, why),
            Action::Other(Command::Join { channel, .. }) => self.kept_out(at, &channel, why),
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
