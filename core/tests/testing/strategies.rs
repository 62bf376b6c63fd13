//! The strategies keep what they promise, by the core's own word.

use chatmaster_core::names::{Claims, Name};
use chatmaster_core::strategies::*;
use chatmaster_core::wire::{ClientPackage, Decoder, Inflaters};
use chatmaster_core::{RoomName, Username};
use proptest::prelude::*;

proptest! {
    #[test]
    fn names_to_be_taken_can_be_taken(user in username(), room in room_name()) {
        prop_assert!(Username::parse(&user).is_ok());
        prop_assert!(RoomName::parse(&room).is_ok());
    }

    #[test]
    fn invalid_names_can_not(name in invalid_name()) {
        prop_assert!(Username::parse(&name).is_err());
        prop_assert!(RoomName::parse(&name).is_err());
    }

    #[test]
    fn same_names_are_the_same((one, other) in same_names()) {
        let [one, other] = [one, other].map(|name| Username::parse(&name).expect("it is a name"));
        prop_assert_eq!(one.key(), other.key());
    }

    #[test]
    fn look_alikes_clash_and_are_not_the_same((one, other) in look_alikes()) {
        let [one, other] = [one, other].map(|name| Username::parse(&name).expect("it is a name"));
        prop_assert_ne!(one.key(), other.key());
        let mut claims = Claims::default();
        claims.claim(&one, 1).expect("nothing is taken");
        prop_assert_eq!(claims.claim(&other, 2), Err(1));
    }

    #[test]
    fn a_script_can_be_read_from_its_bytes_in_any_framing_and_splitting(
        script in script(0..8),
        framing in framing(),
        splitting in splitting(),
    ) {
        let mut inflaters = Inflaters::new(1);
        let mut decoder = Decoder::new(64 * 1024);
        let mut read = Vec::new();
        let bytes = framing.encode(&script);
        for mut piece in splitting.pieces(&bytes) {
            while let Some(package) =
                decoder.decode(&mut inflaters, &mut piece).expect("they are good")
            {
                let package = ClientPackage::parse(package.text).expect("they are good");
                let mut text = Vec::new();
                package.write(&mut text);
                read.push(text);
            }
        }
        let sent = script.into_iter().map(|package| {
            // Who sends a message is not read.
            let package = match package {
                ClientPackage::Message { message, channel, to, .. } => ClientPackage::Message {
                    message,
                    username: "".into(),
                    channel,
                    to,
                },
                command => command,
            };
            let mut text = Vec::new();
            package.write(&mut text);
            text
        });
        prop_assert_eq!(read, sent.collect::<Vec<_>>());
    }

    #[test]
    fn pieces_put_together_are_what_was_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..50),
        splitting in splitting(),
    ) {
        let pieces = splitting.pieces(&bytes);
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
        prop_assert_eq!(pieces.concat(), bytes);
    }
}
