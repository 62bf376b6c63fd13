//! Completion: what Tab makes of the start of a name, a room or a command.

use chatmaster_core::names::fold;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::client::command::{self, ArgKind, COMMANDS, Command, Parameter};
use crate::settings::KEYS;
use crate::text::joins;

/// What Tab has found, and which of it is in the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completion {
    /// The byte of the text at which the word starts that is completed.
    pub(super) start: usize,
    /// At least one.
    candidates: Vec<String>,
    at: usize,
    /// What goes after the word.
    suffix: &'static str,
}

/// Which way to go through what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Next,
    Previous,
}

/// What there is to complete with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// The members of the room but the user, the likeliest first.
    pub(super) members: &'a [String],
    /// The public rooms.
    pub(super) rooms: &'a [String],
}

impl Completion {
    /// What the word that ends `before` may become; `before` and `after` are what is before and after
    /// the cursor.
    pub(super) fn of(before: &str, after: &str, words: Words<'_>) -> Option<Self> {
        let start = before.rfind(char::is_whitespace).map_or(0, |at| {
            at + before[at..].chars().next().map_or(0, char::len_utf8)
        });
        let word = &before[start..];
        let command = before
            .strip_prefix('/')
            .filter(|rest| !rest.starts_with('/'));
        match command {
            Some(name) if start == 0 => Self::new(start, commands(name, "/"), " "),
            Some(rest) => match argument(rest) {
                Some((ArgKind::Room, room)) => {
                    let start = before.len() - room.len();
                    Self::new(start, starting_with(room, words.rooms), "")
                }
                Some((ArgKind::Topic, _)) => Self::new(start, topics(word), ""),
                Some((ArgKind::Setting, key)) if key == word => {
                    Self::new(start, settings(word), " ")
                }
                Some((ArgKind::User, name)) => {
                    let start = before.len() - name.len();
                    Self::new(start, starting_with(name, words.members), "")
                }
                Some((ArgKind::UserAndReason | ArgKind::UserAndText, name)) if name == word => {
                    Self::new(start, starting_with(name, words.members), " ")
                }
                Some((
                    ArgKind::Text | ArgKind::About | ArgKind::UserAndReason | ArgKind::UserAndText,
                    _,
                )) => Self::member(before, start, after, words.members),
                _ => None,
            },
            None => Self::member(before, start, after, words.members),
        }
    }

    /// A name that is at the end of `before`, in the word that begins at `word`: as much of it as the
    /// start of a name can be. `(bo` and `hi,bo` have one in them.
    fn member(before: &str, word: usize, after: &str, members: &[String]) -> Option<Self> {
        let within = before[word..].char_indices();
        let inner = within
            .filter(|(_, c)| sets_off(*c))
            .map(|(at, c)| word + at + c.len_utf8());
        let starts = std::iter::once(word).chain(inner.filter(|at| *at < before.len()));
        starts.into_iter().find_map(|start| {
            let opened = before[..start].chars().next_back().is_some_and(opens);
            let suffix = match after.chars().next() {
                // What is there already sets it off.
                Some(c) if !c.is_whitespace() => "",
                _ if start == 0 => ": ",
                _ if opened => "",
                _ => " ",
            };
            Self::new(start, starting_with(&before[start..], members), suffix)
        })
    }

    fn new(start: usize, candidates: Vec<String>, suffix: &'static str) -> Option<Self> {
        (!candidates.is_empty()).then_some(Completion {
            start,
            candidates,
            at: 0,
            suffix,
        })
    }

    /// Goes to the next candidate, or to the one before.
    pub(super) fn turn(&mut self, turn: Turn) {
        let count = self.candidates.len();
        self.at = match turn {
            Turn::Next => (self.at + 1) % count,
            Turn::Previous => (self.at + count - 1) % count,
        };
    }

    /// Whether a space goes into the box behind the word.
    pub(super) fn ends_in_space(&self) -> bool {
        self.suffix.ends_with(' ')
    }

    /// What goes into the box in place of the word.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.candidates[self.at], self.suffix)
    }

    /// The candidates with the one in the box marked, if there is more than one: from that one on, so
    /// that it shows where there is little room.
    pub(super) fn choices(&self) -> Option<String> {
        if self.candidates.len() == 1 {
            return None;
        }
        let (before, after) = self.candidates.split_at(self.at);
        let mut choices = format!("[{}]", after[0]);
        for other in after[1..].iter().chain(before) {
            choices.push(' ');
            choices.push_str(other);
        }
        Some(choices)
    }
}

