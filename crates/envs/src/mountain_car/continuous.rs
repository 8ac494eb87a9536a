//! The mountain car that takes its force as a number.

use image::RgbImage;

use super::{GRAVITY, MAX_POSITION, MAX_SPEED, MIN_POSITION, observation_space, scene};
use crate::{
    Action, DType, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row,
    native::{State, check_bounds, check_finite, clipped, native_env, step_one},
    state,
    vector::{
        batch::Native,
        lanes::narrowed,
        math::{Library, Math},
    },
};

const GOAL: f64 = 0.45;
const POWER: f64 = 0.0015;

/// The mountain car with a continuous action, bit for bit as Gymnasium's `MountainCarContinuous` computes it from actions
/// of its action space's type.
///
/// | action (f32) | low | high |
/// |---|---|---|
/// | 0: force | -1 | 1 |
///
/// A number is rounded to `f32`, as Gymnasium's action space has it. One beyond the bounds pushes as the bound but is paid
/// for as it is; NaN makes all numbers NaN until the next reset.
///
/// | observation (f32) | low | high |
/// |---|---|---|
/// | 0: position | -1.2 | 0.6 |
/// | 1: velocity, position per step | -0.07 | 0.07 |
///
/// Reward: -0.1 times the square of the action, and 100 more for a step that terminates: at a position of at least 0.45
/// with a velocity of at least `goal_velocity`. After the end, steps go on. Start: the position uniform in [-0.6, -0.4), at
/// rest. From the first step on the state is `f32`. v0 ends after 999 steps.
///
/// ```
/// use envs::{Action, Env, MountainCarContinuous, Seed};
/// let mut env = MountainCarContinuous::new();
/// let mut observation = [0.0; 2];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// let step = env.step(Action::Continuous(&[0.5]), &mut observation)?;
/// assert_eq!(step.reward, -0.025);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MountainCarContinuous {
    observation_space: Space,
    action_space: Space,
    reset_bounds: (f64, f64),
    goal_velocity: f64,
    state: Option<State<[f64; 3]>>,
}

impl MountainCarContinuous {
    /// A car with Gymnasium's defaults.
    ///
    /// ```
    /// use envs::{Env, MountainCarContinuous};
    /// assert_eq!(MountainCarContinuous::new().action_space().shape(), [1]);
    /// ```
    pub fn new() -> Self {
        Self {
            observation_space: observation_space(),
            action_space: Space::boxed(&[1], DType::F32, -1.0, 1.0),
            reset_bounds: (-0.6, -0.4),
            goal_velocity: 0.0,
            state: None,
        }
    }

    /// This environment with starting positions in [low, high), which is (-0.6, -0.4) by default: Gymnasium's reset options
    /// `low` and `high`.
    ///
    /// ```
    /// let env = envs::MountainCarContinuous::new().with_reset_bounds(-0.9, 0.2)?;
    /// # let _ = env;
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `low > high`, or their difference is not finite.
    pub fn with_reset_bounds(self, low: f64, high: f64) -> Result<Self, Error> {
        Ok(Self { reset_bounds: check_bounds(low, high)?, ..self })
    }

    /// This environment with another velocity that is needed at the goal, 0 by default, in position per step: Gymnasium's
    /// `goal_velocity`.
    ///
    /// ```
    /// assert!(envs::MountainCarContinuous::new().with_goal_velocity(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where it is not finite.
    pub fn with_goal_velocity(self, goal_velocity: f64) -> Result<Self, Error> {
        Ok(Self { goal_velocity: check_finite("goal_velocity", goal_velocity)?, ..self })
    }

