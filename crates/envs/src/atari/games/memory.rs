//! A console's memory as games write their numbers in it.

use vcs::Console;

use super::super::console::RAM_BYTES;

/// A console's memory. Everything is read as a whole number.
#[derive(Clone, Copy)]
pub(in crate::atari) struct Memory<'a> {
    bytes: &'a [u8; RAM_BYTES],
    /// What some cartridges have beside it.
    cartridge: &'a [u8; RAM_BYTES],
}

impl<'a> Memory<'a> {
    /// The memory of this console.
    pub(in crate::atari) fn of(console: &'a Console) -> Self {
        Self { bytes: console.ram(), cartridge: console.cartridge_memory() }
    }

    /// These bytes, and these on the cartridge.
    #[cfg(test)]
    pub(super) fn new(bytes: &'a [u8; RAM_BYTES], cartridge: &'a [u8; RAM_BYTES]) -> Self {
        Self { bytes, cartridge }
    }

    /// The cartridge's own memory.
    pub(super) fn of_cartridge(self) -> Self {
        Self { bytes: self.cartridge, ..self }
    }

    /// A byte: 0 to 255.
    pub(super) fn byte(self, at: usize) -> i32 {
        self.bytes[at].into()
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
