//! A step of a vector, by its number of environments and of threads. Throughput is in steps of single environments.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use envs::{Actions, Element, NumpyRng, Sample, Seed, VecEnv};
use ndarray::Array2;

/// Random actions for `VECTORS` steps.
enum RandomActions {
    Discrete(Vec<Vec<i64>>),
    Continuous(Vec<Array2<f64>>),
}

const VECTORS: usize = 64;

impl RandomActions {
    fn new<T: Element>(envs: &VecEnv<T>) -> Self {
        let mut rng = NumpyRng::new(&Seed::from(1));
        let mut sample = || envs.action_space().sample(&mut rng);
        let (n, size) = (envs.num_envs(), envs.action_space().size());
        match sample() {
            Sample::Discrete(_) => {
                let mut discrete = || if let Sample::Discrete(action) = sample() { action } else { 0 };
                Self::Discrete((0..VECTORS).map(|_| (0..n).map(|_| discrete()).collect()).collect())
            }
            Sample::Box(_) => {
                let mut row = || if let Sample::Box(action) = sample() { action } else { vec![] };
                let mut rows = || Array2::from_shape_vec((n, size), (0..n).flat_map(|_| row()).collect());
                Self::Continuous((0..VECTORS).map(|_| rows().expect("n rows")).collect())
            }
        }
    }

    fn of(&self, step: usize) -> Actions<'_> {
        match self {
            Self::Discrete(vectors) => Actions::Discrete(&vectors[step % VECTORS]),
            Self::Continuous(arrays) => Actions::Continuous(arrays[step % VECTORS].view()),
        }
    }
}

fn scale<T: Element>(criterion: &mut Criterion, id: &str, sizes: &[usize]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut group = criterion.benchmark_group(format!("vec_scaling/{id}"));
    for &num_envs in sizes {
        for threads in [1, cores] {
            let mut envs = VecEnv::<T>::make(id, num_envs, threads).expect("a registered id");
            envs.reset(&Seed::from(1)).expect("a reset");
            let actions = RandomActions::new(&envs);
            let mut step = 0;
            group.throughput(Throughput::Elements(num_envs as u64));
            group.bench_function(BenchmarkId::new(format!("{threads} threads"), num_envs), |bencher| {
                bencher.iter(|| {
                    step += 1;
                    envs.step(actions.of(step)).expect("a step");
                });
            });
        }
    }
}

fn vec_scaling(criterion: &mut Criterion) {
    scale::<f32>(criterion, "CartPole-v1", &[1, 8, 64, 1024, 16_384]);
    scale::<f64>(criterion, "InvertedPendulum-v5", &[1, 8, 64, 1024]);
    if cfg!(feature = "atari") {
        scale::<u8>(criterion, "Pong", &[1, 8, 32]);
    }
}

criterion_group!(benches, vec_scaling);
criterion_main!(benches);
