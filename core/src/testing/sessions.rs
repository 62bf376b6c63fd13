//! Sessions, called by name, that are connected to a hub in memory.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::harness::{ClientId, Harness};
use crate::session::{Action, ActionError, Event, RequestId};
use crate::{Config, Session, SessionConfig, SessionInput, SessionOutput};

/// How often bytes may go round before something has to have come to rest.
const ROUNDS: usize = 1_000;

/// A hub in memory and the [`Session`]s of its users, each by a name that is the test's own.
///
/// Nothing moves before [`Sessions::settle`], so a test may have several act at once.
pub struct Sessions {
    /// The hub, and the sessions' ends of their connections.
    pub harness: Harness,
    members: BTreeMap<String, Member>,
}

struct Member {
    client: ClientId,
    session: Session,
    /// What it told and nobody has asked for.
    events: Vec<Event>,
    /// Who acts for it.
    bot: Option<Bot>,
    /// Whether it knows that the server has closed the connection.
    told: bool,
}

type Bot = Box<dyn FnMut(&Event) -> Vec<Action>>;

impl Sessions {
    /// A hub without connections.
    pub fn new(config: Config) -> Self {
        Sessions {
            harness: Harness::new(config),
            members: BTreeMap::new(),
        }
    }

    /// Connects one more session, which logs in under its name; and settles.
    ///
    /// # Panics
    /// If it is not let in, or there is a session of that name.
    pub fn log_in(&mut self, name: &str) {
        self.connect(
            name,
            SessionConfig {
                username: Some(name.into()),
                ..SessionConfig::default()
            },
        );
        self.settle();
        assert!(self.session(name).place().is_some(), "{name} is let in");
    }

    /// Connects one more session, which is called `name` from now on, whatever the hub calls it.
    ///
    /// # Panics
    /// If there is a session of that name.
    pub fn connect(&mut self, name: &str, config: SessionConfig) {
        let member = Member {
            client: self.harness.connect(),
            session: Session::new(config),
            events: Vec::new(),
            bot: None,
            told: false,
        };
        let before = self.members.insert(name.to_string(), member);
        assert!(before.is_none(), "{name} is connected already");
    }

    /// Connects one more session, which logs in under its name and answers each event with the actions
    /// that `bot` says, once it is in.
    ///
    /// # Panics
    /// If it is not let in, or there is a session of that name; and later, if an action of the bot is
    /// not taken.
    pub fn bot<A: IntoIterator<Item = Action>>(
        &mut self,
        name: &str,
        mut bot: impl FnMut(&Event) -> A + 'static,
    ) {
        self.log_in(name);
        self.member(name).bot = Some(Box::new(move |event| bot(event).into_iter().collect()));
    }

    /// Has a session act.
    ///
    /// # Errors
    /// Why the session does not.
    pub fn act(&mut self, name: &str, action: Action) -> Result<RequestId, ActionError> {
        let now = self.harness.now;
        self.member(name).session.act(now, action)
    }

    /// Breaks a session's connection.
    pub fn break_off(&mut self, name: &str) {
        let now = self.harness.now;
        let member = self.member(name);
        member.session.handle(now, SessionInput::Closed);
        let client = member.client;
        self.harness.close(client);
    }

    /// Moves bytes between the sessions and the hub until none is left. No time passes.
    ///
    /// # Panics
    /// If it does not come to an end: two bots may answer each other for ever.
    pub fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let mut moved = false;
            for member in self.members.values_mut() {
                moved |= member.turn(&mut self.harness);
            }
            if !moved {
                return;
            }
        }
        panic!("nothing has come to rest after {ROUNDS} rounds");
    }

    /// Settles, and lets time pass, with all that is due on the way.
    pub fn advance(&mut self, by: Duration) {
        let end = self.harness.now + by;
        loop {
            self.settle();
            let timeouts = self.members.values().map(|m| m.session.poll_timeout());
            let timeouts = timeouts.chain([self.harness.hub.poll_timeout()]);
            let next = timeouts.flatten().min().map_or(end, |due| due.min(end));
            let step = next
                .as_micros()
                .saturating_sub(self.harness.now.as_micros());
            self.harness.advance(Duration::from_micros(step));
            for member in self.members.values_mut() {
                member.session.handle(next, SessionInput::Tick);
            }
            if next == end {
                return self.settle();
            }
        }
    }

    /// What has happened to a session since this was last asked.
    pub fn events(&mut self, name: &str) -> Vec<Event> {
        core::mem::take(&mut self.member(name).events)
    }

    /// What a session has heard said since this was last asked, by whom and what; all other events are
    /// dropped.
    pub fn heard(&mut self, name: &str) -> Vec<(String, String)> {
        let events = self.events(name).into_iter();
        let heard = events.filter_map(|event| match event {
            Event::Message {
                username, message, ..
            } => Some((username, message)),
            _ => None,
        });
        heard.collect()
    }

    /// The session of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn session(&self, name: &str) -> &Session {
        let member = self.members.get(name);
        &member.expect("there is a session of that name").session
    }

    fn member(&mut self, name: &str) -> &mut Member {
        let member = self.members.get_mut(name);
        member.expect("there is a session of that name")
    }
}

impl Member {
    /// Takes what has come, and sends what is to go. Whether there was anything.
    fn turn(&mut self, harness: &mut Harness) -> bool {
        let now = harness.now;
        let mut moved = false;
        let bytes = harness.take(self.client);
        if !bytes.is_empty() {
            moved = true;
            self.session.handle(now, SessionInput::Received(&bytes));
        }
        if harness.is_closed(self.client) && !self.told {
            (moved, self.told) = (true, true);
            self.session.handle(now, SessionInput::Eof);
        }
        while let Some(event) = self.session.poll_event() {
            moved = true;
            let actions = self.bot.as_mut().map(|bot| bot(&event)).unwrap_or_default();
            self.events.push(event);
            for action in actions {
                let done = self.session.act(now, action);
                done.expect("a bot does what it can");
            }
        }
        while let Some(output) = self.session.poll_output() {
            moved = true;
            match output {
                SessionOutput::Write => {
                    let bytes = self.session.pending().to_vec();
                    let sent = SessionInput::Sent(bytes.len() as u32);
                    self.session.handle(now, sent);
                    harness.send(self.client, &bytes);
                }
                SessionOutput::Finish => harness.hang_up(self.client),
                SessionOutput::Close => harness.close(self.client),
            }
        }
        moved
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.members.iter();
        let places = places.map(|(name, member)| (name, member.session.place()));
        f.debug_map().entries(places).finish()
    }
}
