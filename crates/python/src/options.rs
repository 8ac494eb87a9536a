//! Environments by id and keyword arguments.

use envs::{Acrobot, AnyEnv, CartPole, EnvSpec, Error, InvertedPendulum, MountainCar, MountainCarContinuous, Pendulum};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyDict};

use crate::{
    atari,
    convert::Options,
    error::{exception, invalid_value},
};

/// An environment with the bounds of its start that a reset's options name.
macro_rules! with_bounds {
    ($env:expr, $options:expr) => {
        match $options.take("reset_bounds", "a pair of numbers")? {
            Some((low, high)) => $env.with_reset_bounds(low, high).map_err(invalid)?,
            None => $env,
        }
    };
}

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
        "Acrobot" => with_bounds!(Acrobot::new(), options).into_spec(id),
        "CartPole" => cart_pole(id, &mut options)?,
        "InvertedPendulum" => inverted_pendulum(&registered.id, &mut options)?,
        "MountainCar" => mountain_car(id, &mut options)?,
        "MountainCarContinuous" => mountain_car_continuous(id, &mut options)?,
        "Pendulum" => pendulum(id, &mut options)?,
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

fn cart_pole(id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    let mut env = CartPole::new();
    if options.take("sutton_barto_reward", "True or False")?.unwrap_or(false) {
        env = env.with_sutton_barto_reward();
    }
    Ok(with_bounds!(env, options).into_spec(id))
}

fn inverted_pendulum(id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    if !id.ends_with("v5") {
        return Ok(InvertedPendulum::v4().into_spec(id));
    }
    let env = match options.take("reset_noise_scale", "a number from 0 on")? {
        Some(scale) => InvertedPendulum::v5().with_reset_noise_scale(scale).map_err(invalid)?,
        None => InvertedPendulum::v5(),
    };
    Ok(env.into_spec(id))
}

fn mountain_car(id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    let velocity = options.take("goal_velocity", "a finite number")?.unwrap_or(0.0);
    let env = MountainCar::new().with_goal_velocity(velocity).map_err(invalid)?;
    Ok(with_bounds!(env, options).into_spec(id))
}

fn mountain_car_continuous(id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    let velocity = options.take("goal_velocity", "a finite number")?.unwrap_or(0.0);
    let env = MountainCarContinuous::new().with_goal_velocity(velocity).map_err(invalid)?;
    Ok(with_bounds!(env, options).into_spec(id))
}

fn pendulum(id: &str, options: &mut Options<'_>) -> PyResult<EnvSpec> {
    let env = match options.take("g", "a finite number")? {
        Some(gravity) => Pendulum::new().with_gravity(gravity).map_err(invalid)?,
        None => Pendulum::new(),
    };
    Ok(with_bounds!(env, options).into_spec(id))
}

fn invalid(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A new environment of this spec.
pub fn make(py: Python<'_>, spec: &EnvSpec) -> PyResult<AnyEnv> {
    spec.make().map_err(|error| exception(py, &error))
}
