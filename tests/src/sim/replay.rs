//! A trace handed to a hub once more, and made as short as it can be while it still fails.
//!
//! A trace has what the hub was handed and nothing of the clients: a replay finds panics, broken
//! invariants and broken promises of the hub, and not what the clients' logs would show.

use std::collections::BTreeSet;

use chatmaster_core::recording::{Header, Recorder, minimise};
use chatmaster_core::{Hub, Output, Start};

use super::trace::{Event, Trace};
use super::watch::Watch;
use super::{Check, Failure, catch};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The digest of its outputs.
    pub digest: u64,
    /// All outputs.
    pub outputs: Vec<Output>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
}

/// Hands all of `trace` to a hub, with all checks.
pub fn replay(trace: &Trace) -> Replayed {
    let mut watch = Watch::default();
    let mut outputs = Vec::new();
    let run = catch(|| run(trace, &mut watch, &mut outputs));
    let failure = match run {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(panic) => Some(Failure::new(Check::Panic, panic)),
    };
    Replayed {
        digest: watch.digest(),
        outputs,
        failure,
    }
}

fn run(trace: &Trace, watch: &mut Watch, outputs: &mut Vec<Output>) -> Result<(), Failure> {
    let mut hub = Hub::new(trace.config.clone(), Start::default());
    for (at, event) in &trace.events {
        if let Event::Sent(id, count) = event {
            let pending: Vec<u8> = hub.pending(*id).flatten().copied().collect();
            // What comes too late was not sent.
            if !pending.is_empty() {
                watch.sent(*id, &pending[..pending.len().min(*count as usize)]);
            }
        }
        if let Some(input) = event.input() {
            hub.handle(*at, input);
            watch.handed(&hub, *at, input)?;
            hub.check_invariants();
        } else {
            while let Some(output) = hub.poll_output() {
                watch.output(&hub, output)?;
                outputs.push(output);
            }
            watch.drained(&hub)?;
        }
    }
    Ok(())
}

/// The trace as a recording, which `chatmaster replay` opens; one that panics ends with the input
/// that it panics at.
pub fn record(trace: &Trace) -> Vec<u8> {
    let mut hub = Hub::new(trace.config.clone(), Start::default());
    hub.trace();
    let header = Header::new(trace.config.clone(), Start::default(), "simulator");
    let mut recorder = Recorder::new(header);
    // What a panic says is the failure's to tell.
    let _ = catch(|| {
        for (at, event) in &trace.events {
            if let Some(input) = event.input() {
                recorder.handle(&mut hub, *at, input);
            } else {
                let outputs: Vec<Output> = std::iter::from_fn(|| hub.poll_output()).collect();
                recorder.drained(&outputs);
            }
        }
    });
    recorder.bytes().to_vec()
}

/// How many replays one [`shrink`] takes at most.
const EFFORT: usize = 2000;

/// The shortest trace that can be had from `trace` with bounded effort, and that still `fails`:
/// without connections, then without events, then with reads that come one after the other as one,
/// and then with fewer bytes.
pub fn shrink(trace: Trace, fails: impl Fn(&Replayed) -> bool) -> Trace {
    let mut shrinking = Shrinking {
        best: trace,
        fails,
        effort: EFFORT,
    };
    loop {
        let before = shrinking.best.clone();
        shrinking.drop_connections();
        shrinking.drop_events();
        shrinking.merge_reads();
        shrinking.shorten_reads();
        if shrinking.effort == 0 || shrinking.best == before {
            return shrinking.best;
        }
    }
}

struct Shrinking<F> {
    best: Trace,
    fails: F,
    effort: usize,
}

impl<F: Fn(&Replayed) -> bool> Shrinking<F> {
    /// Takes `events` for the best if they fail too.
    fn take(&mut self, events: Vec<(chatmaster_core::Time, Event)>) -> bool {
        if self.effort == 0 || events == self.best.events {
            return false;
        }
        self.effort -= 1;
        let candidate = Trace {
            config: self.best.config.clone(),
            events,
        };
        let fails = (self.fails)(&replay(&candidate));
        if fails {
            self.best = candidate;
        }
        fails
    }

    fn drop_connections(&mut self) {
        let conns = self.best.events.iter().filter_map(|(_, e)| e.conn());
        let conns: BTreeSet<_> = conns.collect();
        let events = self.best.events.clone();
        minimise(conns.into_iter().collect(), |conns| {
            let stays = |event: &Event| event.conn().is_none_or(|conn| conns.contains(&conn));
            let events = events.iter().filter(|(_, event)| stays(event));
            self.take(events.cloned().collect())
        });
    }

    fn drop_events(&mut self) {
        minimise(self.best.events.clone(), |events| {
            self.take(events.to_vec())
        });
    }

    fn merge_reads(&mut self) {
        let mut at = 0;
        while at + 1 < self.best.events.len() {
            if let (Event::Received(one, head), Event::Received(other, tail)) =
                (&self.best.events[at].1, &self.best.events[at + 1].1)
                && one == other
            {
                let merged = Event::Received(*one, [&head[..], tail].concat());
                let mut events = self.best.events.clone();
                events[at].1 = merged;
                events.remove(at + 1);
                if self.take(events) {
                    continue;
                }
            }
            at += 1;
        }
    }

    fn shorten_reads(&mut self) {
        for at in 0..self.best.events.len() {
            let Event::Received(_, bytes) = &self.best.events[at].1 else {
                continue;
            };
            minimise(bytes.clone(), |bytes| {
                let mut events = self.best.events.clone();
                if let Event::Received(_, whole) = &mut events[at].1 {
                    *whole = bytes.to_vec();
                }
                !bytes.is_empty() && self.take(events)
            });
        }
    }
}
