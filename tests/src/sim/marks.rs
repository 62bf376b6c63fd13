//! The rare situations that a run is to have been in, for what is never reached is never tested.

use std::fmt;

macro_rules! marks {
    ($($(#[doc = $doc:literal])* $mark:ident: $name:literal,)*) => {
        /// A rare situation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mark {
            $($(#[doc = $doc])* $mark,)*
        }

        impl Mark {
            /// All of them.
            pub const ALL: &[Mark] = &[$(Mark::$mark),*];

            /// What happened.
            pub fn name(self) -> &'static str {
                match self {
                    $(Mark::$mark => $name,)*
                }
            }
        }
    };
}

marks! {
    /// [`CloseReason::SlowConsumer`](chatmaster_core::CloseReason::SlowConsumer).
    SlowConsumer: "a slow consumer was closed",
    /// The same, while less than half of its own bound waited for it and the bound of all is tight.
    TotalBound: "the bound of all queues together was reached",
    /// A login came too late.
    LoginDeadline: "a login deadline was hit",
    /// The last login failed.
    LoginTries: "login tries were exhausted",
    /// Reading was paused where only flood control or the turn can be the cause, for longer than a turn.
    FloodPause: "flood control paused a connection",
    /// Reading was paused where only the turn can be the cause.
    TurnYielded: "a turn was yielded",
    /// Reading was paused where only lag or the turn can be the cause, for longer than a turn.
    LagPause: "a room waited for a reader that lags",
    /// A room was not made for want of a place.
    RoomLimit: "the limit of rooms was reached",
    /// One connection too many.
    ConnectionLimit: "the limit of connections was reached",
    /// One connection too many from one address.
    AddressLimit: "the limit of connections from one address was reached",
    /// One zlib stream too many, for which another was closed.
    InflaterLimit: "the limit of open zlib streams was reached",
    /// Someone who found others in a room could hide it later.
    OwnerInherits: "the owner went and another inherited",
    /// A join to a private room was refused.
    PrivateRefused: "a newcomer was kept out of a private room",
    /// A name was refused for its looks.
    ConfusableRefused: "a name that only looks the same was refused",
    /// A name that was free when it was asked for was taken when the asking came.
    NameRace: "two raced for a name",
    /// A name that one had was taken by another.
    NameReused: "a released name was taken by another",
    /// A message was over the limit.
    MessageRefused: "a message was too long",
    /// A list said how many more there are.
    ListCut: "a list was cut to what fits",
    /// The end of what a peer sends came while its reading was paused.
    HalfCloseWithBacklog: "a paused peer hung up",
    /// A closing connection's peer did not close its half in time.
    LingerDeadline: "a linger deadline was hit",
    /// A connection was lost with bytes waiting for it.
    ResetWithPending: "a reset came with bytes pending",
    /// One read ended behind the first byte of a zlib header.
    SplitInHeader: "a read ended inside a zlib header",
    /// More came while paused than may wait.
    BacklogBound: "the bound of a backlog was reached",
    /// A stopping server waited for someone until the linger deadline.
    ShutdownStuck: "a stopping server met a stuck reader",
    /// A user who is logged in broke the protocol.
    ViolationAfterLogin: "a user broke the protocol",
    /// A zlib bomb was stopped.
    Bomb: "a zlib bomb was sent",
    /// The network took a part of what was pending.
    PartialWrite: "a write was partial",
    /// A peer that had gone without a word was closed.
    HalfOpenClosed: "a half-open connection was closed",
    /// The hub was handed a time before that of an earlier input.
    ClockBack: "the clock went back",
    /// The hub's time jumped.
    ClockForward: "the clock jumped ahead",
    /// The hub asked for its outputs to be drained.
    WantedFlush: "the hub asked for a drain",
    /// An input was for a connection that the hub had closed.
    LateInput: "an input came too late",
    /// Many connected at once.
    Storm: "a storm of connections",
    /// A connection of version 2 broke.
    Snapped: "a connection broke whose user comes back",
    /// One did without a word.
    Hung: "a connection hung whose user comes back",
    /// A seat was taken again.
    Resumed: "a seat was taken again",
    /// A message was sent again under its tag.
    SentAgain: "a message was sent again",
    /// Someone was kicked or banned out of a room.
    PutOut: "someone was put out of a room",
}

/// How often each [`Mark`] was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks(Vec<u64>);

impl Default for Marks {
    fn default() -> Self {
        Marks(vec![0; Mark::ALL.len()])
    }
}

impl Marks {
    /// Counts `mark`.
    pub fn reach(&mut self, mark: Mark) {
        self.0[mark as usize] += 1;
    }

    /// How often `mark` was reached.
    pub fn count(&self, mark: Mark) -> u64 {
        self.0[mark as usize]
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Marks) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// The marks that were never reached.
    pub fn missed(&self) -> Vec<Mark> {
        let missed = Mark::ALL.iter().filter(|mark| self.count(**mark) == 0);
        missed.copied().collect()
    }
}

impl fmt::Display for Marks {
    /// A line for each mark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mark in Mark::ALL {
            writeln!(f, "{:>10}  {}", self.count(*mark), mark.name())?;
        }
        Ok(())
    }
}
