//! Replaying a recording: the same inputs again, and what comes of them held against what came.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use super::{Header, Outcome, Record};
use crate::hub::{ConnId, Emission, Hub, HubFact, Output};
use crate::time::Time;

/// A hub that is fed the records of a recording.
pub struct Replay {
    hub: Hub,
    /// Records taken.
    records: u64,
    time: Time,
    /// The connection of the last input.
    conn: Option<ConnId>,
    /// What the last input made this hub send, and no record has accounted for.
    emitted: VecDeque<Emission>,
    /// What it wanted done, but for writes, since the recorded hub was last drained.
    outputs: Vec<Output>,
}

/// The first difference between a recording and its replay. Displays as lines for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The number of the record, from 1.
    pub record: u64,
    /// The time of the last input.
    pub time: Time,
    /// The connection of the last input.
    pub conn: Option<ConnId>,
    /// What was recorded.
    pub expected: Outcome,
    /// What came of it now.
    pub actual: Outcome,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at {} s", self.record, self.time)?;
        if let Some(ConnId(conn)) = self.conn {
            write!(f, ", connection {conn}")?;
        }
        write!(
            f,
            "\n  expected: {}\n  actual:   {}",
            self.expected, self.actual
        )
    }
}

impl core::error::Error for Divergence {}

impl Replay {
    /// A hub as it was at the start of the recording.
    pub fn new(header: &Header) -> Self {
        let mut hub = header.hub();
        hub.trace();
        Replay {
            hub,
            records: 0,
            time: Time::ZERO,
            conn: None,
            emitted: VecDeque::new(),
            outputs: Vec::new(),
        }
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// How the hub differs from what was recorded.
    pub fn take(&mut self, record: &Record<'_>) -> Result<(), Box<Divergence>> {
        self.records += 1;
        match record {
            Record::Input(time, input) => {
                self.settled()?;
                self.time = *time;
                self.conn = input.conn();
                self.hub.handle(*time, *input);
                self.emitted
                    .extend(core::iter::from_fn(|| self.hub.poll_emission()));
                let outputs = core::iter::from_fn(|| self.hub.poll_output());
                self.outputs
                    .extend(outputs.filter(|o| !matches!(o, Output::Write(_))));
                Ok(())
            }
            Record::Emission(expected) => match self.emitted.pop_front() {
                Some(actual) if actual == *expected => Ok(()),
                actual => self.diverged(
                    Outcome::Emitted(expected.clone()),
                    actual.map_or(Outcome::Nothing, Outcome::Emitted),
                ),
            },
            Record::Drained(expected) => {
                // This hub was drained after each input. What was meant for a connection that has gone
                // since, the recorded one did not say any more.
                let mut actual = core::mem::take(&mut self.outputs);
                actual.retain(|output| match *output {
                    Output::Close(..) => true,
                    Output::Write(id)
                    | Output::PauseRead(id)
                    | Output::ResumeRead(id)
                    | Output::Finish(id) => self.hub.is_open(id),
                });
                if actual == *expected {
                    return Ok(());
                }
                self.diverged(Outcome::Drained(expected.clone()), Outcome::Drained(actual))
            }
        }
    }

    /// Checks at the end of the records that the hub sent nothing more. Not to be asked behind a torn
    /// tail, where the records of the last input may be missing.
    ///
    /// # Errors
    /// What it sent.
    pub fn settled(&mut self) -> Result<(), Box<Divergence>> {
        match self.emitted.pop_front() {
            None => Ok(()),
            Some(actual) => self.diverged(Outcome::Nothing, Outcome::Emitted(actual)),
        }
    }

    /// Keeps what happens from now on for [`Replay::poll_fact`].
    pub fn keep_facts(&mut self) {
        self.hub.keep_facts(true);
    }

    /// The next thing that the inputs taken so far have brought about, if facts are kept.
    #[must_use]
    pub fn poll_fact(&mut self) -> Option<HubFact> {
        self.hub.poll_fact()
    }

    /// The hub as it is now.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// How many records were taken.
    pub fn records(&self) -> u64 {
        self.records
    }

    fn diverged(&self, expected: Outcome, actual: Outcome) -> Result<(), Box<Divergence>> {
        Err(Box::new(Divergence {
            record: self.records,
            time: self.time,
            conn: self.conn,
            expected,
            actual,
        }))
    }
}
