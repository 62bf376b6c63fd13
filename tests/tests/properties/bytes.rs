//! Bytes in: however they are cut, and whatever they are.

use std::time::Duration;

use chatmaster_core::strategies::{framing, hostile_bytes, script, splitting};
use chatmaster_core::testing::Page;
use chatmaster_core::testing::packages::{login, message};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};
use chatmaster_tests::history::unhurried;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases;
use crate::counterexample::properties;
use crate::memory;
use crate::tape::{Deed, Played, Tape, run};

const WATCHER: u64 = 0;
const CLIENT: u64 = 1;

/// What comes of these pieces from one client, to it and to somebody in the same room.
fn sent_in<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Played {
    let mut tape = Tape::default();
    tape.then(Deed::Open(WATCHER));
    tape.bytes(WATCHER, login("watcher"));
    tape.then(Deed::Open(CLIENT));
    for piece in pieces {
        tape.bytes(CLIENT, piece);
    }
    // However long the room waits for the watcher, who reads nothing.
    tape.wait(1_000_000);
    tape.then(Deed::HangUp(CLIENT));
    let config = Config {
        backlog_bytes: 1 << 20,
        ..unhurried()
    };
    run(config, &tape)
}

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_splitting_of_the_same_bytes_gives_the_same_output(
        bytes in prop_oneof![
            3 => (script(0..25), framing()).prop_map(|(script, framing)| framing.encode(&script)),
            1 => hostile_bytes(),
        ],
        one in splitting(),
        other in splitting(),
    ) {
        let (one, other) = (sent_in(one.pieces(&bytes)), sent_in(other.pieces(&bytes)));
        prop_assert!(one.pending == other.pending, "{:?}\n{:?}", shown(&one), shown(&other));
    }
}

fn shown(played: &Played) -> Vec<String> {
    let pending = played.pending.values();
    pending
        .map(|bytes| String::from_utf8_lossy(bytes).chars().take(1000).collect())
        .collect()
}

/// Limits so tight that going beyond any of them shows.
fn cramped() -> Config {
    Config {
        max_package_bytes: 4 * 1024,
        send_queue_bytes: 8 * 1024,
        total_queue_bytes: 16 * 1024,
        backlog_bytes: 4 * 1024,
        max_connections: 4,
        max_inflaters: 2,
        // Who sends any bytes at all comes by none of this, and it would hide what they hold.
        max_tags: 0,
        max_room_list: 0,
        history_messages: 0,
        total_history_bytes: 0,
        resume_window: Duration::ZERO,
        ..Config::default()
    }
}

/// What is known of a connection that has not logged in takes no more bytes than this.
const CONNECTION: usize = 4 * 1024;

/// A hub that has served a compressed client, and so holds what it holds for good: a compressor and
/// spare buffers.
fn warm_hub() -> Still {
    let mut hub = Still::new();
    for number in 0..2 {
        hub.open(number);
        let mut writer = Writer::new(Framing::Stream);
        let bytes = writer.package(&login(&format!("early-bird-{number}")));
        hub.handle(Input::Received(ConnId(number), &bytes));
        // Only a package that is not short takes the compressor.
        let bytes = writer.package(&message(&"x".repeat(300)));
        hub.handle(Input::Received(ConnId(number), &bytes));
    }
    for number in 0..2 {
        hub.handle(Input::Closed(ConnId(number)));
    }
    while hub.poll_output().is_some() {}
    hub
}

/// A hub whose clock stands still.
struct Still {
    hub: Hub,
    page: Page,
}

impl Still {
    fn new() -> Self {
        Still {
            hub: Hub::new(cramped(), Start::default()),
            page: Page::new(&cramped()),
        }
    }

    fn open(&mut self, number: u64) {
        let peer = Peer([127, 0, 0, 1].into());
        self.handle(Input::Opened(ConnId(number), peer));
    }

    fn handle(&mut self, input: Input<'_>) {
        self.page.input(Time::ZERO, input);
        self.hub.handle(Time::ZERO, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        let output = self.hub.poll_output();
        if output.is_none() {
            self.page.drained();
        }
        output
    }
}

properties! {
    #![proptest_config(cases(96))]

    #[test]
    fn arbitrary_bytes_make_nothing_panic_and_memory_stays_within_its_bound(
        chunks in vec((0..4_u64, prop_oneof![
            2 => hostile_bytes(),
            1 => (script(0..6), framing()).prop_map(|(script, framing)| framing.encode(&script)),
            1 => vec(any::<u8>(), 0..2000),
            // The start of a package that goes on and on.
            2 => (1..200_000_usize)
                .prop_map(|long| format!("{{\"a\":\"{}", "x".repeat(long)).into_bytes()),
        ]), 1..12),
    ) {
        let mut hub = warm_hub();
        let before = memory::live();
        let mut connected = 2..;
        let mut ids: Vec<u64> = connected.by_ref().take(4).collect();
        ids.iter().for_each(|id| hub.open(*id));
        for (client, bytes) in &chunks {
            let id = &mut ids[*client as usize];
            for piece in bytes.chunks(cramped().backlog_bytes) {
                hub.handle(Input::Received(ConnId(*id), piece));
                hub.hub.check_invariants();
            }
            // Who was thrown out comes again.
            while let Some(output) = hub.poll_output() {
                if output == Output::Finish(ConnId(*id)) {
                    hub.handle(Input::Closed(ConnId(*id)));
                    *id = connected.next().expect("numbers do not end");
                    hub.open(*id);
                }
            }
            // Nobody reads: all that is held is held for long.
            let held = memory::live() - before;
            // What every hub has once was there before, and nobody is refused here.
            let apart = ["everything else", "connections and names"];
            let shares = hub.hub.config().memory_shares().into_iter();
            let limited = shares.filter(|share| !apart.contains(&share.what));
            let bound = limited.map(|share| share.bytes).sum::<usize>() + ids.len() * CONNECTION;
            let bound = bound as isize;
            prop_assert!(held <= bound, "{held} bytes are held, of {bound}");
        }
    }
}

#[test]
fn what_is_left_of_one_read_when_flood_control_sets_in_is_bounded_too() {
    let mut hub = Still::new();
    hub.open(1);
    // A burst of 30 packages is taken, and the rest is to wait.
    let bytes = "{}".repeat(30 + cramped().backlog_bytes / 2 + 1);
    hub.handle(Input::Received(ConnId(1), bytes.as_bytes()));
    hub.hub.check_invariants();
}

#[test]
fn a_backlog_is_not_copied_for_each_package_that_is_taken_from_it() {
    let config = Config {
        message_rate: 1000,
        message_burst: 1,
        ..Config::default()
    };
    let mut hub = Hub::new(config, Start::default());
    let id = ConnId(1);
    hub.handle(Time::ZERO, Input::Opened(id, Peer([127, 0, 0, 1].into())));
    let packages = 3000;
    let mut bytes = login("talker");
    bytes.extend((0..packages).map(|_| message("into an empty room")));
    assert!(bytes.len() > 150_000);
    hub.handle(Time::ZERO, Input::Received(id, bytes.as_bytes()));
    while hub.poll_output().is_some() {}
    let before = memory::allocated();
    let mut turns = 0;
    while let Some(due) = hub.poll_timeout() {
        hub.handle(due, Input::Tick);
        turns += 1;
    }
    assert!(turns >= packages, "each package waits for its token");
    let allocated = (memory::allocated() - before) / packages;
    assert!(allocated < 1024, "{allocated} bytes for each package");
}
