//! The shapes of pygame's `gfxdraw`, pixel for pixel: what Gymnasium's classic control is drawn with.
//!
//! Corners and centres are whole pixels. An outline is smoothed by weights of 1/256 between the two pixels next to it, as
//! X. Wu describes it (*An Efficient Antialiasing Technique*, 1991); a filled shape is not smoothed.

use image::{Rgb, RgbImage};

pub type Color = [u8; 3];

/// A place on the canvas, from the left edge and from the bottom edge.
pub type Pixel = (i32, i32);

/// A white canvas with y upwards, on which shapes are painted one over the other. What lies outside paints nothing.
pub struct Raster {
    image: RgbImage,
}

/// Paints a picture.
pub fn raster(width: u32, height: u32, paint: impl FnOnce(&mut Raster)) -> RgbImage {
    let mut raster = Raster { image: RgbImage::from_pixel(width, height, Rgb([255; 3])) };
    paint(&mut raster);
    raster.image
}

/// The whole pixel of a place, rounded towards zero. A number that is not finite, or far outside, is a place far outside.
pub fn pixel((x, y): (f64, f64)) -> Pixel {
    const FAR: f64 = 30_000.0;
    let whole = |x: f64| if x.abs() <= FAR { x as i32 } else { FAR as i32 };
    (whole(x), whole(y))
}

/// A point turned around the origin, as pygame's vectors are: quarter turns are exact.
pub fn turned((x, y): (f64, f64), angle: f64) -> (f64, f64) {
    const EPSILON: f64 = 1e-6;
    let turn = std::f64::consts::TAU;
    let quarter = std::f64::consts::FRAC_PI_2;
    let angle = angle % turn;
    let angle = if angle < 0.0 { angle + turn } else { angle };
    if (angle + EPSILON) % quarter < 2.0 * EPSILON {
        return match ((angle + EPSILON) / quarter) as i32 {
            1 => (-y, x),
            2 => (-x, -y),
            3 => (y, -x),
            _ => (x, y),
        };
    }
    let (sin, cos) = angle.sin_cos();
    (cos * x - sin * y, sin * x + cos * y)
}

impl Raster {
    /// A filled polygon with a smooth outline.
    pub fn polygon(&mut self, corners: &[Pixel], color: Color) {
        for (i, &corner) in corners.iter().enumerate() {
            self.smooth_line(corner, corners[(i + 1) % corners.len()], color);
        }
        self.fill(corners, color);
    }

    /// A filled circle with a smooth outline.
    pub fn circle(&mut self, centre: Pixel, radius: i32, color: Color) {
        self.smooth_circle(centre, radius, color);
        self.disc(centre, radius, color);
    }

    /// The pixels from `from` to `to` of a line, both included.
    pub fn horizontal(&mut self, from: i32, to: i32, y: i32, color: Color) {
        for x in from.min(to).max(0)..=from.max(to).min(self.image.width() as i32 - 1) {
            self.blend((x, y), 255, color);
        }
    }

    /// The pixels from `from` to `to` of a column, both included.
    pub fn vertical(&mut self, x: i32, from: i32, to: i32, color: Color) {
        for y in from.min(to).max(0)..=from.max(to).min(self.image.height() as i32 - 1) {
            self.blend((x, y), 255, color);
        }
    }

    /// Moves a pixel's colour towards another one by `alpha`/256, or the whole way by 255.
    pub fn blend(&mut self, place: Pixel, alpha: u8, color: Color) {
        let Some(pixel) = self.at(place) else { return };
        for (channel, target) in pixel.iter_mut().zip(color) {
            let difference = i32::from(target) - i32::from(*channel);
            *channel = match alpha {
                255 => target,
                _ => (i32::from(*channel) + ((difference * i32::from(alpha)) >> 8)) as u8,
            };
        }
    }

    /// A line between places that need not be whole, smooth on both sides, in the single precision of pygame's `aaline`.
    pub fn fine_line(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        let [mut from, mut to] = [from, to].map(|(x, y)| (x as f32, y as f32));
        let steep = (to.0 - from.0).abs() < (to.1 - from.1).abs();
        if steep {
            (from, to) = ((from.1, from.0), (to.1, to.0));
        }
        if to.0 < from.0 {
            (from, to) = (to, from);
        }
        let slope = (to.1 - from.1) / (to.0 - from.0);
        let at = |along: f32| from.1 + slope * (along - from.0);
        let (first, last) = (from.0 as i32, to.0.ceil() as i32);
        let mut across = at(first as f32);
        self.share_out(first, across, 1.0 + first as f32 - from.0, steep, color);
        self.share_out(last, at(last as f32), 1.0 - last as f32 + to.0, steep, color);
        for along in first + 1..last {
            across += slope;
            self.share_out(along, across, 1.0, steep, color);
        }
    }

