//! How much memory a [`Hub`](crate::Hub) can be made to hold, and by which of its limits.
//!
//! Each part is reckoned from what the hub keeps, at its worst: a list that grows may have twice the
//! room it needs, a node of a tree be less than half full, and the allocator adds something to each
//! allocation. `tests/tests/memory.rs` has a hub hold nearly all of it.

use crate::config::Config;
use crate::hub::{CONN_BYTES, FANOUT_BYTES, MAX_PAST, MAX_REFUSED, MAX_WORDS_BYTES, SEAT_BYTES};
use crate::names::{Claims, RoomName, Username};
use crate::wire::{INFLATER_BYTES, SHARED_INFLATER_BYTES};
use crate::world::{ROOM_BYTES, SENT_BYTES, USER_BYTES};

/// What part of the memory of a hub follows from some of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryShare {
    /// What it is: a plural noun, for people.
    pub what: &'static str,
    /// How much it may be, in bytes.
    pub bytes: usize,
    /// The fields of [`Config`] it follows from, the one to lower first; none, if it is what every hub
    /// needs.
    pub fields: &'static [&'static str],
}

/// What the allocator adds to an allocation at most: its header, and what it rounds up.
const ALLOCATION: usize = 24;
/// An entry of a tree of such items: a node has room for eleven, and five at least.
const fn in_tree(item: usize) -> usize {
    (11 * item + 2 * ALLOCATION).div_ceil(5)
}
/// A text of so many characters on its own, and one in a tree.
const fn text(chars: usize) -> usize {
    4 * chars + ALLOCATION
}
/// What a connection takes beside its queue, backlog, zlib stream and unfinished package.
const CONNECTION: usize = CONN_BYTES + ALLOCATION
    // Where it is among the connections by slot, the free slots and the timers.
    + 2 * 8 + in_tree(4) + in_tree(16)
    // The list that its backlog is.
    + 4 * 8 + ALLOCATION
    // Where it is among those that have an inflater or wait for one.
    + in_tree(24) + in_tree(20)
    // And by identifier: a table has less than half of its places free after it has grown.
    + 40
    // Its queue while it is empty.
    + 2 * 64 + 4 * 12 + ALLOCATION
    // What is to be done with it: written, paused, finished and closed.
    + 2 * 4 * 16
    // Its address, its place in its room, its name and what that claims, and its place in a list of
    // users, which is kept written and encoded.
    + in_tree(17 + 40) + 2 * 4
    + 2 * (4 * Username::MAX_CHARS + 3)
    + USER;

/// What a user takes: name, what it claims, the room, and the connection.
const USER: usize = 2 * USER_BYTES
    + ALLOCATION
    + in_tree(4)
    + 2 * 4
    + 16
    + ALLOCATION
    + in_tree(8)
    + text(Username::MAX_CHARS)
    + Claims::<u32>::most_bytes(Username::MAX_CHARS);

/// What a room takes beside what its members do.
const ROOM: usize = 2 * (ROOM_BYTES + FANOUT_BYTES) + in_tree(4)
    // Its name, where it is found by its caseless form and by its name, what it claims, and its place
    // in the list of rooms.
    + 2 * text(RoomName::MAX_CHARS) + 2 * in_tree(20) + 15 * RoomName::MAX_CHARS + ALLOCATION
    + Claims::<u32>::most_bytes(RoomName::MAX_CHARS)
    + 2 * (4 * RoomName::MAX_CHARS + 3)
    // The few places of a short list of members, and what is around the list of their names.
    + 4 * 4 + ALLOCATION + MAX_WORDS_BYTES + ALLOCATION + 2 * (4 * RoomName::MAX_CHARS + 256);

/// A name in a list of names, by its caseless form.
const NAMED: usize = in_tree(2 * size_of::<usize>() + 48) + 2 * text(Username::MAX_CHARS);

/// What is known of an address that has no connections any more.
const PAST_ADDRESS: usize = in_tree(17 + 40) + in_tree(8 + 24);

/// What the allocator cannot use between what it was asked for: one part in so many.
const LOST: usize = 16;
/// The compressor, and what little else there is once.
const ONCE: usize = 512 * 1024;

