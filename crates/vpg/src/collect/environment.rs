//! From a config to its vector environment.

use std::path::PathBuf;

use envs::{DType, Error, VecEnv, spec};
use preprocess::StepClock;
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// What the steps of this process's frame differences have cost.
pub static STEP_CLOCK: StepClock = StepClock::new();

/// A vector environment whose type of observations is known at run time only.
#[allow(missing_docs, reason = "the variants are the element types")]
pub enum AnyVecEnv {
    U8(VecEnv<u8>),
    I8(VecEnv<i8>),
    F32(VecEnv<f32>),
    F64(VecEnv<f64>),
}

/// Calls a generic function with the vector environment, whatever its observations are made of.
#[macro_export]
macro_rules! with_vec_env {
    ($any:expr, $env:ident => $call:expr) => {
        match $any {
            $crate::collect::environment::AnyVecEnv::U8($env) => $call,
            $crate::collect::environment::AnyVecEnv::I8($env) => $call,
            $crate::collect::environment::AnyVecEnv::F32($env) => $call,
            $crate::collect::environment::AnyVecEnv::F64($env) => $call,
        }
    };
}

/// How Atari frames become observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelConfig {
    /// The frame difference.
    pub difference: preprocess::DifferenceConfig,
    /// A stack of so many grey 84x84 frames in place of the difference.
    #[serde(default)]
    pub stack: Option<usize>,
    /// Raw frames per step; the mean where the environment draws it.
    pub frame_skip: f64,
    /// Whether `frame_skip` replaces the environment's own.
    #[serde(default)]
    pub fixed_skip: bool,
    /// The probability that a frame repeats the action before; null for the environment's own.
    #[serde(default)]
    pub sticky: Option<f32>,
    /// At most this many frames without action after a reset; null for the environment's own.
    #[serde(default)]
    pub noops: Option<u32>,
    /// A ROM file in place of the bundled one.
    pub rom: Option<PathBuf>,
    /// The emulator; runs from before there was a choice had ALE's own.
    #[serde(default)]
    pub backend: BackendName,
}

/// The emulators of `--backend`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BackendName {
    /// The Arcade Learning Environment's own.
    #[default]
    Ale,
    /// The native one, several times faster.
    Vcs,
}

impl PixelConfig {
    /// The options of `--phi`, which `stride` and the others refine.
    pub fn set_phi(&mut self, phi: PhiName) {
        self.stack = (phi == PhiName::Stack).then_some(4);
        self.difference = match phi {
            PhiName::Blog => preprocess::DifferenceConfig::blog(),
            PhiName::Difference | PhiName::Stack => preprocess::DifferenceConfig::default(),
        };
    }
}

/// The ways of `--phi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PhiName {
    /// Now minus the observation before, 80x80.
    Difference,
    /// The write-up's: now minus two observations before, 40x40.
    Blog,
    /// Grey frames of 84x84, the last four of them.
    Stack,
}

/// The environments of a run.
///
/// # Errors
/// For an unknown environment, and those of its constructor.
pub fn make(config: &Config, num_envs: usize) -> Result<AnyVecEnv, Error> {
    let mut spec = spec(&config.env)?;
    spec.max_episode_steps = config.max_ep_len.or(spec.max_episode_steps);
    if let Some(pixels) = &config.pixels {
        return pixel_envs(&spec, pixels, num_envs, config.threads);
    }
    let threads = config.threads;
    Ok(match spec.make()?.dtype() {
        DType::U8 => AnyVecEnv::U8(VecEnv::of_spec(&spec, num_envs, threads)?),
        DType::I8 => AnyVecEnv::I8(VecEnv::of_spec(&spec, num_envs, threads)?),
        DType::F64 => AnyVecEnv::F64(VecEnv::of_spec(&spec, num_envs, threads)?),
        _ => AnyVecEnv::F32(VecEnv::of_spec(&spec, num_envs, threads)?),
    })
}

#[cfg(feature = "atari")]
mod pixels {
    use envs::{
        BoxEnv, EnvSpec, Error, TimeLimit, VecEnv,
        atari::{Atari, AtariConfig, Backend, FrameSkip, GREY, ObsType, RomSource},
    };
    use preprocess::{DifferenceConfig, FrameDifference, FrameFormat, PipelineConfig, pipeline};

