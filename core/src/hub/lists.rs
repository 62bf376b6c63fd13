//! The lists of rooms and of a room's members. To ask for one takes a few bytes, and to write one much
//! more: a long one is kept as it was written and encoded, until it changes.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Hub;
use super::slots::Slot;
use crate::names::Name;
use crate::wire::{Encoding, Notification, ServerPackage};
use crate::world::RoomId;

/// A list, written and encoded.
pub(super) struct List {
    text: Box<[u8]>,
    /// Empty until somebody asks who gets zlib.
    zlib: Vec<u8>,
}

impl List {
    /// How long a list must be to be kept: shorter ones are as quickly written.
    const KEPT: usize = 1024;

    fn new(write: impl FnOnce(&mut Vec<u8>)) -> Box<Self> {
        let mut text = Vec::new();
        write(&mut text);
        Box::new(List {
            text: text.into_boxed_slice(),
            zlib: Vec::new(),
        })
    }

    /// Whether it would be written like this now, for checks.
    pub(super) fn is(&self, text: &[u8]) -> bool {
        *self.text == *text
    }
}

impl Hub {
    pub(super) fn list_channels(&mut self, slot: Slot) {
        let list = self.channel_list.take();
        let list = list.unwrap_or_else(|| List::new(|out| self.write_channels(out)));
        self.channel_list = self.reply_list(slot, list);
    }

    pub(super) fn list_users(&mut self, slot: Slot, room: RoomId) {
        let list = self.fanouts.of_mut(room).user_list.take();
        let list = list.unwrap_or_else(|| List::new(|out| self.write_users(room, out)));
        self.fanouts.of_mut(room).user_list = self.reply_list(slot, list);
    }

    /// Sends a list, and returns it if it is to be kept.
    fn reply_list(&mut self, slot: Slot, mut list: Box<List>) -> Option<Box<List>> {
        self.text.clear();
        self.text.extend_from_slice(&list.text);
        if self.is_tagged(slot) {
            self.add_tag(slot);
            self.reply_written(slot);
            return (list.text.len() >= List::KEPT).then_some(list);
        }
        self.reply_encoded(slot, |encoder, text, encoding, out| match encoding {
            Encoding::Plain => encoder.encode(text, encoding, out),
            Encoding::Zlib => {
                if list.zlib.is_empty() {
                    encoder.encode(text, encoding, &mut list.zlib);
                    list.zlib.shrink_to_fit();
                }
                out.extend_from_slice(&list.zlib);
            }
        });
        (list.text.len() >= List::KEPT).then_some(list)
    }

    pub(super) fn write_channels(&self, out: &mut Vec<u8>) {
        let (channels, more) = fitting(self.world.listed(), self.config.list_bytes());
        let list = Notification::ChannelList { channels, more };
        ServerPackage::Notification(list).write(out);
    }

    pub(super) fn write_users(&self, room: RoomId, out: &mut Vec<u8>) {
        let (users, more) = fitting(self.world.members(room), self.config.list_bytes());
        let channel = self.world.room(room).map_or("", |room| room.name.as_str());
        let list = Notification::UserList {
            channel: channel.into(),
            users,
            more,
        };
        ServerPackage::Notification(list).write(out);
    }
}

/// As many of `names` from the front as take `most` bytes in JSON, and how many do not.
pub(super) fn fitting<'a>(
    names: impl Iterator<Item = &'a str>,
    most: usize,
) -> (Vec<Cow<'a, str>>, usize) {
    let mut listed = Vec::new();
    let (mut bytes, mut more) = (0, 0);
    for name in names {
        let escaped = name
            .bytes()
            .filter(|byte| matches!(byte, b'"' | b'\\'))
            .count();
        bytes += name.len() + escaped + "\"\",".len();
        if bytes <= most {
            listed.push(Cow::Borrowed(name));
        } else {
            more += 1;
        }
    }
    (listed, more)
}
