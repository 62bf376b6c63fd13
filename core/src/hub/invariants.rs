//! What is true of a hub after every input.

use alloc::collections::BTreeMap;

use super::conn::{Admission, PeerEnd, Phase, Reading};
use super::{Hub, Stage};
use crate::names::Name;

impl Hub {
    /// Checks all that must be true between two inputs, for tests; slow.
    ///
    /// # Panics
    /// At the first thing that is not.
    pub fn check_invariants(&self) {
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
        let mut addresses = BTreeMap::new();
        for (id, slot) in &self.slots.in_order() {
            let conn = self.conns[*slot as usize]
                .as_ref()
                .expect("a known slot is taken");
            assert_eq!(conn.id, *id, "a slot is known by its connection");
            match conn.admission {
                Admission::Counted(address) => {
                    admitted += 1;
                    *addresses.entry(address).or_default() += 1;
                }
                Admission::Loopback => admitted += 1,
                Admission::Refused => {}
            }
            assert_eq!(
                conn.timer,
                conn.next_timer(),
                "a connection is listed under its timer"
            );
            if let Some(timer) = conn.timer {
                timers += 1;
                assert!(
                    timer > self.now || self.turn_is_over(),
                    "what is due is done"
                );
                assert!(self.timers.contains(&(timer, *slot)), "a timer is listed");
            }
            assert!(
                conn.backlog.len() <= self.config.backlog_bytes,
                "a backlog is bounded"
            );
            if conn.reading == Reading::Open {
                assert!(
                    conn.backlog.is_empty(),
                    "only a paused connection has a backlog"
                );
            }
            if let Phase::Closing { .. } = conn.phase {
                let done = conn.peer == PeerEnd::Done || self.stage == Stage::Stopping;
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
        assert_eq!(
            self.addresses, addresses,
            "the connections of each address are counted"
        );
        for count in self.addresses.values() {
            assert!(
                *count <= self.config.max_connections_per_address,
                "an address is bounded"
            );
        }
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
        let users_names =
            self.conns
                .iter()
                .zip(0..)
                .filter_map(|(conn, slot)| match &conn.as_ref()?.phase {
                    Phase::User { name, .. } => Some((name, slot)),
                    _ => None,
                });
        self.usernames.assert_are(users_names);
        let members: usize = self.rooms.iter().map(|(_, room)| room.members.len()).sum();
        assert_eq!(members, users, "every member of a room is a user in it");
    }
}
