//! Whole screens, as they are to look.

use ratatui::style::Color;

use super::*;

/// A private room, in which something came after midnight while the terminal had no focus.
fn night(width: u16, height: u16) -> Scene {
    let mut scene = Scene::entered(width, height);
    scene.send("/join lair");
    scene.enters("lair");
    scene.event(users("lair", &["alice", "Ünïcödé-of-a-long-name", "bob"]));
    scene.event(channels(&["dev", "general"], Listing::Private));
    scene.at = date(2026, 11, 24).at(23, 58, 0, 0);
    scene.says("bob", "Good night! 🌙");
    scene.write("not ye");
    scene.tell(Msg::Focus(Focus::Elsewhere));
    scene.at = date(2026, 11, 25).at(0, 1, 0, 0);
    scene.says(
        "Ünïcödé-of-a-long-name",
        "e\u{301}t 👩\u{200D}🚀 → https://example.org/a/path/that/is/longer/than/a/row/of/text",
    );
    scene.says("bob", "alice, 日本語は好きですか");
    scene
}

/// Compares the screen with a picture that starts after a line break.
fn assert_shows(scene: &Scene, picture: &str) {
    let shown = scene.screen().join("\n");
    let expected = picture.strip_prefix('\n').expect("it starts on a line");
    assert_eq!(shown, expected, "\n{shown}\n");
}

#[test]
fn what_came_in_a_private_room_at_80_by_24() {
    let scene = night(80, 24);
    assert_shows(
        &scene,
        "
 lair [private] · 3 members                             alice on 127.0.0.1:9000
12:00        -->   You are in lair now.                        │ Rooms
12:00         --   lair is private now: hidden, and closed to  │ 1 general
                   newcomers.                                  │ > lair (2!)
23:58        bob │ Good night! 🌙                              │   dev
─ Wednesday, 25 November 2026 ──────────────────────────────── │
─ new ──────────────────────────────────────────────────────── │ Members
00:01 Ünïcödé-o… │ e\u{301}t 👩\u{200D}🚀 →                                     │ alice
                 │ https://example.org/a/path/that/is/longer/t │ Ünïcödé-of-a-l…
                 │ han/a/row/of/text                           │ bob
00:01        bob │ alice, 日本語は好きですか                   │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
                                                               │
────────────────────────────────────────────────────────────────────────────────
> not ye",
    );
    assert_eq!(scene.draw().1, Some(Position::new(8, 23)));
}

#[test]
fn what_came_in_a_private_room_at_120_by_40() {
    let scene = night(120, 40);
    let mut picture = "
 lair [private] · 3 members                                                                     alice on 127.0.0.1:9000
12:00            -->   You are in lair now.                                                     │ Rooms
12:00             --   lair is private now: hidden, and closed to newcomers.                    │ 1 general
23:58            bob │ Good night! 🌙                                                           │ > lair (2!)
─ Wednesday, 25 November 2026 ───────────────────────────────────────────────────────────────── │   dev
─ new ───────────────────────────────────────────────────────────────────────────────────────── │
00:01 Ünïcödé-of-a-… │ e\u{301}t 👩\u{200D}🚀 → https://example.org/a/path/that/is/longer/than/a/row/of/text     │ Members
00:01            bob │ alice, 日本語は好きですか                                                │ alice
                                                                                                │ Ünïcödé-of-a-long-name
                                                                                                │ bob
"
    .to_owned();
    // Nine rows of the log are above, of 37.
    for _ in 9..37 {
        picture += &format!("{}│\n", " ".repeat(96));
    }
    picture += &format!("{}\n> not ye", "─".repeat(120));
    assert_shows(&scene, &picture);
}

#[test]
fn what_came_in_a_private_room_at_40_by_10() {
    assert_shows(
        &night(40, 10),
        "
 lair [private] (2!) · 3 members  alice
─ new ──────────────────────────────────
00:01 Ünïcödé… │ e\u{301}t 👩\u{200D}🚀 →
               │ https://example.org/a/p
               │ ath/that/is/longer/than
               │ /a/row/of/text
00:01      bob │ alice,
               │ 日本語は好きですか
────────────────────────────────────────
> not ye",
    );
}

