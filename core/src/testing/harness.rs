//! A hub in memory, and its clients, who are as unkind as any behind a socket.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use super::journal::Page;
use super::packages::login;
use super::wire::Reader;
use crate::adapter::{Enqueue, Readiness, WriteState};
use crate::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};

/// One client's connection, by the order of connecting.
pub type ClientId = usize;

/// The identifier that a [`Harness`] gives a client's connection.
pub fn id(client: ClientId) -> ConnId {
    ConnId(client as u64 + 1)
}

/// Limits that delay nobody.
pub fn unlimited() -> Config {
    Config {
        message_rate: 0,
        lag_pause: Duration::ZERO,
        ..Config::default()
    }
}

/// A hub without sockets, whose clock stands still unless told. What is written to whom, and when, it
/// decides as the adapters do ([`adapter`](crate::adapter)), and it remembers no more than they.
///
/// Every input is followed by [`Hub::check_invariants`]; where many are connected, which names are taken is
/// looked at once in a while.
pub struct Harness {
    /// The hub.
    pub hub: Hub,
    /// Its time.
    pub now: Time,
    /// What the hub wanted done, but for writes.
    pub log: Vec<Output>,
    clients: BTreeMap<ConnId, Client>,
    /// Those to write to.
    writable: Vec<ConnId>,
    page: Page,
    /// How many inputs there were.
    inputs: usize,
}

/// How many connections are few enough that all their names are looked at after each input; with more,
/// after one in as many inputs.
const FEW: usize = 16;

/// After how many rounds a hub that has not come to rest never does.
const MOST: usize = 20_000;

#[derive(Default)]
struct Client {
    /// What has come for it and was not taken.
    inbox: Vec<u8>,
    line: Line,
    outgoing: WriteState,
}

/// What stands between the hub and a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// What is written arrives.
    #[default]
    Open,
    /// The client does not read: nothing can be written.
    Stalled,
    /// The server has ended it.
    Closed,
}

impl Harness {
    /// A hub without connections.
    pub fn new(config: Config) -> Self {
        Harness {
            page: Page::new(&config),
            hub: Hub::new(config, Start::default()),
            now: Time::ZERO,
            log: Vec::new(),
            clients: BTreeMap::new(),
            writable: Vec::new(),
            inputs: 0,
        }
    }

    /// Connects one more client, from this machine.
    pub fn connect(&mut self) -> ClientId {
        self.connect_from(Ipv4Addr::LOCALHOST.into())
    }

    /// Connects one more client, from `address`.
    pub fn connect_from(&mut self, address: IpAddr) -> ClientId {
        let client = self.clients.len();
        self.clients.insert(id(client), Client::default());
        self.handle(Input::Opened(id(client), Peer(address)));
        client
    }

