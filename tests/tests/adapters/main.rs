//! What the adapters do, on each runtime alike: the same tests, once for each.

/// Has each of these tests run on both runtimes.
macro_rules! on_both_runtimes {
    ($($(#[$attribute:meta])* $test:ident,)*) => {
        mod mio {
            $(#[test] $(#[$attribute])* fn $test() { super::$test(super::Runtime::Mio); })*
        }
        mod smol {
            $(#[test] $(#[$attribute])* fn $test() { super::$test(super::Runtime::Smol); })*
        }
    };
}

mod client;
mod machine;
mod peer;
mod server;
