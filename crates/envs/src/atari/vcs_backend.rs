//! The native console with a game in it: rewards, lives and ends are read from its memory.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use vcs::{Console, Inputs, Television};

use super::{
    AtariAction, Backend,
    console::{self, RAM_BYTES},
    games::{self, Choice, Memory, Rules},
    mt19937::Mt19937,
    openings::{Opening, Openings, Progress, Settled, pictures, show},
    palette::{self, Palette},
    roms::Rom,
    sticky::Sticky,
};
use crate::{Error, state};

/// The seed of the console's own generator: ALE 0.12's fixed `system_random_seed`.
const CONSOLE_SEED: u32 = 4_753_849;
/// What the console's generator draws when the console is made: the memory, byte by byte, and the timer's start.
const DRAWS_TO_MAKE: u32 = RAM_BYTES as u32 + 1;
/// The resets before the ROM's first start: one when the console is made, one to find out its television standard.
const RESETS_TO_BEGIN: u32 = 2;
/// The timer's start is at least this, and one of so many values.
const LEAST_TIMER: u32 = 25;
const TIMERS: u32 = 75;

/// A console with a game in it.
pub(super) struct VcsBackend {
    console: Console,
    rules: &'static Rules,
    choice: Choice,
    progress: Progress,
    start: Arc<Start>,
    draws: Draws,
    /// What the last frame began from, where it was not drawn.
    undrawn: Option<(vcs::State, Inputs)>,
    /// The last frame went on in the picture of the one before.
    went_on: bool,
}

/// What all consoles of a game share: its cartridge, the first start after its ROM was loaded, and others.
struct Start {
    cartridge: Arc<vcs::Rom>,
    opening: Opening,
    /// What was in memory before the start that loads the ROM.
    begun: [u8; RAM_BYTES],
    /// What the start that loads the ROM left in memory.
    ram: [u8; RAM_BYTES],
    /// The frames that were counted before the reset.
    counted: u32,
    others: Openings,
}

/// What the console's own generator draws. Each reset goes on where the one before was.
struct Draws {
    generator: Mt19937,
    next: u32,
}

type Starts = HashMap<(String, Choice), Arc<Start>>;

static STARTS: LazyLock<Mutex<Starts>> = LazyLock::new(Mutex::default);

