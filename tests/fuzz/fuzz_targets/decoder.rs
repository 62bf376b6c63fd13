#![no_main]

#[global_allocator]
static ALLOCATOR: chatmaster_tests::memory::Counting = chatmaster_tests::memory::Counting;

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatmaster_tests::fuzz::decoder(data));
