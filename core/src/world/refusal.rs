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
    /// There is nobody of this name.
    NoSuchUser(Username),
    /// Whoever has this name is not in the room.
    NotAMember(Username),
    /// Who asks is not in this room.
    NotThere(RoomName),
    /// Who asks is in as many rooms as a user may be.
    TooManyOwnRooms(usize),
    /// Who asks is kept out of the room.
    Banned,
    /// Who asks may not talk in the room.
    Muted,
    /// The general room has no owner.
    Nobodys,
    /// The room is someone else's.
    Owners,
    /// Nobody does this to themselves.
    Yourself,
    /// The name is in the list already.
    Noted(Username),
    /// The name is not in the list.
    NotNoted(Username),
    /// The list is full.
    TooManyNoted(usize),
    /// This user does not want to hear from who asks.
    Ignored(Username),
    /// This user's client does not know direct messages.
    Unreachable(Username),
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
            Refusal::NoSuchUser(name) => write!(f, "There is no user named {name}."),
            Refusal::NotAMember(name) => write!(f, "{name} is not in the channel."),
            Refusal::NotThere(name) => write!(f, "You are not in the channel {name}."),
            Refusal::TooManyOwnRooms(most) => {
                write!(
                    f,
                    "You can be in at most {most} channels. Leave one of them first."
                )
            }
            Refusal::Banned => f.write_str("You are banned from this channel."),
            Refusal::Muted => f.write_str("You are muted in this channel."),
            Refusal::Nobodys => f.write_str("The general channel has no owner."),
            Refusal::Owners => f.write_str("Only the channel's owner can do that."),
            Refusal::Yourself => f.write_str("You cannot do that to yourself."),
            Refusal::Noted(name) => write!(f, "That is so for {name} already."),
            Refusal::NotNoted(name) => write!(f, "That is not so for {name}."),
            Refusal::TooManyNoted(most) => {
                write!(
                    f,
                    "There can be at most {most} names in this list. Take one out first."
                )
            }
            Refusal::Ignored(name) => write!(f, "{name} does not take messages from you."),
            Refusal::Unreachable(name) => {
                write!(f, "{name} has a client that does not know direct messages.")
            }
        }
    }
}
