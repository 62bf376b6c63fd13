//! The machine: what it is, and what it can be made to do for a measurement.

use std::path::Path;
use std::time::Duration;

use crate::process::task_nanos;

/// The processors, the operating system and its limits, in one line.
pub fn description() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let virtual_machine = if cpuinfo.contains(" hypervisor") {
        " of a virtual machine"
    } else {
        ""
    };
    // Not as many as we may use: we may be pinned.
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores{virtual_machine} ({model}, {}), {} {}",
        std::env::consts::ARCH,
        std::env::consts::OS,
        kernel.trim()
    )
}

/// CPU time that this thread has used.
///
/// # Panics
/// Where the system does not say: Linux does.
pub fn own_cpu() -> Duration {
    let nanos = task_nanos(Path::new("/proc/thread-self"));
    Duration::from_nanos(nanos.expect("Linux says what a thread has used"))
}

/// Where the measured process and its load run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// The one on core 0, the other on core 1.
    Apart,
    /// Wherever the system puts them: there is one core, or it does not let us.
    None,
}

/// Starts something on core 0, and goes on on core 1, where the system allows.
pub fn apart<T>(start: impl FnOnce() -> T) -> (T, Pinning) {
    // Children inherit where their parent may run.
    let first = pin(0);
    let started = start();
    let pinning = if first && pin(1) {
        Pinning::Apart
    } else {
        Pinning::None
    };
    (started, pinning)
}

#[cfg(target_os = "linux")]
fn pin(core: usize) -> bool {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    rustix::thread::sched_setaffinity(None, &cores).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn pin(_core: usize) -> bool {
    false
}

/// Raises the limit of open files as far as the system lets us; says how many connections a process
/// may then have. Children inherit it.
pub fn connections() -> usize {
    /// What a process needs files for beside connections.
    const OTHERS: usize = 64;
    open_files().saturating_sub(OTHERS)
}

#[cfg(unix)]
fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = 1 << 17;
    let now = getrlimit(Resource::Nofile);
    // Beyond the hard limit only where we are privileged, up to it anywhere.
    for most in [Some(wanted), now.maximum] {
        let raised = Rlimit {
            current: most,
            maximum: most.max(now.maximum),
        };
        if now
            .current
            .is_none_or(|current| most.is_none_or(|most| current >= most))
            || setrlimit(Resource::Nofile, raised).is_ok()
        {
            break;
        }
    }
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(wanted as usize, |limit| limit as usize)
}

#[cfg(not(unix))]
fn open_files() -> usize {
    1 << 14
}
