//! What packages do (PROTOCOL.md, "Order of a session", "Commands" and "Rooms").
//!
//! Every command is answered exactly once: by its notification, which the asker gets too, or by an
//! `error` whose `error_type` is the command's name.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::addresses::Deed;
use super::conn::Phase;
use super::lists::fitting;
use super::room::{GENERAL, NoRoom, Privacy};
use super::{CloseReason, Hub};
use crate::names::{Name, RoomName, Rules, Username};
use crate::wire::{
    ClientPackage, Command, Notification, PackageError, ServerPackage, SessionStatus,
};

/// Why a command is not done: a sentence for people.
type Refusal = Cow<'static, str>;

const LOGIN_FIRST: &str = "Log in first.";

impl Hub {
    /// Does what a package from `slot` asks for.
    pub(super) fn package(&mut self, slot: u32, package: Result<ClientPackage<'_>, PackageError>) {
        let package = match (&self.conn(slot).phase, package) {
            (Phase::Login { .. }, Ok(ClientPackage::Command(Command::Login(name)))) => {
                return self.login(slot, &name);
            }
            (
                Phase::Login { .. },
                Err(PackageError {
                    error_type,
                    message,
                }),
            ) if error_type == "login" => {
                return self.login_failed(slot, message);
            }
            (
                _,
                Err(PackageError {
                    error_type,
                    message,
                }),
            ) => {
                return self.reply_error(slot, &error_type, &message);
            }
            (Phase::Login { .. }, Ok(ClientPackage::Message { .. })) => {
                return self.reply_error(slot, "message", LOGIN_FIRST);
            }
            (Phase::Login { .. }, Ok(ClientPackage::Command(command))) => {
                return self.reply_error(slot, command.name(), LOGIN_FIRST);
            }
            (_, Ok(package)) => package,
        };
        match package {
            ClientPackage::Message { message, .. } => {
                if let Err(refusal) = self.message(slot, message) {
                    self.reply_error(slot, "message", &refusal);
                }
            }
            ClientPackage::Command(command) => {
                let error_type = command.name();
                let done = match command {
                    Command::Login(_) => Err("You are already logged in.".into()),
                    Command::Rename(name) => self.rename(slot, &name),
                    Command::Join(channel) => self.join(slot, &channel),
                    Command::Leave => self.leave(slot),
                    Command::Private => self.set_privacy(slot, Privacy::Private),
                    Command::Public => self.set_privacy(slot, Privacy::Public),
                    Command::Channels => {
                        self.list_channels(slot);
                        Ok(())
                    }
                    Command::Users => {
                        self.list_users(slot);
                        Ok(())
                    }
                };
                if let Err(refusal) = done {
                    self.reply_error(slot, error_type, &refusal);
                }
            }
        }
    }

    fn login(&mut self, slot: u32, name: &str) {
        let name = match Username::parse_by(self.behaviour.names(), name) {
            Ok(name) => name,
            Err(error) => return self.login_failed(slot, format!("{error}")),
        };
        if let Err(holder) = self.usernames.claim(&name, slot) {
            let reason = self.taken(&name, holder);
            return self.login_failed(slot, reason.into());
        }
        let room = GENERAL;
        self.conn(slot).phase = Phase::User {
            name: name.clone(),
            room,
        };
        self.set_timer(slot);
        let (channels, more) = fitting(self.rooms.listed(), self.config.list_bytes());
        let session = ServerPackage::Session(SessionStatus {
            status: true,
            channels: Some(channels),
            more,
            username: Some(name.as_str().into()),
            channel: Some(RoomName::GENERAL.into()),
            reason: None,
        });
        self.text.clear();
        session.write(&mut self.text);
        self.reply_written(slot);
        self.enter(slot, room, &name);
    }

    fn login_failed(&mut self, slot: u32, reason: String) {
        let tries = self.config.login_tries;
        let Phase::Login { failed, .. } = &mut self.conn(slot).phase else {
            return;
        };
        *failed += 1;
        let last = *failed >= tries;
        let reason = if last {
            format!("{reason} That was the last try.")
        } else {
            reason
        };
        let status = SessionStatus {
            reason: Some(reason.into()),
            ..SessionStatus::default()
        };
        self.reply(slot, &ServerPackage::Session(status));
        if last {
            self.begin_close(slot, CloseReason::LoginTries);
        }
    }

    fn message(&mut self, slot: u32, message: Cow<'_, str>) -> Result<(), Refusal> {
        let most = self.config.max_message_bytes;
        if message.is_empty() {
            return Err("A message must have text.".into());
        }
        if message.len() > most {
            return Err(format!("A message may have at most {most} bytes.").into());
        }
        let mut text = core::mem::take(&mut self.text);
        let (name, room) = self.user(slot);
        let username = name.as_str().into();
        text.clear();
        let controls = self.behaviour.controls();
        ServerPackage::Message { message, username }.write_with(controls, &mut text);
        self.text = text;
        self.broadcast_written(room, Some(slot));
        Ok(())
    }

    fn rename(&mut self, slot: u32, name: &str) -> Result<(), Refusal> {
        self.spend_rename(slot)?;
        let new =
            Username::parse_by(self.behaviour.names(), name).map_err(|error| format!("{error}"))?;
        let (old, room) = self.user(slot);
        let old = old.clone();
        if new == old {
            return Err("That is your name already.".into());
        }
        self.usernames
            .exchange(&old, &new, slot)
            .map_err(|holder| self.taken(&new, holder))?;
        self.conn(slot).phase = Phase::User {
            name: new.clone(),
            room,
        };
        self.rooms.renamed(room);
        let old_username = old.as_str().into();
        let new_username = new.as_str().into();
        let renamed = ServerPackage::Notification(Notification::UserRename {
            old_username,
            new_username,
        });
        let members = self.rooms.get(room).members.len();
        self.announce(room, members, &renamed, Some(slot));
        Ok(())
    }

