//! Reading a recording, and running it through the core once more.

pub(super) mod clock;
pub(super) mod files;
pub(super) mod rerun;
