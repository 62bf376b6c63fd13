//! The loop of the terminal client: takes in what happens, does what the app wants, draws.

use std::io;
use std::time::Instant;

use crossterm::event::{Event, MouseEventKind};

use super::chat_log::ChatLog;
use super::history::HistoryFile;
use super::inbox::{Inbox, Input};
use super::keyboard::TerminalEvent;
use super::pace::Pace;
use super::rooms::RoomsFile;
use super::screen::{Screen, Stopped};
use super::sessions::{Patience, Sessions};
use super::{lost_terminal, palette};
use crate::client::app::{self, App, Effect, Focus, LogFile, Msg, Wheel};
use crate::client::connection::Login;
use crate::dirs;
use crate::error::{CliError, cause};
use crate::settings::file::SettingsFile;
use crate::settings::{Setting, Settings};

/// The app and all that it acts on.
pub(super) struct Driver {
    app: App,
    sessions: Sessions,
    screen: Screen,
    /// Where to keep what is sent; none if that is not wanted, or does not work.
    history: Option<HistoryFile>,
    /// Where to keep which rooms one is in; likewise.
    rooms: Option<RoomsFile>,
    /// Where to keep the chat log; likewise.
    chat_log: Option<ChatLog>,
    settings: Settings,
    /// Where those are kept.
    settings_file: SettingsFile,
    pace: Pace,
    /// When to wake the app.
    wake: Option<Instant>,
    going: Going,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    On,
    Away,
}

impl Driver {
    pub(super) fn new(
        app: App,
        sessions: Sessions,
        screen: Screen,
        settings: Settings,
        settings_file: SettingsFile,
    ) -> Self {
        Driver {
            app,
            sessions,
            screen,
            history: None,
            rooms: None,
            chat_log: None,
            settings,
            settings_file,
            pace: Pace::new(Instant::now()),
            wake: None,
            going: Going::On,
        }
    }

    /// Opens the files that the settings want.
    pub(super) fn open_files(&mut self) {
        if self.settings.history {
            self.recall();
        }
        if self.settings.rooms {
            self.recall_rooms();
        }
        self.open_chat_log();
    }

    /// Has what was sent in other runs at hand, and keeps what is sent in this one.
    fn recall(&mut self) {
        let Some(folder) = dirs::state() else {
            self.doubt("There is no folder to keep what you send for the next time.");
            return;
        };
        let file = HistoryFile::in_folder(&folder);
        match file.recall() {
            Ok(recalled) => {
                if recalled.spoilt > 0 {
                    let (path, spoilt) = (file.path().display(), recalled.spoilt);
                    self.doubt(&format!(
                        "What you sent before is not all there: {spoilt} of the lines of {path} make no sense."
                    ));
                }
                self.app.recall(recalled.lines);
                self.history = Some(file);
            }
            Err(error) => {
                let (path, cause) = (file.path().display(), cause(&error));
                self.doubt(&format!(
                    "What you send is not kept for the next time: cannot read {path}: {cause}."
                ));
            }
        }
    }

    /// Has the rooms entered that the user was in when they were at this server last, and remembers those
    /// they are in from now on.
    fn recall_rooms(&mut self) {
        let Some(folder) = dirs::state() else {
            self.doubt("There is no folder to keep which rooms you are in for the next time.");
            return;
        };
        let file = RoomsFile::in_folder(&folder);
        match file.recall(&self.sessions.destination().to_string()) {
            Ok(rooms) => {
                self.app.remember_rooms(rooms);
                self.rooms = Some(file);
            }
            Err(error) => {
                let (path, cause) = (file.path().display(), cause(&error));
                self.doubt(&format!(
                    "Which rooms you are in is not kept for the next time: cannot read {path}: {cause}."
                ));
            }
        }
    }

    fn keep_rooms(&mut self, server: &str, rooms: &[String]) {
        if let Some(file) = &self.rooms
            && let Err(error) = file.keep(server, rooms)
        {
            let (path, cause) = (file.path().display(), cause(&error));
            let what = format!(
                "Which rooms you are in is not kept for the next time: cannot write {path}: {cause}."
            );
            // It is said once.
            self.rooms = None;
            self.doubt(&what);
        }
    }

