//! The terminal client in a real terminal: [`App`] with keys, a clock, a session
//! and a screen.

mod folders;
mod history;
pub(crate) mod screen;

use std::env;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::SessionConfig;
use chatmaster_core::session::{Action, Event, TryActError, Update};
use crossterm::event::{self, MouseEventKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::{self, App, Effect, Focus, Msg, Palette, Role, Theme, Wheel};
use crate::cli::Talk;
use crate::login::login_name;
use crate::reach::{Destination, Host, Reached};
use crate::runtime::Client;
use crate::trouble::{Trouble, cause};
use history::HistoryFile;
use screen::Screen;

/// What may wait to be taken in; over it nothing more is read from the server.
const WAITING: usize = 1024;
/// The screen is drawn at most once in this time, however much happens.
const FRAME: Duration = Duration::from_millis(16);
/// How long to wait for the session to end in good order; it has a deadline of its own before.
const LEAVING: Duration = Duration::from_secs(6);

/// Talks until the user leaves.
///
/// # Errors
/// Why it could not, or that there was no connection in the end.
pub fn run(talk: &Talk, destination: &Destination) -> Result<(), Trouble> {
    let name = talk.name.clone().or_else(login_name);
    let (happened, happenings) = mpsc::sync_channel(WAITING);
    let connector = Connector {
        talk,
        destination: destination.clone(),
        happened: &happened,
    };
    let first = Attempt(0);
    // Seen where connecting takes its time; nobody is left to be told if this fails.
    let _ = writeln!(io::stderr(), "Connecting to {destination} …");
    let config = connector.config(name.clone(), talk.wanted_room().map(str::to_owned));
    let Reached { client, host } = destination
        .reach(talk.runtime, &config, tell_updates(&happened, first))
        .map_err(Trouble::Failed)?;

    let mut screen = Screen::open().map_err(|error| lost_terminal(&error))?;
    watch_signals(happened.clone())?;
    read_events(happened.clone());
    let size = screen.size().map_err(|error| lost_terminal(&error))?;
    let mut driver = Driver {
        app: App::new(destination.to_string(), name, size, palette()),
        history: None,
        link: Link::Up(client),
        attempt: first,
        leaving: Vec::new(),
        role: role(host.as_ref()),
        host,
        connector,
        stale: true,
        going: Going::On,
    };
    driver.tell(Msg::Connected(driver.role));
    if !talk.no_history {
        driver.recall();
    }
    let done = driver.run(&mut screen, &happenings);
    drop(screen);
    driver.leave(happenings);
    done.map_err(|error| lost_terminal(&error))?;
    if driver.app.is_lost() {
        return Err(Trouble::Failed(format!(
            "the connection to {} was lost",
            driver.connector.destination
        )));
    }
    Ok(())
}

/// Something for the driver to take in.
enum Happening {
    /// From the terminal.
    Event(event::Event),
    /// From the session.
    Update(Attempt, Update),
    /// From the thread that connects anew.
    Reached(Attempt, Result<Reached, String>),
    /// A signal asks the program to end, or the terminal is gone.
    Terminate,
}

/// Which of the sessions something comes from: counted, from 0. What comes from one that the user has
/// left is not news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempt(u64);

/// The connection to the server.
enum Link {
    Down,
    /// A thread is connecting. What the session tells before that thread has handed it over is held.
    Connecting(Vec<Update>),
    Up(Client),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    On,
    Away,
}

struct Driver<'a> {
    app: App,
    /// Where to keep what is sent; none if that is not wanted, or does not work.
    history: Option<HistoryFile>,
    link: Link,
    /// The session that `link` is about, or was.
    attempt: Attempt,
    /// Sessions that the user has left, until they have ended.
    leaving: Vec<(Attempt, Client)>,
    role: Role,
    host: Option<Host>,
    connector: Connector<'a>,
    /// Whether the screen is not up to date.
    stale: bool,
    going: Going,
}

