//! What can be chosen about an Atari environment, and what the ids choose.

use serde::{Deserialize, Serialize};

use super::{Backend, RomSource, roms};
use crate::Error;

/// What an Atari environment shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObsType {
    /// Red, green and blue of each pixel: (210, 160, 3) in most games.
    Rgb,
    /// The brightness of each pixel: (210, 160).
    Grayscale,
    /// The console's memory: (128).
    Ram,
    /// The palette index of each pixel, which is what the console itself works with: (210, 160). The cheapest picture.
    Palette,
}

/// How many frames an action is repeated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameSkip {
    /// Always this many.
    Fixed(u32),
    /// Drawn for each action: at least the first, less than the second.
    Range(u32, u32),
}

/// What an Atari environment is made from.
///
/// ```
/// use envs::atari::{AtariConfig, FrameSkip, RomSource};
/// let config = AtariConfig::from_id("Pong-v0")?;
/// assert_eq!(config.frame_skip, FrameSkip::Range(2, 5));
/// assert_eq!(config.rom, RomSource::Bundled("pong".into()));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtariConfig {
    /// The game.
    pub rom: RomSource,
    /// The emulator: where none is chosen, that of [`Backend::of`].
    pub backend: Backend,
    /// What is observed.
    pub obs_type: ObsType,
    /// The frames of an action.
    pub frame_skip: FrameSkip,
    /// The probability that a frame repeats the action before instead of taking the new one, from 0 to 1.
    pub repeat_action_probability: f32,
    /// All 18 actions instead of those that do something in the game.
    pub full_action_space: bool,
    /// The frames after which an episode is truncated.
    pub max_num_frames_per_episode: Option<u32>,
    /// At most this many frames without action after a reset, at least 1; 0 for none.
    pub noop_max: u32,
    /// The game's mode, one of [`modes`](super::modes); `None` is its default.
    pub mode: Option<u16>,
    /// The position of the difficulty switches, one of [`difficulties`](super::difficulties); `None` is the default.
    pub difficulty: Option<u8>,
}

impl AtariConfig {
    /// The settings of `ALE/<Game>-v5`: 4 frames an action, sticky with probability 0.25, RGB, at most 108,000 frames.
    pub fn new(rom: RomSource) -> Self {
        Self {
            backend: Backend::of(&rom),
            rom,
            obs_type: ObsType::Rgb,
            frame_skip: FrameSkip::Fixed(4),
            repeat_action_probability: 0.25,
            full_action_space: false,
            max_num_frames_per_episode: Some(108_000),
            noop_max: 0,
            mode: None,
            difficulty: None,
        }
    }

    /// The settings of an id, for every game that ALE knows:
    ///
    /// | id | frames an action | sticky actions | no-ops at the start |
    /// |---|---|---|---|
    /// | `Pong-v0` | 2, 3 or 4 | 0.25 | |
    /// | `Pong-v4` | 2, 3 or 4 | 0 | |
    /// | `PongNoFrameskip-v0` | 1 | 0.25 | |
    /// | `PongNoFrameskip-v4` | 1 | 0 | |
    /// | `PongDeterministic-v0` | 4 | 0.25 | |
    /// | `PongDeterministic-v4` | 4 | 0 | |
    /// | `ALE/Pong-v5` | 4 | 0.25 | |
    /// | `Pong` | 4 | 0 | 1 to 30 |
    ///
    /// After the game's name, `-ram` shows the memory in place of the screen: `Pong-ram-v0`, `Pong-ramNoFrameskip-v4`; not
    /// with the last two.
    ///
    /// # Errors
    /// [`Error::UnknownEnv`] where the id is of no Atari game.
    pub fn from_id(id: &str) -> Result<Self, Error> {
        let parsed = parse(id).and_then(|(name, frame_skip, sticky, noop_max)| {
            let (name, obs_type) = match name.strip_suffix("-ram") {
                Some(name) if !id.starts_with("ALE/") => (name, ObsType::Ram),
                _ => (name, ObsType::Rgb),
            };
            let game = roms::names().find(|game| id_name(game) == name)?;
            let config = Self::new(RomSource::Bundled(game.into()));
            let repeat_action_probability = if sticky { 0.25 } else { 0.0 };
            Some(Self { obs_type, frame_skip, repeat_action_probability, noop_max, ..config })
        });
        parsed.ok_or_else(|| Error::UnknownEnv { id: id.into(), nearest: None })
    }
}

impl AtariConfig {
    /// Refuses settings that are out of range.
    pub(super) fn check(&self) -> Result<(), Error> {
        let invalid =
            |name, value: String, expected: &str| Err(Error::InvalidOption { name, value, expected: expected.into() });
        match self.frame_skip {
            FrameSkip::Fixed(0) => return invalid("frame_skip", "0".into(), "at least 1 frame"),
            FrameSkip::Range(low, high) if low == 0 || low >= high => {
                return invalid(
                    "frame_skip",
                    format!("{low}..{high}"),
                    "at least 1 frame, and the first less than the second",
                );
            }
            _ => {}
        }
        if self.max_num_frames_per_episode == Some(0) {
            return invalid("max_num_frames_per_episode", "0".into(), "at least 1 frame, or none");
        }
        Ok(())
    }
}

/// The game's name in the id, the frame skip, whether actions are sticky, and the no-ops.
fn parse(id: &str) -> Option<(&str, FrameSkip, bool, u32)> {
    if let Some(name) = id.strip_prefix("ALE/").and_then(|rest| rest.strip_suffix("-v5")) {
        return Some((name, FrameSkip::Fixed(4), true, 0));
    }
    let Some((rest, version)) = id.rsplit_once('-') else {
        return Some((id, FrameSkip::Fixed(4), false, 30));
    };
    let sticky = match version {
        "v0" => true,
        "v4" => false,
        _ => return None,
    };
    let (name, frame_skip) = if let Some(name) = rest.strip_suffix("NoFrameskip") {
        (name, FrameSkip::Fixed(1))
    } else if let Some(name) = rest.strip_suffix("Deterministic") {
        (name, FrameSkip::Fixed(4))
    } else {
        (rest, FrameSkip::Range(2, 5))
    };
    Some((name, frame_skip, sticky, 0))
}

/// A game's name in ids: `space_invaders` is `SpaceInvaders`, `tic_tac_toe_3d` is `TicTacToe3D`.
pub(super) fn id_name(game: &str) -> String {
    let mut begins = true;
    let mut name = String::new();
    for letter in game.chars() {
        if letter != '_' {
            name.push(if begins { letter.to_ascii_uppercase() } else { letter });
        }
        begins = !letter.is_ascii_lowercase();
    }
    name
}
