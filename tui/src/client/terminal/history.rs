//! What was sent, kept from one run to the next: the file `history` in the platform's state folder, and
//! `history.1` before it.
//!
//! A line of the file is a line that was sent, with `\n` and `\\` for a line feed and a backslash in it.
//! Clients that run at the same time share the file: each line is one write to its end. A full file
//! becomes `history.1`. Should two clients find it full at the same moment, the older of the two files
//! may be gone then, but never what was sent last.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::private_file;

/// Bytes of a file that is full. A line may go beyond.
const FULL: u64 = 256 * 1024;
/// Bytes that are read of a file, from its end: whatever it has become, it is not read whole.
const MOST_READ: u64 = 2 * FULL;

/// The file of what was sent.
pub(super) struct HistoryFile {
    path: PathBuf,
}

/// What is in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recalled {
    /// The lines that were sent, the oldest first.
    pub(super) lines: Vec<String>,
    /// How many lines of the file make no sense.
    pub(super) spoilt: usize,
}

impl HistoryFile {
    /// The file in this folder, which need not be there yet.
    pub(super) fn in_folder(folder: &Path) -> Self {
        HistoryFile {
            path: folder.join("history"),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was sent before.
    ///
    /// # Errors
    /// Why it cannot be read. That there is no file is none: nothing was sent yet.
    pub(super) fn recall(&self) -> io::Result<Recalled> {
        let mut recalled = Recalled::default();
        for path in [self.older(), self.path.clone()] {
            match File::open(path) {
                Ok(file) => recalled.add(&last_bytes(file)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(recalled)
    }

    /// Adds a line that was sent, and makes the file and its folder if need be. Only their owner can
    /// read them.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn append(&self, line: &str) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        if fs::metadata(&self.path).is_ok_and(|file| file.len() >= FULL) {
            fs::rename(&self.path, self.older())?;
        }
        let mut file = private_file::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)?;
        let mut bytes = escape(line).into_bytes();
        bytes.push(b'\n');
        if is_torn(&mut file)? {
            bytes.insert(0, b'\n');
        }
        file.write_all(&bytes)
    }

    fn older(&self) -> PathBuf {
        self.path.with_extension("1")
    }
}

impl Recalled {
    fn add(&mut self, bytes: &[u8]) {
        for line in bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match str::from_utf8(line).ok().and_then(unescape) {
                Some(line) => self.lines.push(line),
                None => self.spoilt += 1,
            }
        }
    }
}

/// The last bytes of `file`, from the start of a line on.
fn last_bytes(mut file: File) -> io::Result<Vec<u8>> {
    let skipped = file.metadata()?.len().saturating_sub(MOST_READ);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    // It may grow meanwhile, or have no length, like a device.
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    if skipped > 0 {
        let start = bytes.iter().position(|byte| *byte == b'\n');
        bytes.drain(..start.map_or(bytes.len(), |at| at + 1));
    }
    Ok(bytes)
}

/// Whether the last line has no end: whoever wrote it was interrupted.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn escape(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n")
}

