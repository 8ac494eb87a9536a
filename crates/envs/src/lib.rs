//! Gym-compatible environments, seed for seed equal to the originals, and a vectorized stepper.
//!
//! [`make`] an environment by its id, [`reset`](Env::reset) it with a seed, [`step`](Env::step) it with actions.

mod acrobot;
#[cfg(feature = "atari")]
pub mod atari;
mod builtin;
mod cartpole;
mod check;
mod dtype;
mod env;
mod error;
mod inverted_pendulum;
mod mountain_car;
mod native;
mod numpy_math;
mod pendulum;
mod raster;
mod registry;
mod render;
pub mod rng;
mod space;
mod spec;
pub mod state;
mod time_limit;
mod vector;

pub use acrobot::{Acrobot, Equations};
pub use builtin::SHORT_NAMES;
pub use cartpole::CartPole;
pub use check::{Rule, Violation, check_env};
pub use dtype::DType;
pub use env::{AnyEnv, BoxEnv, Element, Env, EpisodeStats, Info, Step, check_row};
pub use error::Error;
pub use inverted_pendulum::InvertedPendulum;
pub use mountain_car::{MountainCar, MountainCarContinuous};
pub use pendulum::Pendulum;
pub use registry::{make, register, registered, spec};
pub use rng::{NumpyRng, Seed};
pub use space::{Action, Bounds, BoxSpace, Discrete, Sample, Space};
pub use spec::EnvSpec;
pub use time_limit::TimeLimit;
#[doc(hidden)]
pub use vector::simd::best_instructions;
pub use vector::{Actions, AsyncVecEnv, Autoreset, Order, Seeds, VecEnv};

/// The examples of the README are tested as documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The examples of the page on the vector API are tested as documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/vector-api.md")]
struct VectorApi;
