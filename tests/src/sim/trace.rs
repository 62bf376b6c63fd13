//! The list of all that a hub was handed, as a text file: what a failure is replayed from.
//!
//! The first lines are comments, then one line with the config, and then one line for each event:
//! the hub's time in microseconds, what happened, to which connection, and the rest. This format is
//! for the simulator alone, to be read and edited; [`record`](super::replay::record) makes it a recording.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use chatmaster_core::{Config, ConnId, Encoding, Input, Peer, Time};

/// All that a hub was handed, and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The hub's limits.
    pub config: Config,
    /// What happened, in order.
    pub events: Vec<(Time, Event)>,
}

/// Something that happened to a hub: an [`Input`] that owns its bytes, or the draining of outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// [`Input::Opened`].
    Opened(ConnId, IpAddr),
    /// [`Input::Received`].
    Received(ConnId, Vec<u8>),
    /// [`Input::Eof`].
    Eof(ConnId),
    /// [`Input::Sent`].
    Sent(ConnId, u32),
    /// [`Input::Closed`].
    Closed(ConnId),
    /// [`Input::Tick`].
    Tick,
    /// [`Input::Shutdown`].
    Shutdown,
    /// The outputs were drained.
    Drained,
}

impl Event {
    /// The event of an input.
    pub fn of(input: Input<'_>) -> Self {
        match input {
            Input::Opened(id, Peer(address)) => Event::Opened(id, address),
            Input::Received(id, bytes) => Event::Received(id, bytes.to_vec()),
            Input::Eof(id) => Event::Eof(id),
            Input::Sent(id, count) => Event::Sent(id, count),
            Input::Closed(id) => Event::Closed(id),
            Input::Tick => Event::Tick,
            Input::Shutdown => Event::Shutdown,
        }
    }

    /// The input it is, unless it is the draining of outputs.
    pub fn input(&self) -> Option<Input<'_>> {
        Some(match self {
            Event::Opened(id, address) => Input::Opened(*id, Peer(*address)),
            Event::Received(id, bytes) => Input::Received(*id, bytes),
            Event::Eof(id) => Input::Eof(*id),
            Event::Sent(id, count) => Input::Sent(*id, *count),
            Event::Closed(id) => Input::Closed(*id),
            Event::Tick => Input::Tick,
            Event::Shutdown => Input::Shutdown,
            Event::Drained => return None,
        })
    }

    /// The connection it happens to, if it is to one.
    pub fn conn(&self) -> Option<ConnId> {
        match self {
            Event::Opened(id, _)
            | Event::Received(id, _)
            | Event::Eof(id)
            | Event::Sent(id, _)
            | Event::Closed(id) => Some(*id),
            Event::Tick | Event::Shutdown | Event::Drained => None,
        }
    }
}

impl Trace {
    /// Nothing that happened to a hub with these limits.
    pub fn new(config: Config) -> Self {
        Trace {
            config,
            events: Vec::new(),
        }
    }

    /// The text of it, with `comment` on top.
    pub fn write(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            text.push_str("# ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&write_config(&self.config));
        for (at, event) in &self.events {
            let at = at.as_micros();
            // Writing to a string cannot fail.
            let _ = match event {
                Event::Opened(id, address) => writeln!(text, "{at} opened {} {address}", id.0),
                Event::Received(id, bytes) => {
                    writeln!(text, "{at} received {} {}", id.0, bytes.escape_ascii())
                }
                Event::Eof(id) => writeln!(text, "{at} eof {}", id.0),
                Event::Sent(id, count) => writeln!(text, "{at} sent {} {count}", id.0),
                Event::Closed(id) => writeln!(text, "{at} closed {}", id.0),
                Event::Tick => writeln!(text, "{at} tick"),
                Event::Shutdown => writeln!(text, "{at} shutdown"),
                Event::Drained => writeln!(text, "{at} drained"),
            };
        }
        text
    }

    /// Reads what [`Trace::write`] wrote.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, and the line.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.starts_with('#'));
        let cannot = |(number, line): (usize, &str)| {
            let start: String = line.chars().take(80).collect();
            format!("line {number} cannot be read: {start}")
        };
        let first = lines.next().ok_or("there is no line with a config")?;
        let config = read_config(first.1).ok_or_else(|| cannot(first))?;
        let events = lines
            .map(|line| read_event(line.1).ok_or_else(|| cannot(line)))
            .collect::<Result<_, _>>()?;
        Ok(Trace { config, events })
    }
}

