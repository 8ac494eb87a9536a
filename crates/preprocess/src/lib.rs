//! Preprocessing of Atari frames: the difference of two frames, 80x80 cells of -1, 0 and 1, that Pong is learned from.
//!
//! [`FrameDifference`] wraps an environment. Underneath are functions on slices: [`Masker::mask`] turns a frame into
//! one bit per cell, [`difference`] turns two such masks into the observation, [`SparseDifferences`] stores only what is
//! not zero of it.

mod config;
mod difference;
mod history;
mod kernel;
mod mask;
mod sparse;
mod wrapper;

pub use config::{DifferenceConfig, FrameFormat, HEIGHT, Phi, WIDTH};
pub use difference::{Cell, difference, difference_with};
pub use kernel::Kernel;
pub use mask::Masker;
pub use sparse::{SparseCell, SparseDifferences};
pub use wrapper::FrameDifference;
