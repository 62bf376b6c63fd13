//! Reading a message without serde, if it is written as nearly all are: no escapes, no attributes but the
//! known ones, each once. To read one took more than all else that is done with it once.

use super::plain::plain_prefix;

/// A message package, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) message: &'a str,
    pub(super) channel: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
}

/// Reads the message package that `bytes` begin with, and says how many of them it is; `None` if it is
/// none, or not whole, or if it takes more to know. It ends at the brace that matches its first byte.
pub(super) fn read(bytes: &[u8]) -> Option<(Written<'_>, usize)> {
    if let Some(usual) = read_usual(bytes) {
        return Some(usual);
    }
    let mut rest = Rest { bytes, at: 0 };
    let (mut is_message, mut data, mut tag) = (None, None, None);
    rest.object(|rest| {
        if rest.name("\"type\"") {
            rest.take(b':')?;
            rest.space();
            once(&mut is_message, rest.name("\"message\"").then_some(())?)
        } else if rest.name("\"data\"") {
            rest.take(b':')?;
            let (mut message, mut channel, mut to, mut username) = (None, None, None, None);
            rest.object(|rest| {
                let place = if rest.name("\"message\"") {
                    &mut message
                } else if rest.name("\"username\"") {
                    &mut username
                } else if rest.name("\"channel\"") {
                    &mut channel
                } else if rest.name("\"to\"") {
                    &mut to
                } else {
                    return None;
                };
                rest.take(b':')?;
                once(place, rest.string()?)
            })?;
            once(&mut data, (message?, channel, to))
        } else if rest.name("\"tag\"") {
            rest.take(b':')?;
            once(&mut tag, rest.string()?)
        } else {
            None
        }
    })?;
    is_message?;
    let (message, channel, to) = data?;
    let written = Written {
        message,
        channel,
        to,
        tag,
    };
    Some((written, rest.at))
}

/// Reads one that has nothing but a text, and no white space.
fn read_usual(bytes: &[u8]) -> Option<(Written<'_>, usize)> {
    const BEFORE: &[u8] = br#"{"type":"message","data":{"message":"#;
    const BEHIND: &[u8] = b"}}";
    if !bytes.starts_with(BEFORE) {
        return None;
    }
    let at = BEFORE.len();
    let mut rest = Rest { bytes, at };
    let message = rest.string()?;
    let written = Written {
        message,
        channel: None,
        to: None,
        tag: None,
    };
    let comes = rest.bytes[rest.at..].starts_with(BEHIND);
    comes.then_some((written, rest.at + BEHIND.len()))
}

/// Reads a message package that is all of `text`.
pub(super) fn read_whole(text: &[u8]) -> Option<Written<'_>> {
    let (written, bytes) = read(text)?;
    (bytes == text.len()).then_some(written)
}

/// Sets what was not set.
#[inline(always)]
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// Bytes, of which those before `at` were read.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        if *self.bytes.get(self.at)? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        self.at += plain_prefix(&self.bytes[start..]);
        let string = &self.bytes[start..self.at];
        self.take(b'"')?;
        str::from_utf8(string).ok()
    }

    /// Takes this name, which has its quotes, if it comes next.
    #[inline(always)]
    fn name(&mut self, name: &str) -> bool {
        let comes = self.bytes[self.at..].starts_with(name.as_bytes());
        if comes {
            self.at += name.len();
        }
        comes
    }

    /// An object of at least one attribute; `attribute` reads each with its name.
    #[inline(always)]
    fn object(&mut self, mut attribute: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        loop {
            self.space();
            attribute(self)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_plainly_is_read_and_what_is_not_is_left_to_others() {
        let whole = |text: &'static str| {
            let (read, bytes) = read(text.as_bytes())?;
            Some((&text[bytes..], read))
        };
        let read = |text| {
            let (behind, read) = whole(text)?;
            assert_eq!(behind.trim_ascii(), "", "{text}");
            Some((read.message, read.channel, read.to, read.tag))
        };
        let plain = Some(("hi", None, None, None));
        assert_eq!(read(r#"{"type":"message","data":{"message":"hi"}}"#), plain);
        assert_eq!(
            read(
                "{ \"data\" : {\"username\":\"x\" ,\n\"message\":\"hi\"}, \"type\":\"message\" }\r\n"
            ),
            plain
        );
        assert_eq!(
            read(r#"{"type":"message","data":{"message":"é","channel":"c","to":"t"},"tag":"g"}"#),
            Some(("é", Some("c"), Some("t"), Some("g")))
        );
        for other in [
            r#"{"type":"command","data":{"message":"hi"}}"#,
            r#"{"type":"message","data":{"message":"hi\n"}}"#,
            "{\"type\":\"message\",\"data\":{\"message\":\"h\u{1}i\"}}",
            r#"{"type":"message","data":{"message":"hi","message":"ho"}}"#,
            r#"{"type":"message","data":{"message":5}}"#,
            r#"{"type":"message","data":{"message":"hi","more":"x"}}"#,
            r#"{"type":"message","data":{"username":"hi"}}"#,
            r#"{"type":"message","data":{"message":"hi"},"tag":5}"#,
            r#"{"type":"message","data":{"message":"hi",}}"#,
            r#"{"type":"message","data":{"message":"hi"}"#,
            r#"{"type":"message""#,
            r#"{"type":"message"}"#,
            "{}",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(
            super::read(b"{\"type\":\"message\",\"data\":{\"message\":\"\xff\"}}"),
            None
        );
        // It ends where it ends, whatever comes next.
        let more = "{\"type\":\"message\",\"data\":{\"message\":\"hi\"}}}x";
        assert_eq!(whole(more).map(|(behind, _)| behind), Some("}x"));
    }
}
