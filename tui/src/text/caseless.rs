//! Finding a text in another however it is spelled: by the core's idea of names that are equal.

use std::ops::Range;

use chatmaster_core::names::fold;
use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use unicode_segmentation::UnicodeSegmentation;

use super::SafeText;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle(Box<str>);

impl Needle {
    /// To look for `text` in any spelling; nothing if there is no text.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Needle(fold(text)))
    }

    /// Whether it is in `text`.
    pub fn is_in(&self, text: &SafeText) -> bool {
        fold(text.as_str()).contains(&*self.0)
    }

    /// Whether whatever this is in has `other` in it, too.
    pub fn implies(&self, other: &Needle) -> bool {
        self.0.contains(&*other.0)
    }

    /// Where in `text` it is, in whole characters. What is found is apart.
    pub fn find(&self, text: &SafeText) -> Vec<Range<usize>> {
        let folded = Folded::new(text);
        let found = folded.text.match_indices(&*self.0);
        let found = found.map(|(at, found)| folded.around(at..at + found.len()));
        // Two may be in one and the same character.
        found.fold(Vec::new(), |mut all: Vec<Range<usize>>, range| {
            match all.last_mut() {
                Some(last) if last.end > range.start => last.end = range.end,
                _ => all.push(range),
            }
            all
        })
    }

    /// Where in `text` it is a word: with nothing beside it that would make it part of a longer one.
    pub fn find_words(&self, text: &SafeText) -> Vec<Range<usize>> {
        // Most texts mention nobody.
        if !self.is_in(text) {
            return Vec::new();
        }
        let folded = Folded::new(text);
        let mut words = Vec::new();
        let mut from = 0;
        while let Some(at) = folded.text[from..].find(&*self.0) {
            let (start, end) = (from + at, from + at + self.0.len());
            let range = folded.around(start..end);
            let (before, rest) = text.as_str().split_at(range.start);
            let (word, after) = rest.split_at(range.len());
            if folded.is_whole(start..end)
                && is_apart(word.chars().next(), before.chars().rev())
                && is_apart(word.chars().next_back(), after.chars())
            {
                words.push(range);
                from = end;
            } else {
                from = start
                    + folded.text[start..]
                        .chars()
                        .next()
                        .map_or(1, char::len_utf8);
            }
        }
        words
    }
}

/// Whether what is `beside` a name, from it on, does not make it a part of a longer word; `edge` is the
/// name's character there.
fn is_apart(edge: Option<char>, mut beside: impl Iterator<Item = char>) -> bool {
    let (Some(edge), Some(next)) = (edge, beside.next()) else {
        return true;
    };
    if !is_of_word(edge) {
        return true;
    }
    if joins(next) {
        // A hyphen or a full stop does so if the word goes on behind it.
        return !beside.next().is_some_and(is_of_word);
    }
    !is_of_word(next) || is_boundary(edge, next)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `c` between two letters makes them one word: `al-ice`, `john.doe`, `col·lega`.
pub fn joins(c: char) -> bool {
    matches!(c, '-' | '.' | '·' | '\u{2010}' | '\u{2011}')
}

/// Whether one word may end and another begin between two letters. Who writes without spaces between
/// words is not asked to have some around a name: `田中さん` is said to 田中.
fn is_boundary(one: char, other: char) -> bool {
    let [one, other] = [one, other].map(written);
    let spaceless = |written| matches!(written, Written::WithoutSpaces | Written::Katakana);
    (spaceless(one) || spaceless(other))
        // Foreign words are told apart by the change of script.
        && (one, other) != (Written::Katakana, Written::Katakana)
}

/// How the words of a script are set off from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    WithSpaces,
    /// By nothing; or, in Korean, not from what a name has behind it.
    WithoutSpaces,
    Katakana,
}

fn written(c: char) -> Written {
    // The sign that makes a vowel long has no script of its own.
    if c == 'ー' {
        return Written::Katakana;
    }
    match CodePointMapData::<Script>::new().get(c) {
        Script::Katakana => Written::Katakana,
        Script::Han
        | Script::Hiragana
        | Script::Bopomofo
        | Script::Hangul
        | Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar => Written::WithoutSpaces,
        _ => Written::WithSpaces,
    }
}

/// A text in its caseless form, and where in it each of its characters is.
struct Folded {
    text: String,
    /// Where each character starts, in the caseless form and in the text, and where both end.
    starts: Vec<(usize, usize)>,
}

impl Folded {
    fn new(text: &SafeText) -> Self {
        let mut folded = String::with_capacity(text.as_str().len());
        let mut starts = Vec::new();
        for (at, cluster) in text.as_str().grapheme_indices(true) {
            starts.push((folded.len(), at));
            // Folding one by one is folding the whole: nothing moves from one into another.
            if cluster.is_ascii() {
                folded.extend(cluster.chars().map(|c| c.to_ascii_lowercase()));
            } else {
                folded.push_str(&fold(cluster));
            }
        }
        starts.push((folded.len(), text.as_str().len()));
        Folded {
            text: folded,
            starts,
        }
    }

    /// The characters of the text that `range` of its caseless form is of.
    fn around(&self, range: Range<usize>) -> Range<usize> {
        let first = self.starts.partition_point(|(at, _)| *at <= range.start) - 1;
        let end = self.starts.partition_point(|(at, _)| *at < range.end);
        self.starts[first].1..self.starts[end].1
    }

