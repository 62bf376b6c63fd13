//! Whether a recording replays to the byte, and what there is in it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use chatmaster_core::recording::Record;
use chatmaster_core::{Hub, Input, Time};

use crate::error::tell;
use crate::replay::reading::clock::{Clock, seconds};
use crate::replay::reading::files::{Entry, ReadError, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, Rerun, rerun};
use crate::text::{sanitise, sanitise_lines};

/// Replays `recording`, prints what there was in it, how that went and where it ended, and tells how long
/// it took.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    out: &mut impl Write,
) -> io::Result<Ending> {
    let mut count = Count::default();
    let began = Instant::now();
    let rerun = rerun(recording, &mut count)?;
    let took = began.elapsed();
    report(recording, &count, &rerun, out)?;
    out.flush()?;
    let rate = count.inputs as f64 / took.as_secs_f64().max(1e-6);
    tell(format_args!(
        "replayed in {}, {rate:.0} inputs per second",
        seconds(took)
    ));
    Ok(match rerun.ending {
        // It was said on stdout.
        Ending::Broken(ReadError::Torn { .. }) => Ending::Whole,
        ending => ending,
    })
}

fn report(
    recording: &RecordingFiles,
    count: &Count,
    rerun: &Rerun,
    out: &mut impl Write,
) -> io::Result<()> {
    let header = recording.header();
    let begun = Clock::new(header.start).wall(Time::ZERO);
    let runtime = sanitise(&header.runtime);
    let files = match recording.files() {
        1 => "1 file".into(),
        files => format!("{files} files"),
    };
    let Count {
        records,
        inputs,
        packages,
        messages,
        deliveries,
        connections,
        ..
    } = count;
    writeln!(out, "recording    by {runtime} from {begun}, {files}")?;
    writeln!(out, "records      {records}")?;
    let kinds = count.kinds();
    writeln!(out, "inputs       {inputs}{kinds}")?;
    writeln!(
        out,
        "packages     {packages} (of them {messages} messages), delivered {deliveries} times"
    )?;
    writeln!(
        out,
        "connections  {connections}, at most {} at once",
        count.most
    )?;
    writeln!(
        out,
        "time         {}",
        seconds(rerun.time.since(Time::ZERO))
    )?;
    writeln!(out, "checksum     {:08x}", rerun.checksum)?;
    match &rerun.ending {
        Ending::Whole => writeln!(out, "result       replays to the byte"),
        Ending::Broken(torn @ ReadError::Torn { .. }) => {
            writeln!(out, "result       replays to the byte, up to its end")?;
            writeln!(out, "{}", sanitise(&torn.to_string()))
        }
        Ending::Broken(why) => {
            writeln!(out, "result       replays to the byte, up to here:")?;
            writeln!(out, "{}", sanitise(&why.to_string()))
        }
        Ending::Diverged(failure) => {
            writeln!(out, "result       diverged")?;
            for line in sanitise_lines(&failure.to_string()) {
                writeln!(out, "{line}")?;
            }
            Ok(())
        }
    }
}

/// How much of what there is in a recording.
#[derive(Default)]
struct Count {
    records: u64,
    inputs: u64,
    /// Inputs by kind.
    by_kind: BTreeMap<&'static str, u64>,
    packages: u64,
    messages: u64,
    deliveries: u64,
    connections: u64,
    most: usize,
}

impl Count {
    /// ` (3 opened, 40 received …)`.
    fn kinds(&self) -> String {
        let kinds = self
            .by_kind
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"));
        match kinds.collect::<Vec<_>>() {
            kinds if kinds.is_empty() => String::new(),
            kinds => format!(" ({})", kinds.join(", ")),
        }
    }
}

impl Observer for Count {
    fn after(&mut self, hub: &Hub, _: Time, entry: &Entry<'_>) -> io::Result<()> {
        self.records += 1;
        match &entry.record {
            Record::Input(_, input) => {
                self.inputs += 1;
                *self.by_kind.entry(kind(input)).or_default() += 1;
                if let Input::Opened(..) = input {
                    self.connections += 1;
                    self.most = self.most.max(hub.connections());
                }
            }
            Record::Emission(emission) => {
                self.packages += 1;
                self.deliveries += u64::from(emission.recipients);
                if emission.text.starts_with(br#"{"type":"message""#) {
                    self.messages += 1;
                }
            }
            Record::Drained(_) => {}
        }
        Ok(())
    }
}

/// The name of an input's kind.
pub(in crate::replay) fn kind(input: &Input<'_>) -> &'static str {
    match input {
        Input::Opened(..) => "opened",
        Input::Received(..) => "received",
        Input::Eof(_) => "eof",
        Input::Sent(..) => "sent",
        Input::Closed(_) => "closed",
        Input::Tick => "tick",
        Input::Shutdown => "shutdown",
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::recording::{Header, Recorder};
    use chatmaster_core::{Config, ConnId, Peer, Start};

    use super::*;
    use chatmaster_tests::story::story;

    fn printed(bytes: &[u8]) -> (String, Ending) {
        let mut out = Vec::new();
        let ending = print(&RecordingFiles::of(bytes), &mut out).expect("memory can be written");
        (String::from_utf8(out).expect("text is printed"), ending)
    }

    #[test]
    fn a_good_recording_is_counted_and_said_to_replay() {
        let studio = story();
        let (text, ending) = printed(studio.bytes());
        assert_eq!(ending, Ending::Whole);
        for line in [
            "recording    by test from 2026-11-18 11:06:40.000Z, 1 file",
            "connections  3, at most 3 at once",
            "time         62.100 s",
            "result       replays to the byte",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("(of them 4 messages)"), "{text}");
        assert!(
            text.contains("1 closed, 2 eof, 3 opened, 16 received, "),
            "{text}"
        );
    }

    #[test]
    fn a_difference_is_shown_with_both_sides() {
        let header = Header::new(Config::default(), Start::default(), "test");
        let mut recorder = Recorder::new(header);
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        recorder.input(
            Time::from_micros(7),
            &Input::Opened(ConnId(4), Peer(address)),
        );
        recorder.input(Time::from_micros(9), &Input::Tick);
        let offset = recorder.bytes().len() - (3 + 1 + 1 + 1 + 4);
        let (text, ending) = printed(recorder.bytes());
        assert!(matches!(ending, Ending::Diverged(_)));
        let lines: Vec<_> = text.lines().collect();
        let [.., result, place, expected, actual] = lines[..] else {
            panic!("{text}");
        };
        assert_eq!(result, "result       diverged");
        let here =
            format!("diverged at record 2 (memory byte {offset}), 0.000007 s, connection #4");
        assert_eq!(place, here);
        assert_eq!(expected, "  expected: nothing");
        let request = r#"  actual:   {"type":"request","data":{"request":"login"}} to 1 (digest "#;
        assert!(actual.starts_with(request), "{actual}");
    }
}
