//! The connection to a server, beyond a single session: where the client is with it, when it is tried
//! again, and how the client comes back to where it was. Without a socket, a clock or a word to the user.
//!
//! ```text
//!              start, without a name                  a name was typed
//!   ─────────────────────────────► Naming ──────────────────────────────┐
//!   start                            ▲ a name is wanted                 ▼
//!   ─────────────────────────────► Connecting ◄──────────────────── Reclaiming
//!        a pause is over, or the     │  │  │    a pause is over         ▲
//!   ┌──► user wants it               │  │  └────────────────────────────┘
//!   │                      logged in │  │ no connection    the own name is held
//!   │                                ▼  ▼
//!  Lost ◄──────────────────────── Talking             Offline: as the user wants it
//! ```

mod countdown;
mod keepalive;
mod login;
mod pauses;
mod requests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chatmaster_core::session::{Action, End, RequestId};
use chatmaster_core::{RoomName, Time};

pub(crate) use countdown::Countdown;
use keepalive::Keepalive;
pub(crate) use keepalive::PATIENCE;
pub(crate) use login::{Arrival, Login, Welcome};
use pauses::Pauses;
pub(crate) use pauses::seed;
pub(crate) use requests::{Asker, Delivery, MOST, Open, Requests};

/// Pauses between the tries to log in again under a name that the server still holds for the connection
/// that was lost. A server allows five tries; the last is left to the user. After them the client hangs
/// up and connects again later.
const NAME_PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// How a client stands with its server, from one session to the next.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    phase: Phase,
    /// The user's name: as registered, or the one to try.
    name: Option<String>,
    /// The name under which this server has known the user last, and may still.
    own: Option<String>,
    /// How often this session was refused that name.
    refusals: usize,
    /// The room the user is in, or was in when the connection was lost.
    room: Option<String>,
    privacy: Privacy,
    goal: Goal,
    /// When the session began that the user is logged in to.
    since: Option<Time>,
    pauses: Pauses,
    keepalive: Keepalive,
    requests: Requests,
    /// The first message that never left, by the session that ends.
    unsent: Option<RequestId>,
    /// What takes the user's seat again, if the server keeps one.
    resume: Option<String>,
}

/// Where the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A connection is being made, or a login is on its way.
    Connecting,
    /// A name is wanted, and the user has to choose it.
    Naming(NameWanted),
    /// The server holds the user's name for the connection that was lost. It is tried again soon.
    Reclaiming(Countdown),
    /// Logged in.
    Talking,
    /// There is no connection, though the user wants one.
    Lost(Retry),
    /// There is no connection, as the user wants it.
    Offline,
}

/// Who wants a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameWanted {
    /// The client, which connects when it has one.
    BeforeConnecting,
    /// The server.
    ByServer,
}

/// Whether newcomers can see and enter the room, as far as one can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    Public,
    Private,
}

/// Where the client wants to be in the chat, and is not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    Reached,
    /// In the room the user named at the start.
    Enter(String),
    /// Where the user was before the connection was lost.
    Return {
        room: String,
        privacy: Privacy,
    },
    /// In a room that was private before the connection was lost, with word of it if it is not now.
    Doubt,
}

/// What to do about a connection that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Connect again after a while.
    In(Countdown),
    /// Wait for the user: it would come to the same.
    WhenAsked,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Connect.
    Connect(Login),
    /// Hand this to the session.
    Act(RequestId, Action),
    /// Call [`Connection::woke`] after this time, instead of what was asked for before.
    Wake(Duration),
}

/// What the end of a wait comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The client goes on.
    GoesOn(Vec<Output>),
    /// The server has not answered for [`PATIENCE`]: the session is of no use.
    ServerIsSilent,
    /// The user has chosen no other name, and was known by one.
    NoNameChosen,
}

impl Connection {
    /// A connection that is to be made under `name`.
    pub(crate) fn new(name: Option<String>) -> Self {
        Connection {
            phase: Phase::Connecting,
            name,
            own: None,
            refusals: 0,
            room: None,
            privacy: Privacy::Public,
            goal: Goal::Reached,
            since: None,
            pauses: Pauses::default(),
            keepalive: Keepalive::default(),
            requests: Requests::default(),
            unsent: None,
            resume: None,
        }
    }

    /// Draws the pauses between tries to connect from `seed`, so that not every client has the same.
    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.pauses = Pauses::new(seed);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// The user's name: as registered, or the one to try.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The room the user is in, or was in when the connection was lost.
    pub(crate) fn room(&self) -> Option<&str> {
        self.room.as_deref()
    }

    /// Whether there is no connection, and none is being made.
    pub(crate) fn is_down(&self) -> bool {
        matches!(self.phase, Phase::Lost(_) | Phase::Offline)
    }

