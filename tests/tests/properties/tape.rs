//! Inputs of a hub as they come: at their times, undrained if need be, to readers who take a few
//! bytes now and then. What is run twice is run exactly alike.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use chatmaster_core::strategies::{hostile_bytes, script};
use chatmaster_core::testing::Page;
use chatmaster_core::testing::wire::Framing;
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Something that happens to a hub, or is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A connection is accepted.
    Open(u64),
    /// Bytes come.
    Bytes(u64, Raw),
    /// The peer takes so many of the bytes that are pending, or all there are.
    Take(u64, usize),
    /// The peer sends nothing any more.
    HangUp(u64),
    /// The connection breaks.
    Break(u64),
    /// The outputs are drained.
    Drain,
    /// The server is to stop.
    Shutdown,
    /// Time has passed.
    Tick,
}

/// Bytes that show as the text they mostly are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Raw(Vec<u8>);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Deeds with their times, in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    now: u64,
    deeds: Vec<(u64, Deed)>,
}

impl Tape {
    /// Time passes.
    pub(crate) fn wait(&mut self, micros: u64) {
        self.now += micros;
    }

    /// Something happens.
    pub(crate) fn then(&mut self, deed: Deed) {
        self.deeds.push((self.now, deed));
    }

    /// Bytes come from a client.
    pub(crate) fn bytes(&mut self, client: u64, bytes: impl Into<Vec<u8>>) {
        self.then(Deed::Bytes(client, Raw(bytes.into())));
    }

    /// Everything, with its time, in order.
    pub(crate) fn deeds(&self) -> &[(u64, Deed)] {
        &self.deeds
    }

    /// Everybody takes what is left and goes, and all that is due is done.
    pub(crate) fn then_all_leave(&mut self) {
        (0..CLIENTS).for_each(|client| self.then(Deed::HangUp(client)));
        // However much flood control holds back, and however long a close may linger.
        for _ in 0..150 {
            self.wait(2_000_000);
            self.then(Deed::Tick);
            (0..CLIENTS).for_each(|client| self.then(Deed::Take(client, usize::MAX)));
        }
        self.then(Deed::Drain);
    }

    /// The same, so much later.
    pub(crate) fn later(&self, micros: u64) -> Self {
        let mut later = self.clone();
        later.now += micros;
        later.deeds.iter_mut().for_each(|(at, _)| *at += micros);
        later
    }
}

/// All that can be seen of a hub while a tape runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Played {
    /// What it wanted done, with the number of the deed that drained it.
    pub(crate) outputs: Vec<(usize, Output)>,
    /// When it wanted to be called next, after each call.
    pub(crate) timeouts: Vec<(Time, Option<Time>)>,
    /// What each peer took.
    pub(crate) read: BTreeMap<u64, Vec<u8>>,
    /// What is pending for each peer at the end.
    pub(crate) pending: BTreeMap<u64, Vec<u8>>,
}

/// When the hub is called without a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// When something is due.
    OnTime,
    /// Not before the next deed, however much is due by then.
    Late,
    /// Also a microsecond before, where nothing else happens then.
    AlsoJustBefore,
}

/// Runs a tape; what is due on the way is done at its time.
pub(crate) fn run(config: Config, tape: &Tape) -> Played {
    play(config, tape, Alarm::OnTime).1
}

/// The same by a server that started then.
pub(crate) fn run_from(start: Start, config: Config, tape: &Tape) -> Played {
    play_from(start, config, tape, Alarm::OnTime).1
}

/// Runs a tape, and gives back the hub too.
pub(crate) fn play(config: Config, tape: &Tape, alarm: Alarm) -> (Hub, Played) {
    play_from(Start::default(), config, tape, alarm)
}

fn play_from(start: Start, config: Config, tape: &Tape, alarm: Alarm) -> (Hub, Played) {
    let mut player = Player {
        page: Page::new(&config),
        hub: Hub::new(config, start),
        alarm,
        last: Time::ZERO,
        deeds: 0,
        played: Played::default(),
    };
    for (at, deed) in &tape.deeds {
        player.pass_time(Time::from_micros(*at));
        player.does(Time::from_micros(*at), deed);
        player.deeds += 1;
    }
    let Player {
        hub, mut played, ..
    } = player;
    for client in played.read.keys() {
        let pending = hub.pending(ConnId(*client)).collect::<Vec<_>>().concat();
        played.pending.insert(*client, pending);
    }
    (hub, played)
}

struct Player {
    hub: Hub,
    page: Page,
    alarm: Alarm,
    /// The time of the last call.
    last: Time,
    deeds: usize,
    played: Played,
}

