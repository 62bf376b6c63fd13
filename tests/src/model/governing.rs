//! What the owner of a room may do about it, and whom a user ignores.

use std::borrow::Cow;

use chatmaster_core::wire::{Command, Version};
use serde_json::{Value, json};

use super::names::{self, Known};
use super::{GENERAL, Model, Names, Refusal, UserId, notification};

const WORDS_BYTES: usize = 512;

impl Model {
    pub(super) fn set_privacy(
        &mut self,
        user: UserId,
        room: &'static str,
        private: bool,
    ) -> Result<(), Refusal> {
        let (word, place) = (
            if private { "private" } else { "public" },
            &self.rooms[room],
        );
        if room == GENERAL {
            return Err(format!("Channel cannot be set to {word}."));
        } else if place.owner != Some(user) {
            return Err(format!("Only the channel's owner can set it to {word}."));
        } else if place.private == private {
            return Err(format!("Channel is already {word}."));
        }
        self.room(room).private = private;
        let data = json!({"channel": self.shown(room), "username": self.users[&user].name.shown});
        self.tell_others(room, user, &notification(&format!("channel_{word}"), data));
        self.list_rooms(user);
        Ok(())
    }

    pub(super) fn ignore(
        &mut self,
        user: UserId,
        whom: Known,
        ignored: bool,
    ) -> Result<(), Refusal> {
        let most = self.limits.max_room_list;
        let list = &mut self.user(user).ignored;
        if ignored {
            note(list, whom, most)?;
        } else {
            forget(list, whom)?;
        }
        let word = if ignored { "ignored" } else { "unignored" };
        self.answer(user, notification(word, json!({"username": whom.shown})));
        Ok(())
    }

    /// What only an owner may do.
    pub(super) fn govern(&mut self, user: UserId, command: &Command<'_>) -> Result<(), Refusal> {
        let (username, words, channel) = parts(command);
        if let Some((what, words)) = words
            && words.len() > WORDS_BYTES
        {
            return Err(format!("A {what} may have at most {WORDS_BYTES} bytes."));
        }
        let whom = username.map(names::username).transpose()?;
        let named = channel.map(names::room).transpose()?;
        let room = self.room_of(user, named)?;
        if room == GENERAL {
            return Err("The general channel has no owner.".into());
        }
        if self.rooms[room].owner != Some(user) {
            return Err("Only the channel's owner can do that.".into());
        }
        let words = words.map_or("", |(_, words)| words);
        let Some(whom) = whom else {
            self.room(room).topic = words.into();
            let told = self.told(room, "topic_changed", "topic", words, user, "username");
            self.tell_newer(room, user, &told);
            return Ok(());
        };
        self.govern_someone(user, room, whom, words, command)
    }

    fn govern_someone(
        &mut self,
        user: UserId,
        room: &'static str,
        whom: Known,
        reason: &str,
        command: &Command<'_>,
    ) -> Result<(), Refusal> {
        let most = self.limits.max_room_list;
        let here = self.of_name(whom);
        let member = here.clone().and_then(|here| {
            let name = self.users[&here].name.shown;
            let is_in = self.users[&here].rooms.contains(&room);
            is_in
                .then_some(here)
                .ok_or(format!("{name} is not in the channel."))
        });
        let (shown, channel) = (whom.shown, self.shown(room));
        match command {
            Command::Invite { .. } => {
                note(&mut self.room(room).invited, whom, most)?;
                let inviter = self.users[&user].name;
                if let Ok(guest) = here
                    && !self.users[&guest].ignored.contains_key(inviter.same)
                    && self.users[&guest].version == Version::Two
                {
                    let data = json!({"channel": channel, "username": inviter.shown});
                    self.mention(guest, notification("invited", data));
                }
                let data = json!({"channel": channel, "username": shown});
                self.answer(user, notification("user_invited", data));
            }
            Command::Uninvite { .. } => {
                forget(&mut self.room(room).invited, whom)?;
                let data = json!({"channel": channel, "username": shown});
                self.answer(user, notification("user_uninvited", data));
            }
            Command::Kick { .. } => self.put_out_by(user, member?, room, "user_kicked", reason),
            Command::Ban { .. } => {
                if member == Ok(user) {
                    return Err("You cannot do that to yourself.".into());
                }
                note(&mut self.room(room).banned, whom, most)?;
                self.room(room).invited.remove(whom.same);
                if let Ok(member) = member {
                    self.put_out_by(user, member, room, "user_banned", reason);
                } else {
                    let mut told = self.told(room, "user_banned", "username", shown, user, "by");
                    told["data"]["reason"] = json!("");
                    self.tell_newer(room, user, &told);
                }
            }
            Command::Unban { .. } => {
                forget(&mut self.room(room).banned, whom)?;
                let told = self.told(room, "user_unbanned", "username", shown, user, "by");
                self.tell_newer(room, user, &told);
            }
            Command::Mute { .. } => {
                if member? == user {
                    return Err("You cannot do that to yourself.".into());
                }
                note(&mut self.room(room).muted, whom, most)?;
                let told = self.told(room, "user_muted", "username", shown, user, "by");
                self.tell_newer(room, user, &told);
            }
            Command::Unmute { .. } => {
                forget(&mut self.room(room).muted, whom)?;
                let told = self.told(room, "user_unmuted", "username", shown, user, "by");
                self.tell_newer(room, user, &told);
            }
            Command::Owner { .. } => {
                let member = member?;
                if member == user {
                    return Err("You cannot do that to yourself.".into());
                }
                let name = self.users[&member].name;
                let place = self.room(room);
                place.owner = Some(member);
                place.muted.remove(name.same);
                let data = json!({"channel": channel, "username": name.shown});
                self.tell_newer(room, user, &notification("owner_changed", data));
            }
            other => unreachable!("{other:?} was dealt with before"),
        }
        Ok(())
    }

