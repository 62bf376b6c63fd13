//! The connection to a server, beyond a single session.

mod requests;

pub(crate) use requests::{Asker, Delivery, Open, Requests};
