//! ALE's own emulator, made to start and to go on from saved states as ale-py 0.12 does.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    AtariAction, Backend,
    console::{Console, RAM_BYTES, WIDTH},
    emulator::{Emulator, State},
    mt19937::Mt19937,
    palette::{self, Palette},
    roms::{self, Rom},
    sticky::Sticky,
};
use crate::{Error, state};

/// The seed of the console's own generator: ALE 0.12's fixed `system_random_seed`.
const CONSOLE_SEED: u32 = 4_753_849;
/// What the console's generator draws when the console is made: the memory, byte by byte, and the timer's start.
const DRAWS_TO_MAKE: u32 = RAM_BYTES as u32 + 1;
/// The resets in which a new console finds out its television standard and begins.
const RESETS_TO_BEGIN: u32 = 2;

/// A console of ALE's with a game in it.
pub(super) struct AleBackend {
    emulator: Emulator,
    /// Whether a game that has no life left is over.
    ends_without_lives: bool,
    start: Arc<Start>,
    /// The screen and the memory of a restored state, until the next frame: ALE does not bring them back.
    restored: Option<Arc<LastFrame>>,
    /// The last frames and resets, each with the console before it, in games that leave frames unfinished. Such a frame shows
    /// the rest of older pictures, which ALE's states lack: after a restore they are played again.
    recent: Option<VecDeque<(State, Event)>>,
}

/// What moved a console.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Event {
    /// A frame with the action of this code.
    Frame(u8),
    /// A reset, after so many others.
    Reset(u32),
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

/// The games that now and then leave a frame unfinished.
const UNFINISHED_FRAMES: [&str; 2] = ["amidar", "qbert"];
/// So many frames draw both of ALE's pictures anew.
const RECENT: usize = 8;

static STARTS: LazyLock<Mutex<HashMap<String, Arc<Start>>>> = LazyLock::new(Mutex::default);

impl AleBackend {
    /// Puts a ROM into a new console; a reset must follow.
    pub(super) fn load(rom: &Rom) -> Result<Self, Error> {
        if !roms::is_ales(rom.game) {
            let reason = "the backend ale (ALE 0.6) does not know this game: expected the backend vcs".into();
            return Err(Error::Rom { rom: rom.game.into(), reason });
        }
        let mut emulator = Emulator::load(rom, CONSOLE_SEED as i32)?;
        let start = start_of(rom, &mut emulator);
        // ALE 0.6 lets Chopper Command end only while the helicopter looks to the right.
        let ends_without_lives = rom.game == "chopper_command";
        let recent = UNFINISHED_FRAMES.contains(&rom.game).then(VecDeque::new);
        Ok(Self { emulator, ends_without_lives, start, restored: None, recent })
    }
}

impl Console for AleBackend {
    fn backend(&self) -> Backend {
        Backend::Ale
    }

    fn reset(&mut self, resets: u32, _: &mut Sticky<'_>) -> (u32, u32) {
        self.remember(Event::Reset(resets));
        if let Some((state, last_frame)) = &self.start.fixed {
            self.emulator.restore(state);
            self.restored = Some(Arc::clone(last_frame));
            return (0, 0);
        }
        let mut before = 0;
        if resets == 0 {
            self.emulator.restore_exactly(&self.start.loaded);
            before = switch_on(&mut self.emulator, 0);
        }
        self.restored = None;
        (before, switch_on(&mut self.emulator, 1 + resets))
    }

    fn act(&mut self, action: AtariAction, _seen: bool) -> i32 {
        self.restored = None;
        self.remember(Event::Frame(action.code()));
        self.emulator.act(action)
    }

    fn game_over(&self) -> bool {
        self.emulator.game_over() || (self.ends_without_lives && self.emulator.lives() == 0)
    }

    fn lives(&self) -> u32 {
        self.emulator.lives()
    }

    fn minimal_actions(&self) -> Vec<AtariAction> {
        self.emulator.minimal_actions()
    }

    fn height(&self) -> usize {
        self.emulator.height()
    }

    fn palette(&self) -> &'static Palette {
        self.start.palette
    }

    fn screen(&self, pixels: &mut [u8]) {
        match &self.restored {
            Some(frame) => pixels.copy_from_slice(&frame.screen),
            None => self.emulator.screen(pixels),
        }
    }

    fn ram(&self, ram: &mut [u8]) {
        match &self.restored {
            Some(frame) => ram.copy_from_slice(&frame.ram),
            None => self.emulator.ram(ram),
        }
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let console = self.emulator.state().encode();
        let emulators = || Arc::new(LastFrame::of(&self.emulator));
        let last_frame = self.restored.as_ref().map_or_else(emulators, Arc::clone);
        state::put(&(&console, &*last_frame), bytes)?;
        let Some(recent) = &self.recent else { return Ok(()) };
        let first = recent.back().map_or(console, |(state, _)| state.encode());
        let events: Vec<Event> = recent.iter().rev().map(|(_, event)| *event).collect();
        state::put(&(first, events), bytes)
    }

    fn restore(&mut self, bytes: &mut &[u8]) -> Result<bool, Error> {
        let (console, frame): (Vec<u8>, LastFrame) = state::take(bytes)?;
        let fits = frame.screen.len() == self.emulator.height() * WIDTH
            && frame.ram.len() == RAM_BYTES
            && self.emulator.has_such_states(&console);
        if !fits {
            return Ok(false);
        }
        if self.recent.is_none() {
            self.emulator.restore_exactly(&console);
        } else if self.play_recent(bytes)? {
            self.emulator.restore(&State::decode(&console));
        } else {
            return Ok(false);
        }
        self.restored = Some(Arc::new(frame));
        Ok(true)
    }
}

impl AleBackend {
    fn remember(&mut self, event: Event) {
        if let Some(recent) = &mut self.recent {
            recent.truncate(RECENT - 1);
            recent.push_front((self.emulator.state(), event));
        }
    }

    /// Plays what came last before a saved state again; false where the bytes are nothing of the kind.
    fn play_recent(&mut self, bytes: &mut &[u8]) -> Result<bool, Error> {
        let (first, events): (Vec<u8>, Vec<Event>) = state::take(bytes)?;
        let is_known = |event: &Event| !matches!(event, Event::Frame(code) if AtariAction::new(*code).is_none());
        if events.len() > RECENT || !events.iter().all(is_known) || !self.emulator.has_such_states(&first) {
            return Ok(false);
        }
        self.emulator.restore_exactly(&first);
        self.recent.iter_mut().for_each(VecDeque::clear);
        for event in events {
            match event {
                Event::Frame(code) => drop(AtariAction::new(code).map(|action| self.act(action, true))),
                Event::Reset(resets) => {
                    let none = &mut Sticky { generator: &mut Mt19937::new(0), held: &mut 0, repeat_probability: 0.0 };
                    self.reset(resets, none);
                }
            }
        }
        Ok(true)
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
