//! Readers who are slow, and who do not read at all.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;

use super::{Account, Ground, account};
use crate::chaos::server::{eventually, until};
use crate::chaos::talk::{Ear, hear, pour, text};
use crate::process::Client;
use crate::world::PATIENCE;
use chatmaster_core::testing::packages::{joined, message, said};

const ROOM: &str = "slow";
const SECOND: Duration = Duration::from_secs(1);

/// A reader lags for good, and more flood its room than a lagging room can bear. Who comes later is heard.
pub(super) fn lagging_reader(ground: &mut Ground) -> Account {
    const FLOODERS: usize = 12;
    /// Bytes of a message that fills queues.
    const BYTES: usize = 4000;
    /// Bytes of a queue at which its room is slowed down: half of the scenario's flag.
    const HALF: usize = 2 << 20;
    const WORD: &str = "I am new here.";
    let time = ground.form.pick(8 * SECOND, SECOND);
    let mut listener = ground.in_room("listener", ROOM);
    // It never reads. What the system does not take is the server's.
    let lagging = ground.in_room("lagging", ROOM);
    let all: Vec<String> = (0..28)
        .map(|number| message(&text(number, BYTES)))
        .collect();
    let mut ear = Ear::new(BYTES);
    let lag = |heard: usize| {
        let buffered = ioctl_fionread(&lagging.stream).unwrap_or(0) as usize;
        (heard * BYTES).saturating_sub(buffered + ground.server.kernel_queue_of(&lagging))
    };
    let mut fillers = 0;
    while lag(ear.heard.len()) < HALF {
        assert!(fillers < 200, "the system takes all");
        let mut filler = ground.in_room(&format!("filler-{fillers}-x"), ROOM);
        filler.send(&all.concat());
        fillers += 1;
        while ear.heard.len() < fillers * all.len() {
            ear.hear(&mut listener);
        }
    }
    let lag = lag(ear.heard.len()) >> 10;

    let flooding: Vec<Client> = (0..FLOODERS)
        .map(|number| ground.in_room(&format!("flooder-{number}-x"), ROOM))
        .collect();
    let (tell, told) = mpsc::channel();
    let over = AtomicBool::new(false);
    let (worst, later) = thread::scope(|scope| {
        let stop = Stop(&over);
        let over = &over;
        for flooder in &flooding {
            // Short, so that the queue that is half full stays so.
            scope.spawn(move || pour(flooder, message("flood").as_bytes(), over));
        }
        scope.spawn(move || {
            while let Some(package) = listener.receive()
                && !over.load(Ordering::Relaxed)
            {
                if package.text.contains(WORD) {
                    // Nobody waits for it any more if something has failed.
                    let _ = tell.send(package.text);
                }
            }
        });
        let (begin, mut worst, mut later) = (Instant::now(), Duration::ZERO, 0);
        while begin.elapsed() < time || later < 3 {
            let name = format!("later-{later}-x");
            let began = Instant::now();
            let mut newcomer = ground.in_room(&name, ROOM);
            newcomer.send(&message(WORD));
            let heard = told.recv_timeout(PATIENCE);
            assert_eq!(heard, Ok(said(WORD, &name)), "newcomers are heard");
            worst = worst.max(began.elapsed());
            later += 1;
        }
        drop(stop);
        (worst, later)
    });
    Account {
        sent: format!("{FLOODERS} flood a room with a reader {lag} KiB behind for {time:?}"),
        saw: format!("{later} newcomers of the room"),
        worst,
    }
}

