//! The chaos suite: what users, networks, attackers and administrators do to a server, done to the real
//! one (`chatmaster serve` in a process of its own, over loopback sockets), and what the others see of it.
//!
//! Each [`Scenario`] has a server of its own. While it goes on, well-behaved [`witnesses`] talk in a
//! room of their own and check every package; what is said to whom the scenario itself does things to is
//! checked by it. The witnesses' longest wait and the server's memory have bounds, and after it memory
//! and descriptors go back to where they were. [`command`] runs them all, and prints a table.
//!
//! It reads what Linux says of a process.

pub mod command;
mod scenarios;
pub mod server;
mod talk;
pub mod witnesses;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::process::Process;
use crate::world::Runtime;
use server::until;
use witnesses::{Newcomers, Testimony, Witnesses};

pub use scenarios::SCENARIOS;
pub use talk::all_at_once;

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What takes minutes, on a machine that has nothing else to do.
    Long,
    /// What takes seconds, for a build without optimisation on a busy machine: what takes ten times as
    /// long as it should is not an error.
    Short,
}

impl Form {
    /// A number of whatever.
    fn pick<T>(self, long: T, short: T) -> T {
        match self {
            Form::Long => long,
            Form::Short => short,
        }
    }

    /// How long something may take that should take so long.
    fn within(self, time: Duration) -> Duration {
        time * self.pick(1, 10)
    }
}

/// Something that happens to a server.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Flags of the server beside its defaults.
    flags: &'static [&'static str],
    /// Whether it records.
    recorded: bool,
    onlookers: Onlookers,
    /// The longest that a word of the witnesses may take.
    wait: Duration,
    /// Bytes by which the server's memory may grow meanwhile.
    memory: usize,
    run: fn(&mut Ground) -> Account,
}

/// Who looks on.
enum Onlookers {
    /// Witnesses.
    Witnesses(Newcomers),
    /// Only those the scenario itself has: the server does not outlive it.
    Own,
}

/// Where a scenario takes place.
struct Ground {
    server: Process,
    form: Form,
    /// Where the server records to, if it does.
    recording: Option<PathBuf>,
}

/// What a scenario did, and what those saw that it is about.
struct Account {
    sent: String,
    saw: String,
    /// The longest that something took which has the scenario's bound.
    worst: Duration,
}

/// What came of a scenario on a runtime: a row of the table.
pub struct Row {
    scenario: &'static str,
    runtime: Runtime,
    sent: String,
    saw: String,
    worst: Duration,
    /// Bytes of the server's memory before, at most meanwhile, and after.
    memory: [Option<usize>; 3],
    /// The server's open descriptors before and after.
    descriptors: [Option<usize>; 2],
    /// What went wrong, if something did.
    pub verdict: Result<(), String>,
}

impl Row {
    /// The table's head.
    pub const HEAD: &str = "\
| scenario | runtime | sent | seen | worst wait | MiB before/peak/after | descriptors before/after | verdict |
| --- | --- | --- | --- | ---: | ---: | ---: | --- |";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: Option<usize>| {
            bytes.map_or("-".into(), |bytes| {
                format!("{:.1}", bytes as f64 / (1 << 20) as f64)
            })
        };
        let count = |count: Option<usize>| count.map_or("-".into(), |count| count.to_string());
        let verdict = match &self.verdict {
            Ok(()) => "ok",
            Err(error) => &format!("FAILED: {}", error.replace('\n', " ")),
        };
        write!(
            f,
            "| {} | {} | {} | {} | {:.0} ms | {} | {} | {verdict} |",
            self.scenario,
            self.runtime.name(),
            self.sent,
            self.saw,
            self.worst.as_secs_f64() * 1e3,
            self.memory.map(mib).join("/"),
            self.descriptors.map(count).join("/"),
        )
    }
}

