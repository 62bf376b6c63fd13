//! What a client does, with a server of the same runtime, and with one that is out of order.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::session::{Action, ActionError, End, Event, Update};
use chatmaster_core::{Config, Encoding, SessionConfig};
use chatmaster_io::{Client, Disconnected, TryActError};
use chatmaster_tests::world::{PATIENCE, Runtime, Server};

use crate::peer::{Peer, login};

fn named(name: &str) -> SessionConfig {
    SessionConfig {
        username: Some(name.into()),
        ..SessionConfig::default()
    }
}

fn client(
    runtime: Runtime,
    address: SocketAddr,
    config: SessionConfig,
) -> (Client, Receiver<Update>) {
    let (tell, updates) = channel();
    // Whoever does not listen any more has seen enough.
    let client = runtime.connect(&[address], config, move |update| drop(tell.send(update)));
    (client.unwrap(), updates)
}

/// Takes updates up to the first event of this kind.
fn skip_to(updates: &Receiver<Update>, mut wanted: impl FnMut(&Event) -> bool) -> Event {
    loop {
        match updates.recv_timeout(PATIENCE).expect("an update") {
            Update::Event(event) if wanted(&event) => return event,
            Update::Event(_) => {}
            Update::Refused(request, error) => panic!("{request:?} was refused: {error}"),
        }
    }
}

fn logged_in(event: &Event) -> bool {
    matches!(event, Event::LoggedIn { .. })
}

fn clients_log_in_talk_and_quit(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    let (alice, of_alice) = client(runtime, server.address(), named("Alice"));
    skip_to(&of_alice, logged_in);
    let (bob, of_bob) = client(runtime, server.address(), named("Bob"));
    skip_to(&of_bob, logged_in);
    skip_to(
        &of_alice,
        |event| matches!(event, Event::Joined { username, .. } if username == "Bob"),
    );
    alice.act(Action::Say("Hello".into())).unwrap();
    alice.act(Action::Say("and goodbye".into())).unwrap();
    alice.act(Action::Quit).unwrap();
    assert_eq!(
        skip_to(&of_alice, |event| matches!(event, Event::Ended(_))),
        Event::Ended(End::Quit)
    );
    for said in ["Hello", "and goodbye"] {
        let Event::Message {
            username, message, ..
        } = skip_to(&of_bob, |event| matches!(event, Event::Message { .. }))
        else {
            unreachable!()
        };
        assert_eq!((&*username, &*message), ("Alice", said));
    }
    skip_to(
        &of_bob,
        |event| matches!(event, Event::Left { username, .. } if username == "Alice"),
    );
    drop(bob);
    drop(server);
}

fn a_client_is_told_when_the_server_stops_and_nothing_after_it(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    let (alice, updates) = client(runtime, server.address(), named("Alice"));
    skip_to(&updates, logged_in);
    drop(server);
    let ended = skip_to(&updates, |event| matches!(event, Event::Ended(_)));
    let reason = Some("The server is shutting down.".into());
    assert_eq!(ended, Event::Ended(End::ClosedByServer { reason }));
    // `on_update`, and with it the other end of this, is gone without another word.
    assert!(updates.recv().is_err());
    assert_eq!(alice.act(Action::Users), Err(Disconnected));
    let refused = Err(TryActError::Disconnected(Action::Users.into()));
    assert_eq!(alice.try_act(Action::Users), refused);
}

fn a_refused_action_comes_back(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    let (alice, updates) = client(runtime, server.address(), SessionConfig::default());
    skip_to(&updates, |event| matches!(event, Event::NameWanted { .. }));
    alice.try_act(Action::Users).unwrap();
    let refused = Update::Refused(Action::Users.into(), ActionError::NotLoggedIn);
    assert_eq!(updates.recv_timeout(PATIENCE).unwrap(), refused);
    alice.try_act(Action::Login("Alice".into())).unwrap();
    skip_to(&updates, logged_in);
}

