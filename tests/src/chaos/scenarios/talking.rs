//! Users who do nothing that they must not, and computers that stop.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use chatmaster_core::Encoding;
use rustix::process::Signal;

use super::{Account, Ground, account};
use crate::chaos::talk::{Ear, Talk, hear, text};
use crate::load::clients::Codec;
use crate::load::{LoadClients, Shape, machine};
use crate::process::Client;
use chatmaster_core::testing::packages::{joined, login, message, said};

const SECOND: Duration = Duration::from_secs(1);

/// All members of a room write all they have in one piece, and read.
pub(super) fn everybody_writes(ground: &mut Ground) -> Account {
    let rounds = ground.form.pick(20, 3);
    let mut heard = 0;
    for round in 0..rounds {
        let mut talk = |members, bytes| {
            let talk = Talk {
                members,
                messages: 29,
                bytes,
                pause: Duration::ZERO,
            };
            heard += ground.talk(&format!("room-{round}-{members}"), talk, || ());
        };
        talk(3, 2500);
        talk(5, 4000);
    }
    account(
        format!("{rounds} × (3 × 29 × 2,500 bytes, 5 × 29 × 4,000 bytes), each in one write"),
        format!("{heard} messages, in one order"),
    )
}

/// The server is stopped under load, and goes on; so is a reader. What was sent in time counts, though
/// the server was stopped until after the deadline.
pub(super) fn stop_and_go(ground: &mut Ground) -> Account {
    let heavy = Talk {
        members: 5,
        messages: 29,
        bytes: 4000,
        pause: Duration::ZERO,
    };
    let late = |number: usize| format!("late-{number}-x");
    let stop_for = |time| {
        ground.server.signal(Signal::STOP);
        thread::sleep(time);
        ground.server.signal(Signal::CONT);
    };
    let mut in_time = ground.server.connect();
    in_time.expect(r#"{"type":"request""#);
    let mut heard = ground.talk("stopped", heavy, || {
        ground.server.signal(Signal::STOP);
        in_time.send(&login(&late(0)));
        // Over the timeout of the login.
        stop_for(Duration::from_millis(3500));
    });
    hear(&mut in_time, &joined(&late(0), "general"));
    let stops = ground.form.pick(5, 0);
    for number in 0..stops {
        heard += ground.talk(&format!("stopped-{number}"), heavy, || stop_for(SECOND));
    }
    // No more than a send queue holds: a reader that stops need not be waited for any longer.
    let light = Talk {
        members: 4,
        messages: 29,
        bytes: 800,
        pause: SECOND,
    };
    let pauses = ground.form.pick(5, 1);
    for number in 0..pauses {
        heard += ground.talk(&format!("pause-{number}"), light, || ());
    }
    account(
        format!(
            "SIGSTOP and SIGCONT, {} × under 5 × 29 × 4,000 bytes; {pauses} × a reader that stops for a second",
            stops + 1
        ),
        format!("{heard} messages; a login from before the stop is taken after it"),
    )
}

/// Some write a byte a second, some read one.
pub(super) fn byte_a_second(ground: &mut Ground) -> Account {
    let (count, seconds) = ground.form.pick((64, 12), (8, 3));
    let address = ground.server.address();
    let mut strangers: Vec<Client> = (0..count).map(|_| Client::connect(address)).collect();
    let mut listener = ground.in_room("crawl-listener", "crawl");
    let mut writers: Vec<Client> = (0..count)
        .map(|number| ground.in_room(&format!("crawl-writer-{number}"), "crawl"))
        .collect();
    let mut readers: Vec<Client> = (0..count)
        .map(|number| ground.in_room_narrowly(&format!("crawl-reader-{number}"), "crawl-away"))
        .collect();
    let mut talker = ground.in_room("crawl-talker", "crawl-away");
    let all: Vec<String> = (0..28).map(|number| message(&text(number, 2000))).collect();
    talker.send(&all.concat());

    let (word, entry) = (message("slow"), login("nobody-in-particular"));
    let mut begun = vec![Vec::new(); count];
    for second in 0..seconds {
        for stranger in &mut strangers {
            // It may have been closed.
            let _ = stranger.stream.write(&entry.as_bytes()[second..=second]);
        }
        for writer in &mut writers {
            writer.send_bytes(&word.as_bytes()[second..=second]);
        }
        for (reader, begun) in readers.iter_mut().zip(&mut begun) {
            let mut byte = [0];
            let read = reader.stream.read(&mut byte).expect("something came");
            begun.extend_from_slice(&byte[..read]);
        }
        // It is what this is about.
        thread::sleep(SECOND);
    }
    for stranger in &mut strangers {
        stranger.expect(r#"{"type":"request""#);
        // What it wrote meanwhile may have been answered with a reset.
        if let Some(told) = stranger.receive() {
            assert!(told.text.contains("No login within"), "{}", told.text);
            assert_eq!(stranger.receive(), None, "it is closed");
        }
    }
    for (number, writer) in writers.iter_mut().enumerate() {
        writer.send_bytes(&word.as_bytes()[seconds..]);
        hear(
            &mut listener,
            &said("slow", &format!("crawl-writer-{number}")),
        );
    }
    // They read the rest as fast as they can.
    thread::scope(|scope| {
        for (reader, begun) in readers.iter_mut().zip(&begun) {
            scope.spawn(|| {
                reader.feed(begun);
                let mut ear = Ear::new(2000);
                while ear.heard.len() < all.len() {
                    ear.hear(reader);
                }
            });
        }
    });
    account(
        format!(
            "for {seconds} s {count} strangers, {count} writers and {count} readers of a byte a second"
        ),
        format!(
            "strangers closed in time, {count} words, {} messages",
            count * all.len()
        ),
    )
}

/// As many in one room as there can be.
pub(super) fn crowd(ground: &mut Ground) -> Account {
    let wanted = ground.form.pick(10_000, 150);
    let possible = machine::connections();
    let shape = Shape {
        rooms: 1,
        members: wanted.min(possible),
        senders: 1,
        in_flight: 1,
    };
    let tongue = Codec::Packages(Encoding::Plain);
    let mut clients = LoadClients::new(ground.server.address(), tongue, shape);
    let entry = clients.enter(shape.members, 256);
    clients.settle();
    // It panics if anybody hears anything but what they are to.
    clients.rehearse();
    let words = ground.form.pick(20, 10);
    let latencies = clients.time(words, ground.form.pick(SECOND / 4, SECOND / 8));
    clients.vanish();
    let fewer = if shape.members < wanted {
        format!(" ({wanted} need more descriptors than this machine allows)")
    } else {
        String::new()
    };
    Account {
        sent: format!(
            "{} in one room{fewer}, in within {:.1} s; {words} words",
            shape.members,
            entry.took.as_secs_f64()
        ),
        saw: format!("{} deliveries", latencies.count()),
        worst: latencies.quantile(1.0),
    }
}
