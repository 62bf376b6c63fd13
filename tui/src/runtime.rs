//! Which runtime moves the bytes. Both have the same surface and behave alike; this is the one place
//! that tells them apart.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};

use chatmaster_core::recording::{Recorded, SinkOutcome};
use chatmaster_core::session::Update;
use chatmaster_core::{Config, Machine, SessionConfig};
use chatmaster_io::{Client, Clock, Hooks, Stop, hub};
use clap::ValueEnum;
use clap::builder::PossibleValue;

#[cfg(not(any(feature = "mio", feature = "smol")))]
compile_error!("chatmaster needs a runtime: enable the feature `mio` or `smol`");

/// A runtime that is compiled in. The default is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// An event loop of our own on `mio`.
    #[cfg(feature = "mio")]
    #[default]
    Mio,
    /// Tasks on `smol`.
    #[cfg(feature = "smol")]
    #[cfg_attr(not(feature = "mio"), default)]
    Smol,
}

/// Where the bytes of a recording go.
pub type Sink = Box<dyn FnMut(&[u8]) -> SinkOutcome>;

impl Runtime {
    /// Serves on `listeners` until stopped, and records it if there is somewhere to. `accept_failed` is
    /// told why a connection could not be accepted; it is tried again.
    ///
    /// # Errors
    /// What the operating system says, if the server cannot go on.
    ///
    /// # Panics
    /// If something in the server does.
    pub fn serve(
        self,
        config: Config,
        listeners: Vec<TcpListener>,
        stop: &Stop,
        sink: Option<Sink>,
        accept_failed: impl FnMut(&io::Error) + 'static,
    ) -> io::Result<()> {
        let hooks = Hooks {
            accept_failed: Some(Box::new(accept_failed)),
        };
        let (hub, clock) = hub(config)?;
        match sink {
            None => self.serve_with(hub, clock, listeners, stop, hooks),
            Some(sink) => {
                let recorded = Recorded::new(hub, self.name(), sink)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
                self.serve_with(recorded, clock, listeners, stop, hooks)
            }
        }
    }

    fn serve_with(
        self,
        machine: impl Machine,
        clock: Clock,
        listeners: Vec<TcpListener>,
        stop: &Stop,
        hooks: Hooks,
    ) -> io::Result<()> {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => chatmaster_mio::serve_with(machine, clock, listeners, stop, hooks),
            #[cfg(feature = "smol")]
            Runtime::Smol => chatmaster_smol::serve_with(machine, clock, listeners, stop, hooks),
        }
    }

    /// Connects to the first of `addresses` that answers, and runs a session on a thread of its own
    /// that tells `on_update` what happens.
    ///
    /// # Errors
    /// What the operating system says of the last attempt to fail, if none answers.
    pub fn connect(
        self,
        addresses: &[SocketAddr],
        config: SessionConfig,
        on_update: impl FnMut(Update) + Send + 'static,
    ) -> io::Result<Client> {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => chatmaster_mio::connect(addresses, config, on_update),
            #[cfg(feature = "smol")]
            Runtime::Smol => chatmaster_smol::connect(addresses, config, on_update),
        }
    }
}

impl Runtime {
    /// What it is called on the command line.
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => "mio",
            #[cfg(feature = "smol")]
            Runtime::Smol => "smol",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ValueEnum for Runtime {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            #[cfg(feature = "mio")]
            Runtime::Mio,
            #[cfg(feature = "smol")]
            Runtime::Smol,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
