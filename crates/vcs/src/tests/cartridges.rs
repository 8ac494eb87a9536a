//! Random programs on cartridges of every kind: translated code computes what the interpreter does, also from a saved state on.

use std::sync::Arc;

use proptest::prelude::*;

use super::moved;
use crate::{
    Banking, Console, Inputs, Rom,
    cpu::instructions::{INSTRUCTIONS, Operation},
};

/// Programs are of this size; a cartridge has one to sixteen of them.
const PROGRAM: usize = 2048;
/// Where each has its loop, two subroutines, the end of a frame, and the address of an interrupt. Below is what some
/// cartridges have there that is no ROM.
const LOOP: usize = 0x100;
const CALLED: usize = 0x480;
const INTERRUPT: usize = 0x580;
const END: usize = 0x680;
const VECTORS: usize = 0x7fa;

/// VSYNC is on for a line: the frame ends.
const END_OF_FRAME: [u8; 10] = [0xa9, 0x02, 0x85, 0x00, 0x85, 0x02, 0xa9, 0x00, 0x85, 0x00];
/// The next line; decimal mode off; an empty stack. Programs that go round without an end so come to that of a frame.
const BEGIN: [u8; 6] = [0x85, 0x02, 0xd8, 0xa2, 0xff, 0x9a];
const RTS: u8 = 0x60;
const RTI: u8 = 0x40;
const JSR: u8 = 0x20;
const JMP: u8 = 0x4c;
const NOP: u8 = 0xea;

/// A few instructions: what they do, and numbers for it.
type Piece = [u8; 5];

/// What plays on a cartridge, and how it stands when the console is switched on.
#[derive(Clone, Debug)]
struct Case {
    programs: [Vec<Piece>; 3],
    memory: [u8; 4],
}

fn any_case() -> impl Strategy<Value = Case> {
    let program = || proptest::collection::vec(any::<Piece>(), 1..40);
    ([program(), program(), program()], any::<[u8; 4]>()).prop_map(|(programs, memory)| Case { programs, memory })
}

/// An address in the cartridge: where a program has its parts, at any of the eight places at which the console sees it.
fn place([_, a, b, c, _]: Piece) -> [u8; 2] {
    let part = [LOOP, CALLED, INTERRUPT, END][usize::from(a & 3)] as u16;
    let shifted = if a & 0xf0 == 0 { c.into() } else { 0 };
    let high = u16::from(b & 7) << 13 | 0x1000 | u16::from(b & 8) << 8;
    (high | (part + shifted)).to_le_bytes()
}

/// Any address, most often one at which something answers.
fn address([_, _, a, b, c]: Piece) -> [u8; 2] {
    let (low, place) = (u16::from(a), u16::from(b & 7) << 13);
    let address = match b >> 4 {
        0..=2 => place | low,
        3 => 0x100 | low,
        4..=5 => place | 0x280 | low & 0x1f,
        6..=8 => place | 0x1000 | low,
        9..=12 => place | 0x1fe0 | low & 0x1f,
        13 => place | 0x1fc0 | low & 0x3f,
        _ => u16::from_le_bytes([a, c]),
    };
    address.to_le_bytes()
}

/// An instruction that does not stop the processor.
fn instruction(piece: Piece) -> Vec<u8> {
    let [_, opcode, operand, ..] = piece;
    let row = INSTRUCTIONS[usize::from(opcode)];
    match row.mode.length() {
        _ if row.operation == Operation::Jam => vec![NOP],
        1 => vec![opcode],
        2 => vec![opcode, operand],
        _ if [JSR, JMP].contains(&opcode) => [&[opcode][..], &place(piece)].concat(),
        _ => [&[opcode][..], &address(piece)].concat(),
    }
}

/// Writes these bytes from `to` on.
fn stored(bytes: &[u8], to: [u8; 2]) -> Vec<u8> {
    let each = bytes.iter().enumerate();
    each.flat_map(|(i, byte)| [0xa9, *byte, 0x8d, to[0].wrapping_add(i as u8), to[1]]).collect()
}

