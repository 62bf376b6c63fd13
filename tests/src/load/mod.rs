//! What a server costs under load, beside the least it could cost.
//!
//! A [`Subject`] is a server, or the [`baseline`], in a process of its own. A [`LoadClients`] is all of its
//! clients, in this process: it lets them in, and checks what each of them hears ([`clients`]); has some
//! of them talk as fast as they are heard ([`talk`]), or at a rate ([`latency`]); and [`machine`] says
//! what all of it runs on.

pub mod baseline;
pub mod clients;
pub mod latency;
pub mod machine;
pub mod subject;
pub mod talk;

pub use clients::LoadClients;
pub use subject::{Programs, Sizes, Subject};

/// Who is where, and who talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rooms. A single one is the general room.
    pub rooms: usize,
    /// Members of each room, at least 2.
    pub members: usize,
    /// Of these, how many talk: fewer than all. The last member of a room never does.
    pub senders: usize,
    /// How many messages of a sender are on their way at once. A message is on its way from when it is
    /// written until the last member of the room has read all of it; that moment the sender's next one
    /// is due. What is due to one sender at the same time goes out in one write.
    pub in_flight: usize,
}

impl Shape {
    /// The connections it takes.
    pub fn connections(self) -> usize {
        self.rooms * self.members
    }
}

/// What senders say: 64 bytes, of words as people use them, for what repeats is what zlib can win. It comes
/// in 100 variants, so that each sender of a room finds one that is as long as those of the others in zlib
/// too.
fn text(variant: usize) -> String {
    // Of those that are in the text anyway, and those that are not, the first is in the middle.
    const SIGNS: &[u8; 10] = b"Xeats .Q7#";
    let [first, last] = [variant / 10 % 10, variant % 10].map(|at| char::from(SIGNS[at]));
    format!("I will be ten minutes late; please start without me. See you, {first}{last}")
}
