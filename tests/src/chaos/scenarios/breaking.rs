//! What breaks: connections, the supply of descriptors, the disk.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use chatmaster_core::recording::{Fault, Reader, Replay};
use rustix::process::Resource;

use super::{Account, Ground, account};
use crate::chaos::server::{eventually, until};
use crate::chaos::talk::{Talk, all_at_once, reset};
use crate::process::Client;
use chatmaster_core::testing::packages::{joined, left, login, message};
use chatmaster_core::testing::wire::{Framing, Writer};

const SECOND: Duration = Duration::from_secs(1);
const ROOM: &str = "breaking";

/// Connections break in the middle of a package.
pub(super) fn resets(ground: &mut Ground) -> Account {
    let (rounds, count) = ground.form.pick((20, 50), (2, 20));
    let mut listener = ground.in_room("listener", ROOM);
    for round in 0..rounds {
        let name = |number: usize| format!("breaking-{round}-{number}");
        let broken: Vec<Client> = (0..count)
            .map(|number| {
                let mut client = ground.in_room(&name(number), ROOM);
                let framing = Framing::ALL[number % 3];
                let package = Writer::new(framing).package(&message(&"half".repeat(200)));
                client.send_bytes(&package[..package.len() / 2]);
                client
            })
            .collect();
        for number in 0..count {
            listener.expect(&joined(&name(number), ROOM));
        }
        for (number, client) in broken.into_iter().enumerate() {
            reset(client);
            // Nothing of the half is heard.
            listener.expect(&left(&name(number), ROOM));
        }
    }
    let sum = rounds * count;
    account(
        format!("{sum} resets in the middle of a package"),
        format!("{sum} leaves, in order"),
    )
}

/// 2,000 connections a second come and go: by a reset, by a close, in the middle of a login.
pub(super) fn connects(ground: &mut Ground) -> Account {
    const THREADS: usize = 4;
    const RATE: usize = 2000;
    let count = ground.form.pick(5, 1) * RATE;
    let address = ground.server.address();
    let began = Instant::now();
    all_at_once(THREADS, |thread_number| {
        for number in (thread_number..count).step_by(THREADS) {
            let due = SECOND * number as u32 / RATE as u32;
            thread::sleep(due.saturating_sub(began.elapsed()));
            let mut client = Client::connect(address);
            match number % 8 {
                0 => drop(client),
                1 => {
                    client.send(&login(&format!("passer-by-{number}")));
                    reset(client);
                }
                2 => {
                    client.send(&login("half a login")[..20]);
                    reset(client);
                }
                _ => reset(client),
            }
        }
    });
    let rate = count as f64 / began.elapsed().as_secs_f64();
    account(
        format!("{count} connects, {rate:.0} a second"),
        String::new(),
    )
}

/// The server runs out of descriptors, and has some again.
pub(super) fn descriptors(ground: &mut Ground) -> Account {
    const FREE: usize = 16;
    const WAITING: usize = 32;
    let server = &ground.server;
    // It may have inherited some of high numbers.
    let open = server.descriptors();
    let mut free = (0..).filter(|descriptor| !open.contains(descriptor));
    let limit = free.nth(FREE).expect("there are enough numbers");
    let was = server.limit(Resource::Nofile, limit);
    let mut clients: Vec<Client> = (0..FREE + WAITING).map(|_| server.connect()).collect();
    let greeted = |client: &Client| {
        let stream = &client.stream;
        stream.set_nonblocking(true).expect("a socket can");
        match stream.peek(&mut [0]) {
            Ok(count) => count > 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("a connection that waits is kept: {error}"),
        }
    };
    // It may keep one for itself.
    eventually("it is out of descriptors", || {
        let open = server.descriptors();
        (0..limit).filter(|number| !open.contains(number)).count() <= 1
    });
    let (began, before) = (Instant::now(), server.cpu_nanos());
    thread::sleep(ground.form.pick(3 * SECOND, SECOND));
    let share = (server.cpu_nanos() - before) as f64 / began.elapsed().as_nanos() as f64;
    assert!(
        share < 0.5,
        "it waits, and takes {share:.2} of a core for it"
    );
    let inside = clients.iter().filter(|client| greeted(client)).count();
    assert!(
        inside <= FREE,
        "{inside} were let in, with {FREE} descriptors"
    );
    let errors = server.errors();
    assert!(!errors.is_empty(), "it says that it cannot accept");
    assert!(errors.len() < 10, "it says so once in a while: {errors:?}");
    // Whoever goes makes room for others; who waits is let in in the end.
    let mut served = 0;
    until("all are let in", ground.form.within(10 * SECOND), || {
        clients.retain(|client| !greeted(client));
        served = FREE + WAITING - clients.len();
        clients.is_empty()
    });
    server.limit(Resource::Nofile, was);
    account(
        format!("{} connects, with {FREE} free descriptors", FREE + WAITING),
        format!(
            "{inside} let in, all {served} once others go; {:?}",
            errors[0]
        ),
    )
}

/// The disk that is recorded to gets full.
pub(super) fn full_disk(ground: &mut Ground) -> Account {
    let path = ground.recording.clone().expect("it is recorded");
    let size = std::fs::metadata(&path).expect("it was begun").len();
    let room = 300_000;
    ground.server.limit(Resource::Fsize, size + room);
    let talk = Talk {
        members: 3,
        messages: 29,
        bytes: 2500,
        pause: Duration::ZERO,
    };
    let mut heard = 0;
    let mut round = 0;
    let stopped = |errors: &[String]| errors.iter().any(|line| line.contains("RECORDING STOPPED"));
    while !stopped(&ground.server.errors()) {
        assert!(round < 20, "it says that the recording has ended");
        heard += ground.talk(&format!("full-{round}"), talk, || ());
        round += 1;
    }
    heard += ground.talk("after", talk, || ());
    let loud = ground.server.errors();
    assert_eq!(loud.len(), 1, "it is said once: {loud:?}");
    let recording = std::fs::read(&path).expect("it is there");
    let inputs = replays(&recording);
    account(
        format!("{room} bytes of room on the disk, and more to record"),
        format!("{heard} messages; what was recorded replays, {inputs} inputs"),
    )
}

/// Replays what there is of a recording; says how many inputs that are.
///
/// # Panics
/// If it is damaged, but for the end that may be missing.
pub(super) fn replays(recording: &[u8]) -> usize {
    let (header, mut reader) = Reader::open(recording).expect("it is a recording");
    let mut replay = Replay::new(&header);
    let mut inputs = 0;
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                inputs += usize::from(matches!(
                    record,
                    chatmaster_core::recording::Record::Input(..)
                ));
                if let Err(divergence) = replay.take(&record) {
                    panic!("{divergence}");
                }
            }
            Ok(None) | Err(Fault::Torn { .. }) => return inputs,
            Err(damage) => panic!("{damage}"),
        }
    }
}
