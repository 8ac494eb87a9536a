//! The processor's instructions, in one table from which all work that decode, run, translate or reason about them.

use crate::riot::Awaited;

/// Hands the table to the macro `$use`. A row is an operation: its kind, the registers that it reads and those that it
/// writes by itself; then its opcodes, each with addressing mode and cycles, without those for crossed pages and taken
/// branches. Undocumented operations have their usual names; `Ign` is a NOP that reads an operand.
macro_rules! instructions {
    ($use:ident) => {
        $use! {
            // Loads and stores.
            Lda Read [] [A N Z] {
                0xa9 Immediate 2, 0xa5 ZeroPage 3, 0xb5 ZeroPageX 4, 0xad Absolute 4, 0xbd AbsoluteX 4,
                0xb9 AbsoluteY 4, 0xa1 IndirectX 6, 0xb1 IndirectY 5
            }
            Ldx Read [] [X N Z] {
                0xa2 Immediate 2, 0xa6 ZeroPage 3, 0xb6 ZeroPageY 4, 0xae Absolute 4, 0xbe AbsoluteY 4
            }
            Ldy Read [] [Y N Z] {
                0xa0 Immediate 2, 0xa4 ZeroPage 3, 0xb4 ZeroPageX 4, 0xac Absolute 4, 0xbc AbsoluteX 4
            }
            Sta Store [A] [] {
                0x85 ZeroPage 3, 0x95 ZeroPageX 4, 0x8d Absolute 4, 0x9d AbsoluteX 5, 0x99 AbsoluteY 5,
                0x81 IndirectX 6, 0x91 IndirectY 6
            }
            Stx Store [X] [] { 0x86 ZeroPage 3, 0x96 ZeroPageY 4, 0x8e Absolute 4 }
            Sty Store [Y] [] { 0x84 ZeroPage 3, 0x94 ZeroPageX 4, 0x8c Absolute 4 }
            // Arithmetic and logic.
            Adc Read [A D C] [A N V Z C] {
                0x69 Immediate 2, 0x65 ZeroPage 3, 0x75 ZeroPageX 4, 0x6d Absolute 4, 0x7d AbsoluteX 4,
                0x79 AbsoluteY 4, 0x61 IndirectX 6, 0x71 IndirectY 5
            }
            Sbc Read [A D C] [A N V Z C] {
                0xe9 Immediate 2, 0xeb Immediate 2, 0xe5 ZeroPage 3, 0xf5 ZeroPageX 4, 0xed Absolute 4,
                0xfd AbsoluteX 4, 0xf9 AbsoluteY 4, 0xe1 IndirectX 6, 0xf1 IndirectY 5
            }
            And Read [A] [A N Z] {
                0x29 Immediate 2, 0x25 ZeroPage 3, 0x35 ZeroPageX 4, 0x2d Absolute 4, 0x3d AbsoluteX 4,
                0x39 AbsoluteY 4, 0x21 IndirectX 6, 0x31 IndirectY 5
            }
            Ora Read [A] [A N Z] {
                0x09 Immediate 2, 0x05 ZeroPage 3, 0x15 ZeroPageX 4, 0x0d Absolute 4, 0x1d AbsoluteX 4,
                0x19 AbsoluteY 4, 0x01 IndirectX 6, 0x11 IndirectY 5
            }
            Eor Read [A] [A N Z] {
                0x49 Immediate 2, 0x45 ZeroPage 3, 0x55 ZeroPageX 4, 0x4d Absolute 4, 0x5d AbsoluteX 4,
                0x59 AbsoluteY 4, 0x41 IndirectX 6, 0x51 IndirectY 5
            }
            Cmp Read [A] [N Z C] {
                0xc9 Immediate 2, 0xc5 ZeroPage 3, 0xd5 ZeroPageX 4, 0xcd Absolute 4, 0xdd AbsoluteX 4,
                0xd9 AbsoluteY 4, 0xc1 IndirectX 6, 0xd1 IndirectY 5
            }
            Cpx Read [X] [N Z C] { 0xe0 Immediate 2, 0xe4 ZeroPage 3, 0xec Absolute 4 }
            Cpy Read [Y] [N Z C] { 0xc0 Immediate 2, 0xc4 ZeroPage 3, 0xcc Absolute 4 }
            Bit Read [A] [N V Z] { 0x24 ZeroPage 3, 0x2c Absolute 4 }
            // Read, change, write.
            Asl Modify [] [N Z C] {
                0x0a Accumulator 2, 0x06 ZeroPage 5, 0x16 ZeroPageX 6, 0x0e Absolute 6, 0x1e AbsoluteX 7
            }
            Lsr Modify [] [N Z C] {
                0x4a Accumulator 2, 0x46 ZeroPage 5, 0x56 ZeroPageX 6, 0x4e Absolute 6, 0x5e AbsoluteX 7
            }
            Rol Modify [C] [N Z C] {
                0x2a Accumulator 2, 0x26 ZeroPage 5, 0x36 ZeroPageX 6, 0x2e Absolute 6, 0x3e AbsoluteX 7
            }
            Ror Modify [C] [N Z C] {
                0x6a Accumulator 2, 0x66 ZeroPage 5, 0x76 ZeroPageX 6, 0x6e Absolute 6, 0x7e AbsoluteX 7
            }
            Inc Modify [] [N Z] { 0xe6 ZeroPage 5, 0xf6 ZeroPageX 6, 0xee Absolute 6, 0xfe AbsoluteX 7 }
            Dec Modify [] [N Z] { 0xc6 ZeroPage 5, 0xd6 ZeroPageX 6, 0xce Absolute 6, 0xde AbsoluteX 7 }
            // Registers and flags.
            Tax Implied [A] [X N Z] { 0xaa Implied 2 }
            Tay Implied [A] [Y N Z] { 0xa8 Implied 2 }
            Txa Implied [X] [A N Z] { 0x8a Implied 2 }
            Tya Implied [Y] [A N Z] { 0x98 Implied 2 }
            Tsx Implied [Sp] [X N Z] { 0xba Implied 2 }
            Txs Implied [X] [Sp] { 0x9a Implied 2 }
            Inx Implied [X] [X N Z] { 0xe8 Implied 2 }
            Iny Implied [Y] [Y N Z] { 0xc8 Implied 2 }
            Dex Implied [X] [X N Z] { 0xca Implied 2 }
            Dey Implied [Y] [Y N Z] { 0x88 Implied 2 }
            Clc Implied [] [C] { 0x18 Implied 2 }
            Sec Implied [] [C] { 0x38 Implied 2 }
            Cli Implied [] [I] { 0x58 Implied 2 }
            Sei Implied [] [I] { 0x78 Implied 2 }
            Cld Implied [] [D] { 0xd8 Implied 2 }
            Sed Implied [] [D] { 0xf8 Implied 2 }
            Clv Implied [] [V] { 0xb8 Implied 2 }
            Nop Implied [] [] {
                0x1a Implied 2, 0x3a Implied 2, 0x5a Implied 2, 0x7a Implied 2, 0xda Implied 2, 0xea Implied 2,
                0xfa Implied 2
            }
            // The stack.
            Pha Push [A Sp] [Sp] { 0x48 Implied 3 }
            Php Push [Sp N V D I Z C] [Sp] { 0x08 Implied 3 }
            Pla Pull [Sp] [A Sp N Z] { 0x68 Implied 4 }
            Plp Pull [Sp] [Sp N V D I Z C] { 0x28 Implied 4 }
            // Branches, jumps, calls, returns.
            Bpl Branch [N] [] { 0x10 Relative 2 }
            Bmi Branch [N] [] { 0x30 Relative 2 }
            Bvc Branch [V] [] { 0x50 Relative 2 }
            Bvs Branch [V] [] { 0x70 Relative 2 }
            Bcc Branch [C] [] { 0x90 Relative 2 }
            Bcs Branch [C] [] { 0xb0 Relative 2 }
            Bne Branch [Z] [] { 0xd0 Relative 2 }
            Beq Branch [Z] [] { 0xf0 Relative 2 }
            Jmp Jump [] [] { 0x4c Absolute 3, 0x6c Indirect 5 }
            Jsr Jump [Sp] [Sp] { 0x20 Absolute 6 }
            Rts Jump [Sp] [Sp] { 0x60 Implied 6 }
            Brk Jump [Sp N V D I Z C] [Sp I] { 0x00 Implied 7 }
            Rti Jump [Sp] [Sp N V D I Z C] { 0x40 Implied 6 }
            // Undocumented ones: two documented ones in one, some that only read, unstable ones, one that stops the processor.
            Slo Modify [A] [A N Z C] {
                0x07 ZeroPage 5, 0x17 ZeroPageX 6, 0x0f Absolute 6, 0x1f AbsoluteX 7, 0x1b AbsoluteY 7,
                0x03 IndirectX 8, 0x13 IndirectY 8
            }
            Rla Modify [A C] [A N Z C] {
                0x27 ZeroPage 5, 0x37 ZeroPageX 6, 0x2f Absolute 6, 0x3f AbsoluteX 7, 0x3b AbsoluteY 7,
                0x23 IndirectX 8, 0x33 IndirectY 8
            }
            Sre Modify [A] [A N Z C] {
                0x47 ZeroPage 5, 0x57 ZeroPageX 6, 0x4f Absolute 6, 0x5f AbsoluteX 7, 0x5b AbsoluteY 7,
                0x43 IndirectX 8, 0x53 IndirectY 8
            }
            Rra Modify [A D C] [A N V Z C] {
                0x67 ZeroPage 5, 0x77 ZeroPageX 6, 0x6f Absolute 6, 0x7f AbsoluteX 7, 0x7b AbsoluteY 7,
                0x63 IndirectX 8, 0x73 IndirectY 8
            }
            Dcp Modify [A] [N Z C] {
                0xc7 ZeroPage 5, 0xd7 ZeroPageX 6, 0xcf Absolute 6, 0xdf AbsoluteX 7, 0xdb AbsoluteY 7,
                0xc3 IndirectX 8, 0xd3 IndirectY 8
            }
            Isc Modify [A D C] [A N V Z C] {
                0xe7 ZeroPage 5, 0xf7 ZeroPageX 6, 0xef Absolute 6, 0xff AbsoluteX 7, 0xfb AbsoluteY 7,
                0xe3 IndirectX 8, 0xf3 IndirectY 8
            }
            Lax Read [] [A X N Z] {
                0xa7 ZeroPage 3, 0xb7 ZeroPageY 4, 0xaf Absolute 4, 0xbf AbsoluteY 4, 0xa3 IndirectX 6,
                0xb3 IndirectY 5
            }
            Sax Store [A X] [] { 0x87 ZeroPage 3, 0x97 ZeroPageY 4, 0x8f Absolute 4, 0x83 IndirectX 6 }
            Anc Read [A] [A N Z C] { 0x0b Immediate 2, 0x2b Immediate 2 }
            Alr Read [A] [A N Z C] { 0x4b Immediate 2 }
            Arr Read [A D C] [A N V Z C] { 0x6b Immediate 2 }
            Sbx Read [A X] [X N Z C] { 0xcb Immediate 2 }
            Ign Read [] [] {
                0x80 Immediate 2, 0x82 Immediate 2, 0x89 Immediate 2, 0xc2 Immediate 2, 0xe2 Immediate 2,
                0x04 ZeroPage 3, 0x44 ZeroPage 3, 0x64 ZeroPage 3, 0x14 ZeroPageX 4, 0x34 ZeroPageX 4,
                0x54 ZeroPageX 4, 0x74 ZeroPageX 4, 0xd4 ZeroPageX 4, 0xf4 ZeroPageX 4, 0x0c Absolute 4,
                0x1c AbsoluteX 4, 0x3c AbsoluteX 4, 0x5c AbsoluteX 4, 0x7c AbsoluteX 4, 0xdc AbsoluteX 4,
                0xfc AbsoluteX 4
            }
            Ane Read [A X] [A N Z] { 0x8b Immediate 2 }
            Lxa Read [A] [A X N Z] { 0xab Immediate 2 }
            Las Read [Sp] [A X Sp N Z] { 0xbb AbsoluteY 4 }
            Sha StoreHigh [A X] [] { 0x9f AbsoluteY 5, 0x93 IndirectY 6 }
            Shx StoreHigh [X] [] { 0x9e AbsoluteY 5 }
            Shy StoreHigh [Y] [] { 0x9c AbsoluteX 5 }
            Tas StoreHigh [A X] [Sp] { 0x9b AbsoluteY 5 }
            Jam Implied [] [] {
                0x02 Implied 2, 0x12 Implied 2, 0x22 Implied 2, 0x32 Implied 2, 0x42 Implied 2, 0x52 Implied 2,
                0x62 Implied 2, 0x72 Implied 2, 0x92 Implied 2, 0xb2 Implied 2, 0xd2 Implied 2, 0xf2 Implied 2
            }
        }
    };
}
pub(super) use instructions;

