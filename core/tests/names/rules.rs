//! Names: what can be one, when two are the same, and when one is taken.

use chatmaster_core::names::{Claims, Name, NameError};
use chatmaster_core::recording::Header;
use chatmaster_core::wire::Encoding;
use chatmaster_core::{Config, ConnId, Input, Peer, RoomName, Start, Time, Username};
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
fn names_that_cannot_be_told_apart_clash() {
    for (one, other) in [
        // As shown: other alphabets, other widths, a digit, a capital.
        ("alice", "\u{430}lice"),
        ("alice", "a1ice"),
        ("alice", "aIice"),
        ("Alice", "AIice"),
        ("Alice", "A|ice"),
        ("Ian", "lan"),
        ("10", "lO"),
        ("paypal", "ра\u{443}\u{440}\u{430}l"),
        ("modern", "\u{217f}odern"),
        ("modem", "mode\u{ff4d}"),
        ("pizza\u{2764}", "pizza\u{2764}\u{fe0f}"),
        ("ian", "i\u{307}an"),
        ("al\u{131}ce", "alice"),
        // In small letters, or in capitals.
        ("alice", "\u{ff21}\u{ff4c}\u{ff49}\u{ff43}\u{ff45}"),
        ("ALICE", "\u{1d400}\u{1d425}\u{1d422}\u{1d41c}\u{1d41e}"),
        ("alice", "al1ce"),
        ("Alice", "AL1CE"),
        ("bob", "B0B"),
        ("google", "G00gle"),
        ("\u{131}\u{15f}\u{131}k", "I\u{15e}IK"),
        ("\u{130}brahim", "ibrahim"),
        // Arabic and Persian yeh and kaf look the same where yeh is joined; heh with five.
        ("مبين", "مبین"),
        ("سيد", "سید"),
        ("اكبر", "اکبر"),
        ("علي", "عل\u{fef2}"),
        ("مئة", "مى\u{654}ة"),
        // Joiners.
        ("علیرضا", "علی\u{200c}رضا"),
        ("श्याम", "श्\u{200d}याम"),
    ] {
        assert!(clash(one, other), "{other} looks like {one}");
        assert!(clash(other, one), "{one} looks like {other}");
    }
}

#[test]
fn names_that_no_eye_confuses_do_not_clash() {
    for (one, other) in [
        ("alice", "alic"),
        ("user1", "user2"),
        ("bob", "rob"),
        ("世", "界"),
        ("Ian", "Lan"),
        ("IAN", "LAN"),
        ("IT", "LT"),
        ("it", "lt"),
        ("10", "lo"),
        ("modern", "modem"),
        ("Modern", "MODEM"),
        ("\u{217f}odem", "modern"),
        ("x\u{b2}", "x2"),
        ("עידו", "עידן"),
        ("נוי", "נון"),
        ("นิค", "นิด"),
        ("นิด", "นิต"),
        ("พิมพ์สุดา", "พิมพ์สุตา"),
        ("يسرى", "يسري"),
        ("ثارا", "پارا"),
        ("Ագրյան", "Ազրյան"),
        ("Ilg\u{131}", "\u{130}lgi"),
        ("아까", "악가"),
        ("博土", "博士"),
        ("未央", "末央"),
        ("þór", "pór"),
        ("க\u{bbe}", "கர"),
        ("க\u{bc8}", "கன"),
        ("ക\u{d3f}", "ക\u{d40}"),
        ("ക\u{d41}", "ക\u{d42}"),
        ("ക\u{d41}", "ക\u{d43}"),
    ] {
        assert!(!clash(one, other), "{other} does not look like {one}");
        assert!(!clash(other, one), "{one} does not look like {other}");
    }
}

#[test]
fn what_shows_nothing_is_in_no_name() {
    for blank in [
        // Braille, a note, hieroglyphs, Khitan, and fillers of Hangul.
        "\u{2800}",
        "\u{1d159}",
        "\u{13441}",
        "\u{13442}",
        "\u{16fe4}",
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        // Joiners and selectors where there is nothing to join or to select.
        "\u{200c}",
        "\u{200d}",
        "\u{34f}",
        "\u{180b}",
        "\u{fe0f}",
        "\u{e0100}",
        // Stackers with nothing to stack.
        "\u{1039}",
        "\u{17d2}",
        "\u{1a60}",
        // What stands for something else, and what only turns a hieroglyph.
        "\u{fffc}",
        "\u{13440}",
    ] {
        for name in [
            blank.to_string(),
            format!("alice{blank}"),
            format!("{blank}alice"),
            format!("ali{blank}ce"),
        ] {
            let c = blank.chars().next().expect("it has one");
            assert_eq!(
                Username::parse(&name),
                Err(NameError::Forbidden(c)),
                "{name:?}"
            );
        }
    }
}

