//! Strategies for [proptest](https://docs.rs/proptest): what users are called, what they say and
//! ask for, whole scripts of clients, and the bytes these come as, in pieces of any size. With the
//! feature `proptest`, which needs `std`.
//!
//! # A property in ten lines
//!
//! A server's answer does not depend on how the network cut the bytes of the question:
//!
//! ```
//! use chatmaster_core::strategies::{framing, script, splitting};
//! use chatmaster_core::{Config, ConnId, Hub, Input, Peer, Start, Time};
//! use proptest::prelude::*;
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
//!     // With #[test] here.
//!     fn an_answer_does_not_depend_on_the_split(
//!         script in script(0..20), framing in framing(), split in splitting(),
//!     ) {
//!         let bytes = framing.encode(&script);
//!         let [whole, in_pieces] = [vec![&bytes[..]], split.pieces(&bytes)].map(|pieces| {
//!             let mut hub = Hub::new(Config::default(), Start::default());
//!             let client = ConnId(1);
//!             hub.handle(Time::ZERO, Input::Opened(client, Peer([127, 0, 0, 1].into())));
//!             for piece in pieces {
//!                 hub.handle(Time::ZERO, Input::Received(client, piece));
//!             }
//!             hub.check_invariants();
//!             hub.pending(client).collect::<Vec<_>>().concat()
//!         });
//!         prop_assert_eq!(whole, in_pieces);
//!     }
//! }
//! # an_answer_does_not_depend_on_the_split();
//! ```
//!
//! A bot of one's own against a hub, with no socket: [`testing`](crate::testing).
//!
//! # Boxes
//!
//! The larger strategies are boxed: a tree of their parts by value would overflow a test's stack.
//!
//! # Names that meet
//!
//! Names come from a handful most of the time, so that the users of a test meet, take each other's
//! names, and go to each other's rooms.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::session::Action;
use crate::testing::wire::Framing;
use crate::wire::{ClientPackage, Command, Version};

/// A username that can be taken: one of a handful most of the time, or one in any of several scripts.
pub fn username() -> impl Strategy<Value = String> {
    const HANDFUL: [&str; 6] = ["alice", "bob", "carol", "dave", "eve", "Zo\u{eb}"];
    prop_oneof![4 => select(&HANDFUL[..]).prop_map(String::from), 1 => rare_name()]
}

/// The name of a room that can be made: one of a handful most of the time, the general room among
/// them, or one in any of several scripts.
pub fn room_name() -> impl Strategy<Value = String> {
    const HANDFUL: [&str; 4] = ["den", "lair", "Games", "general"];
    prop_oneof![4 => select(&HANDFUL[..]).prop_map(String::from), 1 => rare_name()]
}

/// A name that nobody and no room can have: empty, too long, with spaces, with characters that do
/// not print, or with nothing to be seen.
pub fn invalid_name() -> impl Strategy<Value = String> {
    let forbidden = select(
        &[
            ' ', '\t', '\n', '\u{a0}', '\u{3000}', // white space
            '\0', '\u{7}', '\u{1b}', '\u{7f}', // controls
            '\u{200b}', '\u{202e}', '\u{feff}', // format characters
            '\u{e000}', '\u{378}', // private use, and unassigned
        ][..],
    );
    prop_oneof![
        1 => Just(String::new()),
        1 => "[a-z]{65,80}",
        1 => "\u{fe0f}{1,3}",
        4 => ("[a-z]{0,5}", forbidden, "[a-z]{0,5}").prop_map(|(a, c, b)| format!("{a}{c}{b}")),
    ]
    .boxed()
}

/// Two spellings of one and the same name: caselessly they are equal.
pub fn same_names() -> impl Strategy<Value = (String, String)> {
    const FOLDED: [(&str, &str); 3] = [
        ("stra\u{df}e", "STRASSE"),
        (
            "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
            "\u{3a3}\u{38a}\u{3a3}\u{3a5}\u{3a6}\u{39f}\u{3a3}",
        ),
        ("Zo\u{eb}", "ZOE\u{308}"),
    ];
    let ascii = vec(
        (
            proptest::char::range('a', 'z'),
            any::<bool>(),
            any::<bool>(),
        ),
        1..12,
    );
    let ascii = ascii.prop_map(|letters| {
        let spell = |c: char, big| if big { c.to_ascii_uppercase() } else { c };
        let one = letters.iter().map(|(c, big, _)| spell(*c, *big)).collect();
        let other = letters.iter().map(|(c, _, big)| spell(*c, *big)).collect();
        (one, other)
    });
    let folded = select(&FOLDED[..]).prop_map(|(one, other)| (one.to_string(), other.to_string()));
    prop_oneof![3 => ascii, 1 => folded]
}

