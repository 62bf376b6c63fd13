//! Lines over logarithmic axes, as SVG.

use std::fmt::Write;

/// One plot of several side by side; all share the vertical axis.
pub(crate) struct Panel {
    /// What is on the horizontal axis.
    pub(crate) title: String,
    pub(crate) series: Vec<Series>,
}

/// One line.
pub(crate) struct Series {
    name: String,
    /// All positive.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    /// A line without points.
    pub(crate) fn new(name: &str) -> Self {
        Series {
            name: name.into(),
            points: Vec::new(),
        }
    }
}

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 48.0;
const GAP: f64 = 40.0;
const COLOURS: [&str; 5] = ["#6b7280", "#1d4ed8", "#c2410c", "#15803d", "#7e22ce"];

/// Draws the panels, with powers of ten as grid.
pub(crate) fn svg(title: &str, panels: &[Panel]) -> String {
    let points = || {
        let series = panels.iter().flat_map(|panel| &panel.series);
        series.flat_map(|series| series.points.iter().copied())
    };
    let horizontal = Scale::over(points().map(|point| point.0));
    let vertical = Scale::over(points().map(|point| point.1));
    let width = LEFT + (WIDTH + GAP) * panels.len() as f64 + 60.0;
    let height = TOP + HEIGHT + BOTTOM;
    let mut svg = String::new();
    let mut put = |line: String| writeln!(svg, "{line}").expect("a string takes it");
    put(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#1f2937">"##
    ));
    put(r##"<rect width="100%" height="100%" fill="#ffffff"/>"##.into());
    put(format!(
        r##"<text x="{LEFT}" y="24" font-size="14">{title}</text>"##
    ));
    for (number, panel) in panels.iter().enumerate() {
        let left = LEFT + (WIDTH + GAP) * number as f64;
        let bottom = TOP + HEIGHT;
        let x = |value: f64| left + WIDTH * horizontal.place(value);
        let y = |value: f64| bottom - HEIGHT * vertical.place(value);
        for power in vertical.powers() {
            let (at, right) = (y(power), left + WIDTH);
            put(format!(
                r##"<path d="M{left} {at:.1}H{right}" stroke="#e5e7eb"/>"##
            ));
            if number == 0 {
                let (label, at) = (left - 8.0, at + 4.0);
                put(format!(
                    r##"<text x="{label}" y="{at:.1}" text-anchor="end">{power}</text>"##
                ));
            }
        }
        for power in horizontal.powers() {
            let (at, label) = (x(power), bottom + 18.0);
            put(format!(
                r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#e5e7eb"/>"##
            ));
            put(format!(
                r##"<text x="{at:.1}" y="{label}" text-anchor="middle">{power}</text>"##
            ));
        }
        let (middle, below) = (left + WIDTH / 2.0, bottom + 38.0);
        put(format!(
            r##"<text x="{middle}" y="{below}" text-anchor="middle">{}</text>"##,
            panel.title
        ));
        for (place, (series, colour)) in panel.series.iter().zip(COLOURS.iter().cycle()).enumerate()
        {
            let mut line = String::new();
            for (step, point) in series.points.iter().enumerate() {
                let command = if step == 0 { 'M' } else { 'L' };
                let (x, y) = (x(point.0), y(point.1));
                write!(line, "{command}{x:.1} {y:.1}").expect("a string takes it");
                put(format!(
                    r##"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"##
                ));
            }
            put(format!(
                r##"<path d="{line}" fill="none" stroke="{colour}" stroke-width="2"/>"##
            ));
            let (legend, at) = (left + 10.0, TOP + 16.0 * (place + 1) as f64);
            put(format!(
                r##"<text x="{legend}" y="{at}" fill="{colour}">{}</text>"##,
                series.name
            ));
        }
    }
    put("</svg>".into());
    svg
}

/// A logarithmic axis from one power of ten to another.
struct Scale {
    least: i32,
    most: i32,
}

impl Scale {
    /// One that covers all values.
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values {
            (least, most) = (least.min(value), most.max(value));
        }
        let least = least.log10().floor() as i32;
        Scale {
            least,
            most: (most.log10().ceil() as i32).max(least + 1),
        }
    }

    /// Where a value is, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.least)) / f64::from(self.most - self.least)
    }

    /// The powers of ten on it.
    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.least..=self.most).map(|power| format!("1e{power}").parse().expect("it is a number"))
    }
}