/// What is done with an instruction's operand, and how control goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads a byte and computes with it.
    Read,
    /// Writes a byte.
    Store,
    /// Reads a byte, changes it and writes it back.
    Modify,
    /// Works on registers alone.
    Implied,
    /// Puts a byte on the stack.
    Push,
    /// Takes a byte from the stack.
    Pull,
    /// Goes elsewhere where a flag says so.
    Branch,
    /// Goes elsewhere in any case.
    Jump,
    /// Writes a register's bits that are also in the high byte of the address, plus one.
    StoreHigh,
}

/// How an instruction names its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Implied,
    Accumulator,
    Immediate,
    ZeroPage,
    ZeroPageX,
    ZeroPageY,
    Absolute,
    AbsoluteX,
    AbsoluteY,
    IndirectX,
    IndirectY,
    Relative,
    Indirect,
}

impl Mode {
    /// The bytes of an instruction with its operand.
    pub(crate) const fn length(self) -> u16 {
        match self {
            Self::Implied | Self::Accumulator => 1,
            Self::Absolute | Self::AbsoluteX | Self::AbsoluteY | Self::Indirect => 3,
            _ => 2,
        }
    }

    /// The registers that go into the address, or are the operand.
    const fn registers(self) -> Registers {
        match self {
            Self::Accumulator => Registers::of(&[Register::A]),
            Self::ZeroPageX | Self::AbsoluteX | Self::IndirectX => Registers::of(&[Register::X]),
            Self::ZeroPageY | Self::AbsoluteY | Self::IndirectY => Registers::of(&[Register::Y]),
            _ => Registers::of(&[]),
        }
    }
}

