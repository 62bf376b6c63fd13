//! The zlib side of the decoder: one open stream, inflated into a ring, and the pool such streams
//! are borrowed from.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER,
    TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::whole::Tables;
use super::{Decoder, Violation};

/// The largest window a zlib stream may have (RFC 1950: CINFO ≤ 7).
const WINDOW: usize = 32 * 1024;

/// The encoded size of a package is counted in blocks of this many bytes from the stream's start,
/// so that it does not depend on how the bytes were split. The least package is as long
/// ([`Config::MIN_PACKAGE_BYTES`](crate::Config::MIN_PACKAGE_BYTES)).
const BLOCK: usize = 512;

/// Bytes that one open zlib stream takes.
pub const INFLATER_BYTES: usize = core::mem::size_of::<Inflater>();

/// Bytes that all of [`Inflaters`] take beside that: what short streams that come whole are inflated with.
pub const SHARED_INFLATER_BYTES: usize = core::mem::size_of::<Tables>();

/// One open zlib stream.
pub(super) struct Inflater {
    core: DecompressorOxide,
    /// The last bytes inflated; `read..write` of them are still to be taken.
    ring: [u8; WINDOW],
    read: usize,
    write: usize,
    /// Whether the ring has been filled once. Until then a match that reaches back before the
    /// stream's start is told apart from a good one; from then on there is no such match. Nothing
    /// of an earlier stream can therefore be read from the ring.
    wrapped: bool,
    /// Encoded bytes since the last multiple of [`BLOCK`].
    block: usize,
    /// Encoded bytes in whole blocks since the last one in which a package ended.
    encoded: usize,
    /// Whether a package ended in the current block.
    ended_in_block: bool,
    /// Whether a package ended at all.
    ended: bool,
    /// Bytes of white space since the last package.
    pub(super) blank: usize,
    /// What was done since [`Inflater::take_work`] asked.
    work: usize,
    stage: Stage,
}

/// What inflating has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It goes on with more input.
    Hungry,
    /// It goes on without more input: the ring was full.
    Full,
    /// The stream has ended, and its checksum is right.
    Done,
    /// What is in the ring is the last that can be had.
    Broken(Violation),
}

/// What an [`Inflater`] has to say when its inflated bytes are all taken.
pub(super) enum Inflated {
    /// There are bytes to take.
    Bytes,
    /// There is nothing more until there is more input.
    Hungry,
    /// The stream has ended.
    Done,
}

/// How much is inflated at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Up to the end of a block of the zlib stream.
    OneBlock,
    /// Up to [`BLOCK`] encoded bytes, and so hundreds of blocks of the stream.
    ManyBlocks,
}

impl Inflater {
    fn new() -> Box<Self> {
        Box::new(Inflater {
            core: DecompressorOxide::new(),
            ring: [0; WINDOW],
            read: 0,
            write: 0,
            wrapped: false,
            block: 0,
            encoded: 0,
            ended_in_block: false,
            ended: false,
            blank: 0,
            work: 0,
            stage: Stage::Hungry,
        })
    }

    fn reset(&mut self) {
        self.core.init();
        self.read = 0;
        self.write = 0;
        self.wrapped = false;
        self.block = 0;
        self.encoded = 0;
        self.ended_in_block = false;
        self.ended = false;
        self.blank = 0;
        self.work = 0;
        self.stage = Stage::Hungry;
    }

    /// The work done since this was last asked, as [`Decoder::step`] has it.
    pub(super) fn take_work(&mut self) -> usize {
        core::mem::take(&mut self.work)
    }

    /// Takes in the header of a stream, which was checked.
    fn begin(&mut self, header: [u8; 2]) {
        let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_HAS_MORE_INPUT;
        let (_, taken, _) = decompress(&mut self.core, &header, &mut self.ring, 0, flags);
        debug_assert_eq!(taken, header.len(), "a header is taken in whole");
        self.block = taken;
    }

    /// Whether there are no bytes to take, and will be none without more input.
    pub(super) fn is_hungry(&self) -> bool {
        self.read == self.write && self.stage == Stage::Hungry
    }

