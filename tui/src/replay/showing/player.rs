//! How a playback goes on, without a clock or a terminal: which of the events are shown, and what its
//! line on the screen says.

use std::time::Duration;

use chatmaster_core::Time;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::replay::args::Offset;
use crate::replay::reading::clock::seconds;

/// The longest that one waits between two events, at normal speed.
const MAX_GAP: Duration = Duration::from_secs(2);
/// Events between two looks at the screen at the highest speed.
const AT_ONCE: usize = 64;
/// Columns of the progress bar, where there is room.
const BAR: usize = 20;

/// The state of a playback of events at known times.
pub(in crate::replay) struct Player {
    /// When each event was, in order.
    times: Vec<Time>,
    /// When the recording ends.
    end: Time,
    /// How many events are shown.
    shown: usize,
    /// Where it was last set, or the time of the last event shown since.
    from: Time,
    /// How much of the gap behind `from` was waited, at normal speed.
    waited: Duration,
    speed: Speed,
    state: State,
    /// The time to go to, as far as it is typed.
    prompt: Option<String>,
    /// What was wrong with the last one.
    mistake: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Playing,
    Paused,
    Ended,
}

/// How fast: by a power of two, or without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Speed {
    Times(u32),
    Max,
}

/// What to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::replay) enum Next {
    GoOn,
    Quit,
    /// Give the terminal back to the shell for a while.
    Stop,
    /// The key is for the view.
    Scroll,
}

impl Player {
    pub(in crate::replay) fn new(times: Vec<Time>, end: Time) -> Self {
        Player {
            times,
            end,
            shown: 0,
            from: Time::ZERO,
            waited: Duration::ZERO,
            speed: Speed::Times(1),
            state: State::Playing,
            prompt: None,
            mistake: None,
        }
    }

    /// How many events are shown, from the first.
    pub(in crate::replay) fn shown(&self) -> usize {
        self.shown
    }

    /// Whether time goes on.
    pub(in crate::replay) fn is_playing(&self) -> bool {
        self.state == State::Playing
    }

    /// So much time has passed in front of the screen.
    pub(in crate::replay) fn pass(&mut self, time: Duration) {
        if self.state != State::Playing {
            return;
        }
        match self.speed {
            Speed::Times(times) => self.waited += time * times,
            Speed::Max => {
                for _ in 0..AT_ONCE {
                    self.advance();
                }
                return;
            }
        }
        while self.state == State::Playing && self.waited >= self.wait() {
            let waited = self.waited - self.wait();
            self.advance();
            self.waited = waited;
        }
    }

