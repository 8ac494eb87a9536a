//! Native environments of one kind in a vector: struct of arrays, eight at a time.

use std::time::Instant;

use image::RgbImage;

use super::{
    Autoreset,
    actions::CheckedActions,
    group::{Group, Reset, StepCall},
    math::Math,
    rows::{Rows, Status},
    simd::{Kernel, LANES, Lanes, Level},
};
use crate::{Env, EpisodeStats, Error, Info, NumpyRng, TimeLimit};

/// The numbers of one observation: the first ones of a state.
const SIZE: usize = 4;

/// So many environments are stepped faster one after the other than as eight, most of which are not there.
const FEW: usize = 2;

/// A native environment whose state is `D` numbers and a generator.
pub(crate) trait Native<const D: usize>: Env + Clone + 'static {
    /// What a step takes.
    type Action: Copy + Default;

    /// The actions of all environments of a vector.
    fn actions<'a>(actions: &'a CheckedActions<'_>) -> &'a [Self::Action];

    /// Steps `N` environments, each in its lane; gives their rewards and which of them terminated.
    /// To be marked `#[inline(always)]`.
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; D],
        actions: &[Self::Action; N],
    ) -> ([f64; N], [bool; N]);

    /// A number of the state as it is observed.
    fn observed(number: f64) -> Self::Obs;

    /// What a step with this reward tells beside it, if that is anything.
    fn info(&self, reward: f64) -> Option<Info>;

    /// The first state of an episode.
    fn start(&self, rng: &mut NumpyRng) -> [f64; D];

    /// The state of an environment that was reset, and whether it terminated.
    fn parts(&self) -> Option<(NumpyRng, [f64; D], bool)>;

    /// An environment like this one in that state.
    fn with_parts(&self, rng: NumpyRng, state: [f64; D], terminated: bool) -> Self;
}

/// Environments like `env`.
pub(crate) struct Batch<E, const D: usize> {
    env: E,
    max_episode_steps: Option<u64>,
    len: usize,
    blocks: Vec<Block<D>>,
    /// One per environment; `None` before its first reset.
    rngs: Vec<Option<NumpyRng>>,
    started: Vec<Instant>,
    level: Level,
}

/// Eight environments; in the last block, those beyond the batch's length rest at zero.
#[derive(Clone)]
struct Block<const D: usize> {
    states: [Lanes; D],
    lengths: [u64; LANES],
    returns: Lanes,
    terminated: [bool; LANES],
    /// Whether the last step ended an episode, so that its statistics are among the results.
    told: bool,
}

impl<const D: usize> Block<D> {
    #[inline(always)]
    fn step_one_by_one<M: Math, E: Native<D>>(
        &mut self,
        env: &E,
        actions: &[E::Action; LANES],
        live: usize,
    ) -> (Lanes, [bool; LANES]) {
        let (mut rewards, mut terminated) = ([0.0; LANES], [false; LANES]);
        for lane in 0..live {
            let mut state = std::array::from_fn(|number| [self.states[number][lane]]);
            ([rewards[lane]], [terminated[lane]]) = env.step_lanes::<M, 1>(&mut state, &[actions[lane]]);
            for (numbers, [number]) in self.states.iter_mut().zip(state) {
                numbers[lane] = number;
            }
        }
        (rewards, terminated)
    }
}

impl<E: Native<D>, const D: usize> Batch<E, D> {
    /// `len` environments like `env`, none of which is reset yet.
    pub fn new(env: E, max_episode_steps: Option<u64>, len: usize) -> Self {
        Self::with_level(env, max_episode_steps, len, Level::best())
    }

    pub fn with_level(env: E, max_episode_steps: Option<u64>, len: usize, level: Level) -> Self {
        let block = Block {
            states: [[0.0; LANES]; D],
            lengths: [0; LANES],
            returns: [0.0; LANES],
            terminated: [false; LANES],
            told: false,
        };
        Self {
            env,
            max_episode_steps,
            len,
            blocks: vec![block; len.div_ceil(LANES)],
            rngs: vec![None; len],
            started: vec![Instant::now(); len],
            level,
        }
    }

