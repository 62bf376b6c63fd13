//! The hub in memory, and what is kept of a test.

use chatmaster_core::recording::{Header, Reader, Record};
use chatmaster_core::testing::packages::{login, message, said};
use chatmaster_core::testing::{Harness, id, record, unlimited};
use chatmaster_core::{Input, Time};

#[test]
fn who_does_not_read_gets_nothing_and_all_of_it_in_the_end() {
    let mut world = Harness::new(unlimited());
    let (alice, bob) = (world.log_in("alice"), world.log_in("bob"));
    world.packages(alice);
    world.stall(alice);
    world.send(bob, message("one").as_bytes());
    assert_eq!(world.packages(alice), [""; 0]);
    let all = world.waiting(alice);
    world.trickle(alice, 10);
    assert_eq!(
        (world.take(alice).len(), world.waiting(alice)),
        (10, all - 10)
    );
    world.resume(alice);
    assert_eq!(
        (world.take(alice).len(), world.waiting(alice)),
        (all - 10, 0)
    );
    world.send(bob, message("two").as_bytes());
    assert_eq!(world.packages(alice), [said("two", "bob")]);
}

#[test]
fn what_a_test_did_to_each_of_its_hubs_is_a_recording() {
    let recordings = record(|| {
        for text in ["one", "two"] {
            let mut world = Harness::new(unlimited());
            let alice = world.log_in("alice");
            world.send(alice, message(text).as_bytes());
        }
    });
    assert_eq!(recordings.len(), 2);
    for (recording, text) in recordings.iter().zip(["one", "two"]) {
        let (header, mut reader) = Reader::open(recording).expect("it is a recording");
        let Header { config, .. } = header;
        assert_eq!(config, unlimited());
        let mut received = Vec::new();
        while let Some(record) = reader.next_record().expect("it is whole") {
            if let Record::Input(at, Input::Received(conn, bytes)) = record {
                assert_eq!((at, conn), (Time::ZERO, id(0)));
                received.push(bytes.to_vec());
            }
        }
        let sent = [login("alice"), message(text)].map(String::into_bytes);
        assert_eq!(received, sent);
    }
    let later = Harness::new(unlimited());
    assert_eq!(record(|| drop(later)), [[0; 0]; 0], "it was made before");
}
