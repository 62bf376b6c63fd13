//! A short story for tests, as a recording: three users in three encodings, a private room, a rename,
//! an error.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use chatmaster_core::recording::{Header, Recorder};
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};

use chatmaster_core::testing::wire::{Framing, Writer};

pub use chatmaster_core::testing::packages::login;

/// A hub that is recorded, with peers that take all they are sent.
pub struct RecordedHub {
    /// The hub, which is traced.
    pub hub: Hub,
    /// What has become of it so far.
    pub recorder: Recorder,
    /// Its time, which passes only [when told](RecordedHub::after).
    pub now: Time,
    /// Bob's streams, one for each package.
    zlib: Writer,
    /// Carol's stream, which stays open.
    stream: Writer,
}

impl RecordedHub {
    /// A hub without connections.
    pub fn new(config: Config) -> Self {
        let start = Start {
            unix_micros: 1_795_000_000_000_000,
            ..Start::default()
        };
        let mut hub = Hub::new(config.clone(), start);
        hub.trace();
        RecordedHub {
            hub,
            recorder: Recorder::new(Header::new(config, start, "test")),
            now: Time::ZERO,
            zlib: Writer::new(Framing::Zlib),
            stream: Writer::new(Framing::Stream),
        }
    }

    /// The recording.
    pub fn bytes(&self) -> &[u8] {
        self.recorder.bytes()
    }

    /// Lets time pass.
    pub fn after(&mut self, millis: u64) -> &mut Self {
        self.now = self.now + Duration::from_millis(millis);
        self
    }

    /// Hands `input` to the hub, and takes all that it wants to write.
    pub fn handle(&mut self, input: Input<'_>) {
        self.recorder.handle(&mut self.hub, self.now, input);
        let outputs: Vec<Output> = std::iter::from_fn(|| self.hub.poll_output()).collect();
        self.recorder.drained(&outputs);
        for output in outputs {
            if let Output::Write(id) = output {
                let count: usize = self.hub.pending(id).map(<[u8]>::len).sum();
                self.handle(Input::Sent(id, u32::try_from(count).expect("it is short")));
            }
        }
    }

    /// A connection comes.
    pub fn opens(&mut self, id: u64, address: impl Into<IpAddr>) {
        self.handle(Input::Opened(ConnId(id), Peer(address.into())));
    }

    /// A package in plain JSON.
    pub fn plain(&mut self, id: u64, text: &str) {
        self.handle(Input::Received(ConnId(id), text.as_bytes()));
    }

    /// A package as a zlib stream of its own.
    pub fn zlib(&mut self, id: u64, text: &str) {
        let bytes = self.zlib.package(text);
        self.handle(Input::Received(ConnId(id), &bytes));
    }

    /// A package in the one stream that stays open.
    pub fn stream(&mut self, id: u64, text: &str) {
        let bytes = self.stream.package(text);
        self.handle(Input::Received(ConnId(id), &bytes));
    }
}

/// The rename of a user.
pub fn rename(name: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"rename","parameters":{{"username":"{name}"}}}}}}"#
    )
}

/// The wish to be in a room.
pub fn join(room: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"join","parameters":{{"channel":"{room}"}}}}}}"#
    )
}

/// A command without parameters.
pub fn command(name: &str) -> String {
    format!(r#"{{"type":"command","data":{{"command":"{name}"}}}}"#)
}

/// What a user says: `text` as it is in JSON, escapes and all.
pub fn message(text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}"}}}}"#)
}

/// Alice (#1) speaks plain JSON, bob (#2) a stream for each package, carol (#3) one for all. Alice is
/// never in the room lair, which is private from 1.0 s to 1.8 s.
pub fn story() -> RecordedHub {
    let mut studio = RecordedHub::new(Config::default());
    let s = &mut studio;
    s.after(100).opens(1, Ipv4Addr::LOCALHOST);
    s.after(100).plain(1, &login("alice"));
    s.after(100).opens(2, Ipv4Addr::new(203, 0, 113, 7));
    s.after(100).zlib(2, &login("bob"));
    s.after(100).opens(3, Ipv6Addr::LOCALHOST);
    s.after(100).stream(3, &login("carol"));
    s.after(100).plain(1, &message("hello everyone"));
    s.after(100).zlib(2, &join("lair"));
    s.after(100).stream(3, &join("lair"));
    s.after(100).zlib(2, &command("private"));
    s.after(100).zlib(2, &message("the secret plan"));
    s.after(100).stream(3, &message("understood \\u001b[1m"));
    s.after(100).plain(1, &join("lair"));
    s.after(100).plain(1, &message("is anyone here?"));
    s.after(100).plain(1, &rename("alicia"));
    s.after(100).zlib(2, &command("leave"));
    s.after(100).zlib(2, &message("back again"));
    s.after(100).stream(3, &command("public"));
    s.after(60_000).handle(Input::Eof(ConnId(3)));
    s.after(100).plain(1, "nonsense");
    s.after(100).handle(Input::Closed(ConnId(1)));
    s.after(100).handle(Input::Shutdown);
    s.handle(Input::Eof(ConnId(2)));
    studio
}
