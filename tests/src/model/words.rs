//! What is said, in rooms and to one user alone, and what is remembered of it.

use chatmaster_core::wire::Version;
use serde_json::{Value, json};

use super::names::{self, Known};
use super::{Model, Refusal, UserId, notification};

const MESSAGE_BYTES: usize = 4096;
/// The most messages of one answer, and how many it has if nobody says.
const MOST: u64 = 200;
const USUAL: u64 = 50;

/// What was said in one place, oldest first: its number, and the rest as history has it.
pub(super) type Past = Vec<(u64, Value)>;

impl Model {
    pub(super) fn message(
        &mut self,
        user: UserId,
        text: &str,
        channel: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), Refusal> {
        if text.is_empty() {
            return Err("A message must have text.".into());
        }
        if text.len() > MESSAGE_BYTES {
            return Err("A message may have at most 4096 bytes.".into());
        }
        match to {
            Some(_) if channel.is_some() => {
                Err("A message is for a channel or to a user, not both.".into())
            }
            Some(to) => self.whisper(user, text, names::username(to)?),
            None => {
                let named = channel.map(names::room).transpose()?;
                self.talk(user, text, named)
            }
        }
    }

    fn talk(&mut self, user: UserId, text: &str, named: Option<Known>) -> Result<(), Refusal> {
        let room = self.room_of(user, named)?;
        let name = self.users[&user].name;
        if self.rooms[room].muted.contains_key(name.same) {
            return Err("You are muted in this channel.".into());
        }
        if self.is_said_before(user) {
            return Ok(());
        }
        let id = self.number();
        let most = self.limits.history_messages;
        remember(&mut self.room(room).past, id, name, text, most);
        let channel = self.shown(room);
        let mut others = self.rooms[room].members.clone();
        others.retain(|other| *other != user);
        self.say(others, |version| {
            let mut data = json!({"message": text, "username": name.shown});
            if version == Version::Two {
                data["channel"] = json!(channel);
                data["id"] = json!(id);
            }
            Some(json!({"type": "message", "data": data}))
        });
        self.confirm(user, id);
        Ok(())
    }

    fn whisper(&mut self, user: UserId, text: &str, to: Known) -> Result<(), Refusal> {
        let other = self.of_name(to)?;
        let (from, to) = (self.users[&user].name, self.users[&other].name);
        if self.users[&other].ignored.contains_key(from.same) {
            return Err(format!("{} does not take messages from you.", to.shown));
        }
        if self.users[&other].version == Version::One {
            return Err(format!(
                "{} has a client that does not know direct messages.",
                to.shown
            ));
        }
        if self.is_said_before(user) {
            return Ok(());
        }
        let id = self.number();
        let most = self.limits.history_messages;
        let pair = (user.min(other), user.max(other));
        remember(self.pairs.entry(pair).or_default(), id, from, text, most);
        let data = json!({"message": text, "username": from.shown, "to": to.shown, "id": id});
        self.mention(other, json!({"type": "message", "data": data}));
        self.confirm(user, id);
        Ok(())
    }

    /// A message's number.
    fn number(&mut self) -> u64 {
        self.said += 1;
        self.said
    }

    /// Whether this tagged message is one that was sent before, which is told again then.
    fn is_said_before(&mut self, user: UserId) -> bool {
        let Some((_, tag)) = &self.asking else {
            return false;
        };
        let mut tags = self.users[&user].tags.iter();
        let before = tags.find(|(other, _)| other == tag).map(|(_, id)| *id);
        if let Some(id) = before {
            self.answer(user, sent(id));
        }
        before.is_some()
    }

    /// Tells who said something under a tag that it has its place, and remembers the tag.
    fn confirm(&mut self, user: UserId, id: u64) {
        let Some((_, tag)) = self.asking.clone() else {
            return;
        };
        let most = self.limits.max_tags;
        let tags = &mut self.user(user).tags;
        tags.push((tag, id));
        if tags.len() > most {
            tags.remove(0);
        }
        self.answer(user, sent(id));
    }

    pub(super) fn history(
        &mut self,
        user: UserId,
        channel: Option<Known>,
        with: Option<Known>,
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u64>,
    ) -> Result<(), Refusal> {
        if self.limits.history_messages == 0 {
            return Err("This server keeps no history.".into());
        }
        if channel.is_some() && with.is_some() {
            return Err("History is of a channel or with a user, not both.".into());
        }
        if before.is_some() && after.is_some() {
            return Err("History is before a message or after one, not both.".into());
        }
        let (key, name, mut past) = match with {
            Some(with) => {
                let other = self.of_name(with)?;
                let pair = (user.min(other), user.max(other));
                let past = self.pairs.get(&pair).cloned().unwrap_or_default();
                ("with", self.users[&other].name.shown, past)
            }
            None => {
                let room = self.room_of(user, channel)?;
                ("channel", self.shown(room), self.rooms[room].past.clone())
            }
        };
        past.retain(|(id, _)| {
            before.is_none_or(|before| *id < before) && after.is_none_or(|after| *id > after)
        });
        let most = limit.unwrap_or(USUAL).min(MOST) as usize;
        let more = past.len() > most;
        if after.is_some() {
            past.truncate(most);
        } else {
            past.drain(..past.len().saturating_sub(most));
        }
        let messages: Vec<Value> = past.into_iter().map(|(_, message)| message).collect();
        let mut data = json!({"messages": messages, "more": more});
        data[key] = json!(name);
        self.answer(user, notification("history", data));
        Ok(())
    }
}

fn remember(past: &mut Past, id: u64, name: Known, text: &str, most: usize) {
    past.push((
        id,
        json!({"id": id, "username": name.shown, "message": text}),
    ));
    if past.len() > most {
        past.remove(0);
    }
}

fn sent(id: u64) -> Value {
    notification("message_sent", json!({"id": id}))
}
