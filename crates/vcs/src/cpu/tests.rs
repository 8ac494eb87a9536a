//! Instructions, in programs that run from the cartridge.

use crate::{Console, Inputs, Rom};

/// The memory and the registers after a program that starts at F000. It ends by stopping the processor.
struct Outcome {
    console: Console,
}

fn run(program: &[u8]) -> Outcome {
    let mut bytes = [0; 4096];
    bytes[..program.len()].copy_from_slice(program);
    bytes[program.len()] = 0x02; // JAM
    bytes[0xffd] = 0xf0;
    let mut console = Console::new(Rom::new(&bytes).unwrap());
    console.run_frame(&Inputs::default());
    Outcome { console }
}

impl Outcome {
    /// The accumulator.
    fn a(&self) -> u8 {
        self.console.cpu().a
    }

    /// Sign, overflow, zero and carry.
    fn flags(&self) -> String {
        let status = self.console.cpu().status();
        let flags = [(0x80, 'N'), (0x40, 'V'), (0x02, 'Z'), (0x01, 'C')];
        flags.iter().filter(|(bit, _)| status & bit != 0).map(|(_, name)| name).collect()
    }

    fn ram(&self, address: u8) -> u8 {
        self.console.ram()[usize::from(address & 0x7f)]
    }
}

#[test]
fn addition_carries_and_overflows() {
    for (a, b, sum, flags) in [
        (0x01, 0x02, 0x03, ""),
        (0xff, 0x01, 0x00, "ZC"),
        (0x7f, 0x01, 0x80, "NV"),
        (0x80, 0x80, 0x00, "VZC"),
        (0xff, 0xff, 0xfe, "NC"),
    ] {
        let outcome = run(&[0xd8, 0x18, 0xa9, a, 0x69, b]);
        assert_eq!((outcome.a(), outcome.flags().as_str()), (sum, flags), "{a:02x} + {b:02x}");
    }
}

#[test]
fn subtraction_borrows() {
    for (a, b, difference, flags) in
        [(0x03, 0x02, 0x01, "C"), (0x02, 0x03, 0xff, "N"), (0x80, 0x01, 0x7f, "VC"), (0x05, 0x05, 0x00, "ZC")]
    {
        let outcome = run(&[0xd8, 0x38, 0xa9, a, 0xe9, b]);
        assert_eq!((outcome.a(), outcome.flags().as_str()), (difference, flags), "{a:02x} - {b:02x}");
    }
}

#[test]
fn decimal_arithmetic_counts_in_tens() {
    for (a, b, sum, carry) in [(0x19, 0x01, 0x20, false), (0x99, 0x01, 0x00, true), (0x58, 0x46, 0x04, true)] {
        let outcome = run(&[0xf8, 0x18, 0xa9, a, 0x69, b]);
        assert_eq!((outcome.a(), outcome.flags().contains('C')), (sum, carry), "{a:02x} + {b:02x}");
    }
    for (a, b, difference, carry) in [(0x20, 0x01, 0x19, true), (0x00, 0x01, 0x99, false), (0x46, 0x12, 0x34, true)] {
        let outcome = run(&[0xf8, 0x38, 0xa9, a, 0xe9, b]);
        assert_eq!((outcome.a(), outcome.flags().contains('C')), (difference, carry), "{a:02x} - {b:02x}");
    }
}

#[test]
fn subroutines_return_to_after_their_call() {
    let outcome = run(&[0xa2, 0xff, 0x9a, 0x20, 0x09, 0xf0, 0x85, 0x90, 0x02, 0xa9, 0x07, 0x60]);
    assert_eq!(outcome.ram(0x90), 7);
}

#[test]
fn the_undocumented_instructions_do_what_two_documented_ones_do() {
    // LDA #$3c, STA $90, then one of them on $90 with A = $0f, carry set.
    let on_memory = |opcode| run(&[0xd8, 0xa9, 0x3c, 0x85, 0x90, 0xa9, 0x0f, 0x38, opcode, 0x90]);
    for (opcode, memory, a) in [
        (0x07, 0x78, 0x7f),
        (0x27, 0x79, 0x09),
        (0x47, 0x1e, 0x11),
        (0x67, 0x9e, 0xad),
        (0xc7, 0x3b, 0x0f),
        (0xe7, 0x3d, 0xd2),
    ] {
        let outcome = on_memory(opcode);
        assert_eq!((outcome.ram(0x90), outcome.a()), (memory, a), "opcode {opcode:02x}");
    }
    assert_eq!(on_memory(0xa7).a(), 0x3c, "LAX loads");
    assert_eq!(run(&[0xa9, 0xf0, 0xa2, 0x3c, 0x87, 0x90]).ram(0x90), 0x30, "SAX stores A & X");
    assert_eq!(run(&[0xa9, 0xc3, 0x4b, 0x81]).a(), 0x40, "ALR is AND and LSR");
    assert_eq!(run(&[0xa9, 0xc3, 0x0b, 0x81]).flags(), "NC", "ANC copies the sign into the carry");
}

#[test]
fn indexed_addresses_wrap_in_the_zero_page_and_cross_pages_elsewhere() {
    let outcome = run(&[0xa9, 0x5a, 0x85, 0x85, 0xa2, 0x90, 0xb5, 0xf5]);
    assert_eq!(outcome.a(), 0x5a, "F5 + 90 is 85");
    let outcome = run(&[0xa2, 0xff, 0xbd, 0x03, 0xf0, 0xea]);
    assert_eq!(outcome.a(), 0, "F003 + FF is F102");
}

#[test]
fn instructions_take_their_cycles() {
    // How many cycles pass between two readings of the timer, which counts cycles.
    let cycles = |code: &[u8]| {
        let mut program = vec![0xa9, 0xff, 0x8d, 0x94, 0x02, 0xad, 0x84, 0x02, 0x85, 0x90];
        program.extend(code);
        program.extend([0xad, 0x84, 0x02, 0x85, 0x91]);
        let outcome = run(&program);
        outcome.ram(0x90) - outcome.ram(0x91) - 7
    };
    assert_eq!(cycles(&[0xea]), 2);
    assert_eq!(cycles(&[0xa5, 0x80]), 3);
    assert_eq!(cycles(&[0xe6, 0x80]), 5);
    assert_eq!(cycles(&[0xa2, 0x01, 0xbd, 0xff, 0xf0]), 2 + 5, "a page is crossed");
    assert_eq!(cycles(&[0xa2, 0x00, 0xbd, 0xff, 0xf0]), 2 + 4, "none is");
    assert_eq!(cycles(&[0xd0, 0x00]), 3, "a branch is taken");
    assert_eq!(cycles(&[0xb8, 0x70, 0x00]), 2 + 2, "none is");
}
