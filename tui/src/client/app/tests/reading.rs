//! How one reads: what is new, who mentions one, what is where.

use super::*;
use crate::text::WRAPS;

fn unfocused(width: u16, height: u16) -> Scene {
    let mut scene = Scene::chatting(width, height);
    scene.tell(Msg::Focus(Focus::Elsewhere));
    scene
}

/// What of the row `y` has `modifier`.
fn marked(scene: &Scene, y: u16, modifier: Modifier) -> String {
    let (buf, _) = scene.draw();
    (0..buf.area.width)
        .map(|x| &buf[(x, y)])
        .filter(|cell| cell.modifier.contains(modifier))
        .map(|cell| cell.symbol())
        .collect()
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
    assert!(rooms[1].ends_with("│ > general (1!)"), "{rooms:?}");
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
    assert_eq!(marked(&scene, 2, Modifier::REVERSED), "bob");
    assert_eq!(marked(&scene, 2, Modifier::BOLD), "bobALICE");
    assert_eq!(marked(&scene, 3, Modifier::REVERSED), "");
}

#[test]
fn a_mention_is_of_the_name_one_has_now() {
    let mut scene = unfocused(58, 10);
    scene.event(Event::Renamed {
        old_username: "alice".into(),
        new_username: "Zoe\u{308}".into(),
        me: true,
        request: None,
        channel: None,
    });
    assert_eq!(scene.event(message("bob", "alice!")), []);
    assert_eq!(scene.event(message("bob", "ZO\u{CB}!")), [Effect::Bell]);
}

