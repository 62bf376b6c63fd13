//! What the user reads of the connection, and what they are asked: how it is made, what becomes of it,
//! and how the client comes back to where it was.

use chatmaster_core::session::{Action, End};
use chatmaster_core::wire::Version;
use chatmaster_core::{Time, Username};
use jiff::civil::{DateTime, date};

use super::editor::Editor;
use super::log::{Entry, Kind};
use super::update::escaped;
use super::windows::Standing;
use super::{App, Effect, Role, User};
use crate::address::Address;
use crate::client::command::typed;
use crate::client::connection::{
    Arrival, Delivery, Login, NameWanted, Output, PATIENCE, Phase, Woken,
};

/// How much is remembered of what was told.
const MAX_TOLD: usize = 16;

/// In which a name is typed, in place of the message box.
#[derive(Clone, Debug, Default)]
pub(super) struct NamePrompt {
    /// Why the last one was refused.
    pub(super) reason: Option<String>,
    pub(super) editor: Editor,
}

impl From<Output> for Effect {
    fn from(output: Output) -> Self {
        match output {
            Output::Connect(login) => connect(None, login),
            Output::Act(request, action) => Effect::Act(request, action),
            Output::Wake(after) => Effect::Wake(after),
        }
    }
}

fn connect(address: Option<Address>, Login { name, room, resume }: Login) -> Effect {
    Effect::Connect {
        address,
        name,
        room,
        resume,
    }
}

/// What the connection wants, as what the client does.
pub(super) fn effects(outputs: impl IntoIterator<Item = Output>) -> Vec<Effect> {
    outputs.into_iter().map(Effect::from).collect()
}

/// The connection goes by time since 1970 as the user's clock has it.
pub(super) fn time(at: DateTime) -> Time {
    let since = at.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    Time::from_micros(u64::try_from(since.as_micros()).unwrap_or(0))
}

impl App {
    /// Connects under the name there is, or asks for one first.
    pub(super) fn start(&mut self, room: Option<String>, login_name: Option<&str>) -> Vec<Effect> {
        self.name_prompt = NamePrompt {
            reason: None,
            editor: Editor::with_text(login_name.unwrap_or_default()),
        };
        if let Some(room) = &room {
            let window = self.windows.enter(room);
            window.standing = Standing::Entering;
            let id = window.id();
            self.look_at(id);
        }
        effects(self.connection.start(room))
    }

    /// Connects to another server, or anew to the same, as the user wants it.
    pub(super) fn connect(&mut self, at: DateTime, address: Option<Address>) -> Vec<Effect> {
        let server = address.as_ref().map(Address::to_string);
        let elsewhere = server.filter(|server| *server != self.server);
        if elsewhere.is_some() {
            self.connection.give_up_seat();
        }
        self.let_go(at);
        self.connection.asked_for();
        self.told.clear();
        if let Some(server) = elsewhere {
            self.connection.turn_elsewhere();
            self.version = Version::One;
            self.invitation = None;
            self.kept.iter_mut().for_each(Vec::clear);
            self.role = Role::Guest;
            self.turn_to(server);
        }
        self.notice(at, &format!("Connecting to {}.", self.server));
        vec![connect(address, self.connection.open())]
    }

    pub(super) fn disconnect(&mut self, at: DateTime) -> Vec<Effect> {
        let was = self.connection.phase();
        if was == Phase::Offline {
            self.notice(at, "There is no connection.");
            return Vec::new();
        }
        if let Phase::Lost(_) = was {
            self.connection.go_offline();
            self.notice(
                at,
                "It is not tried again by itself. /connect connects again.",
            );
            return Vec::new();
        }
        self.connection.give_up_seat();
        self.let_go(at);
        self.connection.go_offline();
        let notice = format!(
            "You left {}. /connect connects again; what you type is kept.",
            self.server
        );
        self.notice(at, &notice);
        vec![Effect::Disconnect]
    }

