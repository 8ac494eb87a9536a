//! From a region's instructions to a function of the code generator.
//!
//! The registers that the region uses are variables, loaded at the function's begin; those that it writes are stored
//! wherever it ends. Bytes are kept as 32-bit numbers below 256.

use std::{collections::BTreeMap, mem::offset_of};

use cranelift_codegen::{
    ir::{
        AbiParam, Block, BlockArg, Function, InstBuilder, MemFlags, Signature, Value,
        condcodes::IntCC,
        types::{I32, I64},
    },
    isa::TargetFrontendConfig,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};

use super::{
    callbacks::{GO_ON, INTERPRET, LAST_CYCLE},
    known::Known,
    region::{Region, Step},
    view::View,
};
use crate::{
    cartridge::Cartridge,
    cpu::{
        Cpu,
        instructions::{
            Kind, Mode, Operation, Register,
            Register::{A, C, D, I, N, Sp, V, X, Y, Z},
        },
    },
    machine::Machine,
};

/// A register's place in [`Cpu`].
fn offset(register: Register) -> i32 {
    let offset = match register {
        A => offset_of!(Cpu, a),
        X => offset_of!(Cpu, x),
        Y => offset_of!(Cpu, y),
        Sp => offset_of!(Cpu, sp),
        N => offset_of!(Cpu, sign),
        Z => offset_of!(Cpu, not_zero),
        C => offset_of!(Cpu, carry),
        V => offset_of!(Cpu, overflow),
        D => offset_of!(Cpu, decimal),
        I => offset_of!(Cpu, interrupts_off),
    };
    offset as i32
}

pub(super) struct Emitter<'a> {
    pub(super) b: FunctionBuilder<'a>,
    registers: [Variable; 10],
    t: Variable,
    cpu: Value,
    pub(super) machine: Value,
    surroundings: Value,
    pub(super) window: Value,
    config: TargetFrontendConfig,
    blocks: BTreeMap<u16, Block>,
    pub(super) region: &'a Region,
    pub(super) view: &'a View,
    /// The current instruction may have changed banks.
    pub(super) may_change_banks: bool,
    /// What is known before the current instruction.
    pub(super) known: Known,
}

/// Fills `function` with the region's code.
pub(super) fn region(function: &mut Function, config: TargetFrontendConfig, entry: u16, region: &Region, view: &View) {
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(function, &mut context);
    let begin = b.create_block();
    b.append_block_params_for_function_params(begin);
    b.switch_to_block(begin);
    let (cpu, machine, surroundings, window) =
        (b.block_params(begin)[0], b.block_params(begin)[1], b.block_params(begin)[2], b.block_params(begin)[3]);
    let registers = Register::ALL.map(|register| {
        let variable = b.declare_var(I32);
        if region.uses.contains(register) {
            let value = b.ins().uload8(I32, MemFlags::trusted(), cpu, offset(register));
            b.def_var(variable, value);
        }
        variable
    });
    let t = b.declare_var(I32);
    let value = b.ins().load(I32, MemFlags::trusted(), machine, offset_of!(Machine, t) as i32);
    b.def_var(t, value);
    let leaders = region.leaders.iter().filter(|leader| region.instructions.contains_key(leader));
    let blocks: BTreeMap<u16, Block> = leaders.map(|leader| (*leader, b.create_block())).collect();
    let mut emitter = Emitter {
        b,
        registers,
        t,
        cpu,
        machine,
        surroundings,
        window,
        config,
        blocks,
        region,
        view,
        may_change_banks: false,
        known: Known::default(),
    };
    emitter.go_to(entry);
    let known = Known::of(entry, region);
    for (leader, block) in emitter.blocks.clone() {
        emitter.b.switch_to_block(block);
        emitter.known = known.get(&leader).copied().unwrap_or_default();
        emitter.chain(leader);
    }
    emitter.b.seal_all_blocks();
    emitter.b.finalize();
}

