//! What a user of version 2 knows, across all their connections, and whether it may be so: each message
//! comes once and in the order of ids, each request is answered once, and history fills the seam where a
//! connection broke.

use std::collections::{BTreeMap, BTreeSet};

use chatmaster_core::session::{Action, Event, RequestId};
use chatmaster_core::wire::{Command, Notification, PastMessage};

use super::rng::split_mix;
use super::texts::text_of;
use super::{Check, Failure};

/// A user of version 2.
pub(super) struct Person {
    pub(super) number: usize,
    /// What they are called, and how often they took another name.
    pub(super) name: String,
    pub(super) names: u32,
    pub(super) token: Option<String>,
    /// Whether nothing was done that takes them out of a room or off the server.
    pub(super) is_steady: bool,
    /// Whether they never come back.
    pub(super) is_done: bool,
    /// The number of the next request: no two have the same, on whatever connection.
    next: u64,
    said: u32,
    /// How many messages they had said when they got the place they have.
    began: u32,
    /// What was asked and not answered, by number.
    pub(super) open: BTreeMap<u64, Open>,
    /// Where they are, as far as they know.
    pub(super) stays: BTreeMap<String, Stay>,
    /// Where they were.
    pub(super) past: Vec<(String, Stay)>,
    /// Every message they know, by id.
    pub(super) known: BTreeMap<u64, Word>,
    /// The last message that came on this connection by itself.
    last: u64,
}

/// Something that was asked for.
#[derive(Clone)]
pub(super) enum Open {
    /// A message.
    Say(Action, Word),
    /// What was said in a room behind a message.
    Seam(String, u64),
    /// Anything else.
    Other(&'static str),
}

impl Open {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Open::Say(..) => "message",
            Open::Seam(..) => "history",
            Open::Other(name) => name,
        }
    }
}

/// Where a message was said, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// None between two alone.
    pub(super) room: Option<String>,
    pub(super) text: String,
}

/// A stay in a room without a break, but for those that history fills.
#[derive(Default)]
pub(super) struct Stay {
    /// The messages heard there or said.
    pub(super) ids: BTreeSet<u64>,
    /// What may be missing behind the last message, until history has told it.
    pub(super) open_from: Option<u64>,
}

/// Whose name it is, if it is one of such a user's.
pub(super) fn person_of(name: &str) -> Option<usize> {
    name.strip_prefix('n')?.split('-').next()?.parse().ok()
}

impl Person {
    pub(super) fn new(number: usize, is_steady: bool) -> Self {
        Person {
            number,
            name: format!("n{number}-0"),
            names: 0,
            token: None,
            is_steady,
            is_done: false,
            next: 0,
            said: 0,
            began: 0,
            open: BTreeMap::new(),
            stays: BTreeMap::new(),
            past: Vec::new(),
            known: BTreeMap::new(),
            last: 0,
        }
    }

    /// Another name of their own.
    pub(super) fn next_name(&mut self) -> String {
        self.names += 1;
        format!("n{}-{}", self.number, self.names)
    }

    /// The next text, which says whose it is and how many came before it.
    pub(super) fn next_text(&mut self, filler: usize) -> String {
        self.said += 1;
        let mut state = (self.number as u64) << 32 | u64::from(self.said);
        let letters = std::iter::repeat_with(|| split_mix(&mut state)).flat_map(u64::to_le_bytes);
        let letters = letters
            .map(|byte| char::from(b'a' + byte % 26))
            .take(filler);
        format!(
            "n:{}:{}:{}",
            self.number,
            self.said,
            letters.collect::<String>()
        )
    }

