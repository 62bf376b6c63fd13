//! Where clients can talk: a bare hub in memory, or a server behind sockets.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chatmaster_core::adapter::{Enqueue, Readiness, WriteState};
use chatmaster_core::recording::SinkOutcome;
use chatmaster_core::{Config, ConnId, Hub, Input, Output, Peer, Start, Time};

use crate::journal::Page;
use crate::packages::login;
use crate::wire::Reader;

/// How long a test waits for what must come. Far more than it takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One client's connection, by the order of connecting.
pub type ClientId = usize;

/// What a client finds when it reads.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Some bytes.
    Bytes(Vec<u8>),
    /// The server has closed the connection.
    Closed,
}

/// A server and its clients' connections.
pub trait World {
    /// Connects one more client.
    fn connect(&mut self) -> ClientId;
    /// Sends bytes in one piece.
    fn send(&mut self, client: ClientId, bytes: &[u8]);
    /// Ends what the client sends; it goes on receiving.
    fn hang_up(&mut self, client: ClientId);
    /// Closes the client's connection.
    fn close(&mut self, client: ClientId);
    /// Waits for the server.
    ///
    /// # Panics
    /// If nothing comes.
    fn receive(&mut self, client: ClientId) -> Arrival;
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
/// decides as the adapters do.
pub struct Bare {
    /// The hub.
    pub hub: Hub,
    /// Its time.
    pub now: Time,
    /// What the hub wanted done, but for writes.
    pub log: Vec<Output>,
    inboxes: BTreeMap<ConnId, Inbox>,
    /// Those to write to.
    writable: Vec<ConnId>,
    page: Page,
}

#[derive(Default)]
struct Inbox {
    bytes: Vec<u8>,
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

impl Bare {
    /// A hub without connections.
    pub fn new(config: Config) -> Self {
        Bare {
            page: Page::new(&config),
            hub: Hub::new(config, Start::default()),
            now: Time::ZERO,
            log: Vec::new(),
            inboxes: BTreeMap::new(),
            writable: Vec::new(),
        }
    }

    /// Hands `input` to the hub, checks its invariants, and does what it says; and goes on while the
    /// hub wants to at once.
    pub fn handle(&mut self, input: Input<'_>) {
        self.step(input);
        self.flush();
        while let Some(due) = self.hub.poll_timeout()
            && due <= self.now + Duration::from_micros(1)
        {
            self.now = due;
            self.step(Input::Tick);
            self.flush();
        }
    }

    /// Does what the hub wants, and writes once to whom it wants written to, until it wants nothing.
    fn flush(&mut self) {
        self.drain();
        while !self.writable.is_empty() {
            for id in std::mem::take(&mut self.writable) {
                self.write(id);
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        self.page.drained(self.now);
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Write(id) => {
                    if self.inboxes.entry(id).or_default().outgoing.request() == Enqueue::Yes {
                        self.writable.push(id);
                    }
                }
                Output::Finish(id) | Output::Close(id, _) => {
                    self.inboxes.entry(id).or_default().line = Line::Closed;
                    self.log.push(output);
                }
                Output::PauseRead(_) | Output::ResumeRead(_) => self.log.push(output),
            }
        }
    }

    /// Lets time pass, with all that is due on the way.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(due) = self.hub.poll_timeout().filter(|due| *due <= end) {
            self.now = due;
            self.handle(Input::Tick);
        }
        self.now = end;
        self.handle(Input::Tick);
    }

