//! What the native environments of one generator and a few numbers have in common.

use serde::{Deserialize, Serialize};

use crate::{
    Error, NumpyRng, Step,
    vector::{batch::Native, math::Library},
};

/// The state of an environment: its generator, the numbers that it steps, and whether a step of the episode terminated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State<S> {
    pub rng: NumpyRng,
    pub numbers: S,
    pub ended: bool,
}

/// Steps one environment of the native kind `E` by itself, as `step` steps lanes.
pub(crate) fn step_one<E: Native<D, O>, const D: usize, const O: usize>(
    numbers: &mut [f64; D],
    observation: &mut [E::Obs],
    step: impl FnOnce(&mut [[f64; 1]; D]) -> ([f64; 1], [bool; 1]),
) -> Step {
    let mut states = numbers.map(|number| [number]);
    let ([reward], [terminated]) = step(&mut states);
    *numbers = states.map(|[number]| number);
    observation.copy_from_slice(&E::observe_lanes::<Library, 1>(&states).map(|[number]| number));
    Step { reward, terminated, ..Step::default() }
}

/// NumPy's `clip`, which leaves a NaN.
#[inline(always)]
pub(crate) fn clipped<T: PartialOrd>(number: T, low: T, high: T) -> T {
    let number = if number < low { low } else { number };
    if number > high { high } else { number }
}

/// Bounds of the starting numbers, or what is wrong with them.
pub(crate) fn check_bounds(low: f64, high: f64) -> Result<(f64, f64), Error> {
    if low <= high && (high - low).is_finite() {
        return Ok((low, high));
    }
    let (value, expected) = (format!("({low}, {high})"), "finite bounds, the lower one first".into());
    Err(Error::InvalidOption { name: "reset_bounds", value, expected })
}

/// A finite option, or what is wrong with it.
pub(crate) fn check_finite(name: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::InvalidOption { name, value: value.to_string(), expected: "a finite number".into() })
}

/// Implements `Env` and `Parts` for a native environment of so many numbers with the fields `observation_space`,
/// `action_space` and `state`, the methods `read` (its action) and `act` (a step), and the function `picture`.
macro_rules! native_env {
    ($env:ident, $numbers:literal, $fps:literal) => {
        impl $env {
            /// What makes environments like this one under an id, natively in vectors; limits are still to be given.
            ///
            /// ```
            #[doc = concat!("use envs::{", stringify!($env), ", VecEnv};")]
            #[doc = concat!("let spec = ", stringify!($env), "::new().into_spec(\"Mine-v0\").with_limits(300, 100.0);")]
            /// assert_eq!(VecEnv::<f32>::of_spec(&spec, 8, 1)?.num_envs(), 8);
            /// # Ok::<(), envs::Error>(())
            /// ```
            pub fn into_spec(self, id: &str) -> crate::EnvSpec {
                crate::EnvSpec::native(id, self)
            }
        }

        impl crate::vector::batch::Parts<$numbers> for $env {
            fn parts(&self) -> Option<(NumpyRng, [f64; $numbers], bool)> {
                self.state.as_ref().map(|State { rng, numbers, ended }| (rng.clone(), *numbers, *ended))
            }

            fn with_parts(&self, rng: NumpyRng, numbers: [f64; $numbers], ended: bool) -> Self {
                Self { state: Some(State { rng, numbers, ended }), ..self.clone() }
            }
        }

        impl Env for $env {
            type Obs = f32;

            fn observation_space(&self) -> &Space {
                &self.observation_space
            }

            fn action_space(&self) -> &Space {
                &self.action_space
            }

            fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, Error> {
                check_row(observation, &self.observation_space)?;
                let mut rng = NumpyRng::for_reset(seed, self.state.take().map(|state| state.rng));
                let numbers = self.start(&mut rng);
                observation.copy_from_slice(&Self::observe_start(numbers));
                self.state = Some(State { rng, numbers, ended: false });
                Ok(Info::default())
            }

            fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
                check_row(observation, &self.observation_space)?;
                let action = self.read(action)?;
                let mut state = self.state.take().ok_or(Error::ResetNeeded)?;
                let step = self.act(&mut state, action, observation);
                state.ended |= step.terminated;
                self.state = Some(state);
                Ok(step)
            }

            fn render(&self) -> Result<RgbImage, Error> {
                Ok(picture(&self.state.as_ref().ok_or(Error::ResetNeeded)?.numbers))
            }

            fn render_fps(&self) -> u32 {
                $fps
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
    };
}
pub(crate) use native_env;
