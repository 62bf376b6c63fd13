//! Addresses as people write them: `host`, `host:port`, `[v6]:port` or a bare v6 address.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// The port of the protocol (`core/PROTOCOL.md`, "Packages on the wire").
pub const DEFAULT_PORT: u16 = 9000;
/// Where `chatmaster` looks for a server, and hosts one, when no address is given.
pub const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT);

/// A host, by name or address, and a port on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// Looks the host up: at least one address.
    ///
    /// # Errors
    /// What the operating system says, if it does not know the host.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let found: Vec<_> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        if found.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the host has no address",
            ));
        }
        Ok(found)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = split(text)?;
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => port
                .parse()
                .map_err(|_| format!("{port:?} is not a port; a port is a number up to 65535"))?,
        };
        if host.is_empty() {
            return Err("there is no host; write it like localhost:9000".into());
        }
        if host.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "{host:?} is not a host; write it like 127.0.0.1:{host}"
            ));
        }
        Ok(Address {
            host: host.into(),
            port,
        })
    }
}

/// Splits the port off, and takes the brackets from the host.
fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    let v6 = |host: &str| {
        // The zone after % is the operating system's to judge.
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        address.parse::<Ipv6Addr>().is_ok()
    };
    if let Some(bracketed) = text.strip_prefix('[') {
        let wrong = || format!("{text:?} is not an address; write it like [::1]:9000");
        let (host, rest) = bracketed.split_once(']').ok_or_else(wrong)?;
        if !v6(host) {
            return Err(wrong());
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(wrong()),
        };
    }
    match text.split_once(':') {
        None => Ok((text, None)),
        Some((host, port)) if !port.contains(':') => Ok((host, Some(port))),
        Some(_) if v6(text) => Ok((text, None)),
        Some(_) => Err(format!(
            "{text:?} is not an address; write it like host:9000"
        )),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (text, host, port) in [
            ("localhost", "localhost", 9000),
            ("chat.example.org:9100", "chat.example.org", 9100),
            ("127.0.0.1", "127.0.0.1", 9000),
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("::1", "::1", 9000),
            ("2001:db8::9000", "2001:db8::9000", 9000),
            ("[::1]", "::1", 9000),
            ("[::1]:9100", "::1", 9100),
            ("[fe80::1%eth0]:9100", "fe80::1%eth0", 9100),
            ("fe80::1%eth0", "fe80::1%eth0", 9000),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Address {
                    host: host.into(),
                    port
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            ":9000",
            "9000",
            "host:",
            "host:port",
            "host:65536",
            "host:1:2",
            "[::1",
            "[::1]9000",
            "[host]:9000",
            "::1]:9000",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_shown_with_its_port() {
        for (text, shown) in [
            ("localhost", "localhost:9000"),
            ("::1", "[::1]:9000"),
            ("[::1]:9100", "[::1]:9100"),
        ] {
            let address: Address = text.parse().expect("it is an address");
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn a_numeric_address_resolves_to_itself() {
        let address: Address = "127.0.0.1:9100".parse().expect("it is an address");
        let found = address.resolve().expect("it needs no looking up");
        assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 9100))]);
    }
}
