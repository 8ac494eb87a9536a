//! From a rollout to what its actions are credited with, by the config's choice of returns, baseline and normalisation.

use std::borrow::Cow;

use envs::Element;

use crate::{
    collect::rollout::Rollout,
    config::{Baseline, Config, Normalize, Returns},
    learn::advantage::{
        Transitions, gae, mean_and_std, next_values, normalize, normalize_episodes, rewards_to_go, total_returns,
    },
    nn::normalizer::CLIP,
    nn::policy::ActorCritic,
    nn::tensors::{set, to_vec},
};

/// What the losses need to know about each transition.
#[derive(Clone, Debug, PartialEq)]
pub struct Credit {
    /// What the actions' log-probabilities are multiplied with.
    pub advantages: Vec<f32>,
    /// What the value function is to give for the observations.
    pub targets: Vec<f32>,
    /// The observations' values, in units of reward; 0 where there is no value function.
    pub values: Vec<f32>,
}

/// The credit of a rollout for whose observations the value function gave `outputs`, 0 where there is none. Moves the
/// policy's running moments of the return on, and `running_returns`, the discounted return of each environment's present
/// episode. `sum` is that of [`normalize`].
pub fn credit<T: Element>(
    policy: &ActorCritic,
    rollout: &Rollout<T>,
    mut outputs: Vec<f32>,
    running_returns: &mut Vec<f64>,
    config: &Config,
    sum: impl Fn(&mut [f64]),
) -> Credit {
    let rewards = normalized_rewards(policy, rollout, running_returns, config.gamma);
    outputs.extend(outputs_of_rows(policy, rollout.last_row(), rollout.observation_len));
    let cut_off_outputs = outputs_of_rows(policy, &rollout.cut_off.observations, rollout.observation_len);

    let bootstrap = || {
        let (values, cut_off_values) = (scaled(policy, &outputs), scaled(policy, &cut_off_outputs));
        let (next_values, ended) = next_values(rollout, &values, &cut_off_values, config.reward_ends_return);
        (values, next_values, ended)
    };
    let (mut values, mut next, ended) = bootstrap();
    let before = Transitions {
        num_envs: rollout.num_envs,
        rewards: &rewards,
        values: &values[..rollout.len()],
        next_values: &next,
        ended: &ended,
    };
    let mut targets = rewards_to_go(&before, config.gamma);
    let total = (config.returns == Returns::Total).then(|| total_returns(&before, config.gamma));
    if let Some(scale) = &policy.value_scale {
        let (mean, std) = mean_and_std(targets.iter().copied(), false);
        set(scale, &[mean as f32, std as f32]);
        (values, next, _) = bootstrap();
    }
    let transitions = Transitions {
        num_envs: rollout.num_envs,
        rewards: &rewards,
        values: &values[..rollout.len()],
        next_values: &next,
        ended: &ended,
    };
    let mut advantages = match config.returns {
        Returns::Gae => gae(&transitions, config.gamma, config.lam),
        Returns::RewardToGo => less(&targets, transitions.values, config.baseline),
        Returns::Total => less(&total.unwrap_or_default(), transitions.values, config.baseline),
    };
    match config.normalize {
        Normalize::None => {}
        Normalize::Batch => normalize(&mut advantages, config.unbiased_std, sum),
        Normalize::Episode => {
            let ends: Vec<bool> = rollout.terminated.iter().zip(&rollout.truncated).map(|(a, b)| *a || *b).collect();
            normalize_episodes(&mut advantages, &ends, rollout.num_envs, config.unbiased_std);
        }
    }
    if let Some(scale) = policy.value_scale.as_ref().map(to_vec) {
        targets.iter_mut().for_each(|target| *target = (*target - scale[0]) / (scale[1] + 1e-8));
    }
    Credit { advantages, targets, values: values[..rollout.len()].to_vec() }
}

fn less(returns: &[f32], values: &[f32], baseline: Baseline) -> Vec<f32> {
    match baseline {
        Baseline::None => returns.to_vec(),
        Baseline::Value => returns.iter().zip(values).map(|(ret, value)| ret - value).collect(),
    }
}

/// The value function's outputs; 0 where there is none.
fn outputs_of_rows<T: Element>(policy: &ActorCritic, rows: &[T], observation_len: usize) -> Vec<f32> {
    if rows.is_empty() {
        return Vec::new();
    }
    let pass = tch::no_grad(|| policy.v_pass(&policy.input(rows, observation_len)));
    pass.map_or_else(|| vec![0.0; rows.len() / observation_len], |pass| to_vec(&pass.output))
}

/// Outputs in units of reward.
fn scaled<'a>(policy: &ActorCritic, outputs: &'a [f32]) -> Cow<'a, [f32]> {
    match policy.value_scale.as_ref().map(to_vec) {
        None => outputs.into(),
        Some(scale) => outputs.iter().map(|output| output * scale[1] + scale[0]).collect(),
    }
}

/// The rewards, divided by the standard deviation of the discounted returns that led up to them, if that is asked for.
fn normalized_rewards<'a, T: Element>(
    policy: &ActorCritic,
    rollout: &'a Rollout<T>,
    running_returns: &mut Vec<f64>,
    gamma: f64,
) -> Cow<'a, [f64]> {
    let Some(moments) = &policy.return_moments else { return (&rollout.rewards).into() };
    running_returns.resize(rollout.num_envs, 0.0);
    let mut returns = Vec::with_capacity(rollout.len());
    for (index, reward) in rollout.rewards.iter().enumerate() {
        let running = &mut running_returns[index % rollout.num_envs];
        *running = *running * gamma + reward;
        returns.push(*running);
        if rollout.terminated[index] || rollout.truncated[index] {
            *running = 0.0;
        }
    }
    moments.update(returns.iter().copied());
    let scale = f64::from(moments.shift_and_scale().scale[0]);
    let clip = f64::from(CLIP);
    rollout.rewards.iter().map(|reward| (reward * scale).clamp(-clip, clip)).collect()
}
