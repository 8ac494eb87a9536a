//! One epoch's learning: the credit of the rollout's actions, one policy step, several value steps; in mini-batches, one
//! policy step and as many value steps for each.

use std::rc::Rc;

use anyhow::{Result, ensure};
use envs::Element;
use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use crate::{
    collect::actor::stream_rng,
    collect::rollout::Rollout,
    config::{Config, LossPer, schedule::Schedule},
    group::Group,
    interrupt::{Interrupted, Watch},
    learn::credit::{Credit, credit},
    learn::moments::Moments,
    nn::{
        input::Input,
        network::{Net, Pass},
        optimizer::Optimizer,
        policy::{ActorCritic, Distribution},
        tensors::{ParameterMut, set, to_f32, to_vec},
    },
};

/// The networks and their optimizers.
#[derive(Debug)]
pub struct Learner {
    /// The networks.
    pub policy: ActorCritic,
    pi_optimizer: Optimizer,
    v_optimizer: Optimizer,
    /// How many epochs were learned from.
    updates: u64,
    /// The discounted return of each environment's present episode, by which rewards are normalised.
    running_returns: Vec<f64>,
    group: Rc<Group>,
}

/// The whole state of a [`Learner`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnerState {
    /// The networks' parameters and running moments.
    pub parameters: Vec<Vec<f32>>,
    /// Of the policy.
    pub pi_optimizer: Optimizer,
    /// Of the value function.
    pub v_optimizer: Optimizer,
    /// How many epochs were learned from.
    updates: u64,
    /// The discounted return of each environment's present episode, by which rewards are normalised.
    running_returns: Vec<f64>,
}

/// What the losses of some transitions are computed from.
struct Data {
    input: Input,
    actions: Tensor,
    advantages: Tensor,
    /// What the value function is to give.
    targets: Tensor,
    /// Where the policy leaned: what it added to a logit, and the number of each row's environment.
    lean: Option<(f32, Tensor)>,
}

impl Data {
    fn select(&self, indices: &[i64]) -> Self {
        let rows = Tensor::from_slice(indices).to_device(self.actions.device());
        let pick = |all: &Tensor| all.index_select(0, &rows);
        Self {
            input: self.input.select(indices),
            actions: pick(&self.actions),
            advantages: pick(&self.advantages),
            targets: pick(&self.targets),
            lean: self.lean.as_ref().map(|(logit, envs)| (*logit, pick(envs))),
        }
    }
}

/// What a step depends on beside the data.
#[derive(Clone, Copy)]
struct StepSize {
    learning_rate: f64,
    entropy_bonus: f64,
    /// What the mean loss over steps is multiplied with.
    loss_factor: f64,
    vf_coef: f64,
    max_grad_norm: Option<f64>,
}

/// The losses of some transitions as they are before a step.
struct PolicyLoss {
    log_prob: Tensor,
    loss: Tensor,
    entropy: Tensor,
}

/// What one update measured. Losses are those before the step, differences and KL those after it.
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
    /// The learning rates of its steps: the policy's and the value function's.
    pub learning_rates: [f64; 2],
}

impl Learner {
    /// Fresh optimizers for these networks, which every process of the group has alike.
    pub fn new(mut policy: ActorCritic, config: &Config, group: Rc<Group>) -> Self {
        let pi_optimizer = Optimizer::new(config.optimizer_config(), &policy.pi_parameters_mut());
        let v_optimizer = Optimizer::new(config.optimizer_config(), &policy.v_parameters_mut());
        Self { policy, pi_optimizer, v_optimizer, updates: 0, running_returns: Vec::new(), group }
    }

    /// The state as plain data.
    pub fn save(&mut self) -> LearnerState {
        LearnerState {
            parameters: self.policy.all_mut().iter().map(ParameterMut::values).collect(),
            pi_optimizer: self.pi_optimizer.clone(),
            v_optimizer: self.v_optimizer.clone(),
            updates: self.updates,
            running_returns: self.running_returns.clone(),
        }
    }

