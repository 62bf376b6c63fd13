//! A hub for an adapter, recorded or not.

use alloc::vec::Vec;
use core::ops::Deref;

use super::{Header, Recorder};
use crate::hub::{Hub, Input, Output};
use crate::time::Time;

/// A hub, and its recorder if there is one. An adapter drives it like a hub, and calls
/// [`Tape::keep`] before it writes to any connection.
pub struct Tape {
    hub: Hub,
    recorder: Option<Recorder>,
    /// The outputs of the drain under way.
    drained: Vec<Output>,
}

/// Where the bytes of a recording go, in order. It is given them before what they led to can be seen
/// outside, and says what became of them.
pub type Sink = dyn FnMut(&[u8]) -> SinkOutcome;

/// What became of bytes that were to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkOutcome {
    /// They are written.
    Written,
    /// They are written, and what follows goes to a new file.
    NextSegment,
    /// They are not written, and nothing more is to be recorded.
    Failed,
}

impl Tape {
    /// A hub that is not recorded.
    pub fn blank(hub: Hub) -> Self {
        Tape {
            hub,
            recorder: None,
            drained: Vec::new(),
        }
    }

    /// A hub that is recorded from now on: it must not have handled any input yet. `runtime` is the
    /// name of what drives it.
    pub fn recording(mut hub: Hub, runtime: &str) -> Self {
        let header = Header::new(hub.config().clone(), hub.start(), runtime);
        hub.trace();
        Tape {
            hub,
            recorder: Some(Recorder::new(header)),
            drained: Vec::new(),
        }
    }

    /// [`Hub::handle`].
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        match &mut self.recorder {
            None => self.hub.handle(now, input),
            Some(recorder) => recorder.handle(&mut self.hub, now, input),
        }
    }

    /// [`Hub::poll_output`]; to be called until there is none, without another input meanwhile.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.hub.poll_output();
        if let Some(recorder) = &mut self.recorder {
            match output {
                Some(output) => self.drained.push(output),
                None => {
                    recorder.drained(&self.drained);
                    self.drained.clear();
                }
            }
        }
        output
    }

    /// Hands what was recorded since the last call to `sink`.
    pub fn keep(&mut self, sink: &mut Sink) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        if recorder.bytes().is_empty() {
            return;
        }
        match sink(recorder.bytes()) {
            SinkOutcome::Written => recorder.clear(),
            SinkOutcome::NextSegment => {
                recorder.clear();
                recorder.next_segment();
            }
            SinkOutcome::Failed => {
                self.recorder = None;
                self.hub.untrace();
            }
        }
    }
}

impl Deref for Tape {
    type Target = Hub;

    fn deref(&self) -> &Hub {
        &self.hub
    }
}