impl Driver<'_> {
    fn run(&mut self, screen: &mut Screen, happenings: &Receiver<Happening>) -> io::Result<()> {
        let mut drawn: Option<Instant> = None;
        while self.going == Going::On {
            let due = drawn.map_or(Duration::ZERO, |at| FRAME.saturating_sub(at.elapsed()));
            if self.stale && due.is_zero() {
                screen.draw(|buf| app::view(&self.app, buf))?;
                drawn = Some(Instant::now());
                self.stale = false;
            }
            let happening = if self.stale {
                match happenings.recv_timeout(due) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    other => other.ok(),
                }
            } else {
                happenings.recv().ok()
            };
            let happening = happening.expect("the driver has a sender itself");
            self.take_in(screen, happening)?;
        }
        Ok(())
    }

    fn take_in(&mut self, screen: &mut Screen, happening: Happening) -> io::Result<()> {
        let msg = match happening {
            Happening::Event(event) => match self.translate(event) {
                Some(msg) => msg,
                None => return Ok(()),
            },
            Happening::Update(attempt, update) if attempt != self.attempt => {
                if let Update::Event(Event::Ended(_)) = update {
                    self.ended(attempt);
                }
                return Ok(());
            }
            Happening::Update(_, update) => {
                if let Link::Connecting(held) = &mut self.link {
                    held.push(update);
                    return Ok(());
                }
                Msg::Update(update)
            }
            Happening::Reached(attempt, reached) => {
                if attempt == self.attempt {
                    self.reached(reached);
                } else {
                    // The user has given it up.
                    drop_aside(reached);
                }
                return Ok(());
            }
            Happening::Terminate => Msg::Terminate,
        };
        let over = matches!(msg, Msg::Update(Update::Event(Event::Ended(_))));
        if over {
            self.link = Link::Down;
        }
        for effect in self.tell(msg) {
            match effect {
                Effect::Mouse(mouse) => screen.give_mouse(mouse)?,
                Effect::Bell => screen.ring()?,
                Effect::Redraw => screen.clear()?,
                Effect::Act(_)
                | Effect::Connect { .. }
                | Effect::Disconnect
                | Effect::Remember(_)
                | Effect::Quit => {}
            }
        }
        Ok(())
    }

    fn translate(&self, event: event::Event) -> Option<Msg> {
        Some(match event {
            event::Event::Key(key) => Msg::Key(key),
            event::Event::Paste(text) => Msg::Paste(text),
            event::Event::Resize(width, height) => Msg::Resized(width, height),
            event::Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollUp => Msg::Wheel(Wheel::Up),
                MouseEventKind::ScrollDown => Msg::Wheel(Wheel::Down),
                _ => return None,
            },
            event::Event::FocusGained => Msg::Focus(Focus::Here),
            event::Event::FocusLost => Msg::Focus(Focus::Elsewhere),
        })
    }

    fn reached(&mut self, reached: Result<Reached, String>) {
        match reached {
            Ok(Reached { client, host }) => {
                let held = match std::mem::replace(&mut self.link, Link::Up(client)) {
                    Link::Connecting(held) => held,
                    Link::Down | Link::Up(_) => Vec::new(),
                };
                self.role = role(host.as_ref());
                self.host = host;
                self.tell(Msg::Connected(self.role));
                for update in held {
                    if matches!(update, Update::Event(Event::Ended(_))) {
                        self.link = Link::Down;
                    }
                    self.tell(Msg::Update(update));
                }
            }
            Err(why) => {
                self.link = Link::Down;
                self.tell(Msg::NotConnected(why));
            }
        }
    }

    /// Tells the app, and does what it wants but for what concerns the screen, which is handed back.
    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        self.stale = true;
        let mut for_screen = Vec::new();
        let mut effects = app::update(&mut self.app, now(), msg);
        while !effects.is_empty() {
            let mut more = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Act(action) => {
                        if let Err(error) = self.act(action) {
                            let why = error.to_string();
                            let (TryActError::Congested(action)
                            | TryActError::Disconnected(action)) = error;
                            let msg = Msg::NotDone(action, why);
                            more.extend(app::update(&mut self.app, now(), msg));
                        }
                    }
                    Effect::Connect {
                        address,
                        name,
                        room,
                    } => {
                        self.disconnect();
                        if let Some(address) = address {
                            self.connector.destination = Destination::Given(address);
                        }
                        self.link = Link::Connecting(Vec::new());
                        let host = self.host.take();
                        self.connector.connect(self.attempt, name, room, host);
                    }
                    Effect::Disconnect => self.disconnect(),
                    Effect::Remember(line) => self.remember(&line),
                    Effect::Quit => self.going = Going::Away,
                    Effect::Mouse(_) | Effect::Bell | Effect::Redraw => for_screen.push(effect),
                }
            }
            effects = more;
        }
        for_screen
    }

    fn act(&self, action: Action) -> Result<(), TryActError> {
        match &self.link {
            Link::Up(client) => client.try_act(action),
            Link::Down | Link::Connecting(_) => Err(TryActError::Disconnected(action)),
        }
    }

    /// Has what was sent in other runs at hand.
    fn recall(&mut self) {
        let Some(folder) = folders::state() else {
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

    fn doubt(&mut self, what: &str) {
        app::update(&mut self.app, now(), Msg::Trouble(what.into()));
    }

    /// Turns to the next session. If the one before is there still, it leaves in good order meanwhile,
    /// or at once if its server takes nothing any more.
    fn disconnect(&mut self) {
        if let Link::Up(client) = std::mem::replace(&mut self.link, Link::Down) {
            if client.try_act(Action::Quit).is_ok() {
                self.leaving.push((self.attempt, client));
            } else {
                drop_aside(client);
            }
        }
        self.attempt.0 += 1;
    }

    fn ended(&mut self, attempt: Attempt) {
        self.leaving.retain(|(leaving, _)| *leaving != attempt);
    }

    /// Leaves the server in good order, and stops the one that is hosted here.
    fn leave(&mut self, happenings: Receiver<Happening>) {
        let started = Instant::now();
        self.disconnect();
        while !self.leaving.is_empty() {
            let patience = LEAVING.saturating_sub(started.elapsed());
            match happenings.recv_timeout(patience) {
                Ok(Happening::Update(attempt, Update::Event(Event::Ended(_)))) => {
                    self.ended(attempt);
                }
                Ok(Happening::Terminate) | Err(_) => break,
                Ok(_) => {}
            }
        }
        // The sessions' threads may be waiting to tell something; they end with whom they tell.
        drop(happenings);
        self.leaving.clear();
    }
}

/// Drops what takes its time, or waits for someone who waits for this thread.
fn drop_aside(what: impl Send + 'static) {
    thread::spawn(move || drop(what));
}

/// What it takes to connect anew.
struct Connector<'a> {
    talk: &'a Talk,
    destination: Destination,
    happened: &'a SyncSender<Happening>,
}

