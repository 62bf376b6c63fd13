//! Where what a terminal sends comes from: its bytes, read as they come, and the signals that go with it.

use std::convert::Infallible;
use std::io;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use crossterm::event::Event;
use crossterm::terminal::disable_raw_mode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::stdio::stdin;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::decoder::{Decoder, Typed};

/// Bytes of one read.
const READ_BYTES: usize = 4096;
/// How long a program that is asked to end may take to give the terminal back. It takes longer only if
/// the terminal takes nothing.
const GIVING_BACK: Duration = Duration::from_secs(1);

/// What a terminal has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TerminalEvent {
    /// A key, a paste, the wheel or the focus.
    Event(Event),
    /// A paste has begun, and nothing more of it comes.
    PasteStalled,
    /// Its window has another size.
    Resized,
    /// The program is to stop until it is continued.
    Stop,
    /// It was stopped, and the terminal may be anything now.
    Continued,
    /// The program is to end, or the terminal is gone.
    End,
}

/// Tells `told` what there is to tell, on threads of their own, until nobody listens. `screen` is there
/// as long as the terminal is a screen.
///
/// # Errors
/// What the operating system says.
pub(crate) fn watch<T: From<TerminalEvent> + Send + 'static>(
    told: &Sender<T>,
    screen: Receiver<Infallible>,
) -> io::Result<()> {
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH])?;
    let [keys, others] = [told.clone(), told.clone()];
    thread::spawn(move || read_keys(&keys));
    thread::spawn(move || pass_signals(signals, &others, &screen));
    Ok(())
}

fn read_keys<T: From<TerminalEvent>>(told: &Sender<T>) {
    let (mut decoder, mut typed) = (Decoder::default(), Vec::new());
    let mut bytes = [0; READ_BYTES];
    loop {
        match next(decoder.patience(), &mut bytes) {
            Ok(None) => decoder.give_up(&mut typed),
            // There is nothing to come any more.
            Ok(Some(0)) | Err(_) => {
                let _ = told.send(TerminalEvent::End.into());
                return;
            }
            Ok(Some(count)) => decoder.take(&bytes[..count], &mut typed),
        }
        for typed in typed.drain(..) {
            let what = match typed {
                Typed::Event(event) => TerminalEvent::Event(event),
                Typed::PasteStalled => TerminalEvent::PasteStalled,
            };
            if told.send(what.into()).is_err() {
                return;
            }
        }
    }
}

/// How many bytes have come; none if nothing has for so long.
fn next(patience: Option<Duration>, bytes: &mut [u8]) -> io::Result<Option<usize>> {
    let patience = patience.map(|patience| Timespec::try_from(patience).expect("it is short"));
    loop {
        let stdin = stdin();
        let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
        let read = match poll(&mut polled, patience.as_ref()) {
            Ok(0) => return Ok(None),
            // A terminal that is gone can be read, too: it says so then.
            Ok(_) => read(stdin, &mut *bytes),
            Err(error) => Err(error),
        };
        match read {
            Err(Errno::INTR | Errno::AGAIN) => {}
            read => return Ok(Some(read?)),
        }
    }
}

fn pass_signals<T: From<TerminalEvent>>(
    mut signals: Signals,
    told: &Sender<T>,
    screen: &Receiver<Infallible>,
) {
    for signal in signals.forever() {
        let what = match signal {
            SIGTSTP => TerminalEvent::Stop,
            SIGCONT => TerminalEvent::Continued,
            SIGWINCH => TerminalEvent::Resized,
            _ => TerminalEvent::End,
        };
        let ends = what == TerminalEvent::End;
        // Whoever does not take what waits may be stuck, and is not waited for.
        let taken = told.send_timeout(what.into(), GIVING_BACK);
        if ends && screen.recv_timeout(GIVING_BACK) == Err(RecvTimeoutError::Timeout) {
            // The terminal takes nothing, so there is no taking leave of it.
            let _ = disable_raw_mode();
            let _ = emulate_default_handler(signal);
        }
        if taken.is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}
