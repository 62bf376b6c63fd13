//! A recorded hub: its sink has everything before anyone else sees it.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chatmaster_core::recording::{Reader, Record, Recorded, Replay, SinkOutcome};
use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Machine, Output, Peer, Start, Time};

const ALICE: ConnId = ConnId(1);

fn hub() -> Hub {
    let config = Config {
        encoding: Encoding::Plain,
        ..Config::default()
    };
    Hub::new(config, Start::default())
}

fn opened() -> Input<'static> {
    Input::Opened(ALICE, Peer(Ipv4Addr::LOCALHOST.into()))
}

/// The records in the bytes that a sink was given; they have to replay.
fn records(bytes: &[u8]) -> usize {
    let (header, mut reader) = Reader::open(bytes).expect("there is a header");
    let mut replay = Replay::new(&header);
    let mut count = 0;
    while let Some(record) = reader.next_record().expect("it is whole") {
        replay.take(&record).expect("it replays");
        count += usize::from(matches!(record, Record::Input(..)));
    }
    replay.settled().expect("nothing else came of it");
    count
}

#[test]
fn the_sink_has_what_an_output_follows_from_before_the_output_is_seen() {
    let file = RefCell::new(Vec::new());
    let sink = |bytes: &[u8]| {
        file.borrow_mut().extend_from_slice(bytes);
        SinkOutcome::Written
    };
    let mut recorded = Recorded::new(hub(), "test", sink).unwrap();
    assert_eq!(records(&file.borrow()), 0);
    recorded.handle(Time::ZERO, opened());
    assert_eq!(records(&file.borrow()), 0, "nobody sees anything yet");
    assert_eq!(recorded.poll_output(), Some(Output::Write(ALICE)));
    assert_eq!(records(&file.borrow()), 1);
    assert_eq!(recorded.poll_output(), None);
    // Nothing comes of it, so it may wait.
    let sent = recorded.pending(ALICE).map(<[u8]>::len).sum::<usize>() as u32;
    recorded.handle(Time::ZERO, Input::Sent(ALICE, sent));
    assert_eq!(recorded.poll_output(), None);
    assert_eq!(records(&file.borrow()), 1);
    // Nothing is to be done, but others may be about to see what came of it.
    recorded.handle(Time::from_micros(1), Input::Tick);
    assert_eq!(recorded.poll_output(), None);
    assert_eq!(records(&file.borrow()), 3);
    recorded.handle(Time::from_micros(2), Input::Shutdown);
    drop(recorded);
    assert_eq!(records(&file.borrow()), 4);
}

#[test]
fn an_output_for_a_connection_that_has_gone_meanwhile_is_not_seen() {
    let mut recorded = Recorded::new(hub(), "test", |_| SinkOutcome::Written).unwrap();
    let second = ConnId(2);
    recorded.handle(Time::ZERO, opened());
    recorded.handle(
        Time::ZERO,
        Input::Opened(second, Peer(Ipv4Addr::LOCALHOST.into())),
    );
    assert_eq!(recorded.poll_output(), Some(Output::Write(ALICE)));
    recorded.handle(Time::ZERO, Input::Closed(second));
    assert_eq!(recorded.poll_output(), None);
}

#[test]
fn a_recording_goes_on_in_a_new_file_when_the_sink_says_so() {
    let files = RefCell::new(vec![Vec::new()]);
    let sink = |bytes: &[u8]| {
        let mut files = files.borrow_mut();
        files.last_mut().unwrap().extend_from_slice(bytes);
        files.push(Vec::new());
        SinkOutcome::NextSegment
    };
    let mut recorded = Recorded::new(hub(), "test", sink).unwrap();
    recorded.handle(Time::ZERO, opened());
    while recorded.poll_output().is_some() {}
    drop(recorded);
    let files = files.into_inner();
    let segments: Vec<_> = files
        .iter()
        .filter(|file| !file.is_empty())
        .map(|file| Reader::open(file).unwrap().0.segment)
        .collect();
    assert_eq!(segments, [0, 1, 2]);
    let (header, mut reader) = Reader::open(&files[1]).unwrap();
    assert_eq!(header.runtime, "test");
    assert!(matches!(reader.next_record(), Ok(Some(Record::Input(..)))));
}

#[test]
fn a_sink_that_fails_ends_the_recording_and_not_the_hub() {
    let outcomes = RefCell::new(vec![SinkOutcome::Failed, SinkOutcome::Written]);
    let sink = |_: &[u8]| outcomes.borrow_mut().pop().expect("it is not asked again");
    let mut recorded = Recorded::new(hub(), "test", sink).unwrap();
    recorded.handle(Time::ZERO, opened());
    assert_eq!(recorded.poll_output(), Some(Output::Write(ALICE)));
    recorded.handle(Time::ZERO, Input::Eof(ALICE));
    assert_eq!(outcomes.borrow().len(), 0);
    assert_ne!(recorded.pending(ALICE).count(), 0);
}

#[test]
fn a_sink_that_panics_is_given_nothing_more() {
    let asked = RefCell::new(0);
    let sink = |_: &[u8]| {
        *asked.borrow_mut() += 1;
        assert_eq!(*asked.borrow(), 1, "planted");
        SinkOutcome::Written
    };
    let mut recorded = Recorded::new(hub(), "test", sink).unwrap();
    recorded.handle(Time::ZERO, opened());
    assert!(catch_unwind(AssertUnwindSafe(|| recorded.poll_output())).is_err());
    drop(recorded);
    assert_eq!(asked.into_inner(), 2);
}
