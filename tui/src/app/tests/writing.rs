//! What the client does with what is written in it.

use super::*;

fn connect(address: Option<&str>, room: Option<&str>) -> Effect {
    Effect::Connect {
        address: address.map(|address| address.parse().expect("it is an address")),
        name: Some("alice".into()),
        room: room.map(Into::into),
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
    scene.event(joined("alice", "dev", true));
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
