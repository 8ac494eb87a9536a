//! What decides a run: the environment, the budget and the hyperparameters.

use std::path::PathBuf;

use envs::{Action, Error, Space, spec};
use preprocess::DifferenceConfig;
use serde::{Deserialize, Serialize};

use crate::{
    environment::{BackendName, PhiName, PixelConfig},
    policy::Activation,
    recipes,
};

/// Everything that decides what a run computes. `config.json` in a run folder is this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The environment's id or short name.
    pub env: String,
    /// Every generator of the run derives from it.
    pub seed: u64,
    /// Environments stepped side by side.
    pub num_envs: usize,
    /// Threads that step environments; 0 chooses.
    pub threads: usize,
    /// Threads of libtorch: a fixed number, since sums depend on it.
    pub torch_threads: usize,
    /// The budget.
    pub budget: Budget,
    /// Steps of all environments together between two updates.
    pub steps_per_epoch: usize,
    /// Discount.
    pub gamma: f64,
    /// Lambda of GAE.
    pub lam: f64,
    /// Adam's learning rate for the policy.
    pub pi_lr: f64,
    /// Adam's learning rate for the value function.
    pub vf_lr: f64,
    /// The raw frames over which the learning rates and the entropy bonus fall linearly to a tenth; they do not where
    /// null. It is no share of the budget, so that a short run is the beginning of a long one.
    pub decay_frames: Option<u64>,
    /// Value steps an epoch.
    pub train_v_iters: usize,
    /// Weight of the entropy bonus at the start.
    pub entropy: f64,
    /// Hidden layer sizes of both networks.
    pub hid: Vec<usize>,
    /// The function between layers.
    pub activation: Activation,
    /// A reward other than zero ends its return (a point in Pong), although the episode goes on.
    pub reward_ends_return: bool,
    /// The actions the policy chooses from, as indices into the environment's action space; all where it is null.
    pub actions: Option<Vec<i64>>,
    /// How Atari frames become observations; null for other environments.
    pub pixels: Option<PixelConfig>,
    /// The step limit of an episode, where it is not the environment's own.
    pub max_ep_len: Option<u64>,
    /// A policy is kept every so many epochs.
    pub save_freq: u64,
    /// The run is solved when the mean return of the last 100 training episodes is at least this; never where null.
    pub solve_at: Option<f64>,
    /// Whether the run ends when it is solved.
    pub stop_when_solved: bool,
}

/// When a run ends at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// After this many raw frames: steps times frame skip.
    Frames(u64),
    /// After this many epochs.
    Epochs(u64),
}

/// A value that makes no sense, and the ones that do.
#[derive(Debug, thiserror::Error)]
#[error("{name} = {value}: expected {expected}")]
pub struct InvalidValue {
    name: &'static str,
    value: String,
    expected: &'static str,
}

impl Config {
    /// The recipe of this environment, with its own threshold.
    ///
    /// # Errors
    /// [`Error::UnknownEnv`].
    pub fn for_env(env: &str) -> Result<Self, Error> {
        let spec = spec(env)?;
        Ok(Self { solve_at: spec.reward_threshold, ..recipes::recipe(env, &spec.id) })
    }

    /// Raw frames per step of one environment; the mean where the environment draws it.
    pub fn frames_per_step(&self) -> f64 {
        self.pixels.as_ref().map_or(1.0, |pixels| pixels.frame_skip)
    }

    /// Raw frames of this many steps of all environments together.
    pub fn raw_frames(&self, env_steps: u64) -> u64 {
        (env_steps as f64 * self.frames_per_step()) as u64
    }

    /// Puts the frame options on top of the environment's own.
    ///
    /// # Errors
    /// [`InvalidValue`] where the environment has no frames.
    pub fn set_pixels(
        &mut self,
        phi: Option<PhiName>,
        stride: Option<usize>,
        rom: Option<PathBuf>,
        backend: Option<BackendName>,
    ) -> Result<(), InvalidValue> {
        let Some(pixels) = &mut self.pixels else {
            return match (phi, stride, &rom, backend) {
                (None, None, None, None) => Ok(()),
                _ => Err(InvalidValue {
                    name: "phi, stride, rom, backend",
                    value: format!("given for {}", self.env),
                    expected: "an Atari environment",
                }),
            };
        };
        if phi == Some(PhiName::Blog) {
            pixels.difference = DifferenceConfig::blog();
        }
        pixels.rom = rom;
        pixels.backend = backend.unwrap_or(pixels.backend);
        pixels.difference.stride = stride.unwrap_or(pixels.difference.stride);
        Ok(())
    }