#[test]
fn the_bell_is_as_the_user_wants_it() {
    let rings = |bell, text: &str| {
        let mut scene = unfocused(58, 10);
        scene.app.set_bell(bell);
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

/// Ten rows of a log of thirty lines, of which every tenth is of tea.
fn tea(width: u16) -> Scene {
    let mut scene = Scene::chatting(width, 13);
    for n in 0..30 {
        let what = if n % 10 == 5 { "Tea" } else { "coffee" };
        scene.says("bob", &format!("{what} {n}"));
    }
    scene
}

fn has(scene: &Scene, text: &str) -> bool {
    scene.log().iter().any(|row| row.ends_with(text))
}

#[test]
fn a_search_finds_as_one_types_and_goes_up_and_down() {
    let mut scene = tea(58);
    scene.write("a draft");
    assert_eq!(scene.control('f'), []);
    assert_eq!(scene.input(), "Search:");
    assert!(
        scene
            .rule()
            .starts_with("─ Search the log. Esc goes back. ─")
    );
    scene.write("te");
    assert_eq!(scene.input(), "Search: te");
    let rule = "─ 3/3 · Up older, Down newer, Enter stays, Esc goes back ─";
    assert!(scene.rule().starts_with(rule), "{}", scene.rule());
    assert!(
        has(&scene, "Tea 25") && has(&scene, "coffee 29"),
        "it is on the screen"
    );
    scene.key(KeyCode::Up);
    assert!(scene.rule().starts_with("─ 2/3 ·"), "{}", scene.rule());
    // In the middle of ten rows.
    assert!(scene.log()[4].ends_with("Tea 15"), "{:?}", scene.log());
    scene.control('r');
    assert!(scene.rule().starts_with("─ 1/3 ·"));
    scene.control('f');
    assert!(scene.rule().starts_with("─ 1/3 ·"), "there is none before");
    assert!(has(&scene, "Tea 5"));
    scene.key(KeyCode::Down);
    scene.control('g');
    assert!(scene.rule().starts_with("─ 3/3 ·"));
    scene.key(KeyCode::Down);
    assert!(scene.rule().starts_with("─ 3/3 ·"), "there is none after");
    scene.key(KeyCode::Esc);
    assert_eq!(scene.input(), "> a draft");
    assert!(scene.log()[9].ends_with("coffee 29"));
    assert!(!scene.rule().contains("below"));
}

#[test]
fn escape_returns_to_where_one_was_and_enter_stays_where_one_is() {
    let mut scene = tea(58);
    scene.key(KeyCode::PageUp);
    let before = scene.log();
    let search = |scene: &mut Scene| {
        scene.control('f');
        scene.write("tea 5");
        let found = scene.log();
        assert!(has(scene, "Tea 5"), "{found:?}");
        found
    };
    search(&mut scene);
    scene.key(KeyCode::Esc);
    assert_eq!(scene.log(), before);
    let found = search(&mut scene);
    scene.key(KeyCode::Enter);
    assert_eq!(scene.log(), found);
    assert!(scene.rule().contains("below (End)"), "{}", scene.rule());
    assert_eq!(scene.send("hello"), act(Action::Say("hello".into())));
    assert!(scene.log()[9].ends_with("hello"));
}

#[test]
fn a_search_begins_where_one_reads() {
    let mut scene = tea(58);
    scene.key(KeyCode::Home);
    // The first ten lines show.
    scene.control('f');
    scene.write("tea");
    assert!(scene.rule().starts_with("─ 1/3 ·"), "{}", scene.rule());
    scene.write(" 25");
    assert!(
        scene.rule().starts_with("─ 1/1 ·"),
        "below, for want of one above"
    );
    assert!(has(&scene, "Tea 25"));
    scene.key(KeyCode::Backspace);
    scene.key(KeyCode::Backspace);
    assert!(scene.rule().starts_with("─ 1/3 ·"), "{}", scene.rule());
    assert!(has(&scene, "Tea 5"));
}

#[test]
fn what_is_not_there_is_not_found_until_it_comes() {
    let mut scene = tea(58);
    scene.key(KeyCode::PageUp);
    let before = scene.log();
    scene.control('f');
    scene.write("coffee x");
    assert!(
        scene
            .rule()
            .starts_with("─ Nothing found. Esc goes back. ─")
    );
    assert_eq!(scene.log(), before);
    scene.says("bob", "COFFEE X");
    assert!(scene.rule().starts_with("─ 1/1 ·"), "{}", scene.rule());
    assert!(has(&scene, "COFFEE X"));
    scene.says("carol", "coffee xx");
    assert!(scene.rule().starts_with("─ 1/2 ·"), "{}", scene.rule());
}

#[test]
fn one_searches_for_who_said_it_and_in_any_spelling() {
    let mut scene = tea(58);
    scene.says("Zoe\u{308}", "hi");
    scene.control('f');
    scene.tell(Msg::Paste("ZO\u{CB}\nis one line".into()));
    assert_eq!(scene.input(), "Search: ZO\u{CB}");
    assert!(scene.rule().starts_with("─ 1/1 ·"));
}

#[test]
fn what_is_found_is_marked_without_colours() {
    let mut scene = Scene::chatting(40, 10);
    scene.says("bob", "steam and tea");
    scene.says("bob", "a word that goes over the tea end");
    scene.control('f');
    scene.write("tea");
    assert_eq!(scene.log()[2], "               │ the tea end");
    assert_eq!(marked(&scene, 1, Modifier::UNDERLINED), "teatea");
    assert_eq!(marked(&scene, 2, Modifier::REVERSED), "");
    assert_eq!(
        marked(&scene, 3, Modifier::REVERSED),
        "tea",
        "one looks at this"
    );
    scene.control('u');
    scene.write("over the");
    let (over, the) = (
        marked(&scene, 2, Modifier::REVERSED),
        marked(&scene, 3, Modifier::REVERSED),
    );
    assert_eq!(
        (over.as_str(), the.as_str()),
        ("over", "the"),
        "across rows"
    );
    scene.key(KeyCode::Enter);
    assert_eq!(marked(&scene, 2, Modifier::REVERSED), "");
}

#[test]
fn what_is_found_shows_within_a_long_message() {
    let mut scene = Scene::chatting(58, 13);
    let lines = |from, to| {
        (from..to)
            .map(|n| format!("line {n}\n"))
            .collect::<String>()
    };
    scene.says("bob", &format!("{}needle\n{}", lines(0, 30), lines(30, 60)));
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    scene.control('f');
    scene.write("needle");
    assert!(has(&scene, "│ needle"), "{:?}", scene.log());
}

#[test]
fn a_search_goes_on_while_the_oldest_lines_go() {
    let mut scene = Scene::chatting(58, 13);
    scene.says("bob", "needle 1");
    scene.says("bob", "needle 2");
    scene.control('f');
    scene.write("needle 1");
    assert!(scene.rule().starts_with("─ 1/1 ·"));
    (0..10_000).for_each(|n| scene.says("bob", &n.to_string()));
    assert!(
        scene.rule().starts_with("─ Nothing found."),
        "{}",
        scene.rule()
    );
    scene.says("bob", "needle 1");
    assert!(scene.rule().starts_with("─ 1/1 ·"));
}

#[test]
fn an_empty_search_ends_like_an_empty_box() {
    let mut scene = tea(58);
    scene.control('f');
    scene.write("x");
    scene.key(KeyCode::Tab);
    scene.control('d');
    assert_eq!(scene.input(), "Search: x");
    scene.key(KeyCode::Backspace);
    assert_eq!(scene.control('d'), []);
    assert_eq!(scene.input(), ">");
    scene.control('f');
    scene.write("x");
    assert_eq!(scene.control('c'), []);
    assert_eq!(scene.input(), ">");
    assert_eq!(scene.control('c'), [Effect::Quit]);
}

#[test]
fn a_key_and_a_drawing_cost_a_few_screens_however_long_the_log_is() {
    const ROWS: usize = 50;
    let mut scene = Scene::chatting(80, ROWS as u16);
    for n in 0..10_000 {
        scene.says("bob", if n % 10 == 0 { "tea" } else { "coffee" });
    }
    let cost = |scene: &mut Scene, act: &mut dyn FnMut(&mut Scene)| {
        let before = WRAPS.get();
        act(scene);
        WRAPS.get() - before
    };
    let drawing = cost(&mut scene, &mut |scene| drop(scene.draw()));
    assert!(drawing <= ROWS, "{drawing}");
    let keys = [
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
    ];
    for key in keys {
        let wraps = cost(&mut scene, &mut |scene| drop(scene.key(key)));
        assert!(wraps <= 3 * ROWS, "{key:?}: {wraps}");
    }
    scene.control('f');
    for key in "tea".chars().map(KeyCode::Char).chain([KeyCode::Up; 20]) {
        let wraps = cost(&mut scene, &mut |scene| drop(scene.key(key)));
        assert!(wraps <= 3 * ROWS, "{key:?}: {wraps}");
        let drawing = cost(&mut scene, &mut |scene| drop(scene.draw()));
        assert!(drawing <= 2 * ROWS, "{drawing}");
    }
    let pouring = cost(&mut scene, &mut |scene| {
        (0..2_000).for_each(|_| scene.says("bob", "tea"));
    });
    assert_eq!(pouring, 0);
}

#[test]
fn an_address_that_goes_over_rows_is_a_link_in_each_and_one_that_does_not_is_left_alone() {
    let mut scene = Scene::chatting(40, 10);
    let url = "https://example.org/a/b/c/d/e/f/g";
    scene.says("bob", &format!("look: {url}, or http://example.org/"));
    let mut buf = Buffer::empty(Rect::new(0, 0, 40, 10));
    // The text begins in column 17 and has 23: the first 23 of 33 are in the second row.
    assert_eq!(
        scene.log()[1..3],
        [
            "               │ https://example.org/a/b",
            "               │ /c/d/e/f/g, or"
        ]
    );
    let link = |area| Hyperlink {
        area,
        url: url.into(),
    };
    let links = [link(Rect::new(17, 2, 23, 1)), link(Rect::new(17, 3, 10, 1))];
    assert_eq!(view(&scene.app, &mut buf).links, links);
}