    use super::{AnyVecEnv, BackendName, PixelConfig, STEP_CLOCK};

    impl PixelConfig {
        /// The default for an Atari environment's id; none for others.
        pub fn for_id(id: &str) -> Option<Self> {
            let config = AtariConfig::from_id(id).ok()?;
            let frame_skip = match config.frame_skip {
                FrameSkip::Fixed(frames) => f64::from(frames),
                FrameSkip::Range(low, high) => f64::from(low + high - 1) / 2.0,
            };
            Some(Self {
                difference: DifferenceConfig::default(),
                stack: None,
                frame_skip,
                fixed_skip: false,
                sticky: None,
                noops: None,
                rom: None,
                backend: match config.backend {
                    Backend::Ale => BackendName::Ale,
                    Backend::Vcs => BackendName::Vcs,
                },
            })
        }

        /// Whether frames of the environment with this id may repeat the action before.
        pub fn is_sticky(id: &str) -> bool {
            AtariConfig::from_id(id).is_ok_and(|config| config.repeat_action_probability > 0.0)
        }
    }

    pub(super) fn pixel_envs(
        spec: &EnvSpec,
        pixels: &PixelConfig,
        num_envs: usize,
        threads: usize,
    ) -> Result<AnyVecEnv, Error> {
        let config = atari_config(spec, pixels)?;
        let limit = spec.max_episode_steps;
        if let Some(stack) = pixels.stack {
            let envs = (0..num_envs).map(|_| stack_env(&config, pixels, stack, limit)).collect::<Result<_, _>>()?;
            return Ok(AnyVecEnv::U8(VecEnv::new(envs, threads)?));
        }
        let make = |_| {
            let differences = FrameDifference::new(Atari::new(&config)?, FrameFormat::Palette, &pixels.difference)?;
            Ok(Box::new(TimeLimit::new(differences.timed(&STEP_CLOCK), limit)) as BoxEnv<i8>)
        };
        let envs = (0..num_envs).map(make).collect::<Result<_, _>>()?;
        Ok(AnyVecEnv::I8(VecEnv::new(envs, threads)?))
    }

    fn atari_config(spec: &EnvSpec, pixels: &PixelConfig) -> Result<AtariConfig, Error> {
        let mut config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id(&spec.id)? };
        config.backend = match pixels.backend {
            BackendName::Ale => Backend::Ale,
            BackendName::Vcs => Backend::Vcs,
        };
        if let Some(path) = &pixels.rom {
            config.rom = RomSource::File(path.clone());
        }
        if pixels.fixed_skip {
            config.frame_skip = FrameSkip::Fixed(pixels.frame_skip as u32);
        }
        config.repeat_action_probability = pixels.sticky.unwrap_or(config.repeat_action_probability);
        config.noop_max = pixels.noops.unwrap_or(config.noop_max);
        Ok(config)
    }

    /// The usual pipeline, which skips the frames itself, with rewards as they are.
    fn stack_env(
        config: &AtariConfig,
        pixels: &PixelConfig,
        stack: usize,
        limit: Option<u64>,
    ) -> Result<BoxEnv<u8>, Error> {
        let options = PipelineConfig {
            frame_skip: pixels.frame_skip as usize,
            stack,
            clip_rewards: false,
            ..PipelineConfig::default()
        };
        let game = Atari::new(&AtariConfig { frame_skip: FrameSkip::Fixed(1), ..config.clone() })?;
        Ok(Box::new(TimeLimit::new(pipeline(game, &GREY, &options)?, limit)))
    }
}

#[cfg(not(feature = "atari"))]
mod pixels {
    use envs::{EnvSpec, Error};

    use super::{AnyVecEnv, PixelConfig};

    impl PixelConfig {
        /// There are no Atari environments without the feature `atari`.
        pub fn for_id(_id: &str) -> Option<Self> {
            None
        }

        /// No frame is.
        pub fn is_sticky(_id: &str) -> bool {
            false
        }
    }

    pub(super) fn pixel_envs(spec: &EnvSpec, _: &PixelConfig, _: usize, _: usize) -> Result<AnyVecEnv, Error> {
        Err(Error::UnknownEnv { id: spec.id.clone(), nearest: None })
    }
}

use pixels::pixel_envs;
