//! How long a message takes at 200 a second in a room of 100: from when it was due until each other
//! member has read it, beside the baseline's. `cargo bench -p chatmaster-tests --bench latency`
//!
//! One member says everything. The clients never sleep, so that it is not their waking up that is
//! measured; but they read one after the other, and who is read last is part of the time, with the baseline
//! as with the servers.

mod support;

use std::time::Duration;

use chatmaster_tests::load::latency::Latencies;
use chatmaster_tests::load::machine::Pinning;
use chatmaster_tests::load::{LoadClients, Shape, Subject};

use support::{Beside, Middle, Options, PROGRAMS, Server, print_machine};

const ROUNDS: usize = 3;
const SHAPE: Shape = Shape {
    rooms: 1,
    members: 100,
    senders: 1,
    in_flight: 1,
};
/// 200 a second.
const INTERVAL: Duration = Duration::from_millis(5);
const WINDOW: Duration = Duration::from_secs(2);
/// Clients that log in at the same time.
const AT_ONCE: usize = 64;

fn main() {
    let Some(options) = Options::read() else {
        return;
    };
    let beside = Beside::learn();
    println!(
        "µs from when a message is due until a member has read it; 200 messages a second, a room of 100\n"
    );
    println!("| server | p50 | baseline's p50 | p99 | baseline's p99 |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut pinning = Pinning::None;
    let all = [
        Server::MioPlain,
        Server::MioZlib,
        Server::SmolPlain,
        Server::SmolZlib,
    ];
    for server in options.servers(&all) {
        let mut pairs = Vec::new();
        for _ in 0..options.rounds(ROUNDS) {
            let (baseline, _) = measure(&options, beside.baseline(server));
            let (times, pinned) = measure(&options, server.subject());
            pinning = pinned;
            pairs.push((baseline, times));
        }
        let micros = |times: &Latencies, share| times.quantile(share).as_secs_f64() * 1e6;
        let baseline = |share| Middle::of(pairs.iter().map(|pair| micros(&pair.0, share))).median;
        let times = |share| Middle::of(pairs.iter().map(|pair| micros(&pair.1, share))).median;
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} |",
            server.subject(),
            times(0.5),
            baseline(0.5),
            times(0.99),
            baseline(0.99),
        );
    }
    print_machine(pinning);
}

fn measure(options: &Options, subject: Subject) -> (Latencies, Pinning) {
    let (process, pinning) = subject.start(PROGRAMS, SHAPE.members);
    let mut clients = LoadClients::new(process.address(), subject.codec(), SHAPE);
    clients.enter(SHAPE.connections(), AT_ONCE);
    clients.rehearse();
    let count = options.window(WINDOW).as_micros() / INTERVAL.as_micros();
    let times = clients.time(count as usize, INTERVAL);
    process.kill();
    (times, pinning)
}
