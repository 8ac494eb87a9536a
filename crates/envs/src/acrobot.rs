//! Acrobot: two links that hang from a hinge, of which only the joint between them is driven.

use std::f64::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use crate::{
    Action, Bounds, BoxSpace, DType, Discrete, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row,
    native::{State, check_bounds, clipped, native_env, step_one},
    numpy_math::{cos_f32, sin_f32},
    raster::{pixel, raster, turned},
    state,
    vector::{
        batch::Native,
        lanes::{each, narrowed},
        math::{Library, Math},
    },
};

const GRAVITY: f64 = 9.8;
/// Both links weigh 1 kg, are 1 m long with the centre of mass in the middle, and have a moment of inertia of 1 kg m².
const MASS: f64 = 1.0;
const LENGTH: f64 = 1.0;
const CENTRE: f64 = 0.5;
const INERTIA: f64 = 1.0;
const TAU: f64 = 0.2;
const MAX_VELOCITIES: [f64; 2] = [4.0 * PI, 9.0 * PI];

const ACTIONS: Discrete = Discrete { n: 3, start: 0 };

/// Beyond these bounds an angle is turned back into a full turn too slowly.
const FARTHEST_START: f64 = 1000.0;

/// The swing-up of a two-link pendulum after R. Sutton, *Generalization in Reinforcement Learning: Successful Examples
/// Using Sparse Coarse Coding* (1996), bit for bit as Gymnasium's `Acrobot` computes it.
///
/// | action | torque on the joint between the links |
/// |---|---|
/// | 0 | -1 N m |
/// | 1 | 0 |
/// | 2 | 1 N m |
///
/// | observation (f32) | unit | low | high |
/// |---|---|---|---|
/// | 0, 1: cosine and sine of the first link's angle, 0 where it hangs | | -1 | 1 |
/// | 2, 3: cosine and sine of the second link's angle against the first | | -1 | 1 |
/// | 4: angular velocity of the first link | rad/s | -4π | 4π |
/// | 5: angular velocity of the second link | rad/s | -9π | 9π |
///
/// Reward: -1 for every step but one that ends with the tip more than 1 m above the hinge, which gives 0 and terminates.
/// After the end, steps go on. Start: four uniform numbers in ±0.1, rounded to `f32`. One step is 0.2 s of a fourth-order
/// Runge-Kutta method. v1 ends after 500 steps.
///
/// ```
/// use envs::{Acrobot, Action, Env, Seed};
/// let mut env = Acrobot::new().with_torque_noise(0.1)?;
/// let mut observation = [0.0; 6];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// let step = env.step(Action::Discrete(2), &mut observation)?;
/// assert_eq!((step.reward, step.terminated), (-1.0, false));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Acrobot {
    observation_space: Space,
    action_space: Space,
    reset_bounds: (f64, f64),
    equations: Equations,
    torque_noise: f64,
    state: Option<State<[f64; 4]>>,
}

/// Whose equations of motion move an [`Acrobot`]: Gymnasium's `book_or_nips`.
///
/// ```
/// use envs::{Acrobot, Equations};
/// let env = Acrobot::new().with_equations(Equations::Paper);
/// # let _ = env;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Equations {
    /// Those of R. Sutton and A. Barto's *Reinforcement Learning: An Introduction* (`book`).
    #[default]
    Book,
    /// Those of Sutton's paper of 1996 (`nips`), without the centrifugal term of the second link.
    Paper,
}

/// The ids, with the limits of Gymnasium.
pub(crate) fn specs() -> [EnvSpec; 1] {
    [EnvSpec::native("Acrobot-v1", Acrobot::new()).with_limits(500, -100.0)]
}

impl Acrobot {
    /// An acrobot with Gymnasium's defaults.
    ///
    /// ```
    /// use envs::{Acrobot, Env};
    /// assert_eq!(Acrobot::new().observation_space().shape(), [6]);
    /// ```
    pub fn new() -> Self {
        let [first, second] = MAX_VELOCITIES.map(|high| f64::from(high as f32));
        let bounds = [1.0, 1.0, 1.0, 1.0, first, second].map(|high| (-high, high));
        Self {
            observation_space: Space::Box(BoxSpace {
                shape: vec![6],
                dtype: DType::F32,
                bounds: Bounds::Each(bounds.to_vec()),
            }),
            action_space: Space::Discrete(ACTIONS),
            reset_bounds: (-0.1, 0.1),
            equations: Equations::default(),
            torque_noise: 0.0,
            state: None,
        }
    }

    /// This environment with starting numbers (angles in rad, angular velocities in rad/s) in [low, high), which is
    /// (-0.1, 0.1) by default: Gymnasium's reset options `low` and `high`.
    ///
    /// ```
    /// let env = envs::Acrobot::new().with_reset_bounds(-0.5, 0.5)?;
    /// # let _ = env;
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `low > high`, a bound is not a number, or one is beyond ±1000.
    pub fn with_reset_bounds(self, low: f64, high: f64) -> Result<Self, Error> {
        let reset_bounds = check_bounds(low, high)?;
        if low < -FARTHEST_START || high > FARTHEST_START {
            let (value, expected) = (format!("({low}, {high})"), format!("bounds within ±{FARTHEST_START}"));
            return Err(Error::InvalidOption { name: "reset_bounds", value, expected });
        }
        Ok(Self { reset_bounds, ..self })
    }

