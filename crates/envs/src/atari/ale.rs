//! One console with one game: ALE 0.6 made to compute what ale-py 0.12 computes.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    emulator::{AtariAction, Emulator, RAM_BYTES, State, WIDTH},
    mt19937::Mt19937,
    palette::{self, Palette},
    roms::{Rom, RomSource},
};
use crate::{Error, state};

/// The seed of the console's own generator: ALE 0.12's fixed `system_random_seed`.
const CONSOLE_SEED: u32 = 4_753_849;
/// What the console's generator draws when the console is made: the memory, byte by byte, and the timer's start.
const DRAWS_TO_MAKE: u32 = RAM_BYTES as u32 + 1;
/// The resets in which a new console finds out its television standard and begins.
const RESETS_TO_BEGIN: u32 = 2;

/// A console with a game in it, frame by frame.
///
/// It computes what ale-py 0.12 computes from the same seed. In that version the seed decides about sticky actions only;
/// the console starts from a fixed seed whenever a ROM is loaded.
///
/// ```
/// use envs::atari::{Ale, AtariAction, RomSource};
/// let mut ale = Ale::load(&RomSource::Bundled("pong".into()), 0.25)?;
/// ale.seed(0);
/// ale.reset();
/// let reward = ale.act(AtariAction::NOOP);
/// assert_eq!((reward, ale.frame_number(), ale.game_over()), (0, 1, false));
/// # Ok::<(), envs::Error>(())
/// ```
pub struct Ale {
    emulator: Emulator,
    rom: Rom,
    start: Arc<Start>,
    repeat_action_probability: f64,
    max_frames: Option<u32>,
    minimal_actions: Vec<AtariAction>,
    progress: Progress,
    /// The screen and the memory of a restored state, until the next frame: ALE does not bring them back.
    restored: Option<Arc<LastFrame>>,
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

/// What is seen of a console after a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastFrame {
    screen: Vec<u8>,
    ram: Vec<u8>,
}

/// What the consoles of one ROM start from.
struct Start {
    /// The state right after the ROM was loaded.
    loaded: Vec<u8>,
    /// The game's first frame, where every reset comes to the same.
    fixed: Option<(State, Arc<LastFrame>)>,
    palette: &'static Palette,
}

/// The checksums of the ROMs whose state after a reset is one and the same, whatever the timer, the memory and the rest
/// held before: there a reset is a restored state. A test compares it with real resets.
const FIXED_STARTS: [&str; 1] = ["60e0ea3cbe0913d39803477945e9e5ec"];

static STARTS: LazyLock<Mutex<HashMap<String, Arc<Start>>>> = LazyLock::new(Mutex::default);

