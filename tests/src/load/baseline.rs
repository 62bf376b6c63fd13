//! The baseline: the least that a server of rooms can do, which is what a real one is measured against.
//!
//! It parses nothing. Each line that came is copied to the buffer of every other connection of the
//! room; first all is read that is readable, then each connection is written to once. Rooms are fixed:
//! the first so many connections, the next so many, and so on. Edge-triggered, non-blocking, one
//! thread, no limits: whoever does not read makes it hold what was said.
//!
//! A connection is greeted with as many bytes as a server asks for a login with, and its first line
//! answered with as many as a server answers one with: to that connection and to nobody else.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// What the baseline knows of the server it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imitated {
    /// Connections in a room, at least 1.
    pub members: usize,
    /// Bytes that a connection is greeted with.
    pub greeting: usize,
    /// Bytes that its first line is answered with.
    pub answer: usize,
}

const LISTENER: Token = Token(usize::MAX);
/// Those of the servers.
const BACKLOG: i32 = 65_535;
const EVENTS: usize = 1024;
const READ_BYTES: usize = 64 * 1024;

/// Serves on a free port of the loopback interface, which `announce` is told, until the process ends.
///
/// # Errors
/// What the operating system says if it has no socket or no poll to offer.
pub fn serve(imitated: Imitated, announce: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&any.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(socket.into());
    let poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    announce(listener.local_addr()?);
    let mut baseline = Baseline {
        imitated,
        poll,
        listener,
        seats: Vec::new(),
        free: Vec::new(),
        dirty: Vec::new(),
        greeting: line(imitated.greeting),
        answer: line(imitated.answer),
        buffer: vec![0; READ_BYTES].into(),
    };
    let mut events = Events::with_capacity(EVENTS);
    loop {
        baseline.turn(&mut events)?;
    }
}

fn line(bytes: usize) -> Box<[u8]> {
    let mut line = vec![b' '; bytes];
    if let Some(last) = line.last_mut() {
        *last = b'\n';
    }
    line.into()
}

struct Baseline {
    imitated: Imitated,
    poll: Poll,
    listener: TcpListener,
    /// The connections by token.
    seats: Vec<Option<Seat>>,
    free: Vec<usize>,
    /// Those to write to in this turn.
    dirty: Vec<usize>,
    greeting: Box<[u8]>,
    answer: Box<[u8]>,
    buffer: Box<[u8]>,
}

struct Seat {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of a line.
    begun: Vec<u8>,
    /// What is to be written.
    out: Vec<u8>,
    writing: Writing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeted,
    In,
}

/// Whether there is something to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Nothing,
    /// In this turn.
    Dirty,
    /// When the poll says that the socket takes more.
    Blocked,
}

impl Baseline {
    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        match self.poll.poll(events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in events.iter() {
            if event.token() == LISTENER {
                self.accept()?;
            } else {
                self.told(event);
            }
        }
        let mut dirty = std::mem::take(&mut self.dirty);
        for number in dirty.drain(..) {
            if let Some(seat) = &mut self.seats[number]
                && seat.flush().is_err()
            {
                self.close(number);
            }
        }
        self.dirty = dirty;
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let number = self.free.pop().unwrap_or(self.seats.len());
            if number == self.seats.len() {
                self.seats.push(None);
            }
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut stream, Token(number), interest)?;
            stream.set_nodelay(true)?;
            let mut seat = Seat {
                stream,
                stage: Stage::Greeted,
                begun: Vec::new(),
                out: Vec::new(),
                writing: Writing::Nothing,
            };
            match seat.write(&self.greeting) {
                Ok(()) => self.seats[number] = Some(seat),
                Err(_) => self.free.push(number),
            }
        }
    }

    fn told(&mut self, event: &Event) {
        let number = event.token().0;
        let Some(seat) = self.seats[number].as_mut() else {
            return;
        };
        if event.is_writable() && seat.writing == Writing::Blocked {
            seat.writing = Writing::Dirty;
            self.dirty.push(number);
        }
        if event.is_readable() && self.read(number, event.is_read_closed()).is_err() {
            self.close(number);
        }
    }

    /// Reads all there is. An error is the end of the connection.
    fn read(&mut self, number: usize, to_the_end: bool) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = loop {
            let Some(seat) = self.seats[number].as_mut() else {
                break Ok(());
            };
            match seat.stream.read(&mut buffer) {
                Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    if let Err(error) = self.received(number, &buffer[..count]) {
                        break Err(error);
                    }
                    // A short read has met the end of what there is.
                    if count < buffer.len() && !to_the_end {
                        break Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.buffer = buffer;
        read
    }

    fn received(&mut self, number: usize, mut bytes: &[u8]) -> io::Result<()> {
        let seat = self.seats[number].as_mut().expect("it was read from");
        if seat.stage == Stage::Greeted {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                return Ok(());
            };
            bytes = &bytes[end + 1..];
            seat.stage = Stage::In;
            seat.write(&self.answer)?;
        }
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let begun = std::mem::take(&mut seat.begun);
        if whole > 0 {
            let first = number - number % self.imitated.members;
            let room = first..(first + self.imitated.members).min(self.seats.len());
            for (other, seat) in room.clone().zip(&mut self.seats[room]) {
                if let Some(seat) = seat
                    && other != number
                {
                    seat.out.extend_from_slice(&begun);
                    seat.out.extend_from_slice(&bytes[..whole]);
                    if seat.writing == Writing::Nothing {
                        seat.writing = Writing::Dirty;
                        self.dirty.push(other);
                    }
                }
            }
        }
        if whole < bytes.len() || whole == 0 {
            let seat = self.seats[number].as_mut().expect("it was read from");
            if whole == 0 {
                seat.begun = begun;
            }
            seat.begun.extend_from_slice(&bytes[whole..]);
        }
        Ok(())
    }

    fn close(&mut self, number: usize) {
        if self.seats[number].take().is_some() {
            self.free.push(number);
        }
    }
}

impl Seat {
    /// Writes at once what nothing is waiting before.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = match self.stream.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            written => written?,
        };
        if written < bytes.len() {
            self.out.extend_from_slice(&bytes[written..]);
            self.writing = Writing::Blocked;
        }
        Ok(())
    }

    /// One write of all there is.
    fn flush(&mut self) -> io::Result<()> {
        let written = match self.stream.write(&self.out) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            written => written?,
        };
        if written == self.out.len() {
            self.out.clear();
            self.writing = Writing::Nothing;
        } else {
            self.out.drain(..written);
            self.writing = Writing::Blocked;
        }
        Ok(())
    }
}
