//! Trained policies at play: evaluation, recordings, windows.

pub mod evaluate;
pub mod player;
pub mod record;
pub mod watch;
