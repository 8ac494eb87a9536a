//! What plots are drawn on: pixels or SVG, by the same few strokes.

use std::fmt::Write;

use image::RgbImage;
use tiny_skia::{FillRule, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::font;

/// Red, green, blue.
pub type Color = [u8; 3];

/// Pixels from the left and from the top.
pub type Point = (f32, f32);

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub color: Color,
    pub width: f32,
    /// Pixels that are drawn and left out in turns; drawn through where empty.
    pub dashes: &'static [f32],
}

/// A filled colour, opaque at 1.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub color: Color,
    pub opacity: f32,
}

/// Left, top, right, bottom.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Frame {
    fn outline(self) -> [Point; 4] {
        [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }
}

/// Which point of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of black text; `at` is on its baseline.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    pub text: &'a str,
    pub at: Point,
    pub size: f32,
    pub anchor: Anchor,
    /// Whether it is read from below.
    pub upward: bool,
}

/// A white sheet.
pub trait Canvas {
    /// What lines and areas are confined to from now on.
    fn clip(&mut self, frame: Option<Frame>);
    fn line(&mut self, points: &[Point], pen: Pen);
    fn area(&mut self, outline: &[Point], ink: Ink);
    fn text(&mut self, label: Label<'_>);
}

/// Pixels with smooth edges.
pub struct Raster {
    pixels: Pixmap,
    mask: Option<Mask>,
}

impl Raster {
    /// None where a side is 0.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let mut pixels = Pixmap::new(width, height)?;
        pixels.fill(tiny_skia::Color::WHITE);
        Some(Self { pixels, mask: None })
    }

    pub fn into_picture(self) -> RgbImage {
        let mut picture = RgbImage::new(self.pixels.width(), self.pixels.height());
        for (pixel, from) in picture.pixels_mut().zip(self.pixels.pixels()) {
            pixel.0 = [from.red(), from.green(), from.blue()];
        }
        picture
    }

    fn fill(&mut self, path: &Path, ink: Ink) {
        self.pixels.fill_path(path, &paint(ink), FillRule::Winding, Transform::identity(), self.mask.as_ref());
    }
}

fn paint(Ink { color: [red, green, blue], opacity }: Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, (opacity * 255.0) as u8);
    paint
}

fn path(points: &[Point], close: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (&(x, y), rest) = points.split_first()?;
    path.move_to(x, y);
    rest.iter().for_each(|&(x, y)| path.line_to(x, y));
    if close {
        path.close();
    }
    path.finish()
}

impl Canvas for Raster {
    fn clip(&mut self, frame: Option<Frame>) {
        self.mask = frame.and_then(|frame| {
            let mut mask = Mask::new(self.pixels.width(), self.pixels.height())?;
            mask.fill_path(&path(&frame.outline(), true)?, FillRule::Winding, false, Transform::identity());
            Some(mask)
        });
    }

    fn line(&mut self, points: &[Point], pen: Pen) {
        let dash = StrokeDash::new(pen.dashes.to_vec(), 0.0);
        let stroke = Stroke { width: pen.width, line_join: LineJoin::Bevel, dash, ..Stroke::default() };
        if let Some(path) = path(points, false) {
            let paint = paint(Ink { color: pen.color, opacity: 1.0 });
            self.pixels.stroke_path(&path, &paint, &stroke, Transform::identity(), self.mask.as_ref());
        }
    }

    fn area(&mut self, outline: &[Point], ink: Ink) {
        if let Some(path) = path(outline, true) {
            self.fill(&path, ink);
        }
    }

    fn text(&mut self, label: Label<'_>) {
        let shift = match label.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -font::width(label.text, label.size) / 2.0,
            Anchor::End => -font::width(label.text, label.size),
        };
        let turn = if label.upward { Transform::from_rotate(-90.0) } else { Transform::identity() };
        let place = turn.pre_translate(shift, 0.0).post_translate(label.at.0, label.at.1);
        if let Some(path) = font::outline(label.text, label.size).and_then(|path| path.transform(place)) {
            self.fill(&path, Ink { color: [0; 3], opacity: 1.0 });
        }
    }
}

/// The text of an SVG file. Letters stay letters.
pub struct Svg {
    text: String,
    clips: usize,
    clipped: bool,
}

impl Svg {
    pub fn new(width: u32, height: u32) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"Ubuntu, DejaVu Sans, sans-serif\">\n<rect width=\"100%\" height=\"100%\" \
             fill=\"white\"/>\n"
        );
        Self { text, clips: 0, clipped: false }
    }

    pub fn into_text(mut self) -> String {
        self.clip(None);
        self.text + "</svg>\n"
    }

    fn push(&mut self, arguments: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(arguments); // a string takes everything
    }
}

fn hex([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn coordinates(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ")
}

impl Canvas for Svg {
    fn clip(&mut self, frame: Option<Frame>) {
        if self.clipped {
            self.push(format_args!("</g>\n"));
        }
        self.clipped = frame.is_some();
        if let Some(Frame { left, top, right, bottom }) = frame {
            self.clips += 1;
            let (name, width, height) = (self.clips, right - left, bottom - top);
            self.push(format_args!(
                "<clipPath id=\"field{name}\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" \
                 height=\"{height}\"/></clipPath>\n<g clip-path=\"url(#field{name})\">\n"
            ));
        }
    }

    fn line(&mut self, points: &[Point], Pen { color, width, dashes }: Pen) {
        let dashes = dashes.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
        let dashes = if dashes.is_empty() { dashes } else { format!(" stroke-dasharray=\"{dashes}\"") };
        self.push(format_args!(
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"bevel\"{dashes} \
             points=\"{}\"/>\n",
            hex(color),
            coordinates(points)
        ));
    }

    fn area(&mut self, outline: &[Point], Ink { color, opacity }: Ink) {
        self.push(format_args!(
            "<polygon fill=\"{}\" fill-opacity=\"{opacity}\" points=\"{}\"/>\n",
            hex(color),
            coordinates(outline)
        ));
    }

    fn text(&mut self, Label { text, at: (x, y), size, anchor, upward }: Label<'_>) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn = if upward { format!(" transform=\"rotate(-90 {x:.2} {y:.2})\"") } else { String::new() };
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.push(format_args!(
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{turn}>{escaped}</text>\n"
        ));
    }
}
