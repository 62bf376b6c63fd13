//! The send queues of all connections.
//!
//! Frames (encoded packages) lie in shared, append-only *segments*; a connection's queue is a list
//! of *spans* of segments. A frame for a whole room is appended once, and queueing it for a member
//! is a compare and an add where it continues the member's last span. A segment lives as long as a
//! queue holds a span of it.
//!
//! A queue is charged, for each segment it holds, all of the segment up to the last frame it got
//! from it: that is what it keeps alive, whether the bytes were for it or not.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem::size_of;
use core::time::Duration;

use super::ConnId;
use super::format::Format;
use super::slots::Slot;
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::slab::{Key, shrink};
use crate::time::Time;
use crate::wire::{Encoding, Version};

pub(super) struct Outbox {
    /// Bytes a segment takes before the next one is begun.
    segment_bytes: usize,
    /// The most a queue may be charged.
    queue_bytes: usize,
    segments: Vec<Segment>,
    /// Places in `segments` that nobody holds.
    free: Vec<u32>,
    /// Buffers of freed segments, for the next ones.
    spare: Vec<Vec<u8>>,
    /// The capacity of all segments that are held, and what is counted beside it.
    held_bytes: usize,
    /// What is counted for a segment that is held, beside its capacity, and for a span.
    overhead: Overhead,
    /// The last generation of a segment.
    generation: u32,
    /// Bytes ever appended.
    appended: u64,
    /// Whether a queue was found more than half full, by someone who is waited for, since this was
    /// last asked.
    lagging: bool,
    now: Time,
    /// How long a reader is waited for.
    lag_limit: Duration,
    /// Since when a queue has been more than half full, or was and has not been empty since, by slot.
    laggards: BTreeMap<Slot, Time>,
    /// By the connection's slot.
    queues: Vec<Queue>,
}

struct Segment {
    bytes: Vec<u8>,
    /// How many queues hold a span of it, and one more for each frame that is being handed out.
    holders: u32,
    /// No other segment has or had it, so that a stale [`Tail`] is told.
    generation: u32,
}

/// What is counted for the bound of all queues beside the capacity of their segments.
#[derive(Clone, Copy)]
struct Overhead {
    segment: usize,
    span: usize,
}

impl Overhead {
    fn new(behaviour: Behaviour) -> Self {
        if behaviour.counts_all_of_queues() {
            // Its place, in a list that may be twice as long, one in the list of free ones, and what the
            // allocator adds.
            let segment = 2 * (size_of::<Segment>() + size_of::<u32>()) + 16;
            let span = size_of::<Span>();
            Overhead { segment, span }
        } else {
            Overhead {
                segment: 0,
                span: 0,
            }
        }
    }
}

/// The generation of a segment that nobody holds.
const NOBODYS: u32 = u32::MAX;

/// One cache line: all that it takes to hand a frame to a queue.
struct Queue {
    conn: ConnId,
    charge: usize,
    /// The last span, [`Span::NONE`] if the queue is empty.
    last: Span,
    format: Format,
    state: QueueState,
    /// The spans before the last.
    earlier: VecDeque<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum QueueState {
    /// Empty.
    Idle,
    /// A `Write` is among the outputs.
    Asked,
    /// The `Write` was handed out, and the adapter has not said yet what came of it.
    Writing,
    /// Over its bound: its spans are gone, and it takes no more.
    Overflowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    segment: u32,
    start: u32,
    end: u32,
}

impl Span {
    /// A span of no segment.
    const NONE: Span = Span {
        segment: u32::MAX,
        start: 0,
        end: 0,
    };

    fn is_none(self) -> bool {
        self.segment == u32::MAX
    }

    fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Where a room appends its next frame in one encoding; may have gone stale.
#[derive(Clone, Copy, Default)]
pub(super) struct Tail {
    segment: u32,
    /// The generation of the segment; no segment has generation 0.
    generation: u32,
}

/// The tails of a room, by [`Format`].
pub(super) type Tails = [Tail; Format::COUNT];

/// A frame that was appended and is being handed out. Must be given to [`Outbox::handed_out`].
#[derive(Clone, Copy)]
pub(super) struct Frame(Span);

/// What came of handing a frame to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Nobody writes to the connection yet: it is to be written to.
    First(ConnId),
    /// It was queued behind others, and will be written with them.
    Queued,
    /// The queue is over its bound and was emptied; its connection is to be closed.
    Overflowed,
    /// The queue takes no more; its connection is about to be closed.
    Refused,
}

/// Buffers of freed segments that are kept: as many as two rooms write to, one for each format.
const MAX_SPARE: usize = 8;
/// Spans that an empty queue keeps room for: what a list takes at its first one.
const MAX_IDLE_SPANS: usize = 4;
/// Places for segments, of some 40 bytes, that are kept when nobody holds any.
const MAX_IDLE_PLACES: usize = 1024;

impl Outbox {
    pub(super) fn new(behaviour: Behaviour, config: &Config) -> Self {
        Outbox {
            segment_bytes: config.segment_bytes(),
            queue_bytes: config.send_queue_bytes,
            overhead: Overhead::new(behaviour),
            generation: 0,
            now: Time::ZERO,
            lag_limit: config.lag_limit,
            laggards: BTreeMap::new(),
            segments: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            held_bytes: 0,
            appended: 0,
            lagging: false,
            queues: Vec::new(),
        }
    }

    /// It is so late now.
    pub(super) fn set_time(&mut self, now: Time) {
        self.now = now;
    }

    /// An empty queue for the connection in `slot`.
    pub(super) fn open(&mut self, slot: Slot, conn: ConnId, encoding: Encoding) {
        let queue = Queue {
            conn,
            format: Format::new(Version::One, encoding),
            state: QueueState::Idle,
            charge: 0,
            last: Span::NONE,
            earlier: VecDeque::new(),
        };
        match self.queues.get_mut(slot.index()) {
            Some(place) => *place = queue,
            None => {
                debug_assert_eq!(
                    slot.index(),
                    self.queues.len(),
                    "slots are handed out in order"
                );
                self.queues.push(queue);
            }
        }
    }

    #[inline(always)]
    pub(super) fn format(&self, slot: Slot) -> Format {
        self.queues[slot.index()].format
    }

    pub(super) fn set_encoding(&mut self, slot: Slot, encoding: Encoding) {
        self.queues[slot.index()].format.set_encoding(encoding);
    }

    pub(super) fn set_version(&mut self, slot: Slot, version: Version) {
        self.queues[slot.index()].format.set_version(version);
    }

