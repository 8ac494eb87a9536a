//! Many environments stepped as one.

mod actions;
mod asynchronous;
pub(crate) mod batch;
mod checks;
mod group;
pub(crate) mod lanes;
pub(crate) mod math;
mod request;
mod row;
mod rows;
pub(crate) mod simd;
mod singles;
mod threads;
mod vec_env;

pub use actions::Actions;
pub use asynchronous::{AsyncVecEnv, Order};
pub(crate) use group::Group;
pub use request::{Autoreset, Seeds};
pub use vec_env::VecEnv;