/// Two names that are not the same and look the same, so that only one of them can be taken: some
/// letters of the second are Cyrillic.
pub fn look_alikes() -> impl Strategy<Value = (String, String)> {
    const TWINS: [(char, char); 7] = [
        ('a', '\u{430}'),
        ('c', '\u{441}'),
        ('e', '\u{435}'),
        ('o', '\u{43e}'),
        ('p', '\u{440}'),
        ('x', '\u{445}'),
        ('y', '\u{443}'),
    ];
    (
        "[b-z]{0,4}",
        vec((select(&TWINS[..]), any::<bool>()), 0..4),
        select(&TWINS[..]),
    )
        .prop_map(|(head, middle, (latin, cyrillic))| {
            let one = middle
                .iter()
                .map(|((latin, _), _)| *latin)
                .collect::<String>();
            let other = middle
                .iter()
                .map(|((a, b), swap)| if *swap { *b } else { *a });
            let other = other.collect::<String>();
            (
                format!("{head}{one}{latin}"),
                format!("{head}{other}{cyrillic}"),
            )
        })
}

/// Any name a client may come up with: good ones mostly, other spellings and look-alikes of the
/// handful that [`username`] and [`room_name`] give, and names nobody can have.
pub fn any_name() -> impl Strategy<Value = String> {
    const CLASHING: [&str; 8] = [
        "Alice",
        "ALICE",
        "\u{430}lice",
        "B0B",
        "ZOE\u{308}",
        "DEN",
        "g\u{430}mes",
        "GENERAL",
    ];
    prop_oneof![
        4 => username(),
        4 => room_name(),
        3 => select(&CLASHING[..]).prop_map(String::from),
        1 => invalid_name(),
    ]
    .boxed()
}

/// What a user says: empty, a word, text in many scripts, controls and escapes, what looks like a
/// package, and texts around the default [`max_message_bytes`](crate::Config::max_message_bytes).
pub fn message_text() -> impl Strategy<Value = String> {
    const TRICKY: [&str; 8] = [
        "\u{1b}[2J\u{7}\0",
        "line\nbreak\r\n\ttab",
        r#"quote " backslash \ brace } bracket ]"#,
        "}}\n{\"type\":\"request\",\"data\":{\"request\":\"login\"}}\n",
        r#""},"type":"error","data":{"error_type":"x"#,
        "\u{202e}right to left\u{2028}",
        "e\u{301}\u{200d}\u{1f468}\u{200d}\u{1f469}",
        "\u{65e5}\u{672c}\u{8a9e} \u{627}\u{644}\u{639}\u{631}\u{628}\u{64a}\u{629} \u{440}\u{443}",
    ];
    prop_oneof![
        1 => Just(String::new()),
        6 => "[a-z ]{1,20}",
        2 => select(&TRICKY[..]).prop_map(String::from),
        2 => any::<String>(),
        1 => (4090..4100_usize).prop_map(|long| "x".repeat(long)),
        // Each of these takes six bytes in JSON.
        1 => (1..2500_usize).prop_map(|long| "\u{1}".repeat(long)),
    ]
    .boxed()
}

/// A message. Its username is what a client may claim and the server does not look at.
pub fn message() -> impl Strategy<Value = ClientPackage<'static>> {
    (message_text(), any_name()).prop_map(|(message, username)| ClientPackage::Message {
        message: Cow::Owned(message),
        username: Cow::Owned(username),
        channel: None,
        to: None,
    })
}

/// A command but for the login.
pub fn command() -> impl Strategy<Value = Command<'static>> {
    prop_oneof![
        2 => any_name().prop_map(|name| Command::Rename { username: Cow::Owned(name) }),
        4 => prop_oneof![4 => room_name(), 1 => any_name()]
            .prop_map(|name| Command::Join { channel: Cow::Owned(name), stay: false }),
        2 => Just(Command::Leave { channel: None }),
        1 => Just(Command::Private { channel: None }),
        1 => Just(Command::Public { channel: None }),
        1 => Just(Command::Channels {}),
        1 => Just(Command::Users { channel: None }),
    ]
    .boxed()
}

/// A tag: one of few most of the time, so that messages are sent again, or any of the length allowed.
pub fn tag() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => "[ -~]{0,64}", 1 => "\u{65e5}{1,21}"]
}

