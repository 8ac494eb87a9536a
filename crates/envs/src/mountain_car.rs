//! MountainCar: a car in a valley that must swing up to leave it, with three actions or a continuous one.

mod continuous;

use image::RgbImage;

pub use self::continuous::MountainCarContinuous;
use crate::{
    Action, Bounds, BoxSpace, DType, Discrete, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row,
    native::{State, check_bounds, check_finite, clipped, native_env, step_one},
    raster::{pixel, raster, turned},
    state,
    vector::{
        batch::Native,
        lanes::{each, narrowed},
        math::{Library, Math},
    },
};

const MIN_POSITION: f64 = -1.2;
const MAX_POSITION: f64 = 0.6;
const MAX_SPEED: f64 = 0.07;
const GOAL: f64 = 0.5;
const FORCE: f64 = 0.001;
const GRAVITY: f64 = 0.0025;

const ACTIONS: Discrete = Discrete { n: 3, start: 0 };

/// The car of A. Moore, *Efficient Memory-Based Learning for Robot Control* (1990), bit for bit as Gymnasium's
/// `MountainCar` computes it.
///
/// | action | meaning |
/// |---|---|
/// | 0 | accelerate to the left |
/// | 1 | do not accelerate |
/// | 2 | accelerate to the right |
///
/// | observation (f32) | low | high |
/// |---|---|---|
/// | 0: position | -1.2 | 0.6 |
/// | 1: velocity, position per step | -0.07 | 0.07 |
///
/// Reward: -1 for every step. It terminates at a position of at least 0.5 with a velocity of at least `goal_velocity`;
/// after the end, steps go on. Start: the position uniform in [-0.6, -0.4), at rest. v0 ends after 200 steps.
///
/// ```
/// use envs::{Action, Env, MountainCar, Seed};
/// let mut env = MountainCar::new().with_goal_velocity(0.01)?;
/// let mut observation = [0.0; 2];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// let step = env.step(Action::Discrete(2), &mut observation)?;
/// assert_eq!((step.reward, step.terminated), (-1.0, false));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MountainCar {
    observation_space: Space,
    action_space: Space,
    reset_bounds: (f64, f64),
    goal_velocity: f64,
    state: Option<State<[f64; 2]>>,
}

/// The ids, with the limits of Gymnasium.
pub(crate) fn specs() -> [EnvSpec; 2] {
    [
        EnvSpec::native("MountainCar-v0", MountainCar::new()).with_limits(200, -110.0),
        EnvSpec::native("MountainCarContinuous-v0", MountainCarContinuous::new()).with_limits(999, 90.0),
    ]
}

fn observation_space() -> Space {
    let bounds = vec![(MIN_POSITION, MAX_POSITION), (-MAX_SPEED, MAX_SPEED)];
    Space::Box(BoxSpace { shape: vec![2], dtype: DType::F32, bounds: Bounds::Each(bounds) })
}

impl MountainCar {
    /// A car with Gymnasium's defaults.
    ///
    /// ```
    /// use envs::{Env, MountainCar};
    /// assert_eq!(MountainCar::new().observation_space().shape(), [2]);
    /// ```
    pub fn new() -> Self {
        Self {
            observation_space: observation_space(),
            action_space: Space::Discrete(ACTIONS),
            reset_bounds: (-0.6, -0.4),
            goal_velocity: 0.0,
            state: None,
        }
    }

    /// This environment with starting positions in [low, high), which is (-0.6, -0.4) by default: Gymnasium's reset options
    /// `low` and `high`.
    ///
    /// ```
    /// let env = envs::MountainCar::new().with_reset_bounds(-0.9, 0.2)?;
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
    /// assert!(envs::MountainCar::new().with_goal_velocity(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where it is not finite.
    pub fn with_goal_velocity(self, goal_velocity: f64) -> Result<Self, Error> {
        Ok(Self { goal_velocity: check_finite("goal_velocity", goal_velocity)?, ..self })
    }

