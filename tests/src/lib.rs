//! What the tests that span the crates have in common: clients that speak the wire format on their
//! own, without a line of the core's ([`wire`]); the places such clients can talk in, with and
//! without sockets ([`world`], [`process`]); the texts of [`packages`]; the scripts of the conformance
//! suite ([`script`]); load on a server and what it costs ([`load`]); what a server goes through in the
//! world, done to the real one (`chaos`, on Linux); what properties are about: who does
//! what ([`history`]), and what must come of it ([`model`]); what a hub went through when one fails
//! ([`journal`]); and what must be true whatever comes ([`fuzz`]), of [`memory`] too.

#[cfg(target_os = "linux")]
pub mod chaos;
pub mod fuzz;
pub mod history;
pub mod journal;
pub mod load;
pub mod memory;
pub mod model;
pub mod packages;
pub mod process;
pub mod script;
pub mod sim;
pub mod wire;
pub mod world;

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
