//! Native environments of one kind in a vector: struct of arrays, eight at a time.

use std::time::Instant;

use image::RgbImage;

use super::{
    actions::LaneAction,
    group::Group,
    math::{Library, Math},
    request::{Autoreset, Reset, StepCall},
    rows::{Rows, Status},
    simd::{Kernel, LANES, Lanes, Level},
};
use crate::{Env, EpisodeStats, Error, Info, NumpyRng, TimeLimit};

/// An environment whose state is `D` numbers and a generator.
pub(crate) trait Parts<const D: usize>: Sized {
    /// The state of an environment that was reset, and whether it terminated.
    fn parts(&self) -> Option<(NumpyRng, [f64; D], bool)>;

    /// An environment like this one in that state.
    fn with_parts(&self, rng: NumpyRng, state: [f64; D], terminated: bool) -> Self;
}

/// A native environment whose observations are `O` numbers.
pub(crate) trait Native<const D: usize, const O: usize>: Env + Parts<D> + Clone + 'static {
    /// What a step takes.
    type Action: LaneAction;

    /// Steps `N` environments, each in its lane; gives their rewards and which of them terminated.
    /// To be marked `#[inline(always)]`.
    fn step_lanes<M: Math, const N: usize>(
        &self,
        states: &mut [[f64; N]; D],
        actions: &[Self::Action; N],
    ) -> ([f64; N], [bool; N]);

    /// The observations of `N` environments. To be marked `#[inline(always)]`.
    fn observe_lanes<M: Math, const N: usize>(states: &[[f64; N]; D]) -> [[Self::Obs; N]; O];

    /// The first observation of an episode.
    fn observe_start(state: [f64; D]) -> [Self::Obs; O] {
        Self::observe_lanes::<Library, 1>(&state.map(|number| [number])).map(|[number]| number)
    }

    /// What a step with this reward tells beside it, if that is anything. To be marked `#[inline(always)]`.
    #[inline(always)]
    fn info(&self, _reward: f64) -> Option<Info> {
        None
    }

    /// The first state of an episode.
    fn start(&self, rng: &mut NumpyRng) -> [f64; D];
}

/// Environments like `env`.
pub(crate) struct Batch<E, const D: usize, const O: usize> {
    env: E,
    max_episode_steps: Option<u64>,
    len: usize,
    blocks: Vec<Block<D>>,
    /// One per environment; `None` before its first reset.
    rngs: Vec<Option<NumpyRng>>,
    /// When each episode began, in seconds since `made`: numbers are quicker to subtract than instants.
    started: Vec<f64>,
    made: Instant,
    level: Level,
    /// Draws the first states of so many episodes from the first environment's generator, which is then everyone's.
    starts: Option<Starts<E, D>>,
    /// The environments whose episodes begin at the end of the call, where one generator is everyone's.
    waiting: Vec<usize>,
}

/// Draws the first states of so many episodes from one generator.
pub(crate) type Starts<E, const D: usize> = fn(&E, &mut NumpyRng, usize) -> Vec<[f64; D]>;

/// Eight environments; the last block may have fewer, and its other lanes are not used. Laid out so that eight numbers are
/// a whole cache line.
#[derive(Clone)]
#[repr(C, align(64))]
struct Block<const D: usize> {
    states: [Lanes; D],
    lengths: [u64; LANES],
    returns: Lanes,
    terminated: [bool; LANES],
    /// Whether the last step told of an episode's end.
    has_episodes: bool,
}

impl<E: Native<D, O>, const D: usize, const O: usize> Batch<E, D, O> {
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
            has_episodes: false,
        };
        Self {
            env,
            max_episode_steps,
            len,
            blocks: vec![block; len.div_ceil(LANES)],
            rngs: vec![None; len],
            started: vec![0.0; len],
            made: Instant::now(),
            level,
            starts: None,
            waiting: Vec::new(),
        }
    }

    /// This batch with one generator for all.
    pub fn with_one_generator(self, starts: Starts<E, D>) -> Self {
        Self { starts: Some(starts), ..self }
    }

    /// Seconds since this batch was made.
    fn now(&self) -> f64 {
        self.made.elapsed().as_secs_f64()
    }

    /// Begins an episode of environment `i`, which has its generator, and writes its first observation.
    fn begin(&mut self, i: usize, now: f64, rows: &mut Rows<'_, E::Obs>) {
        if self.starts.is_some() {
            return self.waiting.push(i);
        }
        let Some(rng) = &mut self.rngs[i] else { return };
        let state = self.env.start(rng);
        self.begin_at(i, state, now, rows);
    }

    /// Begins the episodes that wait for the one generator.
    fn begin_waiting(&mut self, rows: &mut Rows<'_, E::Obs>) {
        let (Some(starts), Some(rng), false) = (self.starts, &mut self.rngs[0], self.waiting.is_empty()) else {
            return;
        };
        let states = starts(&self.env, rng, self.waiting.len());
        let (now, waiting) = (self.now(), std::mem::take(&mut self.waiting));
        for (i, state) in waiting.into_iter().zip(states) {
            self.begin_at(i, state, now, rows);
        }
    }

    fn begin_at(&mut self, i: usize, state: [f64; D], now: f64, rows: &mut Rows<'_, E::Obs>) {
        let (block, lane) = (&mut self.blocks[i / LANES], i % LANES);
        for (numbers, number) in block.states.iter_mut().zip(state) {
            numbers[lane] = number;
        }
        (block.lengths[lane], block.returns[lane], block.terminated[lane]) = (0, 0.0, false);
        self.started[i] = now;
        rows.observations[i * O..][..O].copy_from_slice(&E::observe_start(state));
        rows.infos[i] = Info::default();
    }

    /// Environment `i` by itself.
    fn single(&self, i: usize) -> Result<TimeLimit<E>, Error> {
        let (block, lane) = (&self.blocks[i / LANES], i % LANES);
        let rng = self.rngs[if self.starts.is_some() { 0 } else { i }].clone().ok_or(Error::ResetNeeded)?;
        let env = self.env.with_parts(rng, block.states.map(|numbers| numbers[lane]), block.terminated[lane]);
        Ok(TimeLimit::midway(env, self.max_episode_steps, block.lengths[lane], block.returns[lane]))
    }
}

