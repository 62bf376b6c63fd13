//! What the benches have in common: what they measure, how often, and how they say it.

// Each bench uses a part of it.
#![allow(dead_code)]

pub(crate) mod plot;

use std::time::Duration;

use chatmaster_core::Encoding;
use chatmaster_tests::load::{Programs, Sizes, Subject, machine};
use chatmaster_tests::world::Runtime;
use clap::{Parser, ValueEnum};

/// The programs of this package.
pub(crate) const PROGRAMS: Programs = Programs {
    server: env!("CARGO_BIN_EXE_server"),
    baseline: env!("CARGO_BIN_EXE_baseline"),
};

/// What to measure, and how long.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures servers beside the baseline: the least that a server could cost")]
pub(crate) struct Options {
    /// Measure only this server; may be given more than once
    #[arg(long, value_enum)]
    pub(crate) server: Vec<Server>,
    /// Measure only this shape, by its number; may be given more than once
    #[arg(long)]
    pub(crate) shape: Vec<usize>,
    /// How often each is measured, the baseline beside it each time
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// One short round: does it work?
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write the plot to this file
    #[arg(long)]
    pub(crate) svg: Option<std::path::PathBuf>,
    // Cargo says that it is a bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A server by runtime and encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Server {
    MioPlain,
    MioZlib,
    SmolPlain,
    SmolZlib,
}

impl Server {
    /// What is measured then.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Server::MioPlain => Subject::Server(Runtime::Mio, Encoding::Plain),
            Server::MioZlib => Subject::Server(Runtime::Mio, Encoding::Zlib),
            Server::SmolPlain => Subject::Server(Runtime::Smol, Encoding::Plain),
            Server::SmolZlib => Subject::Server(Runtime::Smol, Encoding::Zlib),
        }
    }
}

impl Options {
    /// Those of the command line; none if only the bench's building is tested, as
    /// `cargo test --benches` does.
    pub(crate) fn read() -> Option<Options> {
        let options = Options::parse();
        options.bench.then_some(options)
    }

    /// The servers to measure, of those that are by default.
    pub(crate) fn servers(&self, default: &[Server]) -> Vec<Server> {
        if self.server.is_empty() {
            return default.to_vec();
        }
        self.server.clone()
    }

    /// How often to measure.
    pub(crate) fn rounds(&self, default: usize) -> usize {
        self.rounds
            .unwrap_or(if self.quick { 1 } else { default })
            .max(1)
    }

    /// How long to measure.
    pub(crate) fn window(&self, default: Duration) -> Duration {
        if self.quick { default / 5 } else { default }
    }
}

/// Servers, each beside the baseline that writes as many bytes.
pub(crate) struct Beside {
    plain: Sizes,
    zlib: Sizes,
}

impl Beside {
    /// Asks a server how much it writes.
    pub(crate) fn learn() -> Self {
        Beside {
            plain: Sizes::learn(PROGRAMS, Encoding::Plain),
            zlib: Sizes::learn(PROGRAMS, Encoding::Zlib),
        }
    }

    /// The baseline beside a server.
    pub(crate) fn baseline(&self, server: Server) -> Subject {
        Subject::Baseline(match server {
            Server::MioPlain | Server::SmolPlain => self.plain,
            Server::MioZlib | Server::SmolZlib => self.zlib,
        })
    }
}

/// The middle of several measurements, and their range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Middle {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Middle {
    /// Of at least one measurement.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Middle {
            median: values[values.len() / 2],
            least: values[0],
            most: values[values.len() - 1],
        }
    }
}

impl std::fmt::Display for Middle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Middle {
            median,
            least,
            most,
        } = self;
        write!(f, "{median:.2} ({least:.2}–{most:.2})")
    }
}

/// Says what it ran on.
pub(crate) fn print_machine(pinning: machine::Pinning) {
    let pinned = match pinning {
        machine::Pinning::Apart => "server and clients pinned to a core each",
        machine::Pinning::None => "nothing pinned: the system does not let us, or has one core",
    };
    println!("\n{}; {pinned}.", machine::description());
}
