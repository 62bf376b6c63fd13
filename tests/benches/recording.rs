//! What recording costs a server: its CPU time for each delivered message with and without, as a
//! ratio, pair by pair. `cargo bench -p chatmaster-tests --bench recording`
//!
//! A room of 100, ten of whom say 64-byte messages, 32 in flight each. The server is a process of its
//! own; its CPU time is the operating system's own account of it.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use chatmaster_core::testing::packages::message;
use chatmaster_tests::process::{Client, Process};
use chatmaster_tests::world::Runtime;

const MEMBERS: usize = 100;
const SENDERS: usize = 10;
const IN_FLIGHT: usize = 32;
const ROUNDS: usize = 100;
const PAIRS: usize = 25;

fn main() {
    // `cargo test --benches` only wants to know whether it builds.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!(
        "CPU of the server in µs for each delivered message; a room of {MEMBERS}, {SENDERS} senders"
    );
    println!("| runtime | plain | recorded | ratio |");
    println!("| --- | ---: | ---: | ---: |");
    for runtime in Runtime::ALL {
        let file = std::env::temp_dir().join(format!("chatmaster-bench-{}", std::process::id()));
        let mut pairs: Vec<(f64, f64)> = (0..PAIRS)
            .map(|_| {
                let plain = cost(runtime, None);
                let recorded = cost(runtime, Some(&file));
                // The next one records anew.
                std::fs::remove_file(&file).expect("it was recorded");
                (plain, recorded)
            })
            .collect();
        pairs.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
        let (plain, recorded) = pairs[PAIRS / 2];
        println!(
            "| {runtime:?} | {plain:.3} | {recorded:.3} | {:.2} |",
            recorded / plain
        );
    }
}

/// CPU microseconds of the server for each delivery.
fn cost(runtime: Runtime, recording: Option<&Path>) -> f64 {
    let server = Process::start_recorded(env!("CARGO_BIN_EXE_server"), runtime, recording);
    let members: Vec<Client> = (0..MEMBERS)
        .map(|number| server.log_in(&format!("member-{number}-x")))
        .collect();
    let mut senders = Vec::new();
    let counts: Arc<Vec<AtomicU64>> = Arc::new((0..MEMBERS).map(|_| AtomicU64::new(0)).collect());
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for (number, member) in members.into_iter().enumerate() {
        let mut stream = member.stream;
        if number < SENDERS {
            senders.push(stream.try_clone().expect("a socket can be shared"));
        }
        let (counts, done) = (counts.clone(), done.clone());
        readers.push(thread::spawn(move || {
            let mut buffer = vec![0; 256 * 1024];
            while !done.load(Ordering::Relaxed) {
                match stream.read(&mut buffer) {
                    Ok(count) if count > 0 => {
                        let lines = buffer[..count]
                            .iter()
                            .filter(|byte| **byte == b'\n')
                            .count();
                        counts[number].fetch_add(lines as u64, Ordering::Relaxed);
                    }
                    _ => return,
                }
            }
        }));
    }
    let batch = message(&"x".repeat(64)).repeat(IN_FLIGHT);
    let before = server.cpu_nanos();
    // The last member says nothing, and so hears everything.
    let heard = |count: usize| counts[MEMBERS - 1].load(Ordering::Relaxed) as usize >= count;
    let begin = counts[MEMBERS - 1].load(Ordering::Relaxed) as usize;
    for round in 1..=ROUNDS {
        for sender in &mut senders {
            sender
                .write_all(batch.as_bytes())
                .expect("the server takes it");
        }
        while !heard(begin + (round - 1) * SENDERS * IN_FLIGHT) {
            thread::yield_now();
        }
    }
    while !heard(begin + ROUNDS * SENDERS * IN_FLIGHT) {
        thread::yield_now();
    }
    let nanos = server.cpu_nanos() - before;
    done.store(true, Ordering::Relaxed);
    drop(server);
    readers
        .into_iter()
        .for_each(|reader| reader.join().expect("a reader does not panic"));
    let deliveries = ROUNDS * SENDERS * IN_FLIGHT * (MEMBERS - 1);
    nanos as f64 / 1000.0 / deliveries as f64
}
