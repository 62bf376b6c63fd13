//! Stdout, in the form that was asked for. If it cannot be written once, it is not tried again.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::{Duration, SystemTime};

use chatmaster_core::session::{Action, Event, Update};
use chatmaster_core::wire::Notification;

use super::{Form, json, print};
use crate::client::connection::Delivery;
use crate::error::{cause, tell};

pub(super) struct Output {
    form: Form,
    out: BufWriter<Stdout>,
    /// The room that is looked at.
    room: String,
    error: Option<io::Error>,
}

impl Output {
    pub(super) fn new(form: Form) -> Self {
        Output {
            form,
            out: BufWriter::new(io::stdout()),
            room: String::new(),
            error: None,
        }
    }

    /// Writes `update`, if it is news to a reader.
    pub(super) fn update(&mut self, update: &Update) {
        if let Update::Event(
            Event::LoggedIn { channel, .. }
            | Event::Joined {
                channel, me: true, ..
            },
        ) = update
        {
            self.room.clone_from(channel);
        }
        if let Update::Event(Event::Notified {
            notification: Notification::ChannelSwitched { channel },
            ..
        }) = update
        {
            self.room = channel.to_string();
        }
        match (update, self.form) {
            (update, Form::Json) => {
                if let Some(object) = json::object(update) {
                    self.object(object);
                }
            }
            (Update::Event(event), Form::Text) => {
                let room = std::mem::take(&mut self.room);
                self.write(|out| print::write(out, event, &room));
                self.room = room;
            }
            (Update::Refused(_, error), Form::Text) => tell(format_args!("not sent: {error}")),
        }
    }

    /// Writes that the name was tried in vain. Who reads words reads it with what comes of it.
    pub(super) fn refused_name(&mut self, username: &str, reason: &str) {
        if self.form == Form::Json {
            self.object(json::refused_name(username, reason));
        }
    }

    /// Writes that there is no connection, and when it is tried again.
    pub(super) fn reconnecting(&mut self, reason: &str, after: Duration) {
        match self.form {
            Form::Json => self.object(json::Object::Reconnecting {
                reason,
                after: (after.as_secs_f64() * 1000.0).round() / 1000.0,
            }),
            Form::Text => self.write(|out| print::write_reconnecting(out, reason, after)),
        }
    }

    /// Writes what is known of an action that the connection ended before.
    pub(super) fn doubtful(&mut self, action: &Action, delivery: Delivery) {
        match self.form {
            Form::Json => self.object(json::doubtful(action, delivery)),
            Form::Text => self.write(|out| print::write_doubtful(out, action, delivery)),
        }
    }

    pub(super) fn flush(&mut self) {
        self.write(Write::flush);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.error.is_some()
    }

    /// Why it cannot be written, if it cannot.
    pub(super) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn object(&mut self, object: json::Object<'_>) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A clock of before 1970 tells nothing.
        let time = now.unwrap_or_default();
        self.write(|out| json::write(out, time, object));
    }

    fn write(&mut self, write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>) {
        if self.error.is_none()
            && let Err(error) = write(&mut self.out)
        {
            self.error = Some(error);
        }
    }
}

/// Why what happens cannot be printed, to go on with a semicolon.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::BrokenPipe => "nobody reads what is printed any more".into(),
        _ => format!("cannot print what happens: {}", cause(error)),
    }
}