impl<E: Native<D, O>, const D: usize, const O: usize> Group<E::Obs> for Batch<E, D, O> {
    fn len(&self) -> usize {
        self.len
    }

    fn reset(&mut self, request: &Reset<'_>, first: usize, rows: &mut Rows<'_, E::Obs>) -> Result<(), Error> {
        let now = self.now();
        for i in (0..self.len).filter(|i| request.includes(first + i)) {
            if self.starts.is_none() || self.waiting.is_empty() {
                let owner = if self.starts.is_some() { 0 } else { i };
                let rng = NumpyRng::for_reset(request.seed(first + i).as_ref(), self.rngs[owner].take());
                self.rngs[owner] = Some(rng);
            }
            self.begin(i, now, rows);
            rows.clear(i);
        }
        self.begin_waiting(rows);
        Ok(())
    }

    fn step(&mut self, call: &StepCall<'_>, first: usize, rows: &mut Rows<'_, E::Obs>) -> Result<(), Error> {
        let level = self.level;
        let actions = &E::Action::of(&call.actions)[first..][..self.len];
        level.run(StepAll { batch: self, actions, autoreset: call.autoreset, rows, now: None });
        Ok(())
    }

    fn tells(&self) -> bool {
        self.env.info(0.0).is_some()
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
        self.rngs[if self.starts.is_some() { 0 } else { i }] = Some(rng);
        self.started[i] = self.now();
        Ok(())
    }
}

/// The step of a whole batch.
struct StepAll<'a, 'b, E: Native<D, O>, const D: usize, const O: usize> {
    batch: &'a mut Batch<E, D, O>,
    actions: &'a [E::Action],
    autoreset: Autoreset,
    rows: &'a mut Rows<'b, E::Obs>,
    /// The time of the first end in this step; the others are at the same time.
    now: Option<f64>,
}

impl<E: Native<D, O>, const D: usize, const O: usize> Kernel for StepAll<'_, '_, E, D, O> {
    type Output = ();

    #[inline(always)]
    fn run<M: Math>(mut self) {
        let (blocks, rest) = self.actions.as_chunks::<LANES>();
        for (b, actions) in blocks.iter().enumerate() {
            self.step_block::<M>(b, actions);
        }
        for (lane, &action) in rest.iter().enumerate() {
            self.step_one::<M>(blocks.len() * LANES + lane, action);
        }
        if !self.batch.waiting.is_empty() {
            self.batch.begin_waiting(self.rows);
        }
    }
}

impl<E: Native<D, O>, const D: usize, const O: usize> StepAll<'_, '_, E, D, O> {
    /// Steps the eight environments of block `b`.
    #[inline(always)]
    fn step_block<M: Math>(&mut self, b: usize, actions: &[E::Action; LANES]) {
        let first = b * LANES;
        let ended_before = self.ended_before(first, LANES);
        let Batch { env, blocks, max_episode_steps, .. } = &mut *self.batch;
        let block = &mut blocks[b];
        let (rewards, terminated) = env.step_lanes::<M, LANES>(&mut block.states, actions);
        for (length, (total, reward)) in block.lengths.iter_mut().zip(block.returns.iter_mut().zip(rewards)) {
            *length = length.wrapping_add(1); // no check, so that it is one instruction
            *total += reward;
        }
        let limit = max_episode_steps.unwrap_or(u64::MAX);
        let longest = block.lengths.into_iter().fold(0, u64::max);
        let truncated = if longest < limit { [false; LANES] } else { block.lengths.map(|length| length >= limit) };
        let columns = E::observe_lanes::<M, LANES>(&block.states);
        let observations: [[E::Obs; O]; LANES] = std::array::from_fn(|i| columns.map(|column| column[i]));

        let rows = &mut *self.rows;
        rows.observations[first * O..][..LANES * O].copy_from_slice(observations.as_flattened());
        rows.rewards[first..][..LANES].copy_from_slice(&rewards);
        rows.terminated[first..][..LANES].copy_from_slice(&terminated);
        rows.truncated[first..][..LANES].copy_from_slice(&truncated);
        if std::mem::take(&mut block.has_episodes) {
            rows.episodes[first..][..LANES].fill(None);
        }
        for (i, reward) in rewards.into_iter().enumerate() {
            if let Some(info) = env.info(reward) {
                rows.infos[first + i] = info;
            }
        }
        if ended_before != 0 {
            self.begin_episodes(first, ended_before);
        }
        let ended = mask(std::array::from_fn(|i| terminated[i] | truncated[i])) & !ended_before;
        if ended != 0 {
            self.end_episodes(first, ended);
        }
    }

