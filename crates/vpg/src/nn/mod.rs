//! Networks on libtorch: what they are made of, how they are stepped, and the actor-critic.

pub mod network;
pub mod normalizer;
pub mod optimizer;
pub mod policy;
pub mod sparse;
pub mod tensors;
