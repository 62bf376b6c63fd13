//! The bytes that a hub holds are counted: each test has a thread of its own.

use chatmaster_tests::memory::Counting;
pub(crate) use chatmaster_tests::memory::{allocated, live};

#[global_allocator]
static ALLOCATOR: Counting = Counting;
