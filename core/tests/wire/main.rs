//! The wire: packages and their bytes.

mod decoder;
mod encoder;
mod packages;
mod steps;
