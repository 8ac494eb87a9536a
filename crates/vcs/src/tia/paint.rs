//! From sets of pixels to a row of the screen.
#![allow(unsafe_code, reason = "stores of vectors take pointers")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::mask::{Mask, all_stretched};
use crate::screen::WIDTH;

/// Gives the pixels of `segment` the background's colour, then those of each layer its colour, the lowest priority first.
#[inline(always)]
pub(super) fn layers(row: &mut [u8; WIDTH], segment: Mask, background: u8, layers: &[(Mask, u8); 4]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has AVX-512 BW.
        return unsafe { layers_avx512(row, segment, background, layers) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { layers_avx2(row, segment, background, layers) };
    }
    layers_plain(row, segment, background, layers);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn layers_avx512(row: &mut [u8; WIDTH], segment: Mask, background: u8, layers: &[(Mask, u8); 4]) {
    let background = _mm512_set1_epi8(background as i8);
    let colours = layers.map(|(_, colour)| _mm512_set1_epi8(colour as i8));
    for (word, segment) in segment.0.into_iter().enumerate() {
        let mut pixels = background;
        for ((mask, _), colour) in layers.iter().zip(colours) {
            pixels = _mm512_mask_mov_epi8(pixels, mask.0[word], colour);
        }
        // SAFETY: a set has pixels of the row only, and no others are written; the store needs no alignment.
        unsafe { _mm512_mask_storeu_epi8(row.as_mut_ptr().add(64 * word).cast(), segment, pixels) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn layers_avx2(row: &mut [u8; WIDTH], segment: Mask, background: u8, layers: &[(Mask, u8); 4]) {
    let background = _mm256_set1_epi8(background as i8);
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

fn layers_plain(row: &mut [u8; WIDTH], segment: Mask, background: u8, layers: &[(Mask, u8); 4]) {
    paint(row, segment, background);
    for (mask, colour) in layers {
        paint(row, *mask & segment, *colour);
    }
}

/// Gives the pixels of the set this colour, eight at once.
fn paint(row: &mut [u8; WIDTH], mask: Mask, colour: u8) {
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
            sets in any::<[[u64; 3]; 4]>(),
            (from, to, colours) in (0u32..=160, 0u32..=160, any::<[u8; 5]>()),
        ) {
            let sets = sets.map(|set| Mask(set) & Mask::range(0, 160));
            let [a, b, c, d, background] = colours;
            let all = [(sets[0], a), (sets[1], b), (sets[2], c), (sets[3], d)];
            let segment = Mask::range(from, to);
            let row = painted(|row| layers_plain(row, segment, background, &all));
            prop_assert_eq!(painted(|row| layers(row, segment, background, &all)), row);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                prop_assert_eq!(painted(|row| unsafe { layers_avx2(row, segment, background, &all) }), row);
            }
            for (x, pixel) in (0u32..).zip(row) {
                let is_in = |set: &Mask| set.0[x as usize / 64] >> (x % 64) & 1 != 0;
                let top = all.iter().rev().find(|(set, _)| is_in(set)).map_or(background, |(_, colour)| *colour);
                prop_assert_eq!(pixel, if (from..to).contains(&x) { top } else { 7 });
            }
        }
    }
}
