//! What an adapter has to remember of a connection: here once, for every adapter and for whatever
//! stands in for one in a test, so that none of them remembers more than another.
//!
//! Nothing in here touches a socket. The poll is taken to tell only once that a socket has become
//! readable or writable, as edge-triggered ones do; what it told holds until a read or write has
//! found out that it is so no more. An adapter keeps two queues, of the connections to read from and
//! to write to; what is in here says when one belongs there, so that none is in one of them twice.

/// Whether a connection has to be put into a queue.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueue {
    /// It has.
    Yes,
    /// It is there already, or does not belong there.
    No,
}

/// Whether a socket takes another read or write at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It may; another attempt will show.
    Ready,
    /// It does not; the poll will tell when it does.
    Blocked,
}

/// Reading from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadState {
    ready: Ready,
    gate: Gate,
}

/// Whether there may be something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    /// No: the poll will tell.
    No,
    /// Yes: in the queue of those to read from.
    Queued,
    /// Yes, but the gate was found shut: not in the queue.
    Held,
}

/// Whether the core takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    /// Not for now.
    Paused,
    /// There is nothing to come.
    Ended,
}

impl Default for ReadState {
    fn default() -> Self {
        ReadState {
            ready: Ready::No,
            gate: Gate::Open,
        }
    }
}

impl ReadState {
    /// The poll has told that there may be something to read. To the queue of those to read from.
    pub fn readable(&mut self) -> Enqueue {
        if self.ready != Ready::No {
            return Enqueue::No;
        }
        self.ready = Ready::Queued;
        Enqueue::Yes
    }

    /// The core takes nothing for now: [`PauseRead`](crate::Output::PauseRead).
    pub fn pause(&mut self) {
        if self.gate == Gate::Open {
            self.gate = Gate::Paused;
        }
    }

    /// The core takes what comes again: [`ResumeRead`](crate::Output::ResumeRead). To the queue of
    /// those to read from.
    pub fn resume(&mut self) -> Enqueue {
        if self.gate == Gate::Paused {
            self.gate = Gate::Open;
        }
        if self.gate == Gate::Open && self.ready == Ready::Held {
            self.ready = Ready::Queued;
            return Enqueue::Yes;
        }
        Enqueue::No
    }

    /// The connection was taken from the queue of those to read from. Whether to read, and then to say
    /// [`ReadState::read_done`] or [`ReadState::end`].
    #[must_use]
    pub fn begin_read(&mut self) -> bool {
        if self.ready != Ready::Queued {
            return false;
        }
        if self.gate != Gate::Open {
            self.ready = Ready::Held;
            return false;
        }
        true
    }

    /// A read brought bytes, or none. Back to the queue of those to read from.
    pub fn read_done(&mut self, readiness: Readiness) -> Enqueue {
        match readiness {
            Readiness::Ready => Enqueue::Yes,
            Readiness::Blocked => {
                self.ready = Ready::No;
                Enqueue::No
            }
        }
    }

    /// A read has met the end, or an error: nothing is read any more.
    pub fn end(&mut self) {
        self.ready = Ready::Held;
        self.gate = Gate::Ended;
    }

    /// Whether the core takes nothing for now.
    pub fn is_paused(&self) -> bool {
        self.gate == Gate::Paused
    }

    /// Whether it is in the queue of those to read from.
    pub fn is_queued(&self) -> bool {
        self.ready == Ready::Queued
    }
}

/// Writing to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteState {
    /// There is nothing to write: the core will tell.
    #[default]
    Idle,
    /// In the queue of those to write to.
    Queued,
    /// The socket takes no more: the poll will tell when it does.
    Blocked,
}

impl WriteState {
    /// The core wants to be written for: [`Write`](crate::Output::Write). To the queue of those to
    /// write to.
    pub fn request(&mut self) -> Enqueue {
        self.enqueue_from(WriteState::Idle)
    }

    /// The poll has told that the socket may take something. To the queue of those to write to.
    pub fn writable(&mut self) -> Enqueue {
        self.enqueue_from(WriteState::Blocked)
    }

    /// The connection was taken from the queue of those to write to. Whether to write, and then to say
    /// [`WriteState::write_done`].
    #[must_use]
    pub fn begin_write(&self) -> bool {
        self.is_queued()
    }

    /// A write is over, and the core is to be told what came of it. What is left needs no second
    /// thought: either the poll tells when there is room for it, or the core says so.
    pub fn write_done(&mut self, readiness: Readiness) {
        *self = match readiness {
            Readiness::Ready => WriteState::Idle,
            Readiness::Blocked => WriteState::Blocked,
        };
    }

    /// Whether it is in the queue of those to write to.
    pub fn is_queued(&self) -> bool {
        *self == WriteState::Queued
    }

    fn enqueue_from(&mut self, state: WriteState) -> Enqueue {
        if *self != state {
            return Enqueue::No;
        }
        *self = WriteState::Queued;
        Enqueue::Yes
    }
}
