//! The decoder: what comes out of bytes never depends on how they were split, every bound holds while
//! bytes come, and no bytes make it panic.

use chatmaster_core::wire::{
    Decoder, Encoder, Encoding, Inflaters, MAX_NESTING, Step, Unfinished, Violation,
};
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use proptest::prelude::*;

const MAX: usize = 1024;

/// What a decoder made of bytes: packages, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    packages: Vec<(String, Encoding)>,
    end: Result<Rest, Violation>,
    /// The encoding to answer in, if it is not the one of the last package.
    under_way: Option<Encoding>,
    /// The work that was done.
    work: usize,
}

/// How a decoder stands after good bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rest {
    between_packages: bool,
    unfinished: Option<Unfinished>,
    inflaters_lent: usize,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut inflaters = Inflaters::new(1);
    let mut decoder = Decoder::new(MAX);
    let (mut packages, mut work) = (Vec::new(), 0);
    for mut piece in pieces {
        loop {
            match decoder.step(&mut inflaters, &mut piece, &mut work) {
                Ok(Step::Taken) => {}
                Ok(Step::NoInflater) => panic!("there is one for it"),
                Ok(Step::Package(package)) => {
                    assert!(package.text.len() <= MAX, "a package is within its bound");
                    let text = String::from_utf8_lossy(package.text).into_owned();
                    packages.push((text, package.encoding));
                }
                Ok(Step::Hungry) => {
                    assert!(piece.is_empty(), "nothing is left behind");
                    assert!(decoder.is_hungry(), "a decoder that has nothing is hungry");
                    break;
                }
                Err(violation) => {
                    let mut more = &b"{}"[..];
                    let again = decoder.decode(&mut inflaters, &mut more);
                    assert_eq!(again, Err(violation), "a violation is final");
                    assert_eq!(inflaters.lent(), 0, "a violation gives the inflater back");
                    return Outcome {
                        packages,
                        end: Err(violation),
                        under_way: decoder.under_way(),
                        // More or less of what comes behind may have been taken.
                        work: 0,
                    };
                }
            }
        }
    }
    let between_packages = decoder.is_between_packages();
    let inflaters_lent = inflaters.lent();
    Outcome {
        packages,
        end: Ok(Rest {
            between_packages,
            unfinished: decoder.unfinished(),
            inflaters_lent,
        }),
        under_way: decoder.under_way(),
        work,
    }
}

/// Decodes `bytes` whole, byte by byte, and in halves split everywhere; all must agree.
fn decode_all_ways(bytes: &[u8]) -> Outcome {
    let whole = decode([bytes]);
    assert_eq!(decode(bytes.chunks(1)), whole, "byte by byte is as whole");
    for at in 0..bytes.len().min(300) {
        let (left, right) = bytes.split_at(at);
        assert_eq!(decode([left, right]), whole, "split at {at} is as whole");
    }
    whole
}

fn packages(outcome: &Outcome) -> Vec<&str> {
    outcome
        .packages
        .iter()
        .map(|(text, _)| text.as_str())
        .collect()
}

fn deflate(compressor: &mut CompressorOxide, text: &[u8], flush: TDEFLFlush) -> Vec<u8> {
    let mut out = Vec::new();
    compress_to_output(compressor, text, flush, |piece| {
        out.extend_from_slice(piece);
        true
    });
    out
}

fn compressor() -> CompressorOxide {
    CompressorOxide::new(create_comp_flags_from_zip_params(9, 15, 0))
}

fn zlib(text: impl AsRef<[u8]>) -> Vec<u8> {
    deflate(&mut compressor(), text.as_ref(), TDEFLFlush::Finish)
}

/// One zlib stream, flushed behind each of `texts` and never ended.
fn stream<T: AsRef<[u8]>>(texts: &[T]) -> Vec<u8> {
    let mut compressor = compressor();
    let flush = |text: &T| deflate(&mut compressor, text.as_ref(), TDEFLFlush::Sync);
    texts.iter().flat_map(flush).collect()
}

const BETWEEN: Rest = Rest {
    between_packages: true,
    unfinished: None,
    inflaters_lent: 0,
};

