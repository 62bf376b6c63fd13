//! Other names and texts of the same length, so that nothing of the old ones is left.
//!
//! - A name is replaced by one of the same length in bytes and characters: the same name by the same
//!   one, however it is spelled, and different names by different ones. `general` stays. A name that
//!   no server takes stays one, for the same reason. Names that only look the same become different.
//! - Of a text stays how long it is, where its spaces and punctuation are, and what is upper case.
//! - Of an address stays its family, and that it is loopback.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chatmaster_core::RoomName;
use chatmaster_core::names::{Claims, Name, NameError};

/// Attributes of packages.
const KEYS: [&str; 7] = [
    "type",
    "data",
    "command",
    "parameters",
    "username",
    "channel",
    "message",
];
/// Types of packages.
const TYPES: [&str; 6] = [
    "message",
    "command",
    "request",
    "notification",
    "session",
    "error",
];
/// Names of commands.
const COMMANDS: [&str; 9] = [
    "login",
    "rename",
    "join",
    "leave",
    "private",
    "public",
    "channels",
    "channel_list",
    "users",
];
/// How many names are tried before one of the same shape is good enough.
const TRIES: u64 = 100_000;

/// What everything is replaced by.
pub(in crate::replay) struct Pseudonyms {
    /// New names by the keys of the old ones.
    names: BTreeMap<Box<str>, String>,
    claims: Claims<u64>,
    /// Which candidate comes next for names of this shape.
    next: BTreeMap<Vec<usize>, u64>,
    addresses: BTreeMap<IpAddr, IpAddr>,
}

impl Pseudonyms {
    pub(in crate::replay) fn new() -> Self {
        let mut claims = Claims::default();
        let general = RoomName::parse(RoomName::GENERAL).expect("it is a name");
        claims.claim(&general, 0).expect("no other is taken");
        Pseudonyms {
            names: BTreeMap::new(),
            claims,
            next: BTreeMap::new(),
            addresses: BTreeMap::new(),
        }
    }

    /// How many names were replaced.
    pub(in crate::replay) fn names(&self) -> usize {
        self.names.len()
    }

    /// Another address, always the same for the same one, of a range that is nobody's.
    pub(in crate::replay) fn address(&mut self, address: IpAddr) -> IpAddr {
        if address.to_canonical().is_loopback() {
            return address;
        }
        let number = u32::try_from(self.addresses.len()).unwrap_or(u32::MAX);
        *self.addresses.entry(address).or_insert_with(|| {
            // 198.18.0.0/15 and 2001:db8::/32 are for tests and examples.
            let v4 = Ipv4Addr::from_bits(0xC612_0000 | (number & 0x1_FFFF));
            match address {
                IpAddr::V4(_) => v4.into(),
                IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => v4.to_ipv6_mapped().into(),
                IpAddr::V6(_) => {
                    let bits = (0x2001_0DB8_u128 << 96) | u128::from(number);
                    Ipv6Addr::from_bits(bits).into()
                }
            }
        })
    }

    /// The package `text`, well-formed or not, with every name and text in it replaced.
    pub(in crate::replay) fn package(&mut self, text: &[u8]) -> Vec<u8> {
        match str::from_utf8(text) {
            Ok(text) => self.json(text).into_bytes(),
            // What is no UTF-8 stays none, and keeps its braces and quotes.
            Err(_) => text
                .iter()
                .map(|byte| match byte {
                    0x80.. => 0xFF,
                    byte if byte.is_ascii_alphanumeric() => b'x',
                    byte => *byte,
                })
                .collect(),
        }
    }

