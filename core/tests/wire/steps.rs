//! The steps of the decoder: what each takes, and what it waits for.

use chatmaster_core::wire::{Decoder, Inflaters, Step};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

const MAX: usize = 1024;

/// The work that these pieces take.
fn work<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> usize {
    let (mut inflaters, mut decoder) = (Inflaters::new(1), Decoder::new(MAX));
    let mut work = 0;
    for mut piece in pieces {
        loop {
            match decoder.step(&mut inflaters, &mut piece, &mut work) {
                Ok(Step::Taken | Step::Package(_)) => {}
                Ok(Step::Hungry) => break,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(inflaters.lent(), 0, "the stream has ended");
    work
}

/// The work that `bytes` take whole, byte by byte, and in halves split everywhere; all must agree.
fn work_all_ways(bytes: &[u8]) -> usize {
    let whole = work([bytes]);
    assert_eq!(work(bytes.chunks(1)), whole, "byte by byte is as whole");
    for at in 0..bytes.len().min(300) {
        let (left, right) = bytes.split_at(at);
        assert_eq!(work([left, right]), whole, "split at {at} is as whole");
    }
    whole
}

fn zlib(text: impl AsRef<[u8]>) -> Vec<u8> {
    compress_to_vec_zlib(text.as_ref(), 9)
}

/// A zlib stream that is flushed behind `text` and not ended.
fn open_stream(text: &str) -> Vec<u8> {
    let flags = create_comp_flags_from_zip_params(9, 15, 0);
    let (mut compressor, mut out) = (CompressorOxide::new(flags), Vec::new());
    compress_to_output(
        &mut compressor,
        text.as_bytes(),
        TDEFLFlush::Sync,
        |piece| {
            out.extend_from_slice(piece);
            true
        },
    );
    out
}

/// Bits as deflate packs them: the first one lowest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, bits: u32, count: usize) {
        for at in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (bits >> at) as u8 & 1;
            *self.bytes.last_mut().unwrap() |= bit << (self.count % 8);
            self.count += 1;
        }
    }
}

/// A stream of `count` blocks without anything in them, with a package behind them.
fn empty_blocks(count: usize, block: impl Fn(&mut Bits)) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x9c78, 16);
    (0..count).for_each(|_| block(&mut bits));
    // A last block, stored.
    bits.put(0b001, 3);
    let mut bytes = bits.bytes;
    bytes.extend([2, 0, !2, !0, b'{', b'}', 0x01, 0x75, 0x00, 0xf9]);
    bytes
}

/// With the fixed codes: ten bits.
fn fixed(bits: &mut Bits) {
    bits.put(0b010, 3);
    bits.put(0, 7);
}

/// With codes of its own: 90 bits.
fn dynamic(bits: &mut Bits) {
    bits.put(0b100, 3);
    // 257 literals and lengths, one distance, 18 lengths of codes: 18 and 1 have one bit each.
    bits.put(0, 5);
    bits.put(0, 5);
    bits.put(14, 4);
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        bits.put(u32::from([18, 1].contains(&symbol)), 3);
    }
    // 256 symbols that do not occur, the end of the block, a distance; and the end of the block.
    for zeros in [138, 118] {
        bits.put(1, 1);
        bits.put(zeros - 11, 7);
    }
    bits.put(0, 3);
}

/// Stored.
fn stored(bits: &mut Bits) {
    bits.put(0, 3);
    bits.put(0, bits.count.next_multiple_of(8) - bits.count);
    bits.put(0xffff_0000, 32);
}

#[test]
fn each_block_and_each_byte_is_work_however_it_is_split() {
    type Block = fn(&mut Bits);
    for (block, bits) in [(fixed as Block, 10), (dynamic, 90), (stored, 40)] {
        for count in [0, 1, 2, 70] {
            let bytes = empty_blocks(count, block);
            assert!(
                (0..=2).contains(&(bytes.len() - (count * bits).div_ceil(8) - 12)),
                "{count} blocks of {bits} bits in {} bytes",
                bytes.len()
            );
            let work = bytes.len() + "{}".len() + (count + 1) * Decoder::BLOCK_WORK;
            assert_eq!(work_all_ways(&bytes), work);
        }
    }
    let plain = b" {}\n\n{\"a\":1} ";
    assert_eq!(work_all_ways(plain), plain.len());
    let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(900));
    let bytes = zlib(&text);
    let work = bytes.len() + text.len() + Decoder::BLOCK_WORK;
    assert_eq!(work_all_ways(&bytes), work);
}

#[test]
fn one_step_is_little_work() {
    let streams = [
        empty_blocks(800, fixed),
        empty_blocks(90, dynamic),
        empty_blocks(200, stored),
        zlib(vec![b' '; 10 << 20]),
        zlib("{}".repeat(100_000)),
    ];
    for bytes in streams {
        let mut inflaters = Inflaters::new(1);
        let mut decoder = Decoder::new(MAX);
        let mut rest = &bytes[..];
        let mut work = 0;
        while let Ok(Step::Package(_) | Step::Taken) =
            decoder.step(&mut inflaters, &mut rest, &mut work)
        {
            let work = std::mem::take(&mut work);
            // A block, what is looked at of the input at once, and a ring of output.
            assert!(work <= Decoder::BLOCK_WORK + 512 + 32 * 1024, "{work}");
        }
    }
}

#[test]
fn a_stream_waits_for_an_inflater_and_takes_nothing_meanwhile() {
    let mut inflaters = Inflaters::new(1);
    let (open, whole) = (open_stream("{}"), [zlib("{}"), b"{}".to_vec()].concat());
    let (mut first, mut second) = (Decoder::new(MAX), Decoder::new(MAX));
    let mut rest = &open[..];
    assert!(first.decode(&mut inflaters, &mut rest).unwrap().is_some());
    for pieces in [&[&whole[..]][..], &[&whole[..1], &whole[1..]]] {
        for piece in pieces {
            let mut rest = *piece;
            while let Ok(Step::Taken) = second.step(&mut inflaters, &mut rest, &mut 0) {}
        }
        let mut rest = &whole[2..];
        for _ in 0..3 {
            assert_eq!(
                second.step(&mut inflaters, &mut rest, &mut 0),
                Ok(Step::NoInflater)
            );
        }
        assert_eq!(rest.len(), whole.len() - 2);
        assert!(!second.is_hungry() && !second.holds_inflater());
        let mut other = Decoder::new(MAX);
        std::mem::swap(&mut second, &mut other);
        first.release(&mut inflaters);
        for _ in 0..2 {
            assert!(other.decode(&mut inflaters, &mut rest).unwrap().is_some());
        }
        assert_eq!(other.decode(&mut inflaters, &mut rest), Ok(None));
        let mut rest = &open[..];
        assert!(first.decode(&mut inflaters, &mut rest).unwrap().is_some());
    }
}