fn code(piece: Piece) -> Vec<u8> {
    let [kind, a, b, c, d] = piece;
    let [low, high] = place(piece);
    let [to, page] = address(piece);
    match kind % 32 {
        // A register of the picture chip; a few lines with other content in each; the memory, so that no frame is like another.
        0..=2 => vec![0xa9, a, 0x85, b & 0x3f],
        3 => vec![0x85, 0x02],
        4 => vec![0xa2, 1 + (a & 31), 0x85, 0x02, 0x86, b & 0x3f, 0xe6, 0x80 | c, 0xca, 0xd0, 0xf7],
        5 => vec![0xe6, 0x80 | a, 0xa5, 0x80 | a, 0x85, b & 0x3f],
        // To other places: by calls, jumps and returns, from pointers in the memory and anywhere else.
        6..=7 => vec![JSR, low, high],
        8 => vec![JMP, low, high],
        9 => [&stored(&[low, high], [0x80 | d, 0])[..], &[0x6c, 0x80 | d, 0]].concat(),
        10 => vec![0x6c, to, page],
        11 => vec![0xa9, high, 0x48, 0xa9, low, 0x48, RTS],
        12 => vec![0xa9, high, 0x48, 0xa9, low, 0x48, 0xa9, d, 0x48, RTI],
        13 => vec![0x00, a],
        // Code in the memory, and in that of the cartridge.
        14 => {
            [&stored(&[&instruction(piece)[..], &[RTS]].concat(), [0x80 | d & 0x70, 0])[..], &[JSR, 0x80 | d & 0x70, 0]]
                .concat()
        }
        15 => {
            [&stored(&[&instruction(piece)[..], &[RTS]].concat(), [d & 0x70, 0xf0])[..], &[JSR, 0x80 | d & 0x70, 0xf0]]
                .concat()
        }
        // By a pointer: load, store, or an instruction that reads and writes.
        16..=17 => [
            &stored(&[to, page], [0x80 | a, 0])[..],
            &[0xa0, d & 15, [0xb1, 0x91, 0xd3, 0xb3][usize::from(d & 3)], 0x80 | a],
        ]
        .concat(),
        // The timer, set and awaited.
        18 => {
            let [branch, register] = [[0xd0, 0x84], [0x10, 0x84], [0x30, 0x84], [0x10, 0x85]][usize::from(c % 4)];
            let load = [0xad, 0xae, 0xac][usize::from(b % 3)];
            vec![0xa9, a & 0x9f, 0x8d, 0x94 | b & 3, 0x02, load, register, 0x02, branch, 0xfb]
        }
        // A stack on the picture chip or in the memory.
        19 => vec![0xa2, if d < 128 { 0x1f } else { a }, 0x9a, 0x08, 0x48, 0x28],
        20 => vec![0xa2, 0xff, 0x9a],
        21 => vec![if d < 64 { 0xf8 } else { 0xd8 }],
        22 => vec![JSR, END as u8, 0xf0 | (END >> 8) as u8],
        23 => vec![a & 0xe0 | 0x10, b],
        _ => instruction(piece),
    }
}

/// A piece, which half of the time is left out where a flag says so.
fn perhaps(piece: Piece) -> Vec<u8> {
    let (code, branch) = (code(piece), piece[0] & 0xc0 | piece[4] & 0x20 | 0x10);
    if piece[0] & 0x20 == 0 { code } else { [&[branch, code.len() as u8][..], &code].concat() }
}

/// A program whose numbers also depend on where in the cartridge it stands.
fn program(pieces: &[Piece], slot: usize) -> Vec<u8> {
    let varied = pieces.iter().map(|&[kind, a, b, c, d]| [kind, a, b, c, d.wrapping_add(slot as u8)]);
    let body: Vec<u8> = [&BEGIN[..], &varied.flat_map(perhaps).collect::<Vec<u8>>()].concat();
    let mut program: Vec<u8> = body.iter().copied().cycle().take(PROGRAM).collect();
    let mut put = |at: usize, code: &[u8]| program[at..at + code.len()].copy_from_slice(code);
    let length = body.len().min(CALLED - LOOP - END_OF_FRAME.len() - 3);
    put(LOOP, &body[..length]);
    put(LOOP + length, &[&END_OF_FRAME[..], &[JMP, LOOP as u8, 0xf0 | (LOOP >> 8) as u8]].concat());
    for (at, end) in [(CALLED, RTS), (INTERRUPT, RTI)] {
        let pieces = &body[BEGIN.len()..body.len().min(80)];
        put(at, &[&BEGIN[..2], pieces, &[end]].concat());
    }
    put(END, &[&END_OF_FRAME[..], &[RTS]].concat());
    let vectors = [INTERRUPT, LOOP, INTERRUPT].map(|at| (0xf000 | at as u16).to_le_bytes());
    put(VECTORS, vectors.as_flattened());
    program
}

