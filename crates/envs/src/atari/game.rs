//! One console with one game, computing what ale-py 0.12 computes: what both emulators share.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ale")]
use super::ale_backend::AleBackend;
use super::{
    AtariAction, Backend,
    console::{Console, WIDTH},
    games::{self, Choice, Rules},
    mt19937::Mt19937,
    roms::{Rom, RomSource},
    sticky::Sticky,
    vcs_backend::VcsBackend,
};
use crate::{Error, state};

/// A console with a game in it, frame by frame.
///
/// It computes what ale-py 0.12 computes from the same seed. In that version the seed decides about sticky actions only;
/// the console starts from a fixed seed whenever a ROM is loaded.
///
/// ```
/// use envs::atari::{Game, AtariAction, Backend, RomSource};
/// let mut game = Game::load(&RomSource::Bundled("pong".into()), Backend::Vcs, 0.25)?;
/// game.seed(0);
/// game.reset();
/// let reward = game.act(AtariAction::NOOP);
/// assert_eq!((reward, game.frame_number(), game.game_over()), (0, 1, false));
/// # Ok::<(), envs::Error>(())
/// ```
pub struct Game {
    console: Box<dyn Console>,
    rom: Rom,
    repeat_action_probability: f64,
    max_frames: Option<u32>,
    minimal_actions: Vec<AtariAction>,
    progress: Progress,
}

/// What a console's future depends on beside ALE's own state.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    /// Draws the sticky actions.
    sticky: Mt19937,
    /// The code of the action that is held.
    held: u8,
    /// Resets since the ROM was loaded.
    resets: u32,
    frame_number: u32,
    episode_frame_number: u32,
}

impl Game {
    /// Puts a ROM into a new console, with seed 0; a [`reset`](Self::reset) must follow. Each frame repeats the action
    /// before with this probability instead of taking the new one ("sticky actions").
    ///
    /// # Errors
    /// [`Error::Rom`] where the ROM is missing, unreadable, not known, or of a game that the backend does not play,
    /// [`Error::InvalidOption`] where the probability is not from 0 to 1.
    pub fn load(source: &RomSource, backend: Backend, repeat_action_probability: f32) -> Result<Self, Error> {
        Self::load_in_mode(source, backend, repeat_action_probability, None, None)
    }

