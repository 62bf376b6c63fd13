//! The FNV-1a hash, over whatever words: the same on every machine and in every run.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The 64-bit hash of these words.
pub(crate) fn fnv1a(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(OFFSET, |hash, word| (hash ^ word).wrapping_mul(PRIME))
}
