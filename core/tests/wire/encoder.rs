//! What packages are encoded to.

use chatmaster_core::Encoding;
use chatmaster_core::wire::Encoder;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use proptest::collection::vec;
use proptest::prelude::*;

/// The bytes of the longest text that has the fixed codes.
const SHORT: usize = 256;

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::default().encode(text, Encoding::Zlib, &mut out);
    out
}

fn inflated(stream: &[u8]) -> Vec<u8> {
    decompress_to_vec_zlib(stream).expect("it is a zlib stream")
}

#[test]
fn plain_packages_end_with_a_line_feed() {
    let mut out = b"before ".to_vec();
    Encoder::default().encode(b"{}", Encoding::Plain, &mut out);
    assert_eq!(out, b"before {}\n");
}

#[test]
fn short_streams_are_what_rfc_1950_and_1951_say() {
    // The header, 1 and 01 (the last block, fixed codes), the symbols, 256 (seven zeros), the checksum.
    assert_eq!(deflated(b""), [0x78, 1, 0b011, 0, 0, 0, 0, 1]);
    // 'a' is 0x30 + 0x61, which is 10010001, from the first bit to the last.
    assert_eq!(
        deflated(b"a"),
        [0x78, 1, 0b0100_1011, 0b0000_0100, 0, 0, 0x62, 0, 0x62]
    );
    // Eight more of it: the length 3 is 257, so 8 is 262, which is 0000110; from 1 back is 00000.
    // Behind 001, the end of 'a', a byte ends with 00001, and the next one begins with 10.
    assert_eq!(
        deflated(b"aaaaaaaaa"),
        [
            0x78,
            1,
            0b0100_1011,
            0b1000_0100,
            0b0000_0001,
            0,
            0x11,
            0x16,
            0x03,
            0x6a
        ]
    );
}

#[test]
fn repetitions_of_every_length_and_distance_code_are_found_and_inflate_again() {
    // The first and the last distance of each code (RFC 1951, 3.2.5).
    let distances = [
        3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 24, 25, 32, 33, 48, 49, 64, 65, 96, 97, 128, 129, 192,
        193, 253,
    ];
    for distance in distances {
        for length in 3..=SHORT - distance {
            let once: Vec<u8> = (0..distance).map(|at| at as u8).collect();
            let text: Vec<u8> = once
                .iter()
                .copied()
                .cycle()
                .take(distance + length)
                .collect();
            let stream = deflated(&text);
            assert_eq!(inflated(&stream), text, "{length} from {distance} back");
            // Header, checksum and the bits around; at most 9 bits a literal; a repetition has 23.
            let most = 6 + (3 + 9 * distance + 23 + 7).div_ceil(8);
            assert!(
                stream.len() <= most,
                "{length} from {distance} back: {}",
                stream.len()
            );
        }
    }
}

#[test]
fn a_short_text_of_one_byte_again_and_again_is_one_repetition() {
    for length in 4..=SHORT {
        let text = vec![b'x'; length];
        let stream = deflated(&text);
        assert_eq!(inflated(&stream), text);
        assert!(
            stream.len() <= 6 + (3 + 8 + 18 + 7_usize).div_ceil(8),
            "{length}"
        );
    }
}

#[test]
fn a_text_that_is_not_short_has_codes_of_its_own() {
    // With the fixed codes it would have nine bits a byte: 290 bytes.
    let text: Vec<u8> = (0..=SHORT).map(|at| 200 + (at * at % 16) as u8).collect();
    let stream = deflated(&text);
    assert!(stream.len() < 200, "{}", stream.len());
    assert_eq!(inflated(&stream), text);
}

proptest! {
    #[test]
    fn whatever_is_encoded_inflates_again(
        texts in vec(prop_oneof![
            vec(any::<u8>(), 0..=SHORT + 2),
            vec(b'a'..b'd', 0..=SHORT + 2),
            "[ -~]{0,256}".prop_map(String::into_bytes),
            vec(b'a'..b'd', 0..5000),
        ], 1..5),
    ) {
        let mut encoder = Encoder::default();
        for text in texts {
            let mut stream = Vec::new();
            encoder.encode(&text, Encoding::Zlib, &mut stream);
            prop_assert_eq!(inflated(&stream), text);
        }
    }
}
