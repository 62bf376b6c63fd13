//! What a hub promises its adapter, checked at every input and every output.

use std::collections::BTreeMap;

use chatmaster_core::{CloseReason, ConnId, Hub, Input, Output, Time};

use super::{Check, Failure};

/// Follows one hub. The only thing it takes from the hub is what an adapter sees.
#[derive(Default)]
pub struct Watch {
    conns: BTreeMap<ConnId, Conn>,
    /// Those that were closed by the network after the outputs were last drained: the hub may have
    /// closed them before, and says so once.
    crossed: Vec<ConnId>,
    /// Those that were written to since the outputs were last drained.
    written: Vec<ConnId>,
    latest: Time,
    digest: Digest,
}

#[derive(Clone, Copy)]
struct Conn {
    reading: Reading,
    writing: Writing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    On,
    Paused,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Idle,
    /// A write was asked for, and did not happen yet.
    Asked,
    Finished,
}

impl Watch {
    /// Checks what is true after `input`, which was handed to `hub` at `at`.
    ///
    /// # Errors
    /// What is not true.
    pub fn handed(&mut self, hub: &Hub, at: Time, input: Input<'_>) -> Result<(), Failure> {
        self.latest = self.latest.max(at);
        if let Some(due) = hub.poll_timeout()
            && due <= self.latest
        {
            return fail(format!(
                "a timer is due at {due}, and it is {}",
                self.latest
            ));
        }
        match input {
            Input::Opened(id, _) => {
                let conn = Conn {
                    reading: Reading::On,
                    writing: Writing::Idle,
                };
                self.conns.insert(id, conn);
            }
            Input::Closed(id) => {
                if self.conns.remove(&id).is_some() {
                    self.crossed.push(id);
                }
                if hub.pending(id).next().is_some() {
                    return fail(format!("bytes are pending for {id:?}, which is gone"));
                }
            }
            Input::Sent(id, _) => {
                if let Some(conn) = self.conns.get_mut(&id)
                    && conn.writing == Writing::Asked
                {
                    conn.writing = Writing::Idle;
                    self.written.push(id);
                }
            }
            Input::Received(..) | Input::Eof(_) | Input::Tick | Input::Shutdown => {}
        }
        Ok(())
    }

    /// Checks an output of `hub`, and adds it to the digest.
    ///
    /// # Errors
    /// Which promise it breaks.
    pub fn output(&mut self, hub: &Hub, output: Output) -> Result<(), Failure> {
        let (kind, id, reason) = match output {
            Output::Write(id) => (1, id, 0),
            Output::PauseRead(id) => (2, id, 0),
            Output::ResumeRead(id) => (3, id, 0),
            Output::Finish(id) => (4, id, 0),
            Output::Close(id, reason) => (5, id, reason as u64),
        };
        self.digest.add(kind << 32 | reason);
        self.digest.add(id.0);
        let Some(conn) = self.conns.get_mut(&id) else {
            let crossed = self.crossed.iter().position(|gone| *gone == id);
            return match (output, crossed) {
                (Output::Close(..), Some(at)) => {
                    self.crossed.swap_remove(at);
                    Ok(())
                }
                _ => fail(format!("{output:?} for a connection that is not open")),
            };
        };
        let pending = hub.pending(id).next().is_some();
        match output {
            Output::Write(_) if conn.writing != Writing::Idle || !pending => {
                return fail(format!("{output:?} with nothing to write or a second time"));
            }
            Output::Write(_) => conn.writing = Writing::Asked,
            Output::PauseRead(_) if conn.reading == Reading::Paused => {
                return fail(format!("{output:?} for a paused connection"));
            }
            Output::PauseRead(_) => conn.reading = Reading::Paused,
            Output::ResumeRead(_) if conn.reading == Reading::On => {
                return fail(format!("{output:?} for a connection that is read"));
            }
            Output::ResumeRead(_) => conn.reading = Reading::On,
            Output::Finish(_) if conn.writing != Writing::Idle || pending => {
                return fail(format!("{output:?} before all is written or a second time"));
            }
            Output::Finish(_) => conn.writing = Writing::Finished,
            Output::Close(..) => {
                self.conns.remove(&id);
                if pending {
                    return fail(format!("bytes are pending for {id:?}, which is closed"));
                }
            }
        }
        Ok(())
    }

    /// Notes that the outputs are drained, and checks that who was written to is to be written to again
    /// if anything is pending.
    ///
    /// # Errors
    /// Whom the hub has forgotten.
    pub fn drained(&mut self, hub: &Hub) -> Result<(), Failure> {
        self.crossed.clear();
        for id in self.written.drain(..) {
            let idle = |conn: &Conn| conn.writing == Writing::Idle;
            if self.conns.get(&id).is_some_and(idle) && hub.pending(id).next().is_some() {
                return fail(format!("bytes are pending for {id:?}, and nobody writes"));
            }
        }
        Ok(())
    }

    /// Adds bytes that `id` is sent to the digest.
    pub fn sent(&mut self, id: ConnId, bytes: &[u8]) {
        self.digest.add(id.0);
        self.digest.bytes(bytes);
    }

    /// Checks a hub from which all should be gone.
    ///
    /// # Errors
    /// What it still has.
    pub fn ended(&self, hub: &Hub) -> Result<(), Failure> {
        if let Some(id) = self.conns.keys().next() {
            return fail(format!("{id:?} was never closed"));
        }
        if hub.connections() > 0 || hub.poll_timeout().is_some() {
            return fail(format!(
                "{} connections are left, and something is due at {:?}",
                hub.connections(),
                hub.poll_timeout()
            ));
        }
        Ok(())
    }

    /// The latest time the hub was handed.
    pub fn latest(&self) -> Time {
        self.latest
    }

    /// What all outputs and all bytes sent come to.
    pub fn digest(&self) -> u64 {
        self.digest.0
    }
}

/// Whether a close may come to a client that keeps the protocol and reads.
pub fn is_fault_of_the_client(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::Violation | CloseReason::Backlog)
}

fn fail(what: String) -> Result<(), Failure> {
    Err(Failure::new(Check::Contract, what))
}

/// A digest of 64 bits, eight bytes at a time; it tells runs apart and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64);
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.add(u64::from_le_bytes(word));
        }
    }
}
