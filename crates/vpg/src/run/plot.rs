//! Plots as PNG bytes: panels one above the other, each with one or more curves.

use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use image::{ImageFormat, RgbImage, imageops};
use plotters::{
    coord::Shift,
    prelude::*,
    style::{FontStyle, register_font},
};

/// 8 x 8 inches at 100 dots per inch.
const SIZE: u32 = 800;
/// Everything is drawn this many times larger and then made smaller, which smooths lines and spaces letters evenly.
const OVERSAMPLING: u32 = 2;
/// The colour-blind palette of M. Okabe and K. Ito (2008), without its yellow, which is faint on white.
const COLORS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

/// The font travels in the program, so that plots need none on the machine.
static FONT: LazyLock<bool> =
    LazyLock::new(|| register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());

/// A pair of axes with its curves.
#[derive(Clone, Copy, Debug)]
pub struct Panel<'a> {
    /// What the vertical axis shows.
    pub y: &'a str,
    /// Those with a label appear in a legend.
    pub curves: &'a [Curve],
}

/// A labelled line, with a band around it where its points have a deviation.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    label: String,
    points: Vec<(f64, f64)>,
    /// How far the band reaches to both sides of each point.
    deviations: Vec<f64>,
}

impl Curve {
    /// No point yet. With an empty label it does not appear in the legend.
    pub fn new(label: &str) -> Self {
        Self { label: label.into(), points: Vec::new(), deviations: Vec::new() }
    }

    /// Adds a point; one that is not finite is left out.
    pub fn push(&mut self, steps: f64, value: f64) {
        if value.is_finite() {
            self.push_band(steps, value, 0.0);
        }
    }

    /// Adds a point with a band around it.
    pub fn push_band(&mut self, x: f64, mean: f64, deviation: f64) {
        self.points.push((x, mean));
        self.deviations.push(deviation);
    }

    /// The band's outline: along its upper edge and back along its lower one.
    fn band(&self) -> Vec<(f64, f64)> {
        let edge = |sign: f64| {
            self.points.iter().zip(&self.deviations).map(move |((x, y), deviation)| (*x, y + sign * deviation))
        };
        edge(1.0).chain(edge(-1.0).rev()).collect()
    }
}

/// The panels as a PNG; `x` is what their horizontal axes show.
///
/// # Errors
/// Where drawing fails.
pub fn draw(x: &str, panels: &[Panel<'_>]) -> Result<Vec<u8>> {
    LazyLock::force(&FONT);
    let size = SIZE * OVERSAMPLING;
    let mut large = RgbImage::new(size, size);
    draw_into(&mut large, x, panels).map_err(|error| anyhow!("drawing a plot: {error}"))?;
    let mut png = std::io::Cursor::new(Vec::new());
    smaller(&large).write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// Every square of `OVERSAMPLING` x `OVERSAMPLING` pixels becomes its mean.
fn smaller(large: &RgbImage) -> RgbImage {
    RgbImage::from_fn(large.width() / OVERSAMPLING, large.height() / OVERSAMPLING, |x, y| {
        let mut sums = [0; 3];
        for (dx, dy) in (0..OVERSAMPLING).flat_map(|dx| (0..OVERSAMPLING).map(move |dy| (dx, dy))) {
            let pixel = large.get_pixel(x * OVERSAMPLING + dx, y * OVERSAMPLING + dy);
            sums.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += u32::from(value));
        }
        image::Rgb(sums.map(|sum| (sum / OVERSAMPLING.pow(2)) as u8))
    })
}

type Drawing = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn draw_into(picture: &mut RgbImage, x: &str, panels: &[Panel<'_>]) -> Drawing {
    let dimensions = picture.dimensions();
    let area = BitMapBackend::with_buffer(picture, dimensions).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, area) in panels.iter().zip(area.split_evenly((panels.len(), 1))) {
        draw_panel(&area, x, panel)?;
    }
    area.present()?;
    Ok(())
}

fn draw_panel(area: &DrawingArea<BitMapBackend<'_>, Shift>, x: &str, panel: &Panel<'_>) -> Drawing {
    let px = |size: u32| size * OVERSAMPLING;
    let font = |size| ("sans-serif", px(size));
    let outlines: Vec<Vec<(f64, f64)>> = panel.curves.iter().map(Curve::band).collect();
    let x_end = outlines.iter().flatten().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = y_range(outlines.iter().flatten().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .margin(px(20))
        .x_label_area_size(px(60))
        .y_label_area_size(px(90))
        .build_cartesian_2d(0.0..x_end, low..high)?;
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(panel.y)
        .x_labels(8)
        .y_labels(8)
        .axis_desc_style(font(24))
        .label_style(font(18))
        .x_label_formatter(&|x| short(*x, x_end))
        .y_label_formatter(&|y| short(*y, high - low))
        .set_all_tick_mark_size(px(6))
        .axis_style(BLACK.stroke_width(px(1)))
        .bold_line_style(BLACK.mix(0.12).stroke_width(px(1)))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let of_axes = outlines.iter().flatten().map(|(x, y)| (x / x_end, (y - low) / (high - low)));
    let corner = emptiest_corner(of_axes, 0.04 * (panel.curves.len() + 1) as f64);
    let legend_line = px(24) as i32;
    for ((curve, outline), color) in panel.curves.iter().zip(outlines).zip(COLORS.iter().cycle()) {
        chart.draw_series([Polygon::new(outline, color.mix(0.2))])?;
        let line = chart.draw_series(LineSeries::new(curve.points.iter().copied(), color.stroke_width(px(2))))?;
        if !curve.label.is_empty() {
            line.label(&curve.label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + legend_line, y)], color.stroke_width(px(3))));
        }
    }
    if panel.curves.iter().any(|curve| !curve.label.is_empty()) {
        chart
            .configure_series_labels()
            .position(corner)
            .legend_area_size(px(32))
            .margin(px(8))
            .label_font(font(18))
            .background_style(WHITE.mix(0.8))
            .border_style(TRANSPARENT)
            .draw()?;
    }
    Ok(())
}

