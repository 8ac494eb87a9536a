//! The actions of all environments.

use std::borrow::Cow;

use ndarray::ArrayView2;

use super::checks::{check_length, in_vector};
use crate::{Action, Discrete, Error, Space};

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
                if !all_inside(values, discrete) {
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

/// Whether all of these are elements of the space. No comparison is made for each, so that several take one instruction.
fn all_inside(values: &[i64], Discrete { n, start }: &Discrete) -> bool {
    // All bits of all of them together are no less than any of them: enough where there are 2, 4, ... actions.
    let bits = values.iter().fold(0, |bits, value| bits | value.wrapping_sub(*start) as u64);
    // One above has a sign bit here.
    let signs = || values.iter().fold(0, |signs, value| signs | (n - 1).wrapping_sub(value.wrapping_sub(*start)));
    bits < *n as u64 || (bits as i64 >= 0 && signs() >= 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_outside_is_found_among_any_others() {
        for (n, start) in [(1, 0), (2, 0), (3, 0), (6, -2), (18, 5), (3, i64::MIN), (3, i64::MAX - 2)] {
            let space = Discrete { n, start };
            let inside: Vec<i64> = (0..n).map(|index| start + index).collect();
            assert!(all_inside(&inside, &space), "{space:?}");
            for far in [1, 2, 100, 1 << 40, i64::MAX] {
                for outside in [start.wrapping_sub(far), (start + (n - 1)).wrapping_add(far)] {
                    let is_outside = !inside.contains(&outside);
                    let values = [&inside[..], &[outside]].concat();
                    assert_eq!(all_inside(&values, &space), !is_outside, "{space:?}: {outside}");
                }
            }
        }
    }
}
