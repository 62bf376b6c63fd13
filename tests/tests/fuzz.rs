//! The fuzz targets of the core, on their corpus and what derives from it (`tests/fuzz/README.md`).

use chatmaster_tests::fuzz::corpus::replay;
use chatmaster_tests::fuzz::{decoder, hub_bytes, hub_operations, recording, session};
use chatmaster_tests::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_decoder_takes_anything() {
    replay("decoder", decoder, 3000);
}

#[test]
fn a_hub_takes_any_operations() {
    replay("hub_operations", hub_operations, 200);
}

#[test]
fn a_hub_takes_any_bytes() {
    replay("hub_bytes", hub_bytes, 200);
}

#[test]
fn a_session_takes_anything() {
    replay("session", session, 1000);
}

#[test]
fn a_recordings_reader_takes_anything() {
    replay("recording", recording, 3000);
}