    /// Runs until the user leaves.
    ///
    /// # Errors
    /// The terminal cannot be used any more, or there was no connection in the end.
    pub(super) fn run(mut self, start: Msg, inbox: Inbox) -> Result<(), CliError> {
        let done = self.go(start, &inbox);
        // The user has left, whatever is still to be said to the server.
        drop(self.screen);
        let destination = self.sessions.destination().to_string();
        self.sessions.leave(inbox);
        done.map_err(|error| lost_terminal(&error))?;
        if self.app.is_lost() {
            return Err(CliError::Failed(format!(
                "there was no connection to {destination} any more"
            )));
        }
        Ok(())
    }

    fn go(&mut self, start: Msg, inbox: &Inbox) -> io::Result<()> {
        self.tell(start)?;
        while self.going == Going::On {
            if self.wake.is_some_and(|at| at <= Instant::now()) {
                self.wake = None;
                self.tell(Msg::Woke)?;
            }
            if self.pace.due().is_some_and(|due| due <= Instant::now()) {
                let app = &self.app;
                self.screen.draw(|buf| app::view(app, buf))?;
                self.pace.drew(Instant::now());
            }
            let until = [self.pace.due(), self.wake].into_iter().flatten().min();
            if let Some(input) = inbox.next(until) {
                self.handle(input)?;
            }
        }
        Ok(())
    }

