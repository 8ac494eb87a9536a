//! The inner loops in plain Rust: what the others must equal.

use super::rows;
use crate::WIDTH;

/// One frame's mask; the green channel of RGB frames is the one that is looked at.
pub fn mask<const CHANNELS: usize, const STRIDE: usize>(frame: &[u8], [a, b]: [u8; 2], mask: &mut [u8]) {
    let green = CHANNELS / 2;
    let mut cells = [0u8; WIDTH / 2];
    let cells = &mut cells[..WIDTH / STRIDE];
    for (row, mask) in rows::<CHANNELS, STRIDE>(frame, mask) {
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
pub fn difference<T: Default + Copy + From<i8>>(now: &[u8], earlier: &[u8], out: &mut [T]) {
    let ((now, now_rest), (earlier, earlier_rest)) = (now.as_chunks::<8>(), earlier.as_chunks::<8>());
    let (out, out_rest) = out.split_at_mut(now.len() * 64);
    for ((now, earlier), out) in now.iter().zip(earlier).zip(out.as_chunks_mut::<64>().0) {
        // Most of a mask is equal to the one before: in Pong only the ball and the paddles move.
        if now == earlier {
            *out = [T::default(); 64];
        } else {
            write(now, earlier, out);
        }
    }
    write(now_rest, earlier_rest, out_rest);
}

fn write<T: From<i8>>(now: &[u8], earlier: &[u8], out: &mut [T]) {
    for ((now, earlier), out) in now.iter().zip(earlier).zip(out.as_chunks_mut::<8>().0) {
        let cells = unpack(now & !earlier) | (unpack(earlier & !now) * 0xff);
        *out = cells.to_le_bytes().map(|cell| T::from(cell as i8));
    }
}

/// Eight bits as eight bytes of 0 or 1: bit `i` is kept in byte `i` alone, and what is not zero there carries into the
/// byte's highest bit.
fn unpack(bits: u8) -> u64 {
    let kept = (u64::from(bits) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    (kept + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101
}