/// Does something to `program`, the command `chatmaster`, that serves on `runtime`.
pub fn run(program: &Path, runtime: Runtime, scenario: &'static Scenario, form: Form) -> Row {
    let mut row = Row {
        scenario: scenario.name,
        runtime,
        sent: String::new(),
        saw: String::new(),
        worst: Duration::ZERO,
        memory: [None; 3],
        descriptors: [None; 2],
        verdict: Ok(()),
    };
    let recording = scenario.recorded.then(|| {
        let own = (scenario.name, runtime.name(), std::process::id());
        let name = format!("chaos-{}-{}-{}", own.0, own.1, own.2);
        std::env::temp_dir().join(name)
    });
    let attempt =
        AssertUnwindSafe(|| attempt(program, scenario, form, recording.clone(), &mut row));
    if let Err(panic) = catch_unwind(attempt) {
        row.verdict = Err(words(&*panic));
    }
    if let Some(recording) = recording {
        // It may never have been begun.
        let _ = std::fs::remove_file(recording);
    }
    row
}

fn attempt(
    program: &Path,
    scenario: &Scenario,
    form: Form,
    recording: Option<PathBuf>,
    row: &mut Row,
) {
    let server = Process::serve(program, row.runtime, scenario.flags, recording.as_deref());
    let mut ground = Ground {
        server,
        form,
        recording,
    };
    let Onlookers::Witnesses(newcomers) = scenario.onlookers else {
        let account = (scenario.run)(&mut ground);
        row.testify(&account, "");
        return judge_wait(scenario, form, account.worst);
    };
    let mut witnesses = Witnesses::enter(ground.server.address(), newcomers);
    // All that the server gets for its first users, and keeps.
    witnesses.talk_once();
    ground.server.forget_peak();
    let before = memory(&ground.server);
    let descriptors = ground.server.descriptors().len();
    row.memory[0] = Some(before);
    row.descriptors[0] = Some(descriptors);

    let (account, testimony) = witnessed(&mut witnesses, || (scenario.run)(&mut ground));
    row.testify(&account, &testimony.to_string());
    row.worst = account.worst.max(testimony.worst);

    let server = &ground.server;
    let peak = server.peak_memory();
    row.memory[1] = Some(peak);
    // What a heap keeps for itself is a small part of what it had.
    let allowed = before + (16 << 20) + peak.saturating_sub(before) / 4;
    let within = form.within(Duration::from_secs(10));
    let went_back = catch_unwind(AssertUnwindSafe(|| {
        until("descriptors go back", within, || {
            server.descriptors().len() <= descriptors
        });
        until("memory goes back", within, || memory(server) <= allowed);
    }));
    row.memory[2] = Some(memory(server));
    row.descriptors[1] = Some(server.descriptors().len());
    went_back.unwrap_or_else(|panic| resume_unwind(panic));
    judge_wait(scenario, form, row.worst);
    assert!(
        peak <= before + scenario.memory,
        "memory grew by more than {} MiB",
        scenario.memory >> 20
    );
    drop(witnesses);
    ground.server.signal(rustix::process::Signal::TERM);
    let status = ground.server.wait(form.within(Duration::from_secs(6)));
    assert!(status.success(), "the server ends with {status}");
}

/// Does something while witnesses talk.
fn witnessed<T>(witnesses: &mut Witnesses, act: impl FnOnce() -> T) -> (T, Testimony) {
    let (stop, stopped) = mpsc::channel();
    thread::scope(move |scope| {
        let talk = scope.spawn(move || witnesses.talk(&stopped));
        let done = act();
        // A panic drops it, too.
        drop(stop);
        let testimony = talk.join();
        (done, testimony.unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn memory(server: &Process) -> usize {
    server.memory().expect("Linux says it")
}

fn judge_wait(scenario: &Scenario, form: Form, worst: Duration) {
    let bound = form.within(scenario.wait);
    assert!(worst <= bound, "a wait of {worst:?} is over {bound:?}");
}

impl Row {
    fn testify(&mut self, account: &Account, witnesses: &str) {
        self.sent.clone_from(&account.sent);
        self.worst = account.worst;
        let seen = [account.saw.as_str(), witnesses];
        let seen = seen.into_iter().filter(|part| !part.is_empty());
        self.saw = seen.collect::<Vec<_>>().join("; ");
    }
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
