//! What the client makes of what happens, told by what it does and what it shows.

mod anything;
mod behaviour;
mod coming_back;
mod delivery;
mod direct;
mod harmless;
mod hosting;
mod keepalive;
mod names;
mod order;
mod past;
mod reading;
mod screens;
mod settings;
mod several;
mod snapshots;
mod version2;
mod whereabouts;
mod words;
mod writing;

use std::time::Duration;

use chatmaster_core::RoomName;
use chatmaster_core::session::{Action, ActionError, End, Event, Listing, Update};
use chatmaster_core::wire::{Command, Notification, PastMessage, Version};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::{DateTime, date};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::*;
use version2::*;

use crate::client::command;
use crate::client::connection::Asker;

/// A client that is being told what happens.
struct Scene {
    app: App,
    at: DateTime,
    /// What the session was told to do and the server has not answered.
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
struct Asked {
    id: RequestId,
    action: Action,
    by: Asker,
    /// Whether it is for the test to answer it.
    waits: bool,
}

impl Scene {
    /// A client called alice that is being connected to, on a screen of this size.
    fn connecting(width: u16, height: u16) -> Self {
        Scene::named(Some("alice"), width, height)
    }

    /// The same under this name, or before one is known.
    fn named(name: Option<&str>, width: u16, height: u16) -> Self {
        let name = name.map(Into::into);
        let app = App::new(
            "127.0.0.1:9000".into(),
            name,
            (width, height),
            Palette::Plain,
        );
        Scene {
            app,
            at: date(2026, 11, 24).at(12, 0, 0, 0),
            asked: Vec::new(),
        }
    }

    /// Alice in the general room, with no answer yet to what the client asked.
    fn entered(width: u16, height: u16) -> Self {
        let mut scene = Scene::connecting(width, height);
        scene.tell(Msg::Connected(Role::Guest));
        scene.event(logged_in("alice"));
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

    /// The same with a server that speaks version 2 of the protocol, and has answered all there was to
    /// ask.
    fn together(width: u16, height: u16) -> Self {
        let mut scene = Scene::connecting(width, height);
        scene.tell(Msg::Connected(Role::Guest));
        scene.event(logged_in_2("general", &["general"], false));
        scene.event(joined("alice", "general", true));
        scene.event(users("general", &["bob", "alice"]));
        scene.event(history("general", &[], false));
        scene.send("/clear");
        scene
    }

    /// Alice enters a room of such a server, as she wants to.
    fn joins(&mut self, room: &str) {
        self.send(&format!("/join {room}"));
        self.event(joined("alice", room, true));
        self.event(users(room, &["bob", "alice"]));
        self.event(history(room, &[], false));
        self.send("/clear");
    }

    /// What is to be done about `msg`, but for what is to be remembered. The server answers each sync
    /// as soon as it has answered what the user asked for, and nobody waits to see whether it is still
    /// there.
    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = self.update(msg);
        let is_due = |asked: &Asked| asked.action == Action::Sync && !asked.waits;
        while let Some(at) = self.asked.iter().position(is_due)
            && self.asked[..at]
                .iter()
                .all(|asked| asked.by == Asker::Client || matches!(asked.action, Action::Say(_)))
        {
            let request = Some(self.asked[at].id);
            self.asked.drain(..=at);
            let synced = Msg::Update(Update::Event(Event::Synced { request }));
            effects.extend(self.update(synced));
        }
        effects.retain(|effect| *effect != ask(Action::Sync));
        if let Phase::Talking | Phase::Connecting = self.app.connection.phase() {
            effects.retain(|effect| !matches!(effect, Effect::Wake(_)));
        }
        effects
    }

    /// The same while the server answers nothing.
    fn tell_alone(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = self.update(msg);
        self.asked.iter_mut().for_each(|asked| asked.waits = true);
        effects
    }

