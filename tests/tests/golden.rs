//! Recordings of real servers, kept as they were made: whatever the core becomes, they replay to the
//! byte.
//!
//! They are in `tests/recordings`: a client that keeps to the proposal, on each runtime and in each
//! encoding, doing everything there is and every mistake. When the core's behaviour changes on
//! purpose, look at the first difference this test shows, raise `recording::BEHAVIOUR`, and renew them
//! with `RENEW_RECORDINGS=1 cargo test -p chatmaster-tests --test golden`: the same inputs are recorded
//! again. Then look at what git says has changed.

use std::path::PathBuf;

use chatmaster_core::Hub;
use chatmaster_core::recording::{Header, Reader, Record, Recorder, Replay};

#[test]
fn the_recordings_that_are_kept_replay_to_the_byte() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the recordings are beside the tests")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rec"))
        .collect();
    files.sort();
    assert!(files.len() >= 6, "the recordings are there");
    for file in files {
        let bytes = std::fs::read(&file).expect("a recording is a file");
        if std::env::var_os("RENEW_RECORDINGS").is_some() {
            std::fs::write(&file, renewed(&bytes)).expect("a recording can be renewed");
            continue;
        }
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

/// The same inputs, recorded again with what they come to now.
fn renewed(bytes: &[u8]) -> Vec<u8> {
    let (header, mut reader) = Reader::open(bytes).expect("it is a recording");
    let header = Header::new(header.config, header.start, &header.runtime);
    let mut hub = Hub::new(header.config.clone(), header.start);
    hub.trace();
    let mut recorder = Recorder::new(header);
    while let Some(record) = reader.next_record().expect("it is whole") {
        match record {
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
