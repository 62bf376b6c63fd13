//! The simulator: a real [`Hub`](chatmaster_core::Hub) and real
//! [`Session`](chatmaster_core::Session)s over a virtual network and clock, in the manner of
//! TigerBeetle's VOPR and FoundationDB's simulation. All of a run follows from one number.
//!
//! - [`plan`] draws what exists in a seed's world; [`rng`] is where choices come from.
//! - [`world`] has the events in order of time; [`host`] is the server's adapter, [`client`] has the
//!   users, [`naming`] their names, [`hostile`] those in no good faith, [`fault`] what goes wrong,
//!   [`net`] the pipes between.
//! - `people` has the users of version 2, whose connections break and are taken again, and `person`
//!   what each of them knows.
//! - [`watch`] checks what the hub promises its adapter; [`log`] checks what each client sees as it
//!   comes, and [`oracle`] whether what they saw goes together; [`marks`] counts what is rare.
//! - [`ending`] heals everything and sees to it that all goes on.
//! - [`trace`] is the list of all inputs as a file, and [`replay`] runs it again and shortens it.
//! - [`command`] is the command line.

pub mod client;
pub mod command;
pub mod ending;
pub mod fault;
pub mod host;
pub mod hostile;
pub mod log;
pub mod marks;
pub mod naming;
pub mod net;
pub mod oracle;
mod people;
mod person;
pub mod plan;
pub mod replay;
pub mod rng;
mod texts;
pub mod trace;
pub mod watch;
pub mod world;
mod writers;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use self::marks::Marks;
use self::plan::Plan;
use self::trace::Trace;
use self::world::World;

/// What a run checks. A [`Failure`] is of one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing panics, and the hub's invariants hold.
    Panic,
    /// The hub keeps its promises to its adapter.
    Contract,
    /// The server keeps to the protocol, and closes nobody who does.
    Protocol,
    /// Nothing but requests, sessions and errors before login.
    BeforeLogin,
    /// Every command is answered exactly once, in order.
    Answers,
    /// Nobody hears what it says itself.
    Echo,
    /// Nothing is heard twice.
    Twice,
    /// All members of a room see the same order, and that of each sender.
    Order,
    /// A member that stays misses nothing.
    Lost,
    /// What is heard is what was said.
    Damage,
    /// Names and rooms are what the others see.
    View,
    /// A private room is in no list, and a public one is.
    Privacy,
    /// When all is healed, all goes on, within bounds of time and events.
    Liveness,
}

/// What went wrong in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which check failed.
    pub check: Check,
    /// On what.
    pub what: String,
}

impl Failure {
    /// A failure of `check`.
    pub fn new(check: Check, what: String) -> Self {
        Failure { check, what }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.check, self.what)
    }
}

/// Something that is done wrong on purpose, once, so that the checks can be seen to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The network loses bytes on their way to a client.
    LoseBytes,
    /// A client does not see a message.
    LoseMessage,
    /// A client sees two messages in the wrong order.
    SwapMessages,
    /// A client sees a message twice.
    RepeatMessage,
    /// A client sees its own message.
    Echo,
    /// A client does not see an answer.
    LoseAnswer,
    /// The adapter forgets to write.
    ForgetWrite,
    /// Who comes back does not ask for what was said meanwhile; each time.
    SkipSeam,
    /// What was not confirmed is sent again as if it were new; each time.
    NewTag,
}

/// How to run a seed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Events before everything is healed.
    pub events: u64,
    /// The hub's invariants are checked after each of so many inputs, by a choice of the seed's.
    pub check_one_in: u64,
    /// Whether to keep all inputs.
    pub record: bool,
    /// What to do wrong.
    pub mutant: Option<Mutant>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            events: 4000,
            check_one_in: 1,
            record: false,
            mutant: None,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// How many events there were.
    pub events: u64,
    /// How many inputs the hub was handed.
    pub inputs: u64,
    /// How much time passed in the simulation, in microseconds.
    pub simulated: u64,
    /// A digest of all outputs and all bytes sent.
    pub digest: u64,
    /// The rare situations it was in.
    pub marks: Marks,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
    /// All inputs, if they were to be kept.
    pub trace: Option<Trace>,
}

/// Runs `seed`.
pub fn run(seed: u64, options: &Options) -> Outcome {
    let plan = Plan::draw(seed);
    let mut world = World::new(seed, plan, options);
    if let Err(panic) = catch(|| world.run()) {
        world.failure = Some(Failure::new(Check::Panic, panic));
    }
    Outcome {
        seed,
        events: world.events,
        inputs: world.inputs,
        simulated: world.now,
        digest: world.watch.digest(),
        marks: world.marks,
        failure: world.failure,
        trace: world.trace,
    }
}

thread_local! {
    /// Whether a panic on this thread is about to be caught, and so is not to be printed.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// The last panic that was caught, with its place.
    static CAUGHT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does `what`, and catches its panic, which is not printed.
///
/// # Errors
/// What the panic said, with its place.
pub fn catch<T>(what: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if CATCHING.get() {
                CAUGHT.set(panic.to_string());
            } else {
                print(panic);
            }
        }));
    });
    CATCHING.set(true);
    // What was under way is only looked at for how far it came.
    let done = catch_unwind(AssertUnwindSafe(what));
    CATCHING.set(false);
    done.map_err(|_| CAUGHT.take())
}