    /// Paints the two pixels next to a place of a line, by how near they are.
    fn share_out(&mut self, along: i32, across: f32, weight: f32, steep: bool, color: Color) {
        let pixel = |across: i32| if steep { (across, along) } else { (along, across) };
        let (whole, part) = (across.floor(), across - across.floor());
        if part > 0.0 {
            self.mix(pixel(whole as i32 + 1), part * weight, color);
        }
        self.mix(pixel(whole as i32), (1.0 - part) * weight, color);
    }

    fn mix(&mut self, place: Pixel, weight: f32, color: Color) {
        let Some(pixel) = self.at(place) else { return };
        for (channel, target) in pixel.iter_mut().zip(color) {
            *channel = (weight * f32::from(target) + (1.0 - weight) * f32::from(*channel)) as u8;
        }
    }

    fn at(&mut self, (x, y): Pixel) -> Option<&mut [u8; 3]> {
        let y = self.image.height() as i32 - 1 - y;
        let pixel = self.image.get_pixel_mut_checked(u32::try_from(x).ok()?, u32::try_from(y).ok()?)?;
        Some(&mut pixel.0)
    }

    fn weigh(&mut self, pixel: Pixel, weight: u8, color: Color) {
        self.blend(pixel, ((255 * u32::from(weight)) >> 8) as u8, color);
    }

    /// The part of a line that is on the canvas, cut off at whole pixels side by side (D. Cohen and I. Sutherland's way); its
    /// ends may be swapped.
    fn clipped(&self, mut from: Pixel, mut to: Pixel) -> Option<(Pixel, Pixel)> {
        let (right, top) = (self.image.width() as i32 - 1, self.image.height() as i32 - 1);
        let beyond = |(x, y): Pixel| [x < 0, x > right, y > top, y < 0];
        loop {
            let (first, second) = (beyond(from), beyond(to));
            if first == [false; 4] && second == [false; 4] {
                return Some((from, to));
            }
            if (0..4).any(|side| first[side] && second[side]) {
                return None;
            }
            if first == [false; 4] {
                (from, to) = (to, from);
                continue;
            }
            let slope = if from.0 == to.0 { 1.0 } else { (to.1 - from.1) as f32 / (to.0 - from.0) as f32 };
            if first[0] || first[1] {
                let x = if first[0] { 0 } else { right };
                from = (x, from.1 + ((x - from.0) as f32 * slope) as i32);
            } else {
                let y = if first[2] { top } else { 0 };
                let moved = if from.0 == to.0 { 0 } else { ((y - from.1) as f32 / slope) as i32 };
                from = (from.0 + moved, y);
            }
        }
    }

    /// A line without its last pixel.
    fn smooth_line(&mut self, from: Pixel, to: Pixel, color: Color) {
        let Some((from, to)) = self.clipped(from, to) else { return };
        let (low, high) = if from.1 > to.1 { (to, from) } else { (from, to) };
        let (width, height) = ((high.0 - low.0).abs(), high.1 - low.1);
        let side = if high.0 >= low.0 { 1 } else { -1 };
        match (width, height) {
            (0, 0) => return self.blend(from, 255, color),
            (0, _) => return self.vertical(from.0, low.1, high.1, color),
            (_, 0) => return self.horizontal(low.0, high.0, from.1, color),
            _ => self.blend(from, 255, color),
        }
        // The fraction of a pixel by which the line moves sideways with each pixel along it, in 2⁻³² of which 16 bits count.
        let steep = height > width;
        let (along, across) = if steep { (height, width) } else { (width, height) };
        let slope = (((across as u32) << 16) / along as u32) << 16;
        let (mut place, mut offset) = (0u32, 0);
        for step in 1..along {
            let (sum, carried) = place.overflowing_add(slope);
            offset += i32::from(carried || slope == 0);
            place = sum;
            let weight = (place >> 24) as u8;
            for (offset, weight) in [(offset, 255 - weight), (offset + 1, weight)] {
                let pixel = match steep {
                    true => (low.0 + side * offset, low.1 + step),
                    false => (low.0 + side * step, low.1 + offset),
                };
                self.weigh(pixel, weight, color);
            }
        }
    }

    /// The inside of a polygon, line by line, in 2⁻¹⁶ of a pixel.
    fn fill(&mut self, corners: &[Pixel], color: Color) {
        let heights = || corners.iter().map(|corner| corner.1);
        let (Some(lowest), Some(highest)) = (heights().min(), heights().max()) else { return };
        for y in lowest.max(0)..=highest.min(self.image.height() as i32) {
            let mut crossings: Vec<i64> = Vec::with_capacity(corners.len());
            for i in 0..corners.len() {
                let (a, b) = (corners[(i + corners.len() - 1) % corners.len()], corners[i]);
                let ((x1, y1), (x2, y2)) = if a.1 < b.1 { (a, b) } else { (b, a) };
                if y1 < y2 && ((y1 <= y && y < y2) || (y == highest && y1 < y && y <= y2)) {
                    let share = i64::from(y - y1) * 65536 / i64::from(y2 - y1);
                    crossings.push(share * i64::from(x2 - x1) + 65536 * i64::from(x1));
                }
            }
            crossings.sort_unstable();
            let rounded = |x: i64| ((x >> 16) + ((x & 32768) >> 15)) as i32;
            for pair in crossings.chunks_exact(2) {
                self.horizontal(rounded(pair[0] + 1), rounded(pair[1] - 1), y, color);
            }
        }
    }

