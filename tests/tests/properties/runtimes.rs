//! The runtimes add nothing and take nothing away.

use chatmaster_core::Config;
use chatmaster_core::testing::wire::{Framing, Reader, Writer};
use chatmaster_core::testing::{ClientId, Harness};
use chatmaster_tests::history::{Event, field, parse, unhurried};
use chatmaster_tests::world::{Arrival, Runtime, Sockets, World};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::counterexample::properties;
use crate::drawn::history;

/// A server and three connections for each case take their time: one of 16 cases that others try.
fn cases() -> ProptestConfig {
    let config = crate::cases(128);
    ProptestConfig {
        cases: config.cases.div_ceil(16),
        ..config
    }
}

properties! {
    #![proptest_config(cases())]

    #[test]
    fn mio_smol_and_the_bare_hub_give_everyone_the_same_transcript(
        history in history(1..40),
        framing in select(&Framing::ALL[..]),
    ) {
        let bare = one_at_a_time(&mut Harness::new(unhurried()), &history, framing);
        for runtime in Runtime::ALL {
            let config = Config { ..unhurried() };
            let served = one_at_a_time(&mut Sockets::new(runtime, config), &history, framing);
            prop_assert_eq!(&served, &bare, "{:?}", runtime);
        }
    }
}

/// What each client hears when each waits for the answers of the one before: every package is sent
/// together with a question, whose answer comes after all that the package did.
fn one_at_a_time(world: &mut dyn World, history: &[Event], framing: Framing) -> Vec<Vec<Value>> {
    let mut clients: Vec<Client> = Vec::new();
    for event in history {
        match event {
            Event::Connect(client) => {
                assert_eq!(
                    world.connect(),
                    *client,
                    "clients are numbered as they connect"
                );
                clients.push(Client::new(*client, framing));
                clients[*client].asks(world, b"");
            }
            Event::Ask(client, ask) => {
                let bytes = clients[*client].writer.package(&ask.text());
                clients[*client].asks(world, &bytes);
            }
            Event::Leave(client) => clients[*client].leaves(world),
            Event::HangUp(_) | Event::Wait => unreachable!("these histories are of version 1"),
        }
    }
    for client in &mut clients {
        client.asks(world, b"");
    }
    clients.into_iter().map(|client| client.heard).collect()
}

struct Client {
    id: ClientId,
    writer: Writer,
    reader: Reader,
    heard: Vec<Value>,
    /// Whether it, or the server, has ended the connection.
    ended: bool,
}

impl Client {
    fn new(id: ClientId, framing: Framing) -> Self {
        Client {
            id,
            writer: Writer::new(framing),
            reader: Reader::default(),
            heard: Vec::new(),
            ended: false,
        }
    }

    /// Sends bytes and a question, and reads up to its answer, or to the end.
    fn asks(&mut self, world: &mut dyn World, bytes: &[u8]) {
        if self.ended {
            return;
        }
        let question = self
            .writer
            .package(r#"{"type":"command","data":{"command":"done?"}}"#);
        world.send(self.id, &[bytes, &question].concat());
        self.reads(world, |package| field(package, "error_type") == "done?");
    }

    /// Ends what it sends, and reads to the end.
    fn leaves(&mut self, world: &mut dyn World) {
        if !self.ended {
            world.hang_up(self.id);
            self.reads(world, |_| false);
        }
    }

    fn reads(&mut self, world: &mut dyn World, is_last: impl Fn(&Value) -> bool) {
        loop {
            while let Some(package) = self.reader.next_package() {
                let package = parse(&package.text);
                if is_last(&package) {
                    return;
                }
                self.heard.push(package);
            }
            match world.receive(self.id) {
                Arrival::Bytes(bytes) => self.reader.feed(&bytes),
                Arrival::Closed => {
                    self.ended = true;
                    return world.close(self.id);
                }
            }
        }
    }
}
