//! Recordings: every input of a hub, and what the hub made of it, in one file (or a chain of them).
//! Encoding and decoding over bytes; whose bytes they are is the caller's business.
//!
//! # The format, version 1
//!
//! All numbers are little-endian. A *varint* is LEB128 of a `u64`.
//!
//! ```text
//! file   = header record*
//! header = magic format(u16) length(u16) body crc(u32)
//! magic  = "CM3KREC\n"
//! body   = behaviour(u32) segment(u32) chain(u32) start(u64) limits(u8) limit(u64)* runtime
//! record = length(u24) check(u8) kind(u8) delta(varint) payload crc(u32)
//! ```
//!
//! - `format` is [`FORMAT`]. A reader refuses newer ones; it reads all older ones.
//! - `behaviour` is the [`BEHAVIOUR`] of the core that made the recording. It is raised when the same
//!   inputs may come to other outputs. The core still does what it did in every earlier version, for
//!   recordings of those ([`Header::hub`]); one of a later version replays too, and its first
//!   difference is where the behaviours differ or one of them is wrong.
//! - `segment` counts the files of one recording from 0, and `chain` is the last checksum of the file
//!   before (0 in the first), so that a missing or foreign file shows.
//! - `start` is [`Start`], `limits` how many `limit`s there are: 16, 17, 24 or 33. The first is the encoding,
//!   0 (plain) or 1 (zlib); the others are the numbers of [`Config::LIMITS`], each at its
//!   [place](crate::Limit::place). What an older recording lacks of these was not limited. The last
//!   two of 33 are no limits but [`Start::seed`], its lower half first. `runtime` is the rest of the
//!   body, in UTF-8.
//! - The header's `crc` is the CRC32C of all before it.
//! - A record's `length` is that of `kind`, `delta` and `payload`; `check` is the exclusive or of its
//!   three bytes and 0x5A. `delta` is microseconds since the record before. `crc` is the CRC32C of the
//!   checksum before it (the header's, for the first) and the record from `length` on: the checksums
//!   are a chain, so that a splice shows.
//!
//! | kind | record | payload |
//! | ---: | --- | --- |
//! | 0 | [`Input::Opened`] | connection, address (4 or 16 bytes) |
//! | 1 | [`Input::Received`] | connection, bytes |
//! | 2 | [`Input::Eof`] | connection |
//! | 3 | [`Input::Sent`] | connection, count (varint) |
//! | 4 | [`Input::Closed`] | connection |
//! | 5 | [`Input::Tick`] | |
//! | 6 | [`Input::Shutdown`] | |
//! | 16 | [`Emission`]: a package the input above made the hub send | recipients (varint), digest (u32), text |
//! | 17 | outputs drained here, but for writes | each: kind (u8), connection; for a close, reason (u8) |
//!
//! A connection is a varint.
//!
//! # Torn and damaged
//!
//! A crash or a full disk tears the tail off: the file ends inside a record, or in nothing but zeros.
//! Then [`Reader::next_record`] says [`Fault::Torn`], and what came before is good. Anything else that
//! does not fit is [`Fault::Damaged`], with its offset: a wrong `check`, a wrong `crc`, a record that
//! cannot be read. `check` is what tells a damaged length from a torn tail.

mod minimise;
mod read;
mod recorded;
mod replay;
mod write;

use alloc::string::String;
use core::fmt;

pub use self::minimise::minimise;
pub use self::read::{Fault, OpenError, Reader, Record};
pub use self::recorded::{Recorded, SinkOutcome};
pub use self::replay::{Divergence, Replay};
pub use self::write::Recorder;
use crate::behaviour::Behaviour;
use crate::config::Config;
pub use crate::hub::Emission;
use crate::hub::Hub;
#[cfg(doc)]
use crate::hub::Input;
use crate::time::Start;

