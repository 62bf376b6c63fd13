//! Where the platform keeps a program's files: on Linux as the XDG Base Directory Specification has it.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// What the program's folder is called in each of them.
const NAME: &str = "chatmaster";

/// The folder for what a program knows from one run to the next: `$XDG_STATE_HOME/chatmaster` or
/// `~/.local/state/chatmaster`. None if the user has no home.
pub(super) fn state() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(state.join(NAME))
}
