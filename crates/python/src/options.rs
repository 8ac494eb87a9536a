//! Environments by id and keyword arguments.

use envs::{AnyEnv, CartPole, EnvSpec, Error, InvertedPendulum};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    atari,
    convert::Options,
    error::{exception, invalid_value},
};

/// How many steps an episode has at most.
#[derive(Clone, Copy)]
pub enum Limit {
    /// As many as are registered.
    Registered,
    None,
    Steps(u64),
}

impl Limit {
    /// `None`, -1 or a number of steps, as `gymnasium.make` takes them.
    pub fn new(max_episode_steps: Option<i64>) -> PyResult<Self> {
        match max_episode_steps {
            None => Ok(Self::Registered),
            Some(-1) => Ok(Self::None),
            Some(steps) => match u64::try_from(steps) {
                Ok(steps) if steps > 0 => Ok(Self::Steps(steps)),
                _ => Err(invalid_value("max_episode_steps", steps, "at least 1 step, -1 for no limit, or None")),
            },
        }
    }
}

/// What makes the environment of this id with these keyword arguments.
pub fn spec(py: Python<'_>, id: &str, limit: Limit, options: &Bound<'_, PyDict>) -> PyResult<EnvSpec> {
    let registered = envs::spec(id).map_err(|error| exception(py, &error))?;
    let mut options = Options::new(id, options)?;
    let base = registered.id.rsplit_once('-').map_or(registered.id.as_str(), |(base, _)| base);
    let mut spec = match base {
        "CartPole" => cart_pole(py, id, &mut options)?,
        "InvertedPendulum" => inverted_pendulum(py, &registered.id, &mut options)?,
        _ => atari::spec(py, &registered.id, &mut options)?.unwrap_or_else(|| registered.clone()),
    };
    options.finish()?;
    spec.max_episode_steps = match limit {
        Limit::Registered => registered.max_episode_steps,
        Limit::None => None,
        Limit::Steps(steps) => Some(steps),
    };
    Ok(spec)
}

fn cart_pole(py: Python<'_>, id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    let mut env = CartPole::new();
    if options.take("sutton_barto_reward", "True or False")?.unwrap_or(false) {
        env = env.with_sutton_barto_reward();
    }
    if let Some((low, high)) = options.take("reset_bounds", "a pair of numbers")? {
        env = env.with_reset_bounds(low, high).map_err(|error| exception(py, &error))?;
    }
    Ok(env.into_spec(id))
}

fn inverted_pendulum(py: Python<'_>, id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    if !id.ends_with("v5") {
        return Ok(InvertedPendulum::v4().into_spec(id));
    }
    let scale = options.take("reset_noise_scale", "a number from 0 on")?;
    let env = InvertedPendulum::v5();
    let env = scale.map_or(Ok(env.clone()), |scale| env.with_reset_noise_scale(scale));
    Ok(env.map_err(|error: Error| exception(py, &error))?.into_spec(id))
}

/// A new environment of this spec.
pub fn make(py: Python<'_>, spec: &EnvSpec) -> PyResult<AnyEnv> {
    spec.make().map_err(|error| exception(py, &error))
}