/// Writes a line of black text on white into a picture, with its upper left corner there and to the right border.
///
/// # Errors
/// Where drawing fails.
pub fn write_text(picture: &mut RgbImage, text: &str, (x, y): (u32, u32), size: u32) -> Result<()> {
    LazyLock::force(&FONT);
    let (width, height) = (picture.width().saturating_sub(x), (size * 3 / 2).min(picture.height().saturating_sub(y)));
    let white = image::Rgb([255; 3]);
    let mut strip = RgbImage::from_pixel(width * OVERSAMPLING, height * OVERSAMPLING, white);
    let dimensions = strip.dimensions();
    let area = BitMapBackend::with_buffer(&mut strip, dimensions).into_drawing_area();
    let style = TextStyle::from(("sans-serif", size * OVERSAMPLING).into_font()).color(&BLACK);
    // Letters reach above the position that they are drawn at.
    area.draw_text(text, &style, (0, (size * OVERSAMPLING / 4) as i32))
        .map_err(|error| anyhow!("drawing a caption: {error}"))?;
    drop(area);
    imageops::replace(picture, &smaller(&strip), x.into(), y.into());
    Ok(())
}

/// A little more than the values span.
fn y_range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (0.0, 1.0);
    }
    let size = low.abs().max(high.abs());
    let margin = ((high - low) * 0.05).max(if size < 1e-9 { 1e-3 } else { size * 1e-3 });
    (low - margin, high + margin)
}

/// Where a legend of this height hides the fewest points; height and points lie between 0 and 1.
fn emptiest_corner(points: impl Iterator<Item = (f64, f64)> + Clone, height: f64) -> SeriesLabelPosition {
    use SeriesLabelPosition::{LowerLeft, LowerRight, UpperLeft, UpperRight};
    let hidden = |right: bool, low: bool| {
        let in_corner = |&(x, y): &(f64, f64)| (x > 0.5) == right && if low { y < height } else { y > 1.0 - height };
        points.clone().filter(in_corner).count()
    };
    let corners =
        [(UpperLeft, false, false), (UpperRight, true, false), (LowerRight, true, true), (LowerLeft, false, true)];
    corners.into_iter().min_by_key(|(_, right, low)| hidden(*right, *low)).map_or(UpperLeft, |(corner, ..)| corner)
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
    fn small_values_fill_the_plot() {
        let (low, high) = y_range([1e-6, 2e-6].into_iter());
        assert!(low > 0.9e-6 && low < 1e-6 && high > 2e-6 && high < 2.1e-6, "{low} {high}");
        let (low, high) = y_range([0.0].into_iter());
        assert!(low < 0.0 && high > 0.0);
    }

    #[test]
    fn a_legend_goes_where_the_curves_are_not() {
        let rising = (0..100).map(|i| (f64::from(i) / 100.0, f64::from(i) / 100.0));
        assert!(matches!(emptiest_corner(rising.clone(), 0.1), SeriesLabelPosition::UpperLeft));
        assert!(matches!(emptiest_corner(rising.map(|(x, y)| (x, 1.0 - y)), 0.1), SeriesLabelPosition::UpperRight));
    }
}
