//! What each instruction becomes.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types::I32};

use super::{
    callbacks::{GO_ON, INTERPRET},
    emit::Emitter,
    region::Step,
};
use crate::cpu::instructions::{
    Kind, Mode, Operation, Register,
    Register::{A, C, D, I, N, Sp, V, X, Y, Z},
};

impl Emitter<'_> {
    fn set_nz(&mut self, value: Value) {
        self.set(N, value);
        self.set(Z, value);
    }

    fn load(&mut self, register: Register, value: Value) {
        self.set(register, value);
        self.set_nz(value);
    }

    pub(super) fn step(&mut self, step: &Step) {
        let operation = step.row.operation;
        if matches!(operation, Operation::Adc | Operation::Sbc) && !self.known.binary {
            let decimal = self.get(D);
            self.leave_if(decimal, step.pc, INTERPRET);
        }
        self.add_cycles(step.row.cycles.into());
        match step.row.kind {
            Kind::Read => {
                let value = self.operand(step);
                self.take(operation, value);
            }
            Kind::Store => {
                let place = self.place(step, false);
                let value = self.given(operation);
                self.write(place, value, Some(step.next()));
            }
            Kind::Modify => self.modify(step),
            Kind::Push if operation == Operation::Php => self.push_status(Some(step.next())),
            Kind::Push => {
                let a = self.get(A);
                self.push(a, Some(step.next()));
            }
            Kind::Pull => {
                let bus = self.constant(step.opcode.into());
                let value = self.pull(bus);
                if operation == Operation::Pla { self.load(A, value) } else { self.set_status(value) }
            }
            Kind::Branch => self.branch(step),
            Kind::Jump => self.leap(step),
            Kind::Implied | Kind::StoreHigh => self.imply(operation),
        }
    }

    /// Takes the byte that an instruction reads.
    fn take(&mut self, operation: Operation, value: Value) {
        match operation {
            Operation::Lda => self.load(A, value),
            Operation::Ldx => self.load(X, value),
            Operation::Ldy => self.load(Y, value),
            Operation::And => {
                let a = self.get(A);
                let result = self.b.ins().band(a, value);
                self.load(A, result);
            }
            Operation::Ora => {
                let a = self.get(A);
                let result = self.b.ins().bor(a, value);
                self.load(A, result);
            }
            Operation::Eor => {
                let a = self.get(A);
                let result = self.b.ins().bxor(a, value);
                self.load(A, result);
            }
            Operation::Adc => self.add(value),
            Operation::Sbc => {
                let inverted = self.b.ins().bxor_imm(value, 0xff);
                self.add(inverted);
            }
            Operation::Cpx => self.compare(X, value),
            Operation::Cpy => self.compare(Y, value),
            Operation::Bit => {
                self.set(N, value);
                let bit = self.b.ins().ushr_imm(value, 6);
                let bit = self.b.ins().band_imm(bit, 1);
                self.set(V, bit);
                let a = self.get(A);
                let masked = self.b.ins().band(value, a);
                self.set(Z, masked);
            }
            Operation::Cmp => self.compare(A, value),
            Operation::Lax => {
                self.load(A, value);
                self.set(X, value);
            }
            // The others read for nothing.
            _ => {}
        }
    }

    /// The byte that an instruction writes.
    fn given(&mut self, operation: Operation) -> Value {
        match operation {
            Operation::Stx => self.get(X),
            Operation::Sty => self.get(Y),
            Operation::Sax => {
                let (a, x) = (self.get(A), self.get(X));
                self.b.ins().band(a, x)
            }
            _ => self.get(A),
        }
    }

    /// Emits what works on registers alone.
    fn imply(&mut self, operation: Operation) {
        match operation {
            Operation::Clc => self.set_flag(C, false),
            Operation::Sec => self.set_flag(C, true),
            Operation::Cli => self.set_flag(I, false),
            Operation::Sei => self.set_flag(I, true),
            Operation::Cld => self.set_flag(D, false),
            Operation::Sed => self.set_flag(D, true),
            Operation::Clv => self.set_flag(V, false),
            Operation::Tax => self.transfer(A, X),
            Operation::Tay => self.transfer(A, Y),
            Operation::Txa => self.transfer(X, A),
            Operation::Tya => self.transfer(Y, A),
            Operation::Tsx => self.transfer(Sp, X),
            Operation::Txs => {
                let x = self.get(X);
                self.set(Sp, x);
            }
            Operation::Dex => self.count(X, -1),
            Operation::Dey => self.count(Y, -1),
            Operation::Inx => self.count(X, 1),
            Operation::Iny => self.count(Y, 1),
            _ => {}
        }
    }

    /// Emits a jump, call, interrupt or return.
    fn leap(&mut self, step: &Step) {
        match step.row.operation {
            Operation::Jsr => {
                self.push_pc(step.pc.wrapping_add(2));
                self.end_frame(step.operand);
                self.jump(step.operand, step.pc);
            }
            Operation::Brk => {
                self.push_pc(step.pc.wrapping_add(2));
                self.push_status(None);
                self.set_flag(I, true);
                self.end_frame(step.operand);
                self.jump(step.operand, step.pc);
            }
            Operation::Rts => {
                let bus = self.constant(step.opcode.into());
                let back = self.pull_pc(bus);
                let back = self.b.ins().iadd_imm(back, 1);
                self.go_back(back, step.pc);
            }
            Operation::Rti => {
                let bus = self.constant(step.opcode.into());
                let status = self.pull(bus);
                self.set_status(status);
                let back = self.pull_pc(status);
                self.go_back(back, step.pc);
            }
            _ if step.row.mode == Mode::Indirect => {
                let target = self.target_at(step.operand);
                self.leave(target, GO_ON);
            }
            _ => self.jump(step.operand, step.pc),
        }
    }

    fn add(&mut self, value: Value) {
        let (a, carry) = (self.get(A), self.get(C));
        let sum = self.b.ins().iadd(a, value);
        let sum = self.b.ins().iadd(sum, carry);
        let carry = self.b.ins().ushr_imm(sum, 8);
        self.set(C, carry);
        let [differ, changed] = [value, sum].map(|other| self.b.ins().bxor(a, other));
        let overflow = self.b.ins().band_not(changed, differ);
        let overflow = self.b.ins().ushr_imm(overflow, 7);
        let overflow = self.b.ins().band_imm(overflow, 1);
        self.set(V, overflow);
        let sum = self.b.ins().band_imm(sum, 0xff);
        self.load(A, sum);
    }

    fn compare(&mut self, register: Register, value: Value) {
        let register = self.get(register);
        let carry = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, register, value);
        let carry = self.b.ins().uextend(I32, carry);
        self.set(C, carry);
        let difference = self.b.ins().isub(register, value);
        let difference = self.b.ins().band_imm(difference, 0xff);
        self.set_nz(difference);
    }

    fn modify(&mut self, step: &Step) {
        if step.row.mode == Mode::Accumulator {
            let a = self.get(A);
            let result = self.changed(step.row.operation, a);
            return self.set(A, result);
        }
        let place = self.place(step, false);
        let value = self.read(place);
        let result = self.changed(step.row.operation, value);
        self.write(place, result, Some(step.next()));
    }

    /// The result of a shift, DEC or INC, with its flags set.
    fn changed(&mut self, operation: Operation, value: Value) -> Value {
        let result = match operation {
            Operation::Asl | Operation::Rol => {
                let shifted = self.b.ins().ishl_imm(value, 1);
                let carry_in = self.get(C);
                let carry = self.b.ins().ushr_imm(value, 7);
                self.set(C, carry);
                if operation == Operation::Rol { self.b.ins().bor(shifted, carry_in) } else { shifted }
            }
            Operation::Lsr | Operation::Ror => {
                let shifted = self.b.ins().ushr_imm(value, 1);
                let carry_in = self.get(C);
                let carry_in = self.b.ins().ishl_imm(carry_in, 7);
                let carry = self.b.ins().band_imm(value, 1);
                self.set(C, carry);
                if operation == Operation::Ror { self.b.ins().bor(shifted, carry_in) } else { shifted }
            }
            Operation::Dec | Operation::Dcp => self.b.ins().iadd_imm(value, -1),
            _ => self.b.ins().iadd_imm(value, 1),
        };
        let result = self.b.ins().band_imm(result, 0xff);
        if operation == Operation::Dcp {
            self.compare(A, result)
        } else {
            self.set_nz(result)
        }
        result
    }

    /// The value of an instruction that only reads.
    fn operand(&mut self, step: &Step) -> Value {
        if step.row.mode == Mode::Immediate {
            return self.constant(step.operand.into());
        }
        let place = self.place(step, true);
        self.read(place)
    }

    fn set_flag(&mut self, flag: Register, on: bool) {
        let value = self.constant(on.into());
        self.set(flag, value);
    }

    fn transfer(&mut self, from: Register, to: Register) {
        let value = self.get(from);
        self.load(to, value);
    }

    fn count(&mut self, register: Register, by: i64) {
        let value = self.get(register);
        let value = self.b.ins().iadd_imm(value, by);
        let value = self.b.ins().band_imm(value, 0xff);
        self.load(register, value);
    }

    fn branch(&mut self, step: &Step) {
        let (flag, taken_if_set) = self.condition(step.row.operation);
        let [set, clear] = [(); 2].map(|()| self.b.create_block());
        self.b.ins().brif(flag, set, &[], clear, &[]);
        for (block, taken) in [(set, taken_if_set), (clear, !taken_if_set)] {
            self.b.switch_to_block(block);
            match step.target() {
                Some(target) if taken => {
                    self.add_cycles(1 + u32::from((target ^ step.next()) & 0xff00 != 0));
                    self.jump(target, step.pc);
                }
                _ => self.go_to(step.next()),
            }
        }
    }

    /// A branch's flag, and whether it is taken where that is set.
    fn condition(&mut self, operation: Operation) -> (Value, bool) {
        let flag = match operation {
            Operation::Bpl | Operation::Bmi => {
                let sign = self.get(N);
                self.b.ins().band_imm(sign, 0x80)
            }
            Operation::Bvc | Operation::Bvs => self.get(V),
            Operation::Bcc | Operation::Bcs => self.get(C),
            _ => self.get(Z),
        };
        // Of the zero flag, it is the opposite that is kept.
        (flag, matches!(operation, Operation::Bmi | Operation::Bvs | Operation::Bcs | Operation::Bne))
    }
}
