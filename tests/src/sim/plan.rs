//! Swarm testing (Groce and others, 2012): each seed draws what exists in its world, so that no
//! feature is always drowned out by the others.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chatmaster_core::{Config, Encoding};

use super::rng::Rng;
use chatmaster_core::testing::wire::Framing;

/// What a seed's world is like. Times are in microseconds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The hub's limits.
    pub config: Config,
    /// How the server's adapter behaves.
    pub host: HostPlan,
    /// How the network behaves.
    pub net: NetPlan,
    /// How many clients there are at a time, if nothing keeps them away.
    pub population: usize,
    /// How often a place in the population is filled.
    pub arrival_gap: u64,
    /// How many of a thousand clients are hostile.
    pub hostile: u64,
    /// How many of a thousand users speak version 2.
    pub newer: u64,
    /// How often one of their connections breaks or hangs.
    pub snap_gap: u64,
    /// Whether the server remembers all that is said.
    pub keeps_all: bool,
    /// How many of a thousand are in no hurry to log in.
    pub shy: u64,
    /// How users speak.
    pub framings: Vec<Framing>,
    /// What users do, by weight.
    pub deeds: Vec<(u64, Deed)>,
    /// The longest time between two things a user does.
    pub think: u64,
    /// How many things a user does at once at most.
    pub hurry: u64,
    /// How many of a thousand names are those that others want too.
    pub contested: u64,
    /// Whether names are as long as they may be.
    pub long_names: bool,
    /// Whether each user goes to a room of its own at first, so that there are many.
    pub scattered: bool,
    /// What goes wrong, by weight.
    pub faults: Vec<(u64, Fault)>,
    /// The longest time between two things that go wrong.
    pub fault_gap: u64,
    /// How long what goes wrong stays so at most.
    pub fault_span: u64,
    /// Where clients come from.
    pub addresses: Vec<IpAddr>,
}

/// How the server's adapter behaves, within what the hub allows.
#[derive(Clone, Debug)]
pub struct HostPlan {
    /// How long it takes at most to wake.
    pub delay: u64,
    /// Bytes of one read at most.
    pub read: u64,
    /// How many of a thousand reads are of one byte.
    pub tiny: u64,
    /// Reads from one connection before another's turn.
    pub reads: u64,
    /// Bytes of one write at most.
    pub write: u64,
    /// How many of a thousand inputs are followed by a drain of the outputs.
    pub drain: u64,
    /// How many of a thousand closed connections still have something to say.
    pub late: u64,
    /// Whether what is ready is taken in any order.
    pub shuffled: bool,
    /// Whether it finds out that a peer has hung up also while it does not read from it.
    pub hears_hang_up: bool,
}

/// How the network behaves when nothing is wrong with it.
#[derive(Clone, Debug)]
pub struct NetPlan {
    /// The longest time that bytes take.
    pub latency: u64,
    /// Bytes that one way holds.
    pub capacity: usize,
    /// Bytes that travel together at most.
    pub segment: u64,
}

/// Something that a user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Says something short.
    Say,
    /// Says something of any length up to what fits.
    SayLong,
    /// Takes another name.
    Rename,
    /// Goes to a room.
    Join,
    /// Goes back.
    Leave,
    /// Hides the room.
    Private,
    /// Shows it.
    Public,
    /// Asks for the rooms.
    Channels,
    /// Asks who is here.
    Users,
    /// Waits for all that was asked.
    Sync,
    /// Leaves for good.
    Quit,
}

