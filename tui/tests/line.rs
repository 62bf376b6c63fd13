//! The real command as a line client, from its input to its output and exit status.

mod process;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use process::{Process, Server, default_runtime, on_every_runtime};

#[test]
fn people_talk_line_by_line() {
    on_every_runtime(|runtime| {
        let server = Server::start(runtime, &[]);
        let mut alice = server.client("alice");
        let args = ["--name", "bob", "--runtime", runtime, &server.address];
        let mut bob = Process::start(&args);
        for line in [
            "hello",
            "",
            "  spaces kept  ",
            "//slash",
            "/users",
            "/join dev",
        ] {
            bob.write(line);
        }
        bob.end_input();
        assert_eq!(bob.status(), 0);
        let expected = [
            "* you are bob, in general; rooms: general",
            "* you joined general",
            "* in general: alice, bob",
            "* you joined dev",
        ];
        assert_eq!(bob.rest(), expected);
        assert_eq!(bob.rest_of_stderr(), [""; 0]);

        // All that was said is delivered, though the input ended at once.
        let expected = [
            "* bob joined general",
            "<bob> hello",
            "<bob>   spaces kept  ",
            "<bob> /slash",
            "* bob left general",
        ];
        let came: Vec<_> = expected.iter().map(|_| alice.line()).collect();
        assert_eq!(came, expected);
        alice.write("/quit");
        assert_eq!(alice.status(), 0);
    });
}

#[test]
fn more_than_any_queue_holds_arrives_in_order() {
    on_every_runtime(|runtime| {
        const LINES: usize = 20_000;
        let flags = ["--message-rate", "0", "--send-queue-bytes", "16MiB"];
        let server = Server::start(runtime, &flags);
        let alice = server.client("alice");
        let mut bob = Process::start(&["--name", "bob", "--runtime", runtime, &server.address]);
        for n in 0..LINES {
            bob.write(&n.to_string());
        }
        bob.end_input();
        assert_eq!(bob.status(), 0);
        assert_eq!(alice.line(), "* bob joined general");
        for n in 0..LINES {
            assert_eq!(alice.line(), format!("<bob> {n}"));
        }
    });
}

