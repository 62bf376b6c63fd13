//! What each key does to the text.

use proptest::prelude::*;

use super::*;

/// An editor with the cursor where the `|` is.
fn editor(marked: &str) -> Editor {
    let cursor = marked.find('|').expect("the cursor is marked");
    Editor {
        text: marked.replace('|', ""),
        cursor,
        ..Editor::default()
    }
}

fn marked(editor: &Editor) -> String {
    let (before, after) = editor.text.split_at(editor.cursor);
    format!("{before}|{after}")
}

#[test]
fn each_key_does_what_fingers_know() {
    for (before, edit, after) in [
        ("a|c", Edit::Insert('b'), "ab|c"),
        ("ab|", Edit::Left, "a|b"),
        ("|ab", Edit::Left, "|ab"),
        ("|ab", Edit::Right, "a|b"),
        ("ab|", Edit::Right, "ab|"),
        ("ab|c", Edit::Start, "|abc"),
        ("ab|c", Edit::End, "abc|"),
        ("ab|c", Edit::Backspace, "a|c"),
        ("|abc", Edit::Backspace, "|abc"),
        ("ab|c", Edit::Delete, "ab|"),
        ("abc|", Edit::Delete, "abc|"),
        ("one, two|", Edit::WordLeft, "one, |two"),
        ("one, |two", Edit::WordLeft, "|one, two"),
        ("o|ne, two", Edit::WordRight, "one|, two"),
        ("one|, two", Edit::WordRight, "one, two|"),
        ("ab|cd", Edit::Transpose, "acb|d"),
        ("abc|", Edit::Transpose, "acb|"),
        ("日e\u{301}|", Edit::Transpose, "e\u{301}日|"),
        ("|ab", Edit::Transpose, "|ab"),
        ("a|", Edit::Transpose, "a|"),
        ("ab\n|c", Edit::Transpose, "ab\n|c"),
        ("one a/b  |x", Edit::Rubout, "one |x"),
        ("one|", Edit::Rubout, "|"),
        ("one a/b  |x", Edit::KillWordBack, "one a/|x"),
        ("o|ne two", Edit::KillWordForward, "o| two"),
        ("one t|wo", Edit::KillToStart, "|wo"),
        ("one t|wo", Edit::KillToEnd, "one t|"),
        ("a\nb|c\nd", Edit::Start, "a\n|bc\nd"),
        ("a\nb|c\nd", Edit::End, "a\nbc|\nd"),
        ("a\nb|c\nd", Edit::KillToStart, "a\n|c\nd"),
        ("a\n|c\nd", Edit::KillToStart, "a|c\nd"),
        ("a\nb|c\nd", Edit::KillToEnd, "a\nb|\nd"),
        ("a\nb|\nd", Edit::KillToEnd, "a\nb|d"),
    ] {
        let mut editor = editor(before);
        editor.apply(edit);
        assert_eq!(marked(&editor), after, "{before} {edit:?}");
    }
}

#[test]
fn the_cursor_moves_over_whole_characters() {
    let family = "👩🏽\u{200D}🚀";
    let text = format!("e\u{301}{family}日|");
    let mut editor = editor(&text);
    for expected in [
        format!("e\u{301}{family}|日"),
        format!("e\u{301}|{family}日"),
        format!("|e\u{301}{family}日"),
    ] {
        editor.apply(Edit::Left);
        assert_eq!(marked(&editor), expected);
    }
    editor.apply(Edit::Delete);
    assert_eq!(marked(&editor), format!("|{family}日"));
    editor.apply(Edit::End);
    editor.apply(Edit::Backspace);
    editor.apply(Edit::Backspace);
    assert_eq!(marked(&editor), "|");
}

#[test]
fn what_is_inserted_may_join_what_is_there() {
    let mut editor = editor("|\u{301}x");
    editor.apply(Edit::Insert('e'));
    assert_eq!(marked(&editor), "e\u{301}|x");
}

#[test]
fn a_paste_keeps_its_lines_and_loses_its_control_characters() {
    let mut editor = editor("<|>");
    editor.insert("one\r\ntwo\rthree\tx\x1B[31m\u{9B}");
    assert_eq!(marked(&editor), "<one\ntwo\nthree\tx[31m|>");
}

fn after(start: &str, edits: &[Edit]) -> String {
    let mut editor = editor(start);
    edits.iter().for_each(|edit| editor.apply(*edit));
    marked(&editor)
}

#[test]
fn what_was_cut_comes_back() {
    use Edit::{Insert, KillToEnd, KillToStart, Left, Rubout, Yank};
    assert_eq!(after("one two|", &[Rubout, Yank, Yank]), "one twotwo|");
    assert_eq!(after("one|", &[Yank]), "one|");
    // One cut after the other is one cut, in the order of the text.
    assert_eq!(after("a b c|", &[Rubout, Rubout, Yank]), "a b c|");
    assert_eq!(after("ab|cd", &[KillToEnd, KillToStart, Yank]), "abcd|");
    // With something in between they are two.
    assert_eq!(
        after("a b c|", &[Rubout, Left, Rubout, Insert('x'), Yank]),
        "a xb| "
    );
    // Where there was nothing to cut, nothing is in between.
    assert_eq!(after("a b|", &[Rubout, KillToEnd, Rubout, Yank]), "a b|");
}

