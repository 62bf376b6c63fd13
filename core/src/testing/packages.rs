//! The texts of packages, as tests write and expect them.

use alloc::format;
use alloc::string::String;

use serde_json::json;

/// A command with one parameter.
pub fn command(name: &str, parameter: &str, value: &str) -> String {
    let (name, parameters) = (json!(name), json!({ parameter: value }));
    format!(r#"{{"type":"command","data":{{"command":{name},"parameters":{parameters}}}}}"#)
}

/// A command without parameters.
pub fn ask(name: &str) -> String {
    let name = json!(name);
    format!(r#"{{"type":"command","data":{{"command":{name}}}}}"#)
}

/// The command to enter a room.
pub fn join(channel: &str) -> String {
    command("join", "channel", channel)
}

/// The command to take another name.
pub fn rename(name: &str) -> String {
    command("rename", "username", name)
}

/// The login of a user.
pub fn login(name: &str) -> String {
    command("login", "username", name)
}

/// What a user says.
pub fn message(text: &str) -> String {
    format!(
        r#"{{"type":"message","data":{{"message":{}}}}}"#,
        json!(text)
    )
}

/// What the others hear of it.
pub fn said(text: &str, by: &str) -> String {
    let (text, by) = (json!(text), json!(by));
    format!(r#"{{"type":"message","data":{{"message":{text},"username":{by}}}}}"#)
}

/// An error from the server.
pub fn error(error_type: &str, message: &str) -> String {
    let (error_type, message) = (json!(error_type), json!(message));
    format!(r#"{{"type":"error","data":{{"error_type":{error_type},"message":{message}}}}}"#)
}

/// That a user has entered a room.
pub fn joined(name: &str, channel: &str) -> String {
    let (name, channel) = (json!(name), json!(channel));
    let data = format!(r#""event_type":"user_joined","username":{name},"channel":{channel}"#);
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

/// That a user has left a room.
pub fn left(name: &str, channel: &str) -> String {
    let (name, channel) = (json!(name), json!(channel));
    let data = format!(r#""event_type":"user_left","username":{name},"channel":{channel}"#);
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

/// That a user has another name.
pub fn renamed(old: &str, new: &str) -> String {
    let (old, new) = (json!(old), json!(new));
    let data = format!(r#""event_type":"user_rename","old_username":{old},"new_username":{new}"#);
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

/// The list of the public rooms.
pub fn channel_list(channels: &[&str]) -> String {
    let channels = json!(channels);
    let data = format!(r#""event_type":"channel_list","channels":{channels}"#);
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

/// The list of a room's members.
pub fn user_list(channel: &str, users: &[&str]) -> String {
    let (channel, users) = (json!(channel), json!(users));
    let data = format!(r#""event_type":"user_list","channel":{channel},"users":{users}"#);
    format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
}

/// That a user is logged in, and which public rooms there are.
pub fn admitted(name: &str, channels: &[&str]) -> String {
    let (name, channels) = (json!(name), json!(channels));
    let data = format!(r#""channels":{channels},"username":{name},"channel":"general""#);
    format!(r#"{{"type":"session","data":{{"status":true,{data}}}}}"#)
}

/// That a login is refused.
pub fn refused(reason: &str) -> String {
    let reason = json!(reason);
    format!(r#"{{"type":"session","data":{{"status":false,"reason":{reason}}}}}"#)
}
