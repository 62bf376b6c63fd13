//! Why an entry comes to nothing.

use core::fmt;

use super::room::Privacy;
use crate::names::{RoomName, Username};

/// Why an entry changes nothing. Displays as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Someone has this name.
    UsernameTaken,
    /// Someone has a name that looks like it.
    UsernameLooksLike(Username),
    /// It is the name of who asks.
    OwnName,
    /// Who asks is in the room.
    AlreadyThere,
    /// The room is closed to newcomers.
    Private,
    /// There are as many rooms as there may be.
    TooManyRooms,
    /// There is a room whose name looks like it; which one, if everyone may know.
    RoomLooksLike(Option<RoomName>),
    /// Who asks is in the general room.
    NowhereToLeave,
    /// The general room stays public, and nobody is to say so.
    IsGeneral(Privacy),
    /// The room is someone else's.
    NotOwner(Privacy),
    /// It is so already.
    Already(Privacy),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UsernameTaken => f.write_str("Username is already taken."),
            Refusal::UsernameLooksLike(other) => {
                write!(f, "Username looks like {other}, which is already taken.")
            }
            Refusal::OwnName => f.write_str("That is your name already."),
            Refusal::AlreadyThere => f.write_str("You are already there."),
            Refusal::Private => f.write_str("Channel is private."),
            Refusal::TooManyRooms => {
                f.write_str("There are too many channels. Join one of them instead.")
            }
            Refusal::RoomLooksLike(None) => {
                f.write_str("Channel cannot be created: its name looks like that of another.")
            }
            Refusal::RoomLooksLike(Some(other)) => write!(
                f,
                "Channel cannot be created: its name looks like {other}, which exists."
            ),
            Refusal::NowhereToLeave => {
                f.write_str("You are in the general channel: there is nowhere to leave to.")
            }
            Refusal::IsGeneral(privacy) => write!(f, "Channel cannot be set to {privacy}."),
            Refusal::NotOwner(privacy) => {
                write!(f, "Only the channel's owner can set it to {privacy}.")
            }
            Refusal::Already(privacy) => write!(f, "Channel is already {privacy}."),
        }
    }
}
