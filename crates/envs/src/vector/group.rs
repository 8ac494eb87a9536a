//! Parts of a vector, and how threads share them.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use image::RgbImage;
use rayon::ThreadPool;

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

/// Works on all groups, the rows of which are `rows`, on this thread and those of the pool. All groups but the last have the
/// same length.
pub(super) fn in_parallel<T, F>(
    pool: &ThreadPool,
    groups: &mut [Box<dyn Group<T>>],
    rows: &mut Rows<'_, T>,
    work: &F,
) -> Result<(), Error>
where
    T: Element,
    F: Fn(&mut dyn Group<T>, usize, &mut Rows<'_, T>) -> Result<(), Error> + Sync,
{
    let parts = parts(1 + pool.current_num_threads(), groups, rows.take(rows.len()));
    let (first_error, working) = (Mutex::new(None), AtomicUsize::new(parts.len()));
    let take_part = |thread| {
        let leaving = Leaving(&working);
        while let Some(mut task) = next_task(&parts, thread) {
            if let Err(error) = work(task.group, task.first, &mut task.rows) {
                keep_first(&first_error, task.first, error);
            }
        }
        drop(leaving);
        // The others are about to finish, and the next step is about to come: falling asleep would take longer than that.
        while working.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
        }
    };
    pool.in_place_scope(|scope| {
        for thread in 1..parts.len() {
            scope.spawn(move |_| take_part(thread));
        }
        take_part(0);
    });
    let first_error = first_error.into_inner().unwrap_or_else(PoisonError::into_inner);
    first_error.map_or(Ok(()), |(_, error)| Err(error))
}

/// Consecutive groups of which nobody has begun to work.
struct Part<'a, T> {
    groups: &'a mut [Box<dyn Group<T>>],
    /// The index of the first environment.
    first: usize,
    rows: Rows<'a, T>,
}

/// A group to work on.
struct Task<'a, T> {
    group: &'a mut dyn Group<T>,
    /// The index of its first environment.
    first: usize,
    rows: Rows<'a, T>,
}

/// The groups in as many parts as there are threads: each keeps to its own as long as it can, which so stays in its cache.
fn parts<'a, T>(threads: usize, groups: &'a mut [Box<dyn Group<T>>], mut rows: Rows<'a, T>) -> Vec<Mutex<Part<'a, T>>> {
    let (all, mut groups, mut first) = (groups.len(), groups, 0);
    let part = |thread: usize| {
        let count = (thread + 1) * all / threads - thread * all / threads;
        let (groups_of_part, rest) = std::mem::take(&mut groups).split_at_mut(count);
        groups = rest;
        let envs = groups_of_part.iter().map(|group| group.len()).sum();
        first += envs;
        Mutex::new(Part { groups: groups_of_part, first: first - envs, rows: rows.take(envs) })
    };
    (0..threads).map(part).collect()
}

/// The next group of the thread's own part, or else the last one of another.
fn next_task<'a, T>(parts: &[Mutex<Part<'a, T>>], thread: usize) -> Option<Task<'a, T>> {
    let (before, own_and_after) = parts.split_at(thread);
    let (own, after) = own_and_after.split_first()?;
    let task = lock(own).take_first(); // unlocked here: nobody waits for a part that holds another
    task.or_else(|| after.iter().chain(before).find_map(|other| lock(other).take_last()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a, T> Part<'a, T> {
    fn take_first(&mut self) -> Option<Task<'a, T>> {
        let (group, rest) = std::mem::take(&mut self.groups).split_first_mut()?;
        self.groups = rest;
        let first = self.first;
        self.first += group.len();
        Some(Task { first, rows: self.rows.take(group.len()), group: group.as_mut() })
    }

    fn take_last(&mut self) -> Option<Task<'a, T>> {
        let (group, rest) = std::mem::take(&mut self.groups).split_last_mut()?;
        self.groups = rest;
        let before = self.rows.len() - group.len();
        let rows_before = self.rows.take(before);
        let rows = std::mem::replace(&mut self.rows, rows_before);
        Some(Task { first: self.first + before, rows, group: group.as_mut() })
    }
}

/// Counts a thread down when it has nothing more to do, also where it panics.
struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Keeps the error of the first environment.
fn keep_first(kept: &Mutex<Option<(usize, Error)>>, first: usize, error: Error) {
    let mut kept = lock(kept);
    if kept.as_ref().is_none_or(|(before, _)| first < *before) {
        *kept = Some((first, error));
    }
}
