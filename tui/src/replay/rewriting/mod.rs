//! Other recordings made of one: safe to give away, or small.

pub(super) mod pseudonyms;
pub(super) mod redact;
pub(super) mod reencoder;
pub(super) mod save;
pub(super) mod shrink;
