//! The wish that a run end early, and the watch on an epoch's work.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// So long an epoch may still take to its end; then it is given up.
const PATIENCE: Duration = Duration::from_secs(1);

/// A wish that training end: the run saves and ends after the present epoch, or without it where that takes longer than a
/// second. Clones stand for one wish, so that another thread or a signal handler can raise it.
///
/// ```
/// let interrupt = vpg::Interrupt::default();
/// let handle = interrupt.clone();
/// std::thread::spawn(move || handle.raise()).join().unwrap();
/// assert!(interrupt.is_raised());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<OnceLock<Instant>>);

impl Interrupt {
    /// Raises it.
    pub fn raise(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        self.0.get().is_some()
    }

    /// # Errors
    /// `Interrupted` where it has been raised.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_raised() { Err(Interrupted) } else { Ok(()) }
    }

    /// Whether it was raised a second ago or longer.
    pub fn is_overdue(&self) -> bool {
        self.0.get().is_some_and(|raised| raised.elapsed() >= PATIENCE)
    }
}

/// Work was given up at a wish to end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Looks on while an epoch is worked on: is told what is done at the moment and how much of it is, from 0 to 1, and says
/// whether to go on.
pub type Watch<'a> = dyn FnMut(&str, f64) -> bool + 'a;
