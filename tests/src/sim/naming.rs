//! What users want to be called and where they go, and what is rare about it.

use super::marks::Mark;
use super::world::World;

impl World {
    /// A name that others want too, or one that nobody else has.
    pub(super) fn name(&mut self) -> String {
        const WANTED: [&str; 7] = [
            "alice",
            "Alice",
            "\u{430}lice",
            "bob",
            "BOB",
            "Zo\u{eb}",
            "eve",
        ];
        let rng = &mut self.rng.users;
        if rng.chance(self.plan.contested) {
            return rng.pick(&WANTED).into();
        }
        self.long(format!("u{}", self.clients.len() * 100), 32)
    }

    /// A room that others go to too, most of the time.
    pub(super) fn room(&mut self) -> String {
        const WANTED: [&str; 6] = ["den", "Den", "d\u{435}n", "lair", "games", "general"];
        let rng = &mut self.rng.users;
        if self.plan.long_names || rng.chance(150) {
            let number = rng.below(60);
            return self.long(format!("r{number}"), 64);
        }
        rng.pick(&WANTED).into()
    }

    /// `start` and something behind it, up to `most` characters if names are to be long.
    pub(super) fn long(&mut self, start: String, most: usize) -> String {
        if !self.plan.long_names {
            return format!("{start}-{}", self.rng.users.below(100));
        }
        format!("{start}-{}", "w".repeat(most - start.len() - 1))
    }

    /// Notes why `client` was refused the name it asked for.
    pub(super) fn mark_refused(&mut self, client: usize, name: &str) {
        if name.contains('\u{430}') && !self.is_anyones(name, client) {
            self.marks.reach(Mark::ConfusableRefused);
        }
        let user = self.clients[client].user.as_ref();
        if user.is_some_and(|user| user.free.as_deref() == Some(name)) {
            self.marks.reach(Mark::NameRace);
        }
    }

    /// Whether someone other than `client` has that name, as far as sessions know.
    pub(super) fn is_anyones(&self, name: &str, client: usize) -> bool {
        let lower = name.to_lowercase();
        let mut others = self.clients.iter().enumerate();
        others.any(|(number, other)| {
            let place = other.user.as_ref().and_then(|user| user.session.place());
            number != client && place.is_some_and(|(taken, _)| taken.to_lowercase() == lower)
        })
    }

    /// Notes that `client` took the name, if another had it once.
    pub(super) fn mark_taken(&mut self, client: usize, name: &str) {
        for (number, other) in self.clients.iter().enumerate() {
            let had = other
                .user
                .as_ref()
                .is_some_and(|user| user.log.names.contains(name));
            if number != client && had {
                return self.marks.reach(Mark::NameReused);
            }
        }
    }
}
