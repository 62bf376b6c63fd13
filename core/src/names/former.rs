//! What names were to hubs by versions 1 and 2 of the rules, for the recordings of these.
//!
//! A character was allowed by its category alone, and all looks of a name were compared with all
//! looks of another: UTS 39's skeletons of the name and of its case folding, both folded.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_security::confusable_detection::skeleton;

use super::{How, Look, NameError, check_category, fold};

/// Whether `shown`, which is in NFC, can be a name.
pub(super) fn check(shown: &str) -> Result<(), NameError> {
    shown.chars().try_for_each(check_category)?;
    match skeleton(shown).next() {
        Some(_) => Ok(()),
        None => Err(NameError::Invisible),
    }
}

/// The looks of `name`. Most names had one only.
pub(super) fn looks(name: &str) -> Vec<Look> {
    let look = |text: &str| Look::new(How::Any, fold(&skeleton(text).collect::<String>()));
    let mut looks = Vec::from([look(name), look(&fold(name))]);
    looks.dedup();
    looks
}
