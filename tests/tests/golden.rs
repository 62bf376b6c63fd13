//! Recordings of real servers, kept as they were made: whatever the core becomes, they replay to the
//! byte.
//!
//! They are in `tests/recordings`: a client that keeps to the protocol, on each runtime and in each
//! encoding, doing everything there is and every mistake. When the core's behaviour changes on
//! purpose, look at the first difference this test shows, raise `recording::BEHAVIOUR`, have
//! `Header::hub` go on doing what it did for earlier versions, and add recordings of the new one with
//! `RECORD_ANEW=1 cargo test -p chatmaster-tests --test golden`: the inputs of version 1 are recorded
//! with what they come to now, beside what is there.

use std::path::{Path, PathBuf};

use chatmaster_core::Input;
use chatmaster_core::recording::{BEHAVIOUR, Header, Reader, Record, Recorder, Replay};

#[test]
fn the_recordings_that_are_kept_replay_to_the_byte() {
    for file in recordings() {
        let bytes = std::fs::read(&file).expect("a recording is a file");
        let name = file.display();
        let (header, mut reader) = Reader::open(&bytes).expect("it is a recording");
        let mut replay = Replay::new(&header);
        while let Some(record) = reader.next_record().expect("it is whole") {
            replay
                .take(&record)
                .unwrap_or_else(|divergence| panic!("{name}: {divergence}"));
        }
        replay
            .settled()
            .unwrap_or_else(|divergence| panic!("{name}: {divergence}"));
        assert!(replay.records() > 50, "{name} is a long story");
    }
}

#[test]
fn there_are_recordings_of_every_behaviour() {
    let folder = folder();
    for file in recordings().into_iter().filter(|file| behaviour(file) == 1) {
        let stem = file.file_stem().expect("it has a name").to_string_lossy();
        for version in 2..=BEHAVIOUR {
            let file_of_version = folder.join(format!("{stem}.{version}.rec"));
            if version == BEHAVIOUR && std::env::var_os("RECORD_ANEW").is_some() {
                let bytes = std::fs::read(&file).expect("a recording is a file");
                std::fs::write(&file_of_version, recorded_anew(&bytes)).expect("it can be written");
            }
            assert_eq!(behaviour(&file_of_version), version);
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings")
}

fn recordings() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the recordings are beside the tests")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rec"))
        .collect();
    files.sort();
    assert!(files.len() >= 6, "the recordings are there");
    files
}

fn behaviour(file: &Path) -> u32 {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (header, _) = Reader::open(&bytes).expect("it is a recording");
    header.behaviour
}

/// The same inputs, recorded again with what they come to now. Each write takes all there is.
fn recorded_anew(bytes: &[u8]) -> Vec<u8> {
    let (header, mut reader) = Reader::open(bytes).expect("it is a recording");
    let header = Header::new(header.config, header.start, &header.runtime);
    let mut hub = header.hub();
    hub.trace();
    let mut recorder = Recorder::new(header);
    while let Some(record) = reader.next_record().expect("it is whole") {
        match record {
            Record::Input(now, Input::Sent(id, _)) => {
                let pending: usize = hub.pending(id).map(<[u8]>::len).sum();
                let sent = u32::try_from(pending).expect("a queue is far shorter");
                recorder.handle(&mut hub, now, Input::Sent(id, sent));
            }
            Record::Input(now, input) => recorder.handle(&mut hub, now, input),
            Record::Emission(_) => {}
            Record::Drained(_) => {
                let outputs: Vec<_> = std::iter::from_fn(|| hub.poll_output()).collect();
                recorder.drained(&outputs);
            }
        }
    }
    recorder.bytes().to_vec()
}