    /// Appends what `write` writes of a text of `length` bytes to the segment at `tail`, or to a new
    /// one.
    pub(super) fn append(
        &mut self,
        tail: &mut Tail,
        length: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Frame {
        let open = self
            .segments
            .get(tail.segment as usize)
            .is_some_and(|segment| {
                segment.generation == tail.generation && segment.bytes.len() < self.segment_bytes
            });
        if !open {
            *tail = self.begin_segment();
        }
        let segment = &mut self.segments[tail.segment as usize];
        let (start, capacity) = (segment.bytes.len(), segment.bytes.capacity());
        // What an encoding makes of a text is hardly longer, and in bits of a short one an eighth.
        let needed = start + length + length.min(512) / 8 + 64;
        if needed > capacity && self.overhead.segment > 0 {
            // Twice as much as there is, but not where the segment ends with this frame.
            let target = (2 * start).min(self.segment_bytes).max(needed);
            segment.bytes.reserve_exact(target - start);
        }
        write(&mut segment.bytes);
        segment.holders += 1;
        self.held_bytes += segment.bytes.capacity() - capacity;
        self.appended += (segment.bytes.len() - start) as u64;
        Frame(Span {
            segment: tail.segment,
            start: offset(start),
            end: offset(segment.bytes.len()),
        })
    }

    /// Queues `frame` for the connection in `slot`. Frames of one segment are to be queued in the
    /// order they were appended.
    #[inline(always)]
    pub(super) fn push(&mut self, slot: Slot, frame: Frame) -> Pushed {
        let Frame(span) = frame;
        let half = self.queue_bytes / 2;
        let queue = &mut self.queues[slot.index()];
        let charge = queue.charge + span.len();
        if queue.last.segment == span.segment && queue.last.end == span.start && charge <= half {
            // It goes on where the last one ended: so it is with nearly all.
            queue.last.end = span.end;
            queue.charge = charge;
            return Pushed::Queued;
        }
        self.push_anew(slot, span)
    }

    #[cold]
    #[inline(never)]
    fn push_anew(&mut self, slot: Slot, span: Span) -> Pushed {
        let queue = &mut self.queues[slot.index()];
        if queue.state == QueueState::Overflowed {
            return Pushed::Refused;
        }
        let held = queue.held_of(span.segment);
        if held.is_none() {
            self.segments[span.segment as usize].holders += 1;
        }
        queue.charge += (span.end - held.unwrap_or(0)) as usize;
        let last = core::mem::replace(&mut queue.last, span);
        if last.segment == span.segment && last.end == span.start {
            queue.last.start = last.start;
        } else if !last.is_none() {
            let capacity = queue.earlier.capacity();
            queue.earlier.push_back(last);
            self.held_bytes += (queue.earlier.capacity() - capacity) * self.overhead.span;
        }
        let pushed = if queue.state == QueueState::Idle {
            queue.state = QueueState::Asked;
            Pushed::First(queue.conn)
        } else {
            Pushed::Queued
        };
        if queue.charge > self.queue_bytes {
            self.overflow(slot);
            return Pushed::Overflowed;
        }
        if queue.charge > self.queue_bytes / 2 {
            let since = *self.laggards.entry(slot).or_insert(self.now);
            self.lagging |= self.now < since + self.lag_limit;
        }
        pushed
    }

    /// The bytes of a frame that is being handed out.
    pub(super) fn bytes(&self, Frame(frame): Frame) -> &[u8] {
        let segment = &self.segments[frame.segment as usize];
        &segment.bytes[frame.start as usize..frame.end as usize]
    }

    /// Whose queue is in `slot`, and its encoding.
    pub(super) fn recipient(&self, slot: Slot) -> (ConnId, Encoding) {
        let queue = &self.queues[slot.index()];
        (queue.conn, queue.format.encoding())
    }

    /// Ends the handing out of `frame`.
    pub(super) fn handed_out(&mut self, Frame(frame): Frame) {
        self.let_go(frame.segment);
    }

    /// The bytes queued for the connection in `slot`, in order; none if there is no connection.
    pub(super) fn pending(&self, slot: Option<Slot>) -> impl Iterator<Item = &[u8]> {
        static NOTHING: VecDeque<Span> = VecDeque::new();
        let queue = slot.map(|slot| &self.queues[slot.index()]);
        let (earlier, last) = queue.map_or((&NOTHING, Span::NONE), |q| (&q.earlier, q.last));
        let last = (!last.is_none()).then_some(last);
        earlier.iter().copied().chain(last).map(|span| {
            &self.segments[span.segment as usize].bytes[span.start as usize..span.end as usize]
        })
    }

    /// A `Write` for the connection in `slot` is about to be handed out; whether it still is of use.
    pub(super) fn write(&mut self, slot: Slot) -> bool {
        let queue = &mut self.queues[slot.index()];
        let asked = queue.state == QueueState::Asked;
        if asked {
            queue.state = QueueState::Writing;
        }
        asked
    }

    pub(super) fn is_empty(&self, slot: Slot) -> bool {
        self.queues[slot.index()].last.is_none()
    }

    pub(super) fn is_half_full(&self, slot: Slot) -> bool {
        self.queues[slot.index()].charge > self.queue_bytes / 2
    }

    /// Takes the first `count` bytes from the queue in `slot`, or all there are. Says whom to ask again
    /// to write to, if something is left.
    pub(super) fn sent(&mut self, slot: Slot, count: u32) -> Option<ConnId> {
        let mut left = count as usize;
        let queue = &mut self.queues[slot.index()];
        while left > 0 && !queue.last.is_none() {
            let front = queue.earlier.front_mut().unwrap_or(&mut queue.last);
            if left < front.len() {
                front.start += left as u32;
                break;
            }
            left -= front.len();
            let gone = *front;
            if queue.earlier.pop_front().is_none() {
                queue.last = Span::NONE;
            }
            if queue.held_of(gone.segment).is_none() {
                queue.charge -= gone.end as usize;
                // `let_go` of the segment, with the queue borrowed.
                let segment = &mut self.segments[gone.segment as usize];
                segment.holders -= 1;
                if segment.holders == 0 {
                    self.held_bytes -= free(segment, self.segment_bytes, &mut self.spare);
                    self.held_bytes -= self.overhead.segment;
                    self.free.push(gone.segment);
                }
            }
        }
        if !queue.last.is_none() {
            let asked = core::mem::replace(&mut queue.state, QueueState::Asked);
            return (asked == QueueState::Writing).then_some(queue.conn);
        }
        if queue.state != QueueState::Overflowed {
            queue.state = QueueState::Idle;
        }
        if queue.earlier.capacity() > MAX_IDLE_SPANS {
            self.held_bytes -= queue.earlier.capacity() * self.overhead.span;
            queue.earlier = VecDeque::new();
        }
        if !self.laggards.is_empty() {
            self.laggards.remove(&slot);
        }
        self.trim_segments();
        None
    }

    /// Drops all that is queued for the connection in `slot`.
    pub(super) fn clear(&mut self, slot: Slot) {
        let queue = &mut self.queues[slot.index()];
        let mut earlier = core::mem::take(&mut queue.earlier);
        self.held_bytes -= earlier.capacity() * self.overhead.span;
        self.laggards.remove(&slot);
        let last = core::mem::replace(&mut queue.last, Span::NONE);
        queue.charge = 0;
        queue.state = QueueState::Idle;
        if last.is_none() {
            return;
        }
        while let Some(span) = earlier.pop_front() {
            let mut later = earlier.iter().chain([&last]);
            if !later.any(|other| other.segment == span.segment) {
                self.let_go(span.segment);
            }
        }
        self.let_go(last.segment);
        self.trim_segments();
    }

    /// Gives back what the slots from `slots` on took, which nobody has.
    pub(super) fn trim(&mut self, slots: usize) {
        self.queues.truncate(slots);
        shrink(&mut self.queues);
    }

    /// Gives back the places of segments once nobody holds any.
    fn trim_segments(&mut self) {
        if self.free.len() == self.segments.len() && self.free.capacity() > MAX_IDLE_PLACES {
            self.segments = Vec::new();
            self.free = Vec::new();
        }
    }

    /// Whether a frame came to a queue that is more than half full since this was last asked.
    pub(super) fn take_lagging(&mut self) -> bool {
        core::mem::take(&mut self.lagging)
    }

    /// How many bytes were ever appended.
    pub(super) fn appended(&self) -> u64 {
        self.appended
    }

    /// The capacity of all segments that are held, in bytes, and what is counted beside it.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// The slot whose queue is charged most, if any holds something; the lowest of equals.
    pub(super) fn heaviest(&self) -> Option<Slot> {
        let (slot, queue) = self
            .queues
            .iter()
            .enumerate()
            .rev()
            .max_by_key(|(_, queue)| queue.charge)?;
        (queue.charge > 0).then(|| Slot::new(offset(slot)))
    }

    /// Empties the queue in `slot` for good.
    pub(super) fn overflow(&mut self, slot: Slot) {
        self.clear(slot);
        self.queues[slot.index()].state = QueueState::Overflowed;
    }

    /// Recomputes what is kept in step with the queues, and panics where it differs.
    pub(super) fn check_invariants(&self) {
        let mut holders = alloc::vec![0; self.segments.len()];
        for queue in &self.queues {
            let mut charge = 0;
            for (at, span) in queue.spans().enumerate() {
                let segment = &self.segments[span.segment as usize];
                assert!(span.start < span.end, "a span has bytes");
                assert!(
                    span.end as usize <= segment.bytes.len(),
                    "a span lies in its segment"
                );
                let mut later = queue.spans().skip(at + 1);
                if !later.any(|other| other.segment == span.segment) {
                    holders[span.segment as usize] += 1;
                    charge += span.end as usize;
                }
            }
            assert_eq!(queue.charge, charge, "a queue is charged what it holds");
            assert!(charge <= self.queue_bytes, "a queue is within its bound");
            let outstanding = matches!(queue.state, QueueState::Asked | QueueState::Writing);
            assert_eq!(
                outstanding,
                charge > 0,
                "a queue has a write outstanding if and only if it has something"
            );
            assert!(
                queue.earlier.is_empty() || !queue.last.is_none(),
                "what is not last comes before something"
            );
        }
        let spans = |queue: &Queue| queue.earlier.capacity() * self.overhead.span;
        let mut held_bytes: usize = self.queues.iter().map(spans).sum();
        for (segment, holders) in self.segments.iter().zip(holders) {
            assert_eq!(segment.holders, holders, "a segment knows its holders");
            held_bytes += segment.bytes.capacity();
            if holders > 0 {
                held_bytes += self.overhead.segment;
            }
        }
        for slot in self.laggards.keys() {
            assert!(!self.is_empty(*slot), "an empty queue does not lag");
        }
        assert_eq!(
            self.held_bytes, held_bytes,
            "the held bytes are accounted for"
        );
    }

    fn begin_segment(&mut self) -> Tail {
        let segment = self.free.pop().unwrap_or_else(|| {
            self.segments.push(Segment {
                bytes: Vec::new(),
                holders: 0,
                generation: NOBODYS,
            });
            offset(self.segments.len() - 1)
        });
        self.held_bytes += self.overhead.segment;
        // No segment has generation 0.
        self.generation = (self.generation + 1) % NOBODYS;
        let generation = self.generation.max(1);
        let place = &mut self.segments[segment as usize];
        place.generation = generation;
        if let Some(buffer) = self.spare.pop() {
            place.bytes = buffer;
            self.held_bytes += place.bytes.capacity();
        }
        Tail {
            segment,
            generation,
        }
    }

    fn let_go(&mut self, segment: u32) {
        let place = &mut self.segments[segment as usize];
        place.holders -= 1;
        if place.holders == 0 {
            self.held_bytes -= free(place, self.segment_bytes, &mut self.spare);
            self.held_bytes -= self.overhead.segment;
            self.free.push(segment);
        }
    }
}

impl Queue {
    fn spans(&self) -> impl Iterator<Item = Span> {
        let last = (!self.last.is_none()).then_some(self.last);
        self.earlier.iter().copied().chain(last)
    }

    /// Up to where the queue holds of `segment`, if it does.
    fn held_of(&self, segment: u32) -> Option<u32> {
        // A queue is short, and what is looked for is near its end.
        let mut spans = self.earlier.iter().chain([&self.last]).rev();
        let span = spans.find(|span| span.segment == segment);
        span.map(|span| span.end)
    }
}

/// Takes a segment's buffer: how many bytes it had taken.
fn free(segment: &mut Segment, segment_bytes: usize, spare: &mut Vec<Vec<u8>>) -> usize {
    segment.generation = NOBODYS;
    let mut buffer = core::mem::take(&mut segment.bytes);
    let capacity = buffer.capacity();
    if spare.len() < MAX_SPARE && capacity <= 2 * segment_bytes {
        buffer.clear();
        spare.push(buffer);
    }
    capacity
}

fn offset(value: usize) -> u32 {
    u32::try_from(value).expect("segments and slots are far fewer and shorter than 2^32")
}