/// An object without its time, which is there, and now.
fn untimed(line: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
    let time = object["time"].as_u64().expect("it has a time");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_millis();
    assert!(
        u128::from(time) <= now && now < u128::from(time) + 60_000,
        "{line}"
    );
    line.replacen(&format!(r#""time":{time},"#), "", 1)
}

fn untimed_all(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| untimed(line)).collect()
}

#[test]
fn with_json_each_event_is_an_object() {
    let server = Server::start(&default_runtime(), &[]);
    let mut alice = Process::start(&["--name", "alice", "--json", &server.address]);
    assert_eq!(
        untimed(&alice.line()),
        r#"{"event":"logged_in","username":"alice","channel":"general","channels":["general"],"more":0}"#
    );
    assert_eq!(
        untimed(&alice.line()),
        r#"{"event":"joined","username":"alice","channel":"general","me":true}"#
    );
    let mut bob = server.client("bob");
    bob.write("\"hi\" \u{1B}[31m");
    assert_eq!(
        untimed(&alice.line()),
        r#"{"event":"joined","username":"bob","channel":"general","me":false}"#
    );
    let said = untimed(&alice.line());
    let expected = r#"{"event":"message","username":"bob","message":"\"hi\" \u001b[31m","channel":"general","id":"#;
    assert!(said.starts_with(expected), "{said}");
    // Its number is the one that its author was told.
    let id = said[expected.len()..].split(',').next();
    assert!(id.is_some_and(|id| id.parse::<u64>().is_ok()), "{said}");
    alice.end_input();
    assert_eq!(alice.status(), 0);
    assert_eq!(
        untimed_all(&alice.rest()),
        [r#"{"event":"ended","reason":"quit","message":"You left."}"#]
    );
}

#[test]
fn what_others_send_does_nothing_to_the_terminal() {
    let server = Server::start(&default_runtime(), &["--encoding", "plain"]);
    let alice = server.client("alice");
    let mut eve = TcpStream::connect(&server.address).expect("the server listens");
    let login = r#"{"type":"command","data":{"command":"login","parameters":{"username":"eve"}}}"#;
    let message = r#"{"type":"message","data":{"message":"\u001b]0;x\u0007\n<bob> \u202ehi"}}"#;
    writeln!(eve, "{login}\n{message}").expect("the server reads");
    let mut answers = BufReader::new(&eve).lines();
    let first = answers.next().expect("it answers").expect("it is text");
    assert!(first.contains("request"), "{first}");
    assert_eq!(alice.line(), "* eve joined general");
    assert_eq!(alice.line(), "<eve> ␛]0;x␇␊<bob> <U+202E>hi");
}

#[test]
fn a_name_that_was_asked_for_and_is_taken_is_refused_with_the_reason() {
    let server = Server::start(&default_runtime(), &[]);
    let _alice = server.client("alice");
    let mut other = Process::start(&["--name", "Alice", &server.address]);
    assert_eq!(other.status(), 1);
    let said = other.rest_of_stderr().join("\n");
    assert!(
        said.starts_with("chatmaster: the name Alice was refused: "),
        "{said}"
    );
    assert!(said.ends_with("Choose another one with --name."), "{said}");
}

#[test]
fn a_login_name_that_is_taken_gets_a_number() {
    let server = Server::start(&default_runtime(), &[]);
    let _bob = server.client("bob");
    let other = Process::start_as("bob", &[&server.address]);
    assert_eq!(other.line(), "* you are bob2, in general; rooms: general");
    let third = Process::start_as("bob", &[&server.address]);
    assert_eq!(third.line(), "* you are bob3, in general; rooms: general");
}

#[test]
fn nothing_is_said_before_the_room_is_entered() {
    let server = Server::start(&default_runtime(), &[]);
    let general = server.client("general-reader");
    let dev = Process::start(&["--name", "dev-reader", "--room", "dev", &server.address]);
    dev.wait_for("* you joined dev");
    let mut bob = Process::start(&["--name", "bob", "--room", "Dev", &server.address]);
    bob.write("for dev only");
    bob.end_input();
    assert_eq!(bob.status(), 0);
    assert_eq!(dev.line(), "* bob joined dev");
    assert_eq!(dev.line(), "<bob> for dev only");
    for expected in [
        "dev-reader joined",
        "dev-reader left",
        "bob joined",
        "bob left",
    ] {
        assert_eq!(general.line(), format!("* {expected} general"));
    }
}

#[test]
fn a_room_that_is_closed_is_said_with_status_1_and_nothing_is_sent() {
    let server = Server::start(&default_runtime(), &[]);
    let mut owner = server.client("owner");
    owner.write("/join lair");
    owner.write("/private");
    owner.wait_for("* the room is private now; rooms: general");
    let general = server.client("reader");
    let mut bob = Process::start(&["--name", "bob", "--room", "lair", &server.address]);
    bob.write("secret");
    assert_eq!(bob.status(), 1);
    let said = bob.rest_of_stderr().join("\n");
    assert!(
        said.starts_with("chatmaster: cannot join the room lair: "),
        "{said}"
    );
    assert_eq!(general.line(), "* bob joined general");
    assert_eq!(general.line(), "* bob left general");
}

#[test]
fn a_server_that_ends_is_said_in_words_with_status_1() {
    on_every_runtime(|runtime| {
        let mut server = Server::start(runtime, &[]);
        let mut alice = server.client("alice");
        server.process.signal("TERM");
        assert_eq!(alice.status(), 1);
        let said = alice.rest_of_stderr().join("\n");
        assert!(
            said.starts_with("chatmaster: The server closed the connection: "),
            "{said}"
        );
        assert!(
            said.ends_with("run chatmaster again to reconnect."),
            "{said}"
        );
        assert_eq!(server.process.status(), 0);
    });
}

#[test]
fn a_server_that_is_killed_is_said_in_words_with_status_1() {
    let server = Server::start(&default_runtime(), &[]);
    let mut alice = server.client("alice");
    server.process.signal("KILL");
    assert_eq!(alice.status(), 1);
    let said = alice.rest_of_stderr().join("\n");
    assert!(said.starts_with("chatmaster: The "), "{said}");
    assert!(
        said.ends_with("run chatmaster again to reconnect."),
        "{said}"
    );
}

#[test]
fn a_client_that_is_interrupted_leaves_in_good_order() {
    let server = Server::start(&default_runtime(), &[]);
    let alice = server.client("alice");
    for signal in ["INT", "TERM"] {
        let mut bob = server.client("bob");
        bob.signal(signal);
        assert_eq!(bob.status(), 0);
        assert_eq!(bob.rest_of_stderr(), [""; 0]);
        assert_eq!(alice.line(), "* bob joined general");
        assert_eq!(alice.line(), "* bob left general");
    }
}

/// A client of `server` called bob, with this stdin and stdout.
fn bob(server: &Server, input: Stdio, out: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chatmaster"))
        .args(["--no-config", "--name", "bob", &server.address])
        .stdin(input)
        .stdout(out)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built with this test")
}

/// The exit status of a client, and what it has said on stderr.
fn end(client: Child) -> (Option<i32>, String) {
    let ended = client.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&ended.stderr).trim_end().to_owned();
    (ended.status.code(), said)
}

#[test]
fn a_reader_that_has_read_enough_ends_the_client_which_says_so() {
    let server = Server::start(&default_runtime(), &[]);
    let mut alice = server.client("alice");
    let mut bob = bob(&server, Stdio::piped(), Stdio::piped());
    // Open as long as the client is: it does not wait for what comes later.
    let _input = bob.stdin.take();
    let mut out = BufReader::new(bob.stdout.take().expect("it is piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it prints text");
    drop(out);
    alice.wait_for("* bob joined general");
    // A process that another test is just starting has the pipe as well, until it is a program of its
    // own; what bob prints meanwhile goes nowhere.
    let mut asks = 0..300;
    while alice.line_by_chance().as_deref() != Some("* bob left general") {
        assert!(asks.next().is_some(), "bob prints for nobody");
        alice.write("anyone?");
    }
    let said = "chatmaster: nobody reads what is printed any more; what was in the input by then was \
                sent.";
    assert_eq!(end(bob), (Some(1), said.into()));
}

#[test]
fn output_that_fails_loses_no_input_and_is_told_by_the_status() {
    if !cfg!(target_os = "linux") {
        // Other systems have no such device.
        return;
    }
    let server = Server::start(&default_runtime(), &["--message-rate", "0"]);
    let alice = server.client("alice");
    let lines: Vec<String> = (0..2000).map(|n| format!("line {n}")).collect();
    let text = lines.join("\n");
    let folder = std::env::temp_dir().join(format!("chatmaster-output-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room for a folder");
    let path = folder.join("lines");
    std::fs::write(&path, &text).expect("there is room for a file");
    let open = |path: &Path| std::fs::File::options().read(true).write(true).open(path);
    for from_pipe in [true, false] {
        let full = open(Path::new("/dev/full")).expect("Linux has it");
        let input = if from_pipe {
            Stdio::piped()
        } else {
            open(&path).expect("it was written").into()
        };
        let mut bob = bob(&server, input, full.into());
        if let Some(mut input) = bob.stdin.take() {
            input.write_all(text.as_bytes()).expect("bob reads");
        }
        assert_eq!(alice.line(), "* bob joined general");
        for line in &lines {
            assert_eq!(alice.line(), format!("<bob> {line}"));
        }
        assert_eq!(alice.line(), "* bob left general");
        let (status, said) = end(bob);
        assert_eq!(status, Some(1), "{said}");
        assert!(
            said.starts_with("chatmaster: cannot print what happens: No space left on device;"),
            "{said}"
        );
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_reader_that_is_gone_at_once_loses_no_input() {
    let server = Server::start(&default_runtime(), &[]);
    let alice = server.client("alice");
    let mut bob = bob(&server, Stdio::piped(), Stdio::piped());
    drop(bob.stdout.take());
    let mut input = bob.stdin.take().expect("it is piped");
    input.write_all(b"one\ntwo").expect("bob reads");
    drop(input);
    for expected in [
        "* bob joined general",
        "<bob> one",
        "<bob> two",
        "* bob left general",
    ] {
        assert_eq!(alice.line(), expected);
    }
    assert_eq!(end(bob).0, Some(1));
}

#[test]
fn input_that_cannot_be_read_is_told_by_the_status() {
    let server = Server::start(&default_runtime(), &[]);
    let folder = std::fs::File::open("/").expect("there is one");
    let (status, said) = end(bob(&server, folder.into(), Stdio::null()));
    assert_eq!(status, Some(1));
    assert!(
        said.starts_with("chatmaster: cannot read the input: "),
        "{said}"
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_what_is_sent() {
    let server = Server::start(&default_runtime(), &[]);
    let alice = server.client("alice");
    let mut bob = server.client("bob");
    bob.write("\u{FEFF}/me waves");
    alice.wait_for("* bob waves");
}

#[test]
fn whoever_pipes_hosts_no_server() {
    if TcpListener::bind("127.0.0.1:9000").is_err() {
        // Someone on this machine has a server there.
        return;
    }
    for json in [&["--no-config"][..], &["--no-config", "--json"]] {
        let mut client = Process::start(json);
        client.end_input();
        assert_eq!(client.status(), 1);
        let expected = "chatmaster: cannot connect to 127.0.0.1:9000: nobody is listening there. Give \
                        the address of a server, or start one here with `chatmaster serve`.";
        assert_eq!(client.rest_of_stderr(), [expected]);
        assert_eq!(client.rest(), [""; 0]);
    }
}

#[test]
fn a_mistake_is_explained_and_the_rest_goes_on() {
    let server = Server::start(&default_runtime(), &[]);
    let mut bob = Process::start(&["--name", "bob", &server.address]);
    for line in ["/jion dev", "/join", "/clear", "/help nick", "/users"] {
        bob.write(line);
    }
    bob.end_input();
    assert_eq!(bob.status(), 0);
    let expected = [
        "chatmaster: There is no command /jion. Did you mean /join?",
        "chatmaster: /join needs the name of a room: /join ROOM",
        "chatmaster: /clear has nothing to do without a terminal",
        "chatmaster: /rename NAME: Take another name.",
        "chatmaster: Also: /nick",
    ];
    assert_eq!(bob.rest_of_stderr(), expected);
    assert_eq!(
        bob.rest().last().map(String::as_str),
        Some("* in general: bob")
    );
}

#[test]
fn with_json_each_line_of_the_input_may_be_a_package() {
    let server = Server::start(&default_runtime(), &[]);
    let alice = server.client("alice");
    let mut bot = Process::start(&["--name", "bot", "--json", &server.address]);
    for line in [
        r#"{"message":"two\nlines"}"#,
        r#"{"message":"/quit"}"#,
        r#"{"message":"/me waves"}"#,
        r#"{"type":"message","data":{"message":"whole"}}"#,
        "plain",
        r#"{"command":"dance"}"#,
        r#"{"message":""}"#,
        r#"{"command":"join","parameters":{"channel":"tea"}}"#,
    ] {
        bot.write(line);
    }
    bot.end_input();
    assert_eq!(bot.status(), 0);
    for expected in [
        "* bot joined general",
        "<bot> two␊lines",
        "<bot> /quit",
        "* bot waves",
        "<bot> whole",
        "<bot> plain",
        "* bot left general",
    ] {
        assert_eq!(alice.line(), expected);
    }
    let expected = r#"chatmaster: not sent: Unknown command. The line was: {"command":"dance"}"#;
    assert_eq!(bot.rest_of_stderr(), [expected]);
    let expected = [
        r#"{"event":"logged_in","username":"bot","channel":"general","channels":["general"],"more":0}"#,
        r#"{"event":"joined","username":"bot","channel":"general","me":true}"#,
        r#"{"event":"refused","action":"say","text":"","reason":"A message must have text."}"#,
        r#"{"event":"joined","username":"bot","channel":"tea","me":true}"#,
        r#"{"event":"ended","reason":"quit","message":"You left."}"#,
    ];
    let (sent, rest): (Vec<_>, Vec<_>) = untimed_all(&bot.rest())
        .into_iter()
        .partition(|line| line.starts_with(r#"{"event":"sent","id":"#));
    assert_eq!(sent.len(), 5, "each message that was sent has its place");
    assert_eq!(rest, expected);
}

#[test]
fn with_json_a_name_that_is_taken_is_an_event() {
    let server = Server::start(&default_runtime(), &[]);
    let _bob = server.client("bob");
    let other = Process::start_as("bob", &["--json", &server.address]);
    assert_eq!(
        untimed(&other.line()),
        r#"{"event":"refused","action":"login","text":"bob","reason":"Username is already taken."}"#
    );
    assert!(untimed(&other.line()).starts_with(r#"{"event":"logged_in","username":"bob2""#));
}

#[test]
fn what_was_said_before_comes_first_if_it_is_asked_for() {
    on_every_runtime(|runtime| {
        let server = Server::start(runtime, &[]);
        let mut alice = server.client("alice");
        for line in ["one", "two", "three"] {
            alice.write(line);
        }
        // Dealt with after the messages.
        alice.write("/users");
        alice.wait_for("* in general: alice");
        let bob = Process::start(&["--name", "bob", "--history", "2", &server.address]);
        bob.wait_for("* you joined general");
        let expected = "* 2 of what was said in general; there is more:";
        for line in [expected, "  <alice> two", "  <alice> three"] {
            assert_eq!(bob.line(), line);
        }
    });
}