    pub(in crate::replay) fn key(&mut self, key: KeyEvent) -> Next {
        if key.kind == KeyEventKind::Release {
            return Next::GoOn;
        }
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Next::Quit;
        }
        if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Next::Stop;
        }
        self.mistake = None;
        if self.prompt.is_some() {
            self.type_time(key.code);
            return Next::GoOn;
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Next::Quit,
            KeyCode::Char(' ') => {
                self.state = match self.state {
                    State::Playing => State::Paused,
                    State::Paused => State::Playing,
                    State::Ended => {
                        self.go_to(Time::ZERO);
                        State::Playing
                    }
                }
            }
            KeyCode::Right | KeyCode::Char('n') => {
                self.advance();
                self.pause();
            }
            KeyCode::Left => {
                self.back();
                self.pause();
            }
            KeyCode::Char('+' | '=') => self.speed = self.speed.faster(),
            KeyCode::Char('-') => self.speed = self.speed.slower(),
            KeyCode::Char('g') => self.prompt = Some(String::new()),
            KeyCode::PageUp | KeyCode::PageDown | KeyCode::Home | KeyCode::End => {
                return Next::Scroll;
            }
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::ALT) => {
                return Next::Scroll;
            }
            _ => {}
        }
        Next::GoOn
    }

    fn type_time(&mut self, key: KeyCode) {
        let Some(typed) = &mut self.prompt else {
            return;
        };
        match key {
            KeyCode::Char(c) => typed.push(c),
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Esc => self.prompt = None,
            KeyCode::Enter => {
                match typed.parse() {
                    Ok(Offset(time)) => self.go_to(time),
                    Err(why) if !typed.is_empty() => self.mistake = Some(why),
                    Err(_) => {}
                }
                self.prompt = None;
            }
            _ => {}
        }
    }

    /// Shows the next event, or comes to the end behind the last.
    fn advance(&mut self) {
        self.waited = Duration::ZERO;
        match self.times.get(self.shown) {
            Some(time) => {
                self.from = *time;
                self.shown += 1;
            }
            None => {
                self.from = self.end;
                self.state = State::Ended;
            }
        }
    }

    /// Takes the last event shown away.
    fn back(&mut self) {
        self.waited = Duration::ZERO;
        self.shown = self.shown.saturating_sub(1);
        let before = self.shown.checked_sub(1);
        self.from = before.map_or(Time::ZERO, |last| self.times[last]);
        self.state = State::Paused;
    }

    /// Goes to a time: what was until then is shown.
    fn go_to(&mut self, time: Time) {
        self.waited = Duration::ZERO;
        self.from = time.min(self.end);
        self.shown = self.times.partition_point(|at| *at <= self.from);
        if self.state == State::Ended {
            self.state = State::Paused;
        }
    }

    fn pause(&mut self) {
        if self.state == State::Playing {
            self.state = State::Paused;
        }
    }

    /// What lies between `from` and the next event.
    fn gap(&self) -> Duration {
        let next = self.times.get(self.shown).copied();
        next.unwrap_or(self.end).since(self.from)
    }

    /// What one waits for the next event.
    fn wait(&self) -> Duration {
        self.gap().min(MAX_GAP)
    }

    /// Where the playback is; it runs faster through a gap that is shortened.
    fn position(&self) -> Time {
        let (gap, wait) = (self.gap(), self.wait());
        if wait.is_zero() {
            return self.from;
        }
        let part = self.waited.min(wait).as_secs_f64() / wait.as_secs_f64();
        self.from + gap.mul_f64(part)
    }

    /// The line that tells all that, with the bar in the room that is left of so many columns.
    pub(in crate::replay) fn line(&self, columns: usize) -> String {
        if let Some(typed) = &self.prompt {
            return format!(" Go to (12.5, 2m …): {typed}▏  Enter goes, Esc does not");
        }
        let state = match self.state {
            State::Playing => "playing",
            State::Paused => "paused ",
            State::Ended => "ended  ",
        };
        let position = self.position();
        let since = |time: Time| time.since(Time::ZERO);
        let share = since(position).as_secs_f64() / since(self.end).as_secs_f64().max(1e-6);
        let speed = match self.speed {
            Speed::Times(times) => format!("{times}x"),
            Speed::Max => "max".into(),
        };
        let [at, end] = [position, self.end].map(|time| since(time).as_secs_f64());
        let gap = self.gap();
        let aside = match &self.mistake {
            Some(mistake) => format!("  {mistake}"),
            None if gap > MAX_GAP && self.state == State::Playing => {
                format!("  skips {} of silence", seconds(gap - MAX_GAP))
            }
            None if self.state == State::Playing => {
                "  space pauses, + - speed, g seeks, q quits".into()
            }
            None => "  space plays, → ← step, g seeks, q quits".into(),
        };
        let rest = format!(" {at:.1} of {end:.1} s  {speed}{aside}");
        let used = 2 + state.len() + rest.chars().count();
        let long = columns.saturating_sub(used).min(BAR);
        let filled = (share.clamp(0.0, 1.0) * long as f64) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(long - filled));
        format!(" {state} {bar}{rest}")
    }
}

impl Speed {
    fn faster(self) -> Self {
        match self {
            Speed::Times(times) if times < 64 => Speed::Times(times * 2),
            _ => Speed::Max,
        }
    }

