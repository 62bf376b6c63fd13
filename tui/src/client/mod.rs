//! The client: what a user types, the connection to a server, and two programs around them, one in a
//! terminal and one without.
//!
//! The terminal client is pure at heart: [`app`] turns what happens into what is on the screen,
//! without a clock or a terminal, and [`terminal`] runs it in a real one.

#[cfg(feature = "ui")]
pub mod app;
pub mod command;
pub mod connect;
// The line client needs a part of it.
#[cfg_attr(not(feature = "ui"), allow(dead_code, unused_imports))]
mod connection;
pub mod line;
pub mod login;
#[cfg(feature = "ui")]
pub mod terminal;
