//! Vanilla policy gradient on libtorch.
//!
//! The way of a sample: [`environment`] makes the vector environment, [`collect`] steps it with the [`actor`]'s choices
//! into the [`rollout`], [`advantage`] turns rewards into advantages, [`update`] computes the losses on the [`policy`]'s
//! networks and takes the [`optimizer`]'s steps, [`logger`] writes down what came of it. [`train`] is that loop.

pub mod actor;
pub mod advantage;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod compare;
pub mod config;
pub mod credit;
pub mod doctor;
pub mod environment;
pub mod episodes;
pub mod evaluate;
pub mod finite;
pub mod grid;
pub mod group;
pub mod layers;
pub mod logger;
pub mod network;
pub mod normalizer;
pub mod optimizer;
pub mod player;
pub mod plot;
pub mod policy;
pub mod presets;
pub mod profile;
pub mod progress;
pub mod recipes;
pub mod record;
pub mod resume;
pub mod rollout;
pub mod run_folder;
pub mod sparse;
pub mod statistics;
pub mod table;
pub mod tensorboard;
pub mod tensors;
pub mod train;
pub mod update;
pub mod watch;
pub mod write_up;
