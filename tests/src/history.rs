//! Histories: what clients do, one after the other, and what each of them hears of it.

use std::collections::BTreeMap;

use chatmaster_core::wire::{ClientPackage, Command, Version};
use chatmaster_core::{Config, Encoding};
use serde_json::Value;

use crate::world::World;
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{ClientId, Harness};

/// One thing that a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It connects. Clients are numbered in the order they do.
    Connect(ClientId),
    /// It sends a package.
    Ask(ClientId, Ask),
    /// Its connection breaks. Who speaks version 1 goes with it, for good; who speaks version 2 may come
    /// back as another client.
    Leave(ClientId),
    /// It says that it goes, by ending what it sends.
    HangUp(ClientId),
    /// Nobody comes back any more whose connection broke before.
    Wait,
}

impl Event {
    /// Who does it.
    ///
    /// # Panics
    /// If nobody does.
    pub fn client(&self) -> ClientId {
        match self {
            Event::Connect(client)
            | Event::Ask(client, _)
            | Event::Leave(client)
            | Event::HangUp(client) => *client,
            Event::Wait => panic!("nobody waits"),
        }
    }
}

/// What a client asks for with a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `login`, with a username.
    Login(String),
    /// `rename`, with a username.
    Rename(String),
    /// `join`, with a channel.
    Join(String),
    /// `leave`.
    Leave,
    /// `private`.
    Private,
    /// `public`.
    Public,
    /// `channels`.
    Channels,
    /// `users`.
    Users,
    /// A command there is not.
    Fly,
    /// A message.
    Say(String),
    /// Any package, under a tag or not. In a login, `token-3` stands for the token that the client of that
    /// number got; in `history`, messages go by how many there were before and with them.
    Package(Option<String>, ClientPackage<'static>),
}

impl Ask {
    /// The name of the command, or `message`: the `error_type` of what goes wrong with it.
    pub fn name(&self) -> &'static str {
        match self {
            Ask::Login(_) => "login",
            Ask::Rename(_) => "rename",
            Ask::Join(_) => "join",
            Ask::Leave => "leave",
            Ask::Private => "private",
            Ask::Public => "public",
            Ask::Channels => "channels",
            Ask::Users => "users",
            Ask::Fly => "fly",
            Ask::Say(_) | Ask::Package(_, ClientPackage::Message { .. }) => "message",
            Ask::Package(_, ClientPackage::Command(command)) => command.name(),
        }
    }

    /// The package.
    ///
    /// # Panics
    /// If there is none that says this.
    pub fn package(&self) -> ClientPackage<'_> {
        let command = match self {
            Ask::Login(name) => Command::Login {
                username: name.into(),
                version: Version::One,
                resume: None,
            },
            Ask::Rename(name) => Command::Rename {
                username: name.into(),
            },
            Ask::Join(channel) => Command::Join {
                channel: channel.into(),
                stay: false,
            },
            Ask::Leave => Command::Leave { channel: None },
            Ask::Private => Command::Private { channel: None },
            Ask::Public => Command::Public { channel: None },
            Ask::Channels => Command::Channels {},
            Ask::Users => Command::Users { channel: None },
            Ask::Fly => panic!("there is no such command"),
            Ask::Say(text) => return ClientPackage::message(text, ""),
            Ask::Package(_, package) => return package.clone(),
        };
        ClientPackage::Command(command)
    }

    /// The text of the package.
    pub fn text(&self) -> String {
        match self {
            Ask::Login(name) => login(name),
            Ask::Rename(name) => command("rename", "username", name),
            Ask::Join(channel) => command("join", "channel", channel),
            Ask::Say(text) => message(text),
            Ask::Package(tag, package) => {
                let mut text = Vec::new();
                package.write_tagged(tag.as_deref(), &mut text);
                String::from_utf8(text).expect("JSON is UTF-8")
            }
            other => format!(
                r#"{{"type":"command","data":{{"command":"{}"}}}}"#,
                other.name()
            ),
        }
    }
}

/// An event, and what everybody heard before the next one.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened.
    pub event: Event,
    /// The packages each client received of it, as JSON; only who received some is listed.
    pub heard: BTreeMap<ClientId, Vec<Value>>,
    /// Who was where before it, in their own eyes.
    pub before: Places,
    /// Who was where after it.
    pub after: Places,
}

impl Step {
    /// What `client` heard.
    pub fn heard_by(&self, client: ClientId) -> &[Value] {
        self.heard.get(&client).map_or(&[], Vec::as_slice)
    }

