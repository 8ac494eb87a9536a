//! One epoch's learning: values and advantages of the rollout, one policy step, several value steps.

use std::rc::Rc;

use anyhow::{Result, ensure};
use envs::Element;
use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use crate::{
    adam::Adam,
    advantage::{Transitions, gae, next_values, normalize, rewards_to_go},
    config::Config,
    group::Group,
    policy::{ActorCritic, Input, Pass, action_tensor},
    rollout::Rollout,
    statistics::Moments,
    tensors::{set, to_vec},
};

/// The networks and their optimizers.
#[derive(Debug)]
pub struct Learner {
    /// The networks.
    pub policy: ActorCritic,
    pi_optimizer: Adam,
    v_optimizer: Adam,
    group: Rc<Group>,
}

/// The whole state of a [`Learner`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnerState {
    /// The networks' parameters in the order of `named_parameters`.
    pub parameters: Vec<Vec<f32>>,
    /// Of the policy.
    pub pi_optimizer: Adam,
    /// Of the value function.
    pub v_optimizer: Adam,
}

/// What one update measured. Losses are those before the step, differences and KL those behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UpdateStats {
    /// Policy loss without the entropy bonus.
    pub loss_pi: f64,
    /// Mean squared error of the values.
    pub loss_v: f64,
    /// Its change by the policy step.
    pub delta_loss_pi: f64,
    /// Its change by the value steps.
    pub delta_loss_v: f64,
    /// The policy's mean entropy in nats.
    pub entropy: f64,
    /// The mean of log pi_old - log pi_new over the rollout's actions.
    pub kl: f64,
    /// Mean, standard deviation, maximum and minimum of the values of the rollout's observations.
    pub values: Moments,
}

impl Learner {
    /// Fresh optimizers for these networks, which every process of the group has alike.
    pub fn new(policy: ActorCritic, group: Rc<Group>) -> Self {
        let pi_optimizer = Adam::new(&policy.pi_parameters());
        let v_optimizer = Adam::new(&policy.v.parameters());
        Self { policy, pi_optimizer, v_optimizer, group }
    }

    /// The state as plain data.
    pub fn save(&self) -> LearnerState {
        LearnerState {
            parameters: self.policy.named_parameters().iter().map(|(_, parameter)| to_vec(parameter)).collect(),
            pi_optimizer: self.pi_optimizer.clone(),
            v_optimizer: self.v_optimizer.clone(),
        }
    }

    /// Takes a state that `save` gave for networks of the same shapes.
    ///
    /// # Errors
    /// Where the shapes differ.
    pub fn restore(&mut self, state: &LearnerState) -> Result<()> {
        let parameters = self.policy.named_parameters();
        let fits = parameters.iter().map(|(_, p)| p.numel()).eq(state.parameters.iter().map(Vec::len));
        ensure!(fits, "the networks are those of another config");
        self.pi_optimizer.check_fits(&state.pi_optimizer)?;
        self.v_optimizer.check_fits(&state.v_optimizer)?;
        for ((_, parameter), values) in parameters.iter().zip(&state.parameters) {
            set(parameter, values);
        }
        (self.pi_optimizer, self.v_optimizer) = (state.pi_optimizer.clone(), state.v_optimizer.clone());
        Ok(())
    }

    /// Learns from one rollout. Learning rates and the entropy bonus are multiplied with `decay`.
    pub fn update<T: Element>(&mut self, rollout: &Rollout<T>, config: &Config, decay: f64) -> UpdateStats {
        let trained = rollout.len() * rollout.observation_len;
        let input = Input::new(&rollout.observations[..trained], rollout.observation_len);
        let values = self.all_values(&input, &rollout.observations[trained..], rollout.observation_len);
        let cut_off_values = self.all_values_of(&rollout.cut_off.observations, rollout.observation_len);

        let (next_values, ended) = next_values(rollout, &values, &cut_off_values, config.reward_ends_return);
        let transitions = Transitions {
            num_envs: rollout.num_envs,
            rewards: &rollout.rewards,
            values: &values[..rollout.len()],
            next_values: &next_values,
            ended: &ended,
        };
        let returns = rewards_to_go(&transitions, config.gamma);
        let mut advantages = gae(&transitions, config.gamma, config.lam);
        normalize(&mut advantages, |sums| self.group.sum(sums));

        let stats = self.policy_step(&input, rollout, &advantages, config.pi_lr * decay, config.entropy * decay);
        let (loss_v, delta_loss_v) = self.value_steps(&input, &returns, config.train_v_iters, config.vf_lr * decay);
        let stats = UpdateStats { loss_v, delta_loss_v, ..stats };
        self.of_all_processes(stats, transitions.values)
    }

