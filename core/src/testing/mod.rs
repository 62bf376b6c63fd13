//! For tests of what talks to a hub: bots, clients, other servers. With the feature `testing`, which
//! needs `std`; put it into `[dev-dependencies]`.
//!
//! - [`Sessions`] are a hub and its users by name, and [`settle`](Sessions::settle) when nothing moves
//!   any more.
//! - [`Harness`] is a hub and connections that carry bytes, one by one or not at all.
//! - [`wire`] is the client's side of the wire, and [`packages`] the texts that go over it.
//! - [`record`] makes a recording of what a test did to its hubs, for `chatmaster replay`.
//!
//! No socket is opened, no time passes but what a test says, and the same test does the same thing
//! every time.
//!
//! # A bot's property
//!
//! With the feature `proptest`, [`strategies`](crate::strategies) say what users do:
#![cfg_attr(feature = "proptest", doc = "```")]
#![cfg_attr(not(feature = "proptest"), doc = "```ignore")]
//! use chatmaster_core::session::{Action, Event};
//! use chatmaster_core::strategies::action;
//! use chatmaster_core::testing::{Sessions, unlimited};
//! use proptest::prelude::*;
//!
//! /// Greets whoever comes into its room.
//! fn greeter(event: &Event) -> Option<Action> {
//!     match event {
//!         Event::Joined { username, me: false, .. } => Some(Action::Say(format!("Hi {username}!"))),
//!         _ => None,
//!     }
//! }
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
//!     // With #[test] here.
//!     fn who_comes_is_greeted_each_time(actions in prop::collection::vec(action(), 0..20)) {
//!         let mut chat = Sessions::new(unlimited());
//!         chat.bot("greeter", greeter);
//!         chat.log_in("alice");
//!         for action in actions {
//!             let _refused = chat.act("alice", action);
//!             chat.settle();
//!         }
//!         let events = chat.events("alice");
//!         let came = |event: &&Event| matches!(event, Event::Joined { me: true, channel, .. } if channel == "general");
//!         let greeted = |event: &&Event| matches!(event, Event::Message { username, .. } if username == "greeter");
//!         prop_assert_eq!(events.iter().filter(came).count(), events.iter().filter(greeted).count());
//!     }
//! }
//! # who_comes_is_greeted_each_time();
//! ```

mod harness;
mod journal;
pub mod packages;
mod sessions;
pub mod wire;

pub use harness::{ClientId, Harness, id, unlimited};
pub use journal::{Page, record};
pub use sessions::Sessions;
