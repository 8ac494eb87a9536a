//! A pair of axes: ticks, curves, legend.

use super::{
    Curve, Panel,
    canvas::{Anchor, Canvas, Color, Frame, Ink, Label, Pen, Point},
    font,
};

/// The colour-blind palette of M. Okabe and K. Ito (2008), without its yellow, which is faint on white.
const COLORS: [Color; 6] = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [230, 159, 0]];
/// More lines than colours differ in their dashes.
const DASHES: [&[f32]; 4] = [&[], &[9.0, 4.0], &[4.0, 2.0, 1.5, 2.0], &[14.0, 3.0]];
/// Of what was not measured.
const DOTS: &[f32] = &[2.0, 4.0];
const MARGIN: f32 = 20.0;
const TICK: f32 = 6.0;
const AXIS_TEXT: f32 = 20.0;
const TEXT: f32 = 15.0;
const LEGEND_ROW: f32 = 20.0;
const SWATCH: f32 = 34.0;
/// A legend of more rows stands below its panel.
const MOST_ROWS_INSIDE: usize = 6;

/// Where a panel's legend goes.
pub struct Layout {
    rows: usize,
    columns: usize,
    inside: bool,
}

impl Layout {
    pub fn of(panel: &Panel<'_>, width: f32) -> Self {
        let labels: Vec<&str> = labelled(panel).map(|(_, curve)| curve.label.as_str()).collect();
        if labels.len() <= MOST_ROWS_INSIDE {
            return Self { rows: labels.len(), columns: 1, inside: true };
        }
        let widest = labels.iter().map(|label| font::width(label, TEXT)).fold(0.0, f32::max) + SWATCH + MARGIN;
        let columns = ((width - 2.0 * MARGIN) / widest).floor().clamp(1.0, 4.0) as usize;
        Self { rows: labels.len().div_ceil(columns), columns, inside: false }
    }

    /// How much room the legend takes below the axes.
    pub fn below(&self) -> f32 {
        if self.inside { 0.0 } else { self.rows as f32 * LEGEND_ROW + MARGIN }
    }
}

fn labelled<'a>(panel: &Panel<'a>) -> impl Iterator<Item = (usize, &'a Curve)> {
    panel.curves.iter().enumerate().filter(|(_, curve)| !curve.label.is_empty())
}

/// From values to pixels.
struct Field {
    frame: Frame,
    x: [f64; 2],
    y: [f64; 2],
}

impl Field {
    fn at(&self, (x, y): (f64, f64)) -> Point {
        let part = |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)) as f32;
        let Frame { left, top, right, bottom } = self.frame;
        (left + (right - left) * part(x, self.x), bottom - (bottom - top) * part(y, self.y))
    }

    fn points(&self, values: impl Iterator<Item = (f64, f64)>) -> Vec<Point> {
        values.map(|value| self.at(value)).collect()
    }
}

pub fn draw_panel(canvas: &mut Canvas, sheet: Frame, x: &str, panel: &Panel<'_>, layout: &Layout) {
    let outlines = || panel.curves.iter().flat_map(Curve::outline);
    let of_level = panel.level.filter(|_| outlines().next().is_some());
    let x_range = x_range(outlines().map(|point| point.0));
    let y_range = y_range(outlines().map(|point| point.1).chain(of_level));
    let title = if panel.title.is_empty() { 0.0 } else { 24.0 };
    let title_text = font::fitted(panel.title, AXIS_TEXT, sheet.right - sheet.left - 150.0);
    let frame = Frame {
        left: sheet.left + 100.0,
        top: sheet.top + MARGIN + title,
        right: sheet.right - MARGIN - 10.0,
        bottom: sheet.bottom - layout.below() - 75.0,
    };
    let field = Field { frame, x: x_range, y: y_range };
    let middle = (frame.left + frame.right) / 2.0;
    let label = |text, at, size, anchor| Label { text, at, size, anchor, upward: false };
    if title > 0.0 {
        canvas.text(label(&title_text, (middle, frame.top - 10.0), AXIS_TEXT, Anchor::Middle));
    }
    draw_axes(canvas, &field);
    canvas.text(label(x, (middle, frame.bottom + 58.0), AXIS_TEXT, Anchor::Middle));
    let y = font::fitted(panel.y, AXIS_TEXT, frame.bottom - frame.top + 60.0);
    let at = (sheet.left + 26.0, (frame.top + frame.bottom) / 2.0);
    canvas.text(Label { upward: true, ..label(&y, at, AXIS_TEXT, Anchor::Middle) });

    canvas.clip(Some(frame));
    if let Some(level) = of_level {
        let ends = field.points(field.x.iter().map(|&x| (x, level)));
        canvas.line(&ends, Pen { color: [120; 3], width: 1.0, dashes: &[6.0, 4.0] });
    }
    for (i, curve) in panel.curves.iter().enumerate() {
        draw_curve(canvas, &field, curve, pen(i));
    }
    canvas.clip(None);
    if layout.rows > 0 {
        let at = if layout.inside {
            let height = layout.rows as f32 * LEGEND_ROW / (frame.bottom - frame.top);
            let of_axes = outlines().map(|(x, y)| {
                ((x - x_range[0]) / (x_range[1] - x_range[0]), (y - y_range[0]) / (y_range[1] - y_range[0]))
            });
            let (left, top) = corner(frame, panel, layout, emptiest_corner(of_axes, f64::from(height)));
            // Lines that go through it all the same stay behind.
            let (right, above) = (left + widest(frame, panel) + SWATCH + 6.0, top - LEGEND_ROW);
            let below = above + layout.rows as f32 * LEGEND_ROW + 10.0;
            let outline = [(left - 4.0, above), (right, above), (right, below), (left - 4.0, below)];
            canvas.area(&outline, Ink { color: [255; 3], opacity: 0.8 });
            (left, top)
        } else {
            (sheet.left + MARGIN, sheet.bottom - layout.below() + LEGEND_ROW)
        };
        draw_legend(canvas, at, sheet.right - MARGIN, panel, layout);
    }
}

