//! What is known about the registers before the code runs: the values that every way to an instruction has loaded.

use std::collections::BTreeMap;

use super::region::{Instruction, Mode, Region};

/// What is known in front of an instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) a: Option<u8>,
    pub(super) x: Option<u8>,
    pub(super) y: Option<u8>,
    pub(super) sp: Option<u8>,
    /// The decimal flag is clear.
    pub(super) binary: bool,
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
        }
    }

    /// What is known behind an instruction.
    pub(super) fn after(self, i: &Instruction) -> Self {
        let moved = |register: Option<u8>, by: i8| register.map(|value| value.wrapping_add_signed(by));
        let immediate = (i.mode == Mode::Immediate).then_some(i.operand as u8);
        match i.opcode {
            0xaa => Self { x: self.a, ..self },
            0xa8 => Self { y: self.a, ..self },
            0x8a => Self { a: self.x, ..self },
            0x98 => Self { a: self.y, ..self },
            0xba => Self { x: self.sp, ..self },
            0x9a => Self { sp: self.x, ..self },
            0xca => Self { x: moved(self.x, -1), ..self },
            0xe8 => Self { x: moved(self.x, 1), ..self },
            0x88 => Self { y: moved(self.y, -1), ..self },
            0xc8 => Self { y: moved(self.y, 1), ..self },
            0x08 | 0x48 => Self { sp: moved(self.sp, -1), ..self },
            0x68 => Self { a: None, sp: moved(self.sp, 1), ..self },
            0x20 => Self { sp: moved(self.sp, -2), ..self },
            0x60 => Self { sp: moved(self.sp, 2), ..self },
            0x00 => Self { sp: moved(self.sp, -3), ..self },
            0x40 => Self { sp: moved(self.sp, 3), binary: false, ..self },
            0xd8 => Self { binary: true, ..self },
            0xf8 => Self { binary: false, ..self },
            0xa0 | 0xa4 | 0xac | 0xb4 | 0xbc => Self { y: immediate, ..self },
            0xa2 | 0xa6 | 0xae | 0xb6 | 0xbe => Self { x: immediate, ..self },
            0x0a | 0x2a | 0x4a | 0x6a => Self { a: None, ..self },
            opcode if opcode & 3 == 1 => match opcode >> 5 {
                4 | 6 => self,
                5 => Self { a: immediate, ..self },
                // Translated code goes on behind ADC and SBC only where the decimal flag is clear.
                3 | 7 => Self { a: None, binary: true, ..self },
                _ => Self { a: None, ..self },
            },
            _ => self,
        }
    }

    /// What is known in front of each leader of a region that is entered with unknown registers.
    pub(super) fn of(entry: u16, region: &Region) -> BTreeMap<u16, Self> {
        let mut known = BTreeMap::from([(entry, Self::default())]);
        let mut open = vec![entry];
        while let Some(leader) = open.pop() {
            let mut here = known.get(&leader).copied().unwrap_or_default();
            let mut pc = leader;
            while let Some(instruction) = region.instructions.get(&pc) {
                here = here.after(instruction);
                for next in region.successors(instruction) {
                    if !region.leaders.contains(&next) {
                        continue;
                    }
                    let before = known.get(&next).copied();
                    let after = before.map_or(here, |before| before.meet(here));
                    if before != Some(after) {
                        known.insert(next, after);
                        open.push(next);
                    }
                }
                pc = instruction.next();
                if instruction.ends() || region.leaders.contains(&pc) {
                    break;
                }
            }
        }
        known
    }
}
