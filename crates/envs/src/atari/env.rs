//! The environment: actions of several frames, observations, Gymnasium's seeding.

use std::any::Any;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::{AtariAction, AtariConfig, FrameSkip, Game, ObsType, console::RAM_BYTES};
use crate::{
    Action, DType, Discrete, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, rng::SeedSequence, state,
};

/// An Atari 2600 game, seed for seed what ale-py 0.12's environment gives.
///
/// Actions are indices into the game's action set, ascending by ALE's code; Pong's is
///
/// | action | meaning | ALE's code |
/// |---|---|---|
/// | 0 | nothing | 0 |
/// | 1 | fire | 1 |
/// | 2 | right: up | 3 |
/// | 3 | left: down | 4 |
/// | 4 | right and fire | 11 |
/// | 5 | left and fire | 12 |
///
/// Observations are those of [`ObsType`], bytes from 0 to 255. The reward is the sum over the action's frames, unclipped.
/// An episode is terminated at the game's end and truncated at the frame limit; the loss of a life ends nothing. After
/// an end nothing moves any more and all rewards are 0. [`Info`] tells lives and frame numbers.
///
/// ```
/// use envs::{Action, Env, Seed, atari::{Atari, AtariConfig}};
/// let mut env = Atari::new(&AtariConfig::from_id("PongNoFrameskip-v4")?)?;
/// let mut observation = vec![0; 210 * 160 * 3];
/// env.reset(Some(&Seed::from(0)), &mut observation)?;
/// let step = env.step(Action::Discrete(2), &mut observation)?;
/// assert_eq!(step.info.episode_frame_number, Some(1));
/// # Ok::<(), envs::Error>(())
/// ```
pub struct Atari {
    game: Game,
    actions: Vec<AtariAction>,
    action_space: Space,
    observation_space: Space,
    obs_type: ObsType,
    frame_skip: FrameSkip,
    noop_max: u32,
    /// `None` before the first reset.
    rng: Option<NumpyRng>,
}

/// A saved state, after its checksum: ALE would not notice a damaged one.
#[derive(Serialize, Deserialize)]
struct Saved {
    crc32: u32,
    bytes: Vec<u8>,
}

impl Atari {
    /// An environment of these settings.
    ///
    /// # Errors
    /// [`Error::Rom`] where the ROM is missing, unreadable or not known, [`Error::InvalidOption`] where a setting is out
    /// of range, [`Error::NotBuilt`] where the backend is left out.
    pub fn new(config: &AtariConfig) -> Result<Self, Error> {
        config.check()?;
        let game = Game::load_in_mode(
            &config.rom,
            config.backend,
            config.repeat_action_probability,
            config.mode,
            config.difficulty,
        )?;
        let game = game.with_max_frames(config.max_num_frames_per_episode);
        let actions = match config.full_action_space {
            true => AtariAction::all().collect(),
            false => game.minimal_actions().to_vec(),
        };
        let (height, width) = game.screen_size();
        let shape = match config.obs_type {
            ObsType::Rgb => vec![height, width, 3],
            ObsType::Grayscale | ObsType::Palette => vec![height, width],
            ObsType::Ram => vec![RAM_BYTES],
        };
        Ok(Self {
            action_space: Space::Discrete(Discrete { n: actions.len() as i64, start: 0 }),
            observation_space: Space::boxed(&shape, DType::U8, 0.0, 255.0),
            game,
            actions,
            obs_type: config.obs_type,
            frame_skip: config.frame_skip,
            noop_max: config.noop_max,
            rng: None,
        })
    }

    /// The console: screen, memory and counters beside the observation.
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// What the actions mean, by index.
    pub fn actions(&self) -> &[AtariAction] {
        &self.actions
    }

    /// Gymnasium's seeding: of the seed's two words, the first seeds the environment's generator, the second ALE's.
    fn seed(&mut self, seed: &Seed) -> NumpyRng {
        let words = SeedSequence::new(seed).generate_state(2);
        self.game.seed(words[1]);
        NumpyRng::new(&Seed::from(u64::from(words[0])))
    }

    /// Starts the game, from its seed if there is one.
    fn start(&mut self, seed: Option<&Seed>) -> NumpyRng {
        let rng = match (seed, self.rng.take()) {
            (Some(seed), _) => self.seed(seed),
            (None, Some(rng)) => rng,
            (None, None) => self.seed(&Seed::from_entropy()),
        };
        self.game.reset();
        rng
    }

