//! Where things are in the bytes of ALE's states, and changes to them.
//!
//! An encoded state is six numbers, the length of the console's own part, that part, and two numbers; a number is four
//! bytes, the lowest first. The console's own part has a name before each chip's numbers.

use super::{console::RAM_BYTES, mt19937::Mt19937};

/// What comes before the console's own part of an encoded state: six numbers and the part's length.
pub(super) const HEAD: usize = 28;
/// What comes after it: two numbers.
const TAIL: usize = 8;

/// The encoded state `system`, which differs from `plain` by holding a generator as a text after the devices, with that
/// text replaced.
pub(super) fn with_generator(plain: &[u8], system: &[u8], text: &str) -> Vec<u8> {
    let old = system.len() - plain.len() - 4;
    let is_text = |at: &usize| {
        let (length, rest) = system[*at..].split_at(4);
        length == (old as u32).to_le_bytes()
            && rest.len() >= old
            && rest[..old].iter().all(|byte| byte.is_ascii_digit() || *byte == b' ')
    };
    let Some(at) = (HEAD + 4..plain.len()).find(is_text) else {
        return system.to_vec();
    };
    let mut bytes = system[..at].to_vec();
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(&system[at + 4 + old..]);
    let inner = bytes.len() - HEAD - TAIL;
    bytes[HEAD - 4..HEAD].copy_from_slice(&(inner as u32).to_le_bytes());
    bytes
}

/// Where the numbers of the processor, the memory and the picture chip begin in an encoded state, four bytes each.
#[derive(PartialEq)]
pub(super) struct Layout {
    processor: usize,
    memory: usize,
    picture: usize,
    /// The memory on the cartridge, if it has one ("Superchip").
    pub(super) cartridge: Option<usize>,
}

impl Layout {
    pub(super) fn of(state: &[u8]) -> Option<Self> {
        let after = |name: &[u8]| {
            let mut length_and_name = (name.len() as u32).to_le_bytes().to_vec();
            length_and_name.extend(name);
            let at = state.windows(length_and_name.len()).position(|window| window == length_and_name)?;
            Some(at + length_and_name.len())
        };
        let layout = Self {
            processor: after(b"M6502Low")?,
            memory: after(b"M6532")? + 4, // the number of bytes comes first
            picture: after(b"TIA")?,
            cartridge: after(b"CartridgeF8SC").map(|at| at + 8), // the bank and the number of bytes come first
        };
        let memories = [Some(layout.memory), layout.cartridge].into_iter().flatten();
        let ends =
            memories.map(|start| start + 4 * RAM_BYTES).chain([layout.processor + 4 * 6, layout.picture + 4 * 18]);
        ends.max().is_some_and(|end| end <= state.len()).then_some(layout)
    }

    /// Fills the memory on the cartridge as ALE 0.12 does in a reset, after the timer's draw.
    pub(super) fn fill_cartridge(&self, state: &mut [u8], generator: &Mt19937) {
        let Some(start) = self.cartridge else { return };
        let mut generator = generator.clone();
        generator.next_u32();
        for byte in state[start..].chunks_exact_mut(4).take(RAM_BYTES) {
            byte.copy_from_slice(&u32::from(generator.next_u32() as u8).to_le_bytes());
        }
    }

    /// A program that writes the registers which place the moving objects with the values they have, then either ends the
    /// frame, by as many lines as no frame has, or never does.
    pub(super) fn program(&self, state: &[u8]) -> Vec<u8> {
        let number = |index: usize| &state[self.picture + 4 * index..][..4];
        let unfinished = number(5) != number(6); // the lines of the last frame that ended; those of the last one
        let [player_0, player_1, playfield] = [11, 12, 17].map(|register| number(register)[0]);
        let mut program = vec![0x85, 0x02]; // STA WSYNC: from a line's begin
        for (value, register) in [(player_0, 0x04), (player_1, 0x05), (playfield, 0x0a)] {
            program.extend([0xa9, value, 0x85, register]); // LDA value, STA register
        }
        let end = 0x80 + program.len() as u8;
        if !unfinished {
            program.extend([0x85, 0x02]);
        }
        program.extend([0x4c, end, 0x00]); // JMP end
        program
    }

    /// Puts a program at the begin of the memory, and the processor at its begin.
    pub(super) fn put_program(&self, state: &mut [u8], program: &[u8]) {
        for (i, byte) in program.iter().enumerate() {
            state[self.memory + 4 * i..][..4].copy_from_slice(&u32::from(*byte).to_le_bytes());
        }
        state[self.processor + 4 * 5..][..4].copy_from_slice(&0x80u32.to_le_bytes());
    }
}
