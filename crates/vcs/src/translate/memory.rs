//! Translated memory accesses: the memory and the ROM inline, the chips by calls.

use std::mem::offset_of;

use cranelift_codegen::ir::{
    BlockArg, InstBuilder, MemFlags, Value,
    condcodes::IntCC,
    types::{I32, I64},
};

use super::{callbacks, emit::Emitter, region::Step};
use crate::{
    cpu::instructions::Mode,
    machine::{LINE, Machine},
    riot::Awaited,
    television::{Lines, MOST_LINES},
    tia::{PLAIN_MOTION, Tia, register},
};

const RAM: i32 = offset_of!(Machine, ram) as i32;
const CHARGED_AT: i32 = offset_of!(Machine, charged_at) as i32;
const LIMIT: i32 = offset_of!(Machine, limit) as i32;
const WRITTEN: i32 = (offset_of!(Machine, tia) + Tia::WRITTEN) as i32;
const OLD_GRP: i32 = (offset_of!(Machine, tia) + Tia::OLD_GRP) as i32;
const OLD_ENABL: i32 = (offset_of!(Machine, tia) + Tia::OLD_ENABL) as i32;

const MOTION: i32 = WRITTEN + register::HMP0 as i32;
const DRAWING: i32 = (offset_of!(Machine, tia) + Tia::DRAWING) as i32;
const ODD: i32 = (offset_of!(Machine, tia) + Tia::ODD) as i32;
const STARS: i32 = (offset_of!(Machine, tia) + Tia::STARS) as i32;
const MOVED: i32 = (offset_of!(Machine, tia) + Tia::MOVED) as i32;
const LINES: i32 = (offset_of!(Machine, tia) + Tia::LINES) as i32;

/// An address that an instruction works on.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// A constant one in the zero page, and the byte that was on the bus before.
    Low(u8, u8),
    /// A constant one that is named with two bytes.
    Absolute(u16),
    /// One in the zero page, and what was on the bus before, if not that address.
    ZeroPage(Value, Option<u8>),
    /// One that is named with two bytes and an index.
    Indexed(u16, Value),
    /// Any one, and its high byte before an index was added.
    Any(Value, Value),
}

