//! What the client makes of what happens, told by what it does and what it shows.

mod anything;
mod behaviour;
mod drafts;
mod harmless;
mod hosting;
mod link;
mod reading;
mod screens;
mod settings;
mod snapshots;
mod words;
mod writing;

use chatmaster_core::session::{Action, End, Event, Listing, Update};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::{DateTime, date};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::*;

/// A client that is being told what happens.
struct Scene {
    app: App,
    at: DateTime,
}

impl Scene {
    /// A client called alice that is being connected to, on a screen of this size.
    fn connecting(width: u16, height: u16) -> Self {
        let name = Some("alice".into());
        let app = App::new(
            "127.0.0.1:9000".into(),
            name,
            (width, height),
            Palette::Plain,
        );
        Scene {
            app,
            at: date(2026, 11, 24).at(12, 0, 0, 0),
        }
    }

    /// Alice in the general room, with no answer yet to what the client asked.
    fn entered(width: u16, height: u16) -> Self {
        let mut scene = Scene::connecting(width, height);
        scene.tell(Msg::Connected(Role::Guest));
        scene.event(Event::LoggedIn {
            username: "alice".into(),
            channel: "general".into(),
            channels: vec!["general".into()],
            more: 0,
        });
        scene.event(joined("alice", "general", true));
        scene
    }

    /// Alice in the general room with bob, with nothing in the log.
    fn chatting(width: u16, height: u16) -> Self {
        let mut scene = Scene::entered(width, height);
        scene.event(users("general", &["bob", "alice"]));
        scene.send("/clear");
        scene
    }

    /// What is to be done about `msg`, but for what is to be remembered. The server answers each sync
    /// at once, and nobody waits to see whether it is still there.
    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = self.tell_alone(msg);
        let is_sync = |effect: &Effect| *effect == Effect::Act(Action::Sync);
        while let Some(at) = effects.iter().position(is_sync) {
            effects.remove(at);
            effects.extend(self.tell_alone(Msg::Update(Update::Event(Event::Synced))));
        }
        if let Phase::Talking | Phase::Connecting = self.app.phase {
            effects.retain(|effect| !matches!(effect, Effect::Wake(_)));
        }
        effects
    }

    /// The same while the server answers nothing.
    fn tell_alone(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = update(&mut self.app, self.at, msg);
        effects.retain(|effect| !matches!(effect, Effect::Remember(_)));
        effects
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        self.tell(Msg::Update(Update::Event(event)))
    }

    fn key(&mut self, code: KeyCode) -> Vec<Effect> {
        self.tell(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn control(&mut self, c: char) -> Vec<Effect> {
        self.tell(Msg::Key(KeyEvent::new(
            KeyCode::Char(c),
            KeyModifiers::CONTROL,
        )))
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            assert_eq!(self.key(KeyCode::Char(c)), []);
        }
    }

    fn send(&mut self, text: &str) -> Vec<Effect> {
        self.write(text);
        self.key(KeyCode::Enter)
    }

    fn says(&mut self, username: &str, text: &str) {
        let effects = self.event(message(username, text));
        assert!(effects.iter().all(|effect| *effect == Effect::Bell));
    }

    /// The rows of the screen, without the spaces at their ends.
    fn screen(&self) -> Vec<String> {
        let (buf, _) = self.draw();
        (0..buf.area.height)
            .map(|y| {
                let mut row = String::new();
                let mut x = 0;
                while x < buf.area.width {
                    let cell = &buf[(x, y)];
                    row.push_str(cell.symbol());
                    x += ratatui::buffer::CellWidth::cell_width(cell).max(1);
                }
                row.trim_end().to_owned()
            })
            .collect()
    }

    fn draw(&self) -> (Buffer, Option<Position>) {
        let (width, height) = self.app.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let drawn = view(&self.app, &mut buf);
        (buf, drawn.cursor)
    }

    fn title(&self) -> String {
        self.screen()[0].clone()
    }

    /// The rows of the log: without title, line and box.
    fn log(&self) -> Vec<String> {
        let screen = self.screen();
        let rows = &screen[1..screen.len() - 2];
        rows.iter().filter(|row| !row.is_empty()).cloned().collect()
    }

    /// The line above the box.
    fn rule(&self) -> String {
        let screen = self.screen();
        screen[screen.len() - 2].clone()
    }

    fn input(&self) -> String {
        self.screen().pop().expect("there is a box")
    }
}

fn message(username: &str, message: &str) -> Event {
    Event::Message {
        username: username.into(),
        message: message.into(),
    }
}

fn joined(username: &str, channel: &str, me: bool) -> Event {
    Event::Joined {
        username: username.into(),
        channel: channel.into(),
        me,
    }
}

fn left(username: &str, channel: &str, me: bool) -> Event {
    Event::Left {
        username: username.into(),
        channel: channel.into(),
        me,
    }
}

fn users(channel: &str, users: &[&str]) -> Event {
    let users = users.iter().map(ToString::to_string).collect();
    Event::Users {
        channel: channel.into(),
        users,
        more: 0,
    }
}

fn channels(channels: &[&str], answers: Listing) -> Event {
    let channels = channels.iter().map(ToString::to_string).collect();
    Event::Channels {
        channels,
        more: 0,
        answers,
    }
}

fn error(error_type: &str, message: &str) -> Event {
    Event::Error {
        error_type: error_type.into(),
        message: message.into(),
    }
}

fn lost() -> Event {
    Event::Ended(End::Lost)
}

fn act(action: Action) -> Vec<Effect> {
    vec![Effect::Act(action)]
}
