//! From a region's instructions to a function of the code generator.
//!
//! The registers are variables, loaded at the function's begin and stored wherever it ends. Bytes are kept as 32-bit
//! numbers below 256.

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
    known::Known,
    region::{BRK, Instruction, Mode, RTI, Region},
};
use crate::{cpu::Cpu, machine::Machine};

/// The registers: each one's place in [`Cpu`].
const REGISTERS: [usize; 10] = [
    offset_of!(Cpu, a),
    offset_of!(Cpu, x),
    offset_of!(Cpu, y),
    offset_of!(Cpu, sp),
    offset_of!(Cpu, sign),
    offset_of!(Cpu, not_zero),
    offset_of!(Cpu, carry),
    offset_of!(Cpu, overflow),
    offset_of!(Cpu, decimal),
    offset_of!(Cpu, interrupts_off),
];
const A: usize = 0;
const X: usize = 1;
const Y: usize = 2;
pub(super) const SP: usize = 3;
pub(super) const SIGN: usize = 4;
pub(super) const NOT_ZERO: usize = 5;
pub(super) const CARRY: usize = 6;
pub(super) const OVERFLOW: usize = 7;
pub(super) const DECIMAL: usize = 8;
pub(super) const INTERRUPTS_OFF: usize = 9;

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
    /// What is known in front of the current instruction.
    pub(super) known: Known,
}

