//! Advantages and returns: pure functions on slices.

/// The transitions of a rollout as advantages need them, step-major: index `t * num_envs + i`.
///
/// ```
/// use vpg::{Transitions, rewards_to_go};
///
/// // Two environments, two steps; the second environment ends after its first step.
/// let transitions = Transitions {
///     num_envs: 2,
///     rewards: &[1.0, 2.0, 3.0, 4.0],
///     values: &[0.0; 4],
///     next_values: &[0.0; 4],
///     ended: &[false, true, true, true],
/// };
/// assert_eq!(rewards_to_go(&transitions, 1.0), [4.0, 2.0, 3.0, 4.0]);
/// ```
#[derive(Debug)]
pub struct Transitions<'a> {
    /// The number of environments.
    pub num_envs: usize,
    /// Rewards.
    pub rewards: &'a [f64],
    /// Values of the observations the actions were taken on.
    pub values: &'a [f32],
    /// The value that goes on after each transition: 0 where the task ended, that of the episode's last observation
    /// where a time limit cut it off, that of the next observation otherwise.
    pub next_values: &'a [f32],
    /// Whether the next transition of the same environment belongs to another return.
    pub ended: &'a [bool],
}

/// The values after each transition, and where returns end.
///
/// `values` has `num_envs` more entries than there are transitions: the last ones are the values at the cut-off.
/// With `reward_ends_return` a reward other than zero ends its return, as a point does in Pong (A. Karpathy,
/// *Deep Reinforcement Learning: Pong from Pixels*, 2016). With `life_ends_return` so does the loss of a life (V. Mnih et al.,
/// *Human-level control through deep reinforcement learning*, 2015).
pub fn next_values<T>(
    rollout: &crate::collect::rollout::Rollout<T>,
    values: &[f32],
    cut_off_values: &[f32],
    (reward_ends_return, life_ends_return): (bool, bool),
) -> (Vec<f32>, Vec<bool>) {
    let mut next_values = values[rollout.num_envs..].to_vec();
    let mut ended = vec![false; next_values.len()];
    for (&index, &value) in rollout.cut_off.indices.iter().zip(cut_off_values) {
        next_values[index] = value;
    }
    for index in 0..ended.len() {
        let final_reward = reward_ends_return && rollout.rewards[index] != 0.0;
        let final_life = life_ends_return && rollout.lost_life[index] && !rollout.truncated[index];
        if rollout.terminated[index] || final_reward || final_life {
            next_values[index] = 0.0;
        }
        ended[index] = rollout.terminated[index] || rollout.truncated[index] || final_reward || final_life;
    }
    (next_values, ended)
}

/// GAE(lambda) advantages: J. Schulman et al., *High-Dimensional Continuous Control Using Generalized Advantage
/// Estimation* (2016), equation 16.
///
/// ```
/// use vpg::{Transitions, gae};
/// // One environment, two steps, the second ends the task: 1 + 0.5 * 2 - 3 and 2 - 2, with lambda 0.
/// let transitions =
///     Transitions { num_envs: 1, rewards: &[1.0, 2.0], values: &[3.0, 2.0], next_values: &[2.0, 0.0], ended: &[false, true] };
/// assert_eq!(gae(&transitions, 0.5, 0.0), [-1.0, 0.0]);
/// // With lambda 1 they are the discounted returns less the values.
/// assert_eq!(gae(&transitions, 0.5, 1.0), [-1.0, 0.0]);
/// ```
pub fn gae(transitions: &Transitions<'_>, gamma: f64, lambda: f64) -> Vec<f32> {
    let mut advantages = vec![0.0; transitions.rewards.len()];
    let mut following = vec![0.0; transitions.num_envs];
    for index in (0..advantages.len()).rev() {
        let env = index % transitions.num_envs;
        let next_value = f64::from(transitions.next_values[index]);
        let delta = transitions.rewards[index] + gamma * next_value - f64::from(transitions.values[index]);
        let rest = if transitions.ended[index] { 0.0 } else { following[env] };
        following[env] = delta + gamma * lambda * rest;
        advantages[index] = following[env] as f32;
    }
    advantages
}

/// Discounted rewards-to-go, going on with the value after the last transition.
///
/// ```
/// use vpg::{Transitions, rewards_to_go};
/// let transitions =
///     Transitions { num_envs: 1, rewards: &[1.0, 2.0], values: &[0.0; 2], next_values: &[0.0, 4.0], ended: &[false; 2] };
/// assert_eq!(rewards_to_go(&transitions, 0.5), [3.0, 4.0]);
/// ```
pub fn rewards_to_go(transitions: &Transitions<'_>, gamma: f64) -> Vec<f32> {
    let len = transitions.rewards.len();
    let mut returns = vec![0.0; len];
    let mut following = vec![0.0; transitions.num_envs];
    for index in (0..len).rev() {
        let env = index % transitions.num_envs;
        let last = transitions.ended[index] || index + transitions.num_envs >= len;
        let rest = if last { f64::from(transitions.next_values[index]) } else { following[env] };
        following[env] = transitions.rewards[index] + gamma * rest;
        returns[index] = following[env] as f32;
    }
    returns
}

