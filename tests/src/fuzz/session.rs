//! A session: what it makes of a server, whatever that sends and however it comes, and of its user.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use chatmaster_core::session::{Action, ActionError, Event};
use chatmaster_core::wire::{ClientPackage, Decoder, Encoding, Inflaters};
use chatmaster_core::{Session, SessionConfig, SessionInput, SessionOutput, Time};
use miniz_oxide::deflate::core::TDEFLFlush;
use serde_json::json;

use super::{bytes, choice, cut, deflated, encoded, pick, text};

/// Bytes by which an encoded package may be longer than its text.
const OVERHEAD: usize = 1024;

/// Something that happens to a session.
#[derive(Debug)]
enum Deed {
    Act(Action),
    Received(Vec<u8>),
    /// So many of the bytes that are pending go out.
    Sent(usize),
    Eof,
    Closed,
    Wait(u64),
}

/// What a session showed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    events: Vec<Event>,
    outputs: Vec<SessionOutput>,
    refused: Vec<ActionError>,
    sent: Vec<u8>,
}

/// A server's packages and any bytes, a user's actions, and the network's doings; the same whole and
/// in pieces.
pub fn session(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(config) = config(&mut input) else {
        return;
    };
    let seed = choice(&mut input, 255).unwrap_or_default();
    let mut deeds = Vec::new();
    while let Ok(deed) = deed(&mut input) {
        deeds.push(deed);
    }
    let whole = Play::new(&config, None).all(&deeds);
    assert_eq!(whole, Play::new(&config, Some((seed, 1))).all(&deeds));
    assert_eq!(whole, Play::new(&config, Some((seed, 50))).all(&deeds));
    check_sent(&config, &whole);
}

fn config(input: &mut Unstructured<'_>) -> Result<SessionConfig> {
    let username = match choice(input, 4)? {
        0 => None,
        1 => Some(text(input)?),
        _ => Some("alice".into()),
    };
    let channel = match choice(input, 4)? {
        0 => Some("den".into()),
        1 => Some("general".into()),
        2 => Some(text(input)?),
        _ => None,
    };
    Ok(SessionConfig {
        username,
        channel,
        encoding: pick(input, &Encoding::ALL)?,
        max_sent_bytes: pick(input, &[512, 16 * 1024])?,
        max_received_bytes: pick(input, &[64, 512, 1 << 20])?,
        send_queue_bytes: pick(input, &[2048, 256 * 1024])?,
        ..SessionConfig::default()
    })
}

fn deed(input: &mut Unstructured<'_>) -> Result<Deed> {
    Ok(match choice(input, 32)? {
        0..=9 => Deed::Act(action(input)?),
        10..=20 => {
            let text = package(input)?;
            let encoding = pick(input, &Encoding::ALL)?;
            Deed::Received(encoded(text.as_bytes(), encoding))
        }
        21 => Deed::Received(bytes(input)?.to_vec()),
        22 => Deed::Received(deflated(bytes(input)?, TDEFLFlush::Finish)),
        23 => Deed::Received(deflated(bytes(input)?, TDEFLFlush::Sync)),
        24..=27 => Deed::Sent(pick(input, &[1, 30, 1000, usize::MAX, usize::MAX])?),
        28 => Deed::Wait(pick(input, &[1, 1_000_000, 5_000_000])?),
        29 => Deed::Eof,
        30 => Deed::Closed,
        _ => Deed::Act(Action::Quit),
    })
}

fn action(input: &mut Unstructured<'_>) -> Result<Action> {
    Ok(match choice(input, 12)? {
        0 => Action::Login(name(input)?),
        1 => Action::Say(text(input)?),
        2 => Action::Say("x".repeat(usize::from(choice(input, 255)?) * 100)),
        3 => Action::Rename(name(input)?),
        4 => Action::Join(name(input)?),
        5 => Action::Leave,
        6 => Action::Private,
        7 => Action::Public,
        8 => Action::Channels,
        9 => Action::Users,
        10 => Action::Sync,
        _ => Action::Say(name(input)?),
    })
}

/// A package of a server, ours or another.
fn package(input: &mut Unstructured<'_>) -> Result<String> {
    let notification = |data| json!({"type": "notification", "data": data});
    let package = match choice(input, 20)? {
        0 | 1 => json!({"type": "request", "data": {"request": "login"}}),
        2..=4 => json!({"type": "session", "data": {"status": true, "username": name(input)?,
            "channel": name(input)?, "channels": [name(input)?]}}),
        5 => json!({"type": "session", "data": {"status": 1}}),
        6 => json!({"type": "session", "data": {"status": false, "reason": text(input)?}}),
        7 => json!({"type": "message", "data": {"message": text(input)?,
            "username": name(input)?}}),
        8 | 9 => notification(
            json!({"event_type": "user_joined", "username": name(input)?,
            "channel": name(input)?}),
        ),
        10 => notification(json!({"event_type": "user_joined", "username": name(input)?})),
        11 => notification(json!({"event_type": "user_left", "username": name(input)?,
            "channel": name(input)?})),
        12 => notification(json!({"event_type": "user_left", "username": name(input)?})),
        13 => notification(
            json!({"event_type": "user_rename", "old_username": name(input)?,
            "new_username": name(input)?}),
        ),
        14 => notification(json!({"event_type": "channel_list",
            "channels": [name(input)?, name(input)?]})),
        15 => notification(json!({"event_type": "user_list", "channel": name(input)?,
            "users": [name(input)?, name(input)?]})),
        16 => json!({"type": "error", "data": {"error_type": name(input)?,
            "message": text(input)?}}),
        17 => json!({"type": "request", "data": {"request": text(input)?}}),
        18 => return text(input).map(|text| format!("{{{text}}}")),
        _ => notification(json!({"event_type": "channel_list", "more": 3,
            "channels": vec![name(input)?; 200]})),
    };
    Ok(package.to_string())
}

