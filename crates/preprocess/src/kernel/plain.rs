//! The inner loops in plain Rust: what the others must equal.

use super::{BLOCK, Taps, rows};
use crate::WIDTH;

/// The mask of a frame's field; the green channel of RGB frames is the one that is looked at.
pub fn mask<const CHANNELS: usize, const STRIDE: usize>(field: &[u8], [a, b]: [u8; 2], mask: &mut [u8]) {
    let green = CHANNELS / 2;
    let mut cells = [0u8; WIDTH / 2];
    let cells = &mut cells[..WIDTH / STRIDE];
    for (row, mask) in rows::<CHANNELS, STRIDE>(field, mask) {
        if (CHANNELS, STRIDE) == (1, 2) {
            // In 16-bit words, which compilers make vectors of.
            for (cell, pixels) in cells.iter_mut().zip(row.as_chunks::<2>().0) {
                let pixel = u16::from_le_bytes(*pixels) & 0xff;
                *cell = (u16::from(pixel != a.into()) & u16::from(pixel != b.into())) as u8;
            }
        } else {
            for (cell, pixels) in cells.iter_mut().zip(row.chunks_exact(STRIDE * CHANNELS)) {
                *cell = u8::from((pixels[green] != a) & (pixels[green] != b));
            }
        }
        for (byte, cells) in mask.iter_mut().zip(cells.as_chunks::<8>().0) {
            *byte = pack(u64::from_le_bytes(*cells));
        }
    }
}

/// Eight bytes of 0 or 1 as eight bits: the product brings byte `i` to bit `56 + i`.
fn pack(cells: u64) -> u8 {
    (cells.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// One cell per bit: -1, 0 or 1.
#[inline(always)]
pub fn difference<T: Default + Copy + From<i8>>(now: &[u8], earlier: &[u8], out: &mut [T]) {
    let ((now, now_rest), (earlier, earlier_rest)) = (now.as_chunks::<8>(), earlier.as_chunks::<8>());
    let (out, out_rest) = out.split_at_mut(now.len() * 64);
    for ((now, earlier), out) in now.iter().zip(earlier).zip(out.as_chunks_mut::<64>().0) {
        *out = [T::default(); 64];
        write_changes(u64::from_le_bytes(*now), u64::from_le_bytes(*earlier), out);
    }
    for ((now, earlier), out) in now_rest.iter().zip(earlier_rest).zip(out_rest.as_chunks_mut::<8>().0) {
        *out = [T::default(); 8];
        write_changes((*now).into(), (*earlier).into(), out);
    }
}

#[inline(always)]
fn write_changes<T: From<i8>>(now: u64, earlier: u64, out: &mut [T]) {
    changes(now, earlier).for_each(|(bit, sign)| out[bit] = T::from(sign));
}

/// The bits that are not equal, in order, with 1 for those of `now` and -1 for those of `earlier`. There are few: in Pong
/// only the ball and the paddles move.
#[inline(always)]
pub fn changes(now: u64, earlier: u64) -> impl Iterator<Item = (usize, i8)> {
    let mut different = now ^ earlier;
    std::iter::from_fn(move || {
        let bit = different.trailing_zeros();
        let sign = if earlier.checked_shr(bit)? & 1 == 0 { 1 } else { -1 };
        different &= different - 1;
        Some((bit as usize, sign))
    })
}

/// The larger of two pixels' entries in the table; marks the blocks of `out` that change.
pub fn max_of_colours(colours: &[u8; 256], [a, b]: [&[u8]; 2], out: &mut [u8], changed: &mut [bool]) {
    let colour = |pixel: u8| colours[usize::from(pixel)];
    for (i, ((a, b), out)) in a.chunks(8).zip(b.chunks(8)).zip(out.chunks_mut(8)).enumerate() {
        let mut larger = [0; 8];
        // Most of a frame is equal to the one before.
        if a == b {
            larger.iter_mut().zip(a).for_each(|(larger, a)| *larger = colour(*a));
        } else {
            larger.iter_mut().zip(a.iter().zip(b)).for_each(|(larger, (a, b))| *larger = colour(*a).max(colour(*b)));
        }
        changed[i * 8 / BLOCK] |= *out != larger[..out.len()];
        out.copy_from_slice(&larger[..out.len()]);
    }
}

/// Old rows, each with its weight, as one new row. The order of the sums is OpenCV's: along each row, then over the rows.
pub fn resize_row<'a>(rows: impl Iterator<Item = (&'a [u8], f32)> + Clone, columns: &Taps, out: &mut [u8]) {
    const BLOCK: usize = 12; // a part of the usual 84, short enough for registers
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let rest_at = blocks.len() * BLOCK;
    for (i, block) in blocks.iter_mut().enumerate() {
        *block = resize_cells(rows.clone(), columns, i * BLOCK);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        [*out] = resize_cells(rows.clone(), columns, rest_at + i);
    }
}

/// The new pixels from `at` on.
#[inline]
fn resize_cells<'a, const N: usize>(rows: impl Iterator<Item = (&'a [u8], f32)>, columns: &Taps, at: usize) -> [u8; N] {
    let first = &columns.first[at..at + N];
    let mut sums = [0.0; N];
    for (row, row_weight) in rows {
        let mut across = [0.0; N];
        for (tap, weights) in columns.weights.iter().enumerate() {
            let pixels: [u8; N] = std::array::from_fn(|i| row[first[i] + tap]);
            let weights = &weights[at..at + N];
            for i in 0..N {
                across[i] += f32::from(pixels[i]) * weights[i];
            }
        }
        for i in 0..N {
            sums[i] += row_weight * across[i];
        }
    }
    sums.map(round)
}

/// To the nearest whole number, halves to even, from 0 to 255: adding 2^23 leaves a float no place for fractions.
fn round(value: f32) -> u8 {
    (value + 8_388_608.0).to_bits() as u8
}
