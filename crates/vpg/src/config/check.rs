//! What no config may hold: single values, options in each other's way, spaces the networks cannot serve. Nothing here
//! touches a device or an environment.

use envs::{Action, DType, Space};

use crate::{
    config::{Baseline, Budget, Config, LossPer, Returns, WriteUp},
    nn::policy::NetworkKind,
    nn::torch::NatureCnn,
};

/// Between two layers: 400 MB of them.
const MAX_WEIGHTS: u64 = 100_000_000;
/// Of an epoch's observations, in bytes.
const MAX_ROLLOUT: u64 = 1 << 36;

/// A value that makes no sense, and the ones that do.
#[derive(Debug, thiserror::Error)]
#[error("{name} = {value}: expected {expected}")]
pub struct InvalidValue {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) expected: &'static str,
}

impl Config {
    /// Refuses actions that the environment does not have.
    ///
    /// # Errors
    /// `InvalidValue` for the first action that is not in the space.
    pub fn check_actions(&self, space: &Space) -> Result<(), InvalidValue> {
        let refused =
            self.environment.actions.iter().flatten().find(|&&action| !space.contains(Action::Discrete(action)));
        match refused {
            None => Ok(()),
            Some(action) => Err(InvalidValue {
                name: "actions",
                value: action.to_string(),
                expected: "indices into the environment's discrete action space",
            }),
        }
    }

    /// Refuses spaces that the networks cannot serve.
    ///
    /// # Errors
    /// `InvalidValue` where an action is not in the space, the policy has convolutions but observations are no pictures,
    /// pictures are to be normalised, or the write-up needs continuous actions.
    pub fn check_spaces(&self, observations: &Space, actions: &Space) -> Result<(), InvalidValue> {
        self.check_actions(actions)?;
        if self.log.write_up.is_some_and(WriteUp::needs_continuous_actions) && matches!(actions, Space::Discrete(_)) {
            let expected = "an environment with continuous actions, such as InvertedPendulum-v4, for this write-up";
            return Err(InvalidValue { name: "env", value: self.environment.id.clone(), expected });
        }
        let (size, steps) =
            (observations.size() as u64, (self.budget.steps_per_epoch + self.environment.num_envs) as u64);
        let first = self.network.hid.first().map_or(1, |&size| size as u64);
        at_most("hid", size.saturating_mul(first), MAX_WEIGHTS, "at most 100 million weights after the observations")?;
        let bytes = size.saturating_mul(steps);
        at_most("steps-per-epoch", bytes, MAX_ROLLOUT, "an epoch whose observations have at most 64 GiB of numbers")?;
        let sides = match observations.shape() {
            [rows, columns] | [_, rows, columns] => *rows.min(columns),
            _ => 0,
        };
        if self.network.kind == NetworkKind::Cnn && sides < NatureCnn::LEAST_SIDE {
            let expected = "mlp, where observations are not pictures of at least 36x36";
            return Err(InvalidValue { name: "policy", value: "cnn".into(), expected });
        }
        match observations {
            Space::Box(space) if self.network.norm_obs && matches!(space.dtype, DType::I8 | DType::U8) => {
                let expected = "false where observations are pictures, whose range is known";
                Err(InvalidValue { name: "norm-obs", value: "true".into(), expected })
            }
            _ => Ok(()),
        }
    }

    /// Refuses options that several processes cannot share.
    ///
    /// # Errors
    /// `InvalidValue` for the first such option, where there are several processes.
    pub fn check_processes(&self, processes: usize) -> Result<(), InvalidValue> {
        let of_one_process = [
            ("whole-episodes", self.has_whole_episodes()),
            ("norm-obs", self.network.norm_obs),
            ("norm-reward", self.credit.norm_reward),
            ("norm-values", self.credit.norm_values),
            ("minibatch", self.optimizer.minibatch.is_some()),
        ];
        match of_one_process.into_iter().find(|(_, set)| *set && processes > 1) {
            None => Ok(()),
            Some((name, _)) => {
                Err(InvalidValue { name, value: "set".into(), expected: "it left out with several processes" })
            }
        }
    }

    /// Refuses options that are in each other's way.
    fn check_together(&self) -> Result<(), InvalidValue> {
        let wrong = |name, value: &str, expected| Err(InvalidValue { name, value: value.into(), expected });
        if self.credit.baseline == Baseline::None {
            if self.credit.returns == Returns::Gae {
                return wrong("returns", "gae", "total or reward-to-go where there is no baseline");
            }
            if self.credit.norm_values {
                return wrong("norm-values", "true", "false where there is no value function (baseline = none)");
            }
            if self.network.shared_trunk {
                return wrong("shared-trunk", "true", "false where there is no value function (baseline = none)");
            }
        }
        if self.credit.loss_per == LossPer::Episode && !self.has_whole_episodes() {
            return wrong("loss-per", "episode", "step where episodes are not whole (--whole-episodes)");
        }
        Ok(())
    }

