//! What the tests that span the crates have in common, beside `chatmaster_core::testing`: the places
//! clients can talk in, with and without sockets ([`world`], [`process`]); the scripts of the
//! conformance suite ([`script`]); load on a server and what it costs ([`load`]); what a server goes
//! through in the world, done to the real one (`chaos`, on Linux); what properties are about: who does
//! what ([`history`]), and what must come of it ([`model`]), compared with what does ([`duel`]); a [`story`]
//! to replay; and what must be true
//! whatever comes ([`fuzz`]), of [`memory`] too.

#[cfg(target_os = "linux")]
pub mod chaos;
pub mod duel;
pub mod fuzz;
pub mod history;
pub mod load;
pub mod memory;
pub mod model;
pub mod process;
pub mod script;
pub mod sim;
pub mod story;
pub mod world;

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
