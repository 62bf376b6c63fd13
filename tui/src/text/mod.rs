//! Text from elsewhere, made safe to show.
//!
//! A name or a message can hold anything: escape sequences that drive the terminal, bidi overrides
//! that make a line read backwards, characters without width that make two names look the same.
//! [`sanitise`] is the only way to a [`SafeText`], and only a [`SafeText`] is written to a screen.

#[cfg(feature = "ui")]
mod caseless;
#[cfg(feature = "ui")]
mod layout;
#[cfg(feature = "ui")]
mod url;

use std::fmt;

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_width::UnicodeWidthChar;

#[cfg(feature = "ui")]
pub use caseless::{Needle, joins};
#[cfg(all(test, feature = "ui"))]
pub(crate) use layout::WRAPS;
#[cfg(feature = "ui")]
pub use layout::{fitting, str_width, truncate, width, wrap, wrap_indices};
#[cfg(feature = "ui")]
pub use url::{encoded, urls};

/// One line of text that can do no harm to a terminal or to its reader: no control characters, no
/// line breaks, no invisible characters but where a script or an emoji needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One behind the other. Each starts with a character that clings to nothing, so that the columns of
/// all together are those of each.
#[cfg(feature = "ui")]
impl FromIterator<SafeText> for SafeText {
    fn from_iter<I: IntoIterator<Item = SafeText>>(parts: I) -> Self {
        SafeText(parts.into_iter().map(|SafeText(part)| part).collect())
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many characters may cling to the one before them before the rest of them is cut: enough for
/// every script and for a family of four with skin tones, too few to flood a cell.
const MAX_CLINGING: usize = 12;
/// What stands for characters that were cut.
const CUT: char = '\u{FFFD}';
/// What a mark without a letter stands on.
const DOTTED_CIRCLE: char = '\u{25CC}';
/// What joins emoji, and the letters of some scripts.
const ZWJ: char = '\u{200D}';
/// What makes a key of a digit.
const KEYCAP: char = '\u{20E3}';
/// The flags that are spelled in tags, characters which can hide any text elsewhere: those of England,
/// Scotland and Wales.
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Makes `text` harmless, and what was harmful in it visible: C0 controls as their pictures (`␛`),
/// other hidden characters by their number (`<U+202E>`), a tab as four spaces.
pub fn sanitise(text: &str) -> SafeText {
    let mut shown = String::with_capacity(text.len());
    let mut last = None;
    let mut clinging = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = chars.clone().next();
        if let Some(flag) = tagged_flag(c, chars.as_str()) {
            shown.push_str(flag);
            chars = chars.as_str()[flag.len() - c.len_utf8()..].chars();
            (last, clinging) = (Some(c), 0);
            continue;
        }
        if c == '\t' {
            shown.push_str("    ");
            last = Some(' ');
            continue;
        }
        if let Some(picture) = control_picture(c) {
            shown.push(picture);
            last = Some(picture);
            continue;
        }
        if is_hidden(c) && !last.is_some_and(|last| is_joint(last, c, next)) {
            shown.push_str(&format!("<U+{:04X}>", u32::from(c)));
            last = Some('>');
            continue;
        }
        if clings(last, c) {
            clinging += 1;
            if last.is_none_or(|last| last == ' ') {
                shown.push(DOTTED_CIRCLE);
            }
            if clinging > MAX_CLINGING {
                if last != Some(CUT) {
                    shown.push(CUT);
                }
                last = Some(CUT);
                continue;
            }
        } else {
            clinging = 0;
        }
        shown.push(c);
        last = Some(c);
    }
    // It is kept for long.
    shown.shrink_to_fit();
    SafeText(shown)
}

/// The lines of `text`, each of them harmless.
pub fn sanitise_lines(text: &str) -> Vec<SafeText> {
    let lines = text.split('\n');
    let mut lines: Vec<_> = lines
        .map(|line| sanitise(line.strip_suffix('\r').unwrap_or(line)))
        .collect();
    lines.shrink_to_fit();
    lines
}

/// `names` in a sentence: `a, b and 3 more`. As they came, not harmless.
pub fn listed(names: &[String], more: usize) -> String {
    let names = names.join(", ");
    if more == 0 {
        names
    } else {
        format!("{names} and {more} more")
    }
}

/// Whether a reader cannot see `c`, or it changes how what is around it is seen.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// The flag that starts with `c` and goes on in `rest`.
fn tagged_flag(c: char, rest: &str) -> Option<&'static str> {
    let is_it = |flag: &&str| {
        flag.strip_prefix(c)
            .is_some_and(|tags| rest.starts_with(tags))
    };
    TAGGED_FLAGS.into_iter().find(is_it)
}

