//! What the client does with what is written in it.

use super::*;

fn connect(address: Option<&str>, room: Option<&str>) -> Effect {
    Effect::Connect {
        address: address.map(|address| address.parse().expect("it is an address")),
        name: Some("alice".into()),
        room: room.map(Into::into),
        resume: None,
    }
}

#[test]
fn who_disconnects_stays_in_the_program_with_what_was_typed() {
    let mut scene = Scene::chatting(80, 10);
    assert_eq!(scene.send("/disconnect"), [Effect::Disconnect]);
    assert!(
        scene.title().ends_with("not connected to 127.0.0.1:9000"),
        "{}",
        scene.title()
    );
    assert!(
        scene
            .rule()
            .contains("Not connected. Press Enter to connect.")
    );
    assert!(!scene.app.is_lost(), "it is what the user wants");
    assert_eq!(scene.send("/disconnect"), [], "there is nothing to leave");
    assert_eq!(scene.send("draft"), [connect(None, None)]);
    assert_eq!(scene.input(), "> draft");
}

#[test]
fn one_connects_elsewhere_and_leaves_the_room_behind() {
    let mut scene = Scene::chatting(80, 10);
    scene.enters("dev");
    let here = [connect(Some("127.0.0.1"), Some("dev"))];
    assert_eq!(scene.send("/connect 127.0.0.1"), here, "it is the same one");
    let there = [connect(Some("chat.example.org:9100"), None)];
    assert_eq!(scene.send("/connect chat.example.org:9100"), there);
    assert!(
        scene
            .title()
            .ends_with("connecting to chat.example.org:9100"),
        "{}",
        scene.title()
    );
    scene.tell(Msg::NotConnected("Nobody is there.".into()));
    assert_eq!(scene.key(KeyCode::Enter), [connect(None, None)]);
}

#[test]
fn what_is_no_address_is_said_and_stays_in_the_box() {
    let mut scene = Scene::chatting(110, 10);
    assert_eq!(scene.send("/connect a:b"), []);
    assert!(
        scene.screen()[1].contains("That is no server: \"b\" is not a port"),
        "{:?}",
        scene.screen()
    );
    assert_eq!(scene.input(), "> /connect a:b");
}

#[test]
fn what_someone_does_is_told_of_them() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(
        scene.send("/me waves"),
        act(Action::Say("/me waves".into()))
    );
    scene.says("bob", "/me waves\nback");
    scene.says("bob", "/mean it");
    let expected = [
        "12:00          *   alice waves",
        "12:00          *   bob waves",
        "                   back",
        "12:00        bob │ /mean it",
    ];
    assert_eq!(scene.log(), expected);
}

#[test]
fn help_fits_on_the_screen_and_the_keys_on_another() {
    for topic in ["/help", "/help keys"] {
        let mut scene = Scene::chatting(80, 24);
        scene.send(topic);
        assert!(!scene.rule().contains("more below"), "{}", scene.rule());
        let log = scene.log();
        assert!(
            log[0].starts_with("12:00"),
            "{topic} starts above: {log:#?}"
        );
        let first = match topic {
            "/help" => "/join ROOM: Enter a room, or create it.",
            _ => "Enter: send. Alt-Enter: a new line.",
        };
        assert!(log[0].contains(first), "{log:#?}");
    }
}

fn alt(scene: &mut Scene, code: KeyCode) -> Vec<Effect> {
    scene.tell(Msg::Key(KeyEvent::new(code, KeyModifiers::ALT)))
}

fn say(text: &str) -> Effect {
    ask(Action::Say(text.into()))
}

/// The last rows of the screen.
fn foot(scene: &Scene, rows: usize) -> Vec<String> {
    let screen = scene.screen();
    screen[screen.len() - rows..].to_vec()
}

#[test]
fn the_box_grows_with_its_lines_and_shrinks_when_they_are_sent() {
    let mut scene = Scene::chatting(40, 12);
    scene.write("one");
    assert_eq!(alt(&mut scene, KeyCode::Enter), []);
    scene.write(&"x".repeat(40));
    let line = "─".repeat(40);
    let long = format!("  {}", "x".repeat(37));
    assert_eq!(foot(&scene, 4), [&*line, "> one", &long, "  xxx"]);
    assert_eq!(scene.draw().1, Some(Position::new(5, 11)));
    scene.key(KeyCode::Up);
    assert_eq!(scene.draw().1, Some(Position::new(5, 10)));
    let text = format!("one\n{}", "x".repeat(40));
    assert_eq!(scene.key(KeyCode::Enter), [say(&text)]);
    assert_eq!(foot(&scene, 2), [&*line, ">"]);
}

