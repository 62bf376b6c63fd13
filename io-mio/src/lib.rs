//! ChatMaster 3000 over TCP, on a single-threaded event loop of its own on [mio]: [`serve`] drives
//! a [`Hub`](chatmaster_core::Hub), [`connect`] a [`Session`](chatmaster_core::Session). All rules
//! of the protocol are in those two; this crate accepts, reads, writes and waits for them.
//!
//! ```
//! use std::net::Ipv4Addr;
//! use std::sync::mpsc;
//! use std::thread;
//!
//! use chatmaster_core::session::{Action, Event, Update};
//! use chatmaster_core::{Config, SessionConfig};
//! use chatmaster_mio::{Stop, connect, listen, serve};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = listen((Ipv4Addr::LOCALHOST, 0).into())?;
//! let address = listener.local_addr()?;
//! let stop = Stop::new();
//! let server = thread::spawn({
//!     let stop = stop.clone();
//!     move || serve(Config::default(), vec![listener], &stop)
//! });
//!
//! let (tell, updates) = mpsc::channel();
//! let config = SessionConfig { username: Some("Alice".into()), ..SessionConfig::default() };
//! let client = connect(&[address], config, move |update| tell.send(update).unwrap())?;
//! let Update::Event(Event::LoggedIn { username, .. }) = updates.recv()? else { panic!() };
//! assert_eq!(username, "Alice");
//! client.act(Action::Say("Hello, whoever is here!".into()))?;
//! drop(client);
//!
//! stop.stop();
//! server.join().unwrap()?;
//! # Ok(())
//! # }
//! ```
//!
//! Both run on one thread. `serve` blocks the one it is called on, `connect` starts its own. The
//! crate `chatmaster-smol` has the same functions with the same behaviour on another runtime.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod connection;
mod listener;
mod server;
mod waker;

pub use chatmaster_io::{
    AcceptFailed, Client, Clock, Disconnected, Hooks, Stop, TryActError, listen, listen_only,
};
pub use client::connect;
pub use server::{serve, serve_with};

/// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
