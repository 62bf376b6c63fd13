//! Recordings: they replay to the byte, and what is wrong with one is found where it is.

use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use chatmaster_core::recording::{
    BEHAVIOUR, Divergence, FORMAT, Fault, Header, MAX_MESSAGE_BYTES, OpenError, Outcome, Reader,
    Record, Recorder, Replay, Unrecordable, check,
};
use chatmaster_core::wire::{Encoder, Encoding};
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};
use proptest::prelude::*;

/// A hub that is recorded, with peers that take all they are sent.
struct Studio {
    hub: Hub,
    recorder: Recorder,
    now: Time,
}

impl Studio {
    fn new(config: Config) -> Self {
        let start = Start {
            unix_micros: 1_795_000_000_000_000,
            seed: 0,
        };
        let mut hub = Hub::new(config.clone(), start);
        hub.trace();
        Studio {
            hub,
            recorder: Recorder::new(Header::new(config, start, "test")),
            now: Time::ZERO,
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.recorder.handle(&mut self.hub, self.now, input);
        let outputs: Vec<Output> = std::iter::from_fn(|| self.hub.poll_output()).collect();
        self.recorder.drained(&outputs);
        for output in outputs {
            if let Output::Write(id) = output {
                let count: usize = self.hub.pending(id).map(<[u8]>::len).sum();
                self.handle(Input::Sent(id, count as u32));
            }
        }
    }

    fn says(&mut self, id: u64, text: &str, encoding: Encoding) {
        let mut bytes = Vec::new();
        Encoder::default().encode(text.as_bytes(), encoding, &mut bytes);
        self.handle(Input::Received(ConnId(id), &bytes));
    }
}

/// A short story with every kind of record.
fn story(config: Config) -> Studio {
    let mut studio = Studio::new(config);
    let peers: [IpAddr; 3] = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv6Addr::LOCALHOST.into(),
        Ipv4Addr::new(203, 0, 113, 9).into(),
    ];
    for (id, peer) in (1..).zip(peers) {
        studio.now = studio.now + Duration::from_millis(7);
        studio.handle(Input::Opened(ConnId(id), Peer(peer)));
        let login = format!(
            r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"user-{id}x"}}}}}}"#
        );
        studio.says(id, &login, Encoding::ALL[id as usize % 2]);
    }
    for number in 0..40 {
        let message = format!(r#"{{"type":"message","data":{{"message":"{number}"}}}}"#);
        studio.says(1 + number % 2, &message, Encoding::Plain);
    }
    studio.now = studio.now + Duration::from_secs(4);
    studio.handle(Input::Tick);
    studio.handle(Input::Eof(ConnId(2)));
    studio.handle(Input::Received(ConnId(3), b"nonsense"));
    studio.handle(Input::Closed(ConnId(3)));
    studio.handle(Input::Shutdown);
    studio
}

/// Replays as many records as there are; how many, and what ended it.
fn replay(bytes: &[u8]) -> Result<(u64, Option<Fault>), Box<Divergence>> {
    let (header, mut reader) = Reader::open(bytes).expect("the header is good");
    let mut replay = Replay::new(&header);
    loop {
        match reader.next_record() {
            Ok(Some(record)) => replay.take(&record)?,
            Ok(None) => {
                replay.settled()?;
                return Ok((replay.records(), None));
            }
            Err(fault) => return Ok((replay.records(), Some(fault))),
        }
    }
}

/// Where the records begin, and the end.
fn offsets(bytes: &[u8]) -> Vec<usize> {
    let (_, mut reader) = Reader::open(bytes).expect("the header is good");
    let mut offsets = vec![reader.offset()];
    while reader.next_record().expect("it is whole").is_some() {
        offsets.push(reader.offset());
    }
    offsets
}

