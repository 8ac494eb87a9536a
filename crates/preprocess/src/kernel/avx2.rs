//! The inner loops in AVX2: 32 bytes at a time.
#![allow(unsafe_code, reason = "loads and stores of vectors take pointers")]

use std::arch::x86_64::*;

use super::{Windows, plain, rows};

/// As [`plain::mask`].
#[target_feature(enable = "avx2")]
pub fn mask<const CHANNELS: usize, const STRIDE: usize>(field: &[u8], background: [u8; 2], mask: &mut [u8]) {
    for (row, mask) in rows::<CHANNELS, STRIDE>(field, mask) {
        match (CHANNELS, STRIDE) {
            (1, 2) => palette_80(row, background, mask),
            (1, 4) => palette_40(row, background, mask),
            (3, 2) => rgb_80(row, background, mask),
            (3, 4) => rgb_40(row, background, mask),
            _ => unreachable!("frames have 1 or 3 channels, strides are 2 or 4"),
        }
    }
}

/// 160 palette indices; the kept ones are the lower bytes of 16-bit words.
#[target_feature(enable = "avx2")]
fn palette_80(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    let words = |at| _mm256_and_si256(load32(row, at), _mm256_set1_epi16(0xff));
    let pack = |low, high| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(low, high));
    let bits = |cells| not_background(cells, background);
    mask[..4].copy_from_slice(&bits(pack(words(0), words(32))).to_le_bytes());
    mask[4..8].copy_from_slice(&bits(pack(words(64), words(96))).to_le_bytes());
    let last = bits(pack(words(128), _mm256_setzero_si256()));
    mask[8..10].copy_from_slice(&(last as u16).to_le_bytes());
}

/// 160 palette indices; the kept ones are the lowest bytes of 32-bit words.
#[target_feature(enable = "avx2")]
fn palette_40(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    let words = |at| _mm256_and_si256(load32(row, at), _mm256_set1_epi32(0xff));
    // Packing works within the two halves of a vector; the permutation puts the cells in order again.
    let pack = |a, b, c, d| {
        let packed = _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
        _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
    };
    let bits = |cells| not_background(cells, background);
    mask[..4].copy_from_slice(&bits(pack(words(0), words(32), words(64), words(96))).to_le_bytes());
    let zero = _mm256_setzero_si256();
    mask[4] = bits(pack(words(128), zero, zero, zero)) as u8;
}

/// 480 bytes of RGB: the green of every second pixel is every sixth byte, eight of them in 48 bytes.
#[target_feature(enable = "avx2")]
fn rgb_80(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    const PICKS: [[i8; 16]; 3] = picks(6);
    let bits = not_background_of_48::<10>(row, background, PICKS, 8);
    mask.copy_from_slice(&bits.to_le_bytes()[..10]);
}

/// 480 bytes of RGB: the green of every fourth pixel is every twelfth byte, four of them in 48 bytes.
#[target_feature(enable = "avx2")]
fn rgb_40(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    const PICKS: [[i8; 16]; 3] = picks(12);
    let bits = not_background_of_48::<10>(row, background, PICKS, 4);
    mask.copy_from_slice(&bits.to_le_bytes()[..5]);
}

/// Where a shuffle of each 16 of 48 bytes finds every `step`-th byte from byte 1 on; -1 makes a zero.
const fn picks(step: usize) -> [[i8; 16]; 3] {
    let (mut indices, mut i) = ([[-1; 16]; 3], 0);
    while i * step + 1 < 48 {
        let at = i * step + 1;
        indices[at / 16][i] = (at % 16) as i8;
        i += 1;
    }
    indices
}