impl Config {
    /// The most bytes a hub with these limits can be made to hold, and what they are for; the largest
    /// part comes first. An adapter adds what it keeps for each connection, a few hundred bytes.
    pub fn memory_shares(&self) -> [MemoryShare; 11] {
        let frame = self.segment_bytes() + self.message_frame_bytes();
        let connections = self.max_connections;
        let share = |what, bytes, fields| MemoryShare {
            what,
            bytes,
            fields,
        };
        let mut shares = [
            share(
                "input that waits",
                connections.saturating_mul(self.backlog_bytes),
                &["backlog_bytes", "max_connections"][..],
            ),
            share(
                "unfinished packages",
                connections.saturating_mul(self.max_package_bytes),
                &["max_package_bytes", "max_connections"],
            ),
            share(
                "connections and names",
                (connections.saturating_add(MAX_REFUSED)).saturating_mul(CONNECTION),
                &["max_connections"],
            ),
            share(
                "zlib streams",
                self.max_inflaters
                    .min(connections)
                    .saturating_mul(INFLATER_BYTES + ALLOCATION)
                    .saturating_add(SHARED_INFLATER_BYTES),
                &["max_inflaters"],
            ),
            share(
                "send queues",
                // A message is queued before it is found to be too much: in each encoding, in a
                // segment that has twice the room it needs.
                self.total_queue_bytes.saturating_add(4 * frame),
                &["total_queue_bytes"],
            ),
            share(
                "rooms",
                self.max_rooms.min(connections).saturating_mul(ROOM),
                &["max_rooms"],
            ),
            share(
                "lists of names",
                // Three of each room; whom each user ignores; and the rooms each user is in, with a place
                // among the members there and in the fan-out.
                (3 * self.max_rooms.min(connections) + 2 * connections)
                    .saturating_mul(self.max_room_list.saturating_mul(NAMED))
                    .saturating_add(
                        connections.saturating_mul(self.max_user_rooms.saturating_mul(2 * 4 * 4)),
                    ),
                &["max_room_list", "max_connections", "max_rooms"],
            ),
            share(
                "tagged messages",
                (2 * connections).saturating_mul(self.max_tags.saturating_mul(SENT_BYTES)),
                &["max_tags", "max_connections"],
            ),
            share(
                "seats",
                // As many users as there are connections may be away, and each who is there has a seat.
                if self.resume_window.is_zero() {
                    0
                } else {
                    connections.saturating_mul(USER + 2 * SEAT_BYTES)
                },
                &["resume_window", "max_connections"],
            ),
            share(
                "history",
                // A message is remembered before another is forgotten.
                self.total_history_bytes
                    .saturating_add(self.max_message_bytes.min(self.max_package_bytes) + 1024),
                &["total_history_bytes"],
            ),
            share("everything else", self.memory_once(), &[]),
        ];
        let sum = shares
            .iter()
            .fold(0, |sum: usize, share| sum.saturating_add(share.bytes));
        let last = shares.len() - 1;
        shares[last].bytes = shares[last].bytes.saturating_add(sum / LOST);
        shares.sort_by_key(|share| core::cmp::Reverse(share.bytes));
        shares
    }

    /// The most bytes a hub with these limits can be made to hold: the sum of
    /// [`Config::memory_shares`].
    pub fn memory_bound(&self) -> usize {
        let shares = self.memory_shares();
        shares
            .iter()
            .fold(0, |sum, share| sum.saturating_add(share.bytes))
    }

    /// What every hub has once.
    fn memory_once(&self) -> usize {
        // The names a list is made of (three bytes and more each, in 24), what is written of them, and
        // the list of rooms as it is kept; a message and its text; and what a list that grows is moved
        // from. Beside these, buffers for the next segments.
        let lists = 20 * self.list_bytes();
        let messages = 4 * self.message_frame_bytes();
        let moves = self.backlog_bytes + self.max_package_bytes;
        let spare = 16 * self.segment_bytes();
        [lists, messages, moves, spare, MAX_PAST * PAST_ADDRESS]
            .into_iter()
            .fold(ONCE, usize::saturating_add)
    }
}