#[test]
fn the_box_scrolls_with_the_cursor_and_leaves_the_log_its_room() {
    let mut scene = Scene::chatting(40, 10);
    (0..9).for_each(|n| scene.says("bob", &n.to_string()));
    for n in 0..6 {
        scene.write(&n.to_string());
        scene.control('j');
    }
    assert_eq!(foot(&scene, 3), ["↑ 4", "  5", ""]);
    let log = &scene.screen()[1..6];
    assert!(log.iter().all(|row| row.contains("bob")), "{log:?}");
    (0..6).for_each(|_| {
        scene.key(KeyCode::Up);
    });
    assert_eq!(foot(&scene, 3), ["> 0", "  1", "↓ 2"]);
    assert_eq!(scene.draw().1, Some(Position::new(2, 7)));
}

#[test]
fn up_goes_through_the_box_before_it_goes_through_what_was_sent() {
    let mut scene = Scene::chatting(58, 10);
    scene.send("sent before");
    scene.write("one");
    scene.control('j');
    scene.write("two");
    scene.key(KeyCode::Up);
    assert_eq!(scene.draw().1, Some(Position::new(5, 8)));
    scene.key(KeyCode::Up);
    assert_eq!(scene.input(), "> sent before");
    scene.key(KeyCode::Down);
    assert_eq!(foot(&scene, 2), ["> one", "  two"]);
}

#[test]
fn a_paste_of_one_line_goes_into_the_box() {
    let mut scene = Scene::chatting(58, 10);
    scene.write("see ");
    assert_eq!(scene.tell(Msg::Paste("one line\r\n".into())), []);
    assert_eq!(scene.input(), "> see one line");
}

#[test]
fn a_paste_of_many_lines_asks_and_sends_nothing_by_itself() {
    let mut scene = Scene::chatting(40, 10);
    scene.write("draft");
    let paste = (1..=50)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(scene.tell(Msg::Paste(paste)), []);
    // 9 lines of one digit, 41 of two, 49 line breaks.
    let question = [
        "Paste 50 lines (140 bytes)? [m] one",
        "message [l] 50 messages in 2 s [e] edit",
        "[Esc] cancel",
    ];
    assert_eq!(foot(&scene, 3), question);
    for code in [
        KeyCode::Enter,
        KeyCode::Char(' '),
        KeyCode::Backspace,
        KeyCode::Tab,
    ] {
        assert_eq!(scene.key(code), []);
        assert_eq!(foot(&scene, 3), question);
    }
    assert_eq!(scene.key(KeyCode::Esc), []);
    assert_eq!(scene.input(), "> draft");
}

#[test]
fn a_paste_is_sent_with_what_is_around_it_as_one_message_or_line_by_line() {
    let pasted = |key| {
        let mut scene = Scene::chatting(80, 24);
        scene.write("a: z");
        scene.key(KeyCode::Left);
        scene.tell(Msg::Paste("/one\n\ntwo".into()));
        let effects = scene.key(KeyCode::Char(key));
        (effects, scene.input())
    };
    let sent = vec![say("a: /one\n\ntwoz")];
    assert_eq!(pasted('m'), (sent, ">".into()));
    let sent = vec![say("a: /one"), say("twoz")];
    assert_eq!(pasted('l'), (sent, ">".into()));
    let (effects, _) = pasted('e');
    assert_eq!(effects, []);
}

#[test]
fn what_is_pasted_is_no_command() {
    for (key, expected) in [
        ('m', vec![say("/quit\n/join x")]),
        ('l', vec![say("/quit"), say("/join x")]),
    ] {
        let mut scene = Scene::chatting(80, 24);
        scene.tell(Msg::Paste("/quit\n/join x".into()));
        assert_eq!(scene.key(KeyCode::Char(key)), expected);
    }
}

