//! Where all choices of a run come from: one seed, split by label into streams, so that one more
//! choice in one part of the simulator changes nothing in the others.

use std::ops::RangeInclusive;

/// One stream of choices: xoshiro256** (Blackman and Vigna), seeded by SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng([u64; 4]);

impl Rng {
    /// The stream of `seed` that is called `label`.
    pub fn stream(seed: u64, label: &str) -> Self {
        // FNV-1a of the label, apart from the seed by a mix of it.
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut seed = seed;
        let mut state = hash ^ split_mix(&mut seed);
        Rng(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// Any 64 bits.
    pub fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let word = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        word
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(end)) >> 64) as u64
    }

    /// A number in `range`.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// A number in `range`, whose lower end is not 0, each of its magnitudes as likely as another.
    pub fn scaled(&mut self, range: RangeInclusive<u64>) -> u64 {
        let bits = self.within(u64::from(range.start().ilog2())..=u64::from(range.end().ilog2()));
        self.within(1 << bits..=(2 << bits) - 1)
            .clamp(*range.start(), *range.end())
    }

    /// Whether something happens that does so many times in a thousand.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of `of`, which has some.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// One of `of` by its weight, if any weighs something.
    pub fn weighed<T: Copy>(&mut self, of: &[(u64, T)]) -> Option<T> {
        let all: u64 = of.iter().map(|(weight, _)| weight).sum();
        let mut at = (all > 0).then(|| self.below(all))?;
        of.iter().find_map(|(weight, of)| {
            if at < *weight {
                return Some(*of);
            }
            at -= weight;
            None
        })
    }

    /// Puts `of` into any order.
    pub fn shuffle<T>(&mut self, of: &mut [T]) {
        for last in (1..of.len()).rev() {
            of.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood).
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
