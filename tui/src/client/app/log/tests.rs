use jiff::civil::date;

use super::*;
use crate::text::WRAPS;

const PANE: Pane = Pane {
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

fn shown(log: &Log, pane: Pane) -> Vec<String> {
    log.rows(pane)
        .iter()
        .map(|row| match row {
            Row::Day(day) => day.to_string(),
            Row::Unread => "new".into(),
            Row::Text(row) => row.text.to_string(),
        })
        .collect()
}

#[test]
fn the_end_shows_and_moves_as_entries_come() {
    let mut log = log(&["1", "2"]);
    assert_eq!(shown(&log, PANE), ["1", "2"]);
    push(&mut log, "three four five");
    assert_eq!(shown(&log, PANE), ["2", "three four", "five"]);
    assert_eq!(log.below(), 0);
}

#[test]
fn a_row_tells_whether_it_is_the_first_of_its_entry() {
    let log = log(&["three four five", "6"]);
    let rows = log.rows(PANE);
    let first = rows.iter().map(|row| match row {
        Row::Text(row) => Some(row.first),
        Row::Day(_) | Row::Unread => None,
    });
    assert_eq!(
        first.collect::<Vec<_>>(),
        [Some(true), Some(false), Some(true)]
    );
}

#[test]
fn the_reader_stays_where_they_are_while_entries_come() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(PANE, 1);
    assert_eq!(shown(&log, PANE), ["2", "3", "4"]);
    assert_eq!(log.below(), 1);
    push(&mut log, "6");
    push(&mut log, "7");
    assert_eq!(shown(&log, PANE), ["2", "3", "4"]);
    assert_eq!(log.below(), 3);
    log.go_to_end();
    assert_eq!(shown(&log, PANE), ["new", "6", "7"]);
}

#[test]
fn one_scrolls_by_rows_not_by_entries() {
    let mut log = log(&["1", "2", "aaaaaaaaaa bbbbbbbbbb cccccccccc", "4"]);
    assert_eq!(shown(&log, PANE), ["bbbbbbbbbb", "cccccccccc", "4"]);
    log.up(PANE, 2);
    assert_eq!(shown(&log, PANE), ["2", "aaaaaaaaaa", "bbbbbbbbbb"]);
    log.down(PANE, 1);
    assert_eq!(
        shown(&log, PANE),
        ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]
    );
    log.down(PANE, 100);
    assert_eq!(shown(&log, PANE), ["bbbbbbbbbb", "cccccccccc", "4"]);
    push(&mut log, "5");
    assert_eq!(shown(&log, PANE), ["cccccccccc", "4", "5"]);
}

#[test]
fn one_does_not_scroll_beyond_the_start() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(PANE, 100);
    assert_eq!(shown(&log, PANE), ["1", "2", "3"]);
    log.down(PANE, 1);
    assert_eq!(shown(&log, PANE), ["2", "3", "4"]);
    log.go_to_start(PANE);
    assert_eq!(shown(&log, PANE), ["1", "2", "3"]);
}

#[test]
fn what_fits_does_not_scroll() {
    let mut log = log(&["1", "2", "3"]);
    log.up(PANE, 1);
    log.go_to_start(PANE);
    push(&mut log, "4");
    assert_eq!(shown(&log, PANE), ["2", "3", "4"]);
}

#[test]
fn a_change_of_size_keeps_the_place() {
    let mut log = log(&["1", "2", "aaaa bbbb cccc", "4", "5", "6"]);
    log.up(PANE, 3);
    assert_eq!(shown(&log, PANE), ["2", "aaaa bbbb", "cccc"]);
    let wide = Pane {
        columns: 40,
        rows: 2,
        ..PANE
    };
    assert_eq!(shown(&log, wide), ["2", "aaaa bbbb cccc"]);
    let tall = Pane {
        columns: 40,
        rows: 5,
        ..PANE
    };
    assert_eq!(shown(&log, tall), ["1", "2", "aaaa bbbb cccc", "4", "5"]);
}

