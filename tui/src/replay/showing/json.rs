//! Every record as a JSON object on a line of its own.
//!
//! | attribute | of | what |
//! | --- | --- | --- |
//! | `record` | all | the record's number, from 1 |
//! | `time` | all | seconds since the start, with six decimals: of the last input |
//! | `kind` | all | `opened`, `received`, `eof`, `sent`, `closed`, `tick`, `shutdown` (inputs), `emission`, `drained` |
//! | `connection` | inputs but `tick` and `shutdown` | its identifier |
//! | `address` | `opened` | where it came from |
//! | `text` or `hex` | `received`, `emission` | the bytes: as text if they are UTF-8, in hexadecimal digits otherwise |
//! | `count` | `sent` | how many bytes were handed to the network |
//! | `recipients` | `emission` | to how many connections the package was sent |
//! | `digest` | `emission` | of its encoded bytes and its recipients, eight hexadecimal digits |
//! | `outputs` | `drained` | a list of objects: `output` (`pause_read`, `resume_read`, `finish` or `close`), `connection`, and for a close `reason` |
//!
//! Attributes come in this order; later versions may add some at the end. Characters that a reader
//! could not see, or that would drive a terminal, are escaped.

use std::io::{self, Write};
use std::net::IpAddr;

use chatmaster_core::recording::Record;
use chatmaster_core::{CloseReason, ConnId, Hub, Input, Output, Peer, Time};
use serde::Serialize;
use serde_json::value::RawValue;

use super::verify::kind;
use crate::client::line::json::write_line;
use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, rerun};

/// Prints all records of `recording`.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    out: &mut impl Write,
) -> io::Result<Ending> {
    Ok(rerun(recording, &mut Printer { out })?.ending)
}

/// Seconds, as a number in JSON with six decimals.
pub(in crate::replay) fn seconds(time: Time) -> Box<RawValue> {
    RawValue::from_string(time.to_string()).expect("digits with a point are a number")
}

struct Printer<'a, W> {
    out: &'a mut W,
}

#[derive(Serialize)]
struct Line<'a> {
    record: u64,
    time: &'a RawValue,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Vec<Done>>,
}

#[derive(Serialize)]
struct Done {
    output: &'static str,
    connection: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl<W: Write> Observer for Printer<'_, W> {
    fn after(&mut self, _: &Hub, now: Time, entry: &Entry<'_>) -> io::Result<()> {
        let time = seconds(now);
        let mut line = Line {
            record: entry.number,
            time: &time,
            kind: "",
            connection: None,
            address: None,
            text: None,
            hex: None,
            count: None,
            recipients: None,
            digest: None,
            outputs: None,
        };
        match &entry.record {
            Record::Input(_, input) => {
                line.kind = kind(input);
                line.connection = input.conn().map(|ConnId(conn)| conn);
                match *input {
                    Input::Opened(_, Peer(address)) => line.address = Some(address),
                    Input::Received(_, bytes) => line.bytes(bytes),
                    Input::Sent(_, count) => line.count = Some(count),
                    Input::Eof(_) | Input::Closed(_) | Input::Tick | Input::Shutdown => {}
                }
            }
            Record::Emission(emission) => {
                line.kind = "emission";
                line.bytes(&emission.text);
                line.recipients = Some(emission.recipients);
                line.digest = Some(format!("{:08x}", emission.digest));
            }
            Record::Drained(outputs) => {
                line.kind = "drained";
                line.outputs = Some(outputs.iter().copied().map(Done::of).collect());
            }
        }
        write_line(self.out, &line)
    }
}

impl<'a> Line<'a> {
    fn bytes(&mut self, bytes: &'a [u8]) {
        match str::from_utf8(bytes) {
            Ok(text) => self.text = Some(text),
            Err(_) => self.hex = Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

impl Done {
    fn of(output: Output) -> Self {
        let (output, ConnId(connection), reason) = match output {
            Output::Write(conn) => ("write", conn, None),
            Output::PauseRead(conn) => ("pause_read", conn, None),
            Output::ResumeRead(conn) => ("resume_read", conn, None),
            Output::Finish(conn) => ("finish", conn, None),
            Output::Close(conn, reason) => ("close", conn, Some(reason)),
        };
        Done {
            output,
            connection,
            reason: reason.map(|reason: CloseReason| reason.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use chatmaster_tests::story::story;

    #[test]
    fn each_record_is_an_object_on_a_line() {
        let mut out = Vec::new();
        let ending =
            print(&RecordingFiles::of(story().bytes()), &mut out).expect("memory can be written");
        assert_eq!(ending, Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"record":1,"time":0.100000,"kind":"opened","connection":1,"address":"127.0.0.1"}"#
        );
        let objects: Vec<Value> = lines
            .iter()
            .map(|line| serde_json::from_str(line).expect("it is JSON"))
            .collect();
        let of = |kind| objects.iter().filter(move |object| object["kind"] == kind);
        assert_eq!(of("opened").count(), 3);
        assert_eq!(of("received").count(), 16);
        let emission = of("emission").next().expect("there are packages");
        assert_eq!(
            emission["text"],
            r#"{"type":"request","data":{"request":"login"}}"#
        );
        assert_eq!(emission["recipients"], 1);
        let zlib = of("received").find(|object| object["connection"] == 2);
        let zlib = zlib.and_then(|object| object["hex"].as_str());
        assert!(zlib.is_some_and(|hex| hex.starts_with("78")), "{zlib:?}");
        let last = of("drained").next_back().expect("everyone was closed");
        let close = &last["outputs"][0];
        assert_eq!(close["output"], "close");
        assert_eq!(close["connection"], 2);
        assert_eq!(close["reason"], "the server stops");
    }
}