/// Whether a name can start behind `c`, though there is no space.
fn sets_off(c: char) -> bool {
    !(c.is_alphanumeric() || joins(c) || matches!(c, '_' | '\'' | '/'))
}

/// Whether what is behind `c` ends with another such character, and not with a space.
fn opens(c: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::OpenPunctuation | GeneralCategory::InitialPunctuation
    ) || matches!(c, '"' | '\'' | '`' | '*')
}

/// What the command in `rest`, which is behind a slash, is told, and as far as it was typed.
fn argument(rest: &str) -> Option<(ArgKind, &str)> {
    let (name, argument) = rest.split_once(char::is_whitespace)?;
    match command::find(name)?.parameter {
        Parameter::None => None,
        Parameter::One(thing) | Parameter::Maybe(thing) => Some((thing, argument.trim_start())),
    }
}

/// The commands whose name starts with `start`; if there are none, those of which another name does.
fn commands(start: &str, slash: &str) -> Vec<String> {
    let start = start.to_ascii_lowercase();
    let starting = |names: fn(&Command) -> &[&'static str]| -> Vec<String> {
        COMMANDS
            .iter()
            .filter_map(|command| names(command).iter().find(|name| name.starts_with(&start)))
            .map(|name| format!("{slash}{name}"))
            .collect()
    };
    match starting(|command| &command.names[..1]) {
        none if none.is_empty() => starting(|command| &command.names[1..]),
        some => some,
    }
}

/// The settings whose name starts with `start`.
fn settings(start: &str) -> Vec<String> {
    let start = start.to_ascii_lowercase();
    KEYS.iter()
        .filter(|key| key.starts_with(&start))
        .map(ToString::to_string)
        .collect()
}

/// What `/help` explains.
fn topics(word: &str) -> Vec<String> {
    match word.strip_prefix('/') {
        Some(word) => commands(word, "/"),
        None => {
            let mut topics = commands(word, "");
            topics.extend(starting_with(
                word,
                &[command::KEYS.into(), command::ORDER.into()],
            ));
            topics
        }
    }
}

