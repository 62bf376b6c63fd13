//! The virtual network: for each connection two pipes of bytes that take time, hold only so much,
//! and end well, badly, or not at all.

use std::collections::VecDeque;

/// A connection between a client and the server.
pub struct Link {
    /// From the client to the server.
    pub up: Pipe,
    /// From the server to the client.
    pub down: Pipe,
}

/// One direction of a [`Link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What the reader of a [`Pipe`] finds behind the bytes that have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More may come.
    Open,
    /// The writer has ended it.
    Finished,
    /// The connection is broken.
    Reset,
}

/// One direction: bytes that are under way, and bytes that have come and were not read yet.
pub struct Pipe {
    /// Bytes it holds at most, under way and unread: a socket's two buffers.
    capacity: usize,
    held: usize,
    flying: VecDeque<(u64, Parcel)>,
    landed: VecDeque<u8>,
    ending: Ending,
    writer: Writer,
    /// When the last parcel lands: none overtakes another.
    last: u64,
}

enum Parcel {
    Bytes(Vec<u8>),
    Finish,
    Reset,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    Open,
    Done,
}

impl Link {
    /// A connection whose pipes hold `capacity` bytes each.
    pub fn new(capacity: usize) -> Self {
        Link {
            up: Pipe::new(capacity),
            down: Pipe::new(capacity),
        }
    }

    /// The pipe of that way.
    pub fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Whether nothing is under way or unread.
    pub fn is_quiet(&self) -> bool {
        self.up.is_quiet() && self.down.is_quiet()
    }
}

impl Pipe {
    fn new(capacity: usize) -> Self {
        Pipe {
            capacity,
            held: 0,
            flying: VecDeque::new(),
            landed: VecDeque::new(),
            ending: Ending::Open,
            writer: Writer::Open,
            last: 0,
        }
    }

    /// How many bytes it takes now.
    pub fn room(&self) -> usize {
        match self.writer {
            Writer::Open => self.capacity - self.held,
            Writer::Done => 0,
        }
    }

    /// Sends `bytes`, for which there is room, to land at `at` or behind what is under way. When
    /// that is.
    pub fn send(&mut self, bytes: Vec<u8>, at: u64) -> u64 {
        debug_assert!(bytes.len() <= self.room(), "the writer has asked");
        self.held += bytes.len();
        self.put(Parcel::Bytes(bytes), at)
    }

    /// Ends it behind what was sent. When that lands.
    pub fn finish(&mut self, at: u64) -> Option<u64> {
        if self.writer == Writer::Done {
            return None;
        }
        self.writer = Writer::Done;
        Some(self.put(Parcel::Finish, at))
    }

    /// Breaks it; what is under way is lost. When that lands.
    pub fn reset(&mut self, at: u64) -> u64 {
        self.writer = Writer::Done;
        self.flying.clear();
        self.last = at;
        self.put(Parcel::Reset, at)
    }

    /// Loses the last bytes that were sent, as no real network does: for tests of the checks.
    pub fn lose_last(&mut self) {
        if let Some((_, Parcel::Bytes(bytes))) = self.flying.back_mut() {
            self.held -= bytes.len();
            bytes.clear();
        }
    }

    fn put(&mut self, parcel: Parcel, at: u64) -> u64 {
        self.last = self.last.max(at);
        self.flying.push_back((self.last, parcel));
        self.last
    }

    /// Lets land what is due by `now`.
    pub fn land(&mut self, now: u64) {
        while let Some((at, _)) = self.flying.front()
            && *at <= now
        {
            match self.flying.pop_front() {
                Some((_, Parcel::Bytes(bytes))) => self.landed.extend(bytes),
                Some((_, Parcel::Finish)) => self.ending = Ending::Finished,
                Some((_, Parcel::Reset)) => {
                    self.ending = Ending::Reset;
                    self.landed.clear();
                    self.held = 0;
                }
                None => unreachable!("the front was looked at"),
            }
        }
    }

    /// How many bytes can be read.
    pub fn unread(&self) -> usize {
        self.landed.len()
    }

    /// Reads up to `most` bytes.
    pub fn take(&mut self, most: usize) -> Vec<u8> {
        let count = most.min(self.landed.len());
        self.held -= count;
        // Two copies of memory, where draining goes byte by byte.
        let (front, back) = self.landed.as_slices();
        let of_front = count.min(front.len());
        let mut bytes = Vec::with_capacity(count);
        bytes.extend_from_slice(&front[..of_front]);
        bytes.extend_from_slice(&back[..count - of_front]);
        self.landed.drain(..count);
        bytes
    }

    /// What is found behind the bytes that have come.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// Whether nothing has come that a reader would find.
    pub fn is_untouched(&self) -> bool {
        self.landed.is_empty() && self.ending == Ending::Open
    }

    /// Whether nothing is under way or unread.
    pub fn is_quiet(&self) -> bool {
        self.flying.is_empty() && self.landed.is_empty()
    }
}
