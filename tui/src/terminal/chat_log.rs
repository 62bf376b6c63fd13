//! The chat log as a file: what is on the screen, line by line, for a user who wants to keep it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::folders;

/// What the file is called in a folder.
const NAME: &str = "chatmaster.log";

/// An open file that lines are added to.
pub(super) struct ChatLog {
    path: PathBuf,
    file: File,
}

impl ChatLog {
    /// Opens the file at `path`, or the one in that folder. If there is none it is made, for its owner
    /// alone.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = Self::path_at(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)?;
        Ok(ChatLog { path, file })
    }

    /// The file that is meant by `path`.
    pub(super) fn path_at(path: &Path) -> PathBuf {
        let path = folders::expanded(path);
        let ends_as_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if ends_as_folder || path.is_dir() {
            path.join(NAME)
        } else {
            path
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line, at once and in one piece.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::{env, process};

    use super::*;

    #[test]
    fn lines_are_added_to_a_file_that_only_its_owner_can_read() {
        let folder = env::temp_dir().join(format!("chatmaster-log-{}", process::id()));
        for line in ["one", "two"] {
            let mut log = ChatLog::open(&folder.join("deep/")).expect("it can be made");
            log.append(line).expect("there is room");
        }
        let path = folder.join("deep").join("chatmaster.log");
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, "one\ntwo\n");
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_not_silence() {
        let mut log = ChatLog::open(Path::new("/dev/full")).expect("it is there");
        assert!(log.append("one").is_err());
    }
}
