//! `core/PROTOCOL.md` says what the server does: what the conformance scripts meet is in it, and what is
//! in it is in the core.

use std::collections::BTreeSet;
use std::path::Path;

use chatmaster_core::Config;
use serde_json::Value;

const PAGE: &str = include_str!("../../core/PROTOCOL.md");

/// What stands between backticks in the page, blocks of code left out.
fn quoted() -> Vec<&'static str> {
    let mut quoted = Vec::new();
    for prose in PAGE.split("```").step_by(2) {
        quoted.extend(prose.split('`').skip(1).step_by(2));
    }
    quoted
}

/// Of these, the sentences for people.
fn sentences() -> Vec<&'static str> {
    let is_sentence = |text: &&str| text.ends_with('.') && text.contains(' ');
    quoted().into_iter().filter(is_sentence).collect()
}

/// The parts of a sentence of the page around its `{placeholders}`.
fn parts(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in sentence.split('{') {
        parts.push(piece.split_once('}').map_or(piece, |(_, rest)| rest));
    }
    parts
}

/// Whether `text` is `sentence` with something in place of each placeholder.
fn matches(sentence: &str, text: &str) -> bool {
    let parts = parts(sentence);
    let (first, rest) = parts.split_first().expect("there is one part at least");
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    for part in rest {
        match if part.is_empty() {
            Some(left.len())
        } else {
            left.find(part)
        } {
            Some(at) => left = &left[(at + part.len()).min(left.len())..],
            None => return false,
        }
    }
    left.is_empty()
}

/// The packages that servers send in the conformance scripts.
fn scripted() -> Vec<Value> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut packages = Vec::new();
    for entry in std::fs::read_dir(scripts).expect("the scripts are beside the suite") {
        let path = entry.expect("a folder can be listed").path();
        let script = std::fs::read_to_string(path).expect("a script is a text file");
        let received = script.lines().filter_map(|line| line.split_once(" < "));
        packages.extend(received.map(|(_, package)| {
            serde_json::from_str::<Value>(package).expect("a script expects JSON")
        }));
    }
    assert!(!packages.is_empty(), "there are scripts");
    packages
}

/// What these packages say went wrong.
fn errors(packages: &[Value]) -> Vec<&str> {
    let errors = packages.iter().filter_map(|package| {
        let data = &package["data"];
        let text = match (package["type"].as_str(), data["status"].as_bool()) {
            (Some("error"), _) => &data["message"],
            (Some("session"), Some(false)) => &data["reason"],
            _ => return None,
        };
        let text = text.as_str().expect("an error has a text");
        Some(text.strip_suffix(" That was the last try.").unwrap_or(text))
    });
    // The dots stand for any text.
    errors.filter(|text| *text != "…").collect()
}

#[test]
fn every_error_of_the_scripts_is_in_the_page() {
    let sentences = sentences();
    for text in errors(&scripted()) {
        assert!(
            sentences.iter().any(|sentence| matches(sentence, text)),
            "core/PROTOCOL.md does not have the error {text:?}"
        );
    }
}

#[test]
fn every_error_of_the_page_is_in_the_scripts_or_the_core() {
    let packages = scripted();
    let errors = errors(&packages);
    let source = source(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../core/src"
    )));
    for sentence in sentences() {
        if errors.iter().any(|text| matches(sentence, text)) {
            continue;
        }
        for part in parts(sentence) {
            let escaped = part.replace('\\', "\\\\").replace('"', "\\\"");
            assert!(
                source.contains(&escaped),
                "core/PROTOCOL.md says {sentence:?}, and nobody else"
            );
        }
    }
}

/// All Rust files below `folder`, with the strings that go on in the next line in one.
fn source(folder: &Path) -> String {
    let mut source = String::new();
    for entry in std::fs::read_dir(folder).expect("the source can be listed") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            source += &self::source(&path);
        } else {
            let text = std::fs::read_to_string(path).expect("source is text");
            let mut pieces = text.split("\\\n");
            source += pieces.next().unwrap_or_default();
            pieces.for_each(|piece| source += piece.trim_start());
        }
    }
    source
}