    /// This environment with other equations of motion: Gymnasium's `book_or_nips`.
    ///
    /// ```
    /// let env = envs::Acrobot::new().with_equations(envs::Equations::Paper);
    /// # let _ = env;
    /// ```
    pub fn with_equations(self, equations: Equations) -> Self {
        Self { equations, ..self }
    }

    /// This environment with a uniform number in ±`most` N m added to the torque of every step, 0 by default: Gymnasium's
    /// `torque_noise_max`.
    ///
    /// ```
    /// assert!(envs::Acrobot::new().with_torque_noise(-0.5).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `most` is negative, or twice as much is not finite.
    pub fn with_torque_noise(self, most: f64) -> Result<Self, Error> {
        if most >= 0.0 && (2.0 * most).is_finite() {
            return Ok(Self { torque_noise: most, ..self });
        }
        let expected = "a finite number from 0 on".into();
        Err(Error::InvalidOption { name: "torque_noise", value: most.to_string(), expected })
    }

    /// Both angles (rad) and angular velocities (rad/s) as they are computed, in `f64`; `None` before the first reset.
    ///
    /// ```
    /// assert_eq!(envs::Acrobot::new().state(), None);
    /// ```
    pub fn state(&self) -> Option<[f64; 4]> {
        self.state.as_ref().map(|state| state.numbers)
    }

    fn read(&self, action: Action<'_>) -> Result<i64, Error> {
        Ok(ACTIONS.index(action)? as i64)
    }

    fn act(&self, state: &mut State<[f64; 4]>, action: i64, observation: &mut [f32]) -> Step {
        let noise = match self.torque_noise > 0.0 {
            true => state.rng.uniform(-self.torque_noise, self.torque_noise),
            false => 0.0,
        };
        let torque = torque(action) + noise;
        step_one::<Self, 4, 6>(&mut state.numbers, observation, |states| self.advance::<Library, 1>(states, &[torque]))
    }

    /// A step of `N` acrobots under these torques (N m): rewards, and which of them terminated.
    #[inline(always)]
    fn advance<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; 4],
        torques: &[f64; N],
    ) -> ([f64; N], [bool; N]) {
        let [first, second, first_velocity, second_velocity] = self.runge_kutta::<M, N>(states, torques);
        *states = [
            wrapped(first),
            wrapped(second),
            each(&first_velocity, |velocity| clipped(velocity, -MAX_VELOCITIES[0], MAX_VELOCITIES[0])),
            each(&second_velocity, |velocity| clipped(velocity, -MAX_VELOCITIES[1], MAX_VELOCITIES[1])),
        ];
        let [first, second, ..] = states;
        let elbow = M::cos_wide(first);
        let mut both = [0.0; N];
        for i in 0..N {
            both[i] = second[i] + first[i];
        }
        let tip = M::cos_wide(&both);
        let mut terminated = [false; N];
        for i in 0..N {
            terminated[i] = -elbow[i] - tip[i] > 1.0;
        }
        (each(&terminated, |terminated| if terminated { 0.0 } else { -1.0 }), terminated)
    }

    /// One step of the classical fourth-order method.
    #[inline(always)]
    fn runge_kutta<M: Math, const N: usize>(&self, states: &[[f64; N]; 4], torques: &[f64; N]) -> [[f64; N]; 4] {
        let first = self.slope::<M, N>(states, torques);
        let second = self.slope::<M, N>(&moved(states, &first, TAU / 2.0), torques);
        let third = self.slope::<M, N>(&moved(states, &second, TAU / 2.0), torques);
        let fourth = self.slope::<M, N>(&moved(states, &third, TAU), torques);
        let mut after = *states;
        for n in 0..4 {
            for i in 0..N {
                let sum = first[n][i] + 2.0 * second[n][i] + 2.0 * third[n][i] + fourth[n][i];
                after[n][i] += TAU / 6.0 * sum;
            }
        }
        after
    }

    /// The derivative of the state; the association of the operations is Gymnasium's.
    #[inline(always)]
    fn slope<M: Math, const N: usize>(
        &self,
        [first, second, first_velocity, second_velocity]: &[[f64; N]; 4],
        torques: &[f64; N],
    ) -> [[f64; N]; 4] {
        const COUPLING: f64 = MASS * LENGTH * CENTRE;
        let (sin, cos) = M::sin_cos_wide(second);
        let upper = M::cos_wide(&each(first, |angle| angle - FRAC_PI_2));
        let mut both = [0.0; N];
        for i in 0..N {
            both[i] = first[i] + second[i] - FRAC_PI_2;
        }
        let lower = M::cos_wide(&both);
        let first_squared = M::square(first_velocity);
        let second_squared = M::square(second_velocity);
        let d2 = each(&cos, |cos| MASS * (CENTRE * CENTRE + LENGTH * CENTRE * cos) + INERTIA);
        let d2_squared = M::square(&d2);
        let mut accelerations = [[0.0; N]; 2];
        for i in 0..N {
            let inner = LENGTH * LENGTH + CENTRE * CENTRE + 2.0 * LENGTH * CENTRE * cos[i];
            let d1 = MASS * (CENTRE * CENTRE) + MASS * inner + INERTIA + INERTIA;
            let phi2 = MASS * CENTRE * GRAVITY * lower[i];
            let phi1 = -COUPLING * second_squared[i] * sin[i]
                - 2.0 * COUPLING * second_velocity[i] * first_velocity[i] * sin[i]
                + (MASS * CENTRE + MASS * LENGTH) * GRAVITY * upper[i]
                + phi2;
            let driven = torques[i] + d2[i] / d1 * phi1;
            let driven = match self.equations {
                Equations::Book => driven - COUPLING * first_squared[i] * sin[i],
                Equations::Paper => driven,
            };
            let second = (driven - phi2) / (MASS * (CENTRE * CENTRE) + INERTIA - d2_squared[i] / d1);
            accelerations[0][i] = -(d2[i] * second + phi1) / d1;
            accelerations[1][i] = second;
        }
        [*first_velocity, *second_velocity, accelerations[0], accelerations[1]]
    }
}

