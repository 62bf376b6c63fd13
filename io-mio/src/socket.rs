//! Sockets as both sides want them.

use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use chatmaster_core::adapter::Readiness;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// Connections that wait to be accepted: as many as the operating system allows, which makes less of
/// it. One that is beyond may be lost without either end being told, and its client waits for the
/// login request in vain.
const BACKLOG: i32 = 65_535;
/// How long a connection may be idle before the operating system asks whether the peer is there; how
/// long it waits for an answer before it asks again; and how often it asks before the peer counts as
/// gone: [`GONE`] after it was last heard.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(20);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 2;
/// How long a peer may take nothing of what a server sends it before it counts as gone. The worst is
/// one that is sent something right before it would have counted as gone for its silence: twice this.
#[cfg(any(target_os = "linux", target_os = "android"))]
const GONE: Duration = Duration::from_secs(40);
/// How long connecting to one address may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an address is tried before the next one is, too: RFC 8305, section 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Events of attempts to connect that are taken at once.
const EVENTS: usize = 16;
/// Bytes of the buffer to read into: the most that is read from a connection in one turn.
pub(crate) const READ_BYTES: usize = 64 * 1024;
/// What the operating system is asked to keep of what is sent to one connection, until the peer has taken
/// it. Without this it keeps up to megabytes, which no limit of the server's counts.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// The most slices that are handed to one write.
const WRITE_SLICES: usize = 64;
/// The most bytes that are handed to one write.
const WRITE_BYTES: usize = 256 * 1024;
/// Whether a read or write that came short has met the end of what the socket has or takes, so
/// that the poll will tell when there is more. Elsewhere it only does after a `WouldBlock`.
const SHORT_IS_ALL: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Binds a listening socket: `SO_REUSEADDR` on Unix, so that a server can be started again at once;
/// for IPv4 and IPv6 alike if the address is the unspecified one of IPv6; with the longest backlog there is;
/// non-blocking.
///
/// # Errors
/// The operating system's, with the address: it is in use, not of this machine, or not permitted.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address, Families::Both)
}

/// Binds a listening socket like [`listen`], but for the family of the address alone: `[::]` leaves the
/// port's IPv4 addresses to other sockets.
///
/// # Errors
/// Those of [`listen`].
pub fn listen_only(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address, Families::Own)
}

/// What the unspecified address of IPv6 stands for.
#[derive(PartialEq, Eq)]
enum Families {
    Both,
    Own,
}

fn bind(address: SocketAddr, families: Families) -> io::Result<TcpListener> {
    let bind = || {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        // On Windows it would let others take the address over.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if address.is_ipv6() && address.ip().is_unspecified() {
            socket.set_only_v6(families == Families::Own)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    bind().map_err(|error| explain(&format!("cannot listen on {address}"), &error))
}

/// Connects to the first of the addresses that accepts, as RFC 8305 has it: the families take turns, and
/// the next address is tried when one has failed, or after [`ATTEMPT_DELAY`], while those before it go on.
pub(crate) fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut race = Race {
        poll: Poll::new()?,
        events: Events::with_capacity(addresses.len().clamp(1, EVENTS)),
        attempts: Vec::new(),
    };
    let mut waiting = in_turns(addresses).into_iter().enumerate();
    let mut last_error = io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to");
    loop {
        let begun = match waiting.next() {
            Some((number, address)) => race.begin(Token(number), address),
            None if race.attempts.is_empty() => return Err(last_error),
            None => Ok(()),
        };
        let next = (waiting.len() > 0).then(|| Instant::now() + ATTEMPT_DELAY);
        match begun.and_then(|()| race.run(next)) {
            Ok(Some(stream)) => return Ok(stream),
            Ok(None) => {}
            Err(error) => last_error = error,
        }
    }
}

/// Attempts to connect, which go on side by side.
struct Race {
    poll: Poll,
    events: Events,
    attempts: Vec<Attempt>,
}

struct Attempt {
    token: Token,
    address: SocketAddr,
    stream: TcpStream,
    /// When it is given up.
    until: Instant,
}

impl Race {
    fn begin(&mut self, token: Token, address: SocketAddr) -> io::Result<()> {
        let explain = |error| cannot_connect(address, &error);
        let mut stream = TcpStream::connect(address).map_err(explain)?;
        let registry = self.poll.registry();
        registry
            .register(&mut stream, token, Interest::WRITABLE)
            .map_err(explain)?;
        self.attempts.push(Attempt {
            token,
            address,
            stream,
            until: Instant::now() + CONNECT_TIMEOUT,
        });
        Ok(())
    }

