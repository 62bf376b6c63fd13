//! What the client does.

use chatmaster_core::session::ActionError;

use super::super::layout::Layout;
use super::*;

#[test]
fn a_login_asks_who_is_there() {
    let mut scene = Scene::connecting(80, 24);
    let effects = scene.event(logged_in("Alice"));
    assert_eq!(effects, act(Action::Users));
    // The server announces everyone who enters, oneself included.
    assert_eq!(scene.event(joined("Alice", "general", true)), []);
    assert!(scene.title().ends_with("Alice on 127.0.0.1:9000"));
}

#[test]
fn a_refused_name_asks_for_another_with_the_reason_shown() {
    let mut scene = Scene::connecting(58, 10);
    let reason = Some("Username is already taken.".into());
    assert_eq!(
        scene.event(Event::NameWanted {
            reason,
            request: None
        }),
        []
    );
    assert_eq!(scene.input(), "Name: alice_");
    assert!(
        scene.rule().contains("Username is already taken."),
        "{}",
        scene.rule()
    );
    assert!(scene.title().contains("choose a name"), "{}", scene.title());
    assert_eq!(scene.send("2"), act(Action::Login("alice_2".into())));
    assert!(scene.title().contains("connecting"), "{}", scene.title());
}

#[test]
fn without_a_name_one_is_asked_for() {
    let mut scene = Scene::named(None, 58, 10);
    scene.event(Event::NameWanted {
        reason: None,
        request: None,
    });
    assert_eq!(scene.input(), "Name:");
    assert!(scene.rule().contains("Choose a name."));
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert_eq!(scene.send("bob"), act(Action::Login("bob".into())));
}

#[test]
fn what_one_says_is_sent_and_shown_at_once() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(scene.send("hello"), act(Action::Say("hello".into())));
    assert_eq!(scene.log(), ["12:00      alice │ hello"]);
    assert_eq!(scene.input(), ">");
}

#[test]
fn commands_become_actions() {
    for (text, action) in [
        ("/join dev", Action::Join("dev".into())),
        ("/leave", Action::Leave),
        ("/nick bob", Action::Rename("bob".into())),
        ("/private", Action::Private),
        ("/public", Action::Public),
        ("//slash", Action::Say("/slash".into())),
    ] {
        assert_eq!(Scene::chatting(58, 10).send(text), act(action), "{text}");
    }
}

#[test]
fn a_mistake_is_explained_and_stays_in_the_box() {
    let mut scene = Scene::chatting(110, 10);
    assert_eq!(scene.send("/jion dev"), []);
    assert!(scene.screen()[1].contains("There is no command /jion. Did you mean /join?"));
    assert_eq!(scene.input(), "> /jion dev");
}

#[test]
fn help_explains_one_command() {
    let mut scene = Scene::chatting(58, 10);
    scene.send("/help nick");
    let expected = [
        "12:00         --   /rename NAME: Take another name.",
        "12:00         --   Also: /nick",
    ];
    assert_eq!(scene.log(), expected);
}

#[test]
fn the_ways_to_leave_are_many() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(scene.control('c'), [Effect::Quit]);
    assert_eq!(scene.control('d'), [Effect::Quit]);
    assert_eq!(scene.send("/quit"), [Effect::Quit]);
    assert_eq!(scene.tell(Msg::Terminate), [Effect::Quit]);
    assert_eq!(scene.event(Event::Ended(End::Quit)), [Effect::Quit]);
}

#[test]
fn control_d_does_not_leave_while_there_is_something_in_the_box() {
    let mut scene = Scene::chatting(58, 10);
    scene.write("ab");
    scene.key(KeyCode::Home);
    assert_eq!(scene.control('d'), []);
    assert_eq!(scene.input(), "> b");
}

#[test]
fn members_are_kept_from_what_happens() {
    let mut scene = Scene::chatting(80, 24);
    assert!(scene.title().starts_with(" general · 2 members"));
    scene.event(joined("carol", "general", false));
    scene.event(left("bob", "general", false));
    scene.event(Event::Renamed {
        old_username: "carol".into(),
        new_username: "Carola".into(),
        me: false,
        request: None,
        channel: None,
    });
    assert_eq!(
        scene.app.windows.here().members.names(),
        ["alice", "Carola"]
    );
    assert!(scene.title().starts_with(" general · 2 members"));
}

#[test]
fn ones_own_new_name_is_taken_over() {
    let mut scene = Scene::chatting(80, 24);
    scene.event(Event::Renamed {
        old_username: "alice".into(),
        new_username: "Eve".into(),
        me: true,
        request: None,
        channel: None,
    });
    assert_eq!(scene.app.windows.here().members.names(), ["bob", "Eve"]);
    scene.send("hello");
    assert!(scene.screen()[2].contains("Eve │ hello"));
    assert!(scene.title().ends_with("Eve on 127.0.0.1:9000"));
}

