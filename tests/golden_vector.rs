//! A vector equals Gymnasium's SyncVectorEnv in all three autoreset modes, with every way to give seeds.

use envs::{Actions, Autoreset, CartPole, Element, Error, Seed, Seeds, VecEnv};
use ndarray::ArrayView2;
use replay::{Comparison, Exact, Recording, finish, recordings};

const STEP: u8 = 0;
const SEEDED_RESET: u8 = 1;
const SEED_LIST_RESET: u8 = 2;
const RESET: u8 = 3;
const MASKED_RESET: u8 = 4;
const REFUSED_STEP: u8 = 5;

#[test]
fn cart_poles_step_reset_and_refuse_as_gymnasiums_vector_does() {
    finish(of("CartPole-v1").flat_map(|recording| both_ways::<f32>(&recording)));
}

#[test]
fn pendulums_step_reset_and_refuse_as_gymnasiums_vector_does() {
    finish(of("InvertedPendulum-v5").flat_map(|recording| both_ways::<f64>(&recording)));
}

#[test]
fn cart_poles_of_one_generator_equal_gymnasiums_own_vector() {
    finish(recordings("vector-one-generator").iter().map(|recording| {
        let num_envs = recording.header["num_envs"].as_u64().unwrap() as usize;
        replay(recording, CartPole::new().vector_of_one_generator(num_envs, 25).unwrap())
    }));
}

fn of(env: &str) -> impl Iterator<Item = Recording> {
    recordings("vector").into_iter().filter(move |recording| recording.env() == env)
}

/// As a vector of an id, and as a vector of environments made one by one.
fn both_ways<T: Element + Exact>(recording: &Recording) -> [Comparison; 2] {
    let limit = recording.kwargs()["max_episode_steps"].as_u64().unwrap();
    let id = format!("{}-of-{limit}-steps", recording.env());
    let mut spec = envs::spec(recording.env()).unwrap().with_limits(limit, 0.0);
    spec.id = id.clone();
    envs::register(spec.clone());
    let num_envs = recording.header["num_envs"].as_u64().unwrap() as usize;
    let singles = (0..num_envs).map(|_| spec.make().unwrap().typed().unwrap()).collect();
    [VecEnv::<T>::make(&id, num_envs, 1).unwrap(), VecEnv::new(singles, 2).unwrap()].map(|envs| replay(recording, envs))
}

fn replay<T: Element + Exact>(recording: &Recording, envs: VecEnv<T>) -> Comparison {
    let mode = match recording.header["mode"].as_str() {
        Some("same-step") => Autoreset::SameStep,
        Some("next-step") => Autoreset::NextStep,
        Some("disabled") => Autoreset::Disabled,
        other => panic!("no such mode: {other:?}"),
    };
    let mut envs = envs.with_autoreset(mode);
    let num_envs = envs.num_envs();
    let theirs = Columns::<T>::of(recording);
    let mut seeds = recording.seeds().into_iter();
    let mut comparison = Comparison::new(&recording.case);
    for (row, kind) in recording.column::<u8>("kind").into_iter().enumerate() {
        comparison.row();
        let result = match kind {
            STEP => theirs.step(&mut envs, row),
            SEEDED_RESET => envs.reset(&seeds.next().unwrap()),
            SEED_LIST_RESET => {
                let seeds: Vec<Seed> = seeds.by_ref().take(num_envs).collect();
                envs.reset_where(&vec![true; num_envs], Seeds::Each(&seeds))
            }
            RESET => envs.reset_where(&vec![true; num_envs], Seeds::Continue),
            MASKED_RESET => {
                let ended: Vec<bool> = envs.terminated().iter().zip(envs.truncated()).map(|(a, b)| a | b).collect();
                assert!(ended.contains(&true));
                envs.reset_where(&ended, Seeds::Continue)
            }
            REFUSED_STEP => match theirs.step(&mut envs, row) {
                Err(Error::InVector { source, .. }) if *source == Error::EpisodeEnded => continue,
                other => panic!("the step must be refused: {other:?}"),
            },
            other => panic!("unknown kind of row {other}"),
        };
        result.unwrap();
        // A masked reset keeps the others' rewards here; Gymnasium returns none.
        theirs.compare(&mut comparison, &envs, row, kind != MASKED_RESET);
    }
    comparison
}

/// The recorded calls and answers, each with one entry an environment.
struct Columns<T> {
    discrete: bool,
    actions: Vec<f64>,
    observations: Vec<T>,
    rewards: Vec<f64>,
    terminated: Vec<u8>,
    truncated: Vec<u8>,
    has_final: Vec<u8>,
    final_observations: Vec<T>,
}

impl<T: Element + Exact> Columns<T> {
    fn of(recording: &Recording) -> Self {
        let discrete = recording.env().starts_with("CartPole");
        let small = |column: Vec<u8>| column.into_iter().map(f64::from).collect();
        Self {
            discrete,
            actions: if discrete { small(recording.column("action")) } else { recording.column("action") },
            observations: recording.column("obs"),
            rewards: recording.column("reward"),
            terminated: recording.column("terminated"),
            truncated: recording.column("truncated"),
            has_final: recording.column("has_final"),
            final_observations: recording.column("final_obs"),
        }
    }

    fn step(&self, envs: &mut VecEnv<T>, row: usize) -> Result<(), Error> {
        let num_envs = envs.num_envs();
        let actions = &self.actions[row * num_envs..][..num_envs];
        if self.discrete {
            let actions: Vec<i64> = actions.iter().map(|action| *action as i64).collect();
            return envs.step(Actions::Discrete(&actions));
        }
        envs.step(Actions::Continuous(ArrayView2::from_shape((num_envs, 1), actions).unwrap()))
    }

    fn compare(&self, comparison: &mut Comparison, envs: &VecEnv<T>, row: usize, with_rewards: bool) {
        let (num_envs, size) = (envs.num_envs(), envs.observation_space().size());
        let ours = envs.observations();
        comparison.all_equal(
            "observations",
            ours.as_slice().unwrap(),
            &self.observations[row * num_envs * size..][..num_envs * size],
        );
        let ours_final = envs.final_observations();
        for i in 0..num_envs {
            let at = row * num_envs + i;
            if with_rewards {
                comparison.equal("reward", envs.rewards()[i], self.rewards[at]);
                comparison.equal("terminated", envs.terminated()[i].into(), self.terminated[at]);
                comparison.equal("truncated", envs.truncated()[i].into(), self.truncated[at]);
            }
            if self.has_final[at] == 1 {
                let (ours, theirs) = (ours_final.as_slice().unwrap(), &self.final_observations[at * size..][..size]);
                comparison.all_equal("final observation", &ours[i * size..][..size], theirs);
            }
        }
    }
}
