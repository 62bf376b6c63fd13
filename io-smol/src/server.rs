//! The server's tasks.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use chatmaster_core::adapter::{Enqueue, Readiness, WriteState};
use chatmaster_core::recording::{self, Sink, Tape};
use chatmaster_core::{CloseReason, Config, ConnId, Hub, Input, Output, Peer, Time};
use rustc_hash::FxHashMap;
use smol::future::FutureExt;
use smol::{Async, LocalExecutor, Task, future};

use crate::Stop;
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::listener;
use crate::socket::{self, READ_BYTES, Took};

/// Runs a server on these listeners until `stop`, which tells everyone and sees their last packages
/// off. Blocks.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limits of `config` do not go together or
/// there is no listener. Otherwise what the operating system says if it has no poll for this
/// server; what happens to connections is no error.
pub fn serve(config: Config, listeners: Vec<TcpListener>, stop: &Stop) -> io::Result<()> {
    serve_with(config, listeners, stop, Hooks::default())
}

/// What a server lets its owner know while it runs. They are called on its thread, which does nothing
/// else meanwhile; one that panics ends the server like any panic.
#[derive(Default)]
pub struct Hooks {
    /// Records the server: is given the bytes of the recording, once a turn and before any of what they
    /// led to goes out.
    pub sink: Option<Box<Sink>>,
    /// Is told why a connection could not be accepted; it is tried again after a pause of up to a second.
    pub accept_failed: Option<Box<AcceptFailed>>,
}

/// Who is told why a connection could not be accepted.
pub type AcceptFailed = dyn FnMut(&io::Error);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// Runs a server like [`serve`] with these hooks.
///
/// # Errors
/// Those of [`serve`]; and [`InvalidInput`](io::ErrorKind::InvalidInput) if messages may be too long to
/// be [recorded](recording::check) and are to be. A recording that cannot be kept is no error: it ends,
/// the server goes on.
///
/// # Panics
/// If something in it panics: it never goes on half-way through an input.
pub fn serve_with(
    config: Config,
    listeners: Vec<TcpListener>,
    stop: &Stop,
    hooks: Hooks,
) -> io::Result<()> {
    config
        .check()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    if listeners.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no socket to listen on",
        ));
    }
    if hooks.sink.is_some() {
        recording::check(&config)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    }
    let listeners = listeners
        .into_iter()
        .map(Async::new)
        .collect::<io::Result<Vec<_>>>()?;
    let server = Server::new(config, hooks);
    server.state.borrow_mut().keep();
    let executor = LocalExecutor::new();
    smol::block_on(executor.run(drive(&server, &executor, listeners, stop)));
    server.state.borrow_mut().keep();
    Ok(())
}

/// Runs the server to its end, turn by turn. The tasks that listen and read run between turns.
async fn drive<'a>(
    server: &'a Server,
    executor: &LocalExecutor<'a>,
    listeners: Vec<Async<TcpListener>>,
    stop: &Stop,
) {
    let accept = |listener| executor.spawn(watched(server, listener::accept(server, listener)));
    let acceptors: Vec<_> = listeners.into_iter().map(accept).collect();
    let mut alarm = Alarm::new();
    let mut stopped = pin!(async {
        stop.stopped().await;
        Woken::Stopped
    });
    while server.woken(&mut alarm, stopped.as_mut()).await == Woken::Stirred {
        server.take_turn(executor);
    }
    for acceptor in acceptors {
        acceptor.cancel().await;
    }
    server.shut_down();
    server.take_turn(executor);
    while server.state.borrow().hub.connections() > 0 {
        server.woken(&mut alarm, future::pending()).await;
        server.take_turn(executor);
    }
}

/// What ended a wait.
#[derive(PartialEq, Eq)]
enum Woken {
    /// There is something to do in a turn.
    Stirred,
    /// The server is to stop.
    Stopped,
}

/// What the tasks share. Nothing in it is borrowed while a task waits.
pub(crate) struct Server {
    state: RefCell<State>,
    clock: Clock,
    /// What a task has panicked with.
    panic: RefCell<Option<Box<dyn Any + Send>>>,
}

