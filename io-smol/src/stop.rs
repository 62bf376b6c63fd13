//! Stopping a server from outside its tasks.

use std::convert::Infallible;
use std::fmt;

use smol::channel::{Receiver, Sender, bounded};

/// Stops a [`serve`](crate::serve) from another thread, such as one that waits for signals. All
/// clones are one and the same.
#[derive(Clone)]
pub struct Stop {
    /// Nothing is ever sent here: to stop is to close it.
    sender: Sender<Infallible>,
    receiver: Receiver<Infallible>,
}

impl Stop {
    /// A stop that nobody has asked for yet.
    pub fn new() -> Self {
        Stop::default()
    }

    /// Stops the server now, or as soon as it is started. Does nothing the second time.
    pub fn stop(&self) {
        self.sender.close();
    }

    /// Returns when [`stop`](Stop::stop) was called, before or meanwhile.
    pub(crate) async fn stopped(&self) {
        let Err(_closed) = self.receiver.recv().await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        let (sender, receiver) = bounded(1);
        Stop { sender, receiver }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("stopped", &self.receiver.is_closed())
            .finish()
    }
}
