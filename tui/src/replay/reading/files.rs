//! The files of a recording, read as one.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chatmaster_core::recording::{BEHAVIOUR, Fault, Header, OpenError, Reader, Record};

use crate::error::{CliError, cause};

/// A recording in memory: all its segments, in order.
pub(in crate::replay) struct RecordingFiles {
    segments: Vec<Segment>,
}

struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    header: Header,
}

/// A record, and where it is.
pub(in crate::replay) struct Entry<'a> {
    /// Its number in the recording, from 1.
    pub(in crate::replay) number: u64,
    /// The file it is in.
    pub(in crate::replay) path: &'a Path,
    /// Where it begins in that file.
    pub(in crate::replay) offset: usize,
    pub(in crate::replay) record: Record<'a>,
}

/// Reads the entries of a [`RecordingFiles`], from the first on.
pub(in crate::replay) struct Entries<'a> {
    segments: &'a [Segment],
    /// Which segment is being read.
    at: usize,
    reader: Reader<'a>,
    number: u64,
}

/// Why there are no further entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) enum ReadError {
    /// The recording ends inside a record; what came before is good.
    Torn {
        path: PathBuf,
        offset: usize,
        bytes: usize,
    },
    /// A record is not what was written.
    Damaged { path: PathBuf, offset: usize },
    /// A file ends inside a record, and yet there is a next one.
    Cut {
        path: PathBuf,
        offset: usize,
        next: PathBuf,
    },
    /// A file does not go on where the one before it ends.
    Unchained { path: PathBuf, before: PathBuf },
}

impl ReadError {
    /// Whether only the end of the recording is missing.
    pub(in crate::replay) fn is_torn(&self) -> bool {
        matches!(self, ReadError::Torn { .. })
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Torn {
                path,
                offset,
                bytes,
            } => write!(
                f,
                "torn: {} ends inside a record; its last {bytes} bytes, from byte {offset} on, are \
                 left out",
                path.display()
            ),
            ReadError::Damaged { path, offset } => {
                write!(f, "{} is damaged at byte {offset}", path.display())
            }
            ReadError::Cut { path, offset, next } => write!(
                f,
                "{} is damaged at byte {offset}: it ends inside a record there, and yet {} goes on",
                path.display(),
                next.display()
            ),
            ReadError::Unchained { path, before } => write!(
                f,
                "{} does not go on where {} ends: it is of another recording, or the end of {} is \
                 missing",
                path.display(),
                before.display(),
                before.display()
            ),
        }
    }
}

impl RecordingFiles {
    /// Reads the files, which may be given in any order.
    ///
    /// # Errors
    /// What is missing, foreign, too new or damaged, by name.
    pub(in crate::replay) fn open(paths: &[PathBuf]) -> Result<Self, UnreadableFiles> {
        let segments = paths.iter().map(|path| {
            let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
            Segment::new(path, bytes)
        });
        let segments = segments.collect::<Result<_, _>>()?;
        RecordingFiles::new(segments)
    }

    /// A recording of one file that is in memory already.
    #[cfg(test)]
    pub(in crate::replay) fn of(bytes: &[u8]) -> Self {
        let segment = Segment::new(Path::new("memory"), bytes.to_vec());
        segment
            .and_then(|segment| RecordingFiles::new(vec![segment]))
            .unwrap_or_else(|trouble| panic!("{}", trouble.what()))
    }

    fn new(mut segments: Vec<Segment>) -> Result<Self, UnreadableFiles> {
        segments.sort_by_key(|segment| segment.header.segment);
        for pair in segments.windows(2) {
            let [one, next] = pair else { continue };
            let (path, before) = (next.path.display(), one.path.display());
            if !one.is_of_one_recording_with(next) {
                return Err(UnreadableFiles::failed(format!(
                    "{path} and {before} are of different recordings. Give the files of one."
                )));
            }
            if one.header.segment == next.header.segment {
                return Err(UnreadableFiles::failed(format!(
                    "{path} and {before} are both segment {} of the recording. Give each once.",
                    one.header.segment
                )));
            }
        }
        for (number, segment) in (0..).zip(&segments) {
            if segment.header.segment != number {
                return Err(UnreadableFiles::failed(format!(
                    "segment {number} of the recording is missing: {} is segment {}. Give all \
                     files of the recording, from the first on.",
                    segment.path.display(),
                    segment.header.segment
                )));
            }
        }
        Ok(RecordingFiles { segments })
    }

    /// What the recording says of itself.
    pub(in crate::replay) fn header(&self) -> &Header {
        &self.segments[0].header
    }

