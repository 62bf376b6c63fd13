//! The real command: a server from its arguments to its exit status, and what is said of wrong usage.

mod process;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use process::{Process, Server, on_every_runtime};

#[test]
fn a_server_says_where_it_listens_and_ends_in_good_order_when_asked() {
    on_every_runtime(|runtime| {
        for signal in ["TERM", "INT"] {
            let mut server = Server::start(runtime, &[]).process;
            server.signal(signal);
            assert_eq!(server.status(), 0);
            assert_eq!(server.rest_of_stderr(), [""; 0]);
        }
    });
}

#[test]
fn a_server_says_each_address_it_listens_on() {
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.1:0",
    ];
    let server = Process::start(&args);
    let (one, other) = (server.line(), server.line());
    assert!(one.starts_with("listening on 127.0.0.1:"), "{one}");
    assert!(other.starts_with("listening on 127.0.0.1:"), "{other}");
    assert_ne!(one, other);
}

#[test]
fn both_families_can_be_listened_on_apart_at_one_port() {
    on_every_runtime(|runtime| {
        let free = TcpListener::bind("0.0.0.0:0").expect("there are free ports");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        for families in [
            ["0.0.0.0", "[::]"],
            ["[::]", "0.0.0.0"],
            ["127.0.0.1", "[::]"],
        ] {
            let [one, other] = families.map(|family| format!("{family}:{port}"));
            let listen = ["--listen", &one, "--listen", &other, "--runtime", runtime];
            let mut server = Process::start(&[&["serve"], &listen[..]].concat());
            for address in [&one, &other] {
                assert_eq!(server.line(), format!("listening on {address} ({runtime})"));
            }
            let four = format!("127.0.0.1:{port}");
            let six = format!("[::1]:{port}");
            let _clients = [("alice", four), ("bob", six)].map(|(name, address)| {
                let client = Process::start(&["--name", name, &address]);
                client.wait_for("* you joined general");
                client
            });
            server.signal("TERM");
            assert_eq!(server.status(), 0);
        }
    });
}

