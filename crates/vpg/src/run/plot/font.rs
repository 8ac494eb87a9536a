//! How wide letters are. The font travels in the program, so that none is needed on the machine.

use ab_glyph::{Font, FontRef};

/// How many pixels a text of this size is wide.
pub fn width(text: &str, size: f32) -> f32 {
    let Ok(font) = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT) else { return 0.0 };
    let units: f32 = text.chars().map(|letter| font.h_advance_unscaled(font.glyph_id(letter))).sum();
    units * size / font.units_per_em().unwrap_or(1000.0)
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
