//! The same recording with other names, texts and addresses: safe to give away.
//!
//! What clients sent is decoded, [disguised](super::pseudonyms) and [encoded anew](super::reencoder), and
//! goes through a fresh hub that is recorded: digests and packages are those of the new bytes. Times,
//! limits, the order of everything and which connection did it stay. Sizes of what is compressed
//! change, and so do the counts of what was handed to the network: whoever had taken all that was
//! waiting takes all that is waiting, and whoever had taken a part takes the same part of it.
//!
//! A recording at which the core panics is redacted up to and with the input that makes it; one that
//! diverges cannot be, for what the other core would have made of the new bytes nobody knows.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use chatmaster_core::recording::{Header, Record, Recorder};
use chatmaster_core::wire::Inflaters;
use chatmaster_core::{ConnId, Hub, Input, Output, Peer, Time};

use super::pseudonyms::Pseudonyms;
use super::reencoder::Reencoder;
use super::save::save;
use crate::panics::{Panic, caught};
use crate::replay::ReplayError;
use crate::replay::reading::files::{Entry, ReadError, RecordingFiles};
use crate::replay::reading::rerun::{Cause, Ending, Observer, rerun};

/// Writes a redacted `recording` to `path`.
pub(in crate::replay) fn redact(
    recording: &RecordingFiles,
    path: &Path,
    out: &mut impl Write,
) -> Result<Ending, ReplayError> {
    let (bytes, names, ending) = redacted(recording)?;
    match &ending {
        Ending::Whole | Ending::Broken(ReadError::Torn { .. }) => {}
        Ending::Diverged(failure) if matches!(failure.what, Cause::Panic(_)) => {}
        Ending::Broken(_) | Ending::Diverged(_) => return Ok(ending),
    }
    save(path, &bytes)?;
    let path = path.display();
    writeln!(
        out,
        "wrote {path}: {} bytes, {names} names replaced",
        bytes.len()
    )?;
    Ok(ending)
}

/// The bytes of the redacted recording, and how many names there were.
pub(in crate::replay) fn redacted(
    recording: &RecordingFiles,
) -> io::Result<(Vec<u8>, usize, Ending)> {
    let header = recording.header();
    let mut hub = Hub::new(header.config.clone(), header.start);
    hub.trace();
    let fresh = Header::new(header.config.clone(), header.start, &header.runtime);
    let mut redaction = Redactor {
        hub,
        recorder: Recorder::new(fresh),
        outputs: Vec::new(),
        pseudonyms: Pseudonyms::new(),
        // The hub itself decides how many may be open.
        inflaters: Inflaters::new(usize::MAX),
        clients: BTreeMap::new(),
    };
    let rerun = rerun(recording, &mut redaction)?;
    let names = redaction.pseudonyms.names();
    Ok((redaction.recorder.bytes().to_vec(), names, rerun.ending))
}

struct Redactor {
    hub: Hub,
    recorder: Recorder,
    /// What the hub wanted done since the recorded one was last drained.
    outputs: Vec<Output>,
    pseudonyms: Pseudonyms,
    inflaters: Inflaters,
    clients: BTreeMap<ConnId, Reencoder>,
}

impl Observer for Redactor {
    fn before(&mut self, recorded: &Hub, entry: &Entry<'_>) -> ControlFlow<()> {
        match &entry.record {
            Record::Input(time, input) => {
                // If it panics, so will the recorded one over it; that is the ending.
                let _ = self.input(recorded, *time, input);
            }
            Record::Emission(_) => {}
            Record::Drained(_) => {
                let mut outputs = std::mem::take(&mut self.outputs);
                outputs.retain(|output| match *output {
                    Output::Close(..) => true,
                    Output::Write(conn)
                    | Output::PauseRead(conn)
                    | Output::ResumeRead(conn)
                    | Output::Finish(conn) => self.hub.is_open(conn),
                });
                self.recorder.drained(&outputs);
            }
        }
        ControlFlow::Continue(())
    }
}

