//! Atari games: determinism, seeds, saved states, hostile input.

use envs::{
    Action, Env, Seed,
    atari::{Atari, AtariConfig},
};

fn pong(id: &str) -> Atari {
    Atari::new(&AtariConfig::from_id(id).unwrap()).unwrap()
}

/// The checksums of all observations, and the rewards, of a run that presses each action for some steps in turn.
fn play(env: &mut Atari, seed: u64, steps: usize) -> Vec<(u32, u64)> {
    let mut observation = vec![0; env.observation_space().size()];
    env.reset(Some(&Seed::from(seed)), &mut observation).unwrap();
    go_on(env, steps)
}

fn go_on(env: &mut Atari, steps: usize) -> Vec<(u32, u64)> {
    let mut observation = vec![0; env.observation_space().size()];
    let step = |t: usize| {
        let step = env.step(Action::Discrete((t / 7 % 6) as i64), &mut observation).unwrap();
        (crc32fast::hash(&observation), step.reward.to_bits())
    };
    (0..steps).map(step).collect()
}

#[test]
fn the_same_seed_plays_the_same_game_and_another_seed_another_one() {
    let (mut one, mut other) = (pong("ALE/Pong-v5"), pong("ALE/Pong-v5"));
    assert_eq!(play(&mut one, 0, 300), play(&mut other, 0, 300));
    assert_ne!(play(&mut one, 1, 300), play(&mut other, 0, 300));
}

#[test]
fn a_saved_state_goes_on_bit_for_bit_in_another_environment() {
    let (mut one, mut other) = (pong("Pong-v0"), pong("Pong-v0"));
    play(&mut one, 3, 250);
    let mut state = vec![];
    one.save(&mut state).unwrap();
    play(&mut other, 9, 40);
    other.restore(&mut state.as_slice()).unwrap();
    assert_eq!(one.render().unwrap(), other.render().unwrap());
    assert_eq!(go_on(&mut one, 300), go_on(&mut other, 300));
}
