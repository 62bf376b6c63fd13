//! What one connection can make the server do: flood control counts work, one input is a bounded amount
//! of it, and what breaks the protocol is told by its name and in the right encoding.

use chatmaster_core::testing::packages::{command, error, login, message, said};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};
use chatmaster_core::testing::{ClientId, Harness, id, unlimited};
use chatmaster_core::{Config, Input, Output};

use crate::{MS, SECOND};

/// A block with Huffman codes of its own and nothing in it: 90 bits, the first one lowest.
const DYNAMIC: &str = concat!(
    "001",
    "00000",
    "00000",
    "0111",
    // Lengths of codes: 18 and 1 have one bit each.
    "000000100000000000000000000000000000000000000000000100",
    // 138 and 118 zeros, and one bit each for the end of the block and a distance; and that end.
    "11111111",
    "11101011",
    "000",
);
/// A block with the fixed codes and nothing in it.
const FIXED: &str = "0100000000";

/// A zlib stream of so many blocks, of `bits` each, and not ended.
fn blocks(bits: &str, count: usize) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().map(|bit| bit - b'0').collect();
    let all: Vec<u8> = bits
        .iter()
        .copied()
        .cycle()
        .take(bits.len() * count)
        .collect();
    let bytes = all.chunks(8).map(|bits| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |byte, (at, bit)| byte | bit << at)
    });
    [0x78, 0x9c].into_iter().chain(bytes).collect()
}

/// How often the hub has to be handed something until it has taken in all that the client sent.
fn turns(world: &mut Harness, client: ClientId, bytes: &[u8]) -> usize {
    world
        .hub
        .handle(world.now, Input::Received(id(client), bytes));
    let mut turns = 1;
    while let Some(due) = world.hub.poll_timeout()
        && due <= world.now + MS
    {
        world.now = due;
        world.hub.handle(due, Input::Tick);
        turns += 1;
        assert!(turns < 10_000, "it comes to an end");
    }
    world.handle(Input::Tick);
    turns
}

#[test]
fn empty_blocks_are_paid_for_before_login_and_after() {
    for (bits, count) in [(DYNAMIC, 1_300), (FIXED, 11_800)] {
        let stream = blocks(bits, count);
        assert!((14_500..15_000).contains(&stream.len()));
        let tokens = count * 512 / Config::default().package_work;
        for (logged_in, burst) in [(false, 10), (true, 30)] {
            let mut world = Harness::new(Config::default());
            let attacker = if logged_in {
                world.log_in("attacker")
            } else {
                world.connect()
            };
            world.advance(20 * SECOND);
            world.packages(attacker);
            world.log.clear();
            world.send(attacker, &stream);
            assert_eq!(world.log, [Output::PauseRead(id(attacker))]);
            // The rest is taken at ten tokens a second, for as long as it may stay.
            let seconds = (tokens.saturating_sub(burst) / 10) as u32;
            if logged_in || seconds < 9 {
                world.advance(seconds.saturating_sub(1) * SECOND);
                assert_eq!(world.log.len(), 1, "{logged_in}, {count}");
                world.advance(3 * SECOND);
                assert_eq!(world.log[1..], [Output::ResumeRead(id(attacker))]);
            } else {
                world.advance(30 * SECOND);
                let told = world.packages(attacker).pop();
                assert_eq!(told, Some(error("login", "No login within 30 seconds.")));
            }
        }
    }
}

#[test]
fn one_input_is_a_bounded_amount_of_work_without_flood_control_too() {
    // 128 blocks, and half a megabyte of white space, are two turns each and some.
    let inflating = Writer::new(Framing::Zlib).package(&format!("{{}}{}", " ".repeat(500_000)));
    for (bytes, least) in [
        (blocks(DYNAMIC, 1_300), 10),
        (blocks(FIXED, 11_800), 92),
        (inflating, 7),
        (b"{}\n".repeat(30_000), 1),
    ] {
        let config = Config {
            max_package_bytes: 1 << 20,
            backlog_bytes: 1 << 20,
            ..unlimited()
        };
        let mut world = Harness::new(config);
        let client = world.log_in("client");
        let turns = turns(&mut world, client, &bytes);
        assert!(turns >= least, "{turns}, and not {least}");
    }
}

#[test]
fn ordinary_packages_cost_one_token_in_every_encoding() {
    // The longest message that there is, in letters that JSON may escape.
    let long = message(&"\u{4e2d}".repeat(4096 / 3));
    let escaped = long.replace('\u{4e2d}', "\\u4e2d");
    assert!(escaped.len() > 8 * 1024);
    for text in [message("hi"), long, escaped] {
        for framing in Framing::ALL {
            let mut world = Harness::new(Config::default());
            let listener = world.log_in("listener");
            let talker = world.connect();
            let mut writer = Writer::new(framing);
            world.send(talker, &writer.package(&login("talker")));
            world.advance(60 * SECOND);
            world.packages(listener);
            world.log.clear();
            for number in 0..30 {
                assert_eq!(world.log, [], "{framing:?}, {number}");
                world.send(talker, &writer.package(&text));
                assert_eq!(world.packages(listener).len(), 1, "{framing:?}, {number}");
            }
            world.send(talker, &writer.package(&text));
            assert_eq!(world.packages(listener), [""; 0]);
            world.advance(100 * MS);
            assert_eq!(world.packages(listener).len(), 1);
        }
    }
}

