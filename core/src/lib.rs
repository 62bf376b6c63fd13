//! The ChatMaster 3000 protocol as deterministic state machines, without a socket, clock, thread,
//! random number, environment or log in sight: what they need comes in as input, what they decide
//! goes out as output. IO lives elsewhere: `chatmaster-mio` and `chatmaster-smol` move the bytes.
//!
//! - [`Hub`] is a server: sessions, login, names, rooms, privacy, routing, and every limit.
//! - [`Session`] is a client's connection.
//! - [`Machine`] is what moves bytes for a server sees of it: a hub, or layers around one.
//! - [`adapter`] is how to write such an adapter, and what it has to remember of a connection.
//! - [`recording`] is what happened to a hub, as bytes, and replays it.
//! - [`protocol`] is what servers and clients say to each other, in prose: the page all of this
//!   implements.
//! - [`wire`] has the packages, the decoder and the encoder; [`names`] what can be a name.
//! - `testing`, with the feature `testing`, is a hub in memory for tests of what talks to one, and
//!   `strategies`, with the feature `proptest`, has what property tests are made of.
//!
//! The same inputs give the same outputs, to the byte, on every machine and in every run.
//!
//! # The run loop of a server
//!
//! An adapter maps [`ConnId`]s to sockets, moves bytes, and sleeps until [`Hub::poll_timeout`]. Here
//! the network is a script of what happens when, and the sockets are vectors; [`adapter`] has a loop over
//! real ones:
//!
//! ```
//! use std::collections::BTreeMap;
//! use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Output, Peer, Start, Time};
//!
//! let config = Config { encoding: Encoding::Plain, ..Config::default() };
//! let mut hub = Hub::new(config, Start::default());
//! let mut sockets: BTreeMap<ConnId, Vec<u8>> = BTreeMap::new();
//!
//! let alice = ConnId(1);
//! let login = br#"{"type":"command","data":{"command":"login","parameters":{"username":"alice"}}}"#;
//! let network = [
//!     (Time::from_micros(10), Input::Opened(alice, Peer([127, 0, 0, 1].into()))),
//!     (Time::from_micros(250), Input::Received(alice, login)),
//!     (Time::from_micros(900), Input::Eof(alice)),
//! ];
//!
//! for (now, input) in network {
//!     // What is due before the input comes first. Sleeping until then is all a timer is.
//!     while let Some(due) = hub.poll_timeout().filter(|due| *due <= now) {
//!         hub.handle(due, Input::Tick);
//!     }
//!     hub.handle(now, input);
//!     while let Some(output) = hub.poll_output() {
//!         match output {
//!             Output::Write(id) => {
//!                 // One vectored write; what the network does not take stays pending.
//!                 let socket = sockets.entry(id).or_default();
//!                 let before = socket.len();
//!                 hub.pending(id).for_each(|slice| socket.extend_from_slice(slice));
//!                 let sent = (socket.len() - before) as u32;
//!                 hub.handle(now, Input::Sent(id, sent));
//!             }
//!             Output::PauseRead(_) | Output::ResumeRead(_) => { /* stop and go on reading */ }
//!             Output::Finish(_) => { /* shut down the sending half */ }
//!             Output::Close(id, reason) => println!("{id:?} is closed: {reason}"),
//!         }
//!     }
//! }
//!
//! assert_eq!(hub.connections(), 0);
//! assert_eq!(
//!     String::from_utf8_lossy(&sockets[&alice]),
//!     concat!(
//!         r#"{"type":"request","data":{"request":"login"}}"#, "\n",
//!         r#"{"type":"session","data":{"status":true,"channels":["general"],"#,
//!         r#""username":"alice","channel":"general"}}"#, "\n",
//!         r#"{"type":"notification","data":{"event_type":"user_joined","#,
//!         r#""username":"alice","channel":"general"}}"#, "\n",
//!     ),
//! );
//! ```
//!
//! # Writing a runtime
//!
//! A runtime is the loop above with real sockets. What it owes the hub:
//!
//! - **Time and identifiers.** Times never go back (a step back counts as none); each accepted
//!   connection gets a higher [`ConnId`] than all before. An input for a connection that is gone is
//!   ignored, so nothing has to be looked up first.
//! - **Reading.** Bytes as they come, in pieces of at most [`Config::backlog_bytes`], and the end
//!   of them as [`Input::Eof`]. After [`Output::PauseRead`] nothing more is read until
//!   [`Output::ResumeRead`]: that is how flood control reaches the sender, through the operating
//!   system's buffers.
//! - **Writing.** For each [`Output::Write`] one vectored write of [`Hub::pending`] once the socket
//!   takes something, and [`Input::Sent`] with what it took, be it all, a part or nothing at all.
//!   If anything is left there is another `Write`. So nothing has to be remembered but whether a
//!   write waits for its socket; [`adapter`] remembers that.
//! - **Between inputs.** Outputs are drained after each input or after some, at the latest when
//!   [`Hub::wants_flush`] says so, and then written: or else readers who read come to be closed as
//!   slow ones.
//! - **Ending.** [`Output::Finish`] shuts the sending half down and reads on: the hub waits for the
//!   peer, so that no reset overtakes the last words. [`Output::Close`] closes at once; a slow
//!   consumer is best reset, so that the system keeps nothing for it. A connection that breaks is
//!   [`Input::Closed`].
//! - **Stopping.** [`Input::Shutdown`], and on with the loop until [`Hub::connections`] is 0, which
//!   the limits bound.
//! - **Threads.** The hub is `Send` and wants one owner: the order of inputs is the behaviour.
//!   Other threads hand it their inputs through a queue and a waker. A panic is a bug half-way
//!   through an input; let it end the process.
//!
//! A [`Session`] is driven likewise: after each [`handle`](Session::handle) and
//! [`act`](Session::act) first its events are taken, then its outputs, and `Write` means: until
//! nothing is pending.
//!
//! # Errors, bugs and panics
//!
//! What a peer does wrong is never an `Err` and never a panic: it becomes an `error` package, and a
//! [`Output::Close`] where there is no going on. What the local caller does wrong is a typed error
//! that changes nothing ([`session::ActionError`], [`ConfigError`]), or is ignored where it may be a
//! race. A panic is a bug in this crate; each `expect` says why it cannot happen.
//!
//! An enum is `#[non_exhaustive]` where more variants will come and a caller has a default for them, as
//! for the reasons of a refusal. What a driver or a client must not overlook is not: a new
//! [`Action`](session::Action) or [`Output`] makes the compiler name every place that has to know it.
//!
//! # Bounds
//!
//! Every bound is a field of [`Config`]; [`Config::memory_bound`] is what they add up to.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(feature = "testing")]
extern crate std;

pub mod adapter;
mod behaviour;
mod checksum;
mod config;
mod fnv;
mod hub;
mod machine;
mod memory;
pub mod names;
pub mod protocol;
pub mod recording;
pub mod session;
mod slab;
#[cfg(feature = "proptest")]
pub mod strategies;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod wire;
mod world;

pub use config::{Config, ConfigError, Limit, Unit};
pub use hub::{
    Client, ClientState, CloseReason, ConnId, Emission, Hub, HubFact, HubWhat, Input, Output, Peer,
    RoomView,
};
pub use machine::Machine;
pub use memory::MemoryShare;
pub use names::{RoomName, Username};
pub use session::{Session, SessionConfig, SessionInput, SessionOutput};
pub use time::{Start, Time};
pub use wire::Encoding;
pub use world::{Departure, Fact, RoomId, Seq, UserId, What};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Hub>();
    is_send::<Session>();
};
