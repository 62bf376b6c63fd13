//! Text goes where it was typed for, and nowhere else.

use proptest::prelude::*;

use super::*;

fn logged_in() -> Event {
    Event::LoggedIn {
        username: "alice".into(),
        channel: "general".into(),
        channels: vec!["general".into()],
        more: 0,
        request: None,
        version: chatmaster_core::wire::Version::One,
        resume: None,
        joined: vec![],
        resumed: false,
    }
}

fn shut() -> Event {
    error("join", "The room is private.")
}

fn say(text: &str) -> Vec<Effect> {
    act(Action::Say(text.into()))
}

/// Alice in a private room.
fn in_lair() -> Scene {
    let mut scene = Scene::chatting(80, 24);
    scene.send("/join lair");
    scene.event(joined("alice", "lair", true));
    scene.event(channels(&["general"], Listing::Private));
    scene
}

/// The connection is lost, and there is another, with a login.
fn reconnect(scene: &mut Scene) {
    scene.event(lost());
    scene.control('r');
    come_back(scene);
}

fn come_back(scene: &mut Scene) {
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in());
    scene.event(joined("alice", "general", true));
}

/// What was said, without its line breaks.
fn log(scene: &Scene) -> String {
    let rows = scene.log().into_iter();
    let words = rows.map(|row| row.split('│').next().unwrap_or_default().trim().to_owned());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_typed_in_a_room_that_lets_nobody_in_again_is_not_said_in_another() {
    let mut scene = in_lair();
    scene.write("half a se");
    reconnect(&mut scene);
    scene.write("cre");
    assert_eq!(
        scene.input(),
        "> half a secre",
        "it is typed on while one is on the way"
    );
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert!(log(&scene).contains("Not sent yet: you are still on the way into lair."));
    scene.event(shut());
    assert_eq!(scene.input(), ">");
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    let rule = scene.rule();
    assert!(
        rule.contains("You are in general now, not in lair."),
        "{rule}"
    );
    // The last key of the line, and Enter, come before one has read that.
    assert_eq!(scene.send("t"), []);
    assert!(log(&scene).contains("Not sent: this is general, not lair. Enter sends it here."));
    let rule = scene.rule();
    assert!(
        rule.contains("Enter sends this into general, not into lair."),
        "{rule}"
    );
    assert_eq!(scene.key(KeyCode::Enter), say("t"));
    assert_eq!(scene.send("hello"), say("hello"), "it is known now");
    // It is at hand, for whoever wants it here.
    assert!(log(&scene).contains("What you typed in lair is kept for it; Ctrl-Y brings it"));
    scene.control('y');
    assert_eq!(scene.input(), "> half a secre");
    scene.control('u');
    // And it is there when one is.
    scene.send("/join lair");
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.input(), "> half a secre");
    assert_eq!(scene.key(KeyCode::Enter), say("half a secre"));
}

#[test]
fn a_line_typed_while_there_is_no_connection_goes_only_where_it_was_typed_for() {
    for comes_back in [true, false] {
        let mut scene = in_lair();
        scene.event(lost());
        assert_eq!(
            scene.send("secret").len(),
            1,
            "Enter connects, and says nothing"
        );
        assert_eq!(scene.key(KeyCode::Enter), []);
        come_back(&mut scene);
        assert_eq!(
            scene.key(KeyCode::Enter),
            [],
            "general is not where it is for"
        );
        if comes_back {
            scene.event(joined("alice", "lair", true));
            assert_eq!(scene.input(), "> secret");
            assert_eq!(scene.key(KeyCode::Enter), say("secret"));
        } else {
            scene.event(shut());
            assert_eq!(scene.input(), ">");
            assert_eq!(scene.key(KeyCode::Enter), []);
        }
    }
}

#[test]
fn what_never_left_comes_back_into_the_box_of_its_room() {
    let mut scene = in_lair();
    scene.send_alone("secret");
    scene.event(scene.unsent(1));
    reconnect(&mut scene);
    assert_eq!(scene.input(), "> secret");
    scene.event(shut());
    assert_eq!(scene.input(), ">");
}

#[test]
fn what_one_was_writing_before_one_looked_at_older_lines_does_not_come_along_either() {
    let mut scene = in_lair();
    scene.send("said before");
    scene.write("secret");
    scene.key(KeyCode::Up);
    assert_eq!(scene.input(), "> said before");
    reconnect(&mut scene);
    scene.event(shut());
    assert_eq!(scene.input(), ">");
    scene.key(KeyCode::Down);
    assert_eq!(scene.input(), ">");
    scene.send("/join lair");
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.input(), "> secret");
}

#[test]
fn a_paste_that_is_to_be_decided_on_stays_with_its_room() {
    let mut scene = in_lair();
    scene.tell(Msg::Paste("one\ntwo".into()));
    reconnect(&mut scene);
    assert_eq!(scene.key(KeyCode::Char('l')), [], "one is on the way");
    let mut scene = in_lair();
    scene.tell(Msg::Paste("one\ntwo".into()));
    reconnect(&mut scene);
    scene.event(shut());
    for key in ['m', 'l'] {
        assert_eq!(scene.key(KeyCode::Char(key)), []);
    }
    assert_eq!(scene.input(), "> ml");
    // A new one is asked about, and once more.
    scene.tell(Msg::Paste("x\ny".into()));
    assert_eq!(scene.key(KeyCode::Char('l')), []);
    assert_eq!(scene.key(KeyCode::Enter), say("mlx\ny"));
}

#[test]
fn whoever_is_moved_by_the_server_is_asked_too() {
    for moved in [left("alice", "lair", true), joined("alice", "jail", true)] {
        let mut scene = in_lair();
        scene.write("secret");
        scene.event(moved);
        assert_eq!(scene.input(), ">");
        assert_eq!(scene.send("hello?"), []);
        assert_eq!(scene.key(KeyCode::Enter), say("hello?"));
    }
}

