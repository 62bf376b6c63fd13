//! The scripts of the conformance suite: who sends what, and what must come of it.
//!
//! A script is a text, one step a line:
//!
//! ```text
//! # a comment
//! alice bob log in
//! eve connects
//! eve < {"type":"request","data":{"request":"login"}}
//! eve > {"type":"command","data":{"command":"login","parameters":{"username":"alice"}}}
//! alice >> GET / HTTP/1.1\r\n
//! alice hangs up
//! alice is closed
//! alice closes
//! ```
//!
//! `<` is the very next package the client receives, compared as JSON, where the string `…` stands
//! for any string; `>` a package it sends, as it stands; `>>` raw bytes, with `\r`, `\n` and `\xNN`.
//! `log in` stands for all the packages of these clients' connecting and logging in, one after the other,
//! on a server where nobody else is and no room was made.
//! What different clients send is not ordered
//! unless someone receives in between, so a script that leaves it open is refused. At its end every
//! client still connected asks for something, and must receive the answer and nothing before it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Arrival, World};
use chatmaster_core::testing::ClientId;
use chatmaster_core::testing::packages::{admitted, joined, login};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};

/// How a client's bytes are handed to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Each package in one piece.
    Whole,
    /// Each byte by itself.
    Bytes,
    /// All packages up to the next thing to receive in one piece.
    Coalesced,
}

impl Delivery {
    /// All of them.
    pub const ALL: [Delivery; 3] = [Delivery::Whole, Delivery::Bytes, Delivery::Coalesced];
}

struct Client {
    id: ClientId,
    writer: Writer,
    reader: Reader,
    /// What was not handed to the network yet.
    unsent: Vec<u8>,
    /// The encoding it must be answered in: none before its first package.
    answered_compressed: Option<bool>,
}

struct Run<'a> {
    world: &'a mut dyn World,
    framing: Framing,
    delivery: Delivery,
    clients: BTreeMap<String, Client>,
}

/// Runs `script` in `world`.
///
/// # Panics
/// At the first line that does not come true, with its number.
pub fn run(script: &str, world: &mut dyn World, framing: Framing, delivery: Delivery) {
    let mut run = Run {
        world,
        framing,
        delivery,
        clients: BTreeMap::new(),
    };
    let mut sender: Option<&str> = None;
    let lines = steps(script);
    for (number, line) in &lines {
        let (name, step) = line.split_once(' ').expect("a step has a name and a verb");
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let context = format!("line {number} ({framing:?}, {delivery:?}): {line}");
        if matches!(verb, ">" | ">>") {
            assert!(
                sender.is_none_or(|other| other == name),
                "{context}\nraces with the line before"
            );
            sender = Some(name);
        } else {
            sender = None;
            run.flush();
        }
        match (verb, rest) {
            ("connects", "") => run.connect(name),
            (">", package) => run.send(name, package),
            (">>", raw) => {
                run.clients
                    .get_mut(name)
                    .expect("the client is connected")
                    .answered_compressed = None;
                run.send_raw(name, &unescape(raw));
            }
            ("<", package) => run.receive(name, package, &context),
            ("hangs", "up") => run.world.hang_up(run.clients[name].id),
            ("closes", "") => {
                let client = run.clients.remove(name).expect("the client is connected");
                run.world.close(client.id);
            }
            ("is", "closed") => run.is_closed(name, &context),
            _ => panic!("{context}\nis not a step"),
        }
    }
    run.flush();
    run.nothing_more();
}

/// The steps of a script, each with the number of its line.
fn steps(script: &str) -> Vec<(usize, String)> {
    let lines = (1..).zip(script.lines().map(str::trim));
    let steps = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let expand = |(number, line): (usize, &str)| match line.strip_suffix(" log in") {
        Some(names) => log_in(names).map(|step| (number, step)).collect(),
        None => vec![(number, line.to_string())],
    };
    steps.flat_map(expand).collect()
}

