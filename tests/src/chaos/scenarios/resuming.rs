//! Connections of users who speak version 2 break, again and again, and nothing is lost.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chatmaster_core::session::{Action, Event, RequestId, SessionConfig};
use chatmaster_core::wire::{Command, Encoding, Version};
use chatmaster_core::{RoomName, Session, SessionInput, Time};

use super::{Account, Ground, account};
use crate::chaos::talk::{all_at_once, reset};
use crate::process::Client;

/// Members of a room.
const MEMBERS: usize = 10;
/// How long a user talks on one connection, about.
const HELD: Duration = Duration::from_secs(5);
/// How often a user says something, about.
const EACH: Duration = Duration::from_secs(2);
/// How long all may take in the end to have heard all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Users whose connections break every five seconds, for a third of them while the old one hangs. Each hears
/// what all others of their room say, once and in order, and nobody ever leaves.
pub(super) fn resuming(ground: &mut Ground) -> Account {
    let (users, seconds) = ground.form.pick((1000, 60), (3 * MEMBERS, 8));
    let address = ground.server.address();
    // How much each has said, once they are done.
    let said = Mutex::new(vec![None; users]);
    let entered = AtomicUsize::new(0);
    // Nobody leaves before all are done.
    let done = all_at_once(users, |number| {
        let mut user = User::enter(address, number);
        // Who comes later does not hear what was said before.
        entered.fetch_add(1, Ordering::Relaxed);
        let within = Instant::now() + PATIENCE;
        while entered.load(Ordering::Relaxed) < users && Instant::now() < within {
            user.drive(Instant::now() + EACH / 20, |_| false);
        }
        user.talk(Instant::now() + Duration::from_secs(seconds));
        user.finish(&said);
        user
    });
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut heard, mut breaks) = (0, 0);
    for (
        number,
        User {
            heard: of_user,
            breaks: broken,
            ..
        },
    ) in done.iter().enumerate()
    {
        let ids = of_user.iter().map(|message| message.id);
        assert!(
            ids.is_sorted_by(|one, next| one < next),
            "in order, and once"
        );
        for other in others(number) {
            let of_other = of_user.iter().filter(|message| message.by == other);
            let numbers = of_other.map(|message| message.number);
            let all = 0..said[other].expect("all are done");
            assert!(numbers.eq(all), "all that {other} said, for {number}");
        }
        heard += of_user.len();
        breaks += broken;
    }
    let sum: usize = said.into_iter().flatten().sum();
    account(
        format!("{breaks} broken connections of {users} users, who said {sum} messages"),
        format!("{heard} messages, each once and in order; nobody left"),
    )
}

/// Who is in a user's room beside them.
fn others(number: usize) -> impl Iterator<Item = usize> {
    let first = number - number % MEMBERS;
    (first..first + MEMBERS).filter(move |other| *other != number)
}

/// What someone said.
struct Message {
    id: u64,
    by: usize,
    /// Which of theirs it is.
    number: usize,
}

struct User {
    number: usize,
    address: SocketAddr,
    began: Instant,
    session: Session,
    stream: TcpStream,
    /// The connection before, if it hangs.
    hanging: Option<TcpStream>,
    resume: Option<String>,
    next: RequestId,
    /// What was said and has no place yet as far as one knows.
    unanswered: VecDeque<(RequestId, Action)>,
    said: usize,
    /// The number of the last message that was heard.
    last: u64,
    /// What came since the connection broke, until what was said meanwhile is there.
    held: Option<Vec<Message>>,
    heard: Vec<Message>,
    breaks: usize,
    /// Whether the user is in their room.
    is_in: bool,
}

impl User {
    /// Logs in and enters the room.
    fn enter(address: SocketAddr, number: usize) -> Self {
        let stream = Client::connect(address).stream;
        let mut user = User {
            number,
            address,
            began: Instant::now(),
            session: Session::new(SessionConfig::default()),
            stream,
            hanging: None,
            resume: None,
            next: RequestId(0),
            unanswered: VecDeque::new(),
            said: 0,
            last: 0,
            held: None,
            heard: Vec::new(),
            breaks: 0,
            is_in: false,
        };
        user.session = user.new_session();
        let within = Instant::now() + PATIENCE;
        user.drive(within, |user| user.is_in);
        assert!(user.is_in, "{number} comes into their room");
        user
    }

    fn new_session(&self) -> Session {
        Session::new(SessionConfig {
            username: Some(format!("user{}", self.number)),
            channel: Some(format!("room{}", self.number / MEMBERS)),
            version: Version::Two,
            resume: self.resume.clone(),
            encoding: [Encoding::Plain, Encoding::Zlib][self.number % 2],
            ..SessionConfig::default()
        })
    }

    /// Talks, and has the connection break, until then.
    fn talk(&mut self, until: Instant) {
        // Each with a rhythm of their own, and not all at once.
        let share = |of: Duration| of * (self.number as u32 * 37 % 100) / 100;
        let (each, held) = (EACH + share(EACH) / 4, HELD + share(HELD) / 4);
        let mut speaks = Instant::now() + share(EACH);
        let mut breaks = Instant::now() + share(HELD);
        while Instant::now() < until {
            self.drive(speaks.min(breaks).min(until), |_| false);
            let now = Instant::now();
            if speaks <= now {
                self.speak();
                speaks = now + each;
            }
            if breaks <= now {
                self.reconnect();
                breaks = now + held;
            }
        }
    }

