//! What the frames of a connection are.

use crate::wire::{Encoding, Version};

/// Which version of the protocol, and how encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Format(u8);

impl Format {
    pub(super) const COUNT: usize = 4;

    pub(super) fn new(version: Version, encoding: Encoding) -> Self {
        Format(encoding as u8 | (version as u8) << 1)
    }

    #[inline(always)]
    pub(super) fn index(self) -> usize {
        usize::from(self.0 & 3)
    }

    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        *self = Format::new(self.version(), encoding);
    }

    pub(super) fn set_version(&mut self, version: Version) {
        *self = Format::new(version, self.encoding());
    }

    pub(super) fn encoding(self) -> Encoding {
        if self.0 & 1 == Encoding::Plain as u8 {
            Encoding::Plain
        } else {
            Encoding::Zlib
        }
    }

    pub(super) fn version(self) -> Version {
        if self.0 & 2 == 0 {
            Version::One
        } else {
            Version::Two
        }
    }
}
