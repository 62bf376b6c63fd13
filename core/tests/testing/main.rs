//! What the crate offers for tests keeps what it promises.

mod harness;
mod sessions;
mod strategies;
