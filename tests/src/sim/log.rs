//! What one client did and saw, checked as it comes: that each package may come now, and that every
//! command is answered exactly once and in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chatmaster_core::session::{Action, End, Event, Listing};

use super::marks::{Mark, Marks};
use super::texts::said;
use super::{Check, Failure};

/// A message of a client, by the client's number and how many it had said before.
pub type Said = (usize, u32);

/// What one client did and saw.
#[derive(Default)]
pub struct Log {
    /// The client's number.
    client: usize,
    /// Bytes of text that a message may have.
    max_message: usize,
    /// What was asked and said and is not dealt with as far as the client knows.
    expected: VecDeque<Expected>,
    /// The room that the client must be told to have entered next.
    must_enter: Option<String>,
    /// What happened in the rooms the client was in, and the client saw.
    pub items: Vec<Item>,
    /// The client's stays in rooms.
    pub visits: Vec<Visit>,
    /// Every name it had.
    pub names: BTreeSet<String>,
    /// How many items there were when the last answer had come.
    answered: usize,
    /// How many messages it said.
    said: u32,
    /// The last message it heard from each client.
    heard: BTreeMap<usize, u32>,
    /// What it heard from users of version 2.
    newer: BTreeSet<String>,
    /// Who it knows to be in its room.
    present: BTreeSet<String>,
    /// Whether it found others in its room.
    found_others: bool,
    /// What it made of its room, if it did.
    privacy: Option<Listing>,
    /// Who is in the room as it was told last, if it was told in full.
    pub users: Option<Vec<String>>,
    /// Its name.
    name: String,
    stage: Stage,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Outside,
    Inside,
    Over,
}

/// Something that everyone in a room sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A client's message.
    Said(Said, String),
    /// Another message, and who said it.
    Other(String, String),
    /// Someone came into the room.
    Joined(String, String),
    /// Someone left the room.
    Left(String, String),
    /// Someone took another name.
    Renamed(String, String),
}

/// A stay in a room.
pub struct Visit {
    /// The room.
    pub room: String,
    /// Its items begin here, with the coming of the client itself.
    pub start: usize,
    /// And end before this, with the leaving of the client itself; none if it is still there, or was
    /// cut off.
    pub end: Option<usize>,
    /// What the client said there.
    pub own: Vec<Own>,
}

/// A message that its sender does not see.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Which.
    pub number: u32,
    /// It was dealt with behind so many of the sender's items.
    pub after: usize,
    /// And before the item of this number.
    pub before: usize,
}

enum Expected {
    Login(String),
    Say(u32, usize),
    TooLong,
    Rename(String),
    Join(String),
    Leave,
    Private,
    Public,
    Channels,
    Users,
    Sync,
}

impl Expected {
    fn command(&self) -> &'static str {
        match self {
            Expected::Login(_) => "login",
            Expected::Say(..) | Expected::TooLong => "message",
            Expected::Rename(_) => "rename",
            Expected::Join(_) => "join",
            Expected::Leave => "leave",
            Expected::Private => "private",
            Expected::Public => "public",
            Expected::Channels | Expected::Sync => "channels",
            Expected::Users => "users",
        }
    }
}

impl Log {
    /// Nothing, of the client of that number.
    pub fn new(client: usize, max_message: usize) -> Self {
        Log {
            client,
            max_message,
            ..Log::default()
        }
    }

    /// The next text of this client with `filler` bytes more than it needs.
    pub fn next_text(&self, filler: usize) -> String {
        super::texts::text((self.client, self.said), filler)
    }

    /// Notes that the client logs in under `name`.
    pub fn logs_in(&mut self, name: &str) {
        self.expected.push_back(Expected::Login(name.into()));
    }

    /// Notes what the client does.
    pub fn acted(&mut self, action: &Action) {
        self.expected.push_back(match action {
            Action::Say(text) if text.len() > self.max_message => Expected::TooLong,
            Action::Say(_) => {
                self.said += 1;
                Expected::Say(self.said - 1, self.items.len())
            }
            Action::Rename(name) => Expected::Rename(name.clone()),
            Action::Join(room) => Expected::Join(room.clone()),
            Action::Leave => Expected::Leave,
            Action::Private => Expected::Private,
            Action::Public => Expected::Public,
            Action::Channels => Expected::Channels,
            Action::Users => Expected::Users,
            Action::Sync => Expected::Sync,
            Action::Login(name) => Expected::Login(name.clone()),
            Action::SayIn { .. } | Action::Tell { .. } | Action::Other(_) => {
                unreachable!("no such thing is planned")
            }
            Action::Quit => return,
        });
    }