/// The line that was escaped; none if none can have been.
fn unescape(escaped: &str) -> Option<String> {
    let mut line = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        line.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                '\\' => '\\',
                _ => return None,
            },
            // The message box has no other.
            c if c.is_control() && c != '\t' => return None,
            c => c,
        });
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    /// A folder of its own for each test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let unique = format!("chatmaster-history-{name}-{}", std::process::id());
            Folder(std::env::temp_dir().join(unique))
        }

        fn history(&self) -> HistoryFile {
            HistoryFile::in_folder(&self.0.join("state"))
        }

        /// With these bytes in the file.
        fn holding(name: &str, bytes: &[u8]) -> Self {
            let folder = Folder::new(name);
            let history = folder.history();
            make_folder(&folder.0.join("state")).expect("there is room");
            fs::write(history.path(), bytes).expect("there is room");
            folder
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn recalled(history: &HistoryFile) -> Recalled {
        history.recall().expect("it can be read")
    }

    fn append(history: &HistoryFile, line: &str) {
        history.append(line).expect("it can be written");
    }

    #[test]
    fn lines_come_back_as_they_were_sent() {
        let folder = Folder::new("lines");
        let history = folder.history();
        assert_eq!(recalled(&history), Recalled::default());
        let lines = ["hello", "two\nlines", "a\\nb \\", "  日本\t🙂 "];
        lines.iter().for_each(|line| append(&history, line));
        assert_eq!(recalled(&history).lines, lines);
        let file = fs::read_to_string(history.path()).expect("it is there");
        assert_eq!(file, "hello\ntwo\\nlines\na\\\\nb \\\\\n  日本\t🙂 \n");
    }

    #[cfg(unix)]
    #[test]
    fn only_their_owner_can_read_the_file_and_its_folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("mode");
        let history = folder.history();
        append(&history, "secret");
        let mode = |path: &Path| {
            let found = fs::metadata(path).expect("it is there");
            found.permissions().mode() & 0o777
        };
        assert_eq!(mode(history.path()), 0o600);
        assert_eq!(mode(&folder.0.join("state")), 0o700);
    }

    #[test]
    fn clients_that_run_at_the_same_time_lose_nothing_of_each_other() {
        const LINES: usize = 200;
        let folder = Folder::new("together");
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let history = folder.history();
                thread::spawn(move || {
                    (0..LINES).for_each(|n| append(&history, &format!("{client} {n}")));
                })
            })
            .collect();
        for client in clients {
            client.join().expect("it does not panic");
        }
        let lines = recalled(&folder.history()).lines;
        for client in 0..4 {
            let own: Vec<_> = lines
                .iter()
                .filter_map(|line| line.strip_prefix(&format!("{client} ")))
                .collect();
            let expected: Vec<_> = (0..LINES).map(|n| n.to_string()).collect();
            assert_eq!(own, expected);
        }
    }

    #[test]
    fn a_full_file_makes_room_and_two_are_all_there_are() {
        let folder = Folder::new("full");
        let history = folder.history();
        let line = "x".repeat(1023);
        // Two full files of 256 lines of 1 KiB, and one line.
        for n in 0..513 {
            append(&history, &format!("{n:03}{}", &line[3..]));
        }
        let lines = recalled(&history).lines;
        assert_eq!(lines.len(), 257);
        assert!(lines[0].starts_with("256x") && lines[256].starts_with("512x"));
        let files = fs::read_dir(folder.0.join("state")).expect("it is there");
        assert_eq!(files.count(), 2);
    }

    #[test]
    fn what_makes_no_sense_is_counted_and_left_out() {
        let folder = Folder::holding("spoilt", b"one\n\xFF\xFE\ntwo\n\x00\nbad \\x\n\nend \\");
        let expected = Recalled {
            lines: vec!["one".into(), "two".into()],
            spoilt: 4,
        };
        assert_eq!(recalled(&folder.history()), expected);
    }

    #[test]
    fn a_torn_line_stays_one_of_its_own() {
        let folder = Folder::holding("torn", b"one\ntw");
        append(&folder.history(), "three");
        assert_eq!(recalled(&folder.history()).lines, ["one", "tw", "three"]);
    }

    #[test]
    fn a_file_of_any_size_is_read_from_its_end_only() {
        let mut bytes = vec![b'x'; 2 * FULL as usize];
        bytes.extend_from_slice(b"\nlast\n");
        let folder = Folder::holding("huge", &bytes);
        assert_eq!(recalled(&folder.history()).lines, ["last"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = Folder::new("unwritable");
        make_folder(&folder.0).expect("there is room");
        fs::write(folder.0.join("state"), "a file").expect("there is room");
        assert!(folder.history().append("x").is_err());
        assert!(folder.history().recall().is_err());
    }

    proptest! {
        #[test]
        fn every_text_of_the_box_survives(text in "[a\\\\n\n\t日🙂 ]{0,20}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains('\n'));
            prop_assert_eq!(unescape(&escaped), Some(text));
        }
    }
}