/// The names that start with `start`, as names are compared.
fn starting_with(start: &str, names: &[String]) -> Vec<String> {
    let start = fold(start);
    let fits = |name: &&String| fold(name).starts_with(&*start);
    names.iter().filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(before: &str) -> Option<Completion> {
        let own = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let members = own(&["bob", "Bert", "Élodie", "straße", "日本"]);
        let rooms = own(&["dev", "Design", "general"]);
        let words = Words {
            members: &members,
            rooms: &rooms,
        };
        Completion::of(before, "", words)
    }

    /// What is in the box after each Tab, until it is what it was after the first.
    fn completed(before: &str) -> Vec<String> {
        let Some(mut completion) = found(before) else {
            return Vec::new();
        };
        let mut texts: Vec<String> = Vec::new();
        loop {
            let text = format!("{}{}", &before[..completion.start], completion.text());
            if texts.first() == Some(&text) {
                return texts;
            }
            texts.push(text);
            completion.turn(Turn::Next);
        }
    }

    #[test]
    fn a_name_at_the_start_is_spoken_to_and_elsewhere_spoken_of() {
        assert_eq!(completed("b"), ["bob: ", "Bert: "]);
        assert_eq!(completed("ask B"), ["ask bob ", "ask Bert "]);
        assert_eq!(completed("two\nbo"), ["two\nbob "]);
        assert_eq!(completed("/me pokes be"), ["/me pokes Bert "]);
        assert_eq!(completed("//bo"), [""; 0]);
        assert_eq!(completed("x"), [""; 0]);
        assert_eq!(completed("").len(), 5);
    }

    #[test]
    fn a_name_is_completed_behind_what_sets_it_off() {
        assert_eq!(completed("(bo"), ["(bob"]);
        assert_eq!(completed("\"bo"), ["\"bob"]);
        assert_eq!(completed("„bo"), ["„bob"]);
        assert_eq!(completed("@bo"), ["@bob "]);
        assert_eq!(completed("hi,bo"), ["hi,bob "]);
        assert_eq!(completed("see (or ask @bo"), ["see (or ask @bob "]);
        assert_eq!(completed("、日"), ["、日本 "]);
        assert_eq!(completed("/me pokes (be"), ["/me pokes (Bert"]);
        // Not within a word, and not of nothing.
        for before in ["turbo", "tur-bo", "tur.bo", "tur_bo", "bert/bo", "(", "hi,"] {
            assert_eq!(completed(before), [""; 0], "{before}");
        }
        // A name may have such a character itself.
        let members = ["[bot]".to_owned(), "bob".to_owned()];
        let words = Words {
            members: &members,
            rooms: &[],
        };
        let found = |before: &str| Completion::of(before, "", words).map(|found| found.text());
        assert_eq!(found("[bo").as_deref(), Some("[bot]: "));
        assert_eq!(found("[bob").as_deref(), Some("bob"));
    }

    #[test]
    fn what_is_behind_the_cursor_sets_a_name_off_as_well() {
        let text = |before: &str, after: &str| {
            let members = ["bob".to_owned()];
            let words = Words {
                members: &members,
                rooms: &[],
            };
            Completion::of(before, after, words).map(|found| found.text())
        };
        assert_eq!(text("ask bo", ")").as_deref(), Some("bob"));
        assert_eq!(text("bo", ", hello").as_deref(), Some("bob"));
        assert_eq!(text("ask bo", " about it").as_deref(), Some("bob "));
    }

    #[test]
    fn names_are_compared_as_the_server_compares_them() {
        for before in ["él", "E\u{301}L"] {
            assert_eq!(completed(before), ["Élodie: "], "{before}");
        }
        assert_eq!(completed("el"), [""; 0]);
        assert_eq!(completed("STRASS"), ["straße: "]);
        assert_eq!(completed("日"), ["日本: "]);
    }

    #[test]
    fn commands_are_completed_after_a_slash() {
        assert_eq!(completed("/j"), ["/join "]);
        assert_eq!(completed("/CL"), ["/close ", "/clear "]);
        assert_eq!(completed("/nic"), ["/nick "]);
        assert_eq!(completed("/le"), ["/leave "]);
        assert_eq!(completed("/msg b"), ["/msg bob ", "/msg Bert "]);
        assert_eq!(
            completed("/msg bob see b"),
            ["/msg bob see bob ", "/msg bob see Bert "]
        );
        assert_eq!(completed("/invite B"), ["/invite bob", "/invite Bert"]);
        assert_eq!(completed("/kick él"), ["/kick Élodie "]);
        assert_eq!(completed("/invite bob b"), [""; 0]);
        assert_eq!(completed("/p"), ["/private ", "/public "]);
        assert_eq!(completed("/pa"), ["/part "]);
        assert_eq!(completed("/").len(), COMMANDS.len());
        assert_eq!(completed("/xyz"), [""; 0]);
        assert_eq!(completed(" /j"), [""; 0]);
    }

    #[test]
    fn rooms_are_completed_after_join() {
        assert_eq!(completed("/join d"), ["/join dev", "/join Design"]);
        assert_eq!(completed("/JOIN  DES"), ["/JOIN  Design"]);
        assert_eq!(
            completed("/join "),
            ["/join dev", "/join Design", "/join general"]
        );
        assert_eq!(completed("/leave d"), [""; 0]);
        assert_eq!(completed("/rename b"), [""; 0]);
    }

    #[test]
    fn topics_are_completed_after_help() {
        assert_eq!(completed("/help jo"), ["/help join"]);
        assert_eq!(completed("/help /jo"), ["/help /join"]);
        assert_eq!(completed("/help ke"), ["/help keys"]);
    }

    #[test]
    fn one_goes_round_both_ways_and_the_choices_show() {
        let mut completion = found("b").expect("there are two");
        assert_eq!(completion.choices().as_deref(), Some("[bob] Bert"));
        completion.turn(Turn::Previous);
        assert_eq!(completion.text(), "Bert: ");
        assert_eq!(completion.choices().as_deref(), Some("[Bert] bob"));
        completion.turn(Turn::Next);
        assert_eq!(completion.text(), "bob: ");
        assert_eq!(found("bo").expect("there is one").choices(), None);
    }
}