/// One of a few names most of the time, so that they meet.
fn name(input: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: [&str; 8] = [
        "alice", "Alice", "bob", "den", "general", "join", "users", "",
    ];
    match choice(input, 10)? {
        at @ 0..8 => Ok(NAMES[usize::from(at)].into()),
        _ => text(input),
    }
}

/// A session and its driver.
struct Play {
    session: Session,
    now: Time,
    /// How what is received is cut, if it is.
    cut: Option<(u8, usize)>,
    most_pending: usize,
    shown: Shown,
}

impl Play {
    fn new(config: &SessionConfig, cut: Option<(u8, usize)>) -> Self {
        Play {
            session: Session::new(config.clone()),
            now: Time::ZERO,
            cut,
            most_pending: config.send_queue_bytes + OVERHEAD,
            shown: Shown::default(),
        }
    }

    fn all(mut self, deeds: &[Deed]) -> Shown {
        for deed in deeds {
            self.deed(deed);
        }
        // The end comes in any case.
        self.handle(SessionInput::Closed);
        assert!(self.session.is_over());
        assert!(matches!(self.shown.events.last(), Some(Event::Ended(_))));
        assert_eq!(self.shown.outputs.last(), Some(&SessionOutput::Close));
        let ends = self.shown.events.iter();
        let ends = ends
            .filter(|event| matches!(event, Event::Ended(_)))
            .count();
        assert_eq!(ends, 1, "a session ends once");
        self.shown
    }

    fn deed(&mut self, deed: &Deed) {
        match deed {
            Deed::Act(action) => {
                let over = self.session.is_over();
                let before = self.session.pending().len();
                match self.session.act(self.now, action.clone()) {
                    Ok(_) => assert!(!over, "what is over takes nothing"),
                    Err(error) => {
                        assert_eq!(self.session.pending().len(), before, "nothing has changed");
                        self.shown.refused.push(error);
                    }
                }
                self.drain();
            }
            Deed::Received(bytes) => {
                let pieces = match self.cut {
                    None => vec![&bytes[..]],
                    Some((seed, longest)) => cut(bytes, seed, longest),
                };
                for piece in pieces {
                    self.handle(SessionInput::Received(piece));
                }
            }
            Deed::Sent(most) => {
                let pending = self.session.pending();
                let sent = &pending[..pending.len().min(*most)];
                self.shown.sent.extend_from_slice(sent);
                self.handle(SessionInput::Sent(sent.len() as u32));
            }
            Deed::Eof => self.handle(SessionInput::Eof),
            Deed::Closed => self.handle(SessionInput::Closed),
            Deed::Wait(micros) => {
                self.now = self.now + Duration::from_micros(*micros);
                self.handle(SessionInput::Tick);
            }
        }
    }

    fn handle(&mut self, input: SessionInput<'_>) {
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let over = self
            .shown
            .events
            .iter()
            .any(|e| matches!(e, Event::Ended(_)));
        let events: Vec<Event> = std::iter::from_fn(|| self.session.poll_event()).collect();
        let outputs: Vec<_> = std::iter::from_fn(|| self.session.poll_output()).collect();
        assert!(
            !over || events.is_empty() && outputs.is_empty(),
            "nothing comes after the end"
        );
        self.shown.events.extend(events);
        self.shown.outputs.extend(outputs);
        let pending = self.session.pending().len();
        assert!(pending <= self.most_pending, "{pending} bytes are pending");
        let due = self.session.poll_timeout();
        assert!(
            due.is_none_or(|due| due > self.now),
            "no timer is in the past"
        );
        if self.session.is_over() {
            assert_eq!((pending, due), (0, None), "what is over wants nothing");
            assert_eq!(self.session.place(), None);
        }
    }
}

/// What it sends is packages that a server can read, in the encoding it was told.
fn check_sent(config: &SessionConfig, shown: &Shown) {
    let mut decoder = Decoder::new(config.max_sent_bytes);
    let mut inflaters = Inflaters::new(1);
    let mut rest = &shown.sent[..];
    while let Some(package) = decoder
        .decode(&mut inflaters, &mut rest)
        .expect("a session speaks the protocol")
    {
        assert_eq!(package.encoding, config.encoding);
        assert!(ClientPackage::parse(package.text).is_ok());
    }
}
