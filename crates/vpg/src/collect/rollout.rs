//! The rollout buffer: what one epoch's steps gave, in the order the environments gave it.

use envs::{Element, EpisodeStats};
use tch::{Kind, Tensor};

/// How far the policy leans in each environment to an action of its own: environment `i` to action `i` modulo their number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lean {
    /// What is added to that action's logit.
    pub logit: f32,
    /// The number of the first environment among all of the run.
    pub first: usize,
}

impl Lean {
    /// The same, for the environments from another one on.
    pub fn for_envs_from(self, env: usize) -> Self {
        Self { first: self.first + env, ..self }
    }

    /// What is added to this action's logit in this environment.
    pub fn of(self, env: usize, action: usize, actions: usize) -> f32 {
        if (self.first + env) % actions == action { self.logit } else { 0.0 }
    }
}

/// `steps` steps of `num_envs` environments, step-major: index `t * num_envs + i` is step `t` of environment `i`.
///
/// Observations keep their own type (Pong's differences stay `i8`) and there is one row more of them than of steps:
/// row `t` is what the policy saw at step `t`, row `steps` what it would see next. The vector environment writes them
/// in place.
#[derive(Debug)]
pub struct Rollout<T> {
    /// The number of environments.
    pub num_envs: usize,
    /// The number of steps of each environment.
    pub steps: usize,
    /// The length of one observation.
    pub observation_len: usize,
    /// Observations, `(steps + 1, num_envs, observation_len)`.
    pub observations: Vec<T>,
    /// Actions, `(steps, num_envs)` or `(steps, num_envs, action size)`.
    pub actions: ActionRows,
    /// Rewards, `(steps, num_envs)`.
    pub rewards: Vec<f64>,
    /// Whether the task ended at this step, `(steps, num_envs)`.
    pub terminated: Vec<bool>,
    /// Whether a time limit cut the episode off at this step, `(steps, num_envs)`.
    pub truncated: Vec<bool>,
    /// Whether this step cost a life, `(steps, num_envs)`.
    pub lost_life: Vec<bool>,
    /// The last observation of each episode that was cut off, and the index of the step that did it.
    pub cut_off: CutOff<T>,
    /// How the policy leaned.
    pub lean: Lean,
}

/// The observations after which a value is bootstrapped although the buffer goes on with another episode.
#[derive(Debug)]
pub struct CutOff<T> {
    /// The steps' indices in the buffer.
    pub indices: Vec<usize>,
    /// Their final observations, one row each.
    pub observations: Vec<T>,
}

/// What an epoch's collecting gave beside the rollout.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The steps of every environment.
    pub steps: usize,
    /// The episodes that ended, and the step (from 1) at which each did.
    pub ended: Vec<(usize, EpisodeStats)>,
}

/// What the policy chose.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionRows {
    /// One index into the policy's outputs a step.
    Discrete(Vec<i64>),
    /// This many numbers a step.
    Continuous {
        /// The numbers of one action.
        size: usize,
        /// All of them.
        values: Vec<f64>,
    },
}

impl ActionRows {
    /// As the loss takes them: `(rows)` i64 or `(rows, size)` f32.
    pub fn tensor(&self) -> Tensor {
        match self {
            Self::Discrete(indices) => Tensor::from_slice(indices),
            Self::Continuous { size, values } => {
                Tensor::from_slice(values).to_kind(Kind::Float).view([-1, *size as i64])
            }
        }
    }

    /// Rows for `len` actions of the same kind.
    pub fn zeros_like(&self, len: usize) -> Self {
        match self {
            Self::Discrete(_) => Self::Discrete(vec![0; len]),
            Self::Continuous { size, .. } => Self::Continuous { size: *size, values: vec![0.0; len * size] },
        }
    }

    /// Appends action `index` of `rows`.
    pub fn push(&mut self, rows: &Self, index: usize) {
        match (self, rows) {
            (Self::Discrete(all), Self::Discrete(rows)) => all.push(rows[index]),
            (Self::Continuous { size, values: all }, Self::Continuous { values: rows, .. }) => {
                all.extend_from_slice(&rows[index * *size..(index + 1) * *size]);
            }
            _ => unreachable!("a policy has one kind of action"),
        }
    }

    /// Appends all of `rows`.
    pub fn extend(&mut self, rows: &Self) {
        match (self, rows) {
            (Self::Discrete(all), Self::Discrete(rows)) => all.extend_from_slice(rows),
            (Self::Continuous { values: all, .. }, Self::Continuous { values: rows, .. }) => {
                all.extend_from_slice(rows)
            }
            _ => unreachable!("a policy has one kind of action"),
        }
    }

