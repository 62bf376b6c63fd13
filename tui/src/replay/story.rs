//! A short story for tests, as a recording: three users in three encodings, a private room, a rename,
//! an error.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use chatmaster_core::recording::{Header, Recorder};
use chatmaster_core::wire::{Encoder, Encoding};
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params,
};

/// A hub that is recorded, with peers that take all they are sent.
pub(crate) struct Studio {
    pub(crate) hub: Hub,
    pub(crate) recorder: Recorder,
    pub(crate) now: Time,
    /// Carol's stream, which stays open.
    stream: Box<CompressorOxide>,
}

impl Studio {
    pub(crate) fn new(config: Config) -> Self {
        let start = Start {
            unix_micros: 1_795_000_000_000_000,
        };
        let mut hub = Hub::new(config.clone(), start);
        hub.trace();
        let flags = create_comp_flags_from_zip_params(6, 15, 0);
        Studio {
            hub,
            recorder: Recorder::new(Header::new(config, start, "test")),
            now: Time::ZERO,
            stream: Box::new(CompressorOxide::new(flags)),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.recorder.bytes()
    }

    /// Lets time pass.
    pub(crate) fn after(&mut self, millis: u64) -> &mut Self {
        self.now = self.now + Duration::from_millis(millis);
        self
    }

    pub(crate) fn handle(&mut self, input: Input<'_>) {
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

    pub(crate) fn opens(&mut self, id: u64, address: impl Into<IpAddr>) {
        self.handle(Input::Opened(ConnId(id), Peer(address.into())));
    }

    /// A package in plain JSON.
    pub(crate) fn plain(&mut self, id: u64, text: &str) {
        self.handle(Input::Received(ConnId(id), text.as_bytes()));
    }

    /// A package as a zlib stream of its own.
    pub(crate) fn zlib(&mut self, id: u64, text: &str) {
        let mut bytes = Vec::new();
        Encoder::default().encode(text.as_bytes(), Encoding::Zlib, &mut bytes);
        self.handle(Input::Received(ConnId(id), &bytes));
    }

    /// A package in the one stream that stays open.
    pub(crate) fn stream(&mut self, id: u64, text: &str) {
        let mut bytes = vec![0; text.len() + 64];
        let (_, taken, written) = compress(
            &mut self.stream,
            text.as_bytes(),
            &mut bytes,
            TDEFLFlush::Sync,
        );
        assert_eq!(taken, text.len(), "there is room for it");
        self.handle(Input::Received(ConnId(id), &bytes[..written]));
    }
}

pub(crate) fn login(name: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"{name}"}}}}}}"#
    )
}

pub(crate) fn rename(name: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"rename","parameters":{{"username":"{name}"}}}}}}"#
    )
}

pub(crate) fn join(room: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"join","parameters":{{"channel":"{room}"}}}}}}"#
    )
}

pub(crate) fn command(name: &str) -> String {
    format!(r#"{{"type":"command","data":{{"command":"{name}"}}}}"#)
}

pub(crate) fn message(text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}"}}}}"#)
}

/// Alice (#1) speaks plain JSON, bob (#2) a stream for each package, carol (#3) one for all. Alice is
/// never in the room lair, which is private from 1.0 s to 1.8 s.
pub(crate) fn story() -> Studio {
    let mut studio = Studio::new(Config::default());
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
