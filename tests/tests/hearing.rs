//! Members that all read hear everything, in whatever pieces it is sent, whoever reads in fits and
//! starts, and though the server is stopped and continued: over sockets, on both runtimes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::strategies::{Splitting, splitting};
use chatmaster_core::testing::packages::{login, message};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};
use chatmaster_tests::history::{field, kind, parse};
use chatmaster_tests::process::Process;
use chatmaster_tests::world::{PATIENCE, Runtime, Server};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// How long a member that is to hear more may hear nothing.
const SILENCE: Duration = Duration::from_secs(15);

/// Someone in the room, who says and hears.
#[derive(Clone, Debug)]
struct Member {
    framing: Framing,
    bursts: Vec<Burst>,
    /// Milliseconds without reading, before the first reads.
    pauses: Vec<u64>,
}

/// Messages that are sent without a pause.
#[derive(Clone, Debug)]
struct Burst {
    count: usize,
    /// The length of each text.
    bytes: usize,
    pieces: Splitting,
    /// Milliseconds before it.
    after: u64,
}

impl Member {
    /// Says so many messages of so many bytes in one write, and reads all the time.
    fn at_once(count: usize, bytes: usize) -> Self {
        Member {
            framing: Framing::Plain,
            bursts: vec![Burst {
                count,
                bytes,
                pieces: Splitting::Whole,
                after: 0,
            }],
            pauses: Vec::new(),
        }
    }

    /// How many messages it says.
    fn words(&self) -> usize {
        self.bursts.iter().map(|burst| burst.count).sum()
    }
}

/// A text that begins with its number, and does not get shorter by compression.
fn text(number: usize, bytes: usize) -> String {
    let mut noise = number as u32;
    let noise = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + 4 + (noise >> 26) as u8)
    });
    let number = format!("{number} ");
    number
        .chars()
        .chain(noise.map(|char| if char == '\\' { '~' } else { char }))
        .take(bytes.max(number.len()))
        .collect()
}

/// Lets the members talk, `meanwhile` being done, until each has heard all that the others said, once and in
/// each sender's order.
///
/// # Panics
/// If one does not.
fn everyone_hears(address: SocketAddr, members: &[Member], meanwhile: impl FnOnce()) {
    let streams: Vec<_> = (members.iter().enumerate())
        .map(|(at, member)| log_in(address, at, member.framing))
        .collect();
    let begin = &Barrier::new(members.len());
    // Nobody leaves before all have heard all: to hear that would be one package more.
    let done = &Barrier::new(members.len());
    thread::scope(|scope| {
        let mut hearing = Vec::new();
        for (at, ((stream, writer, reader), member)) in streams.into_iter().zip(members).enumerate()
        {
            let mut listener = stream.try_clone().expect("there are descriptors");
            scope.spawn(move || {
                let bursts = bursts(writer, member);
                begin.wait();
                say(stream, &bursts, member);
            });
            hearing.push(scope.spawn(move || {
                let heard = hear(&mut listener, reader, at, members);
                done.wait();
                heard
            }));
        }
        meanwhile();
        for (at, heard) in hearing.into_iter().enumerate() {
            let heard = heard.join().expect("a listener does not panic");
            if let Err(instead) = heard {
                panic!("m{at} hears {instead}");
            }
        }
    });
}

fn log_in(address: SocketAddr, at: usize, framing: Framing) -> (TcpStream, Writer, Reader) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket has options");
    let timeouts = stream
        .set_read_timeout(Some(SILENCE))
        .and(stream.set_write_timeout(Some(PATIENCE)));
    timeouts.expect("a socket has options");
    let mut writer = Writer::new(framing);
    let login = writer.package(&login(&format!("m{at}")));
    stream.write_all(&login).expect("the server reads");
    let mut reader = Reader::default();
    while !next(&mut stream, &mut reader)
        .expect("the login is answered")
        .contains("user_joined")
    {}
    (stream, writer, reader)
}

