//! The decoder: what it makes of bytes does not depend on how they come.

use chatmaster_core::Encoding;
use chatmaster_core::wire::{Decoder, INFLATER_BYTES, Inflaters, SHARED_INFLATER_BYTES, Violation};
use miniz_oxide::deflate::core::TDEFLFlush;

use super::{cut, deflated, encoded};
use crate::memory;

/// Packages after which a decoder is asked no more: a few bytes of zlib have millions.
const MAX_PACKAGES: usize = 500;

/// What a decoder made of a stream.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    packages: Vec<(Vec<u8>, Encoding)>,
    ending: Ending,
}

#[derive(Debug, PartialEq, Eq)]
enum Ending {
    /// It was asked no more.
    Enough,
    /// All was taken. What it says of itself then: what is under way, whether a package is.
    Taken(Option<Encoding>, bool),
    /// The stream is broken, in a unit of this encoding.
    Broken(Violation, Option<Encoding>),
}

/// Any bytes, as they are or in a zlib stream; whole, byte by byte, and in other pieces.
pub fn decoder(data: &[u8]) {
    let Some((&[choices, seed], payload)) = data.split_first_chunk() else {
        return;
    };
    let max = [64, 512, 4096][usize::from(choices % 3)];
    let stream = match choices / 3 % 4 {
        0 | 1 => payload.to_vec(),
        2 => deflated(payload, TDEFLFlush::Finish),
        _ => deflated(payload, TDEFLFlush::Sync),
    };
    let whole = heard(max, &[&stream]);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(whole, heard(max, &bytes), "byte by byte");
    assert_eq!(
        whole,
        heard(max, &cut(&stream, seed, 40)),
        "in short pieces"
    );
    assert_eq!(
        whole,
        heard(max, &cut(&stream, seed, 2000)),
        "in long pieces"
    );
    for (text, _) in &whole.packages {
        assert!(text.len() <= max, "a package is within the limit");
        assert!(text.starts_with(b"{") && text.ends_with(b"}"));
    }
    if choices / 3 % 4 >= 2 {
        compare_encodings(&heard(max, &[payload]), &whole);
    }
    go_round(max, &whole);
}

/// The decoder's answers to these pieces. It is held to what it may hold meanwhile.
fn heard(max: usize, pieces: &[&[u8]]) -> Heard {
    let mut inflaters = Inflaters::new(1);
    let mut decoder = Decoder::new(max);
    let mut packages = Vec::new();
    // A vector that grows has twice what is in it, and three times while it moves.
    let bound = (3 * max + INFLATER_BYTES + SHARED_INFLATER_BYTES + 1024) as isize;
    let mut ending = None;
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            let before = rest.len();
            let live = memory::live();
            match decoder.decode(&mut inflaters, &mut rest) {
                Ok(None) => {
                    assert!(rest.is_empty(), "more is asked for when all is taken");
                    assert!(decoder.is_hungry());
                    break;
                }
                Ok(Some(package)) => {
                    assert!(memory::live() - live <= bound, "what is held is bounded");
                    packages.push((package.text.to_vec(), package.encoding));
                    if packages.len() == MAX_PACKAGES {
                        ending = Some(Ending::Enough);
                        break 'pieces;
                    }
                }
                Err(violation) => {
                    let again = decoder.decode(&mut inflaters, &mut rest);
                    assert_eq!(again, Err(violation), "what is broken stays so");
                    assert!(rest.len() <= before && !decoder.is_hungry());
                    ending = Some(Ending::Broken(violation, decoder.under_way()));
                    break 'pieces;
                }
            }
        }
    }
    let under_way = decoder.under_way();
    let ending = ending.unwrap_or_else(|| Ending::Taken(under_way, !decoder.is_between_packages()));
    if let Ending::Taken(..) = ending {
        let streams = usize::from(under_way == Some(Encoding::Zlib));
        assert_eq!(inflaters.lent(), streams, "an inflater is lent to a stream");
    }
    decoder.release(&mut inflaters);
    assert_eq!(inflaters.lent(), 0, "what was lent comes back");
    Heard { packages, ending }
}

/// The same bytes as they are and in a zlib stream have the same packages, until a byte of the plain
/// ones is taken for the start of a zlib stream, or one of them breaks off.
fn compare_encodings(plain: &Heard, zlib: &Heard) {
    let is_plain = |(_, encoding): &&(Vec<u8>, Encoding)| *encoding == Encoding::Plain;
    let plain_texts = plain.packages.iter().take_while(is_plain);
    for ((one, _), (other, encoding)) in plain_texts.zip(&zlib.packages) {
        assert_eq!(one, other, "a package is the same in both encodings");
        assert_eq!(*encoding, Encoding::Zlib);
    }
    let whole = |heard: &Heard| matches!(heard.ending, Ending::Taken(..));
    if whole(plain) && whole(zlib) && plain.packages.iter().all(|package| is_plain(&package)) {
        let under_way = plain.ending == Ending::Taken(Some(Encoding::Zlib), false);
        assert!(under_way || plain.packages.len() == zlib.packages.len());
    }
}

/// What came out goes through the encoder and comes out again.
fn go_round(max: usize, heard: &Heard) {
    for (text, _) in heard.packages.iter().take(20) {
        for encoding in Encoding::ALL {
            let again = self::heard(max, &[&encoded(text, encoding)]);
            assert_eq!(again.packages, [(text.clone(), encoding)]);
            assert_eq!(again.ending, Ending::Taken(None, false));
        }
    }
}
