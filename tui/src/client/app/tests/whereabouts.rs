//! Each room has its window, and what is typed there is said in that room or not at all.

use proptest::prelude::*;

use super::super::windows::{MAX_WINDOWS, Standing};
use super::*;

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
    scene.event(logged_in("alice"));
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
    assert_eq!(scene.input(), "> half a secre", "it is typed on meanwhile");
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert!(log(&scene).contains("Not sent yet: you are still on the way into lair."));
    scene.event(shut());
    // The last key of the line, and Enter, come before one has read that.
    assert_eq!(scene.send("t"), []);
    assert_eq!(scene.input(), "> half a secret");
    assert!(scene.title().starts_with(" lair "), "{}", scene.title());
    assert!(
        scene.rule().contains("You are not in lair."),
        "{}",
        scene.rule()
    );
    assert!(log(&scene).contains("Not sent: you are not in lair. /join lair enters it."));
    // Elsewhere one can talk.
    scene.alt('1');
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    assert_eq!(scene.send("hello"), say("hello"));
    // And it is there when one is back.
    scene.send("/join lair");
    assert_eq!(scene.input(), "> half a secret");
    assert_eq!(scene.key(KeyCode::Enter), []);
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.key(KeyCode::Enter), say("half a secret"));
}

#[test]
fn a_line_typed_while_there_is_no_connection_goes_only_where_it_was_typed_for() {
    for comes_back in [true, false] {
        let mut scene = in_lair();
        scene.event(lost());
        let effects = scene.send("secret");
        assert_eq!(effects.len(), 1, "Enter connects, and says nothing");
        assert_eq!(scene.key(KeyCode::Enter), []);
        come_back(&mut scene);
        assert_eq!(
            scene.key(KeyCode::Enter),
            [],
            "general is not where it is for"
        );
        if comes_back {
            scene.event(joined("alice", "lair", true));
            assert_eq!(scene.key(KeyCode::Enter), say("secret"));
        } else {
            scene.event(shut());
            assert_eq!(scene.key(KeyCode::Enter), []);
            assert_eq!(scene.input(), "> secret");
        }
    }
}

#[test]
fn what_never_left_comes_back_into_the_box_of_its_room() {
    let mut scene = in_lair();
    scene.send_alone("secret");
    scene.event(scene.unsent(1));
    scene.alt('1');
    reconnect(&mut scene);
    assert_eq!(scene.input(), ">");
    scene.alt('2');
    assert_eq!(scene.input(), "> secret");
    assert!(log(&scene).contains("Not sent: secret"));
}

#[test]
fn what_one_was_writing_before_one_looked_at_older_lines_stays_in_its_window() {
    let mut scene = in_lair();
    scene.send("said before");
    scene.write("secret");
    scene.key(KeyCode::Up);
    assert_eq!(scene.input(), "> said before");
    scene.alt('1');
    assert_eq!(scene.input(), ">");
    scene.key(KeyCode::Down);
    assert_eq!(scene.input(), ">");
    scene.alt('p');
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
    assert_eq!(scene.key(KeyCode::Char('m')), [], "one is not in it");
}

#[test]
fn whoever_is_put_out_of_a_room_types_on_where_they_were() {
    for (moved, to) in [
        (left("alice", "lair", true), "general"),
        (joined("alice", "jail", true), "jail"),
    ] {
        let mut scene = in_lair();
        scene.write("secr");
        scene.event(moved);
        assert_eq!(scene.send("et"), []);
        assert_eq!(scene.input(), "> secret");
        assert!(log(&scene).contains(&format!("You left lair and are in {to} now.")));
        scene.send_alone("");
        scene.alt(if to == "jail" { '3' } else { '1' });
        assert_eq!(scene.send("hello?"), say("hello?"));
    }
}

#[test]
fn a_room_that_cannot_be_entered_at_the_start_keeps_what_was_typed_for_it() {
    let start = || {
        let mut scene = Scene::connecting(80, 24);
        scene.tell(Msg::Start {
            room: Some("lair".into()),
            login_name: None,
        });
        scene
    };
    let mut scene = start();
    scene.write("secret");
    come_back(&mut scene);
    assert_eq!(scene.key(KeyCode::Enter), []);
    scene.event(shut());
    assert!(log(&scene).contains("You are not in lair: The room is private."));
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert_eq!(scene.input(), "> secret");
    // Whoever has typed nothing is where they can talk.
    let mut scene = start();
    come_back(&mut scene);
    scene.event(shut());
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    let told = log(&scene);
    assert!(told.contains("You are alice, in general."), "{told}");
    assert!(
        told.contains("You are not in lair: The room is private."),
        "{told}"
    );
    assert_eq!(scene.send("hello"), say("hello"));
}