    /// Begins an episode of environment `i`, which has its generator, and writes its first observation.
    fn begin(&mut self, i: usize, now: Instant, rows: &mut Rows<'_, E::Obs>) {
        let (block, lane) = (&mut self.blocks[i / LANES], i % LANES);
        let Some(rng) = &mut self.rngs[i] else { return };
        let state = self.env.start(rng);
        for (numbers, number) in block.states.iter_mut().zip(state) {
            numbers[lane] = number;
        }
        (block.lengths[lane], block.returns[lane], block.terminated[lane]) = (0, 0.0, false);
        self.started[i] = now;
        for (target, number) in rows.observations[i * SIZE..][..SIZE].iter_mut().zip(state) {
            *target = E::observed(number);
        }
        rows.infos[i] = Info::default();
    }

    /// Environment `i` by itself.
    fn single(&self, i: usize) -> Result<TimeLimit<E>, Error> {
        let (block, lane) = (&self.blocks[i / LANES], i % LANES);
        let rng = self.rngs[i].clone().ok_or(Error::ResetNeeded)?;
        let env = self.env.with_parts(rng, block.states.map(|numbers| numbers[lane]), block.terminated[lane]);
        Ok(TimeLimit::midway(env, self.max_episode_steps, block.lengths[lane], block.returns[lane]))
    }
}

impl<E: Native<D>, const D: usize> Group<E::Obs> for Batch<E, D> {
    fn len(&self) -> usize {
        self.len
    }

    fn reset(&mut self, request: &Reset<'_>, first: usize, mut rows: Rows<'_, E::Obs>) -> Result<(), Error> {
        let now = Instant::now();
        for i in (0..self.len).filter(|i| request.includes(first + i)) {
            let rng = NumpyRng::for_reset(request.seed(first + i).as_ref(), self.rngs[i].take());
            self.rngs[i] = Some(rng);
            self.begin(i, now, &mut rows);
            rows.clear(i);
        }
        Ok(())
    }

    fn step(&mut self, call: &StepCall<'_>, first: usize, rows: Rows<'_, E::Obs>) -> Result<(), Error> {
        let level = self.level;
        let actions = &E::actions(&call.actions)[first..][..self.len];
        level.run(StepAll { batch: self, actions, autoreset: call.autoreset, rows, now: None });
        Ok(())
    }

    fn render(&self, i: usize) -> Result<RgbImage, Error> {
        self.single(i)?.render()
    }

    fn render_fps(&self) -> u32 {
        self.env.render_fps()
    }

    fn save(&self, i: usize, state: &mut Vec<u8>) -> Result<(), Error> {
        self.single(i)?.save(state)
    }

    fn restore(&mut self, i: usize, state: &mut &[u8]) -> Result<(), Error> {
        let mut single = TimeLimit::new(self.env.clone(), self.max_episode_steps);
        single.restore(state)?;
        let (rng, numbers, terminated) = single.inner().parts().ok_or(Error::ResetNeeded)?;
        let (block, lane) = (&mut self.blocks[i / LANES], i % LANES);
        block.terminated[lane] = terminated;
        for (numbers, number) in block.states.iter_mut().zip(numbers) {
            numbers[lane] = number;
        }
        (block.lengths[lane], block.returns[lane]) = single.statistics();
        self.rngs[i] = Some(rng);
        self.started[i] = Instant::now();
        Ok(())
    }
}

/// The step of a whole batch.
struct StepAll<'a, E: Native<D>, const D: usize> {
    batch: &'a mut Batch<E, D>,
    actions: &'a [E::Action],
    autoreset: Autoreset,
    rows: Rows<'a, E::Obs>,
    /// The time of the first end in this step; the others are at the same time.
    now: Option<Instant>,
}

impl<E: Native<D>, const D: usize> Kernel for StepAll<'_, E, D> {
    type Output = ();

    #[inline(always)]
    fn run<M: Math>(mut self) {
        let (blocks, rest) = self.actions.as_chunks::<LANES>();
        for (b, actions) in blocks.iter().enumerate() {
            self.step_block::<M>(b, actions, LANES);
        }
        if !rest.is_empty() {
            let mut actions = [E::Action::default(); LANES];
            actions[..rest.len()].copy_from_slice(rest);
            self.step_block::<M>(blocks.len(), &actions, rest.len());
            for numbers in &mut self.batch.blocks[blocks.len()].states {
                *numbers = std::array::from_fn(|lane| if lane < rest.len() { numbers[lane] } else { 0.0 });
            }
        }
    }
}

