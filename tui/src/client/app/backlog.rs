//! What was said before the user came, or while they were away: it is asked for, and put where it belongs.
//!
//! What follows the last message one knows is asked for from that message on: if it comes first, nothing is
//! missing; if it does not, the server has forgotten some of it, and a line says where.

use chatmaster_core::session::{Action, RequestId};
use chatmaster_core::wire::{Command, MAX_HISTORY, PastMessage, Version};
use jiff::civil::DateTime;

use super::bell::Import;
use super::connection::effects;
use super::log::{Entry, Kind, Pane, Speaker};
use super::windows::{Standing, Window, WindowId};
use super::{App, Effect, Phase};
use crate::client::connection::{Asker, Output};

/// How much is asked for at a time: when one comes, and when one is back or scrolls.
const AT_FIRST: u64 = 50;
const AT_A_TIME: u64 = MAX_HISTORY as u64;
/// How often one asks on for what was said while one was away.
const MAX_PAGES: u32 = 10;

/// How far back the log of a window goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backlog {
    /// Whether an answer is still to come.
    is_asked_for: bool,
    /// Whether the server has nothing older.
    is_whole: bool,
    /// How often was asked on since one is back.
    pages: u32,
}

impl Backlog {
    /// Another session begins, in which nothing was asked for yet.
    pub(super) fn begin(&mut self) {
        self.is_asked_for = false;
        self.pages = 0;
    }
}

impl App {
    /// Asks for what was said in a window since its last message, or at all.
    pub(super) fn catch_up(&mut self, window: WindowId) -> Option<Output> {
        let of = self.windows.get_mut(window)?;
        of.backlog.begin();
        match of.log.last_id() {
            Some(last) => self.ask_for_past(window, None, Some(last), AT_A_TIME),
            None => self.ask_for_past(window, None, None, AT_FIRST),
        }
    }

    /// Asks for what someone said to the user alone while they were away. They may have no window yet.
    pub(super) fn catch_up_with(&mut self, whom: String) -> Option<Output> {
        if let Some(window) = self.windows.person(&whom).map(Window::id) {
            return self.catch_up(window);
        }
        // Numbers grow over all rooms and talks, so that what has a higher one was not seen.
        let last = self
            .windows
            .iter()
            .filter_map(|window| window.log.last_id())
            .max();
        let history = Command::History {
            channel: None,
            with: Some(whom.into()),
            before: None,
            after: Some(last?.saturating_sub(1)),
            limit: Some(AT_A_TIME),
        };
        Some(
            self.connection
                .request(Action::Other(history), Asker::Client),
        )
    }

    /// Asks for what was said before the oldest message of the window that is looked at, if one is at the
    /// top of its log.
    pub(super) fn look_back(&mut self, pane: Pane) -> Vec<Effect> {
        let here = self.windows.here();
        let Backlog {
            is_asked_for,
            is_whole,
            ..
        } = here.backlog;
        if is_asked_for || is_whole || !here.log.has_room() || !here.log.is_at_start(pane) {
            return Vec::new();
        }
        let (id, first) = (here.id(), here.log.first_id());
        effects(self.ask_for_past(id, first, None, AT_A_TIME))
    }

    fn ask_for_past(
        &mut self,
        window: WindowId,
        before: Option<u64>,
        from: Option<u64>,
        limit: u64,
    ) -> Option<Output> {
        let is_talking = self.connection.phase() == Phase::Talking;
        let window = self.windows.get_mut(window)?;
        if self.version == Version::One || !is_talking || window.standing != Standing::In {
            return None;
        }
        let own = |name: &str| name.to_owned().into();
        let (channel, with) = (window.room().map(own), window.person().map(own));
        if channel.is_none() && with.is_none() {
            return None;
        }
        window.backlog.is_asked_for = true;
        let after = from.map(|from| from.saturating_sub(1));
        let history = Command::History {
            channel,
            with,
            before,
            after,
            limit: Some(limit),
        };
        Some(
            self.connection
                .request(Action::Other(history), Asker::Client),
        )
    }

    /// What was asked for has come.
    pub(super) fn history(
        &mut self,
        at: DateTime,
        request: Option<RequestId>,
        messages: Vec<PastMessage<'static>>,
        more: bool,
    ) -> Vec<Effect> {
        let Some(open) = self.answered(request) else {
            return Vec::new();
        };
        let window = self.place_of(&open.action);
        let Action::Other(Command::History {
            with,
            before,
            after,
            ..
        }) = open.action
        else {
            return Vec::new();
        };
        let window = match (window, with) {
            (Some(window), _) => window,
            (None, Some(whom)) if !messages.is_empty() && after.is_some() => {
                self.windows.talk_with(&whom).id()
            }
            // It was closed.
            (None, _) => return Vec::new(),
        };
        let Some(backlog) = self
            .windows
            .get_mut(window)
            .map(|window| &mut window.backlog)
        else {
            return Vec::new();
        };
        backlog.is_asked_for = false;
        let last = messages.last().map(|past| past.id);
        match after {
            Some(after) => {
                self.fill_in(window, after + 1, &messages);
                let effects = self.ring_for_past(at, window, after + 1, &messages);
                let goes_on = last.filter(|last| more && *last > after + 1);
                [effects, self.go_on(window, goes_on)].concat()
            }
            None => {
                let mut is_older = before.is_some();
                for past in messages {
                    let entry = self.past_entry(past);
                    is_older |= self.put_past(window, entry, false);
                }
                if !more {
                    self.reach_start(window, is_older);
                }
                Vec::new()
            }
        }
    }

