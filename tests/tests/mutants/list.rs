//! The mutants, made by hand. None of them makes the hub run forever: a test that does not end fails nothing.

/// A bug that can be made, and the property that must catch it.
pub(crate) struct Mutant {
    /// The property's test, with its module.
    pub(crate) property: &'static str,
    /// What goes wrong with it.
    pub(crate) bug: &'static str,
    /// The file it is made in.
    pub(crate) file: &'static str,
    /// What stands there, once.
    pub(crate) find: &'static str,
    /// What it is replaced with.
    pub(crate) replace: &'static str,
}

const COMMANDS: &str = "core/src/hub/commands.rs";
const CLOSING: &str = "core/src/hub/closing.rs";
const HUB: &str = "core/src/hub/mod.rs";
const INTAKE: &str = "core/src/hub/intake.rs";
const OUTBOX: &str = "core/src/hub/outbox.rs";
const ROOM: &str = "core/src/world/room.rs";
const SEND: &str = "core/src/hub/send.rs";
const NEWER: &str = "model::in_both_versions_everyone_hears_what_the_model_says";
const TELL: &str = "core/src/hub/tell.rs";

/// All of them, in the order of the properties.
pub(crate) const MUTANTS: [Mutant; 38] = [
    Mutant {
        property: "answers::every_command_is_answered_exactly_once_and_in_order",
        bug: "hiding and showing a room is not answered",
        file: TELL,
        find: "        if let Some(slot) = asker {
            self.list_channels(slot);
        }",
        replace: "",
    },
    Mutant {
        property: "answers::every_command_is_answered_exactly_once_and_in_order",
        bug: "a leaver is not told",
        file: TELL,
        find: "        let hears = matches!(why, Departure::Left | Departure::Kicked { .. });",
        replace: "        let hears = matches!(why, Departure::Kicked { .. });",
    },
    Mutant {
        property: "answers::nothing_but_one_request_then_sessions_and_errors_comes_before_login",
        bug: "who is not logged in may list the rooms",
        file: COMMANDS,
        find: "                let done = if is_guest {",
        replace: r#"                if is_guest && error_type == "channels" {
                    return self.list_channels(slot);
                }
                let done = if is_guest {"#,
    },
    Mutant {
        property: "answers::what_a_user_writes_cannot_forge_a_package",
        bug: "line feeds are written as they are",
        file: "core/src/wire/write.rs",
        find: "    out.extend_from_slice(&text);",
        replace: r#"    let text = alloc::string::String::from_utf8(text).expect("JSON is UTF-8").replace("\\n", "\n");
    out.extend_from_slice(text.as_bytes());"#,
    },
    Mutant {
        property: "bytes::any_splitting_of_the_same_bytes_gives_the_same_output",
        bug: "a backslash at the end of a piece escapes nothing",
        file: "core/src/wire/scan.rs",
        find: "        let mut at = 0;",
        replace: "        if self.text == Text::Escape {
            self.text = Text::String;
        }
        let mut at = 0;",
    },
    Mutant {
        property: "bytes::arbitrary_bytes_make_nothing_panic_and_memory_stays_within_its_bound",
        bug: "an unfinished package may be as long as a megabyte",
        file: "core/src/wire/decoder.rs",
        find: "    let room = max - partial.len();",
        replace: "    let room = max.max(1 << 20) - partial.len();",
    },
    Mutant {
        property: "bytes::arbitrary_bytes_make_nothing_panic_and_memory_stays_within_its_bound",
        bug: "an error quotes the middle of what came, wherever its characters are",
        file: "core/src/wire/package.rs",
        find: "        let error_type = error_type.chars().take(Self::MAX_QUOTED).collect();",
        replace: "        let error_type = error_type[..error_type.len().min(3)].into();",
    },
    Mutant {
        property: "connections::a_newcomer_is_greeted_in_the_servers_encoding_whoever_had_its_place",
        bug: "a connection inherits the encoding of the one that had its place",
        file: OUTBOX,
        find: "            Some(place) => *place = queue,",
        replace: "            Some(place) => {
                *place = Queue {
                    format: place.format,
                    ..queue
                }
            }",
    },
    Mutant {
        property: "connections::a_hub_that_everyone_has_left_is_as_good_as_new",
        bug: "a stream that is cut off keeps its inflater",
        file: "core/src/hub/door.rs",
        find: "        self.release_stream(slot);
        let conn = self.conns.remove(slot)",
        replace: "        let conn = self.conns.remove(slot)",
    },
    Mutant {
        property: "connections::every_connection_ends_exactly_once_and_nothing_is_wanted_of_it_afterwards",
        bug: "what was wanted of a connection that has gone is still said",
        file: HUB,
        find: "                    if self.is_open(id) {",
        replace: "                    if self.is_open(id) || id.0 % 2 == 0 {",
    },
    Mutant {
        property: "connections::every_connection_ends_exactly_once_and_nothing_is_wanted_of_it_afterwards",
        bug: "a connection whose peer has left is closed twice",
        file: CLOSING,
        find: "            let reason = *reason;
            self.close(slot, reason);",
        replace: "            let reason = *reason;
            let id = conn.id;
            self.outputs.push_back(Output::Close(id, reason));
            self.close(slot, reason);",
    },
    Mutant {
        property: "connections::the_same_input_gives_the_same_output_and_state",
        bug: "how many logins may fail depends on what other hubs have seen",
        file: COMMANDS,
        find: "        let last = *failed >= tries;",
        replace: "        static SEEN: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
        let seen = SEEN.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        let last = *failed >= tries || seen % 7 == 6;",
    },
    Mutant {
        property: "connections::timers_are_never_early_and_never_in_the_past",
        bug: "deadlines come a microsecond early",
        file: "core/src/hub/timers.rs",
        find: "            && at <= now
",
        // But for the end of a pause, which would be found not to be over, again and again.
        replace: "            && (at <= now
                || order(slot) == 0 && at <= now + core::time::Duration::from_micros(1))
