//! Nothing that comes from elsewhere does harm on the screen, wherever it is shown.

use chatmaster_core::session::ActionError;
use proptest::prelude::*;

use super::*;
use crate::text::tests::{harmless, nasty};

/// A client that was told `nasty` in every place there is for it.
fn told(nasty: &str, size: (u16, u16)) -> Scene {
    let mut scene = Scene::entered(size.0, size.1);
    scene.enters(nasty);
    scene.event(users(nasty, &[nasty, "alice"]));
    scene.event(channels(&[nasty, "general"], Listing::Channels));
    scene.event(message(nasty, nasty));
    scene.event(message(nasty, &format!("/me {nasty}")));
    scene.event(joined(nasty, nasty, false));
    scene.event(left(nasty, nasty, false));
    scene.event(Event::Renamed {
        old_username: nasty.into(),
        new_username: nasty.into(),
        me: false,
        request: None,
        channel: None,
    });
    scene.event(error(nasty, nasty));
    scene.event(Event::Unknown {
        package: nasty.into(),
    });
    scene.send_alone("hi");
    // Yes, into that room.
    scene.send_alone("");
    scene.refused(&Action::Say("hi".into()), ActionError::TooLong(9));
    scene.tell(Msg::Said(nasty.into()));
    scene.tell(Msg::Paste(nasty.into()));
    scene
}

fn check(scene: &Scene) -> Result<(), TestCaseError> {
    let (buf, _) = scene.draw();
    for cell in &buf.content {
        if let Err(harm) = harmless(cell.symbol()) {
            return Err(TestCaseError::fail(harm));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_cell_has_anything_harmful(nasty in nasty(), width in 1u16..130, height in 3u16..40) {
        let mut scene = told(&nasty, (width, height));
        check(&scene)?;
        scene.control('f');
        scene.tell(Msg::Paste(nasty.clone()));
        check(&scene)?;
        scene.key(KeyCode::Esc);
        scene.event(Event::NameWanted { reason: Some(nasty), request: None });
        check(&scene)?;
    }
}
