//! What can be seen of a name: every character of it shows something, or shapes what does.

use alloc::vec::Vec;

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic,
    GeneralCategory, GeneralCategoryGroup, IndicSyllabicCategory, JoiningType, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{NameError, check_category};

/// Zero width non-joiner.
const ZWNJ: char = '\u{200c}';
/// Zero width joiner.
const ZWJ: char = '\u{200d}';
/// Asks for the picture of an emoji that is also a plain sign.
const EMOJI_STYLE: char = '\u{fe0f}';
/// Makes a key of the digit before it.
const KEYCAP: char = '\u{20e3}';

/// Whether every character of `shown`, which is in NFC, may be where it is.
pub(super) fn check(shown: &str) -> Result<(), NameError> {
    let chars: Vec<char> = shown.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let (before, after) = (&chars[..at], &chars[at + 1..]);
        let fits = match *c {
            ZWNJ => separates(before, after),
            ZWJ => joins_letters(before, after) || joins_emoji(before, after),
            EMOJI_STYLE => is_styled(before, after),
            c if is_stacker(c) => stacks(before, after, c),
            c => {
                check_category(c)?;
                has_ink(c)
            }
        };
        if !fits {
            return Err(NameError::Forbidden(*c));
        }
    }
    match chars.first() {
        Some(first) if is_mark(*first) => Err(NameError::LoneMark(*first)),
        _ => Ok(()),
    }
}

/// Whether `c` shows something by itself or on what stands before it.
fn has_ink(c: char) -> bool {
    let blank = matches!(
        c,
        // Blanks that are letters or signs: of Braille, of music, of Egyptian hieroglyphs, of Khitan.
        '\u{2800}' | '\u{1d159}' | '\u{13441}' | '\u{13442}' | '\u{16fe4}'
        // What stands for something that is not in the text.
        | '\u{fffc}'
        // What turns a hieroglyph, makes a Duployan letter thick, fills or turns a sign of SignWriting.
        | '\u{13440}' | '\u{1bc9d}' | '\u{1da9b}'..='\u{1daaf}'
    );
    !blank && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a ZWNJ may stand between these: where it keeps two letters of a cursive script from being
/// joined, or shows a virama (UAX 31, A1 and A2).
fn separates(before: &[char], after: &[char]) -> bool {
    let Some(right) = after.first() else {
        return false;
    };
    let left = before
        .iter()
        .rfind(|c| joining(**c) != JoiningType::Transparent);
    let cursive = left.is_some_and(|left| {
        matches!(
            joining(*left),
            JoiningType::DualJoining | JoiningType::LeftJoining
        ) && matches!(
            joining(*right),
            JoiningType::DualJoining | JoiningType::RightJoining
        ) && script(*left) == script(*right)
    });
    cursive
        || ends_in_virama(before)
            .is_some_and(|virama| is_letter(*right) && script(*right) == script(virama))
}

/// Whether a ZWJ may stand between these: where it asks for another form of what ends in a virama
/// (UAX 31, B). What follows needs no mark before it.
fn joins_letters(before: &[char], after: &[char]) -> bool {
    ends_in_virama(before).is_some() && after.first().is_none_or(|next| !is_mark(*next))
}

/// The virama of the letter that `text` ends in: a letter, marks, and among them one, all of one
/// script.
fn ends_in_virama(text: &[char]) -> Option<char> {
    let at = text.iter().rposition(|c| !is_mark(*c))?;
    let (letter, marks) = (text[at], &text[at + 1..]);
    let virama = marks
        .iter()
        .rposition(|c| class(*c) == CanonicalCombiningClass::Virama)?;
    let rest = &marks[virama + 1..];
    let fits = is_letter(letter)
        && script(letter) == script(marks[virama])
        && rest
            .iter()
            .all(|c| class(*c) != CanonicalCombiningClass::NotReordered);
    fits.then_some(marks[virama])
}

/// Whether a ZWJ between these makes one emoji of two (UTS 51).
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let pictures = CodePointSetData::new::<ExtendedPictographic>();
    let part =
        |c: &&char| **c != EMOJI_STYLE && !CodePointSetData::new::<EmojiModifier>().contains(**c);
    let left = before.iter().rfind(part);
    left.is_some_and(|c| pictures.contains(*c))
        && after.first().is_some_and(|c| pictures.contains(*c))
}

/// Whether an emoji may be asked for between these: after an emoji, and of digits, for a key only.
fn is_styled(before: &[char], after: &[char]) -> bool {
    match before.last() {
        Some(c) if c.is_ascii() => {
            CodePointSetData::new::<Emoji>().contains(*c) && after.first() == Some(&KEYCAP)
        }
        Some(c) => CodePointSetData::new::<Emoji>().contains(*c),
        None => false,
    }
}

/// Whether `c` only makes one sign of the letters or digits to both sides of it.
fn is_stacker(c: char) -> bool {
    matches!(
        CodePointMapData::<IndicSyllabicCategory>::new().get(c),
        IndicSyllabicCategory::InvisibleStacker | IndicSyllabicCategory::NumberJoiner
    )
}

/// Whether the stacker `c` has something of its own script to both sides.
fn stacks(before: &[char], after: &[char], c: char) -> bool {
    let base = before.iter().rfind(|c| !is_mark(**c));
    let same = |other: Option<&char>| other.is_some_and(|other| script(*other) == script(c));
    same(base) && same(after.first().filter(|next| !is_mark(**next)))
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn is_letter(c: char) -> bool {
    GeneralCategoryGroup::Letter.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn class(c: char) -> CanonicalCombiningClass {
    CodePointMapData::<CanonicalCombiningClass>::new().get(c)
}

fn joining(c: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}
