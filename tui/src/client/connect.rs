//! How a client comes to a server: by its address, or by being it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use chatmaster_core::session::Update;
use chatmaster_core::{Config, SessionConfig};
use chatmaster_io::{Client, Stop, listen};

use crate::address::Address;
use crate::error::cause;
use crate::runtime::Runtime;

/// Where the server is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// At an address the user gave.
    Given(Address),
    /// At this address of this machine; if it is not there, it is to be hosted here.
    Here(SocketAddr),
}

/// Whether a server is to be hosted where none is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosting {
    /// A person has just started the program, and sees that it does.
    IfNeeded,
    /// Where there was a server, or nobody sees it: the place is that of the server that comes back.
    Never,
}

/// A session, and the server it is with if that is hosted by this process.
pub struct Connected {
    /// The session.
    pub client: Client,
    /// The server. It stops when this is dropped.
    pub host: Option<Host>,
}

/// A server on a thread of this process. When it is dropped it stops gracefully; if it has panicked, the
/// panic goes on there, unless it has ended the process before.
pub struct Host {
    stop: Stop,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Destination {
    /// Connects, and hosts the server before if need be and it may. May take as long as a connection takes.
    ///
    /// # Errors
    /// A sentence: what failed, on what, and what to try.
    pub fn connect(
        &self,
        runtime: Runtime,
        config: &SessionConfig,
        hosting: Hosting,
        on_update: impl FnMut(Update) + Clone + Send + 'static,
    ) -> Result<Connected, String> {
        let connect = |addresses: &[SocketAddr]| {
            runtime.connect(addresses, config.clone(), on_update.clone())
        };
        let visitor = |client| Connected { client, host: None };
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
            Destination::Here(address) => match connect(&[*address]) {
                Ok(client) => Ok(visitor(client)),
                Err(error)
                    if error.kind() == io::ErrorKind::ConnectionRefused
                        && hosting == Hosting::IfNeeded =>
                {
                    let host = match Host::start(runtime, *address) {
                        Ok(host) => Some(host),
                        // Someone else was faster, which is as good.
                        Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
                        Err(error) => {
                            let cause = cause(&error);
                            return Err(format!(
                                "cannot host a server on {address}: {cause}. Give the address \
                                 of a server."
                            ));
                        }
                    };
                    let client =
                        connect(&[*address]).map_err(|error| self.cannot_connect(&error))?;
                    Ok(Connected { client, host })
                }
                Err(error) => Err(self.cannot_connect(&error)),
            },
        }
    }

    fn cannot_connect(&self, error: &io::Error) -> String {
        let next = match error.kind() {
            io::ErrorKind::ConnectionRefused => match self {
                Destination::Given(_) => {
                    "Check the address, or start a server there with `chatmaster serve`."
                }
                Destination::Here(_) => {
                    "Give the address of a server, or start one here with `chatmaster serve`."
                }
            },
            _ => "Check the address and the network.",
        };
        format!("cannot connect to {self}: {}. {next}", cause(error))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Given(address) => address.fmt(f),
            Destination::Here(address) => address.fmt(f),
        }
    }
}

impl Host {
    fn start(runtime: Runtime, address: SocketAddr) -> io::Result<Self> {
        let listener = listen(address)?;
        let stop = Stop::new();
        let server = stop.clone();
        let thread = thread::Builder::new()
            .name("chatmaster-host".into())
            // If the server fails, its clients lose their connections, and this process has one.
            .spawn(move || {
                runtime.serve(Config::default(), vec![listener], &server, None, |_| ())
            })?;
        Ok(Host {
            stop,
            thread: Some(thread),
        })
    }
}

impl Host {
    /// The server, if it serves still. It ends by itself when it cannot go on.
    ///
    /// # Errors
    /// A sentence: why it could not.
    pub fn running(mut self) -> Result<Option<Self>, String> {
        match self.thread.take_if(|thread| thread.is_finished()) {
            None => Ok(Some(self)),
            Some(thread) => match thread.join() {
                Ok(Ok(())) => Ok(None),
                Ok(Err(error)) => Err(format!(
                    "the server that was hosted here has failed: {}",
                    cause(&error)
                )),
                Err(panic) => resume_unwind(panic),
            },
        }
    }

    /// A server that has failed.
    #[cfg(test)]
    pub(crate) fn failed(error: io::Error) -> Self {
        let thread = thread::spawn(|| Err(error));
        while !thread.is_finished() {
            thread::yield_now();
        }
        Host {
            stop: Stop::new(),
            thread: Some(thread),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;
    use std::time::Duration;

    use chatmaster_core::session::Event;
    use clap::ValueEnum;

    use super::*;

    /// An address of this machine on which nobody listens.
    fn free() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        listener.local_addr().expect("it is bound")
    }

    /// Reaches the server as `name`, and waits until that is logged in.
    fn log_in(at: SocketAddr, runtime: Runtime, name: &str) -> Connected {
        let config = SessionConfig {
            username: Some(name.into()),
            ..SessionConfig::default()
        };
        let (updates, came) = mpsc::channel();
        let tell = move |update| {
            // The test may be over before the session is.
            let _ = updates.send(update);
        };
        let connected = Destination::Here(at).connect(runtime, &config, Hosting::IfNeeded, tell);
        let connected = connected.expect("it is there, or can be hosted");
        while let Ok(update) = came.recv_timeout(Duration::from_secs(30)) {
            if matches!(update, Update::Event(Event::LoggedIn { .. })) {
                return connected;
            }
        }
        panic!("{name} is not logged in");
    }

    #[test]
    fn the_first_to_come_hosts_the_server_and_when_they_leave_the_next() {
        for runtime in Runtime::value_variants() {
            let at = free();
            let alice = log_in(at, *runtime, "alice");
            assert!(alice.host.is_some());
            let bob = log_in(at, *runtime, "bob");
            assert!(bob.host.is_none());
            drop(alice);
            let carol = log_in(at, *runtime, "carol");
            assert!(carol.host.is_some());
        }
    }

    #[test]
    fn a_panic_of_the_server_is_not_kept_from_who_hosts_it() {
        let host = Host {
            stop: Stop::new(),
            thread: Some(thread::spawn(|| panic!("planted"))),
        };
        let panic = catch_unwind(AssertUnwindSafe(|| drop(host))).expect_err("it goes on");
        assert_eq!(panic.downcast_ref(), Some(&"planted"));
    }

    #[test]
    fn where_the_server_is_only_gone_for_a_while_its_port_is_left_to_it() {
        for runtime in Runtime::value_variants() {
            let at = free();
            let here = Destination::Here(at);
            let connected =
                here.connect(*runtime, &SessionConfig::default(), Hosting::Never, |_| ());
            let why = connected.err().expect("nobody is there");
            assert!(why.contains("nobody is listening there"), "{why}");
            assert!(TcpListener::bind(at).is_ok(), "the port is free");
        }
    }

    #[test]
    fn whoever_comes_to_a_port_that_someone_else_has_hosts_nothing() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let at = taken.local_addr().expect("it is bound");
        let config = SessionConfig::default();
        let here = Destination::Here(at);
        let connected = here.connect(Runtime::default(), &config, Hosting::IfNeeded, |_| ());
        assert!(connected.expect("it accepts connections").host.is_none());
    }
}
