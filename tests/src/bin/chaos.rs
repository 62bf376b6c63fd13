//! The chaos suite: see [`chatmaster_tests::chaos`].

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    chatmaster_tests::chaos::command::main(std::env::args().skip(1))
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("chaos: it reads what Linux says of a process, and this is another system");
    ExitCode::from(2)
}
