//! What is shown of a recording: all of it, or the part that is asked for.

pub(super) mod at;
pub(super) mod json;
pub(super) mod onlooker;
#[cfg(feature = "ui")]
pub(super) mod playback;
#[cfg(feature = "ui")]
pub(super) mod player;
pub(super) mod transcript;
pub(super) mod verify;
pub(super) mod view_as;
pub(super) mod what_if;