    /// Whether a name is being chosen.
    pub(crate) fn is_naming(&self) -> bool {
        matches!(self.phase, Phase::Naming(_))
    }

    /// Whether the server has known the user by this name last.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        self.own.as_deref() == Some(name)
    }

    /// Whether the user was in, on this server.
    pub(crate) fn was_in(&self) -> bool {
        self.own.is_some()
    }

    /// Whether the user is in, and where they want to be.
    pub(crate) fn is_there(&self) -> bool {
        self.phase == Phase::Talking && self.on_the_way().is_none()
    }

    /// Whether the server has refused the user's own name all the times that it may be asked in one
    /// session.
    pub(crate) fn is_name_held(&self) -> bool {
        self.refusals == NAME_PAUSES.len()
    }

    /// The room that the user wants to be in, and is not yet.
    pub(crate) fn on_the_way(&self) -> Option<&str> {
        match &self.goal {
            Goal::Enter(room) | Goal::Return { room, .. } => Some(room),
            Goal::Reached | Goal::Doubt => None,
        }
    }

    // How it begins and ends.

    /// The client begins, and is to enter this room. Without a name it has to have one first.
    pub(crate) fn start(&mut self, room: Option<String>) -> Option<Output> {
        self.goal = room.map_or(Goal::Reached, Goal::Enter);
        if self.name.is_some() {
            return Some(Output::Connect(self.open()));
        }
        self.phase = Phase::Naming(NameWanted::BeforeConnecting);
        None
    }

    /// A connection is to be made.
    pub(crate) fn open(&mut self) -> Login {
        self.phase = Phase::Connecting;
        self.refusals = 0;
        self.heard();
        let room = self.on_the_way().map(str::to_owned);
        Login {
            name: self.name.clone(),
            room: room.filter(|room| !RoomName::are_same(room, RoomName::GENERAL)),
            resume: self.resume.clone(),
        }
    }

    /// The user wants a connection: the next pauses are the first ones again.
    pub(crate) fn asked_for(&mut self) {
        self.pauses.reset();
    }

    /// From now on it is about another server, where nothing of this one counts.
    pub(crate) fn turn_elsewhere(&mut self) {
        self.room = None;
        self.goal = Goal::Reached;
        self.own = None;
        self.resume = None;
    }

    /// No seat waits for the user: they leave for good, or the server knows of none.
    pub(crate) fn give_up_seat(&mut self) {
        self.resume = None;
    }

    /// Whether a seat waits for the user, if the server has kept it: then all is as it was, and there is
    /// nothing to say yet.
    pub(crate) fn has_seat(&self) -> bool {
        self.resume.is_some()
    }

    /// There is to be no connection.
    pub(crate) fn go_offline(&mut self) {
        self.phase = Phase::Offline;
    }

    /// The session is over, or is left: what of it is not known to be done. That is told later where a
    /// seat waits. Where the user was is remembered.
    pub(crate) fn ended(&mut self, now: Time) -> Vec<(Action, Delivery)> {
        if let Some(since) = self.since.take()
            && now.since(since) >= pauses::HELD
        {
            self.pauses.reset();
        }
        if let (Goal::Reached | Goal::Doubt, Some(room)) = (&self.goal, &self.room) {
            let privacy = match self.goal {
                Goal::Doubt => Privacy::Private,
                _ => self.privacy,
            };
            let room = room.clone();
            self.goal = Goal::Return { room, privacy };
        }
        self.privacy = Privacy::Public;
        self.requests.end(self.unsent.take());
        if self.has_seat() {
            return Vec::new();
        }
        self.requests.give_up()
    }

    /// After the end of a session that the user did not want: tries again, or waits.
    pub(crate) fn lost(&mut self, end: &End) -> Option<Output> {
        let own = self.own.is_some();
        match (&mut self.phase, end) {
            // What never was a chat server will not become one.
            (_, End::Violation(_)) if !own => {
                self.wait_for_user();
                None
            }
            // The connection waits for the name now.
            (Phase::Naming(wanted), _) => {
                *wanted = NameWanted::BeforeConnecting;
                self.wait_for_name()
            }
            _ => Some(Output::Wake(self.retry().step())),
        }
    }

    /// Tries again after a pause.
    pub(crate) fn retry(&mut self) -> Countdown {
        let countdown = Countdown::of(self.pauses.make());
        self.phase = Phase::Lost(Retry::In(countdown));
        countdown
    }

    /// Does not try again by itself.
    pub(crate) fn wait_for_user(&mut self) {
        self.phase = Phase::Lost(Retry::WhenAsked);
    }

    /// The time of the last [`Output::Wake`] is over.
    pub(crate) fn woke(&mut self) -> Woken {
        let countdown = match &mut self.phase {
            Phase::Talking | Phase::Connecting => return self.judge_silence(),
            Phase::Naming(_) if self.own.is_some() => return Woken::NoNameChosen,
            Phase::Lost(Retry::In(countdown)) | Phase::Reclaiming(countdown) => countdown,
            // The user did not wait for it.
            Phase::Naming(_) | Phase::Lost(Retry::WhenAsked) | Phase::Offline => {
                return Woken::GoesOn(Vec::new());
            }
        };
        if let Some(next) = countdown.next() {
            *countdown = next;
            return Woken::GoesOn(vec![Output::Wake(next.step())]);
        }
        Woken::GoesOn(match self.phase {
            Phase::Reclaiming(_) => self.log_in(self.name.clone().unwrap_or_default()),
            _ => vec![Output::Connect(self.open())],
        })
    }

    // Whether the server is there.

    /// Something came from the server.
    pub(crate) fn heard(&mut self) {
        self.keepalive = Keepalive::Heard;
    }

    /// Begins to listen to the silence.
    pub(crate) fn listen(&mut self) -> Output {
        Output::Wake(self.keepalive.listen())
    }

    /// The server was asked for something. The client is to be woken for it if it was not already.
    pub(crate) fn expect_answer(&mut self) -> Option<Output> {
        self.keepalive.expect().map(Output::Wake)
    }

    /// The client was woken while it had a session, or was to have one.
    fn judge_silence(&mut self) -> Woken {
        Woken::GoesOn(match self.keepalive {
            // Without a login there is nothing to ask for, and nothing else is expected.
            Keepalive::Heard | Keepalive::Quiet if self.phase == Phase::Connecting => Vec::new(),
            Keepalive::Heard => vec![self.listen()],
            Keepalive::Quiet => {
                let sync = self.requests.ask_anything().map(sync);
                sync.into_iter().chain(self.expect_answer()).collect()
            }
            Keepalive::Waiting => return Woken::ServerIsSilent,
        })
    }

    // What the user is called.

    /// The server knows the user by this name.
    pub(crate) fn set_own_name(&mut self, name: String) {
        self.own = Some(name.clone());
        self.name = Some(name);
    }

    /// The name to try next; none for that by which the server has known the user last.
    pub(crate) fn set_name(&mut self, name: Option<String>) {
        self.name = name.or_else(|| self.own.clone());
    }

    /// The server has refused the own name: it is tried again soon, as long as it may be in one session.
    pub(crate) fn reclaim(&mut self) -> Option<Output> {
        let pause = NAME_PAUSES.get(self.refusals)?;
        self.refusals += 1;
        let countdown = Countdown::of(*pause);
        self.phase = Phase::Reclaiming(countdown);
        Some(Output::Wake(countdown.step()))
    }

    /// The user is to choose a name that the server will be told. One who has a name is not away for
    /// good by having thought of another.
    pub(crate) fn ask_for_name(&mut self) -> Option<Output> {
        self.phase = Phase::Naming(NameWanted::ByServer);
        self.wait_for_name()
    }

    fn wait_for_name(&self) -> Option<Output> {
        self.own.is_some().then_some(Output::Wake(pauses::LONGEST))
    }

    /// The user has chosen a name.
    pub(crate) fn named(&mut self, name: String, wanted: NameWanted) -> Vec<Output> {
        self.name = Some(name.clone());
        match wanted {
            NameWanted::BeforeConnecting => vec![Output::Connect(self.open())],
            NameWanted::ByServer => self.log_in(name),
        }
    }

    fn log_in(&mut self, name: String) -> Vec<Output> {
        self.phase = Phase::Connecting;
        let login = self.request(Action::Login(name), Asker::User);
        [login].into_iter().chain(self.expect_answer()).collect()
    }

    // Where the user is.

    /// The user is in. What of the sessions before is not known to be done; messages of theirs may be to
    /// be sent again ([`next_due`](Connection::next_due)).
    pub(crate) fn logged_in(
        &mut self,
        now: Time,
        welcome: Welcome,
    ) -> (Arrival, Vec<(Action, Delivery)>) {
        self.since = Some(now);
        self.phase = Phase::Talking;
        self.set_own_name(welcome.username);
        self.requests.logged_in(welcome.version);
        self.resume = welcome.resume;
        let arrival = match self.goal {
            _ if welcome.resumed => Arrival::Resumed,
            Goal::Return { .. } => Arrival::Back,
            _ => Arrival::First,
        };
        let is_in = |room: &str| {
            let mut joined = welcome.joined.iter();
            joined.any(|joined| RoomName::are_same(room, joined))
        };
        if self.on_the_way().is_some_and(is_in) {
            self.goal = Goal::Reached;
        }
        self.set_room(welcome.channel);
        let doubtful = if welcome.resumed {
            self.requests.take_up()
        } else {
            self.requests.give_up()
        };
        (arrival, doubtful)
    }

    /// The next that is to be handed over before all else, if there is one: a message of a session before
    /// that is said again, or what the client asks for before those.
    pub(crate) fn next_due(&mut self) -> Option<(RequestId, Action)> {
        self.requests.next_due()
    }

    /// The user has entered another room, which is the goal now, whatever it was.
    pub(crate) fn entered(&mut self, channel: &str) -> Arrival {
        let (goal, arrival) = match &self.goal {
            Goal::Return { room, privacy } if RoomName::are_same(room, channel) => {
                let goal = match privacy {
                    Privacy::Private => Goal::Doubt,
                    Privacy::Public => Goal::Reached,
                };
                (goal, Arrival::Back)
            }
            _ => (Goal::Reached, Arrival::First),
        };
        self.goal = goal;
        self.set_room(channel.to_owned());
        arrival
    }

    /// The user is in this room, of which nothing is known as yet.
    pub(crate) fn set_room(&mut self, room: String) {
        self.room = Some(room);
        self.privacy = Privacy::Public;
    }

    /// The room could not be entered that was the goal, if one was: which one, and whether the user was
    /// there before.
    pub(crate) fn shut_out(&mut self) -> Option<(String, Arrival)> {
        let (goal, shut) = match std::mem::replace(&mut self.goal, Goal::Reached) {
            Goal::Enter(room) => (Goal::Reached, Some((room, Arrival::First))),
            Goal::Return { room, .. } => (Goal::Reached, Some((room, Arrival::Back))),
            goal @ (Goal::Reached | Goal::Doubt) => (goal, None),
        };
        self.goal = goal;
        shut
    }

    /// It is known now whether the room is private. Whether it was before, and is not any more.
    pub(crate) fn set_privacy(&mut self, privacy: Privacy) -> bool {
        self.privacy = privacy;
        if self.goal != Goal::Doubt {
            return false;
        }
        self.goal = Goal::Reached;
        privacy == Privacy::Public
    }

    // What is asked of the server.

    /// Hands an action to the session.
    pub(crate) fn request(&mut self, action: Action, asker: Asker) -> Output {
        Output::Act(self.number(action.clone(), asker), action)
    }

    /// The number of an action that is handed to the session now.
    pub(crate) fn number(&mut self, action: Action, asker: Asker) -> RequestId {
        self.requests.push(action, asker)
    }

    /// Hands an action of the user to the session, and finds out what becomes of it.
    pub(crate) fn act(&mut self, action: Action) -> Vec<Output> {
        let act = self.request(action, Asker::User);
        let sync = self.sync();
        let wake = self.expect_answer();
        [act].into_iter().chain(sync).chain(wake).collect()
    }

    /// Finds out what became of what the user did, if that is not known.
    pub(crate) fn sync(&mut self) -> Option<Output> {
        self.begin_sync().map(sync)
    }

    /// The number of the sync that is handed to the session now, if there is something to find out.
    pub(crate) fn begin_sync(&mut self) -> Option<RequestId> {
        self.requests.begin_sync()
    }

    /// The request was answered.
    pub(crate) fn answered(&mut self, request: RequestId) -> Option<Open> {
        self.requests.answered(request)
    }

    /// The session did not take the request.
    pub(crate) fn refused(&mut self, request: RequestId) -> Option<Open> {
        self.requests.refused(request)
    }

    /// The session ends, and has not sent the messages from this one on.
    pub(crate) fn unsent(&mut self, first: RequestId) {
        self.unsent = Some(first);
    }

    /// Whether the user has asked to be elsewhere, and is not yet.
    pub(crate) fn is_leaving(&self) -> bool {
        self.requests.lead_elsewhere()
    }

    /// Whether the server has dealt with all that it was asked for.
    pub(crate) fn is_settled(&self) -> bool {
        self.requests.is_settled()
    }

    /// Whether something is to be handed over before all else.
    pub(crate) fn has_due(&self) -> bool {
        self.requests.has_due()
    }

    /// The session did not take what was due: it is the next one still.
    pub(crate) fn put_off(&mut self, request: RequestId) {
        self.requests.put_off(request);
    }

    /// Has the client ask for something before all else.
    pub(crate) fn ask_first(&mut self, action: Action) {
        self.requests.ask_first(action);
    }

    /// How many requests come before the next that is answered, if one is.
    pub(crate) fn before_answer(&self) -> Option<usize> {
        self.requests.before_answer()
    }
}

fn sync(id: RequestId) -> Output {
    Output::Act(id, Action::Sync)
}
