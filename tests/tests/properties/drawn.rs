//! Histories drawn at random: a few players come, do all there is to do, and go, in any order.

use chatmaster_core::strategies::message_text;
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
