//! The man page, `chatmaster.1`: whatever can be typed is in it, and what is in it can be typed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use chatmaster::client::command::COMMANDS;
use chatmaster::settings;

const PAGE: &str = include_str!("../chatmaster.1");

/// The long flags in the text of `--help`.
fn helped() -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    for command in [&["--help"][..], &["serve", "--help"], &["replay", "--help"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_chatmaster"))
            .args(command)
            .output()
            .expect("the command runs");
        let help = String::from_utf8(output.stdout).expect("help is text");
        let words = help.split(|c: char| c != '-' && !c.is_ascii_lowercase());
        let is_flag = |word: &&str| word.starts_with("--") && word.len() > 2;
        flags.extend(words.filter(is_flag).map(String::from));
    }
    flags
}

/// The long flags in the page: `.It Fl -name Ar NAME`.
fn paged() -> BTreeSet<String> {
    let words: Vec<&str> = PAGE.split_whitespace().collect();
    let flags = words.windows(2).filter_map(|pair| match pair {
        ["Fl", flag] if flag.starts_with('-') => Some(format!("-{flag}")),
        _ => None,
    });
    flags.collect()
}

#[test]
fn every_flag_is_in_the_man_page_and_no_other() {
    assert_eq!(helped(), paged());
}

#[test]
fn every_slash_command_and_setting_is_in_the_man_page() {
    for command in &COMMANDS {
        let name = command.names[0];
        let entry = |line: &str| line.split(' ').nth(2) == Some(&format!("/{name}"));
        let mut entries = PAGE.lines().filter(|line| line.starts_with(".It Ic "));
        assert!(entries.any(entry), "/{name} is not in the man page");
    }
    let (_, section) = PAGE.split_once(".Sh SETTINGS").expect("it has settings");
    let section = section
        .split(".Sh ")
        .next()
        .expect("it is followed by more");
    for key in settings::KEYS {
        let entry = |line: &str| line.split(' ').nth(1) == Some(key);
        let mut entries = section.lines().filter(|line| line.starts_with(".Cm "));
        assert!(entries.any(entry), "{key} is not in the man page");
    }
}

#[test]
fn man_shows_the_page_without_a_warning() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("chatmaster.1");
    let man = Command::new("man")
        .args(["--warnings=all", "--local-file"])
        .arg(page)
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "80")
        .stdin(Stdio::null())
        .output();
    let Ok(shown) = man else {
        // Not every machine has man.
        return;
    };
    let text = String::from_utf8_lossy(&shown.stdout);
    if !text.contains("CHATMASTER(1)") {
        // Nor is each one that looks like it: some images have a man that says it was left out.
        return;
    }
    assert_eq!(String::from_utf8_lossy(&shown.stderr), "");
}
