//! The native console with a game in it: rewards, lives and ends are read from its memory.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use vcs::{Console, Inputs};

use super::{
    AtariAction, Backend,
    console::{self, RAM_BYTES},
    controls::{Controllers, Controls},
    palette::{self, Palette},
    roms::Rom,
};
use crate::{Error, state};

/// What a game's memory means.
struct Rules {
    game: &'static str,
    controllers: Controllers,
    minimal_actions: &'static [u8],
    score: fn(&[u8; RAM_BYTES]) -> Score,
}

/// How a game stands.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Score {
    points: i32,
    lives: u32,
    over: bool,
}

/// The games that are played natively: those that start alike whatever the console's memory and timer held before.
static RULES: [Rules; 2] = [
    Rules {
        game: "pong",
        controllers: Controllers::Paddles { player: 1 },
        minimal_actions: &[0, 1, 3, 4, 11, 12],
        score: |ram| {
            let (theirs, ours) = (ram[13], ram[14]);
            Score { points: i32::from(ours) - i32::from(theirs), lives: 0, over: theirs == 21 || ours == 21 }
        },
    },
    Rules {
        game: "breakout",
        controllers: Controllers::Paddles { player: 0 },
        minimal_actions: &[0, 1, 3, 4],
        score: |ram| {
            let points = 100 * decimal(ram[76] & 0x0f) + decimal(ram[77]);
            Score { points, lives: ram[57].into(), over: ram[57] == 0 }
        },
    },
];

/// The number that a byte's two decimal digits are.
fn decimal(byte: u8) -> i32 {
    i32::from(10 * (byte >> 4) + (byte & 0x0f))
}

/// The names of the games that are played natively.
pub(super) fn games() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rules| rules.game)
}

/// The frames without action that a console runs before its reset switch is pressed, and those in which it is.
const FRAMES_BEFORE_START: usize = 60;
const FRAMES_OF_START: usize = 12;

/// A console with a game in it.
pub(super) struct VcsBackend {
    console: Console,
    rules: &'static Rules,
    progress: Progress,
    start: Arc<Start>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Progress {
    controls: Controls,
    score: Score,
}

/// The game's first frame, and the cartridge, which all its consoles share.
struct Start {
    cartridge: Arc<vcs::Rom>,
    state: vcs::State,
    screen: Vec<u8>,
    progress: Progress,
}

static STARTS: LazyLock<Mutex<HashMap<String, Arc<Start>>>> = LazyLock::new(Mutex::default);

impl VcsBackend {
    /// Puts a ROM into a new console; a reset must follow.
    pub(super) fn load(rom: &Rom) -> Result<Self, Error> {
        let error = |reason: String| Error::Rom { rom: rom.game.into(), reason };
        let rules = RULES.iter().find(|rules| rules.game == rom.game).ok_or_else(|| {
            let known: Vec<&str> = games().collect();
            error(format!(
                "the backend vcs does not know this game's rewards and ends yet: expected {}, or the backend ale",
                known.join(", ")
            ))
        })?;
        let cartridge = vcs::Rom::new(&rom.bytes).map_err(|cause| error(cause.to_string()))?;
        let mut starts = STARTS.lock().unwrap_or_else(PoisonError::into_inner);
        let start = starts.entry(rom.md5.clone()).or_insert_with(|| Arc::new(Start::of(cartridge, rules)));
        let console = Console::with_memory(Arc::clone(&start.cartridge), [0; RAM_BYTES], 0);
        Ok(Self { console, rules, progress: start.progress, start: Arc::clone(start) })
    }
}

impl console::Console for VcsBackend {
    fn backend(&self) -> Backend {
        Backend::Vcs
    }

    #[cfg(feature = "translate")]
    fn set_translating(&mut self, translating: bool) {
        self.console.set_translating(translating);
    }

    /// The console counts no frames of its start.
    fn reset(&mut self, _resets: u32) -> (u32, u32) {
        self.console.restore(&self.start.state);
        self.console.set_screen(&self.start.screen);
        self.progress = self.start.progress;
        (0, 0)
    }

    fn act(&mut self, action: AtariAction, seen: bool) -> i32 {
        let inputs = self.progress.controls.act(action.code());
        let before = *self.console.state();
        match seen {
            true => self.console.run_frame(&inputs),
            false => self.console.run_frame_unseen(&inputs),
        }
        let score = (self.rules.score)(self.console.ram());
        if score.over && !seen {
            self.console.restore(&before);
            self.console.run_frame(&inputs);
        }
        let reward = score.points - self.progress.score.points;
        self.progress.score = score;
        reward
    }

    fn game_over(&self) -> bool {
        self.progress.score.over
    }

    fn lives(&self) -> u32 {
        self.progress.score.lives
    }

    fn minimal_actions(&self) -> Vec<AtariAction> {
        self.rules.minimal_actions.iter().filter_map(|&code| AtariAction::new(code)).collect()
    }

    fn palette(&self) -> &'static Palette {
        &palette::NTSC
    }

    fn height(&self) -> usize {
        vcs::HEIGHT
    }

    fn screen(&self, pixels: &mut [u8]) {
        pixels.copy_from_slice(self.console.screen());
    }

    fn ram(&self, ram: &mut [u8]) {
        ram.copy_from_slice(self.console.ram());
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        state::put(&(self.progress, self.console.state(), self.console.screen()), bytes)
    }

    fn restore(&mut self, bytes: &mut &[u8]) -> Result<bool, Error> {
        let (progress, state, screen): (Progress, vcs::State, Vec<u8>) = state::take(bytes)?;
        let fits = self.console.fits(&state) && screen.len() == self.console.screen().len();
        if fits {
            self.console.restore(&state);
            self.console.set_screen(&screen);
            self.progress = progress;
        }
        Ok(fits)
    }
}

impl Start {
    fn of(cartridge: vcs::Rom, rules: &Rules) -> Self {
        let cartridge = Arc::new(cartridge);
        let console = start(Console::with_memory(Arc::clone(&cartridge), [0; RAM_BYTES], 0), rules);
        let progress = Progress { controls: Controls::new(rules.controllers), score: (rules.score)(console.ram()) };
        Self { cartridge, state: *console.state(), screen: console.screen().to_vec(), progress }
    }
}

/// The console at the game's first frame.
fn start(mut console: Console, rules: &Rules) -> Console {
    let inputs = Controls::new(rules.controllers).act(AtariAction::NOOP.code());
    let pressed = Inputs { swchb: inputs.swchb & !1, ..inputs };
    for _ in 0..FRAMES_BEFORE_START {
        console.run_frame(&inputs);
    }
    for _ in 0..FRAMES_OF_START {
        console.run_frame(&pressed);
    }
    console
}

#[cfg(all(test, feature = "ale"))]
mod tests {
    use super::*;
    use crate::atari::RomSource;

    #[test]
    fn games_start_alike_whatever_memory_and_timer_held_before() {
        for rules in &RULES {
            let bytes = RomSource::Bundled(rules.game.into()).read().unwrap();
            let cartridge = Arc::new(vcs::Rom::new(&bytes).unwrap());
            let start_with = |ram, timer| start(Console::with_memory(Arc::clone(&cartridge), ram, timer), rules);
            let known = start_with([0; RAM_BYTES], 0);
            for timer in 25..100 {
                let ram = std::array::from_fn(|i| (i as u8).wrapping_mul(timer).wrapping_add(timer));
                let other = start_with(ram, timer);
                assert!(known.state() == other.state() && known.screen() == other.screen(), "{} {timer}", rules.game);
            }
        }
    }
}
