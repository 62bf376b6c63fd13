//! Reading a recording.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use super::write::chained;
use super::{CHECK, DRAINED, EMISSION, FORMAT, Header, MAGIC};
use crate::checksum::CRC32C;
use crate::config::Config;
use crate::hub::{CloseReason, ConnId, Emission, Input, Output, Peer};
use crate::time::{Start, Time};
use crate::wire::Encoding;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// What happened, and when.
    Input(Time, Input<'a>),
    /// A package that the input before made the hub send.
    Emission(Emission),
    /// What the hub wanted done, but for writes, when its outputs were drained.
    Drained(Vec<Output>),
}

/// Reads the records of one file.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    chain: u32,
    time: Time,
}

/// Why bytes are no recording that can be read here. Displays as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// They are something else.
    Foreign,
    /// Its format is newer than this reader.
    Newer(u16),
    /// It ends inside its header.
    Torn,
    /// Its header is damaged.
    Damaged,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Foreign => write!(f, "This is not a recording."),
            OpenError::Newer(format) => write!(
                f,
                "This recording has format {format}; this program reads formats up to {FORMAT}."
            ),
            OpenError::Torn => write!(f, "The recording ends inside its header."),
            OpenError::Damaged => write!(f, "The recording's header is damaged."),
        }
    }
}

impl core::error::Error for OpenError {}

/// Why there is no next record. Displays as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file ends inside a record, or in zeros: so many bytes at this offset are lost.
    Torn {
        /// Where the record that is not whole begins.
        offset: usize,
        /// The bytes from there to the end.
        bytes: usize,
    },
    /// The record at this offset is not what was written.
    Damaged {
        /// Where it begins.
        offset: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Torn { offset, bytes } => {
                write!(
                    f,
                    "torn: the last {bytes} bytes, from byte {offset}, are no whole record"
                )
            }
            Fault::Damaged { offset } => write!(f, "the record at byte {offset} is damaged"),
        }
    }
}

impl core::error::Error for Fault {}

impl<'a> Reader<'a> {
    /// Reads the header of the file `bytes`.
    ///
    /// # Errors
    /// Why it is no recording that can be read.
    pub fn open(bytes: &'a [u8]) -> Result<(Header, Self), OpenError> {
        let known = bytes.len().min(MAGIC.len());
        if known == 0 || bytes[..known] != MAGIC[..known] {
            return Err(OpenError::Foreign);
        }
        let mut rest = Bytes(&bytes[known..]);
        let format = rest.u16().ok_or(OpenError::Torn)?;
        if format > FORMAT {
            return Err(OpenError::Newer(format));
        }
        let length = rest.u16().ok_or(OpenError::Torn)?;
        let body = rest.take(usize::from(length)).ok_or(OpenError::Torn)?;
        let checked = bytes.len() - rest.0.len();
        let chain = rest.u32().ok_or(OpenError::Torn)?;
        if format == 0 || chain != CRC32C.checksum(&bytes[..checked]) {
            return Err(OpenError::Damaged);
        }
        let header = header(Bytes(body)).ok_or(OpenError::Damaged)?;
        let offset = bytes.len() - rest.0.len();
        let time = Time::ZERO;
        Ok((
            header,
            Reader {
                bytes,
                offset,
                chain,
                time,
            },
        ))
    }

