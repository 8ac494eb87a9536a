//! Collecting: the environments step, the policy as it is now chooses, the rollout fills.

pub mod actions;
pub mod actor;
pub mod environment;
pub mod episodes;
pub mod lives;
pub mod rollout;

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Instant,
};

use envs::{Element, EpisodeStats, Error, NumpyRng, Seed, VecEnv};
use serde::{Deserialize, Serialize};

use crate::{
    collect::actions::EnvActions,
    collect::actor::{Actor, action_rngs},
    collect::episodes::{Quota, WholeEpisodes},
    collect::lives::Lives,
    collect::rollout::{ActionRows, Collected, Columns, Outcome, Rollout},
    config::Config,
    interrupt::Watch,
    profile::{Profile, timed},
};

/// What a watch is told meanwhile.
const COLLECTING: &str = "collecting";

/// One environment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvState {
    /// As `VecEnv::save_env` gives it.
    pub env: Vec<u8>,
    /// The observation the next epoch begins with, in memory order.
    pub observation: Vec<u8>,
    /// The generator of its actions.
    pub action_rng: NumpyRng,
    /// The lives left after the last step.
    pub lives: u32,
}

/// The environments with what acting in them needs, and the rollout that they fill.
pub struct Collector<T: Element> {
    /// One, where epochs consist of whole episodes or libtorch acts; otherwise one for each thread.
    shards: Vec<Shard<T>>,
    /// What the environments show now: the next epoch begins with it.
    now: Vec<T>,
    rollout: Rollout<T>,
    /// Where epochs consist of whole episodes.
    whole: Option<WholeEpisodes<T>>,
    /// The number of the first environment among all of the run.
    first: usize,
}

/// Consecutive environments, which one thread steps and acts in.
struct Shard<T: Element> {
    /// The index of the first one.
    first: usize,
    env: VecEnv<T>,
    actions: EnvActions,
    lives: Lives,
    columns: Columns<T>,
    /// The episodes that ended in this epoch, and the step (from 1) at which each did.
    ended: Vec<(usize, EpisodeStats)>,
}

impl<T: Element> Collector<T> {
    /// Resets all environments, which are `share` of the run's.
    ///
    /// # Errors
    /// Those of the environments' reset.
    pub fn start(env: VecEnv<T>, actor: &Actor, config: &Config, share: Range<usize>) -> Result<Self, Error> {
        let (num_envs, len) = (env.num_envs(), env.observation_space().size());
        let quota =
            config.budget.episodes_per_epoch.map_or(Quota::Steps(config.budget.steps_per_epoch), Quota::Episodes);
        let kind = actor.action_kind();
        let whole = config.has_whole_episodes().then(|| WholeEpisodes::new(quota, num_envs, len, &kind));
        let parts = if whole.is_none() && actor.to_plain(0).is_some() { env.split() } else { vec![env] };
        let (mut now, mut shards) = (vec![T::default(); num_envs * len], Vec::new());
        for mut env in parts {
            let first = shards.last().map_or(0, |shard: &Shard<T>| shard.first + shard.env.num_envs());
            let mine = share.start + first..share.start + first + env.num_envs();
            let seed = Seed::from(config.seed).offset(mine.start as u64);
            env.reset_into(&seed, &mut now[first * len..(first + env.num_envs()) * len])?;
            let columns = Columns::new(env.num_envs(), &kind);
            let actions = EnvActions::new(actor, action_rngs(config.seed, mine), config.environment.actions.clone());
            let lives = Lives::new(env.num_envs());
            shards.push(Shard { first, env, actions, lives, columns, ended: Vec::new() });
        }
        let rollout = Rollout::new(0, if whole.is_some() { 1 } else { num_envs }, len, &kind);
        Ok(Self { shards, now, rollout, whole, first: share.start })
    }

    fn num_envs(&self) -> usize {
        self.now.len() / self.rollout.observation_len
    }

    /// What the last epoch gave.
    pub fn rollout(&self) -> &Rollout<T> {
        &self.rollout
    }

    /// The environments' states, and what they show now.
    ///
    /// # Errors
    /// Those of the environments, such as that they cannot be saved.
    pub fn save(&self) -> Result<Vec<EnvState>, Error> {
        let envs = self.shards.iter().flat_map(|shard| (0..shard.env.num_envs()).map(move |i| (shard, i)));
        let state = |((shard, index), row): ((&Shard<T>, usize), &[T])| {
            let mut env = Vec::new();
            shard.env.save_env(index, &mut env)?;
            let observation = bytemuck::cast_slice(row).to_vec();
            let (action_rng, lives) = (shard.actions.rngs[index].clone(), shard.lives.left[index]);
            Ok(EnvState { env, observation, action_rng, lives })
        };
        envs.zip(self.now.chunks_exact(self.rollout.observation_len)).map(state).collect()
    }

    /// Takes what `save` gave for environments made alike.
    ///
    /// # Errors
    /// [`Error::BadState`] where it is of other environments.
    pub fn restore(&mut self, states: &[EnvState]) -> Result<(), Error> {
        let bad = |reason: &str| Error::BadState { reason: reason.into() };
        if states.len() != self.num_envs() {
            return Err(bad("it is of another number of environments"));
        }
        let mut rows = self.now.chunks_exact_mut(self.rollout.observation_len).zip(states);
        for Shard { env, actions, lives, .. } in &mut self.shards {
            for (index, (rng, (row, state))) in actions.rngs.iter_mut().zip(rows.by_ref()).enumerate() {
                env.restore_env(index, &mut state.env.as_slice())?;
                let row: &mut [u8] = bytemuck::cast_slice_mut(row);
                if row.len() != state.observation.len() {
                    return Err(bad("its observations have another length"));
                }
                row.copy_from_slice(&state.observation);
                *rng = state.action_rng.clone();
                lives.left[index] = state.lives;
            }
        }
        Ok(())
    }