    fn json(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Whether what is open is an object, from the outermost on.
        let mut open = Vec::new();
        let mut key = String::new();
        let mut key_comes = false;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let taken = match first {
                '"' => literal(rest),
                '-' | '0'..='9' => run(rest, |c| {
                    matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')
                }),
                c if c.is_alphabetic() => run(rest, char::is_alphanumeric),
                c => c.len_utf8(),
            };
            let (token, behind) = rest.split_at(taken);
            rest = behind;
            match first {
                '"' if key_comes => {
                    key = serde_json::from_str(token).unwrap_or_default();
                    if KEYS.contains(&&*key) {
                        out.push_str(token);
                    } else {
                        out.push_str(&rewritten(token, disguised));
                    }
                }
                '"' => out.push_str(&self.value(&key, token)),
                '-' | '0'..='9' => out.extend(token.chars().map(|c| match c {
                    '1'..='9' => '1',
                    c => c,
                })),
                _ if matches!(token, "true" | "false" | "null") => out.push_str(token),
                _ => out.push_str(&disguised(token)),
            }
            match first {
                '{' => open.push(true),
                '[' => open.push(false),
                '}' | ']' => {
                    open.pop();
                }
                _ => {}
            }
            key_comes = match first {
                '{' => true,
                ',' => open.last() == Some(&true),
                c if c.is_whitespace() => key_comes,
                _ => false,
            };
        }
        out
    }

    /// The literal `token`, which is the value of `key`.
    fn value(&mut self, key: &str, token: &str) -> String {
        let known = |words: &[&str]| {
            let word: Result<String, _> = serde_json::from_str(token);
            word.is_ok_and(|word| words.contains(&&*word))
        };
        match key {
            "type" if known(&TYPES) => token.to_owned(),
            "command" if known(&COMMANDS) => token.to_owned(),
            "username" | "channel" => rewritten(token, |name| self.name(name)),
            _ => rewritten(token, disguised),
        }
    }

    /// Another name.
    pub(in crate::replay) fn name(&mut self, name: &str) -> String {
        let parsed = match RoomName::parse(name) {
            Ok(parsed) => parsed,
            Err(
                NameError::WhiteSpace(bad) | NameError::Forbidden(bad) | NameError::LoneMark(bad),
            ) => {
                let kept = |c: char| if c == bad { c } else { stand_in(c) };
                return name.chars().map(kept).collect();
            }
            // There is nothing to be seen in it.
            Err(NameError::Invisible) => return name.to_owned(),
            Err(NameError::Empty | NameError::TooLong(_)) => return disguised(name),
        };
        let key = parsed.key();
        if &*key == RoomName::GENERAL {
            return name.to_owned();
        }
        let other = match self.names.get(&key) {
            Some(other) => other.clone(),
            None => {
                let other = self.invent(name);
                self.names.insert(key, other.clone());
                other
            }
        };
        let spelled = other.chars().zip(name.chars()).map(|(other, c)| {
            if c.is_ascii_uppercase() {
                other.to_ascii_uppercase()
            } else {
                other
            }
        });
        if other.chars().count() == name.chars().count() {
            spelled.collect()
        } else {
            // The same name in another normal form.
            other
        }
    }

    /// A name of the shape of `name` that nobody was given before.
    fn invent(&mut self, name: &str) -> String {
        let shape: Vec<usize> = name.chars().map(char::len_utf8).collect();
        let next = self.next.entry(shape.clone()).or_default();
        let last = *next + TRIES;
        while *next < last {
            let candidate = candidate(&shape, *next);
            *next += 1;
            if let Ok(parsed) = RoomName::parse(&candidate)
                && self.claims.claim(&parsed, 0).is_ok()
            {
                return candidate;
            }
        }
        // All names of this shape are given away; so few there are of one character only.
        candidate(&shape, *next)
    }
}

/// The `number`th name of a shape: `bbbb` for the second of four letters.
fn candidate(shape: &[usize], mut number: u64) -> String {
    let mut first = None;
    let mut name = String::new();
    for bytes in shape {
        let (from, count) = match bytes {
            1 => (0, ONE_BYTE.len() as u64),
            // Armenian letters, Hangul syllables, and rare Chinese characters.
            2 => (0x0561, 38),
            3 => (0xAC00, 11_172),
            _ => (0x2_0000, 42_000),
        };
        let digit = number % count;
        number /= count;
        // What is the same in all places is told apart best.
        let digit = (digit + first.unwrap_or(0)) % count;
        first.get_or_insert(digit);
        name.push(match bytes {
            1 => char::from(ONE_BYTE[digit as usize]),
            _ => char::from_u32(from + digit as u32).expect("these are characters"),
        });
    }
    name
}

/// What names in ASCII are made of: letters first.
const ONE_BYTE: &[u8; 68] =
    b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'()*+,-./:;<=>?@[]^_`{|}~\"\\";

/// `text` with everything in it that says something replaced.
fn disguised(text: &str) -> String {
    text.chars().map(stand_in).collect()
}

/// What stands for `c`: as long as it is in UTF-8.
fn stand_in(c: char) -> char {
    match (c, c.len_utf8()) {
        ('A'..='Z', _) => 'X',
        (c, _) if c.is_ascii_alphanumeric() => 'x',
        (c, 1) => c,
        (_, 2) => '×',
        (_, 3) => 'ｘ',
        _ => '𝑥',
    }
}