impl Deed {
    const ALL: [Deed; 11] = [
        Deed::Say,
        Deed::SayLong,
        Deed::Rename,
        Deed::Join,
        Deed::Leave,
        Deed::Private,
        Deed::Public,
        Deed::Channels,
        Deed::Users,
        Deed::Sync,
        Deed::Quit,
    ];
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A connection breaks.
    Reset,
    /// A client is gone without a word.
    Vanish,
    /// A client ends what it sends, and goes on reading.
    HalfClose,
    /// A client closes without reading what has come.
    RudeClose,
    /// A client stops reading.
    Stall,
    /// A client reads little at a time.
    Slow,
    /// Nothing gets through to a client or from it for some time.
    Hold,
    /// The server's clock jumps ahead.
    ClockForward,
    /// The server's clock goes back.
    ClockBack,
    /// Many connect at once.
    Storm,
    /// The server is told to stop.
    Shutdown,
}

impl Fault {
    const ALL: [(u64, Fault); 11] = [
        (6, Fault::Reset),
        (6, Fault::Vanish),
        (6, Fault::HalfClose),
        (4, Fault::RudeClose),
        (20, Fault::Stall),
        (8, Fault::Slow),
        (6, Fault::Hold),
        (3, Fault::ClockForward),
        (3, Fault::ClockBack),
        (2, Fault::Storm),
        (2, Fault::Shutdown),
    ];
}

const KIB: usize = 1024;

impl Plan {
    /// The world of `seed`.
    pub fn draw(seed: u64) -> Self {
        let rng = &mut Rng::stream(seed, "plan");
        let many = rng.chance(100);
        let mut config = if many { roomy(rng) } else { config(rng) };
        let rates = &mut Rng::stream(seed, "rates");
        config.connect_rate = rates.pick(&[0, 1, 10]);
        config.login_rate = rates.pick(&[0, 1, 10]);
        config.rename_rate = rates.pick(&[0, 1, 10]);
        let seats = &mut Rng::stream(seed, "seats");
        let newer = if many { 0 } else { seats.pick(&[0, 700, 950]) };
        let keeps_all = seats.chance(750);
        if keeps_all {
            config.history_messages = 1_000_000;
            config.history_bytes = 1 << 30;
            config.total_history_bytes = 1 << 30;
        } else {
            config.history_messages = seats.pick(&[0, 3, 200]);
            config.history_bytes = seats.pick(&[1, 64]) * KIB;
        }
        config.resume_window = Duration::from_millis(seats.pick(&[0, 300, 5_000, 60_000, 60_000]));
        config.max_user_rooms = seats.pick(&[1, 2, 20]);
        config.max_room_list = seats.pick(&[1, 100]);
        let snap_gap = seats.scaled(10_000..=2_000_000);
        config.lag_limit = Duration::from_millis(rates.pick(&[10, 1000, 10_000]));
        let host = HostPlan {
            delay: rng.scaled(1..=5_000),
            // More than a backlog takes must not be read at once: see `Config::backlog_bytes`.
            read: rng
                .scaled(16..=64 * KIB as u64)
                .min(config.backlog_bytes as u64),
            tiny: rng.pick(&[0, 0, 100, 900]),
            reads: rng.pick(&[1, 2, 8]),
            write: rng.scaled(256..=256 * KIB as u64),
            drain: rng.pick(&[0, 200, 1000]),
            late: rng.pick(&[0, 200]),
            shuffled: rng.chance(500),
            hears_hang_up: rng.chance(500),
        };
        let net = NetPlan {
            latency: rng.scaled(10..=60_000),
            capacity: rng.pick(&[KIB, KIB, 4 * KIB, 32 * KIB]),
            segment: rng.scaled(64..=16 * KIB as u64),
        };
        let mut deeds: Vec<(u64, Deed)> = Deed::ALL
            .into_iter()
            .filter(|deed| *deed == Deed::Say || rng.chance(700))
            .map(|deed| (1, deed))
            .collect();
        for (weight, deed) in &mut deeds {
            *weight = match deed {
                Deed::Say => rng.within(4..=40),
                Deed::Quit => 1,
                _ => rng.within(1..=10),
            };
        }
        let faults = Fault::ALL.into_iter().filter(|_| rng.chance(450)).collect();
        let all = Framing::ALL;
        let mut framings: Vec<Framing> = all.into_iter().filter(|_| rng.chance(600)).collect();
        if framings.is_empty() {
            framings.push(rng.pick(&all));
        }
        let home = IpAddr::from(Ipv4Addr::LOCALHOST);
        let away = |last| IpAddr::from(Ipv4Addr::new(203, 0, 113, last));
        Plan {
            config,
            host,
            net,
            population: if many {
                60
            } else {
                rng.within(2..=14) as usize
            },
            arrival_gap: if many {
                3_000
            } else {
                rng.scaled(1_000..=300_000)
            },
            hostile: rng.pick(&[0, 0, 100, 400]),
            newer,
            snap_gap,
            keeps_all,
            shy: rng.pick(&[0, 0, 300]),
            framings,
            deeds,
            think: rng.scaled(5_000..=1_500_000),
            hurry: rng.pick(&[1, 3, 12, 40]),
            contested: rng.pick(&[0, 200, 800]),
            long_names: many || rng.chance(100),
            scattered: many,
            faults,
            fault_gap: rng.scaled(20_000..=2_000_000),
            fault_span: rng.scaled(10_000..=8_000_000),
            addresses: rng
                .pick(&[&[home][..], &[home, away(7), away(8)], &[away(7), away(8)]][..])
                .to_vec(),
        }
    }
}

