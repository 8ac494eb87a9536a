//! Vanilla policy gradient on libtorch.
//!
//! The way of a sample: **collect** steps the vector environment with the actor's choices into the rollout, **learn** turns
//! its rewards into advantages, computes the losses on the networks of **nn** and takes the optimizer's steps, **run**
//! writes down what came of it. [`Trainer`] is that loop; **config** decides, **play** shows what was learned, and **app**
//! is the program. Each imports only what stands after it: app, then play and train, run, learn, collect, config, nn.
//! `CONTRIBUTING.md` has the whole table.
//!
//! [`Trainer`] takes any environments and networks; `examples/custom_env.rs` shows both. [`main`] is the program.

mod app;
mod collect;
mod config;
mod group;
mod interrupt;
mod learn;
mod nn;
mod play;
mod profile;
mod run;
mod train;

pub use app::{compare::PlotArgs, main};
pub use collect::{
    actor::{Actor, Choice, stream_rng},
    environment::{AnyVecEnv, make as make_envs, networks, observation_len},
    rollout::{ActionRows, Lean, Rollout},
};
pub use config::{
    BackendName, Baseline, Budget, BudgetOptions, Config, CreditOptions, DeviceName, EnvironmentOptions, LogOptions,
    LossPer, LrSchedule, NetworkOptions, Normalize, OptimizerOptions, PhiName, PixelConfig, Returns, SolveRule,
    WriteUp, presets::preset, schedule::Schedule,
};
pub use group::Group;
pub use interrupt::Interrupt;
pub use learn::{
    advantage::{Transitions, gae, normalize, rewards_to_go, total_returns},
    update::{Learner, UpdateStats},
};
pub use nn::{
    input::Input,
    mlp::{Activation, Mlp},
    network::{Net, Network, Pass},
    optimizer::OptimizerKind,
    policy::{ActorCritic, Architecture, Distribution, NetworkKind},
    torch::NatureCnn,
};
pub use play::evaluate::{Checkpoint, load as load_policy};
pub use run::{
    folder::{RunFolder, STATE_FILES},
    logger::Logger,
    resume::RunState,
};
pub use train::{Trainer, train};
