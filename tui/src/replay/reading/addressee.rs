//! Whom a package went to.
//!
//! An emission says to how many connections it went, not to which. But what was sent to a connection
//! is queued for it until it is handed to the network, which is an input of its own: so one can look.

use std::collections::BTreeMap;

use chatmaster_core::wire::{Encoder, Encoding};
use chatmaster_core::{ConnId, Emission, Hub};

/// Finds whom packages went to, one after the other.
#[derive(Default)]
pub(in crate::replay) struct Addressees {
    encoder: Encoder,
    /// Up to where each queue is known to hold packages found before.
    found: BTreeMap<ConnId, usize>,
}

impl Addressees {
    /// An input comes, which may take from the queues.
    pub(in crate::replay) fn next_input(&mut self) {
        self.found.clear();
    }

    /// The connection that `emission` went to, if it went to one: most likely `likely`, who caused
    /// it. To be asked of each emission in order, before the next input.
    pub(in crate::replay) fn find(
        &mut self,
        hub: &Hub,
        likely: Option<ConnId>,
        emission: &Emission,
    ) -> Option<ConnId> {
        if emission.recipients != 1 {
            return None;
        }
        let frames = Encoding::ALL.map(|encoding| {
            let mut frame = Vec::new();
            self.encoder.encode(&emission.text, encoding, &mut frame);
            frame
        });
        let everyone = hub.clients().map(|client| client.conn);
        for conn in likely.into_iter().chain(everyone) {
            let queued: Vec<u8> = hub.pending(conn).flatten().copied().collect();
            let found = self.found.get(&conn).copied().unwrap_or(0);
            let rest = queued.get(found..).unwrap_or_default();
            if let Some(end) = frames.iter().find_map(|frame| end_of(rest, frame)) {
                self.found.insert(conn, found + end);
                return Some(conn);
            }
        }
        // It may be closed already.
        likely
    }
}

/// Where the first `frame` in `queued` ends.
fn end_of(queued: &[u8], frame: &[u8]) -> Option<usize> {
    let at = queued.windows(frame.len()).position(|part| part == frame)?;
    Some(at + frame.len())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use chatmaster_core::recording::{Record, Replay};
    use chatmaster_core::{Config, Input};

    use super::super::files::RecordingFiles;
    use super::*;
    use chatmaster_tests::story::RecordedHub;

    #[test]
    fn a_package_for_one_is_found_in_a_queue_whoever_caused_it() {
        let mut hub = RecordedHub::new(Config::default());
        for id in 1..=3 {
            hub.opens(id, Ipv4Addr::LOCALHOST);
        }
        hub.plain(2, "nonsense");
        hub.handle(Input::Shutdown);
        let recording = RecordingFiles::of(hub.bytes());
        let mut replay = Replay::new(recording.header());
        let mut entries = recording.entries();
        let mut addressees = Addressees::default();
        let mut found = Vec::new();
        while let Some(entry) = entries.next().expect("it is whole") {
            replay.take(&entry.record).expect("it does not diverge");
            if let Record::Emission(emission) = &entry.record {
                let conn = addressees.find(replay.hub(), None, emission);
                let text = String::from_utf8_lossy(&emission.text);
                if text.contains(r#""error""#) || text.contains(r#""request""#) {
                    found.push(conn);
                }
            } else {
                addressees.next_input();
            }
        }
        let expected = [1, 2, 3, 2, 1, 3].map(|conn| Some(ConnId(conn)));
        assert_eq!(found, expected);
    }
}
