//! What is true for everyone: users, rooms, names. No connection, no byte and no queue is in here.
//!
//! A world is a fold over one log: whoever applies the same [`Entry`]s in the same order has the same
//! world, and the same [`Fact`]s come of it. Each rule has a file: [`login`], [`message`], [`rename`],
//! [`join`], [`privacy`]; [`room`] has who inherits a room and when one ceases to exist.

mod entry;
mod fact;
mod govern;
mod history;
mod join;
mod login;
mod message;
mod refusal;
mod rename;
mod room;
mod user;

pub(crate) use self::entry::{Entry, Govern};
pub(crate) use self::fact::Facts;
pub use self::fact::{Departure, Fact, Seq, What};
use self::history::History;
pub(crate) use self::history::{Message, Place};
pub(crate) use self::message::{SENT_BYTES, TagHash};
pub(crate) use self::refusal::Refusal;
use self::room::Rooms;
pub(crate) use self::room::{Privacy, Room};
use self::user::{Aside, User};

use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::names::{Claims, Name, RoomName, Rules, Username};
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
    /// The most rooms a user may be in.
    max_user_rooms: usize,
    /// The most names that a list of a room or a user may have.
    max_room_list: usize,
    /// How many tagged messages of a user are remembered.
    max_tags: usize,
    /// The place of the last entry.
    seq: Seq,
    /// When it got there, in milliseconds since 1970.
    time: u64,
    users: Slab<UserId, User>,
    usernames: Claims<UserId>,
    rooms: Rooms,
    history: History,
}

/// What is known of a user, in bytes, but for the name.
pub(crate) const USER_BYTES: usize = size_of::<Option<User>>() + size_of::<Aside>();
/// What is known of a room, in bytes, but for its name and its members.
pub(crate) const ROOM_BYTES: usize = size_of::<Option<Room>>();

impl World {
    /// Nobody, and the general room.
    pub(crate) fn new(behaviour: Behaviour, config: &Config) -> Self {
        World {
            names: behaviour.names(),
            max_rooms: config.max_rooms,
            max_user_rooms: config.max_user_rooms,
            max_room_list: config.max_room_list,
            max_tags: config.max_tags,
            history: History::new(config),
            seq: Seq::default(),
            time: 0,
            users: Slab::new(),
            usernames: Claims::by(behaviour.names()),
            rooms: Rooms::new(behaviour.names()),
        }
    }

    /// Takes the next entry of the log, which got there at `time`, in milliseconds since 1970.
    ///
    /// # Errors
    /// Why nothing comes of it.
    #[inline]
    pub(crate) fn apply<'a>(&mut self, time: u64, entry: Entry<'a>) -> Result<Facts<'a>, Refusal> {
        self.seq.0 += 1;
        self.time = time;
        match entry {
            Entry::Say {
                user,
                channel,
                text,
                tag,
            } => self.say(user, channel.as_ref(), text, tag),
            Entry::Tell {
                user,
                to,
                text,
                tag,
            } => self.tell(user, &to, text, tag),
            Entry::LogIn {
                username,
                version,
                address,
            } => self.log_in(username, version, address),
            Entry::LogOut { user } => Ok(self.log_out(user)),
            Entry::Rename { user, username } => self.rename(user, username),
            Entry::Join {
                user,
                channel,
                stay,
            } => self.join(user, channel, stay),
            Entry::Switch { user, channel } => self.switch(user, &channel),
            Entry::Leave { user, channel } => self.leave(user, channel.as_ref()),
            Entry::Govern {
                user,
                channel,
                what,
            } => self.govern(user, channel.as_ref(), what),
            Entry::Ignore {
                user,
                username,
                ignore,
            } => self.ignore(user, username, ignore),
        }
    }

    /// A fact of the last entry about a user, in a room.
    fn fact<'a>(&self, user: UserId, room: RoomId, what: What<'a>) -> Fact<'a> {
        Fact {
            seq: self.seq,
            time: self.time,
            user,
            username: self.user(user).username.clone(),
            room,
            channel: self.rooms.of_member(room).name.clone(),
            what,
        }
    }

    /// The room of this name that the user is in; the one they look at, if none is named.
    pub(crate) fn room_of(
        &self,
        user: UserId,
        channel: Option<&RoomName>,
    ) -> Result<RoomId, Refusal> {
        let user = self.user(user);
        let Some(channel) = channel else {
            return Ok(user.current);
        };
        let room = self.rooms.find(channel);
        room.filter(|room| user.rooms.contains(room))
            .ok_or_else(|| Refusal::NotThere(channel.clone()))
    }

    /// The user of this name, caselessly.
    pub(crate) fn find_user(&self, name: &Username) -> Result<UserId, Refusal> {
        // Nearly always spelled as its owner does.
        if let Some(user) = self.usernames.looking_like(name)
            && self.user(user).username == *name
        {
            return Ok(user);
        }
        let key = name.key();
        let mut users = self.usernames.all_clashing(name);
        users
            .find(|user| self.user(*user).username.key() == key)
            .ok_or_else(|| Refusal::NoSuchUser(name.clone()))
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

    /// How many users there are.
    pub(crate) fn users(&self) -> usize {
        self.users.iter().count()
    }

    /// The rooms a user is in, in order of arrival.
    pub(crate) fn rooms_of(&self, user: UserId) -> &[RoomId] {
        &self.user(user).rooms
    }

    /// The room a user looks at.
    pub(crate) fn current(&self, user: UserId) -> RoomId {
        self.user(user).current
    }

    pub(crate) fn keeps_history(&self) -> bool {
        self.history.is_kept()
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
        self.check_history();
        assert!(
            self.rooms.len() <= self.max_rooms.max(1),
            "the rooms are within their bound"
        );
        let mut users = 0;
        for (id, user) in self.users.iter() {
            users += user.rooms.len();
            for room in &*user.rooms {
                let members = &self.rooms.of_member(*room).members;
                let times = members.iter().filter(|member| **member == id).count();
                assert_eq!(times, 1, "a user is in its room once");
            }
            assert!(user.rooms.contains(&user.current), "a user looks at a room");
            assert!(
                user.rooms.len() <= self.max_user_rooms.max(1),
                "a user's rooms are bounded"
            );
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
