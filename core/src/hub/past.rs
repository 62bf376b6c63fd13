//! What is told of the past: history, and who is banned (PROTOCOL.md, "Commands").

use alloc::collections::VecDeque;

use super::Hub;
use super::commands::Because;
use super::lists::fitting;
use super::slots::Slot;
use crate::names::{Name, RoomName, Username};
use crate::wire::{MAX_HISTORY, Notification, PastMessage, ServerPackage};
use crate::world::{Message, Place, RoomId, UserId};

/// Which messages are asked for.
pub(super) struct Span {
    /// Only older ones than this.
    pub(super) before: Option<u64>,
    /// Only newer ones than this.
    pub(super) after: Option<u64>,
    /// So many at most.
    pub(super) limit: Option<u64>,
}

/// How many it has if nobody says: a screen full.
const USUAL_MESSAGES: u64 = 50;

impl Hub {
    /// Sends what was said in a room, or with someone alone.
    pub(super) fn list_history(
        &mut self,
        slot: Slot,
        user: UserId,
        channel: Option<RoomName>,
        with: Option<Username>,
        span: Span,
    ) -> Result<(), Because> {
        if !self.world.keeps_history() {
            return Err("This server keeps no history.".into());
        }
        if channel.is_some() && with.is_some() {
            return Err("History is of a channel or with a user, not both.".into());
        }
        if span.before.is_some() && span.after.is_some() {
            return Err("History is before a message or after one, not both.".into());
        }
        let (place, channel, with) = match with {
            Some(with) => {
                let other = self.world.find_user(&with)?;
                let with = self.world.username(other).clone();
                (Place::Pair(user, other), None, Some(with))
            }
            None => {
                let room = self.world.room_of(user, channel.as_ref())?;
                let name = self.world.room(room).map(|room| room.name.clone());
                (Place::Room(room), name, None)
            }
        };
        let limit = span.limit.unwrap_or(USUAL_MESSAGES).min(MAX_HISTORY as u64) as usize;
        let most = self.config.list_bytes();
        let mut messages = VecDeque::new();
        let (mut bytes, mut more) = (0, false);
        let mut take = |message: &Message, front: bool| {
            // An escaped text may be longer; a package is not full to the last byte for it.
            bytes += 128 + 2 * (message.text.len() + message.username.as_str().len());
            if messages.len() == limit || bytes > most && !messages.is_empty() {
                more = true;
                return false;
            }
            let message = PastMessage {
                id: message.id,
                time: message.time,
                username: alloc::string::String::from(message.username.as_str()).into(),
                message: alloc::string::String::from(&*message.text).into(),
            };
            if front {
                messages.push_front(message);
            } else {
                messages.push_back(message);
            }
            true
        };
        let past = self.world.history(place);
        if let Some(after) = span.after {
            let mut newer = past.filter(|message| message.id > after);
            while newer.next().is_some_and(|message| take(message, false)) {}
        } else {
            let before = span.before.unwrap_or(u64::MAX);
            let mut older = past.rev().filter(|message| message.id < before);
            while older.next().is_some_and(|message| take(message, true)) {}
        }
        let history = Notification::History {
            channel: channel.as_ref().map(|channel| channel.as_str().into()),
            with: with.as_ref().map(|with| with.as_str().into()),
            messages: messages.into(),
            more,
        };
        self.reply(slot, &ServerPackage::Notification(history));
        // A few bytes asked for it, and it is written anew each time.
        self.spend_work(slot, self.text.len());
        Ok(())
    }

    /// Sends who is kept out of a room.
    pub(super) fn list_bans(&mut self, slot: Slot, room: RoomId) {
        let mut text = core::mem::take(&mut self.text);
        text.clear();
        if let Some(room) = self.world.room(room) {
            let names = room.banned.values().map(|(name, _)| name.as_str());
            let (users, more) = fitting(names, self.config.list_bytes());
            let list = Notification::BanList {
                channel: room.name.as_str().into(),
                users,
                more,
            };
            ServerPackage::Notification(list).write(&mut text);
        }
        self.text = text;
        self.add_tag(slot);
        self.reply_written(slot);
    }
}
