//! Names: what can be one, when two are the same, and when one is taken.

use chatmaster_core::names::{Claims, Name, NameError};
use chatmaster_core::{RoomName, Username};
use proptest::prelude::*;

fn user(text: &str) -> Username {
    Username::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn clash(one: &str, other: &str) -> bool {
    let mut claims = Claims::default();
    claims.claim(&user(one), 1).expect("nothing is taken");
    claims.claim(&user(other), 2).is_err()
}

#[test]
fn a_name_is_shown_as_it_was_spelled_in_nfc() {
    assert_eq!(user("Alice").as_str(), "Alice");
    assert_eq!(user("Zoe\u{308}").as_str(), "Zo\u{eb}");
    assert_eq!(user("世界👍").as_str(), "世界👍");
}

#[test]
fn a_name_has_a_length() {
    assert_eq!(Username::parse(""), Err(NameError::Empty));
    assert!(Username::parse(&"x".repeat(32)).is_ok());
    assert_eq!(
        Username::parse(&"x".repeat(33)),
        Err(NameError::TooLong(32))
    );
    assert!(RoomName::parse(&"x".repeat(64)).is_ok());
    assert_eq!(
        RoomName::parse(&"x".repeat(65)),
        Err(NameError::TooLong(64))
    );
    // Four characters that are one, 32 times: alpha, psili, oxia, ypogegrammeni.
    assert!(Username::parse(&"\u{3b1}\u{313}\u{301}\u{345}".repeat(32)).is_ok());
}

#[test]
fn names_are_compared_caselessly() {
    for (one, other) in [
        ("alice", "ALICE"),
        ("straße", "STRASSE"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("Zoë", "ZOE\u{308}"),
    ] {
        assert_eq!(user(one).key(), user(other).key(), "{one} is {other}");
        assert!(clash(one, other), "{one} takes {other}");
    }
    assert_ne!(user("alice").key(), user("alica").key());
}

#[test]
fn names_that_look_the_same_clash() {
    for (one, other) in [
        ("alice", "\u{430}lice"),
        ("alice", "aIice"),
        ("alice", "a1ice"),
        ("Alice", "A|ice"),
        ("BOB", "B0B"),
        ("modern", "modem"),
        ("paypal", "ра\u{443}\u{440}\u{430}l"),
        ("heart❤", "heart❤\u{fe0f}"),
    ] {
        assert!(clash(one, other), "{other} looks like {one}");
        assert!(clash(other, one), "{one} looks like {other}");
    }
}

#[test]
fn names_that_do_not_look_the_same_do_not_clash() {
    for (one, other) in [
        ("alice", "alic"),
        ("user1", "user2"),
        ("bob", "rob"),
        ("世", "界"),
    ] {
        assert!(!clash(one, other), "{other} does not look like {one}");
    }
}

#[test]
fn a_name_given_back_is_free_and_a_refused_claim_changes_nothing() {
    let mut claims = Claims::default();
    claims.claim(&user("Alice"), 1).unwrap();
    assert_eq!(claims.claim(&user("aIice"), 2), Err(1));
    claims.release(&user("Alice"));
    assert!(claims.is_empty());
    claims.claim(&user("aIice"), 2).unwrap();
}

#[test]
fn a_holder_may_exchange_its_name_for_one_that_clashes_with_its_own() {
    let mut claims = Claims::default();
    claims.claim(&user("alice"), 1).unwrap();
    claims.claim(&user("bob"), 2).unwrap();
    claims.exchange(&user("alice"), &user("ALICE"), 1).unwrap();
    claims.exchange(&user("ALICE"), &user("AIice"), 1).unwrap();
    assert_eq!(claims.exchange(&user("AIice"), &user("Bob"), 1), Err(2));
    assert_eq!(
        claims.clashes_with(&user("alice")),
        Some(1),
        "the old name is kept"
    );
    claims.exchange(&user("AIice"), &user("carol"), 1).unwrap();
    assert_eq!(
        claims.clashes_with(&user("alice")),
        None,
        "the old name is free"
    );
}

proptest! {
    #[test]
    fn what_is_a_name_is_one_for_good(text in "\\PC{1,40}") {
        if let Ok(name) = Username::parse(&text) {
            prop_assert!((1..=32).contains(&name.as_str().chars().count()));
            prop_assert!(!name.as_str().chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert_eq!(Username::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = Username::parse(&text);
        let _ = RoomName::parse(&text);
    }

    #[test]
    fn the_same_names_clash_and_clashing_is_mutual(one in "\\PC{1,8}", other in "\\PC{1,8}") {
        if let (Ok(one), Ok(other)) = (Username::parse(&one), Username::parse(&other)) {
            if one.key() == other.key() {
                prop_assert!(clash(one.as_str(), other.as_str()));
            }
            let mutual = clash(other.as_str(), one.as_str());
            prop_assert_eq!(clash(one.as_str(), other.as_str()), mutual);
        }
    }

    #[test]
    fn other_spellings_of_a_name_are_taken(name in "[a-zA-ZäöüßéÉŒœ0-9_-]{1,16}") {
        for other in [name.to_uppercase(), name.to_lowercase()] {
            if let Ok(other) = Username::parse(&other) {
                prop_assert!(clash(&name, other.as_str()), "{} takes {}", name, other);
            }
        }
    }

    #[test]
    fn claims_are_given_back_exactly(names in prop::collection::vec("[aAlI1bB0Oо]{1,3}", 1..12)) {
        let mut claims = Claims::default();
        let mut held = Vec::new();
        for (holder, name) in names.iter().enumerate() {
            let name = user(name);
            if claims.claim(&name, holder).is_ok() {
                held.push((name, holder));
            }
        }
        for (name, holder) in &held {
            prop_assert_eq!(claims.clashes_with(name), Some(*holder));
        }
        for (name, _) in &held {
            claims.release(name);
        }
        prop_assert!(claims.is_empty());
    }
}

#[test]
fn rooms_are_compared_as_a_server_compares_them() {
    assert!(RoomName::are_same("Dev", "dev"));
    assert!(RoomName::are_same("e\u{301}", "é"));
    assert!(!RoomName::are_same("dev", "dev2"));
    assert!(RoomName::are_same("not a name", "not a name"));
    assert!(!RoomName::are_same("not a name", "Not a name"));
}