    /// Lets a random number of frames pass, as Gymnasium's AtariPreprocessing does; a game that ends meanwhile is started
    /// again.
    fn pass_noops(&mut self, mut rng: NumpyRng, seed: Option<&Seed>) -> NumpyRng {
        if self.noop_max == 0 {
            return rng;
        }
        for _ in 0..rng.integers(1, i64::from(self.noop_max) + 1) {
            self.game.act(AtariAction::NOOP);
            if self.game.game_over() || self.game.truncated() {
                self.rng = Some(rng);
                rng = self.start(seed);
            }
        }
        rng
    }

    /// Plays the action's frames, of which at most the last is seen.
    fn play(&mut self, action: Action<'_>, seen: bool) -> Result<Step, Error> {
        let Space::Discrete(actions) = &self.action_space else { return Err(Error::ResetNeeded) };
        let action = self.actions[actions.index(action)?];
        let rng = self.rng.as_mut().ok_or(Error::ResetNeeded)?;
        let frames = match self.frame_skip {
            FrameSkip::Fixed(frames) => i64::from(frames),
            FrameSkip::Range(low, high) => rng.integers(low.into(), high.into()),
        };
        let unseen: i32 = (1..frames).map(|_| self.game.act_unseen(action)).sum();
        let last = if seen { self.game.act(action) } else { self.game.act_unseen(action) };
        Ok(Step {
            reward: f64::from(unseen + last),
            terminated: self.game.game_over(),
            truncated: self.game.truncated(),
            info: self.info(),
            ..Step::default()
        })
    }

    fn write(&self, observation: &mut [u8]) {
        match self.obs_type {
            ObsType::Rgb => self.game.rgb(observation),
            ObsType::Grayscale => self.game.grayscale(observation),
            ObsType::Ram => self.game.ram(observation),
            ObsType::Palette => self.game.screen(observation),
        }
    }

    /// Whether observations are the pictures of the game's frames, one by one.
    fn shows_pictures(&self) -> bool {
        self.obs_type == ObsType::Palette && self.frame_skip == FrameSkip::Fixed(1)
    }

    fn info(&self) -> Info {
        Info {
            lives: Some(self.game.lives()),
            frame_number: Some(self.game.frame_number()),
            episode_frame_number: Some(self.game.episode_frame_number()),
            ..Info::default()
        }
    }
}

impl Env for Atari {
    type Obs = u8;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn action_space(&self) -> &Space {
        &self.action_space
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [u8]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let rng = self.start(seed);
        self.rng = Some(self.pass_noops(rng, seed));
        self.write(observation);
        Ok(self.info())
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let step = self.play(action, true)?;
        self.write(observation);
        Ok(step)
    }

    fn step_unseen(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        self.play(action, false)
    }

    fn step_kept(&mut self, action: Action<'_>, observation: &mut [u8]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let step = self.play(action, true)?;
        if !(self.shows_pictures() && self.game.keeps_picture()) {
            self.write(observation);
        }
        Ok(step)
    }

    fn kept(&self) -> [Option<&[u8]>; 2] {
        if self.shows_pictures() { self.game.pictures() } else { [None, None] }
    }

    fn render(&self) -> Result<RgbImage, Error> {
        self.rng.as_ref().ok_or(Error::ResetNeeded)?;
        let (height, width) = self.game.screen_size();
        let mut image = RgbImage::new(width as u32, height as u32);
        self.game.rgb(&mut image);
        Ok(image)
    }

    fn render_fps(&self) -> u32 {
        60
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        self.rng.as_mut()
    }

    fn simulator_mut(&mut self) -> Option<&mut dyn Any> {
        Some(&mut self.game)
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let rng = self.rng.as_ref().ok_or(Error::ResetNeeded)?;
        let mut bytes = vec![];
        state::put(rng, &mut bytes)?;
        self.game.save(&mut bytes)?;
        state::put(&Saved { crc32: crc32fast::hash(&bytes), bytes }, state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let saved: Saved = state::take(&mut rest)?;
        if crc32fast::hash(&saved.bytes) != saved.crc32 {
            return Err(Error::BadState { reason: "its checksum is wrong: the bytes were changed".into() });
        }
        let mut bytes = saved.bytes.as_slice();
        let rng = state::take(&mut bytes)?;
        self.game.restore(&mut bytes)?;
        (self.rng, *state) = (Some(rng), rest);
        Ok(())
    }
}
