//! An adapter without sockets that keeps the contract, in all the ways in which it may be kept, and
//! checks what it is promised.

use std::collections::BTreeMap;
use std::mem::take;
use std::net::IpAddr;
use std::time::Duration;

use chatmaster_core::adapter::{Enqueue, ReadState, Readiness, WriteState};
use chatmaster_core::recording::{Header, Reader as Recording, Recorder, Replay};
use chatmaster_core::wire::ServerPackage;
use chatmaster_core::{CloseReason, Config, ConnId, Hub, Input, Output, Peer, Start, Time};

use crate::sim::Failure;
use crate::sim::watch::Watch;
use chatmaster_core::testing::wire::{Framing, Reader, Writer};

/// A recorded hub and its connections.
pub(super) struct Host {
    hub: Hub,
    recorder: Recorder,
    watch: Watch,
    now: Time,
    conns: BTreeMap<ConnId, Conn>,
    /// The tokens that clients were given.
    pub(super) tokens: Vec<String>,
    /// The queues of those to read from and to write to.
    readable: Vec<ConnId>,
    writable: Vec<ConnId>,
    /// The most that a read brings.
    pub(super) read_bytes: usize,
    /// How much later each input comes than the one before, whatever is due by then.
    pub(super) delay: Duration,
    /// Whether everybody takes all there is, as soon as there is something.
    prompt: bool,
    /// Whether nothing was read while reading is paused.
    honest: bool,
}

/// A connection, with its socket and its client.
struct Conn {
    incoming: ReadState,
    outgoing: WriteState,
    /// What the client has sent, and the adapter has not read.
    sent: Vec<u8>,
    end: End,
    /// How many bytes the socket takes.
    room: usize,
    writer: Writer,
    reader: Reader,
}

/// What comes behind the bytes that a client has sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// More, perhaps.
    Open,
    /// Nothing, and the adapter has not read that.
    Sent,
    /// Nothing.
    Read,
}

/// Bytes that a client sends ahead of what is read.
const MAX_UNREAD: usize = 16 * 1024;

impl Host {
    pub(super) fn new(config: Config) -> Self {
        let header = Header::new(config, Start::default(), "fuzz");
        let mut hub = header.hub();
        hub.trace();
        Host {
            read_bytes: hub.config().backlog_bytes,
            delay: Duration::ZERO,
            hub,
            recorder: Recorder::new(header),
            watch: Watch::default(),
            now: Time::ZERO,
            conns: BTreeMap::new(),
            tokens: Vec::new(),
            readable: Vec::new(),
            writable: Vec::new(),
            prompt: true,
            honest: true,
        }
    }

    /// A client connects, and will write packages like that.
    pub(super) fn open(&mut self, id: ConnId, address: IpAddr, framing: Framing) {
        let conn = Conn {
            incoming: ReadState::default(),
            outgoing: WriteState::default(),
            sent: Vec::new(),
            end: End::Open,
            room: usize::MAX,
            writer: Writer::new(framing),
            reader: Reader::default(),
        };
        self.conns.insert(id, conn);
        self.handle(Input::Opened(id, Peer(address)));
    }

    /// Whether there is such a connection.
    pub(super) fn is_open(&self, id: ConnId) -> bool {
        self.conns.contains_key(&id)
    }

    /// A client sends a package, so many times over.
    pub(super) fn say(&mut self, id: ConnId, package: &str, times: u8) {
        self.send_with(id, |writer| writer.package(package), times);
    }

    /// A client sends bytes.
    pub(super) fn send(&mut self, id: ConnId, bytes: &[u8]) {
        self.send_with(id, |_| bytes.to_vec(), 1);
    }