    pub(super) fn connected(&mut self, at: DateTime, role: Role) -> Vec<Effect> {
        self.take_role(at, role);
        effects(self.connection.expect_answer())
    }

    pub(super) fn not_connected(&mut self, at: DateTime, why: &str) -> Vec<Effect> {
        self.complain_of_server(at, &format!("Not connected: {why}"));
        self.retry()
    }

    /// The session has ended, which the user did not want.
    pub(super) fn lost(&mut self, at: DateTime, end: &End) -> Vec<Effect> {
        let what = match end {
            // The reason was told already, when it came.
            End::ClosedByServer { .. } => "The server closed the connection.".into(),
            end => end.to_string(),
        };
        // Where a seat waits there is nothing to tell yet.
        if !self.connection.has_seat() {
            self.complain_of_server(at, &what);
        }
        self.let_go(at);
        if self.user == User::LooksOn {
            return self.retry();
        }
        effects(self.connection.lost(end))
    }

    /// Says what is wrong with the server or the way to it: once, until the user is in again.
    pub(super) fn complain_of_server(&mut self, at: DateTime, what: &str) {
        if self.connection.phase() != Phase::Talking {
            if self.told.iter().any(|told| told == what) {
                return;
            }
            if self.told.len() == MAX_TOLD {
                self.told.remove(0);
            }
            self.told.push(what.into());
        }
        self.complain(at, what);
    }

    /// Ends a session that nothing comes of any more.
    fn give_up(&mut self, at: DateTime) -> Vec<Effect> {
        self.let_go(at);
        let mut effects = vec![if self.connection.has_seat() {
            Effect::Abandon
        } else {
            Effect::Disconnect
        }];
        effects.extend(self.retry());
        effects
    }

    /// The time that the connection wanted to wait is over.
    pub(super) fn woke(&mut self, at: DateTime) -> Vec<Effect> {
        match self.connection.woke() {
            Woken::GoesOn(outputs) => effects(outputs),
            Woken::ServerIsSilent => {
                let seconds = PATIENCE.as_secs();
                // Where a seat waits there is nothing to tell yet.
                if !self.connection.has_seat() {
                    let why = format!("The server has not answered for {seconds} seconds.");
                    self.complain_of_server(at, &why);
                }
                self.give_up(at)
            }
            Woken::NoNameChosen => {
                let name = self.connection.name().unwrap_or_default();
                let what = format!("No other name was chosen: {name} is tried again.");
                self.notice(at, &what);
                self.let_go(at);
                vec![connect(None, self.connection.open())]
            }
        }
    }

    /// The server wants a name, or another one.
    pub(super) fn name_wanted(&mut self, at: DateTime, reason: Option<String>) -> Vec<Effect> {
        let tried = self.connection.name().unwrap_or_default().to_owned();
        if reason.is_some() {
            // Whose seat it is would have been let in.
            self.connection.give_up_seat();
        }
        match &reason {
            Some(reason) if self.connection.is_own(&tried) => self.reclaim(at, reason),
            Some(_) => {
                // Nobody else chooses a name for the user.
                self.connection.set_name(None);
                self.ask_for_name(at, reason, &another_name(&tried))
            }
            None => self.ask_for_name(at, None, &tried),
        }
    }

    /// Tries again to have the name that the server may still hold for the connection that was lost.
    fn reclaim(&mut self, at: DateTime, reason: &str) -> Vec<Effect> {
        let name = self.connection.name().unwrap_or_default();
        let what = format!(
            "You are not back as {name} yet: {reason} The connection that was lost may hold the name \
             still; it is tried until it is free."
        );
        self.complain_of_server(at, &what);
        match self.connection.reclaim() {
            Some(wake) => vec![wake.into()],
            None => self.give_up(at),
        }
    }

    /// Asks for a name that the server will be told.
    pub(super) fn ask_for_name(
        &mut self,
        at: DateTime,
        reason: Option<String>,
        offered: &str,
    ) -> Vec<Effect> {
        if let Some(reason) = &reason {
            self.complain(at, reason);
        }
        self.name_prompt = NamePrompt {
            reason,
            editor: Editor::with_text(offered),
        };
        effects(self.connection.ask_for_name())
    }