impl Player {
    fn pass_time(&mut self, now: Time) {
        if self.alarm == Alarm::Late {
            return;
        }
        while let Some(due) = self.hub.poll_timeout().filter(|due| *due <= now) {
            let just_before = Time::from_micros(due.as_micros() - 1);
            // Where an input has left work for the next microsecond, another one takes it up at once.
            if self.alarm == Alarm::AlsoJustBefore && just_before > self.last {
                self.page.input(just_before, Input::Tick);
                self.hub.handle(just_before, Input::Tick);
                assert_eq!(
                    self.hub.poll_timeout(),
                    Some(due),
                    "it is due when it is due"
                );
            }
            self.handle(due, Input::Tick);
        }
    }

    fn does(&mut self, now: Time, deed: &Deed) {
        match deed {
            Deed::Open(client) => {
                self.played.read.entry(*client).or_default();
                let peer = Peer(Ipv4Addr::new(203, 0, 113, (*client % 3) as u8).into());
                self.handle(now, Input::Opened(ConnId(*client), peer));
            }
            Deed::Bytes(client, Raw(bytes)) => {
                self.handle(now, Input::Received(ConnId(*client), bytes))
            }
            Deed::Take(client, most) => {
                let pending = self.hub.pending(ConnId(*client)).flatten().copied();
                let taken: Vec<u8> = pending.take(*most).collect();
                self.played.read.entry(*client).or_default().extend(&taken);
                self.handle(now, Input::Sent(ConnId(*client), taken.len() as u32));
            }
            Deed::HangUp(client) => self.handle(now, Input::Eof(ConnId(*client))),
            Deed::Break(client) => self.handle(now, Input::Closed(ConnId(*client))),
            Deed::Shutdown => self.handle(now, Input::Shutdown),
            Deed::Tick => self.handle(now, Input::Tick),
            Deed::Drain => {
                self.page.drained();
                while let Some(output) = self.hub.poll_output() {
                    self.played.outputs.push((self.deeds, output));
                }
            }
        }
    }

    fn handle(&mut self, now: Time, input: Input<'_>) {
        self.last = now;
        self.page.input(now, input);
        self.hub.handle(now, input);
        self.played.timeouts.push((now, self.hub.poll_timeout()));
    }
}

/// How many connections a wild tape opens at most.
pub(crate) const CLIENTS: u64 = 8;

/// Limits so tight that a wild tape reaches them.
pub(crate) fn tight() -> Config {
    Config {
        max_package_bytes: 8 * 1024,
        send_queue_bytes: 16 * 1024,
        total_queue_bytes: 48 * 1024,
        backlog_bytes: 8 * 1024,
        max_connections: 6,
        max_connections_per_address: 2,
        max_inflaters: 2,
        max_rooms: 3,
        message_rate: 40,
        message_burst: 4,
        ..Config::default()
    }
}

/// Anything that can happen, in any order, with outputs drained now and then, and at the end.
pub(crate) fn wild_tape() -> impl Strategy<Value = Tape> {
    let bytes = prop_oneof![
        8 => (script(0..5), select(&Framing::ALL[..]))
            .prop_map(|(script, framing)| framing.encode(&script)),
        1 => hostile_bytes(),
    ];
    let client = || 0..CLIENTS;
    let deed = prop_oneof![
        12 => (client(), bytes).prop_map(|(client, bytes)| Deed::Bytes(client, Raw(bytes))),
        4 => (client(), 0..5000_usize).prop_map(|(client, most)| Deed::Take(client, most)),
        3 => client().prop_map(|client| Deed::Take(client, usize::MAX)),
        1 => client().prop_map(Deed::HangUp),
        1 => client().prop_map(Deed::Break),
        6 => Just(Deed::Drain),
    ];
    let wait = prop_oneof![4 => Just(0), 3 => 0..50_000_u64, 1 => 0..8_000_000_u64];
    // Behind how many other deeds each connection is opened.
    let opened = vec(0..20_usize, CLIENTS as usize);
    (opened, vec((wait, deed), 1..60)).prop_map(|(mut opened, deeds)| {
        opened.sort_unstable();
        let mut opened = opened.into_iter().zip(0..).peekable();
        let mut tape = Tape::default();
        for (number, (wait, deed)) in deeds.into_iter().enumerate() {
            while let Some((_, client)) = opened.next_if(|(behind, _)| *behind <= number) {
                tape.then(Deed::Open(client));
            }
            tape.wait(wait);
            tape.then(deed);
        }
        tape.then(Deed::Drain);
        tape
    })
}
