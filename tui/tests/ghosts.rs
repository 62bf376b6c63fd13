//! Clients whose network vanishes, between network namespaces: nobody tells the server.

#![cfg(target_os = "linux")]

mod process;

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use chatmaster::runtime::Runtime;
use clap::ValueEnum;
use process::Process;

/// How long a client that is gone may count as one that is there.
const GONE: Duration = Duration::from_secs(90);

/// What is on its way to a client when its network is gone.
#[derive(Clone, Copy, Debug)]
enum Traffic {
    /// Nothing.
    Idle,
    /// A message so long after, which finds no way.
    Message(Duration),
}

const TRAFFIC: [Traffic; 3] = [
    Traffic::Idle,
    Traffic::Message(Duration::ZERO),
    // The worst: right before the silence would have been noticed.
    Traffic::Message(Duration::from_secs(39)),
];

#[test]
#[ignore = "takes a minute and a half, and makes network namespaces"]
fn whoever_vanishes_is_gone_within_90_seconds() {
    if let Err(why) = ip("netns list") {
        return eprintln!("SKIPPED, NOTHING WAS TESTED: no network namespaces here: {why}");
    }
    let mut cases = Vec::new();
    for runtime in Runtime::value_variants() {
        for traffic in TRAFFIC {
            let name = format!("cm-{}-{}", std::process::id(), cases.len());
            cases.push(thread::spawn(move || {
                let Ok(network) = Network::make(&name) else {
                    return eprintln!("SKIPPED, NOTHING WAS TESTED: {name} cannot be made here");
                };
                vanish(&network, &runtime.to_string(), traffic);
            }));
        }
    }
    for case in cases {
        case.join().expect("it is gone in time");
    }
}

fn vanish(network: &Network, runtime: &str, traffic: Traffic) {
    let here = &network.space("server");
    let server = [
        "serve",
        "--runtime",
        runtime,
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "10.0.1.1:0",
    ];
    let server = Process::start_in(here, &server);
    let address = |line: String| line.split(' ').nth(2).map(str::to_owned);
    let near = address(server.line()).expect("it says where it listens");
    let far = address(server.line()).expect("it says where it listens");
    let mut witness = Process::start_in(here, &["--name", "witness", &near]);
    witness.wait_for("* you joined general");
    let ghost = Process::start_in(&network.space("client"), &["--name", "ghost", &far]);
    ghost.wait_for("* you joined general");
    witness.wait_for("* ghost joined general");

    network.cut();
    let cut = Instant::now();
    if let Traffic::Message(after) = traffic {
        thread::sleep(after);
        witness.write("Are you there?");
    }
    let left = witness.line_within(GONE.saturating_sub(cut.elapsed()));
    let took = cut.elapsed();
    eprintln!("{runtime}, {traffic:?}: gone after {took:.1?}");
    assert_eq!(
        left.as_deref(),
        Some("* ghost left general"),
        "{runtime}, {traffic:?}"
    );
    // Whoever is there and says nothing, stays.
    witness.write("/users");
    assert_eq!(witness.line(), "* in general: witness");
}

/// A server's and a client's namespace, with a router between them.
struct Network(String);

impl Network {
    fn make(name: &str) -> Result<Self, String> {
        let network = Network(name.into());
        let [server, router, client] = ["server", "router", "client"].map(|it| network.space(it));
        for space in [&server, &router, &client] {
            ip(&format!("netns add {space}"))?;
            ip(&format!("-n {space} link set lo up"))?;
        }
        for (space, port, net) in [(&server, "near", "10.0.1"), (&client, "far", "10.0.2")] {
            ip(&format!(
                "-n {space} link add eth0 type veth peer name {port} netns {router}"
            ))?;
            ip(&format!("-n {space} addr add {net}.1/24 dev eth0"))?;
            ip(&format!("-n {router} addr add {net}.254/24 dev {port}"))?;
            ip(&format!("-n {router} link set {port} up"))?;
            ip(&format!("-n {space} link set eth0 up"))?;
            ip(&format!("-n {space} route add default via {net}.254"))?;
        }
        ip(&format!(
            "netns exec {router} sysctl -w net.ipv4.ip_forward=1"
        ))?;
        Ok(network)
    }

    fn space(&self, place: &str) -> String {
        format!("{}-{place}", self.0)
    }

    /// Loses whatever goes to the client or comes from it, and tells neither end.
    fn cut(&self) {
        let router = self.space("router");
        ip(&format!("-n {router} link set far down")).expect("it is ours");
        ip(&format!("-n {router} route add blackhole 10.0.2.0/24")).expect("it is ours");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for place in ["server", "router", "client"] {
            // What could not be made is not there.
            let _ = ip(&format!("netns del {}", self.space(place)));
        }
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let done = Command::new("ip").args(arguments.split(' ')).output();
    let done = done.map_err(|error| error.to_string())?;
    if done.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }
}
