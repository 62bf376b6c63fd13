//! The rooms one was in, kept from one run to the next: the file `rooms` in the platform's state folder. A
//! line of it is a server's address, a tab, and the rooms with tabs between them; no name has a tab in it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::history::make_folder;
use crate::private_file;

/// How many servers are remembered: those that one was at last.
const MAX_SERVERS: usize = 50;
/// Bytes that are read of the file, whatever it has become.
const MOST_READ: u64 = 256 * 1024;

/// The file of the rooms.
pub(super) struct RoomsFile {
    path: PathBuf,
}

impl RoomsFile {
    /// The file in this folder, which need not be there yet.
    pub(super) fn in_folder(folder: &Path) -> Self {
        RoomsFile {
            path: folder.join("rooms"),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The rooms one was in at `server` last.
    ///
    /// # Errors
    /// Why it cannot be read. That there is no file is none.
    pub(super) fn recall(&self, server: &str) -> io::Result<Vec<String>> {
        let text = self.read()?;
        let mut lines = text.lines().map(|line| line.split('\t'));
        let rooms = lines.find_map(|mut words| (words.next() == Some(server)).then_some(words));
        Ok(rooms.into_iter().flatten().map(str::to_owned).collect())
    }

    /// Remembers that one is in these rooms at `server` now. Only their owner can read the file.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn keep(&self, server: &str, rooms: &[String]) -> io::Result<()> {
        let text = self.read()?;
        let of_others = text
            .lines()
            .filter(|line| line.split('\t').next() != Some(server));
        let mut lines: Vec<String> = of_others.map(str::to_owned).collect();
        lines.push([&[server.to_owned()], rooms].concat().join("\t"));
        let gone = lines.len().saturating_sub(MAX_SERVERS);
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        // Whoever reads it meanwhile finds the one or the other, and never half of it.
        let new = self.path.with_extension(process::id().to_string());
        let written = private_file::create_new(&new)
            .and_then(|mut file| file.write_all((lines[gone..].join("\n") + "\n").as_bytes()))
            .and_then(|()| fs::rename(&new, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(MOST_READ).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_rooms_of_each_server_are_there_the_next_time() {
        let folder = env::temp_dir().join(format!("chatmaster-rooms-{}", process::id()));
        let file = RoomsFile::in_folder(&folder.join("deep"));
        let rooms = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let recalled = |server: &str| file.recall(server).expect("it can be read");
        assert_eq!(recalled("one:1"), rooms(&[]), "there is none yet");
        file.keep("one:1", &rooms(&["general", "tea"]))
            .expect("there is room");
        file.keep("two:2", &rooms(&["lair"]))
            .expect("there is room");
        file.keep("one:1", &rooms(&["tea", "日本"]))
            .expect("there is room");
        assert_eq!(recalled("one:1"), rooms(&["tea", "日本"]));
        assert_eq!(recalled("two:2"), rooms(&["lair"]));
        let metadata = fs::metadata(file.path()).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        for n in 0..MAX_SERVERS {
            file.keep(&format!("other:{n}"), &rooms(&["x"]))
                .expect("there is room");
        }
        assert_eq!(recalled("one:1"), rooms(&[]), "only so many are remembered");
        let left: Vec<_> = fs::read_dir(folder.join("deep"))
            .expect("it is there")
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
