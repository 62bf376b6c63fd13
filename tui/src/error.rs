//! What goes wrong, in words: what failed, on what, and what to try.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::text::sanitise;

/// Why `chatmaster` ends without having done what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CliError {
    /// A connection was lost or refused, or something could not be had.
    Failed(String),
    /// It was asked in a way that makes no sense.
    Usage(String),
}

impl CliError {
    /// The exit status that tells a script.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Failed(_) => ExitCode::from(1),
            CliError::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::Failed(what) | CliError::Usage(what) => f.write_str(what),
        }
    }
}

/// Tells the user something beside what the program prints: a line on stderr.
pub fn tell(what: impl fmt::Display) {
    // Nobody is left to be told if this fails.
    let _ = writeln!(io::stderr(), "chatmaster: {}", sanitise(&what.to_string()));
}

/// An error of the operating system in plain words, to follow a colon.
pub fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the address is already in use".into(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::ConnectionRefused => "nobody is listening there".into(),
        io::ErrorKind::TimedOut => "there was no answer".into(),
        io::ErrorKind::HostUnreachable => "the host cannot be reached".into(),
        io::ErrorKind::NetworkUnreachable => "the network cannot be reached".into(),
        _ => {
            // "Something went wrong (os error 42)": the number helps nobody act.
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or(&text);
            words
                .strip_prefix("failed to lookup address information: ")
                .unwrap_or(words)
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_in_words_without_numbers() {
        for (error, words) in [
            (
                io::Error::from(io::ErrorKind::ConnectionRefused),
                "nobody is listening there",
            ),
            (
                io::Error::from_raw_os_error(98),
                "the address is already in use",
            ),
            (io::Error::from_raw_os_error(24), "Too many open files"),
            (
                io::Error::other("failed to lookup address information: Name or service not known"),
                "Name or service not known",
            ),
        ] {
            assert_eq!(cause(&error), words);
        }
    }
}
