//! What instructions compute with the registers alone.

use super::Cpu;

impl Cpu {
    #[inline(always)]
    pub(super) fn load_a(&mut self, value: u8) {
        self.a = value;
        self.set_nz(value);
    }

    #[inline(always)]
    pub(super) fn adc(&mut self, value: u8) {
        if self.decimal {
            return self.adc_decimal(value);
        }
        let sum = u16::from(self.a) + u16::from(value) + u16::from(self.carry);
        self.carry = (sum >> 8) as u8;
        self.overflow = !(self.a ^ value) & (self.a ^ sum as u8) & 0x80 != 0;
        self.load_a(sum as u8);
    }

    #[inline(always)]
    pub(super) fn sbc(&mut self, value: u8) {
        if self.decimal {
            return self.sbc_decimal(value);
        }
        self.adc(!value);
    }

    /// Source of the flags: Bruce Clark, *Decimal Mode* (6502.org), sequence 1 and 2 for the NMOS 6502.
    #[inline(always)]
    fn adc_decimal(&mut self, value: u8) {
        let (a, b) = (u16::from(self.a), u16::from(value));
        let binary = (a + b + u16::from(self.carry)) as u8;
        let mut low = (a & 0x0f) + (b & 0x0f) + u16::from(self.carry);
        if low >= 0x0a {
            low = ((low + 6) & 0x0f) + 0x10;
        }
        let mut sum = (a & 0xf0) + (b & 0xf0) + low;
        self.sign = sum as u8;
        self.not_zero = binary;
        self.overflow = !(self.a ^ value) & (self.a ^ sum as u8) & 0x80 != 0;
        if sum >= 0xa0 {
            sum += 0x60;
        }
        self.carry = u8::from(sum >= 0x100);
        self.a = sum as u8;
    }

    /// The flags are those of the binary subtraction.
    #[inline(always)]
    fn sbc_decimal(&mut self, value: u8) {
        let (a, b, borrow) = (i16::from(self.a), i16::from(value), 1 - i16::from(self.carry));
        let mut low = (a & 0x0f) - (b & 0x0f) - borrow;
        if low < 0 {
            low = ((low - 6) & 0x0f) - 0x10;
        }
        let mut difference = (a & 0xf0) - (b & 0xf0) + low;
        if difference < 0 {
            difference -= 0x60;
        }
        let binary = a - b - borrow;
        self.overflow = (self.a ^ value) & (self.a ^ binary as u8) & 0x80 != 0;
        self.carry = u8::from(binary >= 0);
        self.set_nz(binary as u8);
        self.a = difference as u8;
    }

    #[inline(always)]
    pub(super) fn compare(&mut self, register: u8, value: u8) {
        self.carry = u8::from(register >= value);
        self.set_nz(register.wrapping_sub(value));
    }

    #[inline(always)]
    pub(super) fn bit(&mut self, value: u8) {
        self.sign = value;
        self.overflow = value & 0x40 != 0;
        self.not_zero = value & self.a;
    }

    #[inline(always)]
    pub(super) fn asl(&mut self, value: u8) -> u8 {
        self.carry = value >> 7;
        self.set_nz(value << 1);
        value << 1
    }

    #[inline(always)]
    pub(super) fn lsr(&mut self, value: u8) -> u8 {
        self.carry = value & 1;
        self.set_nz(value >> 1);
        value >> 1
    }

    #[inline(always)]
    pub(super) fn rol(&mut self, value: u8) -> u8 {
        let result = value << 1 | self.carry;
        self.carry = value >> 7;
        self.set_nz(result);
        result
    }

    #[inline(always)]
    pub(super) fn ror(&mut self, value: u8) -> u8 {
        let result = value >> 1 | self.carry << 7;
        self.carry = value & 1;
        self.set_nz(result);
        result
    }

    #[inline(always)]
    pub(super) fn inc(&mut self, value: u8) -> u8 {
        let result = value.wrapping_add(1);
        self.set_nz(result);
        result
    }

    #[inline(always)]
    pub(super) fn dec(&mut self, value: u8) -> u8 {
        let result = value.wrapping_sub(1);
        self.set_nz(result);
        result
    }

    /// The undocumented ARR: AND, then ROR with flags from the bits that meet in the adder.
    #[inline(always)]
    pub(super) fn arr(&mut self, value: u8) {
        let masked = self.a & value;
        let result = masked >> 1 | self.carry << 7;
        self.set_nz(result);
        self.a = result;
        if !self.decimal {
            self.carry = result >> 6 & 1;
            self.overflow = (result >> 6 ^ result >> 5) & 1 != 0;
            return;
        }
        self.overflow = (result ^ masked) & 0x40 != 0;
        if (masked & 0x0f) + (masked & 1) > 5 {
            self.a = self.a & 0xf0 | self.a.wrapping_add(6) & 0x0f;
        }
        self.carry = u8::from(u16::from(masked & 0xf0) + u16::from(masked & 0x10) > 0x50);
        if self.carry == 1 {
            self.a = self.a.wrapping_add(0x60);
        }
    }

    /// The undocumented SBX: X = (A & X) - value, without borrow.
    #[inline(always)]
    pub(super) fn sbx(&mut self, value: u8) {
        let masked = self.a & self.x;
        self.compare(masked, value);
        self.x = masked.wrapping_sub(value);
    }
}
