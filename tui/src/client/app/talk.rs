//! What is said: by the user, where they look; and to them, in the window that it belongs to.

use chatmaster_core::session::{Action, RequestId};
use chatmaster_core::wire::Version;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::bell::Import;
use super::connection::effects;
use super::log::{Entry, Kind, Speaker};
use super::update::escaped;
use super::windows::{Standing, WindowId};
use super::{App, Effect};
use crate::client::connection::Output;

/// A message that has come, and what a server of version 2 knows of it.
pub(super) struct Heard {
    pub(super) username: String,
    pub(super) message: String,
    pub(super) channel: Option<String>,
    pub(super) to: Option<String>,
    pub(super) id: Option<u64>,
    pub(super) time: Option<u64>,
}

impl App {
    /// Says `text` in the window that is looked at.
    pub(super) fn say(&mut self, at: DateTime, text: String) -> Vec<Effect> {
        let here = self.windows.here();
        let action = match (here.room(), here.person()) {
            (_, Some(person)) => Action::Tell {
                to: person.into(),
                text,
            },
            (Some(room), _) if self.version == Version::Two => Action::SayIn {
                channel: room.into(),
                text,
            },
            _ => Action::Say(text),
        };
        self.act(at, action)
    }

    /// Tells one person something, in their window.
    pub(super) fn tell(&mut self, at: DateTime, to: &str, text: String) -> Vec<Effect> {
        let Some((window, mut effects)) = self.open_talk(at, to) else {
            return Vec::new();
        };
        let to = to.into();
        effects.extend(self.act(at, Action::Tell { to, text }));
        if self.windows.here().id() != window {
            self.notice(at, &format!("Told {}", self.directions(window)));
        }
        effects
    }

    /// Looks at the window of a person.
    pub(super) fn query(&mut self, at: DateTime, whom: &str) -> Vec<Effect> {
        let Some((window, effects)) = self.open_talk(at, whom) else {
            return Vec::new();
        };
        self.look_at(window);
        effects
    }

    fn open_talk(&mut self, at: DateTime, whom: &str) -> Option<(WindowId, Vec<Effect>)> {
        if self.version == Version::One {
            self.complain(at, "This server knows no direct messages.");
            return None;
        }
        let is_new = self.windows.person(whom).is_none();
        let window = self.windows.talk_with(whom).id();
        let past = is_new.then(|| self.catch_up(window)).flatten();
        Some((window, effects(past)))
    }

    /// A window and the key that leads there.
    fn directions(&self, window: WindowId) -> String {
        let mut windows = (1..).zip(self.windows.iter());
        match windows.find(|(_, other)| other.id() == window) {
            Some((number @ 1..10, window)) => format!("{} (Alt-{number}).", window.name()),
            Some((_, window)) => format!("{}.", window.name()),
            None => String::new(),
        }
    }

    /// Hands an action of the user to the session. What they say is shown at once.
    pub(super) fn act(&mut self, at: DateTime, action: Action) -> Vec<Effect> {
        let said = match &action {
            Action::Say(text) | Action::SayIn { text, .. } | Action::Tell { text, .. } => {
                let name = self.connection.name().unwrap_or_default();
                let entry = Entry::said(at, name, Speaker::User, text);
                Some((self.window_for(&action), entry))
            }
            _ => None,
        };
        let outputs = self.connection.act(action);
        if let Some((window, entry)) = said {
            let request = outputs.iter().find_map(|output| match output {
                Output::Act(request, _) => Some(*request),
                _ => None,
            });
            let request = request.filter(|_| self.version == Version::Two);
            let entry = request.into_iter().fold(entry, Entry::sent_as);
            self.push(window, entry);
        }
        effects(outputs)
    }

    /// The user said this, and not here.
    pub(super) fn said(&mut self, at: DateTime, text: &str) {
        let name = self.connection.name().unwrap_or_default();
        let entry = Entry::said(at, name, Speaker::User, text);
        self.push(self.window_of(self.connection.room()), entry);
    }

    /// What the user said has its place.
    pub(super) fn sent(&mut self, request: Option<RequestId>, id: u64, time: u64) {
        let at = self.local_time(time);
        let Some((request, open)) = request.zip(self.answered(request)) else {
            return;
        };
        let window = self.window_for(&open.action);
        if let Some(window) = self.windows.get_mut(window)
            && window.log.sent(request, id, at)
        {
            self.search_anew();
        }
    }

    /// Someone has said something.
    pub(super) fn heard(&mut self, at: DateTime, heard: Heard) -> Vec<Effect> {
        let mut effects = Vec::new();
        let window = match (&heard.to, &heard.channel) {
            (Some(_), _) => {
                let is_new = self.windows.person(&heard.username).is_none();
                let window = self.windows.talk_with(&heard.username).id();
                if is_new {
                    effects.extend(self.catch_up(window).map(Effect::from));
                }
                window
            }
            (None, Some(room)) => match self.windows.room(room) {
                Some(window) => window.id(),
                None => {
                    let window = self.windows.enter(room);
                    window.standing = Standing::In;
                    window.id()
                }
            },
            (None, None) => self.window_of(self.connection.room()),
        };
        let at_server = heard.time.map_or(at, |time| self.local_time(time));
        let entry = Entry::said(at_server, &heard.username, Speaker::Other, &heard.message);
        let entry = self.for_user(entry).numbered(heard.id);
        let import = self.import(window, &entry);
        self.push(window, entry);
        effects.extend(self.ring(at, window, import));
        effects
    }

    /// Rings for something in a window, if one wants to hear of it.
    pub(super) fn ring(&mut self, at: DateTime, window: WindowId, import: Import) -> Vec<Effect> {
        let focus = self.windows.focus_on(window);
        let rings = self.ringer.rings(at, import, focus);
        rings.then_some(Effect::Bell).into_iter().collect()
    }

    /// What the user said was not said, for this reason. It is for them to say it again.
    pub(super) fn unsaid(&mut self, at: DateTime, action: &Action, why: &str) {
        let window = self.window_for(action);
        self.push(window, Entry::new(at, Kind::Error, why));
        self.give_back(action);
    }

    /// Has what was not said in the box that it was typed in, unless there is something else.
    pub(super) fn give_back(&mut self, action: &Action) {
        let window = self.place_of(action);
        if let Some(text) = action.text()
            && let Some(window) = window.and_then(|window| self.windows.get_mut(window))
            && window.editor.is_empty()
        {
            window.editor.set(&escaped(text));
        }
    }

    /// A time of the server's where the user is.
    pub(super) fn local_time(&self, milliseconds: u64) -> DateTime {
        let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
        let at = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
        self.zone.to_datetime(at)
    }
}
