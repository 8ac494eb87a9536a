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

    /// As ALE 0.12.1 computes it, which is what the processor does with decimal digits. With others, and in the flags, it
    /// is not.
    #[inline(always)]
    fn adc_decimal(&mut self, value: u8) {
        let sum = from_decimal(self.a) + from_decimal(value) + i32::from(self.carry);
        self.carry = u8::from(sum > 99);
        self.load_decimal(to_decimal(sum & 0xff), value);
    }

    /// The same.
    #[inline(always)]
    fn sbc_decimal(&mut self, value: u8) {
        let borrow = 1 - self.carry;
        let mut difference = from_decimal(self.a) - from_decimal(value) - i32::from(borrow);
        if difference < 0 {
            difference += 100;
        }
        self.carry = u8::from(u16::from(self.a) >= u16::from(value) + u16::from(borrow));
        // Digits above 9 lead below 0 still: ALE then turns the digits around.
        let digits = if difference < 0 { from_decimal(difference as u8) as u8 } else { to_decimal(difference) };
        self.load_decimal(digits, value);
    }

    #[inline(always)]
    fn load_decimal(&mut self, result: u8, value: u8) {
        self.overflow = (self.a ^ result) & (result ^ value) & 0x80 != 0;
        self.load_a(result);
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

/// The number that two decimal digits are.
fn from_decimal(digits: u8) -> i32 {
    i32::from(digits >> 4) * 10 + i32::from(digits & 0x0f)
}

/// The last two decimal digits of a number that is not below 0.
fn to_decimal(number: i32) -> u8 {
    (((number % 100 / 10) << 4) | (number % 10)) as u8
}
