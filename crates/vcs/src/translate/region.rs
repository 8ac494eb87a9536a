//! Regions: the instructions that are translated together, found by following the flow of control from an entry.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cartridge::WINDOW,
    cpu::{CYCLES, OPERANDS, WAIT_CYCLES, loads_timer},
};

/// The most instructions of a region. With a line's 76 cycles for each, no way through a region is longer than
/// [`super::MARGIN`].
const MOST_INSTRUCTIONS: usize = 200;

pub(super) const BRK: u8 = 0x00;
pub(super) const RTI: u8 = 0x40;

/// How an instruction names its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Implied,
    Immediate,
    ZeroPage,
    ZeroPageX,
    ZeroPageY,
    Absolute,
    AbsoluteX,
    AbsoluteY,
    IndirectX,
    IndirectY,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub(super) pc: u16,
    pub(super) opcode: u8,
    /// What follows the opcode; for BRK, the address in the vector.
    pub(super) operand: u16,
    pub(super) mode: Mode,
}

impl Instruction {
    fn at(pc: u16, code: &[u8; WINDOW]) -> Self {
        let at = usize::from(pc & 0xfff);
        let opcode = code[at];
        let operand = match OPERANDS[usize::from(opcode)] {
            _ if opcode == BRK => u16::from_le_bytes([code[0xffe], code[0xfff]]),
            0 => 0,
            1 => code[at + 1].into(),
            _ => u16::from_le_bytes([code[at + 1], code[at + 2]]),
        };
        Self { pc, opcode, operand, mode: mode(opcode) }
    }

    pub(super) fn cycles(&self) -> u32 {
        CYCLES[usize::from(self.opcode)].into()
    }

    /// Where the instruction behind it is.
    pub(super) fn next(&self) -> u16 {
        self.pc.wrapping_add(1 + u16::from(OPERANDS[usize::from(self.opcode)]))
    }

    pub(super) fn is_branch(&self) -> bool {
        self.opcode & 0x1f == 0x10
    }

    /// Where a branch, jump or call goes.
    pub(super) fn target(&self) -> Option<u16> {
        match self.opcode {
            _ if self.is_branch() => Some(self.next().wrapping_add_signed((self.operand as u8 as i8).into())),
            0x4c | 0x20 | BRK => Some(self.operand),
            _ => None,
        }
    }

    /// Whether control never comes to the next instruction from here.
    pub(super) fn ends(&self) -> bool {
        matches!(self.opcode, 0x4c | 0x20 | 0x60 | BRK | RTI)
    }

    /// Where the return from what this calls goes.
    fn return_address(&self) -> Option<u16> {
        match self.opcode {
            0x20 => Some(self.next()),
            BRK => Some(self.pc.wrapping_add(2)),
            _ => None,
        }
    }

    /// Whether it can be translated: all documented instructions but the rare ones.
    fn is_known(&self) -> bool {
        match self.opcode {
            0x6c | 0x28 | 0x89 => false,
            BRK | RTI | 0x20 | 0x60 | 0x4c | 0x08 | 0x48 | 0x68 | 0x18 | 0x38 | 0x58 | 0x78 | 0xb8 | 0xd8 | 0xf8 => {
                true
            }
            0xaa | 0xa8 | 0x8a | 0x98 | 0xba | 0x9a | 0xca | 0x88 | 0xe8 | 0xc8 | 0xea => true,
            0x24 | 0x2c | 0xa0 | 0xa4 | 0xac | 0xb4 | 0xbc | 0x84 | 0x8c | 0x94 => true,
            0xc0 | 0xc4 | 0xcc | 0xe0 | 0xe4 | 0xec => true,
            0xa2 | 0xa6 | 0xae | 0xb6 | 0xbe | 0x86 | 0x8e | 0x96 => true,
            _ if self.is_branch() => true,
            opcode if opcode & 3 == 1 => true,
            // Shifts, DEC and INC.
            opcode => opcode & 3 == 2 && !matches!(opcode >> 5, 4 | 5) && is_modifying(opcode),
        }
    }
}

fn is_modifying(opcode: u8) -> bool {
    match opcode >> 2 & 7 {
        1 | 3 | 5 | 7 => true,
        2 => opcode < 0x80,
        _ => false,
    }
}

fn mode(opcode: u8) -> Mode {
    let by_x = !matches!(opcode, 0x96 | 0xb6 | 0xbe);
    match (opcode & 3, opcode >> 2 & 7) {
        (1, 0) => Mode::IndirectX,
        (1, 2) | (0 | 2, 0) => Mode::Immediate,
        (1, 4) => Mode::IndirectY,
        (1, 6) => Mode::AbsoluteY,
        (_, 1) => Mode::ZeroPage,
        (_, 3) => Mode::Absolute,
        (_, 5) if by_x => Mode::ZeroPageX,
        (_, 5) => Mode::ZeroPageY,
        (_, 7) if by_x => Mode::AbsoluteX,
        (_, 7) => Mode::AbsoluteY,
        _ => Mode::Implied,
    }
}

/// A region: its instructions by address, and those at which control comes in from elsewhere than the one before.
pub(super) struct Region {
    pub(super) instructions: BTreeMap<u16, Instruction>,
    pub(super) leaders: BTreeSet<u16>,
    /// Where the calls and interrupts among them return to.
    pub(super) returns: BTreeSet<u16>,
}

impl Region {
    /// The region of an entry in the cartridge; `None` where its first instruction cannot be translated.
    pub(super) fn from(entry: u16, code: &[u8; WINDOW]) -> Option<Self> {
        let mut instructions = BTreeMap::new();
        let mut leaders = BTreeSet::from([entry]);
        let mut returns = BTreeSet::new();
        let mut open = vec![entry];
        while let Some(mut pc) = open.pop() {
            while instructions.len() < MOST_INSTRUCTIONS && pc & 0x1000 != 0 && pc & 0xfff < 0xffd {
                let instruction = Instruction::at(pc, code);
                if instructions.contains_key(&pc) || !instruction.is_known() {
                    break;
                }
                instructions.insert(pc, instruction);
                if let Some(address) = instruction.return_address() {
                    returns.insert(address);
                    leaders.insert(address);
                    open.push(address);
                }
                if let Some(target) = instruction.target() {
                    leaders.insert(target);
                    leaders.insert(instruction.next());
                    open.push(target);
                }
                if instruction.ends() {
                    break;
                }
                pc = instruction.next();
            }
        }
        instructions.contains_key(&entry).then_some(Self { instructions, leaders, returns })
    }

    /// Where control goes from an instruction, as far as that is within the region.
    pub(super) fn successors(&self, i: &Instruction) -> Vec<u16> {
        let next = (!i.ends()).then(|| i.next());
        let returns = self.returns.iter().filter(|_| matches!(i.opcode, 0x60 | RTI)).copied();
        next.into_iter().chain(i.target()).chain(returns).collect()
    }

    /// The cycles of a loop that waits for the timer, if one begins here.
    pub(super) fn wait_at(&self, pc: u16) -> Option<u32> {
        let load = self.instructions.get(&pc).filter(|load| loads_timer(load.opcode, load.operand))?;
        let branch = self.instructions.get(&load.next())?;
        let waits = branch.opcode == 0xd0 && branch.target() == Some(pc);
        waits.then(|| WAIT_CYCLES + u32::from((pc ^ branch.next()) & 0xff00 != 0))
    }
}
