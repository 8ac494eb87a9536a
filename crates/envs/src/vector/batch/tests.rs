use ndarray::Array2;

use super::*;
use crate::{
    Acrobot, Actions, CartPole, Element, Equations, InvertedPendulum, MountainCar, MountainCarContinuous, Pendulum,
    Seed, Seeds, Space, VecEnv,
};

const NUM_ENVS: usize = 19; // two full blocks and three environments
const LIMIT: u64 = 30;

fn singles<E: Native<D, O>, const D: usize, const O: usize>(env: &E) -> VecEnv<E::Obs> {
    let single = |_| Box::new(TimeLimit::new(env.clone(), Some(LIMIT))) as _;
    VecEnv::new((0..NUM_ENVS).map(single).collect(), 1).unwrap()
}

fn batched<E: Native<D, O>, const D: usize, const O: usize>(env: &E, level: Level, len: usize) -> VecEnv<E::Obs> {
    let batch = |first| {
        let batch = Batch::with_level(env.clone(), Some(LIMIT), len.min(NUM_ENVS - first), level);
        Box::new(batch) as Box<dyn Group<E::Obs>>
    };
    let groups = (0..NUM_ENVS).step_by(len).map(batch).collect();
    VecEnv::of_groups(groups, env.observation_space().clone(), env.action_space().clone(), 1).unwrap()
}

/// Random actions; those of a pendulum go beyond its bounds.
fn step<T: Element>(envs: &mut VecEnv<T>, rng: &mut NumpyRng) {
    let draws = [(); NUM_ENVS].map(|()| rng.random());
    match envs.action_space() {
        Space::Discrete(space) => envs.step(Actions::Discrete(&draws.map(|draw| (draw * space.n as f64) as i64))),
        Space::Box(_) => {
            let actions =
                Array2::from_shape_fn((NUM_ENVS, 1), |(i, _)| if i == 7 { f64::NAN } else { 8.0 * draws[i] - 4.0 });
            envs.step(Actions::Continuous(actions.view()))
        }
    }
    .unwrap();
}

fn ended<T: Element>(envs: &VecEnv<T>) -> Vec<bool> {
    envs.terminated().iter().zip(envs.truncated()).map(|(terminated, truncated)| terminated | truncated).collect()
}

fn saved<T: Element>(envs: &VecEnv<T>) -> Vec<u8> {
    let mut state = Vec::new();
    envs.save(&mut state).unwrap();
    state
}

fn assert_same<T: Element>(ours: &VecEnv<T>, theirs: &VecEnv<T>, when: &str) {
    let lasting = |episode: &Option<EpisodeStats>| episode.map(|episode| (episode.episode_return, episode.length));
    // As text, in which a NaN is one.
    let text = |envs: &VecEnv<T>| format!("{:?} {:?}", envs.observations(), envs.rewards());
    if ours.observations() != theirs.observations() || ours.rewards() != theirs.rewards() {
        assert_eq!(text(ours), text(theirs), "{when}");
    }
    assert_eq!((ours.terminated(), ours.truncated()), (theirs.terminated(), theirs.truncated()), "{when}");
    assert_eq!(ours.infos(), theirs.infos(), "{when}");
    let episodes = |envs: &VecEnv<T>| format!("{:?}", envs.episodes().iter().map(lasting).collect::<Vec<_>>());
    assert_eq!(episodes(ours), episodes(theirs), "{when}");
    assert_eq!(ours.final_infos(), theirs.final_infos(), "{when}");
    let finals = |envs: &VecEnv<T>| format!("{:?}", envs.final_observations());
    assert_eq!(finals(ours), finals(theirs), "{when}");
}

fn play<E: Native<D, O>, const D: usize, const O: usize>(env: E) {
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
                // Of a NaN the processor chooses the bits.
                let any_nan = ours.observations().iter().any(|number| number.to_f64().is_nan());
                assert!(any_nan || saved(&ours) == saved(&theirs), "{level:?}, {autoreset:?}, saved after step {t}");
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
fn batched_acrobots_are_single_ones_side_by_side() {
    play(Acrobot::new());
    play(Acrobot::new().with_equations(Equations::Paper).with_reset_bounds(-20.0, 30.0).unwrap());
}

#[test]
fn batched_mountain_cars_are_single_ones_side_by_side() {
    play(MountainCar::new().with_reset_bounds(-1.2, 0.6).unwrap());
    play(MountainCarContinuous::new().with_goal_velocity(0.02).unwrap().with_reset_bounds(-1.2, 0.6).unwrap());
}

#[test]
fn batched_swinging_pendulums_are_single_ones_side_by_side() {
    play(Pendulum::new());
    play(Pendulum::new().with_gravity(3.0).unwrap().with_reset_bounds(600.0, 8.0).unwrap());
}

#[test]
fn a_vector_of_one_generator_goes_on_from_its_saved_state() {
    let make = || CartPole::new().vector_of_one_generator(NUM_ENVS, LIMIT).unwrap();
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep] {
        let [mut one, mut other] = [make(), make()].map(|envs| envs.with_autoreset(autoreset));
        one.reset(&Seed::from(1)).unwrap();
        let mut rng = NumpyRng::new(&Seed::from(3));
        (0..40).for_each(|_| step(&mut one, &mut rng));
        other.restore(&mut saved(&one).as_slice()).unwrap();
        let mut other_rng = rng.clone();
        for t in 0..100 {
            step(&mut one, &mut rng);
            step(&mut other, &mut other_rng);
            assert_eq!(one.observations(), other.observations(), "{autoreset:?}, step {t}");
            assert_eq!(ended(&one), ended(&other), "{autoreset:?}, step {t}");
        }
    }
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
