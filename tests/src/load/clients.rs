//! All clients of a server, in one process: who they are, how they get in, and what they hear.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chatmaster_core::Encoding;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::{Shape, Sizes, text};
use crate::world::PATIENCE;
use chatmaster_core::testing::packages::{command, joined, login, message, said};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};

/// How clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// In lines that the baseline copies, as long as a server's frames.
    Lines(Sizes),
    /// As `core/PROTOCOL.md` has it.
    Packages(Encoding),
}

impl Codec {
    /// What a client sends to get into its room.
    fn entry(self, name: &str, channel: &str) -> Vec<u8> {
        let mut bytes = self.encode(&login(name));
        if let (Codec::Packages(_), true) = (self, channel != GENERAL) {
            bytes.extend(self.encode(&command("join", "channel", channel)));
        }
        bytes
    }

    /// What a client sends to say something.
    fn message(self, name: &str, variant: usize) -> Vec<u8> {
        match self {
            Codec::Lines(_) => self.encode(&self.heard(name, variant)),
            Codec::Packages(_) => self.encode(&message(&text(variant))),
        }
    }

    /// What the others hear of it.
    fn heard(self, name: &str, variant: usize) -> String {
        match self {
            // The reader wants a package to start like one.
            Codec::Lines(sizes) => {
                let start = format!(r#"{{"type":"{name}"#);
                format!("{start:.<width$}", width = sizes.frame - 1)
            }
            Codec::Packages(_) => said(&text(variant), name),
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let framing = match self {
            Codec::Lines(_) | Codec::Packages(Encoding::Plain) => Framing::Plain,
            Codec::Packages(Encoding::Zlib) => Framing::Zlib,
        };
        Writer::new(framing).package(text)
    }
}

const GENERAL: &str = "general";
const EVENTS: usize = 1024;
const READ_BYTES: usize = 256 * 1024;
/// After how long without a word from the server a client takes it that its connection got lost on the
/// way in: where too many wait to be accepted, the operating system forgets some of them and does not
/// say so.
const SILENCE: Duration = Duration::from_secs(5);

/// The clients of a server, room by room.
pub struct LoadClients {
    poll: Poll,
    events: Events,
    buffer: Box<[u8]>,
    address: SocketAddr,
    codec: Codec,
    pub(super) shape: Shape,
    pub(super) members: Vec<Member>,
    /// What is heard of each sender's message, by room and sender; all of a room have the same length.
    pub(super) frames: Vec<Vec<Box<[u8]>>>,
}

pub(super) struct Member {
    stream: TcpStream,
    name: String,
    stage: Stage,
    reader: Reader,
    /// Which variant of the text it says.
    variant: usize,
    /// Bytes that came since the rehearsal.
    pub(super) received: u64,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for the greeting.
    Outside,
    /// It was greeted with so many bytes, has logged in, and got so many since.
    Knocking { greeting: usize, answer: usize },
    /// It is in its room.
    In { greeting: usize, answer: usize },
}

/// What came of a client's hearing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    None,
    Refused,
    Entered,
}

/// Whether anything came in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    Something,
}

/// How clients got in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// From the first connect until the last one was in.
    pub took: Duration,
    /// The longest time in which nobody got in.
    pub longest_gap: Duration,
    /// Logins that were refused, and tried again.
    pub refused: usize,
    /// Connections that nobody answered, and that were made anew.
    pub unanswered: usize,
}

