//! What a name looks like: the keys by which names that cannot be told apart are found.
//!
//! Like is compared with like, so that a name has three looks: as it is shown, in small letters and
//! in capitals. Two names clash if one of these is the same for both, the same being Unicode's
//! confusable skeleton (UTS 39), less the pairs that no eye confuses:
//!
//! - Letters of one alphabet that its readers tell apart (`is_apart`): `עידו` and `עידן`, `ด` and `ต`.
//! - `m` and `rn`: `modern` and `modem`. What looks like an `m` still does.
//! - Syllables of Hangul, which are blocks: UTS 39 goes by their parts and takes `아까` for `악가`.
//! - A dotless `ı` in small letters, for those whose alphabet has two letters i. As they are shown,
//!   and in capitals, `ı` and `i` are alike.
//! - Signs that are whole sentences, like `ﷺ`, for no name has their spaces.
//!
//! What follows for the pairs UTS 39 has across the cases, of which `I`, `l` and `1`, `O` and `0`
//! are the ones that matter:
//!
//! | names | as shown | in small letters | in capitals | |
//! |---|---|---|---|---|
//! | `Ian`, `Lan` | `lan`, `Lan` | `ian`, `lan` | `lAN`, `LAN` | differ |
//! | `Ian`, `lan` | `lan`, `lan` | `ian`, `lan` | `lAN`, `LAN` | clash |
//! | `10`, `lo` | `lO`, `lo` | `lO`, `lo` | `lO`, `LO` | differ |
//! | `al1ce`, `alice` | `allce`, `alice` | `allce`, `alice` | `ALlCE`, `ALlCE` | clash |
//! | `a1ice`, `alice` | `alice`, `alice` | `alice`, `alice` | `AlICE`, `ALlCE` | clash |
//!
//! A 1 is an l among small letters and an I among capitals, and never both in one comparison.
//! Clashing is mutual, as both names are treated alike. It is not transitive, nor could it be: `Ian`
//! clashes with `lan`, and that is `Lan`.
//!
//! Two things are added that fonts draw alike and UTS 39 leaves apart or takes too far: a dot above
//! a letter that has one already (`i` with U+0307), and yeh, which has its dots by its place.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, HangulSyllableType, JoiningType, Lowercase,
    SoftDotted, Uppercase,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::confusable_detection::skeleton as prototype;

use super::{How, Look, fold};

/// How many looks a name has.
pub(super) const COUNT: usize = 3;

/// The most bytes one look has for each character of the name: `ဣ` is drawn as five others.
pub(super) const MOST_BYTES_PER_CHAR: usize = 15;

/// Arabic yeh, with two dots wherever it stands.
const YEH: char = '\u{64a}';
/// Persian yeh: with the dots where a letter follows that it is joined to, else without.
const FARSI_YEH: char = '\u{6cc}';
/// Yeh without dots.
const ALEF_MAKSURA: char = '\u{649}';
/// What the small letters i and j have.
const DOT_ABOVE: char = '\u{307}';
/// Hamza above, which takes yeh's dots away.
const HAMZA_ABOVE: char = '\u{654}';

/// The looks of `name`, which is in NFC.
pub(super) fn looks(name: &str) -> [Look; COUNT] {
    let case = CaseMapper::new();
    let small = fold(&with_case(name));
    let capital: String = small.chars().map(|c| case.simple_uppercase(c)).collect();
    [
        (How::Shown, name),
        (How::Small, &small),
        (How::Capital, &capital),
    ]
    .map(|(how, text)| Look::new(how, skeleton(how, text)))
}

/// The look of `name`, which is in NFC, as it is shown.
pub(super) fn shown(name: &str) -> Look {
    Look::new(How::Shown, skeleton(How::Shown, name))
}

