//! What a vector promises for very many environments, and for different ones.

use envs::{Action, Actions, BoxEnv, CartPole, Element, NumpyRng, Sample, Seed, TimeLimit, VecEnv};

/// Steps the vector and the same environments one by one, which must agree in everything; gives the number of episodes
/// that ended.
fn assert_same_as_singles<T: Element>(envs: Vec<BoxEnv<T>>, mut singles: Vec<BoxEnv<T>>, steps: usize) -> usize {
    let mut vector = VecEnv::new(envs, 2).unwrap();
    let (size, space) = (vector.observation_space().size(), vector.action_space().clone());
    vector.reset(&Seed::from(5)).unwrap();
    let mut rows = vec![T::default(); singles.len() * size];
    for (i, (env, row)) in singles.iter_mut().zip(rows.chunks_mut(size)).enumerate() {
        env.reset(Some(&Seed::from(5 + i as u64)), row).unwrap();
    }
    assert_eq!(vector.observations().as_slice().unwrap(), rows);
    let mut rng = NumpyRng::new(&Seed::from(1));
    let mut action = || if let Sample::Discrete(action) = space.sample(&mut rng) { action } else { unreachable!() };
    let mut ends = 0;
    for t in 0..steps {
        let actions: Vec<i64> = singles.iter().map(|_| action()).collect();
        vector.step(Actions::Discrete(&actions)).unwrap();
        for (i, (env, row)) in singles.iter_mut().zip(rows.chunks_mut(size)).enumerate() {
            let step = env.step(Action::Discrete(actions[i]), row).unwrap();
            assert_eq!(vector.rewards()[i], step.reward, "environment {i}, step {t}");
            let flags = (vector.terminated()[i], vector.truncated()[i]);
            assert_eq!(flags, (step.terminated, step.truncated), "environment {i}, step {t}");
            if step.done() {
                ends += 1;
                env.reset(None, row).unwrap();
            }
        }
        assert!(vector.observations().as_slice().unwrap() == rows, "step {t}");
    }
    ends
}

#[test]
fn a_hundred_thousand_environments_give_what_few_of_them_give() {
    const MANY: usize = 100_000;
    let first = MANY - 20;
    let make = |n, threads| VecEnv::<f32>::make("CartPole-v1", n, threads).unwrap();
    let (mut one, mut three, mut few) = (make(MANY, 1), make(MANY, 3), make(20, 1));
    for envs in [&mut one, &mut three] {
        envs.reset(&Seed::from(1)).unwrap();
    }
    few.reset(&Seed::from(1 + first as u64)).unwrap();
    let actions: Vec<i64> = (0..MANY as i64).map(|i| i * i / 7 % 2).collect();
    for _ in 0..40 {
        for envs in [&mut one, &mut three] {
            envs.step(Actions::Discrete(&actions)).unwrap();
        }
        few.step(Actions::Discrete(&actions[first..])).unwrap();
        assert!(one.observations() == three.observations() && one.terminated() == three.terminated());
        assert_eq!(one.observations().as_slice().unwrap()[first * 4..], *few.observations().as_slice().unwrap());
        assert_eq!(one.terminated()[first..], *few.terminated());
    }
}

#[test]
fn environments_of_one_space_may_differ_in_options_and_limits() {
    let envs = || -> Vec<BoxEnv<f32>> {
        let wide = CartPole::new().with_reset_bounds(-0.2, 0.2).unwrap();
        let limit = |env, steps| Box::new(TimeLimit::new(env, steps));
        vec![
            limit(CartPole::new(), None),
            limit(CartPole::new().with_sutton_barto_reward(), Some(7)),
            limit(wide, Some(500)),
            envs::make("CartPole-v0").unwrap().typed().unwrap(),
        ]
    };
    assert!(assert_same_as_singles(envs(), envs(), 300) > 60);
}

#[cfg(feature = "ale")]
#[test]
fn games_of_one_space_may_differ_in_rom_options_and_wrappers() {
    use envs::atari::{Atari, AtariConfig, FrameSkip, ObsType};
    use preprocess::{ClipReward, DifferenceConfig, FrameDifference, FrameFormat};

    let config = |id: &str| AtariConfig {
        obs_type: ObsType::Palette,
        full_action_space: true,
        ..AtariConfig::from_id(id).unwrap()
    };
    let difference = |config: &AtariConfig| {
        let frames = Atari::new(config).unwrap();
        FrameDifference::new(frames, FrameFormat::Palette, &DifferenceConfig::default()).unwrap()
    };
    let envs = || -> Vec<BoxEnv<i8>> {
        let often = AtariConfig { frame_skip: FrameSkip::Fixed(2), ..config("Pong") };
        let sticky = config("ALE/Breakout-v5");
        vec![
            Box::new(TimeLimit::new(difference(&config("Pong")), None)),
            Box::new(TimeLimit::new(difference(&often), Some(30))),
            Box::new(TimeLimit::new(ClipReward::new(difference(&sticky), -1.0, 1.0).unwrap(), Some(50))),
        ]
    };
    assert!(assert_same_as_singles(envs(), envs(), 120) >= 6);
}
