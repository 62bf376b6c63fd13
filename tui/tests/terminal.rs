//! The terminal client as its user has it: the real program in a pseudo-terminal.

#![cfg(feature = "ui")]

mod process;
mod proxy;
mod pty;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use chatmaster::runtime::Runtime;
use process::{Process, Server};
use proxy::Proxy;
use pty::{Terminal, row_with};

const CHATMASTER: &str = env!("CARGO_BIN_EXE_chatmaster");
/// What terminals send for these keys.
const ENTER: &str = "\r";
const CONTROL_C: &str = "\x03";
const CONTROL_L: &str = "\x0C";
const CONTROL_Z: &str = "\x1A";

fn server() -> Server {
    Server::start(&Runtime::default().to_string(), &[])
}

/// The client of alice, who is in the general room, and a network that a test can cut.
fn through_a_proxy(server: &Server) -> (Proxy, Terminal) {
    let proxy = Proxy::start(&server.address);
    let args = ["--name", "alice", &proxy.address];
    let alice = Terminal::open((80, 24), CHATMASTER, &args);
    alice.shows("You are alice, in general.");
    (proxy, alice)
}

/// One that keeps no seat for who has lost their connection.
fn server_without_seats() -> Server {
    let runtime = Runtime::default().to_string();
    Server::start(&runtime, &["--resume-window", "0s"])
}

/// A client of `server` in a terminal of its own, once it is in the general room.
fn client(server: &Server, name: &str) -> Terminal {
    let args = ["--name", name, &server.address];
    let terminal = Terminal::open((80, 24), CHATMASTER, &args);
    terminal.shows(&format!("You are {name}, in general."));
    terminal
}

/// The number of the last message of the flood on the screen.
fn newest(screen: &vt100::Screen) -> usize {
    let contents = screen.contents();
    let numbers = contents.split("flood │ message ").skip(1).map(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_digit);
        digits.collect::<String>().parse().unwrap_or_default()
    });
    numbers.max().unwrap_or_default()
}

/// A user who says 2,000 messages in a second.
struct Flood {
    going: Arc<AtomicBool>,
}