/// The bits of `BLOCKS` blocks of 48 bytes with `cells` cells each; two blocks at a time, one in each half of a vector.
#[target_feature(enable = "avx2")]
fn not_background_of_48<const BLOCKS: usize>(
    row: &[u8],
    background: [u8; 2],
    picks: [[i8; 16]; 3],
    cells: usize,
) -> u128 {
    let picks = picks.map(|indices| {
        let half = load16(&indices.map(|index| index as u8), 0);
        _mm256_broadcastsi128_si256(half)
    });
    let piece = |at: usize, i: usize| {
        let bytes = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(load16(row, at)), load16(row, at + 48));
        _mm256_shuffle_epi8(bytes, picks[i])
    };
    let mut all = 0;
    for pair in 0..BLOCKS / 2 {
        let at = pair * 96;
        let greens = _mm256_or_si256(_mm256_or_si256(piece(at, 0), piece(at + 16, 1)), piece(at + 32, 2));
        let bits = not_background(greens, background);
        let (low, high) = (bits & ((1 << cells) - 1), bits >> 16 & ((1 << cells) - 1));
        all |= u128::from(low | high << cells) << (pair * 2 * cells);
    }
    all
}

#[target_feature(enable = "avx2")]
fn not_background(cells: __m256i, [a, b]: [u8; 2]) -> u32 {
    let [a, b] = [a, b].map(|value| _mm256_cmpeq_epi8(cells, _mm256_set1_epi8(value as i8)));
    !_mm256_movemask_epi8(_mm256_or_si256(a, b)) as u32
}

/// [`plain::difference`], whose zeros are stored 32 bytes at a time here.
#[target_feature(enable = "avx2")]
pub fn difference<T: Default + Copy + From<i8>>(now: &[u8], earlier: &[u8], out: &mut [T]) {
    plain::difference(now, earlier, out);
}

/// As [`plain::resize_row`]. Multiplications and additions stay separate, so that every sum is rounded as there.
#[target_feature(enable = "avx2")]
pub fn resize_row<'a>(rows: impl Iterator<Item = (&'a [u8], f32)> + Clone, windows: &Windows, out: &mut [u8]) {
    for (i, out) in out.chunks_mut(8).enumerate() {
        let (half, at) = (i % 2 * 8, i / 2 * 16);
        let first = load16(&windows.first, at);
        let first = if half == 0 { first } else { _mm_srli_si128::<8>(first) };
        let weights = [0, 1, 2].map(|tap| load_floats(&windows.weights[tap], at + half));
        let mut sum = _mm256_setzero_ps();
        for (row, row_weight) in rows.clone() {
            let pixels = |tap: usize| {
                let start = (usize::from(windows.first[at + half]) + tap).min(row.len() - 16);
                let pixels = _mm_add_epi8(first, _mm_set1_epi8(tap.wrapping_sub(start) as i8));
                _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_shuffle_epi8(load16(row, start), pixels)))
            };
            let [first, second, third] = [0, 1, 2].map(|tap| _mm256_mul_ps(pixels(tap), weights[tap]));
            let across = _mm256_add_ps(_mm256_add_ps(first, second), third);
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_set1_ps(row_weight), across));
        }
        let rounded = _mm256_cvtps_epi32(sum); // to the nearest, halves to even: the rounding mode that Rust relies on
        let words = _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256::<1>(rounded));
        let bytes = _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_le_bytes();
        out.copy_from_slice(&bytes[..out.len()]);
    }
}

/// The 32 bytes from `at` on.
#[target_feature(enable = "avx2")]
fn load32(bytes: &[u8], at: usize) -> __m256i {
    let bytes = &bytes[at..at + 32];
    // SAFETY: `bytes` is 32 bytes that may be read; the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// The 16 bytes from `at` on.
#[target_feature(enable = "avx2")]
fn load16(bytes: &[u8], at: usize) -> __m128i {
    let bytes = &bytes[at..at + 16];
    // SAFETY: `bytes` is 16 bytes that may be read; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The 8 floats from `at` on.
#[target_feature(enable = "avx2")]
fn load_floats(floats: &[f32], at: usize) -> __m256 {
    let floats = &floats[at..at + 8];
    // SAFETY: `floats` is 8 floats that may be read; the load needs no alignment.
    unsafe { _mm256_loadu_ps(floats.as_ptr()) }
}
