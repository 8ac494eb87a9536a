//! Collecting: the environments step, the policy as it is now chooses, the rollout fills.

pub mod actor;
pub mod environment;
pub mod episodes;
pub mod rollout;

use std::{ops::Range, time::Instant};

use envs::{Actions, Element, EpisodeStats, Error, NumpyRng, Seed, VecEnv};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::{
    collect::actor::{Actor, action_rngs},
    collect::episodes::{Quota, WholeEpisodes},
    collect::rollout::{ActionRows, Outcome, Rollout},
    config::Config,
    profile::{Profile, timed},
};

/// The actions of one step of all environments: as the policy chose them, and as the environments take them.
#[derive(Debug)]
pub struct EnvActions {
    rngs: Vec<NumpyRng>,
    chosen: ActionRows,
    /// The environment's action behind each output of the policy; the output itself where none.
    list: Option<Vec<i64>>,
    listed: Vec<i64>,
}

impl EnvActions {
    /// For as many environments as there are generators: each draws its actions from one of its own.
    pub fn new(actor: &Actor, rngs: Vec<NumpyRng>, list: Option<Vec<i64>>) -> Self {
        let chosen = actor.action_kind().zeros_like(rngs.len());
        Self { chosen, list, listed: vec![0; rngs.len()], rngs }
    }

    /// Draws from the policy, one action for each row of observations.
    pub fn choose<T: Element>(&mut self, actor: &mut Actor, observations: &[T]) {
        actor.sample(observations, &mut self.rngs, &mut self.chosen);
    }

    /// Takes the policy's most likely action for each row of observations.
    pub fn choose_greedily<T: Element>(&mut self, actor: &mut Actor, observations: &[T]) {
        actor.greedy(observations, self.rngs.len(), &mut self.chosen);
    }

    /// What was chosen, as the policy's outputs are numbered.
    pub fn chosen(&self) -> &ActionRows {
        &self.chosen
    }

    /// What was chosen, as the environments take it.
    pub fn for_env(&mut self) -> Actions<'_> {
        match (&self.chosen, &self.list) {
            (ActionRows::Discrete(chosen), None) => Actions::Discrete(chosen),
            (ActionRows::Discrete(chosen), Some(list)) => {
                for (action, &index) in self.listed.iter_mut().zip(chosen) {
                    *action = list[index as usize];
                }
                Actions::Discrete(&self.listed)
            }
            (ActionRows::Continuous { size, values }, _) => {
                let rows = ArrayView2::from_shape((values.len() / size, *size), values);
                Actions::Continuous(rows.expect("one row of `size` numbers for each environment"))
            }
        }
    }
}

/// What an epoch's collecting gave beside the rollout.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The steps of every environment.
    pub steps: usize,
    /// The episodes that ended, and the step (from 1) at which each did.
    pub ended: Vec<(usize, EpisodeStats)>,
}

/// One environment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvState {
    /// As `VecEnv::save_env` gives it.
    pub env: Vec<u8>,
    /// The observation the next epoch begins with, in memory order.
    pub observation: Vec<u8>,
    /// The generator of its actions.
    pub action_rng: NumpyRng,
}

/// The environments with what acting in them needs.
pub struct Collector<T: Element> {
    env: VecEnv<T>,
    actions: EnvActions,
    /// Where epochs consist of whole episodes.
    whole: Option<WholeEpisodes<T>>,
}

impl<T: Element> Collector<T> {
    /// Resets all environments, which are `share` of the run's, and gives the rollout that begins there.
    ///
    /// # Errors
    /// Those of the environments' reset.
    pub fn start(
        mut env: VecEnv<T>,
        actor: &Actor,
        config: &Config,
        share: Range<usize>,
    ) -> Result<(Self, Rollout<T>), Error> {
        let seed = Seed::from(config.seed).offset(share.start as u64);
        let actions = EnvActions::new(actor, action_rngs(config.seed, share), config.actions.clone());
        let (num_envs, len) = (env.num_envs(), env.observation_space().size());
        if config.has_whole_episodes() {
            let mut rows = vec![T::default(); num_envs * len];
            env.reset_into(&seed, &mut rows)?;
            let quota = config.episodes_per_epoch.map_or(Quota::Steps(config.steps_per_epoch), Quota::Episodes);
            let whole = WholeEpisodes::new(quota, rows, num_envs, &actions.chosen);
            let rollout = Rollout::new(0, 1, len, &actions.chosen);
            return Ok((Self { env, actions, whole: Some(whole) }, rollout));
        }
        let mut rollout = Rollout::new(config.rollout_steps(), num_envs, len, &actions.chosen);
        env.reset_into(&seed, &mut rollout.observations[..num_envs * len])?;
        Ok((Self { env, actions, whole: None }, rollout))
    }

