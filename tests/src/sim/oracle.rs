//! Whether what the clients saw goes together. No hub is built again here: each client's log says
//! which messages and notices it saw, in which order; any two clients that were in one room at the
//! same time must have seen the same there, but for what each of them said.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{Item, Log, Own, Visit};
use super::{Check, Failure};

/// One visit of one client: their numbers.
type Place = (usize, usize);

/// Compares the logs. `stayed` says of each client whether it has seen all that it ever will:
/// whether it is still connected, and nothing is on its way.
///
/// # Errors
/// The first two logs that do not go together.
pub fn compare(logs: &BTreeMap<usize, Log>, stayed: impl Fn(usize) -> bool) -> Result<(), Failure> {
    for (one, other) in meetings(logs)? {
        let views = [one, other].map(|(client, visit)| View {
            client,
            log: &logs[&client],
            visit: &logs[&client].visits[visit],
            stayed: stayed(client),
        });
        agree(&views)?;
    }
    Ok(())
}

/// Pairs of visits that were in one room at the same time, as a message shows that one heard and the
/// other said or heard. Of those who heard a message, each is paired with the next.
fn meetings(logs: &BTreeMap<usize, Log>) -> Result<BTreeSet<(Place, Place)>, Failure> {
    let mut there: BTreeMap<_, Vec<Place>> = BTreeMap::new();
    for (&client, log) in logs {
        for (at, visit) in log.visits.iter().enumerate() {
            // Of what was said last a client that was cut off does not know where it was said.
            let placed = visit.own.iter().filter(|own| own.before < usize::MAX);
            for own in placed {
                there
                    .entry((client, own.number))
                    .or_default()
                    .push((client, at));
            }
            for item in items(log, visit) {
                let Item::Said(said, name) = item else {
                    continue;
                };
                let Some(speaker) = logs.get(&said.0) else {
                    return fail(Check::Damage, format!("nobody said {said:?}"));
                };
                let unplaced = said.1 >= speaker.first_unplaced();
                if !speaker.names.contains(name) && !unplaced {
                    return fail(Check::View, format!("{said:?} was said by {name}"));
                }
                there.entry(*said).or_default().push((client, at));
            }
        }
    }
    let mut pairs = BTreeSet::new();
    for places in there.values().filter(|places| places.len() > 1) {
        for (at, one) in places.iter().enumerate() {
            let other = places[(at + 1) % places.len()];
            pairs.insert((*one.min(&other), *one.max(&other)));
        }
    }
    Ok(pairs)
}

/// One side of a comparison.
#[derive(Clone, Copy)]
struct View<'a> {
    client: usize,
    log: &'a Log,
    visit: &'a Visit,
    /// Whether the client is still connected, and has seen all there is.
    stayed: bool,
}

impl View<'_> {
    /// Whether the visit is not over, and the client has seen all there is.
    fn stays(&self) -> bool {
        self.stayed && self.visit.end.is_none()
    }
}

fn items<'a>(log: &'a Log, visit: &Visit) -> &'a [Item] {
    &log.items[visit.start..visit.end.unwrap_or(log.items.len())]
}