",
    },
    Mutant {
        property: "connections::timers_are_never_early_and_never_in_the_past",
        bug: "what one input left for the next is due in the past",
        file: HUB,
        find: "            Some(_) => soon,
",
        replace: "            Some(_) => return Some(self.now),
",
    },
    Mutant {
        property: "delivery::a_message_reaches_exactly_the_other_members_of_its_room_at_that_point",
        bug: "at most two members are told anything",
        file: SEND,
        find: "        for &member in &*members {",
        replace: "        for &member in members.iter().filter(|member| **member != is_meant.but).take(2) {",
    },
    Mutant {
        property: "delivery::a_slow_reader_changes_nobody_elses_bytes_but_for_the_notice_that_it_left",
        bug: "the fan-out ends at a member whose queue overflows",
        file: SEND,
        find: "            note(pushed, member, &mut self.outputs, &mut self.overflowed);",
        replace: "            note(pushed, member, &mut self.outputs, &mut self.overflowed);
            if pushed == Pushed::Overflowed {
                break;
            }",
    },
    Mutant {
        property: "delivery::all_members_of_a_room_hear_its_messages_in_one_order",
        bug: "a new segment overtakes what is queued but for the first span",
        file: OUTBOX,
        find: "            queue.earlier.push_back(last);",
        replace: "            if queue.earlier.is_empty() {
                queue.earlier.push_back(last);
            } else {
                queue.last = last;
                queue.earlier.insert(1, span);
            }",
    },
    Mutant {
        property: "delivery::no_sender_hears_an_echo",
        bug: "a message goes to everyone in the room",
        file: TELL,
        find: "                self.broadcast(room, asker, |version| {
                    let is_newer",
        replace: "                self.broadcast(room, None, |version| {
                    let is_newer",
    },
    Mutant {
        property: "delivery::what_one_sender_says_is_never_reordered",
        bug: "what comes during a pause overtakes what has come before",
        file: "core/src/hub/conn.rs",
        find: "        backlog.extend(bytes);",
        replace: "        bytes.iter().rev().for_each(|byte| backlog.push_front(*byte));",
    },
    Mutant {
        property: "delivery::who_stays_and_reads_in_the_end_hears_everything_once",
        bug: "what is left of a read at a pause is lost",
        file: INTAKE,
        find: "                self.conn(slot).keep(rest, most);",
        replace: "                self.conn(slot).keep(&rest[..0], most);",
    },
    Mutant {
        property: "delivery::who_stays_and_reads_in_the_end_hears_everything_once",
        bug: "the fourth member is told everything twice",
        file: SEND,
        find: "        for &member in &*members {",
        replace: "        for &member in members.iter().chain(members.get(3)) {",
    },
    Mutant {
        property: "metamorphic::a_client_alone_in_a_room_of_its_own_changes_nobody",
        bug: "a new name is told to the general room too",
        file: TELL,
        find: "                self.announce(room, self.members(room), asker, |version| {
                    Notification::UserRename {",
        replace: "                if room != RoomId::GENERAL {
                    self.broadcast(RoomId::GENERAL, None, |_| {
                        Some(ServerPackage::Notification(Notification::UserRename {
                            old_username: from.as_str().into(),
                            new_username: username(),
                            channel: None,
                        }))
                    });
                }
                self.announce(room, self.members(room), asker, |version| {
                    Notification::UserRename {",
    },
    Mutant {
        property: "metamorphic::a_refused_command_that_is_left_out_takes_only_its_reply_with_it",
        bug: "who may not hide a room hides it all the same",
        file: "core/src/world/govern.rs",
        find: "            return Err(Refusal::NotOwner(privacy));",
        replace: "            self.rooms.set_privacy(id, privacy);
            return Err(Refusal::NotOwner(privacy));",
    },
    Mutant {
        property: "metamorphic::renaming_all_users_consistently_does_the_same_to_what_they_hear",
        bug: "who is in a room is listed by name",
        file: "core/src/hub/lists.rs",
        find: "        let (users, more) = fitting(self.world.members(room), self.config.list_bytes());",
        replace: "        let mut names: Vec<_> = self.world.members(room).collect();
        names.sort_unstable();
        let (users, more) = fitting(names.into_iter(), self.config.list_bytes());",
    },
    Mutant {
        property: "metamorphic::shifting_all_time_changes_nothing",
        bug: "the first package of a connection costs nothing, but for early ones",
        file: "core/src/hub/gcra.rs",
        find: "            self.0 = Time::from_micros(self.0.max(now).as_micros().saturating_add(spent));",
        replace: "            self.0 = Time::from_micros(self.0.as_micros().saturating_add(spent)).max(now);",
    },
    Mutant {
        property: "model::everyone_hears_what_the_model_says",
        bug: "the member who came last inherits a room",
        file: ROOM,
        find: "            place.owner = place.members.first().copied();",
        replace: "            place.owner = place.members.last().copied();",
    },
    Mutant {
        property: "model::everyone_hears_what_the_model_says_in_any_encoding_and_read_at_the_end",
        bug: "a package from a stream loses its last byte",
        file: "core/src/wire/decoder.rs",
        find: "            Place::Ring(taken)",
        replace: "            Place::Ring(taken.start..taken.end - 1)",
    },
    Mutant {
        property: "model::in_a_room_over_the_announce_limit_only_the_one_concerned_is_told",
        bug: "who goes from a room that is just over the limit is announced",
        file: TELL,
        find: "        let members = self.members(room) + 1;",
        replace: "        let members = self.members(room);",
    },
    Mutant {
        property: NEWER,
        bug: "a message that is sent again under its tag is heard again",
        file: "core/src/world/message.rs",
        find: "        let place = places.find(|place| self.messages[*place].tag == tag)?;",
        replace: "        let place = places.find(|place| self.messages[*place].tag != tag)?;",
    },
    Mutant {
        property: NEWER,
        bug: "clients of version 1 are told the room of a message",
        file: TELL,
        find: "                        channel: is_newer.then(channel),",
        replace: "                        channel: Some(channel()),",
    },
    Mutant {
        property: NEWER,
        bug: "a seat that was taken again is given up with the others",
        file: "core/src/hub/seats.rs",
        find: "        self.seats.wait(user, None);\n        let version",
        replace: "        let version",
    },
    Mutant {
        property: "names::usernames_are_unique_caselessly_and_free_exactly_when_released",
        bug: "the name of a user who goes stays taken",
        file: "core/src/world/login.rs",
        find: "        self.usernames.release(&name);",
        replace: "",
    },
    Mutant {
        property: "names::usernames_are_unique_caselessly_and_free_exactly_when_released",
        bug: "capitals make another name",
        file: "core/src/names.rs",
        find: "        return text.to_ascii_lowercase().into_boxed_str();",
        replace: "        return text.into();",
    },
    Mutant {
        property: "rooms::a_private_room_is_in_no_list_and_no_outsider_gets_in_or_learns_its_members",
        bug: "a private room with one member admits a second",
        file: "core/src/world/join.rs",
        find: "        if room.privacy == Privacy::Private &&",
        replace: "        if room.privacy == Privacy::Private && room.members.len() > 1 &&",
    },
    Mutant {
        property: "rooms::join_and_leave_notices_pair_up",
        bug: "nobody is told of a user who goes",
        file: TELL,
        find: "        if *why != Departure::Gone || self.stage == Stage::Serving {",
        replace: "        if *why != Departure::Gone || self.stage == Stage::Stopping {",
    },
    Mutant {
        property: "rooms::the_general_room_always_exists",
        bug: "the general room is in no list while nobody is in it",
        file: ROOM,
        find: "        self.listed.keys().map(Name::as_str)",
        replace: "        let deserted = self.of_member(RoomId::GENERAL).members.is_empty();
        let listed = self.listed.keys().map(Name::as_str);
        listed.filter(move |name| !(deserted && *name == RoomName::GENERAL))",
    },
    Mutant {
        property: "runtimes::mio_smol_and_the_bare_hub_give_everyone_the_same_transcript",
        bug: "mio hands over everything twice",
        file: "io-mio/src/server.rs",
        find: "Input::Received(id, &self.buffer[..count]));",
        replace: "Input::Received(id, &self.buffer[..count].repeat(2)));",
    },
    Mutant {
        property: "runtimes::mio_smol_and_the_bare_hub_give_everyone_the_same_transcript",
        bug: "smol hands over everything twice",
        file: "io-smol/src/server.rs",
        find: "Input::Received(id, &state.buffer[..count]);",
        replace: "Input::Received(id, &state.buffer[..count].repeat(2));",
    },
];

/// A bug that the simulator must find within its seeds, and the test that runs them. Connections went
/// deaf by it, with the simulator looking on: its adapter looked again where the real ones do not.
pub(crate) const SIMULATED: Mutant = Mutant {
    property: "many_seeds_keep_every_promise_and_reach_every_mark",
    bug: "timers run before what was sent leaves its queue",
    file: HUB,
    find: "                self.with_slot(id, |hub, slot| hub.sent(slot, count));
                self.run_timers();
",
    replace: "                let pending: usize = self.pending(id).map(<[u8]>::len).sum();
                self.run_timers();
                self.with_slot(id, |hub, slot| {
                    if pending > count as usize {
                        return hub.sent(slot, count);
                    }
                    hub.outbox.sent(slot, count);
                    hub.flushed(slot);
                });
",
};