    /// Connects one more client, which logs in in plain JSON and has read all that came of it.
    ///
    /// # Panics
    /// If it is not let in.
    pub fn log_in(&mut self, name: &str) -> ClientId {
        let client = self.connect();
        self.send(client, login(name).as_bytes());
        let session = self.packages(client).remove(1);
        assert!(session.contains(r#""status":true"#), "{session}");
        client
    }

    /// The client sends bytes, in one piece.
    pub fn send(&mut self, client: ClientId, bytes: &[u8]) {
        self.handle(Input::Received(id(client), bytes));
    }

    /// The client sends nothing any more; it goes on receiving.
    pub fn hang_up(&mut self, client: ClientId) {
        self.handle(Input::Eof(id(client)));
    }

    /// The client's connection breaks.
    pub fn close(&mut self, client: ClientId) {
        self.handle(Input::Closed(id(client)));
    }

    /// The client reads nothing from now on.
    pub fn stall(&mut self, client: ClientId) {
        self.client(client).line = Line::Stalled;
    }

    /// The client reads again.
    pub fn resume(&mut self, client: ClientId) {
        let Client { line, outgoing, .. } = self.client(client);
        if *line == Line::Stalled {
            *line = Line::Open;
            if outgoing.writable() == Enqueue::Yes {
                self.writable.push(id(client));
            }
            self.handle(Input::Tick);
        }
    }

    /// The client, which has stopped reading while something waits for it, takes so many bytes of that.
    pub fn trickle(&mut self, client: ClientId, bytes: usize) {
        let pending = self.hub.pending(id(client)).flatten().copied();
        let taken: Vec<u8> = pending.take(bytes).collect();
        let Client {
            inbox, outgoing, ..
        } = self.client(client);
        if outgoing.writable() == Enqueue::No || !outgoing.begin_write() {
            return;
        }
        outgoing.write_done(Readiness::Ready);
        inbox.extend_from_slice(&taken);
        self.handle(Input::Sent(id(client), taken.len() as u32));
    }

    /// All bytes that have come for the client and were not taken yet.
    pub fn take(&mut self, client: ClientId) -> Vec<u8> {
        core::mem::take(&mut self.client(client).inbox)
    }

    /// All packages that have come for the client and were not taken yet.
    pub fn packages(&mut self, client: ClientId) -> Vec<String> {
        let mut reader = Reader::default();
        reader.feed(&self.take(client));
        let packages = core::iter::from_fn(|| reader.next_package());
        packages.map(|package| package.text).collect()
    }

    /// Whether the server has closed the client's connection, or its half of it.
    pub fn is_closed(&mut self, client: ClientId) -> bool {
        self.client(client).line == Line::Closed
    }

    /// Bytes that wait in the hub for the client.
    pub fn waiting(&self, client: ClientId) -> usize {
        self.hub.pending(id(client)).map(<[u8]>::len).sum()
    }

    /// Lets time pass, with all that is due on the way.
    ///
    /// # Panics
    /// If that does not come to an end.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        let mut rounds = 0..MOST;
        while let Some(due) = self.hub.poll_timeout().filter(|due| *due <= end) {
            rounds.next().expect("a hub sleeps sooner or later");
            self.now = due;
            self.handle(Input::Tick);
        }
        self.now = end;
        self.handle(Input::Tick);
    }

    /// Hands `input` to the hub, checks its invariants, and does what it says; and goes on while the
    /// hub wants to at once.
    ///
    /// # Panics
    /// If that does not come to an end, or an invariant does not hold.
    pub fn handle(&mut self, input: Input<'_>) {
        self.step(input);
        self.flush();
        let mut rounds = 0..MOST;
        while let Some(due) = self.hub.poll_timeout()
            && due <= self.now + Duration::from_micros(1)
        {
            rounds.next().expect("a hub sleeps sooner or later");
            self.now = due;
            self.step(Input::Tick);
            self.flush();
        }
    }

    fn step(&mut self, input: Input<'_>) {
        self.page.input(self.now, input);
        self.hub.handle(self.now, input);
        self.inputs += 1;
        if self.hub.connections() <= FEW || self.inputs.is_multiple_of(FEW) {
            self.hub.check_invariants();
        } else {
            self.hub.check_invariants_but_names();
        }
        assert!(
            self.hub.poll_timeout().is_none_or(|at| at > self.now),
            "no timer is in the past"
        );
    }

    /// Does what the hub wants, and writes once to whom it wants written to, until it wants nothing.
    fn flush(&mut self) {
        self.drain();
        let mut rounds = 0..MOST;
        while !self.writable.is_empty() {
            rounds.next().expect("a queue drains");
            // As the adapters do: what was written is told once all is.
            let writable = core::mem::take(&mut self.writable);
            let written: Vec<_> = writable
                .into_iter()
                .map(|id| (id, self.write(id)))
                .collect();
            for (id, count) in written.into_iter().filter(|(_, count)| *count > 0) {
                self.step(Input::Sent(id, count));
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        self.page.drained();
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Write(id) => {
                    if self.clients.entry(id).or_default().outgoing.request() == Enqueue::Yes {
                        self.writable.push(id);
                    }
                }
                Output::Finish(id) | Output::Close(id, _) => {
                    self.clients.entry(id).or_default().line = Line::Closed;
                    self.log.push(output);
                }
                Output::PauseRead(_) | Output::ResumeRead(_) => self.log.push(output),
            }
        }
    }

    /// How many bytes could be written.
    fn write(&mut self, id: ConnId) -> u32 {
        let client = self.clients.entry(id).or_default();
        if !client.outgoing.begin_write() {
            return 0;
        }
        if client.line == Line::Stalled {
            client.outgoing.write_done(Readiness::Blocked);
            return 0;
        }
        client.outgoing.write_done(Readiness::Ready);
        let before = client.inbox.len();
        client.inbox.extend(self.hub.pending(id).flatten());
        (client.inbox.len() - before) as u32
    }

    fn client(&mut self, client: ClientId) -> &mut Client {
        self.clients
            .get_mut(&id(client))
            .expect("the client has connected")
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("now", &self.now)
            .field("clients", &self.clients.len())
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