/// Sets a flag when it is dropped, by a panic too.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Some never read, in a room where people talk: the system holds little for them, and nothing when
/// they were closed.
pub(super) fn never_readers(ground: &mut Ground) -> Account {
    /// For each of them, in the system.
    const MOST: usize = 1 << 20;
    const BYTES: usize = 4000;
    let (stuck, talkers) = ground.form.pick((20, 10), (5, 3));
    let mut listener = ground.in_room("listener", ROOM);
    let stuck: Vec<Client> = (0..stuck)
        .map(|number| ground.in_room(&format!("stuck-{number}-x"), ROOM))
        .collect();
    let before = ground.server.kernel_queue();
    let mut peak = 0;
    let mut heard = 0;
    let mut ear = Ear::new(BYTES);
    let mut gone = 0;
    let mut round = 0;
    // Each is there for a burst, so that flood control is not what this measures.
    while gone < stuck.len() {
        assert!(round < 60, "{gone} of {} were closed", stuck.len());
        let mut members: Vec<Client> = (0..talkers)
            .map(|number| ground.in_room(&format!("talker-{round}-{number}"), ROOM))
            .collect();
        let all: Vec<String> = (0..28)
            .map(|number| message(&text(number, BYTES)))
            .collect();
        for member in &mut members {
            member.send(&all.concat());
        }
        let ends: Vec<TcpStream> = members
            .iter()
            .map(|member| member.stream.try_clone().expect("a socket has clones"))
            .collect();
        // Who does not take what it is sent is not read from.
        for mut member in members {
            thread::spawn(move || while member.receive().is_some() {});
        }
        heard += talkers * all.len();
        while ear.heard.len() < heard {
            let package = listener.receive().expect("it reads").text;
            if package.contains(r#""event_type":"user_left","username":"stuck-"#) {
                gone += 1;
            }
            ear.take(&package);
            if ear.heard.len().is_multiple_of(32) {
                peak = peak.max(ground.server.kernel_queue());
            }
        }
        for end in ends {
            // It fails if the server has closed it.
            let _ = end.shutdown(Shutdown::Both);
        }
        round += 1;
    }
    let allowed = before + stuck.len() * MOST;
    assert!(
        peak <= allowed,
        "the system holds {} KiB for each",
        peak / stuck.len() / 1024
    );
    // They have been told nothing that they would have read: there is nobody to wait for.
    let within = ground.form.within(Duration::from_secs(7));
    until("the system holds nothing more", within, || {
        ground.server.kernel_queue() <= before
    });
    account(
        format!(
            "{} never read, in a room of {heard} × {BYTES} bytes",
            stuck.len()
        ),
        format!(
            "{heard} messages, {gone} closed, {} KiB in the system for each at most",
            peak / stuck.len() / 1024
        ),
    )
}

/// Someone on a slow link asks for list after list, each long.
pub(super) fn long_lists(ground: &mut Ground) -> Account {
    /// More than the system and a send queue hold together.
    const LISTS: usize = 300;
    let members = ground.form.pick(400, 150);
    // In four bytes a character, to be long in few.
    let crowd: Vec<Client> = (0..members)
        .map(|number| ground.log_in(&format!("{}-{number}", "𓀀".repeat(25))))
        .collect();
    let mut asking = ground.in_room_narrowly("asking", "elsewhere");
    let leave = r#"{"type":"command","data":{"command":"leave"}}"#;
    asking.send(leave);
    hear(&mut asking, &joined("asking", "general"));
    let users = r#"{"type":"command","data":{"command":"users"}}"#;
    asking.send(&users.repeat(LISTS));
    let mut queued = 0;
    eventually("the system takes no more", || {
        thread::sleep(Duration::from_millis(200));
        let before = std::mem::replace(&mut queued, ground.server.kernel_queue());
        queued > 0 && queued == before
    });
    let began = Instant::now();
    let (mut lists, mut bytes) = (0, 0);
    while lists < LISTS {
        let Some(package) = asking.receive() else {
            panic!("closed after {lists} of {LISTS} lists");
        };
        if package.text.contains("user_list") {
            lists += 1;
            bytes += package.text.len();
        }
    }
    let took = began.elapsed();
    drop(crowd);
    account(
        format!("{LISTS} times the list of {members} users in one write, by a slow reader"),
        format!(
            "{lists} lists, {} KiB, within {:.1} s",
            bytes / 1024,
            took.as_secs_f64()
        ),
    )
}