impl Ale {
    /// Puts a ROM into a new console, with seed 0; a [`reset`](Self::reset) must follow. Each frame repeats the action
    /// before with this probability instead of taking the new one ("sticky actions").
    ///
    /// # Errors
    /// [`Error::Rom`] where the ROM is missing, unreadable or not known, [`Error::InvalidOption`] where the probability is
    /// none.
    pub fn load(source: &RomSource, repeat_action_probability: f32) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&repeat_action_probability) {
            return Err(Error::InvalidOption {
                name: "repeat_action_probability",
                value: repeat_action_probability.to_string(),
                expected: "a number from 0 to 1".into(),
            });
        }
        let rom = Rom::open(source)?;
        let mut emulator = Emulator::load(&rom, CONSOLE_SEED as i32)?;
        let start = start_of(&rom, &mut emulator);
        Ok(Self {
            minimal_actions: emulator.minimal_actions(),
            emulator,
            rom,
            start,
            repeat_action_probability: repeat_action_probability.into(),
            max_frames: None,
            progress: Progress::new(0),
            restored: None,
        })
    }

    /// The same, with the game truncated after this many frames; no frame is played beyond it.
    pub fn with_max_frames(self, max_frames: Option<u32>) -> Self {
        Self { max_frames, ..self }
    }

    /// Loads the ROM anew with this seed (0 is a seed like any other). A [`reset`](Self::reset) must follow.
    pub fn seed(&mut self, seed: u32) {
        self.progress = Progress::new(seed);
    }

    /// Starts the game from its first frame. The generator of the sticky actions goes on.
    pub fn reset(&mut self) {
        let resets = self.progress.resets;
        let mut frames = 0;
        if let Some((state, last_frame)) = &self.start.fixed {
            self.emulator.restore(state);
            self.restored = Some(Arc::clone(last_frame));
        } else {
            if resets == 0 {
                self.emulator.restore_exactly(&self.start.loaded);
                self.progress.frame_number = switch_on(&mut self.emulator, 0);
            }
            frames = switch_on(&mut self.emulator, 1 + resets);
            self.restored = None;
        }
        self.progress.resets += 1;
        self.progress.held = AtariAction::NOOP.code();
        self.progress.frame_number += frames;
        self.progress.episode_frame_number = frames;
    }

    /// Plays one frame and returns its reward. After the game's end, nothing but the generator moves.
    pub fn act(&mut self, action: AtariAction) -> i32 {
        let held = self.progress.stick(action, self.repeat_action_probability);
        if self.game_over() || self.truncated() {
            return 0;
        }
        self.progress.frame_number += 1;
        self.progress.episode_frame_number += 1;
        self.restored = None;
        self.emulator.act(held)
    }

    /// Whether the game has come to its own end.
    pub fn game_over(&self) -> bool {
        // ALE 0.6 lets Chopper Command end only while the helicopter looks to the right.
        self.emulator.game_over() || (self.rom.game == "chopper_command" && self.emulator.lives() == 0)
    }

    /// Whether the frame limit has been reached.
    pub fn truncated(&self) -> bool {
        self.max_frames.is_some_and(|limit| self.progress.episode_frame_number >= limit)
    }

    /// The lives left; 0 in games without lives.
    pub fn lives(&self) -> u32 {
        self.emulator.lives()
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
    pub fn game(&self) -> &'static str {
        self.rom.game
    }

    /// Height and width of the screen in pixels; 210 and 160 in most games.
    pub fn screen_size(&self) -> (usize, usize) {
        (self.emulator.height(), WIDTH)
    }

    /// Writes the palette index of each pixel, line by line.
    ///
    /// # Panics
    /// Where `pixels` has another length than the screen.
    pub fn screen(&self, pixels: &mut [u8]) {
        match &self.restored {
            Some(frame) => pixels.copy_from_slice(&frame.screen),
            None => self.emulator.screen(pixels),
        }
    }

    /// Writes red, green and blue of each pixel, line by line.
    ///
    /// # Panics
    /// Where `rgb` is not three times as long as the screen.
    pub fn rgb(&self, rgb: &mut [u8]) {
        let indices = rgb.len() / 3 * 2;
        self.screen(&mut rgb[indices..]);
        self.start.palette.spread_rgb(rgb);
    }

    /// Writes the brightness of each pixel, line by line.
    ///
    /// # Panics
    /// Where `pixels` has another length than the screen.
    pub fn grayscale(&self, pixels: &mut [u8]) {
        self.screen(pixels);
        self.start.palette.make_grey(pixels);
    }

    /// The brightness of each palette index, as [`grayscale`](Self::grayscale) shows it.
    pub fn grey_levels(&self) -> &'static [u8; 256] {
        &self.start.palette.grey
    }

    /// Writes the console's memory.
    ///
    /// # Panics
    /// Where `ram` is not 128 bytes long.
    pub fn ram(&self, ram: &mut [u8]) {
        match &self.restored {
            Some(frame) => ram.copy_from_slice(&frame.ram),
            None => self.emulator.ram(ram),
        }
    }

    /// Appends the whole state to `bytes`, the last frame and all generators included.
    ///
    /// # Errors
    /// [`Error::BadState`] where the state cannot be written.
    pub fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let console = self.emulator.state().encode();
        let emulators = || Arc::new(LastFrame::of(&self.emulator));
        let last_frame = self.restored.as_ref().map_or_else(emulators, Arc::clone);
        state::put(&(&self.rom.md5, &self.progress, console, &*last_frame), bytes)
    }

    /// Takes the state that `save` appended, of a console with the same ROM.
    ///
    /// # Errors
    /// [`Error::BadState`] where the bytes are no such state.
    pub fn restore(&mut self, bytes: &mut &[u8]) -> Result<(), Error> {
        let bad = |reason: String| Error::BadState { reason };
        let (md5, progress, console, frame): (String, Progress, Vec<u8>, LastFrame) = state::take(bytes)?;
        if md5 != self.rom.md5 {
            return Err(bad(format!("it is of the ROM {md5}, not of {} ({})", self.rom.md5, self.rom.game)));
        }
        let fits = progress.sticky.is_valid()
            && AtariAction::new(progress.held).is_some()
            && frame.screen.len() == self.emulator.height() * WIDTH
            && frame.ram.len() == RAM_BYTES
            && self.emulator.has_such_states(&console);
        if !fits {
            return Err(bad(format!("its parts do not make up a state of {}", self.rom.game)));
        }
        self.emulator.restore_exactly(&console);
        (self.progress, self.restored) = (progress, Some(Arc::new(frame)));
        Ok(())
    }
}

