//! What can be a name, and which names cannot be told apart.

mod rules;
mod unicode;
