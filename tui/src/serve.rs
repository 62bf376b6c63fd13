//! `chatmaster serve`.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::address::{Address, DEFAULT_PORT};
use crate::cli::Serve;
use crate::record::Recording;
use crate::runtime::{Runtime, Stop};
use crate::trouble::{Trouble, cause, tell};

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Why it cannot.
pub fn serve(args: &Serve) -> Result<(), Trouble> {
    let config = args.config().map_err(Trouble::Usage)?;
    let runtime = args.runtime;
    let listeners = if args.listen.is_empty() {
        vec![listen_everywhere(runtime)?]
    } else {
        let mut listeners = Vec::new();
        for address in &args.listen {
            listeners.extend(listen(runtime, address)?);
        }
        listeners
    };
    let recording = match &args.record {
        Some(path) => Some(Recording::begin(path, args.record_max.map(|max| max.0))?),
        None => None,
    };
    let stop = runtime.stop();
    stop_on_signals(stop.clone())?;
    for listener in &listeners {
        announce(runtime, listener);
    }
    stop.serve(config, listeners, recording, |_| ())
        .map_err(|error| Trouble::Failed(format!("the server failed: {}", cause(&error))))
}

/// Listens on port 9000 of all interfaces, of both families where there are both.
fn listen_everywhere(runtime: Runtime) -> Result<TcpListener, Trouble> {
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT));
    match runtime.listen(v6) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(cannot_listen(&v6.to_string(), &error))
        }
        // A machine without IPv6 says so in more than one way.
        Err(_) => runtime
            .listen(v4)
            .map_err(|error| cannot_listen(&v4.to_string(), &error)),
    }
}

/// Listens on every address that `address` stands for: `localhost` often is two.
fn listen(runtime: Runtime, address: &Address) -> Result<Vec<TcpListener>, Trouble> {
    let found = address.resolve().map_err(|error| {
        let cause = cause(&error);
        Trouble::Failed(format!(
            "cannot listen on {address}: {cause}. Give an address of this machine with --listen."
        ))
    })?;
    found
        .into_iter()
        .map(|found| {
            runtime
                .listen(found)
                .map_err(|error| cannot_listen(&found.to_string(), &error))
        })
        .collect()
}

fn cannot_listen(address: &str, error: &io::Error) -> Trouble {
    let next = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Stop the other server, or choose another port with --listen 127.0.0.1:0"
        }
        io::ErrorKind::PermissionDenied => "Choose a port above 1023 with --listen 127.0.0.1:9000",
        _ => "Give an address of this machine with --listen",
    };
    Trouble::Failed(format!(
        "cannot listen on {address}: {}. {next}.",
        cause(error)
    ))
}

/// The first signal stops the server gracefully, the second one at once.
fn stop_on_signals(stop: Stop) -> Result<(), Trouble> {
    let mut signals = Signals::new([SIGTERM, SIGINT])
        .map_err(|error| Trouble::Failed(format!("cannot watch for signals: {}", cause(&error))))?;
    thread::spawn(move || {
        let mut stopping = false;
        for signal in signals.forever() {
            if stopping && let Err(error) = signal_hook::low_level::emulate_default_handler(signal)
            {
                tell(format_args!("cannot end at once: {}", cause(&error)));
            }
            stopping = true;
            stop.stop();
        }
    });
    Ok(())
}

fn announce(runtime: Runtime, listener: &TcpListener) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    // A server goes on serving when nobody reads what it prints.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "listening on {address} ({runtime})");
    let _ = out.flush();
}
