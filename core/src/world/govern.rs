//! What the owner of a room may do about it (PROTOCOL.md, "Rooms").

use alloc::borrow::Cow;
use core::net::IpAddr;

use super::entry::Govern;
use super::fact::{Departure, Fact, Facts, What};
use super::room::{Named, Privacy, Room};
use super::{Refusal, RoomId, UserId, World};
use crate::names::{Name, RoomName, Username};

impl World {
    pub(super) fn govern<'a>(
        &mut self,
        user: UserId,
        channel: Option<&RoomName>,
        what: Govern<'a>,
    ) -> Result<Facts<'a>, Refusal> {
        let id = self.room_of(user, channel)?;
        let room = self.rooms.of_member(id);
        if let Govern::Privacy(privacy) = what {
            return self.set_privacy(user, id, privacy).map(Facts::from);
        }
        if id == RoomId::GENERAL {
            return Err(Refusal::Nobodys);
        }
        if room.owner != Some(user) {
            return Err(Refusal::Owners);
        }
        let most = self.max_room_list;
        let what = match what {
            Govern::Privacy(_) => unreachable!("it was dealt with above"),
            Govern::Topic(topic) => {
                self.rooms.of_member_mut(id).topic = (*topic).into();
                What::Topic(topic)
            }
            Govern::Invite(guest) => {
                note(&mut self.rooms.of_member_mut(id).invited, &guest, (), most)?;
                let here = self.find_user(&guest).ok().filter(|here| {
                    let username = &self.user(user).username;
                    !self
                        .user(*here)
                        .ignored()
                        .is_some_and(|ignored| ignored.contains_key(&username.key()))
                });
                let may = true;
                What::Invited { guest, here, may }
            }
            Govern::Uninvite(guest) => {
                forget(&mut self.rooms.of_member_mut(id).invited, &guest)?;
                let (here, may) = (None, false);
                What::Invited { guest, here, may }
            }
            Govern::Kick(username, reason) => {
                let whom = self.member(id, &username)?;
                return Ok(self.kick(user, whom, id, reason, false));
            }
            Govern::Ban(username, reason) => {
                let whom = self.find_user(&username).ok();
                let address = whom.and_then(|whom| self.user(whom).address);
                let whom = whom.filter(|whom| self.user(*whom).rooms.contains(&id));
                if whom == Some(user) {
                    return Err(Refusal::Yourself);
                }
                let room = self.rooms.of_member_mut(id);
                note::<Option<IpAddr>>(&mut room.banned, &username, address, most)?;
                room.invited.remove(&username.key());
                return Ok(match whom {
                    Some(whom) => self.kick(user, whom, id, reason, true),
                    None => self.fact(user, id, What::Banned(username)).into(),
                });
            }
            Govern::Unban(username) => {
                forget(&mut self.rooms.of_member_mut(id).banned, &username)?;
                What::Unbanned(username)
            }
            Govern::Mute(username) => {
                if self.member(id, &username)? == user {
                    return Err(Refusal::Yourself);
                }
                note(&mut self.rooms.of_member_mut(id).muted, &username, (), most)?;
                let (whom, muted) = (username, true);
                What::Muted { whom, muted }
            }
            Govern::Unmute(username) => {
                forget(&mut self.rooms.of_member_mut(id).muted, &username)?;
                let (whom, muted) = (username, false);
                What::Muted { whom, muted }
            }
            Govern::Owner(username) => {
                let whom = self.member(id, &username)?;
                if whom == user {
                    return Err(Refusal::Yourself);
                }
                let room = self.rooms.of_member_mut(id);
                room.owner = Some(whom);
                room.muted.remove(&username.key());
                What::Owner(self.user(whom).username.clone())
            }
        };
        Ok(self.fact(user, id, what).into())
    }

    /// The member of a room who has this name.
    fn member(&self, room: RoomId, username: &Username) -> Result<UserId, Refusal> {
        let user = self.find_user(username)?;
        if self.user(user).rooms.contains(&room) {
            Ok(user)
        } else {
            Err(Refusal::NotAMember(self.user(user).username.clone()))
        }
    }

    fn kick(
        &mut self,
        user: UserId,
        whom: UserId,
        room: RoomId,
        reason: Cow<'_, str>,
        banned: bool,
    ) -> Facts<'static> {
        let why = Departure::Kicked {
            by: self.user(user).username.clone(),
            reason: (*reason).into(),
            banned,
        };
        self.put_out(whom, room, why)
    }

    fn set_privacy(
        &mut self,
        user: UserId,
        id: RoomId,
        privacy: Privacy,
    ) -> Result<Fact<'static>, Refusal> {
        let room: &Room = self.rooms.of_member(id);
        if id == RoomId::GENERAL {
            return Err(Refusal::IsGeneral(privacy));
        }
        if room.owner != Some(user) {
            return Err(Refusal::NotOwner(privacy));
        }
        if room.privacy == privacy {
            return Err(Refusal::Already(privacy));
        }
        self.rooms.set_privacy(id, privacy);
        let what = match privacy {
            Privacy::Private => What::WentPrivate,
            Privacy::Public => What::WentPublic,
        };
        Ok(self.fact(user, id, what))
    }

    pub(super) fn ignore(
        &mut self,
        user: UserId,
        whom: Username,
        ignored: bool,
    ) -> Result<Facts<'static>, Refusal> {
        let most = self.max_room_list;
        let place = self.user_mut(user);
        if ignored {
            note(&mut place.aside().ignored, &whom, (), most)?;
        } else {
            forget(&mut place.aside().ignored, &whom)?;
        }
        let room = place.current;
        let what = What::Ignored { whom, ignored };
        Ok(self.fact(user, room, what).into())
    }
}

/// Adds a name to a list.
fn note<T>(list: &mut Named<T>, name: &Username, with: T, most: usize) -> Result<(), Refusal> {
    let key = name.key();
    if list.contains_key(&key) {
        return Err(Refusal::Noted(name.clone()));
    }
    if list.len() >= most {
        return Err(Refusal::TooManyNoted(most));
    }
    list.insert(key, (name.clone(), with));
    Ok(())
}

/// Takes a name from a list.
fn forget<T>(list: &mut Named<T>, name: &Username) -> Result<(), Refusal> {
    match list.remove(&name.key()) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotNoted(name.clone())),
    }
}
