//! The tree is tidy: files are short and in use, modules form no circles, what has to be pure is, and what
//! pages point at exists. (How long a function may be is clippy's: `too_many_lines`.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file: what one can keep in mind.
const MAX_LINES: usize = 600;

/// Files that are longer, and may have so many lines. New ones are cut in two instead.
const LONG: [(&str, usize); 1] = [("tui/src/client/app/tests/link.rs", 647)];

/// The packages' folders.
const PACKAGES: [&str; 6] = ["core", "io-mio", "io-mio/common", "io-smol", "tui", "tests"];

/// Top-level modules that use each other in a circle, by package. Nothing is added here: what two modules
/// both need goes into a third.
const CIRCLES: [(&str, &[&str]); 1] = [("io-smol", &["listener", "server"])];

/// What is a pure function of its input: these folders, but for these files.
const PURE: [&str; 3] = ["core/src", "tui/src/client/app", "tests/src/sim"];
const IMPURE: [&str; 3] = [
    "core/src/testing",
    "tests/src/sim/command.rs",
    "tests/src/sim/replay.rs",
];

/// What a pure function cannot have. (Clippy bans these in the whole core; elsewhere only folders are
/// pure.)
const OUTSIDE: [&str; 9] = [
    "Instant",
    "SystemTime",
    "Zoned::now",
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "std::thread",
    "RandomState",
    "getrandom",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in the workspace")
}

/// The text of every file with one of these endings, by its path from the root.
fn files(endings: &[&str]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder can be listed") {
            let entry = entry.expect("a folder can be listed");
            let path = folder.join(entry.file_name());
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("a file has a type");
            let is_made = matches!(&*name, "target" | "corpus" | "artifacts" | "node_modules");
            if kind.is_dir() && !is_made && (!name.starts_with('.') || name == ".ci") {
                folders.push(path);
            } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(root().join(&path)).expect("source is text");
                files.insert(path.to_string_lossy().into_owned(), text);
            }
        }
    }
    assert!(!files.is_empty(), "there are files");
    files
}

#[test]
fn files_are_short() {
    let long: BTreeMap<_, _> = LONG.into();
    for (file, text) in files(&[".rs"]) {
        let lines = text.lines().count();
        let most = long.get(&*file).copied().unwrap_or(MAX_LINES);
        assert!(
            lines <= most,
            "{file} has {lines} lines, and may have {most}"
        );
    }
}

/// The modules that `text` declares in files of their own.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (before, name) = line.split_once("mod ")?;
        let before = before.trim();
        let is_module = before.is_empty() || before.starts_with("pub");
        name.strip_suffix(';').filter(|_| is_module)
    })
}

/// Whether cargo takes the file for the root of a crate.
fn is_root(file: &str) -> bool {
    let path = Path::new(file);
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default();
    let within = |folder: &Path, names: &[&str]| {
        folder
            .file_name()
            .is_some_and(|name| names.iter().any(|other| name == *other))
    };
    let targets = ["tests", "benches", "examples", "bin", "fuzz_targets"];
    // A module of unit tests may be in a folder of that name, too.
    let is_target = within(folder, &targets)
        && !file.contains("/src/client/")
        && !file.contains("/src/replay/");
    let is_folder = name == "main.rs" && folder.parent().is_some_and(|up| within(up, &targets));
    let is_package = within(folder, &["src"]) && (name == "lib.rs" || name == "main.rs");
    is_target || is_folder || is_package
}

#[test]
fn no_file_is_dead() {
    let files = files(&[".rs"]);
    let mut alive: BTreeSet<String> = files.keys().filter(|file| is_root(file)).cloned().collect();
    let mut left: Vec<String> = alive.iter().cloned().collect();
    while let Some(file) = left.pop() {
        let path = Path::new(&file);
        let folder = path.parent().expect("a file is in a folder");
        let owns_folder = is_root(&file) || path.ends_with("mod.rs");
        let folder = if owns_folder {
            folder.to_path_buf()
        } else {
            path.with_extension("")
        };
        for name in declared(&files[&file]) {
            for module in [format!("{name}.rs"), format!("{name}/mod.rs")] {
                let module = folder.join(module).to_string_lossy().into_owned();
                if files.contains_key(&module) && alive.insert(module.clone()) {
                    left.push(module);
                }
            }
        }
    }
    let dead: Vec<_> = files.keys().filter(|file| !alive.contains(*file)).collect();
    assert!(dead.is_empty(), "no `mod` leads to {dead:#?}");
}

/// The text without its comments, line by line.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or(line))
}

