//! What is true for everyone: users, rooms, names. No connection, no byte and no queue is in here.
//!
//! A world is a fold over one log: whoever applies the same [`Entry`]s in the same order has the same
//! world, and the same [`Fact`]s come of it. Each rule has a file: [`login`], [`rename`], [`join`],
//! [`privacy`]; [`room`] has who inherits a room and when one ceases to exist.

mod entry;
mod join;
mod login;
mod privacy;
mod refusal;
mod rename;
mod room;

pub use self::entry::{Departure, Fact, Seq, What};
pub(crate) use self::entry::{Entry, Facts};
pub(crate) use self::refusal::Refusal;
use self::room::Rooms;
pub(crate) use self::room::{Privacy, Room};
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::names::{Claims, Name, Rules, Username};
use crate::slab::{Slab, key};

/// A user, as long as they are logged in. The number of one that has gone is given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

/// A room, as long as it exists. The number of one that has gone is given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

key!(UserId);
key!(RoomId);

impl RoomId {
    /// The general room, which is always there.
    pub const GENERAL: RoomId = RoomId(0);
}

/// Users, rooms and names.
pub(crate) struct World {
    names: Rules,
    /// The most rooms there may be, the general one included.
    max_rooms: usize,
    /// The place of the last entry.
    seq: Seq,
    users: Slab<UserId, User>,
    usernames: Claims<UserId>,
    rooms: Rooms,
}

struct User {
    username: Username,
    room: RoomId,
}

/// What is known of a user, in bytes, but for the name.
pub(crate) const USER_BYTES: usize = size_of::<Option<User>>();
/// What is known of a room, in bytes, but for its name and its members.
pub(crate) const ROOM_BYTES: usize = size_of::<Option<Room>>();

impl World {
    /// Nobody, and the general room.
    pub(crate) fn new(behaviour: Behaviour, config: &Config) -> Self {
        World {
            names: behaviour.names(),
            max_rooms: config.max_rooms,
            seq: Seq::default(),
            users: Slab::new(),
            usernames: Claims::by(behaviour.names()),
            rooms: Rooms::new(behaviour.names()),
        }
    }

    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// Why nothing comes of it.
    #[inline]
    pub(crate) fn apply<'a>(&mut self, entry: Entry<'a>) -> Result<Facts<'a>, Refusal> {
        self.seq.0 += 1;
        match entry {
            Entry::Say { user, text } => Ok([Some(self.fact(user, What::Said(text))), None]),
            Entry::LogIn { username } => self.log_in(username),
            Entry::LogOut { user } => Ok(self.log_out(user)),
            Entry::Rename { user, username } => self.rename(user, username),
            Entry::Join { user, channel } => self.join(user, channel),
            Entry::Leave { user } => self.leave(user),
            Entry::SetPrivacy { user, privacy } => self.set_privacy(user, privacy),
        }
    }

    /// A fact of the last entry about a user, where they are.
    fn fact<'a>(&self, user: UserId, what: What<'a>) -> Fact<'a> {
        let User { username, room } = self.user(user);
        Fact {
            seq: self.seq,
            user,
            username: username.clone(),
            room: *room,
            channel: self.rooms.of_member(*room).name.clone(),
            what,
        }
    }

    fn user(&self, user: UserId) -> &User {
        self.users
            .get(user)
            .expect("entries are about users there are")
    }

    fn user_mut(&mut self, user: UserId) -> &mut User {
        self.users
            .get_mut(user)
            .expect("entries are about users there are")
    }

    pub(crate) fn username(&self, user: UserId) -> &Username {
        &self.user(user).username
    }

    /// The room, if it exists.
    pub(crate) fn room(&self, room: RoomId) -> Option<&Room> {
        self.rooms.get(room)
    }

    /// All rooms, the general one first.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter()
    }

    /// The names of the public rooms, sorted by Unicode code points.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &str> {
        self.rooms.listed()
    }

    /// The names of a room's members, in order of arrival; none if it does not exist.
    pub(crate) fn members(&self, room: RoomId) -> impl Iterator<Item = &str> {
        let members = self.rooms.get(room).map(|room| &*room.members);
        let members = members.unwrap_or_default().iter();
        members.map(|user| self.user(*user).username.as_str())
    }

    /// Panics at the first thing that is not as it must be between two entries; but for what names are
    /// taken, which takes most of the time to find out.
    pub(crate) fn check_invariants(&self) {
        self.users.check_invariants();
        self.rooms.check_invariants();
        assert!(
            self.rooms.len() <= self.max_rooms.max(1),
            "the rooms are within their bound"
        );
        let mut users = 0;
        for (id, user) in self.users.iter() {
            users += 1;
            let members = &self.rooms.of_member(user.room).members;
            let times = members.iter().filter(|member| **member == id).count();
            assert_eq!(times, 1, "a user is in its room once");
        }
        let members: usize = self.rooms().map(|(_, room)| room.members.len()).sum();
        assert_eq!(members, users, "every member of a room is a user in it");
    }

    /// Panics where other names are taken than those of users and rooms.
    pub(crate) fn check_names(&self) {
        let users = self.users.iter().map(|(id, user)| (&user.username, id));
        self.usernames.assert_are(users);
        self.rooms.check_names();
    }
}
