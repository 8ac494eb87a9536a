//! The inner loops in AVX-512 (F, BW, VL, VBMI): 64 bytes at a time, masks come out of the comparisons themselves.
#![allow(unsafe_code, reason = "loads and stores of vectors take pointers")]

use std::arch::x86_64::*;

use super::{BLOCK, Windows, plain, rows};

/// As [`plain::mask`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
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
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn palette_80(row: &[u8], [a, b]: [u8; 2], mask: &mut [u8]) {
    let [a, b] = [a, b].map(|value| _mm512_set1_epi16(value.into()));
    let bits = |pixels: __m512i| {
        let cells = _mm512_and_si512(pixels, _mm512_set1_epi16(0xff));
        _mm512_mask_cmpneq_epi16_mask(_mm512_cmpneq_epi16_mask(cells, a), cells, b)
    };
    mask[..4].copy_from_slice(&bits(load64(row, 0)).to_le_bytes());
    mask[4..8].copy_from_slice(&bits(load64(row, 64)).to_le_bytes());
    let last = bits(_mm512_castsi256_si512(load32(row, 128)));
    mask[8..10].copy_from_slice(&(last as u16).to_le_bytes());
}

/// 160 palette indices; the kept ones are the lowest bytes of 32-bit words.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn palette_40(row: &[u8], [a, b]: [u8; 2], mask: &mut [u8]) {
    let [a, b] = [a, b].map(|value| _mm512_set1_epi32(value.into()));
    let bits = |pixels: __m512i| {
        let cells = _mm512_and_si512(pixels, _mm512_set1_epi32(0xff));
        _mm512_mask_cmpneq_epi32_mask(_mm512_cmpneq_epi32_mask(cells, a), cells, b)
    };
    mask[..2].copy_from_slice(&bits(load64(row, 0)).to_le_bytes());
    mask[2..4].copy_from_slice(&bits(load64(row, 64)).to_le_bytes());
    mask[4] = bits(_mm512_castsi256_si512(load32(row, 128))) as u8;
}

/// 480 bytes of RGB: the green of every second pixel is every sixth byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn rgb_80(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    const STEP: usize = 6;
    // 32 cells lie in 192 bytes: 22 in the first 128, 10 more after them. The last 16 lie in 96 bytes.
    let (front, back) = (select(picks::<STEP>(0)), select(picks::<STEP>(128)));
    for (i, out) in mask[..8].as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let at = i * 192;
        let cells = _mm512_permutex2var_epi8(load64(row, at), front, load64(row, at + 64));
        let cells = _mm512_mask_permutexvar_epi8(cells, u64::MAX << 22, back, load64(row, at + 128));
        *out = (not_background(cells, background) as u32).to_le_bytes();
    }
    let last = select(picks_of_two_loads::<STEP>());
    let cells = _mm512_permutex2var_epi8(load64(row, 384), last, load64(row, 416));
    mask[8..10].copy_from_slice(&(not_background(cells, background) as u16).to_le_bytes());
}

/// 480 bytes of RGB: the green of every fourth pixel is every twelfth byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn rgb_40(row: &[u8], background: [u8; 2], mask: &mut [u8]) {
    const STEP: usize = 12;
    // 16 cells lie in 192 bytes: 11 in the first 128, 5 more after them. The last 8 lie in 96 bytes.
    let (front, back) = (select(picks::<STEP>(0)), select(picks::<STEP>(128)));
    for (i, out) in mask[..4].as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let at = i * 192;
        let cells = _mm512_permutex2var_epi8(load64(row, at), front, load64(row, at + 64));
        let cells = _mm512_mask_permutexvar_epi8(cells, u64::MAX << 11, back, load64(row, at + 128));
        *out = (not_background(cells, background) as u16).to_le_bytes();
    }
    let last = select(picks_of_two_loads::<STEP>());
    let cells = _mm512_permutex2var_epi8(load64(row, 384), last, load64(row, 416));
    mask[4] = not_background(cells, background) as u8;
}

/// Where cell `i`'s green lies, counted from `from`; a permutation takes it modulo the 64 or 128 bytes it has.
const fn picks<const STEP: usize>(from: usize) -> [u8; 64] {
    let (mut indices, mut i) = ([0; 64], 0);
    while i < 64 {
        indices[i] = (i * STEP + 1).wrapping_sub(from) as u8;
        i += 1;
    }
    indices
}