    /// The environments' states, and what they show now: the rollout's first row where it is still `empty`, its last row
    /// otherwise.
    ///
    /// # Errors
    /// Those of the environments.
    pub fn save(&self, rollout: &Rollout<T>, empty: bool) -> Result<Vec<EnvState>, Error> {
        let observations = match &self.whole {
            Some(whole) => whole.observations(),
            None if empty => &rollout.observations[..rollout.num_envs * rollout.observation_len],
            None => rollout.last_row(),
        };
        let rows = observations.chunks_exact(rollout.observation_len);
        let state = |(index, row): (usize, &[T])| {
            let mut env = Vec::new();
            self.env.save_env(index, &mut env)?;
            let observation = bytemuck::cast_slice(row).to_vec();
            Ok(EnvState { env, observation, action_rng: self.actions.rngs[index].clone() })
        };
        rows.enumerate().map(state).collect()
    }

    /// Takes what `save` gave for environments made alike; the observations go where the next epoch begins.
    ///
    /// # Errors
    /// Where it is none.
    pub fn restore(&mut self, states: &[EnvState], rollout: &mut Rollout<T>) -> Result<(), Error> {
        let bad = |reason: &str| Error::BadState { reason: reason.into() };
        if states.len() != self.env.num_envs() {
            return Err(bad("it is of another number of environments"));
        }
        let observations = match &mut self.whole {
            Some(whole) => whole.observations_mut(),
            None => &mut rollout.observations,
        };
        let rows = observations.chunks_exact_mut(rollout.observation_len);
        for (index, (state, row)) in states.iter().zip(rows).enumerate() {
            self.env.restore_env(index, &mut state.env.as_slice())?;
            let row: &mut [u8] = bytemuck::cast_slice_mut(row);
            if row.len() != state.observation.len() {
                return Err(bad("its observations have another length"));
            }
            row.copy_from_slice(&state.observation);
            self.actions.rngs[index] = state.action_rng.clone();
        }
        Ok(())
    }

    /// Fills the rollout with steps of the policy that `actor` is a copy of.
    ///
    /// # Errors
    /// Those of the environments' step.
    pub fn collect(
        &mut self,
        actor: &mut Actor,
        rollout: &mut Rollout<T>,
        profile: &mut Profile,
    ) -> Result<Collected, Error> {
        let began = Instant::now();
        let collected = match &mut self.whole {
            Some(whole) => whole.collect(&mut self.env, &mut self.actions, actor, rollout, profile),
            None => self.collect_steps(actor, rollout, profile),
        }?;
        profile.env_steps += (collected.steps * self.env.num_envs()) as u64;
        profile.collect += began.elapsed();
        Ok(collected)
    }

    fn collect_steps(
        &mut self,
        actor: &mut Actor,
        rollout: &mut Rollout<T>,
        profile: &mut Profile,
    ) -> Result<Collected, Error> {
        let mut ended = Vec::new();
        for t in 0..rollout.steps {
            let (observations, next_observations) = rollout.step_rows(t);
            timed(&mut profile.act, || self.actions.choose(actor, observations));
            timed(&mut profile.step, || self.env.step_into(self.actions.for_env(), next_observations))?;
            ended.extend(self.env.episodes().iter().flatten().map(|episode| (t + 1, *episode)));
            let outcome = Outcome {
                actions: &self.actions.chosen,
                rewards: self.env.rewards(),
                terminated: self.env.terminated(),
                truncated: self.env.truncated(),
                final_observations: self.env.final_observations().to_slice().unwrap_or_default(),
            };
            rollout.record(t, outcome);
        }
        Ok(Collected { steps: rollout.steps, ended })
    }
}
