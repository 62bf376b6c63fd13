//! A peer that speaks plain JSON, and knows nothing else.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use chatmaster_core::{Config, Encoding};
use chatmaster_tests::world::PATIENCE;

/// A configuration for peers that read lines.
pub(crate) fn plain() -> Config {
    Config {
        encoding: Encoding::Plain,
        ..Config::default()
    }
}

/// A connection that writes packages as plain JSON, and reads lines.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Peer {
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Peer { stream, reader }
    }

    /// Connects, and takes the login request.
    pub(crate) fn greeted(address: SocketAddr) -> Self {
        let mut peer = Peer::over(TcpStream::connect(address).unwrap());
        peer.expect(r#""request":"login""#);
        peer
    }

    /// Connects, logs in, and enters the general room.
    pub(crate) fn named(address: SocketAddr, name: &str) -> Self {
        let mut peer = Peer::greeted(address);
        peer.send(&login(name));
        peer.expect(r#""status":true"#);
        peer.expect("user_joined");
        peer
    }

    pub(crate) fn send(&mut self, package: &str) {
        self.stream.write_all(package.as_bytes()).unwrap();
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.send(&message(text));
    }

    pub(crate) fn command(&mut self, command: &str) {
        self.send(&format!(
            r#"{{"type":"command","data":{{"command":"{command}"}}}}"#
        ));
    }

    pub(crate) fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next line; none at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.reader.read_line(&mut line).unwrap();
        (count > 0).then_some(line)
    }

    /// Takes the next line, which has this in it.
    #[track_caller]
    pub(crate) fn expect(&mut self, part: &str) -> String {
        let line = self.line().expect("a line");
        assert!(line.contains(part), "expected {part}, got {line}");
        line
    }

    /// Takes lines up to the first that has this in it.
    pub(crate) fn skip_to(&mut self, part: &str) -> String {
        loop {
            let line = self.line().expect("a line");
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn rest(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }
}

pub(crate) fn login(name: &str) -> String {
    format!(
        r#"{{"type":"command","data":{{"command":"login","parameters":{{"username":"{name}"}}}}}}"#
    )
}

pub(crate) fn message(text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}"}}}}"#)
}
