//! What a server can make a client hold, in bytes, whatever it sends.

#![cfg(feature = "ui")]

use std::collections::VecDeque;

use chatmaster::client::app::{App, Msg, Palette, update, view};
use chatmaster_core::session::Update;
use chatmaster_core::wire::{Encoder, Encoding};
use chatmaster_core::{Session, SessionConfig, SessionInput, Time};
use chatmaster_tests::memory::{self, Counting};
use jiff::civil::date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Events that wait between a session and its user: as many as the terminal client lets wait.
const WAITING: usize = 16;
/// Bytes that a session and the client may hold of all that a server sends.
const MOST_HELD: isize = 20 * 1024 * 1024;
/// Bytes that they may take beside that while they take in one package of 1 MiB.
const MOST_AT_ONCE: isize = 32 * 1024 * 1024;
const MIB: usize = 1024 * 1024;

/// What a client holds of packages that come after a login: at the end, and at the worst.
fn held(packages: impl IntoIterator<Item = String>) -> (isize, isize) {
    let mut wire = Vec::new();
    let mut encoder = Encoder::default();
    let mut text = |text: &str| encoder.encode(text.as_bytes(), Encoding::Zlib, &mut wire);
    text(r#"{"type":"request","data":{"request":"login"}}"#);
    text(r#"{"type":"session","data":{"status":true,"username":"alice","channel":"general"}}"#);
    for package in packages {
        assert!(package.len() <= MIB, "the session would not take it");
        text(&package);
    }
    let before = memory::live();
    memory::peak();
    let size = (80, 24);
    let mut app = App::new(
        "a server".into(),
        Some("alice".into()),
        size,
        Palette::Plain,
    );
    let mut session = Session::new(SessionConfig {
        username: Some("alice".into()),
        ..SessionConfig::default()
    });
    let at = date(2026, 11, 24).at(12, 0, 0, 0);
    let mut waiting = VecDeque::new();
    for piece in wire.chunks(64 * 1024) {
        session.handle(Time::ZERO, SessionInput::Received(piece));
        while let Some(event) = session.poll_event() {
            waiting.push_back(event);
            if waiting.len() > WAITING
                && let Some(event) = waiting.pop_front()
            {
                update(&mut app, at, Msg::Update(Update::Event(event)));
            }
        }
        while session.poll_output().is_some() {}
        let sent = u32::try_from(session.pending().len()).expect("it is little");
        session.handle(Time::ZERO, SessionInput::Sent(sent));
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view(&app, &mut buf);
    let held = memory::live() - before;
    let peak = memory::peak() - before;
    (held, peak)
}

fn message(username: &str, text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}","username":"{username}"}}}}"#)
}

fn notification(kind: &str, attributes: &str) -> String {
    format!(r#"{{"type":"notification","data":{{"event_type":"{kind}",{attributes}}}}}"#)
}

#[test]
fn no_server_makes_a_client_hold_more_than_so_many_bytes() {
    let long = |text: &str, size: usize| text.repeat((size - 200) / text.len());
    let names = |name: &str, size: usize| {
        let name = format!("\"{name}\",");
        name.repeat((size - 200) / name.len()) + "\"last\""
    };
    let rooms = |names: String| notification("channel_list", &format!(r#""channels":[{names}]"#));
    let users = |room: &str, names: &str| {
        notification(
            "user_list",
            &format!(r#""channel":"{room}","users":[{names}]"#),
        )
    };
    let error = |kind: &str, text: &str| {
        format!(r#"{{"type":"error","data":{{"error_type":"{kind}","message":"{text}"}}}}"#)
    };
    let renamed = |name: &str| {
        let names = format!(r#""old_username":"alice","new_username":"{name}""#);
        notification("user_rename", &names)
    };
    let packages: [(&str, &dyn Fn(usize) -> String); 15] = [
        ("long messages", &|size| message("bob", &long("x", size))),
        ("lines", &|size| message("bob", &long("\\n", size))),
        ("mentions", &|size| message("bob", &long("alice ", size))),
        ("what is spelled out", &|size| {
            message("bob", &long("\u{202E}", size))
        }),
        ("long names", &|size| message(&long("x", size), "x")),
        ("rooms without a name", &|size| rooms(names("", size))),
        ("rooms", &|size| rooms(names("a", size))),
        ("escaped rooms", &|size| rooms(names("\\u0061", size))),
        ("members", &|size| users("general", &names("a", size))),
        ("a long room", &|size| users(&long("x", size), "")),
        ("long renames", &|size| renamed(&long("x", size))),
        ("errors", &|size| error("x", &long("x", size))),
        ("kinds of errors", &|size| error(&long("x", size), "x")),
        ("unknown packages", &|size| {
            format!(r#"{{"type":"x","data":"{}"}}"#, long("x", size))
        }),
        ("requests", &|size| {
            format!(
                r#"{{"type":"request","data":{{"request":"{}"}}}}"#,
                long("x", size)
            )
        }),
    ];
    for (what, package) in packages {
        // One is as long as can be, and all are longer than what is taken of them.
        let sizes = [MIB].into_iter().chain([MIB / 8; WAITING + 4]);
        assert_bounded(what, sizes.map(package));
    }
    let joins = |user: String, room: String| {
        let names = format!(r#""channel":"{room}","username":"{user}""#);
        notification("user_joined", &names)
    };
    let newcomers = (0..10_000).map(|n| joins(format!("user-{n}"), "general".into()));
    assert_bounded("newcomers", newcomers);
    let moves = (0..10_000).map(|n| joins("alice".into(), format!("room-{n}")));
    assert_bounded("moves", moves);
}

fn assert_bounded(what: &str, packages: impl IntoIterator<Item = String>) {
    let (held, peak) = held(packages);
    println!(
        "{what}: {} KiB held, {} KiB at the worst",
        held / 1024,
        peak / 1024
    );
    assert!(held <= MOST_HELD, "{what}: {held} bytes are held");
    assert!(
        peak <= MOST_HELD + MOST_AT_ONCE,
        "{what}: {peak} bytes at once"
    );
}
