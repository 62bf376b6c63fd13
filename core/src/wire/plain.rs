//! Text that stands in a JSON string as it is.

/// How many bytes of `text` come before the first that ends a JSON string or may not stand in it like
/// that: a quote, a backslash, or a control below U+0020. Of a long text 64 are looked at at a time, which
/// the compiler makes vectors of, and then eight: names are short, and to call something that looks for
/// one byte after the other takes longer.
#[inline]
pub(super) fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // Which bytes are zero: the lowest that is marked is one, of the higher ones some may not be.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let is_plain = |byte: u8| (byte >= 0x20) & (byte != b'"') & (byte != b'\\');
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk::<64>() {
        // All bytes and not the first that is not, and as bytes: so it is done many at a time.
        let found = chunk.iter().map(|byte| u8::from(!is_plain(*byte)));
        if found.fold(0, |any, found| any | found) != 0 {
            break;
        }
        at += 64;
    }
    while let Some(chunk) = text[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ (ONES * b'"' as u64));
        let slashes = zeros(word ^ (ONES * b'\\' as u64));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quotes | slashes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = text.get(at) {
        if !is_plain(*byte) {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_first_byte_that_is_not_plain_is_found_wherever_it_is() {
        let plain: Vec<u8> = (0x20..=0xff)
            .filter(|byte| !b"\"\\".contains(byte))
            .collect();
        assert_eq!(plain_prefix(&plain), plain.len());
        assert_eq!(plain_prefix(b""), 0);
        for found in (0..0x20).chain(*b"\"\\") {
            for at in 0..200 {
                let mut text: Vec<u8> = plain
                    .iter()
                    .copied()
                    .cycle()
                    .skip(at * 7)
                    .take(200)
                    .collect();
                text[at] = found;
                assert_eq!(plain_prefix(&text), at, "{found:#x}");
                text[199] = b'"';
                assert_eq!(plain_prefix(&text), at.min(199), "{found:#x}");
            }
        }
    }
}
