//! Colours, and doing without.

use ratatui::style::{Color, Modifier, Style};

/// Whether colours are used. What matters never depends on them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen colours.
    Colours,
    /// None (see <https://no-color.org>).
    Plain,
}

/// Colours for names: those that can be read on black and on white, but for black, white and the
/// red of errors.
const NAMES: [Color; 8] = [
    Color::Green,
    Color::Yellow,
    Color::Magenta,
    Color::Cyan,
    Color::LightRed,
    Color::LightGreen,
    Color::LightBlue,
    Color::LightMagenta,
];

impl Palette {
    /// The style of someone's name: always the same for the same name, however it is spelled.
    pub(super) fn name(self, name: &str) -> Style {
        // FNV-1a: stable from run to run, unlike the hashes of the standard library.
        let hash = name
            .to_lowercase()
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
        self.coloured(NAMES[(hash % NAMES.len() as u64) as usize])
    }

    /// The style of the user's own name.
    pub(super) fn own_name(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of times, lines and notices.
    pub(super) fn faint(self) -> Style {
        self.coloured(Color::DarkGray)
    }

    /// The style of headings.
    pub(super) fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of errors.
    pub(super) fn error(self) -> Style {
        self.coloured(Color::Red)
    }

    /// The style of what wants to be noticed.
    pub(super) fn alert(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The style of the title bar.
    pub(super) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn coloured(self, colour: Color) -> Style {
        match self {
            Palette::Colours => Style::new().fg(colour),
            Palette::Plain => Style::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_and_others_have_others() {
        let colour = |name| Palette::Colours.name(name);
        assert_eq!(colour("Alice"), colour("alice"));
        let mut colours: Vec<_> = ["alice", "bob", "carol", "dave", "eve", "frank"]
            .iter()
            .filter_map(|name| colour(name).fg)
            .collect();
        colours.dedup();
        assert!(colours.len() > 3, "{colours:?}");
    }

    #[test]
    fn the_plain_palette_has_no_colours() {
        let plain = Palette::Plain;
        for style in [
            plain.name("bob"),
            plain.faint(),
            plain.error(),
            plain.alert(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
