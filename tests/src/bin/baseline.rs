//! The baseline, in a process of its own: `baseline MEMBERS GREETING ANSWER`, see
//! [`chatmaster_tests::load::baseline`]. Says on standard output where it listens, and stops when standard
//! input ends.

use std::io::Read;

use chatmaster_tests::load::baseline::{self, Imitated};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| {
        argument
            .parse()
            .expect("the arguments are MEMBERS GREETING ANSWER, numbers")
    });
    let mut next = || numbers.next().expect("there are three arguments");
    let imitated = Imitated {
        members: next(),
        greeting: next(),
        answer: next(),
    };
    std::thread::spawn(|| {
        // Whatever ends it, it is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    baseline::serve(imitated, |address| println!("{address}"))
        .expect("the system has a poll for it");
}
