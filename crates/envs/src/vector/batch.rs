//! Native environments of one kind in a vector: struct of arrays, eight at a time.

use std::{ops::Range, time::Instant};

use image::RgbImage;

use super::{
    actions::LaneAction,
    group::Group,
    lanes::{LANES, set_bits},
    math::{Library, Math},
    request::{Autoreset, Reset, StepCall},
    rows::{Rows, Status},
    simd::{Kernel, Level},
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

    /// Whether the compiler makes better instructions of long loops than of eight lanes.
    const LONG_LOOPS: bool = true;

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

/// Environments like `env`, as a struct of arrays.
pub(crate) struct Batch<E, const D: usize, const O: usize> {
    env: E,
    max_episode_steps: Option<u64>,
    states: [Vec<f64>; D],
    lengths: Vec<u64>,
    returns: Vec<f64>,
    /// Whether the episodes that ended terminated.
    terminated: Vec<bool>,
    /// `None` before the first reset.
    rngs: Vec<Option<NumpyRng>>,
    /// When each episode began, in seconds since `made`: numbers are quicker to subtract than instants.
    started: Vec<f64>,
    made: Instant,
    level: Level,
    /// Draws the first states of so many episodes from the first environment's generator, which is then everyone's.
    starts: Option<Starts<E, D>>,
    /// The environments whose episodes the last step ended, in order.
    ended: Vec<usize>,
}

/// How many environments step in one loop where they are enough.
const LONG: usize = 4 * LANES;

/// Draws the first states of so many episodes from one generator.
pub(crate) type Starts<E, const D: usize> = fn(&E, &mut NumpyRng, usize) -> Vec<[f64; D]>;

impl<E: Native<D, O>, const D: usize, const O: usize> Batch<E, D, O> {
    /// `len` environments like `env`, none of which is reset yet.
    pub fn new(env: E, max_episode_steps: Option<u64>, len: usize) -> Self {
        Self::with_level(env, max_episode_steps, len, Level::best())
    }

    pub fn with_level(env: E, max_episode_steps: Option<u64>, len: usize, level: Level) -> Self {
        Self {
            env,
            max_episode_steps,
            states: std::array::from_fn(|_| vec![0.0; len]),
            lengths: vec![0; len],
            returns: vec![0.0; len],
            terminated: vec![false; len],
            rngs: vec![None; len],
            started: vec![0.0; len],
            made: Instant::now(),
            level,
            starts: None,
            ended: Vec::with_capacity(len), // a step allocates nothing
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

    /// Begins episodes of these environments, which have their generators, and writes their first observations.
    fn begin(&mut self, which: &[usize], now: f64, rows: &mut Rows<'_, E::Obs>) {
        if let (Some(starts), Some(rng)) = (self.starts, &mut self.rngs[0]) {
            let states = starts(&self.env, rng, which.len());
            return which.iter().zip(states).for_each(|(&i, state)| self.begin_at(i, state, now, rows));
        }
        for &i in which {
            let Some(rng) = &mut self.rngs[i] else { continue };
            let state = self.env.start(rng);
            self.begin_at(i, state, now, rows);
        }
    }

    fn begin_at(&mut self, i: usize, state: [f64; D], now: f64, rows: &mut Rows<'_, E::Obs>) {
        self.set_state(i, state);
        (self.lengths[i], self.returns[i], self.terminated[i], self.started[i]) = (0, 0.0, false, now);
        rows.observations[i * O..][..O].copy_from_slice(&E::observe_start(state));
        if self.tells() {
            rows.infos[i] = Info::default();
        }
    }

    fn set_state(&mut self, i: usize, state: [f64; D]) {
        for (numbers, number) in self.states.iter_mut().zip(state) {
            numbers[i] = number;
        }
    }

    /// Tells of the episodes that a step ended and, where that is the mode, begins the next ones.
    fn end(&mut self, ended: &[usize], autoreset: Autoreset, rows: &mut Rows<'_, E::Obs>) {
        let now = self.now();
        for &i in ended {
            self.terminated[i] = rows.terminated[i];
            rows.episodes[i] = Some(EpisodeStats {
                episode_return: self.returns[i],
                length: self.lengths[i],
                seconds: now - self.started[i],
            });
            if autoreset == Autoreset::SameStep {
                let row = i * O..(i + 1) * O;
                rows.final_observations[row.clone()].copy_from_slice(&rows.observations[row]);
                if self.tells() {
                    rows.final_infos[i] = rows.infos[i];
                }
            } else {
                rows.statuses[i] = Status::Ended;
            }
        }
        if autoreset == Autoreset::SameStep {
            self.begin(ended, now, rows);
        }
    }

    /// Environment `i` by itself.
    fn single(&self, i: usize) -> Result<TimeLimit<E>, Error> {
        let rng = self.rngs[self.owner(i)].clone().ok_or(Error::ResetNeeded)?;
        let state = std::array::from_fn(|number| self.states[number][i]);
        let env = self.env.with_parts(rng, state, self.terminated[i]);
        Ok(TimeLimit::midway(env, self.max_episode_steps, self.lengths[i], self.returns[i]))
    }

    /// The environment whose generator environment `i` draws from.
    fn owner(&self, i: usize) -> usize {
        if self.starts.is_some() { 0 } else { i }
    }
}

impl<E: Native<D, O>, const D: usize, const O: usize> Group<E::Obs> for Batch<E, D, O> {
    fn len(&self) -> usize {
        self.lengths.len()
    }

    fn reset(&mut self, request: &Reset<'_>, first: usize, rows: &mut Rows<'_, E::Obs>) -> Result<(), Error> {
        let which: Vec<usize> = (0..self.len()).filter(|i| request.includes(first + i)).collect();
        let generators = if self.starts.is_some() { which.len().min(1) } else { which.len() };
        for &i in &which[..generators] {
            let owner = self.owner(i);
            let rng = NumpyRng::for_reset(request.seed(first + i).as_ref(), self.rngs[owner].take());
            self.rngs[owner] = Some(rng);
        }
        self.begin(&which, self.now(), rows);
        which.into_iter().for_each(|i| rows.clear(i));
        Ok(())
    }

    fn step(&mut self, call: &StepCall<'_>, first: usize, rows: &mut Rows<'_, E::Obs>) -> Result<(), Error> {
        let mut ended = std::mem::take(&mut self.ended);
        for i in ended.drain(..) {
            rows.episodes[i] = None;
        }
        if call.autoreset == Autoreset::NextStep {
            let has_ended = |status| status == Status::Ended;
            find(self.len(), |range| bits(&rows.statuses[range], has_ended), &mut ended);
        }
        let actions = &E::Action::of(&call.actions)[first..][..self.len()];
        self.level.run(StepAll { batch: self, actions, rows });
        if !ended.is_empty() {
            // What these did in this step is forgotten.
            self.begin(&ended, self.now(), rows);
            ended.drain(..).for_each(|i| rows.clear(i));
        }
        let done = |range: Range<usize>| {
            let flags = [&rows.terminated[range.clone()], &rows.truncated[range]];
            flags.into_iter().fold(0, |all, flags| all | bits(flags, |flag| flag))
        };
        find(self.len(), done, &mut ended);
        if !ended.is_empty() {
            self.end(&ended, call.autoreset, rows);
        }
        self.ended = ended;
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
        self.set_state(i, numbers);
        self.terminated[i] = terminated;
        (self.lengths[i], self.returns[i]) = single.statistics();
        let owner = self.owner(i);
        self.rngs[owner] = Some(rng);
        self.started[i] = self.now();
        Ok(())
    }
}

/// The step of a whole batch.
struct StepAll<'a, 'b, E: Native<D, O>, const D: usize, const O: usize> {
    batch: &'a mut Batch<E, D, O>,
    actions: &'a [E::Action],
    rows: &'a mut Rows<'b, E::Obs>,
}

impl<E: Native<D, O>, const D: usize, const O: usize> Kernel for StepAll<'_, '_, E, D, O> {
    type Output = ();

    #[inline(always)]
    fn run<M: Math>(mut self) {
        let mut first = 0;
        if E::LONG_LOOPS {
            first = self.step_chunks::<M, LONG>(first);
        }
        first = self.step_chunks::<M, LANES>(first);
        self.step_chunks::<M, 1>(first);
    }
}

impl<E: Native<D, O>, const D: usize, const O: usize> StepAll<'_, '_, E, D, O> {
    /// Steps environments from `first` on, `N` at a time; gives the first of those that are left.
    #[inline(always)]
    fn step_chunks<M: Math, const N: usize>(&mut self, mut first: usize) -> usize {
        let (chunks, _) = self.actions[first..].as_chunks::<N>();
        for actions in chunks {
            self.step_chunk::<M, N>(first, actions);
            first += N;
        }
        first
    }

    #[inline(always)]
    fn step_chunk<M: Math, const N: usize>(&mut self, first: usize, actions: &[E::Action; N]) {
        let Batch { env, states: columns, lengths, returns, max_episode_steps, .. } = &mut *self.batch;
        let rows = &mut *self.rows;
        let mut states = [[0.0; N]; D];
        for (numbers, column) in states.iter_mut().zip(&*columns) {
            numbers.copy_from_slice(&column[first..][..N]);
        }
        let (rewards, terminated) = env.step_lanes::<M, N>(&mut states, actions);
        for (numbers, column) in states.iter().zip(columns) {
            column[first..][..N].copy_from_slice(numbers);
        }
        let columns = E::observe_lanes::<M, N>(&states);
        let (observations, _) = rows.observations[first * O..][..N * O].as_chunks_mut::<O>();
        for i in 0..N {
            for number in 0..O {
                observations[i][number] = columns[number][i];
            }
        }

        let (lengths, returns) = (&mut lengths[first..][..N], &mut returns[first..][..N]);
        for length in &mut *lengths {
            *length = length.wrapping_add(1); // no check, so that it is one instruction
        }
        for i in 0..N {
            returns[i] += rewards[i];
        }
        let (limit, truncated) = (max_episode_steps.unwrap_or(u64::MAX), &mut rows.truncated[first..][..N]);
        let longest = lengths.iter().fold(0, |longest, length| longest.max(*length));
        truncated.fill(false);
        if longest >= limit {
            for i in 0..N {
                truncated[i] = lengths[i] >= limit;
            }
        }
        rows.rewards[first..][..N].copy_from_slice(&rewards);
        rows.terminated[first..][..N].copy_from_slice(&terminated);
        for (info, reward) in rows.infos[first..].iter_mut().zip(rewards) {
            if let Some(told) = env.info(reward) {
                *info = told;
            }
        }
    }
}

/// Appends the environments whose bits are set. They are few, so that 64 are looked at in one number.
fn find(len: usize, bits: impl Fn(Range<usize>) -> u64, found: &mut Vec<usize>) {
    for first in (0..len).step_by(64) {
        let set = bits(first..len.min(first + 64));
        found.extend(set_bits(set).map(|place| first + place));
    }
}

/// The bits of up to 64 flags, the first one lowest.
fn bits<T: Copy>(flags: &[T], is_set: impl Fn(T) -> bool) -> u64 {
    /// A product with it moves the lowest bits of all eight bytes into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (words, rest) = flags.as_chunks::<8>();
    let byte = |word: &[T; 8]| u64::from_le_bytes(word.map(|flag| u8::from(is_set(flag)))).wrapping_mul(GATHER) >> 56;
    let whole = words.iter().rev().fold(0, |bits, word| bits << 8 | byte(word));
    rest.iter().enumerate().fold(whole, |bits, (i, flag)| bits | u64::from(is_set(*flag)) << (8 * words.len() + i))
}

#[cfg(test)]
mod tests;