impl Emitter<'_> {
    /// Emits instructions up to the next leader or the end of the way.
    fn chain(&mut self, leader: u16) {
        let mut pc = leader;
        if let Some(cycles) = self.region.wait_at(pc) {
            self.wait_for_timer(cycles);
        }
        while let Some(step) = self.region.instructions.get(&pc) {
            let after = self.known.after(step);
            self.step(step);
            self.known = after;
            if matches!(step.row.kind, Kind::Jump | Kind::Branch) {
                self.may_change_banks = false;
                return;
            }
            self.leave_other_banks(step.next());
            pc = step.next();
            if self.blocks.contains_key(&pc) {
                break;
            }
        }
        self.go_to(pc);
    }

    /// Leaves where the instruction has changed banks.
    fn leave_other_banks(&mut self, next: u16) {
        if let (true, Some(slices)) = (std::mem::take(&mut self.may_change_banks), self.view.slices) {
            let place = offset_of!(Machine, cartridge) + offset_of!(Cartridge, slices);
            let now = self.b.ins().load(I32, MemFlags::trusted(), self.machine, place as i32);
            let then = i64::from(i32::from_le_bytes(slices));
            let changed = self.b.ins().icmp_imm(IntCC::NotEqual, now, then);
            self.leave_if(changed, next, GO_ON);
        }
    }

    pub(super) fn get(&mut self, register: Register) -> Value {
        self.b.use_var(self.registers[register as usize])
    }

    pub(super) fn set(&mut self, register: Register, value: Value) {
        self.b.def_var(self.registers[register as usize], value);
    }

    fn set_nz(&mut self, value: Value) {
        self.set(N, value);
        self.set(Z, value);
    }

    fn load(&mut self, register: Register, value: Value) {
        self.set(register, value);
        self.set_nz(value);
    }

    pub(super) fn x(&mut self) -> Value {
        self.get(X)
    }

    pub(super) fn y(&mut self) -> Value {
        self.get(Y)
    }

    pub(super) fn time(&mut self) -> Value {
        self.b.use_var(self.t)
    }

    pub(super) fn set_time(&mut self, t: Value) {
        self.b.def_var(self.t, t);
    }

    fn add_cycles(&mut self, cycles: u32) {
        let t = self.time();
        let t = self.b.ins().iadd_imm(t, i64::from(cycles));
        self.set_time(t);
    }

    pub(super) fn constant(&mut self, value: u32) -> Value {
        self.b.ins().iconst(I32, i64::from(value))
    }

    /// Calls back with the surroundings and these arguments.
    pub(super) fn call(&mut self, function: *const u8, arguments: &[Value]) -> Value {
        let mut signature = Signature::new(self.config.default_call_conv);
        signature.params.push(AbiParam::new(self.config.pointer_type()));
        signature.params.extend(arguments.iter().map(|_| AbiParam::new(I32)));
        signature.returns.push(AbiParam::new(I32));
        let signature = self.b.import_signature(signature);
        let function = self.b.ins().iconst(I64, function as i64);
        let mut all = vec![self.surroundings];
        all.extend(arguments);
        let call = self.b.ins().call_indirect(signature, function, &all);
        self.b.inst_results(call)[0]
    }

    /// The value of one of two ways.
    pub(super) fn either(
        &mut self,
        condition: Value,
        yes: impl FnOnce(&mut Self) -> Value,
        no: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let [then, other, after] = [(); 3].map(|()| self.b.create_block());
        let result = self.b.append_block_param(after, I32);
        self.b.ins().brif(condition, then, &[], other, &[]);
        self.b.switch_to_block(then);
        let value = yes(self);
        self.b.ins().jump(after, &[BlockArg::Value(value)]);
        self.b.switch_to_block(other);
        let value = no(self);
        self.b.ins().jump(after, &[BlockArg::Value(value)]);
        self.b.switch_to_block(after);
        result
    }

    /// One of two ways.
    pub(super) fn when(&mut self, condition: Value, yes: impl FnOnce(&mut Self), no: impl FnOnce(&mut Self)) {
        let [then, other, after] = [(); 3].map(|()| self.b.create_block());
        self.b.ins().brif(condition, then, &[], other, &[]);
        self.b.switch_to_block(then);
        yes(self);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(other);
        no(self);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }

    fn go_to(&mut self, pc: u16) {
        match self.blocks.get(&pc) {
            Some(block) => {
                self.b.ins().jump(*block, &[]);
            }
            None => {
                let pc = self.constant(pc.into());
                self.leave(pc, GO_ON);
            }
        }
    }

    /// Stores all registers and returns.
    pub(super) fn leave(&mut self, pc: Value, status: i64) {
        let flags = MemFlags::trusted();
        for register in Register::ALL.into_iter().filter(|register| self.region.writes.contains(*register)) {
            let value = self.get(register);
            self.b.ins().istore8(flags, value, self.cpu, offset(register));
        }
        self.b.ins().istore16(flags, pc, self.cpu, offset_of!(Cpu, pc) as i32);
        let t = self.time();
        self.b.ins().store(flags, t, self.machine, offset_of!(Machine, t) as i32);
        let status = self.b.ins().iconst(I32, status);
        self.b.ins().return_(&[status]);
    }

    pub(super) fn leave_if(&mut self, condition: Value, pc: u16, status: i64) {
        let [leave, stay] = [(); 2].map(|()| self.b.create_block());
        self.b.set_cold_block(leave);
        self.b.ins().brif(condition, leave, &[], stay, &[]);
        self.b.switch_to_block(leave);
        let pc = self.constant(pc.into());
        self.leave(pc, status);
        self.b.switch_to_block(stay);
    }

    fn step(&mut self, step: &Step) {
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

    /// Goes to an address. Every loop has a jump backwards, where it is left in time.
    pub(super) fn jump(&mut self, target: u16, from: u16) {
        if target <= from {
            let t = self.time();
            let late = self.b.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, t, i64::from(LAST_CYCLE));
            self.leave_if(late, target, GO_ON);
        }
        self.go_to(target);
    }
}
