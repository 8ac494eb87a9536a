//! The usual pipeline of Atari agents: frame skip, maximum of two frames, grey, 84x84, a stack of four.

mod episodes;
mod resize;
mod skip;
mod stack;

use envs::{BoxEnv, Env, Error};
use serde::{Deserialize, Serialize};

pub use episodes::{ClipReward, FireReset, LifeLossEnd};
pub use resize::{AreaResize, AreaResizer};
pub use skip::MaxPoolSkip;
pub use stack::FrameStack;

/// The options of [`pipeline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineConfig {
    /// Frames an action is repeated for.
    pub frame_skip: usize,
    /// Rows and columns of the observation.
    pub screen_size: [usize; 2],
    /// How many observations are stacked.
    pub stack: usize,
    /// The loss of a life terminates the episode.
    pub terminal_on_life_loss: bool,
    /// Fires after a reset, for games that wait for it.
    pub fire_reset: bool,
    /// Rewards are clipped to -1 to 1.
    pub clip_rewards: bool,
}

impl Default for PipelineConfig {
    /// Skip 4, 84x84, a stack of 4, rewards clipped, neither life loss nor fire.
    fn default() -> Self {
        Self {
            frame_skip: 4,
            screen_size: [84, 84],
            stack: 4,
            terminal_on_life_loss: false,
            fire_reset: false,
            clip_rewards: true,
        }
    }
}

/// What Gymnasium's `AtariPreprocessing` and `FrameStackObservation` make of a game: all wrappers of this module, in the
/// usual order.
///
/// `env` shows palette indices, and `grey` has their grey levels; it must not skip frames itself, which its first step
/// refuses. Random no-ops at the
/// start are the game's own option. Observations are (stack, rows, columns), the newest last.
///
/// ```
/// # #[cfg(feature = "atari")] {
/// use envs::{Env, Seed, atari::{Atari, AtariConfig, GREY, ObsType}};
/// use preprocess::{PipelineConfig, pipeline};
/// let game = AtariConfig::from_id("BreakoutNoFrameskip-v4")?;
/// let game = Atari::new(&AtariConfig { obs_type: ObsType::Palette, noop_max: 30, ..game })?;
/// let config = PipelineConfig { terminal_on_life_loss: true, ..PipelineConfig::default() };
/// let mut env = pipeline(game, &GREY, &config)?;
/// assert_eq!(env.observation_space().shape(), [4, 84, 84]);
/// env.reset(Some(&Seed::from(1)), &mut [0; 4 * 84 * 84])?;
/// # }
/// # Ok::<(), envs::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidOption`] where an option is out of range, or observations are not (rows, columns).
pub fn pipeline<E: Env<Obs = u8> + 'static>(
    env: E,
    grey: &[u8; 256],
    config: &PipelineConfig,
) -> Result<BoxEnv<u8>, Error> {
    let mut env: BoxEnv<u8> = Box::new(env);
    if config.terminal_on_life_loss {
        env = Box::new(LifeLossEnd::new(env));
    }
    let pooled = MaxPoolSkip::new(env, config.frame_skip)?.with_colours(grey);
    env = Box::new(AreaResize::new(pooled, config.screen_size)?);
    if config.fire_reset {
        env = Box::new(FireReset::new(env)?);
    }
    if config.clip_rewards {
        env = Box::new(ClipReward::new(env, -1.0, 1.0)?);
    }
    Ok(Box::new(FrameStack::new(env, config.stack)?))
}

/// The methods of `Env` that a wrapper passes on.
macro_rules! pass_on {
    ($($method:ident),*) => {$(pass_on!(@ $method);)*};
    (@ step_unseen) => {
        fn step_unseen(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
            self.env.step_unseen(action, observation)
        }
    };
    (@ kept) => {
        fn kept(&self) -> [Option<&[Self::Obs]>; 2] {
            self.env.kept()
        }
    };
    (@ observation_space) => {
        fn observation_space(&self) -> &Space {
            self.env.observation_space()
        }
    };
    (@ action_space) => {
        fn action_space(&self) -> &Space {
            self.env.action_space()
        }
    };
    (@ render) => {
        fn render(&self) -> Result<RgbImage, Error> {
            self.env.render()
        }
    };
    (@ render_fps) => {
        fn render_fps(&self) -> u32 {
            self.env.render_fps()
        }
    };
    (@ rng_mut) => {
        fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
            self.env.rng_mut()
        }
    };
    (@ save) => {
        fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
            self.env.save(state)
        }
    };
    (@ restore) => {
        fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
            self.env.restore(state)
        }
    };
}
use pass_on;

fn invalid<T>(name: &'static str, value: impl ToString, expected: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidOption { name, value: value.to_string(), expected: expected.into() })
}
