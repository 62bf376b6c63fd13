//! Seats: a lost connection is not a lost place (PROTOCOL.md, "Resume"). A user whose connection broke
//! keeps name, rooms and what they own for a while; whoever shows the token of the seat takes it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::conn::Phase;
use super::slots::Slot;
use super::tell::Arrival;
use super::{CloseReason, ConnId, Hub, HubWhat, Stage};
use crate::behaviour::Lasting;
use crate::time::{Start, Time};
use crate::world::UserId;

/// The users who can take their seats again, and those whose seats wait for them.
pub(super) struct Seats {
    seed: [u8; 16],
    /// Tokens given out so far.
    given: u64,
    by_token: BTreeMap<Selector, Seat>,
    /// The token of each user who has one.
    of: BTreeMap<UserId, Selector>,
    /// Seats without a connection, by when they are given up.
    empty: BTreeSet<(Time, UserId)>,
}

/// By what part of a token its seat is found. Whether all of it is right is seen in constant time.
type Selector = [u8; 8];
/// A token, before it is written in hexadecimal digits.
type Token = [u8; 24];

struct Seat {
    user: UserId,
    /// Which of the tokens that were given out its token is.
    number: u64,
    /// The last connection that had it.
    conn: ConnId,
    /// Until when it waits, if nobody has it.
    until: Option<Time>,
}

/// What is known of a seat, in bytes: with an entry in three trees.
pub(crate) const SEAT_BYTES: usize =
    3 * (size_of::<Seat>() + 2 * size_of::<Selector>() + size_of::<(Time, UserId)>()) + 3 * 48;

impl Seats {
    pub(super) fn new(start: Start) -> Self {
        Seats {
            seed: start.seed.to_le_bytes(),
            given: 0,
            by_token: BTreeMap::new(),
            of: BTreeMap::new(),
            empty: BTreeSet::new(),
        }
    }

    /// The token of a user: the one they have, or a new one instead of any other. It follows from the
    /// seed and from how many there were, and says nothing about either.
    fn give(&mut self, user: UserId, conn: ConnId, lasting: Lasting) -> String {
        let token = match self.seat(user) {
            Some(seat) if lasting == Lasting::ForSeat => {
                seat.conn = conn;
                let number = seat.number;
                self.token(number)
            }
            _ => {
                self.forget(user);
                self.given += 1;
                let seat = Seat {
                    user,
                    number: self.given,
                    conn,
                    until: None,
                };
                let token = self.token(self.given);
                self.by_token.insert(selector(&token), seat);
                self.of.insert(user, selector(&token));
                token
            }
        };
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        token.iter().flat_map(digits).collect()
    }

    fn token(&self, number: u64) -> Token {
        let mac = self.mac(number).finalize().into_bytes();
        let mut token = Token::default();
        token.copy_from_slice(&mac[..24]);
        token
    }

    /// What the token of this number is the start of.
    fn mac(&self, number: u64) -> Hmac<Sha256> {
        let mac = Hmac::new_from_slice(&self.seed);
        let mut mac: Hmac<Sha256> = mac.expect("a key may have any length");
        mac.update(&number.to_le_bytes());
        mac
    }

