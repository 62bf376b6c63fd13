//! How rooms are kept in order, as one reads of it and does it.

use super::*;

fn log(scene: &Scene) -> String {
    let rows = scene.log().into_iter();
    let words = rows.map(|row| row.split('│').next().unwrap_or_default().trim().to_owned());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_command_is_about_the_room_of_the_window_it_is_typed_in() {
    let mut scene = Scene::together(120, 24);
    scene.joins("tea");
    scene.joins("den");
    scene.alt('2');
    let channel = || Some("tea".into());
    let username = || "bob".into();
    for (typed, command) in [
        (
            "/invite bob",
            Command::Invite {
                username: username(),
                channel: channel(),
            },
        ),
        (
            "/uninvite bob",
            Command::Uninvite {
                username: username(),
                channel: channel(),
            },
        ),
        (
            "/topic all of it",
            Command::Topic {
                topic: "all of it".into(),
                channel: channel(),
            },
        ),
        (
            "/topic -",
            Command::Topic {
                topic: "".into(),
                channel: channel(),
            },
        ),
        (
            "/kick bob",
            Command::Kick {
                username: username(),
                reason: None,
                channel: channel(),
            },
        ),
        (
            "/ban bob no  more",
            Command::Ban {
                username: username(),
                reason: Some("no  more".into()),
                channel: channel(),
            },
        ),
        (
            "/unban bob",
            Command::Unban {
                username: username(),
                channel: channel(),
            },
        ),
        ("/bans", Command::Bans { channel: channel() }),
        (
            "/mute bob",
            Command::Mute {
                username: username(),
                channel: channel(),
            },
        ),
        (
            "/unmute bob",
            Command::Unmute {
                username: username(),
                channel: channel(),
            },
        ),
        (
            "/owner bob",
            Command::Owner {
                username: username(),
                channel: channel(),
            },
        ),
        ("/private", Command::Private { channel: channel() }),
        ("/public", Command::Public { channel: channel() }),
        ("/users", Command::Users { channel: channel() }),
        (
            "/ignore bob",
            Command::Ignore {
                username: username(),
            },
        ),
        (
            "/unignore bob",
            Command::Unignore {
                username: username(),
            },
        ),
    ] {
        assert_eq!(scene.send(typed), act(Action::Other(command)), "{typed}");
    }
    // In a talk there is no room to do it to.
    scene.send("/query bob");
    assert_eq!(scene.send("/kick bob"), []);
    assert!(log(&scene).contains("This is no room."), "{}", log(&scene));
}

#[test]
fn what_is_refused_is_told_in_the_window_of_its_room() {
    let mut scene = Scene::together(120, 24);
    scene.joins("tea");
    scene.send("/kick bob too loud");
    scene.alt('1');
    scene.event(error("kick", "Only the channel's owner can do that."));
    assert_eq!(log(&scene).trim(), "");
    scene.alt('2');
    assert!(
        log(&scene).contains("!!   /kick bob: Only the room's owner can do that."),
        "{}",
        log(&scene)
    );
}

#[test]
fn what_a_room_is_about_is_in_its_title() {
    let mut scene = Scene::together(120, 24);
    scene.send("/join tea");
    let mut event = joined("alice", "tea", true);
    if let Event::Joined { topic, .. } = &mut event {
        *topic = Some("Oolong".into());
    }
    scene.event(event);
    assert!(
        scene.title().starts_with(" tea · Oolong "),
        "{}",
        scene.title()
    );
    scene.notified(Notification::TopicChanged {
        channel: "tea".into(),
        topic: "Sencha".into(),
        username: "bob".into(),
    });
    assert!(scene.title().contains(" · Sencha "), "{}", scene.title());
    assert!(log(&scene).contains("bob says that tea is about: Sencha"));
    scene.alt('1');
    assert!(!scene.title().contains("Sencha"), "{}", scene.title());
    scene.alt('2');
    scene.send("/topic");
    assert!(log(&scene).contains("tea is about: Sencha"));
    // It gives way to all else.
    scene.tell(Msg::Resized(20, 10));
    assert_eq!(scene.title(), " tea          alice");
}

#[test]
fn whoever_is_put_out_types_on_where_they_were() {
    let mut scene = Scene::together(120, 24);
    scene.joins("tea");
    scene.write("but I o");
    scene.notified(Notification::UserKicked {
        channel: "tea".into(),
        username: "alice".into(),
        by: "bob".into(),
        reason: "too loud".into(),
    });
    scene.notified(Notification::ChannelSwitched {
        channel: "general".into(),
    });
    assert_eq!(scene.send("nly"), []);
    assert_eq!(scene.input(), "> but I only");
    assert!(
        log(&scene).contains("You were put out by bob: too loud"),
        "{}",
        log(&scene)
    );
    assert!(
        scene.rule().contains("You are not in tea."),
        "{}",
        scene.rule()
    );
    scene.control('u');
    assert_eq!(scene.send("/kick bob"), []);
    assert!(
        log(&scene).contains("You are not in tea."),
        "{}",
        log(&scene)
    );
}

#[test]
fn others_that_are_put_out_or_silenced_are_told_of_and_gone() {
    let mut scene = Scene::together(120, 24);
    scene.joins("tea");
    let tea = || "tea".into();
    let bob = || "bob".into();
    let carol = || "carol".into();
    scene.notified(Notification::UserMuted {
        channel: tea(),
        username: bob(),
        by: carol(),
    });
    scene.notified(Notification::OwnerChanged {
        channel: tea(),
        username: "alice".into(),
    });
    scene.notified(Notification::UserBanned {
        channel: tea(),
        username: bob(),
        by: carol(),
        reason: "".into(),
    });
    scene.send("/bans");
    scene.answer(
        "bans",
        Notification::BanList {
            channel: tea(),
            users: vec![bob()],
            more: 2,
        },
    );
    let log = log(&scene);
    for what in [
        "bob may not talk in tea, says carol.",
        "tea is yours now.",
        "bob was banned by carol.",
        "Kept out of tea: bob",
    ] {
        assert!(log.contains(what), "{what}: {log}");
    }
    assert_eq!(scene.app.windows.here().members.names(), ["alice"]);
}

#[test]
fn who_is_private_is_seen_by_all_its_members() {
    let mut scene = Scene::together(120, 24);
    scene.joins("tea");
    scene.alt('1');
    scene.notified(Notification::ChannelPrivate {
        channel: "tea".into(),
        username: "bob".into(),
    });
    assert!(!scene.title().contains("private"), "{}", scene.title());
    scene.alt('2');
    assert!(
        scene.title().starts_with(" tea [private]"),
        "{}",
        scene.title()
    );
    scene.notified(Notification::ChannelPublic {
        channel: "tea".into(),
        username: "bob".into(),
    });
    assert!(!scene.title().contains("private"), "{}", scene.title());
    assert!(log(&scene).contains("bob has made tea private: hidden, and closed to newcomers."));
    // Whose own doing it is reads it as the answer.
    scene.send("/private");
    scene.event(channels(&["general"], Listing::Private));
    assert!(
        scene.title().starts_with(" tea [private]"),
        "{}",
        scene.title()
    );
    assert!(log(&scene).contains("tea is private now"));
}

#[test]
fn an_invitation_is_accepted_with_a_key() {
    let mut scene = Scene::together(120, 24);
    assert_eq!(scene.alt('j'), []);
    assert!(log(&scene).contains("Nobody has invited you."));
    scene.tell(Msg::Focus(Focus::Elsewhere));
    let effects = scene.notified(Notification::Invited {
        channel: "lair".into(),
        username: "bob".into(),
    });
    assert_eq!(effects, [Effect::Bell]);
    assert!(log(&scene).contains("bob invites you into lair. Alt-J enters it."));
    let join = Command::Join {
        channel: "lair".into(),
        stay: true,
    };
    assert_eq!(scene.alt('j'), act(Action::Other(join)));
    scene.event(joined("alice", "lair", true));
    assert!(scene.title().starts_with(" lair "), "{}", scene.title());
}