/// The literal `token` with another content; if it is none, its characters stand for themselves.
fn rewritten(token: &str, content: impl FnOnce(&str) -> String) -> String {
    match serde_json::from_str::<String>(token) {
        Ok(text) => {
            let text = serde_json::Value::String(content(&text));
            text.to_string()
        }
        Err(_) => disguised(token),
    }
}

/// How long the literal at the start of `text` is, its quotes included.
fn literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> String {
        String::from_utf8(Pseudonyms::new().package(text.as_bytes())).expect("it was text")
    }

    #[test]
    fn names_and_texts_are_replaced_and_the_rest_stays() {
        for (text, expected) in [
            (
                r#"{"type":"message","data":{"message":"Meet me at 5, Bob! é日🙂","username":"alice"}}"#,
                r#"{"type":"message","data":{"message":"Xxxx xx xx x, Xxx! ×ｘ𝑥","username":"aaaaa"}}"#,
            ),
            (
                r#"{"type":"command","data":{"command":"join","parameters":{"channel":"general"}}}"#,
                r#"{"type":"command","data":{"command":"join","parameters":{"channel":"general"}}}"#,
            ),
            (
                r#"{ "type" : "command", "data": {"command": "msg bob", "secret": [17, -0.5e3, true, "x\n\"y"]}}"#,
                r#"{ "type" : "command", "data": {"command": "xxx xxx", "xxxxxx": [11, -0.1e1, true, "x\n\"x"]}}"#,
            ),
            (r#"{hello "wor\qld" 日}"#, r#"{xxxxx "xxx\xxx" ｘ}"#),
            (r#"{"type":"a","data""#, r#"{"type":"x","data""#),
        ] {
            assert_eq!(package(text), expected);
        }
    }

    #[test]
    fn what_is_no_utf_8_stays_none() {
        let package = Pseudonyms::new().package(b"{\"na\xC3\x28me\"}");
        assert_eq!(package, b"{\"xx\xFF\x28xx\"}");
    }

    #[test]
    fn equal_names_stay_equal_and_others_stay_apart() {
        let mut pseudonyms = Pseudonyms::new();
        let names = [
            "alice", "Alice", "bob", "carol", "ALICE", "Jürgen", "jürgen", "日本",
        ];
        let others = names.map(|name| pseudonyms.name(name));
        assert_eq!(others[..5], ["aaaaa", "Aaaaa", "aaa", "bbbbb", "AAAAA"]);
        for (name, other) in names.iter().zip(&others) {
            assert_eq!(
                (name.len(), name.chars().count()),
                (other.len(), other.chars().count())
            );
            assert!(RoomName::parse(other).is_ok(), "{other}");
        }
        assert_eq!(others[5].to_lowercase(), others[6]);
        assert_eq!(pseudonyms.name("e\u{301}a").len(), 4);
    }

    #[test]
    fn a_thousand_names_of_two_letters_and_one_are_all_different() {
        let mut pseudonyms = Pseudonyms::new();
        let names: Vec<String> = (b'a'..=b'z')
            .flat_map(|a| (b'a'..=b'z').map(move |b| format!("{}{}", a as char, b as char)))
            .chain((b'a'..=b'z').map(|a| (a as char).to_string()))
            .collect();
        let mut others: Vec<String> = names.iter().map(|name| pseudonyms.name(name)).collect();
        others.sort();
        others.dedup();
        assert_eq!(others.len(), names.len());
    }

    #[test]
    fn a_name_that_no_server_takes_stays_one_for_the_same_reason() {
        let mut pseudonyms = Pseudonyms::new();
        let long = "x".repeat(65);
        let blank = "alice\u{2800}";
        for name in [
            "",
            "two words",
            "a\u{a0}b",
            "bell\u{7}",
            "\u{200b}",
            blank,
            "\u{301}a",
            &long,
        ] {
            let other = pseudonyms.name(name);
            assert_eq!(RoomName::parse(&other), RoomName::parse(name), "{name:?}");
        }
    }

    #[test]
    fn addresses_are_replaced_but_for_loopback() {
        let mut pseudonyms = Pseudonyms::new();
        for (address, expected) in [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("203.0.113.7", "198.18.0.0"),
            ("2001:db9::7", "2001:db8::1"),
            ("203.0.113.7", "198.18.0.0"),
            ("::ffff:203.0.113.8", "::ffff:198.18.0.2"),
        ] {
            let address = address.parse().expect("it is an address");
            assert_eq!(pseudonyms.address(address).to_string(), expected);
        }
    }
}