    /// A name was typed.
    pub(super) fn named(&mut self, wanted: NameWanted) -> Vec<Effect> {
        let editor = &mut self.name_prompt.editor;
        if editor.is_empty() {
            return Vec::new();
        }
        effects(self.connection.named(editor.take(), wanted))
    }

    /// Says where one is after a login.
    pub(super) fn arrived(&mut self, at: DateTime, arrival: Arrival, channel: &str) {
        self.told.clear();
        let name = self.connection.name().unwrap_or_default();
        let text = match arrival {
            Arrival::Resumed => return,
            Arrival::Back => format!("You are back as {name}, in {channel}."),
            Arrival::First => format!("You are {name}, in {channel}. /help helps."),
        };
        self.notice(at, &text);
    }

    /// The room could not be entered that was the goal, if one was: which one, and what to say.
    pub(super) fn shut_out(&mut self, why: &str) -> Option<(String, String)> {
        let (room, arrival) = self.connection.shut_out()?;
        let text = match arrival {
            Arrival::First => format!("You are not in {room}: {why}"),
            Arrival::Back | Arrival::Resumed => format!("You are not back in {room}: {why}"),
        };
        Some((room, text))
    }

    /// Warns whoever is back in a room that is not as private as it was.
    pub(super) fn warn_of_publicity(&mut self, at: DateTime, room: &str) {
        let warning = format!(
            "{room} was private and is public now, so that the others can come back. Its owner can \
             close it again with /private."
        );
        let window = self.window_of(Some(room));
        self.push(window, Entry::new(at, Kind::Error, &warning));
    }

    fn retry(&mut self) -> Vec<Effect> {
        if self.user == User::LooksOn {
            self.connection.wait_for_user();
            return Vec::new();
        }
        vec![Effect::Wake(self.connection.retry().step())]
    }

    /// Takes leave of the session: what it has not done is told.
    fn let_go(&mut self, at: DateTime) {
        // Who comes now is not seen.
        self.company = true;
        let doubtful = self.connection.ended(time(at));
        self.tell_doubtful(at, doubtful);
        if !self.connection.has_seat() {
            self.forget_the_server();
        }
    }

    /// Tells what is not known to have been done.
    pub(super) fn tell_doubtful(&mut self, at: DateTime, doubtful: Vec<(Action, Delivery)>) {
        for (action, delivery) in doubtful {
            let window = self.window_for(&action);
            let said = match &action {
                Action::Say(text) | Action::SayIn { text, .. } | Action::Tell { text, .. } => {
                    Some(escaped(text))
                }
                _ => None,
            };
            let what = match (said, delivery) {
                (Some(text), Delivery::Unsent) => {
                    self.give_back(&action);
                    format!("Not sent: {text}")
                }
                (Some(text), Delivery::Unknown) => format!("May not have been delivered: {text}"),
                _ => match typed(&action) {
                    Some(command) => format!("May not have been done: {command}"),
                    None => continue,
                },
            };
            self.push(window, Entry::new(at, Kind::Error, &what));
        }
    }

    /// What was said before the connection broke and may not have arrived, to be said again.
    pub(super) fn say_again(&mut self) -> Vec<Effect> {
        let again = std::iter::from_fn(|| self.connection.next_due());
        let mut effects: Vec<_> = again.map(|(id, action)| Effect::Act(id, action)).collect();
        if !effects.is_empty() {
            effects.extend(self.connection.expect_answer().map(Effect::from));
        }
        effects
    }
}

/// A name like the one that was refused, if that can be a name at all and so is only taken.
fn another_name(name: &str) -> String {
    if Username::parse(name).is_err() {
        return name.into();
    }
    let kept: String = name.chars().take(Username::MAX_CHARS - 1).collect();
    kept + "_"
}