    /// Bresenham's midpoint circle, filled; a row at the top or bottom is as wide as where it was first met.
    fn disc(&mut self, (x, y): Pixel, radius: i32, color: Color) {
        let (mut across, mut up, mut error) = (0, radius, 1 - radius);
        let mut painted = None;
        while across <= up {
            if painted != Some(up) {
                for dy in [up, -up] {
                    self.horizontal(x - across, x + across, y + dy, color);
                }
                painted = Some(up);
            }
            for dy in [across, -across].into_iter().filter(|_| across != up) {
                self.horizontal(x - up, x + up, y + dy, color);
            }
            if error < 0 {
                error += 2 * across + 3;
            } else {
                error += 2 * (across - up) + 5;
                up -= 1;
            }
            across += 1;
        }
    }

    /// The eight octants of a smooth circle, from the top and then from the sides, with some overlap.
    fn smooth_circle(&mut self, centre: Pixel, radius: i32, color: Color) {
        let square = radius * radius;
        let diagonal = f64::from(2 * square).sqrt();
        let overlap = (diagonal * 0.01) as i32 + 1;
        let octant = (f64::from(square) / diagonal) as i32 + overlap;
        let (mut x, mut y) = (0, -radius);
        let (mut t, mut s, mut d) = (0, -2 * square * radius, 0);
        for (x, y) in [(0, y), (0, -y)].into_iter().flat_map(|pixel| [pixel; 2]) {
            self.blend((centre.0 + x, centre.1 + y), 255, color);
        }
        for _ in 0..octant {
            x -= 1;
            d += t - square;
            let second;
            if d >= 0 {
                second = y - 1;
            } else if d - s - square > 0 {
                if 2 * d - s - square >= 0 {
                    second = y + 1;
                } else {
                    second = y;
                    y += 1;
                    d -= s + square;
                    s += 2 * square;
                }
            } else {
                y += 1;
                second = y + 1;
                d -= s + square;
                s += 2 * square;
            }
            t -= 2 * square;
            let weight = share(d, s);
            self.four(centre, (x, y), 255 - weight, color);
            self.four(centre, (x, second), weight, color);
        }
        for _ in 0..octant {
            y += 1;
            d -= s + square;
            let second;
            if d <= 0 {
                second = x + 1;
            } else if d + t - square < 0 {
                if 2 * d + t - square <= 0 {
                    second = x - 1;
                } else {
                    second = x;
                    x -= 1;
                    d += t - square;
                    t -= 2 * square;
                }
            } else {
                x -= 1;
                second = x - 1;
                d += t - square;
                t -= 2 * square;
            }
            s += 2 * square;
            let weight = share(d, t);
            self.four(centre, (x, y), 255 - weight, color);
            self.four(centre, (second, y), weight, color);
        }
    }

    /// A pixel of a circle and its mirror images.
    fn four(&mut self, centre: Pixel, (x, y): Pixel, weight: u8, color: Color) {
        for (x, y) in [(x, y), (-x, y), (x, -y), (-x, -y)] {
            self.weigh((centre.0 + x, centre.1 + y), weight, color);
        }
    }
}

/// The part of a pixel, at most all of it.
fn share(part: i32, whole: i32) -> u8 {
    if whole == 0 { 255 } else { ((part.abs() as f32 / whole.abs() as f32).min(1.0) * 255.0) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_cover_their_pixels_and_no_others() {
        let picture = raster(40, 30, |canvas| {
            canvas.polygon(&[(5, 5), (5, 10), (15, 10), (15, 5)], [10, 20, 30]);
            canvas.circle((28, 15), 6, [200, 0, 0]);
        });
        for (x, y, color) in [(5, 24, [10, 20, 30]), (15, 19, [10, 20, 30]), (28, 14, [200, 0, 0]), (16, 20, [255; 3])]
        {
            assert_eq!(picture.get_pixel(x, y).0, color, "({x}, {y})");
        }
    }

    #[test]
    fn shapes_far_outside_paint_nothing() {
        for place in [f64::NAN, f64::INFINITY, 1e300, -1e30, 1e5] {
            let picture = raster(20, 10, |canvas| {
                let corner = pixel((place, place));
                canvas.polygon(&[corner, (corner.0 + 3, corner.1), (corner.0, corner.1 + 3)], [0; 3]);
                canvas.circle(corner, 4, [0; 3]);
            });
            assert!(picture.pixels().all(|pixel| pixel.0 == [255; 3]), "{place}");
        }
    }
}