    /// Copies `rows`, of `count` environments a step, to the columns from `first` on of these, of `num_envs`.
    fn put_columns(&mut self, rows: &Self, [num_envs, first, count]: [usize; 3]) {
        match (self, rows) {
            (Self::Discrete(all), Self::Discrete(rows)) => put_columns(all, rows, [num_envs, first, count]),
            (Self::Continuous { size, values: all }, Self::Continuous { values: rows, .. }) => {
                put_columns(all, rows, [num_envs, first, count].map(|envs| envs * *size));
            }
            _ => unreachable!("a policy has one kind of action"),
        }
    }

    /// Keeps the first `len` actions, or adds zeros up to so many.
    pub fn resize(&mut self, len: usize) {
        match self {
            Self::Discrete(all) => all.resize(len, 0),
            Self::Continuous { size, values } => values.resize(len * *size, 0.0),
        }
    }
}

impl<T: Element> Rollout<T> {
    /// An empty buffer. `actions` tells the kind of action.
    pub fn new(steps: usize, num_envs: usize, observation_len: usize, actions: &ActionRows) -> Self {
        let len = steps * num_envs;
        Self {
            num_envs,
            steps,
            observation_len,
            observations: vec![T::default(); (steps + 1) * num_envs * observation_len],
            actions: actions.zeros_like(len),
            rewards: vec![0.0; len],
            terminated: vec![false; len],
            truncated: vec![false; len],
            lost_life: vec![false; len],
            cut_off: CutOff { indices: Vec::new(), observations: Vec::new() },
            lean: Lean::default(),
        }
    }

    /// The number of transitions.
    pub fn len(&self) -> usize {
        self.steps * self.num_envs
    }

    /// The number of each transition's environment among all of the run, `(steps * num_envs)` i64.
    pub fn envs(&self) -> Tensor {
        let envs: Vec<i64> = (0..self.num_envs).map(|i| (self.lean.first + i) as i64).collect();
        Tensor::from_slice(&envs.repeat(self.steps))
    }

    /// Whether there is no transition.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The observations of consecutive environments, so many for each part: for each, its columns of every step's row, each
    /// `(envs, observation_len)`.
    pub fn observation_columns(&mut self, parts: &[usize]) -> Vec<Vec<&mut [T]>> {
        let mut columns: Vec<Vec<_>> = parts.iter().map(|_| Vec::with_capacity(self.steps + 1)).collect();
        for mut row in self.observations.chunks_exact_mut(self.num_envs * self.observation_len) {
            for (column, envs) in columns.iter_mut().zip(parts) {
                let (mine, others) = row.split_at_mut(envs * self.observation_len);
                column.push(mine);
                row = others;
            }
        }
        columns
    }

    /// The observations after the last step, `(num_envs, observation_len)`.
    pub fn last_row(&self) -> &[T] {
        &self.observations[self.steps * self.num_envs * self.observation_len..]
    }

    /// Empties it for an epoch of `steps` steps that begins with the observations `now`, `(num_envs, observation_len)`.
    pub fn begin(&mut self, steps: usize, now: &[T]) {
        let len = steps * self.num_envs;
        self.steps = steps;
        self.observations.resize((steps + 1) * now.len(), T::default());
        self.observations[..now.len()].copy_from_slice(now);
        self.actions.resize(len);
        self.rewards.resize(len, 0.0);
        self.terminated.resize(len, false);
        self.truncated.resize(len, false);
        self.lost_life.resize(len, false);
        self.cut_off.indices.clear();
        self.cut_off.observations.clear();
    }

    /// Appends a whole episode to a buffer of one environment, whether the task ended it (a time limit did otherwise), and
    /// the observation after its last step.
    pub fn push_episode(&mut self, episode: &Episode<T>, terminated: bool, last: &[T]) {
        self.observations.truncate(self.steps * self.observation_len);
        self.steps += episode.rewards.len();
        self.observations.extend_from_slice(&episode.observations);
        self.observations.extend_from_slice(last);
        self.actions.extend(&episode.actions);
        self.rewards.extend_from_slice(&episode.rewards);
        self.lost_life.extend_from_slice(&episode.lost_life);
        self.terminated.resize(self.steps, false);
        self.truncated.resize(self.steps, false);
        let end = self.steps - 1;
        (self.terminated[end], self.truncated[end]) = (terminated, !terminated);
        if !terminated {
            self.cut_off.indices.push(end);
            self.cut_off.observations.extend_from_slice(last);
        }
    }

