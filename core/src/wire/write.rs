//! The JSON of packages: that of messages without serde, of which each byte is looked at but once.

use alloc::vec::Vec;

use serde::Serialize;

use super::plain::is_plain;

/// A message, and how [`write_json`] would write it: nearly all that is sent is messages, and what answers
/// them.
pub(super) struct Said<'a> {
    pub(super) message: &'a str,
    pub(super) username: &'a str,
    pub(super) channel: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) id: Option<u64>,
    pub(super) time: Option<u64>,
}

impl Said<'_> {
    /// Whether nothing in it had to be escaped, nor has to be.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(br#"{"type":"message","data":{"message":"#);
        let mut is_plain = write_string(self.message, out);
        out.extend_from_slice(br#","username":"#);
        is_plain &= write_string(self.username, out);
        if let Some(channel) = self.channel {
            out.extend_from_slice(br#","channel":"#);
            is_plain &= write_string(channel, out);
        }
        if let Some(to) = self.to {
            out.extend_from_slice(br#","to":"#);
            is_plain &= write_string(to, out);
        }
        if let Some(id) = self.id {
            out.extend_from_slice(br#","id":"#);
            write_number(id, out);
        }
        if let Some(time) = self.time {
            out.extend_from_slice(br#","time":"#);
            write_number(time, out);
        }
        out.extend_from_slice(b"}}");
        is_plain
    }
}

/// Writes what answers a message.
pub(super) fn write_sent(id: u64, time: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":"notification","data":{"event_type":"message_sent","id":"#);
    write_number(id, out);
    out.extend_from_slice(br#","time":"#);
    write_number(time, out);
    out.extend_from_slice(b"}}");
}

/// Whether nothing in it had to be escaped, nor has to be.
fn write_string(text: &str, out: &mut Vec<u8>) -> bool {
    let is_plain = is_plain(text.as_bytes());
    if is_plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        write_json(&text, out);
    }
    is_plain
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len() - 1;
    while number > 9 {
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        first -= 1;
    }
    digits[first] = b'0' + number as u8;
    out.extend_from_slice(&digits[first..]);
}

/// Adds a tag to the package whose text ends `out`. Whether nothing in it had to be escaped, nor has to
/// be.
pub(super) fn write_tag(tag: Option<&str>, out: &mut Vec<u8>) -> bool {
    let Some(tag) = tag else { return true };
    out.pop();
    out.extend_from_slice(br#","tag":"#);
    let is_plain = write_string(tag, out);
    out.push(b'}');
    is_plain
}

pub(super) fn write_json(package: &impl Serialize, out: &mut Vec<u8>) {
    let text = serde_json::to_vec(package).expect("every key of a package is a string");
    out.extend_from_slice(&text);
}
