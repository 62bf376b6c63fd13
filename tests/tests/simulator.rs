//! The simulator over many seeds, and that its checks can fail.

use chatmaster_core::recording::{Reader, Replay};
use chatmaster_core::{CloseReason, Config, Output};
use chatmaster_tests::sim::command::{ENOUGH_SEEDS, Summary};
use chatmaster_tests::sim::replay::{Replayed, record, replay, shrink};
use chatmaster_tests::sim::rng::Rng;
use chatmaster_tests::sim::trace::Trace;
use chatmaster_tests::sim::{Check, Mutant, Options, run};

/// How many seeds to run: `SIM_SEEDS` if it is set.
fn seeds() -> u64 {
    let set = std::env::var("SIM_SEEDS").ok();
    set.map_or(ENOUGH_SEEDS, |seeds| {
        seeds.parse().expect("SIM_SEEDS is a number")
    })
}

/// Fewer events than the tool's, for without optimisation all is many times slower.
fn short() -> Options {
    Options {
        events: 2000,
        ..Options::default()
    }
}

/// Runs every other seed from `first` on.
fn half(first: u64) -> Summary {
    let mut summary = Summary::default();
    for seed in (first..seeds()).step_by(2) {
        summary.add(&run(seed, &short()));
    }
    summary
}

#[test]
fn many_seeds_keep_every_promise_and_reach_every_mark() {
    let mut summary = std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut even = half(0);
        even.merge(odd.join().expect("what fails in a run is caught"));
        even
    });
    summary.failures.sort_by_key(|(seed, _)| *seed);
    println!(
        "{} seeds, {} events, {} inputs, {} s simulated\n{}",
        summary.seeds,
        summary.events,
        summary.inputs,
        summary.simulated / 1_000_000,
        summary.marks
    );
    assert_eq!(summary.failures, [], "run `sim --seed N` for the events");
    if summary.seeds >= ENOUGH_SEEDS {
        assert_eq!(summary.marks.missed(), [], "every mark is reached");
    }
}

#[test]
fn a_seed_is_the_same_run_each_time_and_another_seed_is_another() {
    for seed in [3, 11, 42] {
        let [one, same, other] = [seed, seed, seed + 1].map(|seed| run(seed, &short()));
        assert_eq!(one.digest, same.digest);
        assert_eq!(
            (one.events, one.inputs, one.simulated, one.marks),
            (same.events, same.inputs, same.simulated, same.marks)
        );
        assert_ne!(one.digest, other.digest);
    }
}

#[test]
fn how_often_the_invariants_are_checked_changes_nothing() {
    let rarely = Options {
        check_one_in: 1000,
        ..short()
    };
    assert_eq!(run(5, &short()).digest, run(5, &rarely).digest);
}

/// The checks that fail in forty seeds when the harness does `mutant` wrong once in each. Where it does
/// not come to that, nothing fails.
fn found(mutant: Mutant) -> Vec<Check> {
    let planted = Options {
        mutant: Some(mutant),
        check_one_in: 100,
        ..short()
    };
    let checks = (0..40).filter_map(|seed| run(seed, &planted).failure);
    checks.map(|failure| failure.check).collect()
}

#[test]
fn a_message_that_is_lost_on_its_way_is_noticed() {
    let checks = found(Mutant::LoseMessage);
    assert!(checks.contains(&Check::Lost), "{checks:?}");
    // The next message of the same sender may be what shows it.
    let fits = |check: &Check| matches!(check, Check::Lost | Check::Order);
    assert!(checks.len() > 10 && checks.iter().all(fits), "{checks:?}");
}

#[test]
fn two_messages_in_the_wrong_order_are_noticed() {
    let checks = found(Mutant::SwapMessages);
    assert!(checks.contains(&Check::Order), "{checks:?}");
}

#[test]
fn a_message_that_comes_twice_is_noticed() {
    let checks = found(Mutant::RepeatMessage);
    assert!(!checks.is_empty());
    assert!(
        checks.iter().all(|check| *check == Check::Twice),
        "{checks:?}"
    );
}

