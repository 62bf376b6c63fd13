//! What becomes of the process when something in it panics.

use std::panic;
use std::process;
use std::thread;

/// The exit status after a panic, as Rust has it.
pub const PANICKED: i32 = 101;

/// Has a panic end the process whatever thread it is on, once it is said. What is left otherwise looks
/// alive and is deaf: a client without its input, or a host without its server. The main thread ends by
/// itself, and unwinds: what a server has panicked at is then in its recording.
pub fn end_the_process() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        if thread::current().name() != Some("main") {
            process::exit(PANICKED);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;

    /// What is run by the test below: the process would be that of all tests.
    #[test]
    #[ignore = "it is run by the test of panics"]
    fn panics_on_another_thread() {
        end_the_process();
        let panicked = thread::spawn(|| panic!("planted")).join();
        println!("it goes on: {panicked:?}");
    }

    #[test]
    fn a_panic_on_any_thread_ends_the_process() {
        let this = env::current_exe().expect("it runs");
        let name = "panics::tests::panics_on_another_thread";
        let output = Command::new(this)
            .args(["--exact", name, "--ignored", "--nocapture"])
            .output()
            .expect("it runs");
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(PANICKED), "{out}{err}");
        assert!(err.contains("planted"), "{err}");
        assert!(!out.contains("it goes on"), "{out}");
    }
}
