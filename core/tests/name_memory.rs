//! What names hold in memory, against what is promised.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chatmaster_core::RoomName;
use chatmaster_core::names::Claims;

/// What is allocated, as a usual allocator counts it: sixteen bytes for itself, in steps of sixteen.
static HELD: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn block(layout: Layout) -> usize {
    (layout.size() + 16).next_multiple_of(16)
}

// SAFETY: what is asked for is asked of the system; counting does not touch it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(block(layout), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block_at: *mut u8, layout: Layout) {
        HELD.fetch_sub(block(layout), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block_at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn claims_hold_no_more_than_they_say() {
    // The longest skeletons there are, in ascending order, which fills a tree least.
    for (letter, most) in [('\u{1023}', RoomName::MAX_CHARS), ('\u{1023}', 8)] {
        let names: Vec<RoomName> = (0..500)
            .map(|number| {
                let number = format!("{number:04}");
                let name = format!("{number}{}", String::from(letter).repeat(most - 4));
                RoomName::parse(&name).expect("it is a name")
            })
            .collect();
        let before = HELD.load(Relaxed);
        let mut claims = Claims::<u32>::default();
        let mut taken = 0;
        for (slot, name) in (0..).zip(&names) {
            taken += usize::from(claims.claim(name, slot).is_ok());
        }
        let held = HELD.load(Relaxed) - before;
        let bound = taken * Claims::<u32>::most_bytes(most);
        assert_eq!(taken, names.len());
        assert!(held <= bound, "{held} of {bound}");
        assert!(held * 2 > bound, "{held} is nowhere near {bound}");
        for name in &names {
            claims.release(name);
        }
        drop(claims);
        assert_eq!(HELD.load(Relaxed), before, "nothing is left");
    }
}
