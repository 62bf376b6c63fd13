//! The hub's rules, each where it is broken first: a hub in memory, in virtual time, and clients who do
//! what they should not.

use std::time::Duration;

mod addresses;
mod announcements;
mod deadlines;
mod facts;
mod flood;
mod inputs;
mod invariants;
mod limits;
mod queues;
mod stopping;
mod streams;
mod work;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
