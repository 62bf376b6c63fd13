//! Other recordings made of one: safe to give away, or small.

pub(super) mod disguise;
pub(super) mod redact;
pub(super) mod resend;
pub(super) mod save;
pub(super) mod shrink;