    /// Whether `range` of the caseless form is of whole characters.
    fn is_whole(&self, range: Range<usize>) -> bool {
        let is_start = |at: usize| self.starts.binary_search_by_key(&at, |(at, _)| *at).is_ok();
        is_start(range.start) && is_start(range.end)
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::Username;
    use chatmaster_core::names::Name;
    use proptest::prelude::*;

    use super::super::sanitise;
    use super::super::tests::nasty;
    use super::*;

    fn found(needle: &str, text: &str) -> Vec<String> {
        let text = sanitise(text);
        let needle = Needle::new(needle).expect("there is something to look for");
        let ranges = needle.find(&text);
        assert_eq!(needle.is_in(&text), !ranges.is_empty());
        let found = ranges.into_iter().map(|range| text.as_str()[range].into());
        found.collect()
    }

    fn words(needle: &str, text: &str) -> Vec<String> {
        let text = sanitise(text);
        let needle = Needle::new(needle).expect("there is something to look for");
        let words = needle.find_words(&text).into_iter();
        words.map(|range| text.as_str()[range].into()).collect()
    }

    #[test]
    fn a_text_is_found_in_any_case_and_form() {
        assert_eq!(found("tea", "Tea, TEA and steam"), ["Tea", "TEA", "tea"]);
        assert_eq!(found("STRASSE", "Straße"), ["Straße"]);
        assert_eq!(found("ΣΊΣΥΦΟΣ", "Σίσυφος"), ["Σίσυφος"]);
        assert_eq!(found("caf\u{E9}", "cafe\u{301}"), ["cafe\u{301}"]);
        assert_eq!(found("日本", "日本茶と日本"), ["日本", "日本"]);
        assert_eq!(found("tea", "coffee"), [""; 0]);
    }

    #[test]
    fn what_is_found_is_whole_characters() {
        assert_eq!(found("cafe", "caf\u{E9}"), ["caf\u{E9}"]);
        assert_eq!(found("s", "ß"), ["ß"]);
        assert_eq!(found("👩", "👩🏽\u{200D}🚀"), ["👩🏽\u{200D}🚀"]);
    }

    #[test]
    fn nothing_is_not_looked_for() {
        assert_eq!(Needle::new(""), None);
    }

    #[test]
    fn a_word_has_nothing_beside_it_that_belongs_to_it() {
        assert_eq!(
            words("bob", "Bob, @bob: BOB's (bob)"),
            ["Bob", "bob", "BOB", "bob"]
        );
        assert_eq!(words("bob", "bobby, kabob, bob_ and bob2"), [""; 0]);
        assert_eq!(words("bob", "bo\u{301}b and bob\u{301}"), [""; 0]);
        assert_eq!(words("zoe\u{308}", "ZO\u{CB}!"), ["ZO\u{CB}"]);
        assert_eq!(words("[x]", "a[x]b"), ["[x]"]);
        assert_eq!(words("aa", "aaa aa"), ["aa"]);
    }

    #[test]
    fn a_hyphen_or_a_full_stop_makes_one_word_of_two() {
        for text in [
            "al-ice",
            "al.ice",
            "x-al",
            "john.al",
            "al\u{2011}ice",
            "al·ice",
        ] {
            assert_eq!(words("al", text), [""; 0], "{text}");
        }
        for text in [
            "al.",
            "al...",
            "- al -",
            "al-",
            "--al",
            "(al).",
            "well, al. ice",
        ] {
            assert_eq!(words("al", text), ["al"], "{text}");
        }
        assert_eq!(words("john", "john.doe and john"), ["john"]);
        assert_eq!(words("john.doe", "ask john.doe."), ["john.doe"]);
        assert_eq!(words("al-ice", "al-ice!"), ["al-ice"]);
    }

    #[test]
    fn where_words_are_written_without_spaces_a_name_needs_none() {
        for (name, text) in [
            ("田中", "田中さん"),
            ("田中", "それは田中先生です"),
            ("王伟", "王伟说"),
            ("アリス", "アリスさん"),
            ("민수", "민수야"),
            ("นิค", "สวัสดีนิคครับ"),
            ("bob", "bobさん"),
            ("bob", "これはbobの"),
        ] {
            assert_eq!(words(name, text), [name], "{text}");
        }
        // A word of katakana goes on as long as they do.
        assert_eq!(words("アリ", "アリス"), [""; 0]);
        assert_eq!(words("アリ", "アリーと"), [""; 0]);
        assert_eq!(words("боб", "бобик"), [""; 0]);
    }

    #[test]
    fn a_name_is_found_in_every_spelling_that_is_the_same_name() {
        for (name, spelled) in [
            ("Straße", "STRASSE"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("zoë", "ZOE\u{308}"),
            ("İpek", "i\u{307}pek"),
            ("ǅem", "ǆEM"),
            ("ﬁx", "FIX"),
        ] {
            let same = |text| Username::parse(text).map(|name| name.key());
            assert_eq!(same(name), same(spelled), "{name}");
            assert_eq!(words(name, &format!("to {spelled}: hi")), [spelled]);
        }
    }

    proptest! {
        #[test]
        fn what_is_in_a_text_is_found_there(text in nasty(), from in 0usize..60, most in 1usize..9) {
            let shown = sanitise(&text);
            let part: String = shown.as_str().chars().skip(from).take(most).collect();
            if let Some(needle) = Needle::new(&part) {
                let ranges = needle.find(&shown);
                prop_assert_eq!(needle.is_in(&shown), !ranges.is_empty());
                for range in ranges.into_iter().chain(needle.find_words(&shown)) {
                    prop_assert!(shown.as_str().get(range).is_some());
                }
            }
        }

        #[test]
        fn folding_a_text_is_folding_its_characters(text in nasty()) {
            let shown = sanitise(&text);
            prop_assert_eq!(&*fold(shown.as_str()), &Folded::new(&shown).text);
        }
    }
}
