//! Addresses of web pages in a text.

use std::fmt::Write;
use std::ops::Range;

/// The longest that terminals take.
const MAX_BYTES: usize = 2048;

/// Where in `text` there are addresses of web pages: without the punctuation that ends a sentence, and
/// without the bracket that closes one which was opened before.
pub fn urls(text: &str) -> Vec<Range<usize>> {
    let mut urls = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let colon = from + at;
        let start = ["https", "http"].into_iter().find_map(|scheme| {
            let start = colon.checked_sub(scheme.len())?;
            let is_it = text.get(start..colon)?.eq_ignore_ascii_case(scheme);
            let before = text[..start].chars().next_back();
            (is_it && !before.is_some_and(char::is_alphanumeric)).then_some(start)
        });
        from = colon + "://".len();
        if let Some(start) = start {
            let rest = &text[from..];
            let long = rest.find(|c| !is_of_url(c)).unwrap_or(rest.len());
            let end = from + trimmed(&rest[..long]).len();
            if end > from {
                urls.push(start..end);
            }
            from += long;
        }
    }
    urls
}

/// `url` in the characters that an address has; none if no terminal takes it.
pub fn encoded(url: &str) -> Option<String> {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    (encoded.len() <= MAX_BYTES).then_some(encoded)
}

fn is_of_url(c: char) -> bool {
    match c {
        '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' => false,
        c if c.is_ascii() => c.is_ascii_graphic(),
        c => c.is_alphanumeric(),
    }
}

fn trimmed(mut url: &str) -> &str {
    while let Some(last) = url.chars().next_back() {
        let opening = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => None,
            ')' => Some('('),
            ']' => Some('['),
            _ => return url,
        };
        let count = |c| url.matches(c).count();
        if opening.is_some_and(|opening| count(opening) >= count(last)) {
            return url;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sanitise;
    use super::super::tests::nasty;
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        urls(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn addresses_are_told_from_what_is_around_them() {
        for (text, expected) in [
            (
                "see https://example.org/a?b=c#d, or",
                vec!["https://example.org/a?b=c#d"],
            ),
            ("(HTTP://example.org)", vec!["HTTP://example.org"]),
            (
                "https://example.org/a_(b)",
                vec!["https://example.org/a_(b)"],
            ),
            ("<https://[::1]:80/>.", vec!["https://[::1]:80/"]),
            ("http://a http://b", vec!["http://a", "http://b"]),
            (
                "https://example.org/日本。",
                vec!["https://example.org/日本"],
            ),
            ("xhttps://a ftp://b https:// https://...", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_ascii_is_encoded_and_what_is_too_long_is_not() {
        assert_eq!(encoded("http://a/é").as_deref(), Some("http://a/%C3%A9"));
        assert_eq!(
            encoded(&"a".repeat(MAX_BYTES)).map(|url| url.len()),
            Some(MAX_BYTES)
        );
        assert_eq!(encoded(&"a".repeat(MAX_BYTES + 1)), None);
    }

    proptest! {
        #[test]
        fn no_address_holds_anything_but_visible_ascii(before in nasty(), after in nasty()) {
            let text = sanitise(&format!("{before} https://a{after}"));
            for range in urls(text.as_str()) {
                if let Some(url) = encoded(&text.as_str()[range]) {
                    prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
                }
            }
        }
    }
}