/// Indices where the second load begins 32 bytes after the first: its own bytes have the indices from 64 on.
const fn picks_of_two_loads<const STEP: usize>() -> [u8; 64] {
    let (mut indices, mut i) = ([0; 64], 0);
    while i < 64 {
        let at = i * STEP + 1;
        indices[i] = if at < 64 { at } else { at + 32 } as u8;
        i += 1;
    }
    indices
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn select(indices: [u8; 64]) -> __m512i {
    load64(&indices, 0)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn not_background(cells: __m512i, [a, b]: [u8; 2]) -> u64 {
    let [a, b] = [a, b].map(|value| _mm512_set1_epi8(value as i8));
    _mm512_mask_cmpneq_epi8_mask(_mm512_cmpneq_epi8_mask(cells, a), cells, b)
}

/// As [`plain::max_of_colours`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub fn max_of_colours(colours: &[u8; 256], [a, b]: [&[u8]; 2], out: &mut [u8], changed: &mut [bool]) {
    let table = [0, 64, 128, 192].map(|at| load64(colours, at));
    // A permutation of two vectors looks at an index's lower 7 bits; its highest bit chooses between two of them.
    let colour = |pixels: __m512i| {
        let [low, high] = [0, 2].map(|i| _mm512_permutex2var_epi8(table[i], pixels, table[i + 1]));
        _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(pixels), high)
    };
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<BLOCK>(), b.as_chunks::<BLOCK>());
    let (out, out_rest) = out.as_chunks_mut::<BLOCK>();
    let (changed, changed_rest) = changed.split_at_mut(out.len());
    for (((a, b), out), changed) in a.iter().zip(b).zip(out).zip(changed) {
        let larger = _mm512_max_epu8(colour(load64(a, 0)), colour(load64(b, 0)));
        // What does not change is not written: it need not go back to the memory.
        if _mm512_cmpneq_epi8_mask(larger, load64(out, 0)) != 0 {
            *changed = true;
            // SAFETY: `out` is 64 bytes that may be written; the store needs no alignment.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), larger) }
        }
    }
    plain::max_of_colours(colours, [a_rest, b_rest], out_rest, changed_rest);
}

/// As [`plain::resize_row`]. Multiplications and additions stay separate, so that every sum is rounded as there.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub fn resize_row<'a>(rows: impl Iterator<Item = (&'a [u8], f32)> + Clone, windows: &Windows, out: &mut [u8]) {
    // A quarter for each tap: the pixels after the first ones.
    let tap = _mm512_inserti32x4::<1>(_mm512_setzero_si512(), _mm_set1_epi8(1));
    let tap = _mm512_inserti32x4::<2>(tap, _mm_set1_epi8(2));
    for (i, out) in out.chunks_mut(16).enumerate() {
        let at = i * 16;
        let first = _mm512_broadcast_i32x4(load16(&windows.first, at));
        let weights = [0, 1, 2].map(|tap| load_floats(&windows.weights[tap], at));
        let mut sum = _mm512_setzero_ps();
        for (row, row_weight) in rows.clone() {
            let start = usize::from(windows.first[at]).min(row.len() - 64);
            let pixels = _mm512_sub_epi8(_mm512_add_epi8(first, tap), _mm512_set1_epi8(start as i8));
            let pixels = _mm512_permutexvar_epi8(pixels, load64(row, start));
            let floats = |pixels| _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(pixels));
            let across = _mm512_mul_ps(floats(_mm512_castsi512_si128(pixels)), weights[0]);
            let second = _mm512_mul_ps(floats(_mm512_extracti32x4_epi32::<1>(pixels)), weights[1]);
            let third = _mm512_mul_ps(floats(_mm512_extracti32x4_epi32::<2>(pixels)), weights[2]);
            let across = _mm512_add_ps(_mm512_add_ps(across, second), third);
            sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_set1_ps(row_weight), across));
        }
        let rounded = _mm512_cvtps_epi32(sum); // to the nearest, halves to even: the rounding mode that Rust relies on
        // SAFETY: as many bytes are written as `out` has, at most 16; the store needs no alignment.
        unsafe {
            let some = u16::MAX >> (16 - out.len());
            _mm_mask_storeu_epi8(out.as_mut_ptr().cast(), some, _mm512_cvtusepi32_epi8(rounded));
        }
    }
}

/// The 64 bytes from `at` on.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load64(bytes: &[u8], at: usize) -> __m512i {
    let bytes = &bytes[at..at + 64];
    // SAFETY: `bytes` is 64 bytes that may be read; the load needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// The 32 bytes from `at` on.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load32(bytes: &[u8], at: usize) -> __m256i {
    let bytes = &bytes[at..at + 32];
    // SAFETY: `bytes` is 32 bytes that may be read; the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// The 16 bytes from `at` on.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load16(bytes: &[u8], at: usize) -> __m128i {
    let bytes = &bytes[at..at + 16];
    // SAFETY: `bytes` is 16 bytes that may be read; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The 16 floats from `at` on.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load_floats(floats: &[f32], at: usize) -> __m512 {
    let floats = &floats[at..at + 16];
    // SAFETY: `floats` is 16 floats that may be read; the load needs no alignment.
    unsafe { _mm512_loadu_ps(floats.as_ptr()) }
}