impl Redactor {
    fn input(&mut self, recorded: &Hub, time: Time, input: &Input<'_>) -> Result<(), Panic> {
        let bytes;
        let input = match *input {
            Input::Opened(conn, Peer(address)) => {
                Input::Opened(conn, Peer(self.pseudonyms.address(address)))
            }
            Input::Received(conn, old) => {
                let max = self.hub.config().max_package_bytes;
                let client = self
                    .clients
                    .entry(conn)
                    .or_insert_with(|| Reencoder::new(max));
                bytes = client.bytes(&mut self.inflaters, &mut self.pseudonyms, old);
                Input::Received(conn, &bytes)
            }
            Input::Sent(conn, count) => {
                let waiting = |hub: &Hub| hub.pending(conn).map(<[u8]>::len).sum::<usize>() as u64;
                let (old, new) = (waiting(recorded), waiting(&self.hub));
                let count = (new * u64::from(count))
                    .checked_div(old)
                    .unwrap_or(0)
                    .min(new);
                Input::Sent(conn, u32::try_from(count).unwrap_or(u32::MAX))
            }
            Input::Closed(conn) => {
                self.forget(conn);
                Input::Closed(conn)
            }
            Input::Eof(_) | Input::Tick | Input::Shutdown => *input,
        };
        let (hub, recorder, outputs) = (&mut self.hub, &mut self.recorder, &mut self.outputs);
        let begin = outputs.len();
        caught(|| {
            recorder.handle(hub, time, input);
            while let Some(output) = hub.poll_output() {
                if !matches!(output, Output::Write(_)) {
                    outputs.push(output);
                }
            }
        })?;
        for at in begin..self.outputs.len() {
            if let Output::Close(conn, _) = self.outputs[at] {
                self.forget(conn);
            }
        }
        Ok(())
    }

    fn forget(&mut self, conn: ConnId) {
        if let Some(mut client) = self.clients.remove(&conn) {
            client.release(&mut self.inflaters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::showing::transcript;
    use chatmaster_tests::story::story;

    /// What is told of a recording, after the times.
    fn told(bytes: &[u8]) -> Vec<String> {
        let mut out = Vec::new();
        let ending =
            transcript::print(&RecordingFiles::of(bytes), &mut out).expect("memory can be written");
        assert_eq!(ending, Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        text.lines()
            .map(|line| line[13 + 2 + 24 + 2..].to_owned())
            .collect()
    }

    #[test]
    fn the_story_is_the_same_with_other_names_and_words_and_replays() {
        let recording = RecordingFiles::of(story().bytes());
        let (bytes, names, ending) = redacted(&recording).expect("nothing is written");
        assert_eq!((names, ending), (5, Ending::Whole));
        let told = told(&bytes);
        let expected = [
            "#1 connects from 127.0.0.1",
            "#1 aaaaa logs in",
            "#1 aaaaa joins general",
            "#2 connects from 198.18.0.0",
            "#2 aaa logs in",
            "#2 aaa joins general",
            "#3 connects from ::1",
            "#3 bbbbb logs in",
            "#3 bbbbb joins general",
            "#1 aaaaa in general: xxxxx xxxxxxxx",
            "#2 aaa leaves general",
            "#2 aaa joins aaaa",
            "#3 bbbbb leaves general",
            "#3 bbbbb joins aaaa",
            "#2 aaa hides aaaa",
            "#2 aaa in aaaa: xxx xxxxxx xxxx",
            "#3 bbbbb in aaaa: xxxxxxxxxx ␛[xx",
            "#1 aaaaa error: join: Channel is private.",
            "#1 aaaaa in general (to nobody): xx xxxxxx xxxx?",
            "#1 aaaaa is aaaaaa now",
        ];
        assert_eq!(told[..expected.len()], expected);
        assert_eq!(told.len(), 31, "{told:?}");
    }

    #[test]
    fn nothing_of_what_was_said_is_left() {
        let (bytes, _, _) =
            redacted(&RecordingFiles::of(story().bytes())).expect("nothing is written");
        let mut json = Vec::new();
        crate::replay::showing::json::print(&RecordingFiles::of(&bytes), &mut json)
            .expect("memory can be written");
        let all = [bytes, json].concat();
        for word in [
            "alice",
            "alicia",
            "bob",
            "carol",
            "lair",
            "hello",
            "secret",
            "nonsense",
            "203.0.113",
        ] {
            let found = all
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!found, "{word}");
        }
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let (once, _, _) =
            redacted(&RecordingFiles::of(story().bytes())).expect("nothing is written");
        let (twice, _, _) = redacted(&RecordingFiles::of(&once)).expect("nothing is written");
        assert_eq!(told(&once), told(&twice));
    }
}
