//! Packages on the wire (the [protocol](crate::protocol) has a section of that name): what they are, how
//! bytes become packages, and packages bytes.

mod client;
mod command;
mod decoder;
mod encoder;
mod inflater;
mod message;
mod package;
mod plain;
mod scan;
mod short;
mod violation;
mod whole;
mod write;

pub(crate) use client::Dialect;
pub use client::{ClientPackage, Tagged};
pub use command::Command;
pub(crate) use decoder::Framing;
pub use decoder::{Decoded, Decoder, Step, Unfinished};
pub(crate) use encoder::Codes;
pub use encoder::Encoder;
pub use inflater::{INFLATER_BYTES, Inflaters, SHARED_INFLATER_BYTES};
pub(crate) use package::Controls;
pub use package::{
    MAX_HISTORY, MAX_TAG_BYTES, Notification, PackageError, PastMessage, ServerPackage,
    SessionStatus,
};
pub use scan::MAX_NESTING;
pub use violation::Violation;

/// Which version of the protocol a client speaks. The order of the variants is that of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The proposal's.
    #[default]
    One,
    /// With what goes beyond the proposal.
    Two,
}

impl Version {
    /// Its number.
    pub fn number(self) -> u64 {
        match self {
            Version::One => 1,
            Version::Two => 2,
        }
    }

    /// The one with this number; the latest, for a number that is none.
    pub fn numbered(number: u64) -> Self {
        if number >= 2 {
            Version::Two
        } else {
            Version::One
        }
    }
}

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
