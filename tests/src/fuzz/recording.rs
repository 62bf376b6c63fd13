//! The recording's reader: what it reads is what was written, and what is damaged it says where.

use std::net::IpAddr;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use chatmaster_core::recording::{
    Emission, FORMAT, Fault, Header, Reader, Record, Recorder, Replay,
};
use chatmaster_core::{CloseReason, Config, ConnId, Input, Output, Peer, Start, Time};
use crc::{CRC_32_ISCSI, Crc};

use super::{bytes, choice, pick, text};

static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Any bytes; a file whose checksums are right and whose records are anything; and a file as the
/// recorder writes it, of which something is damaged.
pub fn recording(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(kind) = choice(&mut input, 4) else {
        return;
    };
    match kind {
        0 => {
            read(input.take_rest());
        }
        1 => {
            let mut file = b"CM3KREC\n".to_vec();
            if forge(&mut input, &mut file).is_ok() {
                read(&file);
            }
        }
        _ => {
            let _ = damage(&mut input);
        }
    }
}

/// What a reader found in a file.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    /// Where each record begins.
    offsets: Vec<usize>,
    /// What would be written of them.
    written: Vec<u8>,
    fault: Option<Fault>,
}

/// Reads a file, if it is one. What is read is written and read again, and replays.
fn read(file: &[u8]) -> Option<Found> {
    let (header, mut reader) = Reader::open(file).ok()?;
    let mut recorder = Recorder::new(header.clone());
    let mut replay = Some(Replay::new(&header));
    let (mut records, mut offsets) = (Vec::new(), Vec::new());
    let mut at_end = false;
    let fault = loop {
        let offset = reader.offset();
        match reader.next_record() {
            Ok(None) => {
                assert_eq!(offset, file.len(), "all was read");
                break None;
            }
            Ok(Some(record)) => {
                assert!(
                    reader.offset() > offset,
                    "the next record is behind the last"
                );
                if let Some(running) = &mut replay {
                    let same = running.take(&record).is_ok();
                    // At the end of time there is nothing later.
                    at_end |= matches!(record, Record::Input(Time::MAX, _));
                    if !at_end {
                        running.hub().check_invariants();
                    }
                    replay = replay.filter(|_| same);
                }
                write(&mut recorder, &record);
                records.push(record);
                offsets.push(offset);
            }
            Err(fault) => {
                assert_eq!(reader.next_record(), Err(fault), "a fault stays");
                match fault {
                    Fault::Torn { offset: at, bytes } => {
                        assert_eq!((at, at + bytes), (offset, file.len()));
                    }
                    Fault::Damaged { offset: at } => assert_eq!(at, offset),
                }
                break Some(fault);
            }
        }
    };
    let written = recorder.bytes().to_vec();
    let (again, mut reader) = Reader::open(&written).expect("what is written can be read");
    assert_eq!(again, header);
    for record in &records {
        // What was drained and wants nothing is not written.
        if *record != Record::Drained(Vec::new()) {
            assert_eq!(reader.next_record().as_ref(), Ok(&Some(record.clone())));
        }
    }
    assert_eq!(reader.next_record(), Ok(None));
    Some(Found {
        offsets,
        written,
        fault,
    })
}

fn write(recorder: &mut Recorder, record: &Record<'_>) {
    match record {
        Record::Input(at, input) => recorder.input(*at, input),
        Record::Emission(emission) => recorder.emission(emission),
        Record::Drained(outputs) => recorder.drained(outputs),
    }
}

/// A header and records of any content, each with its checksum.
fn forge(input: &mut Unstructured<'_>, file: &mut Vec<u8>) -> Result<()> {
    let mut body = Vec::new();
    body.extend(pick(input, &[0_u32, 1, 2, 3, 4])?.to_le_bytes());
    body.extend_from_slice(&[0; 16]);
    let limits = pick(input, &[16_u8, 17, 24, 24, 25])?;
    body.push(limits);
    for limit in 0..limits {
        let value = match choice(input, 8)? {
            0 => u64::from(choice(input, 255)?),
            1 => u64::MAX,
            2 => u64::from(u32::MAX),
            3 => 1 << choice(input, 64)?,
            _ if limit == 0 => 1,
            _ => 10_000,
        };
        body.extend(value.to_le_bytes());
    }
    body.extend_from_slice(b"fuzz");
    file.extend(FORMAT.to_le_bytes());
    file.extend((body.len() as u16).to_le_bytes());
    file.extend_from_slice(&body);
    let mut chain = CRC32C.checksum(file);
    file.extend(chain.to_le_bytes());
    while !input.is_empty() {
        let begin = file.len();
        file.extend([0; 4]);
        file.push(pick(input, &[0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 16, 17, 18])?);
        // Most of the time a moment later, and one of a few connections.
        match choice(input, 4)? {
            0 => {}
            1 => file.push(choice(input, 127)?),
            _ => file.extend([choice(input, 127)?, choice(input, 8)?]),
        }
        file.extend_from_slice(bytes(input)?);
        let length = ((file.len() - begin - 4) as u32).to_le_bytes();
        let check = length[0] ^ length[1] ^ length[2] ^ 0x5a;
        file[begin..begin + 4].copy_from_slice(&[length[0], length[1], length[2], check]);
        let mut digest = CRC32C.digest();
        digest.update(&chain.to_le_bytes());
        digest.update(&file[begin..]);
        chain = digest.finalize();
        file.extend(chain.to_le_bytes());
    }
    Ok(())
}

