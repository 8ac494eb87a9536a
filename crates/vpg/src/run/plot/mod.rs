//! Plots as PNG or SVG: panels one above the other, each with one or more curves.

mod canvas;
mod font;
mod panel;

use anyhow::Result;
use image::{ImageFormat, RgbImage, imageops};

use canvas::{Anchor, Canvas, Frame, Label};
use panel::{Layout, draw_panel};

/// 8 x 8 inches at 100 dots per inch.
const SIZE: u32 = 800;

/// What a plot is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Lines and letters.
    Svg,
}

/// A pair of axes with its curves.
#[derive(Clone, Copy, Debug)]
pub struct Panel<'a> {
    /// Above it; nothing where empty.
    pub title: &'a str,
    /// What the vertical axis shows.
    pub y: &'a str,
    /// Those with a label appear in a legend.
    pub curves: &'a [Curve],
    /// A level across it, such as the return that counts as solving.
    pub level: Option<f64>,
}

/// A labelled line, with a band around it where its points have one.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    label: String,
    points: Vec<(f64, f64)>,
    /// The band's lower and upper edge at each point.
    band: Vec<(f64, f64)>,
    /// From here on the line is dotted: not all of it was measured.
    dotted_from: Option<f64>,
    /// Dots in place of a line.
    dots: bool,
}

impl Curve {
    /// No point yet. With an empty label it does not appear in the legend.
    pub fn new(label: &str) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// No point yet, to be drawn as single dots.
    pub fn of_dots(label: &str) -> Self {
        Self { dots: true, ..Self::new(label) }
    }

    /// Adds a point; one that is not finite is left out.
    pub fn push(&mut self, x: f64, value: f64) {
        self.push_band(x, value, [value, value]);
    }

    /// Adds a point with a band between these two values.
    pub fn push_band(&mut self, x: f64, value: f64, [low, high]: [f64; 2]) {
        if [x, value, low, high].iter().all(|number| number.is_finite()) {
            self.points.push((x, value));
            self.band.push((low, high));
        }
    }

    /// Whether it has no point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// From `x` on the line is dotted.
    pub fn dotted_from(&mut self, x: f64) {
        self.dotted_from = Some(x);
    }

    /// The band's outline: along its upper edge and back along its lower one.
    fn outline(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        let upper = self.points.iter().zip(&self.band).map(|((x, _), (_, high))| (*x, *high));
        let lower = self.points.iter().zip(&self.band).map(|((x, _), (low, _))| (*x, *low));
        upper.chain(lower.rev())
    }
}

