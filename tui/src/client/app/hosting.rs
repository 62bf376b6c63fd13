//! The server that is hosted by this process: what its user has to know of it, and that it is not taken
//! from others unasked.

use chatmaster_core::RoomName;
use chatmaster_core::session::Event;
use jiff::civil::DateTime;

use super::editor::Edit;
use super::keys::Key;
use super::{App, Effect, Role};
use crate::address::Address;

/// What takes a server that is hosted here from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// The end of the program.
    Quit,
    /// The shell, until it continues the program.
    Suspend,
    /// Another server.
    Connect(Address),
}

impl App {
    /// Takes in what this process is to the server, and tells whoever hosts it now.
    pub(super) fn take_role(&mut self, at: DateTime, role: Role) {
        let before = std::mem::replace(&mut self.role, role);
        if (before, role) != (Role::Guest, Role::Host) {
            return;
        }
        self.company = false;
        let server = &self.server;
        let [here, elsewhere] = [
            format!(
                "You host {server} now. Only this machine can reach it: others on it join with \
                 `chatmaster`. When you leave, they lose their server."
            ),
            "For other machines leave, and run `chatmaster serve`; from there one joins with \
             `chatmaster` and the name of this machine."
                .into(),
        ];
        self.notice(at, &here);
        self.notice(at, &elsewhere);
    }

    /// Takes in whether others may be on the server by what has happened. Who comes is seen from the
    /// general room alone.
    pub(super) fn look_for_company(&mut self, event: &Event) {
        let general = |room: &String| RoomName::are_same(room, RoomName::GENERAL);
        self.company |= match event {
            Event::Joined {
                me: true, channel, ..
            } => !general(channel),
            Event::Message { .. }
            | Event::Joined { me: false, .. }
            | Event::Left { me: false, .. }
            | Event::Renamed { me: false, .. } => true,
            Event::Users { users, more, .. } => users.len() + more > 1,
            Event::LoggedIn { channels, more, .. } | Event::Channels { channels, more, .. } => {
                *more > 0 || !channels.iter().all(general)
            }
            _ => false,
        };
    }

    /// Leaves, unless that takes a server from others: then the user is asked.
    pub(super) fn leave(&mut self, at: DateTime, leaving: Leaving) -> Vec<Effect> {
        if self.role == Role::Host && self.company {
            self.leaving = Some(leaving);
            return Vec::new();
        }
        self.go(at, leaving)
    }

    fn go(&mut self, at: DateTime, leaving: Leaving) -> Vec<Effect> {
        match leaving {
            Leaving::Quit => vec![Effect::Quit],
            Leaving::Suspend => vec![Effect::Suspend],
            Leaving::Connect(address) => self.connect(at, Some(address)),
        }
    }

    /// What is asked of who leaves.
    pub(super) fn leaving_question(&self) -> Option<String> {
        let what = match self.leaving.as_ref()? {
            Leaving::Quit | Leaving::Connect(_) => "leave",
            Leaving::Suspend => "suspend",
        };
        Some(format!(
            "Others may be on the server you host, and lose it. [y] {what} [Esc] stay"
        ))
    }

    /// What `key` means while that is asked; none if it is not.
    pub(super) fn answer_leaving(&mut self, at: DateTime, key: Key) -> Option<Vec<Effect>> {
        let leaving = self.leaving.take()?;
        Some(match key {
            Key::Edit(Edit::Insert('y' | 'Y')) => self.go(at, leaving),
            Key::ClearOrQuit if leaving == Leaving::Quit => self.go(at, leaving),
            Key::Edit(Edit::Insert('n' | 'N')) | Key::Escape => Vec::new(),
            _ => {
                self.leaving = Some(leaving);
                Vec::new()
            }
        })
    }
}
