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
        /// How it looks.
        looks: Looks,
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
    looks: Looks,
}

/// How a name looks as shown, in small letters and in capitals. Names with the same in one place
/// clash. What stands here is no more than a label.
type Looks = [&'static str; 3];

impl Known {
    /// Whether only one of the two can be taken.
    pub fn clashes_with(&self, other: &Known) -> bool {
        self.alike(other).is_some()
    }

    /// In which way it looks like the other, the first of them.
    pub fn alike(&self, other: &Known) -> Option<usize> {
        (0..self.looks.len()).find(|how| self.looks[*how] == other.looks[*how])
    }
}

const fn good(text: &'static str, shown: &'static str, same: &'static str, looks: Looks) -> Entry {
    let verdict = Verdict::Good { shown, same, looks };
    Entry { text, verdict }
}

const fn plain(name: &'static str, looks: Looks) -> Entry {
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
pub const NAMES: [Entry; 42] = [
    // A capital I looks like an l, but a small i does not.
    plain("alice", ["alice", "alice", "ALICE"]),
    good("Alice", "Alice", "alice", ["Alice", "alice", "ALICE"]),
    good("ALICE", "ALICE", "alice", ["ALICE", "alice", "ALICE"]),
    good("aIice", "aIice", "aiice", ["alice", "aiice", "AIICE"]),
    plain("aiice", ["aiice", "aiice", "AIICE"]),
    // The first letter is Cyrillic.
    plain("\u{430}lice", ["alice", "alice", "ALICE"]),
    // A 1 looks like an I among capitals.
    plain("al1ce", ["allce", "allce", "ALICE"]),
    good("Ian", "Ian", "ian", ["lan", "ian", "IAN"]),
    good("Lan", "Lan", "lan", ["Lan", "lan", "LAN"]),
    plain("lan", ["lan", "lan", "LAN"]),
    plain("10", ["lO", "lO", "IO"]),
    plain("lo", ["lo", "lo", "LO"]),
    plain("bob", ["bob", "bob", "BOB"]),
    good("BOB", "BOB", "bob", ["BOB", "bob", "BOB"]),
    good("B0B", "B0B", "b0b", ["BOB", "bOb", "BOB"]),
    plain("carol", ["carol"; 3]),
    plain("dave", ["dave"; 3]),
    plain("modern", ["modern"; 3]),
    plain("modem", ["modem"; 3]),
    good("Zo\u{eb}", "Zo\u{eb}", "zo\u{eb}", ["Zoe", "zoe", "ZOE"]),
    // The same in two code points, and in capitals.
    good("Zoe\u{308}", "Zo\u{eb}", "zo\u{eb}", ["Zoe", "zoe", "ZOE"]),
    good("ZO\u{cb}", "ZO\u{cb}", "zo\u{eb}", ["ZOE", "zoe", "ZOE"]),
    good(
        "stra\u{df}e",
        "stra\u{df}e",
        "strasse",
        ["eszett", "strasse", "STRASSE"],
    ),
    good(
        "STRASSE",
        "STRASSE",
        "strasse",
        ["STRASSE", "strasse", "STRASSE"],
    ),
    plain("q\"o\\t{e}", ["quote"; 3]),
    plain("den", ["den", "den", "DEN"]),
    good("Den", "Den", "den", ["Den", "den", "DEN"]),
    good("DEN", "DEN", "den", ["DEN", "den", "DEN"]),
    plain("lair", ["lair"; 3]),
    good("Games", "Games", "games", ["Games", "games", "GAMES"]),
    // The second letter is Cyrillic.
    plain("g\u{430}mes", ["games", "games", "GAMES"]),
    plain("general", ["general", "general", "GENERAL"]),
    good(
        "GENERAL",
        "GENERAL",
        "general",
        ["GENERAL", "general", "GENERAL"],
    ),
    plain("genera1", ["general", "general", "GENERAI"]),
    // A blank of Braille, and a mark on nothing.
    bad(
        "alice\u{2800}",
        "A name must not contain the character U+2800.",
    ),
    bad(
        "\u{301}a",
        "A name must not begin with the combining mark U+0301.",
    ),
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
            looks: ["long"; 3],
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