    /// Takes a state that `save` gave for networks of the same shapes.
    ///
    /// # Errors
    /// Where the state is of networks of other shapes, or of another optimizer.
    pub fn restore(&mut self, state: &LearnerState) -> Result<()> {
        let parameters = self.policy.all_mut();
        let fits = parameters.iter().map(ParameterMut::len).eq(state.parameters.iter().map(Vec::len));
        ensure!(fits, "the networks are those of another config");
        self.pi_optimizer.check_fits(&state.pi_optimizer)?;
        self.v_optimizer.check_fits(&state.v_optimizer)?;
        parameters.into_iter().zip(&state.parameters).for_each(|(parameter, values)| parameter.set(values));
        (self.pi_optimizer, self.v_optimizer) = (state.pi_optimizer.clone(), state.v_optimizer.clone());
        (self.updates, self.running_returns) = (state.updates, state.running_returns.clone());
        Ok(())
    }

    /// Learns from one rollout, with what `schedule` makes of the config's rates, entropy bonus and discount. `watch` is told
    /// how far it is, from 0 to 1, and says whether to go on.
    ///
    /// # Errors
    /// `Interrupted` where `watch` gave it up, which leaves the networks half-way.
    pub fn update<T: Element>(
        &mut self,
        rollout: &Rollout<T>,
        config: &Config,
        schedule: Schedule,
        watch: &mut Watch<'_>,
    ) -> Result<UpdateStats, Interrupted> {
        let trained = rollout.len() * rollout.observation_len;
        let input = self.policy.input(&rollout.observations[..trained], rollout.observation_len);
        // Mini-batches have passes of their own: what going backward through this one takes is not kept.
        let whole = config.optimizer.minibatch.is_none_or(|size| size >= rollout.len());
        let v_pass = if whole { self.policy.v_pass(&input) } else { tch::no_grad(|| self.policy.v_pass(&input)) };
        let outputs = v_pass.as_ref().map_or_else(|| vec![0.0; rollout.len()], |pass| to_vec(&pass.output));
        let running = (&self.running_returns[..], schedule.gamma);
        let credit = credit(&self.policy, rollout, outputs, running, config, |sums| self.group.sum(sums));
        let (device, logit) = (self.policy.device, rollout.lean.logit);
        let data = Data {
            input,
            actions: rollout.actions.tensor().to_device(device),
            advantages: Tensor::from_slice(&credit.advantages).to_device(device),
            targets: Tensor::from_slice(&credit.targets).to_device(device),
            lean: (logit != 0.0).then(|| (logit, rollout.envs().to_device(device))),
        };
        let values = self.apply(credit);
        let loss_factor = match config.credit.loss_per {
            LossPer::Step => 1.0,
            LossPer::Episode => rollout.len() as f64 / rollout.ended_episodes().max(1) as f64,
        };
        let step = StepSize {
            learning_rate: config.optimizer.pi_lr * schedule.rate,
            entropy_bonus: config.optimizer.entropy * schedule.entropy,
            loss_factor,
            vf_coef: config.optimizer.vf_coef,
            max_grad_norm: config.optimizer.max_grad_norm,
        };
        let minibatches = self.minibatches(rollout.len(), config);
        let rounds = self.policy.v.as_ref().map_or(0, |_| config.optimizer.train_v_iters);
        let all = minibatches.len().max(1) * (1 + rounds);
        let mut steps = Steps { watch, done: 0, all };
        let stats = self.policy_steps(&data, &minibatches, step, &mut steps)?;
        let step = StepSize { learning_rate: config.optimizer.vf_lr * schedule.rate, ..step };
        let (loss_v, delta_loss_v) = self.value_steps(&data, &minibatches, v_pass, (rounds, &mut steps), step)?;
        if let Some(moments) = &mut self.policy.observation_moments {
            moments.update(rollout.observations[..trained].iter().map(|&value| f64::from(to_f32(value))));
        }
        self.updates += 1;
        let learning_rates = [config.optimizer.pi_lr, config.optimizer.vf_lr].map(|rate| rate * schedule.rate);
        Ok(self.of_all_processes(UpdateStats { loss_v, delta_loss_v, learning_rates, ..stats }, &values))
    }

