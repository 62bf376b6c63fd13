//! What is shown of a recording: all of it, or the part that is asked for.

pub(super) mod at;
pub(super) mod client_view;
pub(super) mod json;
#[cfg(feature = "ui")]
pub(super) mod playback;
#[cfg(feature = "ui")]
pub(super) mod player;
pub(super) mod transcript;
pub(super) mod verify;
pub(super) mod view_as;
pub(super) mod what_if;
