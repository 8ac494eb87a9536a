//! Preprocessing of Atari frames: the difference of two frames, 80x80 cells of -1, 0 and 1, that Pong is learned from, and
//! the usual stack of four grey frames of 84x84 ([`pipeline`]).
//!
//! [`FrameDifference`] wraps an environment. Underneath are functions on slices: [`Masker::mask`] turns a frame into
//! one bit per cell, [`difference`] turns two such masks into the observation, [`SparseDifferences`] stores only what is
//! not zero of it.

mod background;
mod config;
mod difference;
mod history;
mod kernel;
mod mask;
mod pipeline;
mod seen;
mod sparse;
mod wrapper;

pub use background::Background;
pub use config::{DifferenceConfig, FrameFormat, HEIGHT, Phi, WIDTH};
pub use difference::{Cell, difference, difference_with};
pub use kernel::Kernel;
pub use mask::Masker;
pub use pipeline::{
    AreaResize, AreaResizer, ClipReward, FireReset, FrameStack, LifeLossEnd, MaxPoolSkip, PipelineConfig, pipeline,
};
pub use sparse::{SparseCell, SparseDifferences};
pub use wrapper::{FrameDifference, StepClock};