/// The panels as PNG or SVG; `x` is what their horizontal axes show. The picture is 800 pixels wide and high, and higher
/// where legends of many lines stand below their panels.
///
/// # Errors
/// None that is known.
pub fn draw(format: Format, x: &str, panels: &[Panel<'_>]) -> Result<Vec<u8>> {
    let layouts: Vec<Layout> = panels.iter().map(|panel| Layout::of(panel, SIZE as f32)).collect();
    let height = SIZE + layouts.iter().map(|layout| layout.below() as u32).sum::<u32>();
    let mut canvas = Canvas::new(SIZE, height);
    let share = SIZE as f32 / panels.len() as f32;
    let mut top = 0.0;
    for (panel, layout) in panels.iter().zip(&layouts) {
        let bottom = top + share + layout.below();
        draw_panel(&mut canvas, Frame { left: 0.0, top, right: SIZE as f32, bottom }, x, panel, layout);
        top = bottom;
    }
    if format == Format::Svg {
        return Ok(canvas.into_svg().into_bytes());
    }
    let mut png = std::io::Cursor::new(Vec::new());
    canvas.into_picture()?.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// Writes a line of black text on white into a picture, with its upper left corner there and to the right border.
pub fn write_text(picture: &mut RgbImage, text: &str, (x, y): (u32, u32), size: u32) {
    let (width, height) = (picture.width().saturating_sub(x), (size * 3 / 2).min(picture.height().saturating_sub(y)));
    let mut strip = Canvas::new(width, height);
    let at = (0.0, size as f32);
    strip.text(Label { text, at, size: size as f32, anchor: Anchor::Start, upward: false });
    if let Ok(strip) = strip.into_picture() {
        imageops::replace(picture, &strip, x.into(), y.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(curves: &[Curve]) -> Panel<'_> {
        Panel { title: "", y: "return", curves, level: None }
    }

    fn png(panels: &[Panel<'_>]) -> RgbImage {
        image::load_from_memory(&draw(Format::Png, "steps", panels).unwrap()).unwrap().into_rgb8()
    }

    fn is_blue(pixel: &image::Rgb<u8>) -> bool {
        let [red, green, blue] = pixel.0.map(i32::from);
        blue - red > 60 && blue - green > 20
    }

    #[test]
    fn sharp_corners_stay_at_their_points() {
        let mut curve = Curve::new("");
        (0..200).for_each(|i| curve.push(f64::from(i), f64::from(i % 2)));
        let picture = png(&[panel(&[curve])]);
        let rows: Vec<u32> =
            picture.enumerate_pixels().filter(|(.., pixel)| is_blue(pixel)).map(|(_, y, _)| y).collect();
        let (top, bottom) = (*rows.iter().min().unwrap(), *rows.iter().max().unwrap());
        // The values fill the field but for a twentieth of their span at both ends.
        let field = png(&[panel(&[])]);
        let axis = (0..800).rev().find(|&y| field.get_pixel(400, y).0 == [0; 3]).unwrap();
        assert!(top > 40 && bottom < axis - 10, "{top} {bottom} {axis}");
    }

    #[test]
    fn a_picture_as_svg_has_lines_and_letters() {
        let mut curve = Curve::new("a < b");
        (0..5).for_each(|i| curve.push(f64::from(i), f64::from(i * i)));
        let svg = String::from_utf8(draw(Format::Svg, "steps", &[panel(&[curve])]).unwrap()).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(
            svg.contains("<polyline") && svg.contains(">a &lt; b</text>") && svg.contains(">steps</text>"),
            "{svg}"
        );
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn lines_of_many_curves_differ_and_their_legend_hides_none() {
        let curves: Vec<Curve> = (0..20)
            .map(|i| {
                let mut curve = Curve::new(&format!("a line with a rather long name and the number {i} at its end"));
                (0..5).for_each(|x| curve.push(f64::from(x), f64::from(i)));
                curve
            })
            .collect();
        let svg = String::from_utf8(draw(Format::Svg, "steps", &[panel(&curves)]).unwrap()).unwrap();
        let mut styles: Vec<String> = svg
            .lines()
            .filter(|line| line.starts_with("<polyline") && line.contains("stroke-width=\"2\""))
            .map(|line| line.split(" points").next().unwrap().to_owned())
            .collect();
        assert_eq!(styles.len(), 20);
        styles.sort();
        styles.dedup();
        assert_eq!(styles.len(), 20, "each has colour and dashes of its own");
        let picture = png(&[panel(&curves)]);
        assert!(picture.height() > 800, "the legend stands below");
        for x in 0..800 {
            assert_eq!(picture.get_pixel(x, picture.height() - 1).0, [255; 3], "and ends before the border");
        }
        for y in 0..picture.height() {
            assert_eq!(picture.get_pixel(799, y).0, [255; 3]);
        }
    }

    #[test]
    fn a_caption_is_written_where_it_was_asked_for() {
        let mut picture = RgbImage::from_pixel(200, 60, image::Rgb([255; 3]));
        write_text(&mut picture, "epoch 50: return 475", (10, 20), 18);
        let dark: Vec<(u32, u32)> =
            picture.enumerate_pixels().filter(|(.., pixel)| pixel.0[0] < 100).map(|(x, y, _)| (x, y)).collect();
        assert!(dark.len() > 100);
        assert!(dark.iter().all(|(x, y)| *x >= 10 && (20..47).contains(y)), "{dark:?}");
    }
}
