//! What the native environments of one generator and a few numbers have in common.

use serde::{Deserialize, Serialize};

use crate::{
    Error, NumpyRng, Step,
    vector::{batch::Native, math::Library},
};

/// The state of an environment: its generator, and the numbers that it steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State<S> {
    pub rng: NumpyRng,
    pub numbers: S,
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

/// Implements `Env` for a native environment with the fields `observation_space`, `action_space` and `state`, the
/// methods `read` (its action) and `act` (a step), and the function `picture`.
macro_rules! native_env {
    ($env:ty, $fps:literal) => {
        impl $env {
            /// What makes environments like this one under an id, natively in vectors; limits are still to be given.
            pub fn into_spec(self, id: &str) -> crate::EnvSpec {
                crate::EnvSpec::native(id, self)
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
                self.state = Some(State { rng, numbers });
                Ok(Info::default())
            }

            fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
                check_row(observation, &self.observation_space)?;
                let action = self.read(action)?;
                let mut state = self.state.take().ok_or(Error::ResetNeeded)?;
                let step = self.act(&mut state, action, observation);
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
