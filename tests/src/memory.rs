//! How many bytes a thread has allocated and not freed. For a binary that has the allocator:
//!
//! ```
//! use chatmaster_tests::memory::{Counting, live};
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting;
//!
//! let before = live();
//! let held = vec![0_u8; 1000];
//! assert_eq!(live() - before, 1000);
//! # drop(held);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with an account for each thread.
pub struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that this thread has allocated and not freed. Only differences mean something: what one
/// thread allocates another may free. Always 0 in a binary without [`Counting`].
pub fn live() -> isize {
    LIVE.get()
}

/// The most of them at a time since this was asked before.
pub fn peak() -> isize {
    PEAK.replace(LIVE.get())
}

/// Bytes that this thread has allocated ever, freed or not.
pub fn allocated() -> usize {
    ALLOCATED.get()
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
