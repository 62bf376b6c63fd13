//! What a server's limits imply: how much memory it can come to take, and what for.

use chatmaster_core::{Config, MemoryShare};

use crate::limits::flag;
use crate::units::{Bytes, roughly};

/// What the program itself takes.
const PROGRAM: usize = 16 << 20;
/// What a runtime keeps for each connection beside the core.
const CONNECTION: usize = 1024;

/// All that a server with these limits can come to take, the largest part first.
fn shares(config: &Config) -> Vec<MemoryShare> {
    let runtime = MemoryShare {
        what: "program and sockets",
        bytes: PROGRAM.saturating_add(config.max_connections.saturating_mul(CONNECTION)),
        fields: &["max_connections"],
    };
    let mut shares = Vec::from(config.memory_shares());
    shares.push(runtime);
    shares.sort_by_key(|share| std::cmp::Reverse(share.bytes));
    shares
}

fn sum(config: &Config) -> usize {
    let add = |sum: usize, share: MemoryShare| sum.saturating_add(share.bytes);
    shares(config).into_iter().fold(0, add)
}

/// What the limits imply, in a line.
pub(crate) fn in_a_line(config: &Config) -> String {
    let largest = shares(config).remove(0);
    format!(
        "limits: at most {} connections and {} of memory, {} of it {}",
        config.max_connections,
        roughly(sum(config)),
        roughly(largest.bytes),
        largest.what,
    )
}

/// Whether a server with these limits never takes more memory than `most`.
///
/// # Errors
/// A sentence that says how much it may come to, what for, and what to lower.
pub(crate) fn check(config: &Config, most: Bytes) -> Result<(), String> {
    let sum = sum(config);
    if sum <= most.0 {
        return Ok(());
    }
    let largest: Vec<String> = shares(config)
        .into_iter()
        .filter(|share| share.bytes >= sum / 20 && !share.fields.is_empty())
        .map(|share| {
            let flags: Vec<String> = share.fields.iter().map(|field| flag(field)).collect();
            let flags = flags.join(", ");
            format!("{} {} ({flags})", roughly(share.bytes), share.what)
        })
        .collect();
    let next = match fitting_connections(config, most) {
        Some(connections) => {
            format!("They fit with --max-connections {connections}, or less of these.")
        }
        None => "Lower these, whatever --max-connections is.".into(),
    };
    Err(format!(
        "these limits allow {} of memory, more than --memory-max {most}: {}. {next}",
        roughly(sum),
        largest.join(", "),
    ))
}

/// How many connections fit into `most` with the other limits as they are.
fn fitting_connections(config: &Config, most: Bytes) -> Option<usize> {
    let fits = |max_connections| {
        let config = Config {
            max_connections,
            ..config.clone()
        };
        sum(&config) <= most.0
    };
    let (mut good, mut bad) = (0, config.max_connections);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    (good > 0).then_some(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_allow_too_much_are_refused_with_what_takes_most_and_what_would_fit() {
        let config = Config::default();
        let refusal = check(&config, Bytes(1 << 30)).expect_err("it is less than they allow");
        let largest = "more than --memory-max 1GiB: 24.4 GiB input that waits (--backlog-bytes, \
                       --max-connections), ";
        assert!(refusal.starts_with("these limits allow "), "{refusal}");
        assert!(refusal.contains(largest), "{refusal}");
        let (_, fits) = refusal
            .split_once("They fit with --max-connections ")
            .expect("it says what would fit");
        let digits = fits.split(',').next().unwrap_or_default();
        let max_connections = digits.parse().expect("it is a number");
        let with = |max_connections| Config {
            max_connections,
            ..config.clone()
        };
        assert_eq!(check(&with(max_connections), Bytes(1 << 30)), Ok(()));
        assert!(check(&with(max_connections + 1), Bytes(1 << 30)).is_err());
        assert_eq!(check(&config, Bytes(sum(&config))), Ok(()));
        assert!(check(&config, Bytes(sum(&config) - 1)).is_err());
    }

    #[test]
    fn limits_of_which_no_number_of_connections_fits_name_what_is_too_much() {
        let refusal = check(&Config::default(), Bytes(64 << 20)).expect_err("the queues take more");
        assert!(
            refusal.ends_with("Lower these, whatever --max-connections is."),
            "{refusal}"
        );
    }
}
