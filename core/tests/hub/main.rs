//! The hub's rules, each where it is broken first: a hub in memory, in virtual time, and clients who do
//! what they should not.

use std::collections::BTreeMap;
use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::testing::packages::login;
use chatmaster_core::testing::{ClientId, Harness, unlimited};

mod addresses;
mod announcements;
mod deadlines;
mod facts;
mod flood;
mod former;
mod inputs;
mod invariants;
mod limits;
mod lists;
mod logins;
mod messages;
mod names;
mod privacy;
mod queues;
mod rooms;
mod segments;
mod stopping;
mod streams;
mod version2;
mod work;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A hub, and users who talk to it in plain JSON and have read what came of their logins.
struct Chat {
    world: Harness,
    clients: BTreeMap<&'static str, ClientId>,
}

impl Chat {
    fn of<const N: usize>(names: [&'static str; N]) -> Self {
        Self::with(unlimited(), names)
    }

    fn with<const N: usize>(config: Config, names: [&'static str; N]) -> Self {
        let (world, clients) = (Harness::new(config), BTreeMap::new());
        let mut chat = Chat { world, clients };
        names.iter().for_each(|name| chat.enter(name));
        names.iter().for_each(|name| drop(chat.hears(name)));
        chat
    }

    /// One more logs in.
    fn enter(&mut self, name: &'static str) {
        let client = self.world.connect();
        self.world.send(client, login(name).as_bytes());
        self.clients.insert(name, client);
    }

    /// What comes for a user who sends a package, and had nothing to hear before.
    fn does(&mut self, name: &str, package: &str) -> Vec<String> {
        assert_eq!(self.hears(name), [""; 0], "before {package}");
        self.world.send(self.clients[name], package.as_bytes());
        self.hears(name)
    }

    /// A user does something, and all who hear of it have heard it.
    fn did(&mut self, name: &str, package: &str) {
        self.does(name, package);
        self.clear();
    }

    /// What has come for a user since this was asked.
    fn hears(&mut self, name: &str) -> Vec<String> {
        self.world.packages(self.clients[name])
    }

    /// Everyone has read what came.
    fn clear(&mut self) {
        for client in self.clients.values() {
            self.world.packages(*client);
        }
    }

    fn goes(&mut self, name: &str) {
        self.world.close(self.clients[name]);
        self.clients.remove(name);
    }
}
