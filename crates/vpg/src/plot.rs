//! Plots as PNG bytes: one or more curves over environment steps.

use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use image::{ImageFormat, RgbImage};
use plotters::{
    prelude::*,
    style::{FontStyle, register_font},
};

/// 8 x 8 inches at 100 dots per inch.
const SIZE: (u32, u32) = (800, 800);
/// The colour-blind palette of M. Okabe and K. Ito (2008).
const COLORS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

/// The font travels in the program, so that plots need none on the machine.
static FONT: LazyLock<bool> =
    LazyLock::new(|| register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());

/// What the axes show.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they name themselves")]
pub struct Axes<'a> {
    pub x: &'a str,
    pub y: &'a str,
}

/// A labelled line, with a band around it where its points have a deviation.
#[derive(Clone, Debug)]
pub struct Curve {
    label: String,
    points: Vec<(f64, f64)>,
    /// How far the band reaches to both sides of each point.
    deviations: Vec<f64>,
}

impl Curve {
    /// No point yet.
    pub fn new(label: &str) -> Self {
        Self { label: label.into(), points: Vec::new(), deviations: Vec::new() }
    }

    /// Adds a point; one that is not finite is left out.
    pub fn push(&mut self, steps: u64, value: f64) {
        if value.is_finite() {
            self.push_band(steps as f64, value, 0.0);
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

/// The curves as a PNG.
///
/// # Errors
/// Where drawing fails.
pub fn draw(axes: &Axes<'_>, curves: &[Curve]) -> Result<Vec<u8>> {
    LazyLock::force(&FONT);
    let mut pixels = vec![0; (SIZE.0 * SIZE.1 * 3) as usize];
    draw_into(&mut pixels, axes, curves).map_err(|error| anyhow!("drawing a plot: {error}"))?;
    let picture = RgbImage::from_raw(SIZE.0, SIZE.1, pixels).ok_or_else(|| anyhow!("the plot has another size"))?;
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

fn draw_into(
    pixels: &mut [u8],
    axes: &Axes<'_>,
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let area = BitMapBackend::with_buffer(pixels, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let outlines: Vec<Vec<(f64, f64)>> = curves.iter().map(Curve::band).collect();
    let x_end = outlines.iter().flatten().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = y_range(outlines.iter().flatten().map(|point| point.1));
    let mut chart = ChartBuilder::on(&area)
        .margin(20)
        .x_label_area_size(60)
        .y_label_area_size(80)
        .build_cartesian_2d(0.0..x_end, low..high)?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .axis_desc_style(("sans-serif", 24))
        .label_style(("sans-serif", 18))
        .x_label_formatter(&|x| short(*x))
        .y_label_formatter(&|y| short(*y))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for ((curve, outline), color) in curves.iter().zip(outlines).zip(COLORS.iter().cycle()) {
        chart.draw_series([Polygon::new(outline, color.mix(0.2))])?;
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), color.stroke_width(2)))?
            .label(&curve.label)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], color.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font(("sans-serif", 18))
        .background_style(WHITE.mix(0.8))
        .border_style(TRANSPARENT)
        .draw()?;
    area.present()?;
    Ok(())
}

/// Writes a line of black text into a picture, with its upper left corner there.
///
/// # Errors
/// Where drawing fails.
pub fn write_text(picture: &mut RgbImage, text: &str, (x, y): (u32, u32), size: u32) -> Result<()> {
    LazyLock::force(&FONT);
    let dimensions = picture.dimensions();
    let area = BitMapBackend::with_buffer(picture, dimensions).into_drawing_area();
    let style = TextStyle::from(("sans-serif", size).into_font()).color(&BLACK);
    area.draw_text(text, &style, (x as i32, y as i32)).map_err(|error| anyhow!("drawing a caption: {error}"))
}

/// A little more than the values span.
fn y_range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (0.0, 1.0);
    }
    let margin = ((high - low) * 0.05).max(1e-3);
    (low - margin, high + margin)
}

/// 2500000 as 2.5M.
fn short(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{}M", n / 1e6),
        n if n >= 1e3 => format!("{}k", n / 1e3),
        n => ((n * 1e6).round() / 1e6).to_string(), // without the dust of binary fractions
    }
}
