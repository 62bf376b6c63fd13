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
use super::slots::Slot;
use super::{CloseReason, Hub, HubWhat};
use crate::names::{NameError, RoomName, Username};
use crate::wire::{ClientPackage, Command, PackageError, ServerPackage, SessionStatus};
use crate::world::{Entry, Privacy, Refusal, RoomId, UserId};

/// Why a command is not done: a sentence for people.
struct Because(String);

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

impl Hub {
    /// Does what a package from `slot` asks for.
    pub(super) fn package(&mut self, slot: Slot, package: Result<ClientPackage<'_>, PackageError>) {
        let is_guest = matches!(self.conn(slot).phase, Phase::Login { .. });
        match package {
            Ok(ClientPackage::Command(Command::Login(name))) if is_guest => {
                if let Err(Because(reason)) = self.login(slot, &name) {
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
    fn act(&mut self, slot: Slot, package: ClientPackage<'_>) -> Result<(), Because> {
        let (user, _) = self.user(slot);
        let command = match package {
            ClientPackage::Message { message, .. } => return self.message(slot, user, message),
            ClientPackage::Command(command) => command,
        };
        match command {
            Command::Login(_) => Err("You are already logged in.".into()),
            Command::Rename(name) => self.rename(slot, user, &name),
            Command::Join(channel) => {
                let channel = RoomName::parse_by(self.behaviour.names(), &channel)?;
                self.propose(slot, Entry::Join { user, channel })
            }
            Command::Leave => self.propose(slot, Entry::Leave { user }),
            Command::Private => self.set_privacy(slot, user, Privacy::Private),
            Command::Public => self.set_privacy(slot, user, Privacy::Public),
            Command::Channels => {
                self.note_listed(slot, &command);
                self.list_channels(slot);
                Ok(())
            }
            Command::Users => {
                self.note_listed(slot, &command);
                self.list_users(slot);
                Ok(())
            }
        }
    }

    /// Puts an entry into the log, and tells what comes of it. The log is in memory: an entry has its
    /// place at once.
    fn propose(&mut self, slot: Slot, entry: Entry<'_>) -> Result<(), Because> {
        let facts = self.world.apply(entry)?;
        for fact in facts.into_iter().flatten() {
            self.tell(slot, &fact);
        }
        Ok(())
    }

    fn login(&mut self, slot: Slot, name: &str) -> Result<(), Because> {
        let username = Username::parse_by(self.behaviour.names(), name)?;
        self.propose(slot, Entry::LogIn { username })
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

    fn message(&mut self, slot: Slot, user: UserId, text: Cow<'_, str>) -> Result<(), Because> {
        let most = self.config.max_message_bytes;
        if text.is_empty() {
            return Err("A message must have text.".into());
        }
        if text.len() > most {
            return Err(Because(format!("A message may have at most {most} bytes.")));
        }
        self.propose(slot, Entry::Say { user, text })
    }

    fn rename(&mut self, slot: Slot, user: UserId, name: &str) -> Result<(), Because> {
        self.spend_rename(slot)?;
        let username = Username::parse_by(self.behaviour.names(), name)?;
        self.propose(slot, Entry::Rename { user, username })
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

    fn set_privacy(&mut self, slot: Slot, user: UserId, privacy: Privacy) -> Result<(), Because> {
        self.propose(slot, Entry::SetPrivacy { user, privacy })
    }

    fn note_listed(&mut self, slot: Slot, command: &Command<'_>) {
        let (now, id) = (self.now, self.conn(slot).id);
        let name = command.name();
        self.facts.note(now, id, || HubWhat::Listed(name));
    }

    /// The connection's user goes.
    pub(super) fn log_out(&mut self, slot: Slot, user: UserId) {
        // An entry about a user who is there is never refused.
        let _ = self.propose(slot, Entry::LogOut { user });
    }

    /// The user of the connection in `slot`, and the room they are in.
    pub(super) fn user(&self, slot: Slot) -> (UserId, RoomId) {
        match self.conns.get(slot).map(|conn| &conn.phase) {
            Some(&Phase::User { user, room }) => (user, room),
            _ => unreachable!("commands are done for users who are logged in"),
        }
    }
}
