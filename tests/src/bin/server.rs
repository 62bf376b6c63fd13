//! A server in a process of its own, for tests and benches that measure one:
//! `server mio|smol zlib|plain [--limited|RECORDING]`. Says on standard output where it listens, and stops when standard input ends.
//! Without flood control, so that speed is the server's own, unless it is to be limited.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use chatmaster_core::recording::{Sink, SinkOutcome};
use chatmaster_core::{Config, Encoding};

fn main() {
    let runtime = std::env::args().nth(1).unwrap_or_default();
    let encoding = match std::env::args().nth(2).unwrap_or_default().as_str() {
        "zlib" => Encoding::Zlib,
        "plain" => Encoding::Plain,
        other => panic!("the encoding is zlib or plain, not {other:?}"),
    };
    let mut config = Config {
        encoding,
        ..Config::default()
    };
    let limited = std::env::args().nth(3).is_some_and(|it| it == "--limited");
    if !limited {
        config.message_rate = 0;
    }
    let sink = std::env::args().nth(3).filter(|_| !limited).map(|path| {
        let mut file = File::create_new(path).expect("the recording is a new file");
        let keep = move |bytes: &[u8]| {
            file.write_all(bytes)
                .expect("there is room for the recording");
            SinkOutcome::Written
        };
        Box::new(keep) as Box<Sink>
    });
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let served = match runtime.as_str() {
        "mio" => {
            let stop = chatmaster_mio::Stop::new();
            let listener = announce(chatmaster_mio::listen(any), {
                let stop = stop.clone();
                move || stop.stop()
            });
            let hooks = chatmaster_mio::Hooks {
                sink,
                ..chatmaster_mio::Hooks::default()
            };
            chatmaster_mio::serve_with(config, vec![listener], &stop, hooks)
        }
        "smol" => {
            let stop = chatmaster_smol::Stop::new();
            let listener = announce(chatmaster_smol::listen(any), {
                let stop = stop.clone();
                move || stop.stop()
            });
            let hooks = chatmaster_smol::Hooks {
                sink,
                ..chatmaster_smol::Hooks::default()
            };
            chatmaster_smol::serve_with(config, vec![listener], &stop, hooks)
        }
        other => panic!("the runtime is mio or smol, not {other:?}"),
    };
    served.expect("the server ends well");
}

/// Says where the listener listens, and calls `stop` when standard input ends.
fn announce(
    listener: std::io::Result<TcpListener>,
    stop: impl FnOnce() + Send + 'static,
) -> TcpListener {
    let listener = listener.expect("the loopback interface has a free port");
    println!(
        "{}",
        listener.local_addr().expect("a listener has an address")
    );
    std::thread::spawn(move || {
        // Whatever ends it, it is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop();
    });
    listener
}
