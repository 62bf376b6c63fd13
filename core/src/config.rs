//! Every bound of a [`Hub`](crate::Hub), by name.

use core::fmt;
use core::time::Duration;

use crate::wire::Encoding;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Makes [`Config`] with its defaults, and [`Config::LIMITS`], of one list. Of each limit: its name,
/// type and default; the unit of its number, and the least it may be; its place among the limits in the
/// header of a recording; and, if there are recordings without it, its number there. The first line of
/// its documentation is what `--help` says of it.
macro_rules! limits {
    ($(
        #[doc = $help:literal]
        $(#[doc = $doc:literal])*
        $name:ident: $type:ty = $default:expr,
        $unit:ident from $least:expr, header $place:literal $(or $absent:expr)?;
    )*) => {
        /// The limits and choices of a [`Hub`](crate::Hub). What one connection, and all of them together,
        /// can make the hub hold follows from these fields; [`Config::memory_bound`] is the sum.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Config {
            /// The encoding the server writes in until a client has shown its own (proposal, "Packages":
            /// compression is preferred). Default: zlib.
            pub encoding: Encoding,
            $(
                #[doc = $help]
                $(#[doc = $doc])*
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`.")]
                pub $name: $type,
            )*
        }

        impl Default for Config {
            fn default() -> Self {
                Config {
                    encoding: Encoding::Zlib,
                    $($name: $default,)*
                }
            }
        }

        impl Config {
            /// Every limit.
            pub const LIMITS: [Limit; [$($place),*].len()] = [$(Limit {
                name: stringify!($name),
                help: $help.trim_ascii(),
                unit: Unit::$unit,
                least: $least,
                most: <$type as Number>::MOST,
                place: $place,
                absent: [$(Some($absent),)? None][0],
                get: |config| config.$name.number(),
                set: |config, number| config.$name = Number::of(number),
            }),*];
        }
    };
}

limits! {
    /// Packages per second from one connection; over it reading is delayed. 0: no limit.
    ///
    /// For good; nothing is dropped.
    message_rate: u32 = 10, Count from 0, header 12;
    /// Packages from one connection at once before the rate counts.
    message_burst: u32 = 30, Count from 1, header 13;
    /// The same from a connection that has not logged in.
    ///
    /// It is `message_burst` if that is less.
    login_burst: u32 = 10, Count from 1, header 18 or u32::MAX as u64;
    /// Work that a package is taken for as one: bytes as they came and inflated, 512 for each block of a zlib stream. Each time as much again counts as one more package. 0: work does not count.
    ///
    /// 16 KiB take 0.2 ms at the worst (on a busy virtual x86-64 machine); a message of 4 KiB, escaped
    /// letter by letter and compressed, takes 12 KiB.
    package_work: usize = 16 * KIB, Bytes from 0, header 19 or 0;
    /// Length of a message.
    ///
    /// Bytes of its text, in UTF-8.
    max_message_bytes: usize = 4 * KIB, Bytes from 1, header 2;
    /// Length of a package, decoded and encoded alike.
    max_package_bytes: usize = 16 * KIB, Bytes from Config::MIN_PACKAGE_BYTES as u64, header 1;
    /// Connections at the same time.
    max_connections: usize = 100_000, Count from 1, header 8;
    /// Connections at the same time from one address; loopback is exempt.
    ///
    /// An IPv6 address counts by its /64, which is what one customer has; a link-local one as a whole.
    max_connections_per_address: usize = 64, Count from 1, header 9;
    /// Connections per second from one address; over it they are refused. Loopback is exempt. 0: no limit.
    ///
    /// For good; twice as many as an address may have at the same time may come at once.
    connect_rate: u32 = 10, Count from 0, header 20 or 0;
    /// Logins per second from one address; over it they are delayed. Loopback is exempt. 0: no limit.
    ///
    /// What counts are the packages of connections which have not logged in yet; they wait within their
    /// `login_timeout`. At once: twice as many as an address may have connections.
    login_rate: u32 = 10, Count from 0, header 21 or 0;
    /// Renames per second from one address; over it they are refused. Loopback is exempt. 0: no limit.
    ///
    /// At once: twice as many as an address may have connections.
    rename_rate: u32 = 2, Count from 0, header 22 or 0;
    /// Connections at the same time that are in the middle of a zlib stream; further ones wait.
    ///
    /// Each holds an inflater of about 44 KiB.
    max_inflaters: usize = 8192, Count from 1, header 10;
    /// How long a zlib stream may stand still before its connection is closed if others wait for one.
    ///
    /// For a user since something came last, for who is not logged in since it began. No user's is closed
    /// for who is not logged in.
    stream_grace: Duration = Duration::from_secs(2), Time from 0, header 17 or 0;
    /// Rooms at the same time.
    ///
    /// The general room is one of them.
    max_rooms: usize = 10_000, Count from 1, header 11;
    /// How long a connection may stay without a login.
    login_timeout: Duration = Duration::from_secs(30), Time from 1, header 3;
    /// Logins that may fail before the connection is closed.
    login_tries: u32 = 5, Count from 1, header 4;
    /// What may wait to be sent to one connection before it is closed as too slow.
    send_queue_bytes: usize = 256 * KIB, Bytes from Config::MIN_SEND_QUEUE_BYTES as u64, header 5;
    /// What may wait to be sent to all connections together.
    ///
    /// Over it the connection that holds most is closed as a slow consumer, and so on.
    total_queue_bytes: usize = 256 * MIB, Bytes from 0, header 6;
    /// What was received from a connection and may wait while its reading is delayed.
    ///
    /// Over it the connection is closed. An adapter that reads no more than this at once, and honours
    /// [`PauseRead`](crate::Output::PauseRead), never gets there.
    backlog_bytes: usize = 256 * KIB, Bytes from 0, header 7;
    /// How long a room is quiet after a message while a member is slow to receive it. 0: not at all.
    ///
    /// How long it takes nothing more behind a package for a member whose send queue is more than half
    /// full, so that readers who read can catch up before they would be closed. Whoever does not read
    /// slows its room down to one package in this time while the other half of its queue fills, and
    /// then is closed.
    lag_pause: Duration = Duration::from_millis(2), Time from 0, header 14;
    /// How long a member that is slow to receive may make its room quiet.
    ///
    /// Counts from when its queue became more than half full until it is empty; after that nobody waits
    /// for it, and it is closed once its queue is full.
    lag_limit: Duration = Duration::from_secs(10), Time from 1, header 23 or u64::MAX;
    /// How long a connection that is being closed may take to receive its last packages.
    linger: Duration = Duration::from_secs(5), Time from 1, header 15;
    /// Members above which a room does not announce joins, leaves and renames. 0: it always does.
    ///
    /// So that a login costs what these cost and not what a crowd does. In a larger room only the one
    /// concerned is told. Who leaves and who joins counts as a member.
    announce_limit: usize = 500, Count from 0, header 16 or 0;
    /// Rooms one user may be in at the same time.
    max_user_rooms: usize = 20, Count from 1, header 24 or 1;
    /// Names in each of a room's lists (invited, banned, muted), and whom a user may ignore.
    max_room_list: usize = 100, Count from 0, header 25 or 0;
    /// Messages of a room, and between two users, that are remembered. 0: none.
    history_messages: usize = 200, Count from 0, header 26 or 0;
    /// What they may take, of each room and of each two users.
    history_bytes: usize = 64 * KIB, Bytes from 0, header 27 or 0;
    /// What all messages that are remembered may take; beyond it the oldest are forgotten.
    total_history_bytes: usize = 64 * MIB, Bytes from 0, header 28 or 0;
    /// How long a user whose connection broke keeps name and rooms. 0: not at all.
    ///
    /// For clients that speak version 2 of the protocol.
    resume_window: Duration = Duration::from_secs(60), Time from 0, header 29 or 0;
    /// Tagged messages of a user that are known again if they are sent again.
    max_tags: usize = 1024, Count from 0, header 30 or 0;
}

/// A limit of a [`Config`], as a number.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The field's name.
    pub name: &'static str,
    /// What it bounds: a phrase for people, with a full stop.
    pub help: &'static str,
    /// What its number counts.
    pub unit: Unit,
    /// The least it may be, whatever the other limits are; they may ask for more.
    pub least: u64,
    /// The most that its field can be.
    pub most: u64,
    /// Its place among the limits in the header of a recording. A new one has the next.
    pub place: usize,
    /// What it is in a recording that is older than the limit.
    pub absent: Option<u64>,
    get: fn(&Config) -> u64,
    set: fn(&mut Config, u64),
}

/// Each place in the header of a recording is that of one limit. At the first there is the encoding, and
/// the oldest recordings have limits up to the 15th.
const _: () = {
    let (mut places, mut at) = (1_u64, 0);
    while at < Config::LIMITS.len() {
        let Limit { place, absent, .. } = Config::LIMITS[at];
        assert!(place <= Config::LIMITS.len() && places & (1 << place) == 0);
        assert!(absent.is_some() == (place > 15));
        places |= 1 << place;
        at += 1;
    }
};

/// What the number of a [`Limit`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things, such as connections.
    Count,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Time,
}

impl Limit {
    /// The number it has in `config`.
    pub fn get(&self, config: &Config) -> u64 {
        (self.get)(config)
    }

    /// Sets it in `config` to `number`, or to the [most](Limit::most) that it can be.
    pub fn set(&self, config: &mut Config, number: u64) {
        (self.set)(config, number.min(self.most));
    }
}

/// The field of a limit.
trait Number {
    /// The most it can be.
    const MOST: u64;
    fn number(self) -> u64;
    /// `number` is at most [`Number::MOST`].
    fn of(number: u64) -> Self;
}

impl Number for u32 {
    const MOST: u64 = u32::MAX as u64;

    fn number(self) -> u64 {
        u64::from(self)
    }

    fn of(number: u64) -> Self {
        number as u32
    }
}

impl Number for usize {
    const MOST: u64 = usize::MAX as u64;

    fn number(self) -> u64 {
        self as u64
    }

    fn of(number: u64) -> Self {
        number as usize
    }
}

impl Number for Duration {
    const MOST: u64 = u64::MAX;

    fn number(self) -> u64 {
        u64::try_from(self.as_micros()).unwrap_or(u64::MAX)
    }

    fn of(number: u64) -> Self {
        Duration::from_micros(number)
    }
}

impl Config {
    /// The least [`Config::send_queue_bytes`]: room for a few replies, whatever they hold.
    pub const MIN_SEND_QUEUE_BYTES: usize = 8 * KIB;
    /// The least [`Config::max_package_bytes`]: room for a login with the longest name, each of its 32
    /// characters escaped as a pair of surrogates.
    pub const MIN_PACKAGE_BYTES: usize = 512;

    /// Whether these limits go together.
    ///
    /// # Errors
    /// The first field that does not, with the value it would need, and because of which other.
    pub fn check(&self) -> Result<(), ConfigError> {
        let needed = [
            // A reader that has taken all it was sent has an empty queue, and is charged for all of the
            // segment its next frame lies in, for three turns, and for the message that ended the last
            // of them (see `turn_bytes`): an eighth, three eighths, and half.
            (
                "send_queue_bytes",
                self.message_frame_bytes().saturating_mul(2),
                "max_message_bytes",
            ),
            // The segments that the same message is in, once for each encoding, may have twice the room
            // that they need.
            (
                "total_queue_bytes",
                self.send_queue_bytes.saturating_mul(2),
                "send_queue_bytes",
            ),
            ("backlog_bytes", self.max_package_bytes, "max_package_bytes"),
        ];
        for limit in &Config::LIMITS {
            let (mut least, mut because) = (limit.least as usize, None);
            for (field, needs, other) in needed {
                if field == limit.name && needs > least {
                    (least, because) = (needs, Some(other));
                }
            }
            if limit.get(self) < least as u64 {
                return Err(ConfigError {
                    field: limit.name,
                    least,
                    because,
                });
            }
        }
        Ok(())
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
