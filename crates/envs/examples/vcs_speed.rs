//! How fast the native Atari console runs a game beside ALE: the same actions, in turns, on one core.
//!
//! ```text
//! cargo run --release -p envs --example vcs_speed
//! ```
//!
//! One line for each way to run it: the median of the microseconds a raw frame takes, and the median of ALE's time over its
//! time in the same round. A frame that is drawn is also copied out, as an observation is; resets are timed by themselves.
//! Time is the processor's for this thread, so that others on the same core count little. The native console plays some rounds
//! before, so that what is measured is hot code that is translated already.
//!
//! `--all-games` prints a line for each game that both play, or for those that are named after it, how many times as fast as
//! ALE the native console is, and the median and the least of each column:
//!
//! ```text
//! cargo run --release -p envs --example vcs_speed -- --all-games --rounds 9
//! ```

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use clap::Parser;
use envs::{
    NumpyRng, Seed,
    atari::{AtariAction, Backend, Game, RomSource, bundled_roms},
};
use rustix::time::{ClockId, clock_gettime};

/// Time the native console beside ALE.
#[derive(Parser)]
struct Args {
    /// The game's name, such as `pong`
    #[arg(long, default_value = "pong")]
    game: String,
    /// All games, or those that are named here, as the fastest way runs them
    #[arg(long, num_args = 0.., value_name = "GAME", conflicts_with = "game")]
    all_games: Option<Vec<String>>,
    /// Rounds, in each of which all ways have their turn
    #[arg(long, default_value_t = 101, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Rounds that the native console plays before these
    #[arg(long, default_value_t = 50)]
    warm_up: u32,
    /// Frames of a turn
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
}

/// A way to run the game.
struct Way {
    name: &'static str,
    game: Game,
    /// One frame of so many is drawn.
    drawn: u32,
    screen: Vec<u8>,
    /// Microseconds a frame, of each round.
    times: Vec<f64>,
    /// Microseconds a reset.
    resets: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, game: Game, drawn: u32) -> Self {
        let (height, width) = game.screen_size();
        Self { name, game, drawn, screen: vec![0; height * width], times: vec![], resets: vec![] }
    }

    fn turn(&mut self, actions: &[AtariAction]) {
        let before = microseconds();
        self.game.reset();
        let start = microseconds();
        self.resets.push(start - before);
        let mut played = 0;
        for (action, frame) in actions.iter().zip(1..) {
            if frame % self.drawn == 0 {
                self.game.act(*action);
                self.game.screen(&mut self.screen);
            } else {
                self.game.act_unseen(*action);
            }
            played = frame;
            if self.game.game_over() {
                break;
            }
        }
        self.times.push((microseconds() - start) / f64::from(played));
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(names) = &args.all_games {
        return all_games(names, &args);
    }
    let mut ways = vec![
        Way::new("ALE, every frame drawn", load(&args.game, Backend::Ale)?, 1),
        Way::new("interpreted, every frame drawn", native(&args.game, false)?, 1),
        Way::new("interpreted, every fourth drawn", native(&args.game, false)?, 4),
    ];
    if cfg!(feature = "translate") {
        ways.extend(fastest(&args.game)?);
    }
    play(&mut ways, &args);
    for way in &ways {
        let (time, ratio) = (median(way.times.clone()), median(ratios(&ways[0].times, &way.times)));
        let _ = writeln!(stdout(), "{:34} {time:6.2} us a frame {ratio:6.2} x ALE", way.name); // nobody may be reading
    }
    Ok(())
}

/// Plays rounds of random actions, the same for all ways.
fn play(ways: &mut [Way], args: &Args) {
    let mut rng = NumpyRng::new(&Seed::from(0));
    let choices = ways[0].game.minimal_actions().to_vec();
    let mut round = |ways: &mut [Way]| {
        let choose = |_| choices[rng.integers(0, choices.len() as i64) as usize];
        let actions: Vec<AtariAction> = (0..args.frames).map(choose).collect();
        ways.iter_mut().for_each(|way| way.turn(&actions));
    };
    (0..args.warm_up).for_each(|_| round(&mut ways[1..]));
    for way in &mut *ways {
        way.times.clear();
        way.resets.clear();
    }
    (0..args.rounds).for_each(|_| round(ways));
}

/// A line a game; those that one of both does not play are left out.
fn all_games(names: &[String], args: &Args) -> Result<()> {
    let mut columns = [const { vec![] }; 3];
    let mut out = stdout();
    let _ = writeln!(out, "{:22} {:>7} {:>7} {:>7}", "x ALE", "drawn", "fourth", "reset"); // nobody may be reading
    let is_asked = |game: &&str| names.is_empty() || names.iter().any(|name| name == game);
    for game in bundled_roms().into_iter().map(|rom| rom.game).filter(is_asked) {
        let (Ok(ale), Ok([drawn, fourth])) = (load(game, Backend::Ale), fastest(game)) else { continue };
        let mut ways = [Way::new("ALE", ale, 1), drawn, fourth];
        play(&mut ways, args);
        let [ale, drawn, fourth] = &ways;
        let row = [(&ale.times, &drawn.times), (&ale.times, &fourth.times), (&ale.resets, &drawn.resets)]
            .map(|(ale, own)| median(ratios(ale, own)));
        let _ = writeln!(out, "{game:22} {:7.2} {:7.2} {:7.1}", row[0], row[1], row[2]);
        columns.iter_mut().zip(row).for_each(|(column, ratio)| column.push(ratio));
    }
    if columns[0].is_empty() {
        bail!("no game that both play is named so");
    }
    let [medians, least] = [median, least].map(|of| columns.clone().map(of));
    let _ = writeln!(out, "{:22} {:7.2} {:7.2} {:7.1}", "median", medians[0], medians[1], medians[2]);
    let _ = writeln!(out, "{:22} {:7.2} {:7.2} {:7.1}", "least", least[0], least[1], least[2]);
    Ok(())
}

fn load(game: &str, backend: Backend) -> Result<Game> {
    Ok(Game::load(&RomSource::Bundled(game.into()), backend, 0.0)?)
}

/// The native console, translating or not.
fn native(game: &str, translating: bool) -> Result<Game> {
    #[allow(unused_mut, reason = "nothing is translated without that feature")]
    let mut game = load(game, Backend::Vcs)?;
    #[cfg(feature = "translate")]
    game.set_translating(translating);
    let _ = translating;
    Ok(game)
}

/// The native console as it is used, with every frame and with every fourth frame drawn.
fn fastest(game: &str) -> Result<[Way; 2]> {
    Ok([
        Way::new("translated, every frame drawn", native(game, true)?, 1),
        Way::new("translated, every fourth drawn", native(game, true)?, 4),
    ])
}

fn ratios(ale: &[f64], own: &[f64]) -> Vec<f64> {
    ale.iter().zip(own).map(|(ale, own)| ale / own).collect()
}

/// The processor time that this thread has taken.
fn microseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn least(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}
