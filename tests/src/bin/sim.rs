//! The simulator: see [`chatmaster_tests::sim`].

use std::process::ExitCode;

fn main() -> ExitCode {
    chatmaster_tests::sim::command::main(std::env::args().skip(1))
}
