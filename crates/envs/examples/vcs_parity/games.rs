//! Games whose rules the native console does not know: for how many frames picture and memory agree with ALE's.

use anyhow::Result;
use envs::{
    NumpyRng, Seed,
    atari::{AtariAction, Backend, Controllers, Controls, Game, RomInfo, RomSource, bundled_roms},
};
use rand_mt::Mt;
use rayon::prelude::*;
use std::sync::Arc;
use vcs::{Console, Inputs, Rom, Television};

/// What came of a game.
struct Comparison {
    /// The frames until memory and picture differed first; `None` where they never did.
    ram: Option<u64>,
    screen: Option<u64>,
    what: String,
    /// By how many lines ALE shows the picture lower.
    shift: isize,
}

/// Prints a table of the games with these names, or of all, by size; each row also as soon as it is there.
pub fn compare_all(names: &[String], frames: u64) -> Result<()> {
    let mut roms: Vec<_> =
        bundled_roms().into_iter().filter(|rom| names.is_empty() || names.contains(&rom.game.into())).collect();
    roms.sort_by_key(|rom| (rom.size, rom.game));
    let row = |rom: &RomInfo| compare(rom.game, rom.size, frames).inspect(|row| eprintln!("{row}"));
    let rows = roms.par_iter().map(row).collect::<Result<Vec<_>>>()?;
    println!("| game | KiB | memory | picture | first difference |\n|---|---|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    Ok(())
}

/// A row of the table.
fn compare(game: &'static str, size: usize, frames: u64) -> Result<String> {
    let source = RomSource::Bundled(game.into());
    let mut theirs = Theirs::new(&source)?;
    theirs.start();
    let failed = |what: String| Comparison { ram: Some(0), screen: Some(0), what, shift: 0 };
    let comparison = match Rom::new(&source.read()?) {
        Ok(rom) => match find_start(&rom, &mut theirs) {
            Some(start) => play(&start, &mut theirs, frames),
            None => failed(format!("the start ({:?})", rom.banking())),
        },
        Err(error) => failed(error.to_string()),
    };
    let until = |first: Option<u64>| first.map_or("all".to_owned(), |frame| frame.to_string());
    let Comparison { ram, screen, what, .. } = comparison;
    Ok(format!("| {game} | {} | {} | {} | {what} |", size / 1024, until(ram), until(screen)))
}

/// Plays random actions on both, from the same start after each end.
fn play(start: &Start, theirs: &mut Theirs, frames: u64) -> Comparison {
    let shift = shift(theirs, &start.console);
    let mut comparison = Comparison { ram: None, screen: None, what: String::new(), shift };
    let actions: Vec<AtariAction> = theirs.game.minimal_actions().to_vec();
    let mut rng = NumpyRng::new(&Seed::from(0));
    let (mut console, mut controls) = (start.console.clone(), start.controls);
    let (mut action, mut held) = (AtariAction::NOOP, 0);
    for frame in 0..frames {
        comparison.look(frame, theirs, &console);
        if comparison.ram.is_some() {
            break;
        }
        if theirs.game.game_over() {
            theirs.start();
            (console, controls) = (start.console.clone(), start.controls);
            continue;
        }
        if held == 0 {
            action = actions[rng.integers(0, actions.len() as i64) as usize];
            held = rng.integers(1, 20);
        }
        held -= 1;
        theirs.act(action);
        console.run_frame(&controls.act(action.code()));
    }
    comparison
}

impl Comparison {
    /// Notes what differs first. Where the memories do, all pictures from there on count as different.
    fn look(&mut self, frame: u64, theirs: &Theirs, console: &Console) {
        let pixel = self.screen.is_none().then(|| pixel(theirs, console, self.shift)).flatten();
        let byte = (0..128).find(|&i| theirs.ram[i] != console.ram()[i]);
        let what = match (pixel, byte) {
            (Some((y, x, ours)), _) => format!("line {y}, pixel {x}: {ours} instead of {}", theirs.screen[y * 160 + x]),
            (None, Some(i)) => format!("memory byte {i}: {} instead of {}", console.ram()[i], theirs.ram[i]),
            (None, None) => return,
        };
        if self.what.is_empty() {
            self.what = what;
        }
        self.screen = self.screen.or(Some(frame));
        self.ram = self.ram.or(byte.map(|_| frame));
    }
}

/// ALE's console and what it showed last.
struct Theirs {
    game: Game,
    screen: Vec<u8>,
    ram: [u8; 128],
    /// The memory when the console was switched on, which keeps what was in it before.
    old_ram: [u8; 128],
    /// What the memory of a cartridge that has one held then.
    cartridge_ram: [u8; 128],
    /// The frames that ALE counted in choosing the game's mode.
    chosen: u32,
}

impl Theirs {
    fn new(source: &RomSource) -> Result<Self> {
        let game = Game::load(source, Backend::Ale, 0.0)?;
        let (height, width) = game.screen_size();
        let (screen, memory) = (vec![0; height * width], [0; 128]);
        Ok(Self { game, screen, ram: memory, old_ram: memory, cartridge_ram: cartridge_memory(), chosen: 0 })
    }

    /// The same start every time.
    fn start(&mut self) {
        self.game.seed(0);
        self.game.reset();
        self.game.ram(&mut self.old_ram);
        self.game.reset();
        self.chosen = self.game.episode_frame_number();
        self.look();
    }

    fn act(&mut self, action: AtariAction) {
        self.game.act(action);
        self.look();
    }

    fn look(&mut self) {
        self.game.screen(&mut self.screen);
        self.game.ram(&mut self.ram);
    }
}

/// A native console at a game's first frame.
struct Start {
    console: Console,
    controls: Controls,
}

const CONTROLLERS: [Controllers; 4] = [
    Controllers::Joysticks { player: 0 },
    Controllers::Paddles { player: 0 },
    Controllers::Paddles { player: 1 },
    Controllers::Joysticks { player: 1 },
];

/// Starts the game as ALE does, whose television, timer's start, controllers and first actions are found by trying which of
/// them lead to its memory and its picture, and then agree for longest.
fn find_start(rom: &Rom, theirs: &mut Theirs) -> Option<Start> {
    const FRAMES: u64 = 300;
    let televisions = [Television::Ntsc, Television::Pal].map(|television| rom.clone().for_television(television));
    let roms = televisions.map(|rom| [Arc::new(rom.clone()), Arc::new(rom.without_comb())]);
    let mut found: Option<(u64, Start)> = None;
    for (rom, controllers) in roms.iter().flatten().flat_map(|rom| CONTROLLERS.map(|controllers| (rom, controllers))) {
        let Some(start) = equal_start(rom, theirs, controllers) else { continue };
        let Comparison { ram, screen, .. } = play(&start, theirs, FRAMES);
        theirs.start();
        let frames = ram.unwrap_or(FRAMES) + screen.unwrap_or(FRAMES);
        if found.as_ref().is_none_or(|(most, _)| frames > *most) {
            found = Some((frames, start));
        }
        if frames == 2 * FRAMES {
            break;
        }
    }
    found.map(|(_, start)| start)
}

/// The start with the same memory whose picture differs in the fewest pixels.
fn equal_start(rom: &Arc<Rom>, theirs: &Theirs, controllers: Controllers) -> Option<Start> {
    let mut nearest: Option<(usize, Start)> = None;
    for timer in 25..100 {
        for start in starts(rom, theirs, timer, controllers) {
            if *start.console.ram() != theirs.ram {
                continue;
            }
            let pixels = pixels_that_differ(theirs, &start.console);
            if nearest.as_ref().is_none_or(|(least, _)| pixels < *least) {
                nearest = Some((pixels, start));
            }
            if pixels == 0 {
                return nearest.map(|(_, start)| start);
            }
        }
    }
    nearest.map(|(_, start)| start)
}

/// What the memory of a cartridge that has one holds when [`Theirs::start`] switches the console on: ALE draws the console's
/// memory and the timer's start once, then the timer's start and the cartridge's memory each time, of which this is the fifth.
fn cartridge_memory() -> [u8; 128] {
    const CONSOLE_SEED: u32 = 4_753_849;
    const DRAWS: usize = 129 + 4 * 129 + 1;
    let mut generator = Mt::new(CONSOLE_SEED);
    let mut memory = [0; DRAWS + 128];
    memory.fill_with(|| generator.next_u32() as u8);
    std::array::from_fn(|i| memory[DRAWS + i])
}

/// The console after 60 frames without action, some with the reset switch pressed, and then some of one action. Between 4
/// and 8 frames of the reset switch ALE may choose a game's mode: it counts one frame without action for each time that it
/// presses the select switch for two, or does not.
fn starts(rom: &Arc<Rom>, theirs: &Theirs, timer: u8, controllers: Controllers) -> Vec<Start> {
    let mut console = Console::with_memory(Arc::clone(rom), theirs.old_ram, timer);
    console = console.with_cartridge_memory(theirs.cartridge_ram);
    let controls = Controls::new(controllers);
    let idle = controls.clone().act(0);
    let reset = Inputs { swchb: idle.swchb & !1, ..idle };
    let select = Inputs { swchb: idle.swchb & !2, ..idle };
    let run = |console: &mut Console, inputs, frames| (0..frames).for_each(|_| console.run_frame(inputs));
    run(&mut console, &idle, 60);
    run(&mut console, &reset, 4);
    let mut starts = vec![];
    let ways: &[(usize, usize)] = if theirs.chosen == 0 { &[(0, 4), (0, 8), (0, 12)] } else { &[(0, 8), (2, 8)] };
    for &(selecting, resetting) in ways {
        let mut console = console.clone();
        for _ in 0..theirs.chosen {
            run(&mut console, &select, selecting);
            run(&mut console, &idle, 1);
        }
        run(&mut console, &reset, resetting);
        add_first_actions(&mut starts, Start { console, controls });
    }
    starts
}

/// This start, and those after some frames of one action.
fn add_first_actions(starts: &mut Vec<Start>, start: Start) {
    const MOST_FRAMES: usize = 17;
    for action in [0, 1, 2, 3, 4, 5] {
        let Start { mut console, mut controls } = Start { console: start.console.clone(), controls: start.controls };
        for _ in 0..MOST_FRAMES {
            console.run_frame(&controls.act(action));
            starts.push(Start { console: console.clone(), controls });
        }
    }
    starts.push(start);
}

fn pixels_that_differ(theirs: &Theirs, console: &Console) -> usize {
    let count = |shift| rows(theirs, console, shift).map(|(y, ours)| row_difference(theirs, console, y, ours)).sum();
    SHIFTS.map(count).min().unwrap_or(0)
}

const SHIFTS: std::ops::RangeInclusive<isize> = -24..=24;

/// By how many lines ALE shows the picture lower, where its first line is another than ours.
fn shift(theirs: &Theirs, console: &Console) -> isize {
    let count = |shift: &isize| {
        let differences: usize =
            rows(theirs, console, *shift).map(|(y, ours)| row_difference(theirs, console, y, ours)).sum();
        (differences, shift.abs())
    };
    SHIFTS.min_by_key(count).unwrap_or(0)
}

/// The lines that both show: theirs and ours.
fn rows(theirs: &Theirs, console: &Console, shift: isize) -> impl Iterator<Item = (usize, usize)> {
    let lines = console.screen().len() / 160;
    (0..theirs.screen.len() / 160).filter_map(move |y| {
        let ours = y.checked_add_signed(-shift)?;
        (ours < lines).then_some((y, ours))
    })
}

fn row_difference(theirs: &Theirs, console: &Console, y: usize, ours: usize) -> usize {
    let (a, b) = (&theirs.screen[y * 160..][..160], &console.screen()[ours * 160..][..160]);
    if a == b { 0 } else { (0..160).filter(|&x| a[x] != b[x]).count() }
}

/// The first pixel that differs: line and column in ALE's picture, and ours.
fn pixel(theirs: &Theirs, console: &Console, shift: isize) -> Option<(usize, usize, u8)> {
    rows(theirs, console, shift).find_map(|(y, ours)| {
        let row = &console.screen()[ours * 160..][..160];
        let x = (0..160).find(|&x| theirs.screen[y * 160 + x] != row[x])?;
        Some((y, x, row[x]))
    })
}
