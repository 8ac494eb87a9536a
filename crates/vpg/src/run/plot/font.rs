//! The letters of plots and captions. The font travels in the program, so that none is needed on the machine.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve};
use tiny_skia::{Path, PathBuilder};

static FONT: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).ok());

/// Each letter's glyph and the distance from the text's beginning, in the font's own units.
fn glyphs(font: &FontRef<'static>, text: &str) -> (Vec<(GlyphId, f32)>, f32) {
    let (mut placed, mut end, mut before) = (Vec::new(), 0.0, None);
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        end += before.map_or(0.0, |before| font.kern_unscaled(before, glyph));
        placed.push((glyph, end));
        end += font.h_advance_unscaled(glyph);
        before = Some(glyph);
    }
    (placed, end)
}

/// Pixels of a font unit.
fn scale(font: &FontRef<'static>, size: f32) -> f32 {
    size / font.units_per_em().unwrap_or(1000.0)
}

/// How many pixels a text of this size is wide.
pub fn width(text: &str, size: f32) -> f32 {
    FONT.as_ref().map_or(0.0, |font| glyphs(font, text).1 * scale(font, size))
}

/// The outline of a text whose baseline begins at (0, 0); none where nothing would be seen.
pub fn outline(text: &str, size: f32) -> Option<Path> {
    let font = FONT.as_ref()?;
    let scale = scale(font, size);
    let mut path = PathBuilder::new();
    for (glyph, start) in glyphs(font, text).0 {
        let Some(outline) = font.outline(glyph) else { continue };
        let at = |point: ab_glyph::Point| ((point.x + start) * scale, -point.y * scale);
        let mut pen = None;
        for curve in outline.curves {
            let (OutlineCurve::Line(from, ..) | OutlineCurve::Quad(from, ..) | OutlineCurve::Cubic(from, ..)) = curve;
            if pen != Some((from.x, from.y)) {
                let (x, y) = at(from);
                path.move_to(x, y);
            }
            let to = match curve {
                OutlineCurve::Line(_, to) => {
                    let (x, y) = at(to);
                    path.line_to(x, y);
                    to
                }
                OutlineCurve::Quad(_, by, to) => {
                    let ((x1, y1), (x, y)) = (at(by), at(to));
                    path.quad_to(x1, y1, x, y);
                    to
                }
                OutlineCurve::Cubic(_, by, by2, to) => {
                    let ((x1, y1), (x2, y2), (x, y)) = (at(by), at(by2), at(to));
                    path.cubic_to(x1, y1, x2, y2, x, y);
                    to
                }
            };
            pen = Some((to.x, to.y));
        }
    }
    path.finish()
}

/// The text, its middle left out where it would be wider than `room` pixels.
pub fn fitted(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        letters[..head].iter().chain(&['.', '.', '.']).chain(&letters[letters.len() - tail..]).collect::<String>()
    };
    (0..letters.len()).rev().map(shortened).find(|text| width(text, size) <= room).unwrap_or_default()
}