/// The top-level modules that `text` names by `crate::`, in groups too.
fn used(text: &str) -> BTreeSet<String> {
    let code: String = code(text).collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let name = |text: &str| -> String {
            let word = text.trim_start().chars();
            word.take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        match rest.strip_prefix('{') {
            None => {
                used.insert(name(rest));
            }
            Some(group) => {
                let mut depth = 0;
                let mut starts = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => starts = true,
                        c if starts && !c.is_whitespace() => {
                            used.insert(name(&group[at..]));
                            starts = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    used
}

#[test]
fn modules_form_no_circles() {
    for package in PACKAGES {
        let source = format!("{package}/src/");
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, text) in files(&[".rs"]) {
            let Some(within) = file.strip_prefix(&source) else {
                continue;
            };
            let module = within.split(['/', '.']).next().unwrap_or_default();
            if !matches!(module, "lib" | "main" | "bin") && !within.contains("test") {
                uses.entry(module.into()).or_default().extend(used(&text));
            }
        }
        let modules: Vec<String> = uses.keys().cloned().collect();
        for (module, used) in &mut uses {
            used.retain(|other| other != module && modules.contains(other));
        }
        let reached = |from: &String| {
            let mut reached = BTreeSet::new();
            let mut left = vec![from.clone()];
            while let Some(module) = left.pop() {
                left.extend(
                    uses[&module]
                        .iter()
                        .filter(|next| reached.insert((*next).clone()))
                        .cloned(),
                );
            }
            reached
        };
        let circular: BTreeSet<String> = modules
            .iter()
            .filter(|module| reached(module).contains(*module))
            .cloned()
            .collect();
        let known: BTreeSet<String> = CIRCLES
            .iter()
            .filter(|(other, _)| *other == package)
            .flat_map(|(_, modules)| modules.iter().map(|module| (*module).into()))
            .collect();
        let edges: Vec<String> = uses
            .iter()
            .filter(|(module, _)| circular.contains(*module))
            .flat_map(|(module, used)| {
                used.intersection(&circular)
                    .map(move |other| format!("{module} -> {other}"))
            })
            .collect();
        assert!(
            circular.is_subset(&known),
            "{package} has a circle of modules: {edges:#?}"
        );
    }
}

#[test]
fn what_is_pure_has_nothing_from_outside() {
    for (file, text) in files(&[".rs"]) {
        let is_in = |folders: &[&str]| folders.iter().any(|folder| file.starts_with(folder));
        if !is_in(&PURE) || is_in(&IMPURE) {
            continue;
        }
        for line in code(&text) {
            let found = OUTSIDE.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{file} is to be pure, and has: {line}");
        }
    }
}

/// The part of an address behind `#` for each heading of a page, as hosts of repositories make it.
fn anchors(page: &str) -> BTreeSet<String> {
    let prose = page.split("```").step_by(2).collect::<String>();
    let headings = prose
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(str::to_lowercase);
    let slug = |heading: String| -> String {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let words = heading.trim_start_matches('#').trim().chars().filter(kept);
        words.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn the_links_of_pages_lead_somewhere() {
    let pages = files(&[".md"]);
    for (page, text) in &pages {
        let folder = Path::new(page).parent().expect("a page is in a folder");
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                page.into()
            } else {
                folder.join(path)
            };
            assert!(
                root().join(&target).exists(),
                "{page} links to {link}, which is not there"
            );
            let linked = pages.get(&*target.to_string_lossy());
            let has = linked.is_none_or(|linked| anchors(linked).contains(anchor));
            assert!(
                anchor.is_empty() || has,
                "{page} links to {link}, which has no such heading"
            );
        }
    }
}

#[test]
fn the_files_that_are_named_exist() {
    for (file, text) in files(&[".md", ".rs", ".toml", ".chat", ".1"]) {
        let folder = Path::new(&file).parent().expect("a file is in a folder");
        let package = Path::new(file.split('/').next().unwrap_or_default());
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
        for word in text.split(|c| !is_part(c)) {
            let word = word.trim_end_matches('.');
            let of_package = |package: &&str| {
                word.strip_prefix(*package)
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            let is_page = word.ends_with(".md") && word.len() > 3;
            let is_path = file.ends_with(".md") && PACKAGES.iter().any(of_package);
            let places = [Path::new(""), folder, package];
            let exists = || {
                places
                    .iter()
                    .any(|place| root().join(place).join(word).exists())
            };
            assert!(
                !(is_page || is_path) || exists(),
                "{file} names {word}, which is not there"
            );
        }
    }
}
