//! Bots: line clients that speak JSON, or shell, and come back to their server.

mod process;
mod proxy;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use process::{Process, Server, default_runtime, on_every_runtime};
use proxy::Proxy;

/// The next object with this `event`.
fn next_event(process: &Process, event: &str) -> serde_json::Value {
    loop {
        let line = process.line();
        let object: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        if object["event"] == event {
            return object;
        }
    }
}

#[test]
fn a_bot_waits_for_its_server_and_comes_back_into_its_room_to_one_that_was_restarted() {
    on_every_runtime(|runtime| {
        let free = Server::start(runtime, &[]).address;
        let flags = ["--name", "bot", "--room", "tea", "--json", "--reconnect"];
        let mut bot = Process::start(&[&flags[..], &["--runtime", runtime, &free]].concat());
        bot.write("first");
        for _ in 0..2 {
            let event = next_event(&bot, "reconnecting");
            let reason = event["reason"].as_str().expect("it is a text");
            assert!(reason.contains("nobody is listening there"), "{reason}");
            assert!(
                event["after"].as_f64().expect("it is a number") < 3.0,
                "{event}"
            );
        }
        let serve = ["serve", "--listen", &free, "--runtime", runtime];
        let server = Process::start(&serve);
        assert!(server.line().contains(&free));
        let tea = |name| Process::start(&["--name", name, "--room", "tea", &free]);
        assert_eq!(next_event(&bot, "logged_in")["username"], "bot");
        let alice = tea("alice");
        alice.wait_for("* you joined tea");
        bot.write("second");
        alice.wait_for("<bot> second");
        server.signal("KILL");
        next_event(&bot, "reconnecting");
        bot.write("third");
        bot.end_input();
        let again = Process::start(&serve);
        assert!(again.line().contains(&free));
        // It is said in the room or, if alice is late, to nobody; but the bot has dealt with all of it.
        next_event(&bot, "logged_in");
        assert_eq!(bot.status(), 0);
        assert_eq!(bot.rest_of_stderr(), [""; 0]);
    });
}

