//! What the hubs of a test are handed, noted while someone wants it: a test that fails is run once
//! more with its hubs on record, and what they went through is a [`Trace`] each.

use std::cell::RefCell;

use chatmaster_core::{Config, Input, Time};

use crate::sim::trace::{Event, Trace};

thread_local! {
    /// The traces of the hubs made since [`record`] began, while it runs.
    static JOURNAL: RefCell<Option<Vec<Trace>>> = const { RefCell::new(None) };
}

/// Runs `test`, and gives the trace of every hub that was [kept](Page) on this thread meanwhile, in
/// the order in which they were made.
pub fn record(test: impl FnOnce()) -> Vec<Trace> {
    JOURNAL.set(Some(Vec::new()));
    test();
    JOURNAL.take().unwrap_or_default()
}

/// The trace of one hub, if one is being kept.
#[derive(Clone, Copy, Debug)]
pub struct Page(Option<usize>);

impl Page {
    /// The page of a new hub with these limits.
    pub fn new(config: &Config) -> Self {
        Page(JOURNAL.with_borrow_mut(|journal| {
            let traces = journal.as_mut()?;
            traces.push(Trace::new(config.clone()));
            Some(traces.len() - 1)
        }))
    }

    /// The hub is about to handle an input.
    pub fn input(self, at: Time, input: Input<'_>) {
        self.note(at, || Event::of(input));
    }

    /// The hub's outputs are about to be drained.
    pub fn drained(self, at: Time) {
        self.note(at, || Event::Drained);
    }

    fn note(self, at: Time, event: impl FnOnce() -> Event) {
        let Page(Some(page)) = self else { return };
        JOURNAL.with_borrow_mut(|journal| {
            // A hub may outlive the recording it began in.
            if let Some(trace) = journal.as_mut().and_then(|traces| traces.get_mut(page)) {
                trace.events.push((at, event()));
            }
        });
    }
}
