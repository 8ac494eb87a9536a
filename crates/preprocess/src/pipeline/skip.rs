//! Frame skip with the maximum of two frames.

use std::cell::Cell;

use envs::{Action, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, state};
use image::RgbImage;

use super::{invalid, pass_on};
use crate::{Kernel, kernel::BLOCK};

thread_local! {
    /// The last two frames of the step that is being taken, for all environments of a thread: so they stay in its cache.
    static FRAMES: Cell<[Vec<u8>; 2]> = const { Cell::new([const { Vec::new() }; 2]) };
}

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
    pooled: Pooled,
    /// What the environment counted last, if it counts.
    frame_number: Option<u32>,
}

/// The maximum of two frames.
#[derive(Clone, Debug)]
struct Pooled {
    colours: Option<Box<[u8; 256]>>,
    kernel: Kernel,
    pixels: Vec<u8>,
    /// For each [`BLOCK`] of `pixels`, whether it may have changed since [`frame`](MaxPoolSkip::frame) was looked at.
    changed: Vec<bool>,
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
        let pooled = Pooled::new(env.observation_space().size());
        Ok(Self { env, frame_skip, pooled, frame_number: None })
    }

    /// Replaces each value by its entry in this table before the maximum, such as palette indices by grey levels. That is
    /// cheaper here than in the environment, because frames that are not shown are left alone.
    pub fn with_colours(mut self, colours: &[u8; 256]) -> Self {
        self.pooled.colours = Some(Box::new(*colours));
        self
    }

    /// The pooled frame, and which of its blocks may have changed since they were last set to `false`.
    pub(super) fn frame(&mut self) -> (&[u8], &mut [bool]) {
        (&self.pooled.pixels, &mut self.pooled.changed)
    }

    /// Resets the environment and pools its first frame.
    pub(super) fn start(&mut self, seed: Option<&Seed>) -> Result<Info, Error> {
        let info = self.on_frames(|this, frames| {
            let info = this.env.reset(seed, &mut frames[0])?;
            this.pooled.max([&frames[0], &frames[0]]);
            Ok(info)
        })?;
        self.frame_number = info.frame_number;
        Ok(info)
    }

    /// Repeats the action and pools the last frames.
    pub(super) fn play(&mut self, action: Action<'_>) -> Result<Step, Error> {
        self.on_frames(|this, frames| {
            let (mut reward, mut step) = (0.0, Step::default());
            for frame in 0..this.frame_skip {
                let (newest, last) = (frame % 2, frame + 1 == this.frame_skip);
                step = this.act(action, &mut frames[newest], frame + 2 >= this.frame_skip)?;
                reward += step.reward;
                match (last, step.done()) {
                    (true, false) => {
                        let [newest, before] = shown(&this.env, frames, newest);
                        this.pooled.max([newest, if this.frame_skip == 1 { newest } else { before }]);
                    }
                    (true, true) if frame > 0 => this.pooled.take_in(shown(&this.env, frames, newest)[1]),
                    (_, true) => break,
                    (false, false) => {}
                }
            }
            Ok(Step { reward, ..step })
        })
    }

    fn on_frames<T>(&mut self, work: impl FnOnce(&mut Self, &mut [Vec<u8>; 2]) -> T) -> T {
        let mut frames = FRAMES.take();
        frames.iter_mut().for_each(|frame| frame.resize(self.pooled.pixels.len(), 0));
        let result = work(self, &mut frames);
        FRAMES.set(frames);
        result
    }

    /// One step of the environment; if it is seen, into `frame` unless the environment keeps it.
    fn act(&mut self, action: Action<'_>, frame: &mut [u8], seen: bool) -> Result<Step, Error> {
        let step = if seen { self.env.step_kept(action, frame) } else { self.env.step_unseen(action, frame) }?;
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
}

/// The last two frames, the newest first: where the environment keeps them, or else where they were written.
fn shown<'a>(env: &'a impl Env<Obs = u8>, frames: &'a [Vec<u8>; 2], newest: usize) -> [&'a [u8]; 2] {
    let [kept, before] = env.kept();
    [kept.unwrap_or(&frames[newest]), before.unwrap_or(&frames[1 - newest])]
}

impl Pooled {
    fn new(size: usize) -> Self {
        Self {
            colours: None,
            kernel: Kernel::detect(),
            pixels: vec![0; size],
            changed: vec![true; size.div_ceil(BLOCK)],
        }
    }

    /// Becomes the maximum of these two.
    fn max(&mut self, frames: [&[u8]; 2]) {
        match &self.colours {
            Some(colours) => self.kernel.max_of_colours(colours, frames, &mut self.pixels, &mut self.changed),
            None => {
                max(frames, &mut self.pixels);
                self.changed.fill(true);
            }
        }
    }

    /// Becomes the maximum of what it is and this frame: the last one, which ended the episode, is not shown.
    fn take_in(&mut self, frame: &[u8]) {
        self.changed.fill(true);
        for (pixel, value) in self.pixels.iter_mut().zip(frame) {
            let value = self.colours.as_ref().map_or(*value, |colours| colours[usize::from(*value)]);
            *pixel = value.max(*pixel);
        }
    }
}

fn max([a, b]: [&[u8]; 2], out: &mut [u8]) {
    for ((a, b), out) in a.iter().zip(b).zip(out) {
        *out = *a.max(b);
    }
}

impl<E: Env<Obs = u8>> Env for MaxPoolSkip<E> {
    type Obs = u8;

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [u8]) -> Result<Info, Error> {
        check_row(observation, self.env.observation_space())?;
        let info = self.start(seed)?;
        observation.copy_from_slice(&self.pooled.pixels);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, self.env.observation_space())?;
        let step = self.play(action)?;
        observation.copy_from_slice(&self.pooled.pixels);
        Ok(step)
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let len = state.len();
        state::put(&self.pooled.pixels, state)?;
        self.env.save(state).inspect_err(|_| state.truncate(len))
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let pooled: Vec<u8> = state::take(&mut rest)?;
        if pooled.len() != self.pooled.pixels.len() {
            let reason = format!("its frame has {} pixels, not {}", pooled.len(), self.pooled.pixels.len());
            return Err(Error::BadState { reason });
        }
        self.env.restore(&mut rest)?;
        (self.pooled.pixels, self.frame_number, *state) = (pooled, None, rest);
        self.pooled.changed.fill(true);
        Ok(())
    }

    pass_on!(observation_space, action_space, render, render_fps, rng_mut);
}
