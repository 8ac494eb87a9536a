//! One epoch's learning: `cargo bench -p vpg --bench update`.
//!
//! The observations of Pong are differences with some tens of non-zero cells: as `i8`, which learning takes as sparse rows,
//! and the same numbers as `f32`, which it takes as a dense matrix. CartPole's are four numbers.

use std::rc::Rc;

use criterion::{Criterion, criterion_group, criterion_main};
use envs::{Element, NumpyRng, Seed, Space};
use vpg::{ActionRows, ActorCritic, Config, Group, Learner, Rollout};

const NUM_ENVS: usize = 16;
const STEPS: usize = 256;
const ACTIONS: i64 = 3;

/// A rollout with random actions, rewards and ends, of these observations.
fn rollout<T: Element>(observation_len: usize, observations: Vec<T>) -> Rollout<T> {
    let mut rng = NumpyRng::new(&Seed::from(2));
    let mut below = |bound: f64| rng.uniform(0.0, bound) as i64;
    let mut rollout = Rollout::new(STEPS, NUM_ENVS, observation_len, &ActionRows::Discrete(vec![]));
    rollout.observations = observations;
    rollout.actions = ActionRows::Discrete((0..rollout.len()).map(|_| below(ACTIONS as f64)).collect());
    rollout.rewards.fill_with(|| below(3.0) as f64 - 1.0);
    rollout.terminated.fill_with(|| below(100.0) == 0);
    rollout
}

fn update<T: Element>(criterion: &mut Criterion, name: &str, hidden: &[usize], rollout: &Rollout<T>) {
    tch::set_num_threads(1);
    let mut config = Config::for_env("CartPole-v1").expect("a registered id");
    config.network.hid = hidden.to_vec();
    let mut rng = NumpyRng::new(&Seed::from(1));
    let (shape, actions) = ([rollout.observation_len], Space::discrete(ACTIONS));
    let policy = ActorCritic::new(&shape, &actions, None, &config.architecture(), &mut rng);
    let mut learner = Learner::new(policy, &config, Rc::new(Group::alone()));
    criterion.bench_function(&format!("update/{name}"), |bencher| {
        bencher.iter(|| learner.update(rollout, &config, config.schedule(0, 0.0), &mut |_, _| true))
    });
}

/// Differences with 40 random cells of -1 or 1.
fn differences() -> Vec<i8> {
    const CELLS: usize = 80 * 80;
    let mut rng = NumpyRng::new(&Seed::from(3));
    let mut observations = vec![0; (STEPS + 1) * NUM_ENVS * CELLS];
    for observation in observations.chunks_exact_mut(CELLS) {
        for sign in [1, -1].repeat(20) {
            observation[rng.uniform(0.0, CELLS as f64) as usize] = sign;
        }
    }
    observations
}

fn updates(criterion: &mut Criterion) {
    let sparse = differences();
    let dense = sparse.iter().map(|&cell| f32::from(cell)).collect();
    update(criterion, "Pong, sparse", &[128], &rollout(80 * 80, sparse));
    update(criterion, "Pong, dense", &[128], &rollout(80 * 80, dense));
    let states = (0..(STEPS + 1) * NUM_ENVS * 4).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect();
    update(criterion, "CartPole", &[64, 64], &rollout(4, states));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = updates
}
criterion_main!(benches);
