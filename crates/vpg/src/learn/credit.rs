//! From a rollout to what its actions are credited with, by the config's choice of returns, baseline and normalisation.

use std::borrow::Cow;

use envs::Element;

use crate::{
    collect::rollout::Rollout,
    config::{Baseline, Config, Normalize, Returns},
    learn::advantage::{
        Transitions, gae, mean_and_std, next_values, normalize, normalize_episodes, rewards_to_go, total_returns,
    },
    nn::normalizer::{CLIP, RunningMoments},
    nn::policy::ActorCritic,
    nn::tensors::to_vec,
};

/// What the losses need to know about each transition.
#[derive(Debug)]
pub struct Credit {
    /// What the actions' log-probabilities are multiplied with.
    pub advantages: Vec<f32>,
    /// What the value function is to give for the observations.
    pub targets: Vec<f32>,
    /// The observations' values, in units of reward; 0 where there is no value function.
    pub values: Vec<f32>,
    /// Mean and standard deviation of the returns, where the value function is to give normalised ones.
    pub value_scale: Option<[f32; 2]>,
    /// The moments of the discounted return, moved on by the rollout, where rewards are divided by its deviation.
    pub return_moments: Option<RunningMoments>,
    /// The discounted return of each environment's present episode after the rollout.
    pub running_returns: Vec<f64>,
}

/// The credit of a rollout for whose observations the value function gave `outputs`, 0 where there is none.
/// `running_returns` are the discounted returns of the environments' present episodes before the rollout, `gamma` is the
/// discount now; `sum` is that of [`normalize`]. Nothing is changed: what is to change comes with the credit.
pub fn credit<T: Element>(
    policy: &ActorCritic,
    rollout: &Rollout<T>,
    mut outputs: Vec<f32>,
    (running_returns, gamma): (&[f64], f64),
    config: &Config,
    sum: impl Fn(&mut [f64]),
) -> Credit {
    let mut running_returns = running_returns.to_vec();
    let return_moments = policy.return_moments.as_ref().map(|moments| {
        running_returns.resize(rollout.num_envs, 0.0);
        moments.updated(returns_so_far(rollout, &mut running_returns, gamma).iter().copied())
    });
    let rewards = normalized_rewards(&rollout.rewards, return_moments.as_ref());
    outputs.extend(outputs_of_rows(policy, rollout.last_row(), rollout.observation_len));
    let cut_off_outputs = outputs_of_rows(policy, &rollout.cut_off.observations, rollout.observation_len);

    let bootstrap = |scale: Option<[f32; 2]>| {
        let (values, cut_off_values) = (scaled(&outputs, scale), scaled(&cut_off_outputs, scale));
        let ends = (config.credit.reward_ends_return, config.credit.life_ends_return);
        let (next_values, ended) = next_values(rollout, &values, &cut_off_values, ends);
        (values, next_values, ended)
    };
    let scale_before = policy.value_scale.as_ref().map(to_vec).map(|scale| [scale[0], scale[1]]);
    let (mut values, mut next, ended) = bootstrap(scale_before);
    let (num_envs, rewards, ended) = (rollout.num_envs, &rewards[..], &ended[..]);
    let before = Transitions { num_envs, rewards, values: &values[..rollout.len()], next_values: &next, ended };
    let mut targets = rewards_to_go(&before, gamma);
    let total = (config.credit.returns == Returns::Total).then(|| total_returns(&before, gamma));
    let value_scale = scale_before.map(|_| {
        let (mean, std) = mean_and_std(targets.iter().copied(), false);
        [mean as f32, std as f32]
    });
    if value_scale.is_some() {
        (values, next, _) = bootstrap(value_scale);
    }
    let transitions = Transitions { num_envs, rewards, values: &values[..rollout.len()], next_values: &next, ended };
    let mut advantages = match config.credit.returns {
        Returns::Gae => gae(&transitions, gamma, config.credit.lam),
        Returns::RewardToGo => less(&targets, transitions.values, config.credit.baseline),
        Returns::Total => less(&total.unwrap_or_default(), transitions.values, config.credit.baseline),
    };
    match config.credit.normalize {
        Normalize::None => {}
        Normalize::Batch => normalize(&mut advantages, config.credit.unbiased_std, sum),
        Normalize::Episode => {
            let ends: Vec<bool> = rollout.terminated.iter().zip(&rollout.truncated).map(|(a, b)| *a || *b).collect();
            normalize_episodes(&mut advantages, &ends, rollout.num_envs, config.credit.unbiased_std);
        }
    }
    if let Some([mean, std]) = value_scale {
        targets.iter_mut().for_each(|target| *target = (*target - mean) / (std + 1e-8));
    }
    let values = values[..rollout.len()].to_vec();
    Credit { advantages, targets, values, value_scale, return_moments, running_returns }
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
fn scaled(outputs: &[f32], scale: Option<[f32; 2]>) -> Cow<'_, [f32]> {
    match scale {
        None => outputs.into(),
        Some([mean, std]) => outputs.iter().map(|output| output * std + mean).collect(),
    }
}

/// The discounted return that led up to each step, that step's reward included. `running` has those of the environments'
/// present episodes, before the rollout and then after it.
fn returns_so_far<T>(rollout: &Rollout<T>, running: &mut [f64], gamma: f64) -> Vec<f64> {
    let mut returns = Vec::with_capacity(rollout.rewards.len());
    for (index, reward) in rollout.rewards.iter().enumerate() {
        let running = &mut running[index % rollout.num_envs];
        *running = *running * gamma + reward;
        returns.push(*running);
        if rollout.terminated[index] || rollout.truncated[index] {
            *running = 0.0;
        }
    }
    returns
}

/// The rewards, divided by the standard deviation of the discounted returns where there are moments of them.
fn normalized_rewards<'a>(rewards: &'a [f64], return_moments: Option<&RunningMoments>) -> Cow<'a, [f64]> {
    let Some(moments) = return_moments else { return rewards.into() };
    let scale = f64::from(moments.shift_and_scale().scale[0]);
    let clip = f64::from(CLIP);
    rewards.iter().map(|reward| (reward * scale).clamp(-clip, clip)).collect()
}