impl<E: Native<D>, const D: usize> StepAll<'_, E, D> {
    /// Steps the first `live` environments of block `b`.
    #[inline(always)]
    fn step_block<M: Math>(&mut self, b: usize, actions: &[E::Action; LANES], live: usize) {
        let first = b * LANES;
        if self.autoreset == Autoreset::NextStep && self.rows.statuses[first..][..live].contains(&Status::Ended) {
            return self.step_with_ended::<M>(b, actions, live);
        }
        let Batch { env, blocks, max_episode_steps, .. } = &mut *self.batch;
        let block = &mut blocks[b];
        let (rewards, terminated) = match live {
            1..=FEW => block.step_one_by_one::<M, E>(env, actions, live),
            _ => env.step_lanes::<M, LANES>(&mut block.states, actions),
        };
        let limit = max_episode_steps.unwrap_or(u64::MAX);
        let mut truncated = [false; LANES];
        let mut ended = [false; LANES];
        let mut columns = [[E::Obs::default(); LANES]; SIZE];
        for i in 0..LANES {
            block.lengths[i] += 1;
            block.returns[i] += rewards[i];
            truncated[i] = block.lengths[i] >= limit;
            ended[i] = terminated[i] | truncated[i];
        }
        for (column, numbers) in columns.iter_mut().zip(&block.states) {
            *column = numbers.map(E::observed);
        }
        let observations: [[E::Obs; SIZE]; LANES] = std::array::from_fn(|i| columns.map(|column| column[i]));
        let told = std::mem::take(&mut block.told);

        let rows = &mut self.rows;
        rows.observations[first * SIZE..][..live * SIZE].copy_from_slice(observations[..live].as_flattened());
        rows.rewards[first..][..live].copy_from_slice(&rewards[..live]);
        rows.terminated[first..][..live].copy_from_slice(&terminated[..live]);
        rows.truncated[first..][..live].copy_from_slice(&truncated[..live]);
        for (target, reward) in rows.infos[first..][..live].iter_mut().zip(rewards) {
            if let Some(info) = env.info(reward) {
                *target = info;
            }
        }
        if told {
            rows.episodes[first..][..live].fill(None);
        }
        if ended[..live].contains(&true) {
            self.end_episodes(b, &ended, live);
        }
    }

    /// Tells of the episodes that this step ended and, where that is the mode, begins the next ones.
    #[cold]
    #[inline(never)]
    fn end_episodes(&mut self, b: usize, ended: &[bool; LANES], live: usize) {
        let now = *self.now.get_or_insert_with(Instant::now);
        for lane in (0..live).filter(|&lane| ended[lane]) {
            let (i, rows) = (b * LANES + lane, &mut self.rows);
            let block = &mut self.batch.blocks[b];
            block.told = true;
            block.terminated[lane] = rows.terminated[i];
            rows.episodes[i] = Some(EpisodeStats {
                episode_return: block.returns[lane],
                length: block.lengths[lane],
                seconds: (now - self.batch.started[i]).as_secs_f64(),
            });
            if self.autoreset == Autoreset::SameStep {
                let row = i * SIZE..(i + 1) * SIZE;
                rows.final_observations[row.clone()].copy_from_slice(&rows.observations[row]);
                rows.final_infos[i] = rows.infos[i];
                self.batch.begin(i, now, rows);
            } else {
                rows.statuses[i] = Status::Ended;
            }
        }
    }

    /// Steps a block some of whose episodes had ended before: these begin anew instead.
    #[cold]
    #[inline(never)]
    fn step_with_ended<M: Math>(&mut self, b: usize, actions: &[E::Action; LANES], live: usize) {
        let ended: [bool; LANES] = std::array::from_fn(|lane| {
            lane < live
                && std::mem::replace(&mut self.rows.statuses[b * LANES + lane], Status::Running) == Status::Ended
        });
        self.step_block::<M>(b, actions, live);
        let now = *self.now.get_or_insert_with(Instant::now);
        for lane in (0..live).filter(|&lane| ended[lane]) {
            let i = b * LANES + lane;
            self.batch.begin(i, now, &mut self.rows);
            self.rows.clear(i);
        }
    }
}

#[cfg(test)]
mod tests;
