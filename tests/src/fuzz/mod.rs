//! Targets for fuzzing: functions of any bytes at all, each with what has to be true of its part of
//! the core whatever the bytes are. `cargo test` runs them on the corpus in `tests/fuzz/corpus` and
//! on inputs derived from it ([`corpus`]); `cargo fuzz` looks for new ones (`tests/fuzz/README.md`).
//!
//! A target takes what is to happen from the front of its input, a choice a byte, and does nothing
//! more when that is used up: so most changes of an input change what happens in one place.

pub mod corpus;
mod decoder;
mod host;
mod hub;
mod recording;
mod session;

use arbitrary::{Result, Unstructured};
use chatmaster_core::Encoding;
use chatmaster_core::wire::Encoder;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

pub use decoder::decoder;
pub use hub::{hub_bytes, hub_operations};
pub use recording::recording;
pub use session::session;

/// A choice among so many.
fn choice(input: &mut Unstructured<'_>, of: u8) -> Result<u8> {
    Ok(input.bytes(1)?[0] % of)
}

/// One of these.
fn pick<T: Copy>(input: &mut Unstructured<'_>, of: &[T]) -> Result<T> {
    let of = &of[..of.len().min(256)];
    Ok(of[usize::from(input.bytes(1)?[0]) % of.len()])
}

/// Some of the bytes that come next: fewer than 256, and not more than there are.
fn bytes<'a>(input: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = usize::from(input.bytes(1)?[0]).min(input.len());
    input.bytes(length)
}

/// The same as text.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    Ok(String::from_utf8_lossy(bytes(input)?).into_owned())
}

/// Pieces of one to `longest` bytes, whose lengths follow from `seed`.
fn cut(bytes: &[u8], seed: u8, longest: usize) -> Vec<&[u8]> {
    let mut rng = crate::sim::rng::Rng::stream(u64::from(seed), "cut");
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        let length = 1 + rng.below(longest as u64) as usize;
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// A zlib stream of `bytes`, with an end or with a flush behind them.
fn deflated(bytes: &[u8], flush: TDEFLFlush) -> Vec<u8> {
    let flags = create_comp_flags_from_zip_params(6, 15, 0);
    let mut out = Vec::new();
    compress_to_output(&mut CompressorOxide::new(flags), bytes, flush, |piece| {
        out.extend_from_slice(piece);
        true
    });
    out
}

/// `text` as the core encodes a package.
fn encoded(text: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::default().encode(text, encoding, &mut out);
    out
}
