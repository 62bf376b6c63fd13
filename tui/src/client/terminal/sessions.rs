//! The connection to the server: how it is made without anyone waiting for it, and how it is left.

use std::collections::VecDeque;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::session::{Action, Event, Request, TryActError, Update};
use chatmaster_core::wire::Version;
use chatmaster_core::{Encoding, SessionConfig};
use chatmaster_io::Client;
use crossbeam_channel::Sender;

use super::inbox::{Inbox, Input};
use crate::address::Address;
use crate::client::app::Role;
use crate::client::connect::{Connected, Destination, Host, Hosting};
use crate::client::connection::{Login, MOST};
use crate::runtime::Runtime;

/// How long to wait for the session to end in good order; it has a deadline of its own before.
const LEAVING: Duration = Duration::from_secs(6);

/// Requests that wait at most: what a client remembers of those without an answer.
const MOST_WAITING: usize = MOST;

/// Which of the sessions something comes from: counted, from 0. What comes from one that the user has
/// left is not news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt(u64);

impl Attempt {
    pub(super) const FIRST: Attempt = Attempt(0);
}

/// The session that the user has, and those that still have to end.
pub(super) struct Sessions {
    link: Link,
    /// The session that `link` is about, or was.
    attempt: Attempt,
    /// What the session could not take at once, in order: it is handed over as the session tells that it goes
    /// on.
    waiting: VecDeque<Request>,
    /// Sessions that the user has left, until they have ended.
    leaving: Vec<(Attempt, Client)>,
    host: Option<Host>,
    /// For the next time to connect.
    hosting: Hosting,
    connector: Connector,
}

/// What becomes of a request that the session cannot take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It waits: much is asked for at once by who comes into many rooms, and what was said before the
    /// connection broke may be much.
    Waits,
    /// It is refused, unless others wait already: whoever types it is to know.
    None,
}

/// The connection to the server.
enum Link {
    Down,
    /// A thread is connecting. What the session tells before that thread has handed it over is held.
    Connecting(Vec<Update>),
    Up(Client),
}

impl Sessions {
    pub(super) fn new(connector: Connector) -> Self {
        Sessions {
            link: Link::Down,
            attempt: Attempt::FIRST,
            waiting: VecDeque::new(),
            leaving: Vec::new(),
            host: None,
            hosting: Hosting::IfNeeded,
            connector,
        }
    }

    /// Where the server is.
    pub(super) fn destination(&self) -> &Destination {
        &self.connector.destination
    }

    /// Leaves the server if there is one, unless a seat waits there, and connects anew, to `address` if
    /// there is one. The inbox tells when it is done.
    pub(super) fn connect(&mut self, address: Option<Address>, login: Login) {
        if login.resume.is_some() {
            self.abandon();
        } else {
            self.disconnect();
        }
        let mut host = self.host.take();
        if let Some(address) = address
            && address.to_string() != self.connector.destination.to_string()
        {
            self.connector.destination = Destination::Given(address);
            if let Some(host) = host.take() {
                drop_aside(host);
            }
        }
        self.link = Link::Connecting(Vec::new());
        // Only the first time. Later the port is that of the server that was lost.
        let hosting = mem::replace(&mut self.hosting, Hosting::Never);
        let config = SessionConfig {
            username: login.name,
            channel: login.room,
            version: Version::Two,
            resume: login.resume,
            encoding: self.connector.encoding,
            ..SessionConfig::default()
        };
        self.connector.connect(self.attempt, config, hosting, host);
    }

    /// Turns to the next session. If the one before is there still, it leaves in good order meanwhile,
    /// or at once if its server takes nothing any more.
    pub(super) fn disconnect(&mut self) {
        self.waiting.clear();
        if let Link::Up(client) = mem::replace(&mut self.link, Link::Down) {
            if client.try_act(Action::Quit).is_ok() {
                self.leaving.push((self.attempt, client));
            } else {
                drop_aside(client);
            }
        }
        self.attempt.0 += 1;
    }

    /// Gives the connection up without leaving the server, which keeps the user's seat.
    pub(super) fn abandon(&mut self) {
        self.waiting.clear();
        if let Link::Up(client) = mem::replace(&mut self.link, Link::Down) {
            client.abandon();
            drop_aside(client);
        }
        self.attempt.0 += 1;
    }