    /// Steps environment `i`.
    #[inline(always)]
    fn step_one<M: Math>(&mut self, i: usize, action: E::Action) {
        let ended_before = self.ended_before(i, 1);
        if ended_before != 0 {
            return self.begin_episodes(i, ended_before);
        }
        let Batch { env, blocks, max_episode_steps, .. } = &mut *self.batch;
        let (block, lane) = (&mut blocks[i / LANES], i % LANES);
        let mut state = std::array::from_fn(|number| [block.states[number][lane]]);
        let ([reward], [terminated]) = env.step_lanes::<M, 1>(&mut state, &[action]);
        for (numbers, [number]) in block.states.iter_mut().zip(state) {
            numbers[lane] = number;
        }
        block.lengths[lane] = block.lengths[lane].wrapping_add(1);
        block.returns[lane] += reward;
        let truncated = block.lengths[lane] >= max_episode_steps.unwrap_or(u64::MAX);

        let rows = &mut *self.rows;
        let observation = E::observe_lanes::<M, 1>(&state).map(|[number]| number);
        rows.observations[i * O..][..O].copy_from_slice(&observation);
        (rows.rewards[i], rows.terminated[i], rows.truncated[i]) = (reward, terminated, truncated);
        rows.episodes[i] = None;
        if let Some(info) = env.info(reward) {
            rows.infos[i] = info;
        }
        if terminated | truncated {
            self.end_episodes(i, 1);
        }
    }

    /// Which of the `count` environments from `first` on are to begin an episode instead of stepping: a [`mask`].
    #[inline(always)]
    fn ended_before(&self, first: usize, count: usize) -> u64 {
        match self.autoreset {
            Autoreset::NextStep => {
                let bit = |(i, status): (usize, &Status)| u64::from(*status == Status::Ended) << (8 * i);
                self.rows.statuses[first..][..count].iter().enumerate().map(bit).fold(0, |all, bit| all | bit)
            }
            Autoreset::SameStep | Autoreset::Disabled => 0,
        }
    }

    /// Tells of the episodes that this step ended, a [`mask`] from `first` on, and, where that is the
    /// mode, begins the next ones.
    #[cold]
    #[inline(never)]
    fn end_episodes(&mut self, first: usize, ended: u64) {
        let now = *self.now.get_or_insert_with(|| self.batch.now());
        for i in set(ended).map(|lane| first + lane) {
            let rows = &mut *self.rows;
            let (block, lane) = (&mut self.batch.blocks[i / LANES], i % LANES);
            (block.terminated[lane], block.has_episodes) = (rows.terminated[i], true);
            rows.episodes[i] = Some(EpisodeStats {
                episode_return: block.returns[lane],
                length: block.lengths[lane],
                seconds: now - self.batch.started[i],
            });
            if self.autoreset == Autoreset::SameStep {
                let row = i * O..(i + 1) * O;
                rows.final_observations[row.clone()].copy_from_slice(&rows.observations[row]);
                rows.final_infos[i] = rows.infos[i];
                self.batch.begin(i, now, rows);
            } else {
                rows.statuses[i] = Status::Ended;
            }
        }
    }

    /// Begins new episodes, a [`mask`] from `first` on; what these did in this step is forgotten.
    #[cold]
    #[inline(never)]
    fn begin_episodes(&mut self, first: usize, begin: u64) {
        let now = *self.now.get_or_insert_with(|| self.batch.now());
        for i in set(begin).map(|lane| first + lane) {
            self.batch.begin(i, now, self.rows);
            self.rows.clear(i);
        }
    }
}

/// A byte for each lane, 1 where it is set, the first one lowest.
#[inline(always)]
fn mask(lanes: [bool; LANES]) -> u64 {
    u64::from_le_bytes(lanes.map(u8::from))
}

/// The lanes that are set.
fn set(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = mask.trailing_zeros() as usize / 8;
        mask &= mask.checked_sub(1)?;
        Some(lane)
    })
}

#[cfg(test)]
mod tests;
