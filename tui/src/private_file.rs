//! Files that only their owner can read: they hold what people wrote, or how a user wants things.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// How to open such a file. One that is there keeps its permissions.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes such a file to be written.
///
/// # Errors
/// What the operating system says, as when there is a file already.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    options().write(true).create_new(true).open(path)
}