    /// What the client who did it heard.
    pub fn answer(&self) -> &[Value] {
        self.heard_by(self.event.client())
    }

    /// Who heard a package of which `is` is true.
    pub fn who_heard(&self, is: impl Fn(&Value) -> bool) -> Vec<ClientId> {
        let heard = self.heard.iter();
        heard
            .filter(|(_, packages)| packages.iter().any(&is))
            .map(|(client, _)| *client)
            .collect()
    }
}

/// The clients that are logged in, and what they have been told of themselves.
pub type Places = BTreeMap<ClientId, Place>;

/// A user's name and room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The username.
    pub name: String,
    /// The room.
    pub room: String,
}

/// The type of a package, or the event of a notification.
pub fn kind(package: &Value) -> &str {
    let kind = package["type"].as_str().expect("a package has a type");
    match kind {
        "notification" => field(package, "event_type"),
        other => other,
    }
}

/// A string among the data of a package; empty if there is none.
pub fn field<'a>(package: &'a Value, name: &str) -> &'a str {
    package["data"][name].as_str().unwrap_or_default()
}

/// A list of strings among the data of a package; empty if there is none.
pub fn list<'a>(package: &'a Value, name: &str) -> Vec<&'a str> {
    let items = package["data"][name].as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap_or_default())
        .collect()
}

/// The limits under which histories are played: nothing is delayed, and everybody is answered in
/// plain JSON from the start.
pub fn unhurried() -> Config {
    Config {
        encoding: Encoding::Plain,
        message_rate: 0,
        ..Config::default()
    }
}

/// Plays `history` on a hub, and lets everybody read all there is after each event.
pub fn witness(history: &[Event]) -> Vec<Step> {
    let mut world = Harness::new(unhurried());
    let mut clients = 0;
    let mut places = Places::new();
    let mut steps = Vec::new();
    for event in history {
        let before = places.clone();
        perform(&mut world, event, &mut Writer::new(Framing::Plain));
        clients = clients.max(event.client() + 1);
        let mut heard = BTreeMap::new();
        for client in 0..clients {
            let packages: Vec<Value> = world
                .packages(client)
                .iter()
                .map(|text| parse(text))
                .collect();
            for package in &packages {
                learn(&mut places, client, package);
            }
            if !packages.is_empty() {
                heard.insert(client, packages);
            }
        }
        if let Event::Leave(client) | Event::HangUp(client) = event {
            places.remove(client);
        }
        let (event, after) = (event.clone(), places.clone());
        steps.push(Step {
            event,
            heard,
            before,
            after,
        });
    }
    steps
}

/// Does what the event says, in any world.
pub fn perform(world: &mut dyn World, event: &Event, writer: &mut Writer) {
    match event {
        Event::Connect(client) => {
            let connected = world.connect();
            assert_eq!(connected, *client, "clients are numbered as they connect");
        }
        Event::Ask(client, ask) => world.send(*client, &writer.package(&ask.text())),
        Event::Leave(client) => world.close(*client),
        Event::HangUp(client) => world.hang_up(*client),
        Event::Wait => panic!("nothing waits in any world"),
    }
}

/// All that each client heard, from the first step to the last.
pub fn transcripts(steps: &[Step]) -> BTreeMap<ClientId, Vec<Value>> {
    let mut transcripts: BTreeMap<ClientId, Vec<Value>> = BTreeMap::new();
    for step in steps {
        for (client, packages) in &step.heard {
            let transcript = transcripts.entry(*client).or_default();
            transcript.extend(packages.iter().cloned());
        }
    }
    transcripts
}

/// The number of the client whose token it stands for.
pub fn token_of(text: &str) -> Option<ClientId> {
    text.strip_prefix("token-")?.parse().ok()
}

/// The JSON of a package.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("a server sends good JSON")
}

/// What a client is told of itself.
fn learn(places: &mut Places, client: ClientId, package: &Value) {
    match (kind(package), places.get_mut(&client)) {
        ("session", None) if package["data"]["status"] == true => {
            let name = field(package, "username").into();
            let room = field(package, "channel").into();
            places.insert(client, Place { name, room });
        }
        ("user_rename", Some(place)) if place.name == field(package, "old_username") => {
            place.name = field(package, "new_username").into();
        }
        ("user_joined", Some(place)) if place.name == field(package, "username") => {
            place.room = field(package, "channel").into();
        }
        _ => {}
    }
}
