//! The connection beyond a single session: how it is made, what becomes of the client when it is lost,
//! when it is tried again, and how the client comes back to where it was.

use std::time::Duration;

use chatmaster_core::session::{Action, End, RequestId};
use chatmaster_core::{RoomName, Username};
use jiff::civil::DateTime;

use super::editor::Editor;
use super::silence::Silence;
use super::update::escaped;
use super::{App, Effect, Phase, Privacy, Role, User};
use crate::address::Address;
use crate::client::command::typed;
use crate::client::connection::{Asker, Delivery, Requests};
use crate::client::retry::{self, Pauses};

/// How much is remembered of what was told.
const MAX_TOLD: usize = 16;
/// Pauses between the tries to log in again under a name that the server still holds for the connection
/// that was lost. A server allows five tries; the last is left to the user. After them the client hangs
/// up and connects again later.
const NAME_PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// What the client remembers from one session to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pauses: Pauses,
    /// When the session began that the user is logged in to.
    since: Option<DateTime>,
    /// What was said to be wrong since the user was in last. Once is enough while it does not change.
    told: Vec<String>,
    /// The name under which this server has known the user last, and may still.
    own: Option<String>,
    /// How often this session was refused that name.
    refusals: usize,
    goal: Goal,
    /// The first message that never left, by the session that ends.
    pub(super) unsent: Option<RequestId>,
    pub(super) requests: Requests,
    pub(super) silence: Silence,
}

/// Where the client wants to be in the chat, and is not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Goal {
    #[default]
    Reached,
    /// In the room the user named at the start.
    Enter(String),
    /// Where the user was before the connection was lost.
    Return { room: String, privacy: Privacy },
    /// In a room that was private before the connection was lost, with word of it if it is not now.
    Doubt,
}

/// What to do about a connection that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// Connect again after a while.
    In(Countdown),
    /// Wait for the user: it would come to the same.
    WhenAsked,
}

/// A time to wait, in steps short enough to show each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Countdown(Duration);

impl Countdown {
    /// How long to wait before the next [`Msg::Woke`](super::Msg::Woke).
    fn step(self) -> Duration {
        match self.0.subsec_nanos() {
            0 => self.0.min(Duration::from_secs(1)),
            rest => Duration::from_nanos(rest.into()),
        }
    }

    /// What is left after the step; none if it was the last.
    fn next(self) -> Option<Self> {
        let left = self.0 - self.step();
        (!left.is_zero()).then_some(Countdown(left))
    }

    /// The seconds to show.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

impl Link {
    pub(super) fn set_seed(&mut self, seed: u64) {
        self.pauses = Pauses::new(seed);
    }
}

impl App {
    /// Connects under the name there is, or asks for one first.
    pub(super) fn start(&mut self, room: Option<String>, login_name: Option<&str>) -> Vec<Effect> {
        self.link.goal = room.map_or(Goal::Reached, Goal::Enter);
        if self.name.is_some() {
            return self.open(None);
        }
        self.phase = Phase::Naming {
            reason: None,
            editor: Editor::with_text(login_name.unwrap_or_default()),
            asked: Asked::BeforeConnecting,
        };
        Vec::new()
    }

    /// Connects to another server, or anew to the same, as the user wants it.
    pub(super) fn connect(&mut self, at: DateTime, address: Option<Address>) -> Vec<Effect> {
        self.let_go(at);
        self.link.pauses.reset();
        self.link.told.clear();
        if let Some(server) = address.as_ref().map(Address::to_string)
            && server != self.server
        {
            // The room is one of the server before.
            self.room = None;
            self.diversion = None;
            self.link.goal = Goal::Reached;
            self.link.own = None;
            self.role = Role::Guest;
            self.server = server;
        }
        self.notice(at, &format!("Connecting to {}.", self.server));
        self.open(address)
    }

    pub(super) fn disconnect(&mut self, at: DateTime) -> Vec<Effect> {
        if self.is_unconnected() {
            if self.phase == Phase::Offline {
                self.notice(at, "There is no connection.");
                return Vec::new();
            }
            self.phase = Phase::Offline;
            self.notice(
                at,
                "It is not tried again by itself. /connect connects again.",
            );
            return Vec::new();
        }
        self.let_go(at);
        self.phase = Phase::Offline;
        let notice = format!(
            "You left {}. /connect connects again; what you type is kept.",
            self.server
        );
        self.notice(at, &notice);
        vec![Effect::Disconnect]
    }

