//! The real server in a process of its own, and what the system says of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::process::{Client, Ending, Process, kib};
use crate::world::{PATIENCE, Runtime};

impl Process {
    /// Starts `program`, the `chatmaster` command, as a server on a free port, with further `flags`.
    /// With a `recording` a full disk is an error of writing to it, and not a signal.
    pub fn serve(
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
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--runtime", runtime.name()]).args(flags);
        if let Some(path) = recording {
            command.arg("--record").arg(path);
        }
        Process::run(command.stderr(Stdio::piped()), Ending::Killed)
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

    /// The most bytes of memory that it had since [`Process::forget_peak`].
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
        let own = format!(":{:04X}", self.address().port());
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
