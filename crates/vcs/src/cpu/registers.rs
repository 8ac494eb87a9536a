//! The processor's registers.

use serde::{Deserialize, Serialize};

/// The registers. Sign and zero flags are kept as the bytes they are found from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cpu {
    pub(crate) pc: u16,
    pub(crate) a: u8,
    pub(crate) x: u8,
    pub(crate) y: u8,
    pub(crate) sp: u8,
    /// Bit 7 is the sign flag.
    pub(crate) sign: u8,
    /// 0 where the zero flag is set.
    pub(crate) not_zero: u8,
    /// 0 or 1.
    pub(crate) carry: u8,
    pub(crate) overflow: bool,
    pub(crate) decimal: bool,
    pub(crate) interrupts_off: bool,
    /// A JAM instruction stopped it for good.
    pub(crate) jammed: bool,
}

impl Cpu {
    pub(crate) fn new() -> Self {
        Self {
            pc: 0,
            a: 0,
            x: 0,
            y: 0,
            sp: 0xff,
            sign: 0,
            not_zero: 1,
            carry: 0,
            overflow: false,
            decimal: false,
            interrupts_off: false,
            jammed: false,
        }
    }

    /// The status register as PHP and BRK push it.
    #[inline(always)]
    pub(crate) fn status(&self) -> u8 {
        self.sign & 0x80
            | u8::from(self.overflow) << 6
            | 0x30
            | u8::from(self.decimal) << 3
            | u8::from(self.interrupts_off) << 2
            | u8::from(self.not_zero == 0) << 1
            | self.carry
    }

    #[inline(always)]
    pub(crate) fn set_status(&mut self, status: u8) {
        self.sign = status;
        self.overflow = status & 0x40 != 0;
        self.decimal = status & 8 != 0;
        self.interrupts_off = status & 4 != 0;
        self.not_zero = !status & 2;
        self.carry = status & 1;
    }

    /// Sets sign and zero from a result.
    #[inline(always)]
    pub(crate) fn set_nz(&mut self, value: u8) {
        self.sign = value;
        self.not_zero = value;
    }
}