/// The states after so many seconds on this slope. A function, not a closure: what is not inlined is compiled without the
/// instructions that the kernel is for.
#[inline(always)]
fn moved<const N: usize>(states: &[[f64; N]; 4], slope: &[[f64; N]; 4], time: f64) -> [[f64; N]; 4] {
    let mut moved = *states;
    for (numbers, slopes) in moved.iter_mut().zip(slope) {
        for i in 0..N {
            numbers[i] += time * slopes[i];
        }
    }
    moved
}

fn torque(action: i64) -> f64 {
    action as f64 - 1.0
}

/// Angles turned back by full turns into ±π.
#[inline(always)]
fn wrapped<const N: usize>(mut angles: [f64; N]) -> [f64; N] {
    while angles.iter().fold(false, |any, angle| any | (*angle > PI)) {
        angles = each(&angles, |angle| if angle > PI { angle - 2.0 * PI } else { angle });
    }
    while angles.iter().fold(false, |any, angle| any | (*angle < -PI)) {
        angles = each(&angles, |angle| if angle < -PI { angle + 2.0 * PI } else { angle });
    }
    angles
}

impl Default for Acrobot {
    fn default() -> Self {
        Self::new()
    }
}

impl Native<4, 6> for Acrobot {
    type Action = i64;

    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; 4],
        actions: &[i64; N],
    ) -> ([f64; N], [bool; N]) {
        self.advance::<M, N>(states, &each(actions, torque))
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>([first, second, rest @ ..]: &[[f64; N]; 4]) -> [[f32; N]; 6] {
        let (first_sin, first_cos) = M::sin_cos_wide(first);
        let (second_sin, second_cos) = M::sin_cos_wide(second);
        [&first_cos, &first_sin, &second_cos, &second_sin, &rest[0], &rest[1]].map(narrowed)
    }

    /// Gymnasium begins with an `f32` state, whose sine and cosine NumPy computes in `f32`.
    fn observe_start(state: [f64; 4]) -> [f32; 6] {
        let [first, second, first_velocity, second_velocity] = state.map(|number| number as f32);
        [cos_f32(first), sin_f32(first), cos_f32(second), sin_f32(second), first_velocity, second_velocity]
    }

    fn start(&self, rng: &mut NumpyRng) -> [f64; 4] {
        let (low, high) = self.reset_bounds;
        [(); 4].map(|()| f64::from(rng.uniform(low, high) as f32))
    }
}

native_env!(Acrobot, 4, 15);

/// Gymnasium's picture: the two links, their hinges and the height to reach.
fn picture([first, second, ..]: &[f64; 4]) -> RgbImage {
    const SCALE: f64 = 500.0 / (2.2 * 2.0); // pixels per metre
    const HALF_WIDTH: f64 = 0.1 * SCALE;
    let corners = [(0.0, -HALF_WIDTH), (0.0, HALF_WIDTH), (SCALE, HALF_WIDTH), (SCALE, -HALF_WIDTH)];
    let elbow = (first.sin() * SCALE, -first.cos() * SCALE);
    let links = [((0.0, 0.0), first - FRAC_PI_2), (elbow, first + second - FRAC_PI_2)];
    raster(500, 500, |canvas| {
        canvas.horizontal(0, 499, (SCALE + 250.0) as i32, [0, 0, 0]);
        for (end, angle) in links {
            let (x, y) = (end.0 + 250.0, end.1 + 250.0);
            let place = |point| {
                let point = turned(point, angle);
                pixel((point.0 + x, point.1 + y))
            };
            canvas.polygon(&corners.map(place), [0, 204, 204]);
            canvas.circle(pixel((x, y)), HALF_WIDTH as i32, [204, 204, 0]);
        }
    })
}