    /// Waits until all is said, and all that the others said is heard.
    fn finish(&mut self, said: &Mutex<Vec<Option<usize>>>) {
        let lock = || said.lock().unwrap_or_else(PoisonError::into_inner);
        let within = Instant::now() + PATIENCE;
        self.drive(within, |user| user.unanswered.is_empty());
        assert!(self.unanswered.is_empty(), "{} is answered", self.number);
        lock()[self.number] = Some(self.said);
        let number = self.number;
        let all = || {
            others(number)
                .map(|other| lock()[other])
                .sum::<Option<usize>>()
        };
        while all().is_none_or(|all| self.heard.len() < all) {
            assert!(
                Instant::now() < within,
                "{number} hears all that was said: {:?} of {:?}; held {:?}, {:?}",
                self.heard.len(),
                all(),
                self.held.as_ref().map(Vec::len),
                self.session
            );
            self.drive(Instant::now() + EACH / 20, |_| false);
        }
    }

    fn now(&self) -> Time {
        Time::ZERO + self.began.elapsed()
    }

    fn act(&mut self, id: RequestId, action: Action) {
        let now = self.now();
        // One that the session does not take is one that it was to take before it broke.
        let _ = self.session.act(now, (id, action));
    }

    fn ask(&mut self, action: Action) {
        let id = self.next;
        self.next.0 += 1;
        self.act(id, action);
    }

    fn speak(&mut self) {
        let say = Action::Say(self.said.to_string());
        self.said += 1;
        let id = self.next;
        self.next.0 += 1;
        self.unanswered.push_back((id, say.clone()));
        self.act(id, say);
    }

    /// The connection breaks: one in three hangs, and is there still.
    fn reconnect(&mut self) {
        self.breaks += 1;
        let stream = Client::connect(self.address).stream;
        let broken = std::mem::replace(&mut self.stream, stream);
        let before = self.hanging.take();
        if let Some(before) = before {
            reset(Client::of(before));
        }
        if (self.breaks + self.number).is_multiple_of(3) {
            self.hanging = Some(broken);
        } else {
            reset(Client::of(broken));
        }
        self.session = self.new_session();
    }

    /// Has the session go on until then, or until it is enough.
    fn drive(&mut self, until: Instant, is_enough: impl Fn(&Self) -> bool) {
        let mut buffer = [0; 16 * 1024];
        loop {
            while let Some(event) = self.session.poll_event() {
                self.event(event);
            }
            while self.session.poll_output().is_some() {}
            let pending = self.session.pending().to_vec();
            if !pending.is_empty() {
                match self.stream.write_all(&pending) {
                    Ok(()) => {
                        let sent = u32::try_from(pending.len()).expect("it is short");
                        self.session.handle(self.now(), SessionInput::Sent(sent));
                        continue;
                    }
                    Err(_) => self.reconnect(),
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || is_enough(self) {
                return;
            }
            let timeout = Some(left.max(Duration::from_millis(1)));
            let set = self.stream.set_read_timeout(timeout);
            set.expect("a socket has options");
            match self.stream.read(&mut buffer) {
                Ok(0) => self.reconnect(),
                Ok(count) => {
                    let received = SessionInput::Received(&buffer[..count]);
                    self.session.handle(self.now(), received);
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => self.reconnect(),
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::LoggedIn {
                resume,
                joined,
                resumed,
                ..
            } => {
                assert!(resumed || !self.is_in, "the seat of {} waits", self.number);
                self.resume = resume;
                if !resumed {
                    return;
                }
                for (id, action) in self.unanswered.clone() {
                    self.act(id, action);
                }
                assert_eq!(joined, [format!("room{}", self.number / MEMBERS)]);
                self.held = Some(Vec::new());
                self.ask_for_past();
            }
            Event::Joined { me: true, .. } => {
                self.is_in =
                    self.session.rooms().len() == 1 && self.session.rooms()[0].starts_with("room")
            }
            Event::Message {
                username,
                message,
                id,
                ..
            } => {
                let message = self.message(id.expect("it has one"), &username, &message);
                match &mut self.held {
                    Some(held) => held.push(message),
                    None => self.hear(message),
                }
            }
            Event::Sent { request, .. } => {
                let answered = request.expect("it answers something");
                self.unanswered.retain(|(id, _)| *id != answered);
            }
            Event::History { messages, more, .. } => {
                for past in messages {
                    if past.username != format!("user{}", self.number) {
                        let message = self.message(past.id, &past.username, &past.message);
                        self.hear(message);
                    }
                    self.last = self.last.max(past.id);
                }
                if more {
                    return self.ask_for_past();
                }
                let held = self.held.take().unwrap_or_default();
                let last = self.last;
                for message in held.into_iter().filter(|message| message.id > last) {
                    self.hear(message);
                }
            }
            // On their way into their rooms.
            Event::Left { channel, .. } if channel == RoomName::GENERAL => {}
            Event::Joined { .. } | Event::Unsent { .. } => {}
            event => panic!("{} meets {event:?}", self.number),
        }
    }

    fn ask_for_past(&mut self) {
        self.ask(Action::Other(Command::History {
            channel: Some(format!("room{}", self.number / MEMBERS).into()),
            with: None,
            before: None,
            after: Some(self.last),
            limit: None,
        }));
    }

    fn message(&self, id: u64, by: &str, text: &str) -> Message {
        let number = |text: &str| text.parse().expect("it is a number");
        let by = by.strip_prefix("user").expect("only users talk here");
        Message {
            id,
            by: number(by),
            number: number(text),
        }
    }

    fn hear(&mut self, message: Message) {
        self.last = self.last.max(message.id);
        self.heard.push(message);
    }
}
