//! The conformance suite: every script, in every encoding and delivery, against the bare hub and
//! against both runtimes.

use std::path::PathBuf;

use chatmaster_core::Config;
use chatmaster_tests::script::{Delivery, run};
use chatmaster_tests::wire::Speech;
use chatmaster_tests::world::{Bare, Runtime, Sockets, World};

/// The scripts are about the protocol; flood control would only make them slow.
fn config() -> Config {
    Config {
        message_rate: 0,
        ..Config::default()
    }
}

fn conform(world: impl Fn() -> Box<dyn World>) {
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut paths: Vec<_> = std::fs::read_dir(scripts)
        .expect("the scripts are beside the suite")
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are scripts");
    for path in paths {
        let script = std::fs::read_to_string(&path).expect("a script is a text file");
        for speech in Speech::ALL {
            for delivery in Delivery::ALL {
                println!("{} {speech:?} {delivery:?}", path.display());
                run(&script, &mut *world(), speech, delivery);
            }
        }
    }
}

#[test]
fn the_bare_hub_conforms() {
    conform(|| Box::new(Bare::new(config())));
}

#[test]
fn the_mio_server_conforms() {
    conform(|| Box::new(Sockets::new(Runtime::Mio, config())));
}

#[test]
fn the_smol_server_conforms() {
    conform(|| Box::new(Sockets::new(Runtime::Smol, config())));
}
