//! `chatmaster replay` as a real command on real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chatmaster_core::recording::{Header, Reader, Record, Recorder};
use chatmaster_core::{Config, Start};
use chatmaster_tests::story::{self, story};
use serde_json::Value;

/// What a command has said, line by line, and its exit status.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: i32,
    out: Vec<String>,
    err: Vec<String>,
}

fn replay(files: &[&Path], flags: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_chatmaster"))
        .arg("replay")
        .args(files)
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .expect("the command was built with this test");
    let lines = |bytes: &[u8]| {
        let text = str::from_utf8(bytes).expect("text is printed");
        text.lines().map(str::to_owned).collect()
    };
    Said {
        status: output.status.code().expect("it was not killed"),
        out: lines(&output.stdout),
        err: lines(&output.stderr),
    }
}

/// A new file of this name, in a folder of the test's own.
fn file(test: &str, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).expect("there is room");
    let path = folder.join(name);
    fs::write(&path, bytes).expect("there is room");
    path
}

/// A path in a folder of the test's own where nothing is.
fn nowhere(test: &str, name: &str) -> PathBuf {
    let path = file(test, name, b"");
    fs::remove_file(&path).expect("it is there");
    path
}

/// Where each record begins.
fn offsets(bytes: &[u8]) -> Vec<usize> {
    let (_, mut reader) = Reader::open(bytes).expect("the header is good");
    let mut offsets = vec![reader.offset()];
    while reader.next_record().expect("it is whole").is_some() {
        offsets.push(reader.offset());
    }
    offsets.pop();
    offsets
}

/// The same records behind another header.
fn behind(header: Header, bytes: &[u8]) -> Vec<u8> {
    let (_, mut reader) = Reader::open(bytes).expect("the header is good");
    let mut recorder = Recorder::new(header);
    while let Some(record) = reader.next_record().expect("it is whole") {
        match record {
            Record::Input(time, input) => recorder.input(time, &input),
            Record::Emission(emission) => recorder.emission(&emission),
            Record::Drained(outputs) => recorder.drained(&outputs),
        }
    }
    recorder.bytes().to_vec()
}

/// What is told after the times.
fn told(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| &line[13 + 2 + 24 + 2..]).collect()
}

#[test]
fn a_good_recording_replays_twice_with_the_same_words() {
    let path = file("good", "story.rec", story().bytes());
    let first = replay(&[&path], &[]);
    assert_eq!(first.status, 0);
    assert!(
        first
            .out
            .contains(&"connections  3, at most 3 at once".into()),
        "{first:?}"
    );
    let last = first.out.last().map(String::as_str);
    assert_eq!(last, Some("result       replays to the byte"));
    let [took] = &first.err[..] else {
        panic!("{:?}", first.err);
    };
    assert!(took.starts_with("chatmaster: replayed in "), "{took}");
    assert!(took.ends_with(" inputs per second"), "{took}");
    assert_eq!(replay(&[&path], &[]).out, first.out);
}

#[test]
fn a_flipped_byte_is_found_where_it_is_with_status_4() {
    let hub = story();
    let bytes = hub.bytes();
    for (number, begin) in offsets(bytes).into_iter().enumerate() {
        let mut damaged = bytes.to_vec();
        damaged[begin + 7] ^= 0x20;
        let path = file("flipped", &format!("{number}.rec"), &damaged);
        let said = replay(&[&path], &["--transcript"]);
        let expected = format!("chatmaster: {} is damaged at byte {begin}", path.display());
        assert_eq!(
            (said.status, said.err),
            (4, vec![expected]),
            "record {number}"
        );
    }
    let mut damaged = bytes.to_vec();
    damaged[20] ^= 1;
    let path = file("flipped", "header.rec", &damaged);
    let said = replay(&[&path], &[]);
    assert_eq!(said.status, 4, "{said:?}");
    let expected = format!(
        "chatmaster: {} is damaged in its header, from byte 0 on",
        path.display()
    );
    assert_eq!(said.err, [expected]);
}

