//! How a peer breaks the protocol (the [protocol](crate::protocol), "Violations").

use core::fmt;

use super::MAX_NESTING;

/// How a peer broke the protocol so that nothing behind it can be made out. Displays as a sentence
/// for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A unit starts with this byte, which neither JSON nor zlib does.
    NotAPackage(u8),
    /// A unit starts with these bytes; zlib may start with the first, but not with both.
    NotAHeader([u8; 2]),
    /// A package is longer than the limit.
    TooLarge,
    /// A package in a zlib stream is longer than the limit as it is encoded.
    TooLargeEncoded,
    /// A zlib stream goes on for longer than a package may be, decoded or encoded, without one.
    NoPackage,
    /// A package nests objects and arrays deeper than [`MAX_NESTING`].
    TooDeep,
    /// There is a zlib stream inside a zlib stream.
    DoubleZlib,
    /// A zlib stream is damaged, or needs a preset dictionary.
    BadZlib,
    /// The checksum at a zlib stream's end is wrong.
    Checksum,
    /// A zlib stream ended without a package.
    EmptyStream,
    /// A zlib stream ended inside a package.
    CutPackage,
    /// The server has no room for one more open zlib stream.
    TooManyStreams,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Violation::NotAPackage(byte) => write!(
                f,
                "A package must be a JSON object or a zlib stream of them; neither starts with the \
                 byte 0x{byte:02x}."
            ),
            Violation::NotAHeader([first, second]) => write!(
                f,
                "A package must be a JSON object or a zlib stream of them; neither starts with the \
                 bytes 0x{first:02x} 0x{second:02x}."
            ),
            Violation::TooLarge => write!(f, "The package is too large."),
            Violation::TooLargeEncoded => write!(
                f,
                "The package is too large: its zlib stream takes more bytes than a package may have."
            ),
            Violation::NoPackage => write!(
                f,
                "The zlib stream goes on for longer than a package may be, without a package."
            ),
            Violation::TooDeep => {
                write!(
                    f,
                    "The package nests objects and arrays more than {MAX_NESTING} deep."
                )
            }
            Violation::DoubleZlib => write!(
                f,
                "The zlib stream carries another zlib stream. Compress each package once."
            ),
            Violation::BadZlib => write!(f, "The zlib stream is damaged."),
            Violation::Checksum => write!(f, "The zlib stream's checksum is wrong."),
            Violation::EmptyStream => write!(f, "The zlib stream ended without a package."),
            Violation::CutPackage => write!(f, "The zlib stream ended inside a package."),
            Violation::TooManyStreams => write!(
                f,
                "The server has too many open zlib streams. Try again later, with a stream for \
                 each package or with plain JSON."
            ),
        }
    }
}

impl core::error::Error for Violation {}
