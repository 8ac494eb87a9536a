//! Collecting: the environments step, the policy as it is now chooses, the rollout fills.

use envs::{Actions, Element, Error, NumpyRng, VecEnv};
use ndarray::ArrayView2;

use crate::{
    actor::{Actor, action_rngs},
    profile::{Profile, timed},
    rollout::{ActionRows, Outcome, Rollout},
    statistics::EpisodeWindow,
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
    /// For these environments; each draws its actions from a generator of its own.
    pub fn new<T: Element>(actor: &Actor, env: &VecEnv<T>, list: Option<Vec<i64>>, seed: u64) -> Self {
        let num_envs = env.num_envs();
        let chosen = actor.action_kind().zeros_like(num_envs);
        Self { rngs: action_rngs(seed, num_envs), chosen, list, listed: vec![0; num_envs] }
    }

    /// Draws from the policy, one action for each row of observations.
    pub fn choose<T: Element>(&mut self, actor: &mut Actor, observations: &[T]) {
        actor.sample(observations, &mut self.rngs, &mut self.chosen);
    }

    /// Takes the policy's most likely action for each row of observations.
    pub fn choose_greedily<T: Element>(&mut self, actor: &mut Actor, observations: &[T]) {
        actor.greedy(observations, self.rngs.len(), &mut self.chosen);
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

/// The environments with what acting in them needs.
pub struct Collector<T: Element> {
    env: VecEnv<T>,
    actions: EnvActions,
}

impl<T: Element> Collector<T> {
    /// Resets all environments and gives the rollout that begins there.
    ///
    /// # Errors
    /// Those of the environments' reset.
    pub fn start(
        mut env: VecEnv<T>,
        actor: &Actor,
        config: &crate::config::Config,
    ) -> Result<(Self, Rollout<T>), Error> {
        let actions = EnvActions::new(actor, &env, config.actions.clone(), config.seed);
        let (num_envs, len) = (env.num_envs(), env.observation_space().size());
        let mut rollout = Rollout::new(config.rollout_steps(), num_envs, len, &actions.chosen);
        env.reset_into(&config.seed.into(), &mut rollout.observations[..num_envs * len])?;
        Ok((Self { env, actions }, rollout))
    }

    /// The generators of the actions, and the environments' states.
    ///
    /// # Errors
    /// Those of the environments.
    pub fn save(&self) -> Result<(Vec<NumpyRng>, Vec<u8>), Error> {
        let mut state = Vec::new();
        self.env.save(&mut state)?;
        Ok((self.actions.rngs.clone(), state))
    }

    /// Takes what `save` gave for the same config.
    ///
    /// # Errors
    /// Where it is none.
    pub fn restore(&mut self, rngs: Vec<NumpyRng>, mut envs: &[u8]) -> Result<(), Error> {
        if rngs.len() != self.actions.rngs.len() {
            return Err(Error::BadState { reason: "it is of another number of environments".into() });
        }
        self.env.restore(&mut envs)?;
        self.actions.rngs = rngs;
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
        episodes: &mut EpisodeWindow,
        profile: &mut Profile,
    ) -> Result<(), Error> {
        for t in 0..rollout.steps {
            let (observations, next_observations) = rollout.step_rows(t);
            timed(&mut profile.act, || self.actions.choose(actor, observations));
            timed(&mut profile.step, || self.env.step_into(self.actions.for_env(), next_observations))?;
            for episode in self.env.episodes().iter().flatten() {
                episodes.push(episode, t + 1);
            }
            let outcome = Outcome {
                actions: &self.actions.chosen,
                rewards: self.env.rewards(),
                terminated: self.env.terminated(),
                truncated: self.env.truncated(),
                final_observations: self.env.final_observations().to_slice().unwrap_or_default(),
            };
            rollout.record(t, outcome);
        }
        Ok(())
    }
}
