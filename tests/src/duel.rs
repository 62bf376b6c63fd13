//! A hub and the reference model, side by side: whatever happens to both, everyone hears the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{ClientId, Harness};
use chatmaster_core::wire::{ClientPackage, Command};
use serde_json::Value;

use crate::history::{Ask, Event, parse, perform, token_of, unhurried};
use crate::model::{Limits, Model};

/// Both of them.
pub struct Duel {
    model: Model,
    hub: Harness,
    /// How much of what each client heard was compared.
    compared: BTreeMap<ClientId, usize>,
    /// The messages' numbers in the model, and what the hub calls them.
    ids: BTreeMap<u64, u64>,
    /// The tokens that the hub gave, by the clients that got them first.
    tokens: BTreeMap<ClientId, String>,
}

impl Duel {
    /// Nobody is there.
    pub fn new(limits: Limits) -> Self {
        let config = Config {
            announce_limit: limits.announce_limit,
            max_user_rooms: limits.max_user_rooms,
            max_room_list: limits.max_room_list,
            history_messages: limits.history_messages,
            max_tags: limits.max_tags,
            // Who waits for others to be gone is in no hurry.
            login_timeout: Duration::from_secs(1_000_000),
            ..unhurried()
        };
        Duel {
            model: Model::new(limits),
            hub: Harness::new(config),
            compared: BTreeMap::new(),
            ids: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// One more thing happens, to both.
    ///
    /// # Errors
    /// What somebody heard that the model does not say, or the other way round.
    pub fn take(&mut self, event: &Event) -> Result<(), String> {
        let event = &self.known(event);
        self.model.take(event);
        match event {
            Event::Wait => self.hub.advance(Duration::from_secs(61)),
            event => {
                let event = self.translated(event);
                perform(&mut self.hub, &event, &mut Writer::new(Framing::Plain));
                self.compared.entry(event.client()).or_default();
            }
        }
        let clients: Vec<ClientId> = self.compared.keys().copied().collect();
        for client in clients {
            let packages = self.hub.packages(client);
            let heard: Vec<Value> = packages.iter().map(|text| parse(text)).collect();
            self.compare(client, &heard)
                .map_err(|what| format!("client {client}, {event:?}: {what}"))?;
        }
        Ok(())
    }

    /// The event, but that nobody asks for what is before or after a message that nobody has heard of.
    fn known(&self, event: &Event) -> Event {
        let mut event = event.clone();
        if let Event::Ask(_, Ask::Package(_, ClientPackage::Command(command))) = &mut event
            && let Command::History { before, after, .. } = command
        {
            for bound in [before, after] {
                *bound = bound.filter(|id| self.ids.contains_key(id));
            }
        }
        event
    }

    /// The event in the hub's words.
    fn translated(&self, event: &Event) -> Event {
        let mut event = event.clone();
        if let Event::Ask(_, Ask::Package(_, ClientPackage::Command(command))) = &mut event {
            match command {
                Command::History { before, after, .. } => {
                    for bound in [before, after] {
                        *bound = bound.map(|id| self.ids[&id]);
                    }
                }
                Command::Login { resume, .. } => {
                    let client = resume.as_deref().and_then(token_of);
                    if let Some(token) = client.and_then(|client| self.tokens.get(&client)) {
                        *resume = Some(token.clone().into());
                    }
                }
                _ => {}
            }
        }
        event
    }

    fn compare(&mut self, client: ClientId, heard: &[Value]) -> Result<(), String> {
        let compared = self.compared.entry(client).or_default();
        let expected: Vec<Value> = self.model.heard(client).skip(*compared).cloned().collect();
        *compared += expected.len();
        let same_length = heard.len() == expected.len();
        for (heard, expected) in heard.iter().zip(&expected) {
            if !self.is_same("", heard, expected) {
                return Err(format!("heard {heard}, and the model says {expected}"));
            }
        }
        if same_length {
            return Ok(());
        }
        Err(format!("heard {heard:?}, and the model says {expected:?}"))
    }

    /// Whether the hub's value is what the model has under that key.
    fn is_same(&mut self, key: &str, heard: &Value, expected: &Value) -> bool {
        match (key, heard, expected) {
            ("id", Value::Number(heard), Value::Number(expected)) => {
                match (heard.as_u64(), expected.as_u64()) {
                    (Some(heard), Some(expected)) => self.is_same_id(heard, expected),
                    _ => false,
                }
            }
            ("resume", Value::String(token), Value::Number(client)) => {
                let client = client.as_u64().unwrap_or(u64::MAX) as usize;
                self.tokens.entry(client).or_insert_with(|| token.clone()) == token
            }
            (_, Value::Object(heard), Value::Object(expected)) => {
                // The model has no clock.
                let time = expected.contains_key("id").then_some("time");
                let keys = expected.keys().map(String::as_str);
                let expected_keys: BTreeSet<&str> = keys.chain(time).collect();
                let keys: BTreeSet<&str> = heard.keys().map(String::as_str).collect();
                keys == expected_keys
                    && expected
                        .iter()
                        .all(|(key, expected)| self.is_same(key, &heard[key], expected))
            }
            (_, Value::Array(heard), Value::Array(expected)) => {
                heard.len() == expected.len()
                    && heard
                        .iter()
                        .zip(expected)
                        .all(|(heard, expected)| self.is_same("", heard, expected))
            }
            (_, heard, expected) => heard == expected,
        }
    }

    /// Whether that is what the hub calls the message: one name for each, and growing ones.
    fn is_same_id(&mut self, heard: u64, expected: u64) -> bool {
        if let Some(known) = self.ids.get(&expected) {
            return *known == heard;
        }
        let before = self.ids.range(..expected).next_back();
        let after = self.ids.range(expected..).next();
        let fits = before.is_none_or(|(_, id)| *id < heard)
            && after.is_none_or(|(_, id)| *id > heard)
            && heard > 0;
        self.ids.insert(expected, heard);
        fits
    }
}
