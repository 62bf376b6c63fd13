//! What becomes of a panic: the end of the process, or, of one of the core that is replayed, a report.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::Once;
use std::thread;

/// The exit status after a panic, as Rust has it.
pub const PANICKED: i32 = 101;

/// Has a panic end the process whatever thread it is on, once it is said. What is left otherwise looks
/// alive and is deaf: a client without its input, or a host without its server. The main thread ends by
/// itself, and unwinds: what a server has panicked at is then in its recording.
pub fn end_the_process() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        if thread::current().name() != Some("main") {
            process::exit(PANICKED);
        }
    }));
}

/// Where a panic was, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    /// The file and line: what tells one kind of panic from another.
    pub(crate) place: String,
    pub(crate) message: String,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic at {}: {}", self.place, self.message)
    }
}

thread_local! {
    /// Whether panics of this thread are being caught, and so are not to be printed.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Does `act`; if it panics, without a word, says how. What it was about is not to be used then.
pub(crate) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return before(info);
            }
            let place = info.location();
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let message = text.unwrap_or("no message");
            LAST.set(Some(Panic {
                place: place.map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line())),
                message: message.to_owned(),
            }));
        }));
    });
    CATCHING.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(act));
    CATCHING.set(false);
    done.map_err(|_| LAST.take().expect("the hook has noted it"))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;

    /// What is run by the test below: the process would be that of all tests.
    #[test]
    #[ignore = "it is run by the test of panics"]
    fn panics_on_another_thread() {
        end_the_process();
        let panicked = thread::spawn(|| panic!("planted")).join();
        println!("it goes on: {panicked:?}");
    }

    #[test]
    fn a_panic_on_any_thread_ends_the_process() {
        let this = env::current_exe().expect("it runs");
        let name = "panics::tests::panics_on_another_thread";
        let output = Command::new(this)
            .args(["--exact", name, "--ignored", "--nocapture"])
            .output()
            .expect("it runs");
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(PANICKED), "{out}{err}");
        assert!(err.contains("planted"), "{err}");
        assert!(!out.contains("it goes on"), "{out}");
    }

    #[test]
    fn a_panic_is_caught_with_its_place_and_message() {
        let line = line!() + 1;
        let panic = caught(|| panic!("the {} broke", "hub")).expect_err("it panics");
        assert_eq!(panic.message, "the hub broke");
        assert!(
            panic.place.ends_with(&format!("panics.rs:{line}")),
            "{panic}"
        );
        assert_eq!(caught(|| 7), Ok(7));
    }
}
