//! Whatever happens to a hub with tight limits, in whatever order, its invariants hold.

use std::time::Duration;

use chatmaster_core::Config;
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::{ClientId, Harness};
use proptest::prelude::*;

/// Something that one of four clients does, or that happens to it.
#[derive(Clone, Debug)]
enum Act {
    Send(String),
    Split(String, usize),
    Stall,
    Resume,
    HangUp,
    Close,
    Connect,
    Wait(u64),
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let name = prop::sample::select(vec!["a", "A", "b", "c", "d e", "\u{430}"]);
    let text = prop_oneof![
        3 => name.clone().prop_map(login),
        3 => name.clone().prop_map(|name| command("join", "channel", name)),
        2 => name.prop_map(|name| command("rename", "username", name)),
        4 => prop::sample::select(vec!["leave", "private", "public", "channels", "users", "fly"])
            .prop_map(|name| format!(r#"{{"type":"command","data":{{"command":"{name}"}}}}"#)),
        4 => (0..3000_usize).prop_map(|long| message(&"x".repeat(long))),
        1 => Just("nonsense".to_string()),
    ];
    let act = prop_oneof![
        12 => text.clone().prop_map(Act::Send),
        3 => (text, 1..60_usize).prop_map(|(text, at)| Act::Split(text, at)),
        2 => Just(Act::Stall),
        2 => Just(Act::Resume),
        1 => Just(Act::HangUp),
        1 => Just(Act::Close),
        3 => Just(Act::Connect),
        2 => (0..8_000_000_u64).prop_map(Act::Wait),
    ];
    (0..4_usize, act)
}

proptest! {
    /// Whatever happens, the hub's invariants hold after every input ([`Harness`] checks them), and
    /// when all have gone it holds nothing of anyone.
    #[test]
    fn nothing_that_happens_breaks_an_invariant(acts in prop::collection::vec(act(), 1..120)) {
        let config = Config {
            send_queue_bytes: 8 * 1024,
            total_queue_bytes: 20 * 1024,
            max_rooms: 3,
            max_inflaters: 1,
            message_rate: 5,
            message_burst: 4,
            ..Config::default()
        };
        let mut world = Harness::new(config);
        let mut clients: Vec<ClientId> = (0..4).map(|_| world.connect()).collect();
        for (who, act) in acts {
            let client = clients[who];
            match act {
                Act::Send(text) => world.send(client, text.as_bytes()),
                Act::Split(text, at) => {
                    let (left, right) = text.as_bytes().split_at(at.min(text.len()));
                    world.send(client, left);
                    world.send(client, right);
                }
                Act::Stall => world.stall(client),
                Act::Resume => world.resume(client),
                Act::HangUp => world.hang_up(client),
                Act::Close => world.close(client),
                Act::Connect => {
                    world.close(client);
                    clients[who] = world.connect();
                }
                Act::Wait(micros) => world.advance(Duration::from_micros(micros)),
            }
        }
        for client in clients {
            world.close(client);
        }
        prop_assert_eq!(world.hub.connections(), 0);
        prop_assert_eq!(world.hub.poll_timeout(), None);
    }
}
