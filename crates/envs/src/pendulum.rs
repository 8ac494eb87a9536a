//! Pendulum: a rod on a hinge that is too weakly driven to be lifted at once.

use std::f64::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use crate::{
    Action, Bounds, BoxSpace, DType, Env, EnvSpec, Error, Info, NumpyRng, Seed, Space, Step, check_row,
    native::{State, check_finite, clipped, native_env, step_one},
    raster::{pixel, raster, turned},
    state,
    vector::{
        batch::Native,
        lanes::{each, narrowed},
        math::{Library, Math},
    },
};

const MASS: f64 = 1.0;
const LENGTH: f64 = 1.0;
const TAU: f64 = 0.05;
const MAX_SPEED: f64 = 8.0;
const MAX_TORQUE: f32 = 2.0;

/// The swing-up of a pendulum, bit for bit as Gymnasium's `Pendulum` computes it from actions of its action space's type.
///
/// | action (f32) | low | high | unit |
/// |---|---|---|---|
/// | 0: torque on the hinge | -2 | 2 | N m |
///
/// A number is rounded to `f32`, as Gymnasium's action space has it; one beyond the bounds acts as the bound, and NaN makes
/// all numbers NaN until the next reset.
///
/// | observation (f32) | unit | low | high |
/// |---|---|---|---|
/// | 0, 1: cosine and sine of the angle, which is 0 where the rod stands | | -1 | 1 |
/// | 2: angular velocity | rad/s | -8 | 8 |
///
/// Reward: -(θ² + 0.1 ω² + 0.001 u²), with the angle θ before the step in ±π, its velocity ω and the torque u: from -16.3 to
/// 0. No step terminates. Start: the angle uniform in ±π, the velocity in ±1 rad/s. One step is 0.05 s of semi-implicit
/// Euler. v1 ends after 200 steps.
///
/// ```
/// use envs::{Action, Env, Pendulum, Seed};
/// let mut env = Pendulum::new();
/// let mut observation = [0.0; 3];
/// env.reset(Some(&Seed::from(42)), &mut observation)?;
/// let step = env.step(Action::Continuous(&[1.5]), &mut observation)?;
/// assert!((-16.3..=0.0).contains(&step.reward) && !step.terminated);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pendulum {
    observation_space: Space,
    action_space: Space,
    gravity: f64,
    /// The largest starting angle and velocity.
    reset_bounds: [f64; 2],
    state: Option<State<[f64; 5]>>,
}

/// The ids, with the limits of Gymnasium.
pub(crate) fn specs() -> [EnvSpec; 1] {
    let mut spec = EnvSpec::native("Pendulum-v1", Pendulum::new());
    spec.max_episode_steps = Some(200);
    [spec]
}

impl Pendulum {
    /// A pendulum with Gymnasium's defaults.
    ///
    /// ```
    /// use envs::{Env, Pendulum};
    /// assert_eq!(Pendulum::new().observation_space().shape(), [3]);
    /// ```
    pub fn new() -> Self {
        let bounds = [1.0, 1.0, MAX_SPEED].map(|high| (-high, high));
        Self {
            observation_space: Space::Box(BoxSpace {
                shape: vec![3],
                dtype: DType::F32,
                bounds: Bounds::Each(bounds.to_vec()),
            }),
            action_space: Space::boxed(&[1], DType::F32, -f64::from(MAX_TORQUE), f64::from(MAX_TORQUE)),
            gravity: 10.0,
            reset_bounds: [PI, 1.0],
            state: None,
        }
    }

    /// This environment with another acceleration of gravity in m/s², 10 by default: Gymnasium's `g`.
    ///
    /// ```
    /// let moon = envs::Pendulum::new().with_gravity(1.62)?;
    /// # let _ = moon;
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where it is not finite.
    pub fn with_gravity(self, gravity: f64) -> Result<Self, Error> {
        Ok(Self { gravity: check_finite("gravity", gravity)?, ..self })
    }

    /// This environment with starting angles in ±`angle` rad and angular velocities in ±`velocity` rad/s, which are (π, 1) by
    /// default: Gymnasium's reset options `x_init` and `y_init`.
    ///
    /// ```
    /// let upright = envs::Pendulum::new().with_reset_bounds(0.1, 0.0)?;
    /// # let _ = upright;
    /// # Ok::<(), envs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where one is negative, or twice as much is not finite.
    pub fn with_reset_bounds(self, angle: f64, velocity: f64) -> Result<Self, Error> {
        for value in [angle, velocity] {
            if !(value >= 0.0 && (2.0 * value).is_finite()) {
                let (value, expected) = (value.to_string(), "a finite number from 0 on".into());
                return Err(Error::InvalidOption { name: "reset_bounds", value, expected });
            }
        }
        Ok(Self { reset_bounds: [angle, velocity], ..self })
    }

