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

/// Whether `text` stands in a JSON string as it is, and nothing in it is escaped for other reasons: it is
/// printable ASCII without quotes and backslashes.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let ends_it = |byte: u8| !(0x20..0x7f).contains(&byte) | (byte == b'"') | (byte == b'\\');
    let mut rest = text;
    while let Some((chunk, behind)) = rest.split_first_chunk::<64>() {
        let found = chunk.iter().map(|byte| u8::from(ends_it(*byte)));
        if found.fold(0, |any, found| any | found) != 0 {
            return false;
        }
        rest = behind;
    }
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        if word_ends(*chunk) {
            return false;
        }
        rest = behind;
    }
    match text.last_chunk() {
        // Some are looked at again.
        Some(last) => rest.is_empty() || !word_ends(*last),
        None => !rest.iter().any(|byte| ends_it(*byte)),
    }
}

/// Whether there is such a byte among eight: what borrows from its neighbour does so only if it is one.
#[inline(always)]
fn word_ends(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let word = u64::from_le_bytes(bytes);
    let less = |word: u64, than: u64| word.wrapping_sub(ONES * than);
    let quotes = less(word ^ (ONES * b'"' as u64), 1);
    let slashes = less(word ^ (ONES * b'\\' as u64), 1);
    let del = less(word ^ (ONES * 0x7f), 1);
    let others = less(word, 0x20) | quotes | slashes | del;
    (others | word) & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn what_is_plain_is_what_json_and_terminals_take_as_it_is() {
        for length in 0..70 {
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = alloc::vec![b'x'; length];
                    text[at] = byte;
                    let plain = matches!(byte, 0x20..0x7f) && !b"\"\\".contains(&byte);
                    assert_eq!(is_plain(&text), plain, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }
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
