//! CRC32C, the checksum of recordings and of what is sent.

use crc::{CRC_32_ISCSI, Crc, Table};

/// CRC32C. Recordings are checked whole, and so a large table, which takes sixteen bytes at once, pays.
pub(crate) static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
