//! What every vector checks.

use crate::{BoxEnv, Element, Error, Space};

/// The observation and action space that all environments have.
pub(super) fn check_spaces<T: Element>(envs: &[BoxEnv<T>]) -> Result<(Space, Space), Error> {
    let first = envs.first().ok_or_else(|| Error::InvalidOption {
        name: "num_envs",
        value: "0".into(),
        expected: "at least one environment".into(),
    })?;
    for (index, env) in envs.iter().enumerate() {
        same_space("observation_space", env.observation_space(), first.observation_space(), index)?;
        same_space("action_space", env.action_space(), first.action_space(), index)?;
    }
    Ok((first.observation_space().clone(), first.action_space().clone()))
}

fn same_space(name: &'static str, space: &Space, expected: &Space, index: usize) -> Result<(), Error> {
    if space == expected {
        return Ok(());
    }
    let expected = format!("that of environment 0, {expected:?}");
    Err(in_vector(index, Error::InvalidOption { name, value: format!("{space:?}"), expected }))
}

pub(super) fn check_length(what: &'static str, actual: usize, expected: usize) -> Result<(), Error> {
    match actual == expected {
        true => Ok(()),
        false => Err(Error::WrongLength { what, actual, expected }),
    }
}

pub(super) fn in_vector(index: usize, error: Error) -> Error {
    Error::InVector { index, source: Box::new(error) }
}