    /// Connects one more client, from `address`.
    pub fn connect_from(&mut self, address: IpAddr) -> ClientId {
        let client = self.inboxes.len();
        self.inboxes.insert(id(client), Inbox::default());
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

    /// The client reads nothing from now on.
    pub fn stall(&mut self, client: ClientId) {
        self.inboxes
            .get_mut(&id(client))
            .expect("the client has connected")
            .line = Line::Stalled;
    }

    /// The client reads again.
    pub fn resume(&mut self, client: ClientId) {
        let inbox = self
            .inboxes
            .get_mut(&id(client))
            .expect("the client has connected");
        if inbox.line == Line::Stalled {
            inbox.line = Line::Open;
            if inbox.outgoing.writable() == Enqueue::Yes {
                self.writable.push(id(client));
            }
            self.handle(Input::Tick);
        }
    }

    /// The client, which has stopped reading while something waits for it, takes so many bytes of that.
    pub fn trickle(&mut self, client: ClientId, bytes: usize) {
        let inbox = self.inboxes.entry(id(client)).or_default();
        if inbox.outgoing.writable() == Enqueue::No || !inbox.outgoing.begin_write() {
            return;
        }
        inbox.outgoing.write_done(Readiness::Ready);
        let before = inbox.bytes.len();
        let pending = self.hub.pending(id(client)).flatten();
        inbox.bytes.extend(pending.take(bytes));
        let sent = (inbox.bytes.len() - before) as u32;
        self.handle(Input::Sent(id(client), sent));
    }

    /// All packages that have come for the client and were not taken yet.
    pub fn packages(&mut self, client: ClientId) -> Vec<String> {
        let inbox = self
            .inboxes
            .get_mut(&id(client))
            .expect("the client has connected");
        let mut reader = Reader::default();
        reader.feed(&std::mem::take(&mut inbox.bytes));
        let packages = std::iter::from_fn(|| reader.next_package());
        packages.map(|package| package.text).collect()
    }

    /// Bytes that wait for the client.
    pub fn waiting(&self, client: ClientId) -> usize {
        self.hub.pending(id(client)).map(<[u8]>::len).sum()
    }

    fn step(&mut self, input: Input<'_>) {
        self.page.input(self.now, input);
        self.hub.handle(self.now, input);
        self.hub.check_invariants();
        assert!(
            self.hub.poll_timeout().is_none_or(|at| at > self.now),
            "no timer is in the past"
        );
    }

    fn write(&mut self, id: ConnId) {
        let inbox = self.inboxes.entry(id).or_default();
        if !inbox.outgoing.begin_write() {
            return;
        }
        if inbox.line == Line::Stalled {
            return inbox.outgoing.write_done(Readiness::Blocked);
        }
        inbox.outgoing.write_done(Readiness::Ready);
        let before = inbox.bytes.len();
        inbox.bytes.extend(self.hub.pending(id).flatten());
        let sent = (inbox.bytes.len() - before) as u32;
        if sent > 0 {
            self.step(Input::Sent(id, sent));
        }
    }
}

/// The identifier that a [`Bare`] gives a client's connection.
pub fn id(client: ClientId) -> ConnId {
    ConnId(client as u64 + 1)
}

impl World for Bare {
    fn connect(&mut self) -> ClientId {
        self.connect_from(Ipv4Addr::LOCALHOST.into())
    }

    fn send(&mut self, client: ClientId, bytes: &[u8]) {
        self.handle(Input::Received(id(client), bytes));
    }

    fn hang_up(&mut self, client: ClientId) {
        self.handle(Input::Eof(id(client)));
    }

    fn close(&mut self, client: ClientId) {
        self.handle(Input::Closed(id(client)));
    }

    fn receive(&mut self, client: ClientId) -> Arrival {
        let inbox = self
            .inboxes
            .get_mut(&id(client))
            .expect("the client has connected");
        if !inbox.bytes.is_empty() {
            return Arrival::Bytes(std::mem::take(&mut inbox.bytes));
        }
        assert_eq!(
            inbox.line,
            Line::Closed,
            "nothing has come for client {client}"
        );
        Arrival::Closed
    }
}

/// Which runtime a server runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `chatmaster-mio`.
    Mio,
    /// `chatmaster-smol`.
    Smol,
}

impl Runtime {
    /// Both.
    pub const ALL: [Runtime; 2] = [Runtime::Mio, Runtime::Smol];
}

