//! The server's tasks.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use chatmaster_core::adapter::{Enqueue, Readiness, WriteState};
use chatmaster_core::{CloseReason, Config, ConnId, Input, Machine, Output, Peer, Time};
use chatmaster_io::socket::{self, READ_BYTES, ReadOutcome};
use chatmaster_io::{Clock, Hooks, Stop, StopGuard, check_listeners, hub};
use rustc_hash::FxHashMap;
use smol::future::FutureExt;
use smol::{Async, LocalExecutor, Task, future};

use crate::listener;
use crate::timer::Timer;

/// Runs a server on these listeners until `stop`, which tells everyone and sees their last packages
/// off. Blocks.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limits of `config` do not go together or
/// there is no listener. Otherwise what the operating system says if it has no poll for this
/// server; what happens to connections is no error.
///
/// # Panics
/// If something in it panics: it never goes on half-way through an input.
pub fn serve(config: Config, listeners: Vec<TcpListener>, stop: &Stop) -> io::Result<()> {
    let (hub, clock) = hub(config)?;
    serve_with(hub, clock, listeners, stop, Hooks::default())
}

/// Runs a server like [`serve`] by what this machine says, which may be a recorded hub. It must not have
/// handled anything yet; its time is that of `clock`, whose [start](Clock::start) it was made with.
///
/// # Errors
/// Those of [`serve`], but for those of a configuration.
///
/// # Panics
/// If the machine does, or a hook.
pub fn serve_with(
    machine: impl Machine,
    clock: Clock,
    listeners: Vec<TcpListener>,
    stop: &Stop,
    hooks: Hooks,
) -> io::Result<()> {
    check_listeners(&listeners)?;
    let listeners = listeners
        .into_iter()
        .map(Async::new)
        .collect::<io::Result<Vec<_>>>()?;
    let server = Server::new(machine, clock, hooks);
    let executor = LocalExecutor::new();
    smol::block_on(executor.run(drive(&server, &executor, listeners, stop)));
    Ok(())
}

/// Runs the server to its end, turn by turn. The tasks that listen and read run between turns.
async fn drive<'a, M: Machine>(
    server: &'a Server<M>,
    executor: &LocalExecutor<'a>,
    listeners: Vec<Async<TcpListener>>,
    stop: &Stop,
) {
    let accept = |listener| executor.spawn(watched(server, listener::accept(server, listener)));
    let acceptors: Vec<_> = listeners.into_iter().map(accept).collect();
    let mut timer = Timer::new();
    let mut stopped = pin!(stopped(stop));
    while server.wait(&mut timer, stopped.as_mut()).await == Wake::Work {
        server.take_turn(executor);
    }
    for acceptor in acceptors {
        acceptor.cancel().await;
    }
    server.shut_down();
    server.take_turn(executor);
    while server.is_connected() {
        server.wait(&mut timer, future::pending()).await;
        server.take_turn(executor);
    }
}

/// What ended a wait.
#[derive(PartialEq, Eq)]
enum Wake {
    /// There is something to do in a turn.
    Work,
    /// The server is to stop.
    Stop,
}

