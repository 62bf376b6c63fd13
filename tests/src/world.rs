//! Where clients can talk: a [hub in memory](Harness), or a server behind sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::recording::SinkOutcome;
use chatmaster_core::testing::{ClientId, Harness};

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
