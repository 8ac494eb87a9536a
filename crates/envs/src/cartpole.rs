//! CartPole: a pole balanced on a cart.

mod native;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Bounds, BoxSpace, DType, Discrete, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row,
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
    reset_bounds: (f64, f64),
    sutton_barto_reward: bool,
    state: Option<State>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    rng: NumpyRng,
    /// Cart position and velocity, pole angle and angular velocity.
    physics: [f64; 4],
    ended: bool,
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
        self.state.as_ref().map(|state| state.physics)
    }

    /// This environment with starting numbers in [low, high), which is (-0.05, 0.05) by default: Gymnasium's reset options `low` and `high`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `low > high`, or their difference is not finite.
    pub fn with_reset_bounds(self, low: f64, high: f64) -> Result<Self, Error> {
        if low <= high && (high - low).is_finite() {
            return Ok(Self { reset_bounds: (low, high), ..self });
        }
        let (value, expected) = (format!("({low}, {high})"), "finite bounds, the lower one first".into());
        Err(Error::InvalidOption { name: "reset_bounds", value, expected })
    }

    /// What makes environments like this one under an id, natively in vectors; limits are still to be given.
    ///
    /// ```
    /// use envs::{CartPole, VecEnv};
    /// let spec = CartPole::new().with_sutton_barto_reward().into_spec("CartPole-v1").with_limits(500, 475.0);
    /// assert_eq!(VecEnv::<f32>::of_spec(&spec, 8, 1)?.num_envs(), 8);
    /// # Ok::<(), envs::Error>(())
    /// ```
    pub fn into_spec(self, id: &str) -> EnvSpec {
        EnvSpec::native(id, self)
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

impl State {
    fn write(&self, observation: &mut [f32]) {
        for (target, value) in observation.iter_mut().zip(self.physics) {
            *target = value as f32;
        }
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

/// Gymnasium's picture: cart, pole and axle on their track.
fn picture(x: f64, theta: f64) -> RgbImage {
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

impl Env for CartPole {
    type Obs = f32;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn action_space(&self) -> &Space {
        const SPACE: Space = Space::Discrete(ACTIONS);
        &SPACE
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let mut rng = NumpyRng::for_reset(seed, self.state.take().map(|state| state.rng));
        let physics = self.start(&mut rng);
        let state = self.state.insert(State { rng, physics, ended: false });
        state.write(observation);
        Ok(Info::default())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let index = ACTIONS.index(action)?;
        let state = self.state.as_mut().ok_or(Error::ResetNeeded)?;
        let (theta, force) = (state.physics[2], if index == 1 { FORCE } else { -FORCE });
        state.physics = advance::<Library>(state.physics, (theta.sin(), theta.cos()), force);
        state.write(observation);
        let terminated = outside(state.physics);
        let ended_before = state.ended;
        state.ended |= terminated;
        Ok(Step { reward: self.reward(terminated, ended_before), terminated, ..Step::default() })
    }

    fn render(&self) -> Result<RgbImage, Error> {
        let [x, _, theta, _] = self.state.as_ref().ok_or(Error::ResetNeeded)?.physics;
        Ok(picture(x, theta))
    }

    fn render_fps(&self) -> u32 {
        50
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        self.state.as_mut().map(|state| &mut state.rng)
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state::put(self.state.as_ref().ok_or(Error::ResetNeeded)?, state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        self.state = Some(state::take(state)?);
        Ok(())
    }
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
        env.state.as_mut().unwrap().physics = [f64::NAN; 4];
        assert!(!env.step(Action::Discrete(0), &mut observation).unwrap().terminated);
    }
}
