//! The terminal client in a real terminal: [`App`] with keys, a clock, sessions and a screen.

mod chat_log;
mod driver;
mod history;
mod hyperlink;
mod inbox;
mod pace;
#[cfg(test)]
#[path = "../../tests/pty/mod.rs"]
mod pty;
pub(crate) mod screen;
mod sessions;

use std::env;
use std::io;
use std::thread;

use crossbeam_channel::Sender;
use crossterm::event;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::{App, Mouse, Msg, Palette};
use crate::login::login_name;
use crate::reach::Destination;
use crate::retry;
use crate::settings::file::Place;
use crate::settings::{Settings, Theme};
use crate::trouble::{Trouble, cause};
use driver::Driver;
use inbox::{Happening, inbox};
use screen::Screen;
use sessions::{Connector, Sessions};

/// Talks until the user leaves.
///
/// # Errors
/// Why it could not, or that there was no connection in the end.
pub fn run(
    settings: Settings,
    place: Place,
    doubts: &[String],
    destination: &Destination,
) -> Result<(), Trouble> {
    let (senders, inbox) = inbox();
    // First the screen, for connecting may take its time.
    let mouse = Mouse::scrolling(settings.mouse);
    let screen = Screen::open(mouse).map_err(|error| lost_terminal(&error))?;
    let size = screen.size().map_err(|error| lost_terminal(&error))?;
    watch_signals(senders.urgent.clone())?;
    read_events(senders.urgent);
    let name = settings.name.clone();
    let mut app = App::new(destination.to_string(), name, size, palette(settings.theme));
    app.set_seed(retry::seed());
    app.set_bell(settings.bell);
    app.set_mouse(mouse);
    app.set_scrollback(settings.scrollback);
    let sessions = Sessions::new(Connector {
        destination: destination.clone(),
        runtime: settings.runtime,
        encoding: settings.encoding.into(),
        happened: senders.other,
    });
    let start = Msg::Start {
        room: settings.wanted_room().map(str::to_owned),
        login_name: login_name(),
    };
    let mut driver = Driver::new(app, sessions, screen, settings, place);
    for doubt in doubts {
        driver.doubt(doubt);
    }
    driver.open_files();
    driver.run(start, inbox)
}

fn read_events(happened: Sender<Happening>) {
    thread::spawn(move || {
        loop {
            // A terminal that cannot be read is gone.
            let happening = event::read().map_or(Happening::Terminate, Happening::Event);
            let last = matches!(happening, Happening::Terminate);
            if happened.send(happening).is_err() || last {
                return;
            }
        }
    });
}

fn watch_signals(happened: Sender<Happening>) -> Result<(), Trouble> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|error| Trouble::Failed(format!("cannot watch for signals: {}", cause(&error))))?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if happened.send(Happening::Terminate).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// The colours for a user who wants this theme, in this environment.
pub(crate) fn palette(theme: Theme) -> Palette {
    let [no_color, colorfgbg] = ["NO_COLOR", "COLORFGBG"].map(env::var_os);
    Palette::new(theme, no_color.as_deref(), colorfgbg.as_deref())
}

pub(crate) fn lost_terminal(error: &io::Error) -> Trouble {
    Trouble::Failed(format!("cannot use the terminal: {}", cause(error)))
}
