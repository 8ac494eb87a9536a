//! The actions of one step: as the policy chose them, and as the environments take them.

use envs::{Actions, Element, NumpyRng};
use ndarray::ArrayView2;

use crate::collect::{actor::Actor, rollout::ActionRows};

/// The actions of one step of all environments: as the policy chose them, and as the environments take them.
#[derive(Debug)]
pub struct EnvActions {
    /// One generator for each environment.
    pub rngs: Vec<NumpyRng>,
    chosen: ActionRows,
    /// The environment's action for each output of the policy; the output's own number where there is no list.
    list: Option<Vec<i64>>,
    listed: Vec<i64>,
}

impl EnvActions {
    /// For as many environments as there are generators: each draws its actions from one of its own.
    pub fn new(actor: &Actor, rngs: Vec<NumpyRng>, list: Option<Vec<i64>>) -> Self {
        let chosen = actor.action_kind().zeros_like(rngs.len());
        Self { chosen, list, listed: vec![0; rngs.len()], rngs }
    }

    /// Lets `sample` draw an action for each environment from its generator.
    pub fn choose(&mut self, sample: impl FnOnce(&mut [NumpyRng], &mut ActionRows)) {
        sample(&mut self.rngs, &mut self.chosen);
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