    /// There is no history: that is not asked for again.
    pub(super) fn no_history(&mut self, window: Option<WindowId>) {
        if let Some(window) = window.and_then(|window| self.windows.get_mut(window)) {
            window.backlog.is_asked_for = false;
            window.backlog.is_whole = true;
        }
    }

    /// Takes in what was said from the message `known` on, while one was away.
    fn fill_in(&mut self, window: WindowId, known: u64, messages: &[PastMessage<'static>]) {
        let first = messages.first().map(|past| past.id);
        let Some(of) = self.windows.get_mut(window) else {
            return;
        };
        let is_followed = of.log.last_id().is_some();
        let news: Vec<_> = messages.iter().filter(|past| past.id > known).collect();
        for past in &news {
            let entry = self.past_entry((*past).clone());
            self.put_past(window, entry, true);
        }
        if let (Some(first), Some(oldest)) = (first, news.first())
            && first != known
            && is_followed
        {
            let what = "Some messages are missing here.";
            let notice = Entry::new(self.local_time(oldest.time), Kind::Info, what);
            if let Some(window) = self.windows.get_mut(window) {
                window.log.note_before(Some(first), notice);
            }
            self.search_anew();
        }
    }

    /// Asks for what comes after the message `last`, if there is more.
    fn go_on(&mut self, window: WindowId, last: Option<u64>) -> Vec<Effect> {
        let Some(last) = last else {
            return Vec::new();
        };
        let pages = self.windows.get_mut(window).map(|window| {
            window.backlog.pages += 1;
            window.backlog.pages
        });
        if pages.is_none_or(|pages| pages > MAX_PAGES) {
            return Vec::new();
        }
        effects(self.ask_for_past(window, None, Some(last), AT_A_TIME))
    }

    /// Puts a message of the past where it belongs. Whether it was not there.
    fn put_past(&mut self, to: WindowId, entry: Entry, is_new: bool) -> bool {
        let Some(window) = self.windows.get_mut(to) else {
            return false;
        };
        let count = window.log.count(&entry).filter(|_| is_new);
        let line = is_new.then(|| entry.clone());
        let is_there = window.log.insert(entry, count);
        if is_there {
            if let Some(entry) = line {
                self.chat_log.add(&entry, window);
            }
            self.search_anew();
        }
        is_there
    }

    /// Rings for what was said meanwhile, as it would have then.
    fn ring_for_past(
        &mut self,
        at: DateTime,
        window: WindowId,
        known: u64,
        messages: &[PastMessage<'static>],
    ) -> Vec<Effect> {
        let news = messages.iter().filter(|past| past.id > known);
        let import = news
            .map(|past| self.import(window, &self.past_entry(past.clone())))
            .max();
        match import {
            Some(import) => self.ring(at, window, import),
            None => Vec::new(),
        }
    }

    /// The log begins where the server's memory does.
    fn reach_start(&mut self, window: WindowId, is_said: bool) {
        let Some(window) = self.windows.get_mut(window) else {
            return;
        };
        window.backlog.is_whole = true;
        if let Some(first) = window.log.first_id().filter(|_| is_said)
            && let Some(at) = window.log.time_of(first)
        {
            let what = "The server keeps nothing older.";
            window
                .log
                .note_before(None, Entry::new(at, Kind::Info, what));
            self.search_anew();
        }
    }

    fn past_entry(&self, past: PastMessage<'static>) -> Entry {
        let name = self.connection.name().unwrap_or_default();
        let speaker = if past.username == name {
            Speaker::User
        } else {
            Speaker::Other
        };
        let entry = Entry::said(
            self.local_time(past.time),
            &past.username,
            speaker,
            &past.message,
        );
        self.for_user(entry).numbered(past.id)
    }

    /// Marks in an entry where it means the user.
    pub(super) fn for_user(&self, entry: Entry) -> Entry {
        match entry.speaker() {
            Some(Speaker::Other) => entry.to(self.connection.name().unwrap_or_default()),
            _ => entry,
        }
    }

    /// What a message in a window is to the user.
    pub(super) fn import(&self, window: WindowId, entry: &Entry) -> Import {
        let is_direct = self
            .windows
            .iter()
            .any(|other| other.id() == window && is_direct(other));
        if entry.speaker() != Some(Speaker::Other) {
            Import::Nothing
        } else if is_direct || entry.mentions_user() {
            Import::Mention
        } else {
            Import::Message
        }
    }
}

fn is_direct(window: &Window) -> bool {
    window.person().is_some()
}
