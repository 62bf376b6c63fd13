//! Where the platform keeps a program's files: on Linux as the XDG Base Directory Specification has it.

#[cfg(feature = "ui")]
use std::path::Path;
use std::path::PathBuf;

use etcetera::BaseStrategy;

/// What the program's folder is called in each of them.
const NAME: &str = "chatmaster";

/// The folder for what a program knows from one run to the next: `$XDG_STATE_HOME/chatmaster` or
/// `~/.local/state/chatmaster`. None if the user has no home.
#[cfg(feature = "ui")]
pub(crate) fn state() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(state.join(NAME))
}

/// The folder for what a user has chosen: `$XDG_CONFIG_HOME/chatmaster` or `~/.config/chatmaster`. None
/// if the user has no home.
pub(crate) fn config() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join(NAME))
}

/// `path` as a shell would have it, with the user's home in the place of a `~` in front.
#[cfg(feature = "ui")]
pub(crate) fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
