//! Fetching, addressing and dispatch: the interpreter's loop.

use super::{
    instructions::{INSTRUCTIONS, Mode, Operation, WAIT_CYCLES, awaited, instructions},
    registers::Cpu,
};
use crate::{bus::Bus, image::WINDOW};

/// Runs until the machine's limit of cycles, which the end of a frame lowers.
pub(crate) fn run(cpu: &mut Cpu, bus: &mut Bus) {
    match bus.image.fixed() {
        Some(code) => Runner::new(cpu, bus, code, bus.machine.limit).run::<false, false>(cpu, 0),
        None => Runner::new(cpu, bus, &NO_CODE, 0).run::<true, false>(cpu, 0),
    }
}

/// Runs so many instructions, or to the machine's limit.
pub(crate) fn run_some(cpu: &mut Cpu, bus: &mut Bus, instructions: u32) {
    match bus.image.fixed() {
        Some(code) => Runner::new(cpu, bus, code, 0).run::<false, true>(cpu, instructions),
        None => Runner::new(cpu, bus, &NO_CODE, 0).run::<true, true>(cpu, instructions),
    }
}

static NO_CODE: [u8; WINDOW] = [0; WINDOW];

struct Runner<'a> {
    cpu: Cpu,
    /// Cycles since the line in which the frame began.
    t: u32,
    /// The cartridge's 4 KiB where they never change, with room for an instruction after them.
    code: &'a [u8; WINDOW],
    /// Up to this time, loops that wait for the timer are passed at once.
    waits: u32,
    bus: Bus<'a>,
}

/// The instruction at an address that is not in a cartridge without banks. This stands outside of `Runner`, as all that
/// is not inlined does: the compiler keeps the registers in registers only if no call is given their address.
#[inline(never)]
fn fetch_slowly(pc: u16, t: u32, bus: &mut Bus) -> u32 {
    if let Some(code) = bus.peek_code(pc) {
        return code;
    }
    let opcode = bus.read(pc, (pc >> 8) as u8, t);
    let mut code = u32::from(opcode);
    for i in 1..INSTRUCTIONS[usize::from(opcode)].mode.length() {
        code |= u32::from(bus.peek(pc.wrapping_add(i), t)) << (8 * i);
    }
    code
}

/// An address that an instruction names, and its high byte, which is on the bus then.
#[inline(always)]
fn named(address: u16) -> (u16, u8) {
    (address, (address >> 8) as u8)
}

/// The offset of a branch that goes back over itself and the three bytes before it.
const BACK_TO_LOAD: u8 = 0xfb;
/// The bytes of a load with an absolute address and a branch.
const LOAD_AND_BRANCH: u16 = 5;

/// The time after waiting for the timer, if that is what the loop at `pc`, a load and this branch, does.
#[inline(never)]
fn wait(pc: u16, branch: Operation, t: u32, code: &[u8; WINDOW], bus: &Bus, end: u32) -> u32 {
    let at = usize::from(pc & 0xfff);
    let address = u16::from_le_bytes([code[at + 1], code[at + 2]]);
    match awaited(code[at], address, branch) {
        Some(awaited) if pc & 0x1000 != 0 => {
            let crosses = (pc ^ pc.wrapping_add(LOAD_AND_BRANCH)) & 0xff00 != 0;
            bus.machine.wait_for_timer(awaited, t, WAIT_CYCLES + u32::from(crosses), end)
        }
        _ => t,
    }
}

impl<'a> Runner<'a> {
    fn new(cpu: &Cpu, bus: &'a mut Bus, code: &'a [u8; WINDOW], waits: u32) -> Self {
        Self { cpu: *cpu, t: bus.machine.t, code, waits, bus: bus.lend() }
    }

    /// Runs to the limit, or so many instructions.
    fn run<const BANKED: bool, const COUNTED: bool>(mut self, cpu: &mut Cpu, mut instructions: u32) {
        while self.t < self.bus.machine.limit && !(COUNTED && instructions == 0) {
            self.step::<BANKED>();
            instructions = instructions.wrapping_sub(1);
        }
        *cpu = self.cpu;
        self.bus.machine.t = self.t;
    }

