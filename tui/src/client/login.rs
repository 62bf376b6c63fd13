//! Under which name to log in, when the user gave none.

use std::env;

use chatmaster_core::Username;

/// What to call someone whose login name is no username.
const FALLBACK: &str = "guest";

/// The user's login name, if it can be a username.
pub fn login_name() -> Option<String> {
    let usable = |name: &String| Username::parse(name).is_ok();
    ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|variable| env::var(variable).ok())
        .find(usable)
}

/// Names to try one after the other until one is free: `bob`, `bob2`, `bob3` and so on.
#[derive(Clone, Debug)]
pub struct Candidates {
    base: String,
    tried: u32,
}

impl Candidates {
    /// The names that start with `base`, or with another word if there is none.
    pub fn new(base: Option<String>) -> Self {
        Candidates {
            base: base.unwrap_or_else(|| FALLBACK.into()),
            tried: 0,
        }
    }
}

impl Iterator for Candidates {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.tried = self.tried.checked_add(1)?;
        if self.tried == 1 {
            return Some(self.base.clone());
        }
        let number = self.tried.to_string();
        let room = Username::MAX_CHARS - number.len();
        let base: String = self.base.chars().take(room).collect();
        Some(base + &number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_numbered_from_the_second_on() {
        let names: Vec<_> = Candidates::new(Some("bob".into())).take(3).collect();
        assert_eq!(names, ["bob", "bob2", "bob3"]);
        assert_eq!(Candidates::new(None).next().as_deref(), Some("guest"));
    }

    #[test]
    fn a_numbered_candidate_is_not_longer_than_a_name_may_be() {
        let long = "x".repeat(Username::MAX_CHARS);
        for name in Candidates::new(Some(long)).take(12) {
            assert!(Username::parse(&name).is_ok(), "{name}");
        }
    }
}