#[test]
fn a_paste_can_be_edited_first_and_a_cancelled_one_comes_back() {
    let mut scene = Scene::chatting(58, 12);
    scene.tell(Msg::Paste("one\ntwo".into()));
    assert_eq!(scene.key(KeyCode::Char('e')), []);
    assert_eq!(foot(&scene, 2), ["> one", "  two"]);
    scene.tell(Msg::Paste("three\nfour".into()));
    scene.key(KeyCode::Esc);
    assert_eq!(foot(&scene, 2), ["> one", "  two"]);
    scene.control('y');
    assert_eq!(foot(&scene, 3), ["> one", "  twothree", "  four"]);
}

#[test]
fn a_paste_that_makes_too_long_a_line_with_the_draft_stays_in_the_box() {
    let mut scene = Scene::chatting(80, 24);
    scene.write("draft");
    scene.tell(Msg::Paste(format!("{}\nx", "x".repeat(4094))));
    assert_eq!(scene.key(KeyCode::Char('l')), []);
    let screen = scene.screen().join("\n");
    assert!(screen.contains("a line is longer than a"), "{screen}");
    assert!(screen.ends_with("xxx\n  x"), "{screen}");
}

#[test]
fn a_paste_waits_for_a_connection_as_a_draft_does() {
    let mut scene = Scene::chatting(80, 24);
    scene.tell(Msg::Paste("one\ntwo".into()));
    scene.event(lost());
    assert_eq!(scene.key(KeyCode::Char('l')), []);
    assert_eq!(foot(&scene, 2), ["> one", "  two"]);
    assert!(
        scene
            .screen()
            .join("\n")
            .contains("Not yet: there is no connection so far.")
    );
}

#[test]
fn a_name_is_chosen_before_a_paste_is_decided_on() {
    let mut scene = Scene::chatting(80, 24);
    scene.tell(Msg::Paste("one\ntwo".into()));
    scene.event(lost());
    scene.control('r');
    scene.event(Event::NameWanted {
        reason: None,
        request: None,
    });
    scene.tell(Msg::Paste("x\ny".into()));
    assert_eq!(scene.input(), "Name: alice");
    assert_eq!(scene.send("m"), act(Action::Login("alicem".into())));
}

#[test]
fn a_paste_that_is_larger_than_the_box_is_said() {
    let words = "Not pasted: with it there is more than the box";
    let said = |scene: &Scene| scene.screen().join("\n").contains(words);
    let mut scene = Scene::chatting(110, 12);
    scene.write("draft");
    scene.tell(Msg::Paste("x".repeat(65_530)));
    assert!(said(&scene), "{:?}", scene.screen());
    assert_eq!(scene.input(), "> draft");
    // Nor is it by and by.
    let mut scene = Scene::chatting(110, 12);
    let half = "x\n".repeat(16_384);
    scene.tell(Msg::Paste(half.clone()));
    assert!(!said(&scene), "{:?}", scene.screen());
    scene.tell(Msg::Paste(half));
    assert!(said(&scene), "{:?}", scene.screen());
    scene.key(KeyCode::Char('e'));
    assert_eq!(scene.app.windows.here().editor.text().len(), 32_767);
}

#[test]
fn the_limit_shows_as_one_nears_it_and_nothing_longer_is_sent() {
    let mut scene = Scene::chatting(58, 12);
    scene.tell(Msg::Paste("x".repeat(3275)));
    let rule = |scene: &Scene| foot(scene, 5)[0].clone();
    assert!(!rule(&scene).contains("bytes"), "{}", rule(&scene));
    scene.write("x");
    assert!(
        rule(&scene).ends_with(" 820 bytes left ─"),
        "{}",
        rule(&scene)
    );
    scene.tell(Msg::Paste("y".repeat(821)));
    assert!(
        rule(&scene).ends_with(" 1 byte too long ─"),
        "{}",
        rule(&scene)
    );
    assert_eq!(scene.key(KeyCode::Enter), []);
    let words = "Not sent: it is 1 byte longer than a";
    assert!(scene.screen()[1].contains(words), "{:?}", scene.screen());
    scene.key(KeyCode::Backspace);
    assert_eq!(scene.key(KeyCode::Enter).len(), 1);
}

