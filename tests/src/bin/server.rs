//! A server in a process of its own, for tests and benches that measure one:
//! `server mio|smol zlib|plain [--limited|RECORDING]`. Says on standard output where it listens, and stops when standard input ends.
//! Without flood control, so that speed is the server's own, unless it is to be limited.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;

use chatmaster_core::recording::SinkOutcome;
use chatmaster_core::{Config, Encoding};
use chatmaster_io::Stop;
use chatmaster_tests::world::{Runtime, loopback};

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
    let runtime = Runtime::ALL.into_iter().find(|it| it.name() == runtime);
    let runtime = runtime.expect("the runtime is mio or smol");
    let stop = Stop::new();
    let listeners = vec![announce(stop.clone())];
    let recording = std::env::args().nth(3).filter(|_| !limited);
    let served = match recording {
        None => runtime.serve(config, listeners, &stop),
        Some(path) => {
            let mut file = File::create_new(path).expect("the recording is a new file");
            runtime.serve_recorded(config, listeners, &stop, move |bytes| {
                file.write_all(bytes)
                    .expect("there is room for the recording");
                SinkOutcome::Written
            })
        }
    };
    served.expect("the server ends well");
}

/// Says where the server listens, and stops it when standard input ends.
fn announce(stop: Stop) -> TcpListener {
    let (listener, address) = loopback();
    println!("{address}");
    std::thread::spawn(move || {
        // Whatever ends it, it is the end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop.stop();
    });
    listener
}