#[test]
fn a_message_that_comes_back_to_its_sender_is_noticed() {
    let checks = found(Mutant::Echo);
    assert!(!checks.is_empty());
    assert!(
        checks.iter().all(|check| *check == Check::Echo),
        "{checks:?}"
    );
}

#[test]
fn an_answer_that_does_not_come_is_noticed() {
    let checks = found(Mutant::LoseAnswer);
    assert!(!checks.is_empty());
    assert!(
        checks.iter().all(|check| *check == Check::Answers),
        "{checks:?}"
    );
}

#[test]
fn who_comes_back_and_does_not_ask_for_what_was_said_is_noticed() {
    let checks = found(Mutant::SkipSeam);
    assert!(checks.contains(&Check::Lost), "{checks:?}");
}

#[test]
fn what_is_sent_again_under_another_tag_is_noticed() {
    let checks = found(Mutant::NewTag);
    assert!(checks.contains(&Check::Twice), "{checks:?}");
}

#[test]
fn bytes_that_the_network_loses_are_noticed() {
    let checks = found(Mutant::LoseBytes);
    // Where the connection breaks before it shows, history fills the hole.
    assert!(checks.len() > 10, "{checks:?}");
}

#[test]
fn an_adapter_that_forgets_to_write_is_noticed() {
    let checks = found(Mutant::ForgetWrite);
    assert!(checks.contains(&Check::Liveness), "{checks:?}");
}

#[test]
fn a_recorded_run_replays_to_the_same_digest_also_from_its_file() {
    for seed in [7, 8] {
        let recorded = Options {
            record: true,
            ..short()
        };
        let outcome = run(seed, &recorded);
        let trace = outcome.trace.expect("it was to be recorded");
        let replayed = replay(&trace);
        assert_eq!(replayed.failure, None);
        assert_eq!(replayed.digest, outcome.digest);
        let recording = record(&trace);
        let (header, mut reader) = Reader::open(&recording).expect("it is a recording");
        let mut replay = Replay::new(&header);
        while let Some(record) = reader.next_record().expect("it is whole") {
            replay.take(&record).expect("it replays");
        }
        replay.settled().expect("it replays to the end");
        let text = trace.write("a comment\nof two lines");
        assert_eq!(Trace::read(&text).as_ref(), Ok(&trace));
    }
}

#[test]
fn a_trace_that_cannot_be_read_says_where() {
    let mut text = Trace::new(Config::default()).write("");
    text.push_str("12 tick\n13 nonsense\n");
    let told = Trace::read(&text).expect_err("the last line is nonsense");
    assert_eq!(told, "line 3 cannot be read: 13 nonsense");
}

#[test]
fn a_failing_trace_is_shrunk_to_what_makes_it_fail() {
    // As if it were a failure that someone is closed for breaking the protocol after login.
    let violation = |replayed: &Replayed| {
        let is = |output: &Output| matches!(output, Output::Close(_, CloseReason::Violation));
        replayed.outputs.iter().any(is)
    };
    let recorded = Options {
        record: true,
        events: 600,
        ..Options::default()
    };
    let traces = (0..100).filter_map(|seed| run(seed, &recorded).trace);
    let long = |trace: &Trace| trace.events.len() > 100 && violation(&replay(trace));
    let trace = traces.into_iter().find(long);
    let trace = trace.expect("some seed has hostile clients");
    let shrunk = shrink(trace, violation);
    assert!(violation(&replay(&shrunk)));
    // To open, to send, to take two answers, to hang up, and to drain what came of it.
    assert!(shrunk.events.len() <= 6, "{shrunk:?}");
}

#[test]
fn the_streams_of_a_seed_are_apart() {
    let words = |seed, label| {
        let mut rng = Rng::stream(seed, label);
        [rng.word(), rng.word(), rng.word()]
    };
    assert_eq!(words(1, "net"), words(1, "net"));
    assert_ne!(words(1, "net"), words(1, "host"));
    assert_ne!(words(1, "net"), words(2, "net"));
    let mut rng = Rng::stream(1, "net");
    for _ in 0..10_000 {
        assert!((5..=9).contains(&rng.within(5..=9)));
        assert!((100..=5000).contains(&rng.scaled(100..=5000)));
    }
}
