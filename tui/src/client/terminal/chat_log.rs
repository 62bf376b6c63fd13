//! The chat log as a file: what is on the screen, line by line, for a user who wants to keep it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::{dirs, private_file};

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
    /// What the operating system says, or that there is something which is no file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = Self::path_at(path);
        let file = open(&path)?;
        Ok(ChatLog { path, file })
    }

    /// The file that is meant by `path`.
    pub(super) fn path_at(path: &Path) -> PathBuf {
        let path = dirs::expanded(path);
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

    /// Adds a line, at once and in one piece: to the file that has the name now, so that a log that was
    /// moved away or deleted goes on in a new one.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        if !self.is_there()? {
            self.file = open(&self.path)?;
        }
        self.file.write_all(format!("{line}\n").as_bytes())
    }

    /// Whether the file that is open is the one of that name.
    fn is_there(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(named) => {
                let open = self.file.metadata()?;
                Ok((named.dev(), named.ino()) == (open.dev(), open.ino()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // To open a FIFO would wait for whoever reads it.
    if let Ok(there) = fs::metadata(path) {
        let kind = there.file_type();
        let what = match kind {
            _ if kind.is_dir() => "it is a folder",
            _ if kind.is_fifo() => "it is a FIFO",
            _ if kind.is_socket() => "it is a socket",
            _ if kind.is_block_device() => "it is a device",
            _ => "",
        };
        if !what.is_empty() {
            return Err(io::Error::other(what));
        }
    }
    private_file::options().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;
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
    fn a_log_that_was_moved_or_deleted_goes_on_in_a_new_file() {
        let folder = env::temp_dir().join(format!("chatmaster-moved-log-{}", process::id()));
        let path = folder.join("chatmaster.log");
        let mut log = ChatLog::open(&path).expect("it can be made");
        let read = |path: &Path| fs::read_to_string(path).expect("it is there");
        log.append("one").expect("there is room");
        let moved = folder.join("old.log");
        fs::rename(&path, &moved).expect("it is ours");
        log.append("two").expect("there is room");
        assert_eq!(
            (read(&moved), read(&path)),
            ("one\n".into(), "two\n".into())
        );
        // Another file of that name, none, and no folder.
        fs::rename(&moved, &path).expect("it is ours");
        log.append("three").expect("there is room");
        assert_eq!(read(&path), "one\nthree\n");
        fs::remove_file(&path).expect("it is ours");
        log.append("four").expect("there is room");
        assert_eq!(read(&path), "four\n");
        fs::remove_dir_all(&folder).expect("it is ours");
        log.append("five").expect("there is room");
        assert_eq!(read(&path), "five\n");
        fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = env::temp_dir().join(format!("chatmaster-no-log-{}", process::id()));
        fs::create_dir_all(folder.join("chatmaster.log")).expect("there is room");
        let refused = |name: &str| {
            let opened = ChatLog::open(&folder.join(name));
            opened.err().map(|error| error.to_string())
        };
        assert_eq!(refused("").as_deref(), Some("it is a folder"));
        let made = process::Command::new("mkfifo")
            .arg(folder.join("fifo"))
            .status();
        assert!(made.expect("every system has mkfifo").success());
        assert_eq!(refused("fifo").as_deref(), Some("it is a FIFO"));
        let _socket = UnixListener::bind(folder.join("socket")).expect("there is room");
        assert_eq!(refused("socket").as_deref(), Some("it is a socket"));
        fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_not_silence() {
        let mut log = ChatLog::open(Path::new("/dev/full")).expect("it is there");
        assert!(log.append("one").is_err());
    }
}
