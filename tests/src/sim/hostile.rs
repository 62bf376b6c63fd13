//! What nobody in good faith sends.

use std::sync::OnceLock;

use super::rng::Rng;
use super::writers::Lent;
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::Framing;

/// A way to be a nuisance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Logs in like anybody.
    LogIn,
    /// Says something like anybody, many times over.
    Flood,
    /// Sends noise.
    Noise,
    /// Sends packages with some bytes changed.
    Mutated,
    /// Sends a zlib stream that inflates to far more than a package may have.
    Bomb,
    /// Sends a string that does not end.
    Endless,
    /// Opens more braces than anyone closes.
    Deep,
    /// Opens a zlib stream and sends a part of it.
    OpenStream,
    /// Sends what only the server sends, unknown commands, and parameters that are missing.
    Nonsense,
    /// Sends a part of a package.
    Part,
}

impl Attack {
    const ALL: [(u64, Attack); 10] = [
        (12, Attack::LogIn),
        (4, Attack::Flood),
        (2, Attack::Noise),
        (6, Attack::Mutated),
        (2, Attack::Bomb),
        (1, Attack::Endless),
        (1, Attack::Deep),
        (3, Attack::OpenStream),
        (6, Attack::Nonsense),
        (2, Attack::Part),
    ];

    /// Any of them.
    pub fn draw(rng: &mut Rng) -> Self {
        rng.weighed(&Self::ALL).expect("some weigh something")
    }

    /// Its bytes, from the attacker of that number.
    pub fn bytes(self, rng: &mut Rng, number: usize) -> Vec<u8> {
        let framing = rng.pick(&[Framing::Plain, Framing::Zlib]);
        let mut writer = Lent::new(framing);
        match self {
            Attack::LogIn => writer.package(&login(&format!("h{number}"))),
            Attack::Flood => {
                let said = message(&format!("hostile {}", "y".repeat(rng.below(60) as usize)));
                let times = rng.scaled(1..=60);
                writer.package(&said).repeat(times as usize)
            }
            Attack::Noise => (0..rng.scaled(1..=3000))
                .map(|_| rng.word() as u8)
                .collect(),
            Attack::Mutated => {
                let mut bytes = writer.package(&login(&format!("h{number}")));
                bytes.extend(writer.package(&message("hostile")));
                bytes.extend(writer.package(&command("join", "channel", "den")));
                for _ in 0..rng.within(1..=4) {
                    let at = rng.below(bytes.len() as u64) as usize;
                    match rng.below(3) {
                        0 => bytes[at] ^= 1 << rng.below(8),
                        1 => bytes.insert(at, rng.word() as u8),
                        _ => drop(bytes.remove(at)),
                    }
                }
                bytes
            }
            Attack::Bomb => bomb().to_vec(),
            Attack::Endless => {
                let mut bytes = br#"{"type":"message","data":{"message":""#.to_vec();
                bytes.resize(rng.scaled(64..=40_000) as usize, b'z');
                bytes
            }
            Attack::Deep => br#"{"a":"#.repeat(rng.within(30..=40) as usize),
            Attack::OpenStream => {
                let mut bytes = Lent::new(Framing::Stream).package(&login(&format!("h{number}")));
                bytes.truncate(rng.within(1..=bytes.len() as u64) as usize);
                bytes
            }
            Attack::Nonsense => {
                let texts = [
                    r#"{"type":"request","data":{"request":"login"}}"#,
                    r#"{"type":"error","data":{"error_type":"x","message":"y"}}"#,
                    r#"{"type":"command","data":{"command":"fly"}}"#,
                    r#"{"type":"command","data":{"command":"join"}}"#,
                    r#"{"type":"command","data":{"command":"rename","parameters":{"username":7}}}"#,
                    r#"{"type":"command","data":{"command":"leave","parameters":null}}"#,
                    r#"{"type":"command","data":{"command":"channel_list"}}"#,
                    r#"{"type":"message","data":{"message":""}}"#,
                    r#"{"type":"message"}"#,
                    "{}",
                ];
                writer.package(rng.pick(&texts))
            }
            Attack::Part => {
                let mut bytes = writer.package(&message("hostile and never heard"));
                bytes.truncate(rng.within(1..=bytes.len() as u64 - 1) as usize);
                bytes
            }
        }
    }
}

/// Half a megabyte in half a kilobyte; made once, for it takes its time.
fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| Lent::new(Framing::Zlib).package(&message(&"x".repeat(500_000))))
}
