//! What no config may hold: single values, options in each other's way, spaces the networks cannot serve. Nothing here
//! touches a device or an environment.

use std::ops::RangeInclusive;

use envs::{Action, DType, Space};

use crate::{
    config::{Baseline, Budget, Config, LossPer, Returns, WriteUp},
    nn::policy::NetworkKind,
    nn::torch::NatureCnn,
};

/// Of the layers of a network: 400 MB of them.
const MAX_WEIGHTS: u64 = 100_000_000;
/// Of an epoch's observations: 8 GB of them where each is an f32.
const MAX_NUMBERS: u64 = 2_000_000_000;
/// Consoles take some tens of kilobytes each.
const MAX_CONSOLES: u64 = 10_000;

/// Up to more than anybody waits for.
pub const ANY: RangeInclusive<u64> = 1..=1_000_000_000_000_000;

/// A value that makes no sense, and the ones that do.
#[derive(Debug, thiserror::Error)]
#[error("{name} = {value}: expected {expected}")]
pub struct InvalidValue {
    name: &'static str,
    value: String,
    expected: String,
}

impl InvalidValue {
    /// An option's or flag's name, its value, and the values that it can have.
    pub fn new(name: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self { name, value: value.to_string(), expected: expected.into() }
    }
}

impl Config {
    /// Refuses actions that the environment does not have.
    ///
    /// # Errors
    /// `InvalidValue` for the first action that is not in the space, or there twice.
    pub fn check_actions(&self, space: &Space) -> Result<(), InvalidValue> {
        let actions = self.environment.actions.as_deref().unwrap_or_default();
        let mut numbered = actions.iter().enumerate();
        let refused =
            numbered.find(|(i, action)| !space.contains(Action::Discrete(**action)) || actions[..*i].contains(action));
        let expected = "indices into the environment's discrete action space, each once";
        refused.map_or(Ok(()), |(_, action)| Err(InvalidValue::new("actions", action, expected)))
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
            return Err(InvalidValue::new("env", &self.environment.id, expected));
        }
        if self.optimizer.lean > 0.0 && !matches!(actions, Space::Discrete(_)) {
            return Err(InvalidValue::new("lean", self.optimizer.lean, "0 where actions are continuous"));
        }
        let (size, steps) =
            (observations.size() as u64, (self.budget.steps_per_epoch + self.environment.num_envs) as u64);
        let first = self.network.hid.first().map_or(1, |&size| size as u64);
        at_most("hid", size.saturating_mul(first), MAX_WEIGHTS, "at most 100 million weights after the observations")?;
        let expected =
            format!("an epoch of at most {} steps, whose observations fit into memory", MAX_NUMBERS / size.max(1));
        if size.saturating_mul(steps) > MAX_NUMBERS {
            return Err(InvalidValue::new("steps-per-epoch", self.budget.steps_per_epoch, expected));
        }
        let sides = match observations.shape() {
            [rows, columns] | [_, rows, columns] => *rows.min(columns),
            _ => 0,
        };
        if self.network.kind == NetworkKind::Cnn && sides < NatureCnn::LEAST_SIDE {
            let expected = "mlp, where observations are not pictures of at least 36x36";
            return Err(InvalidValue::new("policy", "cnn", expected));
        }
        match observations {
            Space::Box(space) if self.network.norm_obs && matches!(space.dtype, DType::I8 | DType::U8) => {
                let expected = "false where observations are pictures, whose range is known";
                Err(InvalidValue::new("norm-obs", true, expected))
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
            Some((name, _)) => Err(InvalidValue::new(name, "set", "it left out with several processes")),
        }
    }

