use ndarray::Array2;

use super::*;
use crate::{Actions, CartPole, InvertedPendulum, Seed, Seeds, Space, VecEnv};

const NUM_ENVS: usize = 19; // two full blocks and three environments
const LIMIT: u64 = 30;

fn singles<E: Native<D>, const D: usize>(env: &E) -> VecEnv<E::Obs> {
    let single = |_| Box::new(TimeLimit::new(env.clone(), Some(LIMIT))) as _;
    VecEnv::new((0..NUM_ENVS).map(single).collect(), 1).unwrap()
}

fn batched<E: Native<D>, const D: usize>(env: &E, level: Level, len: usize) -> VecEnv<E::Obs> {
    let batch = |first| {
        let batch = Batch::with_level(env.clone(), Some(LIMIT), len.min(NUM_ENVS - first), level);
        Box::new(batch) as Box<dyn Group<E::Obs>>
    };
    let groups = (0..NUM_ENVS).step_by(len).map(batch).collect();
    VecEnv::of_groups(groups, env.observation_space().clone(), env.action_space().clone(), 1).unwrap()
}

/// Random actions; those of a pendulum go beyond its bounds.
fn step<T: crate::Element>(envs: &mut VecEnv<T>, rng: &mut NumpyRng) {
    let draws = [(); NUM_ENVS].map(|()| rng.random());
    match envs.action_space() {
        Space::Discrete(_) => envs.step(Actions::Discrete(&draws.map(|draw| i64::from(draw < 0.5)))),
        Space::Box(_) => {
            let actions =
                Array2::from_shape_fn((NUM_ENVS, 1), |(i, _)| if i == 7 { f64::NAN } else { 8.0 * draws[i] - 4.0 });
            envs.step(Actions::Continuous(actions.view()))
        }
    }
    .unwrap();
}

fn ended<T: crate::Element>(envs: &VecEnv<T>) -> Vec<bool> {
    envs.terminated().iter().zip(envs.truncated()).map(|(terminated, truncated)| terminated | truncated).collect()
}

fn saved<T: crate::Element>(envs: &VecEnv<T>) -> Vec<u8> {
    let mut state = Vec::new();
    envs.save(&mut state).unwrap();
    state
}

fn assert_same<T: crate::Element>(ours: &VecEnv<T>, theirs: &VecEnv<T>, when: &str) {
    let lasting = |episode: &Option<EpisodeStats>| episode.map(|episode| (episode.episode_return, episode.length));
    assert_eq!(ours.observations(), theirs.observations(), "{when}");
    assert_eq!(ours.rewards(), theirs.rewards(), "{when}");
    assert_eq!((ours.terminated(), ours.truncated()), (theirs.terminated(), theirs.truncated()), "{when}");
    assert_eq!(ours.infos(), theirs.infos(), "{when}");
    assert!(ours.episodes().iter().map(lasting).eq(theirs.episodes().iter().map(lasting)), "{when}");
    assert_eq!(ours.final_infos(), theirs.final_infos(), "{when}");
    assert_eq!(ours.final_observations(), theirs.final_observations(), "{when}");
}

fn play<E: Native<D>, const D: usize>(env: E) {
    for (level, autoreset) in Level::available()
        .into_iter()
        .flat_map(|level| [Autoreset::SameStep, Autoreset::NextStep, Autoreset::Disabled].map(|mode| (level, mode)))
    {
        let mut theirs = singles(&env).with_autoreset(autoreset);
        let mut ours = batched(&env, level, 16).with_autoreset(autoreset);
        let mut rngs = [(); 2].map(|()| NumpyRng::new(&Seed::from(3)));
        let mut ends = 0;
        for envs in [&mut ours, &mut theirs] {
            envs.reset(&Seed::from(1)).unwrap();
        }
        for t in 0..300 {
            for (envs, rng) in [&mut ours, &mut theirs].into_iter().zip(&mut rngs) {
                step(envs, rng);
            }
            assert_same(&ours, &theirs, &format!("{level:?}, {autoreset:?}, step {t}"));
            let ended = ended(&ours);
            ends += ended.iter().filter(|ended| **ended).count();
            if t % 50 == 0 {
                assert_eq!(saved(&ours), saved(&theirs));
                theirs.restore(&mut saved(&ours).as_slice()).unwrap();
                ours.restore(&mut saved(&theirs).as_slice()).unwrap();
            }
            if autoreset == Autoreset::Disabled && ended.contains(&true) {
                for envs in [&mut ours, &mut theirs] {
                    envs.reset_where(&ended, Seeds::Continue).unwrap();
                }
                assert_same(&ours, &theirs, &format!("{level:?}, reset after step {t}"));
            }
        }
        assert!(ends > NUM_ENVS, "only {ends} ends");
    }
}

#[test]
fn batched_cart_poles_are_single_ones_side_by_side() {
    play(CartPole::new());
    play(CartPole::new().with_sutton_barto_reward().with_reset_bounds(-0.3, 0.1).unwrap());
}

#[test]
fn batched_pendulums_are_single_ones_side_by_side() {
    play(InvertedPendulum::v4());
    play(InvertedPendulum::v5().with_reset_noise_scale(0.15).unwrap());
}

#[test]
fn the_length_of_the_groups_does_not_matter() {
    let run = |len| {
        let mut envs = batched(&CartPole::new(), Level::best(), len);
        let mut rng = NumpyRng::new(&Seed::from(3));
        envs.reset(&Seed::from(1)).unwrap();
        (0..200).for_each(|_| step(&mut envs, &mut rng));
        saved(&envs)
    };
    let whole = run(NUM_ENVS);
    for len in [1, 2, 3, 8] {
        assert!(run(len) == whole, "groups of {len}");
    }
}
