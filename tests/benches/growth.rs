//! How the cost of a delivery grows: with the members of a room, and with rooms of two. One sender in each
//! room, 32 messages in flight. A table, and a plot as SVG.
//! `cargo bench -p chatmaster-tests --bench growth`

mod support;

use std::path::PathBuf;
use std::time::Duration;

use chatmaster_tests::load::machine::{self, Pinning};
use chatmaster_tests::load::{Shape, Subject, talk};

use support::plot::{Panel, Series};
use support::{Beside, Middle, Options, PROGRAMS, Server, print_machine};

const ROUNDS: usize = 1;
const SIZES: [usize; 4] = [10, 100, 1000, 10_000];
const IN_FLIGHT: usize = 32;
const WARM_UP: Duration = Duration::from_millis(300);
const WINDOW: Duration = Duration::from_millis(1000);

/// What grows.
#[derive(Clone, Copy)]
enum Axis {
    Members,
    Rooms,
}

impl Axis {
    fn name(self) -> &'static str {
        match self {
            Axis::Members => "members of one room",
            Axis::Rooms => "rooms of two",
        }
    }

    /// A shape of that size; smaller if it would take more than so many connections.
    fn shape(self, size: usize, connections: usize) -> Shape {
        let (rooms, members) = match self {
            Axis::Members => (1, size.min(connections)),
            Axis::Rooms => (size.min(connections / 2), 2),
        };
        Shape {
            rooms,
            members,
            senders: 1,
            in_flight: IN_FLIGHT,
        }
    }
}

fn main() {
    let Some(options) = Options::read() else {
        return;
    };
    let beside = Beside::learn();
    let connections = machine::connections();
    let servers = options.servers(&[Server::MioPlain, Server::SmolPlain]);
    println!("CPU µs for each delivery, and its ratio to the baseline's\n");
    print!("| | |");
    for server in &servers {
        let (baseline, server) = (beside.baseline(*server), server.subject());
        print!(" {baseline} | {server} | ratio |");
    }
    println!(
        "\n| --- | ---: |{}",
        " ---: | ---: | ---: |".repeat(servers.len())
    );
    let mut pinning = Pinning::None;
    let mut panels = Vec::new();
    for axis in [Axis::Members, Axis::Rooms] {
        // The baseline's, and each server's.
        let mut series = vec![Series::new("baseline")];
        series.extend(
            servers
                .iter()
                .map(|server| Series::new(&server.subject().to_string())),
        );
        for size in SIZES {
            let shape = axis.shape(size, connections);
            let size = match axis {
                Axis::Members => shape.members,
                Axis::Rooms => shape.rooms,
            };
            print!("| {} | {size} |", axis.name());
            for (server, place) in servers.iter().zip(1..) {
                let mut pairs = Vec::new();
                for _ in 0..options.rounds(ROUNDS) {
                    let (baseline, _) = measure(&options, beside.baseline(*server), shape);
                    let (cost, pinned) = measure(&options, server.subject(), shape);
                    pinning = pinned;
                    pairs.push((baseline, cost));
                }
                let baseline = Middle::of(pairs.iter().map(|pair| pair.0)).median;
                let cost = Middle::of(pairs.iter().map(|pair| pair.1)).median;
                let ratio = Middle::of(pairs.iter().map(|pair| pair.1 / pair.0)).median;
                print!(" {baseline:.3} | {cost:.3} | {ratio:.2} |");
                if place == 1 {
                    series[0].points.push((size as f64, baseline));
                }
                series[place].points.push((size as f64, cost));
            }
            println!();
        }
        panels.push(Panel {
            title: axis.name().into(),
            series,
        });
    }
    print_machine(pinning);
    let file = options.svg.unwrap_or_else(|| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/growth.svg"))
    });
    let svg = support::plot::svg("CPU µs per delivery", &panels);
    match std::fs::write(&file, svg) {
        Ok(()) => println!("The plot is in {}.", file.display()),
        Err(error) => println!("The plot cannot be written to {}: {error}", file.display()),
    }
}

fn measure(options: &Options, subject: Subject, shape: Shape) -> (f64, Pinning) {
    let window = options.window(WINDOW);
    let (cost, pinning) = talk::cost(subject, PROGRAMS, shape, WARM_UP, window);
    (cost.micros(), pinning)
}
