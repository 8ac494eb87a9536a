//! The cross-entropy method on CartPole: draw policies, let each balance a pole, fit the distribution to the best ones.
//!
//! ```text
//! cargo run -p envs --example cross_entropy
//! ```
//!
//! After R. Rubinstein, *The Cross-Entropy Method for Combinatorial and Continuous Optimization* (1999). No
//! gradient, no libtorch: a policy is four weights.

use std::{
    error::Error,
    io::{Write, stdout},
};

use envs::{Actions, NumpyRng, Seed, VecEnv};

/// Policies of a generation; environment i plays policy i.
const POPULATION: usize = 64;
/// The best of them, from which the next generation is drawn.
const ELITE: usize = 8;
const GENERATIONS: u64 = 20;

type Policy = [f64; 4];

fn main() -> Result<(), Box<dyn Error>> {
    let solved_at = envs::spec("CartPole-v1")?.reward_threshold.ok_or("CartPole-v1 has no threshold")?;
    let mut envs = VecEnv::<f32>::make("CartPole-v1", POPULATION, 0)?;
    let mut rng = NumpyRng::new(&Seed::from(1));
    let (mut center, mut spread) = ([0.0; 4], [1.0; 4]);
    for generation in 0..GENERATIONS {
        let mut draw = || std::array::from_fn(|k| center[k] + spread[k] * rng.standard_normal());
        let policies: Vec<Policy> = (0..POPULATION).map(|_| draw()).collect();
        // Starts that no generation has seen: environment i is reset with seed + i.
        let returns = play(&mut envs, &policies, generation * POPULATION as u64)?;
        (center, spread) = fit(&best(&policies, &returns));
        let _ = writeln!(stdout(), "generation {generation:2}: mean return {:5.1}", mean(&returns)); // nobody may be reading
        if mean(&returns) >= solved_at {
            break;
        }
    }
    let returns = play(&mut envs, &[center; POPULATION], 1_000_000)?;
    let _ = writeln!(stdout(), "the mean policy, {POPULATION} new episodes: {:.1}", mean(&returns)); // nobody may be reading
    if mean(&returns) < solved_at {
        return Err(format!("CartPole-v1 is solved at a mean return of {solved_at}").into());
    }
    Ok(())
}

/// The return of one episode of each policy.
fn play(envs: &mut VecEnv<f32>, policies: &[Policy], seed: u64) -> Result<Vec<f64>, envs::Error> {
    envs.reset(&Seed::from(seed))?;
    let mut returns = vec![None; policies.len()];
    while returns.contains(&None) {
        let observations = envs.observations();
        let actions: Vec<i64> =
            observations.outer_iter().zip(policies).map(|(row, policy)| push(row.iter().copied(), policy)).collect();
        envs.step(Actions::Discrete(&actions))?;
        // An environment whose episode ended is already in its next one: only the first counts.
        for (first, episode) in returns.iter_mut().zip(envs.episodes()) {
            *first = first.or(episode.map(|episode| episode.episode_return));
        }
    }
    Ok(returns.into_iter().flatten().collect())
}

/// 1, a push to the right, where the weighted sum of the observation is positive; 0, one to the left, elsewhere.
fn push(observation: impl Iterator<Item = f32>, policy: &Policy) -> i64 {
    let sum: f64 = observation.zip(policy).map(|(x, weight)| f64::from(x) * weight).sum();
    i64::from(sum > 0.0)
}

/// The policies with the highest returns.
fn best(policies: &[Policy], returns: &[f64]) -> Vec<Policy> {
    let mut order: Vec<usize> = (0..policies.len()).collect();
    order.sort_by(|&a, &b| returns[b].total_cmp(&returns[a]));
    order[..ELITE].iter().map(|&i| policies[i]).collect()
}

/// Mean and standard deviation of each weight.
fn fit(policies: &[Policy]) -> (Policy, Policy) {
    let each = |k: usize, f: &dyn Fn(f64) -> f64| mean(&policies.iter().map(|policy| f(policy[k])).collect::<Vec<_>>());
    let center: Policy = std::array::from_fn(|k| each(k, &|weight| weight));
    let spread = std::array::from_fn(|k| each(k, &|weight| (weight - center[k]).powi(2)).sqrt());
    (center, spread)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_solves_cartpole() {
        super::main().unwrap();
    }
}
