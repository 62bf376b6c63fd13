//! What the runtimes of ChatMaster 3000 have in common: everything between a machine of
//! `chatmaster-core` and the operating system that does not depend on how one waits. The loops are in
//! `chatmaster-mio` and `chatmaster-smol`, whose users find here what both of them take and give; and
//! whoever writes another [runtime](chatmaster_core::adapter), what it need not write again.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod accept;
mod client;
mod clock;
mod connect;
mod listen;
mod server;
pub mod socket;
mod stop;

pub use chatmaster_core::session::{Disconnected, TryActError};
pub use client::{Client, SessionDriver};
pub use clock::Clock;
pub use connect::connect;
pub use listen::{listen, listen_only};
pub use server::{AcceptFailed, Hooks, check_listeners, hub};
pub use stop::{Stop, StopGuard};
