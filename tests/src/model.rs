//! The reference model: what `core/PROTOCOL.md` says the server does, written to be obviously right, slow,
//! and without a line of the hub's. It takes commands and not bytes, and knows the names on a list.
//!
//! All that is ever said to anyone goes into one log, with who was to hear it at that moment; what
//! one client hears is what the log has for it, from its beginning.
//!
//! Version 1 and 2 of the protocol are one model: a user is what outlasts a connection, if it is to.
//! `rooms` has who goes where, `governing` what an owner may do, `words` what is said and
//! remembered.

mod governing;
pub mod names;
mod rooms;
mod words;

use std::collections::BTreeMap;
use std::rc::Rc;

use chatmaster_core::testing::ClientId;
use chatmaster_core::wire::{ClientPackage, Command, Version};
use serde_json::{Value, json};

use self::names::Known;
use self::words::Past;
use crate::history::{Ask, Event};

const GENERAL: &str = "general";
const LOGIN_TRIES: u32 = 5;
const TAG_BYTES: usize = 64;

/// A user's number: the lowest that was free when they came.
type UserId = usize;

/// The limits that a model goes by, named as in `core/PROTOCOL.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members above which a room tells only the one concerned who joins, leaves or is renamed.
    pub announce_limit: usize,
    /// Rooms one user may be in.
    pub max_user_rooms: usize,
    /// Names in each list of a room, and whom a user ignores.
    pub max_room_list: usize,
    /// Messages of a room, and between two users, that are remembered.
    pub history_messages: usize,
    /// Tagged messages of a user that are known again.
    pub max_tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            announce_limit: 500,
            max_user_rooms: 20,
            max_room_list: 100,
            history_messages: 200,
            max_tags: 1024,
        }
    }
}

/// The world as the protocol has it.
#[derive(Clone)]
pub struct Model {
    limits: Limits,
    clients: BTreeMap<ClientId, Client>,
    users: BTreeMap<UserId, User>,
    /// The rooms by the caseless form of their names.
    rooms: BTreeMap<&'static str, Room>,
    /// What users told each other alone, the lower number first.
    pairs: BTreeMap<(UserId, UserId), Past>,
    /// How many messages there were.
    said: u64,
    /// Which seats there were, by their tokens: each the client that logged in for it.
    tokens: BTreeMap<ClientId, UserId>,
    /// Who asks, and the tag of it, as long as it was not answered.
    asking: Option<(ClientId, String)>,
    log: Vec<Rc<Said>>,
}

#[derive(Clone)]
enum Client {
    /// It is to log in, and has failed to so often.
    Guest { failed: u32 },
    /// It is a user.
    User(UserId),
    /// It is gone.
    Gone,
}

#[derive(Clone)]
struct User {
    name: Known,
    version: Version,
    /// Their connection; none if it broke.
    client: Option<ClientId>,
    /// In order of entering.
    rooms: Vec<&'static str>,
    /// The one they look at.
    current: &'static str,
    ignored: Names,
    /// The tags of their last tagged messages, and the messages' numbers.
    tags: Vec<(String, u64)>,
}

#[derive(Clone)]
struct Room {
    name: Known,
    /// In order of arrival.
    members: Vec<UserId>,
    owner: Option<UserId>,
    private: bool,
    topic: String,
    invited: Names,
    banned: Names,
    muted: Names,
    past: Past,
}

/// Names by their caseless forms.
type Names = BTreeMap<&'static str, Known>;

struct Said {
    package: Value,
    to: Vec<ClientId>,
}

/// Why a command is not done.
type Refusal = String;

impl Default for Model {
    fn default() -> Self {
        Model::new(Limits::default())
    }
}

impl Model {
    /// Nobody is there.
    pub fn new(limits: Limits) -> Self {
        let name = names::room(GENERAL).expect("it is a name");
        Model {
            limits,
            clients: BTreeMap::new(),
            users: BTreeMap::new(),
            rooms: BTreeMap::from([(GENERAL, Room::new(name, None))]),
            pairs: BTreeMap::new(),
            said: 0,
            tokens: BTreeMap::new(),
            asking: None,
            log: Vec::new(),
        }
    }

    /// The world after a history.
    pub fn after(history: &[Event]) -> Self {
        Model::after_with(history, Limits::default())
    }