#[test]
fn a_mark_needs_something_to_be_on() {
    for mark in ['\u{301}', '\u{20dd}', '\u{93e}', '\u{e31}', '\u{5b8}'] {
        let name = format!("{mark}alice");
        assert_eq!(Username::parse(&name), Err(NameError::LoneMark(mark)));
        let name = mark.to_string();
        assert_eq!(Username::parse(&name), Err(NameError::LoneMark(mark)));
    }
    assert_eq!(
        NameError::LoneMark('\u{301}').to_string(),
        "A name must not begin with the combining mark U+0301."
    );
    assert!(Username::parse("x\u{301}").is_ok());
}

#[test]
fn joiners_are_where_scripts_and_emoji_need_them() {
    for name in [
        // Between letters that are joined else (UAX 31, A1), after a virama (A2, B).
        "علی\u{200c}رضا",
        "نامه\u{200c}ای",
        "क्\u{200c}ष",
        "क्\u{200d}ष",
        // With an accent behind the virama.
        "क्\u{951}\u{200d}ष",
        "ശ്രീ\u{d7b}",
        "അവന്\u{200d}",
        "ශ්\u{200d}රී",
        // Emoji of several, with and without colours and styles, and a key.
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "\u{1f469}\u{1f3fd}\u{200d}\u{1f680}",
        "\u{1f469}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f468}",
        "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
        "1\u{fe0f}\u{20e3}",
        // Letters stacked by what is not shown itself.
        "မြန်မာ",
        "သတ္တ",
        "ខ្មែរ",
    ] {
        if let Err(error) = Username::parse(name) {
            panic!("{name:?}: {error}");
        }
    }
    for (name, c) in [
        ("al\u{200c}ice", '\u{200c}'),
        ("علیرضا\u{200c}", '\u{200c}'),
        ("\u{200c}علیرضا", '\u{200c}'),
        // Alef and dal are not joined to what follows.
        ("دا\u{200c}رضا", '\u{200c}'),
        ("عل\u{200c}\u{200c}رضا", '\u{200c}'),
        ("عل\u{200c}\u{64e}رضا", '\u{200c}'),
        ("عل\u{200d}رضا", '\u{200d}'),
        ("कa\u{200d}", '\u{200d}'),
        ("क\u{200d}ष", '\u{200d}'),
        ("क्\u{200d}\u{200d}ष", '\u{200d}'),
        ("क्\u{200d}\u{93e}", '\u{200d}'),
        // A vowel takes the virama's place.
        ("क्\u{93e}\u{200d}ष", '\u{200d}'),
        // Behind a virama, before a letter of another script, a digit, a vowel.
        ("क्\u{200c}a", '\u{200c}'),
        ("क्\u{200c}१", '\u{200c}'),
        ("क्\u{200c}\u{93e}", '\u{200c}'),
        // A virama on a letter of another script.
        ("a\u{94d}\u{200d}", '\u{200d}'),
        ("1\u{200d}\u{1f469}", '\u{200d}'),
        ("\u{1f469}\u{200d}", '\u{200d}'),
        ("\u{1f469}\u{200d}\u{200d}\u{1f469}", '\u{200d}'),
        ("1\u{fe0f}", '\u{fe0f}'),
        ("a\u{fe0f}", '\u{fe0f}'),
        ("\u{2764}\u{fe0f}\u{fe0f}", '\u{fe0f}'),
        ("သတ္", '\u{1039}'),
        ("သ္a", '\u{1039}'),
    ] {
        assert_eq!(
            Username::parse(name),
            Err(NameError::Forbidden(c)),
            "{name:?}"
        );
    }
}

#[test]
fn of_several_that_a_name_looks_like_the_one_it_is_shown_like_is_named() {
    let mut claims = Claims::default();
    claims.claim(&user("LAN"), 1).unwrap();
    claims.claim(&user("Ian"), 2).unwrap();
    assert_eq!(claims.claim(&user("lan"), 3), Err(2), "lan is Ian as shown");
    claims.release(&user("Ian"));
    assert_eq!(claims.claim(&user("lan"), 3), Err(1), "and LAN in capitals");
}

