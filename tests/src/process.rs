//! The server under test in a process of its own, so that its memory and its CPU time are its own.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};

use chatmaster_core::Encoding;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Runtime, patient};
use chatmaster_core::testing::packages::login;
use chatmaster_core::testing::wire::{Package, Reader};

/// A running program that listens: `server` or `baseline` of this package, or `chatmaster serve`. Dropping
/// it stops it.
pub struct Process {
    pub(crate) child: Child,
    address: SocketAddr,
    ending: Ending,
    /// What it has said on standard error, where that was asked for.
    errors: Arc<Mutex<Vec<String>>>,
}

/// How a program is made to end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By the end of its input, and it is to end well.
    Asked,
    /// At once.
    Killed,
}

impl Process {
    /// Starts `program`, the `server` of this package.
    pub fn start(program: &str, runtime: Runtime) -> Self {
        Self::start_recorded(program, runtime, None)
    }

    /// Starts `program`, which records to `recording` if there is one.
    pub fn start_recorded(program: &str, runtime: Runtime, recording: Option<&Path>) -> Self {
        let mut command = server(program, runtime, Encoding::Zlib);
        Self::run(command.args(recording), Ending::Asked)
    }

    /// Starts `program` with the default limits, flood control included.
    pub fn start_limited(program: &str, runtime: Runtime) -> Self {
        let mut command = server(program, runtime, Encoding::Zlib);
        Self::run(command.arg("--limited"), Ending::Asked)
    }

    /// Starts `program`, which speaks `encoding` first.
    pub fn start_speaking(program: &str, runtime: Runtime, encoding: Encoding) -> Self {
        Self::run(&mut server(program, runtime, encoding), Ending::Asked)
    }

    /// Starts `program`, the `baseline` of this package, with these arguments.
    pub fn start_baseline(program: &str, arguments: &[String]) -> Self {
        Self::run(Command::new(program).args(arguments), Ending::Asked)
    }

    /// Starts what says where it listens in its first line.
    pub(crate) fn run(command: &mut Command, ending: Ending) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the server says where it listens");
        let said = line.strip_prefix("listening on ").unwrap_or(&line);
        let address = said.split_whitespace().next();
        let address = address
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("{line:?} is not what a server says"));
        let errors = Arc::default();
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, &errors);
        }
        Process {
            child,
            address,
            ending,
            errors,
        }
    }

    /// What it has said on standard error, where that was asked for.
    pub fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("nobody panics with it").clone()
    }

    /// Ends it at once, whatever it is doing.
    pub fn kill(mut self) {
        self.ending = Ending::Killed;
    }

    /// Stops it, as SIGSTOP does, until it is to [go on](Process::go_on).
    #[cfg(unix)]
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on.
    #[cfg(unix)]
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it is ours");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client's connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// A client that is logged in as `name` and has read its own arrival.
    pub fn log_in(&self, name: &str) -> Client {
        Client::log_in(self.address, name)
    }

    /// Nanoseconds of CPU that the process has used.
    ///
    /// # Panics
    /// Where the system does not say: Linux does.
    pub fn cpu_nanos(&self) -> u64 {
        cpu_nanos(self.child.id())
    }

    /// Bytes of memory that are the process's own at the moment; none where the system does not say.
    pub fn memory(&self) -> Option<usize> {
        memory(self.child.id())
    }
}

/// Keeps what a process says on standard error.
fn collect(stderr: ChildStderr, errors: &Arc<Mutex<Vec<String>>>) {
    let errors = errors.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            errors.lock().expect("nobody panics with it").push(line);
        }
    });
}

/// Nanoseconds of CPU that a process has used.
pub(crate) fn cpu_nanos(process: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.expect("Linux lists the threads of a process");
    let used = tasks.filter_map(|task| task_nanos(&task.ok()?.path()));
    used.sum()
}

/// Bytes of memory that are a process's own at the moment; none where the system does not say.
pub(crate) fn memory(process: u32) -> Option<usize> {
    // `status` says it too, but only roughly.
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    kib(&rollup, "Rss:")
}

/// Bytes that a line of a file in `/proc` gives in KiB.
pub(crate) fn kib(text: &str, key: &str) -> Option<usize> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// The command that runs a `server`.
fn server(program: &str, runtime: Runtime, encoding: Encoding) -> Command {
    let mut command = Command::new(program);
    command.arg(runtime.name()).arg(match encoding {
        Encoding::Plain => "plain",
        Encoding::Zlib => "zlib",
    });
    command
}

/// Nanoseconds of CPU that a thread has used, by its directory in `/proc`.
pub(crate) fn task_nanos(task: &Path) -> Option<u64> {
    let schedule = std::fs::read_to_string(task.join("schedstat")).ok()?;
    schedule.split_whitespace().next()?.parse().ok()
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if self.ending == Ending::Killed {
            // It may have ended already.
            let _ = self.child.kill();
        }
        let status = self.child.wait().expect("the server ends");
        if self.ending == Ending::Asked && !std::thread::panicking() {
            assert!(status.success(), "the server ends well: {status}");
        }
    }
}

/// A client at a socket.
pub struct Client {
    /// Its socket.
    pub stream: TcpStream,
    reader: Reader,
}

impl Client {
    /// A client's connection to the server at `address`.
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).expect("the server listens"))
    }

    /// The client at a connected socket.
    pub fn of(stream: TcpStream) -> Self {
        Client {
            stream: patient(stream),
            reader: Reader::default(),
        }
    }

    /// A client that is logged in as `name` and has read its own arrival.
    pub fn log_in(address: SocketAddr, name: &str) -> Self {
        let mut client = Self::connect(address);
        client.expect(r#"{"type":"request""#);
        client.send(&login(name));
        client.expect(r#"{"type":"session","data":{"status":true"#);
        client.expect(r#"{"type":"notification","data":{"event_type":"user_joined""#);
        client
    }

    /// Sends text, or whatever the server takes of it before it closes.
    pub fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes());
    }

    /// Sends bytes, or whatever the server takes of them before it closes.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        match self.stream.write_all(bytes) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                ) => {}
            sent => sent.expect("the server takes what it is sent"),
        }
    }

    /// Takes in what came, and was read from the socket by someone else.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes);
    }

    /// The next package; none if the server has closed the connection.
    pub fn receive(&mut self) -> Option<Package> {
        let mut bytes = [0; 64 * 1024];
        loop {
            if let Some(package) = self.reader.next_package() {
                return Some(package);
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.reader.feed(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }

    /// Receives the next package, which must start with `start`.
    pub fn expect(&mut self, start: &str) -> String {
        let package = self
            .receive()
            .unwrap_or_else(|| panic!("closed instead of {start}"))
            .text;
        assert!(package.starts_with(start), "{package} instead of {start}");
        package
    }
}
