//! What a client sent, sent again with other packages in it.
//!
//! Nothing of the old bytes is taken over: they are decoded, and what was meant is encoded anew. A
//! zlib stream is opened and ended where the old one was, and flushed behind each package; white
//! space between packages is left out; of an incomplete package the first byte is sent until the
//! rest of it comes. Bytes that break the protocol are replaced by others that break it in the same
//! way, and what follows them by nothing.

use chatmaster_core::wire::{Decoder, Encoding, Inflaters, MAX_NESTING, Violation};
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};

use super::pseudonyms::Pseudonyms;

/// One client's connection.
pub(in crate::replay) struct Reencoder {
    max_package_bytes: usize,
    decoder: Decoder,
    /// The zlib stream that is open.
    stream: Option<Box<CompressorOxide>>,
    /// Whether the first byte of the package under way was sent.
    begun: bool,
    broken: bool,
}

impl Reencoder {
    pub(in crate::replay) fn new(max_package_bytes: usize) -> Self {
        Reencoder {
            max_package_bytes,
            decoder: Decoder::new(max_package_bytes),
            stream: None,
            begun: false,
            broken: false,
        }
    }

    /// What to send in place of `bytes`.
    pub(in crate::replay) fn bytes(
        &mut self,
        inflaters: &mut Inflaters,
        pseudonyms: &mut Pseudonyms,
        bytes: &[u8],
    ) -> Vec<u8> {
        let mut out = Vec::new();
        // One by one, so that no end of a stream is missed.
        for byte in bytes.chunks(1) {
            let mut rest = byte;
            loop {
                if self.broken {
                    return out;
                }
                match self.decoder.decode(inflaters, &mut rest) {
                    Ok(Some(decoded)) => {
                        let (text, encoding) = (pseudonyms.package(decoded.text), decoded.encoding);
                        let unsent = usize::from(std::mem::take(&mut self.begun));
                        self.send(&text[unsent..], encoding, &mut out);
                    }
                    Ok(None) => break,
                    Err(violation) => self.violate(violation, &mut out),
                }
            }
            if self.decoder.under_way() != Some(Encoding::Zlib) {
                self.end_stream(&mut out);
            }
        }
        if let Some(encoding) = self.decoder.under_way() {
            let begins = !self.decoder.is_between_packages() && !self.begun;
            if begins {
                self.begun = true;
                self.send(b"{", encoding, &mut out);
            } else if encoding == Encoding::Zlib && self.stream.is_none() {
                self.send(b"", encoding, &mut out);
            }
        }
        out
    }

    /// To be called before it is dropped.
    pub(in crate::replay) fn release(&mut self, inflaters: &mut Inflaters) {
        self.decoder.release(inflaters);
    }

    fn send(&mut self, bytes: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
        match encoding {
            Encoding::Plain => out.extend_from_slice(bytes),
            Encoding::Zlib => {
                let stream = self.stream.get_or_insert_with(|| {
                    Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(
                        6, 15, 0,
                    )))
                });
                deflate(stream, bytes, TDEFLFlush::Sync, out);
            }
        }
    }

    fn end_stream(&mut self, out: &mut Vec<u8>) {
        if let Some(mut stream) = self.stream.take() {
            deflate(&mut stream, b"", TDEFLFlush::Finish, out);
        }
    }

    fn violate(&mut self, violation: Violation, out: &mut Vec<u8>) {
        self.broken = true;
        let encoding = self.decoder.under_way().unwrap_or(Encoding::Plain);
        let begun = usize::from(self.begun);
        match violation {
            Violation::NotAPackage(byte) => {
                // An `x` may begin a zlib stream.
                let byte = if byte.is_ascii_punctuation() {
                    byte
                } else {
                    b'y'
                };
                self.send(&[byte], encoding, out);
            }
            Violation::TooLarge => {
                let mut large = b"{\"".to_vec();
                large.resize(self.max_package_bytes + 1, b'x');
                self.send(&large[begun..], encoding, out);
            }
            Violation::NotAHeader(_) => out.extend(b"xy"),
            Violation::TooLargeEncoded => {
                self.send(&b"{"[begun..], Encoding::Zlib, out);
                // Blocks without anything in them, some more than it takes.
                let blocks = self.max_package_bytes / EMPTY_BLOCK.len() + 512;
                out.extend(EMPTY_BLOCK.repeat(blocks));
            }
            Violation::NoPackage => {
                let blank = vec![b' '; self.max_package_bytes + 1];
                self.send(&blank, Encoding::Zlib, out);
            }
            Violation::DoubleZlib => self.send(&[0x78, 0x9c], Encoding::Zlib, out),
            Violation::TooDeep => {
                let mut deep = b"{\"x\":".to_vec();
                deep.resize(deep.len() + MAX_NESTING as usize + 1, b'[');
                self.send(&deep[begun..], encoding, out);
            }
            Violation::BadZlib => {
                self.send(b"", Encoding::Zlib, out);
                // A last block of a type that there is not.
                out.push(0b111);
            }
            Violation::Checksum => {
                self.send(b"", Encoding::Zlib, out);
                self.end_stream(out);
                if let Some(last) = out.last_mut() {
                    *last ^= 1;
                }
            }
            Violation::EmptyStream => {
                self.send(b"", Encoding::Zlib, out);
                self.end_stream(out);
            }
            Violation::CutPackage => {
                self.send(&b"{"[begun..], Encoding::Zlib, out);
                self.end_stream(out);
            }
            Violation::TooManyStreams => self.send(b"", Encoding::Zlib, out),
        }
    }
}

