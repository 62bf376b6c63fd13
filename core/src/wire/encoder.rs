//! From a package's text to its bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};

use super::Encoding;

/// The compression level: 1 finds the repeats inside one small package; more finds no more there.
const LEVEL: i32 = 1;
/// A window of 32 KiB, with a zlib header around the stream.
const WINDOW_BITS: i32 = 15;

/// Encodes packages one by one. Holds one compressor, from the first zlib package on.
#[derive(Default)]
pub struct Encoder {
    compressor: Option<Box<CompressorOxide>>,
}

impl Encoder {
    /// Appends the package `text` to `out`: as it is and a line feed, or as one zlib stream.
    pub fn encode(&mut self, text: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
        match encoding {
            Encoding::Plain => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Encoding::Zlib => self.deflate(text, out),
        }
    }

    fn deflate(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        let compressor = self.compressor.get_or_insert_with(|| {
            let flags = create_comp_flags_from_zip_params(LEVEL, WINDOW_BITS, 0);
            Box::new(CompressorOxide::new(flags))
        });
        compressor.reset();
        let mut end = out.len();
        loop {
            // Deflate grows what it cannot shrink by a few bytes a block.
            out.resize(end + text.len() + 64, 0);
            let (status, taken, written) =
                compress(compressor, text, &mut out[end..], TDEFLFlush::Finish);
            text = &text[taken..];
            end += written;
            match status {
                TDEFLStatus::Done => break,
                TDEFLStatus::Okay => {}
                TDEFLStatus::BadParam | TDEFLStatus::PutBufFailed => {
                    unreachable!("the compressor was reset, and its output is a slice")
                }
            }
        }
        out.truncate(end);
    }
}