/// Fills `function` with the region's code.
pub(super) fn region(function: &mut Function, config: TargetFrontendConfig, entry: u16, region: &Region) {
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(function, &mut context);
    let begin = b.create_block();
    b.append_block_params_for_function_params(begin);
    b.switch_to_block(begin);
    let (cpu, machine, surroundings, window) =
        (b.block_params(begin)[0], b.block_params(begin)[1], b.block_params(begin)[2], b.block_params(begin)[3]);
    let registers = REGISTERS.map(|offset| {
        let variable = b.declare_var(I32);
        let value = b.ins().uload8(I32, MemFlags::trusted(), cpu, offset as i32);
        b.def_var(variable, value);
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
        while let Some(instruction) = self.region.instructions.get(&pc) {
            let after = self.known.after(instruction);
            self.instruction(instruction);
            self.known = after;
            if instruction.ends() || instruction.is_branch() {
                return;
            }
            pc = instruction.next();
            if self.blocks.contains_key(&pc) {
                break;
            }
        }
        self.go_to(pc);
    }

    pub(super) fn get(&mut self, register: usize) -> Value {
        self.b.use_var(self.registers[register])
    }

    pub(super) fn set(&mut self, register: usize, value: Value) {
        self.b.def_var(self.registers[register], value);
    }

    fn set_nz(&mut self, value: Value) {
        self.set(SIGN, value);
        self.set(NOT_ZERO, value);
    }

    fn load(&mut self, register: usize, value: Value) {
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
                self.leave(pc, super::GO_ON);
            }
        }
    }

    /// Stores all registers and returns.
    pub(super) fn leave(&mut self, pc: Value, status: i64) {
        let flags = MemFlags::trusted();
        for (register, offset) in REGISTERS.into_iter().enumerate() {
            let value = self.get(register);
            self.b.ins().istore8(flags, value, self.cpu, offset as i32);
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

    fn instruction(&mut self, i: &Instruction) {
        let opcode = i.opcode;
        let adds = opcode & 3 == 1 && matches!(opcode >> 5, 3 | 7);
        if adds && !self.known.binary {
            let decimal = self.get(DECIMAL);
            self.leave_if(decimal, i.pc, super::INTERPRET);
        }
        self.add_cycles(i.cycles());
        if i.is_branch() {
            return self.branch(i);
        }
        match opcode {
            0x4c => self.jump(i.operand, i.pc),
            0x20 => {
                let back = i.pc.wrapping_add(2);
                for byte in [back >> 8, back & 0xff] {
                    let byte = self.constant(byte.into());
                    self.push(byte, None);
                }
                self.end_frame(i.operand);
                self.jump(i.operand, i.pc);
            }
            0x60 => {
                let bus = self.constant(opcode.into());
                let back = self.pull_pc(bus);
                let back = self.b.ins().iadd_imm(back, 1);
                self.go_back(back, i.pc);
            }
            BRK => {
                let back = i.pc.wrapping_add(2);
                for byte in [back >> 8, back & 0xff] {
                    let byte = self.constant(byte.into());
                    self.push(byte, None);
                }
                self.push_status(None);
                self.set_flag(INTERRUPTS_OFF, true);
                self.end_frame(i.operand);
                self.jump(i.operand, i.pc);
            }
            RTI => {
                let bus = self.constant(opcode.into());
                let status = self.pull(bus);
                self.set_status(status);
                let back = self.pull_pc(status);
                self.go_back(back, i.pc);
            }
            0x08 => self.push_status(Some(i.next())),
            0x48 => {
                let a = self.get(A);
                self.push(a, Some(i.next()));
            }
            0x68 => {
                let bus = self.constant(opcode.into());
                let value = self.pull(bus);
                self.load(A, value);
            }
            0x18 | 0x38 => self.set_flag(CARRY, opcode == 0x38),
            0x58 | 0x78 => self.set_flag(INTERRUPTS_OFF, opcode == 0x78),
            0xd8 | 0xf8 => self.set_flag(DECIMAL, opcode == 0xf8),
            0xb8 => self.set_flag(OVERFLOW, false),
            0xaa => self.transfer(A, X),
            0xa8 => self.transfer(A, Y),
            0x8a => self.transfer(X, A),
            0x98 => self.transfer(Y, A),
            0xba => self.transfer(SP, X),
            0x9a => {
                let x = self.get(X);
                self.set(SP, x);
            }
            0xca => self.count(X, -1),
            0x88 => self.count(Y, -1),
            0xe8 => self.count(X, 1),
            0xc8 => self.count(Y, 1),
            0xea => {}
            0x24 | 0x2c => {
                let value = self.operand(i);
                self.set(SIGN, value);
                let bit = self.b.ins().ushr_imm(value, 6);
                let bit = self.b.ins().band_imm(bit, 1);
                self.set(OVERFLOW, bit);
                let a = self.get(A);
                let masked = self.b.ins().band(value, a);
                self.set(NOT_ZERO, masked);
            }
            0xa0 | 0xa4 | 0xac | 0xb4 | 0xbc => {
                let value = self.operand(i);
                self.load(Y, value);
            }
            0xa2 | 0xa6 | 0xae | 0xb6 | 0xbe => {
                let value = self.operand(i);
                self.load(X, value);
            }
            0x84 | 0x8c | 0x94 => self.store(i, Y),
            0x86 | 0x8e | 0x96 => self.store(i, X),
            0xc0 | 0xc4 | 0xcc => self.compare(i, Y),
            0xe0 | 0xe4 | 0xec => self.compare(i, X),
            _ if opcode & 3 == 1 => self.arithmetic(i),
            _ => self.modify(i),
        }
    }

    fn arithmetic(&mut self, i: &Instruction) {
        if i.opcode >> 5 == 4 {
            return self.store(i, A);
        }
        if i.opcode >> 5 == 6 {
            return self.compare(i, A);
        }
        let value = self.operand(i);
        let a = self.get(A);
        let result = match i.opcode >> 5 {
            0 => self.b.ins().bor(a, value),
            1 => self.b.ins().band(a, value),
            2 => self.b.ins().bxor(a, value),
            3 => return self.add(value),
            5 => value,
            _ => {
                let inverted = self.b.ins().bxor_imm(value, 0xff);
                return self.add(inverted);
            }
        };
        self.load(A, result);
    }

    fn add(&mut self, value: Value) {
        let (a, carry) = (self.get(A), self.get(CARRY));
        let sum = self.b.ins().iadd(a, value);
        let sum = self.b.ins().iadd(sum, carry);
        let carry = self.b.ins().ushr_imm(sum, 8);
        self.set(CARRY, carry);
        let [differ, changed] = [value, sum].map(|other| self.b.ins().bxor(a, other));
        let overflow = self.b.ins().band_not(changed, differ);
        let overflow = self.b.ins().ushr_imm(overflow, 7);
        let overflow = self.b.ins().band_imm(overflow, 1);
        self.set(OVERFLOW, overflow);
        let sum = self.b.ins().band_imm(sum, 0xff);
        self.load(A, sum);
    }

    fn compare(&mut self, i: &Instruction, register: usize) {
        let value = self.operand(i);
        let register = self.get(register);
        let carry = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, register, value);
        let carry = self.b.ins().uextend(I32, carry);
        self.set(CARRY, carry);
        let difference = self.b.ins().isub(register, value);
        let difference = self.b.ins().band_imm(difference, 0xff);
        self.set_nz(difference);
    }

    fn modify(&mut self, i: &Instruction) {
        if i.mode == Mode::Implied {
            let a = self.get(A);
            let result = self.modified(i.opcode, a);
            return self.set(A, result);
        }
        let place = self.place(i, false);
        let value = self.read(place);
        let result = self.modified(i.opcode, value);
        self.write(place, result, Some(i.next()));
    }

    /// The result of a shift, DEC or INC, with its flags set.
    fn modified(&mut self, opcode: u8, value: Value) -> Value {
        let result = match opcode >> 5 {
            0 | 1 => {
                let shifted = self.b.ins().ishl_imm(value, 1);
                let carry_in = self.get(CARRY);
                let carry = self.b.ins().ushr_imm(value, 7);
                self.set(CARRY, carry);
                if opcode >> 5 == 1 { self.b.ins().bor(shifted, carry_in) } else { shifted }
            }
            2 | 3 => {
                let shifted = self.b.ins().ushr_imm(value, 1);
                let carry_in = self.get(CARRY);
                let carry_in = self.b.ins().ishl_imm(carry_in, 7);
                let carry = self.b.ins().band_imm(value, 1);
                self.set(CARRY, carry);
                if opcode >> 5 == 3 { self.b.ins().bor(shifted, carry_in) } else { shifted }
            }
            6 => self.b.ins().iadd_imm(value, -1),
            _ => self.b.ins().iadd_imm(value, 1),
        };
        let result = self.b.ins().band_imm(result, 0xff);
        self.set_nz(result);
        result
    }

    /// The value of an instruction that only reads.
    fn operand(&mut self, i: &Instruction) -> Value {
        if i.mode == Mode::Immediate {
            return self.constant(i.operand.into());
        }
        let place = self.place(i, true);
        self.read(place)
    }

    fn store(&mut self, i: &Instruction, register: usize) {
        let place = self.place(i, false);
        let value = self.get(register);
        self.write(place, value, Some(i.next()));
    }

    fn set_flag(&mut self, flag: usize, on: bool) {
        let value = self.constant(on.into());
        self.set(flag, value);
    }

    fn transfer(&mut self, from: usize, to: usize) {
        let value = self.get(from);
        self.load(to, value);
    }

    fn count(&mut self, register: usize, by: i64) {
        let value = self.get(register);
        let value = self.b.ins().iadd_imm(value, by);
        let value = self.b.ins().band_imm(value, 0xff);
        self.load(register, value);
    }

    fn branch(&mut self, i: &Instruction) {
        let sign = self.get(SIGN);
        let flag = match i.opcode >> 6 {
            0 => self.b.ins().band_imm(sign, 0x80),
            1 => self.get(OVERFLOW),
            2 => self.get(CARRY),
            _ => {
                let not_zero = self.get(NOT_ZERO);
                self.b.ins().icmp_imm(IntCC::Equal, not_zero, 0)
            }
        };
        let [set, clear] = [(); 2].map(|()| self.b.create_block());
        self.b.ins().brif(flag, set, &[], clear, &[]);
        let taken_if_set = i.opcode & 0x20 != 0;
        for (block, taken) in [(set, taken_if_set), (clear, !taken_if_set)] {
            self.b.switch_to_block(block);
            match i.target() {
                Some(target) if taken => {
                    self.add_cycles(1 + u32::from((target ^ i.next()) & 0xff00 != 0));
                    self.jump(target, i.pc);
                }
                _ => self.go_to(i.next()),
            }
        }
    }

    /// Goes to an address. Every loop has a jump backwards, where it is left in time.
    pub(super) fn jump(&mut self, target: u16, from: u16) {
        if target <= from {
            let t = self.time();
            let late = self.b.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, t, i64::from(super::LAST_CYCLE));
            self.leave_if(late, target, super::GO_ON);
        }
        self.go_to(target);
    }
}
