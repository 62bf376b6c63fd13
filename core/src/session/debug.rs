//! How a session shows itself to who debugs.

use core::fmt;

use super::Session;

/// Not all there is: a line for a log, or for a test that fails.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("now", &self.now)
            .field("phase", &self.phase)
            .field("awaited", &self.awaited)
            .field("to_send", &self.pending().len())
            .finish_non_exhaustive()
    }
}
