//! Fetching, addressing and dispatch: the interpreter's loop.

use super::Cpu;
use crate::{
    cartridge::{Rom, WINDOW},
    machine::Machine,
    tia::Screen,
};

/// The cycles of each instruction, without those for crossed pages and taken branches.
#[rustfmt::skip]
pub(crate) const CYCLES: [u8; 256] = [
    7, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 3, 2, 2, 2, 3, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    6, 6, 2, 8, 3, 3, 5, 5, 4, 2, 2, 2, 5, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    2, 6, 2, 6, 3, 3, 3, 3, 2, 2, 2, 2, 4, 4, 4, 4, 2, 6, 2, 6, 4, 4, 4, 4, 2, 5, 2, 5, 5, 5, 5, 5,
    2, 6, 2, 6, 3, 3, 3, 3, 2, 2, 2, 2, 4, 4, 4, 4, 2, 5, 2, 5, 4, 4, 4, 4, 2, 4, 2, 4, 4, 4, 4, 4,
    2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
    2, 6, 2, 8, 3, 3, 5, 5, 2, 2, 2, 2, 4, 4, 6, 6, 2, 5, 2, 8, 4, 4, 6, 6, 2, 4, 2, 7, 4, 4, 7, 7,
];

/// Runs until the machine's limit of cycles, which the end of a frame lowers.
pub(crate) fn run(cpu: &mut Cpu, machine: &mut Machine, screen: &mut Screen, rom: &Rom) {
    match rom.fixed() {
        Some(code) => Runner { cpu: *cpu, t: machine.t, code, machine, screen, rom }.run::<false, false>(cpu),
        None => Runner { cpu: *cpu, t: machine.t, code: &NO_CODE, machine, screen, rom }.run::<true, false>(cpu),
    }
}

/// The same, with translated code where there is some.
#[cfg(feature = "translate")]
pub(crate) fn run_translated(cpu: &mut Cpu, machine: &mut Machine, screen: &mut Screen, rom: &Rom) {
    let Some(code) = rom.fixed() else { return run(cpu, machine, screen, rom) };
    while machine.t < machine.limit {
        let in_rom = cpu.pc & 0x1000 != 0 && machine.t < crate::translate::LAST_CYCLE;
        if !in_rom || rom.translations().run(cpu, machine, screen, rom, code) {
            Runner { cpu: *cpu, t: machine.t, code, machine, screen, rom }.run::<false, true>(cpu);
        }
    }
}

static NO_CODE: [u8; WINDOW] = [0; WINDOW];

struct Runner<'a> {
    cpu: Cpu,
    /// Cycles since the line in which the frame began.
    t: u32,
    /// The cartridge's 4 KiB where they never change, with room for an instruction behind them.
    code: &'a [u8; WINDOW],
    machine: &'a mut Machine,
    screen: &'a mut Screen,
    rom: &'a Rom,
}