struct State {
    hub: Tape,
    hooks: Hooks,
    connections: FxHashMap<ConnId, Connection>,
    last_id: u64,
    /// Connections that the hub is to be told of.
    accepted: Vec<(Async<TcpStream>, SocketAddr)>,
    /// Those to write to in the next turn.
    writable: VecDeque<ConnId>,
    buffer: Box<[u8]>,
    /// What the hub wants, while it is being done.
    outputs: Vec<Output>,
    /// Counts the turns.
    turn: u64,
    /// Whether there is something to do in a turn, and who is to do it.
    stirred: bool,
    driver: Option<Waker>,
    /// Tasks that wait for the turn to be over.
    waiting: Vec<Waker>,
    /// Counts the sockets given back.
    relieved: u64,
    /// Listeners that wait for one.
    starved: Vec<Waker>,
}

struct Connection {
    stream: Rc<Async<TcpStream>>,
    incoming: Incoming,
    outgoing: WriteState,
    /// Waits until the socket takes something, see [`await_writable`].
    waiter: Option<Task<()>>,
}

/// Who reads from a connection. A task ends when it is dropped.
enum Incoming {
    /// A task, see [`read`].
    Open { _reader: Task<()> },
    /// Nobody for now: the hub does not want it.
    Paused,
    /// Nobody: there is nothing to come.
    Ended,
}

/// Runs a task of the server. An executor keeps what panics in it to itself; but the server panics: it may
/// be half-way through an input, and nothing it says from then on would be true.
async fn watched(server: &Server, task: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
        server.panic.borrow_mut().get_or_insert(panic);
        server.state.borrow_mut().stir();
    }
}

/// Reads from a connection, at most once a turn, so that the hub can pause it in time and nobody
/// starves beside it.
async fn read(server: &Server, id: ConnId, stream: Rc<Async<TcpStream>>) {
    let mut next = Readiness::Blocked;
    loop {
        if next == Readiness::Blocked
            && poll_fn(|context| stream.poll_readable(context))
                .await
                .is_err()
        {
            return server.lose(id);
        }
        while server.wants_flush() {
            server.after(server.turn()).await;
        }
        let Some((turn, after)) = server.read(id, stream.get_ref()) else {
            return;
        };
        server.after(turn).await;
        next = after;
    }
}

/// Puts a connection back into the queue of those to write to, once it takes something.
async fn await_writable(server: &Server, id: ConnId, stream: Rc<Async<TcpStream>>) {
    match poll_fn(|context| stream.poll_writable(context)).await {
        Ok(()) => server.writable(id),
        Err(_) => server.lose(id),
    }
}

impl Server {
    fn new(config: Config, hooks: Hooks) -> Self {
        let (clock, start) = Clock::start();
        // What one read leaves for later fits into the backlog.
        let backlog_bytes = config.backlog_bytes;
        let hub = Hub::new(config, start);
        let state = RefCell::new(State {
            hub: match &hooks.sink {
                Some(_) => Tape::recording(hub, "smol"),
                None => Tape::blank(hub),
            },
            hooks,
            connections: FxHashMap::default(),
            last_id: 0,
            accepted: Vec::new(),
            writable: VecDeque::new(),
            buffer: vec![0; READ_BYTES.min(backlog_bytes)].into(),
            outputs: Vec::new(),
            turn: 0,
            stirred: false,
            driver: None,
            waiting: Vec::new(),
            relieved: 0,
            starved: Vec::new(),
        });
        Server {
            state,
            clock,
            panic: RefCell::default(),
        }
    }

    /// Which turn it is.
    pub(crate) fn turn(&self) -> u64 {
        self.state.borrow().turn
    }

