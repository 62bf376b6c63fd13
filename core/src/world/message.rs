//! What is said, in rooms and to one user alone (PROTOCOL.md, "Messages").

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::fact::{Facts, What};
use super::history::Place;
use super::{Refusal, UserId, World};
use crate::fnv::fnv1a;
use crate::names::{Name, RoomName, Username};
use crate::wire::Version;

/// What a user's tagged messages are told apart by: 64 bits of their tags. That two of one user's last
/// 1,024 have the same by chance is one in 10^13; who looks for some takes only their own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TagHash(pub(crate) u64);

impl TagHash {
    pub(crate) fn of(tag: &str) -> Self {
        TagHash(fnv1a(tag.bytes().map(u64::from)))
    }

    fn mark(self) -> u8 {
        self.0 as u8
    }
}

/// A user's last tagged messages, by which one that is sent again is known. The next one takes the place
/// of the oldest once there are as many as there may be.
#[derive(Default)]
pub(super) struct Sent {
    messages: Vec<SentMessage>,
    /// Eight bits of each tag's hash: nearly all are told to be other ones by these, many at a time.
    marks: Vec<u8>,
    /// The place of the oldest.
    oldest: usize,
}

struct SentMessage {
    tag: TagHash,
    id: u64,
    time: u64,
}

/// What is remembered of a user's tagged message, in bytes, in lists that may be twice as long.
pub(crate) const SENT_BYTES: usize = 2 * (size_of::<SentMessage>() + 1);

impl Sent {
    fn find(&self, tag: TagHash) -> Option<&SentMessage> {
        let mut places = memchr::memchr_iter(tag.mark(), &self.marks);
        let place = places.find(|place| self.messages[*place].tag == tag)?;
        self.messages.get(place)
    }

    /// Remembers a message, and `most` at most.
    fn note(&mut self, message: SentMessage, most: usize) {
        if self.messages.len() < most {
            self.marks.push(message.tag.mark());
            self.messages.push(message);
        } else if let Some(oldest) = self.messages.get_mut(self.oldest) {
            self.marks[self.oldest] = message.tag.mark();
            *oldest = message;
            self.oldest = (self.oldest + 1) % most;
        }
    }
}

impl World {
    pub(super) fn say<'a>(
        &mut self,
        user: UserId,
        channel: Option<&RoomName>,
        text: Cow<'a, str>,
        tag: Option<TagHash>,
    ) -> Result<Facts<'a>, Refusal> {
        let id = self.room_of(user, channel)?;
        let room = self.rooms.of_member(id);
        if !room.muted.is_empty() && room.muted.contains_key(&self.user(user).username.key()) {
            return Err(Refusal::Muted);
        }
        if let Some(before) = tag.and_then(|tag| self.said_before(user, tag)) {
            return Ok(self.fact(user, id, before).into());
        }
        let fact = self.fact(user, id, What::Said(text));
        if let What::Said(text) = &fact.what {
            self.remember(Place::Room(fact.room), &fact.username, text);
        }
        Ok(fact.into())
    }

    pub(super) fn tell<'a>(
        &mut self,
        user: UserId,
        name: &Username,
        text: Cow<'a, str>,
        tag: Option<TagHash>,
    ) -> Result<Facts<'a>, Refusal> {
        let to = self.find_user(name)?;
        let room = self.user(user).current;
        let other = self.user(to);
        let name = other.username.clone();
        if let Some(ignored) = other.ignored()
            && ignored.contains_key(&self.user(user).username.key())
        {
            return Err(Refusal::Ignored(name));
        }
        if other.version < Version::Two {
            return Err(Refusal::Unreachable(name));
        }
        if let Some(before) = tag.and_then(|tag| self.said_before(user, tag)) {
            return Ok(self.fact(user, room, before).into());
        }
        let fact = self.fact(user, room, What::Told { to, name, text });
        if let What::Told { text, .. } = &fact.what {
            self.remember(Place::Pair(user, to), &fact.username, text);
        }
        Ok(fact.into())
    }

    /// What came of the message under this tag, if there was one; otherwise it is now.
    fn said_before(&mut self, user: UserId, tag: TagHash) -> Option<What<'static>> {
        let (id, time, most) = (self.seq.0, self.time, self.max_tags);
        let sent = &mut self.user_mut(user).aside().sent;
        if let Some(&SentMessage { id, time, .. }) = sent.find(tag) {
            return Some(What::SaidBefore { id, time });
        }
        sent.note(SentMessage { tag, id, time }, most);
        None
    }
}
