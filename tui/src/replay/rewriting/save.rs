//! Writing a recording that was made here.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::private_file;
use crate::replay::reading::files::reason;
use crate::replay::{ReplayError, cannot};

/// Writes `bytes` to a new file that only its owner may read: it may hold what people wrote.
pub(in crate::replay) fn save(path: &Path, bytes: &[u8]) -> Result<(), ReplayError> {
    let write = || -> io::Result<()> {
        let mut file = private_file::create_new(path)?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            // Half a recording is of no use to anyone; nothing is to be done if that fails, too.
            .inspect_err(|_| drop(fs::remove_file(path)))
    };
    write().map_err(|error| ReplayError::Cli(cannot("write", path, &reason(&error))))
}
