//! A connection's socket, as both sides want it.

use std::io::{self, IoSlice, Read, Write};
use std::time::Duration;

use chatmaster_core::adapter::Readiness;
use socket2::{SockRef, TcpKeepalive};

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
/// Bytes of the buffer to read into: the most that is read from a connection in one turn.
pub const READ_BYTES: usize = 64 * 1024;
/// What the operating system is asked to keep of what is sent to one connection, until the peer has taken
/// it. Without this it keeps up to megabytes, which no limit of the server's counts.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// The most slices that are handed to one write: enough for a burst of short messages, and few enough
/// (1 KiB) to be set out on the stack for each write.
const WRITE_SLICES: usize = 64;
/// The most bytes that are handed to one write: what Linux makes of [`SEND_BUFFER_BYTES`], so that one
/// write can fill it.
const WRITE_BYTES: usize = 256 * 1024;
/// Whether a read or write that came short has met the end of what the socket has or takes, so
/// that the poll will tell when there is more. Elsewhere it only does after a `WouldBlock`.
const SHORT_IS_ALL: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Sends small packages at once, and finds out about peers that are gone without a word.
pub fn tune<'s>(stream: impl Into<SockRef<'s>>) {
    let socket = stream.into();
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
pub fn tune_accepted<'s, S>(stream: &'s S)
where
    &'s S: Into<SockRef<'s>>,
{
    tune(stream);
    let socket = stream.into();
    // As above.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(GONE));
    let _ = socket.set_send_buffer_size(SEND_BUFFER_BYTES);
}

/// Has the socket forget, when it is closed, what it was given to send and the peer does not take: the
/// operating system would keep that for minutes.
pub fn reset_on_close<'s>(stream: impl Into<SockRef<'s>>) {
    // Otherwise it forgets later.
    let _ = stream.into().set_linger(Some(Duration::ZERO));
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// So many bytes, none at all if there were none.
    Bytes(usize, Readiness),
    /// The end: no more will come.
    End,
}

/// Reads once. `hung_up`: whether the poll has told of the end already, and so will not again.
///
/// # Errors
/// The connection is broken.
pub fn read(mut stream: impl Read, buffer: &mut [u8], hung_up: bool) -> io::Result<ReadOutcome> {
    match uninterrupted(|| stream.read(buffer)) {
        Ok(0) => Ok(ReadOutcome::End),
        Ok(count) if SHORT_IS_ALL && count < buffer.len() && !hung_up => {
            Ok(ReadOutcome::Bytes(count, Readiness::Blocked))
        }
        Ok(count) => Ok(ReadOutcome::Bytes(count, Readiness::Ready)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(ReadOutcome::Bytes(0, Readiness::Blocked))
        }
        Err(error) => Err(error),
    }
}

/// Writes once, as much of `pending` as fits into one call. Says how many bytes the socket took.
///
/// # Errors
/// The connection is broken.
pub fn write<'a>(
    mut stream: impl Write,
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

/// The same error, with what it kept from being done.
pub(crate) fn explain(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
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
}
