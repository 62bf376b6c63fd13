use super::*;

fn said(text: &str) -> Result<Option<Line>, ParseError> {
    Ok(Some(Line::Do(Action::Say(text.into()))))
}

#[test]
fn what_has_no_slash_in_front_is_said_as_it_is() {
    for text in ["hello", " /join dev", "a/b", "  ", "two\nlines"] {
        assert_eq!(parse(text), said(text));
    }
    assert_eq!(parse(""), Ok(None));
}

#[test]
fn two_slashes_are_a_literal_one() {
    assert_eq!(parse("//join dev"), said("/join dev"));
    assert_eq!(parse("//"), said("/"));
    assert_eq!(parse("///x"), said("//x"));
}

#[test]
fn each_command_is_read_by_each_of_its_names() {
    let join = Line::Do(Action::Join("dev".into()));
    let rename = Line::Do(Action::Rename("bob".into()));
    for (text, line) in [
        ("/join dev", join.clone()),
        ("/join   dev  ", join.clone()),
        ("/JOIN dev", join),
        ("/leave", Line::Do(Action::Leave)),
        ("/leave ", Line::Do(Action::Leave)),
        ("/join -", Line::Do(Action::Leave)),
        ("/close", Line::Close),
        ("/query bob", Line::Query("bob".into())),
        ("/topic", Line::Topic),
        ("/help order", Line::Help(Topic::Order)),
        ("/rename bob", rename.clone()),
        ("/nick bob", rename),
        ("/private", Line::Do(Action::Private)),
        ("/public", Line::Do(Action::Public)),
        ("/channels", Line::Do(Action::Channels)),
        ("/rooms", Line::Do(Action::Channels)),
        ("/list", Line::Do(Action::Channels)),
        ("/names", Line::Do(Action::Users)),
        ("/part", Line::Do(Action::Leave)),
        ("/q", Line::Quit),
        ("/exit", Line::Quit),
        ("/?", Line::Help(Topic::Commands)),
        ("/reconnect", Line::Connect(None)),
        ("/users", Line::Do(Action::Users)),
        ("/who", Line::Do(Action::Users)),
        ("/connect", Line::Connect(None)),
        ("/connect ::1", Line::Connect("[::1]:9000".parse().ok())),
        ("/disconnect", Line::Disconnect),
        ("/help", Line::Help(Topic::Commands)),
        ("/help keys", Line::Help(Topic::Keys)),
        ("/clear", Line::Clear),
        ("/mouse", Line::Mouse),
        ("/quit", Line::Quit),
    ] {
        assert_eq!(parse(text), Ok(Some(line)), "{text}");
    }
}

#[test]
fn a_parameter_may_hold_spaces_for_the_server_to_judge() {
    assert_eq!(
        parse("/join a b"),
        Ok(Some(Line::Do(Action::Join("a b".into()))))
    );
}

#[test]
fn a_missing_or_unwanted_parameter_is_answered_with_the_usage() {
    for (text, usage) in [
        ("/join", "/join needs the name of a room: /join ROOM"),
        ("/nick  ", "/rename needs a name: /rename NAME"),
        ("/leave dev", "/leave takes nothing behind it."),
        ("/me ", "/me needs some text: /me TEXT"),
        (
            "/msg bob",
            "/msg needs the name of someone, and what to tell them: /msg NAME TEXT",
        ),
        (
            "/kick",
            "/kick needs the name of someone: /kick NAME [REASON]",
        ),
        (
            "/connect host:port",
            "That is no server: \"port\" is not a port; a port is a number up to 65535.",
        ),
    ] {
        let mistake = parse(text).expect_err("the usage is wrong");
        assert_eq!(mistake.to_string(), usage);
    }
}

#[test]
fn an_unknown_command_suggests_the_nearest() {
    for (text, answer) in [
        (
            "/jion dev",
            "There is no command /jion. Did you mean /join?",
        ),
        ("/Qiut", "There is no command /Qiut. Did you mean /quit?"),
        ("/usrs", "There is no command /usrs. Did you mean /users?"),
        (
            "/frobnicate",
            "There is no command /frobnicate. /help lists the commands.",
        ),
        ("/", "There is no command /. /help lists the commands."),
        ("/roms", "There is no command /roms. Did you mean /rooms?"),
        (
            "/help jion",
            "There is no command /jion. Did you mean /join?",
        ),
    ] {
        let mistake = parse(text).expect_err("there is no such command");
        assert_eq!(mistake.to_string(), answer);
    }
}

#[test]
fn help_is_given_for_each_command_with_its_other_names() {
    for text in ["/help nick", "/help /rename"] {
        let Ok(Some(Line::Help(Topic::Command(about)))) = parse(text) else {
            panic!("{text} is help")
        };
        assert_eq!(
            about.help(),
            ["/rename NAME: Take another name.", "Also: /nick"]
        );
    }
}

#[test]
fn what_other_chats_have_a_command_for_is_answered_with_what_comes_near() {
    for (text, answer) in [
        (
            "/say hello",
            "There is no command /say. What has no slash in front is said.",
        ),
        (
            "/help whois",
            "There is no command /whois. /users lists who is in your room.",
        ),
    ] {
        let mistake = parse(text).expect_err("there is no such command");
        assert_eq!(mistake.to_string(), answer);
    }
    // One that there is is not said to be missing.
    let names = FOREIGN.iter().flat_map(|(names, _)| *names);
    assert!(names.into_iter().all(|name| find(name).is_none()));
}

#[test]
fn help_names_every_command_in_brief_and_at_length() {
    let brief = [help_in_brief(), help_on_order_in_brief()]
        .concat()
        .join("\n");
    let lines = [help(), help_on_order()].concat();
    for command in &COMMANDS {
        let name = format!("/{}", command.names[0]);
        assert!(brief.contains(&name), "{name}");
        let is_of = |line: &String| line.split([' ', ':']).next() == Some(&name);
        assert!(lines.iter().any(is_of), "{name}");
    }
    assert_eq!(lines[0], "/join ROOM: Enter a room, or create it.");
}

#[test]
fn what_one_does_is_a_message_that_says_so() {
    assert_eq!(parse("/me waves"), said("/me waves"));
    assert_eq!(parse("/ME   waves "), said("/me waves"));
    assert_eq!(emote("/me waves"), Some("waves"));
    for text in ["/me", "/mean it", "//me waves", " /me waves", "/ME waves"] {
        assert_eq!(emote(text), None, "{text}");
    }
}
