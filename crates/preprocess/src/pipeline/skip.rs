//! Frame skip with the maximum of two frames.

use envs::{Action, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, state};
use image::RgbImage;

use super::{invalid, pass_on};
use crate::Kernel;

/// Repeats an action for some frames and shows, pixel by pixel, the larger of the last two: many games draw some objects
/// only in every other frame. The reward is the sum over the frames.
///
/// Where the episode ends before the last frame, the observation is the one before, and the step's frames that were still
/// to come are not played; so it is in Gymnasium's `AtariPreprocessing`.
///
/// An environment that skips frames itself, by its own count ([`Info::frame_number`]), is refused in its first step with
/// [`Error::InvalidOption`], unless `frame_skip` is 1.
#[derive(Clone, Debug)]
pub struct MaxPoolSkip<E> {
    env: E,
    frame_skip: usize,
    colours: Option<Box<[u8; 256]>>,
    kernel: Kernel,
    /// The last two frames, in turn.
    frames: [Vec<u8>; 2],
    pooled: Vec<u8>,
    /// What the environment counted last, if it counts.
    frame_number: Option<u32>,
}

impl<E: Env<Obs = u8>> MaxPoolSkip<E> {
    /// Repeats the actions of `env` for `frame_skip` frames.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `frame_skip` is 0.
    pub fn new(env: E, frame_skip: usize) -> Result<Self, Error> {
        if frame_skip == 0 {
            return invalid("frame_skip", frame_skip, "at least 1 frame");
        }
        let frame = vec![0; env.observation_space().size()];
        let frames = [frame.clone(), frame.clone()];
        let (colours, kernel) = (None, Kernel::detect());
        Ok(Self { env, frame_skip, colours, kernel, frames, pooled: frame, frame_number: None })
    }

    /// Replaces each value by its entry in this table before the maximum, such as palette indices by grey levels. That is
    /// cheaper here than in the environment, because frames that are not shown are left alone.
    pub fn with_colours(self, colours: &[u8; 256]) -> Self {
        Self { colours: Some(Box::new(*colours)), ..self }
    }

    /// One step of the environment, into `frames[newest]` if it is seen.
    fn act(&mut self, action: Action<'_>, newest: usize, seen: bool) -> Result<Step, Error> {
        let frame = &mut self.frames[newest];
        let step = if seen { self.env.step(action, frame) } else { self.env.step_unseen(action, frame) }?;
        let frames =
            step.info.frame_number.zip(self.frame_number).map_or(1, |(now, before)| now.saturating_sub(before));
        self.frame_number = step.info.frame_number;
        match frames {
            2.. if self.frame_skip > 1 => invalid(
                "frame_skip",
                self.frame_skip,
                format!("an environment that skips no frames: it played {frames} in a step"),
            ),
            _ => Ok(step),
        }
    }

    /// Pools the last frame, `frames[newest]`, with the one before it.
    fn pool(&mut self, newest: usize) {
        let before = if self.frame_skip == 1 { newest } else { 1 - newest };
        let (newest, before) = (&self.frames[newest], &self.frames[before]);
        match &self.colours {
            Some(colours) => self.kernel.max_of_colours(colours, newest, before, &mut self.pooled),
            None => max(newest, before, &mut self.pooled),
        }
    }

    /// The last frame ended the episode: the pooled observation takes in the one before it.
    fn pool_end(&mut self, before: usize) {
        for (pooled, value) in self.pooled.iter_mut().zip(&self.frames[before]) {
            let value = self.colours.as_ref().map_or(*value, |colours| colours[usize::from(*value)]);
            *pooled = value.max(*pooled);
        }
    }
}

fn max(a: &[u8], b: &[u8], out: &mut [u8]) {
    for ((a, b), out) in a.iter().zip(b).zip(out) {
        *out = *a.max(b);
    }
}

impl<E: Env<Obs = u8>> Env for MaxPoolSkip<E> {
    type Obs = u8;

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [u8]) -> Result<Info, Error> {
        check_row(observation, self.env.observation_space())?;
        let info = self.env.reset(seed, &mut self.frames[0])?;
        self.frame_number = info.frame_number;
        let [first, other] = &mut self.frames;
        other.copy_from_slice(first);
        self.pool(0);
        observation.copy_from_slice(&self.pooled);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, self.env.observation_space())?;
        let (mut reward, mut step) = (0.0, Step::default());
        for frame in 0..self.frame_skip {
            let (newest, last) = (frame % 2, frame + 1 == self.frame_skip);
            step = self.act(action, newest, frame + 2 >= self.frame_skip)?;
            reward += step.reward;
            match (last, step.done()) {
                (true, false) => self.pool(newest),
                (true, true) if frame > 0 => self.pool_end(1 - newest),
                (_, true) => break,
                (false, false) => {}
            }
        }
        observation.copy_from_slice(&self.pooled);
        Ok(Step { reward, ..step })
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let len = state.len();
        state::put(&self.pooled, state)?;
        self.env.save(state).inspect_err(|_| state.truncate(len))
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let pooled: Vec<u8> = state::take(&mut rest)?;
        if pooled.len() != self.pooled.len() {
            let reason = format!("its frame has {} pixels, not {}", pooled.len(), self.pooled.len());
            return Err(Error::BadState { reason });
        }
        self.env.restore(&mut rest)?;
        (self.pooled, self.frame_number, *state) = (pooled, None, rest);
        Ok(())
    }

    pass_on!(observation_space, action_space, render, render_fps, rng_mut);
}
