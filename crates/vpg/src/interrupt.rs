//! The wish that a run end early.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A wish that training end: the run saves and ends after the present epoch's update. Clones stand for one wish, so that
/// another thread or a signal handler can raise it.
///
/// ```
/// let interrupt = vpg::Interrupt::default();
/// let handle = interrupt.clone();
/// std::thread::spawn(move || handle.raise()).join().unwrap();
/// assert!(interrupt.is_raised());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Raises it.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