/// Compares two visits from where the later one began: there is such a place, as they met.
fn agree(views: &[View<'_>; 2]) -> Result<(), Failure> {
    let [one, other] = views.map(|view| items(view.log, view.visit));
    let (first, second) = (&one[0], &other[0]);
    let begins = (1..one.len())
        .filter(|at| one[*at] == *second)
        .map(|at| [at, 0]);
    let others = (1..other.len())
        .filter(|at| other[*at] == *first)
        .map(|at| [0, at]);
    let mut failure = None;
    for begin in begins.chain(others) {
        match step_through(views, [one, other], begin) {
            Ok(()) => return Ok(()),
            Err((steps, found)) => {
                // The place from which they agree longest is the one meant.
                if failure.as_ref().is_none_or(|(most, _)| steps > *most) {
                    failure = Some((steps, found));
                }
            }
        }
    }
    match failure {
        Some((_, failure)) => Err(failure),
        None => fail(
            Check::Lost,
            format!(
                "clients {} and {} met in {}, and neither saw the other come",
                views[0].client, views[1].client, views[0].visit.room
            ),
        ),
    }
}

/// Goes through both lists of items side by side; each item must be in both, but for what one of
/// the two said, which must be in the other's at a place where it can have been said.
fn step_through(
    views: &[View<'_>; 2],
    items: [&[Item]; 2],
    begin: [usize; 2],
) -> Result<(), (usize, Failure)> {
    let mut at = begin;
    let mut steps = 0;
    let mut own = [0, 1].map(|side| Said::new(&views[side], begin[side]));
    loop {
        let next = [0, 1].map(|side| items[side].get(at[side]));
        let wrong = |check, what: &str| {
            let [one, other] = [0, 1].map(|side| views[side].client);
            let what = format!("clients {one} and {other} saw {next:?}: {what}");
            Err((steps, Failure::new(check, what)))
        };
        // What one said, the other hears; if each is to hear the other, the more pressing first.
        let says = |side: usize| match next[1 - side] {
            Some(Item::Said((by, number), _)) if *by == views[side].client => Some((side, *number)),
            _ => None,
        };
        let position = |side: usize| views[side].visit.start + at[side];
        let said = match (says(0), says(1)) {
            (Some(one), Some(other)) => {
                let first =
                    own[0].is_due(one.1, position(0)) && !own[1].presses(other.1, position(1));
                Some(if first { one } else { other })
            }
            (one, other) => one.or(other),
        };
        let heard = said.map(|(side, number)| (side, own[side].hear(number, position(side))));
        match heard {
            Some((side, Ok(Heard::Placed))) => {
                at[1 - side] += 1;
                steps += 1;
                continue;
            }
            // The sender was cut off before it could know where this was said.
            Some((_, Ok(Heard::Unplaced))) => return Ok(()),
            Some((_, Err((check, what)))) => return wrong(check, what),
            None => {}
        }
        // What was said by now must have been heard by now, by those who saw what came next.
        let both = next.iter().all(Option::is_some);
        let none = next.iter().all(Option::is_none);
        for side in [0, 1] {
            let hears = both || none && views[1 - side].stays();
            if hears && own[side].is_overdue(position(side)) {
                return wrong(Check::Lost, "what one said before, the other did not hear");
            }
        }
        match next {
            [Some(one), Some(other)] if one == other => {
                at = at.map(|at| at + 1);
                steps += 1;
            }
            [Some(_), Some(_)] => return wrong(Check::Lost, "not the same"),
            [Some(_), None] if views[1].stays() => {
                return wrong(Check::Lost, "the second did not see it");
            }
            [None, Some(_)] if views[0].stays() => {
                return wrong(Check::Lost, "the first did not see it");
            }
            _ => return Ok(()),
        }
    }
}

/// What one of two said while the other was there.
struct Said<'a> {
    own: &'a [Own],
    next: usize,
    /// The sender's item with which the other came, or the sender itself.
    begin: usize,
    unplaced: u32,
}

enum Heard {
    Placed,
    Unplaced,
}

impl<'a> Said<'a> {
    fn new(view: &View<'a>, begin: usize) -> Self {
        let begin = view.visit.start + begin;
        let own = &view.visit.own;
        Said {
            own,
            next: own.iter().take_while(|own| own.before <= begin).count(),
            begin,
            unplaced: view.log.first_unplaced(),
        }
    }

    /// Takes the message of that number as said before the sender's item `at`.
    fn hear(&mut self, number: u32, at: usize) -> Result<Heard, (Check, &'static str)> {
        while let Some(own) = self.own.get(self.next)
            && own.number != number
        {
            if own.number > number {
                return Err((Check::Order, "a message came late"));
            }
            if own.after > self.begin {
                return Err((Check::Lost, "a message is missing"));
            }
            self.next += 1;
        }
        match self.own.get(self.next) {
            Some(own) if own.after <= at && at <= own.before => {
                self.next += 1;
                Ok(Heard::Placed)
            }
            Some(_) => Err((Check::Order, "it cannot have been said there")),
            None if number >= self.unplaced => Ok(Heard::Unplaced),
            None => Err((Check::View, "it was said in another room")),
        }
    }

    /// Whether the message may have been said before the sender's item `at`.
    fn is_due(&self, number: u32, at: usize) -> bool {
        self.own
            .iter()
            .any(|own| own.number == number && own.after <= at)
    }

    /// Whether the message cannot have been said any later than before the sender's item `at`.
    fn presses(&self, number: u32, at: usize) -> bool {
        self.own
            .iter()
            .any(|own| own.number == number && own.before <= at)
    }

    /// Whether a message must have been said before the sender's item `at`, after the other came,
    /// and was not heard.
    fn is_overdue(&mut self, at: usize) -> bool {
        while let Some(own) = self.own.get(self.next)
            && own.before <= at
        {
            if own.after > self.begin {
                return true;
            }
            // The other may not have been there yet.
            self.next += 1;
        }
        false
    }
}

/// Compares what the clients that stayed know of who is where: `places` has each one's name and room.
/// All of them have tried to hide their room and to show it again, which its owner can; in a `safe`
/// world no owner has gone since.
///
/// # Errors
/// The first that does not know what the others do.
pub fn compare_places(
    logs: &BTreeMap<usize, Log>,
    places: &BTreeMap<usize, (String, String)>,
    safe: bool,
) -> Result<(), Failure> {
    // Those of version 2 have no log here.
    let is_other = |name: &&String| super::person::person_of(name).is_none();
    for (client, (_, room)) in places {
        let there = || places.iter().filter(|(_, (_, other))| other == room);
        let names: BTreeSet<&String> = there().map(|(_, (name, _))| name).collect();
        if let Some(users) = &logs[client].users
            && users.iter().filter(is_other).collect::<BTreeSet<_>>() != names
        {
            return fail(
                Check::View,
                format!("client {client} is told of {users:?} in {room}, where {names:?} are"),
            );
        }
        let owners = there().filter(|(other, _)| logs[other].has_opened_room());
        let (owners, wanted) = (owners.count(), usize::from(room != "general"));
        let others = logs[client].users.as_ref();
        let alone = others.is_some_and(|users| users.iter().all(|user| is_other(&user)));
        if safe && (owners > wanted || alone && owners != wanted) {
            return fail(Check::View, format!("{owners} own the room {room}"));
        }
    }
    Ok(())
}

fn fail<T>(check: Check, what: String) -> Result<T, Failure> {
    Err(Failure::new(check, what))
}