    /// The inflated bytes that were not taken yet.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.ring[self.read..self.write]
    }

    /// Takes `count` of [`Inflater::bytes`]; they stay readable at the returned place until the next
    /// call of [`Inflater::inflate`].
    pub(super) fn take(&mut self, count: usize) -> core::ops::Range<usize> {
        let taken = self.read..self.read + count;
        self.read = taken.end;
        taken
    }

    /// The bytes at a place that [`Inflater::take`] returned.
    pub(super) fn at(&self, place: core::ops::Range<usize>) -> &[u8] {
        &self.ring[place]
    }

    /// Notes that a package ended with the bytes just taken.
    pub(super) fn package_ended(&mut self) {
        self.ended = true;
        self.ended_in_block = true;
        self.blank = 0;
    }

    /// Whether a package ended in this stream.
    pub(super) fn carried_package(&self) -> bool {
        self.ended
    }

    /// Inflates more of `input` once all bytes are taken.
    pub(super) fn inflate(
        &mut self,
        input: &mut &[u8],
        max_package_bytes: usize,
        pace: Pace,
    ) -> Result<Inflated, Violation> {
        debug_assert_eq!(self.read, self.write, "inflated bytes are left");
        match self.stage {
            Stage::Broken(violation) => return Err(violation),
            Stage::Done => return Ok(Inflated::Done),
            Stage::Hungry => {
                self.count_block(max_package_bytes)?;
                if input.is_empty() {
                    return Ok(Inflated::Hungry);
                }
            }
            Stage::Full => {}
        }
        if self.write == WINDOW {
            self.read = 0;
            self.write = 0;
            self.wrapped = true;
        }
        let mut flags =
            TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_COMPUTE_ADLER32;
        if pace == Pace::OneBlock {
            flags |= TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
        }
        if !self.wrapped {
            flags |= TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        }
        let piece = &input[..input.len().min(BLOCK - self.block)];
        let (status, consumed, written) =
            decompress(&mut self.core, piece, &mut self.ring, self.write, flags);
        *input = &input[consumed..];
        self.block += consumed;
        self.write += written;
        self.work += consumed + written;
        if let TINFLStatus::BlockBoundary | TINFLStatus::Done = status {
            self.work += Decoder::BLOCK_WORK;
        }
        self.stage = match status {
            TINFLStatus::Done => Stage::Done,
            TINFLStatus::HasMoreOutput => Stage::Full,
            // Fewer than eight bits are held over from one block to the next, and no block is so short.
            TINFLStatus::NeedsMoreInput | TINFLStatus::BlockBoundary => Stage::Hungry,
            TINFLStatus::Adler32Mismatch => Stage::Broken(Violation::Checksum),
            _ => Stage::Broken(Violation::BadZlib),
        };
        Ok(Inflated::Bytes)
    }

    /// At the end of a block, counts it if no package ended in it.
    fn count_block(&mut self, max_package_bytes: usize) -> Result<(), Violation> {
        if self.block < BLOCK {
            return Ok(());
        }
        self.encoded = if self.ended_in_block {
            0
        } else {
            self.encoded + BLOCK
        };
        self.block = 0;
        self.ended_in_block = false;
        if self.encoded > max_package_bytes {
            Err(Violation::TooLarge)
        } else {
            Ok(())
        }
    }
}

/// The open zlib streams of many decoders: at most so many at once, and a few kept for the next.
pub struct Inflaters {
    spare: Vec<Box<Inflater>>,
    lent: usize,
    max: usize,
    is_set_aside: bool,
    /// What short streams are inflated with, once there was one.
    tables: Option<Box<Tables>>,
}

/// How many inflaters are kept when no stream needs them: enough for clients that open a stream for each
/// package, which need one at a time; idle ones are 44 KiB each.
const MAX_SPARE: usize = 4;

impl Inflaters {
    /// A pool that lends `max` inflaters of [`INFLATER_BYTES`] at the same time.
    pub fn new(max: usize) -> Self {
        Inflaters {
            spare: Vec::new(),
            lent: 0,
            max,
            is_set_aside: false,
            tables: None,
        }
    }

    /// What [`whole`](super::whole) needs.
    pub(super) fn tables(&mut self) -> &mut Tables {
        self.tables.get_or_insert_with(|| Box::new(Tables::new()))
    }

    /// How many are lent: the streams that are open now.
    pub fn lent(&self) -> usize {
        self.lent
    }

    /// Whether one more may be lent.
    pub(crate) fn is_free(&self) -> bool {
        self.lent < self.max
    }

    /// Whether what is free is set aside for who [waits](super::Step::NoInflater) already.
    pub(crate) fn set_aside(&mut self, for_waiting: bool) {
        self.is_set_aside = for_waiting;
    }

    /// Whether they are [set aside](Inflaters::set_aside).
    pub(crate) fn is_set_aside(&self) -> bool {
        self.is_set_aside
    }

    /// Whether whoever asks is lent one.
    pub(super) fn may_lend(&self) -> bool {
        !self.is_set_aside && self.is_free()
    }

    /// One for a stream from its first byte on, if there is one.
    pub(super) fn lend(&mut self) -> Option<Box<Inflater>> {
        self.may_lend().then(|| {
            self.lent += 1;
            self.spare.pop().unwrap_or_else(Inflater::new)
        })
    }

    /// One for a stream behind its header, if there is one.
    pub(super) fn lend_with(&mut self, header: [u8; 2]) -> Option<Box<Inflater>> {
        let mut inflater = self.lend()?;
        inflater.begin(header);
        Some(inflater)
    }

    /// The same, of those that are set aside.
    pub(super) fn lend_set_aside(&mut self, header: [u8; 2]) -> Option<Box<Inflater>> {
        let is_set_aside = core::mem::take(&mut self.is_set_aside);
        let inflater = self.lend_with(header);
        self.is_set_aside = is_set_aside;
        inflater
    }

    pub(super) fn give_back(&mut self, mut inflater: Box<Inflater>) {
        self.lent -= 1;
        if self.spare.len() < MAX_SPARE {
            inflater.reset();
            self.spare.push(inflater);
        }
    }
}
