//! What is measured: a server, or the baseline it stands on.

use std::fmt;

use chatmaster_core::Encoding;

use super::Shape;
use super::clients::{Codec, LoadClients};
use super::machine::{self, Pinning};
use crate::process::Process;
use crate::world::Runtime;

/// A server, or the baseline beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// See [`super::baseline`]; it writes as many bytes as a server does.
    Baseline(Sizes),
    /// A server on a runtime, to clients that speak an encoding.
    Server(Runtime, Encoding),
}

/// The programs that are started: the `server` and the `baseline` of this package.
#[derive(Clone, Copy, Debug)]
pub struct Programs {
    /// The server.
    pub server: &'static str,
    /// The baseline.
    pub baseline: &'static str,
}

/// How many bytes a server writes in an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The encoding.
    pub encoding: Encoding,
    /// To whoever connects.
    pub greeting: usize,
    /// To whoever logs in, and enters the general room.
    pub answer: usize,
    /// For each message to each member.
    pub frame: usize,
}

impl Sizes {
    /// Asks a server.
    pub fn learn(programs: Programs, encoding: Encoding) -> Sizes {
        let shape = Shape {
            rooms: 1,
            members: 2,
            senders: 1,
            in_flight: 1,
        };
        let process = Process::start_speaking(programs.server, Runtime::Mio, encoding);
        let mut clients = LoadClients::new(process.address(), Codec::Packages(encoding), shape);
        clients.enter(shape.connections(), 1);
        clients.rehearse();
        let (greeting, answer) = clients.courtesies();
        let sizes = Sizes {
            encoding,
            greeting,
            answer,
            frame: clients.frame_bytes(0),
        };
        process.kill();
        sizes
    }
}

impl Subject {
    /// Starts it with rooms of so many members, on a core of its own where the system allows.
    pub fn start(self, programs: Programs, members: usize) -> (Process, Pinning) {
        machine::apart(|| match self {
            Subject::Baseline(sizes) => Process::start_baseline(
                programs.baseline,
                &[members, sizes.greeting, sizes.answer].map(|number| number.to_string()),
            ),
            Subject::Server(runtime, encoding) => {
                Process::start_speaking(programs.server, runtime, encoding)
            }
        })
    }

    /// How its clients speak.
    pub fn codec(self) -> Codec {
        match self {
            Subject::Baseline(sizes) => Codec::Lines(sizes),
            Subject::Server(_, encoding) => Codec::Packages(encoding),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, encoding) = match self {
            Subject::Baseline(sizes) => ("baseline", sizes.encoding),
            Subject::Server(runtime, encoding) => (runtime.name(), *encoding),
        };
        match encoding {
            Encoding::Plain => write!(f, "{name} plain"),
            Encoding::Zlib => write!(f, "{name} zlib"),
        }
    }
}
