//! How Atari frames become observations, and which emulator gives them.

use std::path::PathBuf;

#[cfg(feature = "atari")]
use envs::atari::{AtariConfig, Backend, FrameSkip, RomSource};
use preprocess::DifferenceConfig;
use serde::{Deserialize, Serialize};

/// How Atari frames become observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelConfig {
    /// The frame difference.
    pub difference: DifferenceConfig,
    /// A stack of so many grey 84x84 frames in place of the difference.
    pub stack: Option<usize>,
    /// Raw frames per step; the mean where the environment draws it.
    pub frame_skip: f64,
    /// Whether `frame_skip` replaces the environment's own.
    pub fixed_skip: bool,
    /// The probability that a frame repeats the action before; null for the environment's own.
    pub sticky: Option<f32>,
    /// At most this many frames without action after a reset; null for the environment's own.
    pub noops: Option<u32>,
    /// A ROM file in place of the bundled one.
    pub rom: Option<PathBuf>,
    /// The emulator.
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

impl PhiName {
    /// The frame difference, which other options refine.
    pub fn difference(self) -> DifferenceConfig {
        match self {
            Self::Blog => DifferenceConfig::blog(),
            Self::Difference | Self::Stack => DifferenceConfig::default(),
        }
    }

    /// How many frames are stacked in place of a difference.
    pub fn stack(self) -> Option<usize> {
        (self == Self::Stack).then_some(4)
    }
}

#[cfg(feature = "atari")]
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

    /// The Atari game of this id, such as `pong`, and whether a frame may repeat the action before; none for others.
    pub fn game(id: &str) -> Option<(String, bool)> {
        let config = AtariConfig::from_id(id).ok()?;
        let RomSource::Bundled(game) = config.rom else { return None };
        Some((game, config.repeat_action_probability > 0.0))
    }
}

#[cfg(not(feature = "atari"))]
impl PixelConfig {
    /// None: there are no Atari environments without the feature `atari`.
    pub fn for_id(_id: &str) -> Option<Self> {
        None
    }

    /// None: there are no games without the feature `atari`.
    pub fn game(_id: &str) -> Option<(String, bool)> {
        None
    }
}
