//! Every bound of a [`Hub`](crate::Hub), by name.

use core::fmt;
use core::time::Duration;

use crate::wire::Encoding;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The limits and choices of a [`Hub`](crate::Hub). What one connection, and all of them together,
/// can make the hub hold follows from these fields; [`Config::memory_bound`] is the sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The encoding the server writes in until a client has shown its own (the
    /// [protocol](crate::protocol), "What a server writes"). Default: zlib.
    pub encoding: Encoding,
    /// Bytes of one package, decoded and encoded alike. Default: 16 KiB.
    pub max_package_bytes: usize,
    /// Bytes of a message's text, in UTF-8. Default: 4096.
    pub max_message_bytes: usize,
    /// How long a connection may stay without a login. Default: 30 s.
    pub login_timeout: Duration,
    /// How many logins may fail before the connection is closed. Default: 5.
    pub login_tries: u32,
    /// Bytes that may wait to be sent to one connection; over it the connection is closed as a slow
    /// consumer. Default: 256 KiB.
    pub send_queue_bytes: usize,
    /// Bytes that may wait to be sent to all connections together; over it the connection that
    /// holds most is closed as a slow consumer, and so on. Default: 256 MiB.
    pub total_queue_bytes: usize,
    /// Bytes received from a connection whose reading is paused, that wait to be decoded; over it the
    /// connection is closed. An adapter that reads no more than this at once, and honours
    /// [`PauseRead`](crate::Output::PauseRead), never gets there. Default: 256 KiB.
    pub backlog_bytes: usize,
    /// Connections at the same time. Default: 100,000.
    pub max_connections: usize,
    /// Connections at the same time from one address; loopback is exempt. An IPv6 address counts by its
    /// /64, which is what one customer has; a link-local one as a whole. Default: 64.
    pub max_connections_per_address: usize,
    /// Connections per second that one address may open for good; over it they are refused. Twice as
    /// many as it may have at the same time may come at once. Loopback is exempt here and in the next
    /// two, and 0 turns each off. Default: 10.
    pub connect_rate: u32,
    /// Packages per second that the connections of one address which have not logged in yet may send
    /// for good, and so logins; over it they wait, within their `login_timeout`. At once: twice as many
    /// as an address may have connections. Default: 10.
    pub login_rate: u32,
    /// Renames per second that one address may ask for, for good; over it they are refused. At once:
    /// twice as many as an address may have connections. Default: 2.
    pub rename_rate: u32,
    /// Connections at the same time that are in the middle of a zlib stream, each of which holds an
    /// inflater of about 44 KiB. Who needs one more waits. Default: 8192.
    pub max_inflaters: usize,
    /// How long a zlib stream that stands still is safe while others wait for an inflater: for a user
    /// since something came last, for who is not logged in since it began. Then its connection may be
    /// closed for them; no user's for who is not logged in. Default: 2 s.
    pub stream_grace: Duration,
    /// Rooms at the same time, the general room included. Default: 10,000.
    pub max_rooms: usize,
    /// Packages per second that a connection may send for good; over it reading is delayed, nothing
    /// is dropped. 0 turns flood control off. Default: 10.
    pub message_rate: u32,
    /// Packages that a connection may send at once before `message_rate` counts, at least 1.
    /// Default: 30.
    pub message_burst: u32,
    /// The same for a connection that has not logged in, at least 1; `message_burst` if that is less.
    /// Default: 10.
    pub login_burst: u32,
    /// Work that a package is taken for at the price of one, in bytes: each that came counts, each that
    /// was inflated, and each block of a zlib stream as 512. Each time as much again counts as one more
    /// package for `message_rate`. 16 KiB take 0.2 ms at the worst (on a busy virtual x86-64 machine);
    /// a message of 4 KiB, escaped letter by letter and compressed, takes 12 KiB. 0 turns it off.
    /// Default: 16 KiB.
    pub package_work: usize,
    /// How long a room takes nothing more behind a package for a member whose send queue is more than
    /// half full, so that readers who read can catch up before they would be closed. Whoever does
    /// not read slows its room down to one package in this time while the other half of its queue
    /// fills, and then is closed. Zero turns it off. Default: 2 ms.
    pub lag_pause: Duration,
    /// How long a member may slow its room down like this. Counts from when its queue became more
    /// than half full until it is empty; after that nobody waits for it, and it is closed once its
    /// queue is full. Default: 10 s.
    pub lag_limit: Duration,
    /// How long a connection that is being closed may take to receive its last packages.
    /// Default: 5 s.
    pub linger: Duration,
    /// Members up to which a room tells all of them who joins, leaves and takes another name, so that
    /// a login costs what these cost and not what a crowd does. In a larger room only the one
    /// concerned is told. Who leaves and who joins counts as a member. 0: there is no limit.
    /// Default: 500.
    pub announce_limit: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            encoding: Encoding::Zlib,
            max_package_bytes: 16 * KIB,
            max_message_bytes: 4096,
            login_timeout: Duration::from_secs(30),
            login_tries: 5,
            send_queue_bytes: 256 * KIB,
            total_queue_bytes: 256 * MIB,
            backlog_bytes: 256 * KIB,
            max_connections: 100_000,
            max_connections_per_address: 64,
            connect_rate: 10,
            login_rate: 10,
            rename_rate: 2,
            max_inflaters: 8192,
            stream_grace: Duration::from_secs(2),
            max_rooms: 10_000,
            message_rate: 10,
            message_burst: 30,
            login_burst: 10,
            package_work: 16 * KIB,
            lag_pause: Duration::from_millis(2),
            lag_limit: Duration::from_secs(10),
            linger: Duration::from_secs(5),
            announce_limit: 500,
        }
    }
}