/// Waits until the server is to stop.
async fn stopped(stop: &Stop) -> Wake {
    let mut attached: Option<(Waker, StopGuard<'_>)> = None;
    poll_fn(|context| {
        let waker = context.waker();
        if attached
            .as_ref()
            .is_none_or(|(attached, _)| !attached.will_wake(waker))
        {
            attached = Some((waker.clone(), stop.attach(waker.clone())));
        }
        if stop.is_stopped() {
            return Poll::Ready(Wake::Stop);
        }
        Poll::Pending
    })
    .await
}

/// What the tasks share. Nothing in it is borrowed while a task waits.
pub(crate) struct Server<M> {
    state: RefCell<State<M>>,
    clock: Clock,
    /// What a task has panicked with.
    panic: RefCell<Option<Box<dyn Any + Send>>>,
}

struct State<M> {
    machine: M,
    hooks: Hooks,
    connections: FxHashMap<ConnId, Connection>,
    last_id: u64,
    /// Connections that the machine is to be told of.
    accepted: Vec<(Async<TcpStream>, SocketAddr)>,
    /// Those to write to in the next turn.
    writable: VecDeque<ConnId>,
    /// What came of the writes that the machine was not told of yet: how many bytes the socket took, or
    /// none if it is broken.
    written: Vec<(ConnId, Option<u32>)>,
    buffer: Box<[u8]>,
    /// Counts the turns.
    turn: u64,
    /// Whether there is something to do in a turn, and who is to do it.
    notified: bool,
    turn_waker: Option<Waker>,
    /// Tasks that wait for the turn to be over.
    turn_waiters: Vec<Waker>,
    /// Counts the descriptors given back.
    descriptors_freed: u64,
    /// Listeners that wait for one.
    descriptor_waiters: Vec<Waker>,
}

struct Connection {
    stream: Rc<Async<TcpStream>>,
    reading: Reading,
    outgoing: WriteState,
    /// Waits until the socket takes something, see [`await_writable`].
    waiter: Option<Task<()>>,
}

/// Who reads from a connection. A task ends when it is dropped.
enum Reading {
    /// A task, see [`read`].
    Open { _task: Task<()> },
    /// Nobody for now: the machine does not want it.
    Paused,
    /// Nobody: there is nothing to come.
    Ended,
}

/// Runs a task of the server. An executor keeps what panics in it to itself; but the server panics: it may
/// be half-way through an input, and nothing it says from then on would be true.
async fn watched<M: Machine>(server: &Server<M>, task: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
        server.panic.borrow_mut().get_or_insert(panic);
        server.state.borrow_mut().notify();
    }
}

/// Reads from a connection, at most once a turn, so that the machine can pause it in time and nobody
/// starves beside it.
async fn read<M: Machine>(server: &Server<M>, id: ConnId, stream: Rc<Async<TcpStream>>) {
    let mut readiness = Readiness::Blocked;
    loop {
        if readiness == Readiness::Blocked
            && poll_fn(|context| stream.poll_readable(context))
                .await
                .is_err()
        {
            return server.connection_lost(id);
        }
        while server.wants_flush() {
            server.after(server.turn()).await;
        }
        let Some((turn, after)) = server.read(id, stream.get_ref()) else {
            return;
        };
        server.after(turn).await;
        readiness = after;
    }
}

/// Puts a connection back into the queue of those to write to, once it takes something.
async fn await_writable<M: Machine>(server: &Server<M>, id: ConnId, stream: Rc<Async<TcpStream>>) {
    match poll_fn(|context| stream.poll_writable(context)).await {
        Ok(()) => server.writable(id),
        Err(_) => server.connection_lost(id),
    }
}