    /// Whether there is no connection, and none is being made.
    pub(super) fn is_unconnected(&self) -> bool {
        matches!(self.phase, Phase::Lost(_) | Phase::Offline)
    }

    pub(super) fn connected(&mut self, at: DateTime, role: Role) -> Vec<Effect> {
        self.take_role(at, role);
        self.expect_answer().into_iter().collect()
    }

    pub(super) fn not_connected(&mut self, at: DateTime, why: &str) -> Vec<Effect> {
        self.complain_of_server(at, &format!("Not connected: {why}"));
        self.retry()
    }

    /// Takes in the end of the session that the user did not want.
    pub(super) fn lost(&mut self, at: DateTime, end: &End) -> Vec<Effect> {
        let what = match end {
            // The reason was told already, when it came.
            End::ClosedByServer { .. } => "The server closed the connection.".into(),
            end => end.to_string(),
        };
        self.complain_of_server(at, &what);
        self.let_go(at);
        let own = self.link.own.is_some();
        match (&mut self.phase, end) {
            // What never was a chat server will not become one.
            (_, End::Violation(_)) if !own => {
                self.phase = Phase::Lost(Retry::WhenAsked);
                Vec::new()
            }
            // The connection waits for the name now.
            (Phase::Naming { asked, .. }, _) => {
                *asked = Asked::BeforeConnecting;
                self.wait_for_name()
            }
            _ => self.retry(),
        }
    }

    /// Says what is wrong with the server or the way to it: once, until the user is in again.
    pub(super) fn complain_of_server(&mut self, at: DateTime, what: &str) {
        if self.phase != Phase::Talking {
            if self.link.told.iter().any(|told| told == what) {
                return;
            }
            if self.link.told.len() == MAX_TOLD {
                self.link.told.remove(0);
            }
            self.link.told.push(what.into());
        }
        self.complain(at, what);
    }

    /// Ends a session that nothing comes of any more.
    pub(super) fn give_up(&mut self, at: DateTime, why: &str) -> Vec<Effect> {
        self.complain_of_server(at, why);
        self.let_go(at);
        let mut effects = vec![Effect::Disconnect];
        effects.extend(self.retry());
        effects
    }

    /// A step of a countdown is over.
    pub(super) fn woke(&mut self, at: DateTime) -> Vec<Effect> {
        match &mut self.phase {
            Phase::Talking | Phase::Connecting => self.judge_silence(at),
            Phase::Lost(Retry::In(countdown)) => match countdown.next() {
                Some(next) => {
                    *countdown = next;
                    vec![Effect::Wake(next.step())]
                }
                None => self.open(None),
            },
            Phase::Reclaiming(countdown) => match countdown.next() {
                Some(next) => {
                    *countdown = next;
                    vec![Effect::Wake(next.step())]
                }
                None => {
                    let name = self.name.clone().unwrap_or_default();
                    self.named(name, Asked::ByServer)
                }
            },
            Phase::Naming { .. } if self.link.own.is_some() => {
                let name = self.name.as_deref().unwrap_or_default();
                self.notice(
                    at,
                    &format!("No other name was chosen: {name} is tried again."),
                );
                self.let_go(at);
                self.open(None)
            }
            // The user did not wait for it.
            _ => Vec::new(),
        }
    }

    /// The server wants a name, or another one.
    pub(super) fn name_wanted(&mut self, at: DateTime, reason: Option<String>) -> Vec<Effect> {
        let tried = self.name.clone().unwrap_or_default();
        match &reason {
            Some(reason) if self.is_own(&tried) => self.reclaim(at, reason),
            Some(_) => {
                // Nobody else chooses a name for the user.
                self.name = self.link.own.clone();
                self.ask_for_name(at, reason, &another_name(&tried))
            }
            None => self.ask_for_name(at, None, &tried),
        }
    }