    /// What learning rates and entropy bonus are multiplied with after this many raw frames.
    pub fn decay(&self, raw_frames: u64) -> f64 {
        let fall = |frames| 1.0 - 0.9 * raw_frames as f64 / frames as f64;
        self.decay_frames.map_or(1.0, |frames| fall(frames).max(0.1))
    }

    /// The config as JSON without what does not decide the results: the threads that step environments, and paths.
    ///
    /// # Errors
    /// None that is known.
    pub fn decisive(&self) -> serde_json::Result<String> {
        let mut config = Self { threads: 0, ..self.clone() };
        if let Some(pixels) = &mut config.pixels {
            pixels.rom = None;
        }
        serde_json::to_string(&config)
    }

    /// Steps of each environment in an epoch.
    pub fn rollout_steps(&self) -> usize {
        self.steps_per_epoch.div_ceil(self.num_envs)
    }

    /// Refuses actions that the environment does not have.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such action.
    pub fn check_actions(&self, space: &Space) -> Result<(), InvalidValue> {
        let refused = self.actions.iter().flatten().find(|&&action| !space.contains(Action::Discrete(action)));
        match refused {
            None => Ok(()),
            Some(action) => Err(InvalidValue {
                name: "actions",
                value: action.to_string(),
                expected: "indices into the environment's discrete action space",
            }),
        }
    }

    /// Refuses values that make no sense, before anything is made from them.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such value.
    pub fn check(&self) -> Result<(), InvalidValue> {
        let budget = match self.budget {
            Budget::Frames(n) | Budget::Epochs(n) => n,
        };
        let positive = "a whole number from 1 on";
        at_least_one("num-envs", self.num_envs as u64, positive)?;
        at_least_one("torch-threads", self.torch_threads as u64, positive)?;
        at_least_one("steps-per-epoch", self.steps_per_epoch as u64, positive)?;
        for (name, value) in
            [("num-envs", self.num_envs), ("steps-per-epoch", self.steps_per_epoch), ("hid", self.hid.iter().sum())]
        {
            within(name, value as f64, 1e7, "at most ten million")?;
        }
        for (name, value) in [("threads", self.threads), ("torch-threads", self.torch_threads)] {
            within(name, value as f64, 1024.0, "at most 1024")?;
        }
        at_least_one("frames or epochs", budget, positive)?;
        within("frames or epochs", budget as f64, 1e15, "at most 10^15")?;
        at_least_one("save-freq", self.save_freq, positive)?;
        at_least_one("decay_frames", self.decay_frames.unwrap_or(1), positive)?;
        at_least_one("max-ep-len", self.max_ep_len.unwrap_or(1), positive)?;
        for &size in &self.hid {
            at_least_one("hid", size as u64, "layer sizes from 1 on")?;
        }
        within("gamma", self.gamma, 1.0, "a number from 0 to 1")?;
        within("lam", self.lam, 1.0, "a number from 0 to 1")?;
        for (name, value) in [("pi-lr", self.pi_lr), ("vf-lr", self.vf_lr), ("entropy", self.entropy)] {
            within(name, value, f64::MAX, "a finite number from 0 on")?;
        }
        match self.solve_at {
            Some(value) if !value.is_finite() => {
                Err(InvalidValue { name: "solve-at", value: value.to_string(), expected: "a finite number" })
            }
            _ => Ok(()),
        }
    }
}

fn at_least_one(name: &'static str, value: u64, expected: &'static str) -> Result<(), InvalidValue> {
    if value >= 1 { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}

fn within(name: &'static str, value: f64, high: f64, expected: &'static str) -> Result<(), InvalidValue> {
    if (0.0..=high).contains(&value) { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}
