//! The terminal as a screen, and as it was before.

use std::convert::Infallible;
use std::env;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::panic;
use std::process;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, cursor, execute};
use ratatui::Terminal;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Rect, Size};
use rustix::process::{Signal, kill_current_process_group};
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGTTOU;
use signal_hook::low_level::raise;

use super::backend::Tty;
use super::hyperlink::{self, Hyperlinks};
use crate::client::app::{Drawn, Mouse};
use crate::panics::PANICKED;

/// The size of a window that does not know its own.
const USUAL: Size = Size::new(80, 24);

/// Time for a stop to reach every thread.
const STOPPING: Duration = Duration::from_millis(10);

/// Whether there is a terminal on both ends that can be a screen. One that says it is dumb knows no
/// sequences, and one that says nothing may not either.
pub fn is_there() -> bool {
    let term = env::var_os("TERM").unwrap_or_default();
    io::stdin().is_terminal() && io::stdout().is_terminal() && !term.is_empty() && term != "dumb"
}

/// The terminal while it is a screen. When this is dropped, the terminal is as it was; so it is if
/// the program panics on any thread.
pub(crate) struct Screen {
    terminal: Terminal<Tty>,
    mouse: Mouse,
    /// The rows of which the terminal may have made something else than what was meant.
    doubtful: Vec<u16>,
    hyperlinks: Hyperlinks,
    /// Dropped when the terminal is as it was.
    _open: Sender<Infallible>,
}

/// Which programs are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// This one: it was told so.
    Alone,
    /// All that a shell has started with this one, as if the terminal had taken the key.
    WithItsJob,
}