/// The next package.
fn next(stream: &mut TcpStream, reader: &mut Reader) -> Result<String, String> {
    let mut bytes = [0; 16 * 1024];
    loop {
        if let Some(package) = reader.next_package() {
            return Ok(package.text);
        }
        match stream.read(&mut bytes) {
            Ok(0) => return Err("the end".into()),
            Ok(count) => reader.feed(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err("nothing any more".into());
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The bytes of each burst.
fn bursts(mut writer: Writer, member: &Member) -> Vec<Vec<u8>> {
    let mut numbers = 0..;
    let burst = |burst: &Burst| {
        let numbers = numbers.by_ref().take(burst.count);
        numbers
            .flat_map(|number| writer.package(&message(&text(number, burst.bytes))))
            .collect()
    };
    member.bursts.iter().map(burst).collect()
}

fn say(mut stream: TcpStream, bursts: &[Vec<u8>], member: &Member) {
    for (burst, bytes) in member.bursts.iter().zip(bursts) {
        thread::sleep(Duration::from_millis(burst.after));
        for piece in burst.pieces.pieces(bytes) {
            if stream.write_all(piece).is_err() {
                // The end of the connection is for the listener to tell.
                return;
            }
        }
    }
}

/// Hears all that the others say.
///
/// # Errors
/// What comes instead.
fn hear(
    stream: &mut TcpStream,
    mut reader: Reader,
    at: usize,
    members: &[Member],
) -> Result<(), String> {
    let mut pauses = members[at].pauses.iter();
    let mut heard = vec![0; members.len()];
    let missing = |heard: &[usize]| {
        (members.iter().enumerate())
            .filter(|(other, _)| *other != at)
            .map(|(other, member)| member.words() - heard[other])
            .sum::<usize>()
    };
    while missing(&heard) > 0 {
        if let Some(pause) = pauses.next() {
            thread::sleep(Duration::from_millis(*pause));
        }
        let package = next(stream, &mut reader)
            .map_err(|instead| format!("{instead}, and misses {} messages", missing(&heard)))?;
        let package = parse(&package);
        if kind(&package) == "user_joined" {
            continue;
        }
        let expected = (0..members.len()).find(|other| {
            kind(&package) == "message" && field(&package, "username") == format!("m{other}")
        });
        let Some(sender) = expected else {
            return Err(format!("{package}"));
        };
        let number = field(&package, "message").split(' ').next();
        if number != Some(&heard[sender].to_string()) {
            return Err(format!("m{sender}'s {number:?} after {}", heard[sender]));
        }
        heard[sender] += 1;
    }
    Ok(())
}

#[test]
fn members_who_say_29_messages_of_2500_bytes_in_one_write_hear_each_other() {
    at_once(3, 2500);
}

#[test]
fn members_who_say_29_messages_of_4000_bytes_in_one_write_hear_each_other() {
    at_once(5, 4000);
}

/// With the default limits; again and again, for what comes together is a matter of luck.
fn at_once(members: usize, bytes: usize) {
    for runtime in Runtime::ALL {
        for _ in 0..8 {
            let server = Server::start(runtime, Config::default());
            let members = vec![Member::at_once(29, bytes); members];
            everyone_hears(server.address(), &members, || ());
        }
    }
}

/// Ten members whose words flood control spreads over seconds, while the server is stopped for some of
/// them: what has become due by then is more than one turn takes, and more than one queue.
#[cfg(unix)]
#[test]
fn members_hear_each_other_though_the_server_is_stopped_and_continued() {
    let member = Member::at_once(45, 4000);
    thread::scope(|scope| {
        for runtime in Runtime::ALL {
            let member = member.clone();
            scope.spawn(move || {
                let server = Process::start_limited(env!("CARGO_BIN_EXE_server"), runtime);
                everyone_hears(server.address(), &vec![member; 10], || {
                    for millis in [100, 900, 50] {
                        thread::sleep(Duration::from_millis(150));
                        server.stop();
                        thread::sleep(Duration::from_millis(millis));
                        server.go_on();
                    }
                });
            });
        }
    });
}

fn member() -> impl Strategy<Value = Member> {
    let bytes = prop_oneof![1..200_usize, 2000..4096_usize];
    let burst =
        (1..12_usize, bytes, splitting(), 0..30_u64).prop_map(|(count, bytes, pieces, after)| {
            Burst {
                count,
                bytes,
                // Not byte by byte: that is for shorter ones.
                pieces: if count * bytes > 20_000 {
                    Splitting::Whole
                } else {
                    pieces
                },
                after,
            }
        });
    let pauses = prop_oneof![3 => Just(Vec::new()), 2 => vec(0..60_u64, 1..5)];
    (select(&Framing::ALL[..]), vec(burst, 0..4), pauses).prop_map(|(framing, bursts, pauses)| {
        Member {
            framing,
            bursts,
            pauses,
        }
    })
}

/// A room that waits longer than its readers pause, whose queues are a few dozen packages long.
fn config() -> impl Strategy<Value = Config> {
    select(&[64, 256][..]).prop_map(|kib: usize| Config {
        lag_pause: Duration::from_millis(100),
        send_queue_bytes: kib * 1024,
        message_rate: 100,
        ..Config::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        // Each step waits for what does not come.
        max_shrink_iters: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn members_that_all_read_hear_everything_whatever_is_sent_and_however_it_is_split(
        members in vec(member(), 2..6),
        config in config(),
    ) {
        for runtime in Runtime::ALL {
            let server = Server::start(runtime, config.clone());
            everyone_hears(server.address(), &members, || ());
        }
    }
}
