//! Inflating a short zlib stream that has come whole: one block, one package.
//!
//! That is what most clients who compress send. A general inflater makes tables for streams of any length
//! and keeps a window of 32 KiB; for a message of a hundred bytes that is five times the work of all else
//! that is done with it. What is not as simple as this is left to it, and both agree about the rest.

use alloc::vec::Vec;

use super::short::adler32;

/// The most bytes of such a stream: fewer than are counted as its size (see [`super::inflater`]).
const MAX_STREAM: usize = 511;
/// The most bytes of its text, of which a checksum does not overflow.
const MAX_TEXT: usize = 2048;
/// What most of them have room in.
pub(super) const USUAL_TEXT: usize = 256;
/// The longest code that is looked up here, in bits.
const MAX_BITS: usize = 10;
/// The symbol behind the last one.
const END: usize = 256;

/// Appends the text of the zlib stream that `input` begins with to `out`, if it is one block, of `most`
/// bytes at most, and whole: how many bytes of `input` it is.
pub(super) fn inflate(
    input: &[u8],
    most: usize,
    tables: &mut Tables,
    out: &mut Vec<u8>,
) -> Option<usize> {
    let mut bits = Bits {
        bytes: input.get(2..input.len().min(MAX_STREAM))?,
        at: 0,
        held: 0,
        count: 0,
    };
    // The last block and the kind of its codes (RFC 1951, 3.2.3).
    match bits.take(3)? {
        0b011 => block(&mut bits, &FIXED, &FIXED_DISTANCES, most, out)?,
        0b101 => {
            tables.read(&mut bits)?;
            block(&mut bits, &tables.literals, &tables.distances, most, out)?;
        }
        _ => return None,
    }
    bits.take(bits.count % 8)?;
    (bits.take(32)?.swap_bytes() == adler32(out)).then_some(2 + bits.at - bits.count as usize / 8)
}

/// The text of a block.
fn block(
    bits: &mut Bits<'_>,
    literals: &Codes,
    distances: &Codes,
    most: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let most = most.min(MAX_TEXT);
    loop {
        let symbol = bits.symbol(literals)?;
        if symbol < END {
            if out.len() == most {
                return None;
            }
            out.push(symbol as u8);
            continue;
        }
        let length = match symbol - END {
            0 => return Some(()),
            short @ 1..9 => short + 2,
            code @ 9..29 => {
                let extra = (code as u32 - 1) / 4 - 1;
                3 + ((4 + (code - 1) % 4) << extra) + bits.take(extra)? as usize
            }
            29 => 258,
            _ => return None,
        };
        let distance = match bits.symbol(distances)? {
            near @ 0..4 => near + 1,
            code @ 4..30 => {
                let extra = code as u32 / 2 - 1;
                1 + ((2 + code % 2) << extra) + bits.take(extra)? as usize
            }
            _ => return None,
        };
        let start = out.len().checked_sub(distance)?;
        if out.len() + length > most {
            return None;
        }
        // What it repeats may be shorter than it, and grows as it is repeated.
        let mut left = length;
        while left > 0 {
            let piece = left.min(out.len() - start);
            out.extend_from_within(start..start + piece);
            left -= piece;
        }
    }
}

/// The codes that a block has of its own, and what they are made from: kept, for to clear them takes as
/// long as to use them.
pub(super) struct Tables {
    literals: Codes,
    distances: Codes,
    used: Used,
}

impl Tables {
    pub(super) fn new() -> Self {
        Tables {
            literals: Codes::NONE,
            distances: Codes::NONE,
            used: Used::NONE,
        }
    }

    /// Reads them (RFC 1951, 3.2.7).
    fn read(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        /// In which order the lengths of the codes for lengths come.
        const ORDER: [u16; 19] = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        let Tables {
            literals,
            distances,
            used,
        } = self;
        let first_distance = bits.take(5)? as usize + 257;
        let all = bits.take(5)? as usize + 1 + first_distance;
        let count = bits.take(4)? as usize + 4;
        if first_distance > 286 || all - first_distance > 30 {
            return None;
        }
        let mut lengths = [0; 19];
        for &symbol in &ORDER[..count] {
            lengths[usize::from(symbol)] = bits.take(3)? as u8;
        }
        used.count = 0;
        for (symbol, length) in lengths.into_iter().enumerate() {
            used.note(symbol, length)?;
        }
        // That of the lengths is not needed any longer than until they are read.
        distances.set(used)?;
        used.count = 0;
        let (mut at, mut last) = (0, 0);
        let mut is_past = false;
        while at < all {
            if at >= first_distance && !is_past {
                literals.set(used)?;
                used.count = 0;
                is_past = true;
            }
            let (length, times) = match bits.symbol(distances)? {
                length @ 0..16 => (length as u8, 1),
                16 if at > 0 => (last, 3 + bits.take(2)?),
                17 => (0, 3 + bits.take(3)?),
                18 => (0, 11 + bits.take(7)?),
                _ => return None,
            };
            last = length;
            let end = at + times as usize;
            if length > 0 {
                // A repeat from the ones into the others is left to others.
                if end > first_distance && !is_past {
                    return None;
                }
                for symbol in at..end {
                    used.note(symbol - if is_past { first_distance } else { 0 }, length)?;
                }
            }
            at = end;
        }
        if at > all || !is_past {
            return None;
        }
        distances.set(used)
    }
}