#[test]
fn a_new_room_has_its_own_members_and_is_asked_about() {
    let mut scene = Scene::chatting(80, 24);
    let effects = scene.enters("dev");
    assert_eq!(effects, [ask(Action::Users), ask(Action::Channels)]);
    assert_eq!(scene.app.windows.here().members.names(), ["alice"]);
    // What is answered to the side list prints nothing.
    let log = scene.log();
    scene.event(users("dev", &["dave", "alice"]));
    scene.event(channels(&["dev", "general"], Listing::Channels));
    assert_eq!(scene.app.windows.here().members.names(), ["dave", "alice"]);
    assert_eq!(scene.app.rooms.names, ["dev", "general"]);
    assert_eq!(
        scene
            .app
            .windows
            .here()
            .log
            .rows(Layout::of((80, 24), 1).pane())
            .len(),
        1,
        "{log:?}"
    );
}

#[test]
fn leaving_a_room_leads_to_the_general_one_even_if_nobody_says_so() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("dev");
    assert_eq!(scene.send("/leave"), act(Action::Leave));
    let effects = scene.event(left("alice", "dev", true));
    assert_eq!(effects, [ask(Action::Users), ask(Action::Channels)]);
    assert!(scene.title().starts_with(" general "));
    assert_eq!(scene.event(joined("alice", "general", true)), []);
}

#[test]
fn members_of_a_room_one_has_left_are_not_those_of_the_new_one() {
    let mut scene = Scene::entered(80, 24);
    scene.enters("dev");
    scene.event(users("general", &["bob", "carol"]));
    assert_eq!(scene.app.windows.here().members.names(), ["alice"]);
}

#[test]
fn lists_are_printed_for_those_who_ask() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(scene.send("/users"), act(Action::Users));
    scene.event(users("general", &["bob", "alice"]));
    assert_eq!(scene.send("/channels"), act(Action::Channels));
    scene.event(Event::Channels {
        channels: vec!["dev".into(), "general".into()],
        more: 2,
        answers: Listing::Channels,
        request: None,
    });
    let expected = [
        "12:00         --   In general: bob, alice.",
        "12:00         --   Rooms: dev, general and 2 more.",
    ];
    assert_eq!(scene.log(), expected);
}

#[test]
fn the_answer_to_the_client_comes_before_the_answer_to_the_user() {
    let mut scene = Scene::entered(58, 10);
    scene.send("/clear");
    assert_eq!(scene.send("/users"), act(Action::Users));
    scene.event(users("general", &["alice"]));
    assert_eq!(scene.log(), [""; 0]);
    scene.event(users("general", &["alice"]));
    assert_eq!(scene.log(), ["12:00         --   In general: alice."]);
}

#[test]
fn a_server_that_lists_no_members_is_not_complained_about_unless_one_asks() {
    let mut scene = Scene::entered(58, 10);
    scene.send("/clear");
    scene.event(error("users", "Unknown command."));
    assert_eq!(scene.log(), [""; 0]);
    assert!(
        scene.title().starts_with(" general  "),
        "no count in {:?}",
        scene.title()
    );
    scene.send("/users");
    scene.event(error("users", "Unknown command."));
    assert_eq!(scene.log(), ["12:00         !!   users: Unknown command."]);
}

#[test]
fn privacy_shows_in_the_title_when_the_owner_changes_it() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("lair");
    scene.event(channels(&["general"], Listing::Private));
    assert!(scene.title().starts_with(" lair [private]"));
    scene.event(channels(&["general", "lair"], Listing::Public));
    assert!(scene.title().starts_with(" lair  "));
}

#[test]
fn a_room_that_is_in_no_list_is_private() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("lair");
    scene.event(channels(&["general"], Listing::Channels));
    assert!(scene.title().starts_with(" lair [private]"));
}

#[test]
fn an_error_of_the_server_is_shown() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(error("private", "Not here."));
    scene.event(error("message", "Too long."));
    let expected = [
        "12:00         !!   private: Not here.",
        "12:00         !!   Not delivered: Too long.",
    ];
    assert_eq!(scene.log(), expected);
}

#[test]
fn what_could_not_be_sent_comes_back_into_the_box() {
    let mut scene = Scene::chatting(58, 10);
    scene.send_alone("//a");
    scene.not_done(&Action::Say("/a".into()), "The server is busy.");
    assert_eq!(
        scene.log()[1],
        "12:00         !!   Not sent: The server is busy."
    );
    assert_eq!(scene.input(), "> //a");
    scene.control('u');
    scene.send_alone("b");
    scene.write("//a");
    scene.refused(&Action::Say("b".into()), ActionError::TooLong(9));
    assert_eq!(scene.input(), "> //a", "what is in the box stays");
}

#[test]
fn what_the_client_asked_for_itself_fails_silently() {
    let mut scene = Scene::entered(58, 10);
    scene.send("/clear");
    scene.not_done(&Action::Users, "The server is busy.");
    assert_eq!(scene.log(), [""; 0]);
}

