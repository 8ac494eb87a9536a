//! From a rollout to the next policy: credit, losses, steps.

pub mod advantage;
pub mod credit;
pub mod moments;
pub mod update;