/// The symbols that a code has, in order, each with the length of its own.
struct Used {
    symbols: [(u16, u8); 288],
    count: usize,
}

impl Used {
    const NONE: Used = Used {
        symbols: [(0, 0); 288],
        count: 0,
    };

    const fn note(&mut self, symbol: usize, length: u8) -> Option<()> {
        if length as usize > MAX_BITS {
            return None;
        }
        if length > 0 {
            self.symbols[self.count] = (symbol as u16, length);
            self.count += 1;
        }
        Some(())
    }
}

/// A Huffman code, by the next bits: the symbol, and in the lowest four bits the length of its code; 0 if
/// there is none.
struct Codes {
    table: [u16; 1 << MAX_BITS],
    /// As many bits are looked at.
    width: u32,
}

impl Codes {
    const NONE: Codes = Codes {
        table: [0; 1 << MAX_BITS],
        width: 0,
    };

    /// Makes it the code of these symbols, if it is complete, or one symbol's or none's.
    const fn set(&mut self, used: &Used) -> Option<()> {
        let mut counts = [0_u32; MAX_BITS + 1];
        let mut at = 0;
        while at < used.count {
            counts[used.symbols[at].1 as usize] += 1;
            at += 1;
        }
        // The first code of each length.
        let (mut next, mut first, mut width, mut length) = ([0_u32; MAX_BITS + 1], 0, 0, 1);
        while length <= MAX_BITS {
            first = (first + counts[length - 1]) << 1;
            next[length] = first;
            if counts[length] > 0 {
                width = length;
            }
            length += 1;
        }
        let codes = next[width] + counts[width];
        let is_complete = codes == 1 << width;
        if !is_complete && used.count > 1 || used.count == 1 && width > 1 {
            return None;
        }
        self.width = width as u32;
        if !is_complete {
            self.table[0] = 0;
            self.table[1] = 0;
        }
        let mut at = 0;
        while at < used.count {
            let (symbol, length) = used.symbols[at];
            let code = next[length as usize];
            next[length as usize] += 1;
            let mut place = (code.reverse_bits() >> (32 - length as u32)) as usize;
            while place < 1 << width {
                self.table[place] = symbol << 4 | length as u16;
                place += 1 << length;
            }
            at += 1;
        }
        Some(())
    }
}

/// The codes of blocks that have none of their own (RFC 1951, 3.2.6).
static FIXED: Codes = {
    let mut used = Used::NONE;
    let mut symbol = 0;
    while symbol < 288 {
        let length = match symbol {
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        let _ = used.note(symbol, length);
        symbol += 1;
    }
    let mut codes = Codes::NONE;
    let _ = codes.set(&used);
    codes
};
static FIXED_DISTANCES: Codes = {
    let mut used = Used::NONE;
    let mut symbol = 0;
    while symbol < 32 {
        let _ = used.note(symbol, 5);
        symbol += 1;
    }
    let mut codes = Codes::NONE;
    let _ = codes.set(&used);
    codes
};

/// Bits of bytes, the lowest first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    /// How many bits are held; those above are 0.
    count: u32,
}