    #[inline(always)]
    fn step<const BANKED: bool>(&mut self) {
        let code = self.fetch::<BANKED>();
        let pc = self.cpu.pc;
        let operand = (code >> 8) as u16;
        macro_rules! run {
            (Read $operation:ident $mode:ident $opcode:literal) => {{
                let value = self.value::<BANKED>(Mode::$mode, operand);
                self.cpu.take(Operation::$operation, value)
            }};
            (Store $operation:ident $mode:ident $opcode:literal) => {
                self.store::<BANKED>(Mode::$mode, operand, Operation::$operation)
            };
            (Modify $operation:ident $mode:ident $opcode:literal) => {
                self.modify::<BANKED>(Mode::$mode, operand, Operation::$operation)
            };
            (Implied $operation:ident $mode:ident $opcode:literal) => {
                self.cpu.imply(Operation::$operation)
            };
            (Push $operation:ident $mode:ident $opcode:literal) => {
                self.push::<BANKED>(self.cpu.given(Operation::$operation))
            };
            (Pull $operation:ident $mode:ident $opcode:literal) => {{
                let value = self.pull($opcode);
                self.cpu.pulled(Operation::$operation, value)
            }};
            (Branch $operation:ident $mode:ident $opcode:literal) => {
                self.branch::<BANKED>(Operation::$operation, operand as u8)
            };
            (Jump $operation:ident $mode:ident $opcode:literal) => {
                self.jump::<BANKED>(Operation::$operation, Mode::$mode, operand, $opcode)
            };
            (StoreHigh $operation:ident $mode:ident $opcode:literal) => {
                self.store_high::<BANKED>(Mode::$mode, operand, Operation::$operation)
            };
        }
        macro_rules! dispatch {
            ($($operation:ident $kind:ident $reads:tt $writes:tt {
                $($opcode:literal $mode:ident $cycles:literal),*
            })*) => {
                match code as u8 {
                    $($($opcode => {
                        self.t += $cycles;
                        self.cpu.pc = pc.wrapping_add(const { Mode::$mode.length() });
                        run!($kind $operation $mode $opcode)
                    })*)*
                }
            };
        }
        instructions!(dispatch)
    }

    /// The instruction at the program counter and the two bytes after it, lowest first.
    #[inline(always)]
    fn fetch<const BANKED: bool>(&mut self) -> u32 {
        let pc = self.cpu.pc;
        if !BANKED && pc & 0x1000 != 0 {
            let at = usize::from(pc & 0xfff);
            return u32::from_le_bytes([self.code[at], self.code[at + 1], self.code[at + 2], self.code[at + 3]]);
        }
        fetch_slowly(pc, self.t, &mut self.bus)
    }

    /// Reads from an address, where this byte was on the bus before.
    #[inline(always)]
    fn read<const BANKED: bool>(&mut self, (address, bus): (u16, u8)) -> u8 {
        if !BANKED && address & 0x1000 != 0 {
            return self.code[usize::from(address & 0xfff)];
        }
        if address & 0x1280 == 0x80 {
            return self.bus.machine.ram[usize::from(address & 0x7f)];
        }
        self.bus.read(address, bus, self.t)
    }

    /// Reads from the zero page, where this byte was on the bus before.
    #[inline(always)]
    fn read_low(&mut self, address: u8, bus: u8) -> u8 {
        if address & 0x80 != 0 {
            self.bus.machine.ram[usize::from(address & 0x7f)]
        } else {
            self.bus.read_tia(address.into(), bus, self.t)
        }
    }

    #[inline(always)]
    fn write<const BANKED: bool>(&mut self, address: u16, value: u8) {
        if address & 0x1280 == 0x80 {
            self.bus.machine.ram[usize::from(address & 0x7f)] = value;
        } else {
            self.t = self.bus.write(address, value, self.t);
        }
    }

    #[inline(always)]
    fn write_low<const BANKED: bool>(&mut self, address: u8, value: u8) {
        if address & 0x80 != 0 {
            self.bus.machine.ram[usize::from(address & 0x7f)] = value;
            return;
        }
        if BANKED && address < 0x40 {
            self.bus.machine.cartridge.overhear(value, self.bus.image);
        }
        self.t = self.bus.write_tia(address.into(), value, self.t);
    }

    /// The address of an operand in the zero page; `None` where it is elsewhere.
    #[inline(always)]
    fn low(&self, mode: Mode, operand: u16) -> Option<u8> {
        match mode {
            Mode::ZeroPage => Some(operand as u8),
            Mode::ZeroPageX => Some((operand as u8).wrapping_add(self.cpu.x)),
            Mode::ZeroPageY => Some((operand as u8).wrapping_add(self.cpu.y)),
            _ => None,
        }
    }

    /// The address of an operand that may be anywhere, and the byte that is on the bus when it is known: the high one of its
    /// base. An instruction that only reads takes a cycle more where an index crosses a page.
    #[inline(always)]
    fn address(&mut self, mode: Mode, operand: u16, only_reads: bool) -> (u16, u8) {
        let (base, bus) = match mode {
            Mode::IndirectX => self.pointer((operand as u8).wrapping_add(self.cpu.x)),
            Mode::IndirectY => self.pointer(operand as u8),
            _ => named(operand),
        };
        let index = match mode {
            Mode::AbsoluteX => self.cpu.x,
            Mode::AbsoluteY | Mode::IndirectY => self.cpu.y,
            _ => return (base, bus),
        };
        let address = base.wrapping_add(index.into());
        if only_reads {
            self.t += u32::from((address ^ base) & 0xff00 != 0);
        }
        (address, bus)
    }

    #[inline(always)]
    fn pointer(&mut self, at: u8) -> (u16, u8) {
        let low = self.read_low(at, at);
        let next = at.wrapping_add(1);
        let high = self.read_low(next, next);
        (u16::from_le_bytes([low, high]), high)
    }