impl LoadClients {
    /// Clients who are still outside.
    pub fn new(address: SocketAddr, codec: Codec, shape: Shape) -> Self {
        LoadClients {
            poll: Poll::new().expect("the system has a poll"),
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; READ_BYTES].into(),
            address,
            codec,
            shape,
            members: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Lets clients in until there are `count`, at most `at_once` of them at the same time.
    ///
    /// # Panics
    /// If one is not let in.
    pub fn enter(&mut self, count: usize, at_once: usize) -> Entry {
        let (codec, rooms) = (self.codec, self.shape);
        let begin = Instant::now();
        let (mut inside, mut last) = (self.members.len(), begin);
        let mut entry = Entry::default();
        while inside < count {
            while self.members.len() < count.min(inside + at_once) {
                self.connect();
            }
            let heard = self.turn(SILENCE, |number, member, bytes| {
                match member.arrive(codec, &channel(rooms, number), bytes) {
                    Step::None => {}
                    Step::Refused => entry.refused += 1,
                    Step::Entered => {
                        inside += 1;
                        entry.longest_gap = entry.longest_gap.max(last.elapsed());
                        last = Instant::now();
                    }
                }
            });
            if heard == Heard::Nothing {
                assert!(last.elapsed() < PATIENCE, "nobody got in for {PATIENCE:?}");
                entry.unanswered += self.reconnect();
            }
        }
        entry.took = begin.elapsed();
        entry
    }

    /// Hears what comes until nothing has come for a while: the server is idle then, or waits for
    /// something else.
    pub fn settle(&mut self) {
        const QUIET: Duration = Duration::from_millis(100);
        let (codec, rooms) = (self.codec, self.shape);
        let mut heard = true;
        while std::mem::take(&mut heard) {
            self.turn(QUIET, |number, member, bytes| {
                heard = true;
                member.arrive(codec, &channel(rooms, number), bytes);
            });
        }
    }

    /// Connects those anew who were not greeted; how many there were.
    fn reconnect(&mut self) -> usize {
        let outside = |member: &Member| member.stage == Stage::Outside;
        let lost: Vec<usize> = (0..self.members.len())
            .filter(|number| outside(&self.members[*number]))
            .collect();
        for &number in &lost {
            // The old one is closed as it is dropped.
            self.members[number] = self.newcomer(number);
        }
        lost.len()
    }

    /// Closes all connections.
    pub fn vanish(&mut self) {
        self.members.clear();
    }

    /// Bytes that the first client was greeted with, and those that its login was answered with.
    pub fn courtesies(&self) -> (usize, usize) {
        match self.members.first().map(|member| member.stage) {
            Some(Stage::In { greeting, answer }) => (greeting, answer),
            _ => panic!("nobody is in"),
        }
    }

    /// Bytes of a message as it is heard in a room.
    pub fn frame_bytes(&self, room: usize) -> usize {
        self.frames[room][0].len()
    }

    /// Has every sender say something, and checks that every other member of its room hears it, and
    /// nothing else but who comes and goes. A sender whose words are not as long as those of the first
    /// in its room, as they are heard, looks for others.
    ///
    /// # Panics
    /// If anybody hears anything else.
    pub fn rehearse(&mut self) {
        let shape = self.shape;
        self.frames = vec![Vec::new(); shape.rooms];
        for sender in 0..shape.senders {
            let mut speakers: Vec<usize> = (0..shape.rooms)
                .map(|room| room * shape.members + sender)
                .collect();
            while !speakers.is_empty() {
                let heard = self.try_words(&speakers);
                let frames = &mut self.frames;
                let members = &mut self.members;
                speakers.retain(|speaker| {
                    let room = speaker / shape.members;
                    let fits = frames[room]
                        .first()
                        .is_none_or(|first| first.len() == heard[room].len());
                    if fits {
                        frames[room].push(heard[room].clone());
                    } else {
                        members[*speaker].variant += 1;
                        assert!(
                            members[*speaker].variant < 100,
                            "one of 100 variants is as long"
                        );
                    }
                    !fits
                });
            }
        }
        for member in &mut self.members {
            assert!(member.reader.is_empty(), "nothing is left over");
            member.received = 0;
        }
    }

    /// Has these members, of rooms of their own, say something; what is heard of it in each room.
    fn try_words(&mut self, speakers: &[usize]) -> Vec<Box<[u8]>> {
        let (codec, shape) = (self.codec, self.shape);
        let mut expected = vec![String::new(); shape.rooms];
        for &speaker in speakers {
            let message = self.message(speaker);
            let member = &mut self.members[speaker];
            member.say(&message);
            expected[speaker / shape.members] = codec.heard(&member.name, member.variant);
        }
        let mut heard = vec![Box::default(); shape.rooms];
        let mut deaf = speakers.len() * (shape.members - 1);
        while deaf > 0 {
            self.turn(PATIENCE, |number, member, bytes| {
                let room = number / shape.members;
                member.reader.feed(bytes);
                while let Some(package) = member.reader.next_package() {
                    if package.text == expected[room] {
                        deaf -= 1;
                        heard[room] = member.reader.last_bytes().into();
                    } else {
                        expect_notification(&package.text);
                    }
                }
            });
        }
        heard
    }

    /// What a client sends to say something.
    pub(super) fn message(&self, number: usize) -> Vec<u8> {
        let member = &self.members[number];
        self.codec.message(&member.name, member.variant)
    }

    /// Reads from everyone who has something to read, after waiting for that as long as `wait`.
    pub(super) fn turn(
        &mut self,
        wait: Duration,
        mut heard: impl FnMut(usize, &mut Member, &[u8]),
    ) -> Heard {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Heard::Something,
            polled => polled.expect("the poll works"),
        }
        assert!(
            wait < PATIENCE || !self.events.is_empty(),
            "nothing came for anyone in {wait:?}"
        );
        for event in &self.events {
            let number = event.token().0;
            let member = &mut self.members[number];
            loop {
                match member.stream.read(&mut self.buffer) {
                    Ok(0) => panic!("the server has closed the connection of {}", member.name),
                    Ok(count) => {
                        heard(number, member, &self.buffer[..count]);
                        // A short read has met the end of what there is.
                        if count < self.buffer.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{} hears no more: {error}", member.name),
                }
            }
        }
        if self.events.is_empty() {
            Heard::Nothing
        } else {
            Heard::Something
        }
    }

    fn connect(&mut self) {
        let newcomer = self.newcomer(self.members.len());
        self.members.push(newcomer);
    }

    fn newcomer(&self, number: usize) -> Member {
        let mut stream = TcpStream::connect(self.address).expect("there is a free port");
        stream.set_nodelay(true).expect("a socket has options");
        self.poll
            .registry()
            .register(&mut stream, Token(number), Interest::READABLE)
            .expect("the poll takes a socket");
        Member {
            stream,
            name: name(number),
            stage: Stage::Outside,
            reader: Reader::default(),
            variant: 0,
            received: 0,
        }
    }
}

impl Member {
    /// Hears something on its way into its room, or in it.
    fn arrive(&mut self, codec: Codec, channel: &str, bytes: &[u8]) -> Step {
        match codec {
            Codec::Lines(sizes) => self.arrive_by_bytes(codec, sizes, bytes.len()),
            Codec::Packages(_) => self.arrive_by_packages(codec, channel, bytes),
        }
    }