impl Config {
    /// The least [`Config::send_queue_bytes`]: room for a few replies, whatever they hold.
    pub const MIN_SEND_QUEUE_BYTES: usize = 8 * KIB;
    /// The least [`Config::max_package_bytes`]: room for a login with the longest name, escaped.
    pub const MIN_PACKAGE_BYTES: usize = 512;

    /// Whether these limits go together.
    ///
    /// # Errors
    /// The first field that does not, with the value it would need, and because of which other.
    pub fn check(&self) -> Result<(), ConfigError> {
        let at_least = |field, value, least, because| {
            if value < least {
                Err(ConfigError {
                    field,
                    least,
                    because,
                })
            } else {
                Ok(())
            }
        };
        let micros = |duration: Duration| duration.as_micros() as usize;
        at_least(
            "max_package_bytes",
            self.max_package_bytes,
            Self::MIN_PACKAGE_BYTES,
            None,
        )?;
        at_least("max_message_bytes", self.max_message_bytes, 1, None)?;
        at_least("login_timeout", micros(self.login_timeout), 1, None)?;
        at_least("login_tries", self.login_tries as usize, 1, None)?;
        // A reader that has taken all it was sent has an empty queue, and is charged for all of the
        // segment its next frame lies in, for three turns, and for the message that ended the last of
        // them (see `turn_bytes`): an eighth, three eighths, and half.
        let messages = self.message_frame_bytes().saturating_mul(2);
        let because = (messages > Self::MIN_SEND_QUEUE_BYTES).then_some("max_message_bytes");
        at_least(
            "send_queue_bytes",
            self.send_queue_bytes,
            messages.max(Self::MIN_SEND_QUEUE_BYTES),
            because,
        )?;
        // The segments that the same message is in, once for each encoding, may have twice the room
        // that they need.
        at_least(
            "total_queue_bytes",
            self.total_queue_bytes,
            self.send_queue_bytes.saturating_mul(2),
            Some("send_queue_bytes"),
        )?;
        at_least(
            "backlog_bytes",
            self.backlog_bytes,
            self.max_package_bytes,
            Some("max_package_bytes"),
        )?;
        at_least("max_connections", self.max_connections, 1, None)?;
        at_least(
            "max_connections_per_address",
            self.max_connections_per_address,
            1,
            None,
        )?;
        at_least("max_inflaters", self.max_inflaters, 1, None)?;
        at_least("max_rooms", self.max_rooms, 1, None)?;
        at_least("message_burst", self.message_burst as usize, 1, None)?;
        at_least("login_burst", self.login_burst as usize, 1, None)?;
        at_least("linger", micros(self.linger), 1, None)
    }

    /// The most bytes that a message takes on the wire: each byte of its text may have to be written
    /// as six (`\u0001`); around it are a package, and the longest name.
    pub fn message_frame_bytes(&self) -> usize {
        let text = self.max_message_bytes.min(self.max_package_bytes);
        text.saturating_mul(6).saturating_add(256)
    }

    /// Bytes of names that a list (`session`, `channel_list`, `user_list`) may carry; what does not
    /// fit is counted in the attribute `more`. A quarter of the send queue, 64 KiB at most, so that
    /// no list can overflow the queue of the one who asked for it.
    pub fn list_bytes(&self) -> usize {
        (self.send_queue_bytes / 4).min(64 * KIB)
    }

    /// Bytes of a shared segment of the send queues: an eighth of a connection's queue, so that what
    /// a connection is charged for beyond its own packages stays a small part of its bound; 32 KiB
    /// at most.
    pub fn segment_bytes(&self) -> usize {
        (self.send_queue_bytes / 8).clamp(KIB, 32 * KIB)
    }

    /// Bytes of frames after which one input yields to the next: what packages it has left wait for a
    /// microsecond, so that what was queued can be sent first. An eighth of a connection's queue:
    /// with [`Hub::wants_flush`](crate::Hub::wants_flush) honoured, whoever takes what is sent has
    /// at most three of these and one list queued, less than two thirds of the bound.
    pub fn turn_bytes(&self) -> usize {
        self.send_queue_bytes / 8
    }

    /// Whether a room of so many members tells them all who comes and goes.
    pub(crate) fn announces(&self, members: usize) -> bool {
        self.announce_limit == 0 || members <= self.announce_limit
    }
}

/// A field of [`Config`] below the least value that works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// The field's name.
    pub field: &'static str,
    /// The least value it may have, in the field's unit (microseconds for durations).
    pub least: usize,
    /// The field whose value takes this much, if there is one: to lower that one helps too.
    pub because: Option<&'static str>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be at least {}", self.field, self.least)?;
        match self.because {
            Some(because) => write!(f, ", for this {because}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ConfigError {}