    /// The file that goes on where this one ended: its times count from this one's last.
    ///
    /// # Errors
    /// Why it is no recording that can be read. Whether it is the next segment of the same recording
    /// is for its header to say.
    pub fn open_next(&self, bytes: &'a [u8]) -> Result<(Header, Self), OpenError> {
        let (header, mut next) = Reader::open(bytes)?;
        next.time = self.time;
        Ok((header, next))
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// That the tail is torn, or the record damaged. Every later call says the same.
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>, Fault> {
        let rest = &self.bytes[self.offset..];
        if rest.is_empty() {
            return Ok(None);
        }
        let damaged = Fault::Damaged {
            offset: self.offset,
        };
        let torn = Fault::Torn {
            offset: self.offset,
            bytes: rest.len(),
        };
        if rest.iter().all(|byte| *byte == 0) {
            return Err(torn);
        }
        let Some((&[low, middle, high, check], behind)) = rest.split_first_chunk() else {
            return Err(torn);
        };
        if low ^ middle ^ high ^ CHECK != check {
            return Err(damaged);
        }
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let Some((body, behind)) = behind.split_at_checked(length) else {
            return Err(torn);
        };
        let Some((crc, _)) = behind.split_first_chunk() else {
            return Err(torn);
        };
        let chain = chained(self.chain, &rest[..4 + length]);
        if chain != u32::from_le_bytes(*crc) {
            return Err(damaged);
        }
        let mut body = Bytes(body);
        let kind = body.u8().ok_or(damaged)?;
        let delta = body.varint().ok_or(damaged)?;
        let time = self.time + Duration::from_micros(delta);
        let record = record(kind, time, body).ok_or(damaged)?;
        self.offset += 4 + length + 4;
        self.chain = chain;
        self.time = time;
        Ok(Some(record))
    }

    /// Where the next record begins, in bytes from the file's start.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The checksum of the last record read: at the end, what the next segment's header must name.
    pub fn chain(&self) -> u32 {
        self.chain
    }
}

fn record<'a>(kind: u8, time: Time, mut body: Bytes<'a>) -> Option<Record<'a>> {
    let input = match kind {
        0 => Input::Opened(body.id()?, Peer(body.address()?)),
        1 => Input::Received(body.id()?, body.rest()),
        2 => Input::Eof(body.id()?),
        3 => Input::Sent(body.id()?, u32::try_from(body.varint()?).ok()?),
        4 => Input::Closed(body.id()?),
        5 => Input::Tick,
        6 => Input::Shutdown,
        EMISSION => {
            let recipients = u32::try_from(body.varint()?).ok()?;
            let digest = body.u32()?;
            let text = body.rest().to_vec();
            return Some(Record::Emission(Emission {
                text,
                recipients,
                digest,
            }));
        }
        DRAINED => {
            let mut outputs = Vec::new();
            while !body.0.is_empty() {
                outputs.push(body.output()?);
            }
            return Some(Record::Drained(outputs));
        }
        _ => return None,
    };
    body.0.is_empty().then_some(Record::Input(time, input))
}

fn header(mut body: Bytes<'_>) -> Option<Header> {
    let behaviour = body.u32()?;
    let segment = body.u32()?;
    let chain = body.u32()?;
    let mut start = Start {
        unix_micros: body.u64()?,
        seed: 0,
    };
    let limits = body.u8()?;
    if ![16, 17, 24, 33].contains(&limits) {
        return None;
    }
    let mut numbers = [None; 1 + Config::LIMITS.len()];
    for number in numbers.iter_mut().take(limits.into()) {
        *number = Some(body.u64()?);
    }
    if usize::from(limits) > numbers.len() {
        start.seed = u128::from(body.u64()?) | u128::from(body.u64()?) << 64;
    }
    let mut config = Config {
        encoding: match numbers[0]? {
            0 => Encoding::Plain,
            1 => Encoding::Zlib,
            _ => return None,
        },
        ..Config::default()
    };
    for limit in &Config::LIMITS {
        // What an earlier server did not know of it did not limit.
        let number = numbers[limit.place].or(limit.absent)?;
        if number > limit.most {
            return None;
        }
        limit.set(&mut config, number);
    }
    let runtime = String::from(str::from_utf8(body.rest()).ok()?);
    Some(Header {
        behaviour,
        segment,
        chain,
        start,
        config,
        runtime,
    })
}

/// Takes things from the front of bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn id(&mut self) -> Option<ConnId> {
        self.varint().map(ConnId)
    }

    fn address(&mut self) -> Option<IpAddr> {
        match self.0.len() {
            4 => self.array::<4>().map(IpAddr::from),
            16 => self.array::<16>().map(IpAddr::from),
            _ => None,
        }
    }

    fn output(&mut self) -> Option<Output> {
        Some(match self.u8()? {
            1 => Output::PauseRead(self.id()?),
            2 => Output::ResumeRead(self.id()?),
            3 => Output::Finish(self.id()?),
            4 => {
                let id = self.id()?;
                Output::Close(id, *CloseReason::ALL.get(usize::from(self.u8()?))?)
            }
            _ => return None,
        })
    }

    fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }
}
