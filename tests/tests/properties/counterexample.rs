//! A counterexample is a recording: when a property fails, what its hubs went through is written for
//! `chatmaster replay`. Each smaller counterexample that is found takes the place of the one before.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chatmaster_core::testing;
use chatmaster_tests::sim::catch;
use proptest::test_runner::TestCaseResult;

/// `proptest!`, but what fails is kept.
macro_rules! properties {
    (
        #![proptest_config($config:expr)]
        $($(#[$attribute:meta])* fn $name:ident($($arguments:tt)*) $body:block)*
    ) => {
        proptest::proptest! {
            #![proptest_config($config)]
            $($(#[$attribute])* fn $name($($arguments)*) {
                $crate::counterexample::kept(stringify!($name), || { $body; Ok(()) })?;
            })*
        }
    };
}
pub(crate) use properties;

/// Runs one case of `property`. One that fails is run again, to be written.
pub(crate) fn kept(property: &str, case: impl Fn() -> TestCaseResult) -> TestCaseResult {
    let result = catch_unwind(AssertUnwindSafe(&case));
    if !matches!(result, Ok(Ok(()))) {
        let recordings = testing::record(|| {
            // It fails as it did before: a case is all there is to it.
            let _ = catch(&case);
        });
        match keep(&folder(), property, &recordings) {
            Ok(files) => tell(property, &files),
            Err(error) => eprintln!("the counterexample cannot be kept: {error}"),
        }
    }
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Says where the recordings are, but not again for each smaller counterexample.
fn tell(property: &str, files: &[PathBuf]) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if TOLD
        .lock()
        .is_ok_and(|mut told| told.insert(property.into()))
    {
        for file in files {
            eprintln!("chatmaster replay {} --transcript", file.display());
        }
    }
}

/// Where counterexamples are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("counterexamples")
}

/// Writes a recording for each hub of a case, in place of those of an earlier one.
fn keep(folder: &Path, property: &str, recordings: &[Vec<u8>]) -> std::io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    for number in 1.. {
        match fs::remove_file(file(folder, property, number)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            removed => removed?,
        }
    }
    let numbered = recordings.iter().zip(1..);
    numbered
        .map(|(recording, number)| {
            let file = file(folder, property, number);
            fs::write(&file, recording).map(|()| file)
        })
        .collect()
}

/// A file for the recording of the hub that was the `number`th of the case to be made.
fn file(folder: &Path, property: &str, number: usize) -> PathBuf {
    folder.join(format!("{property}-{number}.rec"))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use chatmaster_core::recording::{Reader, Record};
    use chatmaster_core::{ConnId, Input};
    use chatmaster_tests::history::{Ask, Event, unhurried, witness};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{TestError, TestRunner};

    use super::*;
    use crate::cases;
    use crate::drawn::history;
    use crate::tape::{run, wild_tape};

    /// The bytes that each hub of a kept case received, by connection.
    fn received(property: &str, number: usize) -> Vec<(ConnId, String)> {
        let bytes = fs::read(file(&folder(), property, number)).expect("it was kept");
        let (_, mut reader) = Reader::open(&bytes).expect("it is a recording");
        let mut received = Vec::new();
        while let Some(record) = reader.next_record().expect("it is whole") {
            if let Record::Input(_, Input::Received(id, bytes)) = record {
                received.push((id, String::from_utf8_lossy(bytes).trim_end().to_owned()));
            }
        }
        received
    }

    #[test]
    fn the_smallest_counterexample_is_kept_whether_it_panics_or_is_found_wrong() {
        for (property, panics) in [
            ("nobody_joins_lair", true),
            ("nobody_joins_the_lair", false),
        ] {
            let smallest = RefCell::new(Vec::new());
            let failed = TestRunner::new(cases(1000)).run(&history(1..40), |history| {
                kept(property, || {
                    let asks = witness(&history).into_iter().filter(|step| {
                        matches!(&step.event, Event::Ask(_, Ask::Join(room)) if room == "lair")
                    });
                    if asks.count() > 0 {
                        smallest.replace(history.clone());
                        assert!(!panics, "someone joins");
                        return Err(TestCaseError::fail("someone joins"));
                    }
                    Ok(())
                })
            });
            let Err(TestError::Fail(_, counterexample)) = failed else {
                panic!("the lair is joined sooner or later: {failed:?}");
            };
            assert_eq!(counterexample, smallest.take());
            let received = received(property, 1);
            let asked = counterexample.iter().filter_map(|event| match event {
                Event::Ask(client, ask) => {
                    Some((chatmaster_core::testing::id(*client), ask.text()))
                }
                Event::Connect(_) | Event::Leave(_) | Event::HangUp(_) | Event::Wait => None,
            });
            assert_eq!(received, asked.collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_hub_of_a_case_is_kept_and_none_of_an_earlier_one() {
        let property = "no_hub_is_like_another";
        let mut runner = TestRunner::new(cases(1));
        let tape = wild_tape()
            .new_tree(&mut runner)
            .expect("there are tapes")
            .current();
        for hubs in [3, 2] {
            let failed = kept(property, || {
                (0..hubs).for_each(|_| drop(run(unhurried(), &tape)));
                Err(TestCaseError::fail("they are all alike"))
            });
            assert!(failed.is_err());
            for number in 1..=hubs {
                assert_eq!(received(property, number), received(property, 1));
            }
            assert!(!file(&folder(), property, hubs + 1).exists());
        }
    }
}
