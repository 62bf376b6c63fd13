//! Whether the server is still there. A connection whose other end went without a word is like one on
//! which nobody says anything; so a server that has said nothing for a while is asked for something.

use std::time::Duration;

use jiff::civil::DateTime;

use super::{App, Effect, Phase};

/// How long nothing may come before the server is asked. It takes up to twice as long from the last word
/// on, for the client is not woken by each.
const QUIET: Duration = Duration::from_secs(20);
/// How long it may take to say anything at all then. A server that is gone is noticed within a minute,
/// then.
const PATIENCE: Duration = Duration::from_secs(15);

/// What came since the client was last to be woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Silence {
    /// Something.
    #[default]
    Broken,
    /// Nothing so far.
    Lasting,
    /// Nothing, although the server has something to answer.
    Ominous,
}

impl App {
    /// Something came from the server.
    pub(super) fn heard(&mut self) {
        self.link.silence = Silence::Broken;
    }

    /// Begins to listen to the silence.
    pub(super) fn listen(&mut self) -> Effect {
        self.link.silence = Silence::Lasting;
        Effect::Wake(QUIET)
    }

    /// The server was asked for something. It is to be woken for if it was not already.
    pub(super) fn expect_answer(&mut self) -> Option<Effect> {
        (self.link.silence != Silence::Ominous).then(|| {
            self.link.silence = Silence::Ominous;
            Effect::Wake(PATIENCE)
        })
    }

    /// The client was woken while it had a session, or was to have one.
    pub(super) fn judge_silence(&mut self, at: DateTime) -> Vec<Effect> {
        match self.link.silence {
            // Without a login there is nothing to ask for, and nothing else is expected.
            Silence::Broken | Silence::Lasting if self.phase == Phase::Connecting => Vec::new(),
            Silence::Broken => vec![self.listen()],
            Silence::Lasting => {
                let mut effects: Vec<_> = self.ask_for_sync().into_iter().collect();
                effects.extend(self.expect_answer());
                effects
            }
            Silence::Ominous => {
                let seconds = PATIENCE.as_secs();
                let why = format!("The server has not answered for {seconds} seconds.");
                self.give_up(at, &why)
            }
        }
    }
}