    /// Fills the rollout with an epoch of the policy that `actor` is a copy of: `steps` steps of each environment, or
    /// whole episodes. None where `watch` gave it up: the environments then stand anywhere.
    ///
    /// # Errors
    /// Those of the environments' step.
    pub fn collect(
        &mut self,
        actor: &mut Actor,
        steps: usize,
        profile: &mut Profile,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Collected>, Error> {
        let began = Instant::now();
        let Self { shards, now, rollout, whole, first } = self;
        actor.lean.first = *first;
        rollout.lean = actor.lean;
        let collected = match (whole, &mut shards[..]) {
            (Some(whole), [shard, ..]) => {
                let envs = (&mut shard.env, &mut shard.actions, &mut shard.lives, actor);
                whole.collect(envs, now, rollout, (profile, watch))
            }
            _ => collect_steps(shards, actor, now, rollout, (steps, profile, watch)),
        }?;
        let steps = collected.as_ref().map_or(0, |collected| collected.steps);
        profile.env_steps += (steps * self.num_envs()) as u64;
        profile.collect += began.elapsed();
        Ok(collected)
    }
}

/// Fills the rollout with `steps` steps of each environment, whose episodes go on in the next epoch. Every shard but the
/// first has a thread to itself, which waits for no other until the epoch's end.
fn collect_steps<T: Element>(
    shards: &mut [Shard<T>],
    actor: &mut Actor,
    now: &mut [T],
    rollout: &mut Rollout<T>,
    (steps, profile, watch): (usize, &mut Profile, &mut Watch<'_>),
) -> Result<Option<Collected>, Error> {
    rollout.begin(steps, now);
    let sizes: Vec<usize> = shards.iter().map(|shard| shard.env.num_envs()).collect();
    let mut columns = rollout.observation_columns(&sizes).into_iter();
    let given_up = AtomicBool::new(false);
    let mut results = vec![Ok(()); shards.len()];
    let [(first, first_result), others @ ..] = &mut shards.iter_mut().zip(&mut results).collect::<Vec<_>>()[..] else {
        return Ok(None);
    };
    rayon::in_place_scope(|scope| {
        let first_rows = columns.next().unwrap_or_default();
        for ((shard, result), rows) in others.iter_mut().zip(columns) {
            let mut actor = actor.to_plain(shard.first).expect("only linear layers have several shards");
            let given_up = &given_up;
            scope.spawn(move |_| {
                let sample =
                    |rows: &[T], rngs: &mut [NumpyRng], chosen: &mut ActionRows| actor.sample(rows, rngs, chosen);
                **result = shard.collect(rows, sample, &mut Profile::default(), &mut |_, _| !given_up.load(Relaxed));
            });
        }
        **first_result = first.collect(
            first_rows,
            |rows, rngs, chosen| actor.sample(rows, rngs, chosen),
            profile,
            &mut |what, share| {
                let goes_on = watch(what, share);
                given_up.fetch_or(!goes_on, Relaxed);
                goes_on
            },
        );
    });
    results.into_iter().collect::<Result<(), _>>()?;
    if given_up.load(Relaxed) {
        return Ok(None);
    }
    let mut ended = Vec::new();
    for shard in shards {
        rollout.put(shard.first, &shard.columns);
        ended.append(&mut shard.ended);
    }
    ended.sort_by_key(|(step, _)| *step);
    now.copy_from_slice(rollout.last_row());
    Ok(Some(Collected { steps, ended }))
}

impl<T: Element> Shard<T> {
    /// Steps through the rows, of which the first is what the environments show now, and writes the others.
    fn collect(
        &mut self,
        mut rows: Vec<&mut [T]>,
        mut sample: impl FnMut(&[T], &mut [NumpyRng], &mut ActionRows),
        profile: &mut Profile,
        watch: &mut Watch<'_>,
    ) -> Result<(), Error> {
        let Self { first, env, actions, lives, columns, ended } = self;
        columns.clear();
        ended.clear();
        let steps = rows.len() - 1;
        for t in 0..steps {
            if !watch(COLLECTING, t as f64 / steps as f64) {
                return Ok(());
            }
            let [observations, next_observations] = &mut rows[t..t + 2] else { break };
            timed(&mut profile.act, || actions.choose(|rngs, chosen| sample(observations, rngs, chosen)));
            timed(&mut profile.step, || env.step_into(actions.for_env(), next_observations))
                .map_err(|error| in_all(error, *first))?;
            ended.extend(env.episodes().iter().flatten().map(|episode| (t + 1, *episode)));
            columns.record(Outcome {
                actions: actions.chosen(),
                rewards: env.rewards(),
                terminated: env.terminated(),
                truncated: env.truncated(),
                lost_life: lives.lost(env.infos()),
                final_observations: env.final_observations().to_slice().unwrap_or_default(),
            });
        }
        Ok(())
    }
}

/// A shard's error, whose first environment is `first` of all.
fn in_all(error: Error, first: usize) -> Error {
    match error {
        Error::InVector { index, source } => Error::InVector { index: first + index, source },
        Error::Panicked { index, message } => Error::Panicked { index: first + index, message },
        error => error,
    }
}
