//! What happens.

mod attacks;
mod breaking;
mod ending;
mod resuming;
mod slow;
mod talking;

use std::time::Duration;

use super::witnesses::Newcomers;
use super::{Account, Ground, Onlookers, Scenario};

const MIB: usize = 1 << 20;

/// What most scenarios are: witnesses and newcomers wait for a second at the most.
const USUAL: Scenario = Scenario {
    name: "",
    flags: &[],
    recorded: false,
    onlookers: Onlookers::Witnesses(Newcomers::Come),
    wait: Duration::from_secs(1),
    memory: 64 * MIB,
    run: |_| unreachable!("each scenario has its own"),
};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "everybody-writes",
        run: talking::everybody_writes,
        ..USUAL
    },
    Scenario {
        name: "stop-and-go",
        flags: &["--login-timeout=3s"],
        // As long as the server is stopped.
        wait: Duration::from_secs(6),
        run: talking::stop_and_go,
        ..USUAL
    },
    Scenario {
        name: "byte-a-second",
        flags: &["--login-timeout=3s"],
        run: talking::byte_a_second,
        ..USUAL
    },
    Scenario {
        name: "crowd",
        // The newcomers of the witnesses would be told to the crowd, which counts bytes.
        onlookers: Onlookers::Witnesses(Newcomers::StayAway),
        wait: Duration::from_secs(5),
        memory: 512 * MIB,
        run: talking::crowd,
        ..USUAL
    },
    Scenario {
        name: "resets",
        run: breaking::resets,
        ..USUAL
    },
    Scenario {
        name: "resuming",
        // A thousand users on the same machine take their part of it.
        wait: Duration::from_secs(5),
        memory: 256 * MIB,
        run: resuming::resuming,
        ..USUAL
    },
    Scenario {
        name: "connects",
        run: breaking::connects,
        ..USUAL
    },
    Scenario {
        name: "descriptors",
        // They could not come in.
        onlookers: Onlookers::Witnesses(Newcomers::StayAway),
        run: breaking::descriptors,
        ..USUAL
    },
    Scenario {
        name: "full-disk",
        recorded: true,
        run: breaking::full_disk,
        ..USUAL
    },
    Scenario {
        name: "sigterm",
        flags: ending::FLAGS,
        onlookers: Onlookers::Own,
        wait: Duration::from_secs(3),
        run: ending::sigterm,
        ..USUAL
    },
    Scenario {
        name: "kill",
        flags: ending::FLAGS,
        recorded: true,
        onlookers: Onlookers::Own,
        run: ending::kill,
        ..USUAL
    },
    Scenario {
        name: "zlib-floods",
        wait: Duration::from_millis(500),
        run: attacks::zlib_floods,
        ..USUAL
    },
    Scenario {
        name: "inflater-holders",
        flags: &["--max-inflaters=16"],
        // A stream may stand still for two seconds before others get its inflater.
        wait: Duration::from_secs(5),
        run: attacks::inflater_holders,
        ..USUAL
    },
    Scenario {
        name: "storms",
        run: attacks::storms,
        ..USUAL
    },
    Scenario {
        name: "lagging-reader",
        // Fifty messages a second in a lagging room, of which some flooders want more; and a queue that
        // stays half full at that speed.
        flags: &["--lag-pause=20ms", "--send-queue-bytes=4MiB"],
        wait: Duration::from_secs(2),
        run: slow::lagging_reader,
        ..USUAL
    },
    Scenario {
        name: "never-readers",
        run: slow::never_readers,
        ..USUAL
    },
    Scenario {
        name: "long-lists",
        flags: &["--message-burst=1000"],
        run: slow::long_lists,
        ..USUAL
    },
];

/// An account of what has no wait of its own.
fn account(sent: String, saw: String) -> Account {
    Account {
        sent,
        saw,
        worst: Duration::ZERO,
    }
}
