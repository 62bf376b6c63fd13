//! Delta debugging: the part of a list that still fails.

use alloc::vec::Vec;

/// As few of `items` as still fail, in order (ddmin, after Zeller): it is tried to do without halves, then
/// without smaller and smaller parts, until no single one can go. Whatever bounds the effort is
/// for `fails` to know, which is to say no then.
pub fn minimise<T: Clone>(mut items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut size = items.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let mut went = false;
        while at < items.len() {
            let end = (at + size).min(items.len());
            let without = [&items[..at], &items[end..]].concat();
            if fails(&without) {
                items = without;
                went = true;
            } else {
                at = end;
            }
        }
        size = match size {
            1 if went => 1,
            1 => 0,
            size => size.div_ceil(2),
        };
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_do_with_the_failure_is_what_is_left() {
        for wanted in [&[3][..], &[0, 63], &[7, 8, 9, 40], &[]] {
            let mut tries = 0;
            let small = minimise((0..64).collect(), |items: &[i32]| {
                tries += 1;
                wanted.iter().all(|item| items.contains(item))
            });
            assert_eq!(small, wanted);
            assert!(tries < 200, "{tries}");
        }
    }
}