    /// Refuses values that make no sense, before anything is made from them.
    ///
    /// # Errors
    /// `InvalidValue` for the first value out of its range, and for options in each other's way.
    pub fn check(&self) -> Result<(), InvalidValue> {
        let budget = match self.budget.limit {
            Budget::Frames(n) | Budget::Epochs(n) => n,
        };
        let positive = "a whole number from 1 on";
        at_least_one("num-envs", self.environment.num_envs as u64, positive)?;
        at_least_one("torch-threads", self.network.torch_threads as u64, positive)?;
        at_least_one("steps-per-epoch", self.budget.steps_per_epoch as u64, positive)?;
        for (name, value) in [("num-envs", self.environment.num_envs), ("steps-per-epoch", self.budget.steps_per_epoch)]
        {
            at_most(name, value as u64, 10_000_000, "at most ten million")?;
        }
        for (name, value) in [("threads", self.environment.threads), ("torch-threads", self.network.torch_threads)] {
            at_most(name, value as u64, 1024, "at most 1024")?;
        }
        at_most("hid", self.network.hid.len() as u64, 100, "at most a hundred layers")?;
        for pair in self.network.hid.windows(2) {
            let weights = (pair[0] as u64).saturating_mul(pair[1] as u64);
            at_most("hid", weights, MAX_WEIGHTS, "at most 100 million weights between two layers")?;
        }
        if let Some(pixels) = &self.environment.pixels {
            let stack = pixels.stack.unwrap_or(1) as u64;
            at_least_one("stack", stack, positive)?;
            at_most("stack", stack, 64, "at most 64 frames")?;
            at_most("noops", pixels.noops.unwrap_or(0).into(), 100_000, "at most 100,000 frames")?;
            if !(1.0..=1000.0).contains(&pixels.frame_skip) || (pixels.fixed_skip && pixels.frame_skip.fract() != 0.0) {
                let (name, value) = ("frame-skip", pixels.frame_skip.to_string());
                return Err(InvalidValue { name, value, expected: "a whole number of frames from 1 to 1000" });
            }
        }
        at_least_one("frames or epochs", budget, positive)?;
        at_most("frames or epochs", budget, 1_000_000_000_000_000, "at most 10^15")?;
        at_least_one("episodes-per-epoch", self.budget.episodes_per_epoch.unwrap_or(1) as u64, positive)?;
        at_least_one("minibatch", self.optimizer.minibatch.unwrap_or(1) as u64, positive)?;
        at_least_one("log-interval", self.log.log_interval, positive)?;
        at_least_one("save-freq", self.log.save_freq, positive)?;
        at_least_one("state-freq", self.log.state_freq, positive)?;
        at_most("checkpoint-mb", self.log.checkpoint_mb, 1_000_000, "at most a million megabytes")?;
        at_least_one("eval-every", self.log.eval_every.unwrap_or(1), positive)?;
        at_least_one("eval-episodes", self.log.eval_episodes as u64, positive)?;
        at_most("eval-episodes", self.log.eval_episodes as u64, 1_000_000, "at most a million")?;
        at_least_one("decay_frames", self.optimizer.decay_frames.unwrap_or(1), positive)?;
        at_least_one("max-ep-len", self.environment.max_ep_len.unwrap_or(1), positive)?;
        for &size in &self.network.hid {
            at_least_one("hid", size as u64, "layer sizes from 1 on")?;
            at_most("hid", size as u64, 10_000_000, "layer sizes up to ten million")?;
        }
        within("gamma", self.credit.gamma, 1.0, "a number from 0 to 1")?;
        within("lam", self.credit.lam, 1.0, "a number from 0 to 1")?;
        for (name, value) in [("beta1", self.optimizer.beta1), ("beta2", self.optimizer.beta2)] {
            within(name, value, 1.0 - f64::EPSILON, "a number from 0 to below 1")?;
        }
        let from_zero = [
            ("pi-lr", self.optimizer.pi_lr),
            ("vf-lr", self.optimizer.vf_lr),
            ("entropy", self.optimizer.entropy),
            ("adam-eps", self.optimizer.adam_eps),
            ("vf-coef", self.optimizer.vf_coef),
            ("max-grad-norm", self.optimizer.max_grad_norm.unwrap_or(0.0)),
        ];
        for (name, value) in from_zero {
            within(name, value, f64::MAX, "a finite number from 0 on")?;
        }
        match self.budget.solve_at {
            Some(value) if !value.is_finite() => {
                Err(InvalidValue { name: "solve-at", value: value.to_string(), expected: "a finite number" })
            }
            _ => self.check_together(),
        }
    }
}

fn at_least_one(name: &'static str, value: u64, expected: &'static str) -> Result<(), InvalidValue> {
    if value >= 1 { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}

fn at_most(name: &'static str, value: u64, most: u64, expected: &'static str) -> Result<(), InvalidValue> {
    if value <= most { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}

fn within(name: &'static str, value: f64, high: f64, expected: &'static str) -> Result<(), InvalidValue> {
    if (0.0..=high).contains(&value) { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}