/// `name` with the letters that have a case but not the other one, mathematical ones and their like,
/// replaced by those they stand for.
fn with_case(name: &str) -> String {
    if name.is_ascii() {
        return name.into();
    }
    let case = CaseMapper::new();
    let has_case = |c| {
        CodePointSetData::new::<Lowercase>().contains(c)
            || CodePointSetData::new::<Uppercase>().contains(c)
    };
    let folds = |c: char| case.fold_string(c.encode_utf8(&mut [0; 4])).chars().ne([c]);
    let has_other = |c| case.simple_lowercase(c) != c || case.simple_uppercase(c) != c || folds(c);
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if has_case(c) && !has_other(c) {
            for c in letters(c.encode_utf8(&mut [0; 4])) {
                push_prototype(&mut out, c);
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// UTS 39's skeleton of `text`, less what no eye confuses.
fn skeleton(how: How, text: &str) -> Box<str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.bytes().all(is_plain) {
        // What most names are: there is nothing to compose, to decompose or to search for.
        let drawn = text.bytes().map(char::from).map(plain_prototype);
        let skeleton = drawn.map(|c| c as u8).collect();
        let skeleton = String::from_utf8(skeleton).expect("it is ASCII");
        return skeleton.into_boxed_str();
    }
    searched_skeleton(how, text)
}

/// The same for any text.
fn searched_skeleton(how: How, text: &str) -> Box<str> {
    let mut drawn = String::with_capacity(text.len());
    let mut letters = letters(text).into_iter().peekable();
    while let Some(c) = letters.next() {
        match c {
            'ı' if how == How::Small => drawn.push(c),
            YEH | FARSI_YEH if letters.peek() == Some(&HAMZA_ABOVE) => drawn.push(ALEF_MAKSURA),
            FARSI_YEH if joins(letters.clone()) => drawn.push(YEH),
            c if is_syllable(c) => drawn.push(c),
            c => push_prototype(&mut drawn, c),
        }
    }
    let mut skeleton = String::with_capacity(drawn.len());
    let mut has_dot = false;
    for c in DecomposingNormalizer::new_nfd().normalize_iter(drawn.chars()) {
        match CodePointMapData::<CanonicalCombiningClass>::new().get(c) {
            CanonicalCombiningClass::NotReordered => {
                has_dot = CodePointSetData::new::<SoftDotted>().contains(c);
            }
            CanonicalCombiningClass::Above if has_dot => {
                has_dot = false;
                if c == DOT_ABOVE {
                    continue;
                }
            }
            _ => {}
        }
        skeleton.push(c);
    }
    skeleton.into_boxed_str()
}

/// The letters of `text`, decomposed, but for syllables of Hangul, and without what is not shown
/// itself. Other forms of letters that are kept apart, as Arabic presentation forms are, become the
/// letters themselves.
fn letters(text: &str) -> Vec<char> {
    let kept = |c| is_apart(c) || c == FARSI_YEH;
    let mut letters = Vec::with_capacity(text.len());
    for c in ComposingNormalizer::new_nfc().normalize_iter(text.chars()) {
        if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
            continue;
        }
        if c.is_ascii() || is_syllable(c) {
            letters.push(c);
            continue;
        }
        let utf8 = &mut [0; 4];
        let c = &*c.encode_utf8(utf8);
        let plain = DecomposingNormalizer::new_nfkd().normalize(c);
        if plain.contains(kept) && !plain.contains(' ') {
            letters.extend(plain.chars());
        } else {
            letters.extend(DecomposingNormalizer::new_nfd().normalize(c).chars());
        }
    }
    letters
}

/// What UTS 39 has for a letter or digit of ASCII, without a search; any other `c` itself.
fn plain_prototype(c: char) -> char {
    match c {
        '0' => 'O',
        '1' | 'I' => 'l',
        c => c,
    }
}

/// What UTS 39 has for `c`, unless no eye takes it for that.
fn push_prototype(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || is_apart(c) {
        return out.push(plain_prototype(c));
    }
    let start = out.len();
    out.extend(prototype(c.encode_utf8(&mut [0; 4])));
    if out[start..].contains(' ') {
        out.truncate(start);
        out.push(c);
    }
    while let Some(at) = out[start..].find("rn") {
        // That is UTS 39's m.
        out.replace_range(start + at..start + at + 2, "m");
    }
}

/// Whether `c` is a letter that is not taken for another one of its alphabet. The other keeps its
/// place in UTS 39, so that it is still taken for letters of other alphabets.
fn is_apart(c: char) -> bool {
    matches!(
        c,
        // Latin: thorn (p); of African alphabets ƒ (f), ɣ (y), ʋ (u, v).
        '\u{fe}' | '\u{192}' | '\u{263}' | '\u{28b}'
        // Greek: σ (ο).
        | '\u{3c3}'
        // Cyrillic: ү (у), ҽ (е), ӡ (з).
        | '\u{4ae}' | '\u{4af}' | '\u{4bd}' | '\u{4e0}'
        // Armenian: զ (գ), ռ (ո).
        | '\u{566}' | '\u{57c}'
        // Hebrew: vav (final nun), yod (geresh).
        | '\u{5d5}' | '\u{5d9}'
        // Arabic: yeh (alef maksura), and what differs in the place of its dots or in its tail: tteheh
        // (teh), peh and its kind (theh), noon ghunna and yeh barree (alef maksura), rnoon (tteh),
        // heh doachashmee (heh), dul with three dots, qaf with three dots, e (beeh), noon with a dot.
        | '\u{64a}' | '\u{67a}' | '\u{67e}' | '\u{6ba}' | '\u{6bb}' | '\u{6bd}' | '\u{6be}'
        | '\u{68f}' | '\u{6a8}' | '\u{6d0}' | '\u{6d1}' | '\u{6d2}' | '\u{752}' | '\u{8bd}'
        // Bengali: ৰ (র). Tamil: ஜ (ஐ), ர and ா (ஈ), ஸ (ஶ), ை (ன).
        | '\u{9f0}' | '\u{b9c}' | '\u{bb0}' | '\u{bbe}' | '\u{bb8}' | '\u{bc8}'
        // Malayalam: ഠ (ം), റ (ര), and the long vowels.
        | '\u{d20}' | '\u{d31}' | '\u{d40}' | '\u{d42}' | '\u{d43}'
        // Sinhala: ඵ (එ), ඹ (ඔ), බ (ඛ), ව (ච), හ (භ).
        | '\u{db5}' | '\u{db9}' | '\u{db6}' | '\u{dc0}' | '\u{dc4}'
        // Thai: ด and ต (ค), ม (ฆ), ซ (ช), ฏ (ฎ), ท (ฑ), ฦ (ภ).
        | '\u{e14}' | '\u{e15}' | '\u{e21}' | '\u{e0b}' | '\u{e0f}' | '\u{e17}' | '\u{e26}'
        // Khmer: ត (ដ).
        | '\u{178f}'
        // Cherokee: Ꮀ (Ꭸ), Ꮢ (Ꭱ), Ꮤ (Ꮃ), Ꮪ (Ꮥ), Ꮍ (Ꭹ), Ꮻ (Ꮎ), Ᏻ (Ꮐ).
        | '\u{13b0}' | '\u{13d2}' | '\u{13d4}' | '\u{13da}' | '\u{13bd}' | '\u{13eb}' | '\u{13f3}'
        // The same in small letters.
        | '\u{aba2}' | '\u{aba4}' | '\u{abbb}' | '\u{13fb}'
        // Tifinagh: ⵊ (ⵏ). Javanese: ꦣ (ꦝ).
        | '\u{2d4a}' | '\u{a9a3}'
        // Han: 士 (土), 末 (未), 曰 (日), 鹃 (鹂).
        | '\u{58eb}' | '\u{672b}' | '\u{66f0}' | '\u{9e43}'
    )
}

fn is_syllable(c: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(c),
        HangulSyllableType::LVSyllable | HangulSyllableType::LVTSyllable
    )
}

/// Whether a letter before these is joined to the next of them, as Arabic letters are.
fn joins(letters: impl Iterator<Item = char>) -> bool {
    let types = letters.map(|c| CodePointMapData::<JoiningType>::new().get(c));
    let next = types
        .into_iter()
        .find(|joining| *joining != JoiningType::Transparent);
    matches!(
        next,
        Some(JoiningType::DualJoining | JoiningType::RightJoining | JoiningType::JoinCausing)
    )
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_plain_name_looks_like_what_a_search_finds() {
        let plain: String = ('!'..='~').filter(|c| c.is_ascii_alphanumeric()).collect();
        let alone = ('!'..='~').map(|c| c.to_string());
        let names = ["al-ice_10", "modern", "Ian-Lan", "rn", &plain].map(String::from);
        for name in alone.chain(names) {
            for how in [How::Shown, How::Small, How::Capital] {
                assert_eq!(
                    skeleton(how, &name),
                    searched_skeleton(how, &name),
                    "{name}"
                );
            }
        }
    }
}
