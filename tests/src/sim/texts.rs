//! What clients of version 1 say: each text says whose it is and how many came before it.

use super::log::Said;
use super::rng::split_mix;

/// The text of a message, which says whose it is; the rest follows from that.
pub(super) fn text((client, number): Said, filler: usize) -> String {
    let mut text = format!("m:{client}:{number}:{filler}:");
    let mut state = (client as u64) << 32 | u64::from(number);
    let letters = std::iter::repeat_with(|| split_mix(&mut state)).flat_map(u64::to_le_bytes);
    let letters = letters.map(|byte| char::from(b'a' + byte % 26));
    text.extend(letters.take(filler));
    text
}

/// Whether a client's message of version 1 is whole, if it is one.
pub(super) fn text_of(message: &str) -> Option<bool> {
    said(message).map(|by| by.is_ok())
}

/// Whose message it is, if it is a client's; an error if it is not what the client said.
pub(super) fn said(message: &str) -> Option<Result<Said, ()>> {
    let mut words = message.strip_prefix("m:")?.splitn(4, ':');
    let mut number = || words.next()?.parse::<u32>().ok();
    let (Some(client), Some(said), Some(filler)) = (number(), number(), number()) else {
        return Some(Err(()));
    };
    let by = (client as usize, said);
    let whole = text(by, filler as usize) == message;
    Some(if whole { Ok(by) } else { Err(()) })
}