#[test]
fn tab_completes_names_and_goes_through_them_while_they_show() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(users("general", &["bob", "alice", "Bert"]));
    scene.write("b");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> bob:");
    assert!(
        scene.rule().starts_with("─ [bob] Bert ─"),
        "{}",
        scene.rule()
    );
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> Bert:");
    scene.key(KeyCode::BackTab);
    assert_eq!(scene.input(), "> bob:");
    scene.write("hi");
    assert!(!scene.rule().contains("bob"), "{}", scene.rule());
    assert_eq!(scene.key(KeyCode::Enter), [say("bob: hi")]);
    // One does not speak to oneself.
    scene.write("al");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> al");
}

#[test]
fn who_has_said_something_last_comes_first() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(users("general", &["bob", "alice", "Bert", "bill"]));
    for name in ["bill", "Bert", "bill", "gone"] {
        scene.says(name, "hi");
    }
    scene.write("b");
    scene.key(KeyCode::Tab);
    assert!(
        scene.rule().starts_with("─ [bill] Bert bob ─"),
        "{}",
        scene.rule()
    );
}

#[test]
fn tab_completes_rooms_and_commands() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(channels(&["dev", "general"], Listing::Public));
    scene.write("/jo");
    scene.key(KeyCode::Tab);
    scene.write("D");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> /join dev");
    assert_eq!(scene.key(KeyCode::Enter), act(Action::Join("dev".into())));
}

#[test]
fn a_name_from_elsewhere_does_nothing_to_the_box() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(users("general", &["b\x1B[2J", "alice"]));
    scene.write("b");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> b[2J:");
}

#[test]
fn what_is_sent_is_remembered_and_a_name_is_not() {
    let mut scene = Scene::connecting(58, 10);
    scene.event(Event::NameWanted {
        reason: None,
        request: None,
    });
    let remembered = |scene: &mut Scene, text: &str| {
        scene.write(text);
        let enter = Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
        let mut effects = update(&mut scene.app, scene.at, enter);
        effects.retain(|effect| matches!(effect, Effect::Remember(_)));
        effects
    };
    assert_eq!(remembered(&mut scene, "secret"), []);
    scene.event(logged_in("alice"));
    for text in ["hello", "/users", "/help", "//x"] {
        assert_eq!(
            remembered(&mut scene, text),
            [Effect::Remember(text.into())]
        );
    }
    assert_eq!(remembered(&mut scene, "//x"), [], "it is there already");
    assert_eq!(
        remembered(&mut scene, "/jion"),
        [],
        "it is still in the box"
    );
}

#[test]
fn what_was_sent_in_another_run_comes_back() {
    let mut scene = Scene::chatting(58, 10);
    scene.app.recall(vec!["older".into(), "old".into()]);
    scene.send("new");
    for expected in ["> new", "> old", "> older"] {
        scene.key(KeyCode::Up);
        assert_eq!(scene.input(), expected);
    }
}

#[test]
fn what_was_typed_is_kept_in_every_phase_of_a_reconnect() {
    let mut scene = Scene::chatting(80, 24);
    scene.write("one");
    scene.control('j');
    scene.write("two");
    let draft = |scene: &Scene| assert_eq!(foot(scene, 2), ["> one", "  two"]);
    scene.event(lost());
    draft(&scene);
    scene.control('r');
    draft(&scene);
    scene.tell(Msg::NotConnected("Nobody is there.".into()));
    draft(&scene);
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    draft(&scene);
    scene.event(Event::NameWanted {
        reason: None,
        request: None,
    });
    assert_eq!(scene.input(), "Name: alice");
    scene.key(KeyCode::Enter);
    draft(&scene);
    scene.event(logged_in("alice"));
    draft(&scene);
    assert_eq!(scene.key(KeyCode::Enter), [say("one\ntwo")]);
}

#[test]
fn a_refusal_says_what_was_refused() {
    let mut scene = Scene::chatting(58, 10);
    for text in ["/join lair", "/join dev", "/nick bob"] {
        scene.send(text);
    }
    scene.event(error("join", "Channel is private."));
    scene.enters("Dev");
    scene.event(error("rename", "Taken."));
    scene.send("/join");
    scene.event(error("join", "No."));
    let log = scene.log();
    assert_eq!(log[0], "12:00         !!   /join lair: Room is private.");
    assert_eq!(log[2], "12:00         !!   /rename bob: Taken.");
    assert_eq!(log[5], "12:00         !!   join: No.");
}
