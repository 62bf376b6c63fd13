//! What was said while there was no connection, which is told as if it had come in time.
//!
//! A client that has its seat again asks for the history of each of its rooms, and of each with whom it
//! shares direct messages, after the last message it has seen. Until that is there, what comes from the
//! same place is held back: the order is that of the server.

use std::collections::BTreeMap;

use chatmaster_core::session::{Action, Event};
use chatmaster_core::wire::{Command, MAX_HISTORY, PastMessage};

/// Messages of a place that are held back at most. What comes after them is told at once.
const MOST_HELD: usize = 1000;

/// A room, or with whom one shares direct messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Room(String),
    With(String),
}

/// What a client has seen, and what it catches up with.
#[derive(Default)]
pub(super) struct Past {
    /// The number of the last message that was seen.
    last: u64,
    places: BTreeMap<Place, CatchUp>,
}

/// How far a client is with a place.
struct CatchUp {
    /// The number of the last message that was told.
    last: u64,
    held: Vec<Event>,
}

/// Asks for the last messages of a room.
pub(super) fn last(room: String, limit: u64) -> Action {
    Action::Other(Command::History {
        channel: Some(room.into()),
        with: None,
        before: None,
        after: None,
        limit: Some(limit),
    })
}

impl Past {
    /// The client has its seat again: what to ask for.
    pub(super) fn resumed(&mut self, joined: &[String], with: &[String]) -> Vec<Action> {
        let rooms = joined.iter().cloned().map(Place::Room);
        let places: Vec<_> = rooms.chain(with.iter().cloned().map(Place::With)).collect();
        let last = self.last;
        let held = Vec::new;
        self.places = places
            .iter()
            .map(|place| (place.clone(), CatchUp { last, held: held() }))
            .collect();
        places.iter().map(|place| place.after(last)).collect()
    }

    /// The client is in anew: what was before is for others.
    pub(super) fn forget(&mut self) {
        self.places.clear();
    }

    /// What is to be told of an event by now, and what to ask for; `me` is the user's name. The rest is
    /// told later.
    pub(super) fn take(&mut self, event: Event, me: &str) -> (Vec<Event>, Option<Action>) {
        if let Event::Sent { id, .. } | Event::Message { id: Some(id), .. } = &event {
            self.last = self.last.max(*id);
        }
        let place = match &event {
            Event::Message {
                channel: Some(channel),
                ..
            }
            | Event::History {
                channel: Some(channel),
                ..
            } => Place::Room(channel.clone()),
            Event::Message { username, .. } => Place::With(username.clone()),
            Event::History {
                with: Some(with), ..
            } => Place::With(with.clone()),
            _ => return (vec![event], None),
        };
        let Some(catch_up) = self.places.get_mut(&place) else {
            return (vec![event], None);
        };
        let Event::History { messages, more, .. } = event else {
            if catch_up.held.len() < MOST_HELD {
                catch_up.held.push(event);
                return (Vec::new(), None);
            }
            return (vec![event], None);
        };
        let mut told = Vec::new();
        for past in messages {
            catch_up.last = catch_up.last.max(past.id);
            // What one said oneself one has seen.
            if past.username != me {
                told.push(place.message(past, me));
            }
        }
        if more {
            return (told, Some(place.after(catch_up.last)));
        }
        let last = catch_up.last;
        let is_new =
            |event: &Event| matches!(event, Event::Message { id: Some(id), .. } if *id > last);
        told.extend(catch_up.held.drain(..).filter(is_new));
        self.places.remove(&place);
        (told, None)
    }

    /// The past of a place is not to be had: what was held back of it.
    pub(super) fn refused(&mut self, action: &Action) -> Vec<Event> {
        let Action::Other(Command::History { channel, with, .. }) = action else {
            return Vec::new();
        };
        let room = channel.as_deref().map(|room| Place::Room(room.into()));
        let place = room.or_else(|| Some(Place::With(with.as_deref()?.into())));
        let catch_up = place.and_then(|place| self.places.remove(&place));
        catch_up.map_or_else(Vec::new, |catch_up| catch_up.held)
    }
}

