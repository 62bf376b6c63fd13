//! How the terminal client behaves towards its terminal and its user's other programs: whatever is sent,
//! signalled, stopped or gone.

#![cfg(feature = "ui")]

mod process;
mod pty;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use chatmaster::runtime::Runtime;
use process::Server;
use pty::Terminal;

const CHATMASTER: &str = env!("CARGO_BIN_EXE_chatmaster");
const ENTER: &str = "\r";
const CONTROL_C: &str = "\x03";
const CONTROL_Z: &str = "\x1A";

fn server() -> Server {
    Server::start(&Runtime::default().to_string(), &[])
}

/// A client of `server` called alice in a terminal of its own, with these variables in its environment.
fn client(server: &Server, variables: &[&str]) -> Terminal {
    let args = [variables, &[CHATMASTER, "--name", "alice", &server.address]].concat();
    let terminal = Terminal::open((80, 24), "env", &args);
    terminal.shows("You are alice, in general.");
    terminal
}

/// What is in a file that a script writes, once it is there.
fn written(terminal: &Terminal, name: &str) -> String {
    let started = Instant::now();
    loop {
        match fs::read_to_string(terminal.home().join(name)) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(
                started.elapsed() < Duration::from_secs(60),
                "there is no {name}"
            ),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_client_that_is_stopped_from_outside_comes_back_as_it_was() {
    let server = server();
    for signal in ["TSTP", "STOP"] {
        // What a shell does with the terminal when a job of it has stopped.
        let script = format!(
            "set -m; {CHATMASTER} --name alice {} & echo $! > id; fg; stty icanon echo isig icrnl; echo suspended; \
             read line; fg",
            server.address
        );
        let mut terminal = Terminal::open((80, 24), "sh", &["-c", &script]);
        terminal.shows("You are alice, in general.");
        let during = terminal.modes();
        let id = written(&terminal, "id");
        let kill = format!("kill -{signal} {id}");
        let sent = std::process::Command::new("sh")
            .args(["-c", &kill])
            .status();
        assert!(sent.expect("every system has a shell").success());
        terminal.shows("suspended");
        if signal == "TSTP" {
            assert!(
                !terminal.modes().is_screen(),
                "it has given the terminal back"
            );
        }
        terminal.types(ENTER);
        terminal.waits_for("a screen of the client alone", |screen| {
            let contents = screen.contents();
            contents.contains("You are alice, in general.") && !contents.contains("suspended")
        });
        assert_eq!(terminal.modes(), during, "{signal}");
        terminal.types("still here");
        terminal.shows("> still here");
        terminal.types("\x15");
        terminal.types(CONTROL_C);
        assert_eq!(terminal.status(), 0, "{signal}");
        assert!(!terminal.modes().is_screen());
    }
}

#[test]
fn all_of_a_job_stops_with_the_client_in_it() {
    let server = server();
    // The shell in between stands for whatever has started the client, such as cargo.
    let script = format!(
        "set -m; sh -c '{CHATMASTER} --name alice {}; :'; echo suspended; read line; fg",
        server.address
    );
    let mut terminal = Terminal::open((80, 24), "sh", &["-c", &script]);
    terminal.shows("You are alice, in general.");
    terminal.types(CONTROL_Z);
    terminal.shows("suspended");
    terminal.types(ENTER);
    terminal.shows("You are alice, in general.");
    terminal.types("back");
    terminal.shows("> back");
}

#[test]
fn a_client_that_nobody_could_continue_does_not_stop() {
    let server = server();
    let mut terminal = client(&server, &[]);
    terminal.types(CONTROL_Z);
    terminal.types("still here");
    terminal.shows("> still here");
    terminal.signal("TSTP");
    terminal.types("!");
    terminal.shows("> still here!");
}

#[test]
fn a_paste_that_is_split_in_its_first_sequence_is_asked_about() {
    let server = server();
    let mut terminal = client(&server, &[]);
    for at in 1..6 {
        let (first, rest) = "\x1B[200~one\rtwo\r\x1B[201~".split_at(at);
        terminal.types(first);
        // However long that takes, it is right; the longer, the more it shows.
        thread::sleep(Duration::from_millis(100));
        terminal.types(rest);
        terminal.shows("Paste 2 lines (7 bytes)?");
        terminal.types("\x1B");
        terminal.shows("> ");
        terminal.waits_for("an empty box", |screen| {
            !screen.contents().contains("Paste 2")
        });
    }
    assert!(
        !terminal.contents().contains("alice │"),
        "nothing is sent unasked"
    );
}

#[test]
fn a_paste_that_never_ends_can_be_ended() {
    let server = server();
    let mut terminal = client(&server, &[]);
    terminal.types("\x1B[200~stuck");
    terminal.shows("A paste has begun and not ended. Esc");
    terminal.types("\x1B");
    terminal.shows("> stuck");
    terminal.types(" no more");
    terminal.shows("> stuck no more");
}

#[test]
fn a_byte_of_another_encoding_costs_no_more_than_itself() {
    let server = server();
    let mut terminal = client(&server, &[]);
    terminal.sends(b"caf\xE9 ol\xE9");
    terminal.types(ENTER);
    terminal.shows("alice │ caf ol");
}

#[test]
fn a_terminal_that_is_gone_ends_the_client_at_once() {
    let server = server();
    // In a session of its own the client is not told by a signal, and with nohup it is not to be.
    for run in ["setsid -w", ""] {
        let script = format!(
            "trap '' HUP; {run} {CHATMASTER} --name alice {}; echo $? > status; times > times",
            server.address
        );
        let mut terminal = Terminal::open((80, 24), "sh", &["-c", &script]);
        terminal.shows("You are alice, in general.");
        terminal.hangs_up();
        let status = written(&terminal, "status");
        assert!(matches!(status.trim(), "0" | "1"), "{status}");
        // The second line is what its children took: 0m0.010s 0m0.020s.
        let times = written(&terminal, "times");
        let spent: f64 = times
            .lines()
            .nth(1)
            .expect("there are two")
            .split(['m', 's', ' '])
            .filter_map(|number| number.parse::<f64>().ok())
            .sum();
        assert!(spent < 1.5, "it took {spent} s of a processor");
    }
}

#[test]
fn a_client_whose_terminal_takes_nothing_can_be_ended() {
    let server = server();
    let mut terminal = client(&server, &[]);
    terminal.types("/help\r");
    terminal.shows("/help keys");
    terminal.gets_stuck();
    // More than a terminal takes without being read.
    for _ in 0..40 {
        terminal.resize(100, 30);
        terminal.resize(120, 40);
        thread::sleep(Duration::from_millis(20));
    }
    terminal.signal("TERM");
    assert_ne!(terminal.status(), 0, "there was no taking leave");
}

#[test]
fn a_terminal_gets_what_it_can_show() {
    let server = server();
    for (term, coloured) in [
        ("xterm-256color", true),
        ("linux", true),
        ("vt100", false),
        ("xterm-mono", false),
    ] {
        let terminal = client(&server, &[&format!("TERM={term}")]);
        let mut bob = server.client("bob");
        bob.write("hello");
        terminal.shows("bob │ hello");
        let colours: Vec<_> = terminal.look(|screen| {
            let cells = (0..24).flat_map(|y| (0..80).filter_map(move |x| screen.cell(y, x)));
            cells
                .flat_map(|cell| [cell.fgcolor(), cell.bgcolor()])
                .filter(|colour| *colour != vt100::Color::Default)
                .collect()
        });
        assert_eq!(!colours.is_empty(), coloured, "{term}");
        let is_one_of_16 = |colour: &vt100::Color| matches!(colour, vt100::Color::Idx(0..=15));
        assert!(colours.iter().all(is_one_of_16), "{colours:?}");
        // In good order: the place of one that is killed with something unread waits for it.
        bob.end_input();
        assert_eq!(bob.status(), 0);
    }
}

#[test]
fn a_terminal_that_knows_no_sequences_gets_lines() {
    let server = server();
    for term in ["TERM=dumb", "TERM="] {
        let args = [term, CHATMASTER, "--name", "alice", &server.address];
        let mut terminal = Terminal::open((80, 24), "env", &args);
        terminal.shows("* you are alice, in general");
        assert!(!terminal.modes().is_screen());
        terminal.types("hello\n");
        terminal.types("\x04");
        assert_eq!(terminal.status(), 0);
    }
}

#[test]
fn a_window_without_a_size_is_one_of_the_usual_size() {
    let server = server();
    let script = format!(
        "stty rows 0 cols 0; exec {CHATMASTER} --name alice {}",
        server.address
    );
    let terminal = Terminal::open((80, 24), "sh", &["-c", &script]);
    terminal.shows("alice on 127.0.0.1:");
    terminal.waits_for("a box in the last row", |screen| {
        screen.cursor_position() == (23, 2)
    });
}

#[test]
fn a_window_may_have_any_size() {
    let server = server();
    let mut terminal = client(&server, &[]);
    for (columns, rows) in [(1, 1), (500, 200), (1, 200), (500, 1), (2, 2), (80, 24)] {
        terminal.resize(columns, rows);
        let frames = terminal.frames();
        terminal.types("x");
        terminal.waits_for("another frame", |_| terminal.frames() > frames);
    }
    terminal.shows("> xxxxxx");
}