impl VcsBackend {
    /// The rules of this ROM.
    pub(super) fn rules(rom: &Rom) -> Result<&'static Rules, Error> {
        let error = |reason: String| Error::Rom { rom: rom.game.into(), reason };
        let rules = games::named(rom.game)
            .ok_or_else(|| error("the backend vcs does not know this game's rules: expected the backend ale".into()))?;
        match rom.md5 == rules.md5 {
            true => Ok(rules),
            false => Err(error(format!(
                "this is another revision than ale-py's, of which alone the backend vcs knows the rules: run `make setup` for \
                 the ROM with the MD5 checksum {}, or take the backend ale",
                rules.md5
            ))),
        }
    }

    /// Puts a ROM into a new console; a reset must follow.
    pub(super) fn load(rom: &Rom, rules: &'static Rules, choice: Choice) -> Result<Self, Error> {
        let mut starts = STARTS.lock().unwrap_or_else(PoisonError::into_inner);
        let of_rom = starts.iter().find(|((md5, _), _)| *md5 == rom.md5);
        let cartridge = match of_rom {
            Some((_, start)) => Arc::clone(&start.cartridge),
            None => Arc::new(cartridge(rom, rules)?),
        };
        let key = (rom.md5.clone(), choice);
        let start = starts.entry(key).or_insert_with(|| Arc::new(Start::of(cartridge, rules, choice)));
        let console = Console::with_memory(Arc::clone(&start.cartridge), [0; RAM_BYTES], 0);
        Ok(Self {
            console,
            rules,
            choice,
            progress: start.opening.progress,
            start: Arc::clone(start),
            draws: Draws::new(),
            undrawn: None,
            went_on: false,
        })
    }

    /// Plays the rest of a start, or goes on from where it is known to come. Returns the frames that ale-py counts in it.
    fn begin(&mut self, sticky: &mut Sticky<'_>) -> u32 {
        let settled = Settled::of(&self.console, self.rules);
        // Where actions choose among options, it also depends on what sticky actions draw.
        let may_draw = self.rules.options.is_some() && sticky.repeat_probability > 0.0;
        let kept = if may_draw { None } else { self.start.others.find(&settled) };
        if let Some(opening) = kept {
            opening.restore(&mut self.console);
            self.progress = opening.progress;
            return opening.counted;
        }
        let generator = sticky.generator.clone();
        let (progress, counted) = begin(&mut self.console, self.rules, self.choice, sticky);
        self.progress = progress;
        if *sticky.generator == generator {
            self.start.others.keep(settled, Opening::of(&self.console, self.rules, progress, counted));
        }
        counted
    }

    /// The console with its last frame drawn.
    fn drawn(&self) -> Cow<'_, Console> {
        let Some((before, inputs)) = &self.undrawn else { return Cow::Borrowed(&self.console) };
        let mut console = self.console.clone();
        console.restore(before);
        console.run_frame(inputs);
        Cow::Owned(console)
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

    fn reset(&mut self, resets: u32, sticky: &mut Sticky<'_>) -> (u32, u32) {
        self.undrawn = None;
        let start = Arc::clone(&self.start);
        if resets == 0 && self.rules.options.is_some() && sticky.repeat_probability > 0.0 {
            let loaded = load(&mut self.console, start.begun, self.rules, self.choice, &mut self.draws, sticky);
            self.progress = loaded.progress;
            return loaded.counted;
        }
        let is_drawn = self.rules.menu.is_some_and(|menu| menu.is_drawn) && self.choice.mode != self.rules.modes[0];
        let (ram, before) = if resets == 0 { (start.ram, start.counted) } else { (*self.console.ram(), 0) };
        if (resets == 0 && !is_drawn) || self.rules.starts_alike {
            start.opening.restore(&mut self.console);
            self.progress = start.opening.progress;
            return (before, start.opening.counted);
        }
        settle(&mut self.console, ram, self.rules, self.choice, 1 + resets, &mut self.draws);
        (before, self.begin(sticky))
    }

    fn waits(&self) -> u32 {
        self.rules.menu.map_or(0, |menu| menu.wait)
    }

    fn act(&mut self, action: AtariAction, seen: bool) -> i32 {
        let inputs = games::inputs(&mut self.progress.controls, self.choice, action);
        let seen = seen || self.rules.draws_all;
        self.undrawn = (!seen).then(|| (*self.console.state(), inputs));
        self.went_on = self.console.is_unfinished();
        match seen {
            true => self.console.run_frame(&inputs),
            false => self.console.run_frame_unseen(&inputs),
        }
        let (score, reward) = self.rules.score(Memory::of(&self.console), &self.progress.score);
        self.progress.score = score;
        reward
    }

    fn game_over(&self) -> bool {
        self.progress.score.over
    }

    fn lives(&self) -> u32 {
        self.progress.score.lives.try_into().unwrap_or(0)
    }

    fn minimal_actions(&self) -> Vec<AtariAction> {
        self.rules.actions.iter().filter_map(|&code| AtariAction::new(code)).collect()
    }

    fn palette(&self) -> &'static Palette {
        match self.rules.television {
            Television::Ntsc => &palette::NTSC,
            Television::Pal => &palette::PAL,
        }
    }

    fn height(&self) -> usize {
        self.console.screen().len() / console::WIDTH
    }

    fn screen(&self, pixels: &mut [u8]) {
        pixels.copy_from_slice(self.drawn().screen());
    }

    fn pictures(&self) -> [Option<&[u8]>; 2] {
        match self.undrawn {
            Some(_) => [None, None],
            None => [Some(self.console.screen()), (!self.went_on).then(|| self.console.screen_before())],
        }
    }

    fn keeps_picture(&self) -> bool {
        !self.console.is_unfinished()
    }

    fn ram(&self, ram: &mut [u8]) {
        ram.copy_from_slice(self.console.ram());
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        state::put(&(self.progress, self.console.state(), pictures(&self.drawn(), self.rules)), bytes)
    }

    fn restore(&mut self, bytes: &mut &[u8]) -> Result<bool, Error> {
        let (progress, state, shown): (Progress, vcs::State, Vec<u8>) = state::take(bytes)?;
        let fits = self.console.fits(&state) && self.start.opening.fits(&shown);
        if fits {
            self.console.restore(&state);
            show(&mut self.console, &shown);
            (self.progress, self.undrawn) = (progress, None);
        }
        Ok(fits)
    }
}

/// The game's cartridge as its television and ALE's properties have it.
fn cartridge(rom: &Rom, rules: &Rules) -> Result<vcs::Rom, Error> {
    let cartridge = vcs::Rom::new(&rom.bytes)
        .map_err(|cause| Error::Rom { rom: rom.game.into(), reason: cause.to_string() })?
        .for_television(rules.television);
    let cartridge = match rules.shown {
        Some((first, count)) => cartridge.showing(first, count),
        None => cartridge,
    };
    Ok(if rules.has_comb { cartridge } else { cartridge.without_comb() })
}