/// The registers, and the flags of the status register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    A,
    X,
    Y,
    Sp,
    N,
    Z,
    C,
    V,
    D,
    I,
}

impl Register {
    #[cfg(feature = "translate")]
    pub(crate) const ALL: [Self; 10] =
        [Self::A, Self::X, Self::Y, Self::Sp, Self::N, Self::Z, Self::C, Self::V, Self::D, Self::I];
}

/// A set of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registers(u16);

impl Registers {
    const fn of(registers: &[Register]) -> Self {
        let mut set = 0;
        let mut i = 0;
        while i < registers.len() {
            set |= 1 << registers[i] as u16;
            i += 1;
        }
        Self(set)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[cfg(feature = "translate")]
    pub(crate) fn contains(self, register: Register) -> bool {
        self.0 >> register as u16 & 1 != 0
    }
}

/// An opcode's row.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "translate"), expect(dead_code, reason = "only translations ask for all of it"))]
pub(crate) struct Instruction {
    pub(crate) operation: Operation,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) cycles: u8,
    pub(crate) reads: Registers,
    pub(crate) writes: Registers,
}

macro_rules! define {
    ($($operation:ident $kind:ident [$($read:ident)*] [$($written:ident)*] {
        $($opcode:literal $mode:ident $cycles:literal),*
    })*) => {
        /// What an instruction does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation {
            $($operation,)*
        }

        /// The instructions by their opcodes.
        pub(crate) static INSTRUCTIONS: [Instruction; 256] = {
            let jam = Instruction {
                operation: Operation::Jam,
                kind: Kind::Implied,
                mode: Mode::Implied,
                cycles: 2,
                reads: Registers(0),
                writes: Registers(0),
            };
            let mut table = [jam; 256];
            $(
                let reads = Registers::of(&[$(Register::$read),*]);
                let writes = Registers::of(&[$(Register::$written),*]);
                $(
                    let mode = Mode::$mode;
                    let changes_a = matches!(mode, Mode::Accumulator);
                    table[$opcode] = Instruction {
                        operation: Operation::$operation,
                        kind: Kind::$kind,
                        mode,
                        cycles: $cycles,
                        reads: reads.and(mode.registers()),
                        writes: if changes_a { writes.and(mode.registers()) } else { writes },
                    };
                )*
            )*
            table
        };
    };
}
instructions!(define);

