//! The smallest recording that still goes wrong in the same way.
//!
//! First all behind the failure goes, then whole connections, then single inputs: halves first, then
//! smaller parts, as long as there is something that can go. Each candidate is run with the hub of
//! this program, and must fail as the whole recording does:
//! - A panic must be at the same line of the source. Only inputs matter for it, so every input is
//!   tried; what the hub sends until then is recorded anew.
//! - A divergence must be the first difference, with the same package or outputs expected and the same
//!   ones in their place. An input goes with all that was recorded of it, and only if every
//!   expectation before the failure still holds: what the core that made the recording would have
//!   done without it cannot be asked. So what had a part in the expected package stays, even where a
//!   smaller story would show the same.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use chatmaster_core::recording::{Header, Record, Recorder, Replay, minimise};
use chatmaster_core::{ConnId, Hub, Input, Time};

use super::save::save;
use crate::error::CliError;
use crate::panics::{Panic, caught};
use crate::replay::ReplayError;
use crate::replay::reading::files::RecordingFiles;
use crate::replay::reading::rerun::{Cause, Ending, Observer, rerun};
use crate::text::sanitise;

/// How many records are replayed for it, all candidates together.
const BUDGET: u64 = 20_000_000;

/// Writes the smallest recording that fails like `recording` to `path`.
pub(in crate::replay) fn shrink(
    recording: &RecordingFiles,
    path: &Path,
    out: &mut impl Write,
) -> Result<Ending, ReplayError> {
    struct Nothing;
    impl Observer for Nothing {}
    let failure = match rerun(recording, &mut Nothing)?.ending {
        Ending::Diverged(failure) => failure,
        Ending::Broken(damaged) if !damaged.is_torn() => return Ok(Ending::Broken(damaged)),
        Ending::Whole | Ending::Broken(_) => {
            let why = "the recording replays to the byte: there is nothing to shrink".into();
            return Err(ReplayError::Cli(CliError::Failed(why)));
        }
    };
    let mut records = Vec::new();
    let mut entries = recording.entries();
    while let Ok(Some(entry)) = entries.next() {
        if entry.number > failure.record {
            break;
        }
        records.push(entry.record);
    }
    let header = Header {
        segment: 0,
        chain: 0,
        ..recording.header().clone()
    };
    let steps = steps(&records);
    let mut budget = BUDGET;
    let (small, bytes) = match &failure.what {
        Cause::Divergence(..) => {
            let fails =
                |steps: &[Step<'_>]| difference_of(&header, steps).as_ref() == Some(&failure.what);
            let small = smallest(steps.clone(), &mut budget, fails);
            let bytes = written(&header, &small);
            (small, bytes)
        }
        Cause::Panic(panic) => {
            let fails = |steps: &[Step<'_>]| {
                panic_of(&header, steps, &handle).is_some_and(|other| other.place == panic.place)
            };
            let small = smallest(steps.clone(), &mut budget, fails);
            let bytes = recorded(&header, &small);
            (small, bytes)
        }
    };
    save(path, &bytes)?;
    let line = format!(
        "wrote {}: {} of {} inputs, {} of {} connections, with the same failure",
        path.display(),
        small.len(),
        steps.len(),
        connections(&small).len(),
        connections(&steps).len(),
    );
    writeln!(out, "{}", sanitise(&line))?;
    if budget == 0 {
        writeln!(
            out,
            "It may be shrunk further: there was a bound to how much was tried."
        )?;
    }
    Ok(Ending::Whole)
}

/// An input, and what was recorded of it.
#[derive(Clone, Copy)]
struct Step<'a> {
    conn: Option<ConnId>,
    records: &'a [Record<'a>],
}

fn steps<'a>(records: &'a [Record<'a>]) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let behind = &rest[1..];
        let next = behind
            .iter()
            .position(|record| matches!(record, Record::Input(..)));
        let (records, later) = rest.split_at(next.map_or(rest.len(), |next| next + 1));
        let conn = match &records[0] {
            Record::Input(_, input) => input.conn(),
            Record::Emission(_) | Record::Drained(_) => None,
        };
        steps.push(Step { conn, records });
        rest = later;
    }
    steps
}

fn connections(steps: &[Step<'_>]) -> BTreeSet<ConnId> {
    steps.iter().filter_map(|step| step.conn).collect()
}

/// As few of `steps` as still fail: without whole connections first, then without single steps.
fn smallest<'a>(
    steps: Vec<Step<'a>>,
    budget: &mut u64,
    mut fails: impl FnMut(&[Step<'a>]) -> bool,
) -> Vec<Step<'a>> {
    let mut affordable = |steps: &[Step<'a>]| {
        let cost = steps
            .iter()
            .map(|step| step.records.len() as u64)
            .sum::<u64>()
            + 1;
        *budget = budget.saturating_sub(cost);
        *budget > 0 && fails(steps)
    };
    let conns = connections(&steps);
    let of = |conns: &[ConnId]| -> Vec<Step<'a>> {
        let stays = |step: &&Step<'a>| step.conn.is_none_or(|conn| conns.contains(&conn));
        steps.iter().filter(stays).copied().collect()
    };
    let conns = minimise(conns.into_iter().collect(), |conns| affordable(&of(conns)));
    minimise(of(&conns), affordable)
}