/// The discounted return of each transition's whole episode, or of what the rollout holds of it: the credit of the
/// simplest policy gradient, the same for all its actions.
///
/// ```
/// use vpg::{Transitions, total_returns};
/// let transitions =
///     Transitions { num_envs: 1, rewards: &[1.0, 2.0, 4.0], values: &[0.0; 3], next_values: &[0.0; 3], ended: &[false, true, true] };
/// assert_eq!(total_returns(&transitions, 0.5), [2.0, 2.0, 4.0]);
/// ```
pub fn total_returns(transitions: &Transitions<'_>, gamma: f64) -> Vec<f32> {
    let mut returns = rewards_to_go(transitions, gamma);
    for index in transitions.num_envs..returns.len() {
        let before = index - transitions.num_envs;
        if !transitions.ended[before] {
            returns[index] = returns[before];
        }
    }
    returns
}

/// Shifts and scales to mean 0 and standard deviation 1; all-equal values become 0. An unbiased standard deviation divides
/// by n - 1. `sum` puts the sums over all processes in place of its numbers: mean and deviation are those of all their
/// values.
///
/// ```
/// let mut advantages = [1.0, 2.0, 3.0];
/// vpg::normalize(&mut advantages, true, |_| ()); // one process: its sums are those of all
/// assert_eq!(advantages, [-1.0, 0.0, 1.0]);
/// ```
pub fn normalize(values: &mut [f32], unbiased: bool, sum: impl Fn(&mut [f64])) {
    let mut sums = [values.len() as f64, values.iter().map(|&x| f64::from(x)).sum()];
    sum(&mut sums);
    let n = sums[0].max(1.0);
    let mean = sums[1] / n;
    let mut squares = [values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>()];
    sum(&mut squares);
    let variance = squares[0] / if unbiased { (n - 1.0).max(1.0) } else { n };
    rescale(values.iter_mut(), mean, variance.sqrt());
}

/// Brings each episode's values to mean 0 and standard deviation 1. `ended` tells the last step of each; an unbiased standard deviation divides by
/// n - 1. An episode of one step, or of equal values, becomes 0.
pub fn normalize_episodes(values: &mut [f32], ended: &[bool], num_envs: usize, unbiased: bool) {
    for env in 0..num_envs {
        let mut first = env;
        for index in (env..values.len()).step_by(num_envs) {
            if ended[index] || index + num_envs >= values.len() {
                let episode = &mut values[first..=index];
                let (mean, std) = mean_and_std(episode.iter().copied().step_by(num_envs), unbiased);
                rescale(episode.iter_mut().step_by(num_envs), mean, std);
                first = index + num_envs;
            }
        }
    }
}

/// Mean and standard deviation; unbiased it divides by n - 1.
pub fn mean_and_std(values: impl ExactSizeIterator<Item = f32> + Clone, unbiased: bool) -> (f64, f64) {
    let count = values.len();
    let n = count.max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let squares = values.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>();
    let divisor = if unbiased { count.saturating_sub(1).max(1) as f64 } else { n };
    (mean, (squares / divisor).sqrt())
}

