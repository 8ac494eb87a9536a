//! From sets of pixels to a row of the screen.
#![allow(unsafe_code, reason = "stores of vectors take pointers")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::mask::{Mask, all_stretched};
use crate::screen::WIDTH;

/// What objects look like: their colours, and what is before what.
pub(super) struct Look {
    pub(super) background: u8,
    /// Of each player and its missile.
    pub(super) players: [u8; 2],
    /// Of the playfield and the ball.
    pub(super) playfield: u8,
    /// Whether these are before the players.
    pub(super) in_front: bool,
    /// Before everything.
    pub(super) black: Mask,
}

impl Look {
    /// Sets of pixels and their colours, the lowest priority first.
    fn layers(&self, &[p0, p1, m0, m1, bl, pf]: &[Mask; 6]) -> [(Mask, u8); 4] {
        let [one, two] = [(p0 | m0, self.players[0]), (p1 | m1, self.players[1])];
        let field = (pf | bl, self.playfield);
        match self.in_front {
            true => [two, one, field, (self.black, 0)],
            false => [field, two, one, (self.black, 0)],
        }
    }
}

/// Paints the pixels of `segment`: what objects show, which are in the order of the position registers, and the background.
#[inline(always)]
pub(super) fn paint(row: &mut [u8; WIDTH], segment: Mask, masks: &[Mask; 6], look: &Look) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has AVX-512 BW.
        return unsafe { paint_avx512(row, segment, masks, look) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { paint_avx2(row, segment, masks, look) };
    }
    paint_plain(row, segment, masks, look);
}

/// Word by word, so that few words are held at once.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn paint_avx512(row: &mut [u8; WIDTH], segment: Mask, [p0, p1, m0, m1, bl, pf]: &[Mask; 6], look: &Look) {
    let [background, one, two, field] = [look.background, look.players[0], look.players[1], look.playfield]
        .map(|colour| _mm512_set1_epi8(colour as i8));
    for (word, segment) in segment.0.into_iter().enumerate() {
        let in_field = pf.0[word] | bl.0[word];
        let [behind, before] = if look.in_front { [0, in_field] } else { [in_field, 0] };
        let pixels = _mm512_mask_mov_epi8(background, behind, field);
        let pixels = _mm512_mask_mov_epi8(pixels, p1.0[word] | m1.0[word], two);
        let pixels = _mm512_mask_mov_epi8(pixels, p0.0[word] | m0.0[word], one);
        let pixels = _mm512_mask_mov_epi8(pixels, before, field);
        let pixels = _mm512_maskz_mov_epi8(!look.black.0[word], pixels);
        // SAFETY: a set has pixels of the row only, and no others are written; the store needs no alignment.
        unsafe { _mm512_mask_storeu_epi8(row.as_mut_ptr().add(64 * word).cast(), segment, pixels) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn paint_avx2(row: &mut [u8; WIDTH], segment: Mask, masks: &[Mask; 6], look: &Look) {
    let layers = look.layers(masks);
    let background = _mm256_set1_epi8(look.background as i8);
    let colours = layers.map(|(_, colour)| _mm256_set1_epi8(colour as i8));
    let (groups, _) = row.as_chunks_mut::<32>();
    for (i, group) in groups.iter_mut().enumerate() {
        let half = |mask: Mask| (mask.0[i / 2] >> (32 * (i % 2))) as u32;
        let inside = half(segment);
        if inside == 0 {
            continue;
        }
        let mut pixels = background;
        for ((mask, _), colour) in layers.iter().zip(colours) {
            pixels = _mm256_blendv_epi8(pixels, colour, as_bytes(half(*mask)));
        }
        let group: *mut __m256i = group.as_mut_ptr().cast();
        // SAFETY: both are of the 32 pixels of the group, and need no alignment.
        unsafe {
            if inside != u32::MAX {
                pixels = _mm256_blendv_epi8(_mm256_loadu_si256(group), pixels, as_bytes(inside));
            }
            _mm256_storeu_si256(group, pixels);
        }
    }
}

/// Each of 32 bits as a byte of 0 or 255, the lowest first.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn as_bytes(bits: u32) -> __m256i {
    const EIGHT: i64 = 0x0101_0101_0101_0101;
    let place = _mm256_setr_epi64x(0, EIGHT, 2 * EIGHT, 3 * EIGHT);
    let bit = _mm256_set1_epi64x(i64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]));
    let spread = _mm256_shuffle_epi8(_mm256_set1_epi32(bits.cast_signed()), place);
    _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit)
}

fn paint_plain(row: &mut [u8; WIDTH], segment: Mask, masks: &[Mask; 6], look: &Look) {
    fill(row, segment, look.background);
    for (mask, colour) in look.layers(masks) {
        fill(row, mask & segment, colour);
    }
}

/// Gives the pixels of the set this colour, eight at once.
fn fill(row: &mut [u8; WIDTH], mask: Mask, colour: u8) {
    let colour = u64::from(colour) * 0x0101_0101_0101_0101;
    let (groups, _) = row.as_chunks_mut::<8>();
    for (i, mut word) in mask.0.into_iter().enumerate() {
        while word != 0 {
            let group = word.trailing_zeros() / 8;
            let inside = BYTES[usize::from((word >> (8 * group)) as u8)];
            word &= !(0xff << (8 * group));
            if let Some(pixels) = groups.get_mut(8 * i + group as usize) {
                *pixels = (u64::from_le_bytes(*pixels) & !inside | colour & inside).to_le_bytes();
            }
        }
    }
}

/// Each of 8 bits as a byte of 0 or 255, the lowest first.
static BYTES: [u64; 256] = all_stretched(8);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn painted(paint: impl FnOnce(&mut [u8; WIDTH])) -> [u8; WIDTH] {
        let mut row = [7; WIDTH];
        paint(&mut row);
        row
    }

    proptest! {
        #[test]
        fn all_ways_to_paint_a_row_agree(
            sets in any::<[[u64; 3]; 7]>(),
            (from, to, colours, in_front) in (0u32..=160, 0u32..=160, any::<[u8; 4]>(), any::<bool>()),
        ) {
            let [p0, p1, m0, m1, bl, pf, black] = sets.map(|set| Mask(set) & Mask::range(0, 160));
            let [background, one, two, playfield] = colours;
            let masks = [p0, p1, m0, m1, bl, pf];
            let look = Look { background, players: [one, two], playfield, in_front, black };
            let segment = Mask::range(from, to);
            let row = painted(|row| paint_plain(row, segment, &masks, &look));
            prop_assert_eq!(painted(|row| paint(row, segment, &masks, &look)), row);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                prop_assert_eq!(painted(|row| unsafe { paint_avx2(row, segment, &masks, &look) }), row);
            }
            for (x, pixel) in (0u32..).zip(row) {
                let has = |sets: [Mask; 2]| (sets[0] | sets[1]).0[x as usize / 64] >> (x % 64) & 1 != 0;
                let expected = match () {
                    () if !(from..to).contains(&x) => 7,
                    () if has([black; 2]) => 0,
                    () if in_front && has([pf, bl]) => playfield,
                    () if has([p0, m0]) => one,
                    () if has([p1, m1]) => two,
                    () if has([pf, bl]) => playfield,
                    () => background,
                };
                prop_assert_eq!(pixel, expected);
            }
        }
    }
}