/// A cartridge with memory of its own or without.
fn cartridge(case: &Case, banking: Banking, size: usize, has_ram: bool) -> Rom {
    let programs = case.programs.iter().cycle().enumerate().take(size.div_ceil(PROGRAM));
    let mut bytes: Vec<u8> = programs.flat_map(|(slot, pieces)| program(pieces, slot)).collect();
    bytes.truncate(size);
    of_kind(&bytes, banking, has_ram)
}

/// These bytes on a cartridge of this kind, which is otherwise told by what their programs access.
fn of_kind(bytes: &[u8], banking: Banking, has_ram: bool) -> Rom {
    let mut rom = Rom::new(bytes).unwrap();
    (rom.image.banking, rom.image.has_ram) = (banking, has_ram);
    rom
}

/// A console with this cartridge, which has translated nothing yet.
fn switched_on(rom: &Rom, memory: [u8; 4]) -> Console {
    let filled = |by: u8| std::array::from_fn(|i| memory[i % 4].wrapping_mul(by).wrapping_add(i as u8));
    let console = Console::with_memory(Arc::new(rom.clone()), filled(1), memory[0]);
    if rom.image.has_ram { console.with_cartridge_memory(filled(3)) } else { console }
}

/// Plays interpreted, translated, and translated anew from a state on that was saved in between.
fn three_ways(rom: impl Fn() -> Rom, memory: [u8; 4]) {
    const FRAMES: u8 = 16;
    const SAVED: u8 = 9;
    let mut consoles = vec![switched_on(&rom(), memory), switched_on(&rom(), memory)];
    #[cfg(feature = "translate")]
    consoles[0].set_translating(false);
    for frame in 0..FRAMES {
        if frame == SAVED {
            let translated = &consoles[1];
            let mut resumed = switched_on(&rom(), memory);
            resumed.restore(translated.state());
            resumed.set_screen(translated.screen());
            resumed.set_screen_before(translated.screen_before());
            consoles.push(resumed);
        }
        let paddles = [Some(memory[1].into()), Some(1000 * u32::from(frame)), None, Some(0)];
        let inputs = Inputs { paddles, ..moved(frame) };
        for console in &mut consoles {
            match frame % 4 {
                1 => console.run_frame_unseen(&inputs),
                _ => console.run_frame(&inputs),
            }
        }
        for other in &consoles[1..] {
            assert!(consoles[0].state() == other.state(), "frame {frame}");
            assert!(consoles[0].screen() == other.screen(), "frame {frame}");
        }
    }
}

/// So many cases of each kind, unless the variable `PROPTEST_CASES` gives another number.
fn cases() -> ProptestConfig {
    let given = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(given.unwrap_or(30))
}

macro_rules! cartridges {
    ($($name:ident $banking:ident $size:literal $has_ram:literal,)*) => {$(
        mod $name {
            use super::*;

            proptest! {
                #![proptest_config(cases())]

                #[test]
                fn plays_programs_alike(case in any_case()) {
                    three_ways(|| cartridge(&case, Banking::$banking, $size, $has_ram), case.memory);
                }

                #[test]
                fn plays_any_bytes_alike(bytes in proptest::collection::vec(any::<u8>(), 1..3000), memory in any::<[u8; 4]>()) {
                    let bytes: Vec<u8> = bytes.iter().copied().cycle().take($size).collect();
                    three_ways(|| of_kind(&bytes, Banking::$banking, $has_ram), memory);
                }
            }
        }
    )*};
}

cartridges! {
    of_2k None 2048 false,
    of_4k None 4096 false,
    f8 F8 8192 false,
    f8_with_memory F8 8192 true,
    f6 F6 16384 false,
    f6_with_memory F6 16384 true,
    f4 F4 32768 false,
    f4_with_memory F4 32768 true,
    e0 E0 8192 false,
    fe Fe 8192 false,
    tigervision Tigervision 8192 false,
    dpc Dpc 10495 false,
}
