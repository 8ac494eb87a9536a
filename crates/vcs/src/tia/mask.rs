//! Sets of a line's 160 pixels.

use serde::{Deserialize, Serialize};

use std::ops::{BitAnd, BitOr, BitOrAssign};

use crate::screen::WIDTH;

/// A set of pixels of a line: bit `x % 64` of word `x / 64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mask(pub(crate) [u64; 3]);

impl Mask {
    pub(crate) const EMPTY: Self = Self([0; 3]);

    /// The pixels from `from` to before `to`.
    pub(crate) fn range(from: u32, to: u32) -> Self {
        let [inside, outside] = [to, from].map(|x| BELOW[(x as usize).min(WIDTH)]);
        Self([inside[0] & !outside[0], inside[1] & !outside[1], inside[2] & !outside[2]])
    }

    /// Bits from `position` on, the lowest first, around the line's end.
    #[inline(always)]
    pub(crate) fn placed(bits: u32, position: u32) -> Self {
        let wide = u128::from(bits) << (position % 64);
        let (low, high) = (wide as u64, (wide >> 64) as u64);
        match position {
            0..64 => Self([low, high, 0]),
            64..128 => Self([0, low, high]),
            _ => Self([u64::from(bits) >> (160 - position), 0, low & 0xffff_ffff]),
        }
    }

    /// Whether both have a pixel in common.
    #[inline(always)]
    pub(crate) fn meets(self, other: Self) -> bool {
        !(self & other).is_empty()
    }

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] == 0
    }
}

/// The pixels before each one.
static BELOW: [[u64; 3]; WIDTH + 1] = {
    let (mut below, mut x) = ([[0; 3]; WIDTH + 1], 0);
    while x < WIDTH {
        below[x + 1] = below[x];
        below[x + 1][x / 64] |= 1 << (x % 64);
        x += 1;
    }
    below
};

impl BitAnd for Mask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1], self.0[2] & other.0[2]])
    }
}

impl BitOr for Mask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1], self.0[2] | other.0[2]])
    }
}

impl BitOrAssign for Mask {
    #[inline(always)]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// Each of 8 bits so many times, the lowest first.
pub(super) const fn stretched(bits: u8, times: u32) -> u64 {
    let (mut wide, mut bit) = (0, 0);
    while bit < 8 {
        if bits >> bit & 1 != 0 {
            wide |= ((1 << times) - 1) << (times * bit);
        }
        bit += 1;
    }
    wide
}

/// What becomes of every byte.
pub(super) const fn all_stretched(times: u32) -> [u64; 256] {
    let (mut all, mut bits) = ([0; 256], 0);
    while bits < 256 {
        all[bits] = stretched(bits as u8, times);
        bits += 1;
    }
    all
}
