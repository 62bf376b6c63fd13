//! What ratatui draws, in the sequences that every terminal knows: of colours only the sixteen, by the
//! numbers that a terminal of sixteen has for them.

use std::fmt::Write as _;
use std::io::{self, Stdout, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as Cleared};
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// A terminal of a size that it is told. A frame is written in one piece.
pub(super) struct Tty {
    out: Stdout,
    frame: Vec<u8>,
    size: Size,
}

impl Tty {
    pub(super) fn new(size: Size) -> Self {
        Tty {
            out: io::stdout(),
            frame: Vec::new(),
            size,
        }
    }

    pub(super) fn window(&self) -> Size {
        self.size
    }

    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
    }
}

impl Backend for Tty {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        draw(&mut self.frame, content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        queue!(self.frame, Hide)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        queue!(self.frame, Show)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // The answer would have to be read from the keyboard, which another thread does.
        Err(io::ErrorKind::Unsupported.into())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        queue!(self.frame, MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        let cleared = match region {
            ClearType::All => Cleared::All,
            ClearType::AfterCursor => Cleared::FromCursorDown,
            ClearType::BeforeCursor => Cleared::FromCursorUp,
            ClearType::CurrentLine => Cleared::CurrentLine,
            ClearType::UntilNewLine => Cleared::UntilNewLine,
        };
        queue!(self.frame, Clear(cleared))
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.frame);
        self.frame.clear();
        written.and_then(|()| self.out.flush())
    }
}

fn draw<'a>(
    out: &mut Vec<u8>,
    content: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let plain = (Color::Reset, Color::Reset, Modifier::empty());
    let (mut style, mut next) = (plain, None);
    for (x, y, cell) in content {
        if next != Some((x, y)) {
            queue!(out, MoveTo(x, y))?;
        }
        next = Some((x + 1, y));
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if wanted != style {
            style = wanted;
            out.extend_from_slice(rendition(style).as_bytes());
        }
        out.extend_from_slice(cell.symbol().as_bytes());
    }
    if style != plain {
        out.extend_from_slice(rendition(plain).as_bytes());
    }
    Ok(())
}

/// The sequence after which all that is written has this style.
fn rendition((foreground, background, modifier): (Color, Color, Modifier)) -> String {
    let mut sequence = String::from("\x1B[0");
    for (wanted, number) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
    ] {
        if modifier.contains(wanted) {
            let _ = write!(sequence, ";{number}");
        }
    }
    if let Some(number) = number(foreground) {
        let _ = write!(sequence, ";{number}");
    }
    if let Some(number) = number(background) {
        let _ = write!(sequence, ";{}", number + 10);
    }
    sequence.push('m');
    sequence
}

/// The number of one of the sixteen colours as the foreground; none if it is the terminal's own.
fn number(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        // The palette has no others.
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn colours_are_the_sixteen_by_their_own_numbers() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 2));
        buf.set_string(0, 0, "ab", Style::new().fg(Color::Green));
        let style = Style::new().fg(Color::LightRed).bg(Color::Blue);
        buf.set_string(
            2,
            0,
            "c",
            style.add_modifier(Modifier::BOLD | Modifier::REVERSED),
        );
        buf.set_string(5, 1, "d", Style::new());
        let mut out = Vec::new();
        let cells = Buffer::empty(buf.area).diff(&buf);
        draw(&mut out, cells.into_iter()).expect("memory takes everything");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "\x1B[1;1H\x1B[0;32mab\x1B[0;1;7;91;44mc\x1B[2;6H\x1B[0md"
        );
    }
}
