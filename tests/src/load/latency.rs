//! How long messages take that are said at a rate.

use std::time::{Duration, Instant};

use super::LoadClients;
use crate::world::PATIENCE;

/// The times of many deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latencies {
    sorted: Vec<Duration>,
}

impl Latencies {
    /// How many deliveries there were.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The time that `share` of the deliveries, from 0 to 1, took at most.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.sorted.len() - 1;
        self.sorted[(last as f64 * share).round() as usize]
    }
}

impl LoadClients {
    /// Has the first client say `count` messages, one each `interval`, in the only room there is.
    /// A delivery takes from when the message was due until it was read; who was late to send it is
    /// part of that. To be [rehearsed](LoadClients::rehearse) before. Never sleeps, so that it is not the
    /// waking up of this process that is measured.
    ///
    /// # Panics
    /// If messages are lost.
    pub fn time(&mut self, count: usize, interval: Duration) -> Latencies {
        let message = self.message(0);
        let frame_bytes = self.frame_bytes(0) as u64;
        let listeners = self.shape.members - 1;
        let begin = Instant::now();
        let due = |number: usize| begin + interval * number as u32;
        let mut sent = 0;
        let mut sorted = Vec::with_capacity(count * listeners);
        while sorted.len() < count * listeners {
            if sent < count && Instant::now() >= due(sent) {
                self.members[0].say(&message);
                sent += 1;
            }
            self.turn(Duration::ZERO, |_, member, bytes| {
                let now = Instant::now();
                let before = member.received / frame_bytes;
                member.received += bytes.len() as u64;
                let after = member.received / frame_bytes;
                sorted.extend((before..after).map(|number| now - due(number as usize)));
            });
            assert!(
                begin.elapsed() < interval * count as u32 + PATIENCE,
                "messages are lost"
            );
        }
        for member in &mut self.members {
            member.received = 0;
        }
        sorted.sort_unstable();
        Latencies { sorted }
    }
}