/// A recording is read back to the byte; and one of which something is changed or lost says where, and
/// gives all that comes before.
fn damage(input: &mut Unstructured<'_>) -> Result<()> {
    let start = Start {
        unix_micros: 7,
        seed: 8,
    };
    let mut recorder = Recorder::new(Header::new(Config::default(), start, "fuzz"));
    let begin = recorder.bytes().len();
    let mut now = Time::ZERO;
    for _ in 0..choice(input, 20)? {
        let delta = pick(input, &[0, 1, 127, 128, 1_000_000, 1 << 58])?;
        now = now + Duration::from_micros(delta);
        recorded(input, &mut recorder, now)?;
    }
    let file = recorder.bytes().to_vec();
    let found = read(&file).expect("it is a recording");
    assert_eq!((found.fault, &found.written), (None, &file));

    let at = usize::from(u16::from_le_bytes([
        choice(input, 255)?,
        choice(input, 255)?,
    ])) % file.len();
    let mut changed = file.clone();
    match choice(input, 4)? {
        0 => changed.truncate(at),
        1 => changed[at..].fill(0),
        2 => {
            changed.remove(at);
        }
        _ => changed[at] ^= 1 << choice(input, 8)?,
    }
    if at < begin {
        let _ = read(&changed);
        return Ok(());
    }
    // A byte that is lost before its like is lost where another one comes first.
    let at = changed.iter().zip(&file).position(|(is, was)| is != was);
    let ends = found.offsets.iter().copied().skip(1).chain([file.len()]);
    let reached = at.unwrap_or(changed.len());
    let good = ends.filter(|end| *end <= reached).count();
    let damaged = read(&changed).expect("the header is as it was");
    assert!(damaged.offsets.starts_with(&found.offsets[..good]));
    match (at, damaged.fault) {
        (Some(at), Some(Fault::Torn { offset, .. } | Fault::Damaged { offset })) => {
            assert!(
                offset <= at,
                "what is read behind the change at {at} is not what was written"
            );
        }
        (Some(at), None) => panic!("a change at {at} is not found"),
        (None, Some(Fault::Damaged { .. })) => panic!("there is damage where the end is lost"),
        (None, None | Some(Fault::Torn { .. })) => {}
    }
    Ok(())
}

fn recorded(input: &mut Unstructured<'_>, recorder: &mut Recorder, now: Time) -> Result<()> {
    let id = ConnId(pick(input, &[0, 1, 2, 127, 128, u64::MAX])?);
    let record = match choice(input, 10)? {
        0 => Input::Opened(id, Peer(IpAddr::from([127, 0, 0, 1]))),
        1 => Input::Opened(id, Peer(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]))),
        2 => Input::Received(id, bytes(input)?),
        3 => Input::Eof(id),
        4 => Input::Sent(id, pick(input, &[0, 1, u32::MAX])?),
        5 => Input::Closed(id),
        6 => Input::Tick,
        7 => Input::Shutdown,
        8 => {
            recorder.emission(&Emission {
                text: text(input)?.into_bytes(),
                recipients: u32::from(choice(input, 255)?),
                digest: 77,
            });
            return Ok(());
        }
        _ => {
            let reason = pick(input, &CloseReason::ALL)?;
            recorder.drained(&[
                Output::PauseRead(id),
                Output::ResumeRead(id),
                Output::Finish(id),
                Output::Close(id, reason),
            ]);
            return Ok(());
        }
    };
    recorder.input(now, &record);
    Ok(())
}
