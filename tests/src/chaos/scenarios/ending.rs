//! How a server ends, while people talk.

use std::net::Shutdown;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::breaking::replays;
use super::{Account, Ground};
use crate::chaos::talk::{Ear, text};
use crate::process::Client;
use chatmaster_core::testing::packages::{error, message};

/// So that a reader who has not read anything yet is behind by some thousand messages, most of them in
/// the server.
pub(super) const FLAGS: &[&str] = &[
    "--message-rate=0",
    "--lag-pause=0",
    "--send-queue-bytes=16MiB",
];

const ROOM: &str = "ending";
/// Bytes of a message.
const BYTES: usize = 2000;
/// While the server is told to end.
const PAUSE: Duration = Duration::from_millis(2);

/// SIGTERM: everyone who reads gets all there was, and the word.
pub(super) fn sigterm(ground: &mut Ground) -> Account {
    let ended = end(ground, Signal::TERM);
    let word = error("shutdown", "The server is shutting down.");
    let most = ended.readers[0].0.heard.len();
    for (ear, last) in &ended.readers {
        assert_eq!(ear.heard.len(), most, "all hear all that anyone does");
        assert_eq!(last.as_deref(), Some(word.as_str()), "and that it ends");
    }
    ended.account("SIGTERM", &format!("{most} messages and the word each"))
}

/// `kill -9`: what anybody got is the beginning of what the others got, and what was recorded replays.
pub(super) fn kill(ground: &mut Ground) -> Account {
    let ended = end(ground, Signal::KILL);
    let path = ground.recording.as_ref().expect("it is recorded");
    let inputs = replays(&std::fs::read(path).expect("it is there"));
    let counts = ended.readers.iter().map(|(ear, last)| {
        assert_eq!(*last, None, "nobody was told");
        ear.heard.len().to_string()
    });
    let counts: Vec<String> = counts.collect();
    let saw = format!("{} messages; {inputs} inputs replay", counts.join(", "));
    ended.account("SIGKILL", &saw)
}

struct Ended {
    /// What each reader heard, and what came last, if it was not a message.
    readers: Vec<(Ear, Option<String>)>,
    behind: usize,
    took: Duration,
}

impl Ended {
    fn account(&self, signal: &str, saw: &str) -> Account {
        Account {
            sent: format!(
                "{signal} while one talks, two read, and two are {} messages behind; all say a word at times",
                self.behind
            ),
            saw: saw.to_owned(),
            worst: self.took,
        }
    }
}

/// Sends the signal while people talk; two readers begin to read only then.
fn end(ground: &mut Ground, signal: Signal) -> Ended {
    let behind = ground.form.pick(5000, 2500);
    let mut prompt = [
        ground.in_room("prompt-1-x", ROOM),
        ground.in_room("prompt-2-x", ROOM),
    ];
    let mut late = [
        ground.in_room("late-1-x", ROOM),
        ground.in_room("late-2-x", ROOM),
    ];
    let mut talker = ground.in_room("talker", ROOM);
    let mut ears = [Ear::new(BYTES), Ear::new(BYTES)];
    let mut began = Instant::now();
    thread::scope(|scope| {
        let heard = prompt.iter_mut().zip(&mut ears).map(|(reader, ear)| {
            scope.spawn(|| {
                while ear.heard.len() < behind {
                    ear.hear(reader);
                }
            })
        });
        let heard: Vec<_> = heard.collect();
        for number in 0..behind {
            talker.send(&message(&text(number, BYTES)));
        }
        for reader in heard {
            reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    let (stop, stopped) = mpsc::channel::<()>();
    let readers = thread::scope(|scope| {
        scope.spawn(move || {
            for number in behind..99_999 {
                talker.send(&message(&text(number, BYTES)));
                if stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        // Dropped by a panic, too.
        let _stop = stop;
        while ears[0].heard.len() < behind + 100 {
            ears[0].hear(&mut prompt[0]);
        }
        began = Instant::now();
        ground.server.signal(signal);
        let ears = ears.into_iter().chain([Ear::new(BYTES), Ear::new(BYTES)]);
        let readers = prompt.iter_mut().chain(&mut late).zip(ears);
        let readers: Vec<_> = readers
            .map(|(client, ear)| scope.spawn(move || read_out(client, ear)))
            .collect();
        let readers = readers.into_iter().map(|reader| reader.join());
        readers
            .map(|reader| reader.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    let status = ground
        .server
        .wait(ground.form.within(Duration::from_secs(6)));
    assert_eq!(
        status.success(),
        signal == Signal::TERM,
        "it ends: {status}"
    );
    Ended {
        readers,
        behind,
        took: began.elapsed(),
    }
}

/// Reads to the end, says a word from time to time, and closes: all messages, and what comes after them.
fn read_out(client: &mut Client, mut ear: Ear) -> (Ear, Option<String>) {
    let mut last = None;
    while let Some(package) = client.receive() {
        assert_eq!(last, None, "it is the last word");
        if package.text.starts_with(r#"{"type":"error""#) {
            last = Some(package.text);
            continue;
        }
        ear.take(&package.text);
        if ear.heard.len().is_multiple_of(100) {
            client.send(r#"{"type":"command","data":{"command":"users"}}"#);
        }
    }
    // The server may have closed it already.
    let _ = client.stream.shutdown(Shutdown::Both);
    (ear, last)
}
