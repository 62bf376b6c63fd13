//! Panics of the core, as something that can be reported instead of being the end.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// Where a panic was, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) struct Panic {
    /// The file and line: what tells one kind of panic from another.
    pub(in crate::replay) place: String,
    pub(in crate::replay) message: String,
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
pub(in crate::replay) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
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
    use super::*;

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
