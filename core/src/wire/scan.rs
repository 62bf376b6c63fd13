//! Where a package of plain JSON ends: at the brace that matches its first one.

use memchr::memchr2;

/// The most objects and arrays that may stand open inside each other in a package, itself included.
/// The protocol's packages need three; extra attributes, which are ignored, may have more.
pub const MAX_NESTING: u32 = 32;

/// The scan of one package, which may come in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    braces: u8,
    brackets: u8,
    text: Text,
}

/// Where in the text the scan stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    String,
    /// In a string, right behind a backslash.
    Escape,
}

/// What a piece of a package came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The package ends with this many bytes of the piece.
    End(usize),
    /// The package goes on behind the piece.
    More,
    /// More than [`MAX_NESTING`] objects and arrays are open.
    TooDeep,
}

impl Scan {
    /// Whether there was a piece of the package.
    pub(super) fn has_begun(&self) -> bool {
        self.braces > 0
    }

    /// Scans the next piece; the first one starts with the package's opening brace.
    pub(super) fn piece(&mut self, piece: &[u8]) -> Scanned {
        let mut at = 0;
        while at < piece.len() {
            if self.text == Text::String {
                // Most of a package is in its strings, and most of a string is not looked at.
                match memchr2(b'"', b'\\', &piece[at..]) {
                    Some(skipped) => at += skipped,
                    None => return Scanned::More,
                }
            }
            let byte = piece[at];
            at += 1;
            match (self.text, byte) {
                (Text::String, b'"') => self.text = Text::Outside,
                (Text::String, _) => self.text = Text::Escape,
                (Text::Escape, _) => self.text = Text::String,
                (Text::Outside, b'"') => self.text = Text::String,
                (Text::Outside, b'{') => {
                    self.braces += 1;
                    if u32::from(self.braces + self.brackets) > MAX_NESTING {
                        return Scanned::TooDeep;
                    }
                }
                (Text::Outside, b'[') => {
                    self.brackets += 1;
                    if u32::from(self.braces + self.brackets) > MAX_NESTING {
                        return Scanned::TooDeep;
                    }
                }
                (Text::Outside, b']') => self.brackets = self.brackets.saturating_sub(1),
                (Text::Outside, b'}') => {
                    self.braces -= 1;
                    if self.braces == 0 {
                        return Scanned::End(at);
                    }
                }
                (Text::Outside, _) => {}
            }
        }
        Scanned::More
    }
}

/// JSON's white space, which may stand between packages.
pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