#[cfg(unix)]
#[test]
fn a_server_lives_on_through_signals_that_mean_nothing_to_it() {
    on_every_runtime(|runtime| {
        let mut server = Server::start(runtime, &[]);
        for signal in ["HUP", "USR1", "USR2", "PIPE"] {
            server.process.signal(signal);
            let _client = server.client(signal);
        }
        server.process.signal("TERM");
        assert_eq!(server.process.status(), 0);
        assert_eq!(server.process.rest_of_stderr(), [""; 0]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_login_that_came_in_time_counts_though_the_server_was_stopped_meanwhile() {
    on_every_runtime(|runtime| {
        let timeout = Duration::from_secs(2);
        let server = Server::start(runtime, &["--login-timeout", "2", "--encoding", "plain"]);
        let began = Instant::now();
        let connections: Vec<_> = (0..100)
            .map(|_| greeted(&server.address).expect("it is greeted"))
            .collect();
        server.process.signal("STOP");
        server.process.wait_until_stopped();
        for (at, mut connection) in connections.iter().enumerate() {
            let parameters = format!(r#"{{"username":"user-{at}"}}"#);
            let login = format!(r#"{{"command":"login","parameters":{parameters}}}"#);
            write!(connection, r#"{{"type":"command","data":{login}}}"#).expect("there is room");
        }
        assert!(
            began.elapsed() < timeout,
            "this machine is too busy: it was not in time"
        );
        let late = began + timeout + Duration::from_millis(500);
        thread::sleep(late.saturating_duration_since(Instant::now()));
        server.process.signal("CONT");
        for (at, connection) in connections.iter().enumerate() {
            let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
            let answer = lines.find(|line| !line.contains("request"));
            let answer = answer.expect("there is an answer");
            assert!(answer.contains(r#""status":true"#), "user {at}: {answer}");
        }
        // Whoever has said nothing is still put out, if a little late.
        let silent = greeted(&server.address).expect("it is greeted");
        server.process.signal("STOP");
        thread::sleep(timeout);
        server.process.signal("CONT");
        let lines = BufReader::new(silent).lines().map_while(Result::ok);
        assert!(
            lines
                .last()
                .expect("there is a word")
                .contains("No login within 2 seconds")
        );
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_takes_all_the_descriptors_it_may_have() {
    on_every_runtime(|runtime| {
        let server = Server::start_limited("ulimit -S -n 40", runtime);
        let greeted = |_| greeted(&server.address).expect("it is greeted");
        let _connections: Vec<_> = (0..60).map(greeted).collect();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_cannot_accept_connections_says_so_once() {
    on_every_runtime(|runtime| {
        let mut server = Server::start_limited("ulimit -n 40", runtime);
        let connect = |_| TcpStream::connect(&server.address).expect("the server listens");
        let connections: Vec<_> = (0..60).map(connect).collect();
        assert_eq!(
            server.process.first_of_stderr(),
            "chatmaster: cannot accept connections: Too many open files. Whoever comes now waits until \
             someone leaves. Let the server have more descriptors (`ulimit -n`), or have it admit fewer \
             with --max-connections."
        );
        // Each that goes makes room for one that waits.
        drop(connections);
        greeted(&server.address).expect("there is room again");
        server.process.signal("TERM");
        assert_eq!(server.process.status(), 0);
        assert_eq!(server.process.rest_of_stderr(), [""; 0]);
    });
}

/// A connection that has got the request to log in.
#[cfg(target_os = "linux")]
fn greeted(address: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    std::io::Read::read_exact(&mut stream, &mut [0])?;
    Ok(stream)
}

#[test]
fn messages_that_are_too_long_to_be_recorded_are_refused_at_the_start() {
    let limits = ["--max-message-bytes=17MiB", "--max-package-bytes=32MiB"];
    let queues = [
        "--backlog-bytes=64MiB",
        "--send-queue-bytes=256MiB",
        "--total-queue-bytes=512MiB",
    ];
    let record = ["--record", "/nonexistent/recording"];
    let mut server = Process::start(&[&["serve"], &limits[..], &queues, &record].concat());
    assert_eq!(server.status(), 2);
    assert_eq!(
        server.rest_of_stderr(),
        ["chatmaster: --max-message-bytes must be at most 2785279 with --record"]
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    let address = taken.local_addr().expect("it is bound").to_string();
    on_every_runtime(|runtime| {
        let mut server = Process::start(&["serve", "--listen", &address, "--runtime", runtime]);
        assert_eq!(server.status(), 1);
        let expected = format!(
            "chatmaster: cannot listen on {address}: the address is already in use. Stop the other \
             server, or choose another port with --listen 127.0.0.1:0."
        );
        assert_eq!(server.rest_of_stderr(), [expected]);
        assert_eq!(server.rest(), [""; 0]);
    });
}

#[test]
fn wrong_usage_is_explained_with_status_2() {
    for (args, words) in [
        (
            &["--nonsense"][..],
            "chatmaster: unexpected argument '--nonsense' found",
        ),
        (&["host:port"], "\"port\" is not a port"),
        (&["serve", "--linger", "0"], "it must be above zero"),
        (
            &["serve", "--max-message-bytes", "many"],
            "\"many\" is not a size",
        ),
        (
            &["serve", "--send-queue-bytes", "1K"],
            "--send-queue-bytes must be at least 49664 for this --max-message-bytes",
        ),
        (
            &["serve", "--runtime", "tokio"],
            "invalid value 'tokio' for '--runtime <RUNTIME>'",
        ),
    ] {
        let mut process = Process::start(args);
        assert_eq!(process.status(), 2, "{args:?}");
        let explained = process.rest_of_stderr().join("\n");
        assert!(explained.starts_with("chatmaster: "), "{explained}");
        assert!(explained.contains(words), "{explained}");
    }
}

#[test]
fn nobody_there_is_said_in_words_with_status_1() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    on_every_runtime(|runtime| {
        let mut client = Process::start(&["--runtime", runtime, &address]);
        assert_eq!(client.status(), 1);
        let expected = format!(
            "chatmaster: cannot connect to {address}: nobody is listening there. Check the \
             address, or start a server there with `chatmaster serve`."
        );
        assert_eq!(client.rest_of_stderr(), [expected]);
    });
}