#[test]
fn a_room_that_cannot_be_entered_at_the_start_gets_what_was_typed_for_it() {
    let mut scene = Scene::connecting(80, 24);
    scene.tell(Msg::Start {
        room: Some("lair".into()),
        login_name: None,
    });
    scene.write("secret");
    come_back(&mut scene);
    assert_eq!(scene.key(KeyCode::Enter), []);
    scene.event(shut());
    assert!(log(&scene).contains("You are not in lair: The room is private."));
    assert_eq!(scene.send("x"), []);
    assert_eq!(scene.input(), "> x");
}

#[test]
fn who_goes_elsewhere_by_a_command_takes_along_what_was_typed_since() {
    let mut scene = Scene::chatting(80, 24);
    scene.send("/join tea");
    scene.write("more t");
    scene.event(joined("alice", "tea", true));
    scene.write("ea");
    assert_eq!(scene.key(KeyCode::Enter), say("more tea"));
    scene.send("/leave");
    scene.write("back");
    scene.event(left("alice", "tea", true));
    scene.event(joined("alice", "general", true));
    assert_eq!(scene.key(KeyCode::Enter), say("back"));
}

#[test]
fn a_draft_waits_for_its_room_and_its_server_while_one_passes_through_others() {
    let mut scene = in_lair();
    scene.write("secret");
    scene.event(left("alice", "lair", true));
    let asked = [scene.send("/join lair"), scene.send("/join tea")];
    assert_eq!(asked.concat().len(), 2);
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.input(), ">", "one does not stay there");
    scene.event(joined("alice", "tea", true));
    assert_eq!(scene.input(), ">");
    scene.send("/connect chat.example.org");
    come_back(&mut scene);
    scene.send("/join lair");
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.input(), ">", "it is another one");
    scene.send("/connect 127.0.0.1");
    come_back(&mut scene);
    scene.send("/join Lair");
    scene.event(joined("alice", "Lair", true));
    assert_eq!(scene.input(), "> secret");
}

#[test]
fn whoever_is_back_in_the_room_has_nothing_to_confirm() {
    let mut scene = in_lair();
    scene.write("secret");
    reconnect(&mut scene);
    assert!(
        scene.rule().contains("On the way into lair."),
        "{}",
        scene.rule()
    );
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.key(KeyCode::Enter), say("secret"));
}

/// What a user does, and what happens to one.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Types a character that tells the room it is for.
    Type,
    /// Pastes two lines of it, to be sent as one message.
    Paste,
    Enter,
    /// Goes into a room by a command.
    Go(&'static str),
    /// Loses the connection, and has another.
    Reconnect,
    /// Is let in again where one was before that, or not.
    LetIn,
    ShutOut,
    /// Is put into a room.
    Moved(&'static str),
    /// Is put out of it.
    Out,
}

fn step() -> impl Strategy<Value = Step> {
    let room = || prop::sample::select(vec!["general", "tea", "lair"]);
    prop_oneof![
        4 => Just(Step::Type),
        1 => Just(Step::Paste),
        3 => Just(Step::Enter),
        1 => room().prop_map(Step::Go),
        2 => Just(Step::Reconnect),
        1 => Just(Step::LetIn),
        1 => Just(Step::ShutOut),
        1 => room().prop_map(Step::Moved),
        1 => Just(Step::Out),
    ]
}

/// The character for what is typed now.
fn mark(scene: &Scene) -> char {
    let aim = scene.app.aim().expect("one is in a room");
    aim.chars().next().expect("it has a name")
}

fn take(scene: &mut Scene, step: Step) -> Vec<Effect> {
    let mark = mark(scene);
    match step {
        Step::Type => scene.write(&mark.to_string()),
        Step::Paste => {
            scene.tell(Msg::Paste(format!("{mark}\n{mark}")));
            return scene.key(KeyCode::Char('m'));
        }
        Step::Enter => return scene.key(KeyCode::Enter),
        Step::Go(room) if scene.app.editor.is_empty() => {
            scene.send(&format!("/join {room}"));
            scene.event(joined("alice", room, true));
        }
        Step::Go(_) => {}
        Step::Reconnect => reconnect(scene),
        Step::LetIn => {
            let aim = scene.app.connection.on_the_way().map(str::to_owned);
            aim.into_iter()
                .for_each(|room| drop(scene.event(joined("alice", &room, true))));
        }
        Step::ShutOut => drop(scene.event(shut())),
        Step::Moved(room) => drop(scene.event(joined("alice", room, true))),
        Step::Out => {
            let room = scene
                .app
                .connection
                .room()
                .map(str::to_owned)
                .expect("one is in a room");
            if room != "general" {
                scene.event(left("alice", &room, true));
            }
        }
    }
    Vec::new()
}

proptest! {
    #[test]
    fn nothing_is_said_in_a_room_but_what_was_typed_in_it(
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut scene = Scene::chatting(80, 24);
        for step in steps {
            let before = scene.app.diversion.clone();
            for effect in take(&mut scene, step) {
                let Effect::Act(_, Action::Say(text)) = effect else {
                    continue;
                };
                let room = scene.app.connection.room().map(str::to_owned).expect("one is in a room");
                prop_assert_eq!(mark(&scene), room.chars().next().expect("it has a name"));
                let strange = |c: char| c != mark(&scene) && c != '\n';
                prop_assert!(!text.contains(strange), "{text:?} is said in {room}");
                let was_asked = before.as_ref().is_none_or(|before| before.asked);
                prop_assert!(was_asked, "it was not confirmed");
            }
        }
    }
}
