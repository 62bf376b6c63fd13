//! What hostile peers send, to a server in a process of its own, before login and after: each gets an
//! error or a close, the others chat on, and the server's memory stays where it was.

use chatmaster_core::testing::packages::{command, login, message, said};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_tests::process::{Client, Process};
use chatmaster_tests::world::Runtime;
use miniz_oxide::deflate::compress_to_vec_zlib;

/// How much more memory a server may take for all of it.
const MEMORY: usize = 32 << 20;

/// What comes of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// An `error`, and the connection goes on.
    Error,
    /// An `error`, if it still gets through, and the connection is closed.
    Closed,
    /// Before login a refused login, and after it an error; the connection goes on.
    Refused,
}

fn attacks() -> Vec<(&'static str, Fate, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    let open_message = r#"{"type":"message","data":{"message":"#;
    let rename = |name: &str| command("rename", "username", name);
    let bomb = Writer::new(Framing::Zlib).package(&format!(
        "{open_message}\"{}\"}}}}",
        "x".repeat(200_000_000)
    ));
    assert!(bomb.len() < 250_000, "200 MB from 200 KB");
    let blank_bomb = Writer::new(Framing::Zlib).package(&" ".repeat(50_000_000));
    let mut attacks = vec![
        (
            "garbage",
            Fate::Closed,
            (0..100_000_u32)
                .map(|n| ((n * 7919) >> 3) as u8 | 0x80)
                .collect(),
        ),
        (
            "a browser",
            Fate::Closed,
            text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".into()),
        ),
        ("a bomb", Fate::Closed, bomb),
        ("a bomb of blanks", Fate::Closed, blank_bomb),
        (
            "brackets",
            Fate::Closed,
            text(format!("{open_message}{}", "[".repeat(200_000))),
        ),
        ("braces", Fate::Closed, text(r#"{"a":"#.repeat(200_000))),
        (
            "an endless string",
            Fate::Closed,
            text(format!("{open_message}\"{}", "x".repeat(4_000_000))),
        ),
        (
            "not UTF-8",
            Fate::Error,
            b"{\"type\":\"message\",\"data\":{\"message\":\"\xff\xc0\"}}".to_vec(),
        ),
        (
            "lone surrogates",
            Fate::Error,
            text(format!(r#"{open_message}"\ud800"}}}}"#)),
        ),
        (
            "duplicate keys",
            Fate::Error,
            text(r#"{"type":"message","type":"command"}"#.into()),
        ),
        (
            "a name of escapes",
            Fate::Error,
            text(rename("\u{1b}[2J\u{7}")),
        ),
        (
            "a name of 10,000",
            Fate::Error,
            text(rename(&"n".repeat(10_000))),
        ),
        (
            "a login of escapes",
            Fate::Refused,
            text(login("\u{1b}]0;owned\u{7}")),
        ),
        (
            "a login of 10,000",
            Fate::Refused,
            text(login(&"n".repeat(10_000))),
        ),
        ("a person", Fate::Closed, text("hello\n".into())),
        (
            "zlib in zlib",
            Fate::Closed,
            compress_to_vec_zlib(&compress_to_vec_zlib(b"{}", 6), 6),
        ),
        (
            "flushes of nothing",
            Fate::Closed,
            [&[0x78, 0x9c][..], &[0, 0, 0, 0xff, 0xff].repeat(4000)].concat(),
        ),
        (
            "an array for an object",
            Fate::Error,
            text(r#"{"type":"message","data":["hello"]}"#.into()),
        ),
        ("no object", Fate::Closed, text("[]".into())),
        ("a number", Fate::Closed, text("7".into())),
    ];
    for kind in ["request", "notification", "session", "error"] {
        let package = format!(r#"{{"type":"{kind}","data":{{"request":"login"}}}}"#);
        attacks.push((kind, Fate::Error, text(package)));
    }
    attacks
}

/// Alice and Bob exchange a word.
fn chat(alice: &mut Client, bob: &mut Client, word: &str) {
    alice.send(&message(word));
    let heard = said(word, "alice");
    while bob.receive().expect("bob is connected").text != heard {}
}

fn survives_everything(runtime: Runtime) {
    let server = Process::start(env!("CARGO_BIN_EXE_server"), runtime);
    let mut alice = server.log_in("alice");
    let mut bob = server.log_in("bob");
    chat(&mut alice, &mut bob, "before");
    let before = server.memory();
    for logged_in in [false, true] {
        for (number, (name, fate, bytes)) in attacks().into_iter().enumerate() {
            let mut attacker = if logged_in {
                server.log_in(&format!("attacker-{number}-x"))
            } else {
                let mut attacker = server.connect();
                attacker.expect(r#"{"type":"request""#);
                attacker
            };
            attacker.send_bytes(&bytes);
            let context = format!("{name} on {runtime:?}, logged in: {logged_in}");
            match fate {
                Fate::Error => {
                    attacker.expect(r#"{"type":"error""#);
                }
                Fate::Refused if !logged_in => {
                    attacker.expect(r#"{"type":"session","data":{"status":false,"reason":""#);
                }
                Fate::Refused => {
                    attacker.expect(r#"{"type":"error","data":{"error_type":"login""#);
                }
                Fate::Closed => {
                    if let Some(told) = attacker.receive() {
                        assert!(
                            told.text.starts_with(r#"{"type":"error""#),
                            "{context}: {told:?}"
                        );
                        assert_eq!(attacker.receive(), None, "{context} is closed");
                    }
                }
            }
            if fate != Fate::Closed {
                attacker.send(r#"{"type":"command","data":{"command":"users"}}"#);
                let alive = attacker
                    .receive()
                    .unwrap_or_else(|| panic!("{context} goes on"));
                assert!(alive.text.contains("user"), "{context}: {alive:?}");
            }
            chat(&mut alice, &mut bob, name);
        }
    }
    if let (Some(before), Some(after)) = (before, server.memory()) {
        assert!(
            after < before + MEMORY,
            "from {before} to {after} bytes on {runtime:?}"
        );
    }
}

#[test]
fn a_mio_server_survives_everything() {
    survives_everything(Runtime::Mio);
}

#[test]
fn a_smol_server_survives_everything() {
    survives_everything(Runtime::Smol);
}

/// Alice says 20,000 things of 800 bytes while a third never reads. She sends on when Bob has read,
/// so that it is not he who is slow, however busy the machine is.
fn survives_a_reader_that_never_reads(runtime: Runtime) {
    let server = Process::start(env!("CARGO_BIN_EXE_server"), runtime);
    let mut bob = server.log_in("bob");
    let mut alice = server.log_in("alice");
    bob.expect(r#"{"type":"notification","data":{"event_type":"user_joined","username":"alice""#);
    let stuck = server.log_in("stuck");
    bob.expect(r#"{"type":"notification","data":{"event_type":"user_joined","username":"stuck""#);
    let before = server.memory();
    let filler = "x".repeat(790);
    let text = |number: usize| format!("{number:05} {filler}");
    let gone = r#"{"type":"notification","data":{"event_type":"user_left","username":"stuck""#;
    let mut announced = 0;
    for hundred in 0..200 {
        let numbers = hundred * 100..hundred * 100 + 100;
        let said_at_once: String = numbers
            .clone()
            .map(|number| message(&text(number)))
            .collect();
        alice.send(&said_at_once);
        for number in numbers {
            let mut heard = bob.receive().expect("bob is connected").text;
            if heard.starts_with(gone) {
                announced += 1;
                heard = bob.receive().expect("bob is connected").text;
            }
            assert_eq!(heard, said(&text(number), "alice"), "all arrive, in order");
        }
        if let (Some(before), Some(now)) = (before, server.memory()) {
            assert!(
                now < before + MEMORY,
                "from {before} to {now} bytes on {runtime:?}"
            );
        }
    }
    assert_eq!(announced, 1, "the reader is closed, and announced as gone");
    drop(stuck);
}

#[test]
fn a_mio_server_survives_a_reader_that_never_reads() {
    survives_a_reader_that_never_reads(Runtime::Mio);
}

#[test]
fn a_smol_server_survives_a_reader_that_never_reads() {
    survives_a_reader_that_never_reads(Runtime::Smol);
}

/// 5000 messages in one piece, and the same byte by byte.
fn takes_5000_messages_however_they_come(runtime: Runtime) {
    let server = Process::start(env!("CARGO_BIN_EXE_server"), runtime);
    let mut bob = server.log_in("bob");
    let mut alice = server.log_in("alice");
    bob.expect(r#"{"type":"notification","data":{"event_type":"user_joined","username":"alice""#);
    let all: String = (0..5000)
        .map(|number| message(&number.to_string()))
        .collect();
    for piece in [all.len(), 1] {
        let sender = std::thread::spawn({
            let (all, mut stream) = (all.clone(), alice.stream.try_clone().expect("a socket"));
            move || {
                use std::io::Write;
                all.as_bytes()
                    .chunks(piece)
                    .for_each(|piece| stream.write_all(piece).expect("the server takes all"));
            }
        });
        for number in 0..5000 {
            let heard = bob.receive().expect("bob is connected").text;
            assert_eq!(heard, said(&number.to_string(), "alice"));
        }
        sender.join().expect("all was sent");
    }
    alice.send(r#"{"type":"command","data":{"command":"users"}}"#);
    alice.expect(r#"{"type":"notification","data":{"event_type":"user_list""#);
}

#[test]
fn a_mio_server_takes_5000_messages_however_they_come() {
    takes_5000_messages_however_they_come(Runtime::Mio);
}

#[test]
fn a_smol_server_takes_5000_messages_however_they_come() {
    takes_5000_messages_however_they_come(Runtime::Smol);
}