    /// Puts a member out; to others who speak version 1 it looks like leaving.
    fn put_out_by(
        &mut self,
        by: UserId,
        member: UserId,
        room: &'static str,
        event: &str,
        reason: &str,
    ) {
        let name = self.users[&member].name.shown;
        let mut newer = self.told(room, event, "username", name, by, "by");
        newer["data"]["reason"] = json!(reason);
        let left = self.user_left(member, room);
        let is_told = self.announces(self.rooms[room].members.len());
        self.put_out(member, room, |to, version| match version {
            // Who does it is answered by what it is.
            Version::One if to == member || to != by => left.clone(),
            _ => newer.clone(),
        });
        if !is_told && by != member {
            self.answer(by, newer);
        }
    }

    /// What is told of something that `by` did in a room.
    fn told(
        &self,
        room: &str,
        event: &str,
        key: &str,
        value: &str,
        by: UserId,
        by_key: &str,
    ) -> Value {
        let mut data = json!({"channel": self.shown(room)});
        data[key] = json!(value);
        data[by_key] = json!(self.users[&by].name.shown);
        notification(event, data)
    }

    /// Tells who of a room speaks version 2, and who did it in any case.
    fn tell_newer(&mut self, room: &str, user: UserId, told: &Value) {
        self.tell_others(room, user, told);
        self.answer(user, told.clone());
    }

    /// Tells who else of a room speaks version 2.
    fn tell_others(&mut self, room: &str, user: UserId, told: &Value) {
        let mut others = self.rooms[room].members.clone();
        others.retain(|other| *other != user);
        self.say(others, |version| {
            (version == Version::Two).then(|| told.clone())
        });
    }

    /// The user of that name.
    pub(super) fn of_name(&self, name: Known) -> Result<UserId, Refusal> {
        let mut users = self.users.iter();
        let user = users.find(|(_, user)| user.name.same == name.same);
        user.map(|(user, _)| *user)
            .ok_or_else(|| format!("There is no user named {}.", name.shown))
    }
}

/// Whom it is about, with what words, called how, and in which room.
#[allow(clippy::type_complexity, reason = "three parts that nothing else has")]
fn parts<'a>(
    command: &'a Command<'_>,
) -> (
    Option<&'a str>,
    Option<(&'static str, &'a str)>,
    Option<&'a str>,
) {
    fn text<'a>(text: &'a Option<Cow<'_, str>>) -> Option<&'a str> {
        text.as_deref()
    }
    match command {
        Command::Topic { topic, channel } => (None, Some(("topic", topic)), text(channel)),
        Command::Kick {
            username,
            reason,
            channel,
        }
        | Command::Ban {
            username,
            reason,
            channel,
        } => {
            let reason = text(reason).unwrap_or_default();
            (Some(username), Some(("reason", reason)), text(channel))
        }
        Command::Invite { username, channel }
        | Command::Uninvite { username, channel }
        | Command::Unban { username, channel }
        | Command::Mute { username, channel }
        | Command::Unmute { username, channel }
        | Command::Owner { username, channel } => (Some(username), None, text(channel)),
        other => unreachable!("{other:?} was dealt with before"),
    }
}

fn note(list: &mut Names, name: Known, most: usize) -> Result<(), Refusal> {
    if list.contains_key(name.same) {
        return Err(format!("That is so for {} already.", name.shown));
    }
    if list.len() >= most {
        return Err(format!(
            "There can be at most {most} names in this list. Take one out first."
        ));
    }
    list.insert(name.same, name);
    Ok(())
}

fn forget(list: &mut Names, name: Known) -> Result<(), Refusal> {
    let gone = list.remove(name.same);
    gone.map(drop)
        .ok_or_else(|| format!("That is not so for {}.", name.shown))
}