    /// Hands a request to the session, behind those that wait.
    pub(super) fn act(&mut self, request: Request, patience: Patience) -> Result<(), TryActError> {
        let Link::Up(client) = &self.link else {
            return Err(TryActError::Disconnected(request));
        };
        let refused = if self.waiting.is_empty() {
            client.try_act(request)
        } else {
            Err(TryActError::Congested(request))
        };
        let may_wait = patience == Patience::Waits || !self.waiting.is_empty();
        match refused {
            Err(TryActError::Congested(request))
                if may_wait && self.waiting.len() < MOST_WAITING =>
            {
                self.waiting.push_back(request);
                Ok(())
            }
            refused => refused,
        }
    }

    /// Hands over what waits, as far as the session takes it.
    fn hand_over(&mut self) {
        if let Link::Up(client) = &self.link {
            while let Some(request) = self.waiting.pop_front() {
                if let Err(TryActError::Congested(request)) = client.try_act(request) {
                    return self.waiting.push_front(request);
                }
            }
        }
    }

    /// What a session tells, if it is news now.
    pub(super) fn news(&mut self, attempt: Attempt, update: Update) -> Option<Update> {
        let ends = matches!(update, Update::Event(Event::Ended(_)));
        if attempt != self.attempt {
            if ends {
                self.leaving.retain(|(leaving, _)| *leaving != attempt);
            }
            return None;
        }
        match &mut self.link {
            Link::Connecting(held) => {
                held.push(update);
                None
            }
            Link::Up(_) | Link::Down => {
                if ends {
                    self.link = Link::Down;
                    self.waiting.clear();
                } else {
                    self.hand_over();
                }
                Some(update)
            }
        }
    }

    /// The end of connecting: what this process is to the server now, and what the session
    /// told meanwhile; or why there is none. Nothing if the user has given it up.
    pub(super) fn connected(
        &mut self,
        attempt: Attempt,
        connected: Result<Connected, String>,
    ) -> Option<Result<(Role, Vec<Update>), String>> {
        if attempt != self.attempt {
            drop_aside(connected);
            return None;
        }
        Some(match connected {
            Ok(Connected { client, host }) => {
                let role = match host {
                    Some(_) => Role::Host,
                    None => Role::Guest,
                };
                self.host = host;
                let held = match mem::replace(&mut self.link, Link::Up(client)) {
                    Link::Connecting(held) => held,
                    Link::Down | Link::Up(_) => Vec::new(),
                };
                Ok((role, held))
            }
            Err(why) => {
                self.link = Link::Down;
                Err(why)
            }
        })
    }

    /// Leaves the server in good order, and stops the one that is hosted here.
    pub(super) fn leave(mut self, inbox: Inbox) {
        let until = Instant::now() + LEAVING;
        self.settle(&inbox, until, |sessions| sessions.waiting.is_empty());
        self.disconnect();
        self.settle(&inbox, until, |sessions| sessions.leaving.is_empty());
        // The sessions' threads may be waiting to tell something; they end with whom they tell.
        drop(inbox);
    }

    /// Goes on until all is done, it takes too long, or the program is asked to end.
    fn settle(&mut self, inbox: &Inbox, until: Instant, is_done: impl Fn(&Self) -> bool) {
        while !is_done(self) {
            match inbox.next(Some(until)) {
                Some(Input::Update(attempt, update)) => drop(self.news(attempt, update)),
                Some(Input::Terminate) | None => return,
                Some(Input::Event(_) | Input::Connected(..)) => {}
            }
        }
    }
}

/// Drops what takes its time, or waits for someone who waits for this thread.
fn drop_aside(what: impl Send + 'static) {
    thread::spawn(move || drop(what));
}

/// What it takes to connect anew.
pub(super) struct Connector {
    pub(super) destination: Destination,
    pub(super) runtime: Runtime,
    pub(super) encoding: Encoding,
    pub(super) happened: Sender<Input>,
}