    /// Counts a rename for the address it comes from.
    fn spend_rename(&mut self, slot: u32) -> Result<(), Refusal> {
        let now = self.now;
        let Some(address) = self.conn(slot).counted_address() else {
            return Ok(());
        };
        if let Err(ready) = self.addresses.ready(address, Deed::Rename, now) {
            let seconds = ready.since(now).as_millis().div_ceil(1000);
            let refusal =
                format!("There were too many renames from your address. Try again in {seconds} s.");
            return Err(refusal.into());
        }
        self.addresses.spend(address, Deed::Rename, now);
        Ok(())
    }

    fn join(&mut self, slot: u32, channel: &str) -> Result<(), Refusal> {
        let wanted = RoomName::parse_by(self.behaviour.names(), channel)
            .map_err(|error| format!("{error}"))?;
        let (name, from) = self.user(slot);
        let name = name.clone();
        let to = match self.rooms.find(&wanted) {
            Some(room) if room == from => return Err("You are already there.".into()),
            Some(room) if self.rooms.get(room).privacy == Privacy::Private => {
                return Err("Channel is private.".into());
            }
            Some(room) => room,
            None => {
                // The room that is left may cease to exist by it.
                let left = from != GENERAL && self.rooms.get(from).members.len() == 1;
                if self.rooms.len() - usize::from(left) >= self.config.max_rooms {
                    return Err("There are too many channels. Join one of them instead.".into());
                }
                self.rooms
                    .create(wanted)
                    .map_err(|NoRoom::Clash(other)| self.no_room(other))?
            }
        };
        self.rooms.leave(from, slot);
        self.announce_left(from, &name, None);
        self.enter(slot, to, &name);
        Ok(())
    }

    fn leave(&mut self, slot: u32) -> Result<(), Refusal> {
        let (name, room) = self.user(slot);
        let name = name.clone();
        if room == GENERAL {
            return Err("You are in the general channel: there is nowhere to leave to.".into());
        }
        // The leaver is told too, and so still a member.
        self.announce_left(room, &name, Some(slot));
        self.rooms.leave(room, slot);
        self.enter(slot, GENERAL, &name);
        Ok(())
    }

    fn set_privacy(&mut self, slot: u32, privacy: Privacy) -> Result<(), Refusal> {
        let (_, room) = self.user(slot);
        let place = self.rooms.get(room);
        let word = match privacy {
            Privacy::Private => "private",
            Privacy::Public => "public",
        };
        if room == GENERAL {
            return Err(format!("Channel cannot be set to {word}.").into());
        }
        if place.owner != Some(slot) {
            return Err(format!("Only the channel's owner can set it to {word}.").into());
        }
        if place.privacy == privacy {
            return Err(format!("Channel is already {word}.").into());
        }
        self.rooms.set_privacy(room, privacy);
        self.list_channels(slot);
        Ok(())
    }

    /// Why nobody can have the name `wanted` while `holder` has its own.
    fn taken(&self, wanted: &Username, holder: u32) -> Refusal {
        let (other, _) = self.user(holder);
        if self.behaviour.names() == Rules::Former || other.key() == wanted.key() {
            return "Username is already taken.".into();
        }
        format!("Username looks like {other}, which is already taken.").into()
    }

    /// Why there cannot be a room whose name looks like that of `other`: a private one is not named.
    fn no_room(&self, other: u32) -> Refusal {
        let other = self.rooms.get(other);
        if self.behaviour.names() == Rules::Former || other.privacy == Privacy::Private {
            return "Channel cannot be created: its name looks like that of another.".into();
        }
        let other = &other.name;
        format!("Channel cannot be created: its name looks like {other}, which exists.").into()
    }

    /// The name and room of the user in `slot`.
    pub(super) fn user(&self, slot: u32) -> (&Username, u32) {
        match self.conns[slot as usize].as_ref().map(|conn| &conn.phase) {
            Some(Phase::User { name, room }) => (name, *room),
            _ => unreachable!("commands are done for users who are logged in"),
        }
    }

    /// Puts the user into a room, and announces it there.
    fn enter(&mut self, slot: u32, room: u32, name: &Username) {
        self.conn(slot).phase = Phase::User {
            name: name.clone(),
            room,
        };
        self.rooms.enter(room, slot);
        let place = self.rooms.get(room);
        let members = place.members.len();
        let channel = String::from(place.name.as_str());
        let username = name.as_str().into();
        let joined = ServerPackage::Notification(Notification::UserJoined {
            username,
            channel: Some(channel.into()),
        });
        self.announce(room, members, &joined, Some(slot));
    }

    /// Announces to `room`, if it still exists, that a user left it, who is still in `leaver` if to be
    /// told too.
    pub(super) fn announce_left(&mut self, room: u32, name: &Username, leaver: Option<u32>) {
        let Some(place) = self.rooms.try_get(room) else {
            return;
        };
        let members = place.members.len() + usize::from(leaver.is_none());
        let channel = String::from(place.name.as_str());
        let username = name.as_str().into();
        let left = ServerPackage::Notification(Notification::UserLeft {
            username,
            channel: Some(channel.into()),
        });
        self.announce(room, members, &left, leaver);
    }

    /// Tells all of `room` what someone in it does; only `concerned` where there are too many members
    /// to tell each of them.
    fn announce(
        &mut self,
        room: u32,
        members: usize,
        package: &ServerPackage<'_>,
        concerned: Option<u32>,
    ) {
        if self.config.announces(members) {
            self.broadcast(room, package);
        } else if let Some(slot) = concerned {
            self.reply(slot, package);
        }
    }
}
