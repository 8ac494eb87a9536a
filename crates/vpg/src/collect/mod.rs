//! Collecting: the environments step, the policy as it is now chooses, the rollout fills.

pub mod actions;
pub mod actor;
pub mod environment;
pub mod episodes;
pub mod rollout;

use std::{ops::Range, time::Instant};

use envs::{Element, Error, NumpyRng, Seed, VecEnv};
use serde::{Deserialize, Serialize};

use crate::{
    collect::actions::EnvActions,
    collect::actor::{Actor, action_rngs},
    collect::episodes::{Quota, WholeEpisodes},
    collect::rollout::{Collected, Outcome, Rollout},
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
}

/// The environments with what acting in them needs, and the rollout that they fill.
pub struct Collector<T: Element> {
    env: VecEnv<T>,
    actions: EnvActions,
    /// What the environments show now: the next epoch begins with it.
    now: Vec<T>,
    rollout: Rollout<T>,
    /// Where epochs consist of whole episodes.
    whole: Option<WholeEpisodes<T>>,
}

impl<T: Element> Collector<T> {
    /// Resets all environments, which are `share` of the run's.
    ///
    /// # Errors
    /// Those of the environments' reset.
    pub fn start(mut env: VecEnv<T>, actor: &Actor, config: &Config, share: Range<usize>) -> Result<Self, Error> {
        let seed = Seed::from(config.seed).offset(share.start as u64);
        let actions = EnvActions::new(actor, action_rngs(config.seed, share), config.environment.actions.clone());
        let (num_envs, len) = (env.num_envs(), env.observation_space().size());
        let mut now = vec![T::default(); num_envs * len];
        env.reset_into(&seed, &mut now)?;
        let quota =
            config.budget.episodes_per_epoch.map_or(Quota::Steps(config.budget.steps_per_epoch), Quota::Episodes);
        let whole = config.has_whole_episodes().then(|| WholeEpisodes::new(quota, num_envs, len, actions.chosen()));
        let columns = if whole.is_some() { 1 } else { num_envs };
        let rollout = Rollout::new(0, columns, len, actions.chosen());
        Ok(Self { env, actions, now, rollout, whole })
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
        let rows = self.now.chunks_exact(self.rollout.observation_len);
        let state = |(index, row): (usize, &[T])| {
            let mut env = Vec::new();
            self.env.save_env(index, &mut env)?;
            let observation = bytemuck::cast_slice(row).to_vec();
            Ok(EnvState { env, observation, action_rng: self.actions.rngs[index].clone() })
        };
        rows.enumerate().map(state).collect()
    }

    /// Takes what `save` gave for environments made alike.
    ///
    /// # Errors
    /// [`Error::BadState`] where it is of other environments.
    pub fn restore(&mut self, states: &[EnvState]) -> Result<(), Error> {
        let bad = |reason: &str| Error::BadState { reason: reason.into() };
        if states.len() != self.env.num_envs() {
            return Err(bad("it is of another number of environments"));
        }
        let rows = self.now.chunks_exact_mut(self.rollout.observation_len);
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
        let Self { env, actions, now, rollout, whole } = self;
        let collected = match whole {
            Some(whole) => whole.collect((env, actions, actor), now, rollout, (profile, watch)),
            None => collect_steps((env, actions, actor), now, rollout, (steps, profile, watch)),
        }?;
        let steps = collected.as_ref().map_or(0, |collected| collected.steps);
        profile.env_steps += (steps * self.env.num_envs()) as u64;
        profile.collect += began.elapsed();
        Ok(collected)
    }
}

/// Fills the rollout with `steps` steps of each environment, whose episodes go on in the next epoch.
fn collect_steps<T: Element>(
    (env, actions, actor): (&mut VecEnv<T>, &mut EnvActions, &mut Actor),
    now: &mut [T],
    rollout: &mut Rollout<T>,
    (steps, profile, watch): (usize, &mut Profile, &mut Watch<'_>),
) -> Result<Option<Collected>, Error> {
    rollout.begin(steps, now);
    let mut ended = Vec::new();
    for t in 0..steps {
        if !watch(COLLECTING, t as f64 / steps as f64) {
            return Ok(None);
        }
        let (observations, next_observations) = rollout.step_rows(t);
        timed(&mut profile.act, || actions.choose(actor, observations));
        timed(&mut profile.step, || env.step_into(actions.for_env(), next_observations))?;
        ended.extend(env.episodes().iter().flatten().map(|episode| (t + 1, *episode)));
        let outcome = Outcome {
            actions: actions.chosen(),
            rewards: env.rewards(),
            terminated: env.terminated(),
            truncated: env.truncated(),
            final_observations: env.final_observations().to_slice().unwrap_or_default(),
        };
        rollout.record(t, outcome);
    }
    now.copy_from_slice(rollout.last_row());
    Ok(Some(Collected { steps, ended }))
}