impl<M: Machine> Server<M> {
    fn new(machine: M, clock: Clock, hooks: Hooks) -> Self {
        let buffer = vec![0; READ_BYTES.min(machine.max_received())].into();
        let state = RefCell::new(State {
            machine,
            hooks,
            connections: FxHashMap::default(),
            last_id: 0,
            accepted: Vec::new(),
            writable: VecDeque::new(),
            written: Vec::new(),
            buffer,
            turn: 0,
            notified: false,
            turn_waker: None,
            turn_waiters: Vec::new(),
            descriptors_freed: 0,
            descriptor_waiters: Vec::new(),
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
            state.turn_waiters.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Waits until a descriptor is given back.
    pub(crate) async fn descriptor_freed(&self) {
        let before = self.state.borrow().descriptors_freed;
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            if state.descriptors_freed > before {
                return Poll::Ready(());
            }
            // Whoever waited before and gave up is still listed.
            let waiters = &mut state.descriptor_waiters;
            waiters.retain(|waker| !waker.will_wake(context.waker()));
            waiters.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// A connection was accepted.
    pub(crate) fn accepted(&self, stream: Async<TcpStream>, address: SocketAddr) {
        let mut state = self.state.borrow_mut();
        state.accepted.push((stream, address));
        state.notify();
    }

    /// Tells that a connection could not be accepted.
    pub(crate) fn accept_failed(&self, error: &io::Error) {
        self.state.borrow_mut().hooks.accept_failed(error);
    }

    /// Whether the machine has enough for one turn.
    fn wants_flush(&self) -> bool {
        self.state.borrow().machine.wants_flush()
    }

    /// Reads once. Says in which turn, and whether there may be more; nothing if no more comes.
    fn read(&self, id: ConnId, stream: &TcpStream) -> Option<(u64, Readiness)> {
        let state = &mut *self.state.borrow_mut();
        match socket::read(stream, &mut state.buffer, false) {
            Ok(ReadOutcome::Bytes(count, readiness)) => {
                if count > 0 {
                    let input = Input::Received(id, &state.buffer[..count]);
                    state.machine.handle(self.clock.now(), input);
                    state.notify();
                }
                Some((state.turn, readiness))
            }
            Ok(ReadOutcome::End) => {
                if let Some(connection) = state.connections.get_mut(&id) {
                    connection.reading = Reading::Ended;
                }
                state.machine.handle(self.clock.now(), Input::Eof(id));
                state.notify();
                None
            }
            Err(_) => {
                state.connection_lost(self.clock.now(), id);
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
            state.notify();
        }
    }

    fn connection_lost(&self, id: ConnId) {
        self.state
            .borrow_mut()
            .connection_lost(self.clock.now(), id);
    }

    /// Waits until there is something to do in a turn, or `stopped`.
    async fn wait(&self, timer: &mut Timer, stopped: impl Future<Output = Wake>) -> Wake {
        let (due, goes_on) = {
            let state = self.state.borrow();
            (state.machine.poll_timeout(), !state.writable.is_empty())
        };
        let notified = async {
            if goes_on {
                // Not without the other tasks having had their part.
                return future::yield_now().await;
            }
            poll_fn(|context| self.state.borrow_mut().poll_notified(context)).await;
        };
        let work = async {
            future::or(notified, timer.wait(&self.clock, due)).await;
            Wake::Work
        };
        future::or(stopped, work).await
    }

    /// Whether there is a connection.
    fn is_connected(&self) -> bool {
        !self.state.borrow().connections.is_empty()
    }

    /// Does a bounded part of what there is to do. What was accepted and read since the last turn
    /// the machine knows of in this one; and what goes to the same connection goes together.
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
        for (stream, address) in mem::take(&mut state.accepted) {
            state.open(now, stream, address, spawn_reader);
        }
        if state.machine.poll_timeout().is_some_and(|due| due <= now) {
            state.machine.handle(now, Input::Tick);
        }
        state.drain_outputs(spawn_reader);
        state.write(now, spawn_waiter);
        state.drain_outputs(spawn_reader);
        state.turn += 1;
        state.turn_waiters.drain(..).for_each(Waker::wake);
    }

    /// Has the machine tell everyone. What was accepted without its knowing is dropped.
    fn shut_down(&self) {
        let mut state = self.state.borrow_mut();
        state.accepted.clear();
        state.machine.handle(self.clock.now(), Input::Shutdown);
    }
}

impl<M: Machine> State<M> {
    /// There is something to do in a turn.
    fn notify(&mut self) {
        self.notified = true;
        if let Some(waker) = self.turn_waker.take() {
            waker.wake();
        }
    }

    fn poll_notified(&mut self, context: &Context<'_>) -> Poll<()> {
        if mem::take(&mut self.notified) {
            return Poll::Ready(());
        }
        self.turn_waker = Some(context.waker().clone());
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
        let reading = Reading::Open {
            _task: spawn_reader(id, stream.clone()),
        };
        let connection = Connection {
            stream,
            reading,
            outgoing: WriteState::default(),
            waiter: None,
        };
        self.connections.insert(id, connection);
        // A listener for both families shows IPv4 addresses as IPv6 ones.
        self.machine
            .handle(now, Input::Opened(id, Peer(address.ip().to_canonical())));
    }

    /// Writes once to each connection that takes something. The machine is told when all is written: what
    /// it has to say then is to be drained first.
    fn write(
        &mut self,
        now: Time,
        spawn_waiter: impl Fn(ConnId, Rc<Async<TcpStream>>) -> Task<()>,
    ) {
        while let Some(id) = self.writable.pop_front() {
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            match socket::write(connection.stream.get_ref(), self.machine.pending(id)) {
                Ok((count, readiness)) => {
                    connection.outgoing.write_done(readiness);
                    connection.waiter = match readiness {
                        Readiness::Ready => None,
                        Readiness::Blocked => Some(spawn_waiter(id, connection.stream.clone())),
                    };
                    if count > 0 {
                        let count = u32::try_from(count).expect("a write has far less than 4 GiB");
                        self.written.push((id, Some(count)));
                    }
                }
                Err(_) => self.written.push((id, None)),
            }
        }
        let mut written = mem::take(&mut self.written);
        for (id, count) in written.drain(..) {
            match count {
                Some(count) => self.machine.handle(now, Input::Sent(id, count)),
                None => self.connection_lost(now, id),
            }
        }
        self.written = written;
    }

    /// Does what the machine wants.
    fn drain_outputs(&mut self, spawn_reader: impl Fn(ConnId, Rc<Async<TcpStream>>) -> Task<()>) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write(id) => {
                    if let Some(connection) = self.connections.get_mut(&id)
                        && connection.outgoing.request() == Enqueue::Yes
                    {
                        self.writable.push_back(id);
                    }
                }
                Output::PauseRead(id) => {
                    if let Some(connection) = self.connections.get_mut(&id)
                        && let Reading::Open { .. } = connection.reading
                    {
                        connection.reading = Reading::Paused;
                    }
                }
                Output::ResumeRead(id) => {
                    if let Some(connection) = self.connections.get_mut(&id)
                        && let Reading::Paused = connection.reading
                    {
                        let reader = spawn_reader(id, connection.stream.clone());
                        connection.reading = Reading::Open { _task: reader };
                    }
                }
                Output::Finish(id) => {
                    if let Some(connection) = self.connections.get(&id) {
                        // It fails if the connection is gone, which the next read tells.
                        let _ = connection.stream.get_ref().shutdown(Shutdown::Write);
                    }
                }
                Output::Close(id, reason) => {
                    if reason == CloseReason::SlowConsumer
                        && let Some(connection) = self.connections.get(&id)
                    {
                        socket::reset_on_close(connection.stream.get_ref());
                    }
                    self.close(id);
                }
            }
        }
    }

    /// A connection broke.
    fn connection_lost(&mut self, now: Time, id: ConnId) {
        self.close(id);
        self.machine.handle(now, Input::Closed(id));
        self.notify();
    }

    /// Ends the tasks of a connection and, with the last of them, gives its descriptor back, which a
    /// listener may be waiting for: it is woken after them.
    fn close(&mut self, id: ConnId) {
        if self.connections.remove(&id).is_some() {
            self.descriptors_freed += 1;
            self.descriptor_waiters.drain(..).for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_panic_in_a_task_is_one_of_the_server() {
        let caught = catch_unwind(|| {
            let (hub, clock) = hub(Config::default()).unwrap();
            let server = Server::new(hub, clock, Hooks::default());
            let executor = LocalExecutor::new();
            smol::block_on(executor.run(async {
                let task = executor.spawn(watched(&server, async { panic!("planted") }));
                server.wait(&mut Timer::new(), future::pending()).await;
                server.take_turn(&executor);
                drop(task);
            }));
        });
        let panic = caught.expect_err("it panics");
        assert_eq!(panic.downcast_ref(), Some(&"planted"));
    }
}
