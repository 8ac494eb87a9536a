//! A step of one environment, resets at the ends of its episodes included.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use envs::{Action, AnyEnv, BoxEnv, Element, NumpyRng, Sample, Seed, Space};

fn step<T: Element>(criterion: &mut Criterion, id: &str, mut env: BoxEnv<T>) {
    let mut rng = NumpyRng::new(&Seed::from(1));
    let space: Space = env.action_space().clone();
    let actions: Vec<Sample> = (0..1000).map(|_| space.sample(&mut rng)).collect();
    let mut actions = actions.iter().map(Sample::as_action).cycle();
    let mut observation = vec![T::default(); env.observation_space().size()];
    env.reset(Some(&Seed::from(1)), &mut observation).expect("a reset");
    criterion.bench_function(&format!("env_step/{id}"), |bencher| {
        bencher.iter(|| {
            let action = actions.next().unwrap_or(Action::Discrete(0));
            let step = env.step(black_box(action), &mut observation).expect("a step");
            if step.done() {
                env.reset(None, &mut observation).expect("a reset");
            }
            observation[0]
        });
    });
}

fn env_step(criterion: &mut Criterion) {
    let mut ids = vec!["CartPole-v1", "InvertedPendulum-v5"];
    if cfg!(feature = "atari") {
        ids.push("PongNoFrameskip-v4");
    }
    for id in ids {
        match envs::make(id).expect("a registered id") {
            AnyEnv::U8(env) => step(criterion, id, env),
            AnyEnv::I8(env) => step(criterion, id, env),
            AnyEnv::F32(env) => step(criterion, id, env),
            AnyEnv::F64(env) => step(criterion, id, env),
        }
    }
}

criterion_group!(benches, env_step);
criterion_main!(benches);