    /// A game in one of its modes and difficulties, as [`modes`](super::modes) and
    /// [`difficulties`](super::difficulties) list them; `None` is the default.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`Error::InvalidOption`] where the game has no such mode or difficulty.
    pub fn load_in_mode(
        source: &RomSource,
        backend: Backend,
        repeat_action_probability: f32,
        mode: Option<u16>,
        difficulty: Option<u8>,
    ) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&repeat_action_probability) {
            return Err(Error::InvalidOption {
                name: "repeat_action_probability",
                value: repeat_action_probability.to_string(),
                expected: "a number from 0 to 1".into(),
            });
        }
        let rom = Rom::open(source)?;
        let console = backend.console(&rom, mode, difficulty)?;
        Ok(Self {
            minimal_actions: console.minimal_actions(),
            console,
            rom,
            repeat_action_probability: repeat_action_probability.into(),
            max_frames: None,
            progress: Progress::new(0),
        })
    }

    /// This console with the game truncated after this many frames; no frame is played beyond it.
    pub fn with_max_frames(self, max_frames: Option<u32>) -> Self {
        Self { max_frames, ..self }
    }

    /// Lets the native console run hot code translated, which it does at first, or not. ALE translates nothing.
    #[cfg(feature = "translate")]
    pub fn set_translating(&mut self, translating: bool) {
        self.console.set_translating(translating);
    }

    /// Loads the ROM anew with this seed (0 is a seed like any other). A [`reset`](Self::reset) must follow.
    pub fn seed(&mut self, seed: u32) {
        self.progress = Progress::new(seed);
    }

    /// Starts the game from its first frame. The generator of the sticky actions goes on.
    pub fn reset(&mut self) {
        let resets = self.progress.resets;
        self.progress.held = AtariAction::NOOP.code();
        let mut sticky = self.progress.sticky(self.repeat_action_probability);
        let (before, frames) = self.console.reset(resets, &mut sticky);
        // Loading the ROM starts the game once, too.
        let starts = if self.progress.resets == 0 { 2 } else { 1 };
        for _ in 0..starts * self.console.waits() {
            self.progress.stick(AtariAction::NOOP, self.repeat_action_probability);
        }
        self.progress.resets += 1;
        self.progress.held = AtariAction::NOOP.code();
        self.progress.frame_number += before + frames;
        self.progress.episode_frame_number = frames;
    }

    /// Plays one frame and returns its reward. After the game's end, nothing but the generator moves.
    pub fn act(&mut self, action: AtariAction) -> i32 {
        self.play(action, true)
    }

    /// Plays one frame as [`act`](Self::act) does, but the frame need not be drawn if another one follows. The last frame
    /// of a game is.
    pub fn act_unseen(&mut self, action: AtariAction) -> i32 {
        let last = self.max_frames.is_some_and(|limit| self.progress.episode_frame_number + 1 >= limit);
        self.play(action, last)
    }

    fn play(&mut self, action: AtariAction, seen: bool) -> i32 {
        let held = self.progress.stick(action, self.repeat_action_probability);
        if self.game_over() || self.truncated() {
            return 0;
        }
        self.progress.frame_number += 1;
        self.progress.episode_frame_number += 1;
        self.console.act(held, seen)
    }

    /// Whether the game has come to its own end.
    pub fn game_over(&self) -> bool {
        self.console.game_over()
    }

    /// Whether the frame limit has been reached.
    pub fn truncated(&self) -> bool {
        self.max_frames.is_some_and(|limit| self.progress.episode_frame_number >= limit)
    }

    /// The lives left; 0 in games without lives.
    pub fn lives(&self) -> u32 {
        self.console.lives()
    }

    /// Frames since the ROM was loaded.
    pub fn frame_number(&self) -> u32 {
        self.progress.frame_number
    }

    /// Frames since the last reset.
    pub fn episode_frame_number(&self) -> u32 {
        self.progress.episode_frame_number
    }

    /// The actions that do something in this game, ascending: those that ids use by default.
    pub fn minimal_actions(&self) -> &[AtariAction] {
        &self.minimal_actions
    }

    /// ALE's name of the game, such as `space_invaders`.
    pub fn name(&self) -> &'static str {
        self.rom.game
    }

    /// Height and width of the screen in pixels; 210 and 160 in most games.
    pub fn screen_size(&self) -> (usize, usize) {
        (self.console.height(), WIDTH)
    }

    /// Writes the palette index of each pixel, line by line.
    ///
    /// # Panics
    /// Where `pixels` has another length than the screen.
    pub fn screen(&self, pixels: &mut [u8]) {
        self.console.screen(pixels);
    }

    /// The palette indices of the last two frames, if both were played by [`act`](Self::act) since a reset, the newest first:
    /// each where the console has it.
    pub(super) fn pictures(&self) -> [Option<&[u8]>; 2] {
        self.console.pictures()
    }

    /// Whether the last frame is among the [`pictures`](Self::pictures) also after one more.
    pub(super) fn keeps_picture(&self) -> bool {
        self.console.keeps_picture()
    }

    /// Writes red, green and blue of each pixel, line by line.
    ///
    /// # Panics
    /// Where `rgb` is not three times as long as the screen.
    pub fn rgb(&self, rgb: &mut [u8]) {
        let indices = rgb.len() / 3 * 2;
        self.screen(&mut rgb[indices..]);
        self.console.palette().spread_rgb(rgb);
    }

    /// Writes the brightness of each pixel, line by line.
    ///
    /// # Panics
    /// Where `pixels` has another length than the screen.
    pub fn grayscale(&self, pixels: &mut [u8]) {
        self.screen(pixels);
        self.console.palette().make_grey(pixels);
    }

    /// Writes the console's memory.
    ///
    /// # Panics
    /// Where `ram` is not 128 bytes long.
    pub fn ram(&self, ram: &mut [u8]) {
        self.console.ram(ram);
    }

    /// Appends the whole state to `bytes`, the last frame and all generators included.
    ///
    /// # Errors
    /// [`Error::BadState`] where the state cannot be written.
    pub fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        state::put(&(self.console.backend(), &self.rom.md5, &self.progress), bytes)?;
        self.console.save(bytes)
    }

    /// Takes the state that `save` appended, of a console with the same ROM.
    ///
    /// # Errors
    /// [`Error::BadState`] where the bytes are no such state.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<(), Error> {
        let bad = |reason: String| Error::BadState { reason };
        let mut rest = *bytes;
        let (backend, md5, progress): (Backend, String, Progress) = state::take(&mut rest)?;
        if backend != self.console.backend() {
            return Err(bad(format!("it is of the backend {backend}, not of {}", self.console.backend())));
        }
        if md5 != self.rom.md5 {
            return Err(bad(format!("it is of the ROM {md5}, not of {} ({})", self.rom.md5, self.rom.game)));
        }
        let parts = || bad(format!("its parts do not make up a state of {}", self.rom.game));
        if !progress.sticky.is_valid() || AtariAction::new(progress.held).is_none() {
            return Err(parts());
        }
        if !self.console.restore(&mut rest)? {
            return Err(parts());
        }
        (self.progress, *bytes) = (progress, rest);
        Ok(())
    }

    /// [`restore`](Self::restore), but sticky actions go on from the present: so it is with ALE's `restoreState`.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn restore_console(&mut self, bytes: &mut &[u8]) -> Result<(), Error> {
        let present = self.progress.clone();
        self.restore(bytes)?;
        (self.progress.sticky, self.progress.held) = (present.sticky, present.held);
        Ok(())
    }
}

