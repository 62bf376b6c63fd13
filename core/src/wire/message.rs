//! Reading a message without serde, if it is written as nearly all are: no escapes, no attributes but the
//! known ones, each once. To read one took more than all else that is done with it once.

use super::plain::plain_prefix;

/// A message package, as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) message: &'a str,
    pub(super) channel: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
}

/// Reads a message package; `None` if it is none, or if it takes more to know.
pub(super) fn read(text: &str) -> Option<Written<'_>> {
    let mut rest = Rest { text, at: 0 };
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
    rest.space();
    is_message?;
    if rest.at < text.len() {
        return None;
    }
    let (message, channel, to) = data?;
    Some(Written {
        message,
        channel,
        to,
        tag,
    })
}

/// Sets what was not set.
#[inline(always)]
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// A text, of which what is before `at` was read.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        if *self.text.as_bytes().get(self.at)? != byte {
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
        self.at += plain_prefix(&self.text.as_bytes()[start..]);
        let string = &self.text[start..self.at];
        self.take(b'"')?;
        Some(string)
    }

    /// Takes this name, which has its quotes, if it comes next.
    #[inline(always)]
    fn name(&mut self, name: &str) -> bool {
        let comes = self.text.as_bytes()[self.at..].starts_with(name.as_bytes());
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
        let read = |text| read(text).map(|read| (read.message, read.channel, read.to, read.tag));
        let plain = Some(("hi", None, None, None));
        assert_eq!(read(r#"{"type":"message","data":{"message":"hi"}}"#), plain);
        assert_eq!(
            read(
                "\t{ \"data\" : {\"username\":\"x\" ,\n\"message\":\"hi\"}, \"type\":\"message\" }\r\n"
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
            r#"{"type":"message","data":{"message":"hi"}} x"#,
            r#"{"type":"message","data":{"message":"hi"}"#,
            r#"{"type":"message""#,
            r#"{"type":"message"}"#,
            "{}",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