#[test]
fn a_recording_replays_and_a_second_one_of_the_same_is_the_same_to_the_byte() {
    let first = story(Config::default());
    let second = story(Config::default());
    assert_eq!(first.recorder.bytes(), second.recorder.bytes());
    let records = offsets(first.recorder.bytes()).len() as u64 - 1;
    assert_eq!(replay(first.recorder.bytes()), Ok((records, None)));
    let (_, mut reader) = Reader::open(first.recorder.bytes()).unwrap();
    let mut kinds = [false; 9];
    while let Some(record) = reader.next_record().unwrap() {
        let kind = match record {
            Record::Input(_, Input::Opened(..)) => 0,
            Record::Input(_, Input::Received(..)) => 1,
            Record::Input(_, Input::Eof(_)) => 2,
            Record::Input(_, Input::Sent(..)) => 3,
            Record::Input(_, Input::Closed(_)) => 4,
            Record::Input(_, Input::Tick) => 5,
            Record::Input(_, Input::Shutdown) => 6,
            Record::Emission(_) => 7,
            Record::Drained(_) => 8,
        };
        kinds[kind] = true;
    }
    assert_eq!(kinds, [true; 9], "the story has every kind of record");
}

#[test]
fn a_header_says_what_it_was_given() {
    let config = Config {
        encoding: Encoding::Plain,
        max_package_bytes: 1001,
        max_message_bytes: 1002,
        login_timeout: Duration::from_micros(1003),
        login_tries: 1004,
        send_queue_bytes: 1005,
        total_queue_bytes: 1006,
        backlog_bytes: 1007,
        max_connections: 1008,
        max_connections_per_address: 1009,
        connect_rate: 1018,
        login_rate: 1019,
        rename_rate: 1020,
        max_inflaters: 1010,
        max_rooms: 1011,
        message_rate: 1012,
        message_burst: 1013,
        lag_pause: Duration::from_micros(1014),
        lag_limit: Duration::from_micros(1021),
        linger: Duration::from_micros(1015),
        announce_limit: 1016,
        stream_grace: Duration::from_micros(1017),
        login_burst: 1018,
        package_work: 1019,
        max_user_rooms: 1022,
        max_room_list: 1023,
        history_messages: 1024,
        history_bytes: 1025,
        total_history_bytes: 1026,
        resume_window: Duration::from_micros(1027),
        max_tags: 1028,
    };
    let start = Start {
        unix_micros: 1020,
        seed: 1021 << 64 | 1022,
    };
    let header = Header::new(config, start, "mïo");
    let recorder = Recorder::new(header.clone());
    let (read, mut reader) = Reader::open(recorder.bytes()).unwrap();
    assert_eq!(read, header);
    assert_eq!((read.behaviour, read.segment), (BEHAVIOUR, 0));
    assert_eq!(reader.next_record(), Ok(None));
}

#[test]
fn the_longest_message_that_can_be_recorded_fits_into_a_record() {
    let config = Config {
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_package_bytes: 6 * MAX_MESSAGE_BYTES + 1024,
        send_queue_bytes: 64 << 20,
        message_rate: 0,
        ..Config::default()
    };
    assert_eq!(check(&config), Ok(()));
    let mut studio = Studio::new(config.clone());
    for (id, name) in [(1, "n".repeat(32)), (2, "b".into())] {
        let address = Peer(Ipv4Addr::LOCALHOST.into());
        studio.handle(Input::Opened(ConnId(id), address));
        let login = format!(
            r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"{name}"}}}}}}"#
        );
        studio.says(id, &login, Encoding::Plain);
    }
    // What takes six bytes for one.
    let text = "\\u0001".repeat(MAX_MESSAGE_BYTES);
    let message = format!(r#"{{"type":"message","data":{{"message":"{text}"}}}}"#);
    for piece in message.as_bytes().chunks(64 * 1024) {
        studio.handle(Input::Received(ConnId(1), piece));
        // One input is a bounded amount of work: what is left of it has its turn soon.
        while studio.hub.client(ConnId(1)).unwrap().backlog > 0 {
            studio.now = studio.hub.poll_timeout().unwrap();
            studio.handle(Input::Tick);
        }
    }
    let sent = text.len() + r#"{"type":"message","data":{"message":"","username":""}}"#.len() + 32;
    let (_, mut reader) = Reader::open(studio.recorder.bytes()).unwrap();
    let recorded = iter::from_fn(|| reader.next_record().unwrap());
    let is_it = |record| matches!(record, Record::Emission(it) if it.text.len() == sent);
    assert_eq!(recorded.filter(|record| is_it(record.clone())).count(), 1);

    let longer = Config {
        max_message_bytes: MAX_MESSAGE_BYTES + 1,
        ..config
    };
    assert_eq!(check(&longer), Err(Unrecordable));
}

