//! Where clients can talk: a [hub in memory](Harness), or a server behind sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chatmaster_core::recording::{Recorded, SinkOutcome};
use chatmaster_core::session::Update;
use chatmaster_core::testing::{ClientId, Harness};
use chatmaster_core::{Config, Machine, SessionConfig};
use chatmaster_io::{Client, Clock, Hooks, Stop, hub, listen};

/// How long a test waits for what must come. Far more than it takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

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

impl World for Harness {
    fn connect(&mut self) -> ClientId {
        Harness::connect(self)
    }

    fn send(&mut self, client: ClientId, bytes: &[u8]) {
        Harness::send(self, client, bytes);
    }

    fn hang_up(&mut self, client: ClientId) {
        Harness::hang_up(self, client);
    }

    fn close(&mut self, client: ClientId) {
        Harness::close(self, client);
    }

    fn receive(&mut self, client: ClientId) -> Arrival {
        let bytes = self.take(client);
        if !bytes.is_empty() {
            return Arrival::Bytes(bytes);
        }
        assert!(
            self.is_closed(client),
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

    /// What recordings of it say.
    pub fn name(self) -> &'static str {
        match self {
            Runtime::Mio => "mio",
            Runtime::Smol => "smol",
        }
    }

    /// `serve` of the runtime.
    ///
    /// # Errors
    /// Those of `serve`.
    pub fn serve(self, config: Config, listeners: Vec<TcpListener>, stop: &Stop) -> io::Result<()> {
        match self {
            Runtime::Mio => chatmaster_mio::serve(config, listeners, stop),
            Runtime::Smol => chatmaster_smol::serve(config, listeners, stop),
        }
    }

    /// `serve_with` of the runtime.
    ///
    /// # Errors
    /// Those of `serve_with`.
    pub fn serve_with(
        self,
        machine: impl Machine,
        clock: Clock,
        listeners: Vec<TcpListener>,
        stop: &Stop,
        hooks: Hooks,
    ) -> io::Result<()> {
        match self {
            Runtime::Mio => chatmaster_mio::serve_with(machine, clock, listeners, stop, hooks),
            Runtime::Smol => chatmaster_smol::serve_with(machine, clock, listeners, stop, hooks),
        }
    }

    /// Serves, and hands what is recorded to `sink`.
    ///
    /// # Errors
    /// Those of `serve`, and that it cannot be recorded.
    pub fn serve_recorded(
        self,
        config: Config,
        listeners: Vec<TcpListener>,
        stop: &Stop,
        sink: impl FnMut(&[u8]) -> SinkOutcome,
    ) -> io::Result<()> {
        let (hub, clock) = hub(config)?;
        let recorded = Recorded::new(hub, self.name(), sink)
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        self.serve_with(recorded, clock, listeners, stop, Hooks::default())
    }

    /// `connect` of the runtime.
    ///
    /// # Errors
    /// Those of `connect`.
    pub fn connect(
        self,
        addresses: &[SocketAddr],
        config: SessionConfig,
        on_update: impl FnMut(Update) + Send + 'static,
    ) -> io::Result<Client> {
        match self {
            Runtime::Mio => chatmaster_mio::connect(addresses, config, on_update),
            Runtime::Smol => chatmaster_smol::connect(addresses, config, on_update),
        }
    }
}

/// A listener on a free port of the loopback interface, and its address.
pub fn loopback() -> (TcpListener, SocketAddr) {
    let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    (listener, address)
}

/// A client's socket, which waits for nothing for ever.
pub(crate) fn patient(stream: TcpStream) -> TcpStream {
    let set = stream.set_nodelay(true);
    let set = set.and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
    let set = set.and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    set.expect("a connected socket has options");
    stream
}

/// A server on a free port of the loopback interface, in a thread of its own. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts a server; it listens when this returns.
    pub fn start(runtime: Runtime, config: Config) -> Self {
        Self::run(move |listener, stop| runtime.serve(config, vec![listener], stop))
    }

    /// Starts a server whose recording is whole in `recording` when the server is stopped.
    pub fn start_recorded(
        runtime: Runtime,
        config: Config,
        recording: Arc<Mutex<Vec<u8>>>,
    ) -> Self {
        let sink = move |bytes: &[u8]| {
            let mut recording = recording.lock().expect("nobody panics with it");
            recording.extend_from_slice(bytes);
            SinkOutcome::Written
        };
        Self::run(move |listener, stop| runtime.serve_recorded(config, vec![listener], stop, sink))
    }

    /// Starts a server by what serves a listener until stopped.
    pub fn run(serve: impl FnOnce(TcpListener, &Stop) -> io::Result<()> + Send + 'static) -> Self {
        let (listener, address) = loopback();
        let stop = Stop::new();
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || serve(listener, &stop)
        });
        Server {
            address,
            stop,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(self.address).expect("the server listens"))
    }

    /// Stops it and waits for its end.
    pub fn stop(&mut self) {
        self.stop.stop();
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
