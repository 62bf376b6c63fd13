//! The real command as a process of its own. Not every test needs all of it.

#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chatmaster::runtime::Runtime;
use clap::ValueEnum;

const BINARY: &str = env!("CARGO_BIN_EXE_chatmaster");

/// How long anything may take. Far more than it does, so that a busy machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `test` on every runtime that is compiled in.
pub(crate) fn on_every_runtime(test: impl Fn(&str)) {
    for runtime in Runtime::value_variants() {
        test(&runtime.to_string());
    }
}

/// The runtime that there is without a flag.
pub(crate) fn default_runtime() -> String {
    Runtime::default().to_string()
}

/// A running `chatmaster`, whose lines are read as they come. It is killed when dropped.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    out: Option<Receiver<String>>,
    err: Receiver<String>,
}

impl Process {
    /// Starts `chatmaster` with `args`, no login name but in `USER`, and no settings.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_as("tester", args)
    }

    /// Starts `chatmaster` for a user with this login name.
    pub(crate) fn start_as(user: &str, args: &[&str]) -> Self {
        Self::run(Command::new(BINARY).args(args), user)
    }

    /// Starts `chatmaster` with `args` in this network namespace.
    pub(crate) fn start_in(namespace: &str, args: &[&str]) -> Self {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, BINARY]);
        Self::run(command.args(args), "tester")
    }

    /// Starts `chatmaster` with `args` after `limit`, such as `ulimit -n 40`.
    pub(crate) fn start_limited(limit: &str, args: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit} && exec \"$0\" \"$@\""), BINARY]);
        Self::run(command.args(args), "tester")
    }

    fn run(command: &mut Command, user: &str) -> Self {
        let mut child = command
            .env("USER", user)
            .env_remove("LOGNAME")
            // Whoever runs the tests may have settings.
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command was built with this test");
        let input = child.stdin.take();
        let out = Some(lines(child.stdout.take().expect("it is piped")));
        let err = lines(child.stderr.take().expect("it is piped"));
        Process {
            child,
            input,
            out,
            err,
        }
    }

    /// The next line on stdout.
    pub(crate) fn line(&self) -> String {
        let out = self.out.as_ref().expect("stdout was not closed");
        out.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!(
                "no line on stdout ({error}); on stderr: {:?}",
                self.rest_of_stderr()
            )
        })
    }

    /// The next line on stdout, if it comes soon.
    pub(crate) fn line_by_chance(&self) -> Option<String> {
        self.line_within(Duration::from_millis(100))
    }

    /// The next line on stdout, if it comes in this time.
    pub(crate) fn line_within(&self, patience: Duration) -> Option<String> {
        let out = self.out.as_ref().expect("stdout was not closed");
        out.recv_timeout(patience).ok()
    }

    /// Waits for this line on stdout, whatever comes before it.
    pub(crate) fn wait_for(&self, line: &str) {
        while self.line() != line {}
    }

    /// The lines on stdout that are still to come, up to its end.
    pub(crate) fn rest(&self) -> Vec<String> {
        until_end(self.out.as_ref().expect("stdout was not closed"))
    }

    /// The lines on stderr that are still to come, up to its end.
    pub(crate) fn rest_of_stderr(&self) -> Vec<String> {
        until_end(&self.err)
    }

    /// The next line on stderr.
    pub(crate) fn first_of_stderr(&self) -> String {
        let line = self.err.recv_timeout(PATIENCE);
        line.expect("there is something on stderr")
    }

    /// Writes a line to stdin.
    pub(crate) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("stdin was not closed");
        writeln!(input, "{line}").expect("the process reads its input");
    }

    /// Ends stdin.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("every system has kill");
        assert!(sent.success());
    }

    /// Waits until a SIGSTOP has had its effect.
    pub(crate) fn wait_until_stopped(&self) {
        let status = format!("/proc/{}/stat", self.child.id());
        let is_stopped = || {
            let status = std::fs::read_to_string(&status).expect("Linux says what a process does");
            status
                .rsplit(") ")
                .next()
                .is_some_and(|rest| rest.starts_with('T'))
        };
        while !is_stopped() {
            thread::yield_now();
        }
    }

    /// The exit status, once the process ends.
    pub(crate) fn status(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.code().expect("it was not killed by a signal");
            }
            assert!(started.elapsed() < PATIENCE, "the process does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test has succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running server, and its address.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl Server {
    /// Starts a server on a free port of loopback, on this runtime.
    pub(crate) fn start(runtime: &str, flags: &[&str]) -> Self {
        Self::of(Process::start(&[&serve(runtime)[..], flags].concat()))
    }

    /// Starts a server after `limit`, such as `ulimit -n 40`.
    pub(crate) fn start_limited(limit: &str, runtime: &str) -> Self {
        Self::of(Process::start_limited(limit, &serve(runtime)))
    }

    /// The server that this process is.
    pub(crate) fn of(process: Process) -> Self {
        let line = process.line();
        let address = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split_once(" ("))
            .map(|(address, _)| address)
            .unwrap_or_else(|| panic!("{line:?} is not what a server says"));
        Server {
            address: address.to_owned(),
            process,
        }
    }

    /// Starts a client of it, called `name`, and waits until it is in the general room.
    pub(crate) fn client(&self, name: &str) -> Process {
        let client = Process::start(&["--name", name, &self.address]);
        client.wait_for("* you joined general");
        client
    }
}

fn serve(runtime: &str) -> [&str; 5] {
    ["serve", "--listen", "127.0.0.1:0", "--runtime", runtime]
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if line.is_ok_and(|line| tell.send(line).is_err()) {
                return;
            }
        }
    });
    lines
}

fn until_end(lines: &Receiver<String>) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => rest.push(line),
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("no end after {rest:?}"),
        }
    }
}
