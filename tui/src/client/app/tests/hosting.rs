//! The server that is hosted by the client.

use super::*;

/// Alice, who hosts the server, alone in the general room.
fn hosting() -> Scene {
    let mut scene = Scene::connecting(80, 24);
    scene.tell(Msg::Connected(Role::Host));
    scene.event(logged_in("alice"));
    scene.event(joined("alice", "general", true));
    scene.event(users("general", &["alice"]));
    scene
}

fn asks(scene: &Scene) -> bool {
    let question = "Others may be on the server you host, and lose it. [y]";
    scene.screen().iter().any(|row| row.contains(question))
}

#[test]
fn whoever_hosts_is_told_so_once_and_who_can_come_and_how() {
    let mut scene = hosting();
    let rows = scene.log().into_iter();
    let words = rows.map(|row| row.split('│').next().unwrap_or_default().trim().to_owned());
    let log = words.collect::<Vec<_>>().join(" ");
    for told in [
        "You host 127.0.0.1:9000 now. Only this machine can reach it",
        "join with `chatmaster`",
        "run `chatmaster serve`",
    ] {
        assert_eq!(log.matches(told).count(), 1, "{log}");
    }
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Host));
    let log = scene.log().join("\n");
    assert_eq!(log.matches("You host").count(), 1, "{log}");
}

#[test]
fn a_server_that_others_are_on_is_not_taken_from_them_unasked() {
    let came: [fn(&mut Scene); 5] = [
        |scene| drop(scene.event(joined("bob", "general", false))),
        // He may be in a private room.
        |scene| {
            scene.event(joined("bob", "general", false));
            scene.event(left("bob", "general", false));
        },
        |scene| drop(scene.event(users("general", &["alice", "bob"]))),
        |scene| drop(scene.event(channels(&["general", "tea"], Listing::Channels))),
        // From there it does not show who comes.
        |scene| drop(scene.event(joined("alice", "tea", true))),
    ];
    for came in came {
        let mut scene = hosting();
        came(&mut scene);
        for (key, leaves) in [
            ('c', Effect::Quit),
            ('d', Effect::Quit),
            ('z', Effect::Suspend),
        ] {
            assert_eq!(scene.control(key), []);
            assert!(asks(&scene), "{:?}", scene.screen());
            assert_eq!(scene.key(KeyCode::Char('x')), []);
            assert_eq!(scene.key(KeyCode::Enter), []);
            assert_eq!(scene.key(KeyCode::Esc), []);
            assert!(!asks(&scene));
            assert_eq!(scene.input(), ">");
            scene.control(key);
            assert_eq!(scene.key(KeyCode::Char('y')), [leaves]);
        }
        assert_eq!(scene.send("/quit"), []);
        assert_eq!(scene.control('c'), [Effect::Quit]);
        assert_eq!(scene.send("/connect chat.example.org"), []);
        let effects = scene.key(KeyCode::Char('y'));
        assert!(
            matches!(effects[..], [Effect::Connect { .. }]),
            "{effects:?}"
        );
        // It is gone with that.
        assert_eq!(scene.control('c'), [Effect::Quit]);
    }
}

#[test]
fn whoever_hosts_for_nobody_leaves_at_once() {
    let mut scene = hosting();
    scene.send("hello?");
    scene.event(channels(&["general"], Listing::Channels));
    assert_eq!(scene.control('z'), [Effect::Suspend]);
    assert_eq!(scene.control('c'), [Effect::Quit]);
}

#[test]
fn whoever_is_told_to_end_does_not_ask() {
    let mut scene = hosting();
    scene.event(joined("bob", "general", false));
    assert_eq!(scene.tell(Msg::Terminate), [Effect::Quit]);
}

#[test]
fn a_guest_of_a_server_leaves_it_to_the_others_without_being_asked() {
    let mut scene = Scene::chatting(80, 24);
    assert_eq!(scene.control('c'), [Effect::Quit]);
}