    /// Position and velocity as they are computed, in `f64`; `None` before the first reset.
    ///
    /// ```
    /// assert_eq!(envs::MountainCar::new().state(), None);
    /// ```
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state.as_ref().map(|state| state.numbers)
    }

    fn read(&self, action: Action<'_>) -> Result<i64, Error> {
        Ok(ACTIONS.index(action)? as i64)
    }

    fn act(&self, state: &mut State<[f64; 2]>, action: i64, observation: &mut [f32]) -> Step {
        step_one::<Self, 2, 2>(&mut state.numbers, observation, |states| {
            self.step_lanes::<Library, 1>(states, &[action])
        })
    }
}

impl Default for MountainCar {
    fn default() -> Self {
        Self::new()
    }
}

impl Native<2, 2> for MountainCar {
    type Action = i64;

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        [positions, velocities]: &mut [[f64; N]; 2],
        actions: &[i64; N],
    ) -> ([f64; N], [bool; N]) {
        let slopes = M::cos_wide(&each(positions, |position| 3.0 * position));
        let mut terminated = [false; N];
        for i in 0..N {
            let push = (actions[i] - 1) as f64 * FORCE;
            let velocity = clipped(velocities[i] + (push + slopes[i] * -GRAVITY), -MAX_SPEED, MAX_SPEED);
            let position = clipped(positions[i] + velocity, MIN_POSITION, MAX_POSITION);
            let stopped = (position == MIN_POSITION) & (velocity < 0.0);
            let velocity = if stopped { 0.0 } else { velocity };
            (positions[i], velocities[i]) = (position, velocity);
            terminated[i] = (position >= GOAL) & (velocity >= self.goal_velocity);
        }
        ([-1.0; N], terminated)
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>(states: &[[f64; N]; 2]) -> [[f32; N]; 2] {
        let [positions, velocities] = states;
        [narrowed(positions), narrowed(velocities)]
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 2] {
        let (low, high) = self.reset_bounds;
        [rng.uniform(low, high), 0.0]
    }
}

native_env!(MountainCar, 2, 30);

fn picture([position, _]: &[f64; 2]) -> RgbImage {
    scene(*position, GOAL)
}

/// Gymnasium's picture: the valley, the car and the flag at the goal.
fn scene(position: f64, goal: f64) -> RgbImage {
    const SCALE: f64 = 600.0 / (MAX_POSITION - MIN_POSITION); // pixels per unit
    const CLEARANCE: f64 = 10.0;
    let height = |x: f64| ((3.0 * x).sin() * 0.45 + 0.55) * SCALE;
    let (x, y) = ((position - MIN_POSITION) * SCALE, height(position));
    let on_car = |point| {
        let point = turned(point, (3.0 * position).cos());
        pixel((point.0 + x, point.1 + CLEARANCE + y))
    };
    let foot = pixel(((goal - MIN_POSITION) * SCALE, height(goal)));
    let top = foot.1 + 50;
    let valley: [(f64, f64); 100] = std::array::from_fn(|i| {
        let along =
            if i == 99 { MAX_POSITION } else { MIN_POSITION + i as f64 * ((MAX_POSITION - MIN_POSITION) / 99.0) };
        ((along - MIN_POSITION) * SCALE, height(along))
    });
    raster(600, 400, |canvas| {
        valley.windows(2).for_each(|pair| canvas.fine_line(pair[0], pair[1], [0, 0, 0]));
        canvas.polygon(&[(-20.0, 0.0), (-20.0, 20.0), (20.0, 20.0), (20.0, 0.0)].map(on_car), [0, 0, 0]);
        for along in [10.0, -10.0] {
            canvas.circle(on_car((along, 0.0)), 8, [128, 128, 128]);
        }
        canvas.vertical(foot.0, foot.1, top, [0, 0, 0]);
        canvas.polygon(&[(foot.0, top), (foot.0, top - 10), (foot.0 + 25, top - 5)], [204, 204, 0]);
    })
}