    /// Whether it made its room public.
    pub fn has_opened_room(&self) -> bool {
        self.privacy == Some(Listing::Public)
    }

    /// How much was asked and said, and is not dealt with as far as the client knows.
    pub fn open(&self) -> usize {
        self.expected.len()
    }

    /// Whether the client is logged in, and in a room.
    pub fn is_inside(&self) -> bool {
        self.stage == Stage::Inside && !self.visits.is_empty()
    }

    /// Takes in what the client saw; the name that was refused by it, if one was.
    ///
    /// # Errors
    /// Why the client must not see that now.
    #[allow(clippy::too_many_lines, reason = "an arm for each event")]
    pub fn saw(&mut self, event: &Event, marks: &mut Marks) -> Result<Option<String>, Failure> {
        match event {
            Event::Sent { .. } | Event::History { .. } | Event::Notified { .. } => {
                let what = format!("{event:?} to a client of version 1");
                return self.fail(Check::Protocol, what);
            }
            Event::Message { id: Some(_), .. }
            | Event::Message {
                channel: Some(_), ..
            }
            | Event::Message { to: Some(_), .. }
            | Event::Joined { topic: Some(_), .. }
            | Event::Renamed {
                channel: Some(_), ..
            }
            | Event::LoggedIn {
                resume: Some(_), ..
            } => {
                let what = format!("{event:?} to a client of version 1");
                return self.fail(Check::Protocol, what);
            }
            Event::Unknown { package } => {
                return self.fail(Check::Protocol, format!("unknown package {package}"));
            }
            Event::Ended(End::Violation(violation)) => {
                return self.fail(Check::Protocol, format!("the server broke it: {violation}"));
            }
            Event::Ended(_) => {
                self.stage = Stage::Over;
                return Ok(None);
            }
            // The end comes next; what was said is known to have been heard only if someone did.
            Event::Unsent { .. } => return Ok(None),
            _ => {}
        }
        let entering = self.must_enter.take();
        match (self.stage, &entering, event) {
            (Stage::Over, ..) => return Ok(None),
            (
                _,
                Some(room),
                Event::Joined {
                    me: true, channel, ..
                },
            ) if channel == room => {}
            (_, Some(room), _) => {
                return self.fail(Check::Answers, format!("{event:?} before entering {room}"));
            }
            (Stage::Inside, ..)
            | (_, _, Event::NameWanted { .. } | Event::LoggedIn { .. } | Event::Error { .. }) => {}
            (Stage::Outside, ..) => {
                return self.fail(Check::BeforeLogin, format!("{event:?} before login"));
            }
        }
        match event {
            Event::NameWanted { reason: None, .. } => {}
            Event::NameWanted {
                reason: Some(_), ..
            } => return self.refused("login", "", marks),
            Event::LoggedIn {
                username,
                channels,
                more,
                ..
            } => {
                let answered = self.answer(event, |e| matches!(e, Expected::Login(_)))?;
                if !matches!(answered, Expected::Login(name) if name == *username) {
                    return self.fail(Check::Answers, format!("logged in as {username}"));
                }
                self.stage = Stage::Inside;
                self.name.clone_from(username);
                self.names.insert(username.clone());
                self.must_enter = Some("general".into());
                self.check_list(channels, *more, marks)?;
            }
            Event::Joined {
                username,
                channel,
                me: true,
                ..
            } => {
                if entering.is_none() {
                    let answered = self.answer(event, |e| matches!(e, Expected::Join(_)))?;
                    let caseless = channel.to_lowercase();
                    if !matches!(answered, Expected::Join(room) if room.to_lowercase() == caseless)
                    {
                        return self.fail(Check::Answers, format!("joined {channel}"));
                    }
                    // Those who stay see it.
                    self.leave();
                }
                self.enter(username, channel);
            }
            Event::Joined {
                username, channel, ..
            } => {
                self.is_here(event, channel)?;
                self.present.insert(username.clone());
                self.items
                    .push(Item::Joined(username.clone(), channel.clone()));
            }
            Event::Left {
                username,
                channel,
                me,
                ..
            } => {
                self.is_here(event, channel)?;
                if *me {
                    self.answer(event, |e| matches!(e, Expected::Leave))?;
                    self.leave();
                    self.must_enter = Some("general".into());
                } else {
                    self.found_others |= !self.present.remove(username);
                    self.items
                        .push(Item::Left(username.clone(), channel.clone()));
                }
            }
            Event::Renamed {
                old_username,
                new_username,
                me,
                ..
            } => {
                if *me {
                    let answered = self.answer(event, |e| matches!(e, Expected::Rename(_)))?;
                    if !matches!(answered, Expected::Rename(name) if name == *new_username) {
                        return self.fail(Check::Answers, format!("renamed to {new_username}"));
                    }
                    self.name.clone_from(new_username);
                    self.names.insert(new_username.clone());
                }
                self.found_others |= !self.present.remove(old_username);
                self.present.insert(new_username.clone());
                let item = Item::Renamed(old_username.clone(), new_username.clone());
                self.items.push(item);
                if *me {
                    self.answered = self.items.len();
                }
            }
            Event::Message {
                username, message, ..
            } => self.heard(username, message)?,
            Event::Channels {
                channels,
                more,
                answers,
                ..
            } => {
                self.answer(event, |e| match answers {
                    Listing::Channels => matches!(e, Expected::Channels),
                    Listing::Private => matches!(e, Expected::Private),
                    Listing::Public => matches!(e, Expected::Public),
                })?;
                if *answers != Listing::Channels {
                    self.privacy = Some(*answers);
                    if self.found_others {
                        marks.reach(Mark::OwnerInherits);
                    }
                }
                self.check_list(channels, *more, marks)?;
            }
            Event::Users {
                channel,
                users,
                more,
                ..
            } => {
                self.answer(event, |e| matches!(e, Expected::Users))?;
                self.is_here(event, channel)?;
                let times = users.iter().filter(|user| **user == self.name).count();
                if *more > 0 {
                    marks.reach(Mark::ListCut);
                } else if times != 1 {
                    return self.fail(Check::View, format!("it is in {users:?} {times} times"));
                }
                self.users = (*more == 0).then(|| users.clone());
            }
            Event::Synced { .. } => drop(self.answer(event, |e| matches!(e, Expected::Sync))?),
            Event::Error {
                error_type,
                message,
                ..
            } => {
                return self.refused(error_type, message, marks);
            }
            Event::Sent { .. }
            | Event::History { .. }
            | Event::Notified { .. }
            | Event::Unknown { .. }
            | Event::Unsent { .. }
            | Event::Ended(_) => {
                unreachable!("they were dealt with above")
            }
        }
        Ok(None)
    }

