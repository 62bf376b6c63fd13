//! The guard before a paste of more than one line: what is copied with a slip of the hand is not sent
//! with another.

use super::limit;

/// How many messages can be sent at once: fewer than the session takes without looking.
const MAX_MESSAGES: usize = 60;
/// What a server takes at once, and then each second, unless it was told otherwise.
const BURST: usize = 30;
const RATE: usize = 10;

/// A paste of more than one line, of which the user has to say what is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paste {
    text: String,
}

/// What may become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is sent, with what is in the box around it, as one message.
    OneMessage,
    /// It is sent, with what is in the box around it, line by line.
    EachLine,
    /// It is put into the box.
    Edit,
    /// It is not put anywhere; what is in the box stays.
    Cancel,
}

impl Paste {
    /// Takes `text`, whose line breaks may be of any kind. Returns it as a line if it is no more than
    /// that: a line break at the end makes no other.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end_matches('\n');
        if text.contains('\n') {
            Ok(Paste { text: text.into() })
        } else {
            Err(text.into())
        }
    }

    /// What is pasted before it is decided on the first goes after that.
    pub(super) fn add(&mut self, text: &str) {
        self.text.push('\n');
        self.text.push_str(text);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The choice that a key makes, if it is one that there is.
    pub(super) fn choice(&self, key: char) -> Option<Choice> {
        match key.to_ascii_lowercase() {
            'm' if self.fits_one() => Some(Choice::OneMessage),
            'l' if self.fits_each() => Some(Choice::EachLine),
            'e' => Some(Choice::Edit),
            _ => None,
        }
    }

    /// What is asked, with the keys that answer it.
    pub(super) fn question(&self) -> String {
        let (lines, bytes) = (self.text.split('\n').count(), self.text.len());
        let mut question = format!("Paste {lines} lines ({bytes} bytes)?");
        if self.fits_one() {
            question.push_str(" [m] one message");
        } else {
            let most = limit::most();
            question.push_str(&format!(" Over {most} bytes is no message."));
        }
        let messages = messages(&self.text).count();
        if self.fits_each() {
            question.push_str(&format!(" [l] {messages} messages"));
            if messages > BURST {
                let seconds = (messages - BURST).div_ceil(RATE);
                question.push_str(&format!(" in {seconds} s"));
            }
        }
        question.push_str(" [e] edit [Esc] cancel");
        question
    }

    fn fits_one(&self) -> bool {
        self.text.len() <= limit::most()
    }

    fn fits_each(&self) -> bool {
        let fits = |message: &str| message.len() <= limit::most();
        messages(&self.text).count() <= MAX_MESSAGES && messages(&self.text).all(fits)
    }
}

/// The lines of `text` that can be messages.
pub(super) fn messages(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paste(text: &str) -> Paste {
        Paste::new(text).expect("there is more than one line")
    }

    #[test]
    fn one_line_is_not_asked_about_whatever_ends_it() {
        for text in ["one", "one\n", "one\r\n", "one\r", "one\n\n"] {
            assert_eq!(Paste::new(text), Err("one".into()));
        }
        assert_eq!(paste("one\r\ntwo\rthree\n").text(), "one\ntwo\nthree");
    }

    #[test]
    fn the_question_says_how_much_it_is_and_how_long_it_takes() {
        assert_eq!(
            paste("one\n\ntwo").question(),
            "Paste 3 lines (8 bytes)? [m] one message [l] 2 messages [e] edit [Esc] cancel"
        );
        // The server takes 30 at once, then 10 a second.
        let question = paste(&"x\n".repeat(50)).question();
        assert_eq!(
            question,
            "Paste 50 lines (99 bytes)? [m] one message [l] 50 messages in 2 s [e] edit [Esc] cancel"
        );
    }

    #[test]
    fn what_is_too_much_for_one_message_or_too_many_is_not_offered() {
        let long = paste(&format!("{}\nx", "x".repeat(4095)));
        assert_eq!(
            long.question(),
            "Paste 2 lines (4097 bytes)? Over 4096 bytes is no message. [l] 2 messages [e] edit \
             [Esc] cancel"
        );
        assert_eq!(long.choice('m'), None);
        assert_eq!(long.choice('L'), Some(Choice::EachLine));
        let many = paste(&"x\n".repeat(61));
        assert_eq!(
            (many.choice('m'), many.choice('l')),
            (Some(Choice::OneMessage), None)
        );
        let longer = paste(&format!("{}\nx", "x".repeat(4097)));
        assert_eq!((longer.choice('m'), longer.choice('l')), (None, None));
        assert_eq!(longer.choice('e'), Some(Choice::Edit));
        assert_eq!(longer.choice('x'), None);
    }

    #[test]
    fn a_second_paste_goes_after_the_first() {
        let mut paste = paste("one\ntwo");
        paste.add("three");
        assert_eq!(paste.text(), "one\ntwo\nthree");
    }
}