/// The steps of clients who log in one after the other.
fn log_in(names: &str) -> impl Iterator<Item = String> {
    let names: Vec<&str> = names.split(' ').collect();
    let one = |(number, name): (usize, &&str)| {
        let joined = joined(name, "general");
        let own = [
            format!("{name} connects"),
            format!(r#"{name} < {{"type":"request","data":{{"request":"login"}}}}"#),
            format!("{name} > {}", login(name)),
            format!("{name} < {}", admitted(name, &["general"])),
        ];
        let all = names[..=number].iter().rev();
        let told = all.map(|other| format!("{other} < {joined}"));
        own.into_iter().chain(told).collect::<Vec<_>>()
    };
    let steps: Vec<String> = names.iter().enumerate().flat_map(one).collect();
    steps.into_iter()
}

impl Run<'_> {
    fn connect(&mut self, name: &str) {
        let client = Client {
            id: self.world.connect(),
            writer: Writer::new(self.framing),
            reader: Reader::default(),
            unsent: Vec::new(),
            answered_compressed: None,
        };
        assert!(
            self.clients.insert(name.into(), client).is_none(),
            "{name} is connected already"
        );
    }

    fn send(&mut self, name: &str, package: &str) {
        let client = self.clients.get_mut(name).expect("the client is connected");
        let bytes = client.writer.package(package);
        client.answered_compressed = Some(self.framing != Framing::Plain);
        self.send_raw(name, &bytes);
    }

    fn send_raw(&mut self, name: &str, bytes: &[u8]) {
        let client = self.clients.get_mut(name).expect("the client is connected");
        match self.delivery {
            Delivery::Whole => self.world.send(client.id, bytes),
            Delivery::Bytes => bytes
                .chunks(1)
                .for_each(|byte| self.world.send(client.id, byte)),
            Delivery::Coalesced => client.unsent.extend_from_slice(bytes),
        }
    }

    fn flush(&mut self) {
        for client in self
            .clients
            .values_mut()
            .filter(|client| !client.unsent.is_empty())
        {
            self.world
                .send(client.id, &std::mem::take(&mut client.unsent));
        }
    }

    fn receive(&mut self, name: &str, expected: &str, context: &str) {
        let expected: Value = serde_json::from_str(expected).expect("the script has good JSON");
        let client = self.clients.get_mut(name).expect("the client is connected");
        let package = loop {
            if let Some(package) = client.reader.next_package() {
                break package;
            }
            match self.world.receive(client.id) {
                Arrival::Bytes(bytes) => client.reader.feed(&bytes),
                Arrival::Closed => panic!("{context}\nbut the connection was closed"),
            }
        };
        let actual: Value =
            serde_json::from_str(&package.text).expect("the server sends good JSON");
        assert!(
            matches(&actual, &expected),
            "{context}\nbut received {}",
            package.text
        );
        if let Some(compressed) = client.answered_compressed {
            assert_eq!(
                package.compressed, compressed,
                "{context}\nin the client's own encoding"
            );
        }
    }

    fn is_closed(&mut self, name: &str, context: &str) {
        let mut client = self.clients.remove(name).expect("the client is connected");
        while let Arrival::Bytes(bytes) = self.world.receive(client.id) {
            client.reader.feed(&bytes);
            if let Some(package) = client.reader.next_package() {
                panic!("{context}\nbut received {}", package.text);
            }
        }
        assert!(
            client.reader.is_empty(),
            "{context}\nbut there was half a package before"
        );
        self.world.close(client.id);
    }

    /// The answer to a question is all that anyone has still to receive.
    fn nothing_more(&mut self) {
        let names: Vec<String> = self.clients.keys().cloned().collect();
        for name in names {
            self.send(
                &name,
                r#"{"type":"command","data":{"command":"no such command"}}"#,
            );
            self.flush();
            let answer = r#"{"type":"error","data":{
                "error_type":"no such command","message":"Unknown command."}}"#;
            self.receive(
                &name,
                answer,
                &format!("at the end, {name} has nothing more to receive"),
            );
        }
    }
}

/// Whether `actual` is `expected`, where the string `…` stands for any string.
fn matches(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::String(_), Value::String(any)) if any == "…" => true,
        (Value::Object(actual), Value::Object(expected)) => {
            actual.len() == expected.len()
                && expected.iter().all(|(key, expected)| {
                    actual
                        .get(key)
                        .is_some_and(|actual| matches(actual, expected))
                })
        }
        _ => actual == expected,
    }
}

fn unescape(raw: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&escape, tail) = rest.split_first().expect("an escape has a letter");
        rest = tail;
        bytes.push(match escape {
            b'r' => b'\r',
            b'n' => b'\n',
            b'\\' => b'\\',
            b'x' => {
                let digits = str::from_utf8(&rest[..2]).expect("\\x has two digits");
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).expect("\\x has two digits")
            }
            other => panic!("\\{} is no escape", char::from(other)),
        });
    }
    bytes
}
