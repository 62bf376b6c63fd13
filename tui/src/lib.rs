//! The `chatmaster` command: a chat server, a terminal client and a line client. The rules of the
//! protocol are in `chatmaster-core`, the sockets in `chatmaster-mio` and `chatmaster-smol`.
//!
//! The terminal client is pure at heart: [`app`] turns what happens into what is on the screen,
//! without a clock or a terminal, and [`terminal`] runs it in a real one.

#![forbid(unsafe_code)]

pub mod address;
#[cfg(feature = "ui")]
pub mod app;
pub mod cli;
pub mod command;
mod folders;
pub mod line;
pub mod login;
mod memory;
pub mod quantity;
pub mod reach;
pub mod record;
pub mod replay;
mod retry;
pub mod runtime;
pub mod serve;
pub mod settings;
#[cfg(feature = "ui")]
pub mod terminal;
pub mod text;
pub mod trouble;
mod underway;
