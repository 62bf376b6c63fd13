//! The arguments of `chatmaster serve`.

use std::path::PathBuf;

use chatmaster_core::{Config, recording};
use clap::Args;

use super::memory;
use crate::address::Address;
use crate::encoding::WireEncoding;
use crate::limits::{ServerLimits, unfit};
use crate::runtime::Runtime;
use crate::units::Bytes;

/// The arguments of a server: every field of its [`Config`] is one.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        help = "Where to listen: host, host:port, [v6]:port or v6. May be given more than once. \
                Port 0 is a free port [default: port 9000 on all interfaces]"
    )]
    pub listen: Vec<Address>,
    /// What moves the bytes
    #[arg(long, value_name = "RUNTIME", default_value_t)]
    pub runtime: Runtime,
    /// How packages are sent to a client that has not shown its own way yet
    #[arg(long, value_name = "ENCODING", default_value = "zlib")]
    encoding: WireEncoding,
    /// Record everything that happens to a new file, for `chatmaster replay`. It holds what people
    /// write; only you can read it
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Begin a further file (FILE.1, FILE.2, …) whenever the recording has grown by this much
    #[arg(long, value_name = "SIZE", requires = "record")]
    pub record_max: Option<Bytes>,
    /// Refuse limits that allow more memory than this. What they allow is said at the start
    #[arg(long, value_name = "SIZE")]
    memory_max: Option<Bytes>,
    #[command(flatten)]
    limits: ServerLimits,
}

impl ServeArgs {
    /// The limits, if they go together and fit into the memory there is.
    ///
    /// # Errors
    /// A sentence that names the flag that does not fit.
    pub fn config(&self) -> Result<Config, String> {
        let config = self.limits.apply(&Config {
            encoding: self.encoding.into(),
            ..Config::default()
        });
        config.check().map_err(|error| unfit(&error))?;
        if self.record.is_some() && recording::check(&config).is_err() {
            return Err(format!(
                "--max-message-bytes must be at most {} with --record",
                recording::MAX_MESSAGE_BYTES
            ));
        }
        if let Some(most) = self.memory_max {
            memory::check(&config, most)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::Encoding;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn serve(flags: &[&str]) -> ServeArgs {
        let args = ["serve"].iter().chain(flags);
        Line::try_parse_from(args)
            .expect("the usage is right")
            .serve
    }

    #[test]
    fn the_defaults_of_a_server_are_those_of_the_core() {
        assert_eq!(serve(&[]).config(), Ok(Config::default()));
    }

    #[test]
    fn the_first_encoding_is_set_by_its_flag() {
        let config = serve(&["--encoding=plain"]).config();
        assert_eq!(config.map(|config| config.encoding), Ok(Encoding::Plain));
    }

    #[test]
    fn a_limit_that_is_too_low_is_refused_by_the_name_of_its_flag() {
        let refused = serve(&["--send-queue-bytes=1K", "--max-message-bytes=100"]).config();
        assert_eq!(
            refused,
            Err("--send-queue-bytes must be at least 8192".into())
        );
    }

    #[test]
    fn limits_that_contradict_are_refused_and_the_one_to_raise_is_named_with_what_it_needs() {
        for (flags, refusal) in [
            (
                &["--send-queue-bytes=8KiB"][..],
                "--send-queue-bytes must be at least 49664 for this --max-message-bytes: raise it, or \
                 lower --max-message-bytes",
            ),
            (
                &[
                    "--max-message-bytes=1MiB",
                    "--max-package-bytes=2MiB",
                    "--backlog-bytes=4MiB",
                ],
                "--send-queue-bytes must be at least 12583424 for this --max-message-bytes: raise it, \
                 or lower --max-message-bytes",
            ),
            (
                &["--send-queue-bytes=200MiB"],
                "--total-queue-bytes must be at least 419430400 for this --send-queue-bytes: raise \
                 it, or lower --send-queue-bytes",
            ),
            (
                &["--max-package-bytes=1MiB"],
                "--backlog-bytes must be at least 1048576 for this --max-package-bytes: raise it, or \
                 lower --max-package-bytes",
            ),
        ] {
            assert_eq!(serve(flags).config(), Err(refusal.into()));
        }
    }
}
