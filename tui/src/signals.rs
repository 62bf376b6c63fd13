//! The signals that ask the program to end.

use std::ffi::c_int;
use std::io;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::error::{CliError, cause, tell};

/// Has SIGTERM and SIGINT end the program: the first in good order, which `leave` begins, the second at
/// once; and so the first, if `leave` says that there is nothing to leave. `ignored` signals do nothing.
///
/// # Errors
/// Why signals cannot be watched for.
pub(crate) fn leave_on_signals(
    ignored: &'static [c_int],
    mut leave: impl FnMut() -> bool + Send + 'static,
) -> Result<(), CliError> {
    let cannot = |what: &str, error: &io::Error| format!("cannot {what}: {}", cause(error));
    let mut signals = Signals::new([SIGTERM, SIGINT].iter().chain(ignored))
        .map_err(|error| CliError::Failed(cannot("watch for signals", &error)))?;
    thread::spawn(move || {
        let mut leaving = false;
        for signal in signals.forever() {
            if ignored.contains(&signal) {
                continue;
            }
            leaving = !leaving && leave();
            if !leaving && let Err(error) = emulate_default_handler(signal) {
                tell(cannot("end at once", &error));
            }
        }
    });
    Ok(())
}
