//! The server's state machine (proposal, "The Server"): who is connected, logged in and where, and
//! what everyone is sent.
//!
//! This file takes inputs apart and hands outputs on; `intake` turns bytes into packages at the
//! pace flood control allows, `streams` lends them what inflates zlib, `commands` does what packages
//! ask, `timers` does what is due, `closing` ends connections.

mod addresses;
mod closing;
mod commands;
mod conn;
mod event;
mod inspect;
mod intake;
mod invariants;
mod lists;
mod outbox;
mod outputs;
mod pace;
mod room;
mod slots;
mod streams;
mod timers;
mod trace;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use self::addresses::Addresses;
pub(crate) use self::addresses::MAX_PAST;
use self::conn::{Admission, Closing, Conn, Phase, Reading};
pub use self::event::{CloseReason, ConnId, Input, Output, Peer};
pub use self::inspect::{Client, ClientState, RoomView};
use self::outbox::{Outbox, Pushed, Tails};
use self::outputs::Outputs;
use self::pace::Rate;
use self::room::{Room, Rooms};
use self::slots::{Free, Slots};
use self::streams::Streams;
use self::timers::Timers;
pub use self::trace::Emission;
use self::trace::Trace;
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::names::Claims;
use crate::time::{Start, Time};
use crate::wire::{Encoder, Encoding, Inflaters, ServerPackage};

/// The whole behaviour of a server as a pure function of its inputs. See the crate's page for the
/// loop that runs it.
///
/// An input for a connection already closed is ignored: such races are part of every network. Time
/// that goes back counts as standing still.
pub struct Hub {
    behaviour: Behaviour,
    config: Config,
    start: Start,
    now: Time,
    stage: Stage,
    /// The slot of each connection.
    slots: Slots,
    /// The connections by slot.
    conns: Vec<Option<Box<Conn>>>,
    /// The slots in `conns` that nobody has.
    free: Free,
    /// The highest identifier seen.
    last_id: Option<ConnId>,
    /// Connections that count towards `max_connections`.
    admitted: usize,
    /// Of these, how many from each address; and what it did lately.
    addresses: Addresses,
    /// When each connection has something due.
    timers: Timers,
    /// The last ticket drawn by a connection that waits.
    tickets: u64,
    /// The usernames taken, by slot.
    usernames: Claims<u32>,
    rooms: Rooms,
    outbox: Outbox,
    /// Where packages for connections without a room are appended.
    lobby: Tails,
    /// Slots whose queue has burst, and whose connection is to be closed after the fan-out.
    burst: VecDeque<u32>,
    rate: Rate,
    /// The rate of who is not logged in.
    guest_rate: Rate,
    /// What had been appended to the outbox when the last input came.
    turn_began: u64,
    /// What was done for all connections since then, in bytes.
    turn_work: usize,
    /// What had been appended to the outbox when the outputs were last drained. A hint for the
    /// adapter; no decision depends on it, for draining is no input.
    drained: u64,
    inflaters: Inflaters,
    streams: Streams,
    encoder: Encoder,
    /// The text of the package being sent.
    text: Vec<u8>,
    outputs: Outputs,
    trace: Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    Stopping,
}

/// Connections beyond `max_connections` that are told so; further ones are closed without a word.
pub(crate) const MAX_REFUSED: usize = 256;
/// What is known of a connection, in bytes.
pub(crate) const CONN_BYTES: usize = core::mem::size_of::<Conn>();
/// What is known of a room, in bytes, but for its name and its members.
pub(crate) const ROOM_PLACE_BYTES: usize = core::mem::size_of::<Option<Room>>();

/// Work after which one input yields to the next, in bytes as [`Decoder::step`](crate::wire::Decoder::step)
/// counts them: 0.9 ms at the worst, on a busy virtual x86-64 machine.
const TURN_WORK: usize = 64 * 1024;

impl Hub {
    /// A hub without connections. `config` should pass [`Config::check`]; a limit below its least
    /// value makes a hub that refuses what it could do, never one that breaks.
    pub fn new(config: Config, start: Start) -> Self {
        Hub::behaving(Behaviour::LATEST, config, start)
    }