#[test]
fn a_lost_connection_at_40_by_10() {
    let mut scene = Scene::chatting(40, 10);
    scene.says("bob", "hi");
    scene.write("half a thou");
    scene.event(lost());
    assert_shows(
        &scene,
        "
 general                  not connected
12:00      bob │ hi
12:00       !!   The connection to the
                 server was lost.




─ Not connected. Trying again in 2 s;… ─
> half a thou",
    );
}

#[test]
fn ten_thousand_lines_at_120_by_40() {
    let mut scene = Scene::chatting(120, 40);
    let members: Vec<String> = (0..60).map(|n| format!("member-{n}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    scene.event(users("general", &members));
    (0..12_000).for_each(|n| scene.says("bob", &format!("line {n}")));
    scene.key(KeyCode::PageUp);
    let screen = scene.screen();
    assert_eq!(
        screen[0],
        " general · 60 members                                                                           \
         alice on 127.0.0.1:9000"
    );
    // A page is all of the 37 rows but one.
    for (row, n) in screen[1..38].iter().zip(11_927..) {
        assert!(row.starts_with(&format!("12:00            bob │ line {n} ")));
    }
    assert_eq!(
        screen[38],
        format!("─ 36 more below (End) {}", "─".repeat(98))
    );
    let side = |screen: &[String], y: usize| screen[y].chars().skip(96).collect::<String>();
    assert_eq!(side(&screen, 1), "│ Rooms");
    assert_eq!(side(&screen, 4), "│ Members");
    assert_eq!(side(&screen, 5), "│ member-0");
    assert_eq!(side(&screen, 36), "│ member-31");
    assert_eq!(side(&screen, 37), "│ +28 more");
    scene.key(KeyCode::Home);
    let screen = scene.screen();
    // The first 2,000 are gone.
    for (row, n) in screen[1..38].iter().zip(2_000..) {
        assert!(row.starts_with(&format!("12:00            bob │ line {n} ")));
    }
    assert_eq!(
        screen[38],
        format!("─ 9963 more below (End) {}", "─".repeat(96))
    );
}

#[test]
fn a_search_in_ten_thousand_lines_at_80_by_24() {
    let mut scene = Scene::chatting(80, 24);
    for n in 0..10_000 {
        let what = if n % 1_000 == 999 { "Tea" } else { "line" };
        scene.says("bob", &format!("{what} {n}"));
    }
    scene.control('f');
    scene.write("tea");
    scene.key(KeyCode::Up);
    assert_shows(
        &scene,
        "
 general · 2 members                                    alice on 127.0.0.1:9000
12:00        bob │ line 8989                                   │ Rooms
12:00        bob │ line 8990                                   │ > general
12:00        bob │ line 8991                                   │
12:00        bob │ line 8992                                   │ Members
12:00        bob │ line 8993                                   │ bob
12:00        bob │ line 8994                                   │ alice
12:00        bob │ line 8995                                   │
12:00        bob │ line 8996                                   │
12:00        bob │ line 8997                                   │
12:00        bob │ line 8998                                   │
12:00        bob │ Tea 8999                                    │
12:00        bob │ line 9000                                   │
12:00        bob │ line 9001                                   │
12:00        bob │ line 9002                                   │
12:00        bob │ line 9003                                   │
12:00        bob │ line 9004                                   │
12:00        bob │ line 9005                                   │
12:00        bob │ line 9006                                   │
12:00        bob │ line 9007                                   │
12:00        bob │ line 9008                                   │
12:00        bob │ line 9009                                   │
─ 9/10 · Up older, Down newer, Enter stays, Esc goes back ──────────────────────
Search: tea",
    );
    assert_eq!(scene.draw().1, Some(Position::new(11, 23)));
}

#[test]
fn a_private_room_with_a_long_name_is_still_marked() {
    let mut scene = Scene::chatting(40, 10);
    let room = "a-room-with-a-name-of-over-forty-characters";
    scene.enters(room);
    scene.event(users(room, &["alice"]));
    scene.event(channels(&["general"], Listing::Private));
    assert_eq!(scene.title(), " a-room-with-a-name-of-over… [private]");
}

#[test]
fn what_marks_a_room_stands_out_of_the_title_without_colours() {
    let (buf, _) = night(40, 10).draw();
    let bold = (0..40).map(|x| &buf[(x, 0)]);
    let bold = bold.filter(|cell| cell.modifier.contains(Modifier::BOLD));
    let bold: String = bold.map(|cell| cell.symbol()).collect();
    assert_eq!(bold, " [private] (2!)");
}

#[test]
fn both_themes_mark_the_same_cells_with_the_terminals_own_colours() {
    let mut scene = night(80, 24);
    scene.event(error("join", "No."));
    let mut style = |palette, (x, y): (u16, u16)| {
        scene.app.palette = palette;
        let cell = &scene.draw().0[(x, y)];
        (cell.fg, cell.modifier)
    };
    let (none, bold, dim) = (Modifier::empty(), Modifier::BOLD, Modifier::DIM);
    let mention = Modifier::BOLD | Modifier::REVERSED;
    // The time, the line above what is new, who mentions alice, where, an error.
    let cells = [(0, 4), (2, 6), (13, 10), (19, 10), (14, 11)];
    let expected = [
        (
            Palette::Dark,
            [
                (Color::Reset, dim),
                (Color::LightYellow, bold),
                (Palette::Dark.name("bob").fg.unwrap_or_default(), mention),
                (Color::LightYellow, bold),
                (Color::LightRed, none),
            ],
        ),
        (
            Palette::Light,
            [
                (Color::Reset, dim),
                (Color::Blue, bold),
                (Palette::Light.name("bob").fg.unwrap_or_default(), mention),
                (Color::Blue, bold),
                (Color::Red, none),
            ],
        ),
        (
            Palette::Plain,
            [
                (Color::Reset, dim),
                (Color::Reset, bold),
                (Color::Reset, mention),
                (Color::Reset, bold),
                (Color::Reset, none),
            ],
        ),
    ];
    for (palette, styles) in expected {
        assert_eq!(
            cells.map(|cell| style(palette, cell)),
            styles,
            "{palette:?}"
        );
    }
}

#[test]
fn no_palette_has_more_than_sixteen_colours_or_a_background() {
    for palette in [Palette::Dark, Palette::Light, Palette::Plain] {
        let mut scene = night(120, 40);
        scene.app.palette = palette;
        for cell in &scene.draw().0.content {
            assert_eq!(cell.bg, Color::Reset);
            assert!(!matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_)));
            assert!(palette != Palette::Plain || cell.fg == Color::Reset);
        }
    }
}

