//! The terminal as a screen, and as it was before.

use std::env;
use std::fmt;
use std::io::{self, Stdout, Write};
use std::mem;
use std::panic;
use std::process;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use signal_hook::consts::SIGTSTP;

use super::hyperlink::{self, Hyperlinks};
use crate::app::{Drawn, Mouse};

/// The exit status after a panic, as Rust has it.
const PANICKED: i32 = 101;

/// The terminal while it is a screen. When this is dropped, the terminal is as it was; so it is if
/// the program panics on any thread.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    /// The rows of which the terminal may have made something else than what was meant.
    doubtful: Vec<u16>,
    hyperlinks: Hyperlinks,
}

impl Screen {
    /// Makes the terminal a screen, with the mouse for this.
    pub(crate) fn open(mouse: Mouse) -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
            // Whatever thread it was, what is left of the program would draw over the message.
            process::exit(PANICKED);
        }));
        let screen = Screen {
            terminal: Terminal::new(CrosstermBackend::new(io::stdout()))?,
            doubtful: Vec::new(),
            hyperlinks: Hyperlinks::of_terminal(env::var_os("TERM").as_deref()),
        };
        enter(mouse)?;
        Ok(screen)
    }

    /// Gives the terminal back to the shell until it continues the program; what was shown is to be
    /// drawn anew. Without a shell that could, nothing happens.
    pub(crate) fn suspend(&mut self, mouse: Mouse) -> io::Result<()> {
        restore();
        signal_hook::low_level::raise(SIGTSTP)?;
        enter(mouse)?;
        self.clear()
    }

    /// The columns and rows.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
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
        // Ratatui's own `clear` asks the terminal where the cursor is. The answer would have to be read
        // from the keyboard, which another thread does.
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
    use crate::terminal::pty::Terminal;

    /// What is run in the terminal of the test below: by itself it would take over the real one.
    #[test]
    #[ignore = "it is run by the test of panics"]
    fn panics_on_a_screen() {
        let mut screen = Screen::open(Mouse::Scrolls).expect("there is a terminal");
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
        let name = "terminal::screen::tests::panics_on_a_screen";
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
