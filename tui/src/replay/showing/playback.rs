//! What a user saw, played back in the view of the terminal client.
//!
//! The events are found by one replay. To go back, the client is made anew and told the events before
//! once more.

use std::io;
use std::time::{Duration, Instant};

use chatmaster_core::Time;
use chatmaster_core::session::{Event, Update};
use crossbeam_channel::bounded;
use crossterm::event::{Event as Key, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use super::client_view::{ViewEvent, ViewEventKind, look};
use super::player::{Next, Player};
use super::view_as::connections;
use crate::client::app::{self, App, Drawn, Effect, Mouse, Msg, Wheel};
use crate::client::terminal::keyboard::{self, TerminalEvent};
use crate::client::terminal::screen::{Screen, Stopped};
use crate::client::terminal::{lost_terminal, palette};
use crate::replay::ReplayError;
use crate::replay::reading::clock::Clock;
use crate::replay::reading::files::RecordingFiles;
use crate::replay::reading::rerun::Ending;
use crate::settings::Theme;
use crate::text::{sanitise, truncate};

/// How often the screen is drawn while time goes on.
const FRAME: Duration = Duration::from_millis(16);
/// How often it is while it does not.
const IDLE: Duration = Duration::from_millis(250);
/// What may wait to be taken in.
const WAITING: usize = 64;

/// Plays back what the user `name` saw, until the user of this terminal has seen enough.
pub(in crate::replay) fn play(
    recording: &RecordingFiles,
    name: &str,
) -> Result<Ending, ReplayError> {
    let conns = connections(recording, name)?;
    let mut seen = Vec::new();
    let rerun = look(recording, &conns, |sight| {
        seen.push(sight);
        Ok(())
    })?;
    let view = PlaybackView::new(recording, name, seen);
    let player = Player::new(view.times(), rerun.time);
    run(view, player).map_err(|error| ReplayError::Cli(lost_terminal(&error)))?;
    Ok(rerun.ending)
}

fn run(mut view: PlaybackView, mut player: Player) -> io::Result<()> {
    let (mut screen, is_open) = Screen::open(Mouse::Scrolls)?;
    let (told, tells) = bounded(WAITING);
    keyboard::watch(&told, is_open)?;
    view.resize(screen.size());
    let mut last = Instant::now();
    loop {
        let now = Instant::now();
        player.pass(now - last);
        last = now;
        view.show(player.shown());
        screen.draw(|buf| view.paint(&player, buf))?;
        // Whatever waits is taken in before the next look, for a screen takes longer than a key.
        let mut wait = if player.is_playing() { FRAME } else { IDLE };
        while let Ok(told) = tells.recv_timeout(wait) {
            wait = Duration::ZERO;
            match told {
                TerminalEvent::Event(Key::Key(key)) => match player.key(key) {
                    Next::GoOn => {}
                    Next::Quit => return Ok(()),
                    Next::Stop => screen.stop(Stopped::WithItsJob)?,
                    Next::Scroll => view.tell(Time::ZERO, Msg::Key(key)),
                },
                TerminalEvent::Event(Key::Mouse(mouse)) => match mouse.kind {
                    MouseEventKind::ScrollUp => view.tell(Time::ZERO, Msg::Wheel(Wheel::Up)),
                    MouseEventKind::ScrollDown => view.tell(Time::ZERO, Msg::Wheel(Wheel::Down)),
                    _ => {}
                },
                TerminalEvent::Event(_) | TerminalEvent::PasteStalled => {}
                TerminalEvent::Resized => screen.resize()?,
                TerminalEvent::Stop => screen.stop(Stopped::Alone)?,
                TerminalEvent::Continued => screen.take_again()?,
                TerminalEvent::End => return Ok(()),
            }
            if view.size != screen.size() {
                view.resize(screen.size());
            }
        }
    }
}

/// The client on the screen, and what it is told.
struct PlaybackView {
    clock: Clock,
    file: String,
    name: String,
    size: (u16, u16),
    seen: Vec<ViewEvent>,
    app: App,
    /// How many of `seen` the app was told.
    told: usize,
}

impl PlaybackView {
    fn new(recording: &RecordingFiles, name: &str, mut seen: Vec<ViewEvent>) -> Self {
        // The client answers by itself, unless its user has to choose another name.
        seen.retain(|seen| {
            let is_answered =
                |event: &Event| matches!(event, Event::NameWanted { reason: None, .. });
            !matches!(&seen.what, ViewEventKind::Event(event) if is_answered(event))
        });
        let size = (80, 24);
        let file = recording.name();
        PlaybackView {
            clock: Clock::new(recording.header().start),
            app: new_app(&file, name, size),
            file,
            name: name.to_owned(),
            size,
            seen,
            told: 0,
        }
    }

    fn times(&self) -> Vec<Time> {
        self.seen.iter().map(|seen| seen.time).collect()
    }

    fn resize(&mut self, (width, height): (u16, u16)) {
        self.size = (width, height);
        self.tell(Time::ZERO, Msg::Resized(width, height));
    }

    /// Shows the first `count` events.
    fn show(&mut self, count: usize) {
        if count < self.told {
            self.app = new_app(&self.file, &self.name, self.size);
            self.told = 0;
        }
        while self.told < count {
            let ViewEvent { time, what, .. } = self.seen[self.told].clone();
            self.told += 1;
            self.tell(
                time,
                match what {
                    ViewEventKind::Said(text) => Msg::Said(text),
                    ViewEventKind::Event(event) => Msg::Update(Update::Event(event)),
                },
            );
        }
    }

    fn tell(&mut self, time: Time, msg: Msg) {
        let at = self.clock.date_time(time);
        for effect in app::update(&mut self.app, at, msg) {
            // What this client would ask for, the recorded one has asked for; its answers come.
            if let Effect::Act(request, _) = effect {
                app::update(&mut self.app, at, Msg::NotDone(request, String::new()));
            }
        }
    }

    /// Draws the client, with the player's line in place of its message box.
    fn paint(&self, player: &Player, buf: &mut Buffer) -> Drawn {
        let Drawn { links, .. } = app::view(&self.app, buf);
        let drawn = Drawn {
            cursor: None,
            links,
        };
        let area = buf.area;
        if area.is_empty() {
            return drawn;
        }
        let y = area.bottom() - 1;
        let columns = usize::from(area.width);
        let line = truncate(&sanitise(&player.line(columns)), columns);
        let style = Style::new().add_modifier(Modifier::REVERSED);
        buf.set_string(area.x, y, " ".repeat(columns), style);
        buf.set_stringn(area.x, y, line.as_str(), columns, style);
        drawn
    }
}

fn new_app(file: &str, name: &str, size: (u16, u16)) -> App {
    let (server, palette) = (file.to_owned(), palette(Theme::Auto));
    let mut app = App::new(server, Some(name.to_owned()), size, palette);
    app.look_on();
    app
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;
    use chatmaster_tests::story::story;

    fn view(name: &str) -> (PlaybackView, Player) {
        let recording = RecordingFiles::of(story().bytes());
        let conns = connections(&recording, name).expect("there is such a user");
        let mut seen = Vec::new();
        let looked = look(&recording, &conns, |sight| {
            seen.push(sight);
            Ok(())
        });
        let rerun = looked.expect("nothing is written");
        let view = PlaybackView::new(&recording, name, seen);
        let player = Player::new(view.times(), rerun.time);
        (view, player)
    }

    fn screen(view: &PlaybackView, player: &Player) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 80, 24));
        view.paint(player, &mut buf);
        let rows = (0..24).map(|y| {
            let row: String = (0..80).map(|x| buf[(x, y)].symbol()).collect();
            row.trim_end().to_owned() + "\n"
        });
        rows.collect()
    }

    #[test]
    fn the_user_sees_the_room_again_with_own_messages() {
        let (mut view, player) = view("bob");
        let all = view.seen.len();
        // One looks at the room the user is in.
        let screens = (0..=all).map(|count| {
            view.show(count);
            screen(&view, &player)
        });
        let screens: Vec<_> = screens.collect();
        let screen = screens.last().expect("there is one");
        for row in [
            "11:06         --   You are bob, in general.",
            "11:06      alice │ hello everyone",
            "11:06        -->   You are in lair now.",
            "11:06        bob │ the secret plan",
            "11:06      carol │ understood ␛[1m",
            "11:06        bob │ back again",
        ] {
            assert!(
                screens.iter().any(|screen| screen.contains(row)),
                "{row} is nowhere, at last not in\n{screen}"
            );
        }
        let last = screen.lines().last();
        assert!(
            last.is_some_and(|line| line.starts_with(" playing ░░░░")),
            "{last:?}"
        );
    }

    #[test]
    fn what_another_user_alone_could_see_is_not_there() {
        let (mut view, player) = view("alice");
        let all = view.seen.len();
        for count in 0..=all {
            view.show(count);
            let screen = screen(&view, &player);
            assert!(!screen.contains("lair"), "{screen}");
            assert!(!screen.contains("secret"), "{screen}");
        }
    }

    #[test]
    fn a_session_that_ended_is_not_tried_again() {
        let (mut view, player) = view("alice");
        let all = view.seen.len();
        let ended = (0..=all).any(|count| {
            view.show(count);
            let screen = screen(&view, &player);
            assert!(!screen.contains("Trying again"), "{screen}");
            screen.contains("Not connected.")
        });
        assert!(ended, "the story has an end");
    }

    #[test]
    fn going_back_shows_what_was_there_before() {
        let (mut view, player) = view("carol");
        let all = view.seen.len();
        let mut before = Vec::new();
        for count in 0..=all {
            view.show(count);
            before.push(screen(&view, &player));
        }
        assert_ne!(before[all - 2], before[all - 3]);
        for count in (0..=all).rev() {
            view.show(count);
            assert_eq!(screen(&view, &player), before[count], "{count}");
        }
    }
}
