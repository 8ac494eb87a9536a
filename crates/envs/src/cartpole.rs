//! CartPole: a pole balanced on a cart.

mod native;

use image::RgbImage;

use crate::{
    Action, Bounds, BoxSpace, DType, Discrete, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row,
    native::{State, check_bounds, native_env, step_one},
    raster::{pixel, raster, turned},
    state,
    vector::{
        batch::Native,
        math::{Library, Math},
    },
};

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = POLE_MASS + 1.0;
/// Half of the pole's length.
const HALF_LENGTH: f64 = 0.5;
const POLE_MASS_LENGTH: f64 = POLE_MASS * HALF_LENGTH;
const FORCE: f64 = 10.0;
const TAU: f64 = 0.02;
const X_LIMIT: f64 = 2.4;
const THETA_LIMIT: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;

const ACTIONS: Discrete = Discrete { n: 2, start: 0 };

/// The cart-pole task of Barto, Sutton and Anderson, *Neuronlike Adaptive Elements That Can Solve Difficult Learning
/// Control Problems* (1983), bit for bit as Gymnasium's `CartPole` computes it.
///
/// | action | meaning |
/// |---|---|
/// | 0 | push the cart to the left with 10 N |
/// | 1 | push the cart to the right with 10 N |
///
/// | observation (f32) | unit | low | high | the episode ends beyond |
/// |---|---|---|---|---|
/// | 0: cart position | m | -4.8 | 4.8 | ±2.4 |
/// | 1: cart velocity | m/s | -inf | inf | |
/// | 2: pole angle | rad | -0.418 | 0.418 | ±0.209 (12°) |
/// | 3: pole angular velocity | rad/s | -inf | inf | |
///
/// Reward: 1 for every step, the terminating one included; after it 0 for every step that ends outside. Start: four
/// uniform numbers in ±0.05. One step is 0.02 s of explicit Euler. Versions: v0 ends after 200 steps, v1 after 500.
///
/// ```
/// use envs::CartPole;
/// let env = CartPole::new().with_sutton_barto_reward().with_reset_bounds(-0.2, 0.1)?;
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CartPole {
    observation_space: Space,
    action_space: Space,
    reset_bounds: (f64, f64),
    sutton_barto_reward: bool,
    /// Cart position and velocity, pole angle and angular velocity.
    state: Option<State<[f64; 4]>>,
}

/// The ids, with the limits of Gymnasium.
pub(crate) fn specs() -> [EnvSpec; 2] {
    [
        EnvSpec::native("CartPole-v0", CartPole::new()).with_limits(200, 195.0),
        EnvSpec::native("CartPole-v1", CartPole::new()).with_limits(500, 475.0),
    ]
}

impl CartPole {
    /// A cart-pole with Gymnasium's defaults.
    ///
    /// ```
    /// use envs::{CartPole, Env};
    /// assert_eq!(CartPole::new().observation_space().shape(), [4]);
    /// ```
    pub fn new() -> Self {
        let [x, theta] = [X_LIMIT * 2.0, THETA_LIMIT * 2.0].map(|limit| f64::from(limit as f32));
        let bounds = [x, f64::INFINITY, theta, f64::INFINITY].map(|high| (-high, high));
        let space = BoxSpace { shape: vec![4], dtype: DType::F32, bounds: Bounds::Each(bounds.to_vec()) };
        Self {
            observation_space: Space::Box(space),
            action_space: Space::Discrete(ACTIONS),
            reset_bounds: (-0.05, 0.05),
            sutton_barto_reward: false,
            state: None,
        }
    }

    /// This environment with the reward of Sutton and Barto's book: -1 for every step that ends outside, else 0.
    pub fn with_sutton_barto_reward(self) -> Self {
        Self { sutton_barto_reward: true, ..self }
    }

    /// The state as it is computed, before observations round it to `f32`; `None` before the first reset.
    ///
    /// ```
    /// assert_eq!(envs::CartPole::new().state(), None);
    /// ```
    pub fn state(&self) -> Option<[f64; 4]> {
        self.state.as_ref().map(|state| state.numbers)
    }

    /// This environment with starting numbers in [low, high), which is (-0.05, 0.05) by default: Gymnasium's reset options `low` and `high`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `low > high`, or their difference is not finite.
    pub fn with_reset_bounds(self, low: f64, high: f64) -> Result<Self, Error> {
        Ok(Self { reset_bounds: check_bounds(low, high)?, ..self })
    }

    fn read(&self, action: Action<'_>) -> Result<i64, Error> {
        Ok(ACTIONS.index(action)? as i64)
    }

    fn act(&self, state: &mut State<[f64; 4]>, action: i64, observation: &mut [f32]) -> Step {
        let step = step_one::<Self, 4, 4>(&mut state.numbers, observation, |states| {
            self.step_lanes::<Library, 1>(states, &[action])
        });
        Step { reward: self.reward(step.terminated, state.ended), ..step }
    }

    #[inline(always)]
    fn reward(&self, terminated: bool, ended_before: bool) -> f64 {
        match (terminated, self.sutton_barto_reward) {
            (true, true) => -1.0,
            (false, true) => 0.0,
            (true, false) if ended_before => 0.0,
            (_, false) => 1.0,
        }
    }
}

