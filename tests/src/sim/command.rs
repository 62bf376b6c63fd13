//! The command line: `sim --seed N [--events N]`, `sim --seeds A..B`, `sim --replay FILE`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::marks::Marks;
use super::replay::{Replayed, record, replay, shrink};
use super::trace::Trace;
use super::{Check, Failure, Options, Outcome, run};

const USAGE: &str = "usage: sim --seed N | --seeds A..B | --replay FILE, with
  --events N     events of a seed before everything is healed (4000)
  --check N      check the hub's invariants after one in N inputs, by a choice of the seed's (50)";

/// Seeds from which on a range must reach every mark.
pub const ENOUGH_SEEDS: u64 = 200;

/// Runs the command line `arguments`.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    match parse(arguments) {
        Some(Task::Seeds(first, end, options)) => seeds(first..end, &options),
        Some(Task::Replay(file)) => replay_file(&file),
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

enum Task {
    Seeds(u64, u64, Options),
    Replay(PathBuf),
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Task> {
    let mut options = Options {
        check_one_in: 50,
        ..Options::default()
    };
    let mut seeds = None;
    let mut file = None;
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--seed" => {
                let seed = value.parse().ok()?;
                seeds = Some((seed, seed + 1));
            }
            "--seeds" => {
                let (first, end) = value.split_once("..")?;
                seeds = Some((first.parse().ok()?, end.parse().ok()?));
            }
            "--events" => options.events = value.parse().ok()?,
            "--check" => options.check_one_in = value.parse().ok().filter(|one_in| *one_in > 0)?,
            "--replay" => file = Some(PathBuf::from(value)),
            _ => return None,
        }
    }
    match (seeds, file) {
        (Some((first, end)), None) => Some(Task::Seeds(first, end, options)),
        (None, Some(file)) => Some(Task::Replay(file)),
        _ => None,
    }
}

/// What a range of seeds comes to.
#[derive(Default)]
pub struct Summary {
    /// Seeds that were run.
    pub seeds: u64,
    /// Events of all of them.
    pub events: u64,
    /// Inputs that their hubs were handed.
    pub inputs: u64,
    /// Microseconds that they simulated.
    pub simulated: u64,
    /// The rare situations they were in.
    pub marks: Marks,
    /// What went wrong with which seeds.
    pub failures: Vec<(u64, Failure)>,
}

impl Summary {
    /// Adds what came of a seed.
    pub fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        self.inputs += outcome.inputs;
        self.simulated += outcome.simulated;
        self.marks.add(&outcome.marks);
        if let Some(failure) = &outcome.failure {
            self.failures.push((outcome.seed, failure.clone()));
        }
    }

    /// Adds another range.
    pub fn merge(&mut self, other: Summary) {
        self.seeds += other.seeds;
        self.events += other.events;
        self.inputs += other.inputs;
        self.simulated += other.simulated;
        self.marks.add(&other.marks);
        self.failures.extend(other.failures);
    }
}

fn seeds(range: std::ops::Range<u64>, options: &Options) -> ExitCode {
    let began = Instant::now();
    let single = range.end - range.start == 1;
    let mut summary = Summary::default();
    for seed in range {
        let outcome = run(seed, options);
        summary.add(&outcome);
        if single {
            println!("seed {seed}: digest {:016x}", outcome.digest);
        }
        if let Some(failure) = &outcome.failure {
            report(seed, failure, options);
        }
    }
    print!("{}", summary.marks);
    speed(&summary, began.elapsed());
    let missed = summary.marks.missed();
    let poor = summary.seeds >= ENOUGH_SEEDS && !missed.is_empty();
    if poor {
        println!("never reached: {missed:?}");
    }
    if summary.failures.is_empty() && !poor {
        ExitCode::SUCCESS
    } else {
        println!("{} seeds failed", summary.failures.len());
        ExitCode::FAILURE
    }
}

fn speed(summary: &Summary, real: Duration) {
    let (events, simulated) = (summary.events, summary.simulated as f64 / 1e6);
    println!(
        "{} seeds, {events} events, {} inputs, {simulated:.1} s simulated in {:.1} s: \
         {:.0} events per second, {:.0} times as fast as real time",
        summary.seeds,
        summary.inputs,
        real.as_secs_f64(),
        events as f64 / real.as_secs_f64(),
        simulated / real.as_secs_f64(),
    );
}

/// Says what went wrong, and writes the list of inputs, as short as can be where the hub alone fails
/// with it.
fn report(seed: u64, failure: &Failure, options: &Options) {
    println!("seed {seed} failed: {failure}");
    let options = Options {
        record: true,
        check_one_in: 1,
        ..options.clone()
    };
    let Some(trace) = run(seed, &options).trace else {
        return;
    };
    let inputs = trace.events.len();
    let found = replay(&trace).failure;
    let trace = match &found {
        // The clients saw it, and they are not replayed.
        None => trace,
        Some(found) => shrink(trace, |replayed| is_same(found, replayed)),
    };
    let comment = format!(
        "seed {seed}, {} of {inputs} events\n{failure}\nhub alone: {}",
        trace.events.len(),
        found.map_or("nothing".into(), |found| found.to_string()),
    );
    let file = folder().join(format!("seed-{seed}"));
    let (events, recording) = (file.with_extension("events"), file.with_extension("rec"));
    let written = write(&events, trace.write(&comment).as_bytes())
        .and_then(|()| write(&recording, &record(&trace)));
    match written {
        Ok(()) => {
            println!("sim --replay {}", events.display());
            println!("chatmaster replay {} --transcript", recording.display());
        }
        Err(error) => println!("its events cannot be written: {error}"),
    }
}

/// Whether a replay fails like `found`. Panics have their place as their first line.
fn is_same(found: &Failure, replayed: &Replayed) -> bool {
    replayed.failure.as_ref().is_some_and(|failure| {
        let same = match found.check {
            Check::Panic => failure.what.lines().next() == found.what.lines().next(),
            _ => true,
        };
        failure.check == found.check && same
    })
}

/// `sim` in the target folder that this program lies in.
fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().nth(2).unwrap_or(Path::new("."));
    target.join("sim")
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

fn replay_file(file: &Path) -> ExitCode {
    let read = fs::read_to_string(file).map_err(|error| error.to_string());
    let trace = match read.and_then(|text| Trace::read(&text)) {
        Ok(trace) => trace,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    let replayed = replay(&trace);
    println!(
        "{} events, {} outputs, digest {:016x}",
        trace.events.len(),
        replayed.outputs.len(),
        replayed.digest
    );
    match replayed.failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}