/// A stored block, as a flush without anything to flush writes it.
const EMPTY_BLOCK: [u8; 5] = [0, 0, 0, 0xff, 0xff];

fn deflate(stream: &mut CompressorOxide, mut bytes: &[u8], flush: TDEFLFlush, out: &mut Vec<u8>) {
    let mut end = out.len();
    loop {
        out.resize(end + bytes.len() + 256, 0);
        let room = out.len() - end;
        let (status, taken, written) = compress(stream, bytes, &mut out[end..], flush);
        bytes = &bytes[taken..];
        end += written;
        // Room that is left over says that it is all written.
        if status != TDEFLStatus::Okay || (bytes.is_empty() && written < room) {
            break;
        }
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use chatmaster_core::wire::Encoder;

    use super::*;

    const MAX: usize = 1024;

    /// What a server would decode from the pieces, after they were sent again.
    fn resent(pieces: &[&[u8]]) -> (Vec<(String, Encoding)>, Option<Violation>, bool) {
        let mut inflaters = Inflaters::new(9);
        let mut pseudonyms = Pseudonyms::new();
        let mut resend = Reencoder::new(MAX);
        let mut decoder = Decoder::new(MAX);
        let mut decoded = Vec::new();
        for piece in pieces {
            let again = resend.bytes(&mut inflaters, &mut pseudonyms, piece);
            let mut rest = &again[..];
            loop {
                match decoder.decode(&mut inflaters, &mut rest) {
                    Ok(Some(package)) => {
                        let text = String::from_utf8_lossy(package.text).into_owned();
                        decoded.push((text, package.encoding));
                    }
                    Ok(None) => break,
                    Err(violation) => return (decoded, Some(violation), true),
                }
            }
        }
        (decoded, None, decoder.is_between_packages())
    }

    fn zlib(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::default().encode(text.as_bytes(), Encoding::Zlib, &mut out);
        out
    }

    const SECRET: &str = r#"{"type":"message","data":{"message":"secret"}}"#;
    const XS: &str = r#"{"type":"message","data":{"message":"xxxxxx"}}"#;

    #[test]
    fn packages_come_in_the_encoding_they_came_in_however_they_are_split() {
        let mut bytes = SECRET.as_bytes().to_vec();
        bytes.extend(zlib(SECRET));
        bytes.extend(zlib(&format!("{SECRET} {SECRET}")));
        bytes.extend(SECRET.as_bytes());
        let expected: Vec<_> = [
            Encoding::Plain,
            Encoding::Zlib,
            Encoding::Zlib,
            Encoding::Zlib,
            Encoding::Plain,
        ]
        .map(|encoding| (XS.to_owned(), encoding))
        .into();
        for size in [1, 2, 7, bytes.len()] {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            assert_eq!(resent(&pieces), (expected.clone(), None, true), "{size}");
        }
    }

    #[test]
    fn a_package_that_never_ends_has_begun() {
        assert_eq!(resent(&[&SECRET.as_bytes()[..20]]), (vec![], None, false));
        let bytes = zlib(SECRET);
        assert_eq!(resent(&[&bytes[..bytes.len() - 10]]), (vec![], None, false));
    }

    #[test]
    fn the_protocol_is_broken_in_the_same_way() {
        let mut checksum = zlib(SECRET);
        *checksum.last_mut().expect("it has one") ^= 1;
        let mut deep = b"{".to_vec();
        deep.resize(MAX_NESTING as usize + 2, b'[');
        let stream = |text: &[u8]| {
            let mut compressor = CompressorOxide::default();
            let mut out = Vec::new();
            deflate(&mut compressor, text, TDEFLFlush::Sync, &mut out);
            out
        };
        let flushes = EMPTY_BLOCK.repeat(MAX);
        let cases: [(Vec<u8>, usize, Violation); 16] = [
            (b"hello".to_vec(), 0, Violation::NotAHeader(*b"xy")),
            (vec![0x68, 0x82], 0, Violation::NotAHeader(*b"xy")),
            (vec![0x78, 0xbb], 0, Violation::BadZlib),
            (vec![0x78, 0x00], 0, Violation::BadZlib),
            (stream(&zlib(SECRET)), 0, Violation::DoubleZlib),
            (
                [stream(SECRET.as_bytes()), flushes.clone()].concat(),
                1,
                Violation::NoPackage,
            ),
            (
                [stream(&SECRET.as_bytes()[..20]), flushes].concat(),
                0,
                Violation::TooLargeEncoded,
            ),
            (b"nonsense".to_vec(), 0, Violation::NotAPackage(b'y')),
            (b"?".to_vec(), 0, Violation::NotAPackage(b'?')),
            (
                zlib(&format!("{SECRET}no")),
                1,
                Violation::NotAPackage(b'y'),
            ),
            (
                format!("{{\"{}", "s".repeat(MAX)).into(),
                0,
                Violation::TooLarge,
            ),
            (deep, 0, Violation::TooDeep),
            (vec![0x78, 0x9c, 0x07], 0, Violation::BadZlib),
            (checksum, 1, Violation::Checksum),
            (zlib(" "), 0, Violation::EmptyStream),
            (zlib(&SECRET[..20]), 0, Violation::CutPackage),
        ];
        for (bytes, packages, violation) in cases {
            for size in [1, bytes.len()] {
                let pieces: Vec<_> = bytes.chunks(size).collect();
                let (decoded, broken, _) = resent(&pieces);
                assert_eq!(
                    (decoded.len(), broken),
                    (packages, Some(violation)),
                    "{size}"
                );
            }
        }
    }
}