    /// Tries again to have the name that the server may still hold for the connection that was lost.
    fn reclaim(&mut self, at: DateTime, reason: &str) -> Vec<Effect> {
        let name = self.name.as_deref().unwrap_or_default();
        let what = format!(
            "You are not back as {name} yet: {reason} The connection that was lost may hold the name \
             still; it is tried until it is free."
        );
        self.complain_of_server(at, &what);
        if let Some(pause) = NAME_PAUSES.get(self.link.refusals) {
            self.link.refusals += 1;
            let countdown = Countdown(*pause);
            self.phase = Phase::Reclaiming(countdown);
            return vec![Effect::Wake(countdown.step())];
        }
        self.let_go(at);
        let mut effects = vec![Effect::Disconnect];
        effects.extend(self.retry());
        effects
    }

    /// Whether the server has known the user by this name last.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.link.own.as_deref() == Some(name)
    }

    /// Whether the server has refused the user's own name all the times that it may be asked in one
    /// session.
    pub(super) fn is_name_held(&self) -> bool {
        self.link.refusals == NAME_PAUSES.len()
    }

    /// The server knows the user by this name.
    pub(super) fn take_name(&mut self, name: String) {
        self.link.own = Some(name.clone());
        self.name = Some(name);
    }

    /// Asks for a name that the server will be told. A user who has one is not away for good by having
    /// thought of another.
    pub(super) fn ask_for_name(
        &mut self,
        at: DateTime,
        reason: Option<String>,
        offered: &str,
    ) -> Vec<Effect> {
        if let Some(reason) = &reason {
            self.complain(at, reason);
        }
        self.phase = Phase::Naming {
            reason,
            editor: Editor::with_text(offered),
            asked: Asked::ByServer,
        };
        self.wait_for_name()
    }

    fn wait_for_name(&self) -> Vec<Effect> {
        let has_one = self.link.own.is_some();
        let wake = has_one.then_some(Effect::Wake(retry::LONGEST));
        wake.into_iter().collect()
    }

    /// A name was typed.
    pub(super) fn named(&mut self, name: String, asked: Asked) -> Vec<Effect> {
        self.name = Some(name.clone());
        self.phase = Phase::Connecting;
        match asked {
            Asked::BeforeConnecting => self.open(None),
            Asked::ByServer => {
                let mut effects = vec![self.request(Action::Login(name), Asker::User)];
                effects.extend(self.expect_answer());
                effects
            }
        }
    }

    /// Says where one is after a login.
    pub(super) fn arrived(&mut self, at: DateTime, username: &str, channel: &str) {
        self.link.since = Some(at);
        self.link.told.clear();
        let text = match &self.link.goal {
            Goal::Return { .. } => format!("You are back as {username}, in {channel}."),
            _ => format!("You are {username}, in {channel}. /help helps."),
        };
        self.notice(at, &text);
        if let Goal::Enter(room) | Goal::Return { room, .. } = &self.link.goal
            && RoomName::are_same(room, channel)
        {
            self.link.goal = Goal::Reached;
        }
    }

    /// Takes in that the user is in a room, and says so.
    pub(super) fn entered(&mut self, channel: &str) -> String {
        match &self.link.goal {
            Goal::Return { room, privacy, .. } if RoomName::are_same(room, channel) => {
                self.link.goal = match privacy {
                    Privacy::Private => Goal::Doubt,
                    Privacy::Public => Goal::Reached,
                };
                format!("You are back in {channel}.")
            }
            _ => {
                self.link.goal = Goal::Reached;
                format!("You are in {channel} now.")
            }
        }
    }

    /// The room that the user wants to be in, and is not yet.
    pub(super) fn on_the_way(&self) -> Option<&str> {
        match &self.link.goal {
            Goal::Enter(room) | Goal::Return { room, .. } => Some(room),
            Goal::Reached | Goal::Doubt => None,
        }
    }

    /// Takes in that the room could not be entered that was the goal, if one was: which one, and what
    /// to say.
    pub(super) fn shut_out(&mut self, why: &str) -> Option<(String, String)> {
        match std::mem::take(&mut self.link.goal) {
            Goal::Enter(room) => {
                let text = format!("You are not in {room}: {why}");
                Some((room, text))
            }
            Goal::Return { room, .. } => {
                let text = format!("You are not back in {room}: {why}");
                Some((room, text))
            }
            goal @ (Goal::Reached | Goal::Doubt) => {
                self.link.goal = goal;
                None
            }
        }
    }

