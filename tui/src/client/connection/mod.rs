//! The connection to a server, beyond a single session.

mod requests;

#[cfg_attr(not(feature = "ui"), allow(unused_imports))]
pub(crate) use requests::{Asker, Delivery, Open, Requests};
