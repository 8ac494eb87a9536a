use std::{fs, path::Path, sync::Arc};

use serde_json::Value;
use vcs::Console;

use super::*;
use crate::atari::{Controls, RomSource};

/// A column of a golden file (tests/parity/README.md).
struct Recording {
    header: Value,
    data: Vec<u8>,
}

impl Recording {
    fn read(game: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/golden/rules");
        let bytes = fs::read(folder.join(format!("{game}.rec"))).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        Some(Self { header: serde_json::from_slice(&bytes[..end]).ok()?, data: bytes[end + 1..].to_vec() })
    }

    fn column(&self, wanted: &str) -> &[u8] {
        let mut from = 0;
        for column in self.header["columns"].as_array().unwrap() {
            let bits: u64 = column[1].as_str().unwrap()[1..].parse().unwrap();
            let count: u64 = column[2].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).product();
            let length = (count * bits / 8) as usize;
            if column[0] == wanted {
                return &self.data[from..from + length];
            }
            from += length;
        }
        panic!("no column {wanted}");
    }
}

/// The cases that ale-py answers otherwise: how many, and the first.
fn differences(rules: &Rules, recording: &Recording) -> (usize, usize, Option<String>) {
    let [contexts, context, at, value] = ["contexts", "context", "at", "value"].map(|name| recording.column(name));
    let [reward, lives, over] = ["reward", "lives", "over"].map(|name| recording.column(name));
    let changes = at.len() / context.len();
    let first = rules.first_score(recording.column("first").try_into().unwrap());
    let mut differences = vec![];
    for (case, &context) in context.iter().enumerate() {
        let mut ram: [u8; RAM_BYTES] = contexts[usize::from(context) * RAM_BYTES..][..RAM_BYTES].try_into().unwrap();
        for change in case * changes..(case + 1) * changes {
            ram[usize::from(at[change])] = value[change];
        }
        let (score, ours) = rules.score(&ram, &first);
        let theirs = (
            i64::from_le_bytes(reward[8 * case..][..8].try_into().unwrap()),
            i64::from(u32::from_le_bytes(lives[4 * case..][..4].try_into().unwrap())),
            over[case] == 1,
        );
        let ours = (i64::from(ours), i64::from(score.lives as u32), score.over);
        if ours != theirs {
            let at = &at[case * changes..][..changes];
            differences.push(format!("case {case}, bytes {at:?}: (reward, lives, end) {ours:?} instead of {theirs:?}"));
        }
    }
    (context.len(), differences.len(), differences.first().cloned())
}

#[test]
fn rewards_lives_and_ends_of_any_memory_are_ale_pys() {
    let mut compared = 0;
    let mut wrong = vec![];
    for rules in all() {
        let Some(recording) = Recording::read(rules.name) else { continue };
        let (cases, differing, first) = differences(rules, &recording);
        compared += cases;
        wrong.extend(first.map(|first| format!("{}: {differing} of {cases} cases differ; {first}", rules.name)));
    }
    assert!(compared > 0, "no recordings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn games_that_are_said_to_start_alike_do_whatever_memory_and_timer_held_before() {
    for rules in all().filter(|rules| rules.starts_alike) {
        let bytes = RomSource::Bundled(rules.name.into()).read().unwrap();
        let cartridge = Arc::new(vcs::Rom::new(&bytes).unwrap());
        let choice = Choice { mode: rules.modes[0], difficulty: rules.difficulties[0] };
        let start_with = |ram, timer| {
            let mut console = Console::with_memory(Arc::clone(&cartridge), ram, timer);
            run(&mut console, &mut Controls::new(rules.controllers), rules, choice);
            console
        };
        let known = start_with([0; RAM_BYTES], 0);
        for timer in 25..100 {
            let ram = std::array::from_fn(|i| (i as u8).wrapping_mul(timer).wrapping_add(timer));
            let other = start_with(ram, timer);
            assert!(known.state() == other.state() && known.screen() == other.screen(), "{} {timer}", rules.name);
        }
    }
}