    fn send_with(&mut self, id: ConnId, bytes: impl Fn(&mut Writer) -> Vec<u8>, times: u8) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        for _ in 0..times {
            if conn.end == End::Open && conn.sent.len() < MAX_UNREAD {
                conn.sent.extend(bytes(&mut conn.writer));
            }
        }
        self.is_readable(id);
    }

    /// A client sends nothing any more.
    pub(super) fn hang_up(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(&id)
            && conn.end == End::Open
        {
            conn.end = End::Sent;
            self.is_readable(id);
        }
    }

    /// A connection breaks.
    pub(super) fn break_off(&mut self, id: ConnId) {
        if self.conns.remove(&id).is_some() {
            self.handle(Input::Closed(id));
        }
    }

    /// The socket of a connection takes so many bytes from now on.
    pub(super) fn set_room(&mut self, id: ConnId, room: usize) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        conn.room = room;
        self.prompt &= room == usize::MAX;
        if room > 0 && conn.outgoing.writable() == Enqueue::Yes {
            self.writable.push(id);
        }
    }

    /// What the poll says of what has come.
    fn is_readable(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(&id)
            && conn.incoming.readable() == Enqueue::Yes
        {
            self.readable.push(id);
        }
    }

    /// The server is to stop.
    pub(super) fn shut_down(&mut self) {
        self.handle(Input::Shutdown);
    }

    /// What has come from a connection is read though its reading is paused.
    pub(super) fn read_paused(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(&id)
            && conn.incoming.is_paused()
            && !conn.sent.is_empty()
        {
            self.honest = false;
            let bytes = conn.sent.split_off(conn.sent.len() / 2);
            let bytes = std::mem::replace(&mut conn.sent, bytes);
            self.handle(Input::Received(id, &bytes));
        }
    }

    /// Nothing is written before the next turn.
    pub(super) fn hold(&mut self) {
        self.prompt = false;
    }

    /// Reads once from each connection that has something, and does what the hub wants.
    pub(super) fn turn(&mut self) {
        for id in take(&mut self.readable) {
            self.read(id);
            if self.hub.wants_flush() {
                self.flush();
            }
        }
        self.flush();
    }

    /// Lets time pass, and does what is due at its time, with turns in between.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.hub.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Tick);
            self.turn();
        }
        self.now = self.now.max(end);
        self.handle(Input::Tick);
        self.turn();
    }

    /// Everybody reads what is left, and goes. Then nothing may be left, and the recording has to
    /// replay.
    pub(super) fn end(mut self) {
        let ids: Vec<ConnId> = self.conns.keys().copied().collect();
        self.read_bytes = self.hub.config().backlog_bytes;
        for id in &ids {
            self.set_room(*id, usize::MAX);
            self.hang_up(*id);
        }
        while !self.readable.is_empty() {
            self.turn();
        }
        self.flush();
        self.wait_for_all();
        // However much was still to come: it is not waited for. But seats wait for those who are cut off.
        ids.iter().for_each(|id| self.break_off(*id));
        self.flush();
        self.wait_for_all();
        promised(self.watch.ended(&self.hub));
        replay(self.recorder.bytes());
    }

    /// Lets time pass until nothing is due any more, or it takes too long.
    fn wait_for_all(&mut self) {
        for _ in 0..1000 {
            let Some(due) = self.hub.poll_timeout() else {
                break;
            };
            self.wait(due.since(self.now));
        }
    }

    fn read(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        if !conn.incoming.begin_read() {
            return;
        }
        let count = conn.sent.len().min(self.read_bytes);
        if count == 0 {
            if conn.end != End::Sent {
                let _ = conn.incoming.read_done(Readiness::Blocked);
                return;
            }
            conn.end = End::Read;
            conn.incoming.end();
            return self.handle(Input::Eof(id));
        }
        let bytes: Vec<u8> = conn.sent.drain(..count).collect();
        let more = !conn.sent.is_empty() || conn.end == End::Sent;
        let readiness = if more {
            Readiness::Ready
        } else {
            Readiness::Blocked
        };
        if conn.incoming.read_done(readiness) == Enqueue::Yes {
            self.readable.push(id);
        }
        self.handle(Input::Received(id, &bytes));
    }

    /// Does what the hub wants, and writes once to whom it wants written to, until it wants nothing.
    fn flush(&mut self) {
        self.drain();
        while !self.writable.is_empty() {
            // As the adapters do: what was written is told once all is.
            let writable = take(&mut self.writable);
            let written: Vec<_> = writable
                .into_iter()
                .map(|id| (id, self.write(id)))
                .collect();
            for (id, count) in written.into_iter().filter(|(_, count)| *count > 0) {
                self.handle(Input::Sent(id, count));
            }
            self.drain();
        }
        for (id, conn) in &self.conns {
            let idle = conn.outgoing == WriteState::Idle;
            let waits = self.hub.pending(*id).next().is_some();
            assert!(!(idle && waits), "{id:?} is sent nothing any more");
        }
    }

    fn drain(&mut self) {
        let mut outputs = Vec::new();
        while let Some(output) = self.hub.poll_output() {
            outputs.push(output);
            promised(self.watch.output(&self.hub, output));
            match output {
                Output::Write(id) => {
                    if let Some(conn) = self.conns.get_mut(&id)
                        && conn.outgoing.request() == Enqueue::Yes
                    {
                        self.writable.push(id);
                    }
                }
                Output::PauseRead(id) => {
                    if let Some(conn) = self.conns.get_mut(&id) {
                        conn.incoming.pause();
                    }
                }
                Output::ResumeRead(id) => {
                    if let Some(conn) = self.conns.get_mut(&id)
                        && conn.incoming.resume() == Enqueue::Yes
                    {
                        self.readable.push(id);
                    }
                }
                Output::Finish(id) => {
                    let conn = self.conns.get(&id);
                    assert!(
                        conn.is_none_or(|conn| conn.reader.is_empty()),
                        "{id:?} is cut off"
                    );
                }
                Output::Close(id, reason) => {
                    self.conns.remove(&id);
                    let slow = reason == CloseReason::SlowConsumer;
                    assert!(!(slow && self.prompt), "{id:?} is closed, though it reads");
                    let flooded = reason == CloseReason::Backlog;
                    assert!(!(flooded && self.honest), "{id:?} is closed, though paused");
                }
            }
        }
        promised(self.watch.drained(&self.hub));
        self.recorder.drained(&outputs);
    }

    /// How many bytes could be written.
    fn write(&mut self, id: ConnId) -> u32 {
        let Some(conn) = self.conns.get_mut(&id) else {
            return 0;
        };
        if !conn.outgoing.begin_write() {
            return 0;
        }
        let pending = self.hub.pending(id).flatten().copied();
        let bytes: Vec<u8> = pending.take(conn.room).collect();
        let left = self.hub.pending(id).map(<[u8]>::len).sum::<usize>() - bytes.len();
        let readiness = if left > 0 {
            Readiness::Blocked
        } else {
            Readiness::Ready
        };
        conn.outgoing.write_done(readiness);
        if conn.room < usize::MAX {
            conn.room -= bytes.len();
        }
        conn.reader.feed(&bytes);
        while let Some(package) = conn.reader.next_package() {
            let parsed = ServerPackage::parse(package.text.as_bytes());
            assert!(parsed.is_ok(), "{} cannot be read", package.text);
            if let Ok(ServerPackage::Session(session)) = parsed {
                self.tokens.extend(session.resume.map(String::from));
            }
        }
        bytes.len() as u32
    }

    fn handle(&mut self, input: Input<'_>) {
        self.now = self.now + self.delay;
        self.recorder.handle(&mut self.hub, self.now, input);
        self.hub.check_invariants();
        promised(self.watch.handed(&self.hub, self.now, input));
    }
}

fn promised(promise: Result<(), Failure>) {
    if let Err(failure) = promise {
        panic!("{failure}");
    }
}

/// What was recorded comes of it again.
fn replay(bytes: &[u8]) {
    let (header, mut reader) = Recording::open(bytes).expect("it was recorded");
    let mut replay = Replay::new(&header);
    while let Some(record) = reader.next_record().expect("it is whole") {
        if let Err(divergence) = replay.take(&record) {
            panic!("{divergence}");
        }
    }
    if let Err(divergence) = replay.settled() {
        panic!("{divergence}");
    }
}
