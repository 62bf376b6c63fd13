//! Messages with numbers of the server's: those of the past are put where they belong, and nothing is there
//! twice. Between them stand notices, which have a time alone.

use chatmaster_core::session::RequestId;
use jiff::civil::DateTime;

use super::unread::Count;
use super::{Entry, Log};

impl Log {
    /// The highest number there ever was in it.
    pub(in crate::client::app) fn last_id(&self) -> Option<u64> {
        self.last_id
    }

    /// The number of the oldest message that is kept and has one.
    pub(in crate::client::app) fn first_id(&self) -> Option<u64> {
        self.entries.iter().find_map(|entry| entry.id)
    }

    /// Whether there is room for anything older.
    pub(in crate::client::app) fn has_room(&self) -> bool {
        self.entries.len() < self.most
    }

    /// Whether this message is in it.
    pub(in crate::client::app) fn has(&self, id: u64) -> bool {
        let from_last = self.entries.iter().rev().filter_map(|entry| entry.id);
        from_last
            .take_while(|other| *other >= id)
            .any(|other| other == id)
    }

    /// Puts a message where it belongs, unless it is there already or older than what is kept. Whether it
    /// was put there. `count` is what it adds to what the reader has not seen.
    pub(in crate::client::app) fn insert(&mut self, entry: Entry, count: Option<Count>) -> bool {
        let Some(id) = entry.id.filter(|id| !self.has(*id)) else {
            return false;
        };
        let mut place = self.entries.len();
        for (at, other) in self.entries.iter().enumerate().rev() {
            match other.id {
                Some(other) if other > id => place = at,
                Some(_) => break,
                None => {}
            }
        }
        // What was told later comes later.
        while let Some(before) = place.checked_sub(1)
            && self.entries[before].id.is_none()
            && self.entries[before].at > entry.at
        {
            place = before;
        }
        self.last_id = self.last_id.max(Some(id));
        self.put(place, entry, count)
    }

    /// Puts a notice before the message `id`, or before all that is kept.
    pub(in crate::client::app) fn note_before(&mut self, id: Option<u64>, notice: Entry) {
        let is_it = |entry: &Entry| id.is_some() && entry.id == id;
        let place = self.entries.iter().position(is_it).unwrap_or(0);
        self.put(place, notice, None);
    }

    fn put(&mut self, place: usize, entry: Entry, count: Option<Count>) -> bool {
        if place == 0 && !self.has_room() {
            return false;
        }
        let number = self.gone + place as u64;
        self.bytes += entry.bytes();
        if place == 0 && !self.entries.is_empty() {
            // The numbers of the others stay.
            self.gone -= 1;
        } else {
            let moves = |other: &mut u64| *other += u64::from(*other >= number);
            self.reading
                .iter_mut()
                .for_each(|place| moves(&mut place.entry));
            self.unread.shift(moves);
        }
        self.entries.insert(place, entry);
        if let Some(count) = count {
            self.unread.came(number, count, self.reader());
        }
        self.drop_oldest();
        true
    }