impl Plan {
    /// Whether a few queues together may reach the bound of all.
    pub fn is_tight(&self) -> bool {
        self.config.total_queue_bytes < 8 * self.config.send_queue_bytes
    }
}

/// Limits that keep nobody away, and let lists take little.
fn roomy(rng: &mut Rng) -> Config {
    Config {
        send_queue_bytes: Config::MIN_SEND_QUEUE_BYTES,
        total_queue_bytes: 1024 * Config::MIN_SEND_QUEUE_BYTES,
        max_connections: 100_000,
        max_connections_per_address: 100_000,
        max_rooms: 10_000,
        max_inflaters: 8192,
        message_rate: 0,
        ..config(rng)
    }
}

fn config(rng: &mut Rng) -> Config {
    let send_queue_bytes = rng.pick(&[8, 8, 8, 16, 64]) * KIB;
    let max_package_bytes = rng.pick(&[512, 1024, 4 * KIB, 16 * KIB]);
    Config {
        encoding: rng.pick(&Encoding::ALL),
        max_package_bytes,
        max_message_bytes: rng.pick(&[40, 300, 4096]),
        login_timeout: Duration::from_micros(rng.scaled(200_000..=30_000_000)),
        login_tries: rng.within(1..=5) as u32,
        send_queue_bytes,
        total_queue_bytes: send_queue_bytes * rng.pick(&[1, 1, 2, 4, 1000]),
        backlog_bytes: max_package_bytes.max(rng.pick(&[512, 4 * KIB, 64 * KIB])),
        max_connections: rng.pick(&[3, 12, 100_000, 100_000]),
        max_connections_per_address: rng.pick(&[1, 3, 64, 64]),
        max_inflaters: rng.pick(&[1, 2, 8192, 8192]),
        max_rooms: rng.pick(&[1, 2, 4, 10_000, 10_000]),
        message_rate: rng.pick(&[0, 0, 5, 50, 1000]),
        message_burst: rng.pick(&[1, 4, 30]),
        lag_pause: Duration::from_millis(rng.pick(&[0, 2, 2, 50])),
        linger: Duration::from_micros(rng.scaled(50_000..=5_000_000)),
        // The oracle goes by what members of a room see of each other.
        announce_limit: 0,
        stream_grace: Duration::from_millis(rng.pick(&[0, 10, 2_000])),
        login_burst: rng.pick(&[1, 10]),
        package_work: rng.pick(&[0, 700, 16 * KIB, 16 * KIB]),
        ..Config::default()
    }
}
