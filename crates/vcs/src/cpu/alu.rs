//! What instructions compute with the registers alone.

use super::{instructions::Operation, registers::Cpu};

impl Cpu {
    /// Takes the byte that an instruction reads.
    #[inline(always)]
    pub(super) fn take(&mut self, operation: Operation, value: u8) {
        match operation {
            Operation::Lda => self.load_a(value),
            Operation::Ldx => self.x = self.transferred(value),
            Operation::Ldy => self.y = self.transferred(value),
            Operation::Adc => self.adc(value),
            Operation::Sbc => self.sbc(value),
            Operation::And => self.load_a(self.a & value),
            Operation::Ora => self.load_a(self.a | value),
            Operation::Eor => self.load_a(self.a ^ value),
            Operation::Cmp => self.compare(self.a, value),
            Operation::Cpx => self.compare(self.x, value),
            Operation::Cpy => self.compare(self.y, value),
            Operation::Bit => self.bit(value),
            Operation::Lax => self.load_ax(value),
            Operation::Anc => {
                self.load_a(self.a & value);
                self.carry = self.a >> 7;
            }
            Operation::Alr => self.a = self.lsr(self.a & value),
            Operation::Arr => self.arr(value),
            Operation::Sbx => self.sbx(value),
            // Unstable ones: the usual approximation, with the constant 0xee.
            Operation::Ane => self.load_a((self.a | 0xee) & self.x & value),
            Operation::Lxa => self.load_ax((self.a | 0xee) & value),
            Operation::Las => {
                self.sp &= value;
                self.load_ax(self.sp);
            }
            // The others read for nothing.
            _ => {}
        }
    }

    /// The byte that an instruction writes or pushes.
    #[inline(always)]
    pub(super) fn given(&self, operation: Operation) -> u8 {
        match operation {
            Operation::Stx | Operation::Shx => self.x,
            Operation::Sty | Operation::Shy => self.y,
            Operation::Sax | Operation::Sha | Operation::Tas => self.a & self.x,
            Operation::Php => self.status(),
            _ => self.a,
        }
    }

    /// What becomes of a byte that an instruction changes in its place.
    #[inline(always)]
    pub(super) fn change(&mut self, operation: Operation, value: u8) -> u8 {
        let changed = match operation {
            Operation::Asl | Operation::Slo => self.asl(value),
            Operation::Lsr | Operation::Sre => self.lsr(value),
            Operation::Rol | Operation::Rla => self.rol(value),
            Operation::Ror | Operation::Rra => self.ror(value),
            Operation::Inc | Operation::Isc => self.count(value, 1),
            _ => self.count(value, -1),
        };
        match operation {
            Operation::Slo => self.load_a(self.a | changed),
            Operation::Rla => self.load_a(self.a & changed),
            Operation::Sre => self.load_a(self.a ^ changed),
            Operation::Rra => self.adc(changed),
            Operation::Dcp => self.compare(self.a, changed),
            Operation::Isc => self.sbc(changed),
            _ => {}
        }
        changed
    }

    /// What an instruction without operand does.
    #[inline(always)]
    pub(super) fn imply(&mut self, operation: Operation) {
        match operation {
            Operation::Tax => self.x = self.transferred(self.a),
            Operation::Tay => self.y = self.transferred(self.a),
            Operation::Txa => self.a = self.transferred(self.x),
            Operation::Tya => self.a = self.transferred(self.y),
            Operation::Tsx => self.x = self.transferred(self.sp),
            Operation::Txs => self.sp = self.x,
            Operation::Inx => self.x = self.count(self.x, 1),
            Operation::Iny => self.y = self.count(self.y, 1),
            Operation::Dex => self.x = self.count(self.x, -1),
            Operation::Dey => self.y = self.count(self.y, -1),
            Operation::Clc => self.carry = 0,
            Operation::Sec => self.carry = 1,
            Operation::Cli => self.interrupts_off = false,
            Operation::Sei => self.interrupts_off = true,
            Operation::Cld => self.decimal = false,
            Operation::Sed => self.decimal = true,
            Operation::Clv => self.overflow = false,
            Operation::Jam => {
                self.jammed = true;
                self.pc = self.pc.wrapping_sub(1);
            }
            // NOP does nothing.
            _ => {}
        }
    }

    /// Takes a byte from the stack.
    #[inline(always)]
    pub(super) fn pulled(&mut self, operation: Operation, value: u8) {
        match operation {
            Operation::Pla => self.load_a(value),
            _ => self.set_status(value),
        }
    }

    /// Whether a branch is taken.
    #[inline(always)]
    pub(super) fn takes(&self, branch: Operation) -> bool {
        match branch {
            Operation::Bpl => self.sign & 0x80 == 0,
            Operation::Bmi => self.sign & 0x80 != 0,
            Operation::Bvc => !self.overflow,
            Operation::Bvs => self.overflow,
            Operation::Bcc => self.carry == 0,
            Operation::Bcs => self.carry != 0,
            Operation::Bne => self.not_zero != 0,
            _ => self.not_zero == 0,
        }
    }

    #[inline(always)]
    fn load_a(&mut self, value: u8) {
        self.a = value;
        self.set_nz(value);
    }

    #[inline(always)]
    fn load_ax(&mut self, value: u8) {
        self.x = value;
        self.load_a(value);
    }

    /// A byte as it goes into a register, with the flags that it sets.
    #[inline(always)]
    fn transferred(&mut self, value: u8) -> u8 {
        self.set_nz(value);
        value
    }

    #[inline(always)]
    fn adc(&mut self, value: u8) {
        if self.decimal {
            return self.adc_decimal(value);
        }
        let sum = u16::from(self.a) + u16::from(value) + u16::from(self.carry);
        self.carry = (sum >> 8) as u8;
        self.overflow = !(self.a ^ value) & (self.a ^ sum as u8) & 0x80 != 0;
        self.load_a(sum as u8);
    }

    #[inline(always)]
    fn sbc(&mut self, value: u8) {
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

    /// Subtracts decimal digits, as ALE 0.12.1 does.
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
    fn compare(&mut self, register: u8, value: u8) {
        self.carry = u8::from(register >= value);
        self.set_nz(register.wrapping_sub(value));
    }

    #[inline(always)]
    fn bit(&mut self, value: u8) {
        self.sign = value;
        self.overflow = value & 0x40 != 0;
        self.not_zero = value & self.a;
    }

    #[inline(always)]
    fn asl(&mut self, value: u8) -> u8 {
        self.carry = value >> 7;
        self.set_nz(value << 1);
        value << 1
    }

    #[inline(always)]
    fn lsr(&mut self, value: u8) -> u8 {
        self.carry = value & 1;
        self.set_nz(value >> 1);
        value >> 1
    }

    #[inline(always)]
    fn rol(&mut self, value: u8) -> u8 {
        let result = value << 1 | self.carry;
        self.carry = value >> 7;
        self.set_nz(result);
        result
    }

    #[inline(always)]
    fn ror(&mut self, value: u8) -> u8 {
        let result = value >> 1 | self.carry << 7;
        self.carry = value & 1;
        self.set_nz(result);
        result
    }

    #[inline(always)]
    fn count(&mut self, value: u8, by: i8) -> u8 {
        self.transferred(value.wrapping_add_signed(by))
    }

    /// The undocumented ARR: AND, then ROR with flags from the bits that meet in the adder.
    #[inline(always)]
    fn arr(&mut self, value: u8) {
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
    fn sbx(&mut self, value: u8) {
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