/// The version of the format that is written.
pub const FORMAT: u16 = 1;
/// The version of what the core does with the same inputs.
///
/// 1. The first.
/// 2. Short packages in zlib have the fixed Huffman codes.
/// 3. What was sent leaves its queue before anything else happens, and a deadline that was slept through
///    is put off. Only a zlib header begins zlib, and only objects are objects; errors name the cause;
///    DEL and C1 are escaped. Flood control and turns count work, and who needs an inflater waits for it.
///    Whoever waits longest goes first, and a room waits for a reader only so long; a connection that
///    does not take its own answers is not read from. Addresses have rates, and IPv6 counts by /64. A
///    stop takes leave as every close does. Names clash only if they look alike as shown, and each has
///    ink.
/// 4. Clients may speak version 2 of the protocol.
/// 5. A seat keeps its token, and the session of who takes it again says `resumed`. White space before a
///    package is taken with it, and so is all of a short zlib stream that has come whole. Who speaks
///    version 1 and kicks someone is answered by that.
pub const BEHAVIOUR: u32 = Behaviour::LATEST.number();

const MAGIC: [u8; 8] = *b"CM3KREC\n";
/// What the check of a length is combined with, so that the zeros of a torn tail are no record.
const CHECK: u8 = 0x5a;
/// The most bytes of `kind`, `delta` and `payload`: their number is written in three bytes.
const MAX_RECORD: usize = (1 << 24) - 1;

/// The most bytes of a record that are no text of a message: names, and what a record is made of. Both
/// are far shorter; a list of 64 KiB is no message.
const OTHER_BYTES: usize = 64 * 1024;

/// The most [`Config::max_message_bytes`] of a hub that can be recorded: what comes of a message has to
/// fit into a record, and may take six bytes for each of its text's.
pub const MAX_MESSAGE_BYTES: usize = (MAX_RECORD - OTHER_BYTES) / 6;

/// Whether a hub with these limits can be recorded.
///
/// # Errors
/// Its messages may be too long: [`MAX_MESSAGE_BYTES`].
pub fn check(config: &Config) -> Result<(), Unrecordable> {
    if config.max_message_bytes > MAX_MESSAGE_BYTES {
        return Err(Unrecordable);
    }
    Ok(())
}

/// Messages may be too long to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrecordable;

impl fmt::Display for Unrecordable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "max_message_bytes must be at most {MAX_MESSAGE_BYTES} to be recorded"
        )
    }
}

impl core::error::Error for Unrecordable {}

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The [`BEHAVIOUR`] of the core that made it.
    pub behaviour: u32,
    /// Which file of the recording it is, from 0.
    pub segment: u32,
    /// The last checksum of the file before; 0 in the first.
    pub chain: u32,
    /// The wall clock's time of [`Time::ZERO`](crate::Time::ZERO).
    pub start: Start,
    /// The limits of the hub.
    pub config: Config,
    /// The runtime's name; at most 64 KiB less a few.
    pub runtime: String,
}

impl Header {
    /// The header of a recording that begins now.
    pub fn new(config: Config, start: Start, runtime: &str) -> Self {
        Header {
            behaviour: BEHAVIOUR,
            segment: 0,
            chain: 0,
            start,
            config,
            runtime: runtime.into(),
        }
    }

    /// A hub that does what the recorded one did with the same inputs, as far as this core knows.
    pub fn hub(&self) -> Hub {
        let behaviour = Behaviour::version(self.behaviour);
        Hub::behaving(behaviour, self.config.clone(), self.start)
    }
}

/// The kinds of records that are no input.
const EMISSION: u8 = 16;
const DRAINED: u8 = 17;

/// What differs between what a hub did and what was recorded: a phrase for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It sent a package.
    Emitted(Emission),
    /// It wanted these things done to connections, in this order.
    Drained(alloc::vec::Vec<crate::hub::Output>),
    /// Nothing.
    Nothing,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Emitted(emission) => {
                let text = String::from_utf8_lossy(&emission.text);
                let Emission {
                    recipients, digest, ..
                } = emission;
                write!(f, "{text} to {recipients} (digest {digest:08x})")
            }
            Outcome::Drained(outputs) => {
                for (at, output) in outputs.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    write!(f, "{separator}{output:?}")?;
                }
                Ok(())
            }
            Outcome::Nothing => f.write_str("nothing"),
        }
    }
}