impl Connector<'_> {
    fn config(&self, name: Option<String>, room: Option<String>) -> SessionConfig {
        SessionConfig {
            username: name,
            channel: room,
            encoding: self.talk.encoding.into(),
            ..SessionConfig::default()
        }
    }

    /// Connects on a thread of its own, after the server that was hosted here has ended.
    fn connect(
        &self,
        attempt: Attempt,
        name: Option<String>,
        room: Option<String>,
        host: Option<Host>,
    ) {
        let config = self.config(name, room);
        let destination = self.destination.clone();
        let runtime = self.talk.runtime;
        let happened = self.happened.clone();
        thread::spawn(move || {
            drop(host);
            let tell = tell_updates(&happened, attempt);
            let reached = destination.reach(runtime, &config, tell);
            // Nobody waits for it any more when the program is about to end.
            let _ = happened.send(Happening::Reached(attempt, reached));
        });
    }
}

fn tell_updates(
    happened: &SyncSender<Happening>,
    attempt: Attempt,
) -> impl FnMut(Update) + Clone + Send + use<> {
    let happened = happened.clone();
    move |update| {
        // Nobody listens any more when the program is about to end.
        let _ = happened.send(Happening::Update(attempt, update));
    }
}

fn read_events(happened: SyncSender<Happening>) {
    thread::spawn(move || {
        loop {
            // A terminal that cannot be read is gone.
            let happening = event::read().map_or(Happening::Terminate, Happening::Event);
            let last = matches!(happening, Happening::Terminate);
            if happened.send(happening).is_err() || last {
                return;
            }
        }
    });
}

fn watch_signals(happened: SyncSender<Happening>) -> Result<(), Trouble> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|error| Trouble::Failed(format!("cannot watch for signals: {}", cause(&error))))?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if happened.send(Happening::Terminate).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn role(host: Option<&Host>) -> Role {
    match host {
        Some(_) => Role::Host,
        None => Role::Guest,
    }
}

/// The colours that the user wants.
pub(crate) fn palette() -> Palette {
    let [no_color, colorfgbg] = ["NO_COLOR", "COLORFGBG"].map(env::var_os);
    Palette::new(Theme::Auto, no_color.as_deref(), colorfgbg.as_deref())
}

pub(crate) fn lost_terminal(error: &io::Error) -> Trouble {
    Trouble::Failed(format!("cannot use the terminal: {}", cause(error)))
}

fn now() -> jiff::civil::DateTime {
    jiff::Zoned::now().datetime()
}