    fn slower(self) -> Self {
        match self {
            Speed::Times(times) => Speed::Times((times / 2).max(1)),
            Speed::Max => Speed::Times(64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Events at 1, 2, 2 and 62 seconds of 70.
    fn player() -> Player {
        let time = |seconds: u64| Time::from_micros(seconds * 1_000_000);
        Player::new([1, 2, 2, 62].map(time).into(), time(70))
    }

    fn press(player: &mut Player, codes: &[KeyCode]) {
        for code in codes {
            assert_eq!(player.key((*code).into()), Next::GoOn);
        }
    }

    #[test]
    fn events_come_when_they_came_and_silence_is_shortened() {
        let mut player = player();
        let mut shown = Vec::new();
        for _ in 0..8 {
            player.pass(SECOND / 2);
            shown.push(player.shown());
        }
        assert_eq!(shown, [0, 1, 1, 3, 3, 3, 3, 4]);
        player.pass(2 * SECOND);
        assert!(!player.is_playing());
        assert!(
            player
                .line(100)
                .starts_with(" ended   ████████████████████ 70.0 of 70.0 s  1x")
        );
    }

    #[test]
    fn the_line_tells_position_speed_state_and_silence() {
        let mut player = player();
        player.pass(3 * SECOND);
        assert_eq!(
            player.line(100),
            " playing █████████░░░░░░░░░░░ 32.0 of 70.0 s  1x  skips 58.000 s of silence"
        );
        press(&mut player, &[KeyCode::Char(' '), KeyCode::Char('+')]);
        assert_eq!(
            player.line(100),
            " paused  █████████░░░░░░░░░░░ 32.0 of 70.0 s  2x  space plays, → ← step, g seeks, q quits"
        );
    }

    #[test]
    fn the_line_fits_eighty_columns_with_its_hints() {
        let end = Time::from_micros(99_999_900_000);
        let mut player = Player::new(vec![end], end);
        player.speed = Speed::Max;
        player.go_to(end);
        for _ in 0..2 {
            let line = player.line(80);
            assert!(
                line.chars().count() <= 80 && line.ends_with("q quits"),
                "{line}"
            );
            press(&mut player, &[KeyCode::Char(' ')]);
        }
    }

    #[test]
    fn nothing_goes_on_while_it_is_paused() {
        let mut player = player();
        press(&mut player, &[KeyCode::Char(' ')]);
        player.pass(100 * SECOND);
        assert_eq!(player.shown(), 0);
        press(&mut player, &[KeyCode::Char(' ')]);
        player.pass(SECOND);
        assert_eq!(player.shown(), 1);
    }

    #[test]
    fn one_steps_event_by_event_both_ways() {
        let mut player = player();
        press(
            &mut player,
            &[KeyCode::Right, KeyCode::Char('n'), KeyCode::Right],
        );
        assert_eq!((player.shown(), player.is_playing()), (3, false));
        press(&mut player, &[KeyCode::Left, KeyCode::Left]);
        assert_eq!(player.shown(), 1);
        press(&mut player, &[KeyCode::Left, KeyCode::Left]);
        assert_eq!(player.shown(), 0);
        press(&mut player, &[KeyCode::Right; 6]);
        assert_eq!((player.shown(), player.state), (4, State::Ended));
        press(&mut player, &[KeyCode::Left]);
        assert_eq!((player.shown(), player.state), (3, State::Paused));
    }

    #[test]
    fn speeds_double_up_to_the_highest() {
        let mut player = player();
        press(&mut player, &[KeyCode::Char('+'); 3]);
        assert_eq!(player.speed, Speed::Times(8));
        player.pass(SECOND / 4);
        assert_eq!(player.shown(), 3, "two seconds have passed");
        press(&mut player, &[KeyCode::Char('+'); 9]);
        assert_eq!(player.speed, Speed::Max);
        player.pass(Duration::ZERO);
        assert_eq!(player.state, State::Ended);
        press(&mut player, &[KeyCode::Char('-'); 20]);
        assert_eq!(player.speed, Speed::Times(1));
    }

    #[test]
    fn one_goes_to_a_time() {
        let mut player = player();
        let go = |player: &mut Player, text: &str| {
            press(player, &[KeyCode::Char('g')]);
            for c in text.chars() {
                press(player, &[KeyCode::Char(c)]);
            }
            press(player, &[KeyCode::Enter]);
        };
        go(&mut player, "1m");
        assert_eq!(player.shown(), 3);
        assert!(
            player.line(100).contains(" 60.0 of 70.0 s "),
            "{}",
            player.line(100)
        );
        go(&mut player, "2");
        assert_eq!(player.shown(), 3, "what came at that time is shown");
        go(&mut player, "1.5");
        assert_eq!(player.shown(), 1);
        go(&mut player, "soon");
        assert!(
            player
                .line(100)
                .ends_with("write it like 12.5, 500ms or 2m"),
            "{}",
            player.line(100)
        );
        assert_eq!(player.shown(), 1);
        go(&mut player, "99h");
        assert_eq!(player.shown(), 4);
    }

    #[test]
    fn keys_of_the_prompt_do_nothing_else() {
        let mut player = player();
        press(
            &mut player,
            &[KeyCode::Char('g'), KeyCode::Char('q'), KeyCode::Backspace],
        );
        assert!(
            player.line(100).starts_with(" Go to (12.5, 2m …): ▏"),
            "{}",
            player.line(100)
        );
        press(&mut player, &[KeyCode::Esc]);
        assert_eq!(player.key(KeyCode::PageUp.into()), Next::Scroll);
        assert_eq!(player.key(KeyCode::Char('q').into()), Next::Quit);
    }
}
