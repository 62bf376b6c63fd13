//! Zlib streams of short packages: one block with the fixed codes of RFC 1951, 3.2.6.
//!
//! Codes made for one package cost more to make than all the rest of its delivery, and to list them
//! takes about as many bytes as they save: a message of 132 bytes is 117 bytes long with codes of its
//! own, made in 14 µs, and 125 with the fixed ones, in 0.3 µs; one of 80 bytes is 82 and 77. (On a
//! virtual x86-64 machine; codes of their own are miniz_oxide's, at level 1.)

use alloc::vec::Vec;

/// The most bytes that a short package has: positions in it fit into a byte, and codes of its own save a
/// longer one more than they cost.
pub(super) const MAX_SHORT: usize = 256;

/// The most bytes that become of it before the checksum, and as many as may be put at once: at worst,
/// a literal takes nine bits.
const MAX_BYTES: usize = 2 + (3 + 9 * MAX_SHORT + 7).div_ceil(8) + 8;

/// A window of 32 KiB, the fastest level, a right checksum.
const HEADER: [u8; 2] = [0x78, 0x01];
/// The symbol behind the last one.
const END: usize = 256;
/// The shortest repeat that RFC 1951 has a code for.
const MIN_MATCH: usize = 3;
/// What Adler-32 counts by: the largest prime below 2^16.
const ADLER: u32 = 65_521;

/// Appends `text`, of at most [`MAX_SHORT`] bytes, to `out` as a zlib stream.
#[inline(never)]
pub(super) fn deflate(text: &[u8], out: &mut Vec<u8>) {
    debug_assert!(text.len() <= MAX_SHORT, "the text is short");
    let mut bits = Bits {
        bytes: [0; MAX_BYTES],
        length: 0,
        held: 0,
        count: 0,
    };
    bits.put(u32::from(u16::from_le_bytes(HEADER)), 16);
    // The last block, with fixed codes.
    bits.put(0b011, 3);
    let mut seen = Seen([0; 256]);
    let mut at = 0;
    while at < text.len() {
        let (distance, length) = match seen.note(text, at) {
            Some(before) => (at - before, repeated(text, before, at)),
            None => (0, 0),
        };
        if length < MIN_MATCH {
            bits.symbol(usize::from(text[at]));
            at += 1;
            continue;
        }
        bits.length(length);
        bits.distance(distance);
        for inside in at + 1..at + length {
            seen.note(text, inside);
        }
        at += length;
    }
    bits.symbol(END);
    out.extend_from_slice(bits.end());
    out.extend(adler32(text).to_be_bytes());
}

/// Where three bytes were seen last: by their hash, one more than the position, 0 if nowhere.
struct Seen([u8; 256]);

impl Seen {
    /// Notes the three bytes at `at`; says where what may be the same three were last.
    #[inline(always)]
    fn note(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let bytes = match text[at..].first_chunk() {
            Some(four) => u32::from_le_bytes(*four) & 0xff_ffff,
            None => {
                let &[a, b, c] = text[at..].first_chunk()?;
                u32::from_le_bytes([a, b, c, 0])
            }
        };
        // The odd number next to 2^32 divided by the golden ratio (Knuth, 6.4).
        let hash = bytes.wrapping_mul(0x9e37_79b1) >> 24;
        let place = &mut self.0[hash as usize];
        // There are three bytes from here on: `at` is below 254.
        let before = core::mem::replace(place, at as u8 + 1);
        usize::from(before).checked_sub(1)
    }
}

/// How many bytes at `at` are the same as those at `before`.
#[inline(always)]
fn repeated(text: &[u8], before: usize, at: usize) -> usize {
    let (one, other) = (&text[before..], &text[at..]);
    let mut count = 0;
    // Eight at a time: what repeats is a long run, or none.
    while let (Some(a), Some(b)) = (one[count..].first_chunk(), other[count..].first_chunk()) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return count + different.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let pairs = one[count..].iter().zip(&other[count..]);
    count + pairs.take_while(|(one, other)| one == other).count()
}

/// The codes of the literals and lengths, each with its bits in the order in which they are written,
/// and how many they are.
const CODES: [(u16, u8); 288] = {
    let mut codes = [(0, 0); 288];
    let mut symbol = 0;
    while symbol < 288 {
        let (code, length) = match symbol {
            0..144 => (0x30 + symbol, 8),
            144..256 => (0x190 + symbol - 144, 9),
            256..280 => (symbol - 256, 7),
            _ => (0xc0 + symbol - 280, 8),
        };
        codes[symbol] = ((code as u16).reverse_bits() >> (16 - length), length as u8);
        symbol += 1;
    }
    codes
};

/// Bits on their way to whole bytes, the first one lowest.
struct Bits {
    bytes: [u8; MAX_BYTES],
    length: usize,
    held: u64,
    count: u32,
}

impl Bits {
    #[inline(always)]
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes[self.length..self.length + 4]
                .copy_from_slice(&(self.held as u32).to_le_bytes());
            self.length += 4;
            self.held >>= 32;
            self.count -= 32;
        }
    }

    #[inline(always)]
    fn symbol(&mut self, symbol: usize) {
        let (code, length) = CODES[symbol];
        self.put(u32::from(code), u32::from(length));
    }

    /// A length from 3 to 257.
    fn length(&mut self, length: usize) {
        let (code, extra) = prefix(length as u32 - 3, 3);
        self.symbol(257 + code as usize);
        self.put(extra.0, extra.1);
    }

    fn distance(&mut self, distance: usize) {
        let (code, extra) = prefix(distance as u32 - 1, 2);
        self.put((code as u8).reverse_bits() as u32 >> 3, 5);
        self.put(extra.0, extra.1);
    }

    /// The bytes, the last one filled up.
    fn end(&mut self) -> &[u8] {
        let end = self.length + self.count.div_ceil(8) as usize;
        self.put(0, 31);
        &self.bytes[..end]
    }
}

/// The code for `value`, whose first `kept` significant bits it stands for, and the extra bits with
/// the rest of it.
fn prefix(value: u32, kept: u32) -> (u32, (u32, u32)) {
    let extra = (32 - value.leading_zeros()).saturating_sub(kept);
    let code = (extra << (kept - 1)) + (value >> extra);
    (code, (value & ((1 << extra) - 1), extra))
}

/// The checksum of a zlib stream, of up to 5,000 bytes: they do not overflow it.
pub(super) fn adler32(text: &[u8]) -> u32 {
    let (low, high) = text.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = low + u32::from(*byte);
        (low, high + low)
    });
    ((high % ADLER) << 16) | (low % ADLER)
}
