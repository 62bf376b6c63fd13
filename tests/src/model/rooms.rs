//! Who is where, and under which name.

use chatmaster_core::wire::Version;
use serde_json::{Value, json};

use super::names::{self, Known};
use super::{GENERAL, Model, Refusal, Room, UserId, notification};

impl Model {
    pub(super) fn rename(&mut self, user: UserId, text: &str) -> Result<(), Refusal> {
        let (new, old) = (names::username(text)?, self.users[&user].name);
        if new.shown == old.shown {
            return Err("That is your name already.".into());
        }
        let new = self.free(Some(user), new)?;
        self.user(user).name = new;
        for room in self.users[&user].rooms.clone() {
            // Who may not talk may not by another name either.
            let place = self.room(room);
            if place.muted.remove(old.same).is_some() {
                place.muted.insert(new.same, new);
            }
            let crowd = place.members.len();
            let channel = self.shown(room);
            self.announce(room, crowd, Some(user), |_, version| {
                let names = json!({"old_username": old.shown, "new_username": new.shown});
                let mut told = notification("user_rename", names);
                if version == Version::Two {
                    told["data"]["channel"] = json!(channel);
                }
                told
            });
        }
        Ok(())
    }

    pub(super) fn join(&mut self, user: UserId, text: &str, stay: bool) -> Result<(), Refusal> {
        let wanted = names::room(text)?;
        let from = self.users[&user].current;
        if from == wanted.same {
            return Err("You are already there.".into());
        }
        let is_there = self.users[&user].rooms.contains(&wanted.same);
        if !is_there {
            self.admits(user, wanted)?;
            let most = self.limits.max_user_rooms;
            if stay && self.users[&user].rooms.len() >= most {
                return Err(format!(
                    "You can be in at most {most} channels. Leave one of them first."
                ));
            }
        }
        if !stay {
            let left = self.user_left(user, from);
            let crowd = self.rooms[from].members.len();
            self.step_out(user, from);
            self.announce(from, crowd, None, |_, _| left.clone());
            self.close_if_empty(from);
        }
        if is_there {
            self.switch(user, wanted.same);
        } else {
            let made = Room::new(wanted, Some(user));
            self.rooms.entry(wanted.same).or_insert(made);
            self.step_in(user, wanted.same);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, user: UserId, room: &'static str) -> Result<(), Refusal> {
        if room == GENERAL && self.users[&user].rooms.len() == 1 {
            return Err("You are in the general channel: there is nowhere to leave to.".into());
        }
        let left = self.user_left(user, room);
        self.put_out(user, room, |_, _| left.clone());
        Ok(())
    }

    /// Takes a user out of a room, which they hear of, too.
    pub(super) fn put_out(
        &mut self,
        user: UserId,
        room: &'static str,
        told: impl Fn(UserId, Version) -> Value,
    ) {
        let crowd = self.rooms[room].members.len();
        self.announce(room, crowd, Some(user), told);
        self.step_out(user, room);
        self.close_if_empty(room);
        let place = &self.users[&user];
        match place.rooms.last().copied() {
            None => self.step_in(user, GENERAL),
            Some(last) if place.current == room => self.switch(user, last),
            Some(_) => {}
        }
    }

    pub(super) fn switch(&mut self, user: UserId, room: &'static str) {
        self.user(user).current = room;
        let data = json!({"channel": self.shown(room)});
        self.answer(user, notification("channel_switched", data));
    }

    pub(super) fn step_out(&mut self, user: UserId, room: &'static str) {
        self.user(user).rooms.retain(|other| *other != room);
        let room = self.room(room);
        room.members.retain(|member| *member != user);
        if room.owner == Some(user) {
            room.owner = room.members.first().copied();
        }
    }

    pub(super) fn close_if_empty(&mut self, room: &str) {
        if room != GENERAL && self.rooms[room].members.is_empty() {
            self.rooms.remove(room);
        }
    }

    pub(super) fn step_in(&mut self, user: UserId, room: &'static str) {
        let place = self.user(user);
        place.rooms.push(room);
        place.current = room;
        let (name, version) = (place.name, place.version);
        self.room(room).members.push(user);
        let (channel, topic) = (self.shown(room), self.rooms[room].topic.clone());
        let joined = |topic: &str| {
            let mut data = json!({"username": name.shown, "channel": channel});
            if !topic.is_empty() {
                data["topic"] = json!(topic);
            }
            notification("user_joined", data)
        };
        let crowd = self.rooms[room].members.len();
        if topic.is_empty() || version == Version::One {
            return self.announce(room, crowd, Some(user), |_, _| joined(""));
        }
        let limit = self.limits.announce_limit;
        if limit == 0 || crowd <= limit {
            let mut others = self.rooms[room].members.clone();
            others.retain(|other| *other != user);
            self.say(others, |_| Some(joined("")));
        }
        self.answer(user, joined(&topic));
    }

    pub(super) fn user_left(&self, user: UserId, room: &str) -> Value {
        let name = self.users[&user].name.shown;
        let data = json!({"username": name, "channel": self.shown(room)});
        notification("user_left", data)
    }

    pub(super) fn list_rooms(&mut self, user: UserId) {
        let data = json!({"channels": self.public_rooms()});
        self.answer(user, notification("channel_list", data));
    }

    pub(super) fn public_rooms(&self) -> Vec<&'static str> {
        let public = self.rooms.values().filter(|room| !room.private);
        let mut names: Vec<&str> = public.map(|room| room.name.shown).collect();
        names.sort_unstable();
        names
    }

