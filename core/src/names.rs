//! The names of users and rooms, as PROTOCOL.md ("Names") has them: a name that exists as a
//! [`Username`] or [`RoomName`] is valid, and [`Claims`] says which names are taken.
//!
//! Two names are one and the same when they are equal caselessly. Two names clash when they are the
//! same or only look the same: Unicode's confusable *skeleton* (UTS 39) of the name as it is shown,
//! or of its case folding, is equal for both. A name therefore claims both skeletons.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::confusable_detection::skeleton;

/// The name of a user: 1 to 32 characters (proposal, "login").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Username(Box<str>);

/// The name of a room, a `channel` in packages: 1 to 64 characters (proposal, "join").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoomName(Box<str>);

impl Username {
    /// The most characters a username may have, after normalisation.
    pub const MAX_CHARS: usize = 32;

    /// Normalises `text` to NFC and takes it as a name.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        normalise(text, Self::MAX_CHARS).map(Username)
    }
}

impl RoomName {
    /// The most characters a room's name may have, after normalisation.
    pub const MAX_CHARS: usize = 64;
    /// The name of the room everyone is in after login (proposal, "The Server").
    pub const GENERAL: &'static str = "general";

    /// Normalises `text` to NFC and takes it as a name.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        normalise(text, Self::MAX_CHARS).map(RoomName)
    }

    /// Whether a server takes the two texts for names of one room.
    pub fn are_same(one: &str, other: &str) -> bool {
        match (RoomName::parse(one), RoomName::parse(other)) {
            (Ok(one), Ok(other)) => one.key() == other.key(),
            _ => one == other,
        }
    }

    /// The general room's name.
    pub(crate) fn general() -> Self {
        RoomName(Self::GENERAL.into())
    }
}

/// What usernames and room names have in common.
pub trait Name {
    /// The name as whoever took it spelled it, in NFC.
    fn as_str(&self) -> &str;

    /// What is equal for names that are one and the same: the canonical caseless form.
    fn key(&self) -> Box<str> {
        fold(self.as_str())
    }
}

impl Name for Username {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl Name for RoomName {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text cannot be a name. Displays as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// It has no characters.
    Empty,
    /// It has more than so many characters.
    TooLong(usize),
    /// It has white space.
    WhiteSpace(char),
    /// It has a control, format, private-use or unassigned character.
    Forbidden(char),
    /// It has nothing but characters that are not shown.
    Invisible,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            NameError::Empty => write!(f, "A name must have at least one character."),
            NameError::TooLong(most) => write!(f, "A name may have at most {most} characters."),
            NameError::WhiteSpace(_) => write!(f, "A name must not contain spaces."),
            NameError::Forbidden(c) => {
                write!(
                    f,
                    "A name must not contain the character U+{:04X}.",
                    u32::from(c)
                )
            }
            NameError::Invisible => write!(f, "A name must have a character that can be seen."),
        }
    }
}

impl core::error::Error for NameError {}

fn normalise(text: &str, most: usize) -> Result<Box<str>, NameError> {
    // NFC makes at most four characters one: what has more than this stays too long.
    if text.chars().nth(most * 4).is_some() {
        return Err(NameError::TooLong(most));
    }
    let shown = ComposingNormalizer::new_nfc().normalize(text);
    if shown.is_empty() {
        return Err(NameError::Empty);
    }
    if shown.chars().nth(most).is_some() {
        return Err(NameError::TooLong(most));
    }
    for c in shown.chars() {
        if CodePointSetData::new::<WhiteSpace>().contains(c) {
            return Err(NameError::WhiteSpace(c));
        }
        match CodePointMapData::<GeneralCategory>::new().get(c) {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::Surrogate
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => return Err(NameError::Forbidden(c)),
            _ => {}
        }
    }
    if skeleton(&shown).next().is_none() {
        return Err(NameError::Invisible);
    }
    Ok(shown.into_owned().into_boxed_str())
}

/// What is equal for texts that are the same caselessly, as names are: canonical caseless matching
/// (Unicode, D145), NFD(fold(NFD(x))). A client finds with it where a text mentions a name.
pub fn fold(text: &str) -> Box<str> {
    if text.is_ascii() {
        return text.to_ascii_lowercase().into_boxed_str();
    }
    let nfd = DecomposingNormalizer::new_nfd();
    let folded = CaseMapper::new()
        .fold_string(&nfd.normalize(text))
        .into_owned();
    nfd.normalize(&folded).into_owned().into_boxed_str()
}

/// The skeletons `name` claims: of what is shown and of its caseless form, both compared
/// caselessly. Most names have one and the same twice.
fn claims(name: &str) -> (Box<str>, Option<Box<str>>) {
    let shown = fold(&skeleton(name).collect::<String>());
    let folded = fold(&skeleton(&fold(name)).collect::<String>());
    let second = (folded != shown).then_some(folded);
    (shown, second)
}

/// Which names are taken, and by whom. Names that clash cannot both be in here.
#[derive(Clone, Debug)]
pub struct Claims<T>(BTreeMap<Box<str>, T>);

impl<T> Default for Claims<T> {
    fn default() -> Self {
        Claims(BTreeMap::new())
    }
}

impl<T: Copy + Eq> Claims<T> {
    /// Takes `name` for `holder`.
    ///
    /// # Errors
    /// The holder whose name it clashes with; nothing has changed then.
    pub fn claim(&mut self, name: &impl Name, holder: T) -> Result<(), T> {
        let claims = claims(name.as_str());
        match self.holder(&claims) {
            Some(other) => Err(other),
            None => {
                self.insert(claims, holder);
                Ok(())
            }
        }
    }

    /// Takes `new` for `holder` in place of its name `old`, with which `new` may clash.
    ///
    /// # Errors
    /// The other holder whose name `new` clashes with; nothing has changed then.
    pub fn exchange<N: Name>(&mut self, old: &N, new: &N, holder: T) -> Result<(), T> {
        self.release(old);
        self.claim(new, holder)
            .inspect_err(|_| self.insert(claims(old.as_str()), holder))
    }

    /// Who holds a name that `name` clashes with.
    pub fn clashes_with(&self, name: &impl Name) -> Option<T> {
        self.holder(&claims(name.as_str()))
    }

    /// Gives `name` back: exactly what [`Claims::claim`] took for it.
    pub fn release(&mut self, name: &impl Name) {
        let (first, second) = claims(name.as_str());
        self.0.remove(&first);
        if let Some(second) = second {
            self.0.remove(&second);
        }
    }

    /// Whether nothing is taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn holder(&self, (first, second): &(Box<str>, Option<Box<str>>)) -> Option<T> {
        let holder = |key: &str| self.0.get(key).copied();
        holder(first).or_else(|| second.as_deref().and_then(holder))
    }

    fn insert(&mut self, (first, second): (Box<str>, Option<Box<str>>), holder: T) {
        self.0.insert(first, holder);
        if let Some(second) = second {
            self.0.insert(second, holder);
        }
    }

    /// Who holds each claim, for checks.
    pub(crate) fn holders(&self) -> impl Iterator<Item = T> + '_ {
        self.0.values().copied()
    }
}