/// A server on a free port of the loopback interface, in a thread of its own. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stop: Box<dyn Fn() + Send>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Server {
    /// Starts a server; it listens when this returns.
    pub fn start(runtime: Runtime, config: Config) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        match runtime {
            Runtime::Mio => {
                let stop = chatmaster_mio::Stop::new();
                let stopper = stop.clone();
                let stopper = Box::new(move || stopper.stop());
                Self::run(chatmaster_mio::listen(any), stopper, move |l| {
                    chatmaster_mio::serve(config, vec![l], &stop)
                })
            }
            Runtime::Smol => {
                let stop = chatmaster_smol::Stop::new();
                let stopper = stop.clone();
                let stopper = Box::new(move || stopper.stop());
                Self::run(chatmaster_smol::listen(any), stopper, move |l| {
                    chatmaster_smol::serve(config, vec![l], &stop)
                })
            }
        }
    }

    /// Starts a server whose recording is whole in `recording` when the server is stopped.
    pub fn start_recorded(
        runtime: Runtime,
        config: Config,
        recording: Arc<Mutex<Vec<u8>>>,
    ) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let keep = move |bytes: &[u8]| {
            recording
                .lock()
                .expect("nobody panics with it")
                .extend_from_slice(bytes);
            SinkOutcome::Written
        };
        match runtime {
            Runtime::Mio => {
                let stop = chatmaster_mio::Stop::new();
                let stopper = stop.clone();
                let stopper = Box::new(move || stopper.stop());
                Self::run(chatmaster_mio::listen(any), stopper, move |l| {
                    let hooks = chatmaster_mio::Hooks {
                        sink: Some(Box::new(keep)),
                        ..chatmaster_mio::Hooks::default()
                    };
                    chatmaster_mio::serve_with(config, vec![l], &stop, hooks)
                })
            }
            Runtime::Smol => {
                let stop = chatmaster_smol::Stop::new();
                let stopper = stop.clone();
                let stopper = Box::new(move || stopper.stop());
                Self::run(chatmaster_smol::listen(any), stopper, move |l| {
                    let hooks = chatmaster_smol::Hooks {
                        sink: Some(Box::new(keep)),
                        ..chatmaster_smol::Hooks::default()
                    };
                    chatmaster_smol::serve_with(config, vec![l], &stop, hooks)
                })
            }
        }
    }

    fn run(
        listener: std::io::Result<TcpListener>,
        stop: Box<dyn Fn() + Send>,
        serve: impl FnOnce(TcpListener) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let thread = Some(std::thread::spawn(move || serve(listener)));
        Server {
            address,
            stop,
            thread,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream
            .set_nodelay(true)
            .expect("a connected socket has options");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a connected socket has options");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a connected socket has options");
        stream
    }

    /// Stops it and waits for its end.
    pub fn stop(&mut self) {
        (self.stop)();
        if let Some(thread) = self.thread.take() {
            let served = thread.join();
            if !std::thread::panicking() {
                served
                    .expect("a server does not panic")
                    .expect("a server ends well");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A server behind sockets.
pub struct Sockets {
    // They are closed first: a server that stops waits for its clients to take leave.
    clients: Vec<Option<TcpStream>>,
    server: Server,
}

impl Sockets {
    /// A server without connections.
    pub fn new(runtime: Runtime, config: Config) -> Self {
        Sockets::of(Server::start(runtime, config))
    }

    /// The sockets of a server.
    pub fn of(server: Server) -> Self {
        Sockets {
            server,
            clients: Vec::new(),
        }
    }

    fn client(&mut self, client: ClientId) -> &mut TcpStream {
        self.clients[client]
            .as_mut()
            .expect("the client is connected")
    }
}

impl World for Sockets {
    fn connect(&mut self) -> ClientId {
        self.clients.push(Some(self.server.connect()));
        self.clients.len() - 1
    }

    fn send(&mut self, client: ClientId, bytes: &[u8]) {
        // A server that closes meanwhile is found out by reading.
        match self.client(client).write_all(bytes) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                ) => {}
            sent => sent.expect("the server takes what is sent"),
        }
    }

    fn hang_up(&mut self, client: ClientId) {
        self.client(client)
            .shutdown(Shutdown::Write)
            .expect("the client is connected");
    }

    fn close(&mut self, client: ClientId) {
        self.clients[client] = None;
    }

    fn receive(&mut self, client: ClientId) -> Arrival {
        let mut bytes = vec![0; 64 * 1024];
        match self.client(client).read(&mut bytes) {
            Ok(0) => Arrival::Closed,
            Ok(count) => {
                bytes.truncate(count);
                Arrival::Bytes(bytes)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Arrival::Closed,
            Err(error) => panic!("nothing came for client {client}: {error}"),
        }
    }
}
