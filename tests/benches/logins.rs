//! What it costs to let people in and to have them: CPU time for each login, as a ratio to the baseline's;
//! memory for each idle, logged-in connection; and a storm, in which all come back at once.
//! `cargo bench -p chatmaster-tests --bench logins`
//!
//! A login is a connection, the greeting, the login, and the answer with the entry into the general
//! room. The baseline accepts, greets, reads the login's line and answers, each with as many bytes as the
//! server to the newcomer, and tells nobody else. At most 64 log in at the same time. The first 1,000
//! are not measured: in rooms of up to `announce_limit` members arrivals are announced, which is not a
//! login's cost but a delivery's.
//!
//! In the storm all connections are closed, and all connect again at the same time, under the same names:
//! a login that comes before the server has noticed that the name is free is refused, and tried again. A connection
//! that is not answered in 5 s is made anew: see `Entry::unanswered`.

mod support;

use chatmaster_tests::load::machine::{self, Pinning};
use chatmaster_tests::load::{LoadClients, Shape, Subject};

use support::{Beside, Middle, Options, PROGRAMS, Server, print_machine};

const ROUNDS: usize = 3;
/// Connections in the end, and of these, those whose logins are not measured.
const CONNECTIONS: usize = 10_000;
const FIRST: usize = 1000;
/// Clients that log in at the same time.
const AT_ONCE: usize = 64;
/// What is to be reached: CPU of a login as a ratio to the baseline's.
const LOGIN_TARGET: f64 = 1.5;

fn main() {
    let Some(options) = Options::read() else {
        return;
    };
    let beside = Beside::learn();
    let connections = machine::connections().min(CONNECTIONS);
    println!("{connections} connections that log in, stay idle, and come back all at once\n");
    println!(
        "| | CPU µs per login | ratio (least–most) | to reach | bytes per connection | to reach | storm: all in after | longest gap | refused, tried again | unanswered, made anew |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut pinning = Pinning::None;
    for server in options.servers(&[Server::MioPlain, Server::SmolPlain]) {
        let mut pairs = Vec::new();
        for _ in 0..options.rounds(ROUNDS) {
            let (baseline, _) = measure(beside.baseline(server), connections);
            let (cost, pinned) = measure(server.subject(), connections);
            pinning = pinned;
            pairs.push((baseline, cost));
        }
        let memory_target = match server {
            Server::MioPlain | Server::MioZlib => 1024,
            Server::SmolPlain | Server::SmolZlib => 2048,
        };
        print_row(
            &beside.baseline(server).to_string(),
            &pairs,
            |pair| pair.0,
            None,
        );
        let name = server.subject().to_string();
        print_row(&name, &pairs, |pair| pair.1, Some(memory_target));
    }
    print_machine(pinning);
}

#[derive(Clone, Copy)]
struct Cost {
    login_micros: f64,
    connection_bytes: f64,
    storm_millis: f64,
    gap_millis: f64,
    refused: f64,
    unanswered: f64,
}

fn measure(subject: Subject, connections: usize) -> (Cost, Pinning) {
    let shape = Shape {
        rooms: 1,
        members: connections,
        senders: 0,
        in_flight: 0,
    };
    let (process, pinning) = subject.start(PROGRAMS, shape.members);
    let mut clients = LoadClients::new(process.address(), subject.codec(), shape);
    // What the first one makes it allocate is not the connection's.
    clients.enter(1, 1);
    clients.settle();
    let empty = process.memory().expect("Linux says how much it is");
    clients.enter(FIRST, AT_ONCE);
    clients.settle();
    let before = process.cpu_nanos();
    clients.enter(connections, AT_ONCE);
    clients.settle();
    let cpu = process.cpu_nanos() - before;
    let full = process.memory().expect("Linux says how much it is");
    clients.vanish();
    let storm = clients.enter(connections, connections);
    process.kill();
    let cost = Cost {
        login_micros: cpu as f64 / 1e3 / (connections - FIRST) as f64,
        connection_bytes: full.saturating_sub(empty) as f64 / (connections - 1) as f64,
        storm_millis: storm.took.as_secs_f64() * 1e3,
        gap_millis: storm.longest_gap.as_secs_f64() * 1e3,
        refused: storm.refused as f64,
        unanswered: storm.unanswered as f64,
    };
    (cost, pinning)
}

/// `memory_target` is a server's; the baseline has none.
fn print_row(
    name: &str,
    pairs: &[(Cost, Cost)],
    of: impl Fn(&(Cost, Cost)) -> Cost,
    memory_target: Option<usize>,
) {
    let median =
        |value: fn(Cost) -> f64| Middle::of(pairs.iter().map(|pair| value(of(pair)))).median;
    let most = |value: fn(Cost) -> f64| Middle::of(pairs.iter().map(|pair| value(of(pair)))).most;
    let ratio = Middle::of(
        pairs
            .iter()
            .map(|pair| of(pair).login_micros / pair.0.login_micros),
    );
    let (ratio, login_target, memory_target) = match memory_target {
        Some(target) => (
            ratio.to_string(),
            format!("≤ {LOGIN_TARGET}"),
            format!("≤ {target}"),
        ),
        None => Default::default(),
    };
    println!(
        "| {name} | {:.1} | {ratio} | {login_target} | {:.0} | {memory_target} | {:.0} ms | {:.0} ms | {:.0} | {:.0} |",
        median(|cost| cost.login_micros),
        median(|cost| cost.connection_bytes),
        most(|cost| cost.storm_millis),
        most(|cost| cost.gap_millis),
        most(|cost| cost.refused),
        most(|cost| cost.unanswered),
    );
}
