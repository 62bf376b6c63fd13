//! Writers of zlib streams that are lent to one client after the other, also of other seeds: to make one takes
//! as long as a client's whole conversation.

use std::cell::RefCell;

use chatmaster_core::testing::wire::{Framing, Writer};

/// A writer for one connection.
pub(super) struct Lent(Option<Writer>);

thread_local! {
    static SPARE: RefCell<Vec<Writer>> = const { RefCell::new(Vec::new()) };
}

impl Lent {
    pub(super) fn new(framing: Framing) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let mut writer = spare.unwrap_or_else(|| Writer::new(framing));
        writer.renew(framing);
        Lent(Some(writer))
    }

    /// The bytes of the package `text`.
    pub(super) fn package(&mut self, text: &str) -> Vec<u8> {
        let writer = self.0.as_mut();
        writer
            .expect("it is given back only when this is dropped")
            .package(text)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        SPARE.with_borrow_mut(|spare| spare.extend(self.0.take()));
    }
}