impl Place {
    /// Asks for what was said there after this message.
    fn after(&self, last: u64) -> Action {
        let (channel, with) = match self {
            Place::Room(room) => (Some(room.clone().into()), None),
            Place::With(with) => (None, Some(with.clone().into())),
        };
        Action::Other(Command::History {
            channel,
            with,
            before: None,
            after: Some(last),
            limit: Some(MAX_HISTORY as u64),
        })
    }

    fn message(&self, past: PastMessage<'static>, me: &str) -> Event {
        let (channel, to) = match self {
            Place::Room(room) => (Some(room.clone()), None),
            Place::With(_) => (None, Some(me.to_owned())),
        };
        Event::Message {
            username: past.username.into_owned(),
            message: past.message.into_owned(),
            channel,
            to,
            id: Some(past.id),
            time: Some(past.time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(channel: Option<&str>, username: &str, id: u64) -> Event {
        Event::Message {
            username: username.into(),
            message: format!("{id}"),
            channel: channel.map(Into::into),
            to: channel.is_none().then(|| "me".into()),
            id: Some(id),
            time: Some(id),
        }
    }

    fn history(channel: Option<&str>, messages: &[(&'static str, u64)], more: bool) -> Event {
        Event::History {
            channel: channel.map(Into::into),
            with: channel.is_none().then(|| "bob".into()),
            messages: messages
                .iter()
                .map(|(username, id)| PastMessage {
                    id: *id,
                    time: *id,
                    username: (*username).into(),
                    message: format!("{id}").into(),
                })
                .collect(),
            more,
            request: None,
        }
    }

    #[test]
    fn what_was_missed_is_told_before_what_comes_now_and_each_message_once() {
        let mut past = Past::default();
        past.take(said(Some("den"), "bob", 7), "me");
        let asked = past.resumed(&["den".into(), "lab".into()], &["bob".into()]);
        let after = |channel: Option<&str>, last| {
            Action::Other(Command::History {
                channel: channel.map(|room| room.to_owned().into()),
                with: channel.is_none().then(|| "bob".into()),
                before: None,
                after: Some(last),
                limit: Some(MAX_HISTORY as u64),
            })
        };
        assert_eq!(
            asked,
            [after(Some("den"), 7), after(Some("lab"), 7), after(None, 7)]
        );
        // What comes meanwhile waits, place by place.
        assert_eq!(past.take(said(Some("den"), "bob", 12), "me").0, []);
        assert_eq!(past.take(said(Some("den"), "eve", 14), "me").0, []);
        let elsewhere = said(Some("attic"), "eve", 13);
        assert_eq!(past.take(elsewhere.clone(), "me").0, [elsewhere]);
        let (told, next) = past.take(history(Some("den"), &[("bob", 8), ("me", 9)], true), "me");
        assert_eq!(
            (told, next),
            (
                vec![said(Some("den"), "bob", 8)],
                Some(after(Some("den"), 9))
            )
        );
        let (told, next) = past.take(
            history(Some("den"), &[("eve", 10), ("bob", 12)], false),
            "me",
        );
        let expected = [("eve", 10), ("bob", 12), ("eve", 14)];
        let expected = expected.map(|(who, id)| said(Some("den"), who, id));
        assert_eq!((told, next), (expected.to_vec(), None));
        let live = said(Some("den"), "bob", 15);
        assert_eq!(past.take(live.clone(), "me").0, [live]);
        // What was told alone is found, too.
        let (told, _) = past.take(history(None, &[("bob", 11)], false), "me");
        assert_eq!(told, [said(None, "bob", 11)]);
        // A room that is no more has no past, and holds nothing back.
        assert_eq!(past.take(said(Some("lab"), "eve", 16), "me").0, []);
        assert_eq!(past.refused(&asked[1]), [said(Some("lab"), "eve", 16)]);
    }
}
