//! Any ROM runs, and translated code computes what the interpreter does.

mod cartridges;
mod collisions;

use proptest::prelude::*;

use crate::{
    Banking, Console, Error, Inputs, Rom,
    machine::{LINE, MOST_INSTRUCTIONS},
    tia::register::*,
};

/// Joysticks as a player may hold them, another way in each frame.
fn moved(frame: u8) -> Inputs {
    Inputs { swcha: !(1 << (frame % 8)), fire: [frame.is_multiple_of(3), false], ..Inputs::default() }
}

/// Plays frames of changing actions, some of them unseen, interpreted and (where that is built) translated.
fn both_ways(bytes: &[u8], frames: u8) {
    let rom = Rom::new(bytes).unwrap();
    let (mut plain, mut translated) = (Console::new(rom.clone()), Console::new(rom));
    #[cfg(feature = "translate")]
    plain.set_translating(false);
    for frame in 0..frames {
        let inputs = moved(frame);
        for console in [&mut plain, &mut translated] {
            match frame % 4 {
                1 => console.run_frame_unseen(&inputs),
                _ => console.run_frame(&inputs),
            }
        }
        // No instruction takes more cycles, but for those that wait for a line's end.
        let most = (u32::from(frame) + 1) * MOST_INSTRUCTIONS * (8 + LINE);
        assert!(plain.state().now.machine.t < most, "frame {frame} does not end");
        assert!(plain.state() == translated.state(), "frame {frame}");
        assert!(plain.screen() == translated.screen(), "frame {frame}");
    }
}

/// A loop of some of these instructions, which writes to the picture chip and the memory and ends frames.
fn looping_program(body: &[u8]) -> Vec<u8> {
    let mut rom = vec![0xea; 4096];
    rom[..body.len()].copy_from_slice(body);
    let end = [0xa9, 0x02, 0x85, 0x00, 0x85, 0x02, 0xa9, 0x00, 0x85, 0x00, 0x4c, 0x00, 0xf0];
    rom[0x100..0x100 + end.len()].copy_from_slice(&end);
    rom[0xffc..].copy_from_slice(&[0x00, 0xf0, 0x00, 0xf0]);
    rom
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_bytes_are_an_error_or_run(bytes in any_rom()) {
        match Rom::new(&bytes) {
            Ok(_) => both_ways(&bytes, 4),
            Err(error) => prop_assert_eq!(error, Error::RomSize { size: bytes.len() }),
        }
    }

    #[test]
    fn loops_of_any_instructions_are_translated_exactly(body in proptest::collection::vec(any::<u8>(), 1..250)) {
        both_ways(&looping_program(&body), 12);
    }

    /// Most arbitrary bytes stop the processor or go astray; loops of these do not.
    #[test]
    fn loops_of_common_instructions_are_translated_exactly(
        choices in proptest::collection::vec((0..COMMON.len(), any::<u8>()), 1..80),
    ) {
        both_ways(&looping_program(&instructions(choices)), 12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Where something was placed just before, moves, or is a star, it does more. The second one may come too late in its line
    /// for black pixels of its own, and the frame may end in that line.
    #[test]
    fn an_hmove_that_moves_nothing_makes_black_pixels(
        before in proptest::sample::select(vec![vec![], placed(), vec![0xa9, 0x10, 0x85, HMBL], star()]),
        (more, below, between, after) in (any::<u8>(), 1..40u8, 0..3u8, 0..3u8),
        (nops, again) in (0..12usize, proptest::option::of(0..16usize)),
    ) {
        let lines = |count: u8| match count {
            0 => vec![],
            _ => vec![0xa2, count, 0x85, WSYNC, 0xca, 0xd0, 0xfb],
        };
        let hmove = |nops| [vec![0xea; nops], vec![0x85, HMOVE]].concat();
        let code = [
            vec![0xa9, 0x1e, 0x85, COLUBK, 0xa9, 0x02, 0x85, VSYNC],
            // So many lines more than in the frame before, modulo 256.
            vec![0xa5, 0x80, 0x18, 0x69, more, 0x85, 0x80, 0xaa, 0x85, WSYNC, 0xca, 0xd0, 0xfb],
            before,
            lines(between),
            hmove(nops),
            again.map_or_else(Vec::new, hmove),
            lines(after),
            vec![0xa9, 0x00, 0x85, HMCLR, 0x85, VSYNC], // the frame ends
            lines(below),
            vec![0x4c, 0x00, 0xf0],
        ];
        both_ways(&looping_program(&code.concat()), 12);
    }
}

/// Code that places a player in the middle of a line and at the begin of the next one.
fn placed() -> Vec<u8> {
    [&[0xea; 20][..], &[0x85, RESP0, 0x85, WSYNC, 0x85, RESP0]].concat()
}

/// Code that lets missile 0 be a star, and then has it stand still but for that.
fn star() -> Vec<u8> {
    let begin = [0xa9, 0x70, 0x85, HMM0, 0x85, WSYNC, 0x85, HMOVE];
    [&begin[..], &[0xea; 8], &[0xa9, 0x60, 0x85, HMM0, 0x85, HMCLR]].concat()
}

/// Content of any size from nothing to 64 KiB, most often of a size that cartridges have: noise, or instructions.
fn any_rom() -> impl Strategy<Value = Vec<u8>> {
    let sizes = prop_oneof![
        4 => proptest::sample::select(vec![1, 77, 2048, 4096, 8192, 10495, 16384, 32768]),
        1 => 0..=65_536usize,
    ];
    let content = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..6000),
        proptest::collection::vec((0..COMMON.len(), any::<u8>()), 1..4000).prop_map(instructions),
    ];
    (content, sizes).prop_map(|(content, size)| content.into_iter().cycle().take(size).collect())
}