/// Colour and dashes of the curve with this number.
fn pen(i: usize) -> Pen {
    let color = COLORS[i % COLORS.len()];
    Pen { color, width: 2.0, dashes: DASHES[i / COLORS.len() % DASHES.len()] }
}

fn draw_curve(canvas: &mut Canvas, field: &Field, curve: &Curve, pen: Pen) {
    if curve.dots {
        for (x, y) in field.points(curve.points.iter().copied()) {
            let dot = [(x - 1.5, y - 1.5), (x + 1.5, y - 1.5), (x + 1.5, y + 1.5), (x - 1.5, y + 1.5)];
            canvas.area(&dot, Ink { color: pen.color, opacity: 0.45 });
        }
        return;
    }
    if curve.band.iter().any(|(low, high)| low < high) {
        canvas.area(&field.points(curve.outline()), Ink { color: pen.color, opacity: 0.2 });
    }
    let from = curve.dotted_from.unwrap_or(f64::INFINITY);
    let split = curve.points.partition_point(|point| point.0 <= from);
    let (measured, rest) = (&curve.points[..split], &curve.points[split.saturating_sub(1)..]);
    match measured {
        // A single point would leave no line.
        [only] if rest.len() < 2 => {
            let (x, y) = field.at(*only);
            canvas.line(&[(x - 3.0, y), (x + 3.0, y)], pen);
        }
        _ => canvas.line(&field.points(measured.iter().copied()), pen),
    }
    if rest.len() > 1 {
        canvas.line(&field.points(rest.iter().copied()), Pen { dashes: DOTS, ..pen });
    }
}

fn draw_axes(canvas: &mut Canvas, field: &Field) {
    let Frame { left, top, right, bottom } = field.frame;
    let (grid, axis) =
        (Pen { color: [224; 3], width: 1.0, dashes: &[] }, Pen { color: [0; 3], width: 1.0, dashes: &[] });
    let sharp = |place: f32| place.floor() + 0.5;
    for x in ticks(field.x, 8) {
        let at = sharp(field.at((x, field.y[0])).0);
        canvas.line(&[(at, top), (at, bottom)], grid);
        canvas.line(&[(at, sharp(bottom)), (at, bottom + TICK)], axis);
        let (text, place) = (short(x, field.x[1] - field.x[0]), (at, bottom + 24.0));
        canvas.text(Label { text: &text, at: place, size: TEXT, anchor: Anchor::Middle, upward: false });
    }
    for y in ticks(field.y, 8) {
        let at = sharp(field.at((field.x[0], y)).1);
        canvas.line(&[(left, at), (right, at)], grid);
        canvas.line(&[(left - TICK, at), (sharp(left), at)], axis);
        let (text, place) = (short(y, field.y[1] - field.y[0]), (left - 10.0, at + TEXT / 3.0));
        canvas.text(Label { text: &text, at: place, size: TEXT, anchor: Anchor::End, upward: false });
    }
    let (left, bottom) = (sharp(left), sharp(bottom));
    canvas.line(&[(left, top), (left, bottom), (right, bottom)], axis);
}

fn draw_legend(canvas: &mut Canvas, (left, top): Point, right: f32, panel: &Panel<'_>, layout: &Layout) {
    let column = (right - left) / layout.columns as f32;
    for (place, (i, curve)) in labelled(panel).enumerate() {
        let x = left + column * (place / layout.rows) as f32;
        let y = top + LEGEND_ROW * (place % layout.rows) as f32;
        let width = if curve.dots { 4.0 } else { 3.0 };
        let (from, to) = if curve.dots { (x + 10.0, x + 14.0) } else { (x, x + 24.0) };
        canvas.line(&[(from, y - 5.0), (to, y - 5.0)], Pen { width, ..pen(i) });
        let text = font::fitted(&curve.label, TEXT, column - SWATCH);
        canvas.text(Label { text: &text, at: (x + SWATCH, y), size: TEXT, anchor: Anchor::Start, upward: false });
    }
}

/// Corners of a field: right or left, low or high.
type Corner = (bool, bool);

