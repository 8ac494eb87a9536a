//! The actions of all environments.

use std::borrow::Cow;

use ndarray::ArrayView2;

use super::checks::{check_length, in_vector};
use crate::{Action, Error, Space};

/// One action for every environment, borrowed from the caller.
#[derive(Clone, Copy, Debug)]
pub enum Actions<'a> {
    /// Elements of a discrete space: N.
    Discrete(&'a [i64]),
    /// Elements of a box space: (N, size of the action space).
    Continuous(ArrayView2<'a, f64>),
}

/// Actions that fit the vector's action space and number.
pub(crate) enum CheckedActions<'a> {
    Discrete(&'a [i64]),
    Continuous { values: Cow<'a, [f64]>, size: usize },
}

impl<'a> CheckedActions<'a> {
    pub(crate) fn new(actions: Actions<'a>, space: &Space, num_envs: usize) -> Result<Self, Error> {
        match (actions, space) {
            (Actions::Discrete(values), Space::Discrete(discrete)) => {
                check_length("the vector of actions", values.len(), num_envs)?;
                // One that lies below or above has a sign bit here: no comparison, so that several take one instruction.
                let signs = values.iter().fold(0, |signs, value| {
                    let index = value.wrapping_sub(discrete.start);
                    signs | index | (discrete.n - 1).wrapping_sub(index)
                });
                if signs < 0 {
                    for (index, &value) in values.iter().enumerate() {
                        discrete.index(Action::Discrete(value)).map_err(|error| in_vector(index, error))?;
                    }
                }
                Ok(Self::Discrete(values))
            }
            (Actions::Continuous(values), Space::Box(_)) if values.ncols() == space.size() => {
                check_length("the vector of actions", values.nrows(), num_envs)?;
                // Only an array in another order than C's is copied.
                let values = match values.to_slice() {
                    Some(values) => Cow::Borrowed(values),
                    None => Cow::Owned(values.iter().copied().collect()),
                };
                Ok(Self::Continuous { values, size: space.size() })
            }
            _ => Err(Error::InvalidAction {
                action: match actions {
                    Actions::Discrete(_) => "of one whole number".into(),
                    Actions::Continuous(values) => format!("of {} numbers", values.ncols()),
                },
                expected: space.to_string(),
            }),
        }
    }

    /// The action of environment `index`.
    pub(crate) fn of(&self, index: usize) -> Action<'_> {
        match self {
            Self::Discrete(values) => Action::Discrete(values[index]),
            Self::Continuous { values, size } => Action::Continuous(&values[index * size..][..*size]),
        }
    }
}

/// What a step of one environment takes, in an array with those of others: an index, or one number.
pub(crate) trait LaneAction: Copy {
    /// The actions of all environments; none where they are of the other kind.
    fn of<'a>(actions: &'a CheckedActions<'_>) -> &'a [Self];
}

impl LaneAction for i64 {
    fn of<'a>(actions: &'a CheckedActions<'_>) -> &'a [i64] {
        match actions {
            CheckedActions::Discrete(values) => values,
            CheckedActions::Continuous { .. } => &[],
        }
    }
}

impl LaneAction for f64 {
    fn of<'a>(actions: &'a CheckedActions<'_>) -> &'a [f64] {
        match actions {
            CheckedActions::Discrete(_) => &[],
            CheckedActions::Continuous { values, .. } => values,
        }
    }
}
