//! What the difference is made of, as plain data.

use std::ops::Range;

use envs::Error;
use serde::{Deserialize, Serialize};

use crate::background::{Background, FIELD_HEIGHT};

/// The rows of most Atari frames.
pub const HEIGHT: usize = 210;
/// The columns of an Atari frame.
pub const WIDTH: usize = 160;

/// The rows of a frame of this height that have cells: of 210 those of Pong's field, between the walls and below the
/// score, of others the middle.
pub(crate) const fn field(height: usize) -> Range<usize> {
    let first = if height == HEIGHT { 34 } else { (height - FIELD_HEIGHT) / 2 };
    first..first + FIELD_HEIGHT
}

/// How the pixels of a 210x160 frame are stored, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameFormat {
    /// One byte a pixel: the index of its colour in the console's palette.
    Palette,
    /// Three bytes a pixel: red, green, blue.
    Rgb,
}

impl FrameFormat {
    /// Bytes of a pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::Palette => 1,
            Self::Rgb => 3,
        }
    }

    /// Bytes of a frame.
    pub const fn frame_len(self) -> usize {
        HEIGHT * WIDTH * self.channels()
    }

    /// The shape of a frame.
    pub const fn shape(self) -> &'static [usize] {
        match self {
            Self::Palette => &[HEIGHT, WIDTH],
            Self::Rgb => &[HEIGHT, WIDTH, 3],
        }
    }
}

/// Which pixels count as background, and what the first frames of an episode are compared with.
///
/// The colours were read off the field (rows 34 to 193) of ALE 0.12.1's Pong over 20,000 frames: the field is
/// (144, 72, 17), palette index 34, except in the first two frames of an episode, where it is (109, 118, 43), palette
/// index 228. No other colour there has one of these greens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phi {
    /// Both of Pong's field colours are background. The first frame is compared with itself, so that the first
    /// observation is all zeros, and further missing frames are the first one.
    #[default]
    Difference,
    /// The formula of the write-up that learns Pong from the difference of a queue's last and first frame: the queue
    /// begins as all zeros, only the later field colour and black are background.
    Blog,
}

impl Phi {
    /// The two values that are background: greens of an RGB frame or palette indices.
    pub(crate) const fn background(self, format: FrameFormat) -> [u8; 2] {
        match (self, format) {
            (Self::Difference, FrameFormat::Rgb) => [72, 118],
            (Self::Difference, FrameFormat::Palette) => [34, 228],
            (Self::Blog, FrameFormat::Rgb) => [72, 0],
            (Self::Blog, FrameFormat::Palette) => [34, 0],
        }
    }
}

/// The options of the frame difference.
///
/// ```
/// use preprocess::{DifferenceConfig, Phi};
/// let default = DifferenceConfig {
///     phi: Phi::Difference,
///     stride: 2,
///     distance: 1,
///     with_frame: false,
///     background: None,
///     against_first: false,
/// };
/// assert_eq!(DifferenceConfig::default(), default);
/// assert_eq!(DifferenceConfig::default().side(), 80);
/// assert_eq!(DifferenceConfig::blog().side(), 40);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferenceConfig {
    /// Which pixels are background and how an episode begins.
    pub phi: Phi,
    /// Every how many-th row and column is kept: 2 (80x80 cells) or 4 (40x40).
    pub stride: usize,
    /// How many observations lie between the two frames: 1 or 2.
    pub distance: usize,
    /// Whether the present frame comes before the difference, so that what rests is seen too.
    #[serde(default)]
    pub with_frame: bool,
    /// What is background in place of `phi`'s colours, which are Pong's; [`seen_in`](Self::seen_in) finds that of a game.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// Whether that frame is what differs from the episode's first one, so that what stands from the begin on, such as a wall,
    /// is not seen until it is gone; [`seen_in`](Self::seen_in) finds out whether that suits a game.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub against_first: bool,
}

impl Default for DifferenceConfig {
    /// 80x80 cells, now minus the observation before.
    fn default() -> Self {
        Self { phi: Phi::Difference, stride: 2, distance: 1, with_frame: false, background: None, against_first: false }
    }
}

impl DifferenceConfig {
    /// What the write-up does: 40x40 cells, now minus two observations before. Its own code subtracts in `uint8`,
    /// where 0 - 1 is 255; here it is -1.
    pub fn blog() -> Self {
        Self { phi: Phi::Blog, stride: 4, distance: 2, ..Self::default() }
    }

    /// The rows of the observation, which are as many as its columns.
    pub fn side(&self) -> usize {
        FIELD_HEIGHT / self.stride
    }

    /// The shape of the observation.
    pub(crate) fn shape(&self) -> Vec<usize> {
        let planes = if self.with_frame { vec![2] } else { Vec::new() };
        [planes, vec![self.side(); 2]].concat()
    }

    /// # Errors
    /// [`Error::InvalidOption`] where stride or distance is none of its possible values.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let invalid = |name, value: usize, expected: &str| {
            Err(Error::InvalidOption { name, value: value.to_string(), expected: expected.into() })
        };
        match (self.stride, self.distance) {
            (2 | 4, 1 | 2) => Ok(()),
            (2 | 4, distance) => invalid("distance", distance, "1 or 2"),
            (stride, _) => invalid("stride", stride, "2 (80x80 cells) or 4 (40x40 cells)"),
        }
    }
}