    /// One of the user's rooms: the one that is named, or the one they look at.
    pub(super) fn room_of(
        &self,
        user: UserId,
        named: Option<Known>,
    ) -> Result<&'static str, Refusal> {
        let user = &self.users[&user];
        match named {
            None => Ok(user.current),
            Some(named) if user.rooms.contains(&named.same) => Ok(named.same),
            Some(named) => Err(format!("You are not in the channel {}.", named.shown)),
        }
    }

    /// Whether nobody but `user` itself has a name that clashes with this one.
    pub(super) fn free(&self, user: Option<UserId>, wanted: Known) -> Result<Known, Refusal> {
        let others = self.users.iter().filter(|(other, _)| user != Some(**other));
        match most_alike(others, |(_, user)| &user.name, &wanted) {
            Some((_, other)) if other.name.same == wanted.same => {
                Err("Username is already taken.".into())
            }
            Some((_, other)) => {
                let other = other.name.shown;
                Err(format!(
                    "Username looks like {other}, which is already taken."
                ))
            }
            None => Ok(wanted),
        }
    }

    /// Whether `user` may go into the room of that name, or make it.
    fn admits(&self, user: UserId, wanted: Known) -> Result<(), Refusal> {
        let same = self.users[&user].name.same;
        match self.rooms.get(wanted.same) {
            Some(room) if room.banned.contains_key(same) => {
                Err("You are banned from this channel.".into())
            }
            Some(room) if room.private && !room.invited.contains_key(same) => {
                Err("Channel is private.".into())
            }
            Some(_) => Ok(()),
            None => match most_alike(self.rooms.values(), |room| &room.name, &wanted) {
                Some(room) => {
                    let other = match room.private {
                        true => "that of another.".into(),
                        false => format!("{}, which exists.", room.name.shown),
                    };
                    Err(format!(
                        "Channel cannot be created: its name looks like {other}"
                    ))
                }
                None => Ok(()),
            },
        }
    }
}

/// Whose name looks most like `wanted`: as shown, else in small letters, else in capitals.
fn most_alike<T>(
    all: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &Known,
    wanted: &Known,
) -> Option<T> {
    let alike = all.filter_map(|one| Some((name(&one).alike(wanted)?, one)));
    alike.min_by_key(|(how, _)| *how).map(|(_, one)| one)
}
