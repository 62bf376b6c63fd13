//! What is true of a hub after every input.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Hub;
use super::conn::{Admission, PeerEnd, Phase, Reading};
use super::lists::List;
use super::slots::Slot;
use crate::wire::Version;

impl Hub {
    /// Checks all that must be true between two inputs, for tests; slow.
    ///
    /// # Panics
    /// At the first thing that is not.
    pub fn check_invariants(&self) {
        self.check_invariants_but_names();
        self.check_names();
    }

    /// The same but for which names are taken, which takes most of the time: what each of them looks like
    /// has to be found anew.
    ///
    /// # Panics
    /// At the first thing that is not true.
    pub fn check_invariants_but_names(&self) {
        assert!(
            self.overflowed.is_empty(),
            "overflowed queues are dealt with"
        );
        assert!(
            self.outbox.held_bytes() <= self.config.total_queue_bytes,
            "all queues together are within their bound"
        );
        self.outbox.check_invariants();
        self.world.check_invariants();
        self.check_connections();
        self.check_members();
        self.check_streams();
        if self.slots.is_empty() {
            assert_eq!(self.outbox.held_bytes(), 0, "nothing is held for nobody");
            assert_eq!(self.inflaters.lent(), 0, "no stream is open for nobody");
        }
    }

    fn check_connections(&self) {
        let (mut admitted, mut timers) = (0, 0);
        for (id, slot) in &self.slots.in_order() {
            let conn = self.conns.get(*slot).expect("a known slot is taken");
            assert_eq!(conn.id, *id, "a slot is known by its connection");
            match conn.admission {
                Admission::Counted(_) | Admission::Loopback => admitted += 1,
                Admission::Refused => {}
            }
            assert_eq!(
                conn.timer.map(|timer| timer.at),
                conn.next_timer(),
                "a connection is listed under its timer"
            );
            if let Some(timer) = conn.timer {
                timers += 1;
                assert!(
                    timer.at > self.now || self.turn_is_over(),
                    "what is due is done"
                );
                assert!(self.timers.has(*slot, timer), "a timer is listed");
            }
            assert!(
                conn.waiting() <= self.config.backlog_bytes,
                "a backlog is bounded"
            );
            match conn.reading {
                Reading::Open => assert!(
                    conn.waiting() == 0 && conn.ticket == 0,
                    "only a paused connection has a backlog, and waits"
                ),
                Reading::PausedUntil(_) | Reading::Waiting(_) => {
                    assert!(conn.ticket > 0, "a paused connection waits");
                }
                Reading::PausedUntilDrained => assert!(
                    self.outbox.is_half_full(*slot),
                    "what has drained is read from again"
                ),
            }
            if let Phase::Closing { .. } = conn.phase {
                let done = conn.peer == PeerEnd::Done || self.closes_hastily();
                assert!(
                    !(done && self.outbox.is_empty(*slot)),
                    "what is flushed is closed"
                );
            }
        }
        self.conns.check_invariants();
        let taken = self.conns.iter().count();
        assert_eq!(taken, self.slots.len(), "every taken slot is known");
        assert_eq!(self.timers.len(), timers, "no timer is listed for nobody");
        assert_eq!(
            self.admitted, admitted,
            "the admitted connections are counted"
        );
        assert!(
            admitted <= self.config.max_connections,
            "the connections are within their bound"
        );
        let conns = self.conns.iter();
        self.addresses
            .check_invariants(conns.filter_map(|(_, conn)| conn.counted_address()));
    }

    /// Checks that the connections of users are where their users are.
    fn check_members(&self) {
        let (mut users, mut places) = (0, 0);
        for (slot, conn) in self.conns.iter() {
            if let Phase::User { user, room } = conn.phase {
                users += 1;
                assert_eq!(self.seated.get(&user), Some(&slot), "a user has one seat");
                assert_eq!(room, self.world.current(user), "a user looks at one room");
                for room in self.world.rooms_of(user) {
                    places += 1;
                    let members = self.fanouts.members(*room);
                    let times = members.iter().filter(|member| **member == slot).count();
                    assert_eq!(times, 1, "a user is in its room once");
                }
            }
        }
        assert_eq!(self.seated.len(), users, "nobody else has a seat");
        assert_eq!(
            self.world.users(),
            users + self.seats.waiting(),
            "every other user's seat waits"
        );
        assert!(
            self.seats.waiting() <= self.config.max_connections,
            "the seats that wait are bounded"
        );
        self.seats
            .check_invariants(|user| self.seated.contains_key(&user));
        let mut text = Vec::new();
        let mut is_right = |list: &Option<Box<List>>, write: &dyn Fn(&mut Vec<u8>)| {
            text.clear();
            list.as_ref().is_none_or(|list| {
                write(&mut text);
                list.is(&text)
            })
        };
        let channels = |out: &mut Vec<u8>| self.write_channels(out);
        assert!(
            is_right(&self.channel_list, &channels),
            "a list of rooms is kept while it is right"
        );
        let mut members = 0;
        for (room, fanout) in self.fanouts.iter() {
            let users = |out: &mut Vec<u8>| self.write_users(room, out);
            assert!(
                is_right(&fanout.user_list, &users),
                "a list of members is kept while it is right"
            );
            members += fanout.members.len();
            let newer = |slot: &&Slot| self.outbox.format(**slot).version() == Version::Two;
            assert_eq!(
                fanout.newer,
                fanout.members.iter().filter(newer).count(),
                "who speaks which version is counted"
            );
        }
        assert_eq!(members, places, "nobody else gets a room's packages");
    }

    fn check_names(&self) {
        self.world.check_names();
    }
}
