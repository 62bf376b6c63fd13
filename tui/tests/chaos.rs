//! The short form of the chaos suite, on both runtimes: see `chatmaster_tests::chaos`.

#![cfg(target_os = "linux")]

use std::path::Path;

use chatmaster_tests::chaos::{Form, SCENARIOS, all_at_once, run};
use chatmaster_tests::load::machine;
use chatmaster_tests::world::Runtime;

/// Two at a time: most of it is waiting.
fn others_notice_nothing(runtime: Runtime) {
    machine::connections();
    let program = Path::new(env!("CARGO_BIN_EXE_chatmaster"));
    let rows = all_at_once(2, |half| {
        let scenarios = SCENARIOS.iter().skip(half).step_by(2);
        let rows = scenarios.map(|scenario| run(program, runtime, scenario, Form::Short));
        rows.collect::<Vec<_>>()
    });
    let failed: Vec<String> = rows
        .iter()
        .flatten()
        .filter(|row| row.verdict.is_err())
        .map(|row| row.to_string())
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn others_notice_nothing_on_mio() {
    others_notice_nothing(Runtime::Mio);
}

#[test]
fn others_notice_nothing_on_smol() {
    others_notice_nothing(Runtime::Smol);
}
