//! The floor, in a process of its own: `floor MEMBERS GREETING ANSWER`, see
//! [`chatmaster_tests::load::floor`]. Says on standard output where it listens, and stops when standard
//! input ends.

use std::io::Read;

use chatmaster_tests::load::floor::{self, Etiquette};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| {
        argument
            .parse()
            .expect("the arguments are MEMBERS GREETING ANSWER, numbers")
    });
    let mut next = || numbers.next().expect("there are three arguments");
    let etiquette = Etiquette {
        members: next(),
        greeting: next(),
        answer: next(),
    };
    std::thread::spawn(|| {
        // Whatever ends it, it is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    floor::serve(etiquette, |address| println!("{address}")).expect("the system has a poll for it");
}