    fn arrive_by_bytes(&mut self, codec: Codec, sizes: Sizes, count: usize) -> Step {
        let Sizes {
            greeting, answer, ..
        } = sizes;
        self.received += count as u64;
        let received = self.received as usize;
        if self.stage == Stage::Outside && received >= greeting {
            self.say(&codec.entry(&self.name, GENERAL));
            self.stage = Stage::Knocking { greeting, answer };
        }
        if self.stage == (Stage::Knocking { greeting, answer }) && received >= greeting + answer {
            self.stage = Stage::In { greeting, answer };
            return Step::Entered;
        }
        Step::None
    }

    fn arrive_by_packages(&mut self, codec: Codec, channel: &str, bytes: &[u8]) -> Step {
        let mut step = Step::None;
        self.reader.feed(bytes);
        while let Some(package) = self.reader.next_package() {
            let count = self.reader.last_bytes().len();
            match self.stage {
                Stage::Outside => {
                    assert_eq!(
                        package.text,
                        r#"{"type":"request","data":{"request":"login"}}"#
                    );
                    self.say(&codec.entry(&self.name, channel));
                    self.stage = Stage::Knocking {
                        greeting: count,
                        answer: 0,
                    };
                }
                Stage::Knocking { greeting, answer } => {
                    let answer = answer + count;
                    self.stage = Stage::Knocking { greeting, answer };
                    if package
                        .text
                        .starts_with(r#"{"type":"session","data":{"status":false"#)
                    {
                        step = Step::Refused;
                        self.say(&codec.entry(&self.name, channel));
                    } else if package.text == joined(&self.name, channel) {
                        step = Step::Entered;
                        self.stage = Stage::In { greeting, answer };
                    }
                }
                Stage::In { .. } => expect_notification(&package.text),
            }
        }
        step
    }

    /// Writes what is so little that a socket takes it whole.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        let written = self.stream.write(bytes).expect("the server listens");
        assert_eq!(written, bytes.len(), "a socket takes what is in flight");
    }
}

/// The name of a client. All have the same length, and those that follow each other mostly in zlib too.
fn name(number: usize) -> String {
    format!("u{:05}", 12_340 + number)
}

/// The room of a client.
fn channel(shape: Shape, number: usize) -> String {
    match shape.rooms {
        1 => GENERAL.into(),
        _ => format!("room-{:05}", number / shape.members),
    }
}

/// Of who comes and goes.
fn expect_notification(text: &str) {
    assert!(
        text.starts_with(r#"{"type":"notification","data":{"event_type":"user_"#),
        "{text} instead of who comes and goes"
    );
}
