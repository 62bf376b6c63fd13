//! What is counted for each address: its connections, and how fast it connects, logs in and renames.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;

use super::CloseReason;
use super::gcra::{Arrival, Quota};
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::time::Time;

/// What has a rate for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// To open a connection.
    Connect,
    /// To send a package before the login, which mostly is one.
    LogIn,
    /// To ask for another name.
    Rename,
}

impl Limited {
    const COUNT: usize = 3;
}

/// The addresses of connections, and those that had some lately.
pub(super) struct Addresses {
    behaviour: Behaviour,
    most: usize,
    quotas: [Quota; Limited::COUNT],
    known: BTreeMap<IpAddr, Known>,
    /// Those without connections, by when nothing has to be known of them any more.
    past: BTreeSet<(Time, IpAddr)>,
}

#[derive(Default)]
struct Known {
    connections: usize,
    arrivals: [Arrival; Limited::COUNT],
}

impl Known {
    /// When nothing has to be known of it any more.
    fn recovered(&self) -> Time {
        let caught_up = self.arrivals.iter().map(|arrival| arrival.caught_up());
        caught_up.max().unwrap_or(Time::ZERO)
    }
}

/// Addresses without connections that are remembered for their rates: a few megabytes, however many
/// somebody has. Behind each of them came a connection, so that there are seldom as many.
pub(crate) const MAX_PAST: usize = 16 * 1024;

impl Addresses {
    pub(super) fn new(behaviour: Behaviour, config: &Config) -> Self {
        let most = config.max_connections_per_address;
        // All who may be connected, and once more when all of them have lost their connections.
        let burst = u32::try_from(most.saturating_mul(2)).unwrap_or(u32::MAX);
        Addresses {
            behaviour,
            most,
            quotas: [config.connect_rate, config.login_rate, config.rename_rate]
                .map(|rate| Quota::of(rate, burst)),
            known: BTreeMap::new(),
            past: BTreeSet::new(),
        }
    }

    /// Counts one more connection from `address`.
    ///
    /// # Errors
    /// Why there may be none now.
    pub(super) fn admit(&mut self, address: IpAddr, now: Time) -> Result<(), CloseReason> {
        self.forget(now);
        let quota = self.quotas[Limited::Connect as usize];
        let key = self.counted(address);
        // Who is not known has neither connections nor spent anything.
        let fresh = Known::default();
        let known = self.known.get(&key).unwrap_or(&fresh);
        if known.connections >= self.most {
            return Err(CloseReason::AddressFull);
        }
        if known.arrivals[Limited::Connect as usize]
            .ready(quota, now)
            .is_err()
        {
            return Err(CloseReason::AddressRate);
        }
        if known.connections == 0 {
            self.past.remove(&(known.recovered(), key));
        }
        let known = self.known.entry(key).or_default();
        known.connections += 1;
        known.arrivals[Limited::Connect as usize].spend(quota, now, 1);
        Ok(())
    }

    /// Counts one connection from `address` less.
    pub(super) fn leave(&mut self, address: IpAddr, now: Time) {
        let key = self.counted(address);
        if let Some(known) = self.known.get_mut(&key) {
            known.connections -= 1;
            if known.connections == 0 {
                self.past.insert((known.recovered(), key));
            }
        }
        self.forget(now);
    }

    /// Whether `address` may do this now.
    ///
    /// # Errors
    /// From when on, if not.
    pub(super) fn ready(&self, address: IpAddr, what: Limited, now: Time) -> Result<(), Time> {
        let known = self.known.get(&self.counted(address));
        known.map_or(Ok(()), |known| {
            known.arrivals[what as usize].ready(self.quotas[what as usize], now)
        })
    }

    /// `address`, which has a connection, does this.
    pub(super) fn spend(&mut self, address: IpAddr, what: Limited, now: Time) {
        let key = self.counted(address);
        if let Some(known) = self.known.get_mut(&key) {
            known.arrivals[what as usize].spend(self.quotas[what as usize], now, 1);
        }
    }

    /// Drops what has to be known no more, and the first of it where it is too much.
    fn forget(&mut self, now: Time) {
        while let Some(&(recovered, key)) = self.past.first()
            && (recovered <= now || self.past.len() > MAX_PAST)
        {
            self.past.pop_first();
            self.known.remove(&key);
        }
    }

    /// What `address` is counted as. A customer has a /64 of IPv6 at least; but all neighbours of a
    /// server have one link-local network between them.
    pub(super) fn counted(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V6(v6)
                if self.behaviour.counts_ipv6_by_network() && !v6.is_unicast_link_local() =>
            {
                let network = v6.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(network.into())
            }
            address => address,
        }
    }

    /// Panics where it does not agree with the addresses of all connections that count.
    pub(super) fn check_invariants(&self, counted: impl Iterator<Item = IpAddr>) {
        let mut connections = BTreeMap::new();
        for address in counted {
            *connections.entry(self.counted(address)).or_default() += 1;
        }
        let mut past = 0;
        for (key, known) in &self.known {
            let count: usize = connections.remove(key).unwrap_or(0);
            assert_eq!(
                known.connections, count,
                "the connections of {key} are counted"
            );
            assert!(count <= self.most, "an address is bounded");
            if count == 0 {
                past += 1;
                assert!(
                    self.past.contains(&(known.recovered(), *key)),
                    "an address without connections is forgotten in time"
                );
            }
        }
        assert!(connections.is_empty(), "every address is known");
        assert_eq!(self.past.len(), past, "nothing else is to be forgotten");
        assert!(past <= MAX_PAST, "few addresses are remembered");
    }
}
