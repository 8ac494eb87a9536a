//! Drawing for environments that are not images themselves.

use image::{Rgb, RgbImage};
use tiny_skia::{FillRule, LineCap, Paint, Path, PathBuilder, PixmapMut, Stroke, Transform};

pub type Color = [u8; 3];

/// A place on the canvas: pixels from the left edge and from the top edge.
pub type Point = (f64, f64);

/// A white canvas on which shapes are painted with smooth edges, one over the other. Shapes outside it, or with numbers
/// that are not finite, paint nothing.
pub struct Canvas<'a> {
    pixels: PixmapMut<'a>,
}

/// Paints a picture.
pub fn draw(width: u32, height: u32, paint: impl FnOnce(&mut Canvas<'_>)) -> RgbImage {
    const CHANNELS: usize = tiny_skia::BYTES_PER_PIXEL;
    let mut bytes = vec![255; width as usize * height as usize * CHANNELS];
    if let Some(pixels) = PixmapMut::from_bytes(&mut bytes, width, height) {
        paint(&mut Canvas { pixels });
    }
    let mut image = RgbImage::new(width, height);
    for (pixel, rgba) in image.pixels_mut().zip(bytes.chunks_exact(CHANNELS)) {
        *pixel = Rgb([rgba[0], rgba[1], rgba[2]]);
    }
    image
}

impl Canvas<'_> {
    /// A straight bar with half discs at its ends, around both points.
    pub fn capsule(&mut self, from: Point, to: Point, width: f64, color: Color) {
        let stroke = Stroke { width: width as f32, line_cap: LineCap::Round, ..Stroke::default() };
        if let Some(line) = line(from, to) {
            self.pixels.stroke_path(&line, &opaque(color), &stroke, Transform::identity(), None);
        }
    }

    /// A filled circle.
    pub fn disc(&mut self, (x, y): Point, radius: f64, color: Color) {
        if let Some(circle) = PathBuilder::from_circle(x as f32, y as f32, radius as f32) {
            self.pixels.fill_path(&circle, &opaque(color), FillRule::Winding, Transform::identity(), None);
        }
    }
}

fn line(from: Point, to: Point) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(from.0 as f32, from.1 as f32);
    path.line_to(to.0 as f32, to.1 as f32);
    path.finish()
}

fn opaque([red, green, blue]: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_cover_their_pixels_and_no_others() {
        let picture = draw(20, 10, |canvas| {
            canvas.capsule((4.0, 5.0), (10.0, 5.0), 4.0, [10, 20, 30]);
            canvas.disc((16.0, 5.0), 3.0, [200, 0, 0]);
        });
        assert_eq!(picture.dimensions(), (20, 10));
        assert_eq!(*picture.get_pixel(4, 3), Rgb([10, 20, 30]));
        assert_eq!(*picture.get_pixel(9, 6), Rgb([10, 20, 30]));
        assert_eq!(*picture.get_pixel(16, 5), Rgb([200, 0, 0]));
        assert_eq!(*picture.get_pixel(1, 5), Rgb([255; 3]));
        assert_eq!(*picture.get_pixel(5, 2), Rgb([255; 3]));
    }

    #[test]
    fn shapes_far_outside_paint_nothing() {
        for place in [f64::NAN, f64::INFINITY, 1e300, -1e30, 1e9] {
            let picture = draw(20, 10, |canvas| {
                canvas.capsule((place, 2.0), (place, 5.0), 4.0, [0; 3]);
                canvas.disc((1.0, place), 3.0, [0; 3]);
            });
            assert!(picture.pixels().all(|pixel| *pixel == Rgb([255; 3])), "{place}");
        }
    }
}