#[test]
fn heavy_packages_cost_as_many_tokens_as_work() {
    // 16,000 bytes of attributes in a stream of their own: a token for the package, and one for what is
    // beyond 16 KiB of what came and what that inflates to.
    let mut number = 1_u32;
    let ignored: String = (0..2600)
        .map(|_| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("{},", number >> 16)
        })
        .collect();
    let heavy = format!(r#"{{"x":[{ignored}0],{}"#, &message("heavy")[1..]);
    assert!((14_000..16_384).contains(&heavy.len()));
    let bytes = Writer::new(Framing::Zlib).package(&heavy);
    let work = bytes.len() + heavy.len() + 512;
    let tokens = 1 + work / Config::default().package_work;
    assert_eq!(tokens, 2);
    let mut world = Harness::new(Config::default());
    let listener = world.log_in("listener");
    let talker = world.log_in("talker");
    world.advance(60 * SECOND);
    world.packages(listener);
    for _ in 0..20 {
        world.send(talker, &bytes);
    }
    assert_eq!(world.packages(listener).len(), 30 / tokens);
    world.advance(SECOND);
    assert_eq!(world.packages(listener).len(), 10 / tokens);
}

#[test]
fn who_is_not_logged_in_has_a_small_budget_and_all_of_it_once_logged_in() {
    let mut world = Harness::new(Config::default());
    let guest = world.connect();
    world.packages(guest);
    let asks = command("users", "x", "y").repeat(12);
    world.send(guest, asks.as_bytes());
    let refused = error("users", "Log in first.");
    assert_eq!(world.packages(guest), vec![refused.clone(); 10]);
    world.advance(200 * MS);
    assert_eq!(world.packages(guest), vec![refused; 2]);
    world.advance(SECOND);
    // A login and what follows it at once is what a program sends.
    let listener = world.log_in("listener");
    let mut all = login("guest");
    all.extend((0..40).map(|number| message(&number.to_string())));
    world.send(guest, all.as_bytes());
    let heard = world.packages(listener);
    assert_eq!(
        heard[1..],
        (0..29)
            .map(|n| said(&n.to_string(), "guest"))
            .collect::<Vec<_>>()
    );
}

/// All that comes for a client, and whether it is compressed.
fn answers(world: &mut Harness, client: ClientId) -> Vec<(String, bool)> {
    let mut reader = Reader::default();
    reader.feed(&world.take(client));
    std::iter::from_fn(|| reader.next_package())
        .map(|package| (package.text, package.compressed))
        .collect()
}

#[test]
fn what_is_no_zlib_is_answered_as_before() {
    for word in ["hello\n", "help\n", "x\n", "h\r\n", "HELP\n", "8\n"] {
        for split in 0..2 {
            let mut world = Harness::new(Config::default());
            let person = world.log_in("person");
            let (left, right) = word.as_bytes().split_at(split);
            world.send(person, left);
            world.send(person, right);
            let told = answers(&mut world, person);
            let (text, compressed) = told.last().expect("it is told");
            assert!(!compressed, "{word}: {text}");
            assert!(
                text.contains("neither starts with the byte"),
                "{word}: {text}"
            );
        }
    }
    // In zlib, what is wrong in a stream is answered in zlib.
    let mut world = Harness::new(Config::default());
    let program = world.log_in("program");
    let inner = Writer::new(Framing::Zlib).package("{}");
    let twice = miniz_oxide::deflate::compress_to_vec_zlib(&inner, 6);
    world.send(program, &twice);
    let told = "The zlib stream carries another zlib stream. Compress each package once.";
    assert_eq!(
        answers(&mut world, program).last(),
        Some(&(error("package", told), true))
    );
}

#[test]
fn a_connection_that_ends_in_a_stream_before_any_package_is_told_so() {
    let stream = "The connection ended inside a zlib stream, before its first package.";
    let package = "The connection ended inside a package.";
    let whole = Writer::new(Framing::Stream).package(&login("x"));
    for (bytes, told, compressed) in [
        (&[0x78][..], stream, false),
        (&[0x78, 0x9c], stream, true),
        (&whole[..5], stream, true),
        (&whole[..whole.len() - 10], package, true),
        (br#"{"type"#, package, false),
    ] {
        let config = Config {
            encoding: chatmaster_core::Encoding::Plain,
            ..Config::default()
        };
        let mut world = Harness::new(config);
        let client = world.connect();
        world.packages(client);
        world.send(client, bytes);
        world.hang_up(client);
        let told = (error("package", told), compressed);
        assert_eq!(answers(&mut world, client), [told], "{bytes:02x?}");
    }
    let mut world = Harness::new(Config::default());
    let client = world.connect();
    world.send(client, &whole);
    world.packages(client);
    world.hang_up(client);
    assert_eq!(world.packages(client), [""; 0], "a stream may stay open");
}

#[test]
fn controls_that_a_terminal_obeys_are_escaped_in_every_encoding() {
    let mut world = Harness::new(Config::default());
    let reader = world.log_in("reader");
    let program = world.connect();
    world.send(
        program,
        &Writer::new(Framing::Zlib).package(&login("program")),
    );
    let talker = world.log_in("talker");
    for client in [reader, program] {
        world.packages(client);
    }
    world.send(talker, message("a\u{7f}\u{9b}2Jb\u{a0}").as_bytes());
    let text = r#"{"type":"message","data":{"message":"a\u007f\u009b2Jb"#.to_owned()
        + "\u{a0}\",\"username\":\"talker\"}}";
    assert_eq!(answers(&mut world, reader), [(text.clone(), false)]);
    assert_eq!(answers(&mut world, program), [(text, true)]);
    let unknown = r#"{"type":"x\u009by","data":{}}"#;
    world.send(reader, unknown.as_bytes());
    let [(told, _)] = &answers(&mut world, reader)[..] else {
        panic!("it is told");
    };
    assert!(told.contains(r#""error_type":"x\u009by""#), "{told}");
}
