//! From a package's text to its bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};

use super::{Encoding, short};

/// The compression level: 1 finds nearly all the repeats inside one package; 6 takes half as long
/// again and makes a package of 1 KiB no shorter, one of 4 KiB that repeats itself by a tenth.
const LEVEL: i32 = 1;
/// A window of 32 KiB, with a zlib header around the stream.
const WINDOW_BITS: i32 = 15;

/// Encodes packages one by one. Holds one compressor, from the first zlib package on that is not
/// short.
#[derive(Default)]
pub struct Encoder {
    codes: Codes,
    compressor: Option<Box<CompressorOxide>>,
}

/// The Huffman codes of zlib packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Codes {
    /// Each package has codes of its own: so it was in version 1 of the core's behaviour.
    Own,
    /// Short ones have the fixed codes, which take a small part of the time.
    #[default]
    FixedIfShort,
}

impl Encoder {
    pub(crate) fn with_codes(codes: Codes) -> Self {
        Encoder {
            codes,
            compressor: None,
        }
    }

    /// Appends the package `text` to `out`: as it is and a line feed, or as one zlib stream.
    pub fn encode(&mut self, text: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
        match encoding {
            Encoding::Plain => {
                out.extend_from_slice(text);
                out.push(b'\n');
            }
            Encoding::Zlib
                if self.codes == Codes::FixedIfShort && text.len() <= short::MAX_SHORT =>
            {
                short::deflate(text, out);
            }
            Encoding::Zlib => self.deflate(text, out),
        }
    }

    #[inline(never)]
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
