//! The message box on the screen: it grows with what is in it, and asks what it has to ask.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::App;
use super::editor::{Editor, Visible};
use super::view::put;
use crate::text::{SafeText, sanitise, wrap};

/// What is before the text.
#[derive(Clone, Copy)]
struct Prompt(&'static str);

impl Prompt {
    /// A box that is hardly wider than its prompt does without.
    fn fitting(self, width: u16) -> Self {
        if usize::from(width) < self.0.len() * 2 {
            Prompt("")
        } else {
            self
        }
    }

    /// The columns it leaves for the text.
    fn columns(self, width: u16) -> usize {
        usize::from(width) - self.0.len()
    }
}

/// How many rows the box would like to have on a screen of this width.
pub(super) fn rows(app: &App, width: u16) -> u16 {
    let rows = match question(app, width) {
        Some(rows) => rows.len(),
        None => {
            let (prompt, editor) = parts(app, width);
            editor.rows(prompt.columns(width))
        }
    };
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// The columns of the text on a screen of this width.
pub(super) fn columns(app: &App, width: u16) -> usize {
    parts(app, width).0.columns(width)
}

/// Draws the box, and says where the cursor is to be.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    if let Some(rows) = question(app, area.width) {
        for (y, row) in rows.iter().take(usize::from(area.height)).enumerate() {
            put(buf, area, 0, y, row, app.palette.alert());
        }
        return None;
    }
    let (prompt, editor) = parts(app, area.width);
    let left = prompt.0.len();
    let Visible {
        rows,
        cursor: (x, y),
        above,
        below,
    } = editor.visible(prompt.columns(area.width), usize::from(area.height));
    let style = if editor.is_selected() {
        app.palette.selected()
    } else {
        Style::new()
    };
    for (y, row) in rows.iter().enumerate() {
        put(buf, area, left, y, row, style);
    }
    let heading = app.palette.heading();
    if above == 0 {
        put(buf, area, 0, 0, &sanitise(prompt.0), heading);
    } else if left > 0 {
        put(buf, area, 0, 0, &sanitise("↑"), heading);
    }
    if below > 0 && left > 0 && rows.len() > 1 {
        put(buf, area, 0, rows.len() - 1, &sanitise("↓"), heading);
    }
    // A box of one column has no room for a cursor after it.
    let x = (left + x).min(usize::from(area.width) - 1);
    let within = |at: usize| u16::try_from(at).expect("it is within the screen");
    Some(Position {
        x: area.x + within(x),
        y: area.y + within(y),
    })
}

/// The prompt and the text.
fn parts(app: &App, width: u16) -> (Prompt, &Editor) {
    let (prompt, editor) = app.prompt();
    (Prompt(prompt).fitting(width), editor)
}

/// What is asked in place of the text, in rows.
fn question(app: &App, width: u16) -> Option<Vec<SafeText>> {
    let question = app.question()?;
    Some(wrap(&sanitise(&question), usize::from(width)))
}
