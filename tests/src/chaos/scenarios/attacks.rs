//! Work that costs an attacker little and a server much.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Account, Ground, account};
use crate::chaos::talk::{all_at_once, hear, hear_of, pour, reset};
use crate::process::Client;
use chatmaster_core::testing::packages::{command, joined, left, login, message};

/// 64 strangers send packages of 14.8 KB that are 1,300 blocks of nothing each, and come again when
/// they are closed.
pub(super) fn zlib_floods(ground: &mut Ground) -> Account {
    const ATTACKERS: usize = 64;
    let package = blocks(1300, &message("x"));
    let time = ground
        .form
        .pick(Duration::from_secs(10), Duration::from_secs(2));
    let address = ground.server.address();
    let over = AtomicBool::new(false);
    let poured = thread::scope(|scope| {
        let attackers = scope.spawn(|| {
            all_at_once(ATTACKERS, |_| {
                let mut poured = 0;
                while !over.load(Ordering::Relaxed) {
                    let client = Client::connect(address);
                    poured += pour(&client, &package, &over);
                    reset(client);
                }
                poured
            })
        });
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        attackers.join().expect("an attacker fails at nothing")
    });
    let sum: usize = poured.iter().sum();
    account(
        format!(
            "{sum} packages of {} bytes in 1,300 blocks by {ATTACKERS} in {time:?}",
            package.len()
        ),
        String::new(),
    )
}

/// A zlib stream of so many empty blocks with Huffman tables of their own, and `text` in a last one
/// (RFC 1951, 3.2.7).
fn blocks(count: usize, text: &str) -> Vec<u8> {
    let mut bits = Bits::default();
    for _ in 0..count {
        // Not the last block, dynamic; 257 literal codes, 1 distance code, 18 code length codes.
        bits.put(0b100, 3);
        bits.put(0, 5);
        bits.put(0, 5);
        bits.put(14, 4);
        // In the order of the format: 16, 17, 18, 0, 8, …, 14, 1. 18 is `1`, and 1 is `0`.
        for place in 0..18 {
            bits.put(u32::from(place == 2 || place == 17), 3);
        }
        // 138 and 118 literals have no code; the end of the block has one of one bit; so has the distance.
        bits.put(1, 1);
        bits.put(138 - 11, 7);
        bits.put(1, 1);
        bits.put(118 - 11, 7);
        bits.put(0, 1);
        bits.put(0, 1);
        // The end of the block.
        bits.put(0, 1);
    }
    // The last one, stored.
    bits.put(0b001, 3);
    let mut bytes = vec![0x78, 0x9c];
    bytes.extend(bits.bytes);
    let length = text.len() as u16;
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(text.as_bytes());
    let (low, high) = text.bytes().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    bytes.extend((high << 16 | low).to_be_bytes());
    bytes
}

/// Bits, the least one of each byte first. The last byte is filled up with zeros.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many there are.
    count: usize,
}

impl Bits {
    fn put(&mut self, value: u32, bits: usize) {
        for bit in 0..bits {
            let place = self.count % 8;
            if place == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().expect("there is one") |= ((value >> bit & 1) as u8) << place;
            self.count += 1;
        }
    }
}

/// Strangers and users begin a zlib stream and say no more, more of them than there are inflaters.
pub(super) fn inflater_holders(ground: &mut Ground) -> Account {
    /// Of each; two of three have sent enough to need one. Users alone do not hold them all: they keep
    /// theirs while only strangers wait.
    const COUNT: usize = 20;
    let address = ground.server.address();
    let begin = |mut client: Client, bytes: &[u8]| {
        client.send_bytes(bytes);
        client
    };
    // A byte, a header, and the beginning of a block.
    let begins: [&[u8]; 3] = [&[0x78], &[0x78, 0x9c], &[0x78, 0x9c, 0xab, 0x56]];
    let strangers: Vec<Client> = (0..COUNT)
        .map(|number| begin(Client::connect(address), begins[number % 3]))
        .collect();
    let users: Vec<Client> = (0..COUNT)
        .map(|number| {
            begin(
                ground.log_in(&format!("holder-{number}-x")),
                begins[number % 3],
            )
        })
        .collect();
    // The witnesses and the newcomers compress what they say meanwhile.
    thread::sleep(
        ground
            .form
            .pick(Duration::from_secs(8), Duration::from_secs(3)),
    );
    drop((strangers, users));
    account(
        format!("{COUNT} strangers and {COUNT} users hold 16 inflaters"),
        String::new(),
    )
}

/// Many log in, rename themselves, and go in and out of rooms, again and again. Each command is answered,
/// in order.
pub(super) fn storms(ground: &mut Ground) -> Account {
    let (count, rounds) = ground.form.pick((32, 8), (8, 2));
    let renamed = |from: &str, to: &str| {
        let data =
            format!(r#""event_type":"user_rename","old_username":"{from}","new_username":"{to}""#);
        format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
    };
    all_at_once(count, |number| {
        let room = format!("storm-{number}");
        let away = command("join", "channel", &room);
        let home = r#"{"type":"command","data":{"command":"leave"}}"#;
        let list = r#"{"type":"command","data":{"command":"users"}}"#;
        for round in 0..rounds {
            let [first, second] = ["a", "b"].map(|end| format!("{room}-{round}-{end}"));
            let [taken, rename] =
                ["witness-0", &second].map(|name| command("rename", "username", name));
            let mut client = ground.server.connect();
            client.send(&login("witness-0"));
            client.send(&login(&first));
            client.send(&[&away, home, list, &taken, &rename, &away, home].concat());
            hear_of(&mut client, r#""data":{"status":false"#);
            hear_of(&mut client, r#""data":{"status":true"#);
            hear(&mut client, &joined(&first, &room));
            hear(&mut client, &left(&first, &room));
            hear(&mut client, &joined(&first, "general"));
            hear_of(&mut client, r#""event_type":"user_list""#);
            hear_of(&mut client, r#""error_type":"rename""#);
            hear(&mut client, &renamed(&first, &second));
            hear(&mut client, &joined(&second, &room));
            hear(&mut client, &left(&second, &room));
            hear(&mut client, &joined(&second, "general"));
        }
    });
    let sum = count * rounds;
    account(
        format!("{sum} × 2 logins and 7 commands, {count} at the same time"),
        format!("{} answers, in order", sum * 9),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatmaster_core::testing::wire::Reader;

    #[test]
    fn blocks_of_nothing_are_a_valid_package() {
        let package = blocks(1300, &message("x"));
        assert!(
            (14_000..16_000).contains(&package.len()),
            "{}",
            package.len()
        );
        let mut reader = Reader::default();
        reader.feed(&package);
        let text = reader.next_package().map(|package| package.text);
        assert_eq!(text, Some(message("x")));
    }
}
