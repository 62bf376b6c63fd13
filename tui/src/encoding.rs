//! How packages are sent, as flags and settings have it.

use chatmaster_core::Encoding;
use clap::ValueEnum;

/// An [`Encoding`] by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WireEncoding {
    /// Compressed JSON.
    #[value(help = None::<&str>)]
    Zlib,
    /// JSON text.
    #[value(help = None::<&str>)]
    Plain,
}

impl From<WireEncoding> for Encoding {
    fn from(encoding: WireEncoding) -> Self {
        match encoding {
            WireEncoding::Zlib => Encoding::Zlib,
            WireEncoding::Plain => Encoding::Plain,
        }
    }
}
