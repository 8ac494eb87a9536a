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
        let below = |x: u32| {
            let word = |first: u32| match x.saturating_sub(first) {
                0 => 0,
                bits @ 1..64 => (1u64 << bits) - 1,
                _ => u64::MAX,
            };
            [word(0), word(64), word(128)]
        };
        let (inside, outside) = (below(to), below(from));
        Self([inside[0] & !outside[0], inside[1] & !outside[1], inside[2] & !outside[2]])
    }

    /// Bits from `position` on, the lowest first, around the line's end.
    pub(crate) fn placed(bits: u32, position: u32) -> Self {
        let mut words = [0; 3];
        let first = (position / 64) as usize % 3;
        let wide = u128::from(bits) << (position % 64);
        words[first] = wide as u64;
        if first < 2 {
            words[first + 1] = (wide >> 64) as u64;
        }
        words[2] &= 0xffff_ffff;
        if position > 160 - 32 {
            words[0] |= u64::from(bits) >> (160 - position);
        }
        Self(words)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] == 0
    }

    /// Gives the pixels of the set this colour.
    pub(crate) fn paint(self, colour: u8, row: &mut [u8; WIDTH]) {
        let colour = u64::from(colour) * 0x0101_0101_0101_0101;
        let (groups, _) = row.as_chunks_mut::<8>();
        for (i, mut word) in self.0.into_iter().enumerate() {
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
}

/// Each of 8 bits as a byte of 0 or 255, the lowest first.
static BYTES: [u64; 256] = {
    let mut bytes = [0; 256];
    let mut bits = 0;
    while bits < 256 {
        let mut bit = 0;
        while bit < 8 {
            if bits >> bit & 1 != 0 {
                bytes[bits] |= 0xff << (8 * bit);
            }
            bit += 1;
        }
        bits += 1;
    }
    bytes
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