#[test]
fn plain_packages_end_at_the_matching_brace() {
    let outcome = decode_all_ways(br#" {"a":"}{\"}"} {"b":{"c":[{}]}}{}"#);
    assert_eq!(
        packages(&outcome),
        [r#"{"a":"}{\"}"}"#, r#"{"b":{"c":[{}]}}"#, "{}"]
    );
    assert_eq!(outcome.end, Ok(BETWEEN));
    assert!(
        outcome
            .packages
            .iter()
            .all(|(_, encoding)| *encoding == Encoding::Plain)
    );
}

#[test]
fn a_backslash_before_a_quote_is_seen_through() {
    let outcome = decode_all_ways(br#"{"a":"\\"}{"b":"\\\""}"#);
    assert_eq!(packages(&outcome), [r#"{"a":"\\"}"#, r#"{"b":"\\\""}"#]);
}

#[test]
fn one_zlib_stream_may_carry_one_package_or_many() {
    let mut bytes = zlib(r#"{"a":1}"#);
    bytes.extend(zlib("\r\n {\"b\":2}\t{\"c\":3}\n"));
    let outcome = decode_all_ways(&bytes);
    assert_eq!(
        packages(&outcome),
        [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]
    );
    assert_eq!(outcome.end, Ok(BETWEEN));
}

#[test]
fn a_stream_that_is_flushed_delivers_each_package_at_once() {
    let mut compressor = compressor();
    let mut inflaters = Inflaters::new(1);
    let mut decoder = Decoder::new(MAX);
    for number in 0..5000 {
        let text = format!(r#"{{"type":"message","data":{{"message":"{number}"}}}}"#);
        let bytes = deflate(&mut compressor, text.as_bytes(), TDEFLFlush::Sync);
        let mut rest = &bytes[..];
        let package = decoder
            .decode(&mut inflaters, &mut rest)
            .unwrap()
            .map(|p| p.text.to_vec());
        assert_eq!(package.as_deref(), Some(text.as_bytes()));
        assert_eq!(decoder.decode(&mut inflaters, &mut rest), Ok(None));
    }
    assert_eq!(inflaters.lent(), 1, "the stream is still open");
}

#[test]
fn encodings_may_alternate() {
    let bytes = [b"{}".to_vec(), zlib("{}"), b"\n{}\n".to_vec(), zlib("{}")].concat();
    let outcome = decode_all_ways(&bytes);
    let encodings: Vec<Encoding> = outcome
        .packages
        .iter()
        .map(|(_, encoding)| *encoding)
        .collect();
    use Encoding::{Plain, Zlib};
    assert_eq!(encodings, [Plain, Zlib, Plain, Zlib]);
}

#[test]
fn a_package_at_the_bound_passes_and_one_byte_more_does_not() {
    let fits = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX - 8));
    assert_eq!(fits.len(), MAX);
    let over = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX - 7));
    for encode in [
        |text: &str| text.as_bytes().to_vec(),
        |text: &str| zlib(text),
    ] {
        assert_eq!(packages(&decode_all_ways(&encode(&fits))), [&fits]);
        let outcome = decode_all_ways(&encode(&over));
        assert_eq!(outcome.end, Err(Violation::TooLarge));
        assert!(outcome.packages.is_empty());
    }
    // As long as it may still end, it may.
    let (whole, last) = (fits.as_bytes(), over.len() - 1);
    assert!(decode([&whole[..MAX - 1]]).end.is_ok());
    let unended = &over.as_bytes()[..last];
    assert_eq!(unended.len(), MAX);
    assert!(decode([unended]).end.is_ok(), "nothing is over the bound");
    assert_eq!(
        decode(over.as_bytes().chunks(MAX)).end,
        Err(Violation::TooLarge)
    );
}

#[test]
fn what_is_no_package_in_a_stream_is_told_at_its_first_byte() {
    let bytes = stream(&["{}", "n"]);
    assert_eq!(decode([&bytes[..]]).end, Err(Violation::NotAPackage(b'n')));
}

#[test]
fn an_endless_string_ends_at_the_bound() {
    let bytes = [br#"{"a":""#.to_vec(), vec![b'x'; 100 * MAX]].concat();
    assert_eq!(decode([&bytes[..]]).end, Err(Violation::TooLarge));
    assert_eq!(decode(bytes.chunks(7)).end, Err(Violation::TooLarge));
}

#[test]
fn a_bomb_is_stopped_at_the_bound() {
    for (bomb, violation) in [
        (vec![b' '; 10 << 20], Violation::NoPackage),
        (
            [br#"{"a":""#.to_vec(), vec![b'x'; 10 << 20]].concat(),
            Violation::TooLarge,
        ),
    ] {
        let bytes = zlib(&bomb);
        assert!(bytes.len() < bomb.len() / 500, "it is a bomb");
        assert_eq!(decode([&bytes[..]]).end, Err(violation));
        assert_eq!(decode(bytes.chunks(1)).end, Err(violation));
    }
}

#[test]
fn blanks_in_a_stream_count_like_a_package() {
    let blanks = |count: usize| [vec![b' '; count], b"{}".to_vec()].concat();
    assert_eq!(packages(&decode_all_ways(&zlib(blanks(MAX)))), ["{}"]);
    let outcome = decode_all_ways(&zlib(blanks(MAX + 1)));
    assert_eq!(outcome.end, Err(Violation::NoPackage));
    assert_eq!(packages(&outcome), [""; 0]);
}

#[test]
fn a_stream_of_empty_blocks_is_stopped_at_the_bound() {
    // A sync flush of nothing is an empty stored block: five bytes that inflate to none.
    let flushes = [0, 0, 0, 0xff, 0xff].repeat(10 * MAX);
    for (begun, whole, violation) in [
        ("{}", vec!["{}"], Violation::NoPackage),
        (" ", vec![], Violation::NoPackage),
        (r#"{"a"#, vec![], Violation::TooLargeEncoded),
    ] {
        let bytes = [stream(&[begun]), flushes.clone()].concat();
        let outcome = decode([&bytes[..]]);
        assert_eq!(packages(&outcome), whole);
        assert_eq!(outcome.end, Err(violation));
        assert_eq!(decode(bytes.chunks(1)), outcome);
        assert_eq!(decode(bytes.chunks(11)), outcome);
    }
    // Before anything else, too.
    let bytes = [vec![0x78, 0x9c], flushes].concat();
    assert_eq!(decode([&bytes[..]]).end, Err(Violation::NoPackage));
    // They are counted by 512 bytes: so many are not over the bound, and the next are.
    for (max, passes) in [(MAX, MAX), (MAX - 1, MAX - 512)] {
        let taken = |bytes: &[u8]| {
            let (mut inflaters, mut decoder) = (Inflaters::new(1), Decoder::new(max));
            decoder.decode(&mut inflaters, &mut &bytes[..]).is_ok()
        };
        assert!(taken(&bytes[..2 + passes + 500]), "{max}");
        assert!(!taken(&bytes[..2 + passes + 512]), "{max}");
    }
}

#[test]
fn white_space_between_plain_packages_is_free() {
    let bytes = [b"{}".to_vec(), vec![b'\n'; 10 * MAX], b"{}".to_vec()].concat();
    assert_eq!(packages(&decode([&bytes[..]])), ["{}", "{}"]);
}

#[test]
fn nesting_is_bounded() {
    let deep = MAX_NESTING as usize;
    let nested = |depth: usize| format!(r#"{{"a":{}"#, "[".repeat(depth - 1));
    assert_eq!(decode_all_ways(nested(deep).as_bytes()).packages, []);
    let braces = r#"{"a":"#.repeat(deep);
    assert!(decode_all_ways(braces.as_bytes()).end.is_ok());
    assert!(decode_all_ways(nested(deep).as_bytes()).end.is_ok());
    let deeper = nested(deep + 1);
    assert_eq!(
        decode_all_ways(deeper.as_bytes()).end,
        Err(Violation::TooDeep)
    );
    assert_eq!(decode_all_ways(&zlib(&deeper)).end, Err(Violation::TooDeep));
    let braces = r#"{"a":"#.repeat(deep + 1);
    assert_eq!(
        decode_all_ways(braces.as_bytes()).end,
        Err(Violation::TooDeep)
    );
}

#[test]
fn what_is_neither_json_nor_zlib_is_told_at_its_first_byte() {
    for first in 0..=255_u8 {
        let zlib_header = first & 0x0f == 8 && first < 0x80;
        let good = first == b'{' || b" \t\r\n".contains(&first) || zlib_header;
        let end = decode([&[first][..]]).end;
        assert_eq!(end.is_ok(), good, "byte {first:#04x}: {end:?}");
        if !good {
            assert_eq!(end, Err(Violation::NotAPackage(first)));
        }
    }
}

#[test]
fn what_only_begins_like_zlib_is_told_at_its_second_byte_and_not_answered_in_zlib() {
    let is_text = |byte| (b' '..=b'~').contains(&byte) || b"\t\n\x0c\r".contains(&byte);
    for first in (0..8).map(|info| info << 4 | 8) {
        for second in 0..=255_u8 {
            let header = [first, second];
            let outcome = decode_all_ways(&header);
            let checked = (256 * u32::from(first) + u32::from(second)) % 31 == 0;
            let dictionary = second & 0x20 != 0;
            let expected = if checked && !dictionary {
                (Ok(()), Some(Encoding::Zlib))
            } else if first == 0x78 && !is_text(second) {
                // An x that no text goes on from was to be zlib.
                (Err(Violation::BadZlib), None)
            } else {
                (Err(Violation::NotAHeader(header)), None)
            };
            let end = outcome.end.map(|_| ());
            assert_eq!((end, outcome.under_way), expected, "{header:02x?}");
        }
    }
    for word in ["hello\n", "help\n", "x\n", "8\n", "(", "x{}"] {
        let outcome = decode_all_ways(format!("{{}}{word}").as_bytes());
        assert_eq!(packages(&outcome), ["{}"], "{word}");
        assert_eq!(outcome.under_way, None, "{word}");
    }
}

#[test]
fn no_inflater_is_lent_before_a_header_is_whole_and_right() {
    for (bytes, lent) in [
        (&[0x78][..], 0),
        (&[0x78, 0x9d], 0),
        (&[0x78, 0xbb], 0),
        (&[0x78, 0x9c], 1),
        (&[0x08, 0x1d], 1),
    ] {
        let mut inflaters = Inflaters::new(1);
        let mut decoder = Decoder::new(MAX);
        for byte in bytes.chunks(1) {
            let mut rest = byte;
            let _ = decoder.decode(&mut inflaters, &mut rest);
        }
        assert_eq!(inflaters.lent(), lent, "{bytes:02x?}");
    }
}

#[test]
fn the_checksum_at_the_end_of_a_stream_is_checked_behind_its_packages() {
    let mut bytes = zlib("{}");
    *bytes.last_mut().unwrap() ^= 1;
    let outcome = decode_all_ways(&bytes);
    assert_eq!(packages(&outcome), ["{}"]);
    assert_eq!(outcome.end, Err(Violation::Checksum));
}

#[test]
fn a_damaged_stream_delivers_what_came_before() {
    let mut bytes = stream(&[r#"{"a":1}"#]);
    // A block of the type that does not exist.
    bytes.push(0x07);
    let outcome = decode_all_ways(&bytes);
    assert_eq!(packages(&outcome), [r#"{"a":1}"#]);
    assert_eq!(outcome.end, Err(Violation::BadZlib));
}

#[test]
fn a_match_cannot_reach_back_into_an_earlier_stream() {
    let secret = format!(r#"{{"secret":"{}"}}"#, "s3cr3t".repeat(20));
    let mut bytes = zlib(&secret);
    // A stream with a fixed-Huffman block that starts with a match of length 3 at distance 1,
    // before there is anything to match: 1 (last) 01 (fixed) 0000001 (length 3) 00000 (distance 1).
    bytes.extend([0x78, 0x9c, 0x03, 0x02, 0x00, 0x00]);
    let outcome = decode_all_ways(&bytes);
    assert_eq!(packages(&outcome), [&secret]);
    assert_eq!(outcome.end, Err(Violation::BadZlib));
}

#[test]
fn a_stream_must_carry_whole_packages() {
    assert_eq!(decode_all_ways(&zlib("")).end, Err(Violation::EmptyStream));
    assert_eq!(
        decode_all_ways(&zlib(" \n")).end,
        Err(Violation::EmptyStream)
    );
    assert_eq!(
        decode_all_ways(&zlib(r#"{"a":"#)).end,
        Err(Violation::CutPackage)
    );
    assert_eq!(
        decode_all_ways(&zlib("{}y")).end,
        Err(Violation::NotAPackage(b'y'))
    );
}

#[test]
fn a_stream_in_a_stream_is_told_by_its_name() {
    let inner = zlib("{}");
    for text in [
        inner.clone(),
        inner[..2].to_vec(),
        [b"{} ", &inner[..]].concat(),
        zlib(&inner),
    ] {
        let outcome = decode_all_ways(&zlib(&text));
        assert_eq!(outcome.end, Err(Violation::DoubleZlib));
        assert_eq!(outcome.under_way, Some(Encoding::Zlib));
        assert_eq!(
            decode_all_ways(&stream(&[&text])).end,
            Err(Violation::DoubleZlib)
        );
    }
    // What only begins like one is none.
    for text in ["{}x", "x", "xhello", "hello", "8"] {
        let first = text.trim_start_matches("{}").as_bytes()[0];
        let outcome = decode_all_ways(&zlib(text));
        assert_eq!(outcome.end, Err(Violation::NotAPackage(first)), "{text}");
    }
}

#[test]
fn an_incomplete_package_is_told_from_none() {
    let rest = |bytes: &[u8]| decode_all_ways(bytes).end.unwrap().between_packages;
    assert!(rest(b""));
    assert!(rest(b"{} "));
    assert!(!rest(br#"{"a"#));
    assert!(rest(&stream(&["{}"])));
    assert!(!rest(&stream(&[r#"{"a"#])));
}

#[test]
fn what_is_missing_at_the_end_is_told() {
    use Unfinished::{Package, Stream};
    for (bytes, missing) in [
        (vec![], None),
        (b"{} \n".to_vec(), None),
        (br#"{"a"#.to_vec(), Some(Package)),
        (vec![0x78], Some(Stream)),
        (vec![0x78, 0x9c], Some(Stream)),
        (zlib("{}")[..3].to_vec(), Some(Stream)),
        (stream(&[" "]), Some(Stream)),
        (stream(&[r#"{"a"#]), Some(Package)),
        (stream(&["{}"]), None),
        (stream(&["{} "]), None),
        (stream(&["{}", "{"]), Some(Package)),
        (zlib("{}"), None),
        ([zlib("{}"), vec![0x78, 0x9c]].concat(), Some(Stream)),
    ] {
        let told = decode_all_ways(&bytes).end.unwrap().unfinished;
        assert_eq!(told, missing, "{bytes:02x?}");
    }
}

#[test]
fn streams_beyond_the_pool_are_refused() {
    let mut inflaters = Inflaters::new(1);
    let open = stream(&["{}"]);
    let (mut first, mut second) = (Decoder::new(MAX), Decoder::new(MAX));
    let mut rest = &open[..];
    assert!(first.decode(&mut inflaters, &mut rest).unwrap().is_some());
    let mut rest = &open[..];
    assert_eq!(
        second.decode(&mut inflaters, &mut rest),
        Err(Violation::TooManyStreams)
    );
    first.release(&mut inflaters);
    let mut third = Decoder::new(MAX);
    let mut rest = &open[..];
    assert!(third.decode(&mut inflaters, &mut rest).unwrap().is_some());
}

#[test]
fn what_the_encoder_writes_the_decoder_reads() {
    let mut encoder = Encoder::default();
    let texts = [
        "{}".to_string(),
        format!(r#"{{"a":"{}"}}"#, "xyz".repeat(300)),
    ];
    for encoding in Encoding::ALL {
        let mut bytes = Vec::new();
        for text in &texts {
            encoder.encode(text.as_bytes(), encoding, &mut bytes);
        }
        let outcome = decode_all_ways(&bytes);
        assert_eq!(packages(&outcome), texts);
        assert_eq!(outcome.end, Ok(BETWEEN));
        assert!(outcome.packages.iter().all(|(_, came)| *came == encoding));
    }
}

/// Bytes that are often almost right.
fn nearly_packages() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "[ -~]{0,40}|(ab?c?){0,60}".prop_map(|text| format!(r#"{{"a":{text:?}}}"#)),
        r#"[{}\[\]",:\\a ]{0,60}"#.prop_map(|text| format!("{{{text}")),
        (1..MAX + 40).prop_map(|long| format!(r#"{{"a":"{}"}}"#, "x".repeat(long))),
        "[ \t\r\n]{0,8}",
    ];
    let unit = prop_oneof![
        4 => text.clone().prop_map(String::into_bytes),
        4 => (text.clone(), 0..=10, 0..=4).prop_map(|(text, level, strategy)| {
            let flags = create_comp_flags_from_zip_params(level, 15, strategy);
            let mut compressor = CompressorOxide::new(flags);
            deflate(&mut compressor, text.as_bytes(), TDEFLFlush::Finish)
        }),
        2 => prop::collection::vec(text, 1..6).prop_map(|texts| stream(&texts)),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
    (prop::collection::vec(unit, 0..5), flips).prop_map(|(units, flips)| {
        let mut bytes = units.concat();
        for (at, with) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= with;
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same_packages(
        bytes in nearly_packages(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let whole = decode([&bytes[..]]);
        prop_assert_eq!(decode(pieces), whole.clone());
        prop_assert_eq!(decode(bytes.chunks(1)), whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        decode([&bytes[..]]);
        decode([&[b"{".to_vec(), bytes.clone()].concat()[..]]);
        decode([&[vec![0x78, 0x9c], bytes].concat()[..]]);
    }
}