    fn handle(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Event(told) => self.terminal_told(told),
            Input::Terminate => self.tell(Msg::Terminate),
            Input::Update(attempt, update) => match self.sessions.news(attempt, update) {
                Some(update) => self.tell(Msg::Update(update)),
                None => Ok(()),
            },
            Input::Connected(attempt, connected) => {
                match self.sessions.connected(attempt, connected) {
                    Some(Ok((role, held))) => {
                        self.tell(Msg::Connected(role))?;
                        for update in held {
                            self.handle(Input::Update(attempt, update))?;
                        }
                        Ok(())
                    }
                    Some(Err(why)) => self.tell(Msg::NotConnected(why)),
                    None => Ok(()),
                }
            }
        }
    }

    fn terminal_told(&mut self, told: TerminalEvent) -> io::Result<()> {
        match told {
            TerminalEvent::Event(event) => match translate(event) {
                Some(msg) => self.tell(msg),
                None => Ok(()),
            },
            TerminalEvent::PasteStalled => {
                let what = "A paste has begun and not ended. Esc ends it.";
                self.tell(Msg::Notice(what.into()))
            }
            TerminalEvent::Resized => {
                self.screen.resize()?;
                self.resized()
            }
            TerminalEvent::Stop => {
                self.screen.stop(Stopped::Alone)?;
                self.resized()
            }
            TerminalEvent::Continued => {
                self.screen.take_again()?;
                self.resized()
            }
            TerminalEvent::End => self.tell(Msg::Terminate),
        }
    }

    fn resized(&mut self) -> io::Result<()> {
        let (width, height) = self.screen.size();
        self.tell(Msg::Resized(width, height))
    }

    /// Tells the app, and does what it wants.
    fn tell(&mut self, msg: Msg) -> io::Result<()> {
        self.pace.touch();
        let patience = match msg {
            Msg::Key(_) | Msg::Paste(_) => Patience::None,
            _ => Patience::Waits,
        };
        for effect in app::update(&mut self.app, now(), msg) {
            match effect {
                Effect::Act(id, action) => {
                    if let Err(error) = self.sessions.act((id, action).into(), patience) {
                        self.tell(Msg::NotDone(id, error.to_string()))?;
                    }
                }
                Effect::Connect {
                    address,
                    name,
                    room,
                    resume,
                } => self.sessions.connect(address, Login { name, room, resume }),
                Effect::Disconnect => self.sessions.disconnect(),
                Effect::Abandon => self.sessions.abandon(),
                Effect::Wake(after) => self.wake = Some(Instant::now() + after),
                Effect::Mouse(mouse) => self.screen.give_mouse(mouse)?,
                Effect::Redraw => self.screen.clear()?,
                Effect::Suspend => {
                    self.screen.stop(Stopped::WithItsJob)?;
                    self.resized()?;
                }
                Effect::Set(setting) => self.set(setting)?,
                Effect::Settings => self.list_settings()?,
                Effect::Log(line) => self.log(&line),
                Effect::Remember(line) => self.remember(&line),
                Effect::KeepRooms { server, rooms } => self.keep_rooms(&server, &rooms),
                Effect::Bell => self.screen.ring()?,
                Effect::Quit => self.going = Going::Away,
            }
        }
        Ok(())
    }

    fn remember(&mut self, line: &str) {
        if let Some(file) = &self.history
            && let Err(error) = file.append(line)
        {
            let (path, cause) = (file.path().display(), cause(&error));
            let what = format!(
                "What you send is not kept for the next time: cannot write {path}: {cause}."
            );
            // It is said once.
            self.history = None;
            self.doubt(&what);
        }
    }

    fn open_chat_log(&mut self) {
        self.chat_log = None;
        self.app.set_log_file(LogFile::None);
        let Some(path) = &self.settings.log else {
            return;
        };
        match ChatLog::open(path) {
            Ok(chat_log) => {
                self.chat_log = Some(chat_log);
                self.app.set_log_file(LogFile::Kept);
            }
            Err(error) => {
                let (path, cause) = (ChatLog::path_at(path), cause(&error));
                self.doubt(&format!(
                    "The chat log is not kept: cannot open {}: {cause}.",
                    path.display()
                ));
            }
        }
    }

    fn log(&mut self, line: &str) {
        if let Some(chat_log) = &mut self.chat_log
            && let Err(error) = chat_log.append(line)
        {
            let (path, cause) = (chat_log.path().display(), cause(&error));
            let what = format!("The chat log is not kept any more: cannot write {path}: {cause}.");
            // It is said once.
            self.chat_log = None;
            self.app.set_log_file(LogFile::None);
            self.doubt(&what);
        }
    }

    /// Has something otherwise, and keeps it for the next time.
    fn set(&mut self, setting: Setting) -> io::Result<()> {
        let kept = self.settings_file.keep(&setting);
        self.settings.apply(setting.clone());
        let when = match &setting {
            Setting::Theme(theme) => {
                self.tell(Msg::Palette(palette(*theme)))?;
                ""
            }
            Setting::Log(_) => {
                self.open_chat_log();
                ""
            }
            Setting::Bell(_) | Setting::Joins(_) | Setting::Mouse(_) | Setting::Scrollback(_) => "",
            Setting::Name(_)
            | Setting::Room(_)
            | Setting::Address(_)
            | Setting::Encoding(_)
            | Setting::Runtime(_)
            | Setting::History(_)
            | Setting::Rooms(_) => " It counts from the next start on.",
        };
        self.tell(match kept {
            Ok(path) => Msg::Notice(format!("{setting} is kept in {}.{when}", path.display())),
            Err(why) => Msg::CliError(why),
        })
    }

    fn list_settings(&mut self) -> io::Result<()> {
        for line in self.settings.list() {
            self.tell(Msg::Notice(line))?;
        }
        self.tell(Msg::Notice(match self.settings_file.path() {
            Some(path) => format!(
                "/set KEY VALUE changes one and keeps it in {}.",
                path.display()
            ),
            None => "/set KEY VALUE changes one for this time.".into(),
        }))
    }

    /// Says what went wrong beside the chat, which goes on.
    pub(super) fn doubt(&mut self, what: &str) {
        app::update(&mut self.app, now(), Msg::CliError(what.into()));
    }
}

fn translate(event: Event) -> Option<Msg> {
    Some(match event {
        Event::Key(key) => Msg::Key(key),
        Event::Paste(text) => Msg::Paste(text),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Msg::Wheel(Wheel::Up),
            MouseEventKind::ScrollDown => Msg::Wheel(Wheel::Down),
            _ => return None,
        },
        Event::FocusGained => Msg::Focus(Focus::Here),
        Event::FocusLost => Msg::Focus(Focus::Elsewhere),
        // The window tells by a signal.
        Event::Resize(..) => return None,
    })
}

fn now() -> jiff::civil::DateTime {
    jiff::Zoned::now().datetime()
}