    /// Ends the log where the connection was cut or left, with what is known to have been said.
    pub fn settle(&mut self) {
        while let Some(Expected::Say(number, at)) = self.expected.front() {
            let (number, after) = (*number, self.answered.max(*at));
            self.expected.pop_front();
            self.place_own(number, after, usize::MAX);
        }
    }

    /// Nothing that comes from now on counts.
    pub fn quits(&mut self) {
        self.stage = Stage::Over;
    }

    /// The number of the first message of which it is not known where it was said.
    pub fn first_unplaced(&self) -> u32 {
        let own = self.visits.iter().flat_map(|visit| &visit.own);
        own.map(|own| own.number + 1).max().unwrap_or(0)
    }

    /// The first command or message that waits for its answer.
    pub fn waits_for(&self) -> Option<&'static str> {
        self.expected.front().map(Expected::command)
    }

    fn heard(&mut self, username: &str, message: &str) -> Result<(), Failure> {
        if !self.present.contains(username) {
            self.found_others = true;
        }
        let Some(by) = said(message) else {
            // Those of version 2 say nothing twice.
            if message.starts_with("n:") && !self.newer.insert(message.into()) {
                return self.fail(Check::Twice, format!("it heard twice: {message}"));
            }
            let item = Item::Other(username.into(), message.into());
            self.items.push(item);
            return Ok(());
        };
        let Ok((client, number)) = by else {
            return self.fail(Check::Damage, format!("a damaged message: {message}"));
        };
        if client == self.client {
            return self.fail(Check::Echo, format!("it heard itself: {message}"));
        }
        match self.heard.insert(client, number) {
            Some(last) if last == number => {
                return self.fail(Check::Twice, format!("it heard twice: {message}"));
            }
            Some(last) if last > number => {
                return self.fail(Check::Order, format!("it heard too late: {message}"));
            }
            _ => {}
        }
        self.items
            .push(Item::Said((client, number), username.into()));
        Ok(())
    }

    /// Takes in a refusal; or the last words before a close, which answer nothing.
    fn refused(
        &mut self,
        kind: &str,
        why: &str,
        marks: &mut Marks,
    ) -> Result<Option<String>, Failure> {
        let has = |part: &str| why.contains(part);
        let last_words = match kind {
            "shutdown" => true,
            "login" => {
                has("No login within") || has("Not admitted") || has("too many open zlib streams")
            }
            "package" => {
                has("it stood still") || has("ended inside a") || has("while reading was paused")
            }
            _ => false,
        };
        if last_words {
            return Ok(None);
        }
        let told = format!("{kind}: {why}");
        let answered = self.answer(&told, |expected| {
            use Expected::{Channels, Say, Sync, Users};
            expected.command() == kind && !matches!(expected, Channels | Say(..) | Sync | Users)
        })?;
        let marked = [
            ("too many channels", Mark::RoomLimit),
            ("is private", Mark::PrivateRefused),
            ("looks like", Mark::ConfusableRefused),
            ("at most", Mark::MessageRefused),
        ];
        for (_, mark) in marked.iter().filter(|(part, _)| has(part)) {
            marks.reach(*mark);
        }
        Ok(match answered {
            Expected::Login(name) => Some(name),
            Expected::Rename(name) if has("taken") => Some(name),
            _ => None,
        })
    }

    /// Takes the next expected answer, which must be one that `is` is true of. What was said before
    /// it is dealt with by now.
    fn answer(
        &mut self,
        told: &impl std::fmt::Debug,
        is: impl Fn(&Expected) -> bool,
    ) -> Result<Expected, Failure> {
        self.place_said();
        match self.expected.pop_front() {
            Some(expected) if is(&expected) => {
                self.answered = self.items.len();
                Ok(expected)
            }
            other => {
                let wanted = other.map_or("nothing", |other| other.command());
                self.fail(
                    Check::Answers,
                    format!("{told:?} where the answer to {wanted} should be"),
                )
            }
        }
    }

    fn place_said(&mut self) {
        while let Some(Expected::Say(number, at)) = self.expected.front() {
            let (number, after) = (*number, self.answered.max(*at));
            self.expected.pop_front();
            self.place_own(number, after, self.items.len());
        }
    }

    fn place_own(&mut self, number: u32, after: usize, before: usize) {
        let visit = self.visits.last_mut();
        visit.expect("who speaks is in a room").own.push(Own {
            number,
            after,
            before,
        });
    }

    fn enter(&mut self, name: &str, room: &str) {
        self.visits.push(Visit {
            room: room.into(),
            start: self.items.len(),
            end: None,
            own: Vec::new(),
        });
        self.items.push(Item::Joined(name.into(), room.into()));
        self.answered = self.items.len();
        self.present = BTreeSet::from([name.into()]);
        self.found_others = false;
        self.privacy = None;
    }

    fn leave(&mut self) {
        let visit = self.visits.last_mut().expect("who leaves is in a room");
        self.items
            .push(Item::Left(self.name.clone(), visit.room.clone()));
        visit.end = Some(self.items.len());
        self.answered = self.items.len();
    }

    fn is_here(&self, event: &Event, room: &str) -> Result<(), Failure> {
        match self.visits.last() {
            Some(visit) if visit.room == room => Ok(()),
            _ => self.fail(Check::View, format!("{event:?} from another room")),
        }
    }

    fn check_list(&self, rooms: &[String], more: usize, marks: &mut Marks) -> Result<(), Failure> {
        if !rooms.is_sorted_by(|one, other| one < other) {
            return self.fail(Check::View, format!("a list is not sorted: {rooms:?}"));
        }
        if more > 0 {
            marks.reach(Mark::ListCut);
            return Ok(());
        }
        let is_listed = |room: &String| rooms.contains(room);
        let here = self.visits.last().map(|visit| &visit.room);
        let is_wrong = match self.privacy {
            _ if !is_listed(&"general".into()) => true,
            Some(Listing::Private) => here.is_some_and(is_listed),
            Some(_) => !here.is_some_and(is_listed),
            None => false,
        };
        if is_wrong {
            let made = (here, self.privacy);
            return self.fail(
                Check::Privacy,
                format!("{made:?} and the list is {rooms:?}"),
            );
        }
        Ok(())
    }

    fn fail<T>(&self, check: Check, what: String) -> Result<T, Failure> {
        Err(Failure::new(
            check,
            format!("client {}: {what}", self.client),
        ))
    }
}
