//! Parts of a vector, and how threads share them.

use image::RgbImage;

use super::{
    request::{Reset, StepCall},
    rows::Rows,
};
use crate::{Element, Error};

/// Consecutive environments that one thread works on. They all step, also those after a failing one; the first
/// error comes back.
pub(crate) trait Group<T>: Send {
    /// How many environments there are.
    fn len(&self) -> usize;

    /// Resets those that the request names; `first` is the index of the first environment in the vector.
    fn reset(&mut self, request: &Reset<'_>, first: usize, rows: &mut Rows<'_, T>) -> Result<(), Error>;

    /// Steps all, none of which is unready.
    fn step(&mut self, call: &StepCall<'_>, first: usize, rows: &mut Rows<'_, T>) -> Result<(), Error>;

    /// Whether an environment may tell anything beside observations and rewards.
    fn tells(&self) -> bool {
        true
    }

    /// Environment `i` of the group as a picture.
    fn render(&self, i: usize) -> Result<RgbImage, Error>;

    /// How many pictures a second show an environment at its own pace.
    fn render_fps(&self) -> u32;

    /// Appends the state of environment `i` as its `Env::save` does.
    fn save(&self, i: usize, state: &mut Vec<u8>) -> Result<(), Error>;

    /// Takes the state of environment `i` as its `Env::restore` does.
    fn restore(&mut self, i: usize, state: &mut &[u8]) -> Result<(), Error>;
}

/// Works on all groups, the rows of which are `rows`, one after the other on this thread.
pub(super) fn serially<T, F>(
    groups: &mut [Box<dyn Group<T>>],
    mut first: usize,
    rows: &mut Rows<'_, T>,
    work: &F,
) -> Result<(), Error>
where
    F: Fn(&mut dyn Group<T>, usize, &mut Rows<'_, T>) -> Result<(), Error>,
{
    if let [group] = groups {
        return work(group.as_mut(), first, rows);
    }
    let mut result = Ok(());
    for group in groups {
        let len = group.len();
        let outcome = work(group.as_mut(), first, &mut rows.take(len));
        first += len;
        result = result.and(outcome);
    }
    result
}

/// Works on all groups, shared out to the threads of the pool it is called in. All groups but the last have the same length.
pub(super) fn in_parallel<T, F>(
    groups: &mut [Box<dyn Group<T>>],
    first: usize,
    rows: &mut Rows<'_, T>,
    work: &F,
) -> Result<(), Error>
where
    T: Element,
    F: Fn(&mut dyn Group<T>, usize, &mut Rows<'_, T>) -> Result<(), Error> + Sync,
{
    if groups.len() < 2 {
        return serially(groups, first, rows, work);
    }
    let middle = groups.len() / 2;
    let envs = middle * groups[0].len();
    let (left, right) = groups.split_at_mut(middle);
    let mut left_rows = rows.take(envs);
    let (left, right) =
        rayon::join(|| in_parallel(left, first, &mut left_rows, work), || in_parallel(right, first + envs, rows, work));
    left.and(right)
}