impl Screen {
    /// Makes the terminal a screen, with the mouse for this. What comes with it is there as long as the
    /// terminal is not given back.
    pub(crate) fn open(mouse: Mouse) -> io::Result<(Self, Receiver<Infallible>)> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
            // Whatever thread it was, what is left of the program would draw over the message.
            process::exit(PANICKED);
        }));
        let (open, is_open) = bounded(0);
        let screen = Screen {
            terminal: Terminal::new(Tty::new(window_size()))?,
            mouse,
            doubtful: Vec::new(),
            hyperlinks: Hyperlinks::of_terminal(env::var_os("TERM").as_deref()),
            _open: open,
        };
        enter(mouse)?;
        Ok((screen, is_open))
    }

    /// Gives the terminal back to the shell until it continues the program; what was shown is to be
    /// drawn anew. Without a shell that could, nothing happens.
    pub(crate) fn stop(&mut self, stopped: Stopped) -> io::Result<()> {
        restore();
        // Not SIGTSTP, which is told to this program, nor SIGSTOP, after which nobody might continue it.
        match stopped {
            Stopped::Alone => raise(SIGTTOU)?,
            Stopped::WithItsJob => {
                kill_current_process_group(Signal::TTOU)?;
                // Where another thread takes the signal, this one could go on for a moment.
                thread::sleep(STOPPING);
            }
        }
        self.take_again()
    }

    /// Makes the terminal a screen again, whatever it was meanwhile.
    pub(crate) fn take_again(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enter(self.mouse)?;
        self.resize()
    }

    /// The columns and rows.
    pub(crate) fn size(&self) -> (u16, u16) {
        let Size { width, height } = self.terminal.backend().window();
        (width, height)
    }

    /// Takes the size that the window has now. All is drawn anew.
    pub(crate) fn resize(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().resize(window_size());
        self.clear()
    }

    /// Shows what `paint` draws, and the cursor where it says.
    pub(crate) fn draw(&mut self, paint: impl FnOnce(&mut Buffer) -> Drawn) -> io::Result<()> {
        let doubtful = &mut self.doubtful;
        let hyperlinks = self.hyperlinks;
        self.terminal.draw(|frame| {
            let Drawn { cursor, links } = paint(frame.buffer_mut());
            redraw_doubtful_rows(frame.buffer_mut(), doubtful);
            if hyperlinks == Hyperlinks::Known {
                for link in links.iter().filter(|link| !doubtful.contains(&link.area.y)) {
                    hyperlink::draw(frame.buffer_mut(), link);
                }
            }
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        Ok(())
    }

    /// Makes the next draw draw everything.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        // Ratatui's own `clear` asks the terminal where the cursor is.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Rings the bell.
    pub(crate) fn ring(&mut self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(b"\x07")?;
        out.flush()
    }

    pub(crate) fn give_mouse(&mut self, mouse: Mouse) -> io::Result<()> {
        self.mouse = mouse;
        execute!(io::stdout(), WheelReports(mouse))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Has the rows drawn whole that have characters of many parts, or had. Terminals do not agree on how
/// wide those are, so what is beside them may not be what was drawn there last.
fn redraw_doubtful_rows(buf: &mut Buffer, doubtful: &mut Vec<u16>) {
    let Rect { width, height, .. } = buf.area;
    let has_many_parts = |x, y| buf[(x, y)].symbol().chars().nth(1).is_some();
    let now: Vec<u16> = (0..height)
        .filter(|y| (0..width).any(|x| has_many_parts(x, *y)))
        .collect();
    let before = mem::replace(doubtful, now.clone());
    for y in before.into_iter().chain(now).filter(|y| *y < height) {
        for x in 0..width {
            buf[(x, y)].diff_option = CellDiffOption::AlwaysUpdate;
        }
    }
}

/// The columns and rows of the window. One that says it has none, as over a serial line, has those that
/// its user says, or those that terminals usually have.
fn window_size() -> Size {
    let told = tcgetwinsize(stdout()).map_or(USUAL, |size| Size::new(size.ws_col, size.ws_row));
    let or_said = |count: u16, variable, usual| match count {
        0 => {
            let said = env::var(variable).ok();
            let said = said.and_then(|said| said.parse().ok());
            said.filter(|count| (1..=1000).contains(count))
                .unwrap_or(usual)
        }
        count => count,
    };
    Size::new(
        or_said(told.width, "COLUMNS", USUAL.width),
        or_said(told.height, "LINES", USUAL.height),
    )
}

/// Makes the terminal a screen.
fn enter(mouse: Mouse) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        WheelReports(mouse)
    )
}

/// Makes the terminal what it was, as far as it is still there.
fn restore() {
    let _ = execute!(
        io::stdout(),
        WheelReports(Mouse::Selects),
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// Turns reports of buttons, of which the wheel is two, on or off. Crossterm's own command asks for
/// reports of every movement, too.
struct WheelReports(Mouse);

impl Command for WheelReports {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str(match self.0 {
            Mouse::Scrolls => "\x1B[?1000h\x1B[?1006h",
            Mouse::Selects => "\x1B[?1006l\x1B[?1000l",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::client::terminal::pty::Terminal;

    /// What is run in the terminal of the test below: by itself it would take over the real one.
    #[test]
    #[ignore = "it is run by the test of panics"]
    fn panics_on_a_screen() {
        let (mut screen, _open) = Screen::open(Mouse::Scrolls).expect("there is a terminal");
        screen
            .draw(|buf| {
                buf.set_string(0, 0, "a screen", ratatui::style::Style::new());
                Drawn::default()
            })
            .expect("there is a terminal");
        let mut line = String::new();
        io::stdin().read_line(&mut line).expect("it is readable");
        panic!("what has happened here");
    }

    #[test]
    fn a_panic_leaves_the_terminal_as_it_was_and_says_what_happened() {
        let this = env::current_exe().expect("it runs");
        let this = this.to_str().expect("cargo names it so");
        let name = "client::terminal::screen::tests::panics_on_a_screen";
        let args = ["--exact", name, "--ignored", "--nocapture"];
        let mut terminal = Terminal::open((80, 24), this, &args);
        terminal.shows("a screen");
        assert_ne!(&terminal.modes(), terminal.before());
        // A line feed ends a line whether the terminal is raw or not.
        terminal.types("\n");
        terminal.shows("what has happened here");
        assert_eq!(terminal.status(), 101);
        assert_eq!(&terminal.modes(), terminal.before());
    }
}
