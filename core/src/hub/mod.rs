//! The server's state machine (PROTOCOL.md): who is connected, logged in and where, and
//! what everyone is sent.
//!
//! What is true for everyone is the [`World`]'s: a hub is the connections around one.
//!
//! | a package's way | in |
//! | --- | --- |
//! | bytes become packages, at the pace flood control allows | [`intake`], [`gcra`], [`streams`] |
//! | packages become entries of the world's log | [`commands`] |
//! | entries become facts | [`World::apply`] |
//! | facts become packages for who is connected here | [`tell`], [`lists`] |
//! | packages become bytes in queues | [`send`], [`outbox`] |
//!
//! Beside that: who is let in ([`door`], [`addresses`]), what is due ([`timers`]), the end of connections
//! ([`closing`]). [`conn`] has the chart of a connection's states.

mod addresses;
mod closing;
mod commands;
mod conn;
mod door;
mod event;
mod facts;
mod fanout;
mod format;
mod gcra;
mod inspect;
mod intake;
mod invariants;
mod lists;
mod outbox;
mod outputs;
mod past;
mod seats;
mod send;
mod slots;
mod streams;
mod tell;
mod timers;
mod trace;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use self::addresses::Addresses;
pub(crate) use self::addresses::MAX_PAST;
pub(crate) use self::commands::MAX_WORDS_BYTES;
use self::conn::{Conn, Reading};
pub(crate) use self::door::MAX_REFUSED;
pub use self::event::{CloseReason, ConnId, Input, Output, Peer};
use self::facts::Facts;
pub use self::facts::{HubFact, HubWhat};
pub(crate) use self::fanout::FANOUT_BYTES;
use self::fanout::Fanouts;
use self::gcra::Quota;
pub use self::inspect::{Client, ClientState, RoomView};
use self::lists::List;
use self::outbox::{Outbox, Tails};
use self::outputs::Outputs;
pub(crate) use self::seats::SEAT_BYTES;
use self::seats::Seats;
use self::send::Tag;
use self::slots::{Slot, Slots};
use self::streams::Streams;
use self::timers::Timers;
pub use self::trace::Emission;
use self::trace::Trace;
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::slab::Slab;
use crate::time::{Start, Time};
use crate::wire::{Encoder, Inflaters};
use crate::world::{UserId, World};

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
    conns: Slab<Slot, Box<Conn>>,
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
    /// What is true for everyone.
    world: World,
    /// The connection of each user who has one.
    seated: BTreeMap<UserId, Slot>,
    seats: Seats,
    /// Whom each room's packages go to.
    fanouts: Fanouts,
    /// The list of the public rooms, if it was asked for since it changed.
    channel_list: Option<Box<List>>,
    outbox: Outbox,
    /// Where packages for connections without a room are appended.
    lobby: Tails,
    /// Slots whose queue has overflowed, and whose connection is to be closed after the fan-out.
    overflowed: VecDeque<Slot>,
    quota: Quota,
    /// That of who is not logged in.
    guest_quota: Quota,
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
    facts: Facts,
    /// What the answer to the package under way is to carry.
    tag: Option<Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    Stopping,
}

/// What is known of a connection, in bytes.
pub(crate) const CONN_BYTES: usize = core::mem::size_of::<Conn>();

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
            conns: Slab::with(behaviour.free_slots()),
            last_id: None,
            admitted: 0,
            addresses: Addresses::new(behaviour, &config),
            timers: Timers::default(),
            tickets: 0,
            world: World::new(behaviour, &config),
            seated: BTreeMap::new(),
            seats: Seats::new(start),
            fanouts: Fanouts::new(),
            channel_list: None,
            outbox: Outbox::new(behaviour, &config),
            lobby: Tails::default(),
            overflowed: VecDeque::new(),
            quota: Quota::new(&config),
            guest_quota: Quota::of_guests(&config),
            turn_began: 0,
            turn_work: 0,
            drained: 0,
            inflaters: Inflaters::new(config.max_inflaters),
            streams: Streams::default(),
            encoder: Encoder::with_codes(behaviour.codes()),
            text: Vec::new(),
            outputs: Outputs::default(),
            trace: Trace::default(),
            facts: Facts::default(),
            tag: None,
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
                self.give_up_seats();
                self.take(input);
                self.close_overflowed();
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
                if !hub.keep_seat(slot) {
                    hub.vacate(slot);
                }
                hub.facts.note(hub.now, id, || HubWhat::Closed(None));
                hub.remove(slot);
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
                let others = self.next_reclaim().into_iter().chain(self.seats.next());
                timers.chain(others).min()?.max(soon)
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

    /// Keeps what happens from now on for [`Hub::poll_fact`], or not any more; what was not taken is
    /// forgotten.
    pub fn keep_facts(&mut self, keep: bool) {
        self.facts.keep(keep);
    }

    /// The next thing that happened, in order, if [`Hub::keep_facts`] wants them kept. They gather until
    /// they are taken.
    #[must_use]
    pub fn poll_fact(&mut self) -> Option<HubFact> {
        self.facts.poll()
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
    fn sent(&mut self, slot: Slot, count: u32) {
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

    fn with_slot(&mut self, id: ConnId, act: impl FnOnce(&mut Self, Slot)) {
        if let Some(slot) = self.slots.of(id) {
            act(self, slot);
        }
    }

    /// The connection in a slot that is known to be taken.
    fn conn(&mut self, slot: Slot) -> &mut Conn {
        self.conns
            .get_mut(slot)
            .expect("the slot was looked up for this input")
    }

    /// The time of the wall, in milliseconds since 1970.
    fn unix_millis(&self) -> u64 {
        self.start.unix_micros.saturating_add(self.now.as_micros()) / 1000
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

    /// Whether the connection in `slot` is still `id`, and not being closed.
    fn is_live(&self, slot: Slot, id: ConnId) -> bool {
        let conn = self.conns.get(slot);
        conn.is_some_and(|conn| conn.id == id && !conn.is_closing())
    }
}