    /// The angle (rad, not turned back into ±π) and angular velocity (rad/s) as they are computed, in `f64`; `None` before
    /// the first reset.
    ///
    /// ```
    /// assert_eq!(envs::Pendulum::new().state(), None);
    /// ```
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state.as_ref().map(|state| [state.numbers[0], state.numbers[1]])
    }

    fn read(&self, action: Action<'_>) -> Result<f64, Error> {
        Ok(self.action_space.values(action)?[0])
    }

    fn act(&self, state: &mut State<[f64; 5]>, action: f64, observation: &mut [f32]) -> Step {
        step_one::<Self, 5, 3>(&mut state.numbers, observation, |states| {
            self.step_lanes::<Library, 1>(states, &[action])
        })
    }
}

impl Default for Pendulum {
    fn default() -> Self {
        Self::new()
    }
}

impl Native<5, 3> for Pendulum {
    type Action = f64;

    /// The third number of the state is the last torque, which only the picture shows; the last two are the angle's sine and
    /// cosine, which are observed and then needed in the next step.
    #[inline(always)]
    fn step_lanes<M: Math, const N: usize>(
        &self,
        [angles, velocities, shown, sin, cos]: &mut [[f64; N]; 5],
        actions: &[f64; N],
    ) -> ([f64; N], [bool; N]) {
        let torques = each(actions, |action| clipped(action as f32, -MAX_TORQUE, MAX_TORQUE));
        let torques_squared = M::square_f32(&torques);
        let mut normal = M::modulo_turn(&each(angles, |angle| angle + PI));
        for angle in &mut normal {
            *angle -= PI;
        }
        let normal = M::square(&normal);
        let velocities_squared = M::square(velocities);
        let mut rewards = [0.0; N];
        for i in 0..N {
            let cost = normal[i] + 0.1 * velocities_squared[i] + f64::from(0.001f32 * torques_squared[i]);
            rewards[i] = -cost;
            let pull = 3.0 * self.gravity / (2.0 * LENGTH) * sin[i];
            let push = f64::from((3.0 / (MASS * LENGTH * LENGTH)) as f32 * torques[i]);
            velocities[i] = clipped(velocities[i] + (pull + push) * TAU, -MAX_SPEED, MAX_SPEED);
            angles[i] += velocities[i] * TAU;
            shown[i] = f64::from(torques[i]);
        }
        (*sin, *cos) = M::sin_cos_wide(angles);
        (rewards, [false; N])
    }

    #[inline(always)]
    fn observe_lanes<M: Math, const N: usize>([_, velocities, _, sin, cos]: &[[f64; N]; 5]) -> [[f32; N]; 3] {
        [narrowed(cos), narrowed(sin), narrowed(velocities)]
    }

    /// No torque is shown after a reset.
    fn start(&self, rng: &mut NumpyRng) -> [f64; 5] {
        let [angle, velocity] = self.reset_bounds.map(|most| rng.uniform(-most, most));
        [angle, velocity, f64::NAN, angle.sin(), angle.cos()]
    }
}

native_env!(Pendulum, 5, 30);

/// Gymnasium's picture, without the arrow that shows the torque.
fn picture([angle, ..]: &[f64; 5]) -> RgbImage {
    const SCALE: f64 = 500.0 / (2.2 * 2.0); // pixels per metre
    const HALF_WIDTH: f64 = 0.2 * SCALE / 2.0;
    const ROD: [u8; 3] = [204, 77, 77];
    let place = |point| {
        let (x, y) = turned(point, angle + FRAC_PI_2);
        pixel((x + 250.0, y + 250.0))
    };
    let corners = [(0.0, -HALF_WIDTH), (0.0, HALF_WIDTH), (SCALE, HALF_WIDTH), (SCALE, -HALF_WIDTH)];
    raster(500, 500, |canvas| {
        canvas.polygon(&corners.map(place), ROD);
        canvas.circle((250, 250), HALF_WIDTH as i32, ROD);
        canvas.circle(place((SCALE, 0.0)), HALF_WIDTH as i32, ROD);
        canvas.circle((250, 250), (0.05 * SCALE) as i32, [0, 0, 0]);
    })
}