/// The cycles of a loop that does nothing but load a register from an absolute address and branch back to that.
pub(crate) const WAIT_CYCLES: u32 = 7;

/// The most cycles of an instruction.
#[cfg(feature = "translate")]
pub(crate) const MOST_CYCLES: u32 = 8;

/// What a loop of an instruction with an absolute address and a branch back to it awaits of the timer.
pub(crate) fn awaited(opcode: u8, address: u16, branch: Operation) -> Option<Awaited> {
    let shows_status = address & 1 != 0;
    let is_bit = INSTRUCTIONS[usize::from(opcode)].operation == Operation::Bit;
    match branch {
        _ if !looks_at_timer(opcode, address) => None,
        Operation::Bpl if shows_status => Some(Awaited::Expired),
        _ if shows_status => None,
        Operation::Bpl => Some(Awaited::Set),
        Operation::Bmi => Some(Awaited::Clear),
        Operation::Bne if !is_bit => Some(Awaited::Zero),
        _ => None,
    }
}

/// Whether an instruction does nothing but look at the timer, through an absolute address.
pub(crate) fn looks_at_timer(opcode: u8, address: u16) -> bool {
    let Instruction { operation, mode, .. } = INSTRUCTIONS[usize::from(opcode)];
    mode == Mode::Absolute
        && matches!(operation, Operation::Lda | Operation::Ldx | Operation::Ldy | Operation::Bit)
        && address & 0x1284 == 0x284
}

#[cfg(test)]
mod tests {

    #[test]
    fn every_opcode_stands_in_the_table_once() {
        macro_rules! count {
            ($($operation:ident $kind:ident $reads:tt $writes:tt { $($opcode:literal $mode:ident $cycles:literal),* })*) => {
                vec![$($($opcode),*),*]
            };
        }
        let mut opcodes: Vec<usize> = instructions!(count);
        opcodes.sort_unstable();
        assert_eq!(opcodes, (0..256).collect::<Vec<_>>());
    }
}