    /// The statistics of all processes together; `values` are this one's.
    fn of_all_processes(&self, stats: UpdateStats, values: &[f32]) -> UpdateStats {
        let UpdateStats { loss_pi, loss_v, delta_loss_pi, delta_loss_v, entropy, kl, .. } = stats;
        let mut means = [loss_pi, loss_v, delta_loss_pi, delta_loss_v, entropy, kl];
        self.group.sum(&mut means);
        let [loss_pi, loss_v, delta_loss_pi, delta_loss_v, entropy, kl] =
            means.map(|sum| sum / self.group.size() as f64);
        let values = self.group.gather(bytemuck::cast_slice(values).to_vec()).concat();
        let values = bytemuck::pod_collect_to_vec::<u8, f32>(&values);
        let values = Moments::of(values.iter().map(|&value| f64::from(value)));
        UpdateStats { loss_pi, loss_v, delta_loss_pi, delta_loss_v, entropy, kl, values }
    }

    /// The gradients' means over all processes.
    fn average(&self, gradients: Vec<Tensor>) -> Vec<Tensor> {
        if self.group.size() == 1 {
            return gradients;
        }
        let mut values: Vec<f32> = gradients.iter().flat_map(to_vec).collect();
        self.group.average(&mut values);
        let mut rest = values.as_slice();
        let mut take = |gradient: &Tensor| {
            let (values, behind) = rest.split_at(gradient.numel());
            rest = behind;
            Tensor::from_slice(values).view(gradient.size().as_slice())
        };
        gradients.iter().map(&mut take).collect()
    }

    /// Refuses weights that are not the same in every process.
    ///
    /// # Errors
    /// Where they differ.
    pub fn check_equal_weights(&self) -> Result<()> {
        if self.group.size() == 1 {
            return Ok(());
        }
        let mut hasher = crc32fast::Hasher::new();
        for (_, parameter) in self.policy.named_parameters() {
            hasher.update(bytemuck::cast_slice(&to_vec(&parameter)));
        }
        let hashes = self.group.gather(hasher.finalize().to_le_bytes().to_vec());
        ensure!(hashes.iter().all(|hash| *hash == hashes[0]), "the processes' weights have come apart: {hashes:x?}");
        Ok(())
    }

    fn all_values<T: Element>(&self, input: &Input, last_rows: &[T], observation_len: usize) -> Vec<f32> {
        let mut values = to_vec(&tch::no_grad(|| self.policy.v.forward(input)).output);
        values.extend(self.all_values_of(last_rows, observation_len));
        values
    }

    fn all_values_of<T: Element>(&self, rows: &[T], observation_len: usize) -> Vec<f32> {
        if rows.is_empty() {
            return Vec::new();
        }
        let input = Input::new(rows, observation_len);
        to_vec(&tch::no_grad(|| self.policy.v.forward(&input)).output)
    }

    fn policy_step<T: Element>(
        &mut self,
        input: &Input,
        rollout: &Rollout<T>,
        advantages: &[f32],
        learning_rate: f64,
        entropy_bonus: f64,
    ) -> UpdateStats {
        let actions = action_tensor(&rollout.actions);
        let advantages = Tensor::from_slice(advantages);
        let loss_of = |log_prob: &Tensor| -(log_prob * &advantages).mean(Kind::Float);

        let pass = self.policy.pi.forward(input);
        let (log_prob, entropy) = self.policy.log_prob_and_entropy(&pass.output, &actions);
        let (loss_pi, entropy) = (loss_of(&log_prob), entropy.mean(Kind::Float));
        let objective = &loss_pi - &entropy * entropy_bonus;
        let parameters = self.policy.pi_parameters();
        let gradients = self.average(pass.gradients(&objective, &parameters));
        self.pi_optimizer.step(&parameters, &gradients, learning_rate);

        let (new_log_prob, _) = tch::no_grad(|| {
            let output = self.policy.pi.forward(input).output;
            self.policy.log_prob_and_entropy(&output, &actions)
        });
        UpdateStats {
            loss_pi: loss_pi.double_value(&[]),
            delta_loss_pi: (loss_of(&new_log_prob) - loss_pi).double_value(&[]),
            entropy: entropy.double_value(&[]),
            kl: (log_prob - new_log_prob).mean(Kind::Float).double_value(&[]),
            ..UpdateStats::default()
        }
    }

    /// The loss before the steps, and its change.
    fn value_steps(&mut self, input: &Input, returns: &[f32], steps: usize, learning_rate: f64) -> (f64, f64) {
        let returns = Tensor::from_slice(returns);
        let v = &self.policy.v;
        let parameters = v.parameters();
        let loss_of = |pass: &Pass<'_>| pass.output.squeeze_dim(-1).mse_loss(&returns, Reduction::Mean);
        let mut before = None;
        for _ in 0..steps {
            let pass = v.forward(input);
            let loss = loss_of(&pass);
            before.get_or_insert_with(|| loss.double_value(&[]));
            let gradients = self.average(pass.gradients(&loss, &parameters));
            self.v_optimizer.step(&parameters, &gradients, learning_rate);
        }
        let after = tch::no_grad(|| loss_of(&v.forward(input))).double_value(&[]);
        let before = before.unwrap_or(after);
        (before, after - before)
    }
}
