//! What the hub wants done.

use alloc::collections::VecDeque;

use super::Output;

/// What is to be done. Room that a burst took is given back once it was not needed for a while.
#[derive(Default)]
pub(super) struct Outputs {
    queue: VecDeque<Output>,
    /// The most there were since there were none.
    most: usize,
    /// How often in a row there were few.
    calm: u32,
}

impl Outputs {
    /// Room that is kept in any case: some KiB, for what one message in a large room comes to.
    const KEPT: usize = 256;
    /// How often in a row there must have been few for room to be given back: a burst now and then finds
    /// the room that it took the last time.
    const CALM: u32 = 64;

    #[inline(always)]
    pub(super) fn push_back(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    /// The next one.
    pub(super) fn pop(&mut self) -> Option<Output> {
        self.most = self.most.max(self.queue.len());
        let output = self.queue.pop_front();
        if output.is_none() {
            self.emptied();
        }
        output
    }

    fn emptied(&mut self) {
        let few = core::mem::take(&mut self.most) <= self.queue.capacity() / 4;
        self.calm = if few { self.calm + 1 } else { 0 };
        if self.calm >= Self::CALM && self.queue.capacity() > Self::KEPT {
            let half = self.queue.capacity() / 2;
            self.queue.shrink_to(half.max(Self::KEPT));
            self.calm = 0;
        }
    }
}
