//! The names of users and rooms, as the [protocol](crate::protocol) ("Names") has them: a name that
//! exists as a [`Username`] or [`RoomName`] is valid, and [`Claims`] says which names are taken.
//!
//! Two names are one and the same when they are equal caselessly. Two names clash when they are the
//! same or only look the same, as shown, in small letters or in capitals; what that is exactly stands
//! in `names/looks.rs`. A name claims each of its looks.

mod former;
mod ink;
mod looks;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};

/// What an allocator takes for each block it gives, at most.
const ALLOCATOR_BYTES: usize = 24;

/// Which rules there are for names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Those that recordings of old were made under.
    Former,
    /// Those of the [protocol](crate::protocol).
    #[default]
    Today,
}

/// The name of a user: 1 to 32 characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Username(Arc<str>);

/// The name of a room, a `channel` in packages: 1 to 64 characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

impl Username {
    /// The most characters a username may have, after normalisation.
    pub const MAX_CHARS: usize = 32;

    /// Normalises `text` to NFC and takes it as a name.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::parse_by(Rules::Today, text)
    }

    pub(crate) fn parse_by(rules: Rules, text: &str) -> Result<Self, NameError> {
        normalise(rules, text, Self::MAX_CHARS).map(Username)
    }
}

impl RoomName {
    /// The most characters a room's name may have, after normalisation.
    pub const MAX_CHARS: usize = 64;
    /// The name of the room everyone is in after login.
    pub const GENERAL: &'static str = "general";

    /// Normalises `text` to NFC and takes it as a name.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::parse_by(Rules::Today, text)
    }

    pub(crate) fn parse_by(rules: Rules, text: &str) -> Result<Self, NameError> {
        normalise(rules, text, Self::MAX_CHARS).map(RoomName)
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
    /// It has a control, format, private-use or unassigned character, or one that shows nothing.
    Forbidden(char),
    /// It begins with a combining mark, which has no letter to be on.
    LoneMark(char),
    /// It has nothing but characters that are not shown. Only rules of old had this.
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
            NameError::LoneMark(c) => {
                write!(
                    f,
                    "A name must not begin with the combining mark U+{:04X}.",
                    u32::from(c)
                )
            }
            NameError::Invisible => write!(f, "A name must have a character that can be seen."),
        }
    }
}

impl core::error::Error for NameError {}

fn normalise(rules: Rules, text: &str, most: usize) -> Result<Arc<str>, NameError> {
    // Most names are: there is nothing to normalise, and all of it is seen.
    let is_simple = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if rules == Rules::Today && is_simple && text.len() <= most {
        return Ok(text.into());
    }
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
    match rules {
        Rules::Former => former::check(&shown)?,
        Rules::Today => ink::check(&shown)?,
    }
    Ok(shown.into())
}

/// Whether `c` is of a category that names may have. Of the format characters, today's rules make
/// exceptions.
fn check_category(c: char) -> Result<(), NameError> {
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
        | GeneralCategory::ParagraphSeparator => Err(NameError::Forbidden(c)),
        _ => Ok(()),
    }
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

/// One look of a name: what is equal for names that look the same in this way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look(Box<str>);

impl Look {
    /// A tree of names has three for each of them: how it is looked at is the last of its bytes.
    fn new(how: How, skeleton: Box<str>) -> Self {
        let mut look = String::from(skeleton);
        look.push(match how {
            How::Shown => 's',
            How::Small => 'm',
            How::Capital => 'c',
            How::Any => 'a',
        });
        Look(look.into_boxed_str())
    }
}

/// How a name is looked at. What is seen in one way is not compared with what is seen in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// As whoever took it spelled it.
    Shown,
    /// In small letters.
    Small,
    /// In capitals.
    Capital,
    /// In any way, by the rules of old.
    Any,
}

/// Which names are taken, and by whom. Names that clash cannot both be in here.
#[derive(Clone, Debug)]
pub struct Claims<T> {
    rules: Rules,
    holders: BTreeMap<Look, T>,
}

impl<T> Default for Claims<T> {
    fn default() -> Self {
        Claims::by(Rules::default())
    }
}

impl<T> Claims<T> {
    /// Nothing is taken yet.
    pub(crate) fn by(rules: Rules) -> Self {
        let holders = BTreeMap::new();
        Claims { rules, holders }
    }

    /// The most bytes of memory that a name of so many characters holds in here, with its part of
    /// the tree and what the allocator adds.
    pub const fn most_bytes(chars: usize) -> usize {
        // A node of the tree has room for eleven and is never less than half full, but for the root.
        let part = 3 * (size_of::<Look>() + size_of::<T>()) + 2 * ALLOCATOR_BYTES;
        looks::COUNT * (chars * looks::MOST_BYTES_PER_CHAR + 1 + part)
    }
}

impl<T: Copy + Eq> Claims<T> {
    /// Takes `name` for `holder`.
    ///
    /// # Errors
    /// The holder whose name it clashes with; nothing has changed then.
    pub fn claim(&mut self, name: &impl Name, holder: T) -> Result<(), T> {
        let looks = self.looks(name);
        match self.holder(&looks) {
            Some(other) => Err(other),
            None => {
                self.insert(looks, holder);
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
            .inspect_err(|_| self.insert(self.looks(old), holder))
    }

    /// Who holds a name that `name` clashes with. If several do, one whose name looks the same as
    /// shown goes first.
    pub fn clashes_with(&self, name: &impl Name) -> Option<T> {
        self.holder(&self.looks(name))
    }

    /// All who hold a name that `name` clashes with; whoever holds the same one, caselessly, is among them.
    pub(crate) fn all_clashing(&self, name: &impl Name) -> impl Iterator<Item = T> {
        let looks = self.looks(name).into_iter();
        looks.filter_map(|look| self.holders.get(&look).copied())
    }

    /// Who holds a name that looks the same as shown, if names are taken by that: the likeliest of
    /// [`Claims::all_clashing`], with less to do.
    pub(crate) fn looking_like(&self, name: &impl Name) -> Option<T> {
        let look = match self.rules {
            Rules::Former => return None,
            Rules::Today => looks::shown(name.as_str()),
        };
        self.holders.get(&look).copied()
    }

    /// Gives `name` back: exactly what [`Claims::claim`] took for it.
    pub fn release(&mut self, name: &impl Name) {
        for look in self.looks(name) {
            self.holders.remove(&look);
        }
    }

    /// Whether nothing is taken.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    /// Panics if something else than these names is taken, for checks.
    pub(crate) fn assert_are<'a, N: Name + 'a>(&self, names: impl Iterator<Item = (&'a N, T)>)
    where
        T: fmt::Debug,
    {
        let mut looks = 0;
        for (name, holder) in names {
            for look in self.looks(name) {
                assert_eq!(
                    self.holders.get(&look),
                    Some(&holder),
                    "a name is taken for its holder, each look of it"
                );
                looks += 1;
            }
        }
        assert_eq!(self.holders.len(), looks, "no name is taken for nobody");
    }

    fn looks(&self, name: &impl Name) -> Vec<Look> {
        match self.rules {
            Rules::Former => former::looks(name.as_str()),
            Rules::Today => looks::looks(name.as_str()).into(),
        }
    }

    fn holder(&self, looks: &[Look]) -> Option<T> {
        let mut holders = looks.iter().filter_map(|look| self.holders.get(look));
        holders.next().copied()
    }

    fn insert(&mut self, looks: Vec<Look>, holder: T) {
        for look in looks {
            self.holders.insert(look, holder);
        }
    }
}
