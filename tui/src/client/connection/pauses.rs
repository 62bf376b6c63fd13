//! The pauses between tries to connect. Each is twice as long as the one before, from a second to a
//! minute, and up to a fifth longer or shorter, so that the clients of a server that comes back do not
//! come all at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// The longest pause, but for the fifth.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);
/// A connection that has held for so long is no continuation of those that did not.
pub(crate) const HELD: Duration = Duration::from_secs(60);

/// Pauses, drawn from a seed: the same seed draws the same. There is always another one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pauses {
    /// The state of the numbers drawn.
    seed: u64,
    /// How many were made in a row.
    made: u32,
}

impl Pauses {
    /// Draws from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Pauses { seed, made: 0 }
    }

    /// Begins with the shortest again.
    pub(crate) fn reset(&mut self) {
        self.made = 0;
    }

    /// Makes the next pause.
    pub(crate) fn make(&mut self) -> Duration {
        // 2^6 seconds are more than the longest pause.
        let doubled = FIRST * (1 << self.made.min(6));
        self.made = self.made.saturating_add(1);
        let share = 0.8 + 0.4 * self.draw();
        doubled.min(LONGEST).mul_f64(share)
    }

    /// A number from 0 up to 1, by SplitMix64.
    fn draw(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A number that the next run does not have: the standard library's hashes are keyed at random.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(())
}