    /// Waits until an attempt has succeeded, or for none longer than until `next`.
    ///
    /// # Errors
    /// An attempt has failed, and is none any more.
    fn run(&mut self, next: Option<Instant>) -> io::Result<Option<TcpStream>> {
        loop {
            let now = Instant::now();
            if let Some(late) = self
                .attempts
                .iter()
                .position(|attempt| attempt.until <= now)
            {
                let Attempt { address, .. } = self.attempts.remove(late);
                return Err(cannot_connect(address, &io::ErrorKind::TimedOut.into()));
            }
            if next.is_some_and(|next| next <= now) {
                return Ok(None);
            }
            let ends = self.attempts.iter().map(|attempt| attempt.until);
            let Some(due) = ends.chain(next).min() else {
                return Ok(None);
            };
            match self.poll.poll(&mut self.events, Some(due - now)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    // Nothing would be heard of any of them.
                    self.attempts.clear();
                    return Err(error);
                }
                _ => {}
            }
            for event in &self.events {
                let told = |attempt: &Attempt| attempt.token == event.token();
                let Some(at) = self.attempts.iter().position(told) else {
                    continue;
                };
                let outcome = outcome(&self.attempts[at].stream);
                if matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::NotConnected) {
                    continue;
                }
                let Attempt {
                    address,
                    mut stream,
                    ..
                } = self.attempts.remove(at);
                let connected = outcome.and_then(|()| {
                    self.poll.registry().deregister(&mut stream)?;
                    Ok(Some(stream))
                });
                return connected.map_err(|error| cannot_connect(address, &error));
            }
        }
    }
}

/// What has become of an attempt: `NotConnected` if nothing so far.
fn outcome(stream: &TcpStream) -> io::Result<()> {
    match stream.take_error()? {
        Some(error) => Err(error),
        None => refuse_itself(stream.local_addr()?, stream.peer_addr()?),
    }
}

/// Refuses a connection of a socket to itself, which is what may come of trying a port on this machine
/// that nobody listens on again and again: the socket has that port then, and its server cannot.
fn refuse_itself(local: SocketAddr, peer: SocketAddr) -> io::Result<()> {
    if local == peer {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(())
}

/// The addresses with the families in turn, the first address's first; else in the order given.
fn in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(first.next().into_iter().chain(second.next()));
    }
    turns
}

fn cannot_connect(address: SocketAddr, error: &io::Error) -> io::Error {
    explain(&format!("cannot connect to {address}"), error)
}

fn explain(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Sends small packages at once, and finds out about peers that are gone without a word.
pub(crate) fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    #[cfg(not(target_os = "openbsd"))]
    let keepalive = keepalive
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    // A connection without either is slower, or lives longer, but works.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&keepalive);
}

/// What a server wants beside [`tune`]: to be rid of a peer that takes nothing of what it is sent, and
/// to keep little in the operating system for one that takes it slowly. A client wants neither: a
/// server may leave it waiting for minutes, for flood control.
pub(crate) fn tune_accepted(stream: &TcpStream) {
    tune(stream);
    let socket = SockRef::from(stream);
    // As above.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(GONE));
    let _ = socket.set_send_buffer_size(SEND_BUFFER_BYTES);
}

/// Has the socket forget, when it is closed, what it was given to send and the peer does not take: the
/// operating system would keep that for minutes.
pub(crate) fn forsake(stream: &TcpStream) {
    // Otherwise it forgets later.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Took {
    /// So many bytes, none at all if there were none.
    Bytes(usize, Readiness),
    /// The end: no more will come.
    End,
}

/// Reads once. `hung_up`: whether the poll has told of the end already, and so will not again.
pub(crate) fn read(mut stream: &TcpStream, buffer: &mut [u8], hung_up: bool) -> io::Result<Took> {
    match uninterrupted(|| stream.read(buffer)) {
        Ok(0) => Ok(Took::End),
        Ok(count) if SHORT_IS_ALL && count < buffer.len() && !hung_up => {
            Ok(Took::Bytes(count, Readiness::Blocked))
        }
        Ok(count) => Ok(Took::Bytes(count, Readiness::Ready)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(Took::Bytes(0, Readiness::Blocked))
        }
        Err(error) => Err(error),
    }
}

