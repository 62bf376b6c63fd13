//! The reference model: what `core/PROTOCOL.md` says the server does, written to be obviously right, slow,
//! and without a line of the hub's. It takes commands and not bytes, and knows the names on a list.
//!
//! All that is ever said to anyone goes into one log, with who was to hear it at that moment; what
//! one client hears is what the log has for it, from its beginning.

pub mod names;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use self::names::Known;
use crate::history::{Ask, Event};
use chatmaster_core::testing::ClientId;

const GENERAL: &str = "general";
const LOGIN_TRIES: u32 = 5;
const MESSAGE_BYTES: usize = 4096;

/// The world as the protocol has it.
#[derive(Clone)]
pub struct Model {
    clients: BTreeMap<ClientId, Client>,
    /// The rooms by the caseless form of their names.
    rooms: BTreeMap<&'static str, Room>,
    /// Members above which a room tells only the one concerned who joins, leaves or is renamed.
    announce_limit: usize,
    log: Vec<Rc<Said>>,
}

#[derive(Clone)]
enum Client {
    /// It is to log in, and has failed to so often.
    Guest { failed: u32 },
    /// It is a user in a room.
    User { name: Known, room: &'static str },
    /// It is gone.
    Gone,
}

#[derive(Clone)]
struct Room {
    name: Known,
    /// In order of arrival.
    members: Vec<ClientId>,
    owner: Option<ClientId>,
    private: bool,
}

struct Said {
    package: Value,
    to: Vec<ClientId>,
}

/// Why a command is not done.
type Refusal = String;

impl Default for Model {
    fn default() -> Self {
        let name = names::room(GENERAL).expect("it is a name");
        let general = Room {
            name,
            members: Vec::new(),
            owner: None,
            private: false,
        };
        Model {
            clients: BTreeMap::new(),
            rooms: BTreeMap::from([(GENERAL, general)]),
            announce_limit: 500,
            log: Vec::new(),
        }
    }
}

impl Model {
    /// The world after a history.
    pub fn after(history: &[Event]) -> Self {
        Model::after_with_limit(history, 500)
    }

    /// The world after a history, with rooms that announce as much up to so many members.
    pub fn after_with_limit(history: &[Event], announce_limit: usize) -> Self {
        let mut model = Model {
            announce_limit,
            ..Model::default()
        };
        history.iter().for_each(|event| model.take(event));
        model
    }

    /// What `client` has heard, in order.
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
        match (event, self.clients.get(&event.client()).cloned()) {
            (Event::Connect(client), None) => {
                self.clients.insert(*client, Client::Guest { failed: 0 });
                let request = json!({"type": "request", "data": {"request": "login"}});
                self.say(vec![*client], request);
            }
            (Event::Ask(client, ask), Some(Client::Guest { failed })) => {
                self.guest_asks(*client, ask, failed);
            }
            (Event::Ask(client, ask), Some(Client::User { name, room })) => {
                if let Err(refusal) = self.user_asks(*client, ask, name, room) {
                    self.say(vec![*client], error(ask.name(), &refusal));
                }
            }
            (Event::Leave(client), Some(stage)) => {
                if let Client::User { name, room } = stage {
                    let crowd = self.rooms[room].members.len();
                    self.step_out(*client, room);
                    self.announce(room, crowd, None, user_left(name, self.shown(room)));
                }
                self.clients.insert(*client, Client::Gone);
            }
            (Event::Ask(_, _), Some(Client::Gone)) => {}
            (event, _) => panic!("{event:?} is no history"),
        }
        self.rooms
            .retain(|same, room| *same == GENERAL || !room.members.is_empty());
    }

    fn guest_asks(&mut self, client: ClientId, ask: &Ask, failed: u32) {
        let name = match ask {
            Ask::Login(text) => names::username(text).map_err(Refusal::from),
            Ask::Fly => return self.say(vec![client], error("fly", "Unknown command.")),
            other => return self.say(vec![client], error(other.name(), "Log in first.")),
        };
        match name.and_then(|name| self.free(client, name)) {
            Ok(name) => {
                let session = json!({"type": "session", "data": {
                    "status": true,
                    "channels": self.public_rooms(),
                    "username": name.shown,
                    "channel": GENERAL,
                }});
                self.say(vec![client], session);
                self.step_in(client, name, GENERAL);
            }
            Err(mut reason) => {
                let failed = failed + 1;
                self.clients.insert(client, Client::Guest { failed });
                if failed == LOGIN_TRIES {
                    reason.push_str(" That was the last try.");
                    self.clients.insert(client, Client::Gone);
                }
                let data = json!({"status": false, "reason": reason});
                self.say(vec![client], json!({"type": "session", "data": data}));
            }
        }
    }