impl Connector {
    /// Connects on a thread of its own. A server that is hosted here goes on, unless it has ended.
    fn connect(
        &self,
        attempt: Attempt,
        config: SessionConfig,
        hosting: Hosting,
        host: Option<Host>,
    ) {
        let destination = self.destination.clone();
        let runtime = self.runtime;
        let happened = self.happened.clone();
        thread::spawn(move || {
            let (host, failed) = match host.map_or(Ok(None), Host::running) {
                Ok(host) => (host, None),
                Err(why) => (None, Some(why)),
            };
            let tell = {
                let happened = happened.clone();
                move |update| {
                    // Nobody listens any more when the program is about to end.
                    let _ = happened.send(Input::Update(attempt, update));
                }
            };
            let connected = destination
                .connect(runtime, &config, hosting, tell)
                .map(|connected| Connected {
                    host: connected.host.or(host),
                    ..connected
                })
                .map_err(|why| match failed {
                    Some(failed) => format!("{failed}; {why}"),
                    None => why,
                });
            // Nobody waits for it any more when the program is about to end.
            let _ = happened.send(Input::Connected(attempt, connected));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{SocketAddr, TcpListener};

    use chatmaster_core::session::RequestId;

    use super::super::inbox::{Senders, inbox};
    use super::*;

    /// Sessions with a server that is to be hosted here, at this address.
    fn at_a_free_port() -> (Sessions, Senders, Inbox, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let (senders, inbox) = inbox();
        let sessions = Sessions::new(Connector {
            destination: Destination::Here(address),
            runtime: Runtime::default(),
            encoding: Encoding::Zlib,
            happened: senders.other.clone(),
        });
        (sessions, senders, inbox, address)
    }

    /// Connects, and says what comes of it.
    fn connect(sessions: &mut Sessions, inbox: &Inbox) -> Result<Role, String> {
        let login = Login {
            name: Some("alice".into()),
            room: None,
            resume: None,
        };
        sessions.connect(None, login);
        let until = Instant::now() + Duration::from_secs(30);
        while let Some(input) = inbox.next(Some(until)) {
            match input {
                Input::Connected(attempt, connected) => {
                    if let Some(connected) = sessions.connected(attempt, connected) {
                        return connected.map(|(role, _)| role);
                    }
                }
                Input::Update(attempt, update) => drop(sessions.news(attempt, update)),
                _ => {}
            }
        }
        panic!("nothing comes of it");
    }

    #[test]
    fn a_server_is_hosted_at_the_start_and_no_other_in_place_of_one_that_was_lost() {
        let (mut sessions, _senders, inbox, address) = at_a_free_port();
        assert_eq!(connect(&mut sessions, &inbox), Ok(Role::Host));
        assert_eq!(connect(&mut sessions, &inbox), Ok(Role::Host), "it goes on");
        sessions.host = None;
        let why = connect(&mut sessions, &inbox).expect_err("there is none any more");
        assert!(why.contains("nobody is listening there"), "{why}");
        assert!(TcpListener::bind(address).is_ok(), "the port is free");
    }

    #[test]
    fn who_hosts_a_server_that_fails_is_told_why() {
        let (mut sessions, _senders, inbox, _) = at_a_free_port();
        sessions.hosting = Hosting::Never;
        sessions.host = Some(Host::failed(io::Error::other("out of descriptors")));
        let why = connect(&mut sessions, &inbox).expect_err("there is none any more");
        let told = "the server that was hosted here has failed: out of descriptors; cannot connect";
        assert!(why.starts_with(told), "{why}");
    }

    #[test]
    fn what_is_asked_for_at_once_waits_until_the_session_takes_it_but_for_what_is_typed() {
        let (mut sessions, _senders, inbox, _) = at_a_free_port();
        assert_eq!(connect(&mut sessions, &inbox), Ok(Role::Host));
        let until = Instant::now() + Duration::from_secs(30);
        let is_in = |input: &Input| {
            matches!(
                input,
                Input::Update(_, Update::Event(Event::LoggedIn { .. }))
            )
        };
        let mut came = std::iter::from_fn(|| inbox.next(Some(until)));
        assert!(came.any(|input| is_in(&input)), "alice is in");
        // More than a session remembers, and more than are on the way to it.
        let mut count = 0;
        let mut ask = |sessions: &mut Sessions, patience| {
            count += 1;
            sessions.act((RequestId(count), Action::Channels).into(), patience)
        };
        while ask(&mut sessions, Patience::None).is_ok() {}
        assert_eq!(sessions.waiting.len(), 0, "what is typed is refused");
        for _ in 0..100 {
            ask(&mut sessions, Patience::Waits).expect("there is room to wait");
        }
        let waiting = sessions.waiting.len();
        ask(&mut sessions, Patience::None).expect("what is typed next comes behind");
        while sessions.waiting.len() >= waiting {
            match inbox.next(Some(until)) {
                Some(Input::Update(attempt, update)) => drop(sessions.news(attempt, update)),
                Some(_) => {}
                None => panic!("{} wait still", sessions.waiting.len()),
            }
        }
    }
}
