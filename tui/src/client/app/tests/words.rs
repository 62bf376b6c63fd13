//! What people read, and what becomes of what they type by mistake.

use super::*;
use crate::client::command;

#[test]
fn people_read_of_rooms_whatever_the_server_calls_them() {
    let mut scene = Scene::chatting(100, 10);
    for (said, read) in [
        (
            "Only the channel's owner can set it to private.",
            "Only the room's owner can set it to private.",
        ),
        (
            "There are too many channels. Join one of them.",
            "There are too many rooms. Join one of them.",
        ),
        (
            "Channel cannot be created: it looks like \"channel\".",
            "Room cannot be created: it looks like \"channel\".",
        ),
    ] {
        scene.event(error("join", said));
        let log = scene.log().concat();
        assert!(log.contains(read), "{log}");
    }
    assert_eq!(scene.send("/channels"), act(Action::Channels));
    scene.event(error("channels", "Not now."));
    assert!(scene.log().concat().contains("/rooms: Not now."));
    let texts = [command::help(), command::help_in_brief(), keys::help()].concat();
    assert!(
        !texts.concat().to_lowercase().contains("channel"),
        "{texts:?}"
    );
}

#[test]
fn help_fits_a_small_screen() {
    for topic in ["/help", "/help keys"] {
        let mut scene = Scene::chatting(40, 10);
        scene.send(topic);
        let log = scene.log();
        assert!(
            log[0].starts_with("12:00"),
            "{topic} starts above: {log:#?}"
        );
    }
}

#[test]
fn a_refused_command_is_replaced_by_what_is_typed_next() {
    for refused in ["/jion tea", "/join", "/set bell loud", "/say hi"] {
        let mut scene = Scene::chatting(80, 10);
        assert_eq!(scene.send(refused), []);
        assert_eq!(scene.input(), format!("> {refused}"));
        let (buf, _) = scene.draw();
        assert!(buf[(2, 9)].modifier.contains(Modifier::REVERSED));
        assert_eq!(scene.send("/join tea"), act(Action::Join("tea".into())));
        // It can still be corrected, cut, pasted over and brought back.
        scene.send(refused);
        scene.key(KeyCode::Left);
        scene.write("x");
        assert!(
            scene.input().contains('x')
                && scene.input().starts_with(&format!("> {}", &refused[..3]))
        );
        scene.control('c');
        scene.send(refused);
        scene.key(KeyCode::Backspace);
        assert_eq!(scene.input(), ">");
        scene.control('_');
        assert_eq!(scene.input(), format!("> {refused}"));
        scene.key(KeyCode::Enter);
        scene.tell(Msg::Paste("hello".into()));
        assert_eq!(scene.input(), "> hello");
    }
}

#[test]
fn a_command_without_a_connection_is_replaced_as_well_and_a_message_is_not() {
    let mut scene = Scene::connecting(80, 10);
    scene.send("/join tea");
    scene.send("hello");
    assert_eq!(scene.input(), "> hello");
    scene.write(" again");
    assert_eq!(scene.input(), "> hello again");
}

#[test]
fn control_c_empties_the_box_before_it_leaves() {
    let mut scene = Scene::chatting(80, 10);
    scene.write("half a thought");
    assert_eq!(scene.control('c'), []);
    assert_eq!(scene.input(), ">");
    scene.control('y');
    assert_eq!(scene.input(), "> half a thought");
    assert_eq!(scene.control('c'), []);
    scene.tell(Msg::Paste("one\ntwo".into()));
    assert_eq!(scene.control('c'), []);
    assert_eq!(scene.input(), ">");
    assert_eq!(scene.control('c'), [Effect::Quit]);
}

#[test]
fn a_name_that_is_completed_within_a_line_has_one_space_behind_it() {
    let mut scene = Scene::chatting(80, 10);
    scene.event(users("general", &["bob", "alice", "Bert"]));
    scene.write("ask b about it");
    for _ in 0.." about it".len() {
        scene.key(KeyCode::Left);
    }
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> ask bob about it");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> ask Bert about it");
    scene.key(KeyCode::BackTab);
    scene.write("too ");
    assert_eq!(scene.input(), "> ask bob too about it");
}
