//! The environment whose observations are frame differences.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use envs::{Action, DType, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, state};
use image::RgbImage;

use crate::{DifferenceConfig, FrameFormat, Masker, WIDTH, history::History};

/// Wraps an environment whose observations are Atari frames: its observations become frame differences.
///
/// | observation (i8) | value |
/// |---|---|
/// | shape (80, 80), or (40, 40) with stride 4 | 1 where something appeared since the earlier frame, -1 where something vanished, 0 elsewhere |
///
/// With [`with_frame`](DifferenceConfig::with_frame) the shape is (2, 80, 80): the present frame, 1 where something is, then the
/// difference. [Against the first frame](DifferenceConfig::against_first) it is 1 where something has come, -1 where something
/// of that is gone.
///
/// Cell (r, c) looks at pixel (34 + stride * r, stride * c) of 210 rows; of 250 rows it is (45 + stride * r, stride * c).
/// Actions, rewards, ends and pictures are those of the
/// wrapped environment. The wrapper allocates nothing after it was made; its saved state includes the earlier frames.
///
/// ```
/// # #[cfg(feature = "atari")] {
/// use envs::{Action, Env, Seed, atari::{Atari, AtariConfig, ObsType}};
/// use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};
/// let pong = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id("Pong")? };
/// let mut env = FrameDifference::new(Atari::new(&pong)?, FrameFormat::Palette, &DifferenceConfig::default())?;
/// let mut observation = vec![0; 80 * 80];
/// env.reset(Some(&Seed::from(1)), &mut observation)?;
/// assert!(observation.iter().all(|cell| *cell == 0));
/// env.step(Action::Discrete(2), &mut observation)?;
/// assert!(observation.iter().any(|cell| *cell != 0));
/// # }
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameDifference<E> {
    env: E,
    config: DifferenceConfig,
    masker: Masker,
    observation_space: Space,
    frame: Vec<u8>,
    history: History,
    clock: Option<Arc<StepClock>>,
}

/// The rows of an environment's frames, where they are of this format.
pub(crate) fn frame_height(observations: &Space, format: FrameFormat) -> Result<usize, Error> {
    match (observations.shape(), format) {
        ([height, WIDTH], FrameFormat::Palette) | ([height, WIDTH, 3], FrameFormat::Rgb) => Ok(*height),
        (shape, _) => {
            let expected = format!("a format of the environment's shape {shape:?}");
            Err(Error::InvalidOption { name: "format", value: format!("{format:?}"), expected })
        }
    }
}

/// What the steps of environments cost, added up over all threads: the wrapped environments' own and the differences'
/// nanoseconds.
#[derive(Debug, Default)]
pub struct StepClock {
    step: AtomicU64,
    preprocess: AtomicU64,
}

impl StepClock {
    /// The share of preprocessing in what steps cost, from 0 to 1.
    pub fn preprocess_share(&self) -> f64 {
        let [step, preprocess] = [&self.step, &self.preprocess].map(|nanos| nanos.load(Ordering::Relaxed) as f64);
        if preprocess > 0.0 { preprocess / (step + preprocess) } else { 0.0 }
    }
}

impl<E: Env<Obs = u8>> FrameDifference<E> {
    /// Differences of the frames of `env`, which are of this format.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the configuration has an impossible value, or the observations of `env` have
    /// not the shape of such frames.
    pub fn new(env: E, format: FrameFormat, config: &DifferenceConfig) -> Result<Self, Error> {
        let height = frame_height(env.observation_space(), format)?;
        let masker = Masker::new(format, config)?.with_height(height)?;
        Ok(Self {
            env,
            config: *config,
            masker,
            observation_space: Space::boxed(&config.shape(), DType::I8, -1.0, 1.0),
            frame: vec![0; height * WIDTH * format.channels()],
            history: History::new(&masker, config),
            clock: None,
        })
    }

    /// Adds the costs of its steps to `clock`, which several environments may share.
    pub fn timed(self, clock: Arc<StepClock>) -> Self {
        Self { clock: Some(clock), ..self }
    }
}

impl<E: Env<Obs = u8>> Env for FrameDifference<E> {
    type Obs = i8;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn action_space(&self) -> &Space {
        self.env.action_space()
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [i8]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let info = self.env.reset(seed, &mut self.frame)?;
        self.history.start(&self.masker, &self.config, &self.frame, observation)?;
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [i8]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let Some(clock) = &self.clock else {
            let step = self.env.step(action, &mut self.frame)?;
            self.history.advance(&self.masker, &self.frame, observation)?;
            return Ok(step);
        };
        let began = Instant::now();
        let step = self.env.step(action, &mut self.frame)?;
        let stepped = Instant::now();
        self.history.advance(&self.masker, &self.frame, observation)?;
        clock.step.fetch_add((stepped - began).as_nanos() as u64, Ordering::Relaxed);
        clock.preprocess.fetch_add(stepped.elapsed().as_nanos() as u64, Ordering::Relaxed);
        Ok(step)
    }

    fn render(&self) -> Result<RgbImage, Error> {
        self.env.render()
    }

    fn render_fps(&self) -> u32 {
        self.env.render_fps()
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        self.env.rng_mut()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let len = state.len();
        state::put(&self.history, state)?;
        self.env.save(state).inspect_err(|_| state.truncate(len))
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let history: History = state::take(&mut rest)?;
        if !history.fits(&self.history, self.masker.mask_len()) {
            let reason = format!("its frames are not those of {:?}", self.config);
            return Err(Error::BadState { reason });
        }
        self.env.restore(&mut rest)?;
        self.history = history;
        *state = rest;
        Ok(())
    }
}
