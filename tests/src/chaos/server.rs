//! The real server in a process of its own, and what the system says of it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use crate::process::{Client, cpu_nanos, kib, memory};
use crate::world::{PATIENCE, Runtime};

/// A running `chatmaster serve`. It is killed when dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// What it has said on standard error.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts `program` on a free port, with further `flags`. With a `recording` a full disk is an error
    /// of writing to it, and not a signal.
    pub fn start(
        program: &Path,
        runtime: Runtime,
        flags: &[&str],
        recording: Option<&Path>,
    ) -> Self {
        let mut command = match recording {
            None => Command::new(program),
            Some(_) => {
                let mut shell = Command::new("sh");
                let ignoring = r#"trap "" XFSZ; exec "$0" "$@""#;
                shell.args(["-c", ignoring]).arg(program);
                shell
            }
        };
        let runtime = word(runtime);
        command.args(["serve", "--listen", "127.0.0.1:0", "--runtime", runtime]);
        command.args(flags);
        if let Some(path) = recording {
            command.arg("--record").arg(path);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let errors = Arc::default();
        collect(&mut child, &errors);
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the server says where it listens");
        let address = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split_once(' '))
            .and_then(|(address, _)| address.parse().ok())
            .unwrap_or_else(|| panic!("{line:?} is not what a server says"));
        Server {
            child,
            address,
            errors,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client's connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it is ours");
    }

    /// Limits what it may use from now on; returns the limit until now.
    pub fn limit(&self, resource: Resource, limit: u64) -> u64 {
        let limit = Rlimit {
            current: Some(limit),
            // Only the privileged may raise it again. It has inherited ours.
            maximum: getrlimit(resource).maximum,
        };
        let was = prlimit(Some(self.pid()), resource, limit);
        was.expect("it is ours").current.unwrap_or(u64::MAX)
    }

    /// Bytes of memory that are its own at the moment.
    pub fn memory(&self) -> usize {
        memory(self.child.id()).expect("Linux says it")
    }

    /// The most bytes of memory that it had since [`Server::forget_peak`].
    pub fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(self.proc("status")).expect("it runs");
        kib(&status, "VmHWM:").expect("Linux says it")
    }

    /// Begins to measure the peak anew.
    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").expect("it is ours");
    }

    /// The descriptors that it has open.
    pub fn descriptors(&self) -> BTreeSet<u64> {
        let open = std::fs::read_dir(self.proc("fd")).expect("it is ours");
        let open = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        open.collect()
    }

    /// CPU time that it has used.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(cpu_nanos(self.child.id()))
    }

    /// Bytes in the operating system that wait to be taken by its clients, closed connections included.
    pub fn kernel_queue(&self) -> usize {
        self.sending().map(|(_, bytes)| bytes).sum()
    }

    /// The same for one client.
    pub fn kernel_queue_of(&self, client: &Client) -> usize {
        let own = client.stream.local_addr().expect("it is connected").port();
        let queues = self.sending().filter(|(peer, _)| *peer == own);
        queues.map(|(_, bytes)| bytes).sum()
    }

    /// The ports of its clients, and how many bytes wait for each.
    fn sending(&self) -> impl Iterator<Item = (u16, usize)> {
        /// The state of a socket that listens.
        const LISTEN: &str = "0A";
        let own = format!(":{:04X}", self.address.port());
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux has it");
        let queues = table.lines().skip(1).filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, peer, state) = (fields.next()?, fields.next()?, fields.next()?);
            let (sending, _) = fields.next()?.split_once(':')?;
            let (_, port) = peer.split_once(':')?;
            let counts = local.ends_with(&own) && state != LISTEN;
            counts.then(|| {
                let peer = u16::from_str_radix(port, 16).expect("it is a port");
                let bytes = usize::from_str_radix(sending, 16).expect("it is a number");
                (peer, bytes)
            })
        });
        queues.collect::<Vec<_>>().into_iter()
    }

    /// What it has said on standard error.
    pub fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("nobody panics with it").clone()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end within a time.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let mut status = None;
        until("the server ends", within, || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        status.expect("it has ended")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A runtime as the command line has it.
pub fn word(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Mio => "mio",
        Runtime::Smol => "smol",
    }
}

/// Waits for what no event tells of.
///
/// # Panics
/// If it does not come within a time.
pub fn until(what: &str, within: Duration, mut true_now: impl FnMut() -> bool) {
    let began = Instant::now();
    while !true_now() {
        assert!(began.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same as [`until`], as long as anything in these tests may take.
pub fn eventually(what: &str, true_now: impl FnMut() -> bool) {
    until(what, PATIENCE, true_now);
}

/// Keeps what a process says on standard error.
fn collect(child: &mut Child, errors: &Arc<Mutex<Vec<String>>>) {
    let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let errors = errors.clone();
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            errors.lock().expect("nobody panics with it").push(line);
        }
    });
}
