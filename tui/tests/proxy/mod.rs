//! A network between a client and a server, which a test can cut. Not every test needs all of it.

#![allow(dead_code)]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long anything may take. Far more than it does, so that a busy machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A listener on loopback that passes on what comes to a server.
pub(crate) struct Proxy {
    pub(crate) address: String,
    network: Arc<Network>,
}

#[derive(Default)]
struct Network {
    /// The ends of all connections so far: the client's and the server's.
    connections: Mutex<Vec<(TcpStream, TcpStream)>>,
    connected: Condvar,
    /// Whether what is sent is lost, both ways.
    swallows: AtomicBool,
    /// Whether anything was that a client sent.
    swallowed: (Mutex<bool>, Condvar),
}

impl Proxy {
    /// A network that leads to `server`.
    pub(crate) fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let address = listener.local_addr().expect("it is bound").to_string();
        let network = Arc::new(Network::default());
        let (there, shared) = (server.to_owned(), network.clone());
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                // If the server is gone, so is the client's connection.
                let _ = join(client, &there, &shared);
            }
        });
        Proxy { address, network }
    }

    /// Loses what clients and the server send from now on.
    pub(crate) fn swallow(&self) {
        self.network.swallows.store(true, Ordering::SeqCst);
    }

    /// Waits until there were so many connections.
    pub(crate) fn wait_for_connections(&self, count: usize) {
        let too_few = |connections: &mut Vec<_>| connections.len() < count;
        let waited =
            self.network
                .connected
                .wait_timeout_while(self.network.lock(), PATIENCE, too_few);
        let (connections, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(connections.len() >= count, "no client connects");
    }

    /// Waits until something was kept.
    pub(crate) fn wait_until_swallowed(&self) {
        let (swallowed, changed) = &self.network.swallowed;
        let swallowed = swallowed.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(swallowed, PATIENCE, |swallowed| !*swallowed);
        let (swallowed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(*swallowed, "nothing comes from a client");
    }

    /// Cuts the connections of the clients, of which the server does not hear. New ones are as good as
    /// new.
    pub(crate) fn cut(&self) {
        for (client, _) in self.network.lock().iter() {
            // It may be closed already.
            let _ = client.shutdown(Shutdown::Both);
        }
        self.network.swallows.store(false, Ordering::SeqCst);
    }

    /// Has the server hear that the first connection is gone.
    pub(crate) fn bury(&self) {
        if let Some((_, server)) = self.network.lock().first() {
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

impl Network {
    /// Whether what a client has sent now is kept.
    fn swallows(&self) -> bool {
        let swallows = self.swallows.load(Ordering::SeqCst);
        if swallows {
            let (swallowed, changed) = &self.swallowed;
            *swallowed.lock().unwrap_or_else(PoisonError::into_inner) = true;
            changed.notify_all();
        }
        swallows
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(TcpStream, TcpStream)>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn join(client: TcpStream, server: &str, network: &Arc<Network>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let pair = (client.try_clone()?, server.try_clone()?);
    network.lock().push(pair);
    network.connected.notify_all();
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let shared = network.clone();
    thread::spawn(move || {
        copy(&mut from, &mut to, || shared.swallows());
    });
    let (mut from, mut to) = (server, client);
    let shared = network.clone();
    thread::spawn(move || {
        // What is lost is lost both ways.
        copy(&mut from, &mut to, || {
            shared.swallows.load(Ordering::SeqCst)
        });
        // The client hears of the server's end; of the client's the server does not.
        let _ = to.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// Passes on what comes until one of the ends is closed, but for what is swallowed.
fn copy(from: &mut TcpStream, to: &mut TcpStream, swallows: impl Fn() -> bool) {
    let mut bytes = [0; 4096];
    while let Ok(count) = from.read(&mut bytes)
        && count > 0
    {
        if !swallows() && to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}