impl Flood {
    fn start(address: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the server is there");
        let flood = Flood {
            going: Arc::new(AtomicBool::new(true)),
        };
        let going = flood.going.clone();
        thread::spawn(move || {
            let login = r#"{"type":"command","data":{"command":"login","parameters":{"username":"flood"}}}"#;
            let mut text = login.to_owned();
            let mut said = 0;
            while going.load(Ordering::SeqCst) && stream.write_all(text.as_bytes()).is_ok() {
                text.clear();
                for n in said + 1..=said + 10 {
                    let message = format!(r#"{{"message":"message {n}"}}"#);
                    text.push_str(&format!(r#"{{"type":"message","data":{message}}}"#));
                }
                said += 10;
                thread::sleep(Duration::from_millis(5));
            }
        });
        flood
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.going.store(false, Ordering::SeqCst);
    }
}

/// A path that is free, in a folder of these tests.
fn temporary(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terminal");
    fs::create_dir_all(&folder).expect("there is room for a folder");
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    let _ = fs::remove_dir_all(&path);
    path
}

fn say(terminal: &mut Terminal, text: &str) {
    terminal.types(text);
    terminal.types(ENTER);
}

#[test]
fn people_talk_and_meet_in_rooms() {
    let server = server();
    let mut alice = client(&server, "alice");
    let mut bob = client(&server, "bob");
    alice.shows("bob joined general.");
    say(&mut alice, "Hello, Bob! 🙂");
    bob.shows("alice │ Hello, Bob! 🙂");
    say(&mut bob, "Hello, Alice!");
    alice.shows("bob │ Hello, Alice!");
    say(&mut alice, "/join tea");
    alice.shows("You are in tea now.");
    say(&mut bob, "Who comes along?");
    alice.shows("1 general (1)");
    say(&mut bob, "/join tea");
    alice.shows("bob joined tea.");
    say(&mut bob, "Is there any left?");
    alice.shows("bob │ Is there any left?");
    alice.shows("tea · 2 members");
    say(&mut bob, "/msg alice psst");
    alice.shows("@bob (1!)");
    alice.types("\x1Ba");
    alice.shows("bob │ psst");
    say(&mut alice, "What is it?");
    bob.shows("@alice (1!)");
    bob.types("\x1B3");
    bob.shows("alice │ What is it?");
}

#[test]
fn without_a_name_one_is_asked_for_and_asked_again_while_it_is_taken() {
    let server = server();
    let _other = server.client("tester");
    let mut terminal = Terminal::open((80, 24), CHATMASTER, &[&server.address]);
    terminal.shows("Name: tester");
    terminal.types(ENTER);
    terminal.shows("Username is already taken.");
    terminal.shows("Name: tester_");
    terminal.types(ENTER);
    terminal.shows("You are tester_, in general. /help helps.");
}

#[test]
fn the_screen_comes_before_the_connection_and_says_what_is_wrong_with_it() {
    let gone = server().address;
    let mut terminal = Terminal::open((80, 24), CHATMASTER, &["--name", "alice", &gone]);
    terminal.shows("nobody is listening there.");
    terminal.shows("Trying again in");
    let other = server();
    say(&mut terminal, &format!("/connect {}", other.address));
    terminal.shows("You are alice, in general.");
}

#[test]
fn what_is_no_chat_server_is_said_to_be_none_and_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    let address = listener.local_addr().expect("it is bound").to_string();
    let terminal = Terminal::open((80, 24), CHATMASTER, &["--name", "alice", &address]);
    let (mut stream, _) = listener.accept().expect("the client connects");
    let said = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
    said.expect("the client is connected");
    terminal.shows("The server does not speak");
    terminal.shows("Not connected. Press Enter to connect.");
}

#[test]
fn the_screen_follows_the_size_of_the_terminal_both_ways() {
    let server = server();
    let mut alice = client(&server, "alice");
    say(&mut alice, "Is this thing on?");
    for (columns, rows) in [(40, 10), (120, 40), (80, 24)] {
        alice.resize(columns, rows);
        let is_laid_out = |screen: &vt100::Screen| {
            let cursor = screen.cursor_position();
            row_with(screen, " general") == Some(0)
                && row_with(screen, "Is this thing on?").is_some()
                && cursor.0 == rows - 1
        };
        alice.waits_for("a layout of that size", is_laid_out);
    }
}

#[test]
fn what_another_program_has_written_goes_when_everything_is_drawn_anew() {
    let server = server();
    let mut alice = client(&server, "alice");
    alice.scribble("\x1B[5;5Hscribble");
    alice.shows("scribble");
    alice.types(CONTROL_L);
    alice.waits_for("a clean screen", |screen| {
        row_with(screen, "scribble").is_none() && row_with(screen, " general") == Some(0)
    });
    say(&mut alice, "/users");
    alice.shows("In general: alice.");
}

#[test]
fn a_paste_of_fifty_lines_is_asked_about_and_can_be_sent_as_one_message() {
    let server = server();
    let mut alice = client(&server, "alice");
    let bob = client(&server, "bob");
    let lines: Vec<String> = (1..=50).map(|n| format!("line {n}")).collect();
    alice.types(&format!("\x1B[200~{}\x1B[201~", lines.join("\r")));
    alice.shows("Paste 50 lines");
    assert!(!bob.contents().contains("line"), "nothing is sent unasked");
    alice.types("m");
    bob.shows("line 50");
    bob.shows("line 40");
}

#[test]
fn a_client_comes_back_into_its_room_when_its_server_is_killed_and_restarted() {
    let server = server();
    let mut alice = client(&server, "alice");
    say(&mut alice, "/join tea");
    alice.shows("You are in tea now.");
    alice.types("half a thou");
    server.process.signal("KILL");
    alice.shows("not connected to");
    alice.shows("> half a thou");
    let again = Process::start(&["serve", "--listen", &server.address]);
    let listening = again.line();
    assert!(listening.contains(&server.address), "{listening}");
    alice.shows("You are back as alice, in general.");
    alice.shows("You are back in tea.");
    let bob = Process::start(&["--name", "bob", "--room", "tea", &server.address]);
    bob.wait_for("* you joined tea");
    alice.types("ght\r");
    bob.wait_for("<alice> half a thought");
}

#[test]
fn a_flood_of_messages_delays_no_key_and_is_not_drawn_one_by_one() {
    let server = Server::start(&Runtime::default().to_string(), &["--message-rate", "0"]);
    let mut alice = client(&server, "alice");
    let _flood = Flood::start(&server.address);
    alice.waits_for("a flood", |screen| newest(screen) > 500);
    for key in "keys are handled while it pours".chars() {
        alice.types(&key.to_string());
    }
    alice.shows("> keys are handled while it pours");
    let (frames, first) = (alice.frames(), alice.look(newest));
    alice.waits_for("4,000 messages more", |screen| {
        newest(screen) > first + 4000
    });
    let (frames, messages) = (alice.frames() - frames, alice.look(newest) - first);
    // 60 frames for 2,000 messages are 33 messages to a frame; on a machine that is ten times too slow
    // for the flood, there are fewer.
    assert!(
        messages > 3 * frames,
        "{frames} frames for {messages} messages"
    );
}

#[test]
fn settings_are_changed_for_now_and_for_the_next_time() {
    let server = server();
    let mut terminal = client(&server, "alice");
    say(&mut terminal, "/set");
    terminal.shows("bell = \"mentions\"");
    terminal.shows("scrollback = 10000");
    say(&mut terminal, "/set bell loud");
    terminal.shows("bell must be mentions, all or off.");
    terminal.types("\x15/set mouse off\r");
    terminal.shows("mouse = false is kept in");
    terminal.waits_for("a mouse of the terminal's own", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
    let file = terminal.home().join(".config/chatmaster/config.toml");
    let text = fs::read_to_string(file).expect("it was written");
    assert_eq!(text, "mouse = false\n");
}

#[test]
fn settings_come_from_a_file_and_flags_count_more() {
    let server = server();
    let file = temporary("settings.toml");
    let text = format!(
        "name = \"carol\"\nroom = \"tea\"\naddress = \"{}\"\nbell = 5\nnmae = \"x\"\n",
        server.address
    );
    fs::write(&file, text).expect("there is room for a file");
    let path = file.to_str().expect("cargo names it so");
    let terminal = Terminal::open((130, 24), CHATMASTER, &["--config", path, "--room", "den"]);
    // The path of the file comes before that, and lines end where they may.
    terminal.shows("line 4: bell must be");
    terminal.shows("line 5: There is no setting");
    terminal.shows("You are carol, in general.");
    terminal.shows("You are in den now.");
    // The line client has the same settings.
    let line = Process::start(&["--config", path, "--name", "dave"]);
    line.wait_for("* you joined tea");
    assert!(line.first_of_stderr().contains("settings.toml, line 4"));
}

#[test]
fn the_chat_log_goes_to_a_file_when_it_is_asked_for() {
    let server = server();
    let folder = temporary("chat log/");
    let path = folder.to_str().expect("cargo names it so");
    let args = ["--name", "alice", "--log", path, &server.address];
    let mut alice = Terminal::open((80, 24), CHATMASTER, &args);
    alice.shows("You are alice, in general.");
    let mut bob = client(&server, "bob");
    alice.shows("bob joined general.");
    say(&mut bob, "back\\slash");
    alice.shows("bob │ back\\slash");
    say(&mut alice, "/me waves");
    bob.shows("alice waves");
    alice.types(CONTROL_C);
    assert_eq!(alice.status(), 0);
    let text = fs::read_to_string(folder.join("chatmaster.log")).expect("it was written");
    // Each line begins with its date and time.
    let lines: Vec<&str> = text.lines().map(|line| &line[20..]).collect();
    assert_eq!(
        lines,
        [
            "[general] -- You are alice, in general. /help helps.",
            "[general] --> bob joined general.",
            "[general] <bob> back\\\\slash",
            "[general] * alice waves",
        ]
    );
}

#[test]
fn a_chat_log_that_cannot_be_kept_is_said_once_and_stops_nothing() {
    let server = server();
    let mut alice = Terminal::open(
        (80, 24),
        CHATMASTER,
        &["--name", "alice", "--log", "/dev/null/x", &server.address],
    );
    alice.shows("The chat log is not kept:");
    alice.shows("You are alice, in general.");
    if cfg!(target_os = "linux") {
        say(&mut alice, "/set log /dev/full");
        alice.shows("The chat log is not kept any more:");
        say(&mut alice, "/clear");
        say(&mut alice, "/users");
        alice.shows("In general: alice.");
        assert!(!alice.contents().contains("not kept any more"));
    }
}

#[test]
fn a_name_that_the_lost_connection_still_holds_comes_back_when_the_server_has_noticed() {
    let server = server_without_seats();
    let (proxy, alice) = through_a_proxy(&server);
    proxy.cut();
    alice.shows("Your name is taken, perhaps by the lost connection.");
    proxy.bury();
    alice.shows("You are back as alice, in general.");
}

#[test]
fn a_server_that_does_not_wait_for_the_name_to_be_free_is_tried_until_it_is() {
    let runtime = Runtime::default().to_string();
    let server = Server::start(
        &runtime,
        &[
            "--login-timeout",
            "500ms",
            "--login-tries",
            "1",
            "--resume-window",
            "0s",
        ],
    );
    let (proxy, mut alice) = through_a_proxy(&server);
    alice.types("half a thou");
    proxy.cut();
    alice.shows("You are not back as alice yet");
    // The one that was cut, and those that the server closes.
    proxy.wait_for_connections(4);
    proxy.bury();
    alice.shows("You are back as alice, in general.");
    alice.types("ght\r");
    alice.shows("alice │ half a thought");
}

#[test]
fn what_was_typed_in_a_private_room_is_not_read_in_the_general_one() {
    let server = server_without_seats();
    let (proxy, mut alice) = through_a_proxy(&server);
    say(&mut alice, "/join lair");
    alice.shows("You are in lair now.");
    let bob = Process::start(&["--name", "bob", "--room", "lair", &server.address]);
    bob.wait_for("* you joined lair");
    say(&mut alice, "/private");
    alice.shows("lair is private now");
    let general = server.client("reader");
    alice.types("half a sec");
    proxy.cut();
    alice.shows("not connected to");
    proxy.bury();
    alice.shows("You are not back in lair:");
    // The rest of it, and Enter, as if one had not looked.
    say(&mut alice, "ret");
    alice.shows("Not sent: you are not in lair.");
    // The other window has another box.
    alice.types("\x1B1hello, everyone\r");
    general.wait_for("* alice joined general");
    assert_eq!(general.line(), "<alice> hello, everyone");
    alice.types("\x1B2");
    alice.shows("> half a secret");
}

#[test]
fn a_line_that_was_lost_on_its_way_arrives_and_nobody_notices() {
    let server = server();
    let (proxy, mut alice) = through_a_proxy(&server);
    let bob = server.client("bob");
    alice.shows("bob joined general.");
    proxy.swallow();
    say(&mut alice, "this gets lost");
    alice.shows("alice │ this gets lost");
    proxy.wait_until_swallowed();
    proxy.cut();
    assert_eq!(bob.line(), "<alice> this gets lost");
    say(&mut alice, "and this does not");
    assert_eq!(bob.line(), "<alice> and this does not");
    let screen = alice.contents();
    for word in ["lost.", "delivered", "back", "left"] {
        assert!(!screen.contains(word), "{word} is in\n{screen}");
    }
}

#[test]
fn a_line_that_was_lost_on_its_way_is_told_of_where_no_seat_waits() {
    let server = server_without_seats();
    let (proxy, mut alice) = through_a_proxy(&server);
    let bob = server.client("bob");
    alice.shows("bob joined general.");
    say(&mut alice, "this arrives");
    bob.wait_for("<alice> this arrives");
    // The answer to what follows each line, without which the line may not have arrived, either.
    say(&mut alice, "/users");
    alice.shows("In general: alice, bob.");
    proxy.swallow();
    say(&mut alice, "this does not");
    alice.shows("alice │ this does not");
    proxy.cut();
    alice.shows("May not have been delivered: this does not");
    assert!(!alice.contents().contains("delivered: this arrives"));
}

#[test]
fn the_terminal_is_left_as_it_was_however_the_program_is_ended() {
    let server = server();
    for end in ["Ctrl-C", "TERM", "INT", "HUP"] {
        let mut terminal = client(&server, "alice");
        assert_ne!(&terminal.modes(), terminal.before());
        match end {
            "Ctrl-C" => terminal.types(CONTROL_C),
            signal => terminal.signal(signal),
        }
        assert_eq!(terminal.status(), 0, "{end}");
        terminal.waits_for("the screen before", |screen| !screen.alternate_screen());
        assert_eq!(&terminal.modes(), terminal.before(), "{end}");
        assert_eq!(terminal.contents(), "", "{end}");
    }
}

#[test]
fn a_suspended_client_gives_the_terminal_back_and_takes_it_again() {
    let server = server();
    let script = format!(
        "set -m; {CHATMASTER} --name alice {}; echo suspended; read line; fg",
        server.address
    );
    let mut terminal = Terminal::open((80, 24), "sh", &["-c", &script]);
    terminal.shows("You are alice, in general.");
    let during = terminal.modes();
    terminal.types(CONTROL_Z);
    terminal.shows("suspended");
    assert_eq!(&terminal.modes(), terminal.before());
    terminal.types(ENTER);
    terminal.shows("You are alice, in general.");
    assert_eq!(terminal.modes(), during);
    terminal.types(CONTROL_C);
    assert_eq!(terminal.status(), 0);
    assert_eq!(&terminal.modes(), terminal.before());
}

#[test]
fn what_was_sent_is_at_hand_in_the_next_run_unless_that_is_not_wanted() {
    let server = server();
    let state = format!("XDG_STATE_HOME={}", temporary("state").display());
    let run = |flag: &[&str]| {
        let args = [&state, CHATMASTER, "--name", "alice"];
        let args = [&args, flag, &[&server.address]].concat();
        let terminal = Terminal::open((80, 24), "env", &args);
        terminal.shows("You are alice, in general.");
        terminal
    };
    let leave = |mut terminal: Terminal| {
        // The first may only empty the box.
        terminal.types(CONTROL_C);
        terminal.types(CONTROL_C);
        assert_eq!(terminal.status(), 0);
    };
    let mut first = run(&[]);
    // Alt-Enter is a line break.
    first.types("one\x1B\rtwo");
    first.shows("  two");
    first.types(ENTER);
    first.shows("alice │ one");
    leave(first);
    let mut second = run(&["--no-history"]);
    say(&mut second, "nothing of this is kept");
    second.shows("alice │ nothing of this is kept");
    leave(second);
    let mut third = run(&[]);
    third.types("\x1B[A");
    third.shows("> one");
    third.shows("  two");
    leave(third);
    let mut fourth = run(&["--no-history"]);
    fourth.types("\x1B[Anothing before it");
    fourth.shows("> nothing before it");
    leave(fourth);
}
