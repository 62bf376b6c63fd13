//! The `chatmaster` command: a chat server, a terminal client and a line client. The rules of the
//! protocol are in `chatmaster-core`, the sockets in `chatmaster-mio` and `chatmaster-smol`.

#![forbid(unsafe_code)]

pub mod address;
pub mod cli;
pub mod client;
mod dirs;
pub mod encoding;
pub mod error;
mod limits;
pub mod panics;
mod private_file;
pub mod replay;
pub mod runtime;
pub mod serve;
pub mod settings;
mod signals;
pub mod text;
pub mod units;