/// The width of a legend's texts inside.
fn widest(frame: Frame, panel: &Panel<'_>) -> f32 {
    let room = frame.right - frame.left - SWATCH - 20.0;
    labelled(panel).map(|(_, curve)| font::width(&curve.label, TEXT)).fold(0.0, f32::max).min(room)
}

/// Where a legend inside begins.
fn corner(frame: Frame, panel: &Panel<'_>, layout: &Layout, (right, low): Corner) -> Point {
    let height = layout.rows as f32 * LEGEND_ROW;
    let x = if right { frame.right - widest(frame, panel) - SWATCH - 10.0 } else { frame.left + 10.0 };
    let y = if low { frame.bottom - height - 10.0 } else { frame.top + 6.0 };
    (x, y + LEGEND_ROW - 4.0)
}

/// From 0, or the least value where that is negative, to the greatest.
fn x_range(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let low = values.clone().fold(0.0, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if high > low { [low, high] } else { [low, low + 1.0] }
}

/// A little more than the values span.
fn y_range(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return [0.0, 1.0];
    }
    let size = low.abs().max(high.abs());
    let margin = ((high - low) * 0.05).max(if size < 1e-9 { 1e-3 } else { size * 1e-3 });
    [low - margin, high + margin]
}

/// At most `most` round numbers in a range: multiples of 1, 2 or 5 times a power of ten.
fn ticks([low, high]: [f64; 2], most: usize) -> Vec<f64> {
    let least = (high - low) / most as f64;
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= least);
    let step = step.unwrap_or(10.0 * power);
    ((low / step).ceil() as i64..=(high / step).floor() as i64).map(|i| i as f64 * step).collect()
}

/// Where a legend of this height hides the fewest points; height and points lie between 0 and 1.
fn emptiest_corner(points: impl Iterator<Item = (f64, f64)> + Clone, height: f64) -> Corner {
    let hidden = |(right, low): Corner| {
        let in_corner = |&(x, y): &(f64, f64)| (x > 0.5) == right && if low { y < height } else { y > 1.0 - height };
        points.clone().filter(in_corner).count()
    };
    let corners = [(false, false), (true, false), (true, true), (false, true)];
    corners.into_iter().min_by_key(|corner| hidden(*corner)).unwrap_or((false, false))
}

/// 2500000 as 2.5M and 0.000002 as 2e-6, without the dust of binary fractions. `range` is that of the axis.
fn short(number: f64, range: f64) -> String {
    let tidy = |number: f64| (number * 1e6).round() / 1e6;
    match number.abs() {
        size if size < range * 1e-6 => "0".into(),
        size if size < 1e-3 => {
            let (digits, exponent) = (number / 10f64.powf(size.log10().floor()), size.log10().floor());
            format!("{}e{exponent}", tidy(digits))
        }
        size if size < 1e3 => tidy(number).to_string(),
        size if size < 1e6 => format!("{}k", tidy(number / 1e3)),
        _ => format!("{}M", tidy(number / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_axes_are_short() {
        let of = |numbers: &[f64], range: f64| numbers.iter().map(|&number| short(number, range)).collect::<Vec<_>>();
        assert_eq!(of(&[0.0, 500_000.0, 1_500_000.0], 2e6), ["0", "500k", "1.5M"]);
        assert_eq!(of(&[-2500.0, 1e-17, 0.1 + 0.2], 1e4), ["-2.5k", "0", "0.3"]);
        assert_eq!(of(&[-0.00025, 1e-17, 2e-6, 1e-4], 1e-3), ["-2.5e-4", "0", "2e-6", "1e-4"]);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks([0.0, 475.0], 8), [0.0, 100.0, 200.0, 300.0, 400.0]);
        assert_eq!(ticks([-21.5, 18.0], 8), [-20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0]);
        for span in [1e-7, 0.03, 1.0, 7.0, 99.0, 1e9] {
            let ticks = ticks([0.0, span], 8);
            assert!((3..=9).contains(&ticks.len()), "{span}: {ticks:?}");
        }
    }

    #[test]
    fn axes_span_what_was_measured() {
        assert_eq!(x_range([0.02, 0.1].into_iter()), [0.0, 0.1], "a run of a tenth of a second fills its plot");
        assert_eq!(x_range([-3.0, -1.0].into_iter()), [-3.0, -1.0]);
        let [low, high] = y_range([1e-6, 2e-6].into_iter());
        assert!(low > 0.9e-6 && low < 1e-6 && high > 2e-6 && high < 2.1e-6, "{low} {high}");
        let [low, high] = y_range([0.0].into_iter());
        assert!(low < 0.0 && high > 0.0);
    }

    #[test]
    fn a_legend_goes_where_the_curves_are_not() {
        let rising = (0..100).map(|i| (f64::from(i) / 100.0, f64::from(i) / 100.0));
        assert_eq!(emptiest_corner(rising.clone(), 0.1), (false, false));
        assert_eq!(emptiest_corner(rising.map(|(x, y)| (x, 1.0 - y)), 0.1), (true, false));
    }
}
