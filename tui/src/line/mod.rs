//! The client without a terminal: each line of the input is sent, each event is printed as a line.
//!
//! On stdout is what happens in the chat, with what the server refuses and what was not sent; each line
//! is there when it has happened. On stderr, in words, is what is wrong with the input, and why the
//! program ends if that is not by itself.
//!
//! Two threads share the work, so that neither waits for the other: one reads the input no faster
//! than the server takes it, the other prints what happens no slower than it comes.

mod input;
pub(crate) mod json;
mod package;
pub(crate) mod print;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvError, Sender, TryRecvError};
use std::thread;

use chatmaster_core::session::{Action, ActionError, End, Event, Update};
use chatmaster_core::{RoomName, SessionConfig};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::login::{Candidates, login_name};
use crate::reach::{Destination, Hosting, Reached};
use crate::runtime::Client;
use crate::settings::Settings;
use crate::trouble::{Trouble, cause, tell};

/// Updates that may wait to be printed; over it nothing more is read from the server.
const WAITING_UPDATES: usize = 1024;

/// Talks until the end of the input, or of the connection.
///
/// # Errors
/// Why it could not, or not until the end of the input.
pub fn run(settings: &Settings, form: Form, destination: &Destination) -> Result<(), Trouble> {
    let (name, candidates) = match &settings.name {
        Some(name) => (Some(name.clone()), None),
        None => {
            let mut candidates = Candidates::new(login_name());
            (candidates.next(), Some(candidates))
        }
    };
    let room = settings.wanted_room().map(str::to_owned);
    let config = SessionConfig {
        username: name.clone(),
        channel: room.clone(),
        encoding: settings.encoding.into(),
        ..SessionConfig::default()
    };
    let (updates, came) = mpsc::sync_channel(WAITING_UPDATES);
    let on_update = move |update| {
        // Nobody listens any more when the program is about to end.
        let _ = updates.send(update);
    };
    let Reached { client, .. } = destination
        .reach(settings.runtime, &config, Hosting::Never, on_update)
        .map_err(Trouble::Failed)?;
    let client = Arc::new(client);
    quit_on_signals(client.clone())?;
    let (progress, reached) = mpsc::channel();
    let talker = client.clone();
    thread::spawn(move || input::send_lines(io::stdin().lock(), form, &talker, &reached));
    let printer = Printer {
        client: &client,
        form,
        destination,
        name,
        candidates,
        stage: Stage::LoggingIn { room },
        progress,
    };
    printer.run(&came)
}

/// What the thread that sends has to wait for.
enum Progress {
    /// What is said now is said in the right room, under the right name.
    Ready,
    /// Everything sent before the [`Action::Sync`] was dealt with.
    Synced,
}

/// How far the session is.
enum Stage {
    /// There is no login yet; after it there may be a room to join.
    LoggingIn { room: Option<String> },
    /// Logged in; the room is still to be joined.
    Joining { room: String },
    /// The input is being sent.
    Talking,
}

/// What lines are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words for people.
    Text,
    /// JSON objects for programs.
    Json,
}

struct Printer<'a> {
    client: &'a Client,
    form: Form,
    destination: &'a Destination,
    /// The name tried last.
    name: Option<String>,
    /// Further names, unless the user gave one.
    candidates: Option<Candidates>,
    stage: Stage,
    progress: Sender<Progress>,
}

