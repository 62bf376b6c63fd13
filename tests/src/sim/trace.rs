//! The list of all that a hub was handed, as a text file: what a failure is replayed from.
//!
//! The first lines are comments, then one line with the config, and then one line for each event:
//! the hub's time in microseconds, what happened, to which connection, and the rest. This format is
//! for the simulator alone, to be read and edited; [`record`](super::replay::record) makes it a recording.

use std::fmt::Write as _;
use std::net::IpAddr;

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

/// The limits of a hub by their names; durations in microseconds.
fn write_config(config: &Config) -> String {
    let encoding = u64::from(config.encoding == Encoding::Zlib);
    let mut text = format!("config encoding={encoding}");
    for limit in &Config::LIMITS {
        let _ = write!(text, " {}={}", limit.name, limit.get(config));
    }
    text + "\n"
}

fn read_config(line: &str) -> Option<Config> {
    let mut config = Config::default();
    for word in line.strip_prefix("config ")?.split(' ') {
        let (name, number) = word.split_once('=')?;
        let number = number.parse().ok()?;
        match Config::LIMITS.iter().find(|limit| limit.name == name) {
            Some(limit) => limit.set(&mut config, number),
            None if name == "encoding" && number == 0 => config.encoding = Encoding::Plain,
            None if name == "encoding" => config.encoding = Encoding::Zlib,
            None => return None,
        }
    }
    Some(config)
}