    #[inline(always)]
    fn value<const BANKED: bool>(&mut self, mode: Mode, operand: u16) -> u8 {
        if mode == Mode::Immediate {
            return operand as u8;
        }
        if let Some(low) = self.low(mode, operand) {
            return self.read_low(low, operand as u8);
        }
        let at = self.address(mode, operand, true);
        self.read::<BANKED>(at)
    }

    #[inline(always)]
    fn store<const BANKED: bool>(&mut self, mode: Mode, operand: u16, operation: Operation) {
        if let Some(low) = self.low(mode, operand) {
            return self.write_low::<BANKED>(low, self.cpu.given(operation));
        }
        let (address, _) = self.address(mode, operand, false);
        self.write::<BANKED>(address, self.cpu.given(operation));
    }

    #[inline(always)]
    fn modify<const BANKED: bool>(&mut self, mode: Mode, operand: u16, operation: Operation) {
        if mode == Mode::Accumulator {
            self.cpu.a = self.cpu.change(operation, self.cpu.a);
            return;
        }
        if let Some(low) = self.low(mode, operand) {
            let old = self.read_low(low, operand as u8);
            let new = self.cpu.change(operation, old);
            return self.write_low::<BANKED>(low, new);
        }
        let at = self.address(mode, operand, false);
        let old = self.read::<BANKED>(at);
        let new = self.cpu.change(operation, old);
        self.write::<BANKED>(at.0, new);
    }

    #[inline(always)]
    fn store_high<const BANKED: bool>(&mut self, mode: Mode, operand: u16, operation: Operation) {
        let (address, _) = self.address(mode, operand, false);
        let value = self.cpu.given(operation);
        if operation == Operation::Tas {
            self.cpu.sp = value;
        }
        self.write::<BANKED>(address, value & ((address >> 8) as u8).wrapping_add(1));
    }

    #[inline(always)]
    fn branch<const BANKED: bool>(&mut self, operation: Operation, offset: u8) {
        if !self.cpu.takes(operation) {
            return;
        }
        let target = self.cpu.pc.wrapping_add_signed((offset as i8).into());
        self.t += 1 + u32::from((target ^ self.cpu.pc) & 0xff00 != 0);
        self.cpu.pc = target;
        let may_wait = matches!(operation, Operation::Bne | Operation::Bpl | Operation::Bmi);
        if !BANKED && may_wait && offset == BACK_TO_LOAD {
            self.t = wait(self.cpu.pc, operation, self.t, self.code, &self.bus, self.waits);
        }
    }

    #[inline(always)]
    fn jump<const BANKED: bool>(&mut self, operation: Operation, mode: Mode, operand: u16, opcode: u8) {
        self.cpu.pc = match operation {
            Operation::Jsr => {
                self.push_pc::<BANKED>(self.cpu.pc.wrapping_sub(1));
                operand
            }
            Operation::Rts => self.pull_pc(opcode).wrapping_add(1),
            Operation::Rti => {
                let status = self.pull(opcode);
                self.cpu.set_status(status);
                self.pull_pc(status)
            }
            Operation::Brk => {
                self.push_pc::<BANKED>(self.cpu.pc.wrapping_add(1));
                self.push::<BANKED>(self.cpu.status());
                self.cpu.interrupts_off = true;
                u16::from_le_bytes([self.read::<BANKED>(named(0xfffe)), self.read::<BANKED>(named(0xffff))])
            }
            // The pointer's high byte comes from the same page.
            _ if mode == Mode::Indirect => {
                let low = self.read::<BANKED>(named(operand));
                let high = self.read::<BANKED>(named(operand & 0xff00 | operand.wrapping_add(1) & 0xff));
                u16::from_le_bytes([low, high])
            }
            _ => operand,
        };
    }

    /// The stack is the zero page, seen at page 1.
    #[inline(always)]
    fn push<const BANKED: bool>(&mut self, value: u8) {
        self.write_low::<BANKED>(self.cpu.sp, value);
        self.cpu.sp = self.cpu.sp.wrapping_sub(1);
    }

    /// Takes a byte from the stack, where this one was on the bus before.
    #[inline(always)]
    fn pull(&mut self, bus: u8) -> u8 {
        self.cpu.sp = self.cpu.sp.wrapping_add(1);
        let sp = self.cpu.sp;
        if sp & 0x80 != 0 { self.bus.machine.ram[usize::from(sp & 0x7f)] } else { self.bus.pull_tia(sp, bus, self.t) }
    }

    #[inline(always)]
    fn push_pc<const BANKED: bool>(&mut self, pc: u16) {
        self.push::<BANKED>((pc >> 8) as u8);
        self.push::<BANKED>(pc as u8);
    }

    #[inline(always)]
    fn pull_pc(&mut self, bus: u8) -> u16 {
        let low = self.pull(bus);
        u16::from_le_bytes([low, self.pull(low)])
    }
}