    /// The same, with the numbers of requests left out.
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let by = match msg {
            Msg::Key(_) => Asker::User,
            _ => Asker::Client,
        };
        let mut effects = update(&mut self.app, self.at, msg);
        effects.retain(|effect| !matches!(effect, Effect::Remember(_)));
        for effect in &mut effects {
            match effect {
                Effect::Act(id, action) => {
                    let (id, action) = (std::mem::replace(id, RequestId(0)), action.clone());
                    let waits = false;
                    self.asked.push(Asked {
                        id,
                        action,
                        by,
                        waits,
                    });
                }
                Effect::Connect { .. } | Effect::Disconnect | Effect::Abandon => {
                    self.asked.clear();
                }
                _ => {}
            }
        }
        effects
    }

    /// The session tells something, and which request that answers.
    fn event(&mut self, mut event: Event) -> Vec<Effect> {
        let asked = &mut self.asked;
        let mut answers = |is_it: &dyn Fn(&Action) -> bool| {
            let at = asked.iter().position(|asked| is_it(&asked.action))?;
            Some(asked.remove(at).id)
        };
        match &mut event {
            Event::Joined {
                me: true,
                channel,
                request,
                ..
            } => {
                *request = answers(&|action| match action {
                    Action::Join(to) => RoomName::are_same(to, channel),
                    Action::Other(Command::Join { channel: to, .. }) => {
                        RoomName::are_same(to, channel)
                    }
                    _ => false,
                });
            }
            Event::Left {
                me: true, request, ..
            } => *request = answers(&|action| action.name() == "leave"),
            Event::Renamed {
                me: true, request, ..
            } => *request = answers(&|action| matches!(action, Action::Rename(_))),
            Event::Channels {
                answers: listing,
                request,
                ..
            } => {
                let wanted = match listing {
                    Listing::Channels => Action::Channels,
                    Listing::Private => Action::Private,
                    Listing::Public => Action::Public,
                };
                *request =
                    answers(&|action| action.name() == wanted.name() && *action != Action::Sync);
            }
            Event::Users {
                channel, request, ..
            } => {
                let of =
                    |action: &Action| command::room_of(action).is_none_or(|room| room == *channel);
                *request = answers(&|action| action.name() == "users" && of(action));
            }
            Event::History {
                channel,
                with,
                request,
                ..
            } => {
                *request = answers(&|action| match action {
                    Action::Other(Command::History {
                        channel: room,
                        with: whom,
                        ..
                    }) => {
                        room.as_deref() == channel.as_deref() && whom.as_deref() == with.as_deref()
                    }
                    _ => false,
                });
            }
            Event::Sent { request, .. } => *request = answers(&is_said),
            Event::Notified {
                notification: Notification::ChannelSwitched { .. },
                request,
            } => *request = answers(&|action| action.name() == "switch"),
            Event::Error {
                error_type,
                request,
                ..
            } => {
                let is_it = |action: &Action| match action {
                    Action::SayIn { .. } | Action::Tell { .. } => error_type == "message",
                    action => {
                        let command = action.command();
                        command.is_some_and(|command| command.name() == error_type)
                    }
                };
                *request = answers(&is_it);
            }
            Event::Synced { request } => *request = answers(&|action| *action == Action::Sync),
            Event::LoggedIn { request, .. } | Event::NameWanted { request, .. } => {
                *request = answers(&|action| matches!(action, Action::Login(_)));
            }
            _ => {}
        }
        self.tell(Msg::Update(Update::Event(event)))
    }

    /// Alice has entered a room, and looks at it.
    fn enters(&mut self, room: &str) -> Vec<Effect> {
        let window = self.app.windows.enter(room).id();
        self.app.look_at(window);
        self.event(joined("alice", room, true))
    }

    /// The session tells what answers the user's command of this name.
    fn answer(&mut self, name: &str, notification: Notification<'static>) -> Vec<Effect> {
        let asked = self
            .asked
            .iter()
            .position(|asked| asked.action.name() == name);
        let request = Some(self.asked.remove(asked.expect("it was asked for")).id);
        let event = Event::Notified {
            notification,
            request,
        };
        self.tell(Msg::Update(Update::Event(event)))
    }

    /// The session tells something that nobody has asked for.
    fn notified(&mut self, notification: Notification<'static>) -> Vec<Effect> {
        let request = None;
        self.tell(Msg::Update(Update::Event(Event::Notified {
            notification,
            request,
        })))
    }

