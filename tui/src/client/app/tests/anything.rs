//! Whatever happens, in whatever order, there is a screen with the cursor on it.

use proptest::prelude::*;

use super::*;

fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        prop::sample::select(
            "abcdefhijklmnoprtuwyz /_7日\u{301}"
                .chars()
                .collect::<Vec<_>>()
        )
        .prop_map(KeyCode::Char),
        prop::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Esc,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

/// Something from outside: names are few, so that they meet.
fn event() -> impl Strategy<Value = Event> {
    let name = || prop::sample::select(vec!["alice", "bob", "b\u{301}", "\x1B[2J", "日本"]);
    let text = "[ab日🙂\n\u{1B}\u{202E}\u{301} ]{0,30}";
    prop_oneof![
        (name(), text).prop_map(|(name, message)| Event::Message {
            username: name.into(),
            message,
            channel: None,
            to: None,
            id: None,
            time: None,
        }),
        (name(), name(), any::<bool>()).prop_map(|(name, room, me)| joined(name, room, me)),
        (name(), name(), any::<bool>()).prop_map(|(name, room, me)| left(name, room, me)),
        (name(), name(), any::<bool>()).prop_map(|(old, new, me)| Event::Renamed {
            old_username: old.into(),
            new_username: new.into(),
            me,
            request: None,
            channel: None,
        }),
        (name(), name()).prop_map(|(one, other)| users("general", &[one, other])),
        (name(), name()).prop_map(|(one, other)| channels(&[one, other], Listing::Channels)),
        name().prop_map(|kind| error(kind, "No.")),
        Just(error("join", "No.")),
        name().prop_map(logged_in),
        proptest::option::of(text).prop_map(|reason| Event::NameWanted {
            reason,
            request: None
        }),
        (1usize..9, 0u64..9).prop_map(|(messages, first)| Event::Unsent {
            messages,
            first: RequestId(first),
        }),
        Just(lost()),
    ]
}

fn msg() -> impl Strategy<Value = Msg> {
    prop_oneof![
        8 => key().prop_map(Msg::Key),
        1 => "[ab/日\r\n\u{1B}\t]{0,40}".prop_map(Msg::Paste),
        4 => event().prop_map(|event| Msg::Update(Update::Event(event))),
        1 => (0u16..50, 0u16..16).prop_map(|(width, height)| Msg::Resized(width, height)),
        1 => prop::sample::select(vec![
            Msg::Wheel(Wheel::Up),
            Msg::Wheel(Wheel::Down),
            Msg::Connected(Role::Host),
            Msg::NotConnected("Nobody is there.".into()),
            Msg::NotDone(RequestId(0), "It is busy.".into()),
            Msg::NotDone(RequestId(3), "It is busy.".into()),
            Msg::Woke,
        ]),
    ]
}

proptest! {
    #[test]
    fn the_cursor_is_on_the_screen_and_nothing_harmful_is(
        msgs in prop::collection::vec(msg(), 0..40),
    ) {
        let mut scene = Scene::chatting(40, 10);
        for msg in msgs {
            scene.tell(msg);
            let (width, height) = scene.app.size;
            let (_, cursor) = scene.draw();
            let inside = |at: Position| at.x < width && at.y < height;
            prop_assert!(cursor.is_none_or(inside), "{cursor:?} at {width}x{height}");
        }
        for row in scene.screen() {
            prop_assert!(!row.contains(['\x1B', '\u{202E}', '\n', '\r']), "{row:?}");
        }
    }
}
