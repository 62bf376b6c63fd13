//! Names of people in many locales (`tests/names`): those of one locale live side by side.

use std::collections::BTreeMap;

use chatmaster_core::Username;
use chatmaster_core::names::{Claims, Name};

/// By locale.
fn names() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    let mut locale = "";
    for line in include_str!("../names/names.txt").lines() {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => locale = name,
            None => names.entry(locale).or_default().push(line),
        }
    }
    names
}

/// What is in the list and no name: spelled with a joiner or a vowel in the wrong place.
const MISSPELLED: [(&str, &str); 2] = [("hi_IN", "िकशोरी"), ("ne_NP", "सिं\u{200c}खडा")];

/// Pairs that look the same in the spelling shown; each was looked at.
///
/// - Azerbaijani and Turkish: an i for an ı, one name.
/// - Persian: yeh and kaf of the Arabic alphabet for the Persian ones in the middle of a word, where
///   they look the same, one name.
/// - Nepali: with a joiner after a virama, which few fonts show, one name.
const ALIKE: [(&str, &str, &str); 51] = [
    ("az_AZ", "Sadiq", "Sadıq"),
    ("fa_IR", "آرتين", "آرتین"),
    ("fa_IR", "آرمين", "آرمین"),
    ("fa_IR", "آريا", "آریا"),
    ("fa_IR", "آرين", "آرین"),
    ("fa_IR", "آيدا", "آیدا"),
    ("fa_IR", "آيلين", "آیلین"),
    ("fa_IR", "آيناز", "آیناز"),
    ("fa_IR", "الينا", "الینا"),
    ("fa_IR", "اميرحسين", "امیرحسین"),
    ("fa_IR", "اميررضا", "امیررضا"),
    ("fa_IR", "اميرعباس", "امیرعباس"),
    ("fa_IR", "اميرمحمد", "امیرمحمد"),
    ("fa_IR", "اكبر", "اکبر"),
    ("fa_IR", "ايليا", "ایلیا"),
    ("fa_IR", "بنيامين", "بنیامین"),
    ("fa_IR", "حسين", "حسین"),
    ("fa_IR", "دانيال", "دانیال"),
    ("fa_IR", "رقيه", "رقیه"),
    ("fa_IR", "ريحانه", "ریحانه"),
    ("fa_IR", "زينب", "زینب"),
    ("fa_IR", "ستايش", "ستایش"),
    ("fa_IR", "سينا", "سینا"),
    ("fa_IR", "عليرضا", "علیرضا"),
    ("fa_IR", "مبين", "مبین"),
    ("fa_IR", "مبينا", "مبینا"),
    ("fa_IR", "متين", "متین"),
    ("fa_IR", "محمدامين", "محمدامین"),
    ("fa_IR", "محمدحسين", "محمدحسین"),
    ("fa_IR", "محمدياسين", "محمدیاسین"),
    ("fa_IR", "محيا", "محیا"),
    ("fa_IR", "مريم", "مریم"),
    ("fa_IR", "مليکا", "ملیكا"),
    ("fa_IR", "مهديس", "مهدیس"),
    ("fa_IR", "نازنين", "نازنین"),
    ("fa_IR", "نيايش", "نیایش"),
    ("fa_IR", "هانيه", "هانیه"),
    ("fa_IR", "هليا", "هلیا"),
    ("fa_IR", "كوثر", "کوثر"),
    ("fa_IR", "كیان", "کيان"),
    ("fa_IR", "كیانا", "کيانا"),
    ("fa_IR", "ياسمين", "یاسمین"),
    ("fa_IR", "ياسين", "یاسین"),
    ("fa_IR", "يسنا", "یسنا"),
    ("fa_IR", "يوسف", "یوسف"),
    ("ne_NP", "कृष्ण", "कृष्\u{200d}ण"),
    ("ne_NP", "लक्ष्मी", "लक्ष्\u{200d}मी"),
    ("ne_NP", "श्याम", "श्\u{200d}याम"),
    ("tr_TR", "Işin", "Işın"),
    ("tr_TR", "Sayin", "Sayın"),
    ("tr_TR", "Yilmaz", "Yılmaz"),
];

#[test]
fn different_names_of_one_locale_do_not_clash_unless_they_look_the_same() {
    let names = names();
    assert!(names.len() >= 80, "{} locales", names.len());
    let (mut misspelled, mut alike) = (Vec::new(), Vec::new());
    for (locale, names) in names {
        let mut claims = Claims::default();
        let mut taken: Vec<Username> = Vec::new();
        for text in names {
            let Ok(name) = Username::parse(text) else {
                misspelled.push((locale, text));
                continue;
            };
            match claims.claim(&name, taken.len()) {
                Ok(()) => taken.push(name),
                Err(other) if taken[other].key() == name.key() => {}
                Err(other) => alike.push((locale, taken[other].to_string(), text)),
            }
        }
    }
    assert_eq!(misspelled, MISSPELLED);
    let alike = alike
        .iter()
        .map(|(locale, one, other)| (*locale, &**one, *other));
    assert_eq!(alike.collect::<Vec<_>>(), ALIKE);
}
