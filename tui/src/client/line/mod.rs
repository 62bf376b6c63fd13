//! The client without a terminal: each line of the input is sent, each event is printed as a line.
//!
//! On stdout is what happens in the chat, with what the server refuses and what was not sent; each line
//! is there when it has happened. On stderr, in words, is what is wrong with the input, and why the
//! program ends if that is not by itself.
//!
//! Two threads share the work, so that neither waits for the other: one reads the input no faster
//! than the server takes it, the other prints what happens no slower than it comes.

mod desk;
mod input;
pub(crate) mod json;
mod output;
mod package;
mod past;
pub(crate) mod print;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::session::{Action, ActionError, End, Event, Update};
use chatmaster_core::wire::Version;
use chatmaster_core::{RoomName, SessionConfig, Username};
use chatmaster_io::{Client, Clock};

use crate::client::connect::{Destination, Hosting};
use crate::client::connection::{self, Connection, Delivery, Welcome};
use crate::client::login::{Candidates, login_name};
use crate::error::CliError;
use crate::settings::Settings;
use crate::signals::leave_on_signals;
use desk::{Certainty, Desk};
use output::Output;
use past::Past;

/// Updates that may wait to be printed; over it nothing more is read from the server. Few, for each may
/// be a list or a text of 64 KiB.
const WAITING_UPDATES: usize = 16;

/// How long a server may say nothing that has something to answer, but for flood control.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long flood control may take for each action: a server takes ten in a second, unless it was told
/// otherwise.
const DELAY: Duration = Duration::from_secs(1);
/// How often it is looked whether the server is silent.
const LOOK: Duration = Duration::from_secs(5);

/// What lines are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words for people.
    Text,
    /// JSON objects for programs.
    Json,
}

/// What becomes of the program when there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// It ends.
    Ends,
    /// It tries again, for ever.
    Reconnects,
}

/// How the line client talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// What its lines are made of.
    pub form: Form,
    /// What becomes of it without a connection.
    pub persistence: Persistence,
    /// How many messages of the past are asked for in each room, if any.
    pub history: Option<u64>,
}

/// Talks until the end of the input, or of the connection.
///
/// # Errors
/// Why it could not, or not until the end of the input; or that what happened could not be printed.
pub fn run(settings: &Settings, task: Task, destination: &Destination) -> Result<(), CliError> {
    let Task {
        form,
        persistence,
        history,
    } = task;
    let (name, candidates) = match &settings.name {
        Some(name) => (Some(name.clone()), None),
        None => {
            let mut candidates = Candidates::new(login_name());
            (candidates.next(), Some(candidates))
        }
    };
    let mut connection = Connection::new(name);
    connection.set_seed(connection::seed());
    connection.start(settings.wanted_room().map(str::to_owned));
    let certainty = match persistence {
        Persistence::Ends => Certainty::AtTheEnd,
        Persistence::Reconnects => Certainty::Always,
    };
    let desk = Arc::new(Desk::new(certainty, connection));
    let leaving = desk.clone();
    leave_on_signals(&[], move || quit(&leaving))?;
    let sender = desk.clone();
    thread::spawn(move || input::send_stdin(form, &sender));
    let talk = Talk {
        settings,
        destination,
        persistence,
        desk,
        out: Output::new(form),
        clock: Clock::start_now(),
        candidates,
        past: Past::default(),
        history,
    };
    talk.run()
}

struct Talk<'a> {
    settings: &'a Settings,
    destination: &'a Destination,
    persistence: Persistence,
    desk: Arc<Desk>,
    out: Output,
    clock: Clock,
    /// Further names, unless the user gave one, or has one.
    candidates: Option<Candidates>,
    past: Past,
    /// How many messages of the past are asked for in each room that is entered, if any.
    history: Option<u64>,
}

/// How long the server has said nothing.
struct Keepalive {
    since: Instant,
    /// When it was first seen that there is something to answer.
    asked: Option<Instant>,
}

impl Keepalive {
    fn begin() -> Self {
        Keepalive {
            since: Instant::now(),
            asked: None,
        }
    }

