//! Names by the tables of Unicode, character by character.

use std::collections::{BTreeMap, BTreeSet};

use chatmaster_core::Username;
use chatmaster_core::names::{Claims, Name, NameError};
use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, HangulSyllableType, Script,
    WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::GeneralSecurityProfile;
use unicode_security::confusable_detection::skeleton;

/// The characters there are.
fn assigned() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| !is_nobodys(*c))
}

fn is_nobodys(c: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse
    )
}

fn name(c: char) -> Option<Username> {
    Username::parse(c.encode_utf8(&mut [0; 4])).ok()
}

fn clash(one: &Username, other: &Username) -> bool {
    let mut claims = Claims::default();
    claims.claim(one, 1).expect("nothing is taken");
    let clash = claims.claim(other, 2).is_err();
    let mut claims = Claims::default();
    claims.claim(other, 2).expect("nothing is taken");
    assert_eq!(claims.claim(one, 1).is_err(), clash, "{one} and {other}");
    clash
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

/// Characters that UTS 39 takes for the same, by what it takes them for. Without syllables of
/// Hangul, which are no letters.
fn classes() -> Vec<Vec<char>> {
    let syllables = [
        HangulSyllableType::LVSyllable,
        HangulSyllableType::LVTSyllable,
    ];
    let mut classes = BTreeMap::<String, Vec<char>>::new();
    for c in assigned() {
        let syllable = CodePointMapData::<HangulSyllableType>::new().get(c);
        if !syllables.contains(&syllable) && name(c).is_some() {
            let skeleton = skeleton(c.encode_utf8(&mut [0; 4])).collect();
            classes.entry(skeleton).or_default().push(c);
        }
    }
    classes.retain(|_, class| class.len() > 1);
    classes.into_values().collect()
}

/// Every letter, marks aside, that has a class but is not taken for the rest of it, with its reason in
/// `names/looks.rs`.
const APART: &str = "þƒɣʋσҮүҽӠզռויيٺپںڻڽھڏڨېۑےݒࢽৰஜரஸഠറඵඹබවහดตมซฏทฦត\u{13b0}\u{13d2}\u{13d4}\
    \u{13da}\u{13bd}\u{13eb}\u{13f3}ꮢꮤꮻᏻⵊꦣ士末曰鹃";

/// Whether `c` is kept apart, or another form of what is, or made from it.
fn is_apart(c: char) -> bool {
    let nfkd = DecomposingNormalizer::new_nfkd();
    let plain = nfkd.normalize(c.encode_utf8(&mut [0; 4])).into_owned();
    // The rial sign is a word with a yeh.
    plain.contains(|c| APART.contains(c)) || c == '\u{fdfc}'
}

#[test]
fn what_looks_the_same_by_unicode_clashes_but_for_letters_kept_apart() {
    let mut apart = BTreeSet::new();
    let mut pairs = 0;
    for class in classes() {
        let (kept, rest): (Vec<char>, Vec<char>) = class.into_iter().partition(|c| is_apart(*c));
        for pair in rest.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|c| name(c).expect("it is one"));
            assert!(clash(&one, &other), "{one} {other}");
            pairs += 1;
        }
        let Some(other) = rest.first().and_then(|c| name(*c)) else {
            continue;
        };
        for c in kept {
            let one = name(c).expect("it is one");
            assert!(!clash(&one, &other), "{one} {other}");
            apart.extend(APART.chars().filter(|letter| *letter == c));
        }
    }
    assert!(pairs > 5000, "{pairs}");
    let missing = APART.chars().filter(|c| !apart.contains(c));
    assert_eq!(
        missing.collect::<String>(),
        "",
        "everything kept apart has to be"
    );
}

