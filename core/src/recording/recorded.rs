//! A hub that is recorded.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::iter;

use super::{Header, Recorder, Unrecordable, check};
use crate::hub::{ConnId, Hub, Input, Output};
use crate::machine::Machine;
use crate::time::Time;

/// A hub whose recording goes to a sink: a [`Machine`] that is driven like the hub alone. What is
/// recorded are the inputs of a hub, so that any hub can replay them; other layers go around this one.
///
/// `S` is the sink. It is given the bytes of the recording in order, with those of an input before
/// what the input led to can be seen outside, and the last of them when this is dropped; and it says what
/// became of them.
pub struct Recorded<S: FnMut(&[u8]) -> SinkOutcome> {
    hub: Hub,
    /// None when the sink has failed.
    recording: Option<Box<Recording<S>>>,
    /// What the hub wants done and the adapter has not taken yet.
    outputs: VecDeque<Output>,
}

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

struct Recording<S> {
    recorder: Recorder,
    sink: S,
    /// Whether something was recorded that others are about to see. What was sent alone, and led to
    /// nothing, may wait for the next to come.
    is_due: bool,
}

impl<S: FnMut(&[u8]) -> SinkOutcome> Recorded<S> {
    /// Records `hub` from now on: it must not have handled any input yet. `runtime` is the name of what
    /// drives it. The sink is given the header of the recording at once.
    ///
    /// # Errors
    /// The limits of the hub do not pass [`check`].
    pub fn new(mut hub: Hub, runtime: &str, sink: S) -> Result<Self, Unrecordable> {
        check(hub.config())?;
        let header = Header::new(hub.config().clone(), hub.start(), runtime);
        hub.trace();
        let mut recorded = Recorded {
            hub,
            recording: Some(Box::new(Recording {
                recorder: Recorder::new(header),
                sink,
                is_due: true,
            })),
            outputs: VecDeque::new(),
        };
        recorded.write();
        Ok(recorded)
    }

    /// Drains the hub, and has what that shows written before anyone sees it.
    fn drain(&mut self) {
        self.outputs
            .extend(iter::from_fn(|| self.hub.poll_output()));
        if let Some(recording) = &mut self.recording {
            recording.recorder.drained(self.outputs.make_contiguous());
            recording.is_due |= !self.outputs.is_empty();
            if recording.is_due {
                self.write();
            }
        }
    }

    /// Hands what was recorded to the sink.
    fn write(&mut self) {
        // If the sink panics it is not asked for anything again, least of all while all is dropped.
        let Some(mut recording) = self.recording.take() else {
            return;
        };
        let recorder = &mut recording.recorder;
        recording.is_due = false;
        if !recorder.bytes().is_empty() {
            match (recording.sink)(recorder.bytes()) {
                SinkOutcome::Written => recorder.clear(),
                SinkOutcome::NextSegment => {
                    recorder.clear();
                    recorder.next_segment();
                }
                SinkOutcome::Failed => return self.hub.untrace(),
            }
        }
        self.recording = Some(recording);
    }
}

impl<S: FnMut(&[u8]) -> SinkOutcome> Machine for Recorded<S> {
    fn handle(&mut self, now: Time, input: Input<'_>) {
        let Some(recording) = &mut self.recording else {
            return self.hub.handle(now, input);
        };
        recording.recorder.input(now, &input);
        self.hub.handle(now, input);
        recording.is_due |= !matches!(input, Input::Sent(..));
        while let Some(emission) = self.hub.poll_emission() {
            recording.recorder.emission(&emission);
            recording.is_due = true;
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.drain();
        }
        // Of a connection that is gone since there is nothing to say, as the hub has it.
        loop {
            match self.outputs.pop_front()? {
                Output::Write(id)
                | Output::PauseRead(id)
                | Output::ResumeRead(id)
                | Output::Finish(id)
                    if !self.hub.is_open(id) => {}
                output => return Some(output),
            }
        }
    }

    fn poll_timeout(&self) -> Option<Time> {
        self.hub.poll_timeout()
    }

    fn pending(&self, conn: ConnId) -> impl Iterator<Item = &[u8]> {
        self.hub.pending(conn)
    }

    fn wants_flush(&self) -> bool {
        self.hub.wants_flush()
    }

    fn max_received(&self) -> usize {
        self.hub.max_received()
    }
}

/// What is left goes to the sink, also when the hub has panicked: what it panicked at is then in the
/// recording.
impl<S: FnMut(&[u8]) -> SinkOutcome> Drop for Recorded<S> {
    fn drop(&mut self) {
        self.write();
    }
}