    pub(super) fn next_request(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// The user's place is taken on a new connection; where something may have been missed, and behind
    /// which message.
    ///
    /// # Errors
    /// What is not as it was.
    pub(super) fn is_back(&mut self, joined: &[String]) -> Result<Vec<(String, u64)>, Failure> {
        self.last = 0;
        let unsure = self
            .open
            .values()
            .any(|open| matches!(open, Open::Other("join" | "leave")));
        self.open.retain(|_, open| matches!(open, Open::Say(..)));
        if unsure {
            // What came of it is not known: a room may have been left and entered again.
            self.end_all();
        }
        let missing = self.stays.keys().find(|room| !joined.contains(room));
        if let Some(room) = missing
            && self.is_steady
        {
            return self.fail(
                Check::Lost,
                format!("back without a place in {room}: {joined:?}"),
            );
        }
        self.look_around(joined);
        let stays = self.stays.iter_mut();
        Ok(stays
            .map(|(room, stay)| {
                let last = stay.ids.last().copied().unwrap_or(0);
                (room.clone(), *stay.open_from.get_or_insert(last))
            })
            .collect())
    }

    /// The user begins anew, in these rooms.
    pub(super) fn begins(&mut self, joined: &[String]) {
        self.last = 0;
        self.began = self.said;
        self.open.clear();
        self.end_all();
        self.look_around(joined);
    }

    fn end_all(&mut self) {
        self.past.extend(std::mem::take(&mut self.stays));
    }

    /// The session says where the user is.
    pub(super) fn look_around(&mut self, rooms: &[String]) {
        let gone: Vec<String> = self
            .stays
            .keys()
            .filter(|room| !rooms.contains(room))
            .cloned()
            .collect();
        for room in gone {
            if let Some(stay) = self.stays.remove(&room) {
                self.past.push((room, stay));
            }
        }
        for room in rooms {
            self.stays.entry(room.clone()).or_default();
        }
    }

    /// Takes in what came, but for logins and ends; what it answers, and where history has more.
    ///
    /// # Errors
    /// Why that must not come.
    pub(super) fn saw(&mut self, event: &Event) -> Result<Option<(String, u64)>, Failure> {
        let answered = match event.request() {
            None => None,
            Some(RequestId(number)) => match self.open.remove(&number) {
                Some(open) => Some(open),
                None => {
                    let what = format!("{event:?} answers what was not asked, or again");
                    return self.fail(Check::Answers, what);
                }
            },
        };
        match event {
            Event::Message {
                message,
                channel,
                to,
                id,
                ..
            } => {
                let (Some(id), true) = (*id, channel.is_some() != to.is_some()) else {
                    return self.fail(Check::Protocol, format!("{event:?} in version 2"));
                };
                let word = Word {
                    room: channel.clone(),
                    text: message.clone(),
                };
                self.heard(id, word)?;
            }
            Event::Sent { id, .. } => match answered {
                Some(Open::Say(_, word)) => {
                    self.knows(*id, word.clone())?;
                    if let Some(stay) = word.room.and_then(|room| self.stays.get_mut(&room)) {
                        stay.ids.insert(*id);
                    }
                }
                _ => return self.fail(Check::Answers, format!("{event:?} for no message")),
            },
            Event::History {
                channel,
                messages,
                more,
                ..
            } => {
                let seam = match answered {
                    Some(Open::Seam(room, after)) => Some((room, after)),
                    _ => None,
                };
                return self.read(channel.as_ref(), messages, *more, seam);
            }
            Event::Joined {
                me: true, channel, ..
            } => {
                // It is another stay, also where the room's name was known.
                if let Some(stay) = self.stays.insert(channel.clone(), Stay::default()) {
                    self.past.push((channel.clone(), stay));
                }
            }
            Event::Renamed {
                me: true,
                new_username,
                ..
            } => self.name.clone_from(new_username),
            Event::Users { users, more: 0, .. } => {
                let times = users.iter().filter(|user| **user == self.name).count();
                if times != 1 {
                    return self.fail(Check::View, format!("it is in {users:?} {times} times"));
                }
            }
            Event::Unknown { package } => {
                return self.fail(Check::Protocol, format!("unknown package {package}"));
            }
            _ => {}
        }
        Ok(None)
    }

    /// A message came by itself.
    fn heard(&mut self, id: u64, word: Word) -> Result<(), Failure> {
        if word.room.is_some() && self.is_own(&word.text) {
            return self.fail(Check::Echo, format!("it heard itself: {word:?}"));
        }
        if self.known.contains_key(&id) {
            return self.fail(Check::Twice, format!("it heard {id} twice: {word:?}"));
        }
        if id <= self.last {
            return self.fail(Check::Order, format!("it heard {id} behind {}", self.last));
        }
        self.last = id;
        if let Some(room) = &word.room {
            let Some(stay) = self.stays.get_mut(room) else {
                return self.fail(Check::View, format!("{word:?} from a room it is not in"));
            };
            stay.ids.insert(id);
        }
        self.knows(id, word)
    }

    /// History was told.
    fn read(
        &mut self,
        channel: Option<&String>,
        messages: &[PastMessage<'_>],
        more: bool,
        seam: Option<(String, u64)>,
    ) -> Result<Option<(String, u64)>, Failure> {
        let mut last = seam.as_ref().map_or(0, |(_, after)| *after);
        for message in messages {
            if message.id <= last {
                let what = format!("history has {} behind {last}", message.id);
                return self.fail(Check::Order, what);
            }
            last = message.id;
            let word = Word {
                room: channel.cloned(),
                text: message.message.to_string(),
            };
            self.knows(last, word)?;
        }
        let Some((room, _)) = seam else {
            return Ok(None);
        };
        let Some(stay) = self.stays.get_mut(&room) else {
            return Ok(None);
        };
        stay.ids.extend(messages.iter().map(|message| message.id));
        stay.open_from = more.then_some(last);
        Ok((more && !messages.is_empty()).then_some((room, last)))
    }

    /// Whether the user said that since they have this place: a ghost of theirs may have said something.
    fn is_own(&self, text: &str) -> bool {
        let own = text.strip_prefix(&format!("n:{}:", self.number));
        let number = own.and_then(|text| text.split(':').next()?.parse::<u32>().ok());
        number.is_some_and(|number| number > self.began)
    }

    fn knows(&mut self, id: u64, word: Word) -> Result<(), Failure> {
        if let Some(by) = text_of(&word.text)
            && !by
        {
            return self.fail(Check::Damage, format!("a damaged message: {}", word.text));
        }
        match self.known.insert(id, word.clone()) {
            Some(before) if before != word => {
                let what = format!("{id} is {before:?}, and is {word:?}");
                self.fail(Check::Damage, what)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn fail<T>(&self, check: Check, what: String) -> Result<T, Failure> {
        Err(Failure::new(
            check,
            format!("person {}: {what}", self.number),
        ))
    }
}

/// Whether that tells of this user's leaving, of a room or for good.
pub(super) fn left(event: &Event) -> Option<usize> {
    match event {
        Event::Left {
            me: false,
            username,
            ..
        } => person_of(username),
        _ => None,
    }
}

/// Whom it would put out of a room.
pub(super) fn put_out(command: &Command<'_>) -> Option<usize> {
    match command {
        Command::Kick { username, .. } | Command::Ban { username, .. } => person_of(username),
        _ => None,
    }
}

/// Whether it says that the user is put out.
pub(super) fn is_put_out(event: &Event, name: &str) -> bool {
    let Event::Notified { notification, .. } = event else {
        return false;
    };
    match notification {
        Notification::UserKicked { username, .. } | Notification::UserBanned { username, .. } => {
            username == name
        }
        _ => false,
    }
}

/// Compares what all of them know: `stays` says of whom nothing is on its way any more, and `keeps_all`
/// whether history is never cut.
///
/// # Errors
/// What does not go together.
pub(super) fn compare(
    people: &[&Person],
    stays: impl Fn(usize) -> bool,
    keeps_all: bool,
) -> Result<(), Failure> {
    let mut all: BTreeMap<u64, &Word> = BTreeMap::new();
    let mut by_text: BTreeMap<&str, u64> = BTreeMap::new();
    for person in people {
        for (id, word) in &person.known {
            let before = all.insert(*id, word);
            if before.is_some_and(|before| before.text != word.text) {
                return person.fail(Check::Damage, format!("{id} is {before:?} and {word:?}"));
            }
            let is_told = word.text.starts_with("n:") || word.text.starts_with("m:");
            if is_told
                && by_text
                    .insert(&word.text, *id)
                    .is_some_and(|before| before != *id)
            {
                return person.fail(Check::Twice, format!("{word:?} has two ids"));
            }
        }
    }
    // Whoever says something says it in order.
    let mut last: BTreeMap<usize, u64> = BTreeMap::new();
    for word in all.values() {
        let mut parts = word
            .text
            .strip_prefix("n:")
            .into_iter()
            .flat_map(|text| text.split(':'));
        let mut number = || parts.next()?.parse::<u64>().ok();
        if let (Some(by), Some(number)) = (number(), number())
            // What a ghost of theirs had said and the server took its time for may come later.
            && people.get(by as usize).is_some_and(|person| person.is_steady)
        {
            let before = last.insert(by as usize, number);
            if before.is_some_and(|before| before >= number) {
                let what = format!("person {by} said {number} before {before:?}");
                return Err(Failure::new(Check::Order, what));
            }
        }
    }
    if !keeps_all {
        return Ok(());
    }
    for person in people {
        let now = person.stays.iter().map(|(room, stay)| (room, stay, true));
        let past = person.past.iter().map(|(room, stay)| (room, stay, false));
        for (room, stay, is_now) in now.chain(past) {
            let Some(first) = stay.ids.first().copied() else {
                continue;
            };
            let end = match stay.open_from {
                _ if is_now && stays(person.number) => u64::MAX,
                // The connection was lost before all was told.
                Some(from) => from,
                None => stay.ids.last().copied().unwrap_or(first),
            };
            if end < first {
                continue;
            }
            let said = all
                .range(first..=end)
                .filter(|(_, word)| word.room.as_ref() == Some(room));
            for (id, word) in said {
                // What one said oneself may have been said before the stay, and confirmed in it.
                let is_own = word.text.starts_with(&format!("n:{}:", person.number));
                if !is_own && !stay.ids.contains(id) {
                    return person.fail(Check::Lost, format!("{id} is missing: {word:?}"));
                }
            }
        }
    }
    Ok(())
}