/// Letters of one alphabet that are taken for each other. Each group was looked at: they look the
/// same, some in one place of a word only, or are forms of one letter in the writing of different
/// languages. Chinese characters aside, of which there are more, and all of the same kind.
const ALIKE: [&str; 49] = [
    "'ʻʼ’",
    "-‐",
    "٠۰",
    "ჇᲷ",
    "ĂǍ",
    "ÐĐƉ",
    "ĞǦ",
    "ŅƝ",
    "RɌ",
    "ŞȘ",
    "ŬǓ",
    "٧۷",
    "ăǎ",
    "ငၚ",
    "ğǧ",
    "iıɩ",
    "ا١۱",
    "IlƖ",
    "ІӀӏ",
    "Íĺ",
    "ľǏ",
    "ḷỊ",
    "ņɲ",
    "ه٥ہە۵",
    "ဝ၀",
    "ةۃ",
    "ۀۂ",
    "şș",
    "ŭǔ",
    "·‧・",
    "ǝə",
    "٨۸",
    "પ૫",
    "فڧ",
    "كکڪ",
    "ڭݣ",
    "ىی",
    "ێݖ",
    "٢۲",
    "٣۳",
    "٤۴",
    "٦۶",
    "٩۹",
    "ࢻࢼ",
    "ۄۅ",
    "ݧࢩ",
    "ર૨",
    "ขฃ",
    "าๅ",
];

#[test]
fn letters_of_one_alphabet_are_told_apart_but_for_these() {
    let mut alike = Vec::new();
    for class in classes() {
        let mut scripts = BTreeMap::<_, Vec<char>>::new();
        for c in class {
            if c.identifier_allowed() && script(c) != Script::Han && !is_apart(c) {
                scripts
                    .entry(format!("{:?}", script(c)))
                    .or_default()
                    .push(c);
            }
        }
        for letters in scripts.into_values() {
            let names = letters.iter().map(|c| name(*c).expect("it is one"));
            let different: BTreeSet<_> = names.map(|name| name.key()).collect();
            if different.len() > 1 {
                alike.push(String::from_iter(letters));
            }
        }
    }
    assert_eq!(alike, ALIKE);
}

#[test]
fn in_a_word_too_what_looks_like_a_latin_letter_clashes_with_it() {
    let mut found = 0;
    for c in assigned() {
        let skeleton: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        let latin = skeleton.chars().all(|c| c.is_ascii_alphabetic());
        if c.is_ascii() || !latin || is_apart(c) || name(c).is_none() {
            continue;
        }
        let skeleton = skeleton.replace("rn", "m");
        let [one, other] = [format!("ab{c}cd"), format!("ab{skeleton}cd")]
            .map(|name| Username::parse(&name).expect("it is one"));
        if script(c) != Script::Hebrew && script(c) != Script::Arabic {
            assert!(clash(&one, &other), "{one} {other} U+{:04X}", u32::from(c));
            found += 1;
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn the_other_case_of_a_name_is_taken() {
    let case = CaseMapper::new();
    for c in assigned() {
        let Some(one) = name(c) else { continue };
        let others = [
            c.to_uppercase().collect::<String>(),
            c.to_lowercase().collect(),
            case.fold_string(c.encode_utf8(&mut [0; 4])).into_owned(),
            case.simple_titlecase(c).to_string(),
        ];
        for other in others {
            match Username::parse(&other) {
                Ok(other) if other != one => {
                    assert!(clash(&one, &other), "{one} {other} U+{:04X}", u32::from(c));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn nothing_without_ink_is_in_a_name() {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let space = CodePointSetData::new::<WhiteSpace>();
    let category = CodePointMapData::<GeneralCategory>::new();
    let mut blank = 0;
    for c in assigned() {
        let drawn: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        let shows_nothing = ignorable.contains(c)
            || space.contains(c)
            || GeneralCategoryGroup::Other.contains(category.get(c))
            || GeneralCategoryGroup::Separator.contains(category.get(c))
            || drawn.trim().is_empty();
        if shows_nothing {
            for name in [
                format!("{c}"),
                format!("{c}alice"),
                format!("alice{c}"),
                format!("ali{c}ce"),
            ] {
                let parsed = Username::parse(&name);
                assert!(parsed.is_err(), "{name:?} U+{:04X}", u32::from(c));
            }
            blank += 1;
        } else if GeneralCategoryGroup::Mark.contains(category.get(c)) {
            let alone = Username::parse(c.encode_utf8(&mut [0; 4]));
            // A few have ink only between two letters.
            assert!(
                matches!(alone, Err(NameError::LoneMark(_) | NameError::Forbidden(_))),
                "{alone:?} U+{:04X}",
                u32::from(c)
            );
        }
    }
    assert!(blank > 400, "{blank}");
    for c in ('\0'..=char::MAX).filter(|c| is_nobodys(*c)) {
        assert!(name(c).is_none(), "U+{:04X}", u32::from(c));
    }
}