fn instructions(choices: Vec<(usize, u8)>) -> Vec<u8> {
    let mut code = vec![];
    for (instruction, operand) in choices {
        let (opcode, length) = COMMON[instruction];
        code.push(opcode);
        match length {
            2 => code.push(operand),
            // The last one is where banks are changed.
            3 => code.extend(match operand % 5 {
                4 => [0xe0 | operand, 0xff],
                page => [operand, [0x00, 0x02, 0xf0, 0xf1][usize::from(page)]],
            }),
            _ => {}
        }
    }
    code
}

#[test]
fn a_frame_ends_whatever_the_program_does() {
    // A jump to itself; the same with WSYNC; an instruction that stops the processor; VSYNC that stays on.
    let endless: [&[u8]; 4] =
        [&[0x4c, 0x00, 0xf0], &[0x85, 0x02, 0x4c, 0x00, 0xf0], &[0x02], &[0xa9, 0x02, 0x85, 0x00, 0x4c, 0x00, 0xf0]];
    for body in endless {
        let mut rom = looping_program(body);
        rom[0x100..0x120].fill(0xea);
        both_ways(&rom, 20);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The stack is where the objects are enabled; the timer is set and awaited; an interrupt and a call return.
    #[test]
    fn what_games_do_most_is_translated_exactly(
        stack in prop_oneof![0x18u8..0x30, any::<u8>()],
        [timer, value, delay, colour] in any::<[u8; 4]>(),
        (load, branch, paddle) in (0..6usize, 0..3usize, 0u8..0x50),
    ) {
        let mut body = vec![0xa2, stack, 0x9a, 0xa9, colour, 0x08, 0x49, 0x01, 0x08, 0x29, 0x01, 0xd0, 0x02, 0x08, 0x28];
        body.extend([0xa0, colour, 0xb9, paddle, 0x00, 0x85, 0x82, 0xa5, 0x38, 0x05, 0x3b, 0x85, 0x83]);
        body.extend([0xa9, value & 0x9f, 0x8d, 0x94 | timer & 3, 0x02]);
        body.extend(vec![0xea; usize::from(delay & 31)]);
        // BIT and BNE may wait for ever, and so may BMI for INSTAT.
        let waits =
            [(0xad, 0x84, 3), (0xae, 0x84, 3), (0xac, 0x84, 3), (0x2c, 0x84, 2), (0xad, 0x85, 1), (0x2c, 0x85, 1)];
        let (load, register, branches) = waits[load];
        body.extend([load, register, 0x02, [0x10, 0x30, 0xd0][branch % branches], 0xfb]);
        body.extend([0xa2, 0xff, 0x9a, 0x00, 0xea, 0x20, 0xe0, 0xf0, 0x85, 0x09]);
        body.resize(0x100, 0xea);
        // INC 81; RTI; TSX; STX COLUP0; RTS
        body[0xd0..0xd3].copy_from_slice(&[0xe6, 0x81, 0x40]);
        body[0xe0..0xe4].copy_from_slice(&[0xba, 0x86, 0x06, 0x60]);
        let mut rom = looping_program(&body);
        rom[0xffe..].copy_from_slice(&[0xd0, 0xf0]);
        both_ways(&rom, 12);
    }
}

/// Instructions and their lengths, some undocumented ones among them.
const COMMON: [(u8, usize); 58] = [
    (0xa9, 2),
    (0xa2, 2),
    (0xa0, 2),
    (0xa5, 2),
    (0xa6, 2),
    (0xa4, 2),
    (0x85, 2),
    (0x86, 2),
    (0x84, 2),
    (0x95, 2),
    (0x94, 2),
    (0x96, 2),
    (0xb5, 2),
    (0xbd, 3),
    (0xb9, 3),
    (0x9d, 3),
    (0x99, 3),
    (0xad, 3),
    (0x8d, 3),
    (0xb1, 2),
    (0x91, 2),
    (0xa1, 2),
    (0x69, 2),
    (0x65, 2),
    (0xe9, 2),
    (0xe5, 2),
    (0xc9, 2),
    (0xe0, 2),
    (0xc4, 2),
    (0x29, 2),
    (0x09, 2),
    (0x49, 2),
    (0x24, 2),
    (0x0a, 1),
    (0x2a, 1),
    (0x46, 2),
    (0x66, 2),
    (0xe6, 2),
    (0xc6, 2),
    (0xca, 1),
    (0x88, 1),
    (0xe8, 1),
    (0xc8, 1),
    (0x48, 1),
    (0x68, 1),
    (0x08, 1),
    (0x9a, 1),
    (0xba, 1),
    (0x18, 1),
    (0x38, 1),
    (0xd8, 1),
    (0xb8, 1),
    (0x28, 1),
    (0xa7, 2),
    (0x87, 2),
    (0xc7, 2),
    (0x04, 2),
    (0x1a, 1),
];

#[cfg(feature = "translate")]
#[test]
fn a_console_checks_its_translations() {
    let program = looping_program(&[0xe6, 0x80, 0xa5, 0x80, 0x85, 0x09, 0x85, 0x1b, 0x85, 0x10]);
    let mut console = Console::new(Rom::new(&program).unwrap());
    for frame in 0..18 {
        assert_eq!(console.run_frame_checked(&moved(frame)), Ok(()));
    }
}

#[test]
fn a_saved_state_goes_on_alike() {
    let rom = Rom::new(&looping_program(&[0xe6, 0x80, 0xa5, 0x80, 0x85, 0x09, 0x85, 0x1b, 0x85, 0x10])).unwrap();
    let mut console = Console::new(rom);
    let inputs = Inputs::default();
    (0..20).for_each(|_| console.run_frame(&inputs));
    let (state, screen) = (*console.state(), console.screen().to_vec());
    let mut other = console.clone();
    (0..7).for_each(|_| other.run_frame(&inputs));
    other.restore(&state);
    other.set_screen(&screen);
    for _ in 0..5 {
        console.run_frame(&inputs);
        other.run_frame(&inputs);
        assert!(console.state() == other.state() && console.screen() == other.screen());
    }
}

#[test]
fn banks_change_where_the_scheme_says() {
    // Each bank's first byte after its code tells its number.
    for (banks, first) in [(2usize, 0xff8u16), (4, 0xff6), (8, 0xff4)] {
        let mut bytes = vec![];
        for bank in 0..banks {
            let mut code = vec![0xea; 4096];
            // LDA hotspot of the last bank; LDA F080; STA 90; JAM: the banks have the same code.
            let low = (first as u8).wrapping_add(banks as u8 - 1);
            code[..9].copy_from_slice(&[0xad, low, 0xff, 0xad, 0x80, 0xf0, 0x85, 0x90, 0x02]);
            code[0x80] = bank as u8;
            code[0xffc..0xffe].copy_from_slice(&[0x00, 0xf0]);
            bytes.extend(code);
        }
        let mut console = Console::new(Rom::new(&bytes).unwrap());
        console.run_frame(&Inputs::default());
        assert_eq!(usize::from(console.ram()[0x10]), banks - 1);
    }
}

/// ALE 0.12.1 shows the same.
#[test]
fn a_cartridges_memory_is_written_in_front_of_where_it_is_read() {
    let mut code = vec![0xea; 4096];
    code[..256].fill(0x3c);
    // LDA F085; STA 90; LDA #11; STA F005; LDA F005; STA 91; LDA F085; STA 92; INC F005; LDA F085; STA 93; JAM.
    code[0x100..0x120].copy_from_slice(&[
        0xad, 0x85, 0xf0, 0x85, 0x90, 0xa9, 0x11, 0x8d, 0x05, 0xf0, 0xad, 0x05, 0xf0, 0x85, 0x91, 0xad, 0x85, 0xf0,
        0x85, 0x92, 0xee, 0x05, 0xf0, 0xad, 0x85, 0xf0, 0x85, 0x93, 0x02, 0xea, 0xea, 0xea,
    ]);
    // By this the scheme is known.
    code[0x800..0x803].copy_from_slice(&[0xad, 0xf8, 0xff]);
    code[0xffc..0xffe].copy_from_slice(&[0x00, 0xf1]);
    let rom = Rom::new(&code.repeat(2)).unwrap();
    let mut console = Console::new(rom).with_cartridge_memory([0x77; 128]);
    console.run_frame(&Inputs::default());
    assert_eq!(console.ram()[0x10..0x14], [0x77, 0x3c, 0x11, 0x3d]);
}

/// Neither names 1FF8 or 1FF9; only one begins where the scheme by bit 13 of the program counter has its first bank.
#[test]
fn cartridges_that_change_banks_from_memory_are_told_apart() {
    for (high, banking) in [(0xf0, Banking::Fe), (0xd0, Banking::F8)] {
        let mut bytes = vec![0xea; 8192];
        bytes[0xffc..0xffe].copy_from_slice(&[0x00, high]);
        assert_eq!(Rom::new(&bytes).unwrap().banking(), banking);
    }
}

/// The columns to which a player at column 51 moves by each value from 0 to 14 of its motion register, where HMOVE is
/// written so many cycles after the begin of a line: what ALE 0.12.1 showed of the same program.
#[test]
fn objects_move_by_when_the_motion_is_started() {
    let shown: [(usize, [i32; 15]); 9] = [
        (0, [0, -1, -2, -3, -4, -5, -6, -7, 8, 7, 6, 5, 4, 3, 2]),
        (5, [0, -1, -2, -3, -3, -3, -3, -3, 8, 7, 6, 5, 4, 3, 2]),
        (10, [1, 1, 1, 1, 1, 1, 1, 1, 8, 7, 6, 5, 4, 3, 2]),
        (17, [6, 6, 6, 6, 6, 6, 6, 6, 8, 7, 6, 6, 6, 6, 6]),
        (18, [0; 15]),
        (51, [0; 15]),
        (57, [0, 0, 0, -1, -2, -3, -4, -5, 0, 0, 0, 0, 0, 0, 0]),
        (64, [-3, -4, -5, -6, -7, -8, -9, -10, 0, 0, 0, 0, 0, 0, -1]),
        (70, [-8, -9, -10, -11, -12, -13, -14, -15, 0, -1, -2, -3, -4, -5, -6]),
    ];
    for (cycles, moves) in shown {
        let mut console = Console::new(Rom::new(&moving_program(cycles)).unwrap());
        let inputs = Inputs::default();
        (0..3).for_each(|_| console.run_frame(&inputs));
        for (value, moved) in moves.into_iter().enumerate() {
            let row = &console.screen()[(9 + 7 * value) * 160..][..160];
            let column = row.iter().position(|&colour| colour == 0x0e).map(|column| column as i32 - 51);
            assert_eq!(column, Some(moved), "{value} after {cycles} cycles");
        }
    }
}

/// For each value of the motion register: a player of one pixel is placed, and HMOVE written two lines later, so many cycles
/// after WSYNC.
fn moving_program(cycles: usize) -> Vec<u8> {
    const WSYNC: [u8; 2] = [0x85, 0x02];
    let lines = |count: u8| [&[0xa2, count][..], &WSYNC, &[0xca, 0xd0, 0xfb]].concat();
    let wait = [[0x24, 0x80].repeat(cycles % 2), vec![0xea; (cycles - 3 * (cycles % 2)) / 2]].concat();
    let clear = [0x78, 0xd8, 0xa2, 0xff, 0x9a, 0xa9, 0x00, 0xa2, 0x00, 0x95, 0x00, 0xe8, 0xd0, 0xfb];
    let begin = [&clear[..], &[0xa9, 0x0e, 0x85, 0x06, 0xa9, 0x40, 0x85, 0x09]].concat();
    let synchronized = [&[0xa9, 0x02, 0x85, 0x00][..], &WSYNC.repeat(3), &[0xa9, 0x00, 0x85, 0x00]].concat();
    let mut program = [begin.clone(), synchronized, lines(36), vec![0xa9, 0x80, 0x85, 0x1b]].concat();
    for value in 0..16u8 {
        program.extend([&WSYNC[..], &[0xa9, value << 4, 0x85, 0x20], &[0x24, 0x80].repeat(10), &[0x85, 0x10]].concat());
        program.extend([&WSYNC.repeat(3)[..], &wait, &[0x85, 0x2a], &WSYNC.repeat(3)].concat());
    }
    program.extend([&[0xa9, 0x00, 0x85, 0x1b][..], &lines(60), &[0x4c, begin.len() as u8, 0xf0]].concat());
    program.resize(4096, 0xea);
    program[0xffc..].copy_from_slice(&[0x00, 0xf0, 0x00, 0xf0]);
    program
}

/// The program reads INTIM 24 times, then INSTAT; the numbers are what ALE 0.12.1 showed.
#[test]
fn the_timer_starts_with_intervals_of_64_cycles_and_returns_to_them_when_read_below_0() {
    let mut rom = vec![0xea; 4096];
    // LDX FF; TXS, then LDA INTIM; PHA; LDX 50; 50 times DEX, BNE.
    let begin = [0x78, 0xd8, 0xa2, 0xff, 0x9a];
    let read = [0xad, 0x84, 0x02, 0x48, 0xa2, 50, 0xca, 0xd0, 0xfd];
    let code = [&begin[..], &read.repeat(24), &[0xad, 0x85, 0x02, 0x48]].concat();
    let frames = [0xa9, 2, 0x85, 0, 0x85, 2, 0xa9, 0, 0x85, 0, 0xa2, 250, 0x85, 2, 0xca, 0xd0, 0xfb];
    let again = [0x4c, code.len() as u8, 0xf0];
    rom[..code.len() + 20].copy_from_slice(&[&code[..], &frames, &again].concat());
    rom[0xffc..0xffe].copy_from_slice(&[0x00, 0xf0]);
    let mut console = Console::with_memory(Rom::new(&rom).unwrap().into(), [0; 128], 64);
    console.run_frame(&Inputs::default());
    let seen: Vec<u8> = console.ram().iter().rev().take(25).copied().collect();
    let shown = (0..=15).map(|read| 63 - 4 * read).chain([212, 208, 204, 200, 196, 192, 188, 184, 0]);
    assert_eq!(seen, shown.collect::<Vec<u8>>());
}

/// One piece of code is met at two addresses that differ in bits which the console does not see, but which calls store.
#[test]
fn code_at_two_addresses_is_translated_for_each() {
    // It branches to EF8E, where the timer's values are instructions, and comes back by different addresses.
    both_ways(&looping_program(&[105, 140, 251, 234, 94, 208, 135]), 12);
}

/// Translated code that has not looked at the time for long cannot know that the frame goes on.
#[test]
fn a_write_at_the_end_of_a_long_way_ends_the_frame() {
    for length in 190..240 {
        // INX; many NOPs; STX COLUBK; back
        let body = [&[0xe8][..], &[0xea].repeat(length), &[0x86, 0x09, 0x4c, 0x00, 0xf0]].concat();
        both_ways(&looping_program(&body), 12);
    }
}

/// The call's first push waits for the line's end, at which the second one is the write that ends a frame without VSYNC.
#[test]
fn a_call_that_waits_for_the_last_line_ends_the_frame() {
    // LDX #2; TXS; STA WSYNC; STA WSYNC; JSR F000
    both_ways(&looping_program(&[0xa2, 0x02, 0x9a, 0x85, 0x02, 0x85, 0x02, 0x20, 0x00, 0xf0]), 12);
}
