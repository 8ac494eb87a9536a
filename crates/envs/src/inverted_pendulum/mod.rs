//! InvertedPendulum: a pole hinged on a cart that a motor pushes along a rail.

mod dynamics;
mod limits;
mod line_search;
mod native;
mod newton;
mod physics;
mod problem;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::physics::Motion;
use crate::{
    Action, DType, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row, render::draw, state,
    vector::batch::Native,
};

const MAX_ANGLE: f64 = 0.2;

/// The pendulum of Gymnasium's MuJoCo environments, bit for bit as MuJoCo 4.0.0 computes it, without MuJoCo.
///
/// | action (f32 by its space, taken as f64) | low | high | unit |
/// |---|---|---|---|
/// | 0: control of the motor on the cart | -3 | 3 | 100 N |
///
/// A number beyond the bounds acts as the bound, NaN as 0.
///
/// | observation (f64, unbounded) | unit |
/// |---|---|
/// | 0: cart position | m |
/// | 1: pole angle from the vertical | rad |
/// | 2: cart velocity | m/s |
/// | 3: pole angular velocity | rad/s |
///
/// The episode terminates when the pole leans by more than 0.2 rad or a number is not finite. Start: four uniform
/// numbers in ±`reset_noise_scale`. One step is 0.04 s: two steps of a fourth-order Runge-Kutta method. The cart's rail
/// ends at ±1 m and the hinge at ±π/2, both as soft constraints.
///
/// | version | reward | info |
/// |---|---|---|
/// | v2, v4 | 1 for every step, the terminating one included | |
/// | v5 | 1 for every step that does not end in a terminal state, else 0 | `reward_survive` |
///
/// Every version ends after 1000 steps.
///
/// ```
/// use envs::{Action, Env, InvertedPendulum, Seed};
/// let mut env = InvertedPendulum::v5();
/// let mut observation = [0.0; 4];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// assert_eq!(observation[0], 0.005479120971119267);
/// let step = env.step(Action::Continuous(&[0.5]), &mut observation)?;
/// assert_eq!(step.info.reward_survive, Some(1.0));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InvertedPendulum {
    observation_space: Space,
    action_space: Space,
    reset_noise_scale: f64,
    /// Version 5: no reward for falling, and an info that says so.
    pays_survival: bool,
    state: Option<State>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    rng: NumpyRng,
    motion: Motion,
}

/// The ids, with the limits of Gymnasium.
pub(crate) fn specs() -> [EnvSpec; 3] {
    [("v2", InvertedPendulum::v4()), ("v4", InvertedPendulum::v4()), ("v5", InvertedPendulum::v5())]
        .map(|(version, env)| EnvSpec::native(&format!("InvertedPendulum-{version}"), env).with_limits(1000, 950.0))
}

impl InvertedPendulum {
    /// Version 4 (and 2, which is the same): the terminating step is paid too.
    pub fn v4() -> Self {
        Self {
            observation_space: Space::boxed(&[4], DType::F64, f64::NEG_INFINITY, f64::INFINITY),
            action_space: Space::boxed(&[1], DType::F32, -3.0, 3.0),
            reset_noise_scale: 0.01,
            pays_survival: false,
            state: None,
        }
    }

    /// Version 5: the terminating step is not paid.
    pub fn v5() -> Self {
        Self { pays_survival: true, ..Self::v4() }
    }

    /// This environment with another half-width of the starting numbers' range, 0.01 by default: in m, rad, m/s and rad/s.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the scale is negative, or twice the scale is not finite.
    pub fn with_reset_noise_scale(self, scale: f64) -> Result<Self, Error> {
        if scale >= 0.0 && (2.0 * scale).is_finite() {
            return Ok(Self { reset_noise_scale: scale, ..self });
        }
        let expected = "a finite number from 0 on".into();
        Err(Error::InvalidOption { name: "reset_noise_scale", value: scale.to_string(), expected })
    }

    /// What makes environments like this one under an id, natively in vectors; limits are still to be given.
    pub fn into_spec(self, id: &str) -> EnvSpec {
        EnvSpec::native(id, self)
    }

    #[inline(always)]
    fn reward(&self, terminated: bool) -> f64 {
        if self.pays_survival & terminated { 0.0 } else { 1.0 }
    }
}

#[inline(always)]
fn terminated(numbers: [f64; 4]) -> bool {
    let finite = numbers.map(f64::is_finite);
    !(finite[0] & finite[1] & finite[2] & finite[3]) | (numbers[1].abs() > MAX_ANGLE)
}

impl State {
    fn observation(&self) -> [f64; 4] {
        let Motion { position: [x, theta], velocity: [v, omega], .. } = self.motion;
        [x, theta, v, omega]
    }
}

/// The capsules of MuJoCo's model, seen from the side, in colours near to MuJoCo's.
fn picture(x: f64, theta: f64) -> RgbImage {
    const SCALE: f64 = 176.0; // pixels per metre: the whole rail and a pole that lies beyond its end
    let place = |x: f64, z: f64| (300.0 + SCALE * x, 250.0 - SCALE * z);
    let tip = place(x + 0.6 * theta.sin(), 0.6 * theta.cos());
    draw(600, 400, |canvas| {
        canvas.capsule(place(-1.0, 0.0), place(1.0, 0.0), 0.04 * SCALE, [129, 132, 203]);
        canvas.capsule(place(x - 0.1, 0.0), place(x + 0.1, 0.0), 0.2 * SCALE, [222, 184, 65]);
        canvas.capsule(place(x, 0.0), tip, 0.098 * SCALE, [42, 157, 160]);
        canvas.disc(place(x, 0.0), 0.02 * SCALE, [255, 255, 255]);
    })
}

impl Env for InvertedPendulum {
    type Obs = f64;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn action_space(&self) -> &Space {
        &self.action_space
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f64]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let mut rng = NumpyRng::for_reset(seed, self.state.take().map(|state| state.rng));
        let motion = Motion::from_numbers(self.start(&mut rng));
        let state = self.state.insert(State { rng, motion });
        observation.copy_from_slice(&state.observation());
        Ok(Info::default())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f64]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let control = self.action_space.values(action)?[0];
        let state = self.state.as_mut().ok_or(Error::ResetNeeded)?;
        state.motion.simulate(control);
        let numbers = state.observation();
        observation.copy_from_slice(&numbers);
        let terminated = terminated(numbers);
        let reward = self.reward(terminated);
        Ok(Step { reward, terminated, info: self.info(reward).unwrap_or_default(), ..Step::default() })
    }

    fn render(&self) -> Result<RgbImage, Error> {
        let [x, theta] = self.state.as_ref().ok_or(Error::ResetNeeded)?.motion.position;
        Ok(picture(x, theta))
    }

    fn render_fps(&self) -> u32 {
        25
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
mod tests;