fn rescale<'a>(values: impl Iterator<Item = &'a mut f32>, mean: f64, std: f64) {
    let scale = 1.0 / (std + 1e-8);
    for value in values {
        *value = ((f64::from(*value) - mean) * scale) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::rollout::{ActionRows, Columns, Outcome, Rollout};

    const GAMMA: f64 = 0.5;
    const LAMBDA: f64 = 0.5;

    /// One environment, three steps of reward 1, every value 8, the values after the last step and after a time-out
    /// 16 and 32; the episode ends as told at the steps told.
    fn advantages(terminated: [bool; 3], truncated: [bool; 3]) -> (Vec<f32>, Vec<f32>) {
        let actions = ActionRows::Discrete(vec![0]);
        let mut rollout = Rollout::<f32>::new(3, 1, 1, &actions);
        let mut columns = Columns::new(1, &actions);
        for t in 0..3 {
            columns.record(Outcome {
                actions: &actions,
                rewards: &[1.0],
                terminated: &terminated[t..=t],
                truncated: &truncated[t..=t],
                lost_life: &[false],
                final_observations: &[0.0],
            });
        }
        rollout.put(0, &columns);
        let cut_off_values = vec![32.0; rollout.cut_off.indices.len()];
        let (next_values, ended) = next_values(&rollout, &[8.0, 8.0, 8.0, 16.0], &cut_off_values, (false, false));
        let transitions = Transitions {
            num_envs: 1,
            rewards: &rollout.rewards,
            values: &[8.0; 3],
            next_values: &next_values,
            ended: &ended,
        };
        (gae(&transitions, GAMMA, LAMBDA), rewards_to_go(&transitions, GAMMA))
    }

    const NEVER: [bool; 3] = [false; 3];
    const SECOND: [bool; 3] = [false, true, false];
    const LAST: [bool; 3] = [false, false, true];

    #[test]
    fn a_cut_off_goes_on_with_the_next_value() {
        // deltas: 1 + 4 - 8 = -3, -3, 1 + 8 - 8 = 1
        let expected = (vec![-3.0 + 0.25 * (-3.0 + 0.25), -3.0 + 0.25, 1.0], vec![3.75, 5.5, 9.0]);
        assert_eq!(advantages(NEVER, NEVER), expected);
    }

    #[test]
    fn a_death_is_worth_nothing_more() {
        // deltas: -3, 1 - 8 = -7, 1
        assert_eq!(advantages(SECOND, NEVER), (vec![-3.0 - 0.25 * 7.0, -7.0, 1.0], vec![1.5, 1.0, 9.0]));
    }

    #[test]
    fn a_time_out_goes_on_with_the_value_of_its_own_last_observation() {
        // deltas: -3, 1 + 16 - 8 = 9, 1
        assert_eq!(advantages(NEVER, SECOND), (vec![-3.0 + 0.25 * 9.0, 9.0, 1.0], vec![9.5, 17.0, 9.0]));
    }

    #[test]
    fn a_death_on_the_last_step_of_an_epoch_is_a_death() {
        let (advantages, returns) = advantages(LAST, NEVER);
        assert_eq!((advantages[2], returns[2]), (-7.0, 1.0));
    }

    #[test]
    fn a_death_at_the_time_limit_is_a_death() {
        assert_eq!(advantages(LAST, LAST), advantages(LAST, NEVER));
    }

    #[test]
    fn a_point_ends_its_return_where_that_is_asked_for() {
        let actions = ActionRows::Discrete(vec![0]);
        let mut rollout = Rollout::<f32>::new(2, 1, 1, &actions);
        rollout.rewards = vec![-1.0, 0.0];
        let values = [8.0, 8.0, 16.0];
        assert_eq!(next_values(&rollout, &values, &[], (true, false)), (vec![0.0, 16.0], vec![true, false]));
        assert_eq!(next_values(&rollout, &values, &[], (false, true)), (vec![8.0, 16.0], vec![false, false]));
    }

    #[test]
    fn a_life_ends_its_return_where_that_is_asked_for_but_not_one_of_the_episode_after_a_time_out() {
        let mut rollout = Rollout::<f32>::new(3, 1, 1, &ActionRows::Discrete(vec![0]));
        (rollout.lost_life, rollout.truncated) = (vec![true, true, false], vec![false, true, false]);
        (rollout.cut_off.indices, rollout.cut_off.observations) = (vec![1], vec![0.0]);
        let ends = |lives| next_values(&rollout, &[8.0, 8.0, 8.0, 16.0], &[32.0], (false, lives));
        assert_eq!(ends(true), (vec![0.0, 32.0, 16.0], vec![true, true, false]));
        assert_eq!(ends(false), (vec![8.0, 32.0, 16.0], vec![false, true, false]));
    }

    #[test]
    fn environments_do_not_mix() {
        let transitions = Transitions {
            num_envs: 2,
            rewards: &[1.0, 10.0, 2.0, 20.0],
            values: &[0.0; 4],
            next_values: &[0.0; 4],
            ended: &[false, false, true, true],
        };
        assert_eq!(rewards_to_go(&transitions, 0.5), [2.0, 20.0, 2.0, 20.0]);
        assert_eq!(gae(&transitions, 0.5, 1.0), [2.0, 20.0, 2.0, 20.0]);
    }

    #[test]
    fn total_returns_of_several_environments_do_not_mix() {
        let transitions = Transitions {
            num_envs: 2,
            rewards: &[1.0, 10.0, 2.0, 20.0],
            values: &[0.0; 4],
            next_values: &[0.0, 0.0, 4.0, 0.0],
            ended: &[false, true, false, true],
        };
        // Environment 0 goes on after the rollout with a value of 4; environment 1 has two episodes.
        assert_eq!(total_returns(&transitions, 0.5), [3.0, 10.0, 3.0, 20.0]);
    }

    #[test]
    fn episodes_are_normalized_each_on_its_own() {
        // Environment 0: 1, 3 | 5; environment 1: 10, 10, 40.
        let ended = [false, false, true, false, false, false];
        let mut values = [1.0, 10.0, 3.0, 10.0, 5.0, 40.0];
        normalize_episodes(&mut values, &ended, 2, false);
        let half = 0.5f32.sqrt();
        let expected = [-1.0, -half, 1.0, -half, 0.0, 2.0 * half];
        assert!(values.iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-6), "{values:?}");
    }

    #[test]
    fn the_unbiased_deviation_divides_by_one_less() {
        let values = [1.0f32, 3.0];
        assert_eq!(mean_and_std(values.iter().copied(), false), (2.0, 1.0));
        assert_eq!(mean_and_std(values.iter().copied(), true), (2.0, 2f64.sqrt()));
        let mut one = [7.0];
        normalize_episodes(&mut one, &[true], 1, true);
        assert_eq!(one, [0.0]);
        let mut values = values;
        normalize(&mut values, true, |_| {});
        assert!((values[1] - 0.5f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn equal_advantages_normalize_to_zero() {
        let mut values = [3.0; 4];
        normalize(&mut values, false, |_| {});
        assert_eq!(values, [0.0; 4]);
    }
}
