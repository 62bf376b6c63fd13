//! Things under small numbers, which are given out anew once nobody has them.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// A number of one kind: what numbers connections cannot be taken for what numbers rooms.
pub(crate) trait Key: Copy + Eq {
    fn new(index: u32) -> Self;
    fn index(self) -> usize;
}

/// Makes a [`Key`] of a struct of one `u32`.
macro_rules! key {
    ($name:ident) => {
        impl $crate::slab::Key for $name {
            #[inline(always)]
            fn new(index: u32) -> Self {
                $name(index)
            }

            #[inline(always)]
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
pub(crate) use key;

/// Things by key.
pub(crate) struct Slab<K, T> {
    places: Vec<Option<T>>,
    free: Free,
    key: PhantomData<K>,
}

/// Which of the free keys is given out next. Only [`Free::Lowest`] lets the highest ones be forgotten.
pub(crate) enum Free {
    /// The last one given back.
    Last(Vec<u32>),
    /// The lowest.
    Lowest(BTreeSet<u32>),
}

impl<K: Key, T> Slab<K, T> {
    /// An empty one that gives out the lowest key that is free.
    pub(crate) fn new() -> Self {
        Slab::with(Free::Lowest(BTreeSet::new()))
    }

    pub(crate) fn with(free: Free) -> Self {
        Slab {
            places: Vec::new(),
            free,
            key: PhantomData,
        }
    }

    /// The key that the next thing gets.
    pub(crate) fn next_key(&self) -> K {
        let free = match &self.free {
            Free::Last(keys) => keys.last(),
            Free::Lowest(keys) => keys.first(),
        };
        K::new(free.copied().unwrap_or_else(|| {
            u32::try_from(self.places.len()).expect("fewer things than 2^32 fit into memory")
        }))
    }

    pub(crate) fn insert(&mut self, thing: T) -> K {
        let key = self.next_key();
        match &mut self.free {
            Free::Last(keys) => drop(keys.pop()),
            Free::Lowest(keys) => drop(keys.pop_first()),
        }
        match self.places.get_mut(key.index()) {
            Some(place) => *place = Some(thing),
            None => self.places.push(Some(thing)),
        }
        key
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let thing = self.places.get_mut(key.index())?.take()?;
        let index = key.index() as u32;
        match &mut self.free {
            Free::Last(keys) => keys.push(index),
            Free::Lowest(keys) => {
                keys.insert(index);
                while keys.last().copied() == self.places.len().checked_sub(1).map(|at| at as u32)
                    && keys.pop_last().is_some()
                {
                    self.places.pop();
                }
            }
        }
        shrink(&mut self.places);
        Some(thing)
    }

    #[inline(always)]
    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.places.get(key.index())?.as_ref()
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut T> {
        self.places.get_mut(key.index())?.as_mut()
    }

    /// All of them, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        let places = self.places.iter().zip(0..);
        places.filter_map(|(thing, index)| Some((K::new(index), thing.as_ref()?)))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }

    /// How many places there are, the free ones included.
    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    /// Panics where the free keys are not those that nobody has.
    pub(crate) fn check_invariants(&self) {
        let taken = self.places.iter().flatten().count();
        let free = match &self.free {
            Free::Last(keys) => keys.len(),
            Free::Lowest(keys) => keys.len(),
        };
        assert_eq!(taken + free, self.places.len(), "every other place is free");
    }
}

/// Places that a list keeps in any case.
pub(crate) const KEPT: usize = 64;

/// Gives the room back that a list took when it was more than four times as long.
pub(crate) fn shrink<T>(list: &mut Vec<T>) {
    if list.capacity() / 4 > list.len().max(KEPT) {
        list.shrink_to(list.len() * 2);
    }
}
