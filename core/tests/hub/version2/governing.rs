//! What the owner of a room does: invitations, topics, and order.

use chatmaster_core::Config;
use chatmaster_core::testing::packages::left;
use chatmaster_core::testing::{ClientId, Harness};

use super::{command, got, newer, say, with, world};

/// A room with its owner, a guest of each version, and someone outside.
struct Den {
    world: Harness,
    owner: ClientId,
    new: ClientId,
    old: ClientId,
}

impl Den {
    fn new() -> Self {
        let mut world = world();
        let owner = newer(&mut world, "owner");
        let new = newer(&mut world, "new");
        let old = world.log_in("old");
        let mut den = Den {
            world,
            owner,
            new,
            old,
        };
        for client in [owner, new, old] {
            den.send(client, "join", r#""channel":"den""#);
        }
        den.all();
        den
    }

    fn send(&mut self, client: ClientId, name: &str, parameters: &str) {
        self.world
            .send(client, command(name, parameters).as_bytes());
    }

    /// What the owner, the newer and the older guest have got.
    fn all(&mut self) -> [Vec<String>; 3] {
        [self.owner, self.new, self.old].map(|client| got(&mut self.world, client))
    }

    fn refused(&mut self, client: ClientId, name: &str, parameters: &str) -> String {
        self.send(client, name, parameters);
        let told = got(&mut self.world, client);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(&format!(r#""error_type":"{name}""#)),
            "{told:?}"
        );
        told[0].clone()
    }
}

#[test]
fn what_an_owner_does_is_told_to_who_can_know_it() {
    let mut den = Den::new();
    let done = [
        (
            "private",
            "",
            "channel_list",
            r#""event_type":"channel_private","channel":"den","username":"owner""#,
        ),
        (
            "public",
            "",
            "channel_list",
            r#""event_type":"channel_public","channel":"den","username":"owner""#,
        ),
        (
            "topic",
            r#""topic":"tea""#,
            "topic_changed",
            r#""event_type":"topic_changed","channel":"den","topic":"tea","username":"owner""#,
        ),
        (
            "mute",
            r#""username":"old""#,
            "user_muted",
            r#""event_type":"user_muted","channel":"den","username":"old","by":"owner""#,
        ),
        (
            "unmute",
            r#""username":"old""#,
            "user_unmuted",
            r#""event_type":"user_unmuted","channel":"den","username":"old","by":"owner""#,
        ),
        (
            "unban",
            r#""username":"someone""#,
            "That is not so for someone.",
            "",
        ),
    ];
    for (name, parameters, answer, told) in done {
        den.send(den.owner, name, parameters);
        let [owner, new, old] = den.all();
        assert_eq!(owner.len(), 1, "{name}: {owner:?}");
        assert!(owner[0].contains(answer), "{name}: {owner:?}");
        let told: Vec<_> = (!told.is_empty()).then_some(told).into_iter().collect();
        assert_eq!(new, told, "{name}");
        assert_eq!(old, [""; 0], "{name}");
    }
    den.send(den.owner, "owner", r#""username":"new""#);
    let [owner, new, old] = den.all();
    let changed = [r#""event_type":"owner_changed","channel":"den","username":"new""#];
    assert_eq!(
        (&owner[..], &new[..]),
        (
            &changed.map(String::from)[..],
            &changed.map(String::from)[..]
        )
    );
    assert_eq!(old, [""; 0]);
    assert!(
        den.refused(den.owner, "topic", r#""topic":"x""#)
            .contains("Only the channel's owner")
    );
}

#[test]
fn a_private_room_is_open_to_the_invited() {
    let mut den = Den::new();
    den.send(den.owner, "private", "");
    den.send(den.new, "leave", "");
    den.all();
    assert!(
        den.refused(den.new, "join", r#""channel":"den""#)
            .contains("private")
    );
    den.send(den.owner, "invite", r#""username":"NEW""#);
    let [owner, new, old] = den.all();
    assert_eq!(
        owner,
        [r#""event_type":"user_invited","channel":"den","username":"NEW""#]
    );
    assert_eq!(
        new,
        [r#""event_type":"invited","channel":"den","username":"owner""#]
    );
    assert_eq!(old, [""; 0]);
    assert!(
        den.refused(den.owner, "invite", r#""username":"new""#)
            .contains("already")
    );
    den.send(den.new, "join", r#""channel":"den""#);
    assert!(den.all()[1][0].contains("user_joined"));
    // It lasts until it is withdrawn.
    den.send(den.new, "leave", "");
    den.all();
    den.send(den.owner, "uninvite", r#""username":"new""#);
    assert!(den.all()[0][0].contains("user_uninvited"));
    assert!(
        den.refused(den.new, "join", r#""channel":"den""#)
            .contains("private")
    );
    assert!(
        den.refused(den.owner, "uninvite", r#""username":"new""#)
            .contains("not so")
    );
    assert!(
        den.refused(den.new, "invite", r#""username":"old""#)
            .contains("general channel has no owner")
    );
}

#[test]
fn who_is_ignored_cannot_bother_with_invitations() {
    let mut den = Den::new();
    den.send(den.new, "ignore", r#""username":"owner""#);
    den.all();
    den.send(den.owner, "invite", r#""username":"new""#);
    let [owner, new, _] = den.all();
    assert_eq!(owner.len(), 1);
    assert_eq!(new, [""; 0]);
}

#[test]
fn who_speaks_version_1_may_give_a_newer_command_all_that_it_takes() {
    let mut den = Den::new();
    den.send(den.owner, "owner", r#""username":"old""#);
    den.all();
    den.send(den.old, "kick", r#""username":"owner","reason":"noise""#);
    let [owner, new, old] = den.all();
    let kicked = r#""event_type":"user_kicked","channel":"den","username":"owner","by":"old","reason":"noise""#;
    assert_eq!(new, [kicked]);
    assert_eq!(owner[0], kicked);
    assert_eq!(old, [kicked], "the answer is what they did");
}

#[test]
fn who_is_kicked_is_in_the_general_room_and_may_come_again() {
    let mut den = Den::new();
    den.send(den.owner, "kick", r#""username":"old","reason":"noise""#);
    let [owner, new, old] = den.all();
    let kicked = r#""event_type":"user_kicked","channel":"den","username":"old","by":"owner","reason":"noise""#;
    assert_eq!(owner, [kicked]);
    assert_eq!(new, [kicked]);
    assert_eq!(
        old,
        [
            r#""event_type":"user_left","username":"old","channel":"den""#,
            r#""event_type":"user_joined","username":"old","channel":"general""#,
        ],
        "to who keeps to the proposal it is a leave"
    );
    den.send(den.old, "join", r#""channel":"den""#);
    assert!(den.all()[2].last().unwrap().contains("den"));
    assert!(
        den.refused(den.owner, "kick", r#""username":"nobody""#)
            .contains("no user named nobody")
    );
    assert!(
        den.refused(den.new, "kick", r#""username":"old""#)
            .contains("Only the channel's owner")
    );
}

#[test]
fn who_is_banned_stays_out_by_name_and_address() {
    let mut world = world();
    let owner = newer(&mut world, "owner");
    world.send(owner, command("join", r#""channel":"den""#).as_bytes());
    let address = [10, 0, 0, 1].into();
    let bad = world.connect_from(address);
    world.send(bad, command("login", r#""username":"bad""#).as_bytes());
    world.send(bad, command("join", r#""channel":"den""#).as_bytes());
    world.packages(owner);
    world.packages(bad);
    world.send(owner, command("ban", r#""username":"bad""#).as_bytes());
    let told = got(&mut world, owner);
    assert_eq!(
        told,
        [r#""event_type":"user_banned","channel":"den","username":"bad","by":"owner","reason":"""#]
    );
    let heard = got(&mut world, bad);
    assert!(
        heard[0].contains("user_left") && heard[1].contains("general"),
        "{heard:?}"
    );
    // Others may come from elsewhere.
    let other = world.connect_from([10, 0, 0, 2].into());
    world.send(other, command("login", r#""username":"other""#).as_bytes());
    world.packages(other);
    world.send(other, command("join", r#""channel":"den""#).as_bytes());
    assert!(got(&mut world, other)[0].contains("user_joined"));
    world.packages(owner);
    world.packages(bad);
    // Not by another name either.
    world.send(bad, command("rename", r#""username":"good""#).as_bytes());
    world.packages(bad);
    world.send(bad, command("join", r#""channel":"den""#).as_bytes());
    assert!(got(&mut world, bad)[0].contains("You are banned"));
    world.send(owner, command("bans", "").as_bytes());
    assert_eq!(
        got(&mut world, owner),
        [r#""event_type":"ban_list","channel":"den","users":["bad"]"#],
        "the address is shown to nobody"
    );
    world.send(owner, command("unban", r#""username":"BAD""#).as_bytes());
    assert!(got(&mut world, owner)[0].contains("user_unbanned"));
    world.send(bad, command("join", r#""channel":"den""#).as_bytes());
    assert!(got(&mut world, bad)[0].contains("user_joined"));
    // Who is not there can be kept out too, and an invitation does not help.
    world.send(owner, command("invite", r#""username":"later""#).as_bytes());
    world.send(owner, command("ban", r#""username":"later""#).as_bytes());
    let later = newer(&mut world, "later");
    world.packages(later);
    world.send(later, command("join", r#""channel":"den""#).as_bytes());
    assert!(got(&mut world, later)[0].contains("You are banned"));
}

#[test]
fn who_is_muted_is_told_so_by_any_name_and_heard_elsewhere() {
    let mut den = Den::new();
    den.send(den.owner, "mute", r#""username":"old""#);
    den.send(den.old, "rename", r#""username":"older""#);
    den.all();
    den.world.send(den.old, say("hi").as_bytes());
    let [owner, _, old] = den.all();
    assert_eq!(owner, [""; 0]);
    assert!(old[0].contains("You are muted in this channel."), "{old:?}");
    den.world.send(den.new, say("what?").as_bytes());
    assert!(den.all()[0][0].contains("what?"), "nobody else is");
    den.send(den.old, "leave", "");
    den.all();
    den.world.send(den.old, say("hi").as_bytes());
    assert_eq!(den.all()[2], [""; 0], "it was taken");
    assert!(
        den.refused(den.owner, "mute", r#""username":"owner""#)
            .contains("yourself")
    );
}

#[test]
fn who_joins_is_told_the_topic_and_the_others_are_not() {
    let mut den = Den::new();
    den.send(den.owner, "topic", r#""topic":"tea""#);
    den.send(den.new, "leave", "");
    den.send(den.old, "leave", "");
    den.all();
    den.send(den.new, "join", r#""channel":"den""#);
    let [owner, new, _] = den.all();
    assert_eq!(
        owner,
        [r#""event_type":"user_joined","username":"new","channel":"den""#]
    );
    assert_eq!(
        new,
        [r#""event_type":"user_joined","username":"new","channel":"den","topic":"tea""#]
    );
    den.send(den.old, "join", r#""channel":"den""#);
    assert_eq!(
        den.all()[2],
        [r#""event_type":"user_joined","username":"old","channel":"den""#]
    );
    let longest = format!(r#""topic":"{}""#, "x".repeat(512));
    den.send(den.owner, "topic", &longest);
    assert!(den.all()[0][0].contains("topic_changed"));
    let long = format!(r#""topic":"{}""#, "x".repeat(513));
    assert!(
        den.refused(den.owner, "topic", &long)
            .contains("at most 512 bytes")
    );
}

#[test]
fn the_general_room_is_governed_by_nobody_and_lists_are_bounded() {
    let mut world = with(Config {
        max_room_list: 2,
        ..Config::default()
    });
    let owner = newer(&mut world, "owner");
    world.packages(owner);
    for name in ["kick", "ban", "mute", "invite", "owner"] {
        world.send(owner, command(name, r#""username":"owner""#).as_bytes());
        let told = got(&mut world, owner);
        assert!(
            told[0].contains("The general channel has no owner."),
            "{told:?}"
        );
    }
    world.send(owner, command("join", r#""channel":"den""#).as_bytes());
    for name in ["one", "two", "three"] {
        world.send(
            owner,
            command("ban", &format!(r#""username":"{name}""#)).as_bytes(),
        );
    }
    let told = got(&mut world, owner);
    assert!(told.last().unwrap().contains("at most 2 names"), "{told:?}");
    let other = world.log_in("other");
    world.packages(other);
    world.close(owner);
    world.advance(61 * crate::SECOND);
    assert_eq!(world.packages(other), [""; 0], "they were in the den alone");
    let _ = left("", "");
}

#[test]
fn in_a_room_too_large_for_announcements_who_leaves_or_is_kicked_is_told_once() {
    let mut world = with(Config {
        announce_limit: 2,
        ..Config::default()
    });
    let owner = newer(&mut world, "owner");
    world.send(owner, command("join", r#""channel":"den""#).as_bytes());
    let [goes, kicked] = ["goes", "kicked"].map(|name| {
        let client = newer(&mut world, name);
        world.send(client, command("join", r#""channel":"den""#).as_bytes());
        client
    });
    world.packages(kicked);
    world.send(owner, command("kick", r#""username":"kicked""#).as_bytes());
    let told = got(&mut world, kicked);
    let own = told.iter().filter(|text| text.contains("user_kicked"));
    assert_eq!(own.count(), 1, "{told:?}");
    let back = newer(&mut world, "back");
    world.send(back, command("join", r#""channel":"den""#).as_bytes());
    world.packages(goes);
    world.send(goes, command("leave", "").as_bytes());
    let told = got(&mut world, goes);
    let own = told.iter().filter(|text| text.contains("user_left"));
    assert_eq!(own.count(), 1, "{told:?}");
}
