//! A frame that nobody sees has the collisions of one that is seen, as far as the program asks for them.

use proptest::prelude::*;

use super::{looping_program, moved};
use crate::{
    Console, Rom,
    tia::{ALL_PAIRS, register::*},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Lines of writes to any registers of the picture chip, over and over.
    #[test]
    fn an_unseen_frame_has_the_collisions_of_a_seen_one(writes in proptest::collection::vec((2u8..0x2d, any::<u8>()), 1..40)) {
        unseen_like_seen(60, &stores(&writes))?;
    }

    /// What is written stands for some lines, so that objects are known to be far apart before they change.
    #[test]
    fn objects_that_stood_apart_for_lines_meet_when_they_change(
        phases in proptest::collection::vec((proptest::collection::vec((2u8..0x2d, any::<u8>()), 0..4), 1usize..6), 4..10),
    ) {
        let lines = |(writes, lines): &(Vec<_>, usize)| [stores(writes), [0x85, 0x02].repeat(*lines)].concat();
        unseen_like_seen(3, &phases.iter().flat_map(lines).collect::<Vec<u8>>())?;
    }

    /// Few objects are shown at once, now and then, and the program looks at the collisions all the time.
    #[test]
    fn objects_that_show_for_a_while_meet_what_shows_with_them(
        steps in proptest::collection::vec((0u8..15, any::<u8>(), any::<bool>(), 0usize..4), 5..22),
    ) {
        let code: Vec<u8> = steps.iter().enumerate().flat_map(|(i, step)| seldom_shown(i as u8, *step)).collect();
        // Wide objects, and the lines that are not shown: STA WSYNC; DEX; BNE
        let begin = [&stores(&[(NUSIZ0, 0x37), (NUSIZ1, 0x37), (CTRLPF, 0x30)])[..], &[0xa2, 50, 0x85, 0x02, 0xca, 0xd0, 0xfb]];
        unseen_like_seen(1, &[&begin.concat()[..], &code, &[0xa2, 1]].concat())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// A player shows now and then, for some lines or within one, and the playfield changes while it does not.
    #[test]
    fn a_player_meets_the_playfield_that_came_while_it_was_hidden(
        steps in proptest::collection::vec((0..5usize, 0..3u8, 0..4usize, 0..3usize), 5..25), place in 0..10usize,
    ) {
        const WRITES: [(u8, u8); 5] = [(GRP0, 0xff), (GRP0, 0), (PF0, 0xff), (PF0, 0), (CXCLR, 0)];
        let code = steps.iter().flat_map(|&(write, part, wait, lines)| {
            let (register, value) = WRITES[write];
            let part = if register == PF0 { part } else { 0 };
            [stores(&[(register + part, value)]), [0xf6, 0xc0].repeat(wait), [0x85, WSYNC].repeat(lines)].concat()
        });
        let code: Vec<u8> = code.collect();
        let begin = [&stores(&[(CTRLPF, 0)])[..], &[0xf6, 0xc0].repeat(place), &[0x85, RESP0, 0xa2, 50, 0x85, WSYNC, 0xca, 0xd0, 0xfb]];
        unseen_like_seen(1, &[&begin.concat()[..], &code, &[0xa2, 1]].concat())?;
    }
}

/// The code of one step: a write that mostly shows or hides an object, a look at the collisions, or clearing them; and a wait.
fn seldom_shown(i: u8, (kind, value, hides, wait): (u8, u8, bool, usize)) -> Vec<u8> {
    const SHOWS: [u8; 11] = [GRP0, GRP1, ENAM0, ENAM1, ENABL, PF0 + 1, GRP0, GRP1, VDELP0, VDELP1, VDELBL];
    let code = match kind {
        0..11 => vec![0xa9, if hides { 0 } else { value }, 0x85, SHOWS[usize::from(kind)]],
        11 => vec![0x85, RESP0 + value % 5],
        12 => vec![0x85, CXCLR],
        _ => vec![0xa5, 0x30 + value % 8, 0x85, 0x90 + i],
    };
    // INC with an index: 18 pixels.
    [code, [0xf6, 0xc0].repeat(wait)].concat()
}

/// Instructions that write to registers of the picture chip.
fn stores(writes: &[(u8, u8)]) -> Vec<u8> {
    writes.iter().flat_map(|(register, value)| [0xa9, *value, 0x85, *register]).collect()
}

/// Whether frames in which these instructions and a STA WSYNC run so many times have the same collisions seen and unseen.
fn unseen_like_seen(times: u8, instructions: &[u8]) -> Result<(), TestCaseError> {
    // STA WSYNC; DEX; back, or on to the end of the frame
    let body = [&[0xa2, times], instructions, &[0x85, 0x02, 0xca, 0xf0, 0x03, 0x4c, 0x02, 0xf0]].concat();
    let mut seen = Console::new(Rom::new(&looping_program(&body)).unwrap());
    #[cfg(feature = "translate")]
    seen.set_translating(false);
    let mut unseen = seen.clone();
    for frame in 0..6 {
        [&mut seen, &mut unseen].into_iter().for_each(follow_all);
        seen.run_frame(&moved(frame));
        match frame {
            5 => unseen.run_frame(&moved(frame)),
            _ => unseen.run_frame_unseen(&moved(frame)),
        }
        let [a, b] = [&seen, &unseen].map(|console| {
            [0, 1, 2, 3, 4, 5, 6, 7].map(|register| console.state().now.machine.tia.collisions(register))
        });
        prop_assert_eq!(a, b, "frame {}", frame);
        prop_assert_eq!(seen.ram(), unseen.ram(), "frame {}", frame);
    }
    // The lines that every such frame reaches.
    prop_assert!(seen.screen()[..20 * 160] == unseen.screen()[..20 * 160]);
    Ok(())
}

/// Has all collisions of the next frame found.
fn follow_all(console: &mut Console) {
    let mut state = *console.state();
    state.now.machine.tia.ask(ALL_PAIRS);
    console.restore(&state);
}

/// Instructions for the frames of which the counter has these bits as `value` has them.
fn now_and_then(bits: u8, value: u8, code: &[u8]) -> Vec<u8> {
    // LDA counter; AND #bits; CMP #value; BNE over the code
    [&[0xa5, 0x80, 0x29, bits, 0xc9, value & bits, 0xd0, code.len() as u8][..], code].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Programs look at the collisions, and clear them, in some frames only, so that some were not followed when they are asked for.
    #[test]
    fn collisions_that_nobody_had_asked_for_are_found_later(
        pieces in proptest::collection::vec((0u8..9, 0u8..0x2a, any::<u8>(), 0usize..5), 3..15),
        lines in 4u8..60,
    ) {
        // INC counter; LDA #FF; STA PF1, GRP0, GRP1, ENAM0, ENAM1, ENABL: at first everything shows; LDX #lines
        let mut body = vec![0xe6, 0x80, 0xa9, 0xff, 0x85, 0x0e, 0x85, 0x1b, 0x85, 0x1c, 0x85, 0x1d, 0x85, 0x1e, 0x85, 0x1f, 0xa2, lines];
        let top = body.len() as u8;
        for (kind, register, value, rare) in pieces {
            let seen = 0x90 | value >> 3;
            let bits = [0x00, 0x03, 0x0f, 0x3f, 0x7f][rare];
            body.extend(match kind {
                0..=2 => vec![0xa9, value, 0x85, 2 + register],
                3 | 4 => now_and_then(bits, value, &[0x85, 0x2c]),
                // LDA collisions; EOR seen; STA seen
                _ => now_and_then(bits, value, &[0xa5, register & 7, 0x45, seen, 0x85, seen]),
            });
        }
        // STA WSYNC; DEX; back, or on to the end of the frame
        body.extend([0x85, 0x02, 0xca, 0xf0, 0x03, 0x4c, top, 0xf0]);
        let mut console = Console::new(Rom::new(&looping_program(&body)).unwrap());
        let mut reference = console.clone();
        for frame in 0..150 {
            follow_all(&mut reference);
            reference.run_frame(&moved(frame));
            if frame % 4 == 0 { console.run_frame(&moved(frame)) } else { console.run_frame_unseen(&moved(frame)) }
            prop_assert_eq!(console.ram(), reference.ram(), "frame {}", frame);
        }
    }
}