    /// Takes over the scale and the moments that came with the credit; gives its values.
    fn apply(&mut self, credit: Credit) -> Vec<f32> {
        if let (Some(scale), Some(new)) = (&self.policy.value_scale, credit.value_scale) {
            set(scale, &new);
        }
        if credit.return_moments.is_some() {
            self.policy.return_moments = credit.return_moments;
        }
        self.running_returns = credit.running_returns;
        credit.values
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
        UpdateStats { loss_pi, loss_v, delta_loss_pi, delta_loss_v, entropy, kl, values, ..stats }
    }

    /// Refuses weights that are not the same in every process.
    ///
    /// # Errors
    /// Where the weights of two processes differ.
    pub fn check_equal_weights(&mut self) -> Result<()> {
        if self.group.size() == 1 {
            return Ok(());
        }
        let mut hasher = crc32fast::Hasher::new();
        for parameter in self.policy.all_mut() {
            hasher.update(bytemuck::cast_slice(&parameter.values()));
        }
        let hashes = self.group.gather(hasher.finalize().to_le_bytes().to_vec());
        ensure!(hashes.iter().all(|hash| *hash == hashes[0]), "the processes' weights have come apart: {hashes:x?}");
        Ok(())
    }

    /// The transitions of each mini-batch, shuffled anew every epoch; none where all are taken at once.
    fn minibatches(&self, transitions: usize, config: &Config) -> Vec<Vec<i64>> {
        let Some(size) = config.optimizer.minibatch.filter(|&size| size < transitions) else { return Vec::new() };
        let mut rng = stream_rng(config.seed, 2, self.updates);
        let mut order: Vec<i64> = (0..transitions as i64).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, rng.integers(0, i as i64 + 1) as usize);
        }
        order.chunks(size).map(<[i64]>::to_vec).collect()
    }

    fn policy_steps(
        &mut self,
        data: &Data,
        minibatches: &[Vec<i64>],
        step: StepSize,
        steps: &mut Steps<'_>,
    ) -> Result<UpdateStats, Interrupted> {
        let before = match minibatches {
            [] => {
                steps.next()?;
                self.policy_step(data, step)
            }
            _ => {
                let before = self.policy_loss(data, step);
                for indices in minibatches {
                    steps.next()?;
                    self.policy_step(&data.select(indices), step);
                }
                before
            }
        };
        let after = self.policy_loss(data, step);
        Ok(UpdateStats {
            loss_pi: before.loss.double_value(&[]),
            delta_loss_pi: (after.loss - before.loss).double_value(&[]),
            entropy: before.entropy.double_value(&[]),
            kl: (before.log_prob - after.log_prob).mean(Kind::Float).double_value(&[]),
            ..UpdateStats::default()
        })
    }

    fn policy_loss(&self, data: &Data, step: StepSize) -> PolicyLoss {
        tch::no_grad(|| policy_loss_of(&self.policy.forward(&data.input).distribution, data, step))
    }

    /// One step; where the trunk is shared, the value function's part included.
    fn policy_step(&mut self, data: &Data, step: StepSize) -> PolicyLoss {
        let passes = self.policy.forward(&data.input);
        let before = policy_loss_of(&passes.distribution, data, step);
        let mut objective = &before.loss - &before.entropy * step.entropy_bonus;
        if let Some(values) = &passes.v {
            objective += value_loss(&values.output, &data.targets) * step.vf_coef;
        }
        let gradients = self.policy.gradients(&data.input, &passes, &objective);
        let gradients = clipped(average(&self.group, gradients), step.max_grad_norm);
        self.pi_optimizer.step(self.policy.pi_parameters_mut(), &gradients, step.learning_rate);
        before
    }

    /// The loss before the steps, and its change. `pass` is that of all data before the policy step, which a value
    /// function of its own has not been moved by.
    fn value_steps(
        &mut self,
        data: &Data,
        minibatches: &[Vec<i64>],
        pass: Option<Pass>,
        (rounds, steps): (usize, &mut Steps<'_>),
        step: StepSize,
    ) -> Result<(f64, f64), Interrupted> {
        let features = self.policy.features(&data.input);
        let Some(v) = &mut self.policy.v else { return Ok((0.0, 0.0)) };
        // A shared trunk has had its step: only what stands on it goes on learning.
        let input = features.as_ref().unwrap_or(&data.input);
        let measure = |v: &Net| tch::no_grad(|| value_loss(&v.forward(input).output, &data.targets)).double_value(&[]);
        let mut pass = pass.filter(|_| features.is_none() && minibatches.is_empty());
        let mut before = (!minibatches.is_empty()).then(|| measure(v));
        let mut descend = |v: &mut Net, input: &Input, targets: &Tensor| {
            let pass = pass.take().unwrap_or_else(|| v.forward(input));
            let loss = value_loss(&pass.output, targets);
            before.get_or_insert_with(|| loss.double_value(&[]));
            let gradients = v.gradients(input, &pass, &loss);
            let gradients = clipped(average(&self.group, gradients), step.max_grad_norm);
            self.v_optimizer.step(v.parameters_mut(), &gradients, step.learning_rate);
        };
        for _ in 0..rounds {
            if minibatches.is_empty() {
                steps.next()?;
                descend(v, input, &data.targets);
            }
            for indices in minibatches {
                steps.next()?;
                let rows = Tensor::from_slice(indices).to_device(data.targets.device());
                descend(v, &input.select(indices), &data.targets.index_select(0, &rows));
            }
        }
        let after = measure(v);
        let before = before.unwrap_or(after);
        Ok((before, after - before))
    }
}

