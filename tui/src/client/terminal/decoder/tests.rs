use proptest::prelude::*;

use super::*;

/// What comes of pieces between which no time passes, and `patience` after the last.
fn typed(pieces: &[&[u8]]) -> (Vec<Typed>, Option<Duration>) {
    let (mut decoder, mut typed) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.take(piece, &mut typed);
    }
    (typed, decoder.patience())
}

/// What comes of pieces after each of which one has waited long enough.
fn slowly(pieces: &[&[u8]]) -> Vec<Typed> {
    let (mut decoder, mut typed) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.take(piece, &mut typed);
        while decoder.patience().is_some() {
            decoder.give_up(&mut typed);
        }
    }
    typed
}

fn plain(code: KeyCode) -> Typed {
    Typed::Event(key(code, KeyModifiers::NONE))
}

fn held(code: KeyCode, modifiers: KeyModifiers) -> Typed {
    Typed::Event(key(code, modifiers))
}

fn letters(text: &str) -> Vec<Typed> {
    text.chars().map(|c| plain(KeyCode::Char(c))).collect()
}

fn paste(text: &str) -> Typed {
    Typed::Event(Event::Paste(text.into()))
}

#[test]
fn keys_are_what_terminals_send_for_them() {
    const NONE: KeyModifiers = KeyModifiers::NONE;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    for (bytes, code, modifiers) in [
        (&b"a"[..], KeyCode::Char('a'), NONE),
        ("日".as_bytes(), KeyCode::Char('日'), NONE),
        (b"\r", KeyCode::Enter, NONE),
        (b"\n", KeyCode::Char('j'), CONTROL),
        (b"\t", KeyCode::Tab, NONE),
        (b"\x7F", KeyCode::Backspace, NONE),
        (b"\x08", KeyCode::Char('h'), CONTROL),
        (b"\x03", KeyCode::Char('c'), CONTROL),
        (b"\x1F", KeyCode::Char('7'), CONTROL),
        (b"\0", KeyCode::Char(' '), CONTROL),
        (b"\x1B\r", KeyCode::Enter, ALT),
        (b"\x1Bb", KeyCode::Char('b'), ALT),
        ("\x1Bé".as_bytes(), KeyCode::Char('é'), ALT),
        (b"\x1B\x7F", KeyCode::Backspace, ALT),
        (b"\x1B[A", KeyCode::Up, NONE),
        (b"\x1BOA", KeyCode::Up, NONE),
        (b"\x1B\x1B[D", KeyCode::Left, ALT),
        (b"\x1B[1;5D", KeyCode::Left, CONTROL),
        (b"\x1B[1;3C", KeyCode::Right, ALT),
        (b"\x1B[1;6H", KeyCode::Home, CONTROL.union(SHIFT)),
        (b"\x1B[3~", KeyCode::Delete, NONE),
        (b"\x1B[3;5~", KeyCode::Delete, CONTROL),
        (b"\x1B[3^", KeyCode::Delete, CONTROL),
        (b"\x1B[7~", KeyCode::Home, NONE),
        (b"\x1B[8~", KeyCode::End, NONE),
        (b"\x1B[5~", KeyCode::PageUp, NONE),
        (b"\x1B[Z", KeyCode::BackTab, SHIFT),
        (b"\x1BOP", KeyCode::F(1), NONE),
        (b"\x1BOM", KeyCode::Enter, NONE),
        (b"\x1B[13;2u", KeyCode::Enter, SHIFT),
        (b"\x1B[27;5;9~", KeyCode::Tab, CONTROL),
        (b"\x1B[97:65;1:1u", KeyCode::Char('a'), NONE),
    ] {
        let expected = (vec![held(code, modifiers)], None);
        assert_eq!(
            typed(&[bytes]),
            expected,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn an_escape_alone_is_a_key_when_nothing_follows_and_not_before() {
    assert_eq!(typed(&[b"\x1B"]), (vec![], Some(ESCAPE)));
    assert!((25..=50).contains(&ESCAPE.as_millis()));
    assert_eq!(slowly(&[b"\x1B"]), [plain(KeyCode::Esc)]);
    assert_eq!(
        slowly(&[b"\x1B\x1B"]),
        [plain(KeyCode::Esc), plain(KeyCode::Esc)]
    );
    for (pieces, code) in [
        ([&b"\x1B"[..], &b"[D"[..]], KeyCode::Left),
        ([b"\x1B[", b"D"], KeyCode::Left),
        ([b"\x1B", b"OD"], KeyCode::Left),
        ([b"\x1B[1;", b"1H"], KeyCode::Home),
    ] {
        assert_eq!(typed(&pieces), (vec![plain(code)], None));
    }
}

#[test]
fn half_a_sequence_types_nothing() {
    for half in [&b"\x1B["[..], b"\x1B[1;", b"\x1BO", b"\x1B[[", b"\x1B[M!"] {
        assert_eq!(typed(&[half]), (vec![], Some(REST)));
        assert_eq!(slowly(&[half, b"x"]), letters("x"));
    }
    // One that something else cuts off, one that nobody knows, and one that does not end.
    assert_eq!(
        typed(&[b"\x1B[1\rx"]).0,
        [plain(KeyCode::Enter), plain(KeyCode::Char('x'))]
    );
    assert_eq!(typed(&[b"\x1B[?1;2c\x1B[99~\x1B[[Ax"]).0, letters("x"));
    let endless = [b"\x1B[".to_vec(), b"1".repeat(MAX_SEQUENCE)].concat();
    assert_eq!(typed(&[&endless, b"x"]).0, letters("x"));
}

#[test]
fn a_byte_that_is_no_character_costs_no_more_than_itself() {
    // An é of Latin-1 between letters, at the end, and before a sequence.
    assert_eq!(typed(&[b"a\xE9b"]).0, letters("ab"));
    assert_eq!(typed(&[b"a\xE9", b"b\xFF\x80c"]).0, letters("abc"));
    assert_eq!(typed(&[b"\xE9\x1B[D"]).0, [plain(KeyCode::Left)]);
    assert_eq!(typed(&[b"\xE9\r"]).0, [plain(KeyCode::Enter)]);
    assert_eq!(slowly(&[b"\xE9", "é".as_bytes()]), letters("é"));
    // No surrogates, nothing overlong, nothing behind the last character.
    assert_eq!(
        typed(&[b"\xED\xA0\x80\xC0\xAF\xF4\x90\x80\x80x"]).0,
        letters("x")
    );
}

#[test]
fn a_paste_is_one_however_it_is_split() {
    let bytes = "\x1B[200~one\rtwo é\x1B[201~".as_bytes();
    let expected = (vec![paste("one\rtwo é")], None);
    for at in 1..bytes.len() {
        let (first, second) = bytes.split_at(at);
        assert_eq!(typed(&[first, second]), expected, "{at}");
    }
    let bytewise: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(typed(&bytewise), expected);
}

#[test]
fn a_paste_whose_start_or_end_took_too_long_is_still_one() {
    let esc = plain(KeyCode::Esc);
    assert_eq!(
        slowly(&[b"\x1B", b"[200~one\r\x1B[201~"]),
        [esc.clone(), paste("one\r")]
    );
    for start in [&b"\x1B["[..], b"\x1B[2", b"\x1B[20", b"\x1B[200"] {
        let rest = [&PASTE_START[start.len()..], b"one\r\x1B[201~"].concat();
        assert_eq!(slowly(&[start, &rest]), [paste("one\r")]);
    }
    let late = slowly(&[b"\x1B[200~one\x1B", b"[201~x"]);
    assert_eq!(late, [&[paste("one")], &letters("x")[..]].concat());
    // Whoever presses Esc and then a bracket has a bracket.
    assert_eq!(slowly(&[b"\x1B", b"["]), [vec![esc], letters("[")].concat());
}

#[test]
fn a_paste_that_never_ends_is_told_of_and_ended_by_a_key() {
    for key in [b"\x1B", b"\x03"] {
        let (mut decoder, mut typed) = (Decoder::default(), Vec::new());
        decoder.take(b"\x1B[200~one", &mut typed);
        assert_eq!(decoder.patience(), Some(REST));
        decoder.give_up(&mut typed);
        assert_eq!(decoder.patience(), None, "it is told once");
        decoder.take(b" two", &mut typed);
        decoder.take(key, &mut typed);
        assert_eq!(typed, [Typed::PasteStalled]);
        assert_eq!(decoder.patience(), Some(REST));
        decoder.give_up(&mut typed);
        decoder.take(b"x", &mut typed);
        assert_eq!(
            typed,
            [
                Typed::PasteStalled,
                paste("one two"),
                plain(KeyCode::Char('x'))
            ]
        );
    }
}

#[test]
fn a_paste_fills_no_memory() {
    let (mut decoder, mut typed) = (Decoder::default(), Vec::new());
    decoder.take(PASTE_START, &mut typed);
    for _ in 0..100 {
        decoder.take(&b"x".repeat(64 * 1024), &mut typed);
        let held = decoder.pending.capacity()
            + decoder
                .paste
                .as_ref()
                .map_or(0, |paste| paste.text.capacity());
        assert!(held < 1024 * 1024, "{held}");
    }
    decoder.take(b"\x1B[201~y", &mut typed);
    let (all, y) = (paste(&"x".repeat(MAX_PASTED)), plain(KeyCode::Char('y')));
    assert!(typed == [all, y]);
}

#[test]
fn the_wheel_and_the_focus_are_events_and_buttons_are_none() {
    let kinds = |bytes: &[u8]| -> Vec<_> {
        let typed = typed(&[bytes]).0.into_iter();
        typed
            .map(|typed| match typed {
                Typed::Event(Event::Mouse(mouse)) => format!("{:?}", mouse.kind),
                Typed::Event(event) => format!("{event:?}"),
                Typed::PasteStalled => unreachable!("there is no paste"),
            })
            .collect()
    };
    assert_eq!(
        kinds(b"\x1B[<64;10;5M\x1B[<69;1;1M"),
        ["ScrollUp", "ScrollDown"]
    );
    assert_eq!(kinds(b"\x1B[<0;10;5M\x1B[<0;10;5m\x1B[<64;1;1m"), [""; 0]);
    assert_eq!(
        kinds(b"\x1B[M`\xFF\xFF\x1B[Ma!!"),
        ["ScrollUp", "ScrollDown"]
    );
    assert_eq!(kinds(b"\x1B[I\x1B[O"), ["FocusGained", "FocusLost"]);
}

proptest! {
    #[test]
    fn what_comes_of_bytes_does_not_depend_on_how_they_are_split(
        bytes in prop::collection::vec(prop_oneof![
            any::<u8>(),
            prop::sample::select(b"\x1B[O~;0129ABM<u\r\x03\xC3\xA9".to_vec()),
        ], 0..80),
        cuts in prop::collection::vec(0usize..80, 0..6),
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(typed(&pieces), typed(&[&bytes]));
    }
}