#[test]
fn a_cut_tail_is_torn_and_no_fault() {
    let hub = story();
    let bytes = hub.bytes();
    let last = *offsets(bytes).last().expect("there are records");
    for (name, cut) in [("short", bytes.len() - 1), ("long", last + 1)] {
        let path = file("torn", name, &bytes[..cut]);
        let said = replay(&[&path], &[]);
        assert_eq!(said.status, 0, "{said:?}");
        let expected = format!(
            "torn: {} ends inside a record; its last {} bytes, from byte {last} on, are left out",
            path.display(),
            cut - last,
        );
        assert_eq!(said.out.last(), Some(&expected));
        let said = replay(&[&path], &["--transcript"]);
        assert_eq!(
            (said.status, said.err),
            (0, vec![format!("chatmaster: {expected}")])
        );
    }
}

#[test]
fn what_is_no_recording_is_said_with_status_1() {
    let missing = nowhere("foreign", "missing.rec");
    let foreign = file("foreign", "notes.txt", b"just some notes");
    let mut bytes = story().bytes().to_vec();
    bytes[8] = 9;
    let newer = file("foreign", "newer.rec", &bytes);
    for (path, words) in [
        (
            &missing,
            format!("cannot read {}: there is no such file", missing.display()),
        ),
        (
            &foreign,
            format!(
                "{} is not a recording. `chatmaster serve --record` makes some.",
                foreign.display()
            ),
        ),
        (
            &newer,
            format!(
                "{} is of format 9, which is newer than this chatmaster. Replay it with the one \
                 that made it.",
                newer.display()
            ),
        ),
    ] {
        let said = replay(&[path], &[]);
        let expected = vec![format!("chatmaster: {words}")];
        assert_eq!((said.status, said.out, said.err), (1, vec![], expected));
    }
}

#[test]
fn another_behaviour_is_a_warning_and_the_replay_goes_on() {
    let hub = story();
    let (header, _) = Reader::open(hub.bytes()).expect("it is whole");
    let header = Header {
        behaviour: 77,
        ..header
    };
    let path = file("behaviour", "story.rec", &behind(header, hub.bytes()));
    let said = replay(&[&path], &["--at", "1"]);
    assert_eq!(said.status, 0);
    let warning = format!(
        "chatmaster: {} was made by behaviour version 77 of the core, and this is version ",
        path.display()
    );
    assert!(said.err[0].starts_with(&warning), "{said:?}");
}

#[test]
fn the_first_difference_is_shown_with_status_3() {
    let hub = story();
    let config = Config {
        max_message_bytes: 10,
        ..Config::default()
    };
    let start = Start {
        unix_micros: 1_795_000_000_000_000,
        ..Start::default()
    };
    let bytes = behind(Header::new(config, start, "test"), hub.bytes());
    let path = file("diverged", "story.rec", &bytes);
    let said = replay(&[&path], &[]);
    assert_eq!(said.status, 3);
    assert_eq!(
        said.err.len(),
        1,
        "how long it took, and nothing twice: {:?}",
        said.err
    );
    let at = said
        .out
        .iter()
        .position(|line| line.starts_with("diverged at record "));
    let [place, expected, actual] = &said.out[at.expect("it is said")..] else {
        panic!("{said:?}");
    };
    assert!(
        place.ends_with("0.700000 s, connection #1 (alice)"),
        "{place}"
    );
    assert!(
        expected.starts_with(
            r#"  expected: {"type":"message","data":{"message":"hello everyone","username":"alice"}} to 2 "#
        ),
        "{expected}"
    );
    assert!(
        actual.starts_with(
            r#"  actual:   {"type":"error","data":{"error_type":"message","message":"A message may have at most 10 bytes."}} to 1 "#
        ),
        "{actual}"
    );
    let other = replay(&[&path], &["--transcript"]);
    assert_eq!(other.status, 3);
    assert_eq!(
        other.err,
        [
            format!("chatmaster: {place}"),
            expected.clone(),
            actual.clone()
        ]
    );
    assert_eq!(told(&other.out).last(), Some(&"#3 carol joins general"));
}

