//! From packages to entries (PROTOCOL.md, "Order of a session", "Commands" and "Rooms"): what can be told
//! to be wrong by itself is refused here, the rest goes into the log.
//!
//! Every command is answered exactly once: by its notification, which the asker gets too, or by an
//! `error` whose `error_type` is the command's name.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::addresses::Limited;
use super::conn::Phase;
use super::send::Tag;
use super::slots::Slot;
use super::{CloseReason, Hub, HubWhat};
use crate::names::{NameError, RoomName, Username};
use crate::wire::{
    ClientPackage, Command, Notification, PackageError, ServerPackage, SessionStatus, Tagged,
    Version,
};
use crate::world::{Entry, Govern, Privacy, Refusal, RoomId, TagHash, UserId};

/// Why a command is not done: a sentence for people.
pub(super) struct Because(pub(super) String);

impl From<Refusal> for Because {
    fn from(refusal: Refusal) -> Self {
        Because(format!("{refusal}"))
    }
}

impl From<NameError> for Because {
    fn from(error: NameError) -> Self {
        Because(format!("{error}"))
    }
}

impl From<&str> for Because {
    fn from(told: &str) -> Self {
        Because(told.into())
    }
}

const LOGIN_FIRST: &str = "Log in first.";
/// The most bytes of a topic, and of a reason: a sentence or two in any script. A room keeps its topic, and
/// all its members are told.
pub(crate) const MAX_WORDS_BYTES: usize = 512;

impl Hub {
    /// Does what a package from `slot` asks for.
    pub(super) fn package(&mut self, slot: Slot, Tagged { tag, package }: Tagged<'_>) {
        self.tag = tag.map(|tag| Tag {
            slot,
            tag: tag.into(),
        });
        self.answer(slot, package);
        self.tag = None;
    }

    fn answer(&mut self, slot: Slot, package: Result<ClientPackage<'_>, PackageError>) {
        let is_guest = matches!(self.conn(slot).phase, Phase::Login { .. });
        match package {
            Ok(ClientPackage::Command(Command::Login {
                username,
                version,
                resume,
            })) if is_guest => {
                if let Some(token) = resume
                    && version == Version::Two
                    && self.resume(slot, &token)
                {
                    return;
                }
                if let Err(Because(reason)) = self.login(slot, &username, version) {
                    self.login_failed(slot, reason);
                }
            }
            Err(error) if is_guest && error.error_type == "login" => {
                self.login_failed(slot, error.message);
            }
            Err(error) => self.reply_error(slot, &error.error_type, &error.message),
            Ok(package) => {
                let error_type = match &package {
                    ClientPackage::Message { .. } => "message",
                    ClientPackage::Command(command) => command.name(),
                };
                let done = if is_guest {
                    Err(LOGIN_FIRST.into())
                } else {
                    self.act(slot, package)
                };
                if let Err(Because(reason)) = done {
                    self.reply_error(slot, error_type, &reason);
                }
            }
        }
    }

