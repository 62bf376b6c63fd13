//! What was said, as far as it is remembered: the last messages of each room, and between each two users.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::{RoomId, UserId, World};
use crate::config::Config;
use crate::names::{Name, Username};

/// Where something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Room(RoomId),
    /// Between these two, alone.
    Pair(UserId, UserId),
}

/// A message that is remembered.
pub(crate) struct Message {
    pub(crate) id: u64,
    /// In milliseconds since 1970.
    pub(crate) time: u64,
    /// The author's name at that time.
    pub(crate) username: Username,
    pub(crate) text: Box<str>,
}

/// What a message takes beside its texts, in bytes: its place, in a list that may be twice as long, one
/// more while the oldest are looked for, and what the allocator adds.
const MESSAGE_BYTES: usize = 2 * size_of::<Message>() + size_of::<u64>() + 48;
/// What two users take who have said something to each other, beside that: their place in two trees, in
/// one of them twice.
const PAIR_BYTES: usize = 3 * (size_of::<Messages>() + 3 * size_of::<(UserId, UserId)>()) + 3 * 48;

impl Message {
    fn bytes(&self) -> usize {
        MESSAGE_BYTES + self.text.len() + self.username.as_str().len()
    }
}

/// The messages of one place, oldest first.
#[derive(Default)]
pub(super) struct Messages {
    messages: VecDeque<Message>,
    bytes: usize,
}

impl Messages {
    /// Forgets the oldest; how many bytes it took.
    fn forget_oldest(&mut self) -> usize {
        let bytes = self.messages.pop_front().map_or(0, |oldest| oldest.bytes());
        self.bytes -= bytes;
        bytes
    }
}

/// How much is remembered, and how much may be.
pub(super) struct History {
    /// The most of a place.
    most: usize,
    /// The most bytes of a place, and of all.
    place_bytes: usize,
    total_bytes: usize,
    /// What all take.
    bytes: usize,
    pairs: BTreeMap<(UserId, UserId), Messages>,
    /// Who has said something to whom alone, both ways round.
    partners: BTreeSet<(UserId, UserId)>,
}

impl History {
    pub(super) fn new(config: &Config) -> Self {
        History {
            most: config.history_messages,
            place_bytes: config.history_bytes,
            total_bytes: config.total_history_bytes,
            bytes: 0,
            pairs: BTreeMap::new(),
            partners: BTreeSet::new(),
        }
    }

    /// Whether anything is remembered at all.
    pub(super) fn is_kept(&self) -> bool {
        self.most > 0
    }

    /// A room is no more.
    pub(super) fn closed(&mut self, past: &Messages) {
        self.bytes -= past.bytes;
    }

    /// Forgets what a user said to others alone, and they to them.
    pub(super) fn forget_pairs(&mut self, user: UserId) {
        let first = (user, UserId(0));
        while let Some(&(_, other)) = self.partners.range(first..).next().filter(|p| p.0 == user) {
            self.partners.remove(&(user, other));
            self.partners.remove(&(other, user));
            if let Some(past) = self.pairs.remove(&in_order(user, other)) {
                self.bytes -= past.bytes + PAIR_BYTES;
            }
        }
    }
}

fn in_order(one: UserId, other: UserId) -> (UserId, UserId) {
    (one.min(other), one.max(other))
}

impl World {
    /// Remembers what was said by the last entry.
    pub(super) fn remember(&mut self, place: Place, username: &Username, text: &str) {
        let history = &mut self.history;
        if !history.is_kept() {
            return;
        }
        let past = match place {
            Place::Room(room) => &mut self.rooms.of_member_mut(room).past,
            Place::Pair(one, other) => {
                let pair = history.pairs.entry(in_order(one, other));
                pair.or_insert_with(|| {
                    history.partners.extend([(one, other), (other, one)]);
                    history.bytes += PAIR_BYTES;
                    Messages::default()
                })
            }
        };
        let message = Message {
            id: self.seq.0,
            time: self.time,
            username: username.clone(),
            text: text.into(),
        };
        let bytes = message.bytes();
        past.messages.push_back(message);
        past.bytes += bytes;
        history.bytes += bytes;
        while past.messages.len() > history.most || past.bytes > history.place_bytes {
            history.bytes -= past.forget_oldest();
        }
        if history.bytes > history.total_bytes {
            self.forget_oldest();
        }
    }

    /// Forgets the oldest eighth of all, so that it is seldom to be done, until the rest is not too much.
    #[cold]
    fn forget_oldest(&mut self) {
        while self.history.bytes > self.history.total_bytes {
            let rooms = self.rooms.iter().map(|(_, room)| &room.past);
            let places = rooms.chain(self.history.pairs.values());
            let ids = places.flat_map(|past| past.messages.iter().map(|message| message.id));
            let mut ids: Vec<u64> = ids.collect();
            if ids.is_empty() {
                return;
            }
            let eighth = ids.len() / 8;
            let last = *ids.select_nth_unstable(eighth).1;
            let rooms = self.rooms.iter_mut().map(|room| &mut room.past);
            let history = &mut self.history;
            for past in rooms.chain(history.pairs.values_mut()) {
                while past
                    .messages
                    .front()
                    .is_some_and(|oldest| oldest.id <= last)
                {
                    history.bytes -= past.forget_oldest();
                }
                past.messages.shrink_to(2 * past.messages.len());
            }
            history.pairs.retain(|pair, past| {
                let keep = !past.messages.is_empty();
                if !keep {
                    history.bytes -= PAIR_BYTES;
                    history.partners.remove(pair);
                    history.partners.remove(&(pair.1, pair.0));
                }
                keep
            });
        }
    }

    /// What was said there, as far as it is remembered, oldest first.
    pub(crate) fn history(&self, place: Place) -> impl DoubleEndedIterator<Item = &Message> {
        let past = match place {
            Place::Room(room) => self.rooms.get(room).map(|room| &room.past),
            Place::Pair(one, other) => self.history.pairs.get(&in_order(one, other)),
        };
        past.into_iter().flat_map(|past| past.messages.iter())
    }

    /// Who has said something to a user alone, or been told something, as far as it is remembered.
    pub(crate) fn partners(&self, user: UserId) -> impl Iterator<Item = UserId> {
        let partners = self.history.partners.range((user, UserId(0))..);
        let of_user = partners.take_while(move |(one, _)| *one == user);
        of_user.map(|(_, other)| *other)
    }

    pub(super) fn check_history(&self) {
        let History {
            most,
            place_bytes,
            total_bytes,
            pairs,
            ..
        } = &self.history;
        let rooms = self.rooms.iter().map(|(_, room)| &room.past);
        let mut all = PAIR_BYTES * pairs.len();
        for past in rooms.chain(pairs.values()) {
            let bytes: usize = past.messages.iter().map(Message::bytes).sum();
            assert_eq!(past.bytes, bytes, "what a place takes is counted");
            assert!(past.messages.len() <= *most, "a place is bounded");
            assert!(bytes <= *place_bytes, "a place is bounded in bytes");
            all += bytes;
        }
        assert_eq!(self.history.bytes, all, "what all take is counted");
        assert!(all <= *total_bytes, "history is bounded in bytes");
        let both: usize = pairs
            .keys()
            .map(|(one, other)| if one == other { 1 } else { 2 })
            .sum();
        assert_eq!(
            self.history.partners.len(),
            both,
            "who has told whom is known"
        );
    }
}