    /// Waits until `turn` is over.
    pub(crate) async fn after(&self, turn: u64) {
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            if state.turn > turn {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Waits until a socket is given back.
    pub(crate) async fn relieved(&self) {
        let before = self.state.borrow().relieved;
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            if state.relieved > before {
                return Poll::Ready(());
            }
            // Whoever waited before and gave up is still listed.
            state
                .starved
                .retain(|waker| !waker.will_wake(context.waker()));
            state.starved.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// A connection was accepted.
    pub(crate) fn accepted(&self, stream: Async<TcpStream>, address: SocketAddr) {
        let mut state = self.state.borrow_mut();
        state.accepted.push((stream, address));
        state.stir();
    }

    /// Tells that a connection could not be accepted.
    pub(crate) fn accept_failed(&self, error: &io::Error) {
        if let Some(hook) = &mut self.state.borrow_mut().hooks.accept_failed {
            hook(error);
        }
    }

    /// Whether the hub has enough for one turn.
    fn wants_flush(&self) -> bool {
        self.state.borrow().hub.wants_flush()
    }

    /// Reads once. Says in which turn, and whether there may be more; nothing if no more comes.
    fn read(&self, id: ConnId, stream: &TcpStream) -> Option<(u64, Readiness)> {
        let state = &mut *self.state.borrow_mut();
        match socket::read(stream, &mut state.buffer) {
            Ok(Took::Bytes(count, next)) => {
                if count > 0 {
                    let input = Input::Received(id, &state.buffer[..count]);
                    state.hub.handle(self.clock.now(), input);
                    state.stir();
                }
                Some((state.turn, next))
            }
            Ok(Took::End) => {
                if let Some(connection) = state.connections.get_mut(&id) {
                    connection.incoming = Incoming::Ended;
                }
                state.hub.handle(self.clock.now(), Input::Eof(id));
                state.stir();
                None
            }
            Err(_) => {
                state.lose(self.clock.now(), id);
                None
            }
        }
    }

    fn writable(&self, id: ConnId) {
        let state = &mut *self.state.borrow_mut();
        if let Some(connection) = state.connections.get_mut(&id)
            && connection.outgoing.writable() == Enqueue::Yes
        {
            state.writable.push_back(id);
            state.stir();
        }
    }

    fn lose(&self, id: ConnId) {
        self.state.borrow_mut().lose(self.clock.now(), id);
    }

    /// Waits until there is something to do in a turn, or `stopped`.
    async fn woken(&self, alarm: &mut Alarm, stopped: impl Future<Output = Woken>) -> Woken {
        let (due, goes_on) = {
            let state = self.state.borrow();
            (state.hub.poll_timeout(), !state.writable.is_empty())
        };
        let stirred = async {
            if goes_on {
                // Not without the other tasks having had their part.
                return future::yield_now().await;
            }
            poll_fn(|context| self.state.borrow_mut().poll_stirred(context)).await;
        };
        let woken = async {
            future::or(stirred, alarm.wait(&self.clock, due)).await;
            Woken::Stirred
        };
        future::or(stopped, woken).await
    }

    /// Does a bounded part of what there is to do. What was accepted and read since the last turn
    /// the hub knows of in this one; and what goes to the same connection goes together.
    ///
    /// # Panics
    /// If a task has.
    fn take_turn<'a>(&'a self, executor: &LocalExecutor<'a>) {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
        let state = &mut *self.state.borrow_mut();
        let now = self.clock.now();
        let spawn_reader = |id, stream| executor.spawn(watched(self, read(self, id, stream)));
        let spawn_waiter =
            |id, stream| executor.spawn(watched(self, await_writable(self, id, stream)));
        for (stream, address) in std::mem::take(&mut state.accepted) {
            state.open(now, stream, address, spawn_reader);
        }
        if state.hub.poll_timeout().is_some_and(|due| due <= now) {
            state.hub.handle(now, Input::Tick);
        }
        state.act(spawn_reader);
        state.keep();
        state.write(now, spawn_waiter);
        state.act(spawn_reader);
        state.turn += 1;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// Has the hub tell everyone. What was accepted without its knowing is dropped.
    fn shut_down(&self) {
        let mut state = self.state.borrow_mut();
        state.accepted.clear();
        state.hub.handle(self.clock.now(), Input::Shutdown);
    }
}

impl State {
    /// There is something to do in a turn.
    fn stir(&mut self) {
        self.stirred = true;
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }

    fn poll_stirred(&mut self, context: &Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.stirred) {
            return Poll::Ready(());
        }
        self.driver = Some(context.waker().clone());
        Poll::Pending
    }

    fn open(
        &mut self,
        now: Time,
        stream: Async<TcpStream>,
        address: SocketAddr,
        spawn_reader: impl Fn(ConnId, Rc<Async<TcpStream>>) -> Task<()>,
    ) {
        self.last_id += 1;
        let id = ConnId(self.last_id);
        socket::tune_accepted(stream.get_ref());
        let stream = Rc::new(stream);
        let incoming = Incoming::Open {
            _reader: spawn_reader(id, stream.clone()),
        };
        let connection = Connection {
            stream,
            incoming,
            outgoing: WriteState::default(),
            waiter: None,
        };
        self.connections.insert(id, connection);
        // A listener for both families shows IPv4 addresses as IPv6 ones.
        self.hub
            .handle(now, Input::Opened(id, Peer(address.ip().to_canonical())));
    }

    /// Writes once to each connection that takes something.
    fn write(
        &mut self,
        now: Time,
        spawn_waiter: impl Fn(ConnId, Rc<Async<TcpStream>>) -> Task<()>,
    ) {
        for _ in 0..self.writable.len() {
            let Some(id) = self.writable.pop_front() else {
                return;
            };
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            match socket::write(connection.stream.get_ref(), self.hub.pending(id)) {
                Ok((count, next)) => {
                    connection.outgoing.write_done(next);
                    connection.waiter = match next {
                        Readiness::Ready => None,
                        Readiness::Blocked => Some(spawn_waiter(id, connection.stream.clone())),
                    };
                    if count > 0 {
                        let count = u32::try_from(count).expect("a write has far less than 4 GiB");
                        self.hub.handle(now, Input::Sent(id, count));
                    }
                }
                Err(_) => self.lose(now, id),
            }
        }
    }

    /// Does what the hub wants.
    fn act(&mut self, spawn_reader: impl Fn(ConnId, Rc<Async<TcpStream>>) -> Task<()>) {
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.extend(std::iter::from_fn(|| self.hub.poll_output()));
        if !outputs.is_empty() {
            self.keep();
        }
        for output in outputs.drain(..) {
            let (Output::Write(id)
            | Output::PauseRead(id)
            | Output::ResumeRead(id)
            | Output::Finish(id)
            | Output::Close(id, _)) = output;
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            match (output, &connection.incoming) {
                (Output::Write(_), _) => {
                    if connection.outgoing.request() == Enqueue::Yes {
                        self.writable.push_back(id);
                    }
                }
                (Output::PauseRead(_), Incoming::Open { .. }) => {
                    connection.incoming = Incoming::Paused;
                }
                (Output::ResumeRead(_), Incoming::Paused) => {
                    let reader = spawn_reader(id, connection.stream.clone());
                    connection.incoming = Incoming::Open { _reader: reader };
                }
                (Output::Finish(_), _) => {
                    // It fails if the connection is gone, which the next read tells.
                    let _ = connection.stream.get_ref().shutdown(Shutdown::Write);
                }
                (Output::Close(_, reason), _) => {
                    if reason == CloseReason::SlowConsumer {
                        socket::forsake(connection.stream.get_ref());
                    }
                    self.close(id);
                }
                (Output::PauseRead(_) | Output::ResumeRead(_), _) => {}
            }
        }
        self.outputs = outputs;
    }

    /// Has the recording kept, as far as it goes.
    fn keep(&mut self) {
        if let Some(sink) = &mut self.hooks.sink {
            self.hub.keep(sink);
        }
    }

    /// A connection broke.
    fn lose(&mut self, now: Time, id: ConnId) {
        self.close(id);
        self.hub.handle(now, Input::Closed(id));
        self.stir();
    }

    /// Ends the tasks of a connection and, with the last of them, gives its socket back, whose
    /// descriptor a listener may be waiting for: it is woken after them.
    fn close(&mut self, id: ConnId) {
        self.connections.remove(&id);
        self.relieved += 1;
        self.starved.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_panic_in_a_task_is_one_of_the_server() {
        let caught = catch_unwind(|| {
            let server = Server::new(Config::default(), Hooks::default());
            let executor = LocalExecutor::new();
            smol::block_on(executor.run(async {
                let task = executor.spawn(watched(&server, async { panic!("planted") }));
                server.woken(&mut Alarm::new(), future::pending()).await;
                server.take_turn(&executor);
                drop(task);
            }));
        });
        let panic = caught.expect_err("it panics");
        assert_eq!(panic.downcast_ref(), Some(&"planted"));
    }
}
