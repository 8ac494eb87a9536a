//! Translated stack accesses: pushes, pulls, the status register, and returns.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types::I32};
use cranelift_frontend::Switch;

use super::{
    callbacks::{self, GO_ON},
    emit::Emitter,
    memory::Place,
};
use crate::{
    cpu::instructions::Register::{C, D, I, N, Sp, V, Z},
    tia::Tia,
};

impl Emitter<'_> {
    /// Moves the stack pointer; returns the place that it names, before or after that.
    fn move_stack(&mut self, by: i8, before: bool) -> Place {
        let sp = self.get(Sp);
        let moved = self.b.ins().iadd_imm(sp, i64::from(by));
        let moved = self.b.ins().band_imm(moved, 0xff);
        self.set(Sp, moved);
        let known = self.known.sp;
        self.known.sp = known.map(|sp| sp.wrapping_add_signed(by));
        match if before { known } else { self.known.sp } {
            Some(sp) => Place::Low(sp, sp),
            None => Place::ZeroPage(if before { sp } else { moved }, None),
        }
    }

    pub(super) fn push(&mut self, value: Value, next: Option<u16>) {
        let place = self.move_stack(-1, true);
        self.write(place, value, next);
    }

    /// Pushes an address; the caller asks whether that has ended the frame.
    pub(super) fn push_pc(&mut self, pc: u16) {
        for byte in [pc >> 8, pc & 0xff] {
            let byte = self.constant(byte.into());
            self.push(byte, None);
        }
    }

    /// Takes a byte from the stack, where this one was on the bus before.
    pub(super) fn pull(&mut self, bus: Value) -> Value {
        let place = self.move_stack(1, false);
        match place {
            Place::Low(address, _) if address & 0x80 != 0 => self.read(place),
            _ => {
                let sp = self.get(Sp);
                self.read_memory_or(sp, |this| {
                    let t = this.time();
                    this.call(callbacks::pull_tia as *const u8, &[sp, bus, t])
                })
            }
        }
    }

    /// Pushes the status register as [`Cpu::status`] gives it; where the stack is known to be in the TIA, those of its bits
    /// that the register there has.
    pub(super) fn push_status(&mut self, next: Option<u16>) {
        let place = self.move_stack(-1, true);
        let bits = match place {
            Place::Low(address, _) if address & 0x80 == 0 => Tia::BITS[usize::from(address & 0x3f)],
            _ => 0xff,
        };
        let mut status = self.constant((bits & 0x30).into());
        let flags = [(N, 0), (V, 6), (D, 3), (I, 2), (Z, 1), (C, 0)];
        for (flag, bit) in flags {
            let mask = if flag == N { 0x80 } else { 1 << bit };
            if bits & mask == 0 {
                continue;
            }
            let mut value = self.get(flag);
            if flag == N {
                value = self.b.ins().band_imm(value, 0x80);
            } else if flag == Z {
                let zero = self.b.ins().icmp_imm(IntCC::Equal, value, 0);
                value = self.b.ins().uextend(I32, zero);
            }
            let value = self.b.ins().ishl_imm(value, bit);
            status = self.b.ins().bor(status, value);
        }
        self.write(place, status, next);
    }

    /// Sets the flags as [`Cpu::set_status`] does.
    pub(super) fn set_status(&mut self, status: Value) {
        self.set(N, status);
        for (flag, bit) in [(V, 6), (D, 3), (I, 2), (C, 0)] {
            let value = self.b.ins().ushr_imm(status, bit);
            let value = self.b.ins().band_imm(value, 1);
            self.set(flag, value);
        }
        let not_zero = self.b.ins().bnot(status);
        let not_zero = self.b.ins().band_imm(not_zero, 2);
        self.set(Z, not_zero);
    }

    pub(super) fn pull_pc(&mut self, bus: Value) -> Value {
        let low = self.pull(bus);
        let high = self.pull(low);
        let high = self.b.ins().ishl_imm(high, 8);
        self.b.ins().bor(low, high)
    }

    /// Goes to an address that is one of those that the region's calls return to, or leaves.
    pub(super) fn go_back(&mut self, back: Value, from: u16) {
        if self.region.comes_back(from) {
            self.leave_in_time(back);
        }
        let mut switch = Switch::new();
        for address in &self.region.returns {
            if let Some(block) = self.block(*address) {
                switch.set_entry((*address).into(), block);
            }
        }
        let elsewhere = self.b.create_block();
        switch.emit(&mut self.b, back, elsewhere);
        self.b.switch_to_block(elsewhere);
        self.leave(back, GO_ON);
    }
}