/// A command of version 2 of the protocol but for the login: those of version 1, which may say of which
/// room they are, too. Users and rooms are called as these strategies have it.
pub fn newer_command(
    users: impl Strategy<Value = String> + Clone + 'static,
    rooms: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Command<'static>> {
    /// Of a room, or of the current one.
    type OfRoom = fn(Option<Cow<'static, str>>) -> Command<'static>;
    /// About a user, in a room or in the current one.
    type About = fn(Cow<'static, str>, Option<Cow<'static, str>>) -> Command<'static>;
    const OF_ROOM: [OfRoom; 5] = [
        |channel| Command::Leave { channel },
        |channel| Command::Private { channel },
        |channel| Command::Public { channel },
        |channel| Command::Users { channel },
        |channel| Command::Bans { channel },
    ];
    const ABOUT: [About; 8] = [
        |username, channel| Command::Invite { username, channel },
        |username, channel| Command::Uninvite { username, channel },
        |username, channel| Command::Kick {
            username,
            channel,
            reason: None,
        },
        |username, channel| Command::Ban {
            username,
            channel,
            reason: Some("noise".into()),
        },
        |username, channel| Command::Unban { username, channel },
        |username, channel| Command::Mute { username, channel },
        |username, channel| Command::Unmute { username, channel },
        |username, channel| Command::Owner { username, channel },
    ];
    let name = users.prop_map(Cow::Owned);
    let room = rooms.prop_map(Cow::Owned);
    let channel = prop_oneof![2 => Just(None), 1 => room.clone().prop_map(Some)].boxed();
    let id = prop::option::weighted(0.3, 0..12_u64);
    let history = (
        channel.clone(),
        prop::option::weighted(0.3, name.clone()),
        id.clone(),
        id,
        prop::option::of(0..4_u64),
    );
    let reason = prop_oneof![8 => "[a-z ]{0,9}", 1 => "x{510,514}"].prop_map(Cow::Owned);
    prop_oneof![
        6 => (room.clone(), any::<bool>())
            .prop_map(|(channel, stay)| Command::Join { channel, stay }),
        6 => (select(&OF_ROOM[..]), channel.clone()).prop_map(|(of_room, channel)| of_room(channel)),
        8 => (select(&ABOUT[..]), name.clone(), channel.clone())
            .prop_map(|(about, username, channel)| about(username, channel)),
        1 => (name.clone(), reason.clone(), channel.clone()).prop_map(
            |(username, reason, channel)| Command::Kick { username, reason: Some(reason), channel }
        ),
        1 => (reason, channel).prop_map(|(topic, channel)| Command::Topic { topic, channel }),
        2 => room.prop_map(|channel| Command::Switch { channel }),
        3 => history.prop_map(|(channel, with, before, after, limit)| Command::History {
            channel,
            with,
            before,
            after,
            limit,
        }),
        1 => name.clone().prop_map(|username| Command::Rename { username }),
        1 => name.clone().prop_map(|username| Command::Ignore { username }),
        1 => name.prop_map(|username| Command::Unignore { username }),
        1 => Just(Command::Channels {}),
        1 => Just(Command::Ping {}),
        1 => Just(Command::Quit {}),
    ]
    .boxed()
}

/// A message of version 2: in the current room, in another one, or to one user alone. Users and rooms are
/// called as these strategies have it.
pub fn newer_message(
    users: impl Strategy<Value = String> + 'static,
    rooms: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = ClientPackage<'static>> {
    let to = prop::option::weighted(0.3, users.prop_map(Cow::Owned));
    let channel = prop::option::weighted(0.3, rooms.prop_map(Cow::Owned));
    (message_text(), channel, to).prop_map(|(message, channel, to)| ClientPackage::Message {
        message: Cow::Owned(message),
        username: Cow::Borrowed(""),
        channel,
        to,
    })
}

/// Anything a client of version 2 may send that is a package, but for the login.
pub fn newer_package() -> impl Strategy<Value = ClientPackage<'static>> {
    let (users, rooms) = (any_name().boxed(), room_name().boxed());
    prop_oneof![
        3 => newer_message(users.clone(), rooms.clone()),
        8 => newer_command(users, rooms).prop_map(ClientPackage::Command),
    ]
    .boxed()
}

/// What a user does who is in, and stays: anything but [`Action::Login`] and [`Action::Quit`].
pub fn action() -> impl Strategy<Value = Action> {
    let command = command().prop_map(Action::from);
    prop_oneof![
        6 => message_text().prop_map(Action::Say),
        8 => command,
        1 => Just(Action::Sync),
    ]
    .boxed()
}

