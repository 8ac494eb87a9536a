//! The native half of the Python package `rustgym`: environments and vectors of them as NumPy arrays.

mod asynchronous;
mod atari;
mod convert;
mod env;
mod error;
mod info;
mod options;
mod vector;

use pyo3::prelude::*;

/// The native half of the package.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{asynchronous::NativeAsyncVecEnv, env::NativeEnv, vector::NativeVecEnv};

    /// Every registered environment: its id, the steps after which an episode is truncated, and the mean return at which
    /// the task counts as solved.
    #[pyfunction]
    fn registered() -> Vec<(String, Option<u64>, Option<f64>)> {
        let row = |spec: envs::EnvSpec| (spec.id, spec.max_episode_steps, spec.reward_threshold);
        envs::registered().into_iter().map(row).collect()
    }

    /// Whether it is the id of an Atari game.
    #[pyfunction]
    fn is_atari(env_id: &str) -> bool {
        envs::atari::AtariConfig::from_id(env_id).is_ok()
    }

    /// The frames of an action in the game of this id: from the first number on and below the second.
    #[pyfunction]
    fn frame_skip(env_id: &str) -> Option<(u32, u32)> {
        match envs::atari::AtariConfig::from_id(env_id).ok()?.frame_skip {
            envs::atari::FrameSkip::Fixed(frames) => Some((frames, frames + 1)),
            envs::atari::FrameSkip::Range(low, high) => Some((low, high)),
        }
    }

    /// The ids for which another id stands: (short, full).
    #[pyfunction]
    fn short_names() -> Vec<(&'static str, &'static str)> {
        envs::SHORT_NAMES.to_vec()
    }

    /// To be called in the child of a fork: the threads of the parent's vectors are not there.
    #[pyfunction]
    fn forked() {
        crate::vector::FORKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}