    /// The world after a history, under these limits.
    pub fn after_with(history: &[Event], limits: Limits) -> Self {
        let mut model = Model::new(limits);
        history.iter().for_each(|event| model.take(event));
        model
    }

    /// What `client` has heard, in order. A message's `id` is how many there were before and with it, its
    /// `time` is left out, and a token is the number of the client that logged in for it.
    pub fn heard(&self, client: ClientId) -> impl Iterator<Item = &Value> {
        let heard = self
            .log
            .iter()
            .filter(move |said| said.to.contains(&client));
        heard.map(|said| &said.package)
    }

    /// The same, as a list.
    pub fn transcript(&self, client: ClientId) -> Vec<Value> {
        self.heard(client).cloned().collect()
    }

    /// One more thing happens.
    pub fn take(&mut self, event: &Event) {
        let client = match event {
            Event::Wait => return self.give_up_seats(),
            event => event.client(),
        };
        match (event, self.clients.get(&client).cloned()) {
            (Event::Connect(_), None) => {
                self.clients.insert(client, Client::Guest { failed: 0 });
                let request = json!({"type": "request", "data": {"request": "login"}});
                self.tell(client, request);
            }
            (Event::Ask(_, ask), Some(stage @ (Client::Guest { .. } | Client::User(_)))) => {
                self.asked(client, ask, &stage);
                self.asking = None;
            }
            (Event::Leave(_), Some(Client::User(user)))
                if self.users[&user].version == Version::Two =>
            {
                self.clients.insert(client, Client::Gone);
                self.user(user).client = None;
            }
            (Event::Leave(_) | Event::HangUp(_), Some(stage)) => {
                self.clients.insert(client, Client::Gone);
                if let Client::User(user) = stage {
                    self.log_out(user);
                }
            }
            (Event::Ask(..), Some(Client::Gone)) => {}
            (event, _) => panic!("{event:?} is no history"),
        }
    }

    fn asked(&mut self, client: ClientId, ask: &Ask, stage: &Client) {
        if let Ask::Package(Some(tag), _) = ask {
            if tag.len() > TAG_BYTES {
                let told = "A tag must be a string of at most 64 bytes.";
                return self.tell(client, error("package", told));
            }
            self.asking = Some((client, tag.clone()));
        }
        let package = match ask {
            Ask::Fly => return self.tell(client, error("fly", "Unknown command.")),
            ask => ask.package(),
        };
        let done = match (stage, &package) {
            (Client::Guest { failed }, ClientPackage::Command(Command::Login { .. })) => {
                return self.log_in(client, &package, *failed);
            }
            (Client::User(user), package) => self.user_asks(*user, package),
            _ => Err("Log in first.".into()),
        };
        if let Err(refusal) = done {
            self.tell(client, error(ask.name(), &refusal));
        }
    }

    fn log_in(&mut self, client: ClientId, package: &ClientPackage<'_>, failed: u32) {
        let ClientPackage::Command(Command::Login {
            username,
            version,
            resume,
        }) = package
        else {
            unreachable!("it is a login");
        };
        if *version == Version::Two
            && let Some(user) = resume.as_deref().and_then(|token| self.seat(token))
        {
            return self.resume(client, user);
        }
        let name = names::username(username).map_err(Refusal::from);
        match name.and_then(|name| self.free(None, name)) {
            Ok(name) => {
                let user = (0..).find(|user| !self.users.contains_key(user));
                let user = user.expect("there are as many numbers as users");
                self.users.insert(
                    user,
                    User {
                        name,
                        version: *version,
                        client: Some(client),
                        rooms: Vec::new(),
                        current: GENERAL,
                        ignored: Names::new(),
                        tags: Vec::new(),
                    },
                );
                self.clients.insert(client, Client::User(user));
                if *version == Version::Two {
                    self.tokens.insert(client, user);
                }
                self.welcome(user, &[GENERAL], false);
                self.step_in(user, GENERAL);
            }
            Err(mut reason) => {
                let failed = failed + 1;
                self.clients.insert(client, Client::Guest { failed });
                if failed == LOGIN_TRIES {
                    reason.push_str(" That was the last try.");
                    self.clients.insert(client, Client::Gone);
                }
                let data = json!({"status": false, "reason": reason});
                self.tell(client, json!({"type": "session", "data": data}));
            }
        }
    }