#[test]
fn who_goes_elsewhere_by_a_command_writes_there_from_then_on() {
    let mut scene = Scene::chatting(80, 24);
    scene.send("/join tea");
    scene.write("more t");
    assert_eq!(scene.key(KeyCode::Enter), [], "one is on the way");
    scene.event(joined("alice", "tea", true));
    scene.write("ea");
    assert_eq!(scene.key(KeyCode::Enter), say("more tea"));
    assert_eq!(scene.send("/leave"), act(Action::Leave));
    scene.write("back");
    // Whoever returns to the window they have asked to leave cannot speak there.
    scene.alt('2');
    assert_eq!(scene.send("too late"), []);
    scene.control('u');
    scene.alt('1');
    scene.event(left("alice", "tea", true));
    scene.event(joined("alice", "general", true));
    assert_eq!(scene.key(KeyCode::Enter), say("back"));
    assert_eq!(scene.app.windows.iter().count(), 1, "tea has no window");
}

#[test]
fn a_room_that_one_cannot_enter_leaves_nothing_behind() {
    let mut scene = Scene::chatting(80, 24);
    scene.send("/join lair");
    assert!(scene.title().starts_with(" lair "), "{}", scene.title());
    scene.event(shut());
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    assert!(log(&scene).contains("/join lair: The room is private."));
    assert_eq!(scene.app.windows.iter().count(), 1);
    assert_eq!(scene.send("hello"), say("hello"));
    // But for what was typed.
    scene.send("/join lair");
    scene.write("secret");
    scene.event(shut());
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert_eq!(scene.input(), "> secret");
    scene.control('u');
    assert_eq!(scene.send("/leave"), []);
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
}

#[test]
fn a_leave_that_is_refused_changes_nothing() {
    let mut scene = in_lair();
    scene.send("/leave");
    assert_eq!(scene.send("hello"), []);
    scene.event(error("leave", "Not now."));
    assert_eq!(scene.send(""), [], "it is not the room one is in");
    scene.alt('2');
    assert_eq!(scene.send("hello"), say("hello"));
}

#[test]
fn a_window_waits_for_its_server() {
    let mut scene = in_lair();
    scene.write("secret");
    scene.alt('1');
    scene.send("/connect chat.example.org");
    come_back(&mut scene);
    assert_eq!(scene.app.windows.iter().count(), 1);
    scene.send("/join lair");
    scene.event(joined("alice", "lair", true));
    assert_eq!(scene.input(), ">", "it is another one");
    scene.send("/connect 127.0.0.1");
    come_back(&mut scene);
    scene.send("/join Lair");
    scene.event(joined("alice", "Lair", true));
    assert_eq!(scene.input(), "> secret");
    assert!(scene.title().starts_with(" Lair "), "{}", scene.title());
}

#[test]
fn what_was_cut_in_one_window_is_pasted_in_another() {
    let mut scene = in_lair();
    scene.write("secret");
    scene.control('u');
    scene.alt('1');
    scene.control('y');
    assert_eq!(scene.input(), "> secret");
}

#[test]
fn windows_are_bounded_and_the_one_that_is_looked_at_stays() {
    let mut scene = in_lair();
    scene.write("secret");
    for n in 0..MAX_WINDOWS * 2 {
        scene.event(joined("alice", &format!("room-{n}"), true));
    }
    assert_eq!(scene.app.windows.iter().count(), MAX_WINDOWS);
    assert_eq!(scene.input(), "> secret");
    let last = format!("room-{}", MAX_WINDOWS * 2 - 1);
    let window = scene.app.windows.room(&last).expect("one is in it");
    assert_eq!(window.standing, Standing::In);
}

