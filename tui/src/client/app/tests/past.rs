//! What was said before one came, and while one was away: nothing twice, nothing missing at the seam.

use super::*;

/// What is in the log of the window that is looked at, without times and names.
fn log(scene: &Scene) -> Vec<String> {
    let rows = scene.log().into_iter();
    let texts = rows.map(|row| match row.split_once("│ ") {
        Some((_, text)) => text.to_owned(),
        None => row.chars().skip(19).collect(),
    });
    texts.collect()
}

fn asked(room: &str, before: Option<u64>, after: Option<u64>, limit: u64) -> Effect {
    ask(Action::Other(Command::History {
        channel: Some(room.to_owned().into()),
        with: None,
        before,
        after,
        limit: Some(limit),
    }))
}

/// Whether one of the effects asks for the past.
fn asks(effects: &[Effect]) -> bool {
    let is_it = |effect: &Effect| {
        matches!(
            effect,
            Effect::Act(_, Action::Other(Command::History { .. }))
        )
    };
    effects.iter().any(is_it)
}

/// Alice in tea, at two minutes past noon, where nothing was answered of what was said.
fn in_tea() -> Scene {
    let mut scene = Scene::together(58, 16);
    scene.send("/join tea");
    scene.at = date(2026, 11, 24).at(13, 0, 0, 0);
    let effects = scene.event(joined("alice", "tea", true));
    assert!(
        effects.contains(&asked("tea", None, None, 50)),
        "{effects:?}"
    );
    scene
}

const START: &str = "The server keeps nothing older.";
const GAP: &str = "Some messages are missing here.";

#[test]
fn what_was_said_before_one_came_is_above_it_and_nothing_is_there_twice() {
    let mut scene = in_tea();
    // What comes meanwhile is in the history as well.
    scene.event(said_in("tea", "bob", "6", 6));
    scene.event(said_in("tea", "bob", "7", 7));
    scene.event(history("tea", &[3, 4, 5, 6], false));
    let expected = [START, "3", "4", "5", "You are in tea now.", "6", "7"];
    assert_eq!(log(&scene), expected);
    assert!(scene.log()[1].starts_with("12:03 "), "{:?}", scene.log());
    assert!(scene.title().starts_with(" tea "), "nothing of it is new");
}

#[test]
fn what_is_further_up_is_asked_for_when_one_scrolls_there() {
    let mut scene = in_tea();
    scene.event(history("tea", &[30, 31], true));
    assert_eq!(
        scene.key(KeyCode::PageUp),
        [asked("tea", Some(30), None, 200)]
    );
    assert_eq!(scene.key(KeyCode::PageUp), [], "once");
    scene.event(history("tea", &[28, 29], true));
    assert_eq!(
        scene.key(KeyCode::Home),
        [asked("tea", Some(28), None, 200)]
    );
    scene.event(history("tea", &[27], false));
    assert_eq!(log(&scene)[..3], [START, "27", "28"]);
    assert!(
        !asks(&scene.tell(Msg::Wheel(Wheel::Up))),
        "that is all there is"
    );
    // A room in which nothing was said begins without a word.
    let mut scene = in_tea();
    scene.event(history("tea", &[], false));
    assert_eq!(log(&scene), ["You are in tea now."]);
    // Nor does a server that keeps nothing make any.
    let mut scene = in_tea();
    scene.event(error("history", "This server keeps no history."));
    assert_eq!(log(&scene), ["You are in tea now."]);
    assert!(!asks(&scene.key(KeyCode::PageUp)));
}

/// Alice in tea, with the messages 5 and 6, whose connection was lost and is there again. What is asked for then.
fn back_in_tea(resumed: bool) -> (Scene, Vec<Effect>) {
    let mut scene = in_tea();
    scene.event(history("tea", &[5], true));
    scene.event(said_in("tea", "bob", "6", 6));
    scene.event(lost());
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    scene.send("/clear");
    let mut effects = if resumed {
        scene.event(logged_in_2("tea", &["general", "tea"], true))
    } else {
        scene.event(logged_in_2("general", &["general"], false))
    };
    if !resumed {
        effects.extend(scene.event(joined("alice", "tea", true)));
    }
    (scene, effects)
}