fn read_event(line: &str) -> Option<(Time, Event)> {
    let mut words = line.splitn(4, ' ');
    let at = Time::from_micros(words.next()?.parse().ok()?);
    let kind = words.next()?;
    let mut id = || Some(ConnId(words.next()?.parse().ok()?));
    let event = match kind {
        "opened" => Event::Opened(id()?, words.next()?.parse().ok()?),
        "received" => Event::Received(id()?, unescape(words.next()?)?),
        "eof" => Event::Eof(id()?),
        "sent" => Event::Sent(id()?, words.next()?.parse().ok()?),
        "closed" => Event::Closed(id()?),
        "tick" => Event::Tick,
        "shutdown" => Event::Shutdown,
        "drained" => Event::Drained,
        _ => return None,
    };
    Some((at, event))
}

/// The bytes of which `text` is `escape_ascii`.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
                }
                escaped => escaped,
            },
            plain => plain,
        });
    }
    Some(bytes)
}

fn write_config(config: &Config) -> String {
    let encoding = match config.encoding {
        Encoding::Plain => 0,
        Encoding::Zlib => 1,
    };
    let micros = |duration: Duration| duration.as_micros() as u64;
    let fields = [
        encoding,
        config.max_package_bytes as u64,
        config.max_message_bytes as u64,
        micros(config.login_timeout),
        u64::from(config.login_tries),
        config.send_queue_bytes as u64,
        config.total_queue_bytes as u64,
        config.backlog_bytes as u64,
        config.max_connections as u64,
        config.max_connections_per_address as u64,
        config.max_inflaters as u64,
        config.max_rooms as u64,
        u64::from(config.message_rate),
        u64::from(config.message_burst),
        micros(config.lag_pause),
        micros(config.linger),
        config.announce_limit as u64,
        micros(config.stream_grace),
        u64::from(config.login_burst),
        config.package_work as u64,
        u64::from(config.connect_rate),
        u64::from(config.login_rate),
        u64::from(config.rename_rate),
        micros(config.lag_limit),
    ];
    let fields: Vec<String> = FIELDS
        .iter()
        .zip(fields)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("config {}\n", fields.join(" "))
}

/// The fields of a config in the order they are written; durations in microseconds.
const FIELDS: [&str; 24] = [
    "encoding",
    "max_package_bytes",
    "max_message_bytes",
    "login_timeout",
    "login_tries",
    "send_queue_bytes",
    "total_queue_bytes",
    "backlog_bytes",
    "max_connections",
    "max_connections_per_address",
    "max_inflaters",
    "max_rooms",
    "message_rate",
    "message_burst",
    "lag_pause",
    "linger",
    "announce_limit",
    "stream_grace",
    "login_burst",
    "package_work",
    "connect_rate",
    "login_rate",
    "rename_rate",
    "lag_limit",
];

fn read_config(line: &str) -> Option<Config> {
    let mut words = line.strip_prefix("config ")?.split(' ').zip(FIELDS);
    let mut next = || -> Option<u64> {
        let (word, name) = words.next()?;
        word.strip_prefix(name)?.strip_prefix('=')?.parse().ok()
    };
    Some(Config {
        encoding: match next()? {
            0 => Encoding::Plain,
            _ => Encoding::Zlib,
        },
        max_package_bytes: next()? as usize,
        max_message_bytes: next()? as usize,
        login_timeout: Duration::from_micros(next()?),
        login_tries: next()? as u32,
        send_queue_bytes: next()? as usize,
        total_queue_bytes: next()? as usize,
        backlog_bytes: next()? as usize,
        max_connections: next()? as usize,
        max_connections_per_address: next()? as usize,
        max_inflaters: next()? as usize,
        max_rooms: next()? as usize,
        message_rate: next()? as u32,
        message_burst: next()? as u32,
        lag_pause: Duration::from_micros(next()?),
        linger: Duration::from_micros(next()?),
        announce_limit: next()? as usize,
        stream_grace: Duration::from_micros(next()?),
        login_burst: next()? as u32,
        package_work: next()? as usize,
        connect_rate: next()? as u32,
        login_rate: next()? as u32,
        rename_rate: next()? as u32,
        lag_limit: Duration::from_micros(next()?),
    })
}
