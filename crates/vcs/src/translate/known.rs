//! What is known about the registers before the code runs: the values that every way to an instruction has loaded.

use std::collections::BTreeMap;

use super::{
    callbacks::CALM,
    region::{Region, Step},
};
use crate::{
    cpu::instructions::{Kind, MOST_CYCLES, Mode, Operation, Register, looks_at_timer},
    tia::register,
};

/// What is known before an instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) a: Option<u8>,
    pub(super) x: Option<u8>,
    pub(super) y: Option<u8>,
    pub(super) sp: Option<u8>,
    /// The decimal flag is clear.
    pub(super) binary: bool,
    /// At most so many cycles have passed since it was [early in the frame](super::Translations::is_early).
    since_early: Option<u32>,
}

impl Known {
    /// What is known where two ways meet.
    fn meet(self, other: Self) -> Self {
        let both = |a: Option<u8>, b: Option<u8>| if a == b { a } else { None };
        Self {
            a: both(self.a, other.a),
            x: both(self.x, other.x),
            y: both(self.y, other.y),
            sp: both(self.sp, other.sp),
            binary: self.binary && other.binary,
            since_early: self.since_early.zip(other.since_early).map(|(a, b)| a.max(b)),
        }
    }

    /// Whether the current instruction ends before the time from which on a write to the TIA ends the frame.
    pub(super) fn is_early(self) -> bool {
        self.since_early.is_some()
    }

    /// A write of the current instruction, of which there may be more, has waited for the line's end.
    pub(super) fn wait_for_line(&mut self) {
        self.since_early = None;
    }

    /// The most cycles since it was early, after an instruction, if the next one still comes in time.
    fn since_early(self, step: &Step) -> Option<u32> {
        let written = match (step.row.kind, step.row.mode) {
            (Kind::Store | Kind::Modify, Mode::ZeroPage | Mode::Absolute) => Some(step.operand),
            (Kind::Push, _) => self.sp.map(u16::from),
            _ => None,
        };
        let is_wsync =
            written.is_some_and(|address| address & 0x1080 == 0 && address & 0x3f == u16::from(register::WSYNC));
        match (is_wsync, step.row.kind) {
            // Where a line's end was waited for, the time is looked at.
            (true, Kind::Store) => Some(0),
            (true, _) => None,
            _ if looks_at_timer(step.opcode, step.operand) => None,
            (false, _) => self.since_early.map(|since| since + step.most_cycles()),
        }
        .filter(|since| since + MOST_CYCLES <= CALM)
    }

    /// What is known after an instruction: nothing of the registers that it writes, unless it is one of these.
    pub(super) fn after(self, step: &Step) -> Self {
        use Operation::*;
        let moved = |register: Option<u8>, by: i8| register.map(|value| value.wrapping_add_signed(by));
        let immediate = (step.row.mode == Mode::Immediate).then_some(step.operand as u8);
        let kept = |known: Option<u8>, register| if step.row.writes.contains(register) { None } else { known };
        let rest = Self {
            a: kept(self.a, Register::A),
            x: kept(self.x, Register::X),
            y: kept(self.y, Register::Y),
            sp: kept(self.sp, Register::Sp),
            binary: self.binary && !step.row.writes.contains(Register::D),
            since_early: self.since_early(step),
        };
        match step.row.operation {
            Lda => Self { a: immediate, ..rest },
            Ldx => Self { x: immediate, ..rest },
            Ldy => Self { y: immediate, ..rest },
            Tax => Self { x: self.a, ..rest },
            Tay => Self { y: self.a, ..rest },
            Txa => Self { a: self.x, ..rest },
            Tya => Self { a: self.y, ..rest },
            Tsx => Self { x: self.sp, ..rest },
            Txs => Self { sp: self.x, ..rest },
            Dex => Self { x: moved(self.x, -1), ..rest },
            Inx => Self { x: moved(self.x, 1), ..rest },
            Dey => Self { y: moved(self.y, -1), ..rest },
            Iny => Self { y: moved(self.y, 1), ..rest },
            Php | Pha => Self { sp: moved(self.sp, -1), ..rest },
            Pla | Plp => Self { sp: moved(self.sp, 1), ..rest },
            Jsr => Self { sp: moved(self.sp, -2), ..rest },
            Rts => Self { sp: moved(self.sp, 2), ..rest },
            Brk => Self { sp: moved(self.sp, -3), ..rest },
            Rti => Self { sp: moved(self.sp, 3), ..rest },
            // Translated code goes on after ADC and SBC only where the decimal flag is clear.
            Cld | Adc | Sbc => Self { binary: true, ..rest },
            _ => rest,
        }
    }

    /// What is known before each leader of a region that is entered early, with unknown registers.
    pub(super) fn of(entry: u16, region: &Region) -> BTreeMap<u16, Self> {
        let mut known = BTreeMap::from([(entry, Self { since_early: Some(0), ..Self::default() })]);
        let mut open = vec![entry];
        while let Some(leader) = open.pop() {
            let mut here = known.get(&leader).copied().unwrap_or_default();
            let mut pc = leader;
            while let Some(step) = region.instructions.get(&pc) {
                here = here.after(step);
                for next in region.successors(step) {
                    if !region.leaders.contains(&next) {
                        continue;
                    }
                    let before = known.get(&next).copied();
                    let there =
                        if region.looks_at_time(step, next) { Self { since_early: Some(0), ..here } } else { here };
                    let after = before.map_or(there, |before| before.meet(there));
                    if before != Some(after) {
                        known.insert(next, after);
                        open.push(next);
                    }
                }
                pc = step.next();
                if step.ends() || region.leaders.contains(&pc) {
                    break;
                }
            }
        }
        known
    }
}
