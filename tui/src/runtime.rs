//! Which runtime moves the bytes. Both have the same surface and behave alike; this is the one place
//! that tells them apart.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};

use chatmaster_core::recording::Sink;
use chatmaster_core::session::{Action, Disconnected, TryActError, Update};
use chatmaster_core::{Config, SessionConfig};
use clap::ValueEnum;

use crate::serve::recording::Recording;
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

impl Runtime {
    /// Listens on `address`; `[::]` is every address of either family.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn listen(self, address: SocketAddr) -> io::Result<TcpListener> {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => chatmaster_mio::listen(address),
            #[cfg(feature = "smol")]
            Runtime::Smol => chatmaster_smol::listen(address),
        }
    }

    /// Listens on `address` in its own family alone; `[::]` is every address of IPv6.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn listen_only(self, address: SocketAddr) -> io::Result<TcpListener> {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => chatmaster_mio::listen_only(address),
            #[cfg(feature = "smol")]
            Runtime::Smol => chatmaster_smol::listen_only(address),
        }
    }

    /// Something that stops a server of this runtime.
    pub fn stop(self) -> Stop {
        match self {
            #[cfg(feature = "mio")]
            Runtime::Mio => Stop::Mio(chatmaster_mio::Stop::new()),
            #[cfg(feature = "smol")]
            Runtime::Smol => Stop::Smol(chatmaster_smol::Stop::new()),
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
            Runtime::Mio => chatmaster_mio::connect(addresses, config, on_update).map(Client::Mio),
            #[cfg(feature = "smol")]
            Runtime::Smol => {
                chatmaster_smol::connect(addresses, config, on_update).map(Client::Smol)
            }
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

/// Runs a server on the runtime that it is of, and stops it. Clones stop the same server.
#[derive(Clone)]
pub enum Stop {
    /// A server on mio.
    #[cfg(feature = "mio")]
    Mio(chatmaster_mio::Stop),
    /// A server on smol.
    #[cfg(feature = "smol")]
    Smol(chatmaster_smol::Stop),
}

impl Stop {
    /// Serves on `listeners` until stopped, and records it if there is a recording. `accept_failed` is
    /// told why a connection could not be accepted; it is tried again.
    ///
    /// # Errors
    /// What the operating system says, if the server cannot go on.
    pub fn serve(
        &self,
        config: Config,
        listeners: Vec<TcpListener>,
        recording: Option<Recording>,
        accept_failed: impl FnMut(&io::Error) + 'static,
    ) -> io::Result<()> {
        let sink = recording
            .map(|mut recording| Box::new(move |bytes: &[u8]| recording.keep(bytes)) as Box<Sink>);
        match self {
            #[cfg(feature = "mio")]
            Stop::Mio(stop) => {
                let hooks = chatmaster_mio::Hooks {
                    sink,
                    accept_failed: Some(Box::new(accept_failed)),
                };
                chatmaster_mio::serve_with(config, listeners, stop, hooks)
            }
            #[cfg(feature = "smol")]
            Stop::Smol(stop) => {
                let hooks = chatmaster_smol::Hooks {
                    sink,
                    accept_failed: Some(Box::new(accept_failed)),
                };
                chatmaster_smol::serve_with(config, listeners, stop, hooks)
            }
        }
    }

    /// Stops the server gracefully: everyone is told.
    pub fn stop(&self) {
        match self {
            #[cfg(feature = "mio")]
            Stop::Mio(stop) => stop.stop(),
            #[cfg(feature = "smol")]
            Stop::Smol(stop) => stop.stop(),
        }
    }
}

/// A session on its thread. Dropping it closes the connection.
pub enum Client {
    /// A session on mio.
    #[cfg(feature = "mio")]
    Mio(chatmaster_mio::Client),
    /// A session on smol.
    #[cfg(feature = "smol")]
    Smol(chatmaster_smol::Client),
}

impl Client {
    /// Does what the user wants; waits while too much is on its way to the server already.
    ///
    /// # Errors
    /// If the session is over.
    pub fn act(&self, action: Action) -> Result<(), Disconnected> {
        match self {
            #[cfg(feature = "mio")]
            Client::Mio(client) => client.act(action),
            #[cfg(feature = "smol")]
            Client::Smol(client) => client.act(action),
        }
    }

    /// Does what the user wants, without waiting.
    ///
    /// # Errors
    /// Why not, and the action.
    pub fn try_act(&self, action: Action) -> Result<(), TryActError> {
        match self {
            #[cfg(feature = "mio")]
            Client::Mio(client) => client.try_act(action),
            #[cfg(feature = "smol")]
            Client::Smol(client) => client.try_act(action),
        }
    }
}