    /// Does what a user asks for.
    #[expect(clippy::too_many_lines, reason = "one arm for each command")]
    fn act(&mut self, slot: Slot, package: ClientPackage<'_>) -> Result<(), Because> {
        let (user, _) = self.user(slot);
        let command = match package {
            ClientPackage::Message {
                message,
                channel,
                to,
                ..
            } => return self.message(slot, user, message, channel, to),
            ClientPackage::Command(command) => command,
        };
        let govern = |what, channel: Option<RoomName>| Entry::Govern {
            user,
            channel,
            what,
        };
        let entry = match command {
            Command::Login { .. } => return Err("You are already logged in.".into()),
            Command::Rename { username } => {
                self.spend_rename(slot)?;
                let username = self.username(&username)?;
                Entry::Rename { user, username }
            }
            Command::Join { channel, stay } => {
                let channel = self.channel(&channel)?;
                Entry::Join {
                    user,
                    channel,
                    stay,
                }
            }
            Command::Switch { channel } => {
                let channel = self.channel(&channel)?;
                Entry::Switch { user, channel }
            }
            Command::Leave { channel } => {
                let channel = self.maybe(channel)?;
                Entry::Leave { user, channel }
            }
            Command::Private { channel } => {
                govern(Govern::Privacy(Privacy::Private), self.maybe(channel)?)
            }
            Command::Public { channel } => {
                govern(Govern::Privacy(Privacy::Public), self.maybe(channel)?)
            }
            Command::Topic { topic, channel } => {
                let topic = words("topic", topic)?;
                govern(Govern::Topic(topic), self.maybe(channel)?)
            }
            Command::Invite { username, channel } => govern(
                Govern::Invite(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Uninvite { username, channel } => govern(
                Govern::Uninvite(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Kick {
                username,
                reason,
                channel,
            } => {
                let reason = words("reason", reason.unwrap_or_default())?;
                let kick = Govern::Kick(self.username(&username)?, reason);
                govern(kick, self.maybe(channel)?)
            }
            Command::Ban {
                username,
                reason,
                channel,
            } => {
                let reason = words("reason", reason.unwrap_or_default())?;
                let ban = Govern::Ban(self.username(&username)?, reason);
                govern(ban, self.maybe(channel)?)
            }
            Command::Unban { username, channel } => govern(
                Govern::Unban(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Mute { username, channel } => govern(
                Govern::Mute(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Unmute { username, channel } => govern(
                Govern::Unmute(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Owner { username, channel } => govern(
                Govern::Owner(self.username(&username)?),
                self.maybe(channel)?,
            ),
            Command::Ignore { username } => Entry::Ignore {
                user,
                username: self.username(&username)?,
                ignore: true,
            },
            Command::Unignore { username } => Entry::Ignore {
                user,
                username: self.username(&username)?,
                ignore: false,
            },
            Command::Channels {} => {
                self.note_listed(slot, command.name());
                self.list_channels(slot);
                return Ok(());
            }
            Command::Users { ref channel } => {
                let channel = self.maybe(channel.clone())?;
                let room = self.world.room_of(user, channel.as_ref())?;
                self.note_listed(slot, command.name());
                self.list_users(slot, room);
                return Ok(());
            }
            Command::Bans { ref channel } => {
                let channel = self.maybe(channel.clone())?;
                let room = self.world.room_of(user, channel.as_ref())?;
                self.note_listed(slot, command.name());
                self.list_bans(slot, room);
                return Ok(());
            }
            Command::History {
                channel,
                with,
                before,
                after,
                limit,
            } => {
                let channel = self.maybe(channel)?;
                let with = with.map(|with| self.username(&with)).transpose()?;
                let span = super::past::Span {
                    before,
                    after,
                    limit,
                };
                return self.list_history(slot, user, channel, with, span);
            }
            Command::Ping {} => {
                self.reply(slot, &ServerPackage::Notification(Notification::Pong {}));
                return Ok(());
            }
            Command::Quit {} => {
                self.begin_close(slot, CloseReason::Left);
                return Ok(());
            }
        };
        self.propose(Some(slot), entry)
    }

    /// Puts an entry into the log, and tells what comes of it; an answer goes to `asker`. The log is in
    /// memory: an entry has its place at once.
    pub(super) fn propose(&mut self, asker: Option<Slot>, entry: Entry<'_>) -> Result<(), Because> {
        let facts = self.world.apply(self.unix_millis(), entry)?;
        for fact in facts.iter() {
            self.tell(asker, fact);
        }
        Ok(())
    }

    fn username(&self, name: &str) -> Result<Username, NameError> {
        Username::parse_by(self.behaviour.names(), name)
    }

    fn channel(&self, name: &str) -> Result<RoomName, NameError> {
        RoomName::parse_by(self.behaviour.names(), name)
    }

    fn maybe(&self, name: Option<Cow<'_, str>>) -> Result<Option<RoomName>, NameError> {
        name.map(|name| self.channel(&name)).transpose()
    }

    fn login(&mut self, slot: Slot, name: &str, version: Version) -> Result<(), Because> {
        let username = self.username(name)?;
        self.outbox.set_version(slot, version);
        let address = self.conn(slot).counted_address();
        let address = address.map(|address| self.addresses.counted(address));
        self.propose(
            Some(slot),
            Entry::LogIn {
                username,
                version,
                address,
            },
        )
    }

    fn login_failed(&mut self, slot: Slot, reason: String) {
        let tries = self.config.login_tries;
        let (now, conn) = (self.now, self.conn(slot));
        let Phase::Login { failed, .. } = &mut conn.phase else {
            return;
        };
        *failed += 1;
        let last = *failed >= tries;
        let reason = if last {
            format!("{reason} That was the last try.")
        } else {
            reason
        };
        let id = conn.id;
        self.facts.note(now, id, || HubWhat::Refused {
            error_type: "login".into(),
            reason: reason.clone(),
        });
        let status = SessionStatus {
            reason: Some(reason.into()),
            ..SessionStatus::default()
        };
        self.reply(slot, &ServerPackage::Session(status));
        if last {
            self.begin_close(slot, CloseReason::LoginTries);
        }
    }

    fn message(
        &mut self,
        slot: Slot,
        user: UserId,
        text: Cow<'_, str>,
        channel: Option<Cow<'_, str>>,
        to: Option<Cow<'_, str>>,
    ) -> Result<(), Because> {
        let most = self.config.max_message_bytes;
        if text.is_empty() {
            return Err("A message must have text.".into());
        }
        if text.len() > most {
            return Err(Because(format!("A message may have at most {most} bytes.")));
        }
        let tag = self.tag.as_ref().map(|tag| TagHash::of(&tag.tag));
        let entry = match to {
            None => Entry::Say {
                user,
                channel: self.maybe(channel)?,
                text,
                tag,
            },
            Some(_) if channel.is_some() => {
                return Err("A message is for a channel or to a user, not both.".into());
            }
            Some(to) => Entry::Tell {
                user,
                to: self.username(&to)?,
                text,
                tag,
            },
        };
        self.propose(Some(slot), entry)
    }

    /// Counts a rename for the address it comes from.
    fn spend_rename(&mut self, slot: Slot) -> Result<(), Because> {
        let now = self.now;
        let Some(address) = self.conn(slot).counted_address() else {
            return Ok(());
        };
        if let Err(ready) = self.addresses.ready(address, Limited::Rename, now) {
            let seconds = ready.since(now).as_millis().div_ceil(1000);
            return Err(Because(format!(
                "There were too many renames from your address. Try again in {seconds} s."
            )));
        }
        self.addresses.spend(address, Limited::Rename, now);
        Ok(())
    }

    fn note_listed(&mut self, slot: Slot, command: &'static str) {
        let (now, id) = (self.now, self.conn(slot).id);
        self.facts.note(now, id, || HubWhat::Listed(command));
    }

    /// A user goes.
    pub(super) fn log_out(&mut self, user: UserId) {
        // An entry about a user who is there is never refused.
        let _ = self.propose(None, Entry::LogOut { user });
        self.seated.remove(&user);
        self.seats.forget(user);
    }

    /// The version that the connection speaks, once it is logged in.
    pub(super) fn version(&self, slot: Slot) -> Option<Version> {
        let is_user = matches!(self.conns.get(slot)?.phase, Phase::User { .. });
        is_user.then(|| self.outbox.format(slot).version())
    }

    /// The user of the connection in `slot`, and the room they look at.
    pub(super) fn user(&self, slot: Slot) -> (UserId, RoomId) {
        match self.conns.get(slot).map(|conn| &conn.phase) {
            Some(&Phase::User { user, room }) => (user, room),
            _ => unreachable!("commands are done for users who are logged in"),
        }
    }
}

/// A topic or a reason, if it is not too long.
fn words<'a>(what: &str, words: Cow<'a, str>) -> Result<Cow<'a, str>, Because> {
    if words.len() > MAX_WORDS_BYTES {
        return Err(Because(format!(
            "A {what} may have at most {MAX_WORDS_BYTES} bytes."
        )));
    }
    Ok(words)
}