    /// The session cannot be told to do what it was told last.
    fn not_done(&mut self, action: &Action, why: &str) -> Vec<Effect> {
        let at = self.asked.iter().rposition(|asked| asked.action == *action);
        let asked = self.asked.remove(at.expect("it was told"));
        self.tell(Msg::NotDone(asked.id, why.into()))
    }

    /// The session does not do what it was told last.
    fn refused(&mut self, action: &Action, error: ActionError) -> Vec<Effect> {
        let at = self.asked.iter().rposition(|asked| asked.action == *action);
        let Asked { id, action, .. } = self.asked.remove(at.expect("it was told"));
        self.tell(Msg::Update(Update::Refused((id, action).into(), error)))
    }

    /// So many of the last messages never left.
    fn unsent(&self, messages: usize) -> Event {
        let is_message = |asked: &&Asked| matches!(asked.action, Action::Say(_));
        let said = self.asked.iter().rev().filter(is_message);
        let first = said.take(messages).last().expect("something was said");
        Event::Unsent {
            messages,
            first: first.id,
        }
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

    fn alt(&mut self, c: char) -> Vec<Effect> {
        self.tell(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT)))
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

    /// The same while the server answers nothing.
    fn send_alone(&mut self, text: &str) -> Vec<Effect> {
        self.write(text);
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        self.tell_alone(Msg::Key(enter))
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
    Event::message(username, message)
}

fn joined(username: &str, channel: &str, me: bool) -> Event {
    Event::Joined {
        username: username.into(),
        channel: channel.into(),
        me,
        request: None,
        topic: None,
    }
}

fn left(username: &str, channel: &str, me: bool) -> Event {
    Event::Left {
        username: username.into(),
        channel: channel.into(),
        me,
        request: None,
    }
}

fn users(channel: &str, users: &[&str]) -> Event {
    let users = users.iter().map(ToString::to_string).collect();
    Event::Users {
        channel: channel.into(),
        users,
        more: 0,
        request: None,
    }
}

fn channels(channels: &[&str], answers: Listing) -> Event {
    let channels = channels.iter().map(ToString::to_string).collect();
    Event::Channels {
        channels,
        more: 0,
        answers,
        request: None,
    }
}

fn error(error_type: &str, message: &str) -> Event {
    Event::Error {
        error_type: error_type.into(),
        message: message.into(),
        request: None,
    }
}

fn lost() -> Event {
    Event::Ended(End::Lost)
}

/// What asks the session for it.
fn ask(action: Action) -> Effect {
    Effect::Act(RequestId(0), action)
}

fn act(action: Action) -> Vec<Effect> {
    vec![ask(action)]
}

fn connect(name: &str, room: Option<&str>) -> Vec<Effect> {
    vec![Effect::Connect {
        address: None,
        name: Some(name.into()),
        room: room.map(Into::into),
        resume: None,
    }]
}

fn logged_in(name: &str) -> Event {
    Event::LoggedIn {
        username: name.into(),
        channel: "general".into(),
        channels: vec!["general".into()],
        more: 0,
        request: None,
        version: Version::One,
        resume: None,
        joined: vec![],
        resumed: false,
        with: vec![],
    }
}

fn taken() -> Event {
    Event::NameWanted {
        reason: Some("Username is already taken.".into()),
        request: None,
    }
}

/// The time that the only effect asks to be woken after.
fn wake(effects: &[Effect]) -> Duration {
    match effects {
        [Effect::Wake(after)] => *after,
        other => panic!("{other:?} is not a wake"),
    }
}

/// Lets the client sleep until it does something else; how long that was, and what it does.
fn sleep(scene: &mut Scene, effects: &[Effect]) -> (Duration, Vec<Effect>) {
    let mut slept = wake(effects);
    loop {
        let effects = scene.tell(Msg::Woke);
        match effects[..] {
            [Effect::Wake(after)] => slept += after,
            _ => return (slept, effects),
        }
    }
}

/// The effects but for the last, which asks to be woken after so many seconds.
fn with_wake(seconds: u64, mut effects: Vec<Effect>) -> Vec<Effect> {
    let wake = Effect::Wake(Duration::from_secs(seconds));
    assert_eq!(effects.pop(), Some(wake), "after {effects:?}");
    effects
}