#[test]
fn what_was_cut_before_comes_in_place_of_what_was_cut_last() {
    use Edit::{End, Rubout, Yank, YankOlder};
    let two = [Rubout, End, Rubout];
    let then = |edits: &[Edit]| after("x one two|", &[&two, edits].concat());
    assert_eq!(then(&[Yank]), "x one |");
    assert_eq!(then(&[Yank, YankOlder]), "x two|");
    assert_eq!(then(&[Yank, YankOlder, YankOlder]), "x one |");
    assert_eq!(then(&[YankOlder]), "x |", "only after a paste");
    assert_eq!(then(&[Yank, End, YankOlder]), "x one |");
}

#[test]
fn what_a_paste_has_joined_stays_when_another_comes_in_its_place() {
    let mut editor = editor("|\u{301}x");
    editor.keep("o");
    editor.keep("e");
    editor.apply(Edit::Yank);
    assert_eq!(marked(&editor), "e\u{301}|x");
    editor.apply(Edit::YankOlder);
    assert_eq!(marked(&editor), "o\u{301}|x");
}

#[test]
fn what_was_cut_is_kept_while_the_text_changes() {
    let mut editor = editor("one|");
    editor.apply(Edit::KillToStart);
    editor.set("from the history ");
    editor.apply(Edit::Yank);
    assert_eq!(editor.take(), "from the history one");
    editor.apply(Edit::Yank);
    assert_eq!(marked(&editor), "one|");
}

#[test]
fn each_step_can_be_undone_and_a_word_typed_is_one() {
    use Edit::{Insert, Rubout, Undo};
    let typed = [Insert('a'), Insert('b'), Rubout, Insert('c')];
    let undone = |times: usize| after("x |", &[&typed[..], &vec![Undo; times]].concat());
    assert_eq!(undone(0), "x c|");
    assert_eq!(undone(1), "x |");
    assert_eq!(undone(2), "x ab|");
    assert_eq!(undone(3), "x |");
    assert_eq!(undone(4), "x |");
}

#[test]
fn only_so_many_steps_can_be_undone() {
    let mut editor = editor("|");
    for _ in 0..MAX_UNDONE + 10 {
        editor.insert("x");
    }
    for _ in 0..MAX_UNDONE + 10 {
        editor.apply(Edit::Undo);
    }
    assert_eq!(editor.text(), "x".repeat(10));
}

#[test]
fn up_and_down_go_by_rows_and_keep_the_column() {
    let mut editor = editor("abcdef\nx\nabcd|ef");
    assert!(!editor.down(20));
    for expected in ["abcdef\nx|\nabcdef", "abcd|ef\nx\nabcdef"] {
        assert!(editor.up(20));
        assert_eq!(marked(&editor), expected);
    }
    assert!(!editor.up(20));
    editor.down(20);
    editor.apply(Edit::Left);
    editor.down(20);
    assert_eq!(marked(&editor), "abcdef\nx\n|abcdef", "a new column");
    // In rows of three: abc def.
    let mut narrow = self::editor("abcde|f");
    assert!(narrow.up(4));
    assert_eq!(marked(&narrow), "ab|cdef");
    assert!(narrow.down(4));
    assert_eq!(marked(&narrow), "abcde|f");
    // After the last column of a row that goes on, one would be in the next.
    narrow.apply(Edit::End);
    assert!(narrow.up(4));
    assert_eq!(marked(&narrow), "ab|cdef");
}

#[test]
fn the_box_takes_so_much_and_no_more() {
    let mut editor = editor("|");
    editor.insert(&"x".repeat(MAX_BYTES));
    editor.apply(Edit::Insert('y'));
    assert_eq!(editor.text().len(), MAX_BYTES);
    assert!(!editor.text().contains('y'));
}

/// Anything a user can do to the text.
#[derive(Clone, Debug)]
enum Step {
    Edit(Edit),
    Paste(String),
    Up,
    Down,
}

fn step() -> impl Strategy<Value = Step> {
    use Edit::{
        Backspace, Delete, End, Insert, KillToEnd, KillToStart, KillWordBack, KillWordForward,
        Left, Right, Rubout, Start, Transpose, Undo, WordLeft, WordRight, Yank, YankOlder,
    };
    let letters = ['a', ' ', '\n', '日', '\u{301}', '\u{200D}', '👩', '🚀'];
    let edits = [
        Left,
        Right,
        WordLeft,
        WordRight,
        Start,
        End,
        Backspace,
        Delete,
        Transpose,
        Rubout,
        KillWordBack,
        KillWordForward,
        KillToStart,
        KillToEnd,
        Yank,
        YankOlder,
        Undo,
    ];
    prop_oneof![
        prop::sample::select(letters.to_vec()).prop_map(|c| Step::Edit(Insert(c))),
        prop::sample::select(edits.to_vec()).prop_map(Step::Edit),
        "[a\n日🚀\u{301}\u{200D}]{0,4}".prop_map(Step::Paste),
        Just(Step::Up),
        Just(Step::Down),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_the_cursor_is_between_two_characters(
        steps in prop::collection::vec(step(), 0..60),
        columns in 1usize..8,
    ) {
        let mut editor = Editor::default();
        for step in steps {
            match step {
                Step::Edit(edit) => editor.apply(edit),
                Step::Paste(text) => editor.insert(&text),
                Step::Up => {
                    editor.up(columns);
                }
                Step::Down => {
                    editor.down(columns);
                }
            }
            prop_assert!(editor.boundaries().any(|at| at == editor.cursor), "{editor:?}");
        }
    }
}