impl LastFrame {
    fn of(emulator: &Emulator) -> Self {
        let mut frame = Self { screen: vec![0; emulator.height() * WIDTH], ram: vec![0; RAM_BYTES] };
        emulator.screen(&mut frame.screen);
        emulator.ram(&mut frame.ram);
        frame
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

    /// Holds the new action or keeps the old one, as ALE decides it once a frame: the first draw is player A's, the
    /// second player B's.
    fn stick(&mut self, action: AtariAction, repeat_probability: f64) -> AtariAction {
        if repeat_probability > 0.0 {
            let draw = self.sticky.next_f64();
            self.sticky.next_u32();
            if draw < repeat_probability {
                return AtariAction::new(self.held).unwrap_or(AtariAction::NOOP);
            }
        }
        self.held = action.code();
        action
    }
}

/// The start of this ROM, found out with a console in which it was just loaded.
fn start_of(rom: &Rom, emulator: &mut Emulator) -> Arc<Start> {
    let mut starts = STARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let start = starts.entry(rom.md5.clone()).or_insert_with(|| {
        let loaded = emulator.state().encode();
        let palette = palette_of(emulator);
        let fixed = FIXED_STARTS.contains(&rom.md5.as_str()).then(|| {
            switch_on(emulator, 0);
            (emulator.state(), Arc::new(LastFrame::of(emulator)))
        });
        emulator.restore_exactly(&loaded);
        Arc::new(Start { loaded, fixed, palette })
    });
    Arc::clone(start)
}

/// Switches the console off and on for the n-th time, counted from 0, since its ROM was loaded. Returns the frames that
/// ALE counts meanwhile: those in which it selects the game's mode.
fn switch_on(emulator: &mut Emulator, n: u32) -> u32 {
    let draws_per_reset = 1 + emulator.cartridge_bytes();
    let draws = DRAWS_TO_MAKE + (RESETS_TO_BEGIN + n) * draws_per_reset;
    emulator.reset(&Mt19937::at(CONSOLE_SEED, draws));
    emulator.episode_frame_number()
}

/// Which of the two palettes the console shows, which ALE decides by counting the screen's lines and does not tell: plays
/// until a colour comes that they do not share.
fn palette_of(emulator: &mut Emulator) -> &'static Palette {
    const PATIENCE: usize = 600;
    let mut screen = vec![0; emulator.height() * WIDTH];
    let mut rgb = vec![0; screen.len() * 3];
    for _ in 0..PATIENCE {
        emulator.screen(&mut screen);
        emulator.rgb(&mut rgb);
        for (index, colour) in screen.iter().zip(rgb.chunks_exact(3)) {
            match [&palette::NTSC, &palette::PAL].map(|palette| palette.rgb(*index) == colour) {
                [true, false] => return &palette::NTSC,
                [false, true] => return &palette::PAL,
                _ => {}
            }
        }
        emulator.act(AtariAction::NOOP);
    }
    &palette::NTSC
}

#[cfg(test)]
mod tests;
