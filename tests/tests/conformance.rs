//! The conformance suite: every script, in every encoding and delivery, against the bare hub and
//! against both runtimes.

use std::path::PathBuf;

use chatmaster_core::Config;
use chatmaster_core::testing::Harness;
use chatmaster_core::testing::wire::Framing;
use chatmaster_tests::script::{Delivery, run};
use chatmaster_tests::world::{Runtime, Sockets, World};

/// The scripts are about the protocol; flood control would only make them slow.
fn config() -> Config {
    Config {
        message_rate: 0,
        ..Config::default()
    }
}

/// The conversation that `core/PROTOCOL.md` ends with.
fn conversation() -> (String, String) {
    let page = include_str!("../../core/PROTOCOL.md");
    let (_, section) = page
        .split_once("## A conversation\n")
        .expect("the page has a conversation");
    let script = section.split("```").nth(1).expect("it is a block");
    let script = script.strip_prefix("text").expect("of text");
    ("core/PROTOCOL.md".into(), script.into())
}

fn conform(world: impl Fn() -> Box<dyn World>) {
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut paths: Vec<_> = std::fs::read_dir(scripts)
        .expect("the scripts are beside the suite")
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are scripts");
    let named = paths.into_iter().map(|path| {
        let script = std::fs::read_to_string(&path).expect("a script is a text file");
        (path.display().to_string(), script)
    });
    for (name, script) in named.chain([conversation()]) {
        for framing in Framing::ALL {
            for delivery in Delivery::ALL {
                println!("{name} {framing:?} {delivery:?}");
                run(&script, &mut *world(), framing, delivery);
            }
        }
    }
}

#[test]
fn the_bare_hub_conforms() {
    conform(|| Box::new(Harness::new(config())));
}

#[test]
fn the_mio_server_conforms() {
    conform(|| Box::new(Sockets::new(Runtime::Mio, config())));
}

#[test]
fn the_smol_server_conforms() {
    conform(|| Box::new(Sockets::new(Runtime::Smol, config())));
}