fn control_picture(c: char) -> Option<char> {
    match c {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)),
        '\x7F' => Some('\u{2421}'),
        _ => None,
    }
}

/// Whether the hidden `c` does what it is there for: choose between an emoji and a symbol, join two
/// emoji into one, or shape the letters of a script that needs it.
fn is_joint(last: char, c: char, next: Option<char>) -> bool {
    let pictographic =
        |c: char| !c.is_ascii() && CodePointSetData::new::<ExtendedPictographic>().contains(c);
    match c {
        // A digit with one looks like a digit, unless it becomes a key.
        '\u{FE0E}' | '\u{FE0F}' if last.is_ascii() => {
            CodePointSetData::new::<Emoji>().contains(last) && next == Some(KEYCAP)
        }
        '\u{FE0E}' | '\u{FE0F}' => CodePointSetData::new::<Emoji>().contains(last),
        ZWJ if next.is_some_and(pictographic) => {
            pictographic(last) || last == '\u{FE0F}' || is_skin_tone(last)
        }
        ZWJ | '\u{200C}' => is_shaped(last) && next.is_some_and(is_shaped),
        _ => false,
    }
}

/// Whether `c` belongs to a script whose letters are joined or kept apart by joiners: Arabic and the
/// scripts of India and South-East Asia.
fn is_shaped(c: char) -> bool {
    matches!(c, '\u{0620}'..='\u{109F}' | '\u{1780}'..='\u{18AF}') && !is_hidden(c)
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Whether `c` shares the cell of the character before it.
fn clings(last: Option<char>, c: char) -> bool {
    !c.is_ascii() && (c.width().unwrap_or(0) == 0 || last == Some(ZWJ) || is_skin_tone(c))
}

#[cfg(test)]
pub(crate) mod tests {
    use icu_properties::props::BidiControl;
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        sanitise(text).to_string()
    }

    #[test]
    fn plain_text_of_any_script_stays_as_it_is() {
        for text in [
            "",
            "Hello, world!",
            "  two  spaces  ",
            "naïve cafe\u{301}",
            "日本語",
            "한국어",
            "שלום",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "🙂",
            "❤\u{FE0F}",
            "1\u{FE0F}\u{20E3}",
            "👩🏽\u{200D}🚀",
            "👨🏻\u{200D}👩🏻\u{200D}👧🏻\u{200D}👦🏻",
            "🇩🇪",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn escape_sequences_show_and_do_nothing() {
        assert_eq!(shown("\x1B[31mred\x1B]0;title\x07"), "␛[31mred␛]0;title␇");
        assert_eq!(shown("\u{9B}31m"), "<U+009B>31m");
        assert_eq!(shown("a\r\nb\x7F\0"), "a␍␊b␡␀");
        assert_eq!(shown("a\tb"), "a    b");
    }

    #[test]
    fn bidi_controls_and_line_separators_show_by_number() {
        assert_eq!(
            shown("a\u{202E}b\u{2066}c\u{200F}d"),
            "a<U+202E>b<U+2066>c<U+200F>d"
        );
        assert_eq!(shown("a\u{2028}b\u{FEFF}"), "a<U+2028>b<U+FEFF>");
    }

    #[test]
    fn invisible_characters_show_where_no_script_needs_them() {
        assert_eq!(shown("bo\u{200B}b"), "bo<U+200B>b");
        assert_eq!(shown("bo\u{200D}b"), "bo<U+200D>b");
        assert_eq!(shown("bo\u{FE0F}b"), "bo<U+FE0F>b");
        assert_eq!(
            shown("\u{AD}x\u{3164}y\u{E0041}"),
            "<U+00AD>x<U+3164>y<U+E0041>"
        );
        assert_eq!(shown("🙂\u{200D}"), "🙂<U+200D>");
    }

    #[test]
    fn tricks_with_invisible_characters_are_seen_through() {
        for (what, trick, expected) in [
            (
                "a flood of selectors",
                "❤\u{FE0F}\u{FE0F}",
                "❤\u{FE0F}<U+FE0F>",
            ),
            ("a selector on a digit", "1\u{FE0F}2", "1<U+FE0F>2"),
            (
                "another selector",
                "a\u{FE00}\u{E0101}",
                "a<U+FE00><U+E0101>",
            ),
            (
                "text in tags",
                "🙂\u{E0068}\u{E0069}",
                "🙂<U+E0068><U+E0069>",
            ),
            (
                "a flag of no country",
                "\u{1F3F4}\u{E0078}\u{E007F}",
                "\u{1F3F4}<U+E0078><U+E007F>",
            ),
            (
                "a flood of joiners",
                "ک\u{200D}\u{200D}ی",
                "ک<U+200D><U+200D>ی",
            ),
            ("word joiners", "a\u{2060}\u{2064}b", "a<U+2060><U+2064>b"),
            ("the Arabic mark", "a\u{61C}b", "a<U+061C>b"),
            ("annotations", "\u{FFF9}a\u{FFFB}", "<U+FFF9>a<U+FFFB>"),
            (
                "fillers",
                "\u{115F}\u{1160}\u{FFA0}",
                "<U+115F><U+1160><U+FFA0>",
            ),
            (
                "old vowel separators",
                "a\u{180E}\u{34F}b",
                "a<U+180E><U+034F>b",
            ),
        ] {
            assert_eq!(shown(trick), expected, "{what}");
        }
    }

    #[test]
    fn a_mark_without_a_letter_stands_on_a_dotted_circle() {
        assert_eq!(shown("\u{301}a"), "◌\u{301}a");
        assert_eq!(shown("a \u{301}"), "a ◌\u{301}");
    }

    #[test]
    fn a_pile_of_marks_is_cut() {
        let pile = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(
            shown(&pile),
            format!("a{}\u{FFFD}b", "\u{301}".repeat(MAX_CLINGING))
        );
        let family = format!("👩{}", "\u{200D}👩".repeat(1000));
        let shown = shown(&family);
        assert!(
            shown
                .split(CUT)
                .all(|part| part.chars().count() <= MAX_CLINGING + 2)
        );
    }

    #[test]
    fn lines_end_at_either_kind_of_line_break() {
        let lines: Vec<String> = sanitise_lines("a\r\nb\n\nc\rd")
            .iter()
            .map(SafeText::to_string)
            .collect();
        assert_eq!(lines, ["a", "b", "", "c␍d"]);
    }

    /// Text with more than its share of what does harm.
    pub(crate) fn nasty() -> impl Strategy<Value = String> {
        let c = prop_oneof![
            any::<char>(),
            prop::char::range('\0', '\u{FF}'),
            prop::char::range('\u{300}', '\u{310}'),
            prop::char::range('\u{200B}', '\u{202F}'),
            prop::char::range('\u{2060}', '\u{206F}'),
            prop::char::range('\u{1100}', '\u{11FF}'),
            prop::char::range('\u{900}', '\u{97F}'),
            prop::char::range('\u{FE00}', '\u{FE0F}'),
            prop::char::range('\u{1F3F0}', '\u{1F470}'),
            prop::char::range('\u{E0060}', '\u{E007F}'),
            prop::sample::select(vec![
                ' ', 'a', '1', '日', '\u{200D}', '\u{20E3}', '\u{FF9E}'
            ]),
        ];
        prop::collection::vec(c, 0..60).prop_map(|chars| chars.into_iter().collect())
    }

    /// Says what is wrong with what is about to be shown.
    pub(crate) fn harmless(shown: &str) -> Result<(), String> {
        // Where they belong to a flag, tags are no more harm than the flag.
        let shown = TAGGED_FLAGS.iter().fold(shown.to_owned(), |text, flag| {
            text.replace(flag, "\u{1F3F4}")
        });
        let mut last = None;
        let mut invisible = 0;
        for c in shown.chars() {
            let wrong = |what| Err(format!("{c:?} is {what} after {last:?} in {shown:?}"));
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                return wrong("a control character");
            }
            if CodePointSetData::new::<BidiControl>().contains(c) {
                return wrong("a bidi control");
            }
            if is_hidden(c) {
                let Some(last) = last else {
                    return wrong("hidden");
                };
                let joint = match c {
                    '\u{200C}' | ZWJ => !char::is_ascii(&last),
                    '\u{FE0E}' | '\u{FE0F}' => !last.is_ascii_alphabetic() && last != c,
                    _ => false,
                };
                if !joint {
                    return wrong("hidden");
                }
            }
            invisible = match c.width().unwrap_or(0) {
                0 => invisible + 1,
                _ => 0,
            };
            if invisible > MAX_CLINGING {
                return wrong("one too many without width");
            }
            last = Some(c);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_ever_shown(text in nasty()) {
            if let Err(harm) = harmless(&shown(&text)) {
                prop_assert!(false, "{harm}");
            }
        }

        #[test]
        fn what_is_shown_is_harmless_already(text in nasty()) {
            let once = shown(&text);
            prop_assert_eq!(shown(&once), once);
        }
    }
}
