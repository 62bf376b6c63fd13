#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatmaster::client::app::fuzz::editor(data));