    /// Warns whoever is back in a room that is not as private as it was. It is known now how it is.
    pub(super) fn compare_privacy(&mut self, at: DateTime) {
        if self.link.goal != Goal::Doubt {
            return;
        }
        self.link.goal = Goal::Reached;
        if self.privacy == Privacy::Public {
            let room = self.room.as_deref().unwrap_or_default();
            let warning = format!(
                "{room} was private and is public now, so that the others can come back. Its owner \
                 can close it again with /private."
            );
            self.complain(at, &warning);
        }
    }

    /// Hands an action to the session.
    pub(super) fn request(&mut self, action: Action, asker: Asker) -> Effect {
        Effect::Act(self.link.requests.push(action.clone(), asker), action)
    }

    /// Hands an action of the user to the session, and finds out what becomes of it.
    pub(super) fn hand_over(&mut self, action: Action) -> Vec<Effect> {
        let mut effects = vec![self.request(action, Asker::User)];
        effects.extend(self.sync());
        effects.extend(self.expect_answer());
        effects
    }

    /// Finds out what became of what the user did, if that is not known.
    pub(super) fn sync(&mut self) -> Vec<Effect> {
        let sync = self.link.requests.begin_sync();
        sync.into_iter().map(sends_sync).collect()
    }

    /// Asks the server for anything, unless it is asked already.
    pub(super) fn ask_for_sync(&mut self) -> Option<Effect> {
        self.link.requests.ask_anything().map(sends_sync)
    }

    /// Asks for a connection.
    fn open(&mut self, address: Option<Address>) -> Vec<Effect> {
        self.phase = Phase::Connecting;
        self.link.refusals = 0;
        self.heard();
        let room = self.on_the_way().map(str::to_owned);
        vec![Effect::Connect {
            address,
            name: self.name.clone(),
            room: room.filter(|room| !RoomName::are_same(room, RoomName::GENERAL)),
        }]
    }

    fn retry(&mut self) -> Vec<Effect> {
        if self.user == User::LooksOn {
            self.phase = Phase::Lost(Retry::WhenAsked);
            return Vec::new();
        }
        let countdown = Countdown(self.link.pauses.make());
        self.phase = Phase::Lost(Retry::In(countdown));
        vec![Effect::Wake(countdown.step())]
    }

    /// Takes leave of the session: what it has not done is told, and where it was is remembered.
    fn let_go(&mut self, at: DateTime) {
        if let Some(since) = self.link.since.take()
            && at.duration_since(since).unsigned_abs() >= retry::HELD
        {
            self.link.pauses.reset();
        }
        // Who comes now is not seen.
        self.company = true;
        let unsent = self.link.unsent.take();
        for (action, delivery) in self.link.requests.end(unsent) {
            match (&action, delivery) {
                (Action::Say(text), Delivery::Unsent) => {
                    let text = escaped(text);
                    self.complain(at, &format!("Not sent: {text}"));
                    if self.editor.is_empty() {
                        self.editor.set(&text);
                    }
                }
                (Action::Say(text), Delivery::Unknown) => {
                    let text = escaped(text);
                    self.complain(at, &format!("May not have been delivered: {text}"));
                }
                _ => {
                    if let Some(command) = typed(&action) {
                        self.complain(at, &format!("May not have been done: {command}"));
                    }
                }
            }
        }
        if let (Goal::Reached | Goal::Doubt, Some(room)) = (&self.link.goal, &self.room) {
            let privacy = match self.link.goal {
                Goal::Doubt => Privacy::Private,
                _ => self.privacy,
            };
            self.link.goal = Goal::Return {
                room: room.clone(),
                privacy,
            };
        }
        self.forget_the_server();
    }
}

fn sends_sync(id: RequestId) -> Effect {
    Effect::Act(id, Action::Sync)
}

/// Who asks for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The client, which connects when it has one.
    BeforeConnecting,
    /// The server.
    ByServer,
}

/// A name like the one that was refused, if that can be a name at all and so is only taken.
fn another_name(name: &str) -> String {
    if Username::parse(name).is_err() {
        return name.into();
    }
    let kept: String = name.chars().take(Username::MAX_CHARS - 1).collect();
    kept + "_"
}
