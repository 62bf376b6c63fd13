//! Users who talk and listen, as scenarios have them.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::Ground;
use crate::process::Client;
use chatmaster_core::testing::packages::{command, joined, login, message, said};

/// A talk in which everyone writes all at once, and reads it all.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) members: usize,
    /// Messages of each member.
    pub(super) messages: usize,
    /// Bytes of each message.
    pub(super) bytes: usize,
    /// How long the first member does not read.
    pub(super) pause: Duration,
}

impl Ground {
    /// A client that is logged in as `name`, and speaks plain JSON.
    pub(super) fn log_in(&self, name: &str) -> Client {
        Client::log_in(self.server.address(), name)
    }

    /// The same, in a room.
    pub(super) fn in_room(&self, name: &str, room: &str) -> Client {
        let mut client = self.log_in(name);
        client.send(&command("join", "channel", room));
        hear(&mut client, &joined(name, room));
        client
    }

    /// The same, with a receive buffer as small as it can be: what it does not read the server has.
    pub(super) fn in_room_narrowly(&self, name: &str, room: &str) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("there are sockets");
        let set = socket.set_recv_buffer_size(4096);
        set.expect("a socket has options");
        let connected = socket.connect(&self.server.address().into());
        connected.expect("the server listens");
        let mut client = Client::of(socket.into());
        client.send(&login(name));
        client.send(&command("join", "channel", room));
        hear(&mut client, &joined(name, room));
        client
    }

    /// Has the members of a talk come to `room`, talk while something else goes on, and go. Each hears
    /// all that the others said, in one and the same order; returns how many messages were heard.
    pub(super) fn talk(&self, room: &str, talk: Talk, meanwhile: impl FnOnce()) -> usize {
        let name = |number: usize| format!("{room}-talker-{number}");
        let mut members: Vec<Client> = (0..talk.members)
            .map(|number| self.in_room(&name(number), room))
            .collect();
        for (number, member) in members.iter_mut().enumerate() {
            for later in number + 1..talk.members {
                hear(member, &joined(&name(later), room));
            }
        }
        let all: Vec<String> = (0..talk.messages)
            .map(|number| message(&text(number, talk.bytes)))
            .collect();
        let all = all.concat();
        let others = (talk.members - 1) * talk.messages;
        let heard: Vec<Vec<(String, usize)>> = thread::scope(|scope| {
            let readers: Vec<_> = members
                .iter_mut()
                .enumerate()
                .map(|(number, member)| {
                    let mut stream = member.stream.try_clone().expect("a socket has clones");
                    let all = &all;
                    scope.spawn(move || stream.write_all(all.as_bytes()).expect("it is taken"));
                    scope.spawn(move || {
                        if number == 0 {
                            thread::sleep(talk.pause);
                        }
                        let mut ear = Ear::new(talk.bytes);
                        while ear.heard.len() < others {
                            ear.hear(member);
                        }
                        ear.heard
                    })
                })
                .collect();
            meanwhile();
            let heard = readers.into_iter().map(|reader| reader.join());
            heard
                .map(|heard| heard.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        for first in 0..talk.members {
            for second in 0..first {
                let both = |heard: &[(String, usize)]| {
                    let (first, second) = (name(first), name(second));
                    let both = heard.iter().filter(|(by, _)| *by != first && *by != second);
                    both.cloned().collect::<Vec<_>>()
                };
                assert_eq!(
                    both(&heard[first]),
                    both(&heard[second]),
                    "all hear the same order"
                );
            }
        }
        heard.iter().map(Vec::len).sum()
    }
}

/// Hears messages, of which each sender's are numbered from 0.
pub(super) struct Ear {
    /// Bytes of a message.
    bytes: usize,
    next: BTreeMap<String, usize>,
    /// Who said what, by number.
    pub(super) heard: Vec<(String, usize)>,
}

impl Ear {
    pub(super) fn new(bytes: usize) -> Self {
        Ear {
            bytes,
            next: BTreeMap::new(),
            heard: Vec::new(),
        }
    }

    /// Hears the next message; passes over who comes and goes.
    ///
    /// # Panics
    /// If the connection is closed, or it is another message, or is another package.
    pub(super) fn hear(&mut self, client: &mut Client) {
        let Some(package) = client.receive() else {
            panic!("closed after {} messages", self.heard.len());
        };
        self.take(&package.text);
    }

    /// Takes in a package.
    ///
    /// # Panics
    /// If it is not the next message of its sender, nor about who comes and goes.
    pub(super) fn take(&mut self, package: &str) {
        if package.starts_with(r#"{"type":"notification","data":{"event_type":"user_"#) {
            return;
        }
        let by = package
            .strip_suffix(r#""}}"#)
            .and_then(|start| start.rsplit_once(r#""username":""#));
        let Some((_, by)) = by else {
            panic!("{package} is no message");
        };
        let next = self.next.entry(by.to_owned()).or_default();
        assert_eq!(
            package,
            said(&text(*next, self.bytes), by),
            "complete, in order, and once"
        );
        self.heard.push((by.to_owned(), *next));
        *next += 1;
    }
}

/// Message number `number`, of so many bytes.
pub(super) fn text(number: usize, bytes: usize) -> String {
    format!("{number:05}{:x<rest$}", "", rest = bytes - 5)
}

/// Receives until this package comes.
pub(super) fn hear(client: &mut Client, package: &str) {
    while hear_of(client, package) != package {}
}

/// Receives until a package with this in it comes.
pub(super) fn hear_of(client: &mut Client, part: &str) -> String {
    loop {
        match client.receive() {
            None => panic!("closed instead of {part}"),
            Some(heard) if heard.text.contains(part) => return heard.text,
            Some(_) => {}
        }
    }
}

/// Closes a connection as if the network had broken it.
pub(super) fn reset(client: Client) {
    let socket = Socket::from(client.stream);
    let set = socket.set_linger(Some(Duration::ZERO));
    set.expect("a connected socket has options");
}

/// Does something many times at the same time: numbered, until each has done it.
pub fn all_at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let act = &act;
        let actors: Vec<_> = (0..count)
            .map(|number| scope.spawn(move || act(number)))
            .collect();
        let done = actors.into_iter().map(|actor| actor.join());
        done.map(|done| done.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Writes `bytes` again and again, and reads whatever comes, until told to stop or closed: how many
/// times it wrote them.
pub(super) fn pour(client: &Client, bytes: &[u8], stop: &AtomicBool) -> usize {
    let mut stream: &TcpStream = &client.stream;
    stream.set_nonblocking(true).expect("a socket can");
    let (mut written, mut buffer) = (0, vec![0; 64 * 1024]);
    while !stop.load(Ordering::Relaxed) {
        let mut moved = false;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => moved = true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        let at = written % bytes.len();
        match stream.write(&bytes[at..]) {
            Ok(count) => {
                moved = true;
                written += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        if !moved {
            // There are many of these, and the server needs the machine.
            thread::sleep(Duration::from_millis(20));
        }
    }
    written / bytes.len()
}
