//! The texts of packages, as they are read and written.

use chatmaster_core::strategies::message_text;
use chatmaster_core::wire::{ClientPackage, Command, PackageError, ServerPackage};
use proptest::prelude::*;

fn message(text: &str) -> Result<ClientPackage<'_>, PackageError> {
    Ok(ClientPackage::Message {
        message: text.into(),
        username: "".into(),
    })
}

fn refused(error_type: &str, message: &str) -> Result<ClientPackage<'static>, PackageError> {
    Err(PackageError {
        error_type: error_type.into(),
        message: message.into(),
    })
}

#[test]
fn a_message_is_read_whatever_the_order_of_its_attributes_and_whatever_else_it_has() {
    for text in [
        r#"{"type":"message","data":{"message":"hi"}}"#,
        r#"{"data":{"message":"hi"},"type":"message"}"#,
        r#"{ "type" : "message" , "data" : { "username" : "bob", "message" : "hi" } }"#,
        r#"{"id":{"a":[1,{}]},"type":"message","data":{"x":null,"message":"\u0068i","y":[]}}"#,
        r#"{"t\u0079pe":"messag\u0065","data":{"message":"hi","command":"leave"}}"#,
    ] {
        assert_eq!(
            ClientPackage::parse(text.as_bytes()),
            message("hi"),
            "{text}"
        );
    }
}

#[test]
fn a_package_with_a_message_in_its_data_is_still_what_its_type_says() {
    let command = r#"{"type":"command","data":{"message":"hi","command":"leave"}}"#;
    let parsed = ClientPackage::parse(command.as_bytes());
    assert_eq!(parsed, Ok(ClientPackage::Command(Command::Leave)));
    let request = r#"{"type":"request","data":{"message":"hi"}}"#;
    let told = "Packages of type request are only sent by the server.";
    assert_eq!(
        ClientPackage::parse(request.as_bytes()),
        refused("request", told)
    );
}

#[test]
fn a_message_without_a_text_is_told_what_it_needs() {
    for text in [
        r#"{"type":"message"}"#,
        r#"{"type":"message","data":null}"#,
        r#"{"type":"message","data":{}}"#,
        r#"{"type":"message","data":{"message":7}}"#,
        r#"{"type":"message","data":{"message":"a","message":"b"}}"#,
    ] {
        let needs = "A message needs data.message, a string.";
        assert_eq!(
            ClientPackage::parse(text.as_bytes()),
            refused("message", needs),
            "{text}"
        );
    }
}

#[test]
fn two_types_or_none_are_no_package() {
    for text in [
        r#"{"type":"message","type":"message","data":{"message":"hi"}}"#,
        r#"{"data":{"message":"hi"}}"#,
        r#"{"type":"message","data":{"message":"hi"}} x"#,
    ] {
        let refused = ClientPackage::parse(text.as_bytes()).expect_err(text);
        assert_eq!(refused.error_type, "package", "{text}");
    }
}

#[test]
fn what_json_escapes_is_escaped_in_a_message() {
    let mut out = b"before ".to_vec();
    let (text, username) = ("\"\\\u{0}\u{1f}\u{7f}\n/é🙂\u{2028}".into(), "o'\"b".into());
    ServerPackage::Message {
        message: text,
        username,
    }
    .write(&mut out);
    let expected = concat!(
        r#"before {"type":"message","data":{"message":"\"\\\u0000\u001f"#,
        "\u{7f}",
        r#"\n/é🙂"#,
        "\u{2028}",
        r#"","username":"o'\"b"}}"#,
    );
    assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
}

proptest! {
    #[test]
    fn a_message_is_written_as_serde_writes_it(
        message in prop_oneof![message_text(), any::<String>(), "[\\x00-\\x7f]{0,100}"],
        username in any::<String>(),
    ) {
        let package = ServerPackage::Message { message: message.into(), username: username.into() };
        let mut out = Vec::new();
        package.write(&mut out);
        prop_assert_eq!(out, serde_json::to_vec(&package).expect("it has keys that are strings"));
    }

    #[test]
    fn what_the_server_writes_of_a_message_is_read_as_the_same_message(message in message_text()) {
        let said = ServerPackage::Message { message: message.as_str().into(), username: "x".into() };
        let mut text = Vec::new();
        said.write(&mut text);
        let expected = ClientPackage::Message {
            message: message.as_str().into(),
            username: "".into(),
        };
        prop_assert_eq!(ClientPackage::parse(&text), Ok(expected));
        prop_assert_eq!(ServerPackage::parse(&text), Ok(said));
    }
}
