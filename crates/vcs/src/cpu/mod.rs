//! The processor: a 6507, which is a 6502 with 13 address lines.
//!
//! Instructions are atomic: an instruction's reads and writes of the chips happen at its last cycle, which is where the
//! 6502 has them in all instructions but those that store a return address.

mod alu;
mod decode;
pub(crate) mod instructions;
mod registers;

#[cfg(test)]
mod tests;

pub(crate) use decode::{run, run_some};
pub(crate) use registers::Cpu;
