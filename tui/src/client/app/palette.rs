//! Colours, and doing without.

use std::ffi::OsStr;

use chatmaster_core::names::fold;
use ratatui::style::{Color, Modifier, Style};

use crate::settings::Theme;

/// The colours: the terminal's own sixteen at most. What matters never depends on them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// Those that can be read on a dark background.
    Dark,
    /// Those that can be read on a light one.
    Light,
    /// None (see <https://no-color.org>).
    Plain,
}

/// Colours for names on a dark background: but for black, white, the blue that is too dark and the
/// red of errors.
const NAMES_ON_DARK: [Color; 9] = [
    Color::Green,
    Color::Yellow,
    Color::Magenta,
    Color::Cyan,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
];
/// Colours for names on a light background: none of the light ones, nor yellow, nor the red of errors.
const NAMES_ON_LIGHT: [Color; 4] = [Color::Green, Color::Blue, Color::Magenta, Color::Cyan];

impl Palette {
    /// The palette for a user who wants `theme`, and for the environment variables `NO_COLOR`, which
    /// turns colours off unless it is empty, and `COLORFGBG`, in which some terminals tell the
    /// numbers of their colours, that of the background last.
    pub fn new(theme: Theme, no_color: Option<&OsStr>, colorfgbg: Option<&OsStr>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) {
            return Palette::Plain;
        }
        let background = colorfgbg
            .and_then(OsStr::to_str)
            .and_then(|colours| colours.rsplit(';').next());
        match (theme, background) {
            (Theme::Light, _) => Palette::Light,
            // White, and the bright colours but for grey.
            (Theme::Auto, Some("7" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => {
                Palette::Light
            }
            (Theme::Auto | Theme::Dark, _) => Palette::Dark,
        }
    }

    /// The style of someone's name: always the same for the same name, however it is spelled.
    pub(super) fn name(self, name: &str) -> Style {
        // FNV-1a: stable from run to run, unlike the hashes of the standard library.
        let hash = fold(name)
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
        let of = |colours: &[Color]| colours[(hash % colours.len() as u64) as usize];
        self.coloured(of(&NAMES_ON_DARK), of(&NAMES_ON_LIGHT))
    }

    /// The style of the user's own name.
    pub(super) fn own_name(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of times, lines and notices. Not a colour: bright black is the background in some
    /// terminals.
    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The style of headings.
    pub(super) fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of errors.
    pub(super) fn error(self) -> Style {
        self.coloured(Color::LightRed, Color::Red)
    }

    /// The style of what wants to be noticed.
    pub(super) fn alert(self) -> Style {
        self.coloured(Color::LightYellow, Color::Blue)
            .add_modifier(Modifier::BOLD)
    }

    /// What is added to the style of the name of someone who mentions the user.
    pub(super) fn mentioner(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// What is added to the style of where a search has found something.
    pub(super) fn found(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD)
    }

    /// What is added to the style of where it has found what one is looking at.
    pub(super) fn found_here(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The style of text that is selected.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The style of the title bar.
    pub(super) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn coloured(self, on_dark: Color, on_light: Color) -> Style {
        match self {
            Palette::Dark => Style::new().fg(on_dark),
            Palette::Light => Style::new().fg(on_light),
            Palette::Plain => Style::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_and_others_have_others() {
        for palette in [Palette::Dark, Palette::Light] {
            let colour = |name| palette.name(name);
            assert_eq!(colour("Alice"), colour("alice"));
            assert_eq!(colour("STRASSE"), colour("straße"));
            let mut colours: Vec<_> = ["alice", "bob", "carol", "dave", "eve", "frank"]
                .iter()
                .filter_map(|name| colour(name).fg)
                .collect();
            colours.dedup();
            assert!(colours.len() > 3, "{colours:?}");
        }
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

    #[test]
    fn the_background_is_as_the_user_says_or_as_the_terminal_says() {
        let palette = |theme, no_color: Option<&str>, colorfgbg: Option<&str>| {
            Palette::new(theme, no_color.map(OsStr::new), colorfgbg.map(OsStr::new))
        };
        let auto = |colorfgbg| palette(Theme::Auto, None, colorfgbg);
        assert_eq!(auto(None), Palette::Dark);
        assert_eq!(auto(Some("15;0")), Palette::Dark);
        assert_eq!(auto(Some("7;8")), Palette::Dark);
        assert_eq!(auto(Some("0;15")), Palette::Light);
        assert_eq!(auto(Some("0;default;7")), Palette::Light);
        assert_eq!(auto(Some("default;default")), Palette::Dark);
        assert_eq!(palette(Theme::Light, None, Some("15;0")), Palette::Light);
        assert_eq!(palette(Theme::Dark, None, Some("0;15")), Palette::Dark);
        assert_eq!(palette(Theme::Light, Some("1"), None), Palette::Plain);
        assert_eq!(palette(Theme::Light, Some(""), None), Palette::Light);
    }
}