    /// How long it lasts if that is too long, with so many actions to answer, if any are.
    fn silent_for(&mut self, now: Instant, awaited: Option<usize>) -> Option<Duration> {
        let Some(actions) = awaited else {
            self.asked = None;
            return None;
        };
        let asked = *self.asked.get_or_insert(now);
        let actions = u32::try_from(actions).unwrap_or(u32::MAX);
        let patience = DELAY.saturating_mul(actions).saturating_add(PATIENCE);
        (now - asked >= patience).then(|| now - self.since)
    }
}

/// How a session went.
enum Over {
    /// The user has left.
    Left,
    /// There is none, or none that is of use: a sentence.
    Lost(String),
}

enum Next {
    GoOn,
    End(Over),
}

impl Talk<'_> {
    fn run(mut self) -> Result<(), CliError> {
        loop {
            let why = match self.session()? {
                Over::Left => break,
                Over::Lost(why) => why,
            };
            if self.persistence == Persistence::Ends || self.out.is_broken() {
                return Err(self.lost(why));
            }
            let pause = self.desk.with_connection(Connection::retry).left();
            self.out.reconnecting(&why, pause);
            self.flush();
            thread::sleep(pause);
        }
        self.flush();
        if let Some(error) = self.out.error() {
            return Err(CliError::Failed(format!(
                "{}; what was in the input by then was sent.",
                output::explain(error)
            )));
        }
        match self.desk.input_trouble() {
            Some(why) => Err(CliError::Failed(why)),
            None => Ok(()),
        }
    }

    /// Why the program ends, when the connection does.
    fn lost(&self, why: String) -> CliError {
        CliError::Failed(match self.out.error() {
            Some(error) => format!("{}; and {why}", output::explain(error)),
            None => why,
        })
    }

    /// Connects, and talks until that ends.
    fn session(&mut self) -> Result<Over, CliError> {
        let login = self.desk.with_connection(Connection::open);
        let config = SessionConfig {
            username: login.name,
            channel: login.room,
            version: Version::Two,
            resume: login.resume,
            encoding: self.settings.encoding.into(),
            ..SessionConfig::default()
        };
        let (updates, came) = mpsc::sync_channel(WAITING_UPDATES);
        let on_update = move |update| {
            // Nobody listens any more when the session has been left.
            let _ = updates.send(update);
        };
        let runtime = self.settings.runtime;
        let connected = self
            .destination
            .connect(runtime, &config, Hosting::Never, on_update);
        let client = match connected {
            Ok(connected) => Arc::new(connected.client),
            Err(why) => return Ok(Over::Lost(why)),
        };
        self.desk.connected(&client);
        let over = self.talk(&client, &came);
        if matches!(over, Ok(Over::Lost(_))) {
            // The server is to keep the user's seat.
            client.abandon();
        }
        let doubtful = self.desk.disconnected(self.clock.now());
        if matches!(over, Ok(Over::Lost(_))) {
            self.tell_doubtful(&doubtful);
        }
        // The session's thread may wait to tell something.
        drop(came);
        over
    }

    /// Tells what is not known to have been done, if the program goes on.
    fn tell_doubtful(&mut self, doubtful: &[(Action, Delivery)]) {
        if self.persistence == Persistence::Ends {
            return;
        }
        let changes = |action: &Action| !matches!(action, Action::Users | Action::Channels);
        for (action, delivery) in doubtful.iter().filter(|(action, _)| changes(action)) {
            self.out.doubtful(action, *delivery);
        }
    }

    fn talk(&mut self, client: &Client, came: &Receiver<Update>) -> Result<Over, CliError> {
        let mut keepalive = Keepalive::begin();
        loop {
            let update = match came.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.flush();
                    came.recv_timeout(LOOK)
                }
                Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
                Ok(update) => Ok(update),
            };
            let update = match update {
                Ok(update) => update,
                Err(RecvTimeoutError::Timeout) => {
                    match keepalive.silent_for(Instant::now(), self.desk.awaited()) {
                        Some(lasted) => return self.give_up(lasted),
                        None => continue,
                    }
                }
                // A session's thread that is gone without a word has lost its connection.
                Err(RecvTimeoutError::Disconnected) => Update::Event(Event::Ended(End::Lost)),
            };
            keepalive = Keepalive::begin();
            self.print(&update);
            if let Update::Event(event) = update
                && let Next::End(over) = self.event(client, event)?
            {
                return Ok(over);
            }
        }
    }

    fn give_up(&self, silence: Duration) -> Result<Over, CliError> {
        let seconds = silence.as_secs();
        let why = format!("the server has not answered for {seconds} seconds.");
        match self.persistence {
            Persistence::Reconnects => Ok(Over::Lost(why)),
            Persistence::Ends => Err(self.lost(why)),
        }
    }

    fn print(&mut self, update: &Update) {
        match update {
            // What was still to be sent when the user left is not news.
            Update::Refused(_, ActionError::Ended) => {}
            Update::Refused(request, _) => {
                if let Some(id) = request.id {
                    self.desk.refused(id);
                }
                self.out.update(update);
            }
            // Answered below. The reader may want to know of a name that was tried in vain.
            Update::Event(Event::NameWanted {
                reason: Some(reason),
                ..
            }) => {
                let name = self.name();
                self.out.refused_name(&name, reason);
            }
            Update::Event(Event::NameWanted { .. } | Event::Synced { .. }) => {}
            // Each of them is told by itself.
            Update::Event(Event::Unsent { .. }) if self.persistence == Persistence::Reconnects => {}
            Update::Event(event) => {
                let me = self.name();
                let (told, next) = self.past.take(event.clone(), &me);
                for event in told {
                    self.out.update(&Update::Event(event));
                }
                self.desk.ask(next);
            }
        }
    }

    /// Has on stdout what was printed. If that fails, the rest of the input is for nobody.
    fn flush(&mut self) {
        let was_broken = self.out.is_broken();
        self.out.flush();
        if self.out.is_broken() && !was_broken {
            self.desk.mute();
        }
    }

    fn event(&mut self, client: &Client, event: Event) -> Result<Next, CliError> {
        if let Some(request) = event.request()
            && let Some(action) = self.desk.answered(request)
            && let Event::Error { .. } = event
        {
            for event in self.past.refused(&action) {
                self.out.update(&Update::Event(event));
            }
        }
        match event {
            Event::NameWanted { reason, .. } => return self.try_next_name(client, reason),
            Event::LoggedIn {
                username,
                channel,
                version,
                resume,
                joined,
                resumed,
                with,
                ..
            } => {
                let missed = if resumed {
                    self.past.resumed(&joined, &with)
                } else {
                    self.past.forget();
                    Vec::new()
                };
                let welcome = Welcome {
                    username,
                    channel,
                    joined,
                    version,
                    resume,
                    resumed,
                };
                let now = self.clock.now();
                self.candidates = None;
                let (_, doubtful) = self
                    .desk
                    .with_connection(|connection| connection.logged_in(now, welcome));
                self.tell_doubtful(&doubtful);
                // Before what is said again, for which a server may forget what was said before.
                self.desk.ask(missed);
            }
            Event::Joined {
                channel, me: true, ..
            } => {
                let is_there = self.desk.with_connection(|connection| {
                    // Unless there is another room to join first.
                    let aim = connection.on_the_way().unwrap_or(&channel);
                    let is_aim = RoomName::are_same(aim, &channel);
                    if is_aim {
                        connection.entered(&channel);
                    }
                    is_aim
                });
                if let Some(limit) = self.history.filter(|_| is_there) {
                    self.desk.ask([past::last(channel, limit)]);
                }
            }
            Event::Left { me: true, .. } => self
                .desk
                .with_connection(|connection| connection.set_room(RoomName::GENERAL.into())),
            Event::Renamed {
                new_username,
                me: true,
                ..
            } => self
                .desk
                .with_connection(|connection| connection.set_own_name(new_username)),
            Event::Error {
                error_type,
                message,
                ..
            } if error_type == "join" => {
                let aim = |connection: &mut Connection| connection.on_the_way().map(str::to_owned);
                if let Some(room) = self.desk.with_connection(aim) {
                    let why = format!("cannot join the room {room}: {message}");
                    return self.end(why, "Choose another one with --room.");
                }
            }
            Event::Unsent { first, .. } => {
                self.desk
                    .with_connection(|connection| connection.unsent(first));
            }
            Event::Ended(End::Quit) => return Ok(Next::End(Over::Left)),
            Event::Ended(end) => {
                // What never was a chat server will not become one.
                let was_in = self.desk.with_connection(|connection| connection.was_in());
                let is_none = matches!(end, End::Violation(_)) && !was_in;
                let why = match self.persistence {
                    Persistence::Reconnects if !is_none => return Ok(lost(end.to_string())),
                    _ => format!(
                        "{end} The server was {}; run chatmaster again to reconnect.",
                        self.destination
                    ),
                };
                return Err(self.lost(why));
            }
            Event::Message { .. }
            | Event::Sent { .. }
            | Event::History { .. }
            | Event::Notified { .. }
            | Event::Joined { .. }
            | Event::Left { .. }
            | Event::Renamed { .. }
            | Event::Channels { .. }
            | Event::Users { .. }
            | Event::Error { .. }
            | Event::Synced { .. }
            | Event::Unknown { .. } => {}
        }
        Ok(Next::GoOn)
    }

    /// The name that was tried last.
    fn name(&self) -> String {
        let name = |connection: &mut Connection| connection.name().map(str::to_owned);
        self.desk.with_connection(name).unwrap_or_default()
    }

    fn try_next_name(&mut self, client: &Client, reason: Option<String>) -> Result<Next, CliError> {
        let Some(candidates) = &mut self.candidates else {
            let name = self.name();
            let reason = reason.unwrap_or_else(|| "The server gave no reason.".into());
            let why = format!("the name {name} was refused: {reason}");
            let next = "Choose another one with --name.";
            if Username::parse(&name).is_err() {
                return Err(self.lost(format!("{why} {next}")));
            }
            return self.end(why, next);
        };
        if let Some(name) = candidates.next() {
            self.desk
                .with_connection(|connection| connection.set_name(Some(name.clone())));
            // If the session is over, its last update says so.
            let _ = client.act(Action::Login(name));
        }
        Ok(Next::GoOn)
    }

    /// The session is of no use. With time it may be, which is worth waiting for or not.
    fn end(&self, why: String, next: &str) -> Result<Next, CliError> {
        match self.persistence {
            Persistence::Reconnects => Ok(lost(why)),
            Persistence::Ends => Err(self.lost(format!("{why} {next}"))),
        }
    }
}

fn lost(why: String) -> Next {
    Next::End(Over::Lost(why))
}

/// Without a connection there is nothing to leave.
fn quit(desk: &Desk) -> bool {
    let Some(client) = desk.client() else {
        return false;
    };
    // On a thread of its own, for it may wait while there is a second signal.
    thread::spawn(move || client.act(Action::Quit));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_something_to_answer_may_not_be_silent_for_a_minute() {
        let mut keepalive = Keepalive::begin();
        let after = |seconds| keepalive.since + Duration::from_secs(seconds);
        let times: Vec<Instant> = (0..=600).map(after).collect();
        // It has nothing to say.
        assert_eq!(keepalive.silent_for(times[300], None), None);
        // It is seen within 5 s that it is asked something, and up to 45 s later that it does not answer.
        assert_eq!(keepalive.silent_for(times[305], Some(1)), None);
        assert_eq!(keepalive.silent_for(times[345], Some(1)), None);
        assert!(keepalive.silent_for(times[350], Some(1)).is_some());
        // Flood control takes its time.
        assert_eq!(keepalive.silent_for(times[350], Some(100)), None);
        assert!(keepalive.silent_for(times[445], Some(100)).is_some());
    }
}