    /// Refuses options that are in each other's way.
    fn check_together(&self) -> Result<(), InvalidValue> {
        let wrong = |name, value: &str, expected: &str| Err(InvalidValue::new(name, value, expected));
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
        if let (Some(mean), None) = (self.budget.end_at_eval, self.log.eval_every) {
            return wrong("end-at-eval", &mean.to_string(), "evaluations (--eval-every), or left out");
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
        let (Budget::Frames(limit) | Budget::Epochs(limit)) = self.budget.limit;
        let whole_numbers = [
            ("num-envs", self.environment.num_envs as u64, 1..=100_000),
            ("threads", self.environment.threads as u64, 0..=1024),
            ("torch-threads", self.network.torch_threads as u64, 1..=1024),
            ("max-ep-len", self.environment.max_ep_len.unwrap_or(1), ANY),
            ("frames or epochs", limit, ANY),
            ("steps-per-epoch", self.budget.steps_per_epoch as u64, 1..=10_000_000),
            ("episodes-per-epoch", self.budget.episodes_per_epoch.unwrap_or(1) as u64, 1..=100_000),
            ("minibatch", self.optimizer.minibatch.unwrap_or(1) as u64, 1..=10_000_000),
            ("train-v-iters", self.optimizer.train_v_iters as u64, 0..=10_000_000),
            ("decay-frames", self.optimizer.decay_frames.unwrap_or(1), ANY),
            ("entropy-frames", self.optimizer.entropy_frames.unwrap_or(1), ANY),
            ("lean-frames", self.optimizer.lean_frames, ANY),
            ("gamma-frames", self.credit.gamma_frames, ANY),
            ("log-interval", self.log.log_interval, ANY),
            ("save-freq", self.log.save_freq, ANY),
            ("state-freq", self.log.state_freq, ANY),
            ("checkpoint-mb", self.log.checkpoint_mb, 0..=1_000_000),
            ("eval-every", self.log.eval_every.unwrap_or(1), ANY),
            ("eval-episodes", self.log.eval_episodes as u64, 1..=1_000_000),
            ("number of hid", self.network.hid.len() as u64, 0..=100),
        ];
        for (name, value, range) in whole_numbers {
            whole(name, value, range)?;
        }
        for &size in &self.network.hid {
            whole("hid", size as u64, 1..=10_000_000)?;
        }
        let weights = |pair: &[usize]| (pair[0] as u64).saturating_mul(pair[1] as u64);
        let weights = self.network.hid.windows(2).map(weights).fold(0, u64::saturating_add);
        at_most("hid", weights, MAX_WEIGHTS, "at most 100 million weights between the layers")?;
        if let Some(pixels) = &self.environment.pixels {
            whole("num-envs", self.environment.num_envs as u64, 1..=MAX_CONSOLES)?;
            whole("stack", pixels.stack.unwrap_or(1) as u64, 1..=64)?;
            within("sticky", pixels.sticky.unwrap_or(0.0).into(), 1.0, "a number from 0 to 1")?;
            whole("noops", pixels.noops.unwrap_or(0).into(), 0..=100_000)?;
            if !(1.0..=1000.0).contains(&pixels.frame_skip) || (pixels.fixed_skip && pixels.frame_skip.fract() != 0.0) {
                let expected = "a whole number of frames from 1 to 1000";
                return Err(InvalidValue::new("frame-skip", pixels.frame_skip, expected));
            }
        }
        within("gamma", self.credit.gamma, 1.0, "a number from 0 to 1")?;
        within("gamma-start", self.credit.gamma_start.unwrap_or(0.0), 1.0, "a number from 0 to 1")?;
        within("lam", self.credit.lam, 1.0, "a number from 0 to 1")?;
        for (name, value) in [("beta1", self.optimizer.beta1), ("beta2", self.optimizer.beta2)] {
            within(name, value, 1.0 - f64::EPSILON, "a number from 0 to below 1")?;
        }
        let from_zero = [
            ("pi-lr", self.optimizer.pi_lr),
            ("vf-lr", self.optimizer.vf_lr),
            ("entropy", self.optimizer.entropy),
            ("lean", self.optimizer.lean),
            ("adam-eps", self.optimizer.adam_eps),
            ("vf-coef", self.optimizer.vf_coef),
            ("max-grad-norm", self.optimizer.max_grad_norm.unwrap_or(0.0)),
        ];
        for (name, value) in from_zero {
            within(name, value, f64::MAX, "a finite number from 0 on")?;
        }
        for (name, value) in [("solve-at", self.budget.solve_at), ("end-at-eval", self.budget.end_at_eval)] {
            if let Some(value) = value.filter(|value| !value.is_finite()) {
                return Err(InvalidValue::new(name, value, "a finite number"));
            }
        }
        self.check_together()
    }
}

fn whole(name: &'static str, value: u64, range: RangeInclusive<u64>) -> Result<(), InvalidValue> {
    if range.contains(&value) { Ok(()) } else { Err(InvalidValue::new(name, value, whole_in(&range))) }
}

fn whole_in(range: &RangeInclusive<u64>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}

/// Reads a flag's value, a number in this range.
pub fn number_in(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("expected {}", whole_in(&range)))
    }
}

fn at_most(name: &'static str, value: u64, most: u64, expected: &str) -> Result<(), InvalidValue> {
    if value <= most { Ok(()) } else { Err(InvalidValue::new(name, value, expected)) }
}

fn within(name: &'static str, value: f64, high: f64, expected: &str) -> Result<(), InvalidValue> {
    if (0.0..=high).contains(&value) { Ok(()) } else { Err(InvalidValue::new(name, value, expected)) }
}
