//! Packages on the wire (the [protocol](crate::protocol) has a section of that name): what they are, how
//! bytes become packages, and packages bytes.

mod command;
mod decoder;
mod encoder;
mod inflater;
mod package;
mod scan;
mod short;

pub use command::Command;
pub(crate) use decoder::Framing;
pub use decoder::{Decoded, Decoder, Step, Unfinished, Violation};
pub(crate) use encoder::Codes;
pub use encoder::Encoder;
pub use inflater::{INFLATER_BYTES, Inflaters};
pub use package::{ClientPackage, Notification, PackageError, ServerPackage, SessionStatus};
pub(crate) use package::{Controls, Strictness};
pub use scan::MAX_NESTING;

/// How a package stands on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// JSON text. What the server writes ends with a line feed.
    Plain,
    /// JSON text in a zlib stream (RFC 1950). What the server writes is one stream for each package.
    #[default]
    Zlib,
}

impl Encoding {
    /// Every encoding, in the order of their discriminants.
    pub const ALL: [Encoding; 2] = [Encoding::Plain, Encoding::Zlib];
}