/// The first difference between the steps and what the hub does with them.
fn difference_of(header: &Header, steps: &[Step<'_>]) -> Option<Cause> {
    let mut replay = Replay::new(header);
    let done = caught(|| {
        for record in steps.iter().flat_map(|step| step.records) {
            replay.take(record)?;
        }
        replay.settled()
    });
    match done {
        Ok(Ok(())) => None,
        Ok(Err(divergence)) => Some(Cause::Divergence(divergence.expected, divergence.actual)),
        Err(panic) => Some(Cause::Panic(panic)),
    }
}

fn handle(hub: &mut Hub, now: Time, input: Input<'_>) {
    hub.handle(now, input);
}

/// How the hub panics over the inputs of the steps, which `handle` hands to it.
fn panic_of(
    header: &Header,
    steps: &[Step<'_>],
    handle: &dyn Fn(&mut Hub, Time, Input<'_>),
) -> Option<Panic> {
    let mut hub = header.hub();
    let done = caught(|| {
        for step in steps {
            if let Record::Input(now, input) = step.records[0] {
                handle(&mut hub, now, input);
                while hub.poll_output().is_some() {}
            }
        }
    });
    done.err()
}

/// The steps as they were recorded.
fn written(header: &Header, steps: &[Step<'_>]) -> Vec<u8> {
    let mut recorder = Recorder::new(header.clone());
    for record in steps.iter().flat_map(|step| step.records) {
        match record {
            Record::Input(now, input) => recorder.input(*now, input),
            Record::Emission(emission) => recorder.emission(emission),
            Record::Drained(outputs) => recorder.drained(outputs),
        }
    }
    recorder.bytes().to_vec()
}

/// The inputs of the steps, and what the hub does with them up to its panic.
fn recorded(header: &Header, steps: &[Step<'_>]) -> Vec<u8> {
    let mut recorder = Recorder::new(header.clone());
    let mut hub = header.hub();
    hub.trace();
    // The input is recorded before the hub is handed it.
    let _ = caught(|| {
        for step in steps {
            if let Record::Input(now, input) = step.records[0] {
                recorder.handle(&mut hub, now, input);
                while hub.poll_output().is_some() {}
            }
        }
    });
    recorder.bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatmaster_tests::story::story;

    fn records<'a>(recording: &'a RecordingFiles) -> Vec<Record<'a>> {
        let mut entries = recording.entries();
        std::iter::from_fn(|| entries.next().expect("it is whole"))
            .map(|entry| entry.record)
            .collect()
    }

    fn inputs(steps: &[Step<'_>]) -> Vec<String> {
        let inputs = steps.iter().map(|step| match step.records[0] {
            Record::Input(_, Input::Received(conn, _)) => format!("#{} sends", conn.0),
            Record::Input(_, Input::Opened(conn, _)) => format!("#{} comes", conn.0),
            ref other => format!("{other:?}"),
        });
        inputs.collect()
    }

    #[test]
    fn a_panic_is_shrunk_to_the_inputs_it_takes() {
        let studio = story();
        let recording = RecordingFiles::of(studio.bytes());
        let records = records(&recording);
        // A hub that cannot stand an error while bob is there.
        let fragile = |hub: &mut Hub, now: Time, input: Input<'_>| {
            hub.handle(now, input);
            let nonsense = matches!(input, Input::Received(_, b"nonsense"));
            assert!(!(nonsense && hub.client(ConnId(2)).is_some()), "fragile");
        };
        let fails = |steps: &[Step<'_>]| panic_of(recording.header(), steps, &fragile).is_some();
        let mut budget = BUDGET;
        let small = smallest(steps(&records), &mut budget, fails);
        assert_eq!(inputs(&small), ["#2 comes", "#1 sends"]);
    }

    #[test]
    fn a_divergence_is_shrunk_to_what_its_expectations_need() {
        // The story goes wrong where bob says his secret: carol gets another one.
        let studio = story();
        let recording = RecordingFiles::of(studio.bytes());
        let mut records = records(&recording);
        for record in &mut records {
            if let Record::Emission(emission) = record
                && let Some(at) = emission.text.windows(6).position(|part| part == b"secret")
            {
                emission.text[at] = b'S';
            }
        }
        let header = recording.header();
        let all = steps(&records);
        let failure = difference_of(header, &all).expect("it diverges");
        let Cause::Divergence(..) = &failure else {
            panic!("{failure:?}");
        };
        let mut budget = BUDGET;
        let fails = |steps: &[Step<'_>]| difference_of(header, steps).as_ref() == Some(&failure);
        let small = smallest(all.clone(), &mut budget, fails);
        assert!(
            small.len() * 2 < all.len(),
            "{} of {}",
            small.len(),
            all.len()
        );
        let bytes = written(header, &small);
        let again = rerun(&RecordingFiles::of(&bytes), &mut Nothing).expect("nothing is written");
        let Ending::Diverged(again) = again.ending else {
            panic!("{:?}", again.ending);
        };
        assert_eq!(again.what, failure);
        assert!(fails(&small) && !fails(&small[1..]));
    }

    struct Nothing;
    impl Observer for Nothing {}
}
