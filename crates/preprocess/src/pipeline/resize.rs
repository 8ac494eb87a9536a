//! Frames made smaller by averaging areas.

use envs::{Action, DType, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row};
use image::RgbImage;

use super::{MaxPoolSkip, invalid, pass_on};
use crate::{
    Kernel,
    kernel::{BLOCK, Taps, Windows},
    mask::check_len,
};

/// Makes grey pictures smaller: each new pixel is the mean of the area it covers.
///
/// From 210x160 to 84x84 the result is OpenCV's `INTER_AREA`, bit for bit: the same sums in the same order, in `f32`,
/// rounded to the nearest, halves to even. Weights are the shares of a new pixel's area.
///
/// ```
/// use preprocess::AreaResizer;
/// let resizer = AreaResizer::new([2, 4], [1, 2])?;
/// let mut small = [0; 2];
/// resizer.resize(&[10, 20, 0, 0, 30, 40, 0, 2], &mut small)?;
/// assert_eq!(small, [25, 0]);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AreaResizer {
    from: [usize; 2],
    rows: Taps,
    columns: Taps,
    /// The columns as vectors, where they fit.
    windows: Option<Windows>,
    kernel: Kernel,
}

impl AreaResizer {
    /// From this many rows and columns to that many.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where a new size is 0 or larger than the old one.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Result<Self, Error> {
        if to.contains(&0) || to[0] > from[0] || to[1] > from[1] {
            return invalid("screen_size", format!("{to:?}"), format!("at least [1, 1] and at most {from:?}"));
        }
        let [rows, columns] = [0, 1].map(|i| Taps::new(from[i], to[i]));
        let windows = Windows::new(from[1], &columns);
        Ok(Self { from, rows, columns, windows, kernel: Kernel::detect() })
    }

    /// Resizes with these instructions.
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// Resizes any number of frames, one after the other.
    ///
    /// # Errors
    /// [`Error::WrongLength`] where `frames` is not a whole number of frames or `small` not as many small ones.
    pub fn resize(&self, frames: &[u8], small: &mut [u8]) -> Result<(), Error> {
        let (frame_len, small_len) = (self.from[0] * self.from[1], self.rows.len() * self.columns.len());
        let whole = frames.len() / frame_len;
        check_len("the frames", frames.len(), whole * frame_len)?;
        check_len("the resized frames", small.len(), whole * small_len)?;
        for (frame, small) in frames.chunks_exact(frame_len).zip(small.chunks_exact_mut(small_len)) {
            for (i, small) in small.chunks_exact_mut(self.columns.len()).enumerate() {
                self.resize_row(&frame[self.rows.first[i] * self.from[1]..], i, small);
            }
        }
        Ok(())
    }

    /// Resizes what has changed of a frame that was resized into `small` before.
    fn resize_changes(&self, frame: &[u8], changed: &[bool], small: &mut [u8]) {
        for (i, small) in small.chunks_exact_mut(self.columns.len()).enumerate() {
            let start = self.rows.first[i] * self.from[1];
            let end = start + self.rows.weights.len() * self.from[1];
            if changed[start / BLOCK..end.div_ceil(BLOCK)].contains(&true) {
                self.resize_row(&frame[start..], i, small);
            }
        }
    }

    /// The new row `i` from the old ones, the first that it covers being first.
    fn resize_row(&self, frame: &[u8], i: usize, small: &mut [u8]) {
        let weights = self.rows.weights.iter().map(|weights| weights[i]);
        let rows = frame.chunks_exact(self.from[1]).zip(weights);
        self.kernel.resize_row(rows, &self.columns, self.windows.as_ref(), small);
    }
}

/// Resizes the observations of a [`MaxPoolSkip`] with an [`AreaResizer`].
#[derive(Clone, Debug)]
pub struct AreaResize<E> {
    env: MaxPoolSkip<E>,
    observation_space: Space,
    resizer: AreaResizer,
    small: Vec<u8>,
}

impl<E: Env<Obs = u8>> AreaResize<E> {
    /// Observations of `env` with this many rows and columns.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the observations are not (rows, columns), or a new size is 0 or larger than the old.
    pub fn new(env: MaxPoolSkip<E>, screen_size: [usize; 2]) -> Result<Self, Error> {
        let &[rows, columns] = env.observation_space().shape() else {
            let shape = env.observation_space().shape();
            return invalid(
                "screen_size",
                format!("{screen_size:?}"),
                format!("frames (rows, columns), not {shape:?}"),
            );
        };
        let resizer = AreaResizer::new([rows, columns], screen_size)?;
        let observation_space = Space::boxed(&screen_size, DType::U8, 0.0, 255.0);
        let small = vec![0; screen_size[0] * screen_size[1]];
        Ok(Self { small, env, observation_space, resizer })
    }

    /// What becomes of the frame. Most of it is as before.
    fn resize(&mut self, observation: &mut [u8]) {
        let (frame, changed) = self.env.frame();
        self.resizer.resize_changes(frame, changed, &mut self.small);
        changed.fill(false);
        observation.copy_from_slice(&self.small);
    }
}

impl<E: Env<Obs = u8>> Env for AreaResize<E> {
    type Obs = u8;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [u8]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let info = self.env.start(seed)?;
        self.resize(observation);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let step = self.env.play(action)?;
        self.resize(observation);
        Ok(step)
    }

    pass_on!(action_space, render, render_fps, rng_mut, save, restore);
}