impl Emitter<'_> {
    /// Where an instruction's operand is. `only_reads` is as in the interpreter: crossing a page takes a cycle then.
    pub(super) fn place(&mut self, step: &Step, only_reads: bool) -> Place {
        let operand = step.operand;
        match step.row.mode {
            Mode::ZeroPage => Place::Low(operand as u8, operand as u8),
            Mode::Absolute => Place::Absolute(operand),
            Mode::ZeroPageX | Mode::ZeroPageY => {
                let known = if step.row.mode == Mode::ZeroPageX { self.known.x } else { self.known.y };
                if let Some(index) = known {
                    return Place::Low((operand as u8).wrapping_add(index), operand as u8);
                }
                let index = if step.row.mode == Mode::ZeroPageX { self.x() } else { self.y() };
                let sum = self.b.ins().iadd_imm(index, i64::from(operand));
                Place::ZeroPage(self.b.ins().band_imm(sum, 0xff), Some(operand as u8))
            }
            Mode::AbsoluteX | Mode::AbsoluteY => {
                let index = if step.row.mode == Mode::AbsoluteX { self.x() } else { self.y() };
                if only_reads && operand & 0xff != 0 {
                    let low = self.b.ins().iadd_imm(index, i64::from(operand & 0xff));
                    self.add_crossing(low);
                }
                let sum = self.b.ins().iadd_imm(index, i64::from(operand));
                Place::Indexed(operand, self.b.ins().band_imm(sum, 0xffff))
            }
            Mode::IndirectX => {
                let x = self.x();
                let [low, high] = [0, 1].map(|i| {
                    let at = self.b.ins().iadd_imm(x, i64::from(operand) + i);
                    let at = self.b.ins().band_imm(at, 0xff);
                    self.read(Place::ZeroPage(at, None))
                });
                let page = self.b.ins().ishl_imm(high, 8);
                Place::Any(self.b.ins().bor(low, page), high)
            }
            _ => {
                let at = operand as u8;
                let [low, high] = [at, at.wrapping_add(1)].map(|at| self.read(Place::Low(at, at)));
                let y = self.y();
                let low = self.b.ins().iadd(low, y);
                if only_reads {
                    self.add_crossing(low);
                }
                let page = self.b.ins().ishl_imm(high, 8);
                let sum = self.b.ins().iadd(low, page);
                Place::Any(self.b.ins().band_imm(sum, 0xffff), high)
            }
        }
    }

    /// A cycle more where the sum of an address's low byte and an index is above 255.
    fn add_crossing(&mut self, low: Value) {
        let crossed = self.b.ins().ushr_imm(low, 8);
        let t = self.time();
        let t = self.b.ins().iadd(t, crossed);
        self.set_time(t);
    }

    /// The two bytes at an address that an indirect jump names: the high one comes from the same page.
    pub(super) fn target_at(&mut self, address: u16) -> Value {
        let low = self.read(Place::Absolute(address));
        let high = self.read(Place::Absolute(address & 0xff00 | address.wrapping_add(1) & 0xff));
        let page = self.b.ins().ishl_imm(high, 8);
        self.b.ins().bor(low, page)
    }

    /// Reads a byte.
    pub(super) fn read(&mut self, place: Place) -> Value {
        let flags = MemFlags::trusted();
        match place {
            Place::Low(address, _) if address & 0x80 != 0 => self.memory(RAM + i32::from(address & 0x7f)),
            Place::Low(address, bus) if address & 0x0c == 8 => self.paddle(address.into(), bus),
            Place::Low(address, bus) => {
                let at = self.b.ins().iconst(I32, i64::from(u16::from_le_bytes([address, bus])));
                let t = self.time();
                self.call(callbacks::read_tia as *const u8, &[at, t])
            }
            Place::Absolute(address) if self.view.is_plain(address, address) => {
                self.b.ins().uload8(I32, flags, self.window, i32::from(address & 0xfff))
            }
            Place::Absolute(address) if address & 0x1280 == 0x80 => self.memory(RAM + i32::from(address & 0x7f)),
            Place::Absolute(address) if address & 0x108c == 8 => self.paddle(address, (address >> 8) as u8),
            Place::Absolute(address) => {
                self.may_change_banks |= address & 0x1000 != 0;
                let [at, bus] = [address, address >> 8].map(|value| self.constant(value.into()));
                let t = self.time();
                self.call(callbacks::read as *const u8, &[at, bus, t])
            }
            Place::ZeroPage(address, bus) => self.read_memory_or(address, |this| {
                let bus = match bus {
                    Some(bus) => this.b.ins().iconst(I32, i64::from(bus) << 8),
                    None => this.b.ins().ishl_imm(address, 8),
                };
                let at = this.b.ins().bor(address, bus);
                let t = this.time();
                this.call(callbacks::read_tia as *const u8, &[at, t])
            }),
            Place::Indexed(base, address) => match base.checked_add(0xff) {
                Some(last) if self.view.is_plain(base, last) => self.rom(address),
                Some(last) if base >> 12 == last >> 12 && base & 0x1000 == 0 => self.read_low(address, base >> 8),
                _ => {
                    let high = self.constant((base >> 8).into());
                    self.read(Place::Any(address, high))
                }
            },
            Place::Any(address, bus) => {
                self.may_change_banks = true;
                let is_plain = self.is_plain(address);
                self.either(
                    is_plain,
                    |this| this.rom(address),
                    |this| {
                        let t = this.time();
                        this.call(callbacks::read as *const u8, &[address, bus, t])
                    },
                )
            }
        }
    }

    /// Whether a read of this address shows the code in view and does nothing else.
    fn is_plain(&mut self, address: Value) -> Value {
        let (mask, value) = (self.view.mask, self.view.value);
        let bits = self.b.ins().band_imm(address, i64::from(mask));
        if !self.view.has_holes() {
            return bits;
        }
        let is_in_view = self.b.ins().icmp_imm(IntCC::Equal, bits, i64::from(value));
        let offset = self.b.ins().band_imm(address, 0xfff);
        let offset = self.b.ins().iadd_imm(offset, -i64::from(self.view.plain.start));
        let length = self.view.plain.end - self.view.plain.start;
        let is_plain = self.b.ins().icmp_imm(IntCC::UnsignedLessThan, offset, i64::from(length));
        self.b.ins().band(is_in_view, is_plain)
    }

    fn rom(&mut self, address: Value) -> Value {
        let low = self.b.ins().band_imm(address, 0xfff);
        let low = self.b.ins().uextend(I64, low);
        let at = self.b.ins().iadd(self.window, low);
        self.b.ins().uload8(I32, MemFlags::trusted(), at, 0)
    }

    /// Reads an address that is not in the ROM; `bus` is what was on the bus before.
    fn read_low(&mut self, address: Value, bus: u16) -> Value {
        let kind = self.b.ins().band_imm(address, 0x280);
        let in_ram = self.b.ins().icmp_imm(IntCC::Equal, kind, 0x80);
        let call = |this: &mut Self| {
            let bus = this.constant(bus.into());
            let t = this.time();
            this.call(callbacks::read as *const u8, &[address, bus, t])
        };
        self.either(
            in_ram,
            |this| this.read_memory(address),
            |this| {
                let register = this.b.ins().band_imm(address, 0x8c);
                let is_paddle = this.b.ins().icmp_imm(IntCC::Equal, register, 8);
                let paddle = |this: &mut Self| {
                    let at = this.b.ins().band_imm(address, 3);
                    let at = this.b.ins().uextend(I64, at);
                    let at = this.b.ins().ishl_imm(at, 2);
                    let at = this.b.ins().iadd(this.machine, at);
                    let charged_at = this.b.ins().load(I32, MemFlags::trusted(), at, CHARGED_AT);
                    let charged = this.is_charged(charged_at);
                    this.b.ins().bor_imm(charged, i64::from(bus & 0x3f))
                };
                this.either(is_paddle, paddle, call)
            },
        )
    }

    /// Reads a known paddle; `bus` is what was on the bus before.
    fn paddle(&mut self, address: u16, bus: u8) -> Value {
        let offset = CHARGED_AT + 4 * i32::from(address & 3);
        let charged_at = self.b.ins().load(I32, MemFlags::trusted(), self.machine, offset);
        let charged = self.is_charged(charged_at);
        self.b.ins().bor_imm(charged, i64::from(bus & 0x3f))
    }

    /// Bit 7: whether it is as late as that.
    fn is_charged(&mut self, charged_at: Value) -> Value {
        let t = self.time();
        let charged = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, t, charged_at);
        let charged = self.b.ins().uextend(I32, charged);
        self.b.ins().ishl_imm(charged, 7)
    }

    /// Passes the rounds of a loop that waits for the timer, but for the last.
    pub(super) fn wait_for_timer(&mut self, awaited: Awaited, cycles: u32) {
        let t = self.time();
        let cycles = self.b.ins().iconst(I32, i64::from(cycles));
        let t = self.call(callbacks::WAIT_FOR_TIMER[awaited as usize] as *const u8, &[t, cycles]);
        self.set_time(t);
    }

    /// Reads an address in the zero page: the memory, or else the TIA in this way.
    pub(super) fn read_memory_or(&mut self, address: Value, tia: impl FnOnce(&mut Self) -> Value) -> Value {
        let in_ram = self.b.ins().band_imm(address, 0x80);
        self.either(in_ram, |this| this.read_memory(address), tia)
    }

    fn read_memory(&mut self, address: Value) -> Value {
        let at = self.ram_address(address);
        self.b.ins().uload8(I32, MemFlags::trusted(), at, RAM)
    }

    fn ram_address(&mut self, address: Value) -> Value {
        let low = self.b.ins().band_imm(address, 0x7f);
        let low = self.b.ins().uextend(I64, low);
        self.b.ins().iadd(self.machine, low)
    }

    /// Writes a byte. Where that may end the frame, `next` is where the processor goes on then.
    pub(super) fn write(&mut self, place: Place, value: Value, next: Option<u16>) {
        match place {
            Place::Low(address, _) => self.write(Place::Absolute(address.into()), value, next),
            Place::Absolute(address) if address & 0x1280 == 0x80 => {
                self.b.ins().istore8(MemFlags::trusted(), value, self.machine, RAM + i32::from(address & 0x7f));
            }
            Place::Absolute(address) if address & 0x1080 == 0 => self.write_tia((address & 0x3f) as u8, value, next),
            Place::Absolute(address) => {
                self.may_change_banks |= address & 0x1000 != 0;
                let at = self.b.ins().iconst(I32, i64::from(address));
                self.write_by_call(at, value, next);
            }
            Place::ZeroPage(address, _) => {
                let in_ram = self.b.ins().band_imm(address, 0x80);
                self.write_memory_or_call(in_ram, address, value, next);
            }
            Place::Indexed(base, address) if base < 0x1000 - 0xff => {
                let kind = self.b.ins().band_imm(address, 0x280);
                let in_ram = self.b.ins().icmp_imm(IntCC::Equal, kind, 0x80);
                self.write_memory_or_call(in_ram, address, value, next);
            }
            Place::Indexed(_, address) | Place::Any(address, _) => {
                self.may_change_banks = true;
                self.write_by_call(address, value, next);
            }
        }
    }

    /// Into the console's memory where the flag says so.
    fn write_memory_or_call(&mut self, in_ram: Value, address: Value, value: Value, next: Option<u16>) {
        self.when(
            in_ram,
            |this| {
                let at = this.ram_address(address);
                this.b.ins().istore8(MemFlags::trusted(), value, at, RAM);
            },
            |this| this.write_by_call(address, value, next),
        );
    }

    fn write_by_call(&mut self, address: Value, value: Value, next: Option<u16>) {
        let t = self.time();
        let t = self.call(callbacks::write as *const u8, &[address, value, t]);
        self.set_time(t);
        if let Some(next) = next {
            self.end_frame(next);
        }
    }

    /// Leaves if the frame has ended.
    pub(super) fn end_frame(&mut self, next: u16) {
        let limit = self.b.ins().load(I32, MemFlags::trusted(), self.machine, LIMIT);
        let t = self.time();
        let over = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, t, limit);
        self.leave_if(over, next, callbacks::GO_ON);
    }

    /// A write to a known register of the TIA: a call only where it changes something.
    fn write_tia(&mut self, register: u8, value: Value, next: Option<u16>) {
        let bits = Tia::BITS[usize::from(register)];
        let value = self.b.ins().band_imm(value, i64::from(bits));
        let is_early = self.known.is_early();
        let call = |this: &mut Self| {
            let t = this.time();
            this.call(callbacks::CHANGE_TIA[usize::from(register & 63)] as *const u8, &[value, t]);
            if let (Some(next), false) = (next, is_early && register != register::VSYNC) {
                this.end_frame(next);
            }
        };
        let late = (!is_early).then(|| self.is_late());
        match (register, late) {
            (register::WSYNC, _) => self.wait_for_line(value, next),
            (register::HMP0..=register::HMBL, None) if register != register::HMM0 => {
                self.b.ins().istore8(MemFlags::trusted(), value, self.machine, WRITTEN + i32::from(register));
            }
            (register::HMCLR, None) => self.clear_motion(),
            (register::HMOVE, None) => self.start_motion(call),
            (_, None) if bits == 0 && !Tia::acts_always(register) => {}
            (_, Some(late)) if bits == 0 && !Tia::acts_always(register) => self.when(late, call, |_| ()),
            _ if Tia::acts_always(register) && !Self::remembers(register) => call(self),
            (register::COLUP0..=register::COLUBK, None) => self.write_colour(register, value, call),
            (_, None) => {
                let same = self.changes_nothing(register, value);
                self.when(same, |_| (), call);
            }
            (_, Some(late)) => {
                let same = self.changes_nothing(register, value);
                let skipped = self.b.ins().band_not(same, late);
                self.when(skipped, |_| (), call);
            }
        }
    }

    /// HMCLR: nothing moves any more.
    fn clear_motion(&mut self) {
        let zero = self.constant(0);
        self.b.ins().store(MemFlags::trusted(), zero, self.machine, MOTION);
        self.b.ins().istore8(MemFlags::trusted(), zero, self.machine, MOTION + 4);
    }

    /// HMOVE: where nothing is drawn, nothing moves, and nothing is odd, it is only remembered when it was. So it is at the begin
    /// of lines that are shown; black pixels of others wait.
    fn start_motion(&mut self, call: impl FnOnce(&mut Self)) {
        let mut acts = self.b.ins().load(I32, MemFlags::trusted(), self.machine, MOTION);
        for offset in [MOTION + 4, DRAWING, STARS, ODD] {
            let more = self.memory(offset);
            acts = self.b.ins().bor(acts, more);
        }
        let (t, line) = (self.time(), self.line());
        let into_line = self.b.ins().isub(t, line);
        let is_later = self.b.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, into_line, i64::from(PLAIN_MOTION / 3));
        let [first, count] = [offset_of!(Lines, first), offset_of!(Lines, count)].map(|offset| {
            let lines = self.b.ins().load(I32, MemFlags::trusted(), self.machine, LINES + offset as i32);
            self.b.ins().imul_imm(lines, i64::from(LINE))
        });
        let from_first = self.b.ins().isub(line, first);
        let is_hidden = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, from_first, count);
        let is_elsewhere = self.b.ins().bor(is_later, is_hidden);
        let is_elsewhere = self.b.ins().uextend(I32, is_elsewhere);
        let acts = self.b.ins().bor(acts, is_elsewhere);
        self.when(acts, call, |this| {
            let clock = this.b.ins().imul_imm(t, 3);
            this.b.ins().store(MemFlags::trusted(), clock, this.machine, MOVED);
        });
    }

    /// Where nothing is drawn, a colour is only kept.
    fn write_colour(&mut self, register: u8, value: Value, call: impl FnOnce(&mut Self)) {
        let drawing = self.memory(DRAWING);
        self.when(
            drawing,
            |this| {
                let same = this.changes_nothing(register, value);
                this.when(same, |_| (), call);
            },
            |this| {
                this.b.ins().istore8(MemFlags::trusted(), value, this.machine, WRITTEN + i32::from(register));
            },
        );
    }

    /// Waits for the end of the line. Mostly that is the first or second one after the begin of a line that is known: what
    /// is guessed so needs no division, for which all that comes after it would have to wait.
    fn wait_for_line(&mut self, value: Value, next: Option<u16>) {
        let [early, near, far, after] = [(); 4].map(|()| self.b.create_block());
        let guess = self.b.append_block_param(early, I32);
        let end = self.b.append_block_param(after, I32);
        let (t, mut line) = (self.time(), self.line());
        for _ in 0..2 {
            let other = self.b.create_block();
            line = self.b.ins().iadd_imm(line, i64::from(LINE));
            let left = self.b.ins().isub(line, t);
            let is_end = self.b.ins().icmp_imm(IntCC::UnsignedLessThan, left, i64::from(LINE));
            self.b.ins().brif(is_end, early, &[BlockArg::Value(line)], other, &[]);
            self.b.switch_to_block(other);
        }
        self.b.ins().jump(far, &[]);
        self.b.switch_to_block(early);
        let over = self.ends_soon(guess);
        self.b.ins().brif(over, far, &[], near, &[]);
        self.b.switch_to_block(near);
        self.b.ins().jump(after, &[BlockArg::Value(guess)]);
        self.b.switch_to_block(far);
        let late = self.is_late();
        let call = |this: &mut Self| {
            let at = this.constant(register::WSYNC.into());
            this.write_by_call(at, value, next);
        };
        self.when(late, call, |this| {
            let t = this.time();
            let up = this.b.ins().iadd_imm(t, i64::from(LINE - 1));
            let lines = this.b.ins().udiv_imm(up, i64::from(LINE));
            let t = this.b.ins().imul_imm(lines, i64::from(LINE));
            this.set_time(t);
        });
        let t = self.time();
        if let Some(next) = next {
            let next = self.constant(next.into());
            self.leave_in_time(next);
        }
        self.b.ins().jump(after, &[BlockArg::Value(t)]);
        self.b.switch_to_block(after);
        self.set_line(end);
        self.known.wait_for_line();
    }

    /// Whether a register acts always only for what else it depends on.
    fn remembers(register: u8) -> bool {
        matches!(register, register::GRP0 | register::GRP1 | register::NUSIZ0 | register::NUSIZ1 | register::CTRLPF)
    }

    /// Whether a write is of what the register, and for graphics those that it makes others remember, already hold.
    fn changes_nothing(&mut self, register: u8, value: Value) -> Value {
        let mut same = self.is_written(register, value);
        if matches!(register, register::GRP0 | register::GRP1) {
            let other = register::GRP0 + register::GRP1 - register;
            let known = self.memory(OLD_GRP + i32::from(other - register::GRP0));
            let also = self.is_written(other, known);
            same = self.b.ins().band(same, also);
        }
        if matches!(register, register::NUSIZ0 | register::NUSIZ1 | register::CTRLPF) {
            let odd = self.memory(ODD);
            let none = self.b.ins().icmp_imm(IntCC::Equal, odd, 0);
            same = self.b.ins().band(same, none);
        }
        if register == register::GRP1 {
            let known = self.memory(OLD_ENABL);
            let also = self.is_written(register::ENABL, known);
            same = self.b.ins().band(same, also);
        }
        same
    }

    /// Whether a write to the TIA may end the frame by coming too late.
    fn is_late(&mut self) -> Value {
        let t = self.time();
        self.b.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, t, i64::from(MOST_LINES * LINE))
    }

    fn memory(&mut self, offset: i32) -> Value {
        self.b.ins().uload8(I32, MemFlags::trusted(), self.machine, offset)
    }

    fn is_written(&mut self, register: u8, value: Value) -> Value {
        let written = self.memory(WRITTEN + i32::from(register));
        self.b.ins().icmp(IntCC::Equal, written, value)
    }
}
