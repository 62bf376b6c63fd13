//! What a server is given, on every runtime.

use std::fmt;
use std::io;
use std::net::TcpListener;

use chatmaster_core::{Config, Hub};

use crate::Clock;

/// What a server lets its owner know while it runs. They are called on its thread, which does nothing
/// else meanwhile; one that panics ends the server like any panic.
#[derive(Default)]
pub struct Hooks {
    /// Is told why a connection could not be accepted; it is tried again after a pause of up to a second.
    pub accept_failed: Option<Box<AcceptFailed>>,
}

/// Who is told why a connection could not be accepted.
pub type AcceptFailed = dyn FnMut(&io::Error);

impl Hooks {
    /// Tells that a connection could not be accepted.
    pub fn accept_failed(&mut self, error: &io::Error) {
        if let Some(hook) = &mut self.accept_failed {
            hook(error);
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// A hub with these limits, and the clock to drive it by.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): the limits do not go together.
pub fn hub(config: Config) -> io::Result<(Hub, Clock)> {
    config
        .check()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let clock = Clock::start_now();
    Ok((Hub::new(config, clock.start()), clock))
}

/// Refuses a server that nobody could come to.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): there is no listener.
pub fn check_listeners(listeners: &[TcpListener]) -> io::Result<()> {
    if listeners.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no socket to listen on",
        ));
    }
    Ok(())
}
