use std::sync::Arc;

use rayon::prelude::*;
use replay::{Comparison, Recording, finish, recordings};
use vcs::Console;

use super::*;
use crate::atari::{RomSource, console::RAM_BYTES, mt19937::Mt19937, sticky::Sticky};

/// What ale-py makes of each memory of a recording (tests/parity/README.md), and what the rules make of it.
fn compare(rules: &Rules, recording: &Recording) -> Comparison {
    let [contexts, context, at, value, over] =
        ["contexts", "context", "at", "value", "over"].map(|name| recording.column::<u8>(name));
    let (reward, lives): (Vec<i64>, Vec<u32>) = (recording.column("reward"), recording.column("lives"));
    let changes = at.len() / context.len();
    let first = recording.column::<u8>("first").as_slice().try_into().unwrap();
    let first = rules.first_score(Memory::new(&first, &[0; RAM_BYTES]));
    let mut comparison = Comparison::new(&recording.case);
    for (case, &context) in context.iter().enumerate() {
        let mut ram: [u8; RAM_BYTES] = contexts[usize::from(context) * RAM_BYTES..][..RAM_BYTES].try_into().unwrap();
        for change in case * changes..(case + 1) * changes {
            ram[usize::from(at[change])] = value[change];
        }
        let (score, ours) = rules.score(Memory::new(&ram, &[0; RAM_BYTES]), &first);
        comparison.row();
        comparison.equal("reward", i64::from(ours), reward[case]);
        comparison.equal("lives", score.lives as u32, lives[case]);
        comparison.equal("end", u8::from(score.over), over[case]);
    }
    comparison
}

#[test]
fn rewards_lives_and_ends_of_any_memory_are_ale_pys() {
    let recordings = recordings("rules");
    let rules = |recording: &Recording| named(&recording.case["rules/".len()..]).expect("rules of each game recorded");
    finish(recordings.par_iter().map(|recording| compare(rules(recording), recording)).collect::<Vec<_>>());
}

#[test]
fn games_that_are_said_to_start_alike_do_whatever_memory_and_timer_held_before() {
    for rules in all().filter(|rules| rules.starts_alike) {
        let bytes = RomSource::Bundled(rules.name.into()).read().unwrap();
        let cartridge = Arc::new(vcs::Rom::new(&bytes).unwrap());
        let start_with = |choice, ram, timer| {
            let mut console = Console::with_memory(Arc::clone(&cartridge), ram, timer);
            let mut sticky = Sticky { generator: &mut Mt19937::new(0), held: &mut 0, repeat_probability: 0.0 };
            settle(&mut console, rules, choice);
            let counted = begin(&mut console, &mut rules.controls(), rules, choice, &mut sticky);
            (console, counted)
        };
        choices(rules).into_par_iter().for_each(|choice| {
            let (known, known_count) = start_with(choice, [0; RAM_BYTES], 0);
            for timer in 25..100 {
                let ram = std::array::from_fn(|i| (i as u8).wrapping_mul(timer).wrapping_add(timer));
                let (other, counted) = start_with(choice, ram, timer);
                assert!(
                    known.state() == other.state() && known.screen() == other.screen() && counted == known_count,
                    "{} {choice:?} {timer}",
                    rules.name
                );
            }
        });
    }
}

/// Every mode with every difficulty.
fn choices(rules: &Rules) -> Vec<Choice> {
    let with = |&mode| rules.difficulties.iter().map(move |&difficulty| Choice { mode, difficulty });
    rules.modes.iter().flat_map(with).collect()
}

/// Ends that no recorded play comes to. Each is a memory's bytes that are not 0, the memory before, and ale-py's answer.
#[test]
fn rare_ends_are_ale_pys() {
    type Bytes<'a> = &'a [(usize, u8)];
    let of = |bytes: Bytes<'_>| {
        let mut ram = [0; RAM_BYTES];
        bytes.iter().for_each(|&(at, value)| ram[at] = value);
        ram
    };
    let answer = |game: &str, before: Bytes<'_>, bytes: Bytes<'_>, cartridge: Bytes<'_>| {
        let (rules, before, bytes, cartridge) = (named(game).unwrap(), of(before), of(bytes), of(cartridge));
        let first = rules.first_score(Memory::new(&before, &of(&[])));
        let (score, reward) = rules.score(Memory::new(&bytes, &cartridge), &first);
        (reward, score.over)
    };

    let kaboom = |last: u8| answer("kaboom", &[], &[(33, 2), (35, 0x99), (36, 0x99), (37, last)], &[]);
    assert_eq!(kaboom(0x99), (999_999, true));
    assert_eq!(kaboom(0x98), (999_998, false));
    assert_eq!(kaboom(0x9a), (1_000_000, false));

    let blackjack = |high: u8, low: u8| answer("blackjack", &[(6, 2)], &[(6, high), (9, low)], &[]);
    assert_eq!(blackjack(0x0b, 0xbb), (-200, true));
    assert_eq!(blackjack(0x0b, 0xba), (1020, true));
    assert_eq!(blackjack(0x09, 0xbb), (821, true));
    assert_eq!(blackjack(0x00, 0x00), (-200, false));

    let board = |bytes: Bytes<'_>| answer("backgammon", &[], bytes, &[]);
    assert_eq!(board(&[(0, 241), (3, 7), (5, 8)]), (1, true));
    assert_eq!(board(&[(0, 241), (3, 7), (5, 7)]), (0, false), "a man is missing");
    assert_eq!(board(&[(14, 15), (3, 241)]), (-1, true));
    assert_eq!(board(&[(0, 241), (14, 15)]), (1, true));

    let cube = |faces: usize, before: u8, now: u8| {
        let mixed: Vec<_> =
            (0..54).map(|at| (32 + at, (at >= 9 * faces) as u8 * at as u8)).chain([(91, now)]).collect();
        let before: Vec<_> = (32..86).map(|at| (at, at as u8)).chain([(91, before)]).collect();
        answer("video_cube", &before, &mixed, &[])
    };
    assert_eq!([0, 3, 6].map(|faces| cube(faces, 0, 0)), [(0, false), (3, false), (6, true)]);
    assert_eq!([0, 3, 6].map(|faces| cube(faces, 255, 0)), [(-1, true); 3]);
    assert_eq!(cube(2, 255, 1), (2, false));

    let full: Vec<_> = (51..76).map(|at| (at, 1)).chain([(40, 4)]).collect();
    let klax = |ram: Bytes<'_>, cartridge: Bytes<'_>| answer("klax", &[], ram, cartridge);
    assert_eq!(klax(&full, &[]), (0, true));
    assert_eq!(klax(&full[1..], &[]), (0, false));
    assert_eq!(klax(&[], &[(52, 0x12), (54, 3)]), (30_012, false));
    assert_eq!(klax(&[], &[(105, 2), (110, 2)]), (0, true));
    assert_eq!(klax(&[], &[(29, 153)]), (0, true));
}