#[test]
fn the_oldest_entries_go_when_there_are_too_many() {
    let mut log = Log::default();
    for n in 0..MAX_ENTRIES + 5 {
        push(&mut log, &n.to_string());
    }
    log.go_to_start(PANE);
    assert_eq!(shown(&log, PANE), ["5", "6", "7"]);
    for n in 0..10 {
        push(&mut log, &n.to_string());
    }
    assert_eq!(
        shown(&log, PANE),
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
fn what_mentions_one_often_takes_its_memory_into_account() {
    let at = date(2026, 11, 24).at(12, 0, 0, 0);
    let entry = Entry::said(at, "bob", Speaker::Other, &"a ".repeat(2_000)).to("a");
    // A mention is a line, a start and an end.
    assert!(entry.bytes() > 2_000 * 3 * size_of::<usize>());
}

#[test]
fn nothing_scrolls_in_an_empty_log_or_without_room() {
    let none = Pane {
        columns: 1,
        rows: 0,
        ..PANE
    };
    for texts in [&[][..], &["1", "2"]] {
        let mut log = log(texts);
        for pane in [PANE, none] {
            log.up(pane, 5);
            log.down(pane, 5);
            log.go_to_start(pane);
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
    assert_eq!(shown(&log, PANE), ["hello", "all"]);
    let inline = Pane {
        names: Names::Inline,
        ..PANE
    };
    assert_eq!(shown(&log, inline), ["bob: hello", "all"]);
}

#[test]
fn nothing_is_left_after_clearing() {
    let mut log = log(&["1", "2", "3", "4", "5"]);
    log.up(PANE, 1);
    log.clear();
    assert!(shown(&log, PANE).is_empty());
    push(&mut log, "6");
    assert_eq!(shown(&log, PANE), ["6"]);
}

#[test]
fn a_line_says_the_day_where_it_changes() {
    let mut log = Log::default();
    for (day, text) in [(24, "1"), (24, "2"), (25, "3"), (25, "4")] {
        let at = date(2026, 11, day).at(12, 0, 0, 0);
        log.push(Entry::new(at, Kind::Info, text));
    }
    let tall = Pane { rows: 9, ..PANE };
    assert_eq!(shown(&log, tall), ["1", "2", "2026-11-25", "3", "4"]);
    log.up(PANE, 2);
    assert_eq!(shown(&log, PANE), ["1", "2", "2026-11-25"]);
    assert_eq!(log.below(), 2);
}

#[test]
fn a_line_is_above_what_came_while_the_reader_was_away() {
    let mut log = log(&["1", "2"]);
    log.focused(Focus::Elsewhere);
    push(&mut log, "3");
    push(&mut log, "4");
    log.focused(Focus::Here);
    let tall = Pane { rows: 9, ..PANE };
    assert_eq!(shown(&log, tall), ["1", "2", "new", "3", "4"]);
    assert!(!log.is_unread_above(&log.rows(PANE)));
    push(&mut log, "5");
    assert_eq!(shown(&log, PANE), ["3", "4", "5"]);
    assert!(log.is_unread_above(&log.rows(PANE)));
    log.go_to_unread(PANE);
    assert_eq!(shown(&log, PANE), ["new", "3", "4"]);
    log.wrote();
    assert_eq!(shown(&log, tall), ["1", "2", "3", "4", "5"]);
}

#[test]
fn what_one_says_oneself_is_not_new() {
    let at = date(2026, 11, 24).at(12, 0, 0, 0);
    let mut log = log(&["1", "2", "3", "4"]);
    log.up(PANE, 1);
    log.push(Entry::said(at, "alice", Speaker::User, "5"));
    assert_eq!(log.unread(), Count::default());
    log.push(Entry::said(at, "bob", Speaker::Other, "6"));
    log.push(Entry::said(at, "bob", Speaker::Other, "/me pokes Alice").to("alice"));
    let count = Count {
        messages: 2,
        mentions: 1,
    };
    assert_eq!(log.unread(), count);
    let more = Pane { rows: 4, ..PANE };
    log.go_to_unread(more);
    assert_eq!(log.unread(), Count::default(), "that is at the end");
    assert_eq!(shown(&log, more), ["new", "6", "bob pokes", "Alice"]);
}

#[test]
fn the_line_stays_above_what_is_left_when_its_entry_goes() {
    let mut log = log(&["1", "2"]);
    log.focused(Focus::Elsewhere);
    (0..MAX_ENTRIES + 1).for_each(|n| push(&mut log, &n.to_string()));
    log.go_to_unread(PANE);
    assert_eq!(shown(&log, PANE), ["new", "1", "2"]);
}

#[test]
fn who_is_mentioned_is_found_in_each_line() {
    let at = date(2026, 11, 24).at(12, 0, 0, 0);
    let entry = Entry::said(at, "bob", Speaker::Other, "Hi ALICE!\nalice, malice").to("alice");
    let mentions = |names, line| -> Vec<_> {
        let ranges = entry.mentions(names, line).into_iter();
        ranges.map(|range| (range.start, range.end)).collect()
    };
    assert_eq!(mentions(Names::Column, 0), [(3, 8)]);
    assert_eq!(mentions(Names::Column, 1), [(0, 5)]);
    assert_eq!(mentions(Names::Inline, 0), [(8, 13)], "after the name");
    assert_eq!(mentions(Names::Inline, 1), [(0, 5)]);
    let entry = Entry::said(at, "bob", Speaker::Other, "malice").to("alice");
    assert!(!entry.mentions_user());
}

#[test]
fn the_cost_of_drawing_and_scrolling_does_not_grow_with_the_log() {
    let screen = Pane {
        columns: 40,
        rows: 50,
        ..PANE
    };
    let mut log = Log::default();
    (0..MAX_ENTRIES).for_each(|n| push(&mut log, &n.to_string()));
    let mut costs = |what: &str, act: &mut dyn FnMut(&mut Log), screens: usize| {
        let before = WRAPS.get();
        act(&mut log);
        let wraps = WRAPS.get() - before;
        // One more for each place whose entry is measured.
        assert!(wraps <= screens * screen.rows + 4, "{what}: {wraps}");
    };
    for _ in 0..3 {
        costs("draw at the end", &mut |log| drop(log.rows(screen)), 1);
        costs("up", &mut |log| log.up(screen, 49), 1);
        costs("draw in the middle", &mut |log| drop(log.rows(screen)), 1);
        costs("down", &mut |log| log.down(screen, 20), 1);
    }
    for _ in 0..2_000 {
        costs("push", &mut |log| push(log, "new"), 0);
    }
    costs("to the start", &mut |log| log.go_to_start(screen), 2);
    costs("draw at the start", &mut |log| drop(log.rows(screen)), 2);
    costs("up at the start", &mut |log| log.up(screen, 49), 3);
    costs("to the end", &mut |log| log.go_to_end(), 0);
}
