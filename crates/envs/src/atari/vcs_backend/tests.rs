use rayon::prelude::*;

use super::{console::Console as _, *};
use crate::atari::RomSource;

/// Each timer's start comes twice, after different play.
const STARTS: [u32; 12] = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6];

fn saved(backend: &VcsBackend) -> Vec<u8> {
    let mut bytes = vec![];
    backend.save(&mut bytes).unwrap();
    bytes
}

/// Starts again as a reset does, without looking at what is kept.
fn play_start(backend: &mut VcsBackend, n: u32, sticky: &mut Sticky<'_>) -> u32 {
    let ram = *backend.console.ram();
    let VcsBackend { console, rules, choice, draws, .. } = backend;
    settle(console, ram, rules, *choice, 1 + n, draws);
    let (progress, counted) = begin(console, rules, *choice, sticky);
    (backend.progress, backend.undrawn) = (progress, None);
    counted
}

/// Resets a game again and again, and returns how many of its starts are kept.
fn kept_starts(rules: &'static Rules, choice: Choice) -> usize {
    let rom = Rom::open(&RomSource::Bundled(rules.name.into())).unwrap();
    let [mut resetting, mut playing] = [(); 2].map(|()| VcsBackend::load(&rom, rules, choice).unwrap());
    let (mut generators, mut held) = ([(); 2].map(|()| Mt19937::new(7)), [0; 2]);
    let actions = resetting.minimal_actions();
    for (n, frames) in STARTS.into_iter().zip(10..) {
        let mut stickies = generators.each_mut().into_iter().zip(&mut held);
        let [mut ours, mut theirs] = std::array::from_fn(|_| {
            let (generator, held) = stickies.next().unwrap();
            Sticky { generator, held, repeat_probability: 0.25 }
        });
        let counted = resetting.reset(n, &mut ours);
        assert_eq!(counted, (0, play_start(&mut playing, n, &mut theirs)), "{} {choice:?} {n}", rules.name);
        assert!(saved(&resetting) == saved(&playing), "{} {choice:?} {n}", rules.name);
        assert!(ours.generator == theirs.generator, "{} {choice:?} {n}", rules.name);
        for frame in 0..frames {
            let action = actions[(frame / 3 + frames) % actions.len()];
            assert_eq!(resetting.act(action, false), playing.act(action, false));
        }
    }
    resetting.start.others.len()
}

#[test]
fn a_reset_that_goes_on_from_a_kept_start_equals_one_that_plays_it() {
    let games: Vec<&Rules> = games::all().collect();
    let kept = games.into_par_iter().map(|rules| {
        let last = Choice { mode: rules.modes[rules.modes.len() - 1], difficulty: rules.difficulties[0] };
        kept_starts(rules, last);
        kept_starts(rules, rules.default_choice())
    });
    // Where fewer are kept than there were resets, the others went on from those.
    let going_on = kept.filter(|kept| *kept < STARTS.len()).count();
    assert!(going_on > 90, "{going_on} games go on from starts that were kept");
}