    /// Whose seat it is, if it is one: tokens are written by the numbers of the clients that got them.
    fn seat(&self, token: &str) -> Option<UserId> {
        let client = crate::history::token_of(token)?;
        self.tokens.get(&client).copied()
    }

    fn resume(&mut self, client: ClientId, user: UserId) {
        if let Some(old) = self.user(user).client.replace(client) {
            let told = "Your place was taken by another connection of yours.";
            self.tell(old, error("resumed", told));
            self.clients.insert(old, Client::Gone);
        }
        self.clients.insert(client, Client::User(user));
        let joined = self.users[&user].rooms.clone();
        self.welcome(user, &joined, true);
    }

    fn welcome(&mut self, id: UserId, joined: &[&str], resumed: bool) {
        let user = &self.users[&id];
        let mut data = json!({
            "status": true,
            "channels": self.public_rooms(),
            "username": user.name.shown,
            "channel": self.shown(user.current),
        });
        if user.version == Version::Two {
            let joined: Vec<&str> = joined.iter().map(|room| self.shown(room)).collect();
            let mut tokens = self.tokens.iter();
            let token = tokens.find(|(_, user)| **user == id);
            data["version"] = json!(2);
            data["joined"] = json!(joined);
            data["resume"] = json!(token.map(|(client, _)| client));
        }
        if resumed {
            data["resumed"] = json!(true);
            let partners = self.users.iter().filter(|(other, _)| {
                let pair = (id.min(**other), id.max(**other));
                self.pairs.contains_key(&pair)
            });
            let partners: Vec<&str> = partners.map(|(_, other)| other.name.shown).collect();
            if !partners.is_empty() {
                data["with"] = json!(partners);
            }
        }
        self.answer(id, json!({"type": "session", "data": data}));
    }

    /// All seats that wait for someone are given up.
    fn give_up_seats(&mut self) {
        let waiting = self.users.iter().filter(|(_, user)| user.client.is_none());
        let waiting: Vec<UserId> = waiting.map(|(user, _)| *user).collect();
        for user in waiting {
            self.log_out(user);
        }
    }

    fn log_out(&mut self, user: UserId) {
        for room in self.users[&user].rooms.clone() {
            let left = self.user_left(user, room);
            let crowd = self.rooms[room].members.len();
            self.step_out(user, room);
            self.announce(room, crowd, None, |_, _| left.clone());
            self.close_if_empty(room);
        }
        self.users.remove(&user);
        self.tokens.retain(|_, other| *other != user);
        self.pairs
            .retain(|(one, other), _| *one != user && *other != user);
    }