#[test]
fn a_bot_whose_connection_breaks_loses_nothing_and_nobody_notices() {
    for runtime in ["mio", "smol"] {
        let server = Server::start(runtime, &["--message-rate", "0"]);
        let proxy = Proxy::start(&server.address);
        let mut alice = server.client("alice");
        alice.write("/join tea");
        alice.wait_for("* you joined tea");
        let flags = ["--name", "bot", "--json", "--reconnect", "--room", "tea"];
        let mut bot = Process::start(&[&flags[..], &[&proxy.address]].concat());
        alice.wait_for("* bot joined tea");
        while next_event(&bot, "joined")["channel"] != "tea" {}
        proxy.swallow();
        // More than are on their way to a session at a time.
        let lost: Vec<String> = (0..200).map(|number| format!("lost {number}")).collect();
        for line in &lost {
            bot.write(line);
        }
        proxy.wait_until_swallowed();
        let mut carol = Process::start(&["--name", "carol", "--json", &server.address]);
        next_event(&carol, "joined");
        // What is lost in the network, and what comes when there is none.
        alice.write("into the void");
        // Answered behind it.
        alice.write("/users");
        alice.wait_for("* in tea: alice, bot");
        proxy.cut();
        carol.write(r#"{"message":"psst","to":"bot"}"#);
        next_event(&carol, "sent");
        alice.write("nobody there?");
        next_event(&bot, "reconnecting");
        let again = next_event(&bot, "logged_in");
        assert_eq!(
            (&again["channel"], &again["resumed"]),
            (&"tea".into(), &true.into())
        );
        bot.write("here");
        let mut heard = [(); 3].map(|()| next_event(&bot, "message")["message"].to_string());
        heard.sort();
        let expected = ["into the void", "nobody there?", "psst"];
        assert_eq!(heard, expected.map(|text| format!("{text:?}")), "each once");
        for line in &lost {
            assert_eq!(alice.line(), format!("<bot> {line}"));
        }
        assert_eq!(alice.line(), "<bot> here");
        alice.write("/users");
        assert_eq!(alice.line(), "* in tea: alice, bot", "nothing else");
    }
}

#[test]
fn a_bot_without_a_seat_says_what_may_not_have_arrived_and_comes_back_under_its_own_name() {
    let server = Server::start(&default_runtime(), &["--resume-window", "0s"]);
    let proxy = Proxy::start(&server.address);
    let alice = server.client("alice");
    let flags = ["--name", "bot", "--json", "--reconnect", &proxy.address];
    let mut bot = Process::start(&flags);
    next_event(&bot, "joined");
    bot.write("arrives");
    alice.wait_for("<bot> arrives");
    // Its answer comes after that to the line before.
    bot.write("/users");
    next_event(&bot, "users");
    bot.write("/join tea");
    next_event(&bot, "joined");
    bot.write("/users");
    next_event(&bot, "users");
    proxy.swallow();
    bot.write("gets lost");
    proxy.wait_until_swallowed();
    proxy.cut();
    let doubtful = next_event(&bot, "doubtful");
    assert_eq!(
        (&doubtful["action"], &doubtful["text"]),
        (&"say".into(), &"gets lost".into())
    );
    next_event(&bot, "reconnecting");
    // The server holds its name for the connection that was cut.
    let refused = next_event(&bot, "refused");
    assert_eq!(
        (&refused["action"], &refused["text"]),
        (&"login".into(), &"bot".into())
    );
    next_event(&bot, "reconnecting");
    proxy.bury();
    assert_eq!(next_event(&bot, "logged_in")["username"], "bot");
    while next_event(&bot, "joined")["channel"] != "tea" {}
    bot.end_input();
    assert_eq!(bot.status(), 0);
}

#[test]
fn a_bot_says_nothing_in_another_room_while_its_own_lets_it_not_in() {
    let server = Server::start(&default_runtime(), &[]);
    let mut owner = server.client("owner");
    owner.write("/join lair");
    owner.write("/private");
    owner.wait_for("* the room is private now; rooms: general");
    let general = server.client("reader");
    let flags = ["--name", "bot", "--room", "lair", "--json", "--reconnect"];
    let mut bot = Process::start(&[&flags[..], &[&server.address]].concat());
    bot.write("secret");
    bot.end_input();
    for _ in 0..2 {
        let event = next_event(&bot, "reconnecting");
        let reason = event["reason"].as_str().expect("it is a text");
        assert!(
            reason.starts_with("cannot join the room lair: "),
            "{reason}"
        );
    }
    owner.write("/public");
    owner.wait_for("<bot> secret");
    assert_eq!(bot.status(), 0);
    while let Some(line) = general.line_by_chance() {
        assert!(!line.contains("secret"), "{line}");
    }
}

#[test]
fn a_bot_without_a_connection_ends_when_it_is_asked() {
    let free = Server::start(&default_runtime(), &[]).address;
    for signal in ["INT", "TERM"] {
        let bot = Process::start(&["--name", "bot", "--json", "--reconnect", &free]);
        next_event(&bot, "reconnecting");
        bot.signal(signal);
        assert_eq!(bot.rest_of_stderr(), [""; 0]);
    }
}

/// A bot of the README that runs in a folder of its own, for as long as its server does.
struct Bot {
    shell: Child,
    folder: PathBuf,
}

impl Bot {
    /// The one with `words` in its script, which is given the server's address.
    fn start(words: &str, server: &Server) -> Self {
        let readme = include_str!("../README.md");
        let script = readme
            .split("```sh\n")
            .filter_map(|rest| rest.split("```").next())
            .find(|script| script.contains(words))
            .expect("the README has such a bot");
        let unique = format!("chatmaster-bot-{words}-{}", std::process::id());
        let folder = std::env::temp_dir().join(unique);
        std::fs::create_dir(&folder).expect("there is room for a folder");
        let command = Path::new(env!("CARGO_BIN_EXE_chatmaster"));
        let mut path = command
            .parent()
            .expect("it is in a folder")
            .as_os_str()
            .to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let shell = Command::new("sh")
            .args(["-c", script, "bot", &server.address])
            .current_dir(&folder)
            .env("PATH", path)
            .stdin(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Bot { shell, folder }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // Its parts end with the server; the shell need not wait for them.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_bot_of_the_readme_that_needs_nothing_tells_the_time() {
    let mut server = Server::start(&default_runtime(), &[]);
    let mut alice = server.client("alice");
    let _bot = Bot::start("--name clock", &server);
    alice.wait_for("* clock joined general");
    alice.write("time?");
    alice.write("!time");
    let answer = alice.line();
    assert!(
        answer.starts_with("<clock> ") && answer.contains(':'),
        "{answer}"
    );
    server.process.signal("TERM");
    assert_eq!(server.process.status(), 0);
}

#[test]
fn the_bot_of_the_readme_that_speaks_json_welcomes_and_lists() {
    if Command::new("jq").arg("--version").output().is_err() {
        // It takes jq, which not every machine has.
        return;
    }
    let mut server = Server::start(&default_runtime(), &[]);
    let mut alice = server.client("alice");
    let _bot = Bot::start("--name usher", &server);
    alice.wait_for("* usher joined general");
    let _quit = server.client("/quit");
    assert_eq!(alice.line(), "* /quit joined general");
    assert_eq!(alice.line(), "<usher> Welcome, /quit!");
    alice.write("!rooms");
    assert_eq!(alice.line(), "<usher> Rooms:␊general");
    server.process.signal("TERM");
    assert_eq!(server.process.status(), 0);
}