    /// The name of its first file.
    #[cfg(feature = "ui")]
    pub(in crate::replay) fn name(&self) -> String {
        let path = &self.segments[0].path;
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// How many files it is in.
    pub(in crate::replay) fn files(&self) -> usize {
        self.segments.len()
    }

    /// A word of warning, if the recording was made by a later core, which may do something else.
    pub(in crate::replay) fn warning(&self) -> Option<String> {
        let behaviour = self.header().behaviour;
        (behaviour > BEHAVIOUR).then(|| {
            format!(
                "{} was made by behaviour version {behaviour} of the core, and this is version \
                 {BEHAVIOUR}: they may differ without a fault",
                self.segments[0].path.display()
            )
        })
    }

    pub(in crate::replay) fn entries(&self) -> Entries<'_> {
        let (_, reader) = Reader::open(&self.segments[0].bytes).expect("it was opened before");
        Entries {
            segments: &self.segments,
            at: 0,
            reader,
            number: 0,
        }
    }
}

impl Segment {
    fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, UnreadableFiles> {
        let header = match Reader::open(&bytes) {
            Ok((header, _)) => header,
            Err(error) => return Err(UnreadableFiles::of(path, error)),
        };
        Ok(Segment {
            path: path.to_owned(),
            bytes,
            header,
        })
    }

    fn is_of_one_recording_with(&self, other: &Segment) -> bool {
        let (one, other) = (&self.header, &other.header);
        one.start == other.start
            && one.runtime == other.runtime
            && one.config == other.config
            && one.behaviour == other.behaviour
    }
}

impl<'a> Entries<'a> {
    /// The next entry; none at the end.
    pub(in crate::replay) fn next(&mut self) -> Result<Option<Entry<'a>>, ReadError> {
        loop {
            let segment = &self.segments[self.at];
            let next = self.segments.get(self.at + 1);
            let offset = self.reader.offset();
            match (self.reader.next_record(), next) {
                (Ok(Some(record)), _) => {
                    self.number += 1;
                    return Ok(Some(Entry {
                        number: self.number,
                        path: &segment.path,
                        offset,
                        record,
                    }));
                }
                (Ok(None), None) => return Ok(None),
                (Ok(None), Some(next)) => {
                    if next.header.chain != self.reader.chain() {
                        return Err(ReadError::Unchained {
                            path: next.path.clone(),
                            before: segment.path.clone(),
                        });
                    }
                    let opened = self.reader.open_next(&next.bytes);
                    self.reader = opened.expect("it was opened before").1;
                    self.at += 1;
                }
                (Err(Fault::Damaged { offset }), _) => {
                    return Err(ReadError::Damaged {
                        path: segment.path.clone(),
                        offset,
                    });
                }
                (Err(Fault::Torn { offset, bytes }), None) => {
                    return Err(ReadError::Torn {
                        path: segment.path.clone(),
                        offset,
                        bytes,
                    });
                }
                (Err(Fault::Torn { offset, .. }), Some(next)) => {
                    return Err(ReadError::Cut {
                        path: segment.path.clone(),
                        offset,
                        next: next.path.clone(),
                    });
                }
            }
        }
    }

    /// The checksum of all that was read, which each record's builds on.
    pub(in crate::replay) fn checksum(&self) -> u32 {
        self.reader.chain()
    }
}

/// Why a recording cannot be opened.
#[derive(Debug)]
pub(in crate::replay) enum UnreadableFiles {
    /// It is not there, or something else, or of another program.
    Failed(String),
    /// Its header is not what was written.
    Damaged(String),
}

impl UnreadableFiles {
    fn failed(what: String) -> Self {
        UnreadableFiles::Failed(what)
    }

    fn of(path: &Path, error: OpenError) -> Self {
        let path = path.display();
        match error {
            OpenError::Foreign => UnreadableFiles::Failed(format!(
                "{path} is not a recording. `chatmaster serve --record` makes some."
            )),
            OpenError::Newer(format) => UnreadableFiles::Failed(format!(
                "{path} is of format {format}, which is newer than this chatmaster. Replay it with \
                 the one that made it."
            )),
            OpenError::Torn => UnreadableFiles::Failed(format!(
                "{path} ends inside its header: nothing was recorded in it. Leave it out."
            )),
            OpenError::Damaged => {
                UnreadableFiles::Damaged(format!("{path} is damaged in its header, from byte 0 on"))
            }
        }
    }