impl Backend {
    /// The backend of a game where none is chosen: the native one where it knows the rules of the very ROM that would be
    /// played, else ALE.
    pub fn of(source: &RomSource) -> Self {
        match Rom::open(source) {
            Ok(rom) if games::named(rom.game).is_some_and(|rules| rules.md5 == rom.md5) => Self::Vcs,
            Ok(_) => Self::Ale,
            Err(_) if cfg!(feature = "ale") => Self::Ale,
            Err(_) => Self::Vcs,
        }
    }

    /// Puts a ROM into a new console; a reset must follow.
    fn console(self, rom: &Rom, mode: Option<u16>, difficulty: Option<u8>) -> Result<Box<dyn Console>, Error> {
        match self {
            #[cfg(feature = "ale")]
            Self::Ale => {
                if mode.is_some() || difficulty.is_some() {
                    return Err(Error::InvalidOption {
                        name: "mode and difficulty",
                        value: format!("{mode:?}, {difficulty:?}"),
                        expected: "the defaults on the backend ale, or the backend vcs".into(),
                    });
                }
                Ok(Box::new(AleBackend::load(rom)?))
            }
            #[cfg(not(feature = "ale"))]
            Self::Ale => Err(Error::NotBuilt { what: format!("{} on the backend ale", rom.game), feature: "ale" }),
            Self::Vcs => {
                let rules = VcsBackend::rules(rom)?;
                Ok(Box::new(VcsBackend::load(rom, rules, choice(rules, mode, difficulty)?)?))
            }
        }
    }
}

/// The game's mode and difficulty, checked; the default ones where none are given.
fn choice(rules: &Rules, mode: Option<u16>, difficulty: Option<u8>) -> Result<Choice, Error> {
    let invalid = |name, value: String, known: String| {
        Err(Error::InvalidOption { name, value, expected: format!("one of {known} in {}", rules.name) })
    };
    match (mode, difficulty) {
        (Some(mode), _) if !rules.modes.contains(&mode) => {
            invalid("mode", mode.to_string(), format!("{:?}", rules.modes))
        }
        (_, Some(difficulty)) if !rules.difficulties.contains(&difficulty) => {
            invalid("difficulty", difficulty.to_string(), format!("{:?}", rules.difficulties))
        }
        _ => {
            let default = rules.default_choice();
            Ok(Choice { mode: mode.unwrap_or(default.mode), difficulty: difficulty.unwrap_or(default.difficulty) })
        }
    }
}

impl Progress {
    fn new(seed: u32) -> Self {
        Self {
            sticky: Mt19937::new(seed),
            held: AtariAction::NOOP.code(),
            resets: 0,
            frame_number: 0,
            episode_frame_number: 0,
        }
    }

    fn sticky(&mut self, repeat_probability: f64) -> Sticky<'_> {
        Sticky { generator: &mut self.sticky, held: &mut self.held, repeat_probability }
    }

    /// The action that a frame of this one takes.
    fn stick(&mut self, action: AtariAction, repeat_probability: f64) -> AtariAction {
        self.sticky(repeat_probability).stick(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(code: u32) -> AtariAction {
        AtariAction::new((code % 18) as u8).unwrap()
    }

    #[test]
    fn sticky_actions_follow_every_second_draw() {
        // numpy.random.RandomState(0).randint(0, 2**32, 40, dtype=numpy.uint32)[::2] >= 2**31, 1 where the action is taken.
        let taken = [1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1];
        let mut progress = Progress::new(0);
        let mut held = AtariAction::NOOP;
        for (frame, taken) in (1..).zip(taken) {
            if taken == 1 {
                held = action(frame);
            }
            assert_eq!(progress.stick(action(frame), 0.5), held, "frame {frame}");
        }
    }

    #[test]
    fn without_sticky_actions_every_action_is_taken() {
        let mut progress = Progress::new(0);
        assert!((0..50).all(|code| progress.stick(action(code), 0.0) == action(code)));
    }
}
