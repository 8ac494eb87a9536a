//! Vanilla policy gradient on libtorch.
//!
//! The way of a sample: [`collect`] steps the vector environment with the actor's choices into the rollout, [`learn`]
//! turns its rewards into advantages, computes the losses on the networks of [`nn`] and takes the optimizer's steps,
//! [`run`] writes down what came of it. [`train`] is that loop; [`config`] decides, [`play`] shows what was learned, and
//! [`app`] is the program.

pub mod app;
pub mod collect;
pub mod config;
pub mod group;
pub mod learn;
pub mod nn;
pub mod play;
pub mod profile;
pub mod run;
pub mod train;
