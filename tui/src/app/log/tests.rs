use jiff::civil::date;

use super::*;

const WINDOW: Window = Window {
    columns: 10,
    rows: 3,
    names: Names::Column,
};

fn push(log: &mut Log, text: &str) {
    log.push(Entry::new(
        date(2026, 11, 24).at(12, 0, 0, 0),
        Kind::Info,
        text,
    ));
}

fn log(texts: &[&str]) -> Log {
    let mut log = Log::default();
    texts.iter().for_each(|text| push(&mut log, text));
    log
}

fn shown(log: &Log, window: Window) -> Vec<String> {
    log.rows(window)
        .iter()
        .map(|row| row.text.to_string())
        .collect()
}

#[test]
fn the_end_shows_and_moves_as_entries_come() {
    let mut log = log(&["1", "2"]);
    assert_eq!(shown(&log, WINDOW), ["1", "2"]);
    push(&mut log, "three four five");
    assert_eq!(shown(&log, WINDOW), ["2", "three four", "five"]);
    assert_eq!(log.below(), 0);
}

#[test]
fn a_row_tells_whether_it_is_the_first_of_its_entry() {
    let log = log(&["three four five", "6"]);
    let first: Vec<_> = log.rows(WINDOW).iter().map(|row| row.first).collect();
    assert_eq!(first, [true, false, true]);
}

#[test]
fn the_reader_stays_where_they_are_while_entries_come() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(WINDOW, 1);
    assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
    assert_eq!(log.below(), 1);
    push(&mut log, "6");
    push(&mut log, "7");
    assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
    assert_eq!(log.below(), 3);
    log.go_to_end();
    assert_eq!(shown(&log, WINDOW), ["5", "6", "7"]);
}

#[test]
fn one_scrolls_by_rows_not_by_entries() {
    let mut log = log(&["1", "2", "aaaaaaaaaa bbbbbbbbbb cccccccccc", "4"]);
    assert_eq!(shown(&log, WINDOW), ["bbbbbbbbbb", "cccccccccc", "4"]);
    log.up(WINDOW, 2);
    assert_eq!(shown(&log, WINDOW), ["2", "aaaaaaaaaa", "bbbbbbbbbb"]);
    log.down(WINDOW, 1);
    assert_eq!(
        shown(&log, WINDOW),
        ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]
    );
    log.down(WINDOW, 100);
    assert_eq!(shown(&log, WINDOW), ["bbbbbbbbbb", "cccccccccc", "4"]);
    push(&mut log, "5");
    assert_eq!(shown(&log, WINDOW), ["cccccccccc", "4", "5"]);
}

#[test]
fn one_does_not_scroll_beyond_the_start() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(WINDOW, 100);
    assert_eq!(shown(&log, WINDOW), ["1", "2", "3"]);
    log.down(WINDOW, 1);
    assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
    log.go_to_start(WINDOW);
    assert_eq!(shown(&log, WINDOW), ["1", "2", "3"]);
}

#[test]
fn what_fits_does_not_scroll() {
    let mut log = log(&["1", "2", "3"]);
    log.up(WINDOW, 1);
    log.go_to_start(WINDOW);
    push(&mut log, "4");
    assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
}

#[test]
fn a_change_of_size_keeps_the_place() {
    let mut log = log(&["1", "2", "aaaa bbbb cccc", "4", "5", "6"]);
    log.up(WINDOW, 3);
    assert_eq!(shown(&log, WINDOW), ["2", "aaaa bbbb", "cccc"]);
    let wide = Window {
        columns: 40,
        rows: 2,
        ..WINDOW
    };
    assert_eq!(shown(&log, wide), ["2", "aaaa bbbb cccc"]);
    let tall = Window {
        columns: 40,
        rows: 5,
        ..WINDOW
    };
    assert_eq!(shown(&log, tall), ["1", "2", "aaaa bbbb cccc", "4", "5"]);
}

#[test]
fn the_oldest_entries_go_when_there_are_too_many() {
    let mut log = Log::default();
    for n in 0..MAX_ENTRIES + 5 {
        push(&mut log, &n.to_string());
    }
    log.go_to_start(WINDOW);
    assert_eq!(shown(&log, WINDOW), ["5", "6", "7"]);
    for n in 0..10 {
        push(&mut log, &n.to_string());
    }
    assert_eq!(
        shown(&log, WINDOW),
        ["15", "16", "17"],
        "what was read is gone"
    );
}

#[test]
fn long_entries_go_sooner() {
    let mut log = Log::default();
    let long = "x".repeat(MAX_BYTES / 4);
    for _ in 0..10 {
        push(&mut log, &long);
    }
    assert!(
        log.bytes <= MAX_BYTES && log.entries.len() == 3,
        "{}",
        log.entries.len()
    );
}

#[test]
fn nothing_scrolls_in_an_empty_log_or_without_room() {
    let none = Window {
        columns: 1,
        rows: 0,
        ..WINDOW
    };
    for texts in [&[][..], &["1", "2"]] {
        let mut log = log(texts);
        for window in [WINDOW, none] {
            log.up(window, 5);
            log.down(window, 5);
            log.go_to_start(window);
            log.go_to_end();
            assert!(shown(&log, none).is_empty());
        }
    }
}

#[test]
fn names_are_in_the_text_where_they_have_no_column() {
    let mut log = Log::default();
    let at = date(2026, 11, 24).at(12, 0, 0, 0);
    log.push(Entry::said(at, "bob", Speaker::Other, "hello\nall"));
    assert_eq!(shown(&log, WINDOW), ["hello", "all"]);
    let inline = Window {
        names: Names::Inline,
        ..WINDOW
    };
    assert_eq!(shown(&log, inline), ["bob: hello", "all"]);
}

#[test]
fn nothing_is_left_after_clearing() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(WINDOW, 1);
    log.clear();
    assert!(shown(&log, WINDOW).is_empty());
    push(&mut log, "6");
    assert_eq!(shown(&log, WINDOW), ["6"]);
}
