//! What is true of every hub, whatever its clients do. One property, one test; the name says what.
//!
//! `PROPTEST_CASES` says how many cases each property tries; without it each has a number of its
//! own that fits into a few seconds. Every property was seen to fail on a planted bug: `tests/tests/mutants`.
//! A counterexample is kept as a recording: `counterexample.rs`.

mod answers;
mod bytes;
mod connections;
mod counterexample;
mod delivery;
mod drawn;
mod memory;
mod metamorphic;
mod model;
mod names;
mod rooms;
mod runtimes;
mod tape;

use proptest::prelude::ProptestConfig;

/// So many cases, unless the environment says otherwise.
fn cases(cases: u32) -> ProptestConfig {
    let from_environment = ProptestConfig::default();
    let cases = match std::env::var("PROPTEST_CASES") {
        Ok(_) => from_environment.cases,
        Err(_) => cases,
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..from_environment
    }
}
