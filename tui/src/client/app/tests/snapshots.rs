//! What the client shows.

use super::*;
use crate::text::{sanitise, width};

/// Puts `side` beside `log`, at its place on a screen of 80 columns.
fn beside((log, side): (&str, &str)) -> String {
    let gap = " ".repeat(63 - width(&sanitise(log)));
    format!("{log}{gap}{side}")
}

fn populated(width: u16, height: u16) -> Scene {
    let mut scene = Scene::entered(width, height);
    scene.event(users("general", &["bob", "日本語の長い名前です", "alice"]));
    scene.event(channels(
        &["dev", "general", "ünïcödé-of-a-long-name"],
        Listing::Channels,
    ));
    scene.at = date(2026, 11, 24).at(12, 1, 0, 0);
    scene.event(joined("carol", "general", false));
    scene.says("bob", "Hello, Alice! 🙂");
    scene.send("Hi bob");
    scene.says(
        "日本語の長い名前です",
        "日本語はここで折り返されますか、それとも折り返されませんか？",
    );
    scene.says("carol", &"x".repeat(50));
    scene.says("eve", "\x1B[31mred\u{202E}");
    scene.says("bob", "two\nlines");
    scene.at = date(2026, 11, 24).at(12, 2, 0, 0);
    scene.event(left("carol", "general", false));
    scene.event(error("join", "No."));
    scene.write("draft");
    scene
}

#[test]
fn a_chat_at_80_by_24() {
    let scene = populated(80, 24);
    let mut expected = vec![
        " general · 3 members                                    alice on 127.0.0.1:9000".into(),
    ];
    expected.extend(
        [
            (
                "12:00         --   You are alice, in general. /help helps.",
                "│ Rooms",
            ),
            ("12:01        -->   carol joined general.", "│ > general"),
            ("12:01        bob │ Hello, Alice! 🙂", "│   dev"),
            ("12:01      alice │ Hi bob", "│   ünïcödé-of-a…"),
            (
                "12:01  日本語の… │ 日本語はここで折り返されますか、それとも折",
                "│",
            ),
            ("                 │ り返されませんか？", "│ Members"),
            (
                "12:01      carol │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "│ bob",
            ),
            ("                 │ xxxxxxx", "│ 日本語の長い名…"),
            ("12:01        eve │ ␛[31mred<U+202E>", "│ alice"),
            ("12:01        bob │ two", "│"),
            ("                 │ lines", "│"),
            ("12:02        <--   carol left general.", "│"),
            ("12:02         !!   join: No.", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
            ("", "│"),
        ]
        .map(beside),
    );
    expected.push("─".repeat(80));
    expected.push("> draft".into());
    assert_eq!(scene.screen(), expected);
    assert_eq!(scene.draw().1, Some(Position::new(7, 23)));
}

#[test]
fn a_chat_at_40_by_10() {
    let scene = populated(40, 10);
    let expected = [
        " general · 3 members              alice",
        "               │ xxxxxxxxxxxxxxxxxxxxxxx",
        "               │ xxxx",
        "12:01      eve │ ␛[31mred<U+202E>",
        "12:01      bob │ two",
        "               │ lines",
        "12:02      <--   carol left general.",
        "12:02       !!   join: No.",
        "────────────────────────────────────────",
        "> draft",
    ];
    assert_eq!(scene.screen(), expected);
}

#[test]
fn a_chat_at_20_by_6_has_no_times() {
    let mut scene = Scene::chatting(20, 6);
    scene.says("bob", "hello there");
    scene.says("carol-anne", "hi");
    let expected = [
        " general",
        "   bob │ hello there",
        "carol… │ hi",
        "",
        "────────────────────",
        ">",
    ];
    assert_eq!(scene.screen(), expected);
}

#[test]
fn a_chat_at_12_by_4_has_names_in_the_text() {
    let mut scene = Scene::chatting(12, 4);
    scene.says("bob", "hello there");
    scene.write("abcdefghijkl");
    assert_eq!(scene.screen(), [" general", "bob: hello", "there", "↑ jkl"]);
    assert_eq!(scene.draw().1, Some(Position::new(5, 3)));
}

#[test]
fn at_65_columns_the_side_list_has_members_only() {
    let mut scene = Scene::chatting(65, 7);
    scene.event(joined("carol", "general", false));
    scene.event(joined("dave", "general", false));
    scene.event(joined("eve", "general", false));
    scene.send("/clear");
    let rows: Vec<String> = scene.screen()[1..5]
        .iter()
        .map(|row| row.chars().skip(50).collect())
        .collect();
    assert_eq!(rows, ["│ Members", "│ bob", "│ alice", "│ +3 more"]);
}

#[test]
fn a_private_room_is_among_the_rooms_and_marked_in_the_title() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("lair");
    scene.event(users("lair", &["alice"]));
    scene.event(channels(&["general"], Listing::Private));
    scene.send("/clear");
    let screen = scene.screen();
    assert_eq!(
        screen[0],
        " lair [private] · 1 member                              alice on 127.0.0.1:9000"
    );
    let side: Vec<String> = screen[1..6]
        .iter()
        .map(|row| row.chars().skip(63).collect())
        .collect();
    assert_eq!(
        side,
        ["│ Rooms", "│ 1 general", "│ > lair", "│", "│ Members"]
    );
}

