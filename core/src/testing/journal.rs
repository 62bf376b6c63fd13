//! What the hubs of a test are handed, noted while someone wants it.

use std::cell::RefCell;
use std::thread_local;

use alloc::vec::Vec;

use crate::recording::{Header, Recorder};
use crate::{Config, Hub, Input, Output, Start, Time};

thread_local! {
    /// The notes about the hubs made since [`record`] began, while it runs.
    static JOURNAL: RefCell<Option<Vec<Notes>>> = const { RefCell::new(None) };
}

/// Runs `test`, and gives a recording of every hub of which a [`Page`] was kept on this thread
/// meanwhile, as every [`Harness`](super::Harness) does, in the order in which they were made. A hub
/// that panicked has a recording that ends with the input that it panicked at; what `test` itself
/// panics with is for its caller to catch.
///
/// `chatmaster replay` opens a recording: so a failure of a property, run once more, can be looked at.
pub fn record(test: impl FnOnce()) -> Vec<Vec<u8>> {
    JOURNAL.set(Some(Vec::new()));
    test();
    let notes = JOURNAL.take().unwrap_or_default();
    let recordings = notes.into_iter().map(|notes| notes.recorder);
    recordings
        .map(|recorder| recorder.bytes().to_vec())
        .collect()
}

/// One hub's: a twin of it, which is handed the same.
struct Notes {
    hub: Hub,
    recorder: Recorder,
}

/// What one hub is handed, if it is being noted.
#[derive(Clone, Copy, Debug)]
pub struct Page(Option<usize>);

impl Page {
    /// The page of a new hub with these limits.
    pub fn new(config: &Config) -> Self {
        Page(JOURNAL.with_borrow_mut(|journal| {
            let journal = journal.as_mut()?;
            let mut hub = Hub::new(config.clone(), Start::default());
            hub.trace();
            let header = Header::new(config.clone(), Start::default(), "test");
            let recorder = Recorder::new(header);
            journal.push(Notes { hub, recorder });
            Some(journal.len() - 1)
        }))
    }

    /// The hub is about to handle an input.
    pub fn input(self, at: Time, input: Input<'_>) {
        self.note(|Notes { hub, recorder }| recorder.handle(hub, at, input));
    }

    /// The hub's outputs are about to be drained.
    pub fn drained(self) {
        self.note(|Notes { hub, recorder }| {
            let outputs: Vec<Output> = core::iter::from_fn(|| hub.poll_output()).collect();
            recorder.drained(&outputs);
        });
    }

    fn note(self, note: impl FnOnce(&mut Notes)) {
        let Page(Some(page)) = self else { return };
        JOURNAL.with_borrow_mut(|journal| {
            // A hub may outlive the recording it began in.
            if let Some(notes) = journal.as_mut().and_then(|pages| pages.get_mut(page)) {
                note(notes);
            }
        });
    }
}
