//! Runs a target on what is known of it: the inputs of its corpus, and a few thousand that are derived
//! from them, the same in every run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sim::catch;
use crate::sim::rng::Rng;

/// The longest input that is derived.
const MAX_BYTES: usize = 4096;
/// The most inputs that are tried to make one that fails shorter.
const MAX_TRIES: usize = 2000;
/// What is put in where luck would take long to.
const WORDS: [&[u8]; 12] = [
    b"{\"type\":\"",
    b"command",
    b"\"data\":{",
    b"}}",
    b"\\u0000",
    b"\x78\x9c",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x1b[",
    "\u{301}".as_bytes(),
    "\u{200d}".as_bytes(),
    "\u{1f469}".as_bytes(),
];

/// Where the corpus of `target` is.
pub fn folder(target: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("fuzz/corpus").join(target)
}

/// Runs `run` on the corpus of `target`, and on so many inputs derived from it.
///
/// # Panics
/// If one of them makes `run` panic, with a short input that does, and what it says; or if there is no
/// corpus.
pub fn replay(target: &str, run: fn(&[u8]), derived: usize) {
    let corpus = read(&folder(target));
    assert!(!corpus.is_empty(), "{target} has a corpus");
    for (path, input) in &corpus {
        if let Err(panic) = catch(|| run(input)) {
            panic!("{}: {panic}", path.display());
        }
    }
    let inputs: Vec<&[u8]> = corpus.iter().map(|(_, input)| &input[..]).collect();
    let mut rng = Rng::stream(0, target);
    for _ in 0..derived {
        let input = derive(&mut rng, &inputs);
        if let Err(panic) = catch(|| run(&input)) {
            let (input, panic) = shorten(run, input, panic);
            panic!("{target} fails on b\"{}\": {panic}", input.escape_ascii());
        }
    }
}

/// The inputs with their files, in the order of their names.
fn read(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    paths.sort();
    let input = |path: PathBuf| {
        let input = fs::read(&path).expect("a file of the corpus can be read");
        (path, input)
    };
    paths.into_iter().map(input).collect()
}

/// An input with some changes.
fn derive(rng: &mut Rng, corpus: &[&[u8]]) -> Vec<u8> {
    let mut input = rng.pick(corpus).to_vec();
    for _ in 0..rng.within(1..=4) {
        change(rng, corpus, &mut input);
    }
    input.truncate(MAX_BYTES);
    input
}

fn change(rng: &mut Rng, corpus: &[&[u8]], input: &mut Vec<u8>) {
    let length = input.len() as u64;
    let at = rng.below(length + 1) as usize;
    let end = at + rng.below(length - at as u64 + 1) as usize;
    match rng.below(8) {
        0 if at < input.len() => input[at] ^= 1 << rng.below(8),
        1 if at < input.len() => input[at] = rng.word() as u8,
        2 => input.insert(at, rng.word() as u8),
        3 => drop(input.drain(at..end.min(at + 16))),
        4 => {
            let again = input[at..end.min(at + 64)].to_vec();
            input.splice(at..at, again);
        }
        5 => {
            let word = rng.pick(&WORDS);
            input.splice(at..at, word.iter().copied());
        }
        6 => input.truncate(at.max(1)),
        // One begins, another goes on.
        _ => {
            let other = rng.pick(corpus);
            let from = rng.below(other.len() as u64 + 1) as usize;
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

/// A short input that still fails, and how.
fn shorten(run: fn(&[u8]), mut input: Vec<u8>, mut panic: String) -> (Vec<u8>, String) {
    let (mut tries, mut size) = (0, input.len() / 2);
    while size > 0 && tries < MAX_TRIES {
        let mut at = 0;
        while at + size <= input.len() {
            tries += 1;
            let shorter = [&input[..at], &input[at + size..]].concat();
            match catch(|| run(&shorter)) {
                Err(how) => (input, panic) = (shorter, how),
                Ok(()) => at += size,
            }
        }
        size /= 2;
    }
    (input, panic)
}
