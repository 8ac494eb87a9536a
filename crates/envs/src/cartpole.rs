//! CartPole: a pole balanced on a cart.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Bounds, BoxSpace, DType, Discrete, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, state,
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
/// uniform numbers in ±0.05.
/// One step is 0.02 s of explicit Euler. Versions: v0 ends after 200 steps, v1 after 500.
#[derive(Clone, Debug)]
pub struct CartPole {
    observation_space: Space,
    state: Option<State>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    rng: NumpyRng,
    /// Cart position and velocity, pole angle and angular velocity.
    physics: [f64; 4],
    ended: bool,
}

impl CartPole {
    /// A cart-pole with Gymnasium's defaults.
    pub fn new() -> Self {
        let [x, theta] = [X_LIMIT * 2.0, THETA_LIMIT * 2.0].map(|limit| f64::from(limit as f32));
        let bounds = [x, f64::INFINITY, theta, f64::INFINITY].map(|high| (-high, high));
        let space = BoxSpace { shape: vec![4], dtype: DType::F32, bounds: Bounds::Each(bounds.to_vec()) };
        Self { observation_space: Space::Box(space), state: None }
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

    fn outside(&self) -> bool {
        let [x, _, theta, _] = self.physics;
        !(-X_LIMIT..=X_LIMIT).contains(&x) || !(-THETA_LIMIT..=THETA_LIMIT).contains(&theta)
    }
}

/// One Euler step with the old velocities; the association of the operations is Gymnasium's.
fn advance([x, v, theta, omega]: [f64; 4], force: f64) -> [f64; 4] {
    let (sin, cos) = (theta.sin(), theta.cos());
    let temp = (force + POLE_MASS_LENGTH * (omega * omega) * sin) / TOTAL_MASS;
    let alpha = (GRAVITY * sin - cos * temp) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cos * cos) / TOTAL_MASS));
    let acceleration = temp - POLE_MASS_LENGTH * alpha * cos / TOTAL_MASS;
    [x + TAU * v, v + TAU * acceleration, theta + TAU * omega, omega + TAU * alpha]
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
        let physics = [(); 4].map(|()| rng.uniform(-0.05, 0.05));
        let state = self.state.insert(State { rng, physics, ended: false });
        state.write(observation);
        Ok(Info::default())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let index = ACTIONS.index(action)?;
        let state = self.state.as_mut().ok_or(Error::ResetNeeded)?;
        state.physics = advance(state.physics, if index == 1 { FORCE } else { -FORCE });
        state.write(observation);
        let terminated = state.outside();
        let reward = if terminated && state.ended { 0.0 } else { 1.0 };
        state.ended |= terminated;
        Ok(Step { reward, terminated, ..Step::default() })
    }

    fn render(&self) -> Result<RgbImage, Error> {
        self.state.as_ref().ok_or(Error::ResetNeeded)?;
        Ok(RgbImage::new(600, 400))
    }

    fn render_fps(&self) -> u32 {
        50
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state::put(self.state.as_ref().ok_or(Error::ResetNeeded)?, state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        self.state = Some(state::take(state)?);
        Ok(())
    }
}