/// The frames that it takes to find out a television standard: so many of PAL's are enough.
fn frames_to_begin(television: Television) -> u32 {
    match television {
        Television::Ntsc => 60,
        Television::Pal => 31,
    }
}

impl Start {
    /// What happens when a ROM is loaded and the game reset: the console is switched on to find out its television, then the
    /// game is started twice. ale-py chooses mode and difficulty after the first of these starts.
    fn of(cartridge: Arc<vcs::Rom>, rules: &Rules, choice: Choice) -> Self {
        let default = rules.default_choice();
        let mut draws = Draws::new();
        let ram = std::array::from_fn(|i| draws.get(i as u32) as u8);
        let mut console = Console::with_memory(Arc::clone(&cartridge), ram, 0);
        switch_on(&mut console, ram, RESETS_TO_BEGIN - 1, &mut draws);
        let idle = games::inputs(&mut rules.controls(), default, AtariAction::NOOP);
        games::pass(&mut console, rules, &idle, frames_to_begin(rules.television));
        let begun = *console.ram();
        // What a menu draws, a reset draws anew.
        let mut sticky = Sticky { generator: &mut Mt19937::new(0), held: &mut 0, repeat_probability: 0.0 };
        let Loaded { ram, progress, counted: (before, counted) } =
            load(&mut console, begun, rules, choice, &mut draws, &mut sticky);
        let opening = Opening::of(&console, rules, progress, counted);
        Self { cartridge, opening, begun, ram, counted: before, others: Openings::default() }
    }
}

impl Draws {
    fn new() -> Self {
        Self { generator: Mt19937::new(CONSOLE_SEED), next: 0 }
    }

    /// The draw after this many.
    fn get(&mut self, at: u32) -> u32 {
        if at < self.next {
            *self = Self::new();
        }
        for _ in self.next..at {
            self.generator.next_u32();
        }
        self.next = at + 1;
        self.generator.next_u32()
    }
}

/// What both starts of a ROM that is loaded come to: the memory after the first, and how the game stands after the second.
struct Loaded {
    ram: [u8; RAM_BYTES],
    progress: Progress,
    /// The frames that were counted in the first and in the second.
    counted: (u32, u32),
}

/// Starts the game twice, as loading its ROM and a reset do.
fn load(
    console: &mut Console,
    begun: [u8; RAM_BYTES],
    rules: &Rules,
    choice: Choice,
    draws: &mut Draws,
    sticky: &mut Sticky<'_>,
) -> Loaded {
    let default = rules.default_choice();
    settle(console, begun, rules, default, 0, draws);
    let (_, before) = begin(console, rules, default, sticky);
    *sticky.held = AtariAction::NOOP.code();
    let ram = *console.ram();
    settle(console, ram, rules, choice, 1, draws);
    let (progress, counted) = begin(console, rules, choice, sticky);
    Loaded { ram, progress, counted: (before, counted) }
}

/// Switches the console on for the n-th time, counted from 0, since its ROM was loaded, and runs the first frames.
fn settle(console: &mut Console, ram: [u8; RAM_BYTES], rules: &Rules, choice: Choice, n: u32, draws: &mut Draws) {
    switch_on(console, ram, RESETS_TO_BEGIN + n, draws);
    games::settle(console, rules, choice);
}

/// Plays the rest of a start. Returns how the game stands and the frames that ale-py counts meanwhile.
fn begin(console: &mut Console, rules: &Rules, choice: Choice, sticky: &mut Sticky<'_>) -> (Progress, u32) {
    let mut controls = rules.controls();
    let counted = games::begin(console, &mut controls, rules, choice, sticky);
    let score = rules.first_score(Memory::of(console));
    (Progress { controls, score }, counted)
}

/// Switches the console on for the n-th time since it was made, with this in its memory. What is in the cartridge's is drawn,
/// but for Pitfall II's chip, which keeps its state.
fn switch_on(console: &mut Console, ram: [u8; RAM_BYTES], n: u32, draws: &mut Draws) {
    let has_memory = console.rom().has_memory();
    let draws_per_reset = 1 + if has_memory { RAM_BYTES as u32 } else { 0 };
    let first = DRAWS_TO_MAKE + n * draws_per_reset;
    let timer = LEAST_TIMER + draws.get(first) % TIMERS;
    let memory = match has_memory {
        true => std::array::from_fn(|i| draws.get(first + 1 + i as u32) as u8),
        false => *console.cartridge_memory(),
    };
    console.switch_on(ram, timer as u8, memory);
}

#[cfg(test)]
mod tests;