    /// Position and velocity: `f64` after a reset, then numbers of `f32`; `None` before the first reset.
    ///
    /// ```
    /// assert_eq!(envs::MountainCarContinuous::new().state(), None);
    /// ```
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state.as_ref().map(|state| [state.numbers[0], state.numbers[1]])
    }

    fn read(&self, action: Action<'_>) -> Result<f64, Error> {
        Ok(self.action_space.values(action)?[0])
    }

    fn act(&self, state: &mut State<[f64; 3]>, action: f64, observation: &mut [f32]) -> Step {
        step_one::<Self, 3, 2>(&mut state.numbers, observation, |states| {
            self.step_lanes::<Library, 1>(states, &[action])
        })
    }

    /// A step from an `f32` state: position and velocity after it, and whether it terminates.
    ///
    /// NumPy keeps to `f32` where one of two numbers is a NumPy one, so only a force at a bound, which is a plain float
    /// there, acts in `f64` before it meets the velocity.
    #[inline(always)]
    fn advance_f32(&self, position: f32, velocity: f32, push: f32) -> (f64, f64, bool) {
        let speed = MAX_SPEED as f32;
        let velocity = velocity + push;
        let fast = velocity > speed;
        let slow = velocity < -speed;
        let velocity = if fast {
            speed
        } else if slow {
            -speed
        } else {
            velocity
        };
        let position = position + velocity;
        let position = if position > MAX_POSITION as f32 { MAX_POSITION as f32 } else { position };
        let position = if position < MIN_POSITION as f32 { MIN_POSITION as f32 } else { position };
        let velocity = if (position == MIN_POSITION as f32) & (velocity < 0.0) { 0.0 } else { velocity };
        // A velocity at the bound is compared as the bound itself.
        let quick = (fast & (MAX_SPEED >= self.goal_velocity))
            | (slow & (-MAX_SPEED >= self.goal_velocity))
            | (!fast & !slow & (velocity >= self.goal_velocity as f32));
        (position.into(), velocity.into(), (position >= GOAL as f32) & quick)
    }

    /// A step from a reset's `f64` state.
    #[cold]
    #[inline(never)]
    fn advance_f64(&self, position: f64, velocity: f64, push: f64) -> (f64, f64, bool) {
        let velocity = clipped(velocity + push, -MAX_SPEED, MAX_SPEED);
        let position = clipped(position + velocity, MIN_POSITION, MAX_POSITION);
        let velocity = if (position == MIN_POSITION) & (velocity < 0.0) { 0.0 } else { velocity };
        let terminated = (position >= GOAL) & (velocity >= self.goal_velocity);
        (f64::from(position as f32), f64::from(velocity as f32), terminated)
    }
}

/// By how much force and gravity change the velocity: what an `f64` velocity is given, and an `f32` one.
#[derive(Clone, Copy)]
struct Push {
    exact: f64,
    nearest: f32,
}

impl Push {
    #[inline(always)]
    fn new(action: f32, slope: f64) -> Self {
        let gravity = GRAVITY * slope;
        let within = action * POWER as f32 - gravity as f32;
        let bound = if action > 1.0 { 1.0 } else { -1.0 };
        let at_bound = bound * POWER - gravity;
        let beyond = action.abs() > 1.0;
        Self {
            exact: if beyond { at_bound } else { within.into() },
            nearest: if beyond { at_bound as f32 } else { within },
        }
    }
}

impl Default for MountainCarContinuous {
    fn default() -> Self {
        Self::new()
    }
}

/// The third number of the state is 1 from a reset to the first step, while the state is `f64`.
impl Native<3, 2> for MountainCarContinuous {
    type Action = f64;

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        [positions, velocities, fresh]: &mut [[f64; N]; 3],
        actions: &[f64; N],
    ) -> ([f64; N], [bool; N]) {
        let mut angles = [0.0; N];
        for i in 0..N {
            let (exact, nearest) = (3.0 * positions[i], f64::from(3.0 * positions[i] as f32));
            angles[i] = if fresh[i] == 1.0 { exact } else { nearest };
        }
        let slopes = M::cos_wide(&angles);
        let (mut rewards, mut terminated) = ([0.0; N], [false; N]);
        let starts = (*positions, *velocities);
        for i in 0..N {
            let push = Push::new(actions[i] as f32, slopes[i]).nearest;
            (positions[i], velocities[i], terminated[i]) =
                self.advance_f32(positions[i] as f32, velocities[i] as f32, push);
        }
        // Few are: a branch that is seldom taken costs less than both ways for all.
        if fresh.iter().fold(false, |any, fresh| any | (*fresh == 1.0)) {
            for i in (0..N).filter(|&i| fresh[i] == 1.0) {
                let push = Push::new(actions[i] as f32, slopes[i]).exact;
                (positions[i], velocities[i], terminated[i]) = self.advance_f64(starts.0[i], starts.1[i], push);
            }
            *fresh = [0.0; N];
        }
        for i in 0..N {
            // The square of an `f32` is exact.
            let action = f64::from(actions[i] as f32);
            rewards[i] = if terminated[i] { 100.0 } else { 0.0 } - action * action * 0.1;
        }
        (rewards, terminated)
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>([positions, velocities, _]: &[[f64; N]; 3]) -> [[f32; N]; 2] {
        [narrowed(positions), narrowed(velocities)]
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 3] {
        let (low, high) = self.reset_bounds;
        [rng.uniform(low, high), 0.0, 1.0]
    }
}

native_env!(MountainCarContinuous, 3, 30);

fn picture([position, ..]: &[f64; 3]) -> RgbImage {
    scene(*position, GOAL)
}
