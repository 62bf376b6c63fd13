//! What a server does, as seen by peers that know nothing of it but the protocol.

use std::io::{self, BufRead, BufReader, Lines, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::Config;
use chatmaster_core::recording::{MAX_MESSAGE_BYTES, SinkOutcome};
use chatmaster_io::{Hooks, Stop, hub, listen, listen_only};
use chatmaster_tests::world::{PATIENCE, Runtime, Server, loopback};

use crate::peer::{Peer, login, message, plain};

fn peers_are_greeted_log_in_and_chat(runtime: Runtime) {
    let server = Server::start(runtime, plain());
    let mut alice = Peer::named(server.address(), "Alice");
    let mut bob = Peer::named(server.address(), "Bob");
    alice.expect(r#""username":"Bob""#);
    alice.say("Hello");
    let line = bob.expect(r#""message":"Hello""#);
    assert!(line.contains(r#""username":"Alice""#), "{line}");
    drop(alice);
    bob.expect("user_left");
    drop(server);
}

fn a_stop_tells_everyone_and_is_over_when_all_have_taken_leave(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            linger: PATIENCE * 10,
            ..plain()
        },
    );
    let address = server.address();
    let peers = [
        Peer::greeted(address),
        Peer::named(address, "Alice"),
        Peer::named(address, "Bob"),
    ];
    let began = Instant::now();
    let stopping = thread::spawn(|| drop(server));
    for peer in peers {
        let last = peer.rest().pop().unwrap();
        assert!(last.contains(r#""error_type":"shutdown""#), "{last}");
    }
    stopping.join().unwrap();
    assert!(began.elapsed() < PATIENCE);
    assert!(TcpStream::connect(address).is_err());
}

fn a_stop_waits_for_those_who_do_not_take_leave_until_the_linger_is_over(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            linger: Duration::from_millis(200),
            ..plain()
        },
    );
    let _peers = [
        Peer::greeted(server.address()),
        Peer::named(server.address(), "Alice"),
    ];
    drop(server);
}

fn who_is_behind_when_the_server_stops_misses_nothing_although_it_says_something(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            send_queue_bytes: 64 << 20,
            message_rate: 0,
            linger: PATIENCE * 10,
            ..plain()
        },
    );
    let mut bob = Peer::named(server.address(), "Bob");
    let mut behind = Peer::named(server.address(), "Behind");
    bob.expect("user_joined");
    let text = "x".repeat(4000);
    // More than the operating system keeps for both ends of a connection.
    for count in 0..4000 {
        bob.say(&format!("{count} {text}"));
    }
    bob.command("users");
    bob.expect("user_list");
    let stopping = thread::spawn(|| drop(server));
    bob.expect(r#""error_type":"shutdown""#);
    // Nobody reads that any more: to close now would reset what is still on its way.
    behind.say("wait!");
    for count in 0..4000 {
        behind.expect(&format!(r#""message":"{count} "#));
    }
    behind.expect(r#""error_type":"shutdown""#);
    assert_eq!(behind.line(), None);
    drop((bob, behind));
    stopping.join().unwrap();
}

fn a_stop_before_the_start_counts_and_a_second_one_is_fine(runtime: Runtime) {
    let stop = Stop::new();
    stop.stop();
    stop.stop();
    let (listener, _) = loopback();
    runtime
        .serve(Config::default(), vec![listener], &stop)
        .unwrap();
}

fn what_cannot_be_served_is_said(runtime: Runtime) {
    let stop = Stop::new();
    let error = runtime.serve(Config::default(), vec![], &stop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let (listener, _) = loopback();
    let config = Config {
        max_rooms: 0,
        ..Config::default()
    };
    let error = runtime.serve(config, vec![listener], &stop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "max_rooms must be at least 1");
}

fn all_listeners_lead_to_the_same_server(runtime: Runtime) {
    let listeners = [0, 0].map(|port| listen((Ipv4Addr::LOCALHOST, port).into()).unwrap());
    // As they come from elsewhere.
    listeners[1].set_nonblocking(false).unwrap();
    let addresses = listeners
        .each_ref()
        .map(|listener| listener.local_addr().unwrap());
    let stop = Stop::new();
    thread::scope(|scope| {
        scope.spawn(|| runtime.serve(plain(), listeners.into(), &stop).unwrap());
        let mut alice = Peer::named(addresses[0], "Alice");
        let _bob = Peer::named(addresses[1], "Bob");
        alice.expect(r#""username":"Bob""#);
        stop.stop();
    });
}

fn the_unspecified_address_of_ipv6_serves_ipv4_too(runtime: Runtime) {
    let Ok(listener) = listen((Ipv6Addr::UNSPECIFIED, 0).into()) else {
        return eprintln!("there is no IPv6 here");
    };
    let port = listener.local_addr().unwrap().port();
    // Loopback is exempt from this limit, also when it comes as an IPv4 address in an IPv6 one.
    let config = Config {
        max_connections_per_address: 1,
        ..plain()
    };
    let stop = Stop::new();
    thread::scope(|scope| {
        scope.spawn(|| runtime.serve(config, vec![listener], &stop).unwrap());
        let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        let _peers = [four, six, four, six].map(Peer::greeted);
        stop.stop();
    });
}

fn both_families_may_have_sockets_of_their_own(runtime: Runtime) {
    let Ok(six) = listen_only((Ipv6Addr::UNSPECIFIED, 0).into()) else {
        return eprintln!("there is no IPv6 here");
    };
    let port = six.local_addr().unwrap().port();
    let four = listen((Ipv4Addr::UNSPECIFIED, port).into()).unwrap();
    let stop = Stop::new();
    thread::scope(|scope| {
        scope.spawn(|| runtime.serve(plain(), vec![six, four], &stop).unwrap());
        let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        let _peers = [four, six].map(Peer::greeted);
        stop.stop();
    });
}

fn a_peer_that_half_closes_gets_all_replies(runtime: Runtime) {
    let server = Server::start(runtime, plain());
    let mut peer = Peer::greeted(server.address());
    peer.send(&login("Alice"));
    // More than may come at once, so that most of it, and the end, waits for a pause to be over.
    for _ in 0..40 {
        peer.command("users");
    }
    peer.finish();
    let lines = peer.rest();
    let lists = lines
        .iter()
        .filter(|line| line.contains("user_list"))
        .count();
    assert_eq!(lists, 40, "{lines:?}");
}

fn a_peer_that_says_nothing_is_told_and_closed_when_its_time_is_up(runtime: Runtime) {
    let login_timeout = Duration::from_millis(50);
    let server = Server::start(
        runtime,
        Config {
            login_timeout,
            ..plain()
        },
    );
    let began = Instant::now();
    let mut peer = Peer::greeted(server.address());
    peer.expect(r#""error_type":"login""#);
    assert!(began.elapsed() >= login_timeout);
    // The end comes although this end is still open.
    assert_eq!(peer.line(), None);
}

fn what_is_sent_over_the_rate_is_delayed_and_not_lost(runtime: Runtime) {
    // A second read before the pause that the first has brought about would be too much.
    let backlog_bytes = plain().max_package_bytes;
    let config = Config {
        message_rate: 100,
        message_burst: 1,
        backlog_bytes,
        ..plain()
    };
    let server = Server::start(runtime, config);
    let mut alice = Peer::named(server.address(), "Alice");
    let mut bob = Peer::named(server.address(), "Bob");
    // So much that there is more to read after every read.
    let text = "x".repeat(4000);
    let all: String = (0..100)
        .map(|count| message(&format!("{count} {text}")))
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| alice.send(&all));
        for count in 0..100 {
            bob.skip_to(&format!(r#""message":"{count} "#));
        }
    });
}

fn a_peer_that_does_not_read_hinders_nobody(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            message_rate: 0,
            ..plain()
        },
    );
    let mut bob = Peer::named(server.address(), "Bob");
    let mut carol = Peer::named(server.address(), "Carol");
    let _idler = Peer::named(server.address(), "Idler");
    let text = "x".repeat(4000);
    let mut said = 0;
    // Carol gets all of it while what is for the idler piles up, until the idler is put out.
    let put_out = 'rounds: loop {
        (0..16).for_each(|_| bob.say(&text));
        for _ in 0..16 {
            let line = carol.line().unwrap();
            if line.contains("user_left") {
                break 'rounds line;
            }
            said += usize::from(line.contains(r#""message":"xxx"#));
        }
    };
    assert!(put_out.contains("Idler"), "{put_out}");
    assert!(said * text.len() > Config::default().send_queue_bytes);
}

fn a_peer_that_reads_late_gets_everything_in_order(runtime: Runtime) {
    let config = Config {
        send_queue_bytes: 64 << 20,
        message_rate: 0,
        ..plain()
    };
    let server = Server::start(runtime, config);
    let mut bob = Peer::named(server.address(), "Bob");
    let mut late = Peer::named(server.address(), "Late");
    bob.expect("user_joined");
    let text = "x".repeat(4000);
    // More than the operating system keeps for both ends of a connection.
    for count in 0..4000 {
        bob.say(&format!("{count} {text}"));
    }
    // All of it has arrived, and waits.
    bob.command("users");
    bob.expect("user_list");
    for count in 0..4000 {
        late.expect(&format!(r#""message":"{count} "#));
    }
}

fn a_reset_is_a_leave(runtime: Runtime) {
    let server = Server::start(runtime, plain());
    let mut alice = Peer::named(server.address(), "Alice");
    let bob = Peer::named(server.address(), "Bob");
    alice.expect("user_joined");
    socket2::SockRef::from(&bob.stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(bob);
    alice.expect("user_left");
}

fn many_connections_at_once_are_all_served(runtime: Runtime) {
    let server = Server::start(runtime, plain());
    let streams: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    for stream in streams {
        Peer::over(stream).expect(r#""request":"login""#);
    }
    Peer::named(server.address(), "Alice");
}

fn a_peer_that_is_put_out_for_not_reading_leaves_nothing_behind(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            message_rate: 0,
            ..plain()
        },
    );
    let mut bob = Peer::named(server.address(), "Bob");
    let idler = Peer::named(server.address(), "Idler");
    let text = "x".repeat(4000);
    bob.stream.set_nonblocking(true).unwrap();
    let mut heard = Vec::new();
    // What is not taken of it is of no interest.
    while !String::from_utf8_lossy(&heard).contains("user_left") {
        let _ = io::Write::write(&mut bob.stream, message(&text).as_bytes());
        let _ = bob.stream.read_to_end(&mut heard);
    }
    // A reset, and not the rest of what was written: that is forgotten.
    idler.stream.set_nonblocking(true).unwrap();
    let began = Instant::now();
    let error = loop {
        if let Some(error) = idler.stream.take_error().unwrap() {
            break error;
        }
        assert!(began.elapsed() < PATIENCE, "it is never reset");
        thread::yield_now();
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

fn a_panic_of_the_sink_ends_the_server(runtime: Runtime) {
    let (listener, address) = loopback();
    let server = thread::spawn(move || {
        let mut headers = 1;
        let sink = move |_: &[u8]| match headers {
            0 => panic!("planted"),
            _ => {
                headers -= 1;
                SinkOutcome::Written
            }
        };
        runtime.serve_recorded(plain(), vec![listener], &Stop::new(), sink)
    });
    let _peer = TcpStream::connect(address).unwrap();
    assert_eq!(server.join().unwrap_err().downcast_ref(), Some(&"planted"));
}

fn messages_that_may_be_too_long_to_be_recorded_are_refused_at_the_start(runtime: Runtime) {
    let (listener, _) = loopback();
    let config = Config {
        max_message_bytes: MAX_MESSAGE_BYTES + 1,
        ..plain()
    };
    let sink = |_: &[u8]| panic!("there is nothing to write");
    let error = runtime
        .serve_recorded(config, vec![listener], &Stop::new(), sink)
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("max_message_bytes"), "{error}");
}

/// The descriptors of the process that has no more.
const DESCRIPTORS: usize = 24;

/// Not a test, but the process that the next one starts.
fn serve_until_the_end_of_stdin(runtime: Runtime) {
    let server = Server::start(runtime, plain());
    println!("\naddress {}", server.address());
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(server);
}

/// Not a test either: it ends when a connection cannot be accepted.
fn serve_until_something_panics(runtime: Runtime) {
    let (listener, address) = loopback();
    println!("\naddress {address}");
    let hooks = Hooks {
        accept_failed: Some(Box::new(|error| panic!("planted: {error}"))),
    };
    let (hub, clock) = hub(plain()).unwrap();
    runtime
        .serve_with(hub, clock, vec![listener], &Stop::new(), hooks)
        .unwrap();
}

/// Runs one of the above in a process of its own, which prints its address.
#[cfg(target_os = "linux")]
fn limited(runtime: Runtime, test: &str) -> (Child, SocketAddr, Lines<BufReader<ChildStdout>>) {
    let limited = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--exact"])
        .arg(format!("server::{}::{test}", runtime.name()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .find_map(|line| {
            line.unwrap()
                .strip_prefix("address ")
                .map(|it| it.parse().unwrap())
        })
        .unwrap();
    (child, address, lines)
}

#[cfg(target_os = "linux")]
fn a_panic_while_accepting_ends_the_server(runtime: Runtime) {
    let (mut child, address, _lines) = limited(runtime, "serve_until_something_panics");
    let _peers: Vec<_> = (0..DESCRIPTORS * 2)
        // It may have ended before the last of them.
        .map_while(|_| TcpStream::connect(address).ok())
        .collect();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
        }
        thread::yield_now();
    };
    // That of a test that has panicked.
    assert_eq!(status.code(), Some(101));
}

#[cfg(target_os = "linux")]
fn a_server_without_descriptors_goes_on_when_there_are_some_again(runtime: Runtime) {
    let (mut child, address, lines) = limited(runtime, "serve_until_the_end_of_stdin");
    let peers: Vec<_> = (0..DESCRIPTORS * 2)
        .map(|_| Peer::over(TcpStream::connect(address).unwrap()))
        .collect();
    let descriptors = format!("/proc/{}/fd", child.id());
    let began = Instant::now();
    while std::fs::read_dir(&descriptors).unwrap().count() < DESCRIPTORS {
        assert!(
            began.elapsed() < PATIENCE,
            "the server never ran out of descriptors"
        );
        thread::yield_now();
    }
    // Each that goes makes room for one that waits.
    for mut peer in peers {
        peer.expect(r#""request":"login""#);
    }
    drop(child.stdin.take());
    let rest = lines.map(Result::unwrap).collect::<Vec<_>>();
    assert!(child.wait().unwrap().success(), "{rest:?}");
}

on_both_runtimes! {
    peers_are_greeted_log_in_and_chat,
    a_stop_tells_everyone_and_is_over_when_all_have_taken_leave,
    a_stop_waits_for_those_who_do_not_take_leave_until_the_linger_is_over,
    who_is_behind_when_the_server_stops_misses_nothing_although_it_says_something,
    a_stop_before_the_start_counts_and_a_second_one_is_fine,
    what_cannot_be_served_is_said,
    all_listeners_lead_to_the_same_server,
    the_unspecified_address_of_ipv6_serves_ipv4_too,
    both_families_may_have_sockets_of_their_own,
    a_peer_that_half_closes_gets_all_replies,
    a_peer_that_says_nothing_is_told_and_closed_when_its_time_is_up,
    what_is_sent_over_the_rate_is_delayed_and_not_lost,
    a_peer_that_does_not_read_hinders_nobody,
    a_peer_that_reads_late_gets_everything_in_order,
    a_reset_is_a_leave,
    many_connections_at_once_are_all_served,
    a_peer_that_is_put_out_for_not_reading_leaves_nothing_behind,
    a_panic_of_the_sink_ends_the_server,
    messages_that_may_be_too_long_to_be_recorded_are_refused_at_the_start,
    #[ignore = "it is run by another test"]
    serve_until_the_end_of_stdin,
    #[ignore = "it is run by another test"]
    serve_until_something_panics,
    #[cfg(target_os = "linux")]
    a_panic_while_accepting_ends_the_server,
    #[cfg(target_os = "linux")]
    a_server_without_descriptors_goes_on_when_there_are_some_again,
}
