//! Histories drawn at random: a few players come, do all there is to do, and go, in any order.

use chatmaster_core::strategies::{message_text, newer_command, newer_message, tag};
use chatmaster_core::testing::ClientId;
use chatmaster_core::wire::{ClientPackage, Command, Version};
use chatmaster_tests::history::{Ask, Event};
use chatmaster_tests::model::names::NAMES;
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::select;

/// How many players there are.
pub(crate) const PLAYERS: usize = 4;

/// The names that players log in under if they do not choose one.
pub(crate) const PLAYER_NAMES: [&str; PLAYERS] = ["alice", "bob", "carol", "dave"];

/// What a player does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Asks for something; first connects and logs in under the player's own name if need be.
    Ask(Ask),
    /// The same without the login.
    AskAtOnce(Ask),
    /// Goes, if it is there.
    Leave,
}

/// Any history of so many acts.
pub(crate) fn history(acts: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Event>> {
    let act = prop_oneof![
        20 => ask().prop_map(Act::Ask),
        2 => ask().prop_map(Act::AskAtOnce),
        2 => Just(Act::Leave),
    ];
    acted(act, acts)
}

/// Any history of so many events in which most players speak version 2: their connections break, hang and
/// are taken again, and more of what there is concerns each other.
pub(crate) fn newer_history(events: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Event>> {
    let deed = prop_oneof![
        24 => (proptest::option::of(tag()), newer_ask()).prop_map(|(tag, ask)| Deed::Ask(tag, ask)),
        3 => Just(Deed::Break),
        // Also where the one before was not to be had again.
        4 => any::<u8>().prop_map(Deed::Return),
        1 => Just(Deed::HangUp),
        1 => Just(Deed::Wait),
    ];
    let version = prop_oneof![4 => Just(Version::Two), 1 => Just(Version::One)];
    let versions = [version.clone(), version.clone(), version.clone(), version];
    (versions, vec((0..PLAYERS, deed), events)).prop_map(|(versions, deeds)| {
        let mut stage = Stage {
            versions,
            ..Stage::default()
        };
        deeds
            .into_iter()
            .for_each(|(player, deed)| stage.does(player, deed));
        stage.events
    })
}

/// What a player does who may come back.
#[derive(Clone, Debug)]
enum Deed {
    /// Asks for something under a tag or not; first connects and logs in if need be.
    Ask(Option<String>, ClientPackage<'static>),
    Break,
    /// Connects anew, and takes the seat of one of its connections by its number among them: mostly the
    /// last.
    Return(u8),
    HangUp,
    Wait,
}

#[derive(Default)]
struct Stage {
    versions: [Version; PLAYERS],
    events: Vec<Event>,
    /// All connections of each player; the last one is there or gone.
    clients: [Vec<ClientId>; PLAYERS],
    is_there: [bool; PLAYERS],
    connected: ClientId,
}

impl Stage {
    fn does(&mut self, player: usize, deed: Deed) {
        let last = self.clients[player].last().copied();
        let here = last.filter(|_| self.is_there[player]);
        match (deed, here) {
            (Deed::Ask(tag, package), here) => {
                let client = here.unwrap_or_else(|| self.comes(player, None));
                self.events
                    .push(Event::Ask(client, Ask::Package(tag, package)));
            }
            (Deed::Return(which), _) if last.is_some() => {
                let clients = &self.clients[player];
                let back = if which < 200 {
                    0
                } else {
                    usize::from(which) % clients.len()
                };
                let token = clients[clients.len() - 1 - back];
                self.comes(player, Some(token));
            }
            (Deed::Break, Some(client)) => self.goes(player, Event::Leave(client)),
            (Deed::HangUp, Some(client)) => self.goes(player, Event::HangUp(client)),
            (Deed::Wait, _) => self.events.push(Event::Wait),
            (Deed::Return(_) | Deed::Break | Deed::HangUp, _) => {}
        }
    }

    /// Connects and logs in. Who has no token may come to the last one's all the same.
    fn comes(&mut self, player: usize, token: Option<ClientId>) -> ClientId {
        let client = self.connected;
        self.connected += 1;
        self.clients[player].push(client);
        self.is_there[player] = true;
        let login = Command::Login {
            username: PLAYER_NAMES[player].into(),
            version: self.versions[player],
            resume: token.map(|client| format!("token-{client}").into()),
        };
        let login = Ask::Package(None, ClientPackage::Command(login));
        self.events
            .extend([Event::Connect(client), Event::Ask(client, login)]);
        client
    }

    fn goes(&mut self, player: usize, event: Event) {
        self.is_there[player] = false;
        self.events.push(event);
    }
}

/// Anything of version 2 to ask for, about the other players most of the time.
fn newer_ask() -> impl Strategy<Value = ClientPackage<'static>> {
    let user = select(&PLAYER_NAMES[..]).prop_map(String::from);
    let user = prop_oneof![8 => user, 1 => select(&["ALICE", "aIice", "two words"][..]).prop_map(String::from)];
    let room = select(&["den", "den", "lair", "DEN", "general", ""][..]).prop_map(String::from);
    let (user, room) = (user.boxed(), room.boxed());
    prop_oneof![
        4 => newer_command(user.clone(), room.clone()).prop_map(ClientPackage::Command),
        1 => newer_message(user, room),
    ]
}

/// A history of so many of these acts, by any of the players.
pub(crate) fn acted(
    act: impl Strategy<Value = Act>,
    acts: impl Into<SizeRange>,
) -> impl Strategy<Value = Vec<Event>> {
    vec((0..PLAYERS, act), acts).prop_map(|acts| events(&acts))
}

/// A player who is not there connects first, as a new client.
fn events(acts: &[(usize, Act)]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut clients = [None; PLAYERS];
    let mut connected = 0;
    for (player, act) in acts {
        let present = clients[*player];
        let mut come = |events: &mut Vec<Event>| {
            events.push(Event::Connect(connected));
            clients[*player] = Some(connected);
            connected += 1;
            connected - 1
        };
        match (act, present) {
            (Act::Ask(ask) | Act::AskAtOnce(ask), Some(client)) => {
                events.push(Event::Ask(client, ask.clone()));
            }
            (Act::AskAtOnce(ask), None) => {
                let client = come(&mut events);
                events.push(Event::Ask(client, ask.clone()));
            }
            (Act::Ask(ask), None) => {
                let client = come(&mut events);
                let name = PLAYER_NAMES[*player].into();
                events.push(Event::Ask(client, Ask::Login(name)));
                events.push(Event::Ask(client, ask.clone()));
            }
            (Act::Leave, Some(client)) => {
                events.push(Event::Leave(client));
                clients[*player] = None;
            }
            (Act::Leave, None) => {}
        }
    }
    events
}

/// Anything there is to ask for.
pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        2 => name().prop_map(Ask::Login),
        4 => name().prop_map(Ask::Rename),
        8 => channel().prop_map(Ask::Join),
        4 => Just(Ask::Leave),
        4 => Just(Ask::Private),
        2 => Just(Ask::Public),
        2 => Just(Ask::Channels),
        2 => Just(Ask::Users),
        1 => Just(Ask::Fly),
        8 => message_text().prop_map(Ask::Say),
    ]
}

/// Mostly people who walk between few rooms, hide them, and ask.
pub(crate) fn walks() -> impl Strategy<Value = Act> {
    let walk = prop_oneof![
        6 => select(&["den", "lair", "DEN"][..]).prop_map(|room| Ask::Join(room.into())),
        2 => Just(Ask::Leave),
        4 => Just(Ask::Private),
        1 => Just(Ask::Public),
        2 => Just(Ask::Channels),
        2 => Just(Ask::Users),
        2 => Just(Ask::Say("hello".into())),
    ];
    prop_oneof![8 => walk.prop_map(Act::Ask), 1 => ask().prop_map(Act::Ask), 1 => Just(Act::Leave)]
}

/// Any name the model knows.
pub(crate) fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(|entry| entry.text.to_string())
}

/// The name of a room: one of few most of the time.
fn channel() -> impl Strategy<Value = String> {
    let few = select(&["den", "lair", "Games", "DEN", "general"][..]).prop_map(String::from);
    prop_oneof![4 => few, 1 => name()]
}
