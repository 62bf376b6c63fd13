//! What becomes of what was said when the connection ends.

use super::*;

#[test]
fn a_line_is_followed_by_a_sync_unless_one_is_on_its_way() {
    let mut scene = Scene::chatting(58, 10);
    let say = |text: &str| ask(Action::Say(text.into()));
    let effects = scene.send_alone("one");
    assert_eq!(with_wake(15, effects), [say("one"), ask(Action::Sync)]);
    assert_eq!(scene.send_alone("two"), [say("two")]);
    let synced = |scene: &Scene| {
        let is_sync = |asked: &&Asked| asked.action == Action::Sync;
        let sync = scene.asked.iter().rfind(is_sync).expect("there is one");
        let request = Some(sync.id);
        Msg::Update(Update::Event(Event::Synced { request }))
    };
    assert_eq!(scene.tell_alone(synced(&scene)), act(Action::Sync));
    assert_eq!(scene.tell_alone(synced(&scene)), []);
}

/// Says these texts, with no answer of the server.
fn unanswered(texts: &[&str]) -> Scene {
    let mut scene = Scene::chatting(58, 12);
    for text in texts {
        scene.send_alone(text);
    }
    scene
}

#[test]
fn what_is_not_known_to_have_arrived_is_told_when_the_connection_ends() {
    let mut scene = unanswered(&["one", "/join dev"]);
    scene.event(lost());
    let expected = [
        "12:00         !!   The connection to the server was lost.",
        "12:00         !!   May not have been done: /join dev",
    ];
    assert_eq!(scene.log(), expected);
    scene.alt('1');
    let expected = [
        "12:00      alice │ one",
        "─ new ────────────────────────────────────────────────────",
        "12:00         !!   May not have been delivered: one",
    ];
    assert_eq!(scene.log(), expected);
    assert_eq!(scene.input(), ">", "to send it again is for the user");
    scene.key(KeyCode::Enter);
    scene.event(lost());
    assert_eq!(scene.log().len(), 5, "it is told once: {:?}", scene.log());
}

#[test]
fn what_never_left_comes_back_into_the_box() {
    let mut scene = unanswered(&["one", "//two", "three"]);
    scene.event(scene.unsent(2));
    scene.event(lost());
    let log = scene.log();
    assert_eq!(
        log[4..],
        [
            "12:00         !!   May not have been delivered: one",
            "12:00         !!   Not sent: //two",
            "12:00         !!   Not sent: three",
        ]
    );
    assert_eq!(scene.input(), "> //two");

    let mut scene = unanswered(&["one"]);
    scene.write("draft");
    scene.event(scene.unsent(1));
    scene.event(lost());
    assert_eq!(scene.input(), "> draft", "what is in the box stays");
}

#[test]
fn what_arrived_is_not_told_again() {
    let mut scene = Scene::chatting(58, 10);
    scene.send("one");
    scene.event(lost());
    assert_eq!(scene.log().len(), 2, "{:?}", scene.log());
}

#[test]
fn a_server_that_lists_no_rooms_answers_a_sync_by_its_error() {
    let mut scene = unanswered(&["one"]);
    scene.event(error("channels", "Unknown command."));
    scene.event(lost());
    let expected = [
        "12:00      alice │ one",
        "12:00         !!   The connection to the server was lost.",
    ];
    assert_eq!(scene.log(), expected);
}
