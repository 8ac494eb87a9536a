//! What no config may hold: single values, options in each other's way, spaces the networks cannot serve. Nothing here
//! touches a device or an environment.

use envs::{Action, DType, Space};

use crate::{
    config::{Baseline, Budget, Config, LossPer, Returns, WriteUp},
    nn::policy::NetworkKind,
    nn::torch::NatureCnn,
};

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
    /// [`InvalidValue`] for the first action that is not in the space.
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

    /// Refuses spaces that the networks cannot serve.
    ///
    /// # Errors
    /// [`InvalidValue`] where an action is not in the space, the policy has convolutions but observations are no pictures,
    /// pictures are to be normalised, or the write-up needs continuous actions.
    pub fn check_spaces(&self, observations: &Space, actions: &Space) -> Result<(), InvalidValue> {
        self.check_actions(actions)?;
        if self.write_up.is_some_and(WriteUp::needs_continuous_actions) && matches!(actions, Space::Discrete(_)) {
            let expected = "an environment with continuous actions, such as InvertedPendulum-v4, for this write-up";
            return Err(InvalidValue { name: "env", value: self.env.clone(), expected });
        }
        let sides = match observations.shape() {
            [rows, columns] | [_, rows, columns] => *rows.min(columns),
            _ => 0,
        };
        if self.policy == NetworkKind::Cnn && sides < NatureCnn::LEAST_SIDE {
            let expected = "mlp, where observations are not pictures of at least 36x36";
            return Err(InvalidValue { name: "policy", value: "cnn".into(), expected });
        }
        match observations {
            Space::Box(space) if self.norm_obs && matches!(space.dtype, DType::I8 | DType::U8) => {
                let expected = "false where observations are pictures, whose range is known";
                Err(InvalidValue { name: "norm-obs", value: "true".into(), expected })
            }
            _ => Ok(()),
        }
    }

    /// Refuses options that several processes cannot share.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such option, where there are several processes.
    pub fn check_processes(&self, processes: usize) -> Result<(), InvalidValue> {
        let of_one_process = [
            ("whole-episodes", self.has_whole_episodes()),
            ("norm-obs", self.norm_obs),
            ("norm-reward", self.norm_reward),
            ("norm-values", self.norm_values),
            ("minibatch", self.minibatch.is_some()),
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
        if self.baseline == Baseline::None {
            if self.returns == Returns::Gae {
                return wrong("returns", "gae", "total or reward-to-go where there is no baseline");
            }
            if self.norm_values {
                return wrong("norm-values", "true", "false where there is no value function");
            }
            if self.shared_trunk {
                return wrong("shared-trunk", "true", "false where there is no value function");
            }
        }
        if self.loss_per == LossPer::Episode && !self.has_whole_episodes() {
            return wrong("loss-per", "episode", "step where episodes are not whole (--whole-episodes)");
        }
        Ok(())
    }

    /// Refuses values that make no sense, before anything is made from them.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first value out of its range, and for options in each other's way.
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
        at_least_one("episodes-per-epoch", self.episodes_per_epoch.unwrap_or(1) as u64, positive)?;
        at_least_one("minibatch", self.minibatch.unwrap_or(1) as u64, positive)?;
        at_least_one("log-interval", self.log_interval, positive)?;
        at_least_one("save-freq", self.save_freq, positive)?;
        at_least_one("state-freq", self.state_freq, positive)?;
        at_least_one("decay_frames", self.decay_frames.unwrap_or(1), positive)?;
        at_least_one("max-ep-len", self.max_ep_len.unwrap_or(1), positive)?;
        for &size in &self.hid {
            at_least_one("hid", size as u64, "layer sizes from 1 on")?;
        }
        within("gamma", self.gamma, 1.0, "a number from 0 to 1")?;
        within("lam", self.lam, 1.0, "a number from 0 to 1")?;
        for (name, value) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            within(name, value, 1.0 - f64::EPSILON, "a number from 0 to below 1")?;
        }
        let from_zero = [
            ("pi-lr", self.pi_lr),
            ("vf-lr", self.vf_lr),
            ("entropy", self.entropy),
            ("adam-eps", self.adam_eps),
            ("vf-coef", self.vf_coef),
            ("max-grad-norm", self.max_grad_norm.unwrap_or(0.0)),
        ];
        for (name, value) in from_zero {
            within(name, value, f64::MAX, "a finite number from 0 on")?;
        }
        match self.solve_at {
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

fn within(name: &'static str, value: f64, high: f64, expected: &'static str) -> Result<(), InvalidValue> {
    if (0.0..=high).contains(&value) { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}