impl Printer<'_> {
    fn run(mut self, updates: &Receiver<Update>) -> Result<(), Trouble> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        loop {
            let update = match updates.try_recv() {
                Err(TryRecvError::Empty) => {
                    if out.flush().is_err() {
                        return Ok(());
                    }
                    updates.recv()
                }
                Err(TryRecvError::Disconnected) => Err(RecvError),
                Ok(update) => Ok(update),
            };
            // A session's thread that is gone without a word has lost its connection.
            let update = update.unwrap_or(Update::Event(Event::Ended(End::Lost)));
            // Whoever read what is printed here has left: there is nobody to chat for.
            if self.print(&mut out, &update).is_err() {
                return Ok(());
            }
            let Update::Event(event) = update else {
                continue;
            };
            match self.take_in(event) {
                Ok(Next::GoOn) => {}
                Ok(Next::End) => {
                    let _ = out.flush();
                    return Ok(());
                }
                Err(trouble) => {
                    let _ = out.flush();
                    return Err(trouble);
                }
            }
        }
    }

    fn print(&self, out: &mut impl Write, update: &Update) -> io::Result<()> {
        match (update, &self.form) {
            // What was still to be sent when the user left is not news.
            (Update::Refused(_, ActionError::Ended), _) => Ok(()),
            // Answered below. The reader may want to know of a name that was tried in vain.
            (
                Update::Event(Event::NameWanted {
                    reason: Some(reason),
                }),
                Form::Json,
            ) => json::write_refused_name(out, self.name.as_deref().unwrap_or_default(), reason),
            (Update::Event(Event::NameWanted { .. } | Event::Synced), _) => Ok(()),
            (_, Form::Json) => json::write(out, update),
            (Update::Event(event), Form::Text) => print::write(out, event),
            (Update::Refused(_, error), Form::Text) => {
                tell(format_args!("not sent: {error}"));
                Ok(())
            }
        }
    }

    fn take_in(&mut self, event: Event) -> Result<Next, Trouble> {
        match event {
            Event::NameWanted { reason } => self.try_next_name(reason)?,
            Event::LoggedIn { channel, .. } => {
                if let Stage::LoggingIn { room } = &mut self.stage {
                    match room
                        .take()
                        .filter(|room| !RoomName::are_same(room, &channel))
                    {
                        Some(room) => self.stage = Stage::Joining { room },
                        None => self.ready(),
                    }
                }
            }
            Event::Joined {
                channel, me: true, ..
            } => {
                if matches!(&self.stage, Stage::Joining { room } if RoomName::are_same(room, &channel))
                {
                    self.ready();
                }
            }
            Event::Error {
                error_type,
                message,
            } => match &self.stage {
                Stage::Joining { room } if error_type == "join" => {
                    return Err(Trouble::Failed(format!(
                        "cannot join the room {room}: {message} Choose another one with --room."
                    )));
                }
                // A server that knows no `channels` answers a sync so, and after all before it.
                _ if error_type == "channels" => self.tell_sender(Progress::Synced),
                _ => {}
            },
            Event::Synced => self.tell_sender(Progress::Synced),
            Event::Ended(End::Quit) => return Ok(Next::End),
            Event::Ended(end) => {
                return Err(Trouble::Failed(format!(
                    "{end} The server was {}; run chatmaster again to reconnect.",
                    self.destination
                )));
            }
            _ => {}
        }
        Ok(Next::GoOn)
    }

    fn try_next_name(&mut self, reason: Option<String>) -> Result<(), Trouble> {
        let Some(candidates) = &mut self.candidates else {
            let name = self.name.as_deref().unwrap_or_default();
            let reason = reason.unwrap_or_else(|| "The server gave no reason.".into());
            return Err(Trouble::Failed(format!(
                "the name {name} was refused: {reason} Choose another one with --name."
            )));
        };
        if let Some(name) = candidates.next() {
            self.name = Some(name.clone());
            // If the session is over, its last update says so.
            let _ = self.client.act(Action::Login(name));
        }
        Ok(())
    }

    fn ready(&mut self) {
        self.stage = Stage::Talking;
        self.tell_sender(Progress::Ready);
    }

    fn tell_sender(&self, progress: Progress) {
        // The sender has ended if the user has left already.
        let _ = self.progress.send(progress);
    }
}

enum Next {
    GoOn,
    End,
}

/// The first signal leaves in good order, the second one at once.
fn quit_on_signals(client: Arc<Client>) -> Result<(), Trouble> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Trouble::Failed(format!("cannot watch for signals: {}", cause(&error))))?;
    thread::spawn(move || {
        let mut quitting = false;
        for signal in signals.forever() {
            if quitting && let Err(error) = signal_hook::low_level::emulate_default_handler(signal)
            {
                tell(format_args!("cannot end at once: {}", cause(&error)));
            }
            quitting = true;
            let leaving = client.clone();
            // On a thread of its own, for it may wait while there is a second signal.
            thread::spawn(move || leaving.act(Action::Quit));
        }
    });
    Ok(())
}