/// The instruction at an address that is not in a cartridge without banks. This stands outside of `Runner`, as all that
/// is not inlined does: the compiler keeps the registers in registers only if no call is given their address.
#[inline(never)]
fn fetch_slowly(pc: u16, t: u32, machine: &mut Machine, screen: &mut Screen, rom: &Rom) -> u32 {
    if rom.fixed().is_none() && pc & 0x1000 != 0 && pc & 0x3ff < 0x3e0 {
        return machine.cartridge.peek_code(pc, rom);
    }
    let opcode = machine.read(pc, (pc >> 8) as u8, t, screen, rom);
    let mut code = u32::from(opcode);
    for i in 1..=OPERANDS[usize::from(opcode)] {
        code |= u32::from(machine.peek(pc.wrapping_add(i.into()), t, screen, rom)) << (8 * i);
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

/// The time after waiting for the timer, if that is what the loop at `pc`, a load and BNE, does.
#[inline(never)]
fn wait(pc: u16, t: u32, code: &[u8; WINDOW], machine: &Machine) -> u32 {
    let at = usize::from(pc & 0xfff);
    let address = u16::from_le_bytes([code[at + 1], code[at + 2]]);
    if pc & 0x1000 == 0 || !loads_timer(code[at], address) {
        return t;
    }
    let crosses = (pc ^ pc.wrapping_add(LOAD_AND_BRANCH)) & 0xff00 != 0;
    machine.wait_for_timer(t, WAIT_CYCLES + u32::from(crosses), machine.limit)
}

/// The bytes of a load with an absolute address and a branch, and their cycles where the branch is taken.
const LOAD_AND_BRANCH: u16 = 5;
pub(crate) const WAIT_CYCLES: u32 = 7;

/// Whether an instruction loads a register from the timer.
pub(crate) fn loads_timer(opcode: u8, address: u16) -> bool {
    matches!(opcode, 0xac..=0xae) && address & 0x1285 == 0x284
}

impl Runner<'_> {
    /// Runs to the limit, or one instruction.
    fn run<const BANKED: bool, const ONE: bool>(mut self, cpu: &mut Cpu) {
        while self.t < self.machine.limit {
            self.step::<BANKED>();
            if ONE {
                break;
            }
        }
        *cpu = self.cpu;
        self.machine.t = self.t;
    }

    /// The instruction at the program counter and the two bytes behind it, lowest first.
    #[inline(always)]
    fn fetch<const BANKED: bool>(&mut self) -> u32 {
        let pc = self.cpu.pc;
        if !BANKED && pc & 0x1000 != 0 {
            let at = usize::from(pc & 0xfff);
            return u32::from_le_bytes([self.code[at], self.code[at + 1], self.code[at + 2], self.code[at + 3]]);
        }
        fetch_slowly(pc, self.t, self.machine, self.screen, self.rom)
    }

    /// Reads from an address, where this byte was on the bus before.
    #[inline(always)]
    fn read<const BANKED: bool>(&mut self, (address, bus): (u16, u8)) -> u8 {
        if !BANKED && address & 0x1000 != 0 {
            return self.code[usize::from(address & 0xfff)];
        }
        if address & 0x1280 == 0x80 {
            return self.machine.ram[usize::from(address & 0x7f)];
        }
        self.machine.read(address, bus, self.t, self.screen, self.rom)
    }

    #[inline(always)]
    fn read_zero_page(&mut self, address: u8) -> u8 {
        self.read_zero_page_after(address, address)
    }

    /// The same where this byte was on the bus before.
    #[inline(always)]
    fn read_zero_page_after(&mut self, address: u8, bus: u8) -> u8 {
        if address & 0x80 != 0 {
            self.machine.ram[usize::from(address & 0x7f)]
        } else {
            self.machine.read_tia(address.into(), self.t, bus, self.screen)
        }
    }

    #[inline(always)]
    fn write<const BANKED: bool>(&mut self, address: u16, value: u8) {
        if address & 0x1280 == 0x80 {
            self.machine.ram[usize::from(address & 0x7f)] = value;
        } else {
            self.t = self.machine.write(address, value, self.t, self.screen, self.rom);
        }
    }

    #[inline(always)]
    fn write_zero_page(&mut self, address: u8, value: u8) {
        if address & 0x80 != 0 {
            self.machine.ram[usize::from(address & 0x7f)] = value;
        } else {
            self.t = self.machine.write_low(address, value, self.t, self.screen, self.rom);
        }
    }

    /// The stack is the zero page, seen at page 1.
    #[inline(always)]
    fn push(&mut self, value: u8) {
        self.write_zero_page(self.cpu.sp, value);
        self.cpu.sp = self.cpu.sp.wrapping_sub(1);
    }

    /// Takes a byte from the stack, where this one was on the bus before.
    #[inline(always)]
    fn pull(&mut self, bus: u8) -> u8 {
        self.cpu.sp = self.cpu.sp.wrapping_add(1);
        let sp = self.cpu.sp;
        if sp & 0x80 != 0 {
            self.machine.ram[usize::from(sp & 0x7f)]
        } else {
            self.machine.pull_tia(sp, bus, self.t, self.screen)
        }
    }

    #[inline(always)]
    fn push_pc(&mut self) {
        let pc = self.cpu.pc;
        self.push((pc >> 8) as u8);
        self.push(pc as u8);
    }

    #[inline(always)]
    fn pull_pc(&mut self, bus: u8) -> u16 {
        let low = self.pull(bus);
        u16::from_le_bytes([low, self.pull(low)])
    }

    #[inline(always)]
    fn branch(&mut self, taken: bool, offset: u8) {
        if taken {
            let target = self.cpu.pc.wrapping_add_signed((offset as i8).into());
            self.t += 1 + u32::from((target ^ self.cpu.pc) & 0xff00 != 0);
            self.cpu.pc = target;
        }
    }

    /// An address with an index, with a cycle more where that crosses a page and the instruction is one that only reads; and
    /// its base's high byte, which is the last one on the bus.
    #[inline(always)]
    fn indexed(&mut self, (base, high): (u16, u8), index: u8, only_reads: bool) -> (u16, u8) {
        let address = base.wrapping_add(index.into());
        if only_reads {
            self.t += u32::from((address ^ base) & 0xff00 != 0);
        }
        (address, high)
    }

    #[inline(always)]
    fn pointer(&mut self, at: u8) -> (u16, u8) {
        let low = self.read_zero_page(at);
        let high = self.read_zero_page(at.wrapping_add(1));
        (u16::from_le_bytes([low, high]), high)
    }

    /// The undocumented stores of a register's bits that are also in the address's high byte plus one.
    #[inline(always)]
    fn store_with_high<const BANKED: bool>(&mut self, base: u16, index: u8, register: u8) {
        let address = base.wrapping_add(index.into());
        self.write::<BANKED>(address, register & ((address >> 8) as u8).wrapping_add(1));
    }

    #[inline(always)]
    fn software_interrupt<const BANKED: bool>(&mut self) {
        self.cpu.pc = self.cpu.pc.wrapping_add(1);
        self.push_pc();
        self.push(self.cpu.status());
        self.cpu.interrupts_off = true;
        self.cpu.pc = u16::from_le_bytes([self.read::<BANKED>(named(0xfffe)), self.read::<BANKED>(named(0xffff))]);
    }

    #[inline(always)]
    fn jam(&mut self) {
        self.cpu.jammed = true;
        self.cpu.pc = self.cpu.pc.wrapping_sub(1);
    }

    #[inline(always)]
    fn step<const BANKED: bool>(&mut self) {
        let code = self.fetch::<BANKED>();
        let opcode = code as u8;
        let op = (code >> 8) as u8;
        let op16 = (code >> 8) as u16;
        self.t += u32::from(CYCLES[usize::from(opcode)]);
        let start = self.cpu.pc;
        self.cpu.pc = start.wrapping_add(1);

        // Each addressing mode moves the program counter behind its operand and gives an address.
        macro_rules! skip {
            ($n:literal) => {
                self.cpu.pc = start.wrapping_add($n)
            };
        }
        macro_rules! zp {
            () => {{
                skip!(2);
                op
            }};
        }
        macro_rules! zpx {
            () => {{
                skip!(2);
                op.wrapping_add(self.cpu.x)
            }};
        }
        macro_rules! zpy {
            () => {{
                skip!(2);
                op.wrapping_add(self.cpu.y)
            }};
        }
        macro_rules! abs {
            () => {{
                skip!(3);
                named(op16)
            }};
        }
        macro_rules! abx {
            ($reads:literal) => {{
                skip!(3);
                self.indexed(named(op16), self.cpu.x, $reads)
            }};
        }
        macro_rules! aby {
            ($reads:literal) => {{
                skip!(3);
                self.indexed(named(op16), self.cpu.y, $reads)
            }};
        }
        macro_rules! izx {
            () => {{
                skip!(2);
                self.pointer(op.wrapping_add(self.cpu.x))
            }};
        }
        macro_rules! izy {
            ($reads:literal) => {{
                skip!(2);
                let base = self.pointer(op);
                self.indexed(base, self.cpu.y, $reads)
            }};
        }
        // The value at an addressing mode.
        macro_rules! value {
            (imm) => {{
                skip!(2);
                op
            }};
            (zp) => {{
                let at = zp!();
                self.read_zero_page(at)
            }};
            (zpx) => {{
                let at = zpx!();
                self.read_zero_page_after(at, op)
            }};
            (zpy) => {{
                let at = zpy!();
                self.read_zero_page_after(at, op)
            }};
            (abs) => {{
                let at = abs!();
                self.read::<BANKED>(at)
            }};
            (abx) => {{
                let at = abx!(true);
                self.read::<BANKED>(at)
            }};
            (aby) => {{
                let at = aby!(true);
                self.read::<BANKED>(at)
            }};
            (izx) => {{
                let at = izx!();
                self.read::<BANKED>(at)
            }};
            (izy) => {{
                let at = izy!(true);
                self.read::<BANKED>(at)
            }};
        }
        macro_rules! store {
            (zp, $value:expr) => {{
                let at = zp!();
                let v = $value;
                self.write_zero_page(at, v)
            }};
            (zpx, $value:expr) => {{
                let at = zpx!();
                let v = $value;
                self.write_zero_page(at, v)
            }};
            (zpy, $value:expr) => {{
                let at = zpy!();
                let v = $value;
                self.write_zero_page(at, v)
            }};
            (abs, $value:expr) => {{
                let at = abs!();
                let v = $value;
                self.write::<BANKED>(at.0, v)
            }};
            (abx, $value:expr) => {{
                let at = abx!(false);
                let v = $value;
                self.write::<BANKED>(at.0, v)
            }};
            (aby, $value:expr) => {{
                let at = aby!(false);
                let v = $value;
                self.write::<BANKED>(at.0, v)
            }};
            (izx, $value:expr) => {{
                let at = izx!();
                let v = $value;
                self.write::<BANKED>(at.0, v)
            }};
            (izy, $value:expr) => {{
                let at = izy!(false);
                let v = $value;
                self.write::<BANKED>(at.0, v)
            }};
        }
        // Read, change, write: `$change` is a method of the processor from a byte to a byte. Gives the written byte.
        macro_rules! modify_zero_page {
            ($at:expr, $change:ident) => {{
                let at = $at;
                let old = self.read_zero_page_after(at, op);
                let new = self.cpu.$change(old);
                self.write_zero_page(at, new);
                new
            }};
        }
        macro_rules! modify_at {
            ($at:expr, $change:ident) => {{
                let at = $at;
                let old = self.read::<BANKED>(at);
                let new = self.cpu.$change(old);
                self.write::<BANKED>(at.0, new);
                new
            }};
        }
        macro_rules! modify {
            (zp, $change:ident) => {
                modify_zero_page!(zp!(), $change)
            };
            (zpx, $change:ident) => {
                modify_zero_page!(zpx!(), $change)
            };
            (abs, $change:ident) => {
                modify_at!(abs!(), $change)
            };
            (abx, $change:ident) => {
                modify_at!(abx!(false), $change)
            };
            (aby, $change:ident) => {
                modify_at!(aby!(false), $change)
            };
            (izx, $change:ident) => {
                modify_at!(izx!(), $change)
            };
            (izy, $change:ident) => {
                modify_at!(izy!(false), $change)
            };
        }
        macro_rules! lda {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.load_a(v)
            }};
        }
        macro_rules! ldx {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.x = v;
                self.cpu.set_nz(v)
            }};
        }
        macro_rules! ldy {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.y = v;
                self.cpu.set_nz(v)
            }};
        }
        macro_rules! ora {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.load_a(self.cpu.a | v)
            }};
        }
        macro_rules! and {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.load_a(self.cpu.a & v)
            }};
        }
        macro_rules! eor {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.load_a(self.cpu.a ^ v)
            }};
        }
        macro_rules! adc {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.adc(v)
            }};
        }
        macro_rules! sbc {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.sbc(v)
            }};
        }
        macro_rules! bit {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.bit(v)
            }};
        }
        macro_rules! cmp {
            ($mode:tt, $r:ident) => {{
                let v = value!($mode);
                self.cpu.compare(self.cpu.$r, v)
            }};
        }
        macro_rules! lax {
            ($mode:tt) => {{
                let v = value!($mode);
                self.cpu.x = v;
                self.cpu.load_a(v)
            }};
        }
        macro_rules! slo {
            ($mode:tt) => {{
                let v = modify!($mode, asl);
                self.cpu.load_a(self.cpu.a | v)
            }};
        }
        macro_rules! rla {
            ($mode:tt) => {{
                let v = modify!($mode, rol);
                self.cpu.load_a(self.cpu.a & v)
            }};
        }
        macro_rules! sre {
            ($mode:tt) => {{
                let v = modify!($mode, lsr);
                self.cpu.load_a(self.cpu.a ^ v)
            }};
        }
        macro_rules! rra {
            ($mode:tt) => {{
                let v = modify!($mode, ror);
                self.cpu.adc(v)
            }};
        }
        macro_rules! dcp {
            ($mode:tt) => {{
                let v = modify!($mode, dec);
                self.cpu.compare(self.cpu.a, v)
            }};
        }
        macro_rules! isc {
            ($mode:tt) => {{
                let v = modify!($mode, inc);
                self.cpu.sbc(v)
            }};
        }
        macro_rules! branch {
            ($taken:expr) => {{
                skip!(2);
                let taken = $taken;
                self.branch(taken, op)
            }};
        }
        macro_rules! nop {
            ($mode:tt) => {{
                let _ = value!($mode);
            }};
        }

        match opcode {
            0x00 => self.software_interrupt::<BANKED>(),
            0x01 => ora!(izx),
            0x05 => ora!(zp),
            0x09 => ora!(imm),
            0x0d => ora!(abs),
            0x11 => ora!(izy),
            0x15 => ora!(zpx),
            0x19 => ora!(aby),
            0x1d => ora!(abx),
            0x21 => and!(izx),
            0x25 => and!(zp),
            0x29 => and!(imm),
            0x2d => and!(abs),
            0x31 => and!(izy),
            0x35 => and!(zpx),
            0x39 => and!(aby),
            0x3d => and!(abx),
            0x41 => eor!(izx),
            0x45 => eor!(zp),
            0x49 => eor!(imm),
            0x4d => eor!(abs),
            0x51 => eor!(izy),
            0x55 => eor!(zpx),
            0x59 => eor!(aby),
            0x5d => eor!(abx),
            0x61 => adc!(izx),
            0x65 => adc!(zp),
            0x69 => adc!(imm),
            0x6d => adc!(abs),
            0x71 => adc!(izy),
            0x75 => adc!(zpx),
            0x79 => adc!(aby),
            0x7d => adc!(abx),
            0xe1 => sbc!(izx),
            0xe5 => sbc!(zp),
            0xe9 | 0xeb => sbc!(imm),
            0xed => sbc!(abs),
            0xf1 => sbc!(izy),
            0xf5 => sbc!(zpx),
            0xf9 => sbc!(aby),
            0xfd => sbc!(abx),
            0xc1 => cmp!(izx, a),
            0xc5 => cmp!(zp, a),
            0xc9 => cmp!(imm, a),
            0xcd => cmp!(abs, a),
            0xd1 => cmp!(izy, a),
            0xd5 => cmp!(zpx, a),
            0xd9 => cmp!(aby, a),
            0xdd => cmp!(abx, a),
            0xe0 => cmp!(imm, x),
            0xe4 => cmp!(zp, x),
            0xec => cmp!(abs, x),
            0xc0 => cmp!(imm, y),
            0xc4 => cmp!(zp, y),
            0xcc => cmp!(abs, y),
            0x24 => bit!(zp),
            0x2c => bit!(abs),

            0xa1 => lda!(izx),
            0xa5 => lda!(zp),
            0xa9 => lda!(imm),
            0xad => lda!(abs),
            0xb1 => lda!(izy),
            0xb5 => lda!(zpx),
            0xb9 => lda!(aby),
            0xbd => lda!(abx),
            0xa2 => ldx!(imm),
            0xa6 => ldx!(zp),
            0xae => ldx!(abs),
            0xb6 => ldx!(zpy),
            0xbe => ldx!(aby),
            0xa0 => ldy!(imm),
            0xa4 => ldy!(zp),
            0xac => ldy!(abs),
            0xb4 => ldy!(zpx),
            0xbc => ldy!(abx),
            0x81 => store!(izx, self.cpu.a),
            0x85 => store!(zp, self.cpu.a),
            0x8d => store!(abs, self.cpu.a),
            0x91 => store!(izy, self.cpu.a),
            0x95 => store!(zpx, self.cpu.a),
            0x99 => store!(aby, self.cpu.a),
            0x9d => store!(abx, self.cpu.a),
            0x86 => store!(zp, self.cpu.x),
            0x8e => store!(abs, self.cpu.x),
            0x96 => store!(zpy, self.cpu.x),
            0x84 => store!(zp, self.cpu.y),
            0x8c => store!(abs, self.cpu.y),
            0x94 => store!(zpx, self.cpu.y),

            0x06 => {
                modify!(zp, asl);
            }
            0x0e => {
                modify!(abs, asl);
            }
            0x16 => {
                modify!(zpx, asl);
            }
            0x1e => {
                modify!(abx, asl);
            }
            0x26 => {
                modify!(zp, rol);
            }
            0x2e => {
                modify!(abs, rol);
            }
            0x36 => {
                modify!(zpx, rol);
            }
            0x3e => {
                modify!(abx, rol);
            }
            0x46 => {
                modify!(zp, lsr);
            }
            0x4e => {
                modify!(abs, lsr);
            }
            0x56 => {
                modify!(zpx, lsr);
            }
            0x5e => {
                modify!(abx, lsr);
            }
            0x66 => {
                modify!(zp, ror);
            }
            0x6e => {
                modify!(abs, ror);
            }
            0x76 => {
                modify!(zpx, ror);
            }
            0x7e => {
                modify!(abx, ror);
            }
            0xc6 => {
                modify!(zp, dec);
            }
            0xce => {
                modify!(abs, dec);
            }
            0xd6 => {
                modify!(zpx, dec);
            }
            0xde => {
                modify!(abx, dec);
            }
            0xe6 => {
                modify!(zp, inc);
            }
            0xee => {
                modify!(abs, inc);
            }
            0xf6 => {
                modify!(zpx, inc);
            }
            0xfe => {
                modify!(abx, inc);
            }
            0x0a => {
                self.cpu.a = {
                    let a = self.cpu.a;
                    self.cpu.asl(a)
                }
            }
            0x2a => {
                self.cpu.a = {
                    let a = self.cpu.a;
                    self.cpu.rol(a)
                }
            }
            0x4a => {
                self.cpu.a = {
                    let a = self.cpu.a;
                    self.cpu.lsr(a)
                }
            }
            0x6a => {
                self.cpu.a = {
                    let a = self.cpu.a;
                    self.cpu.ror(a)
                }
            }

            0x10 => branch!(self.cpu.sign & 0x80 == 0),
            0x30 => branch!(self.cpu.sign & 0x80 != 0),
            0x50 => branch!(!self.cpu.overflow),
            0x70 => branch!(self.cpu.overflow),
            0x90 => branch!(self.cpu.carry == 0),
            0xb0 => branch!(self.cpu.carry != 0),
            0xd0 => {
                branch!(self.cpu.not_zero != 0);
                if !BANKED && op == BACK_TO_LOAD && self.cpu.not_zero != 0 {
                    self.t = wait(self.cpu.pc, self.t, self.code, self.machine);
                }
            }
            0xf0 => branch!(self.cpu.not_zero == 0),

            0x18 => self.cpu.carry = 0,
            0x38 => self.cpu.carry = 1,
            0x58 => self.cpu.interrupts_off = false,
            0x78 => self.cpu.interrupts_off = true,
            0xb8 => self.cpu.overflow = false,
            0xd8 => self.cpu.decimal = false,
            0xf8 => self.cpu.decimal = true,

            0xaa => {
                self.cpu.x = self.cpu.a;
                self.cpu.set_nz(self.cpu.a)
            }
            0xa8 => {
                self.cpu.y = self.cpu.a;
                self.cpu.set_nz(self.cpu.a)
            }
            0x8a => self.cpu.load_a(self.cpu.x),
            0x98 => self.cpu.load_a(self.cpu.y),
            0xba => {
                self.cpu.x = self.cpu.sp;
                self.cpu.set_nz(self.cpu.sp)
            }
            0x9a => self.cpu.sp = self.cpu.x,
            0xca => {
                self.cpu.x = {
                    let x = self.cpu.x;
                    self.cpu.dec(x)
                }
            }
            0x88 => {
                self.cpu.y = {
                    let y = self.cpu.y;
                    self.cpu.dec(y)
                }
            }
            0xe8 => {
                self.cpu.x = {
                    let x = self.cpu.x;
                    self.cpu.inc(x)
                }
            }
            0xc8 => {
                self.cpu.y = {
                    let y = self.cpu.y;
                    self.cpu.inc(y)
                }
            }

            0x08 => self.push(self.cpu.status()),
            0x28 => {
                let status = self.pull(opcode);
                self.cpu.set_status(status)
            }
            0x48 => self.push(self.cpu.a),
            0x68 => {
                let value = self.pull(opcode);
                self.cpu.load_a(value)
            }
            0x20 => {
                skip!(2);
                self.push_pc();
                self.cpu.pc = op16
            }
            0x60 => self.cpu.pc = self.pull_pc(opcode).wrapping_add(1),
            0x40 => {
                let status = self.pull(opcode);
                self.cpu.set_status(status);
                self.cpu.pc = self.pull_pc(status)
            }
            0x4c => self.cpu.pc = op16,
            0x6c => {
                // The pointer's high byte comes from the same page.
                let low = self.read::<BANKED>(named(op16));
                let high = self.read::<BANKED>(named(op16 & 0xff00 | op16.wrapping_add(1) & 0xff));
                self.cpu.pc = u16::from_le_bytes([low, high]);
            }
            0xea => {}

            // The undocumented instructions.
            0x1a | 0x3a | 0x5a | 0x7a | 0xda | 0xfa => {}
            0x80 | 0x82 | 0x89 | 0xc2 | 0xe2 => skip!(2),
            0x04 | 0x44 | 0x64 => nop!(zp),
            0x14 | 0x34 | 0x54 | 0x74 | 0xd4 | 0xf4 => nop!(zpx),
            0x0c => nop!(abs),
            0x1c | 0x3c | 0x5c | 0x7c | 0xdc | 0xfc => nop!(abx),
            0xa3 => lax!(izx),
            0xa7 => lax!(zp),
            0xaf => lax!(abs),
            0xb3 => lax!(izy),
            0xb7 => lax!(zpy),
            0xbf => lax!(aby),
            0x83 => store!(izx, self.cpu.a & self.cpu.x),
            0x87 => store!(zp, self.cpu.a & self.cpu.x),
            0x8f => store!(abs, self.cpu.a & self.cpu.x),
            0x97 => store!(zpy, self.cpu.a & self.cpu.x),
            0x03 => slo!(izx),
            0x07 => slo!(zp),
            0x0f => slo!(abs),
            0x13 => slo!(izy),
            0x17 => slo!(zpx),
            0x1b => slo!(aby),
            0x1f => slo!(abx),
            0x23 => rla!(izx),
            0x27 => rla!(zp),
            0x2f => rla!(abs),
            0x33 => rla!(izy),
            0x37 => rla!(zpx),
            0x3b => rla!(aby),
            0x3f => rla!(abx),
            0x43 => sre!(izx),
            0x47 => sre!(zp),
            0x4f => sre!(abs),
            0x53 => sre!(izy),
            0x57 => sre!(zpx),
            0x5b => sre!(aby),
            0x5f => sre!(abx),
            0x63 => rra!(izx),
            0x67 => rra!(zp),
            0x6f => rra!(abs),
            0x73 => rra!(izy),
            0x77 => rra!(zpx),
            0x7b => rra!(aby),
            0x7f => rra!(abx),
            0xc3 => dcp!(izx),
            0xc7 => dcp!(zp),
            0xcf => dcp!(abs),
            0xd3 => dcp!(izy),
            0xd7 => dcp!(zpx),
            0xdb => dcp!(aby),
            0xdf => dcp!(abx),
            0xe3 => isc!(izx),
            0xe7 => isc!(zp),
            0xef => isc!(abs),
            0xf3 => isc!(izy),
            0xf7 => isc!(zpx),
            0xfb => isc!(aby),
            0xff => isc!(abx),
            0x0b | 0x2b => {
                and!(imm);
                self.cpu.carry = self.cpu.a >> 7
            }
            0x4b => {
                and!(imm);
                self.cpu.a = {
                    let a = self.cpu.a;
                    self.cpu.lsr(a)
                }
            }
            0x6b => {
                skip!(2);
                self.cpu.arr(op)
            }
            0xcb => {
                skip!(2);
                self.cpu.sbx(op)
            }
            // Unstable ones: the usual approximation, with the constant 0xee.
            0x8b => {
                skip!(2);
                self.cpu.load_a((self.cpu.a | 0xee) & self.cpu.x & op)
            }
            0xab => {
                skip!(2);
                let v = (self.cpu.a | 0xee) & op;
                self.cpu.x = v;
                self.cpu.load_a(v)
            }
            0xbb => {
                let v = value!(aby) & self.cpu.sp;
                self.cpu.sp = v;
                self.cpu.x = v;
                self.cpu.load_a(v)
            }
            0x93 => {
                skip!(2);
                let (base, _) = self.pointer(op);
                self.store_with_high::<BANKED>(base, self.cpu.y, self.cpu.a & self.cpu.x);
            }
            0x9f => {
                skip!(3);
                self.store_with_high::<BANKED>(op16, self.cpu.y, self.cpu.a & self.cpu.x)
            }
            0x9c => {
                skip!(3);
                self.store_with_high::<BANKED>(op16, self.cpu.x, self.cpu.y)
            }
            0x9e => {
                skip!(3);
                self.store_with_high::<BANKED>(op16, self.cpu.y, self.cpu.x)
            }
            0x9b => {
                skip!(3);
                self.cpu.sp = self.cpu.a & self.cpu.x;
                self.store_with_high::<BANKED>(op16, self.cpu.y, self.cpu.sp);
            }
            0x02 | 0x12 | 0x22 | 0x32 | 0x42 | 0x52 | 0x62 | 0x72 | 0x92 | 0xb2 | 0xd2 | 0xf2 => self.jam(),
        }
    }
}

/// The bytes behind each opcode.
pub(crate) const OPERANDS: [u8; 256] = {
    let mut operands = [1; 256];
    let mut opcode = 0;
    while opcode < 256 {
        operands[opcode] = match opcode {
            0x20 => 2,
            0x00 | 0x40 | 0x60 => 0,
            _ => match opcode & 0x1f {
                0x08 | 0x0a | 0x18 | 0x1a | 0x12 => 0,
                0x02 if opcode < 0x80 => 0,
                0x0c..=0x0f | 0x19 | 0x1b..=0x1f => 2,
                _ => 1,
            },
        };
        opcode += 1;
    }
    operands
};