/// An update's steps, which are watched.
struct Steps<'a> {
    watch: &'a mut Watch<'a>,
    done: usize,
    all: usize,
}

impl Steps<'_> {
    /// Counts the next one, where it is still to be taken.
    fn next(&mut self) -> Result<(), Interrupted> {
        let goes_on = (self.watch)("learning", self.done as f64 / self.all as f64);
        self.done += 1;
        if goes_on { Ok(()) } else { Err(Interrupted) }
    }
}

fn policy_loss_of(distribution: &Distribution, data: &Data, step: StepSize) -> PolicyLoss {
    let log_prob = match &data.lean {
        None => distribution.log_prob(&data.actions),
        Some((logit, envs)) => distribution.leaning(envs, *logit).log_prob(&data.actions),
    };
    let mut loss = -(&log_prob * &data.advantages).mean(Kind::Float);
    if step.loss_factor != 1.0 {
        loss *= step.loss_factor;
    }
    PolicyLoss { loss, log_prob, entropy: distribution.entropy().mean(Kind::Float) }
}

fn value_loss(output: &Tensor, targets: &Tensor) -> Tensor {
    output.squeeze_dim(-1).mse_loss(targets, Reduction::Mean)
}

/// The gradients' means over all processes.
fn average(group: &Group, mut gradients: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    if group.size() == 1 {
        return gradients;
    }
    let mut values = gradients.concat();
    group.average(&mut values);
    let mut rest = values.as_slice();
    for gradient in &mut gradients {
        let (values, after) = rest.split_at(gradient.len());
        gradient.copy_from_slice(values);
        rest = after;
    }
    gradients
}

/// The gradients, all scaled down alike where they are longer than `max_norm` together.
fn clipped(mut gradients: Vec<Vec<f32>>, max_norm: Option<f64>) -> Vec<Vec<f32>> {
    let Some(max_norm) = max_norm else { return gradients };
    let squares: f64 = gradients.iter().flatten().map(|&gradient| f64::from(gradient).powi(2)).sum();
    let factor = max_norm / squares.sqrt();
    if factor < 1.0 {
        gradients.iter_mut().flatten().for_each(|gradient| *gradient *= factor as f32);
    }
    gradients
}