    /// The same by the rules of a certain version.
    pub(crate) fn behaving(behaviour: Behaviour, config: Config, start: Start) -> Self {
        Hub {
            behaviour,
            start,
            now: Time::ZERO,
            stage: Stage::Serving,
            slots: Slots::default(),
            conns: Vec::new(),
            free: Free::new(behaviour.takes_lowest_slot()),
            last_id: None,
            admitted: 0,
            addresses: Addresses::new(behaviour, &config),
            timers: Timers::default(),
            tickets: 0,
            usernames: Claims::by(behaviour.names()),
            rooms: Rooms::new(behaviour.names()),
            outbox: Outbox::new(behaviour, &config),
            lobby: Tails::default(),
            burst: VecDeque::new(),
            rate: Rate::new(&config),
            guest_rate: Rate::of_guests(&config),
            turn_began: 0,
            turn_work: 0,
            drained: 0,
            inflaters: Inflaters::new(config.max_inflaters),
            streams: Streams::default(),
            encoder: Encoder::with_codes(behaviour.codes()),
            text: Vec::new(),
            outputs: Outputs::default(),
            trace: Trace::default(),
            config,
        }
    }

    /// Takes in what happened at `now`, after all that was due by then.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        self.outbox.set_time(self.now);
        self.turn_began = self.outbox.appended();
        self.turn_work = 0;
        match input {
            Input::Sent(id, count) if self.behaviour.takes_sent_first() => {
                self.with_slot(id, |hub, slot| hub.sent(slot, count));
                self.run_timers();
            }
            _ => {
                self.run_timers();
                self.take(input);
            }
        }
        self.lend_inflaters();
    }

    fn take(&mut self, input: Input<'_>) {
        match input {
            Input::Opened(id, peer) => self.opened(id, peer),
            Input::Received(id, bytes) => self.with_slot(id, |hub, slot| hub.received(slot, bytes)),
            Input::Eof(id) => self.with_slot(id, Hub::peer_done),
            Input::Sent(id, count) => self.with_slot(id, |hub, slot| hub.sent(slot, count)),
            Input::Closed(id) => self.with_slot(id, |hub, slot| {
                hub.vacate(slot);
                hub.remove(slot);
                hub.close_burst();
            }),
            Input::Tick => {}
            Input::Shutdown => self.shut_down(),
        }
    }

    /// The next thing to do, in order; `None` when nothing is left until the next
    /// [`handle`](Hub::handle). Several inputs may be handled before the outputs are drained, as long
    /// as [`wants_flush`](Hub::wants_flush) does not say otherwise.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            let Some(output) = self.outputs.pop() else {
                self.drained = self.outbox.appended();
                return None;
            };
            // What was meant for a connection that has gone since is of no use to anyone.
            match output {
                Output::Close(..) => return Some(output),
                Output::Write(id) => {
                    if let Some(slot) = self.slots.of(id)
                        && self.outbox.write(slot)
                    {
                        return Some(output);
                    }
                }
                Output::PauseRead(id) | Output::ResumeRead(id) | Output::Finish(id) => {
                    if self.is_open(id) {
                        return Some(output);
                    }
                }
            }
        }
    }

    /// When to call [`handle`](Hub::handle) with [`Input::Tick`] if nothing else happens before:
    /// later than the time of the last input. Each `handle` may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        // What one input left for the next is due at once.
        let soon = self.after(Duration::ZERO);
        let due = match self.timers.first_due() {
            Some(_) => soon,
            None => {
                let timers = self.timers.next().into_iter();
                timers.chain(self.next_reclaim()).min()?.max(soon)
            }
        };
        Some(due).filter(|due| *due > self.now)
    }

    /// Whether so much was queued since the outputs were last drained that they should be drained,
    /// and written, before the next input: otherwise even a connection that takes all it is sent may
    /// come to be closed as a slow consumer.
    #[must_use]
    pub fn wants_flush(&self) -> bool {
        self.outbox.appended() - self.drained >= 2 * self.config.turn_bytes() as u64
    }

    /// The bytes to send to `conn`, in order, as slices fit for one vectored write; to be followed
    /// by [`Input::Sent`]. Nothing for a connection that is closed.
    pub fn pending(&self, conn: ConnId) -> impl Iterator<Item = &[u8]> {
        self.outbox.pending(self.slots.of(conn))
    }

    /// Keeps each package that is sent from now on for [`Hub::poll_emission`], for whoever records or
    /// watches what the hub does. They gather until they are taken.
    pub fn trace(&mut self) {
        self.trace = Trace::on();
    }

    /// Keeps no further packages, and forgets those not taken.
    pub fn untrace(&mut self) {
        self.trace = Trace::Off;
    }

    /// The next package that was sent, in order, if [`Hub::trace`] wants them kept.
    #[must_use]
    pub fn poll_emission(&mut self) -> Option<Emission> {
        self.trace.poll()
    }

    /// Whether `conn` was opened and not closed yet.
    pub fn is_open(&self, conn: ConnId) -> bool {
        self.slots.of(conn).is_some()
    }

    /// How many connections there are, those being closed included.
    pub fn connections(&self) -> usize {
        self.slots.len()
    }

    /// The limits it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The wall clock's time of [`Time::ZERO`], as it was given.
    pub fn start(&self) -> Start {
        self.start
    }

    /// The adapter wrote. A write answers the `Write` that asked for it; what is left takes another.
    fn sent(&mut self, slot: u32, count: u32) {
        if let Some(id) = self.outbox.sent(slot, count) {
            self.outputs.push_back(Output::Write(id));
        }
        let conn = self.conn(slot);
        let (reading, closing) = (conn.reading, conn.is_closing());
        if reading == Reading::PausedUntilDrained && !self.outbox.is_half_full(slot) {
            // It has its turn when those have had theirs who have waited longer.
            self.conn(slot).reading = Reading::PausedUntil(self.now);
            self.set_timer(slot);
        }
        if closing {
            self.flushed(slot);
        }
    }

    fn with_slot(&mut self, id: ConnId, act: impl FnOnce(&mut Self, u32)) {
        if let Some(slot) = self.slots.of(id) {
            act(self, slot);
        }
    }

    /// The connection in a slot that is known to be taken.
    fn conn(&mut self, slot: u32) -> &mut Conn {
        self.conns[slot as usize]
            .as_mut()
            .expect("the slot was looked up for this input")
    }

    fn opened(&mut self, id: ConnId, Peer(address): Peer) {
        if self.last_id.is_some_and(|last| id <= last) {
            return;
        }
        self.last_id = Some(id);
        let address = address.to_canonical();
        let admitted = if self.stage == Stage::Stopping {
            Err(CloseReason::Shutdown)
        } else if self.admitted >= self.config.max_connections {
            Err(CloseReason::Full)
        } else if address.is_loopback() {
            Ok(Admission::Loopback)
        } else {
            let admitted = self.addresses.admit(address, self.now);
            admitted.map(|()| Admission::Counted(address))
        };
        let admission = match admitted {
            Ok(admission) => admission,
            Err(reason) => return self.refuse(id, reason),
        };
        self.admitted += 1;
        let deadline = self.after(self.config.login_timeout);
        let slot = self.add(
            id,
            admission,
            Phase::Login {
                deadline,
                failed: 0,
            },
        );
        self.reply(
            slot,
            &ServerPackage::Request {
                request: "login".into(),
            },
        );
        self.close_burst();
    }

    /// Tells a connection that is one too many so, and closes it.
    fn refuse(&mut self, id: ConnId, reason: CloseReason) {
        let refused = self.slots.len() - self.admitted;
        if reason == CloseReason::Shutdown || refused >= MAX_REFUSED {
            self.outputs.push_back(Output::Close(id, reason));
            return;
        }
        let phase = Phase::Closing {
            reason,
            deadline: self.after(self.config.linger),
            stage: Closing::Flushing,
        };
        let slot = self.add(id, Admission::Refused, phase);
        self.reply_error(
            slot,
            "login",
            &format!("Not admitted: {reason}. Try again later."),
        );
        self.close_burst();
    }

    fn add(&mut self, id: ConnId, admission: Admission, phase: Phase) -> u32 {
        let conn = Some(Box::new(Conn::new(id, admission, phase, self.decoder())));
        let slot = match self.free.take() {
            Some(slot) => {
                self.conns[slot as usize] = conn;
                slot
            }
            None => {
                self.conns.push(conn);
                u32::try_from(self.conns.len() - 1).expect("fewer connections than 2^32 fit")
            }
        };
        self.slots.insert(id, slot);
        self.outbox.open(slot, id, self.config.encoding);
        self.set_timer(slot);
        slot
    }

    /// A moment so much later than now, and later in any case.
    fn after(&self, duration: Duration) -> Time {
        self.now + duration.max(Duration::from_micros(1))
    }

    /// Whether this input has made the hub queue as much as one may, or do as much.
    fn turn_is_over(&self) -> bool {
        self.outbox.appended() - self.turn_began >= self.config.turn_bytes() as u64
            || self.turn_work >= TURN_WORK
    }

    /// Sends `package` to one connection.
    fn reply(&mut self, slot: u32, package: &ServerPackage<'_>) {
        self.text.clear();
        package.write_with(self.behaviour.controls(), &mut self.text);
        self.reply_written(slot);
    }

    /// Sends the package whose text is in `self.text` to one connection.
    fn reply_written(&mut self, slot: u32) {
        self.reply_encoded(slot, |encoder, text, encoding, out| {
            encoder.encode(text, encoding, out);
        });
    }

    /// The same, with `encode` to say how the text is encoded.
    fn reply_encoded(
        &mut self,
        slot: u32,
        encode: impl FnOnce(&mut Encoder, &[u8], Encoding, &mut Vec<u8>),
    ) {
        let conn = self.conns[slot as usize].as_deref();
        let tails = match conn.map(|conn| &conn.phase) {
            Some(Phase::User { room, .. }) => &mut self.rooms.get_mut(*room).tails,
            _ => &mut self.lobby,
        };
        let encoding = self.outbox.encoding(slot);
        let (encoder, text) = (&mut self.encoder, &self.text);
        let tail = &mut tails[encoding as usize];
        let frame = self
            .outbox
            .append(tail, text.len(), |out| encode(encoder, text, encoding, out));
        let pushed = self.outbox.push(slot, frame);
        follow(pushed, slot, &mut self.outputs, &mut self.burst);
        self.trace.note(&self.outbox, &self.text, [frame], [slot]);
        self.outbox.handed_out(frame);
        // Who does not take answers slows down nobody else.
        self.outbox.take_lagging();
    }

    fn reply_error(&mut self, slot: u32, error_type: &str, message: &str) {
        let (error_type, message) = (error_type.into(), message.into());
        self.reply(
            slot,
            &ServerPackage::Error {
                error_type,
                message,
            },
        );
    }

    /// Sends `package` to every member of `room`.
    fn broadcast(&mut self, room: u32, package: &ServerPackage<'_>) {
        self.text.clear();
        package.write(&mut self.text);
        self.broadcast_written(room, None);
    }

    /// Sends the package whose text is in `self.text` to every member of `room` but `except`. It is
    /// encoded once for each encoding in use, and the same bytes go to all.
    fn broadcast_written(&mut self, room: u32, except: Option<u32>) {
        let Room { members, tails, .. } = self.rooms.get_mut(room);
        if !members.iter().any(|member| Some(*member) != except) {
            return;
        }
        let mut frames = [None; Encoding::ALL.len()];
        for &member in &*members {
            if Some(member) == except {
                continue;
            }
            let encoding = self.outbox.encoding(member);
            let frame = *frames[encoding as usize].get_or_insert_with(|| {
                let (encoder, text) = (&mut self.encoder, &self.text);
                let tail = &mut tails[encoding as usize];
                self.outbox
                    .append(tail, text.len(), |out| encoder.encode(text, encoding, out))
            });
            let pushed = self.outbox.push(member, frame);
            follow(pushed, member, &mut self.outputs, &mut self.burst);
        }
        let frames = frames.into_iter().flatten();
        let recipients = members
            .iter()
            .copied()
            .filter(|member| Some(*member) != except);
        self.trace
            .note(&self.outbox, &self.text, frames.clone(), recipients);
        for frame in frames {
            self.outbox.handed_out(frame);
        }
        if self.outbox.take_lagging() && !self.config.lag_pause.is_zero() {
            self.rooms.get_mut(room).lagging_until = self.after(self.config.lag_pause);
        }
    }

    /// Gives back what the highest slots took, if nobody has them.
    fn trim_slots(&mut self) {
        while let Some(last) = self.conns.len().checked_sub(1)
            && self.free.take_back(last)
        {
            self.conns.pop();
        }
        slots::shrink(&mut self.conns);
        self.outbox.trim(self.conns.len());
    }

    /// Whether the connection in `slot` is still `id`, and not being closed.
    fn is_live(&self, slot: u32, id: ConnId) -> bool {
        let conn = self.conns.get(slot as usize).and_then(Option::as_ref);
        conn.is_some_and(|conn| conn.id == id && !conn.is_closing())
    }
}

/// Notes what follows from a frame's having been pushed to the queue in `slot`.
#[inline(always)]
fn follow(pushed: Pushed, slot: u32, outputs: &mut Outputs, burst: &mut VecDeque<u32>) {
    match pushed {
        Pushed::Queued | Pushed::Refused => {}
        Pushed::First(conn) => outputs.push_back(Output::Write(conn)),
        Pushed::Burst => burst.push_back(slot),
    }
}
