//! Regions: the instructions that are translated together, found by following the flow of control from an entry.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{callbacks::MARGIN, view::View};
use crate::{
    cpu::instructions::{INSTRUCTIONS, Instruction, Kind, Mode, Operation, Registers, WAIT_CYCLES, awaited},
    machine::LINE,
    riot::Awaited,
    tia::register,
};

/// The most instructions of a region. Most frames of most games are one loop that fits.
const MOST_INSTRUCTIONS: usize = 600;

/// An instruction in the cartridge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) pc: u16,
    pub(super) opcode: u8,
    /// What follows the opcode; for BRK, the address in the vector.
    pub(super) operand: u16,
    pub(super) row: Instruction,
}

impl Step {
    fn at(pc: u16, code: &[u8]) -> Self {
        let at = usize::from(pc & 0xfff);
        let opcode = code[at];
        let row = INSTRUCTIONS[usize::from(opcode)];
        let operand = match row.mode.length() {
            _ if row.operation == Operation::Brk => u16::from_le_bytes([code[0xffe], code[0xfff]]),
            1 => 0,
            2 => code[at + 1].into(),
            _ => u16::from_le_bytes([code[at + 1], code[at + 2]]),
        };
        Self { pc, opcode, operand, row }
    }

    /// Where the instruction after it is.
    pub(super) fn next(&self) -> u16 {
        self.pc.wrapping_add(self.row.mode.length())
    }

    /// Where a branch, jump or call goes.
    pub(super) fn target(&self) -> Option<u16> {
        match self.row.operation {
            _ if self.row.kind == Kind::Branch => {
                Some(self.next().wrapping_add_signed((self.operand as u8 as i8).into()))
            }
            _ if self.row.mode == Mode::Indirect => None,
            Operation::Jmp | Operation::Jsr | Operation::Brk => Some(self.operand),
            _ => None,
        }
    }

    /// Whether control never comes to the next instruction from here.
    pub(super) fn ends(&self) -> bool {
        self.row.kind == Kind::Jump
    }

    /// The most cycles that it takes: a branch that is taken, or an index that crosses a page, takes more than the table says,
    /// and so does the rest of the line where it may write WSYNC.
    pub(super) fn most_cycles(&self) -> u32 {
        let may_wait = match (self.row.kind, self.row.mode) {
            (Kind::Store | Kind::Modify, Mode::ZeroPage | Mode::Absolute) => {
                self.operand & 0x10bf == register::WSYNC.into()
            }
            (Kind::Modify, Mode::Accumulator) => false,
            (Kind::Store | Kind::Modify | Kind::Push, _) => true,
            _ => matches!(self.row.operation, Operation::Jsr | Operation::Brk),
        };
        u32::from(self.row.cycles) + 2 + if may_wait { LINE } else { 0 }
    }

    /// Whether it goes back to where a call or an interrupt came from.
    fn returns(&self) -> bool {
        matches!(self.row.operation, Operation::Rts | Operation::Rti)
    }

    /// Where the return from what this calls goes.
    fn return_address(&self) -> Option<u16> {
        match self.row.operation {
            Operation::Jsr => Some(self.next()),
            Operation::Brk => Some(self.pc.wrapping_add(2)),
            _ => None,
        }
    }

    /// Whether it can be translated: all documented instructions, and those of the others that games use.
    fn is_known(&self) -> bool {
        use Operation::*;
        let is_rare =
            matches!(self.row.operation, Slo | Rla | Sre | Rra | Isc | Anc | Alr | Arr | Sbx | Ane | Lxa | Las | Jam);
        !is_rare && self.row.kind != Kind::StoreHigh
    }
}

/// A region: its instructions by address, and those at which control comes in from elsewhere than the one before.
pub(super) struct Region {
    pub(super) instructions: BTreeMap<u16, Step>,
    pub(super) leaders: BTreeSet<u16>,
    /// Where the calls and interrupts among them return to.
    pub(super) returns: BTreeSet<u16>,
    /// The registers that they read or write, and those that they write.
    pub(super) uses: Registers,
    pub(super) writes: Registers,
}

impl Region {
    /// The region of an entry in the cartridge; `None` where its first instruction cannot be translated.
    pub(super) fn from(entry: u16, view: &View) -> Option<Self> {
        let mut instructions = BTreeMap::new();
        let mut leaders = BTreeSet::from([entry]);
        let mut returns = BTreeSet::new();
        let mut open = VecDeque::from([entry]);
        // No way through the region takes longer than is left of a frame after the last time at which it is entered.
        let mut cycles_left = MARGIN;
        while let Some(mut pc) = open.pop_front() {
            while instructions.len() < MOST_INSTRUCTIONS {
                let step = Step::at(pc, &view.code);
                let is_elsewhere = step.row.operation == Operation::Brk && !view.holds_vector();
                let is_held = view.holds_code(pc, step.row.mode.length());
                if instructions.contains_key(&pc) || !is_held || !step.is_known() || is_elsewhere {
                    break;
                }
                let Some(left) = cycles_left.checked_sub(step.most_cycles()) else { break };
                cycles_left = left;
                instructions.insert(pc, step);
                if let Some(address) = step.return_address() {
                    returns.insert(address);
                    leaders.insert(address);
                    open.push_back(address);
                }
                if let Some(target) = step.target() {
                    leaders.insert(target);
                    leaders.insert(step.next());
                    open.push_back(target);
                }
                if step.ends() {
                    break;
                }
                pc = step.next();
            }
        }
        let all = |some: fn(&Instruction) -> Registers| {
            instructions.values().fold(Registers::default(), |all, step: &Step| all.and(some(&step.row)))
        };
        let (uses, writes) = (all(|row| row.reads.and(row.writes)), all(|row| row.writes));
        instructions.contains_key(&entry).then_some(Self { instructions, leaders, returns, uses, writes })
    }

    /// Where control goes from an instruction, as far as that is within the region.
    pub(super) fn successors(&self, step: &Step) -> Vec<u16> {
        let next = (!step.ends()).then(|| step.next());
        let returns = self.returns.iter().filter(|_| step.returns()).copied();
        next.into_iter().chain(step.target()).chain(returns).collect()
    }

    /// Whether translated code goes on from an instruction to one of its successors only where it is early in the frame: on
    /// the ways back, of which every loop has one.
    pub(super) fn looks_at_time(&self, step: &Step, next: u16) -> bool {
        match step.returns() {
            true => self.comes_back(step.pc),
            false => step.target() == Some(next) && next <= step.pc,
        }
    }

    /// Whether a return from here may go backwards.
    pub(super) fn comes_back(&self, from: u16) -> bool {
        self.returns.iter().any(|address| *address <= from)
    }

    /// What a loop awaits of the timer, and its cycles, if one begins here.
    pub(super) fn wait_at(&self, pc: u16) -> Option<(Awaited, u32)> {
        let load = self.instructions.get(&pc)?;
        let branch = self.instructions.get(&load.next()).filter(|branch| branch.target() == Some(pc))?;
        let awaited = awaited(load.opcode, load.operand, branch.row.operation)?;
        Some((awaited, WAIT_CYCLES + u32::from((pc ^ branch.next()) & 0xff00 != 0)))
    }
}
