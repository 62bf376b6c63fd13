//! What a delivery costs: CPU time of a server for each message that a member of a room receives, as a
//! ratio to a baseline that writes as many bytes. `cargo bench -p chatmaster-tests --bench delivery`
//!
//! Server and baseline are processes of their own, on a core of their own where the system allows; their
//! CPU time is the operating system's account of it. Each round measures the baseline right before each
//! server; a ratio is of such a pair, and the middle one of all rounds is quoted, with their range. What
//! it is to be in flight says [`Shape::in_flight`], and what the baseline does,
//! [`baseline`](chatmaster_tests::load::baseline).

mod support;

use std::time::Duration;

use chatmaster_tests::load::machine::Pinning;
use chatmaster_tests::load::talk::{self, Cost};
use chatmaster_tests::load::{Shape, Subject};

use support::{Beside, Middle, Options, PROGRAMS, Server, print_machine};

const ROUNDS: usize = 5;
const WARM_UP: Duration = Duration::from_millis(200);
const WINDOW: Duration = Duration::from_millis(1000);

/// The shapes, with the ratio each server is to reach.
const SHAPES: [(&str, Shape, Targets); 3] = [
    (
        "a room of 100, 10 senders, 32 in flight",
        ROOM,
        targets(1.3, 2.5, 2.0),
    ),
    (
        "a room of 100, 10 senders, 1 in flight",
        Shape {
            in_flight: 1,
            ..ROOM
        },
        targets(1.15, 1.3, 1.4),
    ),
    (
        "100 rooms of 10, a sender each, 32 in flight",
        Shape {
            rooms: 100,
            members: 10,
            senders: 1,
            in_flight: 32,
        },
        targets(1.7, 6.0, 2.2),
    ),
];

const ROOM: Shape = Shape {
    rooms: 1,
    members: 100,
    senders: 10,
    in_flight: 32,
};

/// What each server is to reach, if anything was set.
type Targets = [(Server, Option<f64>); 4];

const fn targets(mio_plain: f64, mio_zlib: f64, smol_plain: f64) -> Targets {
    [
        (Server::MioPlain, Some(mio_plain)),
        (Server::MioZlib, Some(mio_zlib)),
        (Server::SmolPlain, Some(smol_plain)),
        (Server::SmolZlib, None),
    ]
}

fn main() {
    let Some(options) = Options::read() else {
        return;
    };
    let beside = Beside::learn();
    println!(
        "CPU of the server for each delivery of a 64-byte message, and its ratio to the baseline's\n"
    );
    println!(
        "| shape | server | µs | baseline µs | ratio (least–most) | to reach | per read | baseline's | clients busy |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut pinning = Pinning::None;
    for (number, (name, shape, targets)) in SHAPES.into_iter().enumerate() {
        if !options.shape.is_empty() && !options.shape.contains(&(number + 1)) {
            continue;
        }
        let servers = options.servers(&targets.map(|(server, _)| server));
        let mut pairs = vec![Vec::new(); servers.len()];
        for _ in 0..options.rounds(ROUNDS) {
            for (server, pairs) in servers.iter().zip(&mut pairs) {
                let (baseline, _) = measure(&options, beside.baseline(*server), shape);
                let (cost, pinned) = measure(&options, server.subject(), shape);
                pinning = pinned;
                pairs.push((baseline, cost));
            }
        }
        for (server, pairs) in servers.into_iter().zip(pairs) {
            let target = targets.iter().find(|(other, _)| *other == server);
            let target = target.and_then(|(_, ratio)| *ratio);
            print_row(name, server.subject(), &pairs, target);
        }
    }
    print_machine(pinning);
}

fn measure(options: &Options, subject: Subject, shape: Shape) -> (Cost, Pinning) {
    talk::cost(subject, PROGRAMS, shape, WARM_UP, options.window(WINDOW))
}

fn print_row(name: &str, subject: Subject, pairs: &[(Cost, Cost)], target: Option<f64>) {
    let median = |value: fn(&(Cost, Cost)) -> f64| Middle::of(pairs.iter().map(value)).median;
    let ratio = Middle::of(
        pairs
            .iter()
            .map(|(baseline, cost)| cost.micros() / baseline.micros()),
    );
    let target = target.map_or("".into(), |target| format!("≤ {target}"));
    println!(
        "| {name} | {subject} | {:.3} | {:.3} | {ratio} | {target} | {:.1} | {:.1} | {:.0} % |",
        median(|(_, cost)| cost.micros()),
        median(|(baseline, _)| baseline.micros()),
        median(|(_, cost)| cost.messages_per_read()),
        median(|(baseline, _)| baseline.messages_per_read()),
        median(|(_, cost)| cost.own_load() * 100.0),
    );
}
