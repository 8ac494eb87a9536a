//! Networks: what they are made of, how they are stepped, and the actor-critic.

pub mod input;
pub mod kernels;
pub mod machine;
pub mod mlp;
pub mod network;
pub mod normalizer;
pub mod optimizer;
pub mod policy;
pub mod simd;
pub mod sparse;
pub mod tensors;
pub mod torch;