    /// How many episodes end within.
    pub fn ended_episodes(&self) -> usize {
        self.terminated
            .iter()
            .zip(&self.truncated)
            .filter(|(terminated, truncated)| **terminated || **truncated)
            .count()
    }

    /// Takes over what the environments from `first` on gave, apart from the observations.
    pub fn put(&mut self, first: usize, columns: &Columns<T>) {
        let widths = [self.num_envs, first, columns.num_envs];
        self.actions.put_columns(&columns.actions, widths);
        put_columns(&mut self.rewards, &columns.rewards, widths);
        put_columns(&mut self.terminated, &columns.terminated, widths);
        put_columns(&mut self.truncated, &columns.truncated, widths);
        put_columns(&mut self.lost_life, &columns.lost_life, widths);
        let indices = columns.cut_off.indices.iter();
        self.cut_off
            .indices
            .extend(indices.map(|i| i / columns.num_envs * self.num_envs + first + i % columns.num_envs));
        self.cut_off.observations.extend_from_slice(&columns.cut_off.observations);
    }
}

/// Copies columns, `(rows, count)`, to those from `first` on of all, `(rows, width)`.
fn put_columns<X: Copy>(all: &mut [X], columns: &[X], [width, first, count]: [usize; 3]) {
    for (row, part) in all.chunks_exact_mut(width).zip(columns.chunks_exact(count)) {
        row[first..first + count].copy_from_slice(part);
    }
}

/// What an epoch's steps of consecutive environments gave, apart from the observations, step-major.
#[derive(Debug)]
pub struct Columns<T> {
    num_envs: usize,
    actions: ActionRows,
    rewards: Vec<f64>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    lost_life: Vec<bool>,
    cut_off: CutOff<T>,
}

impl<T: Element> Columns<T> {
    /// None yet. `actions` tells the kind of action.
    pub fn new(num_envs: usize, actions: &ActionRows) -> Self {
        let cut_off = CutOff { indices: Vec::new(), observations: Vec::new() };
        let (rewards, terminated, truncated, lost_life) = Default::default();
        Self { num_envs, actions: actions.zeros_like(0), rewards, terminated, truncated, lost_life, cut_off }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.actions.resize(0);
        self.rewards.clear();
        self.terminated.clear();
        self.truncated.clear();
        self.lost_life.clear();
        self.cut_off.indices.clear();
        self.cut_off.observations.clear();
    }

    /// Keeps what one step of all environments gave. `final_observations` is `(num_envs, observation_len)`.
    pub fn record(&mut self, outcome: Outcome<'_, T>) {
        let at = self.rewards.len();
        self.actions.extend(outcome.actions);
        self.rewards.extend_from_slice(outcome.rewards);
        self.terminated.extend_from_slice(outcome.terminated);
        self.truncated.extend_from_slice(outcome.truncated);
        self.lost_life.extend_from_slice(outcome.lost_life);
        let len = outcome.final_observations.len() / self.num_envs;
        for i in (0..self.num_envs).filter(|&i| outcome.truncated[i] && !outcome.terminated[i]) {
            self.cut_off.indices.push(at + i);
            self.cut_off.observations.extend_from_slice(&outcome.final_observations[i * len..(i + 1) * len]);
        }
    }
}

/// An episode that is collected as a whole.
#[derive(Debug)]
pub struct Episode<T> {
    /// What the policy saw, `(length, observation_len)`.
    pub observations: Vec<T>,
    /// Its actions.
    pub actions: ActionRows,
    /// Its rewards.
    pub rewards: Vec<f64>,
    /// Whether each step cost a life.
    pub lost_life: Vec<bool>,
}

impl<T> Episode<T> {
    /// One without steps. `actions` tells the kind of action.
    pub fn new(actions: &ActionRows) -> Self {
        Self { observations: Vec::new(), actions: actions.zeros_like(0), rewards: Vec::new(), lost_life: Vec::new() }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.observations.clear();
        self.actions.resize(0);
        self.rewards.clear();
        self.lost_life.clear();
    }
}

/// What one step of all environments gave, apart from the next observations.
#[derive(Debug)]
pub struct Outcome<'a, T> {
    /// The actions taken.
    pub actions: &'a ActionRows,
    /// The rewards.
    pub rewards: &'a [f64],
    /// Ended by the task.
    pub terminated: &'a [bool],
    /// Cut off by a time limit.
    pub truncated: &'a [bool],
    /// Whether it cost a life.
    pub lost_life: &'a [bool],
    /// The last observations of ended episodes.
    pub final_observations: &'a [T],
}
