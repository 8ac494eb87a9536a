use super::{physics::Motions, *};
use crate::vector::{
    lanes::LANES,
    math::Math,
    simd::{Kernel, Level},
};

fn reset(mut env: InvertedPendulum, seed: u64) -> (InvertedPendulum, [f64; 4]) {
    let mut observation = [0.0; 4];
    env.reset(Some(&Seed::from(seed)), &mut observation).unwrap();
    (env, observation)
}

/// The last observation and step after these actions.
fn play(env: &mut InvertedPendulum, actions: impl IntoIterator<Item = f64>) -> ([f64; 4], Step) {
    let mut observation = [0.0; 4];
    let steps = actions.into_iter().map(|action| env.step(Action::Continuous(&[action]), &mut observation).unwrap());
    let step = steps.last().unwrap();
    (observation, step)
}

/// Recorded from Gymnasium 1.4.0 with MuJoCo 4.0.0. The cart runs into both ends of the rail and the pole falls on both
/// of its stops on the way, so the limits, the solver and its warm start are all in these bits.
#[test]
fn two_hundred_hard_pushes_end_where_mujoco_ends() {
    let (mut env, observation) = reset(InvertedPendulum::v4(), 42);
    let start = [0.005479120971119267, -0.0012224312049589538, 0.00717195839822765, 0.003947360581187278];
    assert_eq!(observation, start);
    let (observation, step) = play(&mut env, (0..200).map(|i| if i / 20 % 2 == 0 { 3.0 } else { -3.0 }));
    let end = [-1.0025345684689073, -1.573187982396199, 0.012006502470382513, 2.420198357424519e-06];
    assert_eq!(observation, end);
    assert!(step.terminated);
}

#[test]
fn version_4_pays_the_fall_and_version_5_does_not() {
    let (_, fell) = play(&mut reset(InvertedPendulum::v4(), 1).0, [3.0; 30]);
    assert_eq!((fell.terminated, fell.reward, fell.info.reward_survive), (true, 1.0, None));
    let (mut env, _) = reset(InvertedPendulum::v5(), 1);
    let (_, stood) = play(&mut env, [0.0]);
    assert_eq!((stood.terminated, stood.reward, stood.info.reward_survive), (false, 1.0, Some(1.0)));
    let (_, fell) = play(&mut env, [3.0; 30]);
    assert_eq!((fell.terminated, fell.reward, fell.info.reward_survive), (true, 0.0, Some(0.0)));
}

#[test]
fn actions_beyond_the_bounds_act_as_the_bounds_and_nan_as_nothing() {
    for (action, same_as) in [(30.0, 3.0), (f64::INFINITY, 3.0), (-1e300, -3.0), (f64::NAN, 0.0)] {
        let [first, second] =
            [action, same_as].map(|action| play(&mut reset(InvertedPendulum::v5(), 3).0, [action; 9]));
        assert_eq!(first, second, "{action}");
    }
}

/// MuJoCo resets a simulation whose numbers grow beyond 1e10, and drops the control until the next step.
#[test]
fn a_state_too_wild_to_go_on_begins_anew_from_the_origin() {
    let env = InvertedPendulum::v5().with_reset_noise_scale(1e9).unwrap();
    let (mut env, _) = reset(env, 0);
    let (observation, _) = play(&mut env, [1.0]);
    let mut at_rest = Motion::default();
    at_rest.simulate(0.0);
    let [x, theta, v, omega] = observation;
    assert_eq!(([x, theta], [v, omega]), (at_rest.position, at_rest.velocity));
}

#[test]
fn the_reset_noise_scale_sets_the_start_s_range() {
    let (_, narrow) = reset(InvertedPendulum::v5(), 5);
    let (_, wide) = reset(InvertedPendulum::v5().with_reset_noise_scale(0.02).unwrap(), 5);
    let (_, none) = reset(InvertedPendulum::v5().with_reset_noise_scale(0.0).unwrap(), 5);
    assert_eq!(wide, narrow.map(|number| 2.0 * number));
    assert_eq!(none, [0.0; 4]);
    for scale in [-0.01, f64::NAN, f64::INFINITY, f64::MAX] {
        assert!(InvertedPendulum::v5().with_reset_noise_scale(scale).is_err(), "{scale}");
    }
}

#[test]
fn the_picture_shows_a_pole_that_leans_to_its_side() {
    let teal = |theta: f64, column: u32| {
        let picture = picture(0.0, theta);
        (0..400).filter(|row| picture.get_pixel(column, *row).0 == [42, 157, 160]).count()
    };
    assert!(teal(0.0, 300) > 80 && teal(0.0, 350) == 0 && teal(0.0, 250) == 0);
    assert!(teal(0.7, 350) > 0 && teal(0.7, 250) == 0);
    assert!(teal(-0.7, 350) == 0 && teal(-0.7, 250) > 0);
}

/// Pendulums pushed hard for long, by every instruction set; control `t` of pendulum `i` is `controls(t, i)`.
struct Pushed<F>([Motion; LANES], F);

impl<F: Fn(usize, usize) -> f64> Kernel for Pushed<F> {
    type Output = Vec<[Motion; LANES]>;

    #[inline(always)]
    fn run<M: Math>(self) -> Self::Output {
        let Self(start, controls) = self;
        let mut motions = Motions::from(start);
        let mut step = |t| {
            motions.simulate::<M>(std::array::from_fn(|i| controls(t, i)));
            std::array::from_fn(|i| motions.of(i))
        };
        (0..300).map(&mut step).collect()
    }
}

#[test]
fn pendulums_side_by_side_move_as_one_by_one_also_at_their_limits() {
    let start: [Motion; LANES] = std::array::from_fn(|i| Motion {
        position: [[0.0, 0.99, -1.02][i % 3], [0.0, 1.5, -1.6, 0.3][i % 4]],
        velocity: if i == 5 { [2e10, 0.0] } else { [0.1 * i as f64, -0.2] },
        warm_start: [0.0; 2],
    });
    let controls = |t: usize, i: usize| if ((t + 7 * i) / 25).is_multiple_of(2) { 3.0 } else { -3.0 };
    let one_by_one: [Vec<Motion>; LANES] = std::array::from_fn(|i| {
        let mut motion = start[i];
        let mut step = |t| {
            motion.simulate(controls(t, i));
            motion
        };
        (0..300).map(&mut step).collect()
    });
    let limited = one_by_one.iter().flatten().filter(|motion| motion.position[0].abs() > 1.0).count();
    assert!(limited > 300, "{limited} positions beyond the rail's ends");
    for level in Level::available() {
        for (t, motions) in level.run(Pushed(start, controls)).into_iter().enumerate() {
            assert_eq!(motions, std::array::from_fn(|i| one_by_one[i][t]), "{level:?}, step {t}");
        }
    }
}