fn addresses_are_tried_in_order_and_the_last_error_is_told(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    // Bound, but nobody listens there.
    let nobody = |_| {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
            .unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    };
    let nobodies = [0, 1].map(nobody);
    let [first, second] = [nobodies[0].1, nobodies[1].1];
    let (tell, updates) = channel();
    let alice = runtime.connect(&[first, server.address()], named("Alice"), move |it| {
        drop(tell.send(it))
    });
    skip_to(&updates, logged_in);
    drop(alice.unwrap());
    let error = runtime
        .connect(&[first, second], named("Alice"), drop)
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&second.to_string()), "{error}");
    let error = runtime.connect(&[], named("Alice"), drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

fn dropping_a_client_closes_its_connection(runtime: Runtime) {
    let server = Server::start(
        runtime,
        Config {
            encoding: Encoding::Plain,
            ..Config::default()
        },
    );
    let mut bob = Peer::named(server.address(), "Bob");
    let (alice, updates) = client(runtime, server.address(), named("Alice"));
    skip_to(&updates, logged_in);
    bob.expect("user_joined");
    drop(alice);
    bob.expect("user_left");
    skip_to_end(&updates);
}

fn a_client_may_be_dropped_inside_its_on_update(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    let holder = Arc::new(Mutex::new(None));
    let (tell, updates) = channel();
    let held = holder.clone();
    // The server's greeting may come before the client is in the holder.
    let alice = runtime.connect(&[server.address()], named("Alice"), move |update| {
        if matches!(update, Update::Event(Event::Users { .. })) {
            drop::<Option<Client>>(held.lock().unwrap().take());
        }
        drop(tell.send(update));
    });
    *holder.lock().unwrap() = Some(alice.unwrap());
    skip_to(&updates, logged_in);
    holder
        .lock()
        .unwrap()
        .as_ref()
        .unwrap()
        .act(Action::Users)
        .unwrap();
    skip_to(&updates, |event| matches!(event, Event::Users { .. }));
    skip_to_end(&updates);
}

/// Takes updates until there is nobody to send another.
fn skip_to_end(updates: &Receiver<Update>) {
    while updates
        .recv_timeout(PATIENCE)
        .map_err(|error| error.to_string())
        .is_ok()
    {}
    assert!(updates.try_recv().is_err());
}

/// A client that is logged in at a server that does nothing more, least of all read.
fn stuck(runtime: Runtime) -> (Client, Receiver<Update>, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let encoding = Encoding::Plain;
    let config = SessionConfig {
        encoding,
        send_queue_bytes: 16 * 1024,
        ..named("Alice")
    };
    let (alice, updates) = client(runtime, listener.local_addr().unwrap(), config);
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    server
        .write_all(br#"{"type":"request","data":{"request":"login"}}"#)
        .unwrap();
    let mut bytes = vec![0; login("Alice").len() + 1];
    server.read_exact(&mut bytes).unwrap();
    server
        .write_all(br#"{"type":"session","data":{"status":1,"channels":[]}}"#)
        .unwrap();
    skip_to(&updates, logged_in);
    (alice, updates, server)
}

/// Says so much, counting from `said`, that no more fits anywhere.
fn fill(alice: &Client, said: &mut usize) {
    // What the operating system keeps for both ends of a connection is less than this.
    for _ in 0..16_000 {
        match alice.try_act(say(*said)) {
            Ok(()) => *said += 1,
            Err(TryActError::Congested(request)) => {
                assert_eq!(request.action, say(*said));
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it never was too much");
}

fn say(count: usize) -> Action {
    Action::Say(format!("{count} {}", "x".repeat(4000)))
}

fn a_congested_client_neither_loses_nor_reorders_actions(runtime: Runtime) {
    let (alice, _updates, server) = stuck(runtime);
    let mut said = 0;
    fill(&alice, &mut said);
    let total = said + 4000;
    thread::scope(|scope| {
        scope.spawn(|| (said..total).for_each(|count| alice.act(say(count)).unwrap()));
        let mut server = Peer::over(server);
        for count in 0..total {
            server.expect(&format!(r#""message":"{count} "#));
        }
    });
}

fn a_congested_client_can_be_dropped(runtime: Runtime) {
    let (alice, updates, _server) = stuck(runtime);
    // Until the operating system takes no more, so that the session holds an action back: that is
    // so when nothing has moved for a while.
    let (mut said, mut moved) = (0, Instant::now());
    while moved.elapsed() < Duration::from_millis(200) {
        let before = said;
        fill(&alice, &mut said);
        if said > before {
            moved = Instant::now();
        }
        thread::yield_now();
    }
    drop(alice);
    skip_to_end(&updates);
}

fn the_servers_last_words_are_heard_before_a_reset(runtime: Runtime) {
    let (alice, updates, mut server) = stuck(runtime);
    fill(&alice, &mut 0);
    let words = br#"{"type":"error","data":{"error_type":"message","message":"Enough."}}"#;
    server.write_all(words).unwrap();
    // Closed with bytes unread.
    drop(server);
    let ended = skip_to(&updates, |event| matches!(event, Event::Ended(_)));
    let reason = Some("Enough.".into());
    assert_eq!(ended, Event::Ended(End::ClosedByServer { reason }));
}

fn a_panic_of_on_update_goes_on_where_the_client_is_dropped(runtime: Runtime) {
    let server = Server::start(runtime, Config::default());
    let (tell, updates) = channel::<()>();
    let alice = runtime.connect(&[server.address()], named("Alice"), move |_| {
        let _told_when_it_unwinds = &tell;
        panic!("planted");
    });
    let alice = alice.unwrap();
    assert!(updates.recv_timeout(PATIENCE).is_err());
    // It may be unwinding still.
    while alice.try_act(Action::Users) != Err(TryActError::Disconnected(Action::Users.into())) {
        thread::yield_now();
    }
    let panic = catch_unwind(AssertUnwindSafe(|| drop(alice))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"planted"));
}

on_both_runtimes! {
    clients_log_in_talk_and_quit,
    a_client_is_told_when_the_server_stops_and_nothing_after_it,
    a_refused_action_comes_back,
    addresses_are_tried_in_order_and_the_last_error_is_told,
    dropping_a_client_closes_its_connection,
    a_client_may_be_dropped_inside_its_on_update,
    a_congested_client_neither_loses_nor_reorders_actions,
    a_congested_client_can_be_dropped,
    the_servers_last_words_are_heard_before_a_reset,
    a_panic_of_on_update_goes_on_where_the_client_is_dropped,
}