/// A login.
pub fn login() -> impl Strategy<Value = ClientPackage<'static>> {
    prop_oneof![6 => username(), 1 => any_name()].prop_map(|name| {
        ClientPackage::Command(Command::Login {
            username: Cow::Owned(name),
            version: Version::One,
            resume: None,
        })
    })
}

/// Anything a client may send that is a package.
pub fn package() -> impl Strategy<Value = ClientPackage<'static>> {
    prop_oneof![
        6 => message(),
        8 => command().prop_map(ClientPackage::Command),
        1 => login(),
        4 => newer_package(),
    ]
    .boxed()
}

/// All that one client sends: a login most of the time, and then so many packages.
pub fn script(
    packages: impl Into<SizeRange>,
) -> impl Strategy<Value = Vec<ClientPackage<'static>>> {
    let first = prop_oneof![9 => login().prop_map(Some), 1 => Just(None)];
    (first, vec(package(), packages))
        .prop_map(|(first, rest)| first.into_iter().chain(rest).collect())
        .boxed()
}

/// Any framing.
pub fn framing() -> impl Strategy<Value = Framing> {
    select(&Framing::ALL[..])
}

/// How the network cuts bytes into pieces.
#[derive(Clone, Debug)]
pub enum Splitting {
    /// Not at all.
    Whole,
    /// At these places, in any order.
    At(Vec<Index>),
    /// Everywhere.
    Bytes,
}

impl Splitting {
    /// The pieces of `bytes`, none of them empty.
    pub fn pieces<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            _ if bytes.is_empty() => Vec::new(),
            Splitting::Whole => Vec::from([bytes]),
            Splitting::Bytes => bytes.chunks(1).collect(),
            Splitting::At(places) => {
                let mut cuts: Vec<usize> = places
                    .iter()
                    .map(|place| place.index(bytes.len()))
                    .collect();
                cuts.extend([0, bytes.len()]);
                cuts.sort_unstable();
                cuts.dedup();
                cuts.windows(2)
                    .map(|ends| &bytes[ends[0]..ends[1]])
                    .collect()
            }
        }
    }
}

/// Any splitting; simpler ones have fewer cuts.
pub fn splitting() -> impl Strategy<Value = Splitting> {
    prop_oneof![
        1 => Just(Splitting::Whole),
        4 => vec(any::<Index>(), 1..12).prop_map(Splitting::At),
        2 => Just(Splitting::Bytes),
    ]
}

/// What nobody in good faith sends: noise, packages that never end or nest too deep, that say nothing,
/// and scripts with some bytes changed, so that they break far inside.
pub fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let endless = select(&["{\"a\":\"", "{\"a\":[", "{\"a\":", " ", "{}", "\u{78}\u{1}"][..]);
    let damaged = (
        script(1..6),
        framing(),
        vec((any::<Index>(), any::<u8>()), 1..4),
    );
    prop_oneof![
        2 => vec(any::<u8>(), 0..300),
        2 => (endless, 1..4000_usize).prop_map(|(text, times)| text.repeat(times).into_bytes()),
        1 => "\\PC{0,60}".prop_map(|text| format!("{{{text}").into_bytes()),
        1 => (any::<String>(), any::<String>()).prop_map(|(kind, command)| senseless(&kind, &command)),
        4 => damaged.prop_map(|(script, framing, changes)| {
            let mut bytes = framing.encode(&script);
            for (place, byte) in changes {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        }),
    ]
    .boxed()
}

/// A well-formed package that says nothing.
fn senseless(kind: &str, command: &str) -> Vec<u8> {
    let (kind, command) = (serde_json::json!(kind), serde_json::json!(command));
    let other = format!(r#"{{"type":{kind},"data":{{}}}}"#);
    format!(r#"{other}{{"type":"command","data":{{"command":{command}}}}}"#).into_bytes()
}

/// A name in one of several scripts.
fn rare_name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9_.-]{1,16}",
        1 => "[\"\\\\{}\\[\\],:]{1,6}x",
        1 => "[\u{430}-\u{44f}]{1,12}",
        1 => "[\u{3b1}-\u{3c9}]{1,12}",
        1 => "[\u{4e00}-\u{9fa5}]{1,8}",
        1 => "[\u{ac00}-\u{d7a3}]{1,8}",
        1 => "[\u{1f600}-\u{1f64f}]{1,4}",
    ]
    .boxed()
}
