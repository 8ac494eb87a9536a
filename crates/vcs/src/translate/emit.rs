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
    callbacks::{CALM, GO_ON},
    known::Known,
    region::Region,
    view::View,
};
use crate::{
    cartridge::Cartridge,
    cpu::{
        Cpu,
        instructions::{
            Kind, Register,
            Register::{A, C, D, I, N, Sp, V, X, Y, Z},
        },
    },
    machine::{LINE, Machine},
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
    /// When some line before began: mostly the one that the last WSYNC waited for.
    line: Variable,
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
    let line = b.declare_var(I32);
    let into_line = b.ins().urem_imm(value, i64::from(LINE));
    let value = b.ins().isub(value, into_line);
    b.def_var(line, value);
    let leaders = region.leaders.iter().filter(|leader| region.instructions.contains_key(leader));
    let blocks: BTreeMap<u16, Block> = leaders.map(|leader| (*leader, b.create_block())).collect();
    let mut emitter = Emitter {
        b,
        registers,
        t,
        line,
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
        if let Some((awaited, cycles)) = self.region.wait_at(pc) {
            self.wait_for_timer(awaited, cycles);
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

    /// The begin of some line before.
    pub(super) fn line(&mut self) -> Value {
        self.b.use_var(self.line)
    }

    /// The time is the begin of a line.
    pub(super) fn set_line(&mut self, t: Value) {
        self.b.def_var(self.t, t);
        self.b.def_var(self.line, t);
    }

    pub(super) fn add_cycles(&mut self, cycles: u32) {
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

    pub(super) fn go_to(&mut self, pc: u16) {
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
        let pc = self.constant(pc.into());
        self.leave_to_if(condition, pc, status);
    }

    fn leave_to_if(&mut self, condition: Value, pc: Value, status: i64) {
        let [leave, stay] = [(); 2].map(|()| self.b.create_block());
        self.b.set_cold_block(leave);
        self.b.ins().brif(condition, leave, &[], stay, &[]);
        self.b.switch_to_block(leave);
        self.leave(pc, status);
        self.b.switch_to_block(stay);
    }

    /// Leaves for this address if it is late in the frame.
    pub(super) fn leave_in_time(&mut self, pc: Value) {
        let t = self.time();
        let over = self.ends_soon(t);
        self.leave_to_if(over, pc, GO_ON);
    }

    /// Whether it is so late at this time that translated code does not go on.
    pub(super) fn ends_soon(&mut self, t: Value) -> Value {
        let late = self.b.ins().load(I32, MemFlags::trusted(), self.machine, offset_of!(Machine, late) as i32);
        let last = self.b.ins().iadd_imm(late, -i64::from(CALM));
        self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, t, last)
    }

    /// Goes to an address. Every loop has a jump backwards, where it is left in time.
    pub(super) fn jump(&mut self, target: u16, from: u16) {
        if target <= from {
            let pc = self.constant(target.into());
            self.leave_in_time(pc);
        }
        self.go_to(target);
    }

    /// The block that begins at an address.
    pub(super) fn block(&self, pc: u16) -> Option<Block> {
        self.blocks.get(&pc).copied()
    }
}
