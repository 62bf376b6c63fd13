//! The texts of packages, as tests write and expect them.

use alloc::format;
use alloc::string::String;

use serde_json::json;

/// A command with one parameter.
pub fn command(name: &str, parameter: &str, value: &str) -> String {
    let (name, parameters) = (json!(name), json!({ parameter: value }));
    format!(r#"{{"type":"command","data":{{"command":{name},"parameters":{parameters}}}}}"#)
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