#[test]
fn every_attribute_and_event_of_the_scripts_is_in_the_page() {
    let packages = scripted();
    let mut used = BTreeSet::new();
    packages
        .iter()
        .for_each(|package| note_names(package, &mut used));
    for name in used {
        let has = |quoted: &&str| *quoted == name || quoted.contains(&format!("\"{name}\""));
        assert!(quoted().iter().any(has), "core/PROTOCOL.md has no {name:?}");
    }
}

/// Adds the attributes in `value`, and the names of events and requests.
fn note_names<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    if let Value::Object(attributes) = value {
        for (name, value) in attributes {
            names.insert(name);
            if name == "event_type" || name == "request" {
                names.extend(value.as_str());
            }
            note_names(value, names);
        }
    }
}

#[test]
fn the_limits_of_the_page_are_the_defaults() {
    let Config {
        encoding: _,
        max_package_bytes,
        max_message_bytes,
        login_timeout,
        login_tries,
        send_queue_bytes,
        total_queue_bytes,
        backlog_bytes,
        max_connections,
        max_connections_per_address,
        connect_rate,
        login_rate,
        rename_rate,
        max_inflaters,
        stream_grace,
        max_rooms,
        message_rate,
        message_burst,
        login_burst,
        package_work,
        lag_pause,
        lag_limit,
        linger,
        announce_limit,
        max_user_rooms,
        max_room_list,
        history_messages,
        history_bytes,
        total_history_bytes,
        resume_window,
        max_tags,
    } = Config::default();
    let bytes = |bytes: usize| match bytes >> 10 {
        kib if kib < 1024 => format!("{kib} KiB"),
        kib => format!("{} MiB", kib >> 10),
    };
    let limits = [
        ("max_package_bytes", bytes(max_package_bytes)),
        ("max_message_bytes", bytes(max_message_bytes)),
        (
            "login_timeout",
            format!("{login_timeout:?}").replace('s', " s"),
        ),
        ("login_tries", login_tries.to_string()),
        ("linger", format!("{linger:?}").replace('s', " s")),
        ("send_queue_bytes", bytes(send_queue_bytes)),
        ("total_queue_bytes", bytes(total_queue_bytes)),
        ("backlog_bytes", bytes(backlog_bytes)),
        ("max_connections", max_connections.to_string()),
        (
            "max_connections_per_address",
            max_connections_per_address.to_string(),
        ),
        ("connect_rate", connect_rate.to_string()),
        ("login_rate", login_rate.to_string()),
        ("rename_rate", rename_rate.to_string()),
        ("max_inflaters", max_inflaters.to_string()),
        (
            "stream_grace",
            format!("{stream_grace:?}").replace('s', " s"),
        ),
        ("max_rooms", max_rooms.to_string()),
        ("message_rate", message_rate.to_string()),
        ("message_burst", message_burst.to_string()),
        ("login_burst", login_burst.to_string()),
        ("package_work", bytes(package_work)),
        ("lag_pause", format!("{lag_pause:?}").replace("ms", " ms")),
        ("lag_limit", format!("{lag_limit:?}").replace('s', " s")),
        ("announce_limit", announce_limit.to_string()),
        ("max_user_rooms", max_user_rooms.to_string()),
        ("max_room_list", max_room_list.to_string()),
        ("max_tags", max_tags.to_string()),
        ("history_messages", history_messages.to_string()),
        ("history_bytes", bytes(history_bytes)),
        ("total_history_bytes", bytes(total_history_bytes)),
        (
            "resume_window",
            format!("{resume_window:?}").replace('s', " s"),
        ),
    ];
    for (limit, default) in limits {
        let row = format!("| `{limit}` | {default} | ");
        assert!(PAGE.contains(&row), "core/PROTOCOL.md has no row {row:?}");
    }
}
