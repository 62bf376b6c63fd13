//! How one reads: what is new, who mentions one, what is where.

use super::*;

fn unfocused(width: u16, height: u16) -> Scene {
    let mut scene = Scene::chatting(width, height);
    scene.tell(Msg::Focus(Focus::Elsewhere));
    scene
}

#[test]
fn what_comes_while_the_terminal_has_no_focus_is_counted_and_has_a_line_above_it() {
    let mut scene = unfocused(58, 12);
    scene.says("bob", "one");
    scene.says("bob", "two");
    let new = format!("─ new {}", "─".repeat(52));
    let log = [
        new.as_str(),
        "12:00        bob │ one",
        "12:00        bob │ two",
    ];
    assert_eq!(scene.log(), log);
    assert!(scene.title().starts_with(" general (2) · 2 members"));
    scene.says("bob", "Alice?");
    assert!(scene.title().starts_with(" general (3!) · 2 members"));
    scene.tell(Msg::Focus(Focus::Here));
    assert!(scene.title().starts_with(" general · 2 members"));
    assert_eq!(scene.log()[..3], log);
    scene.send("yes?");
    let log = [
        "12:00        bob │ one",
        "12:00        bob │ two",
        "12:00        bob │ Alice?",
        "12:00      alice │ yes?",
    ];
    assert_eq!(scene.log(), log);
}

#[test]
fn the_count_is_at_the_room_where_rooms_are_listed() {
    let mut scene = unfocused(80, 24);
    scene.event(channels(&["dev", "general"], Listing::Channels));
    scene.says("bob", "hello, alice");
    assert!(scene.title().starts_with(" general · 2 members"));
    let rooms = scene.screen()[1..4].to_vec();
    assert!(rooms[2].ends_with("│ > general (1!)"), "{rooms:?}");
}

#[test]
fn alt_u_goes_to_what_is_new_and_the_line_above_the_box_says_so() {
    let mut scene = unfocused(58, 12);
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    scene.tell(Msg::Focus(Focus::Here));
    assert!(
        scene
            .rule()
            .starts_with("─ what is new starts above (Alt-U) ─"),
        "{}",
        scene.rule()
    );
    scene.tell(Msg::Key(KeyEvent::new(
        KeyCode::Char('u'),
        KeyModifiers::ALT,
    )));
    let log = scene.log();
    assert!(log[0].starts_with("─ new ─"), "{log:?}");
    assert_eq!(log[1], "12:00        bob │ 0");
    assert!(
        scene.rule().starts_with("─ 12 more below (End) ─"),
        "{}",
        scene.rule()
    );
}

#[test]
fn a_mention_is_marked_without_colours_and_rings() {
    let mut scene = unfocused(58, 10);
    let effects = scene.event(message("bob", "where is ALICE now?"));
    assert_eq!(effects, [Effect::Bell]);
    let effects = scene.event(message("bob", "no malice"));
    assert_eq!(effects, []);
    let (buf, _) = scene.draw();
    let with = |y, modifier: Modifier| -> String {
        let of_row = (0..58).map(|x| &buf[(x, y)]);
        of_row
            .filter(|cell| cell.modifier.contains(modifier))
            .map(|cell| cell.symbol())
            .collect()
    };
    assert_eq!(with(2, Modifier::REVERSED), "bob");
    assert_eq!(with(2, Modifier::BOLD), "bobALICE");
    assert_eq!(with(3, Modifier::REVERSED), "");
}

#[test]
fn a_mention_is_of_the_name_one_has_now() {
    let mut scene = unfocused(58, 10);
    scene.event(Event::Renamed {
        old_username: "alice".into(),
        new_username: "Zoe\u{308}".into(),
        me: true,
    });
    assert_eq!(scene.event(message("bob", "alice!")), []);
    assert_eq!(scene.event(message("bob", "ZO\u{CB}!")), [Effect::Bell]);
}

#[test]
fn the_bell_is_as_the_user_wants_it() {
    let rings = |bell, text: &str| {
        let mut scene = unfocused(58, 10);
        scene.app = scene.app.with_bell(bell);
        scene.event(message("bob", text)) == [Effect::Bell]
    };
    assert!(rings(Bell::All, "hello") && rings(Bell::All, "alice"));
    assert!(!rings(Bell::Mentions, "hello") && rings(Bell::Mentions, "alice"));
    assert!(!rings(Bell::Off, "hello") && !rings(Bell::Off, "alice"));
}

#[test]
fn a_new_day_has_a_line() {
    let mut scene = Scene::chatting(58, 10);
    scene.says("bob", "late");
    scene.at = date(2026, 11, 25).at(0, 1, 0, 0);
    scene.says("bob", "later");
    let expected = [
        "12:00        bob │ late".to_owned(),
        format!("─ Wednesday, 25 November 2026 {}", "─".repeat(28)),
        "00:01        bob │ later".to_owned(),
    ];
    assert_eq!(scene.log(), expected);
}