#[test]
fn a_user_sees_no_line_that_was_not_sent_to_that_user() {
    let path = file("as", "story.rec", story().bytes());
    let said = replay(&[&path], &["--as", "alice"]);
    assert_eq!((said.status, &said.err[..]), (0, &[][..]));
    let expected = [
        "* you are alice, in general; rooms: general",
        "* you joined general",
        "* bob joined general",
        "* carol joined general",
        "<alice> hello everyone",
        "* bob left general",
        "* carol left general",
        "! join: Channel is private.",
        "<alice> is anyone here?",
        "* you are now alicia",
        "* bob joined general",
        "<bob> back again",
        "! package: A package must be a JSON object or a zlib stream of them; neither starts with the byte 0x6e.",
    ];
    assert_eq!(told(&said.out), expected);
    let nobody = replay(&[&path], &["--as", "dave"]);
    assert_eq!(nobody.status, 1);
    assert_eq!(
        nobody.err,
        ["chatmaster: nobody logged in as dave. These did: alice, alicia, bob, carol."]
    );
}

#[test]
fn a_transcript_has_everyone_and_every_room() {
    let path = file("transcript", "story.rec", story().bytes());
    let said = replay(&[&path], &["--transcript"]);
    assert_eq!(said.status, 0);
    assert_eq!(
        said.out[0],
        "     0.100000  2026-11-18 11:06:40.100Z  #1 connects from 127.0.0.1"
    );
    for line in [
        "#2 bob hides lair",
        "#2 bob in lair: the secret plan",
        "#3 carol in lair: understood ␛[1m",
        "#1 alice in general (to nobody): is anyone here?",
        "#1 alice is alicia now",
        "#2 bob disconnected: the server stops",
    ] {
        assert!(told(&said.out).contains(&line), "{line}: {said:?}");
    }
}

#[test]
fn json_has_an_object_for_every_record() {
    let hub = story();
    let path = file("json", "story.rec", hub.bytes());
    let said = replay(&[&path], &["--json"]);
    assert_eq!(said.status, 0);
    let records: Vec<u64> = said
        .out
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"))
        .map(|object| object["record"].as_u64().expect("it has a number"))
        .collect();
    let all = offsets(hub.bytes()).len() as u64;
    assert_eq!(records, (1..=all).collect::<Vec<_>>());
    let said = replay(&[&path], &["--json", "--as", "bob"]);
    let line = r#"{"time":1.200000,"connection":2,"event":"message","username":"carol","message":"understood \u001b[1m"}"#;
    assert!(said.out.contains(&line.into()), "{said:?}");
}

#[test]
fn the_state_at_a_time_has_connections_and_rooms() {
    let path = file("at", "story.rec", story().bytes());
    let said = replay(&[&path], &["--at", "1.1"]);
    assert_eq!(said.status, 0);
    let expected = [
        "connections: 3",
        "  #1 alice in general (127.0.0.1)",
        "  #2 bob in lair (203.0.113.7)",
        "  #3 carol in lair (::1)",
        "waiting: 0 bytes to send, 0 received",
        "rooms: 2",
        "  general: alice",
        "  lair, private, owner bob: bob, carol",
    ];
    assert_eq!(said.out[1..], expected);
}

#[test]
fn other_limits_show_who_would_have_been_refused() {
    let path = file("what-if", "story.rec", story().bytes());
    let said = replay(&[&path], &["--what-if", "--max-connections", "2"]);
    assert_eq!((said.status, &said.err[..]), (0, &[][..]));
    assert_eq!(
        said.out[3],
        "refused                              0         1"
    );
    let last = said.out.last().map(String::as_str);
    let expected = "#3 carol: closed at 5.500000 s: too many connections (recorded: closed at \
                    61.800000 s: the peer left)";
    assert_eq!(last, Some(expected));
    let said = replay(&[&path], &["--what-if", "--send-queue-bytes", "1K"]);
    let refused = "--send-queue-bytes must be at least 49664 for this --max-message-bytes: raise it, or lower --max-message-bytes";
    assert_eq!(said.status, 2);
    assert_eq!(said.err, [format!("chatmaster: {refused}")]);
}