/// Writes once, as much of `pending` as fits into one call. Says how many bytes the socket took.
pub(crate) fn write<'a>(
    mut stream: &TcpStream,
    pending: impl Iterator<Item = &'a [u8]>,
) -> io::Result<(usize, Readiness)> {
    let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
    let (count, bytes) = gather(pending, &mut slices);
    let written = match &slices[..count] {
        [] => Ok(0),
        // The operating system is quicker with one slice if it is told that it is one.
        [slice] => uninterrupted(|| stream.write(slice)),
        slices => uninterrupted(|| stream.write_vectored(slices)),
    };
    match written {
        Ok(written) if SHORT_IS_ALL && written < bytes => Ok((written, Readiness::Blocked)),
        Ok(written) => Ok((written, Readiness::Ready)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok((0, Readiness::Blocked)),
        Err(error) => Err(error),
    }
}

/// Calls again what a signal has interrupted.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Fills `slices` from the front; says how many, and how many bytes they have together.
fn gather<'a>(
    pending: impl Iterator<Item = &'a [u8]>,
    slices: &mut [IoSlice<'a>],
) -> (usize, usize) {
    let (mut count, mut bytes) = (0, 0);
    for slice in pending.filter(|slice| !slice.is_empty()) {
        let room = WRITE_BYTES - bytes;
        if count == slices.len() || room == 0 {
            return (count, bytes);
        }
        let fitting = &slice[..slice.len().min(room)];
        slices[count] = IoSlice::new(fitting);
        count += 1;
        bytes += fitting.len();
        if fitting.len() < slice.len() {
            return (count, bytes);
        }
    }
    (count, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_bounded_in_slices_and_bytes() {
        let gathered = |lengths: &[usize]| {
            let bytes = vec![7; WRITE_BYTES * 2];
            let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
            gather(lengths.iter().map(|length| &bytes[..*length]), &mut slices)
        };
        assert_eq!(gathered(&[]), (0, 0));
        assert_eq!(gathered(&[0]), (0, 0));
        assert_eq!(gathered(&[3, 4]), (2, 7));
        let full = (WRITE_SLICES, WRITE_SLICES);
        assert_eq!(gathered(&[1; WRITE_SLICES]), full);
        assert_eq!(gathered(&[1; WRITE_SLICES + 1]), full);
        assert_eq!(gathered(&[WRITE_BYTES]), (1, WRITE_BYTES));
        assert_eq!(gathered(&[WRITE_BYTES, 1]), (1, WRITE_BYTES));
        assert_eq!(gathered(&[WRITE_BYTES - 1, 9, 9]), (2, WRITE_BYTES));
        assert_eq!(gathered(&[WRITE_BYTES + 1]), (1, WRITE_BYTES));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn whoever_vanishes_is_found_out_within_90_seconds_idle_or_with_data_on_its_way() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = connect(&[listener.local_addr().unwrap()]).unwrap();
        let accepted = listener.accept().unwrap().0;
        let accepted = TcpStream::from_std(accepted);
        tune(&client);
        tune_accepted(&accepted);
        for socket in [SockRef::from(&client), SockRef::from(&accepted)] {
            assert!(socket.tcp_nodelay().unwrap());
            assert!(socket.keepalive().unwrap());
            let probes =
                socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
            let idle = socket.tcp_keepalive_time().unwrap() + probes;
            assert_eq!(idle, GONE);
        }
        let accepted = SockRef::from(&accepted);
        assert_eq!(accepted.tcp_user_timeout().unwrap(), Some(GONE));
        assert!(2 * GONE < Duration::from_secs(90));
        // Linux doubles it, for what it spends beside the bytes.
        assert_eq!(accepted.send_buffer_size().unwrap(), 2 * SEND_BUFFER_BYTES);
        // It waits as long as the server wants.
        assert_eq!(SockRef::from(&client).tcp_user_timeout().unwrap(), None);
    }

    #[test]
    fn an_address_in_use_is_named() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let error = listen(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }

    /// An address that answers nothing: of a listener that takes no more connections.
    #[cfg(target_os = "linux")]
    fn dead() -> (Socket, Vec<std::net::TcpStream>, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut waiting = Vec::new();
        let soon = Duration::from_millis(100);
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, soon) {
            waiting.push(stream);
        }
        (socket, waiting, address)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_that_has_connected_to_itself_is_not_a_connection() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.connect(&socket.local_addr().unwrap()).unwrap();
        let stream: std::net::TcpStream = socket.into();
        let error = outcome(&TcpStream::from_std(stream)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    /// An address on which nobody listens.
    fn refusing() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_dead_address_delays_the_next_by_a_moment_and_a_refusing_one_by_none() {
        let alive = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = alive.local_addr().unwrap();
        let (_listener, _waiting, dead) = dead();
        let addresses = [dead, refusing(), refusing(), dead, address];
        let begun = Instant::now();
        let stream = connect(&addresses).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        // Both dead ones; of what is waited for them when all else fails it is far.
        assert!(begun.elapsed() >= 2 * ATTEMPT_DELAY);
        assert!(begun.elapsed() < CONNECT_TIMEOUT);
        // What was begun beside it is given up.
        assert_eq!(alive.accept().unwrap().1, stream.local_addr().unwrap());
        alive.set_nonblocking(true).unwrap();
        assert!(alive.accept().is_err());
    }

    #[test]
    fn where_nobody_listens_the_last_address_is_named() {
        let addresses = [refusing(), refusing()];
        let error = connect(&addresses).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let named = addresses.map(|address| error.to_string().contains(&address.to_string()));
        assert!(named.contains(&true), "{error}");
        let none = connect(&[]).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn families_take_turns_from_the_first_address_on() {
        let parse = |addresses: &[&str]| -> Vec<SocketAddr> {
            let parse = |address: &&str| address.parse().unwrap();
            addresses.iter().map(parse).collect()
        };
        let [a, b, c, x, y] = [
            "[::1]:1",
            "[::1]:2",
            "[::1]:3",
            "127.0.0.1:1",
            "127.0.0.1:2",
        ];
        for (given, expected) in [
            (&[][..], &[][..]),
            (&[a, b], &[a, b]),
            (&[a, b, c, x, y], &[a, x, b, y, c]),
            (&[x, y, a], &[x, a, y]),
            (&[x, a, b, c], &[x, a, b, c]),
        ] {
            assert_eq!(in_turns(&parse(given)), parse(expected));
        }
    }
}