impl Bits<'_> {
    /// Holds 32 bits at least, or all there are.
    #[inline(always)]
    fn fill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some(four) = self.bytes[self.at..].first_chunk() {
            self.held |= u64::from(u32::from_le_bytes(*four)) << self.count;
            self.at += 4;
            self.count += 32;
            return;
        }
        for byte in &self.bytes[self.at..] {
            self.held |= u64::from(*byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    /// The next so many bits, 32 at most.
    #[inline(always)]
    fn take(&mut self, count: u32) -> Option<u32> {
        self.fill();
        let bits = self.held & ((1 << count) - 1);
        self.count = self.count.checked_sub(count)?;
        self.held >>= count;
        Some(bits as u32)
    }

    /// The symbol that comes next.
    #[inline(always)]
    fn symbol(&mut self, codes: &Codes) -> Option<usize> {
        self.fill();
        let next = self.held as usize & ((1 << codes.width) - 1);
        let entry = codes.table[next & ((1 << MAX_BITS) - 1)];
        let length = u32::from(entry & 15);
        if length == 0 {
            return None;
        }
        self.count = self.count.checked_sub(length)?;
        self.held >>= length;
        Some(usize::from(entry >> 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use miniz_oxide::deflate::core::{
        CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
    };
    use miniz_oxide::inflate::decompress_to_vec_zlib;
    use proptest::prelude::*;

    fn inflated(stream: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut text = Vec::new();
        let bytes = inflate(stream, 16 * 1024, &mut Tables::new(), &mut text)?;
        Some((text, bytes))
    }

    fn deflated(level: i32, strategy: i32, text: &str) -> Vec<u8> {
        let flags = create_comp_flags_from_zip_params(level, 15, strategy);
        let (mut compressor, mut out) = (CompressorOxide::new(flags), Vec::new());
        let take = |piece: &[u8]| {
            out.extend_from_slice(piece);
            true
        };
        compress_to_output(&mut compressor, text.as_bytes(), TDEFLFlush::Finish, take);
        out
    }

    #[test]
    fn what_zlib_itself_writes_of_a_message_is_read() {
        let bytes = |hex: &str| -> Vec<u8> {
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..hex.len()).step_by(2).map(byte).collect()
        };
        // zlib 1.3's, by Python: at its usual level; with codes alone; with the fixed codes.
        let short = r#"{"type": "message", "data": {"message": "Tea, or tea, or tea?"}}"#;
        for hex in [
            "789cab562aa92c4855b25250ca4d2d2e4e4c4f55d251504a492c49040a55c3c580d221a9893a0af9450a2508da5ea9b616008e66142c",
            "780105c1b109c0301003c055846a4ff04d96c802820857c6c1ff4d30de3d779bf5bd6680c399ea66031f9518d81cce543703bcad86b95056c35c28ebe2393f8e66142c",
            "7801ab562aa92c4855b25250ca4d2d2e4e4c4f55d251504a492c49040a55c3c580d221a9893a0af9450a2508da5ea9b616008e66142c",
        ] {
            let stream = bytes(hex);
            assert_eq!(
                inflated(&stream),
                Some((short.into(), stream.len())),
                "{hex}"
            );
        }
        let bottles = (92..100)
            .rev()
            .map(|n| format!("{n} bottles of beer on the wall"));
        let bottles = bottles.collect::<Vec<_>>().join(" ");
        let long = format!(r#"{{"type": "message", "data": {{"message": "{bottles}"}}}}"#);
        let stream = bytes(
            "789c7dc93d0a80300c06d0ab7c6476f2bfde26c5a843b5620322c5bbdbc931eb7b99f4398526d02e29f12a548166562e947f2bed1c7c540d92101778910bf1806e829b43801bed1eeceeedeeec6eed6eecaeada6f7fd0021336209",
        );
        assert_eq!(inflated(&stream), Some((long.into_bytes(), stream.len())));
    }

    proptest! {
        /// What is longer, or has longer codes, is left to others; but of what people say hardly any.
        #[test]
        fn what_others_deflate_is_read_and_nothing_is_read_that_is_not_so(
            text in "[a-e ]{0,12}|[ -~]{0,80}|(ab?c?){0,60}|\\PC{0,40}",
            (level, strategy) in (1..=10, 0..=4),
            behind in prop::collection::vec(any::<u8>(), 0..4),
            flip in prop::option::of((any::<prop::sample::Index>(), 1_u8..)),
        ) {
            let text = format!(r#"{{"type":"message","data":{{"message":{text:?}}}}}"#);
            let mut stream = deflated(level, strategy, &text);
            let length = stream.len();
            stream.extend(behind);
            let is_stored = stream[2] & 0b110 == 0;
            match flip {
                None if is_stored => {}
                None => {
                    prop_assert_eq!(inflated(&stream), Some((text.into_bytes(), length)));
                }
                Some((at, with)) => {
                    // What is before the block is looked at elsewhere.
                    stream[2 + at.index(length - 2)] ^= with;
                    if let Some((text, length)) = inflated(&stream) {
                        let others = decompress_to_vec_zlib(&stream[..length]).ok();
                        prop_assert_eq!(others, Some(text));
                    }
                }
            }
            for cut in 0..length {
                let cut = inflated(&stream[..cut]);
                prop_assert!(flip.is_some() || cut.is_none(), "it is not whole");
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            inflated(&bytes);
            inflated(&[&[0x78, 0x9c, 0b101], &*bytes].concat());
        }
    }

    #[test]
    fn no_more_is_inflated_than_may_be() {
        let text = String::from_utf8(alloc::vec![b'x'; 300]).unwrap();
        let stream = deflated(6, 0, &text);
        let within = |most| inflate(&stream, most, &mut Tables::new(), &mut Vec::new());
        assert_eq!(within(299), None);
        assert_eq!(within(300), Some(stream.len()));
    }
}
