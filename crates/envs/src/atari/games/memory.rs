//! A console's memory as games write their numbers in it.

use super::super::console::RAM_BYTES;

/// A console's memory. Everything is read as a whole number.
#[derive(Clone, Copy)]
pub(in crate::atari) struct Memory<'a>(pub(super) &'a [u8; RAM_BYTES]);

impl Memory<'_> {
    /// A byte: 0 to 255.
    pub(super) fn byte(self, at: usize) -> i32 {
        self.0[at].into()
    }

    /// The number that a byte's two decimal digits are.
    pub(super) fn decimal(self, at: usize) -> i32 {
        10 * (self.byte(at) >> 4) + (self.byte(at) & 15)
    }

    /// The digit in a byte's lower half, where 10 is a blank.
    pub(super) fn digit(self, at: usize) -> i32 {
        match self.byte(at) & 15 {
            10 => 0,
            digit => digit,
        }
    }

    /// The number that the decimal digits of these bytes are, two a byte, the highest first.
    pub(super) fn digits<const N: usize>(self, bytes: [usize; N]) -> i32 {
        bytes.into_iter().fold(0, |number, at| 100 * number + self.decimal(at))
    }
}