impl Default for CartPole {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(always)]
fn outside([x, _, theta, _]: [f64; 4]) -> bool {
    (x.abs() > X_LIMIT) | (theta.abs() > THETA_LIMIT) // a NaN is not outside
}

/// One Euler step with the old velocities; the association of the operations is Gymnasium's.
#[inline(always)]
fn advance<M: Math>([x, v, theta, omega]: [f64; 4], (sin, cos): (f64, f64), force: f64) -> [f64; 4] {
    const { assert!(TOTAL_MASS == 1.1) }
    let over_total_mass = M::over_1_1;
    let temp = over_total_mass(force + POLE_MASS_LENGTH * (omega * omega) * sin);
    let inertia = HALF_LENGTH * (4.0 / 3.0 - over_total_mass(POLE_MASS * (cos * cos)));
    let alpha = (GRAVITY * sin - cos * temp) / inertia;
    let acceleration = temp - over_total_mass(POLE_MASS_LENGTH * alpha * cos);
    [x + TAU * v, v + TAU * acceleration, theta + TAU * omega, omega + TAU * alpha]
}

native_env!(CartPole, 4, 50);

/// Gymnasium's picture: cart, pole and axle on their track.
fn picture([x, _, theta, _]: &[f64; 4]) -> RgbImage {
    const SCALE: f64 = 600.0 / (2.0 * X_LIMIT); // pixels per metre
    const TRACK: i32 = 100;
    const AXLE: f64 = TRACK as f64 + 7.5;
    let cart = x * SCALE + 300.0;
    let on_cart = |(x, y): (f64, f64)| pixel((x + cart, y + f64::from(TRACK)));
    let on_pole = |point| {
        let (x, y) = turned(point, -theta);
        pixel((x + cart, y + AXLE))
    };
    let tip = SCALE * 2.0 * HALF_LENGTH - 5.0;
    raster(600, 400, |canvas| {
        canvas.polygon(&[(-25.0, -15.0), (-25.0, 15.0), (25.0, 15.0), (25.0, -15.0)].map(on_cart), [0, 0, 0]);
        canvas.polygon(&[(-5.0, -5.0), (-5.0, tip), (5.0, tip), (5.0, -5.0)].map(on_pole), [202, 152, 101]);
        canvas.circle(pixel((cart, AXLE)), 5, [129, 132, 203]);
        canvas.horizontal(0, 600, TRACK, [0, 0, 0]);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(mut env: CartPole) -> (CartPole, [f32; 4]) {
        let mut observation = [0.0; 4];
        env.reset(Some(&Seed::from(1)), &mut observation).unwrap();
        (env, observation)
    }

    /// Rewards and ends of steps to the right and, from step `back` on, to the left.
    fn play(env: CartPole, steps: usize, back: usize) -> Vec<(f64, bool)> {
        let (mut env, mut observation) = reset(env);
        let actions = (0..steps).map(|i| Action::Discrete(i64::from(i < back)));
        let steps = actions.map(|action| env.step(action, &mut observation).unwrap());
        steps.map(|step| (step.reward, step.terminated)).collect()
    }

    #[test]
    fn the_fall_is_paid_and_what_follows_outside_is_not() {
        // Six steps to the right, then to the left: the pole falls, swings back inside and falls again.
        let answers = play(CartPole::new(), 40, 6);
        let end = answers.iter().position(|(_, terminated)| *terminated).unwrap();
        for (i, (reward, terminated)) in answers.iter().enumerate() {
            let expected = if i > end && *terminated { 0.0 } else { 1.0 };
            assert_eq!(*reward, expected, "step {i}");
        }
        assert!(answers[end..].iter().any(|(_, terminated)| !terminated), "it never came back inside");
    }

    #[test]
    fn sutton_and_barto_punish_every_step_outside() {
        for (reward, terminated) in play(CartPole::new().with_sutton_barto_reward(), 40, 6) {
            assert_eq!(reward, if terminated { -1.0 } else { 0.0 });
        }
    }

    #[test]
    fn starts_lie_within_the_reset_bounds() {
        let start = |low, high| reset(CartPole::new().with_reset_bounds(low, high).unwrap()).1;
        assert!(start(1.0, 2.0).iter().all(|number| (1.0..2.0).contains(number)));
        assert_eq!(start(0.5, 0.5), [0.5; 4]);
        let refused = [(0.1, -0.1), (f64::NAN, 1.0), (0.0, f64::NAN), (0.0, f64::INFINITY), (-1e308, 1e308)];
        for (low, high) in refused {
            assert!(CartPole::new().with_reset_bounds(low, high).is_err(), "({low}, {high})");
        }
    }

    #[test]
    fn a_state_that_is_not_a_number_is_not_outside() {
        let (mut env, mut observation) = reset(CartPole::new().with_reset_bounds(1e200, 1e200).unwrap());
        let steps = [(); 3].map(|()| env.step(Action::Discrete(0), &mut observation).unwrap().terminated);
        assert!(observation[3].is_nan());
        assert_eq!(steps, [true; 3], "the position is still a number");
        let (mut env, _) = reset(CartPole::new());
        env.state.as_mut().unwrap().numbers = [f64::NAN; 4];
        assert!(!env.step(Action::Discrete(0), &mut observation).unwrap().terminated);
    }
}