#[test]
fn a_redacted_recording_replays_and_nothing_is_overwritten() {
    let path = file("redact", "story.rec", story().bytes());
    let safe = nowhere("redact", "safe.rec");
    let flags = ["--redact", "-o", safe.to_str().expect("it is UTF-8")];
    let said = replay(&[&path], &flags);
    assert_eq!((said.status, &said.err[..]), (0, &[][..]));
    let bytes = fs::read(&safe).expect("it was written");
    let expected = format!(
        "wrote {}: {} bytes, 5 names replaced",
        safe.display(),
        bytes.len()
    );
    assert_eq!(said.out, [expected]);
    #[cfg(unix)]
    {
        let mode = fs::metadata(&safe).expect("it is there").permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(replay(&[&safe], &[]).status, 0);
    let told_of = replay(&[&safe], &["--transcript"]);
    assert_eq!(told(&told_of.out)[9], "#1 aaaaa in general: xxxxx xxxxxxxx");
    let again = replay(&[&path], &flags);
    assert_eq!(again.status, 1);
    let expected = format!(
        "chatmaster: cannot write {}: it exists already, and is not overwritten",
        safe.display()
    );
    assert_eq!(again.err, [expected]);
    assert_eq!(fs::read(&safe).expect("it is there"), bytes);
}

#[test]
fn a_diverging_recording_is_shrunk_and_still_diverges() {
    let hub = story();
    let (header, _) = Reader::open(hub.bytes()).expect("it is whole");
    let config = Config {
        max_message_bytes: 10,
        ..Config::default()
    };
    let bytes = behind(Header { config, ..header }, hub.bytes());
    let path = file("shrink", "story.rec", &bytes);
    let small = nowhere("shrink", "small.rec");
    let flags = ["--shrink", "-o", small.to_str().expect("it is UTF-8")];
    let said = replay(&[&path], &flags);
    assert_eq!((said.status, &said.err[..]), (0, &[][..]));
    let said = replay(&[&small], &[]);
    assert_eq!(said.status, 3);
    assert!(
        said.out.iter().any(|line| line.contains("hello everyone")),
        "{said:?}"
    );
    assert!(offsets(&fs::read(&small).expect("it is there")).len() < offsets(&bytes).len() / 2);

    let good = file("shrink", "good.rec", hub.bytes());
    let other = nowhere("shrink", "other.rec");
    let said = replay(
        &[&good],
        &["--shrink", "-o", other.to_str().expect("it is UTF-8")],
    );
    assert_eq!(said.status, 1);
    let expected = "chatmaster: the recording replays to the byte: there is nothing to shrink";
    assert_eq!(said.err, [expected]);
    assert!(!other.exists());
}

#[test]
fn a_reader_that_has_read_enough_ends_it_quietly() {
    let path = file("enough", "story.rec", story().bytes());
    let mut replay = Command::new(env!("CARGO_BIN_EXE_chatmaster"))
        .arg("replay")
        .arg(&path)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built with this test");
    drop(replay.stdout.take());
    let ended = replay.wait_with_output().expect("it is our child");
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

/// How fast it is: `cargo test --release -p chatmaster --test replay -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, of use in release only"]
fn a_million_inputs_take_seconds() {
    let config = Config {
        message_rate: 0,
        ..Config::default()
    };
    let mut hub = story::RecordedHub::new(config);
    for id in 1..=100 {
        hub.after(1).opens(id, std::net::Ipv4Addr::LOCALHOST);
        hub.plain(id, &story::login(&format!("user-{id:03}")));
        hub.plain(id, &story::join(&format!("room-{}", id % 10)));
    }
    // Each is one input, and one more for each of nine who take it.
    for number in 0..100_000 {
        let id = 1 + number * 7 % 100;
        let text = story::message(&format!("This is message number {number}."));
        match id % 2 {
            0 => hub.after(3).plain(id, &text),
            _ => hub.after(3).zlib(id, &text),
        }
    }
    let path = file("million", "million.rec", hub.bytes());
    println!("{} bytes", hub.bytes().len());
    for flags in [
        &[][..],
        &["--transcript"],
        &["--as", "user-007"],
        &["--at", "5m"],
        &["--json"],
        &["--what-if", "--message-rate", "1"],
        &["--redact", "-o", "/dev/null/never"],
    ] {
        let began = std::time::Instant::now();
        let said = replay(&[&path], flags);
        println!("{flags:?}: {:?}, {} lines", began.elapsed(), said.out.len());
        said.err.iter().for_each(|line| println!("  {line}"));
        if flags.is_empty() {
            said.out.iter().for_each(|line| println!("  {line}"));
        }
    }
}