    #[cfg(test)]
    pub(in crate::replay) fn what(&self) -> &str {
        match self {
            UnreadableFiles::Failed(what) | UnreadableFiles::Damaged(what) => what,
        }
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> UnreadableFiles {
    let (CliError::Failed(what) | CliError::Usage(what)) =
        crate::replay::cannot("read", path, &reason(error));
    UnreadableFiles::Failed(what)
}

/// What is wrong with a file, in words.
pub(in crate::replay) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::AlreadyExists => "it exists already, and is not overwritten".into(),
        _ => cause(error),
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::recording::Recorder;
    use chatmaster_core::{Config, Input, Start, Time};

    use super::*;

    /// Three segments of a recording, with a tick and its time in each.
    fn segments(runtime: &str) -> Vec<Vec<u8>> {
        let header = Header::new(Config::default(), Start::default(), runtime);
        let mut recorder = Recorder::new(header);
        let mut segments = Vec::new();
        for second in 1..=3 {
            recorder.input(Time::from_micros(second * 1_000_000), &Input::Tick);
            segments.push(recorder.bytes().to_vec());
            recorder.clear();
            recorder.next_segment();
        }
        segments
    }

    fn recording(segments: &[(&str, &[u8])]) -> Result<RecordingFiles, UnreadableFiles> {
        let segments = segments
            .iter()
            .map(|(path, bytes)| Segment::new(Path::new(path), bytes.to_vec()));
        RecordingFiles::new(segments.collect::<Result<_, _>>()?)
    }

    fn refused(segments: &[(&str, &[u8])]) -> String {
        match recording(segments) {
            Ok(_) => panic!("it opens"),
            Err(trouble) => trouble.what().to_owned(),
        }
    }

    fn read(recording: &RecordingFiles) -> (u64, Option<String>) {
        let mut entries = recording.entries();
        loop {
            match entries.next() {
                Ok(Some(_)) => {}
                Ok(None) => return (entries.number, None),
                Err(why) => return (entries.number, Some(why.to_string())),
            }
        }
    }

    #[test]
    fn segments_are_read_as_one_in_whatever_order_they_are_given() {
        let files = segments("test");
        let recording = recording(&[("c", &files[2]), ("a", &files[0]), ("b", &files[1])]);
        let recording = recording.expect("they belong together");
        let mut entries = recording.entries();
        let mut read = Vec::new();
        while let Some(entry) = entries.next().expect("they are whole") {
            let Record::Input(time, Input::Tick) = entry.record else {
                panic!("there are only ticks");
            };
            read.push((entry.number, entry.path.display().to_string(), time));
        }
        let expected = [
            (1, "a", 1_000_000),
            (2, "b", 2_000_000),
            (3, "c", 3_000_000),
        ]
        .map(|(number, path, time)| (number, path.to_owned(), Time::from_micros(time)));
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_missing_or_does_not_belong_is_named() {
        let files = segments("test");
        let other = segments("other");
        assert_eq!(
            refused(&[("b", &files[1])]),
            "segment 0 of the recording is missing: b is segment 1. Give all files of the \
             recording, from the first on."
        );
        assert_eq!(
            refused(&[("a", &files[0]), ("c", &files[2])]),
            "segment 1 of the recording is missing: c is segment 2. Give all files of the \
             recording, from the first on."
        );
        assert_eq!(
            refused(&[("a", &files[0]), ("x", &files[0])]),
            "x and a are both segment 0 of the recording. Give each once."
        );
        assert_eq!(
            refused(&[("a", &files[0]), ("x", &other[1])]),
            "x and a are of different recordings. Give the files of one."
        );
    }

    #[test]
    fn a_segment_that_lost_its_end_is_told_by_the_next() {
        let files = segments("test");
        // A tick's record: length, check, kind, three bytes of a second's microseconds, checksum.
        let header = files[0].len() - (3 + 1 + 1 + 3 + 4);
        let a = &files[0];
        let shorter =
            recording(&[("a", &a[..header]), ("b", &files[1])]).expect("they look alright");
        let (read_before, why) = read(&shorter);
        assert_eq!(read_before, 0, "the only record was cut off");
        assert_eq!(
            why.as_deref(),
            Some(
                "b does not go on where a ends: it is of another recording, or the end of a is missing"
            )
        );
        let torn =
            recording(&[("a", &a[..a.len() - 1]), ("b", &files[1])]).expect("they look alright");
        let why = format!(
            "a is damaged at byte {header}: it ends inside a record there, and yet b goes on"
        );
        assert_eq!(read(&torn), (0, Some(why)));
        let last = recording(&[("a", &a[..a.len() - 1])]).expect("it looks alright");
        let why = format!(
            "torn: a ends inside a record; its last 11 bytes, from byte {header} on, are left out"
        );
        assert_eq!(read(&last), (0, Some(why)));
    }
}
