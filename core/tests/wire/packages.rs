//! The texts of packages, as they are read and written.

use chatmaster_core::strategies::message_text;
use chatmaster_core::wire::{
    ClientPackage, Command, MAX_TAG_BYTES, PackageError, ServerPackage, Version,
};
use proptest::prelude::*;

fn message(text: &str) -> Result<ClientPackage<'_>, PackageError> {
    Ok(ClientPackage::message(text, ""))
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
    assert_eq!(
        parsed,
        Ok(ClientPackage::Command(Command::Leave { channel: None }))
    );
    let request = r#"{"type":"request","data":{"message":"hi"}}"#;
    let told = "Packages of type request are only sent by the server.";
    assert_eq!(
        ClientPackage::parse(request.as_bytes()),
        refused("request", told)
    );
}

#[test]
fn a_tag_has_a_length() {
    let tagged = |length: usize| {
        let tag = "t".repeat(length);
        format!(r#"{{"type":"message","data":{{"message":"hi"}},"tag":"{tag}"}}"#)
    };
    let longest = tagged(MAX_TAG_BYTES);
    assert_eq!(ClientPackage::parse(longest.as_bytes()), message("hi"));
    let told = format!("A tag must be a string of at most {MAX_TAG_BYTES} bytes.");
    let longer = tagged(MAX_TAG_BYTES + 1);
    assert_eq!(
        ClientPackage::parse(longer.as_bytes()),
        refused("package", &told)
    );
}

#[test]
fn a_message_without_a_text_is_told_what_it_needs() {
    for text in [
        r#"{"type":"message"}"#,
        r#"{"type":"message","data":null}"#,
        r#"{"type":"message","data":{}}"#,
        r#"{"type":"message","data":{"message":7}}"#,
        r#"{"type":"message","data":{"message":["hi"]}}"#,
        r#"{"type":"message","data":["hi"]}"#,
        r#"{"type":"message","data":[{"message":"hi"}]}"#,
        r#"{"data":["hi"],"type":"message"}"#,
        r#"{"type":"message","data":"hi"}"#,
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
fn a_command_without_its_name_is_told_what_it_needs() {
    for text in [
        r#"{"type":"command"}"#,
        r#"{"type":"command","data":{}}"#,
        r#"{"type":"command","data":{"command":null}}"#,
        r#"{"type":"command","data":["leave"]}"#,
        r#"{"type":"command","data":["rename",{"username":"x"}]}"#,
        r#"{"type":"command","data":"leave"}"#,
    ] {
        let needs = "A command needs data.command, a string.";
        assert_eq!(
            ClientPackage::parse(text.as_bytes()),
            refused("command", needs),
            "{text}"
        );
    }
}

#[test]
fn a_command_without_its_parameter_is_told_what_it_needs() {
    for (command, parameter) in [
        ("login", "username"),
        ("rename", "username"),
        ("join", "channel"),
    ] {
        let needs = format!("{command} needs data.parameters.{parameter}, a string.");
        for parameters in [
            "null".into(),
            "{}".into(),
            r#"["x"]"#.into(),
            r#"[{"username":"x","channel":"x"}]"#.into(),
            "[]".into(),
            r#""x""#.into(),
            format!(r#"{{"{parameter}":7}}"#),
            format!(r#"{{"{parameter}":["x"]}}"#),
        ] {
            let text = format!(
                r#"{{"type":"command","data":{{"command":"{command}","parameters":{parameters}}}}}"#
            );
            assert_eq!(
                ClientPackage::parse(text.as_bytes()),
                refused(command, &needs),
                "{text}"
            );
        }
    }
}

#[test]
fn parameters_that_a_command_does_not_take_are_ignored_whatever_they_are() {
    for parameters in ["null", "{}", "[]", r#"["x"]"#, "7"] {
        let text = format!(
            r#"{{"type":"command","data":{{"command":"leave","parameters":{parameters}}}}}"#
        );
        let parsed = ClientPackage::parse(text.as_bytes());
        assert_eq!(
            parsed,
            Ok(ClientPackage::Command(Command::Leave { channel: None })),
            "{text}"
        );
    }
}

/// Packages with `attribute` in each place that is read as a string, and what their error is about.
fn read_strings(attribute: impl Fn(&str) -> String) -> Vec<(String, &'static str)> {
    let command = |data: String| format!(r#"{{"type":"command","data":{{{data}}}}}"#);
    let parameter = |name: &str, key: &str| {
        command(format!(
            r#""command":"{name}","parameters":{{{}}}"#,
            attribute(key)
        ))
    };
    vec![
        (format!("{{{}}}", attribute("type")), "package"),
        (
            format!(
                r#"{{"type":"message","data":{{{}}}}}"#,
                attribute("message")
            ),
            "message",
        ),
        (command(attribute("command")), "command"),
        (parameter("login", "username"), "login"),
        (parameter("rename", "username"), "rename"),
        (parameter("join", "channel"), "join"),
    ]
}

#[test]
fn half_a_surrogate_pair_is_told_by_its_name() {
    for half in [
        r"\ud800",
        r"a\udbffb",
        r"\udc00",
        r"\ud800\ud800",
        r"\udfff\ud800",
        r"\ud83d\n",
    ] {
        for (text, about) in read_strings(|key| format!(r#""{key}":"{half}""#)) {
            let told = ClientPackage::parse(text.as_bytes()).expect_err(&text);
            assert_eq!(told.error_type, about, "{text}");
            assert!(told.message.contains("surrogate"), "{text}: {told:?}");
            assert!(!told.message.contains("needs"), "{text}: {told:?}");
        }
    }
    let pair = r#"{"type":"message","data":{"message":"\ud83d\ude42"}}"#;
    assert_eq!(ClientPackage::parse(pair.as_bytes()), message("🙂"));
}

#[test]
fn an_attribute_that_is_there_twice_is_told_by_its_name() {
    for (text, about) in read_strings(|key| format!(r#""{key}":"a","{key}":"b""#)) {
        let told = ClientPackage::parse(text.as_bytes()).expect_err(&text);
        assert_eq!(told.error_type, about, "{text}");
        assert!(told.message.contains("twice"), "{text}: {told:?}");
    }
    for text in [
        r#"{"type":"message","data":{"message":"a"},"data":{"message":"b"}}"#,
        r#"{"type":"command","data":{"command":"join","parameters":{},"parameters":{}}}"#,
    ] {
        let told = ClientPackage::parse(text.as_bytes()).expect_err(text);
        assert!(told.message.contains("twice"), "{text}: {told:?}");
    }
    // What nobody reads may be there as often as it likes.
    let ignored = r#"{"x":1,"x":2,"type":"message","data":{"x":1,"x":2,"message":"hi"}}"#;
    assert_eq!(ClientPackage::parse(ignored.as_bytes()), message("hi"));
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
    let (text, username) = ("\"\\\u{0}\u{1f}\u{7f}\n/é🙂\u{2028}", "o'\"b");
    ServerPackage::message(text, username).write(&mut out);
    let expected = concat!(
        r#"before {"type":"message","data":{"message":"\"\\\u0000\u001f\u007f\n/é🙂"#,
        "\u{2028}",
        r#"","username":"o'\"b"}}"#,
    );
    assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
}

/// The text with DEL and the C1 controls escaped, which serde leaves as they are.
fn escaped(text: &str) -> String {
    let escape = |char: char| match char {
        '\u{7f}'..='\u{9f}' => format!("\\u{:04x}", u32::from(char)),
        char => char.into(),
    };
    text.chars().map(escape).collect()
}

#[test]
fn controls_that_json_lets_pass_are_escaped_in_every_package_and_their_neighbours_are_not() {
    let neighbours = "~\u{7e}\u{a0}¿é\u{ff}\u{17f}\u{2028}\u{ff5e}";
    for control in '\u{7f}'..='\u{9f}' {
        let text = format!("{neighbours}{control}{neighbours}{control}");
        let error = ServerPackage::Error {
            error_type: text.as_str().into(),
            message: text.as_str().into(),
        };
        let said = ServerPackage::message(text.as_str(), text.as_str());
        for package in [error, said] {
            let mut out = b"before \x7f".to_vec();
            package.write(&mut out);
            let text = serde_json::to_string(&package).expect("its keys are strings");
            let expected = format!("before \x7f{}", escaped(&text));
            assert_eq!(String::from_utf8(out), Ok(expected), "{control:?}");
            let escape = format!("\\u{:04x}", u32::from(control));
            assert_eq!(escaped(&text).matches(&escape).count(), 4);
        }
    }
}

proptest! {
    #[test]
    fn a_message_is_written_as_serde_writes_it(
        message in prop_oneof![message_text(), any::<String>(), "[\\x00-\\x7f]{0,100}", "[\u{7e}-\u{a1}]{0,20}"],
        username in any::<String>(),
    ) {
        let package = ServerPackage::message(message, username);
        let mut out = Vec::new();
        package.write(&mut out);
        let text = serde_json::to_string(&package).expect("it has keys that are strings");
        prop_assert_eq!(String::from_utf8(out), Ok(escaped(&text)));
    }

    #[test]
    fn what_the_server_writes_of_a_message_is_read_as_the_same_message(message in message_text()) {
        let said = ServerPackage::message(message.as_str(), "x");
        let mut text = Vec::new();
        said.write(&mut text);
        let expected = ClientPackage::message(message.as_str(), "");
        prop_assert_eq!(ClientPackage::parse(&text), Ok(expected));
        prop_assert_eq!(ServerPackage::parse(&text), Ok(said));
    }
}

#[test]
fn client_packages_survive_their_own_text() {
    for command in [
        Command::Login {
            username: "a\"b".into(),
            version: Version::Two,
            resume: Some("token".into()),
        },
        Command::Login {
            username: "é".into(),
            version: Version::One,
            resume: None,
        },
        Command::Rename {
            username: "é".into(),
        },
        Command::Join {
            channel: "den".into(),
            stay: false,
        },
        Command::Join {
            channel: "den".into(),
            stay: true,
        },
        Command::Leave { channel: None },
        Command::Private {
            channel: Some("den".into()),
        },
        Command::Public { channel: None },
        Command::Channels {},
        Command::Users { channel: None },
        Command::Ping {},
        Command::History {
            channel: None,
            with: Some("b".into()),
            before: Some(5),
            after: None,
            limit: Some(u64::MAX),
        },
        Command::Kick {
            username: "b".into(),
            reason: Some("noise\n".into()),
            channel: None,
        },
    ] {
        let package = ClientPackage::Command(command);
        let mut text = Vec::new();
        package.write(&mut text);
        assert!(text.starts_with(br#"{"type":"command","data":{"command":"#));
        assert_eq!(ClientPackage::parse(&text), Ok(package));
    }
}