    /// What was said as this request has its place now. Whether entries have changed their places.
    pub(in crate::client::app) fn sent(
        &mut self,
        request: RequestId,
        id: u64,
        at: DateTime,
    ) -> bool {
        let is_it = |entry: &Entry| entry.request == Some(request);
        let Some(place) = self.entries.iter().rposition(is_it) else {
            self.last_id = self.last_id.max(Some(id));
            return false;
        };
        let is_there = self.has(id);
        self.last_id = self.last_id.max(Some(id));
        if is_there {
            // The history had it first.
            if let Some(entry) = self.entries.remove(place) {
                self.bytes -= entry.bytes();
                let number = self.gone + place as u64;
                let moves = |other: &mut u64| *other -= u64::from(*other > number);
                self.reading
                    .iter_mut()
                    .for_each(|place| moves(&mut place.entry));
                self.unread.shift(moves);
                if self.entries.is_empty() {
                    self.go_to_end();
                }
            }
            return true;
        }
        let entry = &mut self.entries[place];
        (entry.request, entry.id, entry.at) = (None, Some(id), at);
        // Others may have been told before it.
        let is_before = |entry: &Entry| entry.id.is_some_and(|other| other < id);
        let last = self.entries.iter().rposition(is_before);
        match last.filter(|last| *last > place) {
            Some(last) => {
                if let Some(entry) = self.entries.remove(place) {
                    self.entries.insert(last, entry);
                }
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::{Focus, Kind, Names, Pane, Row, Speaker};
    use super::*;

    const PANE: Pane = Pane {
        columns: 40,
        rows: 1000,
        names: Names::Column,
    };

    fn at(second: i8) -> DateTime {
        date(2026, 11, 24).at(12, 0, second, 0)
    }

    fn said(id: u64) -> Entry {
        Entry::said(at(id as i8), "bob", Speaker::Other, &id.to_string()).numbered(id)
    }

    fn notice(second: i8) -> Entry {
        Entry::new(at(second), Kind::Info, &format!("at {second}"))
    }

    fn texts(log: &Log) -> Vec<String> {
        let rows = log.rows(PANE).into_iter();
        let texts = rows.map(|row| match row {
            Row::Text(row) => row.text.to_string(),
            Row::Day(_) => "day".into(),
            Row::Unread => "new".into(),
        });
        texts.collect()
    }

    #[test]
    fn the_past_is_put_between_what_is_there() {
        let mut log = Log::default();
        log.push(said(3));
        log.push(notice(4));
        log.push(notice(20));
        log.push(said(30));
        for id in [10, 5, 3, 12, 30] {
            assert_eq!(log.insert(said(id), None), ![3, 30].contains(&id), "{id}");
        }
        assert_eq!(texts(&log), ["3", "at 4", "5", "10", "12", "at 20", "30"]);
        assert!(log.insert(said(1), None));
        assert_eq!(texts(&log)[..2], ["1", "3"]);
        assert_eq!((log.first_id(), log.last_id()), (Some(1), Some(30)));
        log.note_before(Some(10), notice(0));
        log.note_before(None, notice(0));
        assert_eq!(texts(&log)[..6], ["at 0", "1", "3", "at 4", "5", "at 0"]);
    }

    #[test]
    fn the_reader_stays_where_they_are_whatever_is_put_above() {
        let pane = Pane { rows: 2, ..PANE };
        let mut log = Log::default();
        [10, 20, 30, 40]
            .into_iter()
            .for_each(|id| log.push(said(id)));
        log.up(pane, 1);
        let shown = |log: &Log| log.rows(pane).len();
        let last = |log: &Log| match log.rows(pane).last() {
            Some(Row::Text(row)) => row.text.to_string(),
            _ => String::new(),
        };
        for id in [1, 2, 15, 25, 35] {
            log.insert(said(id), None);
            assert_eq!((shown(&log), last(&log)), (2, "30".into()), "{id}");
        }
    }

    #[test]
    fn what_came_while_one_was_away_is_new_from_the_first_of_it_on() {
        let mut log = Log::default();
        log.push(said(1));
        log.focused(Focus::Elsewhere);
        log.push(said(9));
        let one = Count {
            messages: 1,
            mentions: 0,
        };
        log.insert(said(5), Some(one));
        assert_eq!(texts(&log), ["1", "new", "5", "9"]);
        assert_eq!(log.unread().messages, 2);
        // But not what was before.
        log.insert(said(3), None);
        assert_eq!(texts(&log), ["1", "3", "new", "5", "9"]);
    }

    #[test]
    fn what_was_said_here_has_its_place_when_the_server_says_which() {
        let mine = |request| {
            Entry::said(at(1), "alice", Speaker::User, "mine").sent_as(RequestId(request))
        };
        let mut log = Log::default();
        log.push(said(1));
        log.push(mine(7));
        log.push(said(2));
        log.push(said(4));
        log.sent(RequestId(7), 3, at(3));
        assert_eq!(texts(&log), ["1", "2", "mine", "4"]);
        // What the history had already is not there twice.
        log.push(mine(8));
        log.insert(said(5), None);
        log.sent(RequestId(8), 5, at(5));
        assert_eq!(texts(&log), ["1", "2", "mine", "4", "5"]);
        log.sent(RequestId(9), 6, at(6));
        assert_eq!(log.last_id(), Some(6));
    }

    #[test]
    fn a_log_that_is_full_takes_nothing_older() {
        let mut log = Log::default();
        log.keep(2);
        [10, 20].into_iter().for_each(|id| log.push(said(id)));
        assert!(!log.insert(said(5), None) && !log.has_room());
        assert!(log.insert(said(15), None));
        assert_eq!(texts(&log), ["15", "20"]);
    }

    proptest! {
        #[test]
        fn messages_are_there_once_in_the_order_of_the_server(
            steps in prop::collection::vec((any::<bool>(), 0u64..40), 0..80),
        ) {
            let mut log = Log::default();
            let mut all = std::collections::BTreeSet::new();
            for (lives, id) in steps {
                if lives && log.last_id().is_none_or(|last| id > last) {
                    log.push(said(id));
                } else {
                    prop_assert_eq!(log.insert(said(id), None), !all.contains(&id));
                }
                all.insert(id);
                prop_assert_eq!(log.end() - log.first(), all.len() as u64);
            }
            let expected: Vec<_> = all.iter().map(ToString::to_string).collect();
            prop_assert_eq!(texts(&log), expected);
        }
    }
}
