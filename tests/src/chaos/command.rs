//! The command line: `chaos [--runtime mio|smol|both] [--only NAME]… [--short] [--server PROGRAM]`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::{Form, Row, SCENARIOS, Scenario, run};
use crate::load::machine;
use crate::world::Runtime;

const USAGE: &str = "\
usage: chaos [--runtime mio|smol|both] [--only NAME]... [--short] [--server PROGRAM], with
  --runtime RUNTIME   what the server runs on (both)
  --only NAME         this scenario; may be given more than once
  --short             seconds instead of minutes
  --server PROGRAM    the command chatmaster (the one of this build, which is built if it is not there)";

/// Runs the command line `arguments`: status 1 if a verdict is a failure, 2 if nothing was run.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let task = match parse(arguments) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("chaos: {error}");
            eprintln!("{USAGE}\nscenarios: {}", names());
            return ExitCode::from(2);
        }
    };
    let program = match task.server.map_or_else(build, Ok) {
        Ok(program) => program,
        Err(error) => {
            eprintln!("chaos: {error}");
            return ExitCode::from(2);
        }
    };
    // What went wrong is in the table.
    std::panic::set_hook(Box::new(|_| ()));
    println!(
        "{}, {} connections\n\n{}",
        machine::description(),
        machine::connections(),
        Row::HEAD
    );
    let mut failed = 0;
    for scenario in &task.scenarios {
        for &runtime in &task.runtimes {
            let row = run(&program, runtime, scenario, task.form);
            println!("{row}");
            failed += usize::from(row.verdict.is_err());
        }
    }
    if failed > 0 {
        eprintln!("chaos: {failed} failed");
    }
    ExitCode::from(u8::from(failed > 0))
}

struct Task {
    runtimes: Vec<Runtime>,
    scenarios: Vec<&'static Scenario>,
    form: Form,
    server: Option<PathBuf>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut task = Task {
        runtimes: Runtime::ALL.to_vec(),
        scenarios: Vec::new(),
        form: Form::Long,
        server: None,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--short" => task.form = Form::Short,
            "--server" => task.server = Some(value()?.into()),
            "--runtime" => {
                task.runtimes = match value()?.as_str() {
                    "mio" => vec![Runtime::Mio],
                    "smol" => vec![Runtime::Smol],
                    "both" => Runtime::ALL.to_vec(),
                    other => return Err(format!("{other} is no runtime")),
                }
            }
            "--only" => {
                let name = value()?;
                let found = SCENARIOS.iter().find(|scenario| scenario.name == name);
                task.scenarios
                    .push(found.ok_or(format!("{name} is no scenario"))?);
            }
            _ => return Err(format!("{argument} is no option")),
        }
    }
    if task.scenarios.is_empty() {
        task.scenarios = SCENARIOS.iter().collect();
    }
    Ok(task)
}

fn names() -> String {
    let names = SCENARIOS.iter().map(|scenario| scenario.name);
    names.collect::<Vec<_>>().join(", ")
}

/// The command `chatmaster`, which is built beside this program. By `cargo run` it is built as this one
/// was, from the same sources.
fn build() -> Result<PathBuf, String> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--package", "chatmaster", "--bin", "chatmaster"]);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let status = command
            .status()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if !status.success() {
            return Err("chatmaster cannot be built".into());
        }
    }
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = own.parent().unwrap_or(Path::new(".")).join("chatmaster");
    if program.exists() {
        Ok(program)
    } else {
        let path = program.display();
        Err(format!(
            "there is no {path}: build it, or give another with --server"
        ))
    }
}
