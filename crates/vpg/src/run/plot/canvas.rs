//! What plots are drawn on: SVG, from which pixels can be made.

use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use image::RgbImage;
use resvg::{
    tiny_skia::{Color as Paint, Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

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

/// A white sheet. Letters stay letters in its SVG.
pub struct Canvas {
    text: String,
    clips: usize,
    clipped: bool,
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"Ubuntu, DejaVu Sans, sans-serif\">\n<rect width=\"100%\" height=\"100%\" \
             fill=\"white\"/>\n"
        );
        Self { text, clips: 0, clipped: false }
    }

    pub fn into_svg(mut self) -> String {
        self.clip(None);
        self.text + "</svg>\n"
    }

    /// Pixels with smooth edges.
    ///
    /// # Errors
    /// Where a side is 0.
    pub fn into_picture(self) -> Result<RgbImage> {
        /// The font travels in the program, so that none is needed on the machine.
        static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
            let mut fonts = Database::new();
            fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
            fonts.into()
        });
        let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
        let tree = Tree::from_str(&self.into_svg(), &options)?;
        let size = tree.size().to_int_size();
        let mut pixels = Pixmap::new(size.width(), size.height()).context("a picture has two sides")?;
        pixels.fill(Paint::WHITE);
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        let color = |x, y| pixels.pixel(x, y).map_or([255; 3], |pixel| [pixel.red(), pixel.green(), pixel.blue()]);
        Ok(RgbImage::from_fn(size.width(), size.height(), |x, y| image::Rgb(color(x, y))))
    }

    /// What lines and areas are confined to from now on.
    pub fn clip(&mut self, frame: Option<Frame>) {
        if self.clipped {
            self.text += "</g>\n";
        }
        self.clipped = frame.is_some();
        if let Some(Frame { left, top, right, bottom }) = frame {
            self.clips += 1;
            let (name, width, height) = (self.clips, right - left, bottom - top);
            self.text += &format!(
                "<clipPath id=\"field{name}\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" \
                 height=\"{height}\"/></clipPath>\n<g clip-path=\"url(#field{name})\">\n"
            );
        }
    }

    pub fn line(&mut self, points: &[Point], Pen { color, width, dashes }: Pen) {
        let dashes = dashes.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
        let dashes = if dashes.is_empty() { dashes } else { format!(" stroke-dasharray=\"{dashes}\"") };
        self.text += &format!(
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"bevel\"{dashes} \
             points=\"{}\"/>\n",
            hex(color),
            coordinates(points)
        );
    }

    pub fn area(&mut self, outline: &[Point], Ink { color, opacity }: Ink) {
        self.text += &format!(
            "<polygon fill=\"{}\" fill-opacity=\"{opacity}\" points=\"{}\"/>\n",
            hex(color),
            coordinates(outline)
        );
    }

    pub fn text(&mut self, Label { text, at: (x, y), size, anchor, upward }: Label<'_>) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn = if upward { format!(" transform=\"rotate(-90 {x:.2} {y:.2})\"") } else { String::new() };
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.text += &format!(
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{turn}>{escaped}</text>\n"
        );
    }
}

fn hex([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn coordinates(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ")
}
