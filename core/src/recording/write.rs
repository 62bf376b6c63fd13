//! Writing a recording.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::{CHECK, DRAINED, EMISSION, FORMAT, Header, MAGIC, MAX_RECORD};
use crate::checksum::CRC32C;
use crate::config::Config;
use crate::hub::{CloseReason, ConnId, Emission, Hub, Input, Output, Peer};
use crate::time::{Start, Time};
use crate::wire::Encoding;

/// Turns what happens to a hub into the bytes of a recording. They gather here until they are taken.
pub struct Recorder {
    header: Header,
    bytes: Vec<u8>,
    /// The last checksum.
    chain: u32,
    /// The time of the last record.
    last: Time,
}

impl Recorder {
    /// Begins a recording with its header.
    pub fn new(header: Header) -> Self {
        let mut recorder = Recorder {
            header,
            bytes: Vec::new(),
            chain: 0,
            last: Time::ZERO,
        };
        recorder.begin();
        recorder
    }

    /// Hands `input` to `hub`, and records it with all it makes the hub send. The hub must have been
    /// told to [trace](Hub::trace), and its limits must pass [`check`](super::check).
    ///
    /// # Panics
    /// If more than 16 MiB are received at once.
    pub fn handle(&mut self, hub: &mut Hub, now: Time, input: Input<'_>) {
        self.input(now, &input);
        hub.handle(now, input);
        while let Some(emission) = hub.poll_emission() {
            self.emission(&emission);
        }
    }

    /// Records an input at `now`.
    pub fn input(&mut self, now: Time, input: &Input<'_>) {
        // The hub clamps time that goes back, and so does the recording.
        let now = self.last.max(now);
        match *input {
            Input::Opened(id, Peer(address)) => self.record(now, 0, |out| {
                push_id(out, id);
                match address {
                    IpAddr::V4(address) => out.extend(address.octets()),
                    IpAddr::V6(address) => out.extend(address.octets()),
                }
            }),
            Input::Received(id, bytes) => self.record(now, 1, |out| {
                push_id(out, id);
                out.extend_from_slice(bytes);
            }),
            Input::Eof(id) => self.record(now, 2, |out| push_id(out, id)),
            Input::Sent(id, count) => self.record(now, 3, |out| {
                push_id(out, id);
                push_varint(out, u64::from(count));
            }),
            Input::Closed(id) => self.record(now, 4, |out| push_id(out, id)),
            Input::Tick => self.record(now, 5, |_| {}),
            Input::Shutdown => self.record(now, 6, |_| {}),
        }
    }

    /// Records a package that the last input made the hub send.
    pub fn emission(&mut self, emission: &Emission) {
        self.record(self.last, EMISSION, |out| {
            push_varint(out, u64::from(emission.recipients));
            out.extend(emission.digest.to_le_bytes());
            out.extend_from_slice(&emission.text);
        });
    }

    /// Records what the hub wanted done when its outputs were drained. Writes are not recorded, for
    /// they follow from the emissions.
    pub fn drained(&mut self, outputs: &[Output]) {
        let is_write = |output: &Output| matches!(output, Output::Write(_));
        if outputs.iter().all(is_write) {
            return;
        }
        self.record(self.last, DRAINED, |out| {
            for output in outputs.iter().filter(|output| !is_write(output)) {
                push_output(out, *output);
            }
        });
    }

    /// The bytes recorded since they were last cleared.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the bytes, which are safe elsewhere.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Goes on in a new file: the next bytes begin with the header of the next segment. The bytes
    /// before must be cleared.
    pub fn next_segment(&mut self) {
        debug_assert!(self.bytes.is_empty(), "the bytes belong to the file before");
        self.header.segment += 1;
        self.header.chain = self.chain;
        self.begin();
    }

    fn begin(&mut self) {
        let mut body = Vec::new();
        body.extend(self.header.behaviour.to_le_bytes());
        body.extend(self.header.segment.to_le_bytes());
        body.extend(self.header.chain.to_le_bytes());
        body.extend(self.header.start.unix_micros.to_le_bytes());
        let limits = numbers(&self.header.config, self.header.start);
        body.push(limits.len() as u8);
        for limit in limits {
            body.extend(limit.to_le_bytes());
        }
        body.extend_from_slice(self.header.runtime.as_bytes());
        let length = u16::try_from(body.len()).expect("a runtime's name is short");
        self.bytes.extend(MAGIC);
        self.bytes.extend(FORMAT.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(body);
        self.chain = CRC32C.checksum(&self.bytes);
        self.bytes.extend(self.chain.to_le_bytes());
    }

    fn record(&mut self, now: Time, kind: u8, payload: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.push(kind);
        let delta = now.as_micros() - self.last.as_micros();
        push_varint(&mut self.bytes, delta);
        payload(&mut self.bytes);
        let length = self.bytes.len() - begin - 4;
        assert!(
            length <= MAX_RECORD,
            "what is received at once, and what may be sent, is below 16 MiB"
        );
        let [low, middle, high, _] = (length as u32).to_le_bytes();
        self.bytes[begin..begin + 4].copy_from_slice(&[
            low,
            middle,
            high,
            low ^ middle ^ high ^ CHECK,
        ]);
        self.chain = chained(self.chain, &self.bytes[begin..]);
        self.bytes.extend(self.chain.to_le_bytes());
        self.last = now;
    }
}

/// The checksum of a record behind the one before it.
pub(super) fn chained(chain: u32, record: &[u8]) -> u32 {
    let mut digest = CRC32C.digest();
    digest.update(&chain.to_le_bytes());
    digest.update(record);
    digest.finalize()
}

/// The encoding and the limits of a [`Config`] as numbers, each at its place, and the seed.
fn numbers(config: &Config, start: Start) -> [u64; 3 + Config::LIMITS.len()] {
    let mut numbers = [0; 3 + Config::LIMITS.len()];
    numbers[0] = match config.encoding {
        Encoding::Plain => 0,
        Encoding::Zlib => 1,
    };
    for limit in &Config::LIMITS {
        numbers[limit.place] = limit.get(config);
    }
    let seed = &mut numbers[1 + Config::LIMITS.len()..];
    seed.copy_from_slice(&[start.seed as u64, (start.seed >> 64) as u64]);
    numbers
}

fn push_output(out: &mut Vec<u8>, output: Output) {
    match output {
        Output::Write(_) => {}
        Output::PauseRead(id) => {
            out.push(1);
            push_id(out, id);
        }
        Output::ResumeRead(id) => {
            out.push(2);
            push_id(out, id);
        }
        Output::Finish(id) => {
            out.push(3);
            push_id(out, id);
        }
        Output::Close(id, reason) => {
            out.push(4);
            push_id(out, id);
            let place = CloseReason::ALL.iter().position(|other| *other == reason);
            out.push(place.expect("every reason is among all of them") as u8);
        }
    }
}

fn push_id(out: &mut Vec<u8>, ConnId(id): ConnId) {
    push_varint(out, id);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
