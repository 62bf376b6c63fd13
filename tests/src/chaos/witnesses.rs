//! Well-behaved users: what they see of what others do to the server.

use std::fmt;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::process::Client;
use chatmaster_core::testing::packages::{command, joined, left, login, message, said};
use chatmaster_core::testing::wire::{Framing, Writer};

const ROOM: &str = "witnesses";
/// How they speak. None of them keeps a zlib stream open: somebody else may need its inflater.
const FRAMINGS: [Framing; 3] = [Framing::Plain, Framing::Zlib, Framing::Zlib];
/// What flood control allows: one of them speaks ten times a second at the most.
const PAUSE: Duration = Duration::from_millis(50);
/// After so many words of theirs somebody new comes.
const NEWCOMER_EVERY: u32 = 5;

/// Whether there is somebody new from time to time, or nobody can come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newcomers {
    /// They log in, come, are heard by all, and go.
    Come,
    /// There are none.
    StayAway,
}

/// Three in a room of their own, who take turns to speak, and check every package: each word comes to
/// each of the others, in order, once, and nothing else does but who comes and goes.
pub struct Witnesses {
    address: SocketAddr,
    members: Vec<(String, Client, Writer)>,
    newcomers: Newcomers,
    testimony: Testimony,
}

/// What the witnesses saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// Words that were heard by both others.
    pub words: u32,
    /// Those who came, were heard, and went.
    pub newcomers: u32,
    /// The longest that a word, or a newcomer from connecting to being heard, took.
    pub worst: Duration,
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} words, {} newcomers", self.words, self.newcomers)
    }
}

impl Witnesses {
    /// Has them come.
    pub fn enter(address: SocketAddr, newcomers: Newcomers) -> Self {
        let mut members: Vec<(String, Client, Writer)> = Vec::new();
        for (number, framing) in FRAMINGS.into_iter().enumerate() {
            let name = format!("witness-{number}");
            let mut writer = Writer::new(framing);
            let client = enter(address, &name, &mut writer);
            for (_, other, _) in &mut members {
                expect(other, &joined(&name, ROOM));
            }
            members.push((name, client, writer));
        }
        Witnesses {
            address,
            members,
            newcomers,
            testimony: Testimony::default(),
        }
    }

    /// Has each of them speak, and somebody new come.
    pub fn talk_once(&mut self) {
        for _ in 0..NEWCOMER_EVERY {
            self.round();
        }
    }

    /// Has them talk until `stop` is closed, and after that once more.
    pub fn talk(&mut self, stop: &Receiver<()>) -> Testimony {
        self.testimony = Testimony::default();
        while stop.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
            self.round();
        }
        self.talk_once();
        self.testimony
    }

    fn round(&mut self) {
        let number = self.testimony.words;
        self.testimony.words += 1;
        let speaker = number as usize % self.members.len();
        let text = format!("word {number}");
        let began = Instant::now();
        let (name, client, writer) = &mut self.members[speaker];
        client.send_bytes(&writer.package(&message(&text)));
        let heard = said(&text, name);
        for (listener, (_, client, _)) in self.members.iter_mut().enumerate() {
            if listener != speaker {
                expect(client, &heard);
            }
        }
        self.took(began);
        if self.newcomers == Newcomers::Come && number.is_multiple_of(NEWCOMER_EVERY) {
            self.newcomer();
        }
    }

    fn newcomer(&mut self) {
        let name = format!("newcomer-{}", self.testimony.newcomers);
        self.testimony.newcomers += 1;
        let mut writer = Writer::new(Framing::Zlib);
        let began = Instant::now();
        let mut newcomer = enter(self.address, &name, &mut writer);
        newcomer.send_bytes(&writer.package(&message("Hello!")));
        for heard in [joined(&name, ROOM), said("Hello!", &name)] {
            self.all_hear(&heard);
        }
        self.took(began);
        drop(newcomer);
        self.all_hear(&left(&name, ROOM));
    }

    fn all_hear(&mut self, package: &str) {
        for (_, client, _) in &mut self.members {
            expect(client, package);
        }
    }

    fn took(&mut self, began: Instant) {
        self.testimony.worst = self.testimony.worst.max(began.elapsed());
    }
}

/// Logs in and goes into the witnesses' room.
fn enter(address: SocketAddr, name: &str, writer: &mut Writer) -> Client {
    let mut client = Client::connect(address);
    client.send_bytes(&writer.package(&login(name)));
    client.send_bytes(&writer.package(&command("join", "channel", ROOM)));
    // In the general room there may be anyone.
    let arrived = joined(name, ROOM);
    loop {
        let Some(package) = client.receive() else {
            panic!("{name} was closed on the way in");
        };
        let refused = r#"{"type":"session","data":{"status":false"#;
        assert!(!package.text.starts_with(refused), "{}", package.text);
        if package.text == arrived {
            return client;
        }
    }
}

fn expect(client: &mut Client, package: &str) {
    match client.receive() {
        Some(heard) => assert_eq!(heard.text, package, "a witness hears what comes next"),
        None => panic!("a witness was closed instead of hearing {package}"),
    }
}
