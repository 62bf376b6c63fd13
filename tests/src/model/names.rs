//! The names the model knows, each with a verdict by hand: nothing is computed here.

/// What is to be known of a text that somebody wants for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text.
    pub text: &'static str,
    /// What comes of it.
    pub verdict: Verdict,
}

/// What comes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A name.
    Good {
        /// How it is shown.
        shown: &'static str,
        /// Equal for names that are one and the same.
        same: &'static str,
        /// Names with one of these in common clash. What stands here is no more than a label.
        looks: &'static [&'static str],
    },
    /// No name of anything.
    Bad(&'static str),
    /// A room's name, but too long for a user's.
    Long,
}

/// What a good name is to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// How it is shown.
    pub shown: &'static str,
    /// Equal for names that are one and the same.
    pub same: &'static str,
    looks: &'static [&'static str],
}

impl Known {
    /// Whether only one of the two can be taken.
    pub fn clashes_with(&self, other: &Known) -> bool {
        self.looks.iter().any(|look| other.looks.contains(look))
    }
}

const fn good(
    text: &'static str,
    shown: &'static str,
    same: &'static str,
    looks: &'static [&'static str],
) -> Entry {
    let verdict = Verdict::Good { shown, same, looks };
    Entry { text, verdict }
}

const fn plain(name: &'static str, looks: &'static [&'static str]) -> Entry {
    good(name, name, name, looks)
}

const fn bad(text: &'static str, reason: &'static str) -> Entry {
    let verdict = Verdict::Bad(reason);
    Entry { text, verdict }
}

const SPACES: &str = "A name must not contain spaces.";

/// A name of 33 characters.
const LONG: &str = "a-name-of-thirty-three-characters";
/// A name of 65 characters.
const TOO_LONG: &str = "a-name-of-sixty-five-characters-which-are-one-more-than-there-may";

/// Every name the model knows.
pub const NAMES: [Entry; 34] = [
    plain("alice", &["alice"]),
    good("Alice", "Alice", "alice", &["alice"]),
    // A capital I looks like an l, but a small i does not.
    good("ALICE", "ALICE", "alice", &["alice", "allce"]),
    good("aIice", "aIice", "aiice", &["alice", "aiice"]),
    plain("aiice", &["aiice"]),
    // The first letter is Cyrillic.
    plain("\u{430}lice", &["alice"]),
    plain("bob", &["bob"]),
    good("BOB", "BOB", "bob", &["bob"]),
    good("B0B", "B0B", "b0b", &["bob"]),
    plain("carol", &["carol"]),
    plain("dave", &["dave"]),
    plain("modern", &["modern"]),
    plain("modem", &["modern"]),
    good("Zo\u{eb}", "Zo\u{eb}", "zo\u{eb}", &["zo\u{eb}"]),
    // The same in two code points, and in capitals.
    good("Zoe\u{308}", "Zo\u{eb}", "zo\u{eb}", &["zo\u{eb}"]),
    good("ZO\u{cb}", "ZO\u{cb}", "zo\u{eb}", &["zo\u{eb}"]),
    good("stra\u{df}e", "stra\u{df}e", "strasse", &["strasse"]),
    good("STRASSE", "STRASSE", "strasse", &["strasse"]),
    plain("q\"o\\t{e}", &["quote"]),
    plain("den", &["den"]),
    good("Den", "Den", "den", &["den"]),
    good("DEN", "DEN", "den", &["den"]),
    plain("lair", &["lair"]),
    good("Games", "Games", "games", &["games"]),
    // The second letter is Cyrillic.
    plain("g\u{430}mes", &["games"]),
    plain("general", &["general"]),
    good("GENERAL", "GENERAL", "general", &["general"]),
    plain("genera1", &["general"]),
    bad("", "A name must have at least one character."),
    bad("two words", SPACES),
    bad("tab\tbed", SPACES),
    bad("bell\u{7}", "A name must not contain the character U+0007."),
    Entry {
        text: LONG,
        verdict: Verdict::Long,
    },
    bad(TOO_LONG, "A name may have at most 64 characters."),
];

/// The verdict on a username.
pub fn username(text: &str) -> Result<Known, &'static str> {
    const TOO_LONG_FOR_A_USER: &str = "A name may have at most 32 characters.";
    match verdict(text) {
        Verdict::Long => Err(TOO_LONG_FOR_A_USER),
        _ if text == TOO_LONG => Err(TOO_LONG_FOR_A_USER),
        verdict => known(verdict),
    }
}

/// The verdict on a room's name.
pub fn room(text: &str) -> Result<Known, &'static str> {
    known(verdict(text))
}

fn known(verdict: Verdict) -> Result<Known, &'static str> {
    match verdict {
        Verdict::Good { shown, same, looks } => Ok(Known { shown, same, looks }),
        Verdict::Bad(reason) => Err(reason),
        Verdict::Long => Ok(Known {
            shown: LONG,
            same: LONG,
            looks: &["long"],
        }),
    }
}

/// # Panics
/// If the name is not on the list.
fn verdict(text: &str) -> Verdict {
    let entry = NAMES.iter().find(|entry| entry.text == text);
    entry
        .expect("histories for the model use names on its list")
        .verdict
}