    fn user_asks(
        &mut self,
        client: ClientId,
        ask: &Ask,
        name: Known,
        room: &'static str,
    ) -> Result<(), Refusal> {
        match ask {
            Ask::Login(_) => return Err("You are already logged in.".into()),
            Ask::Fly => return Err("Unknown command.".into()),
            Ask::Say(text) if text.is_empty() => return Err("A message must have text.".into()),
            Ask::Say(text) if text.len() > MESSAGE_BYTES => {
                return Err("A message may have at most 4096 bytes.".into());
            }
            Ask::Say(text) => {
                let data = json!({"message": text, "username": name.shown});
                let mut others = self.rooms[room].members.clone();
                others.retain(|other| *other != client);
                self.say(others, json!({"type": "message", "data": data}));
            }
            Ask::Rename(text) => {
                let new = names::username(text)?;
                if new.shown == name.shown {
                    return Err("That is your name already.".into());
                }
                let new = self.free(client, new)?;
                self.clients
                    .insert(client, Client::User { name: new, room });
                let names = json!({"old_username": name.shown, "new_username": new.shown});
                let crowd = self.rooms[room].members.len();
                self.announce(
                    room,
                    crowd,
                    Some(client),
                    notification("user_rename", names),
                );
            }
            Ask::Join(text) => {
                let wanted = names::room(text)?;
                self.admits(client, wanted)?;
                let crowd = self.rooms[room].members.len();
                self.step_out(client, room);
                self.announce(room, crowd, None, user_left(name, self.shown(room)));
                self.rooms.entry(wanted.same).or_insert(Room {
                    name: wanted,
                    members: Vec::new(),
                    owner: Some(client),
                    private: false,
                });
                self.step_in(client, name, wanted.same);
            }
            Ask::Leave if room == GENERAL => {
                return Err("You are in the general channel: there is nowhere to leave to.".into());
            }
            Ask::Leave => {
                let crowd = self.rooms[room].members.len();
                self.announce(room, crowd, Some(client), user_left(name, self.shown(room)));
                self.step_out(client, room);
                self.step_in(client, name, GENERAL);
            }
            Ask::Private | Ask::Public => {
                let (wanted, place) = (*ask == Ask::Private, &self.rooms[room]);
                let word = ask.name();
                if room == GENERAL {
                    return Err(format!("Channel cannot be set to {word}."));
                } else if place.owner != Some(client) {
                    return Err(format!("Only the channel's owner can set it to {word}."));
                } else if place.private == wanted {
                    return Err(format!("Channel is already {word}."));
                }
                self.room(room).private = wanted;
                self.list_rooms(client);
            }
            Ask::Channels => self.list_rooms(client),
            Ask::Users => {
                let members = self.rooms[room].members.iter();
                let users: Vec<&str> = members.map(|member| self.name(*member).shown).collect();
                let data = json!({"channel": self.shown(room), "users": users});
                self.say(vec![client], notification("user_list", data));
            }
        }
        Ok(())
    }

    /// Whether nobody but `client` itself has a name that clashes with this one.
    fn free(&self, client: ClientId, wanted: Known) -> Result<Known, Refusal> {
        let others = self
            .clients
            .iter()
            .filter_map(|(other, stage)| match stage {
                Client::User { name, .. } if *other != client => Some(name),
                _ => None,
            });
        match most_alike(others, |name| name, &wanted) {
            Some(other) if other.same == wanted.same => Err("Username is already taken.".into()),
            Some(other) => {
                let other = other.shown;
                Err(format!(
                    "Username looks like {other}, which is already taken."
                ))
            }
            None => Ok(wanted),
        }
    }

    /// Whether `client` may go into the room of that name, or make it.
    fn admits(&self, client: ClientId, wanted: Known) -> Result<(), Refusal> {
        match self.rooms.get(wanted.same) {
            Some(room) if room.members.contains(&client) => Err("You are already there.".into()),
            Some(room) if room.private => Err("Channel is private.".into()),
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

    fn step_out(&mut self, client: ClientId, room: &'static str) {
        let room = self.room(room);
        room.members.retain(|member| *member != client);
        if room.owner == Some(client) {
            room.owner = room.members.first().copied();
        }
    }

    fn step_in(&mut self, client: ClientId, name: Known, room: &'static str) {
        self.clients.insert(client, Client::User { name, room });
        self.room(room).members.push(client);
        let data = json!({"username": name.shown, "channel": self.shown(room)});
        let crowd = self.rooms[room].members.len();
        self.announce(room, crowd, Some(client), notification("user_joined", data));
    }

    fn list_rooms(&mut self, client: ClientId) {
        let data = json!({"channels": self.public_rooms()});
        self.say(vec![client], notification("channel_list", data));
    }

    fn public_rooms(&self) -> Vec<&'static str> {
        let public = self.rooms.values().filter(|room| !room.private);
        let mut names: Vec<&str> = public.map(|room| room.name.shown).collect();
        names.sort_unstable();
        names
    }

    /// `crowd` is how many are in the room, the one concerned included.
    fn announce(&mut self, room: &str, crowd: usize, concerned: Option<ClientId>, package: Value) {
        let all = self.announce_limit == 0 || crowd <= self.announce_limit;
        let to = if all {
            self.rooms[room].members.clone()
        } else {
            concerned.into_iter().collect()
        };
        self.say(to, package);
    }

    fn say(&mut self, to: Vec<ClientId>, package: Value) {
        self.log.push(Rc::new(Said { package, to }));
    }

    fn room(&mut self, room: &str) -> &mut Room {
        self.rooms
            .get_mut(room)
            .expect("it is there as long as somebody is in it")
    }

    fn shown(&self, room: &str) -> &'static str {
        self.rooms[room].name.shown
    }

    fn name(&self, client: ClientId) -> Known {
        match self.clients[&client] {
            Client::User { name, .. } => name,
            Client::Guest { .. } | Client::Gone => panic!("only users are members"),
        }
    }
}

/// Whose name looks most like `wanted`: as shown, else in small letters, else in capitals.
fn most_alike<'a, T>(
    all: impl Iterator<Item = &'a T>,
    name: impl Fn(&T) -> &Known,
    wanted: &Known,
) -> Option<&'a T> {
    let alike = all.filter_map(|one| Some((name(one).alike(wanted)?, one)));
    alike.min_by_key(|(how, _)| *how).map(|(_, one)| one)
}

fn notification(event: &str, mut data: Value) -> Value {
    data["event_type"] = json!(event);
    json!({"type": "notification", "data": data})
}

fn user_left(name: Known, channel: &str) -> Value {
    let data = json!({"username": name.shown, "channel": channel});
    notification("user_left", data)
}

fn error(error_type: &str, message: &str) -> Value {
    json!({"type": "error", "data": {"error_type": error_type, "message": message}})
}
