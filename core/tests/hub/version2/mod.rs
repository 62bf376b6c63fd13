//! What goes beyond the proposal (PROTOCOL.md, "Beyond the proposal: version 2"), and that nobody who
//! keeps to the proposal meets any of it.

use chatmaster_core::Config;
use chatmaster_core::testing::{ClientId, Harness};

mod direct;
mod governing;
mod history;
mod property;
mod rooms;
mod seats;
mod tags;

/// A hub where nobody is delayed.
fn world() -> Harness {
    Harness::new(chatmaster_core::testing::unlimited())
}

fn with(config: Config) -> Harness {
    Harness::new(Config {
        message_rate: 0,
        ..config
    })
}

/// A command with these parameters, in JSON.
fn command(name: &str, parameters: &str) -> String {
    format!(r#"{{"type":"command","data":{{"command":"{name}","parameters":{{{parameters}}}}}}}"#)
}

/// The same with a tag.
fn tagged(tag: &str, package: &str) -> String {
    let open = package.strip_suffix('}').unwrap();
    format!(r#"{open},"tag":"{tag}"}}"#)
}

/// The `data` of what the client has got since it was last looked at, without the braces.
fn got(world: &mut Harness, client: ClientId) -> Vec<String> {
    let data = |package: String| {
        let (_, data) = package.split_once(r#""data":{"#).unwrap();
        data.replacen("}}", "}", 1).trim_end_matches('}').to_owned()
    };
    world.packages(client).into_iter().map(data).collect()
}

/// Logs in as a client that speaks version 2; its session package, and what follows it.
fn log_in(world: &mut Harness, name: &str) -> (ClientId, String) {
    let client = world.connect();
    let login = command("login", &format!(r#""username":"{name}","version":2"#));
    world.send(client, login.as_bytes());
    let session = world.packages(client).remove(1);
    assert!(session.contains(r#""status":true"#), "{session}");
    (client, session)
}

fn newer(world: &mut Harness, name: &str) -> ClientId {
    log_in(world, name).0
}

/// The value of an attribute that is a string, in a package's text.
fn attribute(package: &str, name: &str) -> String {
    let (_, rest) = package
        .split_once(&format!(r#""{name}":""#))
        .unwrap_or_else(|| panic!("{package} has {name}"));
    rest.split('"').next().unwrap().to_owned()
}

/// What a user says.
fn say(text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}"}}}}"#)
}
