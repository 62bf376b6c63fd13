//! How many bytes this thread has allocated and not freed: each test has a thread of its own. Not every
//! test needs all of it.

#![allow(dead_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Bytes that are allocated now. Only differences mean something: what one thread allocates another
/// may free.
pub(crate) fn live() -> isize {
    LIVE.get()
}

/// Bytes that this thread has allocated ever, freed or not.
pub(crate) fn allocated() -> usize {
    ALLOCATED.get()
}

/// The most bytes that were allocated at a time since this was asked before.
pub(crate) fn peak() -> isize {
    PEAK.replace(LIVE.get())
}

fn count(bytes: isize) {
    // A thread that is ending allocates without being counted.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
    let allocated = usize::try_from(bytes).unwrap_or(0);
    let _ = ALLOCATED.try_with(|all| all.set(all.get() + allocated));
}

// SAFETY: all is done by the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to `alloc_zeroed`'s contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: `pointer` came from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}
