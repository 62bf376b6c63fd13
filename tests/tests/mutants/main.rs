//! Every property is seen to fail: for each there is at least one mutant ([`list`]) that it
//! must catch. They are made in a copy of the sources, one at a time.

mod list;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use list::{MUTANTS, Mutant, SIMULATED};

/// Tests among the properties that are single cases of a bug there was.
const SINGLE_CASES: [&str; 1] =
    ["bytes::what_is_left_of_one_read_when_flood_control_sets_in_is_bounded_too"];

#[test]
fn every_mutant_still_has_its_place() {
    for mutant in MUTANTS.iter().chain([&SIMULATED]) {
        let text = fs::read_to_string(workspace().join(mutant.file)).expect("sources can be read");
        mutant.check(&text);
    }
}

#[test]
#[ignore = "rebuilds the core once for each mutant: minutes"]
fn every_property_fails_on_its_mutant() {
    let sandbox = Sandbox::new("properties");
    let mut names: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.property).collect();
    let began = Instant::now();
    let outcome = sandbox.test(&names);
    assert!(
        matches!(outcome, Outcome::Passed),
        "without one: {outcome:?}"
    );
    println!(
        "{:6.1} s  no mutant: {} properties hold",
        began.elapsed().as_secs_f32(),
        names.len()
    );

    let mut missed = Vec::new();
    for mutant in &MUTANTS {
        let began = Instant::now();
        let outcome = sandbox.with(mutant, || sandbox.test(&BTreeSet::from([mutant.property])));
        let took = began.elapsed().as_secs_f32();
        println!(
            "{took:6.1} s  {outcome:?}: {} in {}: {}",
            mutant.property, mutant.file, mutant.bug
        );
        if !matches!(outcome, Outcome::Failed(_)) {
            missed.push(mutant.bug);
        }
    }
    assert!(
        missed.is_empty(),
        "{} bugs were not caught: {missed:#?}",
        missed.len()
    );

    names.extend(SINGLE_CASES);
    let names: BTreeSet<String> = names.into_iter().map(String::from).collect();
    let mut tests = sandbox.tests();
    // Those are about how the counterexamples are kept.
    tests.retain(|test| !test.starts_with("counterexample::"));
    assert_eq!(tests, names, "every property has a mutant");
}

#[test]
#[ignore = "builds the core once more, and runs the simulator: minutes"]
fn the_simulator_finds_connections_that_go_deaf() {
    let sandbox = Sandbox::new("simulator");
    let outcome = sandbox.with(&SIMULATED, || {
        sandbox.test(&BTreeSet::from([SIMULATED.property]))
    });
    println!("{outcome:?}: {}", SIMULATED.bug);
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

/// The workspace's folder.
fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package is in the workspace")
        .into()
}

impl Mutant {
    /// # Panics
    /// If the text to be replaced is not there, or not only once.
    fn check(&self, text: &str) {
        let places = text.matches(self.find).count();
        assert_eq!(
            places, 1,
            "{}: the place of {:?}:\n{}",
            self.file, self.bug, self.find
        );
    }
}

/// What came of a run of tests.
enum Outcome {
    Passed,
    /// All of them failed; the first one said this.
    Failed(String),
    /// The sources do not compile, or something else went wrong.
    Broken(String),
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Passed => write!(f, "MISSED"),
            Outcome::Failed(said) => write!(f, "caught ({said})"),
            Outcome::Broken(said) => write!(f, "BROKEN ({said})"),
        }
    }
}

/// A copy of the sources, with a target folder of its own.
struct Sandbox {
    /// The tests that are run.
    suite: &'static str,
    sources: PathBuf,
    target: PathBuf,
}

impl Sandbox {
    fn new(suite: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("mutants")
            .join(suite);
        let sandbox = Sandbox {
            suite,
            sources: folder.join("sources"),
            target: folder.join("target"),
        };
        if sandbox.sources.exists() {
            fs::remove_dir_all(&sandbox.sources).expect("the last copy is ours");
        }
        fs::create_dir_all(&sandbox.sources).expect("the target folder is ours");
        for part in ["Cargo.lock", "core", "io-mio", "io-smol", "tests"] {
            copy(&workspace().join(part), &sandbox.sources.join(part));
        }
        // The command is no part of it.
        let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("it can be read");
        let lines = manifest
            .lines()
            .filter(|line| !line.starts_with("default-members"));
        let manifest = lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace("\"tui\", ", "");
        fs::write(sandbox.sources.join("Cargo.toml"), manifest).expect("the copy is ours");
        sandbox
    }

    /// Does something while a mutant is in place.
    fn with<T>(&self, mutant: &Mutant, act: impl FnOnce() -> T) -> T {
        let path = self.sources.join(mutant.file);
        let text = fs::read_to_string(&path).expect("the copy is ours");
        mutant.check(&text);
        fs::write(&path, text.replace(mutant.find, mutant.replace)).expect("the copy is ours");
        let done = act();
        fs::write(&path, text).expect("the copy is ours");
        done
    }

    /// Runs some of the tests, with the same random numbers each time.
    fn test(&self, names: &BTreeSet<&str>) -> Outcome {
        let (built, _, said) = run(self.cargo().arg("--no-run"));
        if !built {
            let error = said.lines().find(|line| line.starts_with("error"));
            return Outcome::Broken(error.unwrap_or("no build").into());
        }
        let (passed, results, _) = run(self.cargo().args(["--", "--exact"]).args(names));
        let all = |result: &str| {
            let line = |name| {
                results
                    .lines()
                    .any(|line| line == format!("test {name} ... {result}"))
            };
            names.iter().all(line)
        };
        let count = |passed: usize, failed: usize| {
            results.contains(&format!("{passed} passed; {failed} failed"))
        };
        if passed && all("ok") && count(names.len(), 0) {
            Outcome::Passed
        } else if all("FAILED") && count(0, names.len()) {
            let said = results
                .lines()
                .find_map(|line| line.strip_prefix("Test failed: "));
            Outcome::Failed(said.unwrap_or("a panic").chars().take(70).collect())
        } else {
            Outcome::Broken(results)
        }
    }

    /// The names of all tests.
    fn tests(&self) -> BTreeSet<String> {
        let (_, listed, _) = run(self.cargo().args(["--", "--list"]));
        let names = listed
            .lines()
            .filter_map(|line| line.strip_suffix(": test"));
        names.map(String::from).collect()
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(["test", "--offline", "-p", "chatmaster-tests", "--test", self.suite])
            .current_dir(&self.sources)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("RUST_BACKTRACE", "0")
            .env("PROPTEST_RNG_SEED", "3000")
            // That it fails is enough.
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .env_remove("PROPTEST_CASES");
        cargo
    }
}

/// Whether a command succeeded, and what it wrote to standard output and standard error.
fn run(command: &mut Command) -> (bool, String, String) {
    let output = command.output().expect("cargo can be run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).expect("sources can be read, and the copy is ours");
        return;
    }
    fs::create_dir_all(to).expect("the copy is ours");
    for entry in fs::read_dir(from).expect("sources can be read") {
        let name = entry.expect("a folder can be listed").file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}
