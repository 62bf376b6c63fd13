//! How a client comes to a server: by its address, or by being it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use chatmaster_core::session::Update;
use chatmaster_core::{Config, SessionConfig};

use crate::address::{Address, LOOPBACK};
use crate::runtime::{Client, Runtime, Stop};
use crate::trouble::cause;

/// Where the server is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// At an address the user gave.
    Given(Address),
    /// On this machine; if it is not there, it is to be hosted here.
    Here,
}

/// A session, and the server it is with if that is hosted by this process.
pub struct Reached {
    /// The session.
    pub client: Client,
    /// The server. It stops when this is dropped.
    pub host: Option<Host>,
}

/// A server on a thread of this process. When it is dropped it stops gracefully.
pub struct Host {
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Destination {
    /// Connects, and hosts the server before if need be. May take as long as a connection takes.
    ///
    /// # Errors
    /// A sentence: what failed, on what, and what to try.
    pub fn reach(
        &self,
        runtime: Runtime,
        config: &SessionConfig,
        on_update: impl FnMut(Update) + Clone + Send + 'static,
    ) -> Result<Reached, String> {
        let connect = |addresses: &[SocketAddr]| {
            runtime.connect(addresses, config.clone(), on_update.clone())
        };
        let visitor = |client| Reached { client, host: None };
        match self {
            Destination::Given(address) => {
                let addresses = address.resolve().map_err(|error| {
                    let cause = cause(&error);
                    format!("cannot find the host of {address}: {cause}. Check the address.")
                })?;
                connect(&addresses)
                    .map(visitor)
                    .map_err(|error| self.cannot_connect(&error))
            }
            Destination::Here => match connect(&[LOOPBACK]) {
                Ok(client) => Ok(visitor(client)),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let host = match Host::start(runtime) {
                        Ok(host) => Some(host),
                        // Someone else was faster, which is as good.
                        Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
                        Err(error) => {
                            let cause = cause(&error);
                            return Err(format!(
                                "cannot host a server on {LOOPBACK}: {cause}. Give the address \
                                 of a server."
                            ));
                        }
                    };
                    let client =
                        connect(&[LOOPBACK]).map_err(|error| self.cannot_connect(&error))?;
                    Ok(Reached { client, host })
                }
                Err(error) => Err(self.cannot_connect(&error)),
            },
        }
    }

    fn cannot_connect(&self, error: &io::Error) -> String {
        let next = match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "Check the address, or start a server there with `chatmaster serve`."
            }
            _ => "Check the address and the network.",
        };
        format!("cannot connect to {self}: {}. {next}", cause(error))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Given(address) => address.fmt(f),
            Destination::Here => LOOPBACK.fmt(f),
        }
    }
}

impl Host {
    fn start(runtime: Runtime) -> io::Result<Self> {
        let listener = runtime.listen(LOOPBACK)?;
        let stop = runtime.stop();
        let server = stop.clone();
        let thread = thread::Builder::new()
            .name("chatmaster-host".into())
            .spawn(move || {
                // If the server fails, its clients lose their connections, and this process has one.
                let _ = server.serve(Config::default(), vec![listener], None);
            })?;
        Ok(Host {
            stop,
            thread: Some(thread),
        })
    }
}

impl Host {
    /// Whether it serves still. It ends by itself when it cannot go on.
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // If the server panicked, that was said where it happened.
            let _ = thread.join();
        }
    }
}