/// What a user does, and what happens to one.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Types a character that tells the window it is typed in.
    Type,
    /// Pastes two lines of it, to be sent as one message.
    Paste,
    Enter,
    /// Looks at another window.
    Look(char),
    /// Asks for a room, or to leave, which is not answered yet.
    Join(&'static str),
    Leave,
    /// The server answers the request that has waited longest, with yes or no.
    Answer(bool),
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
        4 => Just(Step::Enter),
        3 => prop::sample::select(vec!['1', '2', '3', 'n', 'p', 'a']).prop_map(Step::Look),
        2 => room().prop_map(Step::Join),
        1 => Just(Step::Leave),
        3 => any::<bool>().prop_map(Step::Answer),
        1 => Just(Step::Reconnect),
        1 => Just(Step::LetIn),
        1 => Just(Step::ShutOut),
        1 => room().prop_map(Step::Moved),
        1 => Just(Step::Out),
    ]
}

/// The character for what is typed now.
fn mark(scene: &Scene) -> char {
    let name = scene.app.windows.here().name();
    name.chars().next().expect("it has a name")
}

/// The server, which knows where the user is, and what it was asked.
struct Server {
    room: String,
    asked: Vec<Action>,
}

impl Server {
    fn enter(&mut self, scene: &mut Scene, room: &str) {
        if self.room != room {
            self.room = room.into();
            scene.event(joined("alice", room, true));
        }
    }

    fn leave(&mut self, scene: &mut Scene) {
        let left_room = std::mem::replace(&mut self.room, "general".into());
        if left_room != "general" {
            scene.event(left("alice", &left_room, true));
            scene.event(joined("alice", "general", true));
        }
    }

    fn take(&mut self, scene: &mut Scene, step: Step) -> Vec<Effect> {
        let mark = mark(scene);
        let is_clear = scene.app.windows.here().editor.is_empty();
        match step {
            Step::Type => scene.write(&mark.to_string()),
            Step::Paste => {
                scene.tell(Msg::Paste(format!("{mark}\n{mark}")));
                return scene.key(KeyCode::Char('m'));
            }
            Step::Enter => return scene.key(KeyCode::Enter),
            Step::Look(key) => drop(scene.alt(key)),
            // A server of version 1 does not say which request it answers: of two on their way the session
            // may take one's answer for the other's.
            Step::Join(_) | Step::Leave if !self.asked.is_empty() => {}
            Step::Join(room) if is_clear => return scene.send(&format!("/join {room}")),
            Step::Leave if is_clear => return scene.send("/leave"),
            Step::Join(_) | Step::Leave => {}
            Step::Answer(yes) => {
                if self.asked.is_empty() {
                    return Vec::new();
                }
                match self.asked.remove(0) {
                    Action::Join(room) if yes && self.room != room => self.enter(scene, &room),
                    Action::Leave if yes && self.room != "general" => self.leave(scene),
                    action => drop(scene.event(error(action.name(), "No."))),
                }
            }
            Step::Reconnect => {
                self.asked.clear();
                self.room = "general".into();
                reconnect(scene);
            }
            Step::LetIn | Step::ShutOut if !self.asked.is_empty() => {}
            Step::LetIn => {
                let aim = scene.app.connection.on_the_way().map(str::to_owned);
                aim.into_iter().for_each(|room| self.enter(scene, &room));
            }
            Step::ShutOut => drop(scene.event(shut())),
            Step::Moved(room) if self.asked.is_empty() => self.enter(scene, room),
            Step::Out if self.asked.is_empty() => self.leave(scene),
            Step::Moved(_) | Step::Out => {}
        }
        Vec::new()
    }
}

proptest! {
    #[test]
    fn nothing_is_said_in_a_room_but_what_was_typed_in_its_window(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut scene = Scene::chatting(80, 24);
        let mut server = Server { room: "general".into(), asked: Vec::new() };
        for step in steps {
            for effect in server.take(&mut scene, step) {
                match effect {
                    Effect::Act(_, Action::Say(text)) => {
                        prop_assert!(server.asked.is_empty(), "nobody knows where it is said");
                        let mark = server.room.chars().next().expect("it has a name");
                        let strange = |c: char| c != mark && c != '\n';
                        prop_assert!(!text.contains(strange), "{text:?} is said in {}", server.room);
                    }
                    Effect::Act(_, action @ (Action::Join(_) | Action::Leave)) => {
                        server.asked.push(action);
                    }
                    _ => {}
                }
            }
        }
    }
}
