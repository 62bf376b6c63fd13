//! What is true of a hub after every input.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Hub;
use super::conn::{Admission, PeerEnd, Phase, Reading};
use super::lists::List;
use crate::names::Name;

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
        assert!(self.burst.is_empty(), "burst queues are dealt with");
        assert!(
            self.outbox.held_bytes() <= self.config.total_queue_bytes,
            "all queues together are within their bound"
        );
        self.outbox.check_invariants();
        self.rooms.check_invariants();
        assert!(
            self.rooms.len() <= self.config.max_rooms.max(1),
            "the rooms are within their bound"
        );
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
            let conn = self.conns[*slot as usize]
                .as_ref()
                .expect("a known slot is taken");
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
                conn.backlog.len() <= self.config.backlog_bytes,
                "a backlog is bounded"
            );
            match conn.reading {
                Reading::Open => assert!(
                    conn.backlog.is_empty() && conn.ticket == 0,
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
        let taken = self.conns.iter().flatten().count();
        assert_eq!(taken, self.slots.len(), "every taken slot is known");
        assert_eq!(
            taken + self.free.len(),
            self.conns.len(),
            "every other slot is free"
        );
        assert_eq!(self.timers.len(), timers, "no timer is listed for nobody");
        assert_eq!(
            self.admitted, admitted,
            "the admitted connections are counted"
        );
        assert!(
            admitted <= self.config.max_connections,
            "the connections are within their bound"
        );
        let conns = self.conns.iter().flatten();
        self.addresses
            .check_invariants(conns.filter_map(|conn| conn.counted_address()));
    }

    fn check_members(&self) {
        let mut keys = BTreeMap::new();
        let mut users = 0;
        for (slot, conn) in (0..).zip(&self.conns) {
            let Some(Phase::User { name, room }) = conn.as_ref().map(|conn| &conn.phase) else {
                continue;
            };
            users += 1;
            let members = &self.rooms.get(*room).members;
            let times = members.iter().filter(|member| **member == slot).count();
            assert_eq!(times, 1, "a user is in its room once");
            assert_eq!(
                keys.insert(name.key(), slot),
                None,
                "no two users have one name"
            );
        }
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
            is_right(&self.rooms.channel_list, &channels),
            "a list of rooms is kept while it is right"
        );
        for (slot, room) in self.rooms.iter() {
            let users = |out: &mut Vec<u8>| self.write_users(slot, out);
            assert!(
                is_right(&room.user_list, &users),
                "a list of members is kept while it is right"
            );
        }
        let members: usize = self.rooms.iter().map(|(_, room)| room.members.len()).sum();
        assert_eq!(members, users, "every member of a room is a user in it");
    }

    fn check_names(&self) {
        let users =
            self.conns
                .iter()
                .zip(0..)
                .filter_map(|(conn, slot)| match &conn.as_ref()?.phase {
                    Phase::User { name, .. } => Some((name, slot)),
                    _ => None,
                });
        self.usernames.assert_are(users);
        self.rooms.check_names();
    }
}