#[test]
fn a_lost_connection_is_said_and_what_was_typed_is_kept() {
    let mut scene = Scene::chatting(58, 10);
    scene.enters("dev");
    scene.write("half a thou");
    scene.event(lost());
    assert!(scene.title().ends_with("not connected to 127.0.0.1:9000"));
    assert!(
        scene
            .rule()
            .contains("Not connected. Trying again in 2 s; Enter tries now.")
    );
    assert!(scene.log()[1].contains("!!   The connection to the server was"));
    let (name, room) = (Some("alice".into()), Some("dev".into()));
    let address = None;
    let connect = Effect::Connect {
        address,
        name,
        room,
        resume: None,
    };
    assert_eq!(scene.key(KeyCode::Enter), [connect]);
    assert_eq!(scene.input(), "> half a thou");
    assert_eq!(scene.key(KeyCode::Enter), [], "it is not connected yet");
    assert_eq!(scene.input(), "> half a thou");
}

#[test]
fn one_reconnects_to_the_general_room_without_joining_it() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(lost());
    assert_eq!(
        scene.control('r'),
        [Effect::Connect {
            address: None,
            name: Some("alice".into()),
            room: None,
            resume: None,
        }]
    );
    scene.tell(Msg::NotConnected("Nobody is there.".into()));
    assert!(scene.rule().contains("Trying again"));
    assert_eq!(scene.send("x").len(), 1);
    scene.tell(Msg::Connected(Role::Host));
    scene.event(logged_in("alice"));
    assert!(scene.title().ends_with("alice on 127.0.0.1:9000, hosting"));
    assert_eq!(scene.key(KeyCode::Enter), act(Action::Say("x".into())));
}

#[test]
fn after_a_lost_connection_local_commands_still_work() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(lost());
    assert_eq!(scene.send("/clear"), []);
    assert_eq!(scene.log(), [""; 0]);
    assert_eq!(scene.send("/quit"), [Effect::Quit]);
}

#[test]
fn lines_that_come_do_not_move_what_is_being_read() {
    let mut scene = Scene::chatting(58, 10);
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    scene.key(KeyCode::PageUp);
    let page = scene.log();
    assert_eq!(page.len(), 7);
    assert_eq!(page[6], "12:00        bob │ 13");
    assert!(
        scene.rule().contains("6 more below (End)"),
        "{}",
        scene.rule()
    );
    scene.says("bob", "news");
    assert_eq!(scene.log(), page);
    assert!(
        scene.rule().contains("7 more below (End)"),
        "{}",
        scene.rule()
    );
    scene.key(KeyCode::End);
    assert_eq!(scene.log()[6], "12:00        bob │ news");
    assert!(!scene.rule().contains("below"));
}

#[test]
fn the_wheel_and_the_keys_scroll() {
    let mut scene = Scene::chatting(58, 10);
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    let last = |scene: &Scene| scene.log()[6].rsplit(' ').next().map(ToOwned::to_owned);
    scene.tell(Msg::Wheel(Wheel::Up));
    assert_eq!(last(&scene).as_deref(), Some("16"));
    scene.tell(Msg::Wheel(Wheel::Down));
    assert_eq!(last(&scene).as_deref(), Some("19"));
    scene.key(KeyCode::Home);
    assert_eq!(last(&scene).as_deref(), Some("6"));
    scene.key(KeyCode::PageDown);
    assert_eq!(last(&scene).as_deref(), Some("12"));
}

#[test]
fn home_and_end_are_for_the_box_while_there_is_something_in_it() {
    let mut scene = Scene::chatting(58, 10);
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    scene.write("b");
    scene.key(KeyCode::Home);
    scene.write("a");
    assert_eq!(scene.input(), "> ab");
    assert!(!scene.rule().contains("below"));
}

#[test]
fn what_one_says_leads_back_to_the_end() {
    let mut scene = Scene::chatting(58, 10);
    (0..20).for_each(|n| scene.says("bob", &n.to_string()));
    scene.key(KeyCode::PageUp);
    scene.send("hello");
    assert_eq!(scene.log()[6], "12:00      alice │ hello");
}

#[test]
fn up_and_down_go_through_what_was_sent() {
    let mut scene = Scene::chatting(58, 10);
    scene.send("one");
    scene.send("/users");
    scene.write("draft");
    scene.key(KeyCode::Up);
    assert_eq!(scene.input(), "> /users");
    scene.key(KeyCode::Up);
    assert_eq!(scene.input(), "> one");
    scene.key(KeyCode::Down);
    scene.key(KeyCode::Down);
    assert_eq!(scene.input(), "> draft");
}

#[test]
fn the_mouse_can_be_given_back_to_the_terminal() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(scene.send("/mouse"), [Effect::Mouse(Mouse::Selects)]);
    assert_eq!(scene.send("/mouse"), [Effect::Mouse(Mouse::Scrolls)]);
}

#[test]
fn a_package_that_makes_no_sense_is_shown_in_part() {
    let mut scene = Scene::chatting(58, 30);
    scene.event(Event::Unknown {
        package: "\x1B".repeat(100_000),
    });
    assert!(scene.log().concat().matches('␛').count() <= 200);
}
