//! The terminal client in a real terminal: [`App`] with keys, a clock, sessions and a screen.

mod backend;
mod chat_log;
mod decoder;
mod driver;
mod history;
mod hyperlink;
mod inbox;
pub(crate) mod keyboard;
mod pace;
#[cfg(test)]
#[path = "../../../tests/pty/mod.rs"]
mod pty;
mod rooms;
pub(crate) mod screen;
mod sessions;

use std::env;
use std::io;

use crate::client::app::{App, Mouse, Msg, Palette};
use crate::client::connect::Destination;
use crate::client::connection;
use crate::client::login::login_name;
use crate::error::{CliError, cause};
use crate::settings::file::SettingsFile;
use crate::settings::{Settings, Theme};
use driver::Driver;
use inbox::inbox;
use screen::Screen;
pub use screen::is_there;
use sessions::{Connector, Sessions};

/// Talks until the user leaves.
///
/// # Errors
/// Why it could not, or that there was no connection in the end.
pub fn run(
    settings: Settings,
    settings_file: SettingsFile,
    doubts: &[String],
    destination: &Destination,
) -> Result<(), CliError> {
    let (senders, inbox) = inbox();
    // First the screen, for connecting may take its time.
    let mouse = Mouse::scrolling(settings.mouse);
    let (screen, is_open) = Screen::open(mouse).map_err(|error| lost_terminal(&error))?;
    let size = screen.size();
    keyboard::watch(&senders.urgent, is_open).map_err(|error| lost_terminal(&error))?;
    let name = settings.name.clone();
    let mut app = App::new(destination.to_string(), name, size, palette(settings.theme));
    app.set_seed(connection::seed());
    app.set_bell(settings.bell);
    app.set_joins(settings.joins);
    app.set_mouse(mouse);
    app.set_scrollback(settings.scrollback);
    app.set_zone(jiff::tz::TimeZone::system());
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
    let mut driver = Driver::new(app, sessions, screen, settings, settings_file);
    for doubt in doubts {
        driver.doubt(doubt);
    }
    driver.open_files();
    driver.run(start, inbox)
}

/// The colours for a user who wants this theme, in this environment.
pub(crate) fn palette(theme: Theme) -> Palette {
    let [no_color, colorfgbg, term] = ["NO_COLOR", "COLORFGBG", "TERM"].map(env::var_os);
    if term
        .and_then(|term| term.into_string().ok())
        .is_some_and(|term| is_plain(&term))
    {
        return Palette::Plain;
    }
    Palette::new(theme, no_color.as_deref(), colorfgbg.as_deref())
}

/// Whether the terminal whose `TERM` this is has no colours, and knows no more than the first ones did.
fn is_plain(term: &str) -> bool {
    let (kind, _) = term.split_once('-').unwrap_or((term, ""));
    let is_old = matches!(
        kind,
        "vt52" | "vt100" | "vt102" | "vt200" | "vt220" | "vt320" | "ansi.sys"
    );
    is_old || term.ends_with("-mono") || term.ends_with("-m")
}

pub(crate) fn lost_terminal(error: &io::Error) -> CliError {
    CliError::Failed(format!("cannot use the terminal: {}", cause(error)))
}
