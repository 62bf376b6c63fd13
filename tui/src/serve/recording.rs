//! The files of a recording: `serve --record FILE`.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chatmaster_core::recording::SinkOutcome;

use crate::error::{CliError, cause, tell};
use crate::private_file;

/// Keeps a recording in a file, and in further ones as it grows: `FILE`, `FILE.1`, `FILE.2` and so on.
/// Only the owner may read them, for they hold what people wrote.
pub(crate) struct Recording {
    /// The first file.
    path: PathBuf,
    /// Bytes after which the next file is begun; none if there is to be one file.
    max: Option<usize>,
    /// The file being written.
    file: File,
    /// Which of the files it is, from 0.
    segment: u32,
    written: usize,
}

impl Recording {
    /// Begins a recording in a new file.
    ///
    /// # Errors
    /// Why there cannot be one: an existing file is never overwritten.
    pub(crate) fn begin(path: &Path, max: Option<usize>) -> Result<Self, CliError> {
        let file = private_file::create_new(path).map_err(|error| {
            let next = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    "A recording never overwrites; give another name with --record"
                }
                _ => "Give the name of a new file with --record",
            };
            let cause = why(&error);
            let path = path.display();
            CliError::Failed(format!("cannot record to {path}: {cause}. {next}."))
        })?;
        Ok(Recording {
            path: path.into(),
            max,
            file,
            segment: 0,
            written: 0,
        })
    }

    /// Keeps `bytes`. What cannot be kept ends the recording, loudly, and not the chat.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> SinkOutcome {
        match self.write(bytes) {
            Ok(outcome) => outcome,
            Err(error) => {
                tell(format_args!(
                    "RECORDING STOPPED: cannot write {}: {}. What happened until now is kept there; \
                     the chat goes on, unrecorded. Make room and start the server again to record.",
                    self.name().display(),
                    why(&error),
                ));
                SinkOutcome::Failed
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<SinkOutcome> {
        if self.is_full() {
            self.segment += 1;
            self.file = private_file::create_new(&self.name())?;
            self.written = 0;
        }
        self.file.write_all(bytes)?;
        self.written += bytes.len();
        Ok(if self.is_full() {
            SinkOutcome::NextSegment
        } else {
            SinkOutcome::Written
        })
    }

    fn is_full(&self) -> bool {
        self.max.is_some_and(|max| self.written >= max)
    }

    /// The name of the file being written.
    fn name(&self) -> PathBuf {
        match self.segment {
            0 => self.path.clone(),
            segment => {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{segment}"));
                name.into()
            }
        }
    }
}

/// The cause in words that fit a file.
fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "the file exists already".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::NotFound => "there is no such folder".into(),
        _ => cause(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let unique = format!("chatmaster-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(unique);
            std::fs::create_dir_all(&path).expect("there is room for a folder");
            Folder(path)
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.0.join(name)).expect("the file is there")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn begin(folder: &Folder, max: Option<usize>) -> Recording {
        Recording::begin(&folder.0.join("chat.rec"), max).expect("it can be recorded")
    }

    #[test]
    fn what_is_kept_is_in_the_file_which_is_its_owners_alone() {
        let folder = Folder::new("one-file");
        let mut recording = begin(&folder, None);
        assert_eq!(recording.keep(b"one "), SinkOutcome::Written);
        assert_eq!(recording.keep(b"two"), SinkOutcome::Written);
        assert_eq!(folder.read("chat.rec"), "one two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = std::fs::metadata(folder.0.join("chat.rec")).expect("it is there");
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_full_file_is_followed_by_the_next() {
        let folder = Folder::new("segments");
        let mut recording = begin(&folder, Some(5));
        assert_eq!(recording.keep(b"1234"), SinkOutcome::Written);
        assert_eq!(recording.keep(b"56"), SinkOutcome::NextSegment);
        assert_eq!(recording.keep(b"78901"), SinkOutcome::NextSegment);
        assert_eq!(recording.keep(b"2"), SinkOutcome::Written);
        assert_eq!(folder.read("chat.rec"), "123456");
        assert_eq!(folder.read("chat.rec.1"), "78901");
        assert_eq!(folder.read("chat.rec.2"), "2");
    }

    #[test]
    fn nothing_is_ever_overwritten() {
        let folder = Folder::new("overwrite");
        std::fs::write(folder.0.join("chat.rec"), "precious").expect("there is room");
        let trouble = Recording::begin(&folder.0.join("chat.rec"), None).err();
        let words = trouble.expect("it is refused").to_string();
        assert!(words.contains("the file exists already"), "{words}");
        assert_eq!(folder.read("chat.rec"), "precious");

        std::fs::remove_file(folder.0.join("chat.rec")).expect("it is there");
        std::fs::write(folder.0.join("chat.rec.1"), "precious").expect("there is room");
        let mut recording = begin(&folder, Some(1));
        assert_eq!(recording.keep(b"1"), SinkOutcome::NextSegment);
        assert_eq!(recording.keep(b"2"), SinkOutcome::Failed);
        assert_eq!(folder.read("chat.rec.1"), "precious");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_the_recording() {
        let folder = Folder::new("full");
        let mut recording = begin(&folder, None);
        recording.file = File::options()
            .write(true)
            .open("/dev/full")
            .expect("Linux has a device that is always full");
        assert_eq!(recording.keep(b"1"), SinkOutcome::Failed);
    }
}