#[test]
fn what_was_said_while_one_was_away_is_there_once_in_order() {
    for resumed in [true, false] {
        let (mut scene, effects) = back_in_tea(resumed);
        assert!(
            effects.contains(&asked("tea", None, Some(5), 200)),
            "{effects:?}"
        );
        // One message comes before the answer does, and the answer in two parts.
        scene.event(said_in("tea", "bob", "10", 10));
        let effects = scene.event(history("tea", &[6, 7, 8], true));
        assert_eq!(effects, [asked("tea", None, Some(7), 200)]);
        scene.event(history("tea", &[8, 9, 10], false));
        let texts: Vec<_> = log(&scene)
            .into_iter()
            .filter(|text| text.len() < 3)
            .collect();
        assert_eq!(texts, ["7", "8", "9", "10"]);
        assert!(!log(&scene).contains(&GAP.into()) && !log(&scene).contains(&START.into()));
    }
}

#[test]
fn a_line_says_where_the_server_has_forgotten_something() {
    let (mut scene, _) = back_in_tea(true);
    scene.event(history("tea", &[60, 61], false));
    assert_eq!(log(&scene), [GAP, "60", "61"]);
}

#[test]
fn nothing_is_missing_where_nothing_was_said_or_the_server_began_anew() {
    for ids in [&[6][..], &[]] {
        let (mut scene, _) = back_in_tea(true);
        scene.event(history("tea", ids, false));
        assert_eq!(log(&scene), [""; 0]);
    }
}

#[test]
fn a_server_that_goes_on_and_on_is_not_asked_for_ever() {
    let (mut scene, _) = back_in_tea(true);
    let mut times = 0;
    let mut from = 6;
    while asks(&scene.event(history("tea", &[from, from + 1], true))) {
        times += 1;
        from += 1;
    }
    assert_eq!(times, 10);
}

#[test]
fn what_was_said_meanwhile_is_counted_and_rings_in_a_window_that_is_not_looked_at() {
    let mut scene = in_tea();
    scene.event(history("tea", &[], false));
    scene.event(said_in("tea", "bob", "6", 6));
    scene.alt('1');
    scene.event(lost());
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in_2("general", &["general", "tea"], true));
    let mut event = history("tea", &[6, 7], false);
    if let Event::History { messages, .. } = &mut event {
        messages[1].message = "alice!".into();
    }
    assert_eq!(scene.event(event), [Effect::Bell]);
    let tea = scene.app.windows.room("tea").expect("she is in it");
    assert_eq!(
        (tea.log.unread().messages, tea.log.unread().mentions),
        (1, 1)
    );
}

#[test]
fn what_one_says_oneself_has_the_place_and_the_time_that_the_server_gives_it() {
    let mut scene = in_tea();
    scene.event(history("tea", &[], false));
    scene.send("mine");
    scene.event(said_in("tea", "bob", "20", 20));
    scene.event(Event::Sent {
        id: 21,
        time: noon(21),
        request: None,
    });
    assert_eq!(log(&scene)[1..], ["20", "mine"]);
    assert!(scene.log()[2].starts_with("12:21 "), "{:?}", scene.log());
    // On coming back it is not there once more.
    scene.event(lost());
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    let effects = scene.event(logged_in_2("tea", &["general", "tea"], true));
    assert!(
        effects.contains(&asked("tea", None, Some(20), 200)),
        "{effects:?}"
    );
    scene.event(history("tea", &[21], false));
    assert_eq!(
        scene
            .log()
            .iter()
            .filter(|row| row.ends_with("mine"))
            .count(),
        1
    );
}

#[test]
fn the_servers_times_are_shown_where_the_user_is() {
    let mut scene = in_tea();
    scene.app.set_zone(TimeZone::fixed(jiff::tz::offset(-5)));
    scene.event(said_in("tea", "bob", "6", 6));
    assert!(scene.log()[1].starts_with("07:06 "), "{:?}", scene.log());
}