#[test]
fn the_room_one_is_in_is_among_those_there_is_room_for() {
    let mut scene = Scene::chatting(80, 24);
    let rooms: Vec<String> = (0..40).map(|n| format!("room-{n:02}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    for room in &rooms[..10] {
        scene.enters(room);
    }
    scene.alt('p');
    scene.event(channels(&rooms, Listing::Channels));
    let screen = scene.screen();
    let side: Vec<String> = screen[1..12]
        .iter()
        .map(|row| row.chars().skip(63).collect())
        .collect();
    // The members have half of the 21 rows.
    let expected = [
        "│ Rooms",
        "│ 4 room-02",
        "│ 5 room-03",
        "│ 6 room-04",
        "│ 7 room-05",
        "│ 8 room-06",
        "│ 9 room-07",
        "│ > room-08",
        "│ +34 more",
        "│",
        "│ Members",
    ];
    assert_eq!(side, expected);
}

#[test]
fn there_is_a_screen_of_any_size() {
    let mut scene = Scene::chatting(80, 24);
    scene.says("bob", &"日本 and a long line of words ".repeat(20));
    scene.send("/help");
    scene.write("half a line");
    for width in [0, 1, 2, 3, 17, 40, 80, 255, 256, 500] {
        for height in [0, 1, 2, 3, 10, 24, 100, 200] {
            scene.tell(Msg::Resized(width, height));
            let (buf, cursor) = scene.draw();
            assert_eq!((buf.area.width, buf.area.height), (width, height));
            assert_eq!(cursor.is_some(), width > 0 && height > 0);
        }
    }
}
