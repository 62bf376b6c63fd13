//! `chatmaster serve`.

pub mod args;
pub(crate) mod memory;
pub(crate) mod recording;

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use chatmaster_io::{Stop, listen, listen_only};
#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGUSR1, SIGUSR2};

use crate::address::{Address, DEFAULT_PORT};
use crate::error::{CliError, cause, tell};
use crate::runtime::{Runtime, Sink};
use crate::signals::leave_on_signals;
use args::ServeArgs;
use recording::Recording;

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Why it cannot.
pub fn serve(args: &ServeArgs) -> Result<(), CliError> {
    let config = args.config().map_err(CliError::Usage)?;
    let runtime = args.runtime;
    raise_descriptors();
    let listeners = if args.listen.is_empty() {
        vec![listen_everywhere()?]
    } else {
        listen_on(&args.listen)?
    };
    let mut sink: Option<Sink> = None;
    if let Some(path) = &args.record {
        let mut recording = Recording::begin(path, args.record_max.map(|max| max.0))?;
        sink = Some(Box::new(move |bytes| recording.keep(bytes)));
    }
    let stop = Stop::new();
    let stopping = stop.clone();
    leave_on_signals(IGNORED, move || {
        stopping.stop();
        true
    })?;
    for listener in &listeners {
        announce(runtime, listener);
    }
    say(&memory::in_a_line(&config));
    runtime
        .serve(config, listeners, &stop, sink, tell_of_failed_accepts())
        .map_err(|error| CliError::Failed(format!("the server failed: {}", cause(&error))))
}

/// Listens on port 9000 of all interfaces, of both families where there are both.
fn listen_everywhere() -> Result<TcpListener, CliError> {
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT));
    match listen(v6) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(cannot_listen(&v6.to_string(), &error))
        }
        // A machine without IPv6 says so in more than one way.
        Err(_) => listen(v4).map_err(|error| cannot_listen(&v4.to_string(), &error)),
    }
}

/// Listens on every address that `addresses` stand for: `localhost` often is two.
fn listen_on(addresses: &[Address]) -> Result<Vec<TcpListener>, CliError> {
    let mut found = Vec::new();
    for address in addresses {
        let resolved = address.resolve().map_err(|error| {
            let cause = cause(&error);
            CliError::Failed(format!(
                "cannot listen on {address}: {cause}. Give an address of this machine with --listen."
            ))
        })?;
        found.extend(resolved);
    }
    let listener = |address: &SocketAddr| {
        // `[::]` is all addresses of both families, unless IPv4 has a socket of its own.
        let beside = |other: &SocketAddr| other.is_ipv4() && other.port() == address.port();
        if address.is_ipv6() && address.port() != 0 && found.iter().any(beside) {
            listen_only(*address)
        } else {
            listen(*address)
        }
        .map_err(|error| cannot_listen(&address.to_string(), &error))
    };
    found.iter().map(listener).collect()
}

/// Takes all the descriptors that the system lets this process have: each connection is one.
fn raise_descriptors() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // It goes with fewer, and says so when it needs more.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

fn cannot_listen(address: &str, error: &io::Error) -> CliError {
    let next = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Stop the other server, or choose another port with --listen 127.0.0.1:0"
        }
        io::ErrorKind::PermissionDenied => "Choose a port above 1023 with --listen 127.0.0.1:9000",
        _ => "Give an address of this machine with --listen",
    };
    CliError::Failed(format!(
        "cannot listen on {address}: {}. {next}.",
        cause(error)
    ))
}

/// Says that connections cannot be accepted: at once, and every while as long as it is so.
fn tell_of_failed_accepts() -> impl FnMut(&io::Error) {
    const WHILE: Duration = Duration::from_secs(60);
    let mut told: Option<Instant> = None;
    move |error| {
        if told.is_none_or(|told| told.elapsed() >= WHILE) {
            told = Some(Instant::now());
            tell(format_args!(
                "cannot accept connections: {}. Whoever comes now waits until someone leaves. Let the \
                 server have more descriptors (`ulimit -n`), or have it admit fewer with \
                 --max-connections.",
                cause(error)
            ));
        }
    }
}

/// What is sent to servers to have them do something, such as to read their configuration anew, does not
/// end this one.
#[cfg(unix)]
const IGNORED: &[i32] = &[SIGHUP, SIGUSR1, SIGUSR2];
#[cfg(not(unix))]
const IGNORED: &[i32] = &[];

fn announce(runtime: Runtime, listener: &TcpListener) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    say(&format!("listening on {address} ({runtime})"));
}

fn say(line: &str) {
    // A server goes on serving when nobody reads what it prints.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