#[test]
fn a_flipped_bit_anywhere_is_found_at_its_record() {
    let studio = story(Config::default());
    let good = studio.recorder.bytes();
    let offsets = offsets(good);
    for at in 0..good.len() {
        let mut bad = good.to_vec();
        bad[at] ^= 1 << (at % 8);
        let Ok((_, mut reader)) = Reader::open(&bad) else {
            assert!(at < offsets[0], "a header is damaged in the header");
            continue;
        };
        assert!(at >= offsets[0], "a damaged header is not read");
        let offset = *offsets.iter().rfind(|offset| **offset <= at).unwrap();
        let fault = loop {
            match reader.next_record() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the flip at byte {at} is not found"),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault, Fault::Damaged { offset }, "the flip at byte {at}");
        assert_eq!(reader.next_record(), Err(fault), "it stays so");
    }
}

#[test]
fn a_cut_tail_is_torn_and_what_came_before_replays() {
    let studio = story(Config::default());
    let good = studio.recorder.bytes();
    let offsets = offsets(good);
    for end in 0..good.len() {
        if end < offsets[0] {
            let opened = Reader::open(&good[..end]).map(|_| ());
            let expected = if end == 0 {
                OpenError::Foreign
            } else {
                OpenError::Torn
            };
            assert_eq!(opened, Err(expected), "cut at byte {end}");
            continue;
        }
        let whole = offsets.iter().filter(|offset| **offset <= end).count() as u64 - 1;
        let offset = offsets[whole as usize];
        let torn = (end > offset).then_some(Fault::Torn {
            offset,
            bytes: end - offset,
        });
        match replay(&good[..end]) {
            Ok(replayed) => assert_eq!(replayed, (whole, torn), "cut at byte {end}"),
            // Cut between an input and what it made the hub send: nothing is torn, but missing.
            Err(divergence) => {
                assert_eq!(torn, None);
                assert_eq!(divergence.expected, Outcome::Nothing);
            }
        }
    }
    // What a crash leaves behind may also be zeros.
    let zeros = [good, &[0; 100]].concat();
    let offset = good.len();
    let torn = Some(Fault::Torn { offset, bytes: 100 });
    assert_eq!(replay(&zeros), Ok((offsets.len() as u64 - 1, torn)));
}

#[test]
fn a_record_from_elsewhere_is_found_even_if_it_is_good_by_itself() {
    let studio = story(Config::default());
    let good = studio.recorder.bytes();
    let offsets = offsets(good);
    // The third record is taken out: what follows is as it was.
    let spliced = [&good[..offsets[2]], &good[offsets[3]..]].concat();
    let (_, mut reader) = Reader::open(&spliced).unwrap();
    assert!(reader.next_record().unwrap().is_some());
    assert!(reader.next_record().unwrap().is_some());
    let fault = Fault::Damaged { offset: offsets[2] };
    assert_eq!(reader.next_record(), Err(fault));
}

#[test]
fn what_is_no_recording_or_a_newer_one_says_so() {
    let open = |bytes: &[u8]| Reader::open(bytes).map(|_| ()).unwrap_err();
    assert_eq!(open(b""), OpenError::Foreign);
    assert_eq!(open(b"{\"type\":\"message\"}"), OpenError::Foreign);
    let studio = Studio::new(Config::default());
    let mut newer = studio.recorder.bytes().to_vec();
    newer[8..10].copy_from_slice(&(FORMAT + 1).to_le_bytes());
    assert_eq!(open(&newer), OpenError::Newer(FORMAT + 1));
}

#[test]
fn another_behaviour_diverges_at_the_first_difference() {
    let studio = story(Config::default());
    let good = studio.recorder.bytes();
    let (mut header, mut reader) = Reader::open(good).unwrap();
    // As if the core had come to allow fewer logins: the second user would not be let in.
    header.config.max_connections = 1;
    let mut replay = Replay::new(&header);
    let divergence = loop {
        let record = reader
            .next_record()
            .unwrap()
            .expect("it diverges before the end");
        if let Err(divergence) = replay.take(&record) {
            break divergence;
        }
    };
    assert_eq!(divergence.conn, Some(ConnId(2)));
    assert_eq!(divergence.time, Time::from_micros(14_000));
    let (Outcome::Emitted(expected), Outcome::Emitted(actual)) =
        (&divergence.expected, &divergence.actual)
    else {
        panic!("{divergence}");
    };
    assert_eq!(
        expected.text,
        br#"{"type":"request","data":{"request":"login"}}"#
    );
    assert!(String::from_utf8_lossy(&actual.text).contains("too many connections"));
}

#[test]
fn a_changed_byte_on_the_wire_diverges_though_the_text_is_the_same() {
    let studio = story(Config::default());
    let (mut header, mut reader) = Reader::open(studio.recorder.bytes()).unwrap();
    header.config.encoding = Encoding::Plain;
    let mut replay = Replay::new(&header);
    let divergence = loop {
        let record = reader
            .next_record()
            .unwrap()
            .expect("it diverges before the end");
        if let Err(divergence) = replay.take(&record) {
            break divergence;
        }
    };
    let (Outcome::Emitted(expected), Outcome::Emitted(actual)) =
        (&divergence.expected, &divergence.actual)
    else {
        panic!("{divergence}");
    };
    assert_eq!(expected.text, actual.text);
    assert_ne!(expected.digest, actual.digest);
}

#[test]
fn a_recording_goes_on_in_the_next_segment() {
    let mut studio = Studio::new(Config::default());
    let peer = Peer(Ipv4Addr::LOCALHOST.into());
    studio.now = Time::from_micros(500);
    studio.handle(Input::Opened(ConnId(1), peer));
    let first = studio.recorder.bytes().to_vec();
    studio.recorder.clear();
    studio.recorder.next_segment();
    studio.now = Time::from_micros(700);
    studio.handle(Input::Closed(ConnId(1)));
    let second = studio.recorder.bytes().to_vec();

    let (_, mut reader) = Reader::open(&first).unwrap();
    while reader.next_record().unwrap().is_some() {}
    let (header, mut next) = reader.open_next(&second).unwrap();
    assert_eq!((header.segment, header.chain), (1, reader.chain()));
    let closed = Record::Input(Time::from_micros(700), Input::Closed(ConnId(1)));
    assert_eq!(next.next_record(), Ok(Some(closed)));
}

#[test]
fn a_hub_that_is_not_traced_keeps_nothing() {
    let mut hub = Hub::new(Config::default(), Start::default());
    let peer = Peer(Ipv4Addr::LOCALHOST.into());
    hub.handle(Time::ZERO, Input::Opened(ConnId(1), peer));
    assert_eq!(hub.poll_emission(), None);
    hub.trace();
    hub.handle(Time::ZERO, Input::Opened(ConnId(2), peer));
    let emission = hub.poll_emission().expect("it is asked to log in");
    assert_eq!(emission.recipients, 1);
    assert_eq!(hub.poll_emission(), None);
}

proptest! {
    /// Whatever happens, in whatever batches the outputs are drained.
    #[test]
    fn whatever_happens_replays(
        acts in prop::collection::vec((1..5_u64, 0..10_u8, 0..2_000_000_u64, any::<bool>()), 1..120),
    ) {
        let config = Config { send_queue_bytes: 8 * 1024, login_tries: 2, ..Config::default() };
        let mut studio = Studio::new(config);
        let peer = Peer(Ipv4Addr::new(203, 0, 113, 1).into());
        for (id, act, wait, drain) in acts {
            studio.now = studio.now + Duration::from_micros(wait);
            let conn = ConnId(id);
            let login = format!(
                r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"u{}"}}}}}}"#,
                id % 3
            );
            let message = format!(r#"{{"type":"message","data":{{"message":"{}"}}}}"#, "x".repeat(2000));
            let input = match act {
                0 | 1 => Input::Opened(conn, peer),
                2 | 3 => Input::Received(conn, login.as_bytes()),
                4 | 5 => Input::Received(conn, message.as_bytes()),
                6 => Input::Received(conn, b"nonsense"),
                7 => Input::Eof(conn),
                8 => Input::Closed(conn),
                _ => Input::Tick,
            };
            if drain {
                studio.handle(input);
            } else {
                studio.recorder.handle(&mut studio.hub, studio.now, input);
            }
        }
        prop_assert!(replay(studio.recorder.bytes()).is_ok());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), keep in 0..200_usize) {
        let studio = story(Config::default());
        let mut mixed = studio.recorder.bytes()[..keep].to_vec();
        mixed.extend(bytes);
        if let Ok((_, mut reader)) = Reader::open(&mixed) {
            while let Ok(Some(_)) = reader.next_record() {}
        }
    }
}