#[test]
fn a_name_given_back_is_free_and_a_refused_claim_changes_nothing() {
    let mut claims = Claims::default();
    claims.claim(&user("Alice"), 1).unwrap();
    assert_eq!(claims.claim(&user("AIice"), 2), Err(1));
    claims.release(&user("Alice"));
    assert!(claims.is_empty());
    claims.claim(&user("AIice"), 2).unwrap();
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
        claims.clashes_with(&user("Alice")),
        Some(1),
        "the old name is kept"
    );
    claims.exchange(&user("AIice"), &user("carol"), 1).unwrap();
    assert_eq!(
        claims.clashes_with(&user("Alice")),
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
    fn the_same_names_clash_and_clashing_is_mutual(
        one in "[iıIİlL1|oO0oоОmrnⅿ\u{307}]{1,3}|\\PC{1,8}",
        other in "[iıIİlL1|oO0oоОmrnⅿ\u{307}]{1,3}|\\PC{1,8}",
    ) {
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
    fn claims_are_given_back_exactly(names in prop::collection::vec("[aAlI1bB0Oоiıİ]{1,3}", 1..12)) {
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

/// What a hub by a version of the rules says to one who logs in as `wanted` when `taken` is there,
/// and to the same as Bob, in a room of its own, about `taken` and `wanted` as rooms.
fn answers(version: u32, taken: &str, wanted: &str) -> [String; 2] {
    let config = Config {
        encoding: Encoding::Plain,
        ..Config::default()
    };
    let mut header = Header::new(config, Start::default(), "test");
    header.behaviour = version;
    let mut hub = header.hub();
    let peer = Peer([127, 0, 0, 1].into());
    let login = |name| format!(r#"{{"command":"login","parameters":{{"username":"{name}"}}}}"#);
    let join = |room| format!(r#"{{"command":"join","parameters":{{"channel":"{room}"}}}}"#);
    for id in 1..=3 {
        hub.handle(Time::ZERO, Input::Opened(ConnId(id), peer));
    }
    let mut say = |id, command: String| {
        let package = format!("{{\"type\":\"command\",\"data\":{command}}}\n");
        let before: usize = hub.pending(ConnId(id)).map(<[u8]>::len).sum();
        hub.handle(Time::ZERO, Input::Received(ConnId(id), package.as_bytes()));
        hub.check_invariants();
        let answer = hub.pending(ConnId(id)).collect::<Vec<_>>().concat();
        String::from_utf8(answer[before..].to_vec()).expect("it is plain text")
    };
    say(1, login(taken));
    let user = say(2, login(wanted));
    say(3, login("Bob"));
    say(1, join(taken));
    let room = say(3, join(wanted));
    [user, room]
}

#[test]
fn hubs_by_the_rules_of_old_take_the_names_they_took() {
    const TAKEN: &str = "Username is already taken.";
    const OF_ANOTHER: &str = "its name looks like that of another.";
    const HELLO: &str = "\"status\":true";
    const JOINED: &str = "\"event_type\":\"user_joined\",\"username\":\"Bob\",\"channel\":\"";
    for (taken, wanted, former, today) in [
        (
            "alice",
            "\u{430}lice",
            [TAKEN, OF_ANOTHER],
            [
                "Username looks like alice, which is already taken.",
                "its name looks like alice, which exists.",
            ],
        ),
        ("Ian", "Lan", [TAKEN, OF_ANOTHER], [HELLO, JOINED]),
        ("modern", "modem", [TAKEN, OF_ANOTHER], [HELLO, JOINED]),
        (
            "alice",
            "alice\u{2800}",
            [HELLO, JOINED],
            ["the character U+2800."; 2],
        ),
        (
            "alice",
            "\u{301}",
            [HELLO, JOINED],
            ["combining mark U+0301."; 2],
        ),
        (
            "alice",
            "\u{fe0f}",
            ["a character that can be seen."; 2],
            ["the character U+FE0F."; 2],
        ),
        ("alice", "bell\u{7f} x", ["U+007F."; 2], ["U+007F."; 2]),
    ] {
        for (version, expected) in [(1, former), (2, former), (3, today)] {
            let answers = answers(version, taken, wanted);
            for (answer, expected) in answers.iter().zip(expected) {
                assert!(answer.contains(expected), "{version}: {answer}");
            }
        }
    }
}