    /// Whose seat the token is for.
    fn whose(&self, token: &str) -> Option<UserId> {
        let mut bytes = Token::default();
        if token.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(token.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        let seat = self.by_token.get(&selector(&bytes))?;
        let is_right = self.mac(seat.number).verify_truncated_left(&bytes).is_ok();
        is_right.then_some(seat.user)
    }

    /// The last connection of a user who has a seat.
    pub(super) fn last_conn(&self, user: UserId) -> Option<ConnId> {
        Some(self.by_token.get(self.of.get(&user)?)?.conn)
    }

    fn seat(&mut self, user: UserId) -> Option<&mut Seat> {
        self.by_token.get_mut(self.of.get(&user)?)
    }

    /// Has a user's seat wait until then, or not any more. Whether there is one.
    fn wait(&mut self, user: UserId, until: Option<Time>) -> bool {
        let Some(seat) = self.seat(user) else {
            return false;
        };
        let before = core::mem::replace(&mut seat.until, until);
        if let Some(before) = before {
            self.empty.remove(&(before, user));
        }
        if let Some(until) = until {
            self.empty.insert((until, user));
        }
        true
    }

    /// A user has gone for good.
    pub(super) fn forget(&mut self, user: UserId) {
        self.wait(user, None);
        if let Some(selector) = self.of.remove(&user) {
            self.by_token.remove(&selector);
        }
    }

    /// When the first seat that waits is given up.
    pub(super) fn next(&self) -> Option<Time> {
        self.empty.first().map(|(until, _)| *until)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.empty.len()
    }

    /// Panics where seats wait whose users are connected, or the lists do not agree.
    pub(super) fn check_invariants(&self, is_connected: impl Fn(UserId) -> bool) {
        assert_eq!(self.of.len(), self.by_token.len(), "a user has one token");
        let waiting = self.by_token.values().filter(|seat| seat.until.is_some());
        assert_eq!(waiting.count(), self.empty.len(), "seats wait for a time");
        for (until, user) in &self.empty {
            let seat = self.of.get(user).and_then(|token| self.by_token.get(token));
            assert!(
                seat.is_some_and(|seat| seat.user == *user && seat.until == Some(*until)),
                "a seat that waits has a token"
            );
            assert!(!is_connected(*user), "who is connected has their seat");
        }
    }
}

fn selector(token: &Token) -> Selector {
    let mut selector = Selector::default();
    selector.copy_from_slice(&token[..8]);
    selector
}

impl Hub {
    /// The token of the user of a connection that speaks version 2, if seats are kept.
    pub(super) fn give_token(&mut self, slot: Slot, user: UserId) -> Option<String> {
        let conn = self.conn(slot).id;
        let lasting = self.behaviour.tokens();
        (!self.config.resume_window.is_zero()).then(|| self.seats.give(user, conn, lasting))
    }

    /// Has the seat of a connection's user wait, if they have one: the connection broke, or is ended for
    /// what its user did not mean. Whether it does.
    pub(super) fn keep_seat(&mut self, slot: Slot) -> bool {
        let Phase::User { user, .. } = self.conn(slot).phase else {
            return false;
        };
        let until = self.after(self.config.resume_window);
        if self.stage != Stage::Serving || !self.seats.wait(user, Some(until)) {
            return false;
        }
        self.unseat(slot, user);
        while self.seats.waiting() > self.config.max_connections {
            self.give_up_first();
        }
        true
    }

    /// Takes the connection out of its user's rooms; the user stays.
    fn unseat(&mut self, slot: Slot, user: UserId) {
        let version = self.outbox.format(slot).version();
        for room in self.world.rooms_of(user) {
            self.fanouts.leave(*room, slot, version);
        }
        self.seated.remove(&user);
        self.leave_phase(slot);
    }

    /// Gives the seats up whose time is over.
    pub(super) fn give_up_seats(&mut self) {
        while self.seats.next().is_some_and(|until| until <= self.now) {
            self.give_up_first();
            self.close_overflowed();
        }
    }

    fn give_up_first(&mut self) {
        if let Some((_, user)) = self.seats.empty.first().copied() {
            self.log_out(user);
        }
    }

    /// Puts a connection into the seat whose token it shows. Whether there is one.
    pub(super) fn resume(&mut self, slot: Slot, token: &str) -> bool {
        let Some(user) = self.seats.whose(token) else {
            return false;
        };
        if let Some(old) = self.seated.get(&user).copied() {
            // The answer is to the new one.
            let told = "Your place was taken by another connection of yours.";
            self.unseat(old, user);
            self.reply_error(old, "resumed", told);
            self.begin_close(old, CloseReason::Resumed);
        }
        self.seats.wait(user, None);
        let version = crate::wire::Version::Two;
        self.outbox.set_version(slot, version);
        let room = self.world.current(user);
        for room in self.world.rooms_of(user) {
            self.fanouts.enter(*room, slot, version);
        }
        self.conn(slot).phase = Phase::User { user, room };
        self.seated.insert(user, slot);
        self.set_timer(slot);
        let (now, id) = (self.now, self.conn(slot).id);
        let username = self.world.username(user);
        self.facts
            .note(now, id, || HubWhat::Resumed(username.clone()));
        self.welcome(slot, user, Arrival::Back);
        true
    }
}