#[test]
fn a_lost_connection_at_80_by_24() {
    let mut scene = Scene::chatting(80, 24);
    scene.write("half a thou");
    scene.event(lost());
    let screen = scene.screen();
    assert_eq!(
        screen[0],
        " general                                        not connected to 127.0.0.1:9000"
    );
    assert_eq!(
        screen[1],
        beside((
            "12:00         !!   The connection to the server was lost.",
            "│ Rooms"
        ))
    );
    let rule = format!(
        "─ Not connected. Trying again in 2 s; Enter tries now. {}",
        "─".repeat(25)
    );
    assert_eq!(screen[22], rule);
    assert_eq!(screen[23], "> half a thou");
}

#[test]
fn a_name_that_looks_like_a_mark_has_a_bar() {
    let mut scene = Scene::chatting(58, 10);
    scene.says("-->", "eve joined general.");
    scene.event(joined("eve", "general", false));
    let expected = [
        "12:00        --> │ eve joined general.",
        "12:00        -->   eve joined general.",
    ];
    assert_eq!(scene.log(), expected);
}

#[test]
fn nothing_remote_is_shown_unharmed() {
    let nasty = "a\x1B[2J\u{9B}1m\u{202E}\u{200B}\n\u{2066}b";
    let mut scene = Scene::entered(120, 40);
    scene.event(users("general", &[nasty, "alice"]));
    scene.event(channels(&[nasty, "general"], Listing::Channels));
    scene.says(nasty, nasty);
    scene.event(joined(nasty, nasty, false));
    scene.event(Event::Renamed {
        old_username: nasty.into(),
        new_username: nasty.into(),
        me: false,
        request: None,
        channel: None,
    });
    scene.event(error(nasty, nasty));
    scene.enters(nasty);
    scene.event(Event::NameWanted {
        reason: Some(nasty.into()),
        request: None,
    });
    for row in scene.screen() {
        assert!(!row.chars().any(crate::text::is_hidden), "{row:?}");
    }
}

#[test]
fn no_size_is_too_small_or_odd_in_any_state() {
    let scenes: [fn(u16, u16) -> Scene; 6] = [
        Scene::connecting,
        populated,
        |width, height| {
            let mut scene = populated(width, height);
            scene.key(KeyCode::PageUp);
            scene.event(lost());
            scene
        },
        |width, height| {
            let mut scene = populated(width, height);
            scene.control('f');
            scene.write("re");
            scene.key(KeyCode::Up);
            scene
        },
        |width, height| {
            let mut scene = populated(width, height);
            scene.tell(Msg::Focus(Focus::Elsewhere));
            scene.at = date(2026, 11, 25).at(0, 0, 0, 0);
            scene.says("bob", "https://example.org/a/long/way Alice 日本語日本語");
            scene.tell(Msg::Focus(Focus::Here));
            scene.tell(Msg::Key(KeyEvent::new(
                KeyCode::Char('u'),
                KeyModifiers::ALT,
            )));
            scene
        },
        |width, height| {
            let mut scene = Scene::connecting(width, height);
            scene.event(Event::NameWanted {
                reason: Some("日本語".into()),
                request: None,
            });
            scene
        },
    ];
    for scene in scenes {
        for width in (0..=24).chain([31, 32, 49, 50, 59, 60, 69, 70, 79, 109, 110, 200]) {
            for height in (0..=12).chain([24, 60]) {
                let scene = scene(width, height);
                let (_, cursor) = scene.draw();
                let inside = |at: Position| at.x < width && at.y < height;
                assert!(cursor.is_none_or(inside), "{cursor:?} at {width}x{height}");
            }
        }
    }
}

#[test]
fn a_resize_keeps_what_is_being_read() {
    let mut scene = Scene::chatting(80, 24);
    (0..100).for_each(|n| scene.says("bob", &format!("line {n} of a rather long conversation")));
    scene.key(KeyCode::PageUp);
    let last = |scene: &Scene| {
        let rows = scene.screen();
        rows[rows.len() - 3].contains("line 79 ") || rows[rows.len() - 4].contains("line 79 ")
    };
    assert!(last(&scene), "{:?}", scene.screen());
    scene.tell(Msg::Resized(40, 10));
    assert!(last(&scene), "{:?}", scene.screen());
    scene.tell(Msg::Resized(80, 24));
    assert!(last(&scene), "{:?}", scene.screen());
}