    fn user_asks(&mut self, user: UserId, package: &ClientPackage<'_>) -> Result<(), Refusal> {
        let is_newer = self.users[&user].version == Version::Two;
        let command = match package {
            ClientPackage::Message {
                message,
                channel,
                to,
                ..
            } => {
                let channel = channel.as_deref().filter(|_| is_newer);
                return self.message(user, message, channel, to.as_deref());
            }
            ClientPackage::Command(command) => command,
        };
        // What a command had not in version 1 is no matter to it.
        let newer = |channel: &Option<std::borrow::Cow<'_, str>>| {
            let channel = channel.as_deref().filter(|_| is_newer);
            channel.map(names::room).transpose()
        };
        match command {
            Command::Login { .. } => return Err("You are already logged in.".into()),
            Command::Rename { username } => return self.rename(user, username),
            Command::Join { channel, stay } => return self.join(user, channel, *stay && is_newer),
            Command::Switch { channel } => {
                let room = self.room_of(user, Some(names::room(channel)?))?;
                self.switch(user, room);
            }
            Command::Leave { channel } => {
                let room = self.room_of(user, newer(channel)?)?;
                return self.leave(user, room);
            }
            Command::Private { channel } | Command::Public { channel } => {
                let room = self.room_of(user, newer(channel)?)?;
                return self.set_privacy(user, room, matches!(command, Command::Private { .. }));
            }
            Command::Channels {} => self.list_rooms(user),
            Command::Users { channel } => {
                let room = self.room_of(user, newer(channel)?)?;
                let members = self.rooms[room].members.iter();
                let users: Vec<&str> = members.map(|id| self.users[id].name.shown).collect();
                let data = json!({"channel": self.shown(room), "users": users});
                self.answer(user, notification("user_list", data));
            }
            Command::Ping {} => self.answer(user, notification("pong", json!({}))),
            Command::Quit {} => {
                let client = self.users[&user].client.expect("who asks is connected");
                self.clients.insert(client, Client::Gone);
                self.user(user).client = None;
                self.log_out(user);
            }
            Command::History {
                channel,
                with,
                before,
                after,
                limit,
            } => {
                let channel = channel.as_deref().map(names::room).transpose()?;
                let with = with.as_deref().map(names::username).transpose()?;
                return self.history(user, channel, with, *before, *after, *limit);
            }
            Command::Ignore { username } => {
                return self.ignore(user, names::username(username)?, true);
            }
            Command::Unignore { username } => {
                return self.ignore(user, names::username(username)?, false);
            }
            Command::Bans { channel } => {
                let channel = channel.as_deref().map(names::room).transpose()?;
                let room = self.room_of(user, channel)?;
                let banned = self.rooms[room].banned.values();
                let banned: Vec<&str> = banned.map(|name| name.shown).collect();
                let data = json!({"channel": self.shown(room), "users": banned});
                self.answer(user, notification("ban_list", data));
            }
            governing => return self.govern(user, governing),
        }
        Ok(())
    }

    /// `crowd` is how many are in the room, the one concerned included.
    fn announce(
        &mut self,
        room: &str,
        crowd: usize,
        concerned: Option<UserId>,
        package: impl Fn(UserId, Version) -> Value,
    ) {
        let to = if self.announces(crowd) {
            self.rooms[room].members.clone()
        } else {
            concerned.into_iter().collect()
        };
        for user in to {
            let package = package(user, self.users[&user].version);
            self.answer(user, package);
        }
    }

    /// Whether so many are told what each of them does.
    fn announces(&self, crowd: usize) -> bool {
        self.limits.announce_limit == 0 || crowd <= self.limits.announce_limit
    }

    /// Says something to users, as their versions have it.
    fn say(&mut self, to: Vec<UserId>, package: impl Fn(Version) -> Option<Value>) {
        for user in to {
            if let Some(package) = package(self.users[&user].version) {
                self.answer(user, package);
            }
        }
    }

    /// Says something to one user, if they are connected.
    fn answer(&mut self, user: UserId, package: Value) {
        if let Some(client) = self.users[&user].client {
            self.tell(client, package);
        }
    }

    /// The same for what answers nothing, not even if it is the asker's own doing.
    fn mention(&mut self, user: UserId, package: Value) {
        let asking = self.asking.take();
        self.answer(user, package);
        self.asking = asking;
    }

    /// Says something to one client. The first thing that an asker hears is the answer.
    fn tell(&mut self, client: ClientId, mut package: Value) {
        if let Some((_, tag)) = self.asking.take_if(|(asker, _)| *asker == client) {
            package["tag"] = json!(tag);
        }
        let to = vec![client];
        self.log.push(Rc::new(Said { package, to }));
    }

    fn user(&mut self, user: UserId) -> &mut User {
        let user = self.users.get_mut(&user);
        user.expect("it is there as long as nobody says otherwise")
    }

    fn room(&mut self, room: &str) -> &mut Room {
        self.rooms
            .get_mut(room)
            .expect("it is there as long as somebody is in it")
    }

    fn shown(&self, room: &str) -> &'static str {
        self.rooms[room].name.shown
    }
}

impl Room {
    fn new(name: Known, owner: Option<UserId>) -> Self {
        Room {
            name,
            members: Vec::new(),
            owner,
            private: false,
            topic: String::new(),
            invited: Names::new(),
            banned: Names::new(),
            muted: Names::new(),
            past: Past::new(),
        }
    }
}

fn notification(event: &str, mut data: Value) -> Value {
    data["event_type"] = json!(event);
    json!({"type": "notification", "data": data})
}

fn error(error_type: &str, message: &str) -> Value {
    json!({"type": "error", "data": {"error_type": error_type, "message": message}})
}
